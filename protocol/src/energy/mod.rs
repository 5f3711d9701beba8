//! The words of sharing electricity: energy, money, slots, what a building states about a slot, the rules a hive may
//! vote for and its tariff. Whole Wh and micro-EUR; nothing here settles anything.

mod coefficients;
mod dispute;
mod factor;
mod rule;
mod settlement;
mod shift;
mod slot;
mod statement;
mod stream;
mod tariff;
mod terms;
mod units;
mod vote;

pub use coefficients::{Coefficients, Holders};
pub use dispute::{Dispute, DisputeReason, Opinion, Ruling, SignedOpinion};
pub use factor::{Factor, Percent};
pub use rule::{FullDynamic, PriorityGroups, SharingKey, SharingRule, StaticKey, Weights};
pub use settlement::{
    CreditNote, DayCommitment, NetLine, PeriodStatus, PeriodStep, Settlement, SignedSettlement, SlotResult,
    WeekBooking,
};
pub use shift::{
    ShiftAgreement, ShiftAnswer, ShiftChange, ShiftMessage, ShiftRequest, SignedShiftAnswer,
    SignedShiftRequest,
};
pub use slot::{Quality, SlotId, SlotLength};
pub use statement::{Salt, SignedStatement, Statement, StatementError};
pub use stream::{Held, Mark, Offer, Receipt, SettlementMessage, StatementRefusal, ToldLine};
pub use tariff::{Fees, Locality, Tariff};
pub use terms::Terms;
pub use units::{MicroEuro, Price, WattHours};
pub use vote::{Desk, EnergyAction, Rota, ScheduledRule};
