//! Sharing one slot's surplus among members, in whole Wh and micro-EUR: the same figures give the same bytes on every
//! machine, whatever order they arrive in. Pure arithmetic; it knows neither meters nor blocks.

mod allocate;
mod auction;
mod bill;
mod error;
mod gift;
mod line;
mod price;
mod proof;
mod reject;
mod settle;
mod share;
#[cfg(test)]
mod tests;

pub use bill::Bill;
pub use error::SettleError;
pub use line::{LineHash, write_line};
pub use price::{band, price};
pub use proof::{LineProof, LineTree, commit_day, slot_result};
pub use reject::{EnergyReject, PriceExpected};
pub use settle::{Line, Outcome, Part, Setting, settle};
pub use share::share;
