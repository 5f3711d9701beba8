//! Figures about many buildings: what buildings say of themselves so that similar ones are compared, what the hive asks,
//! and the sums that two desks find together without either of them seeing a building's figure.

mod period;
mod profile;
mod record;
mod stream;
mod task;

pub use period::{Cadence, Period};
pub use profile::{Built, Heating, Lots, Profile, Region, Stratum};
pub use record::{AggregateRecord, Found, Outcome, SignedOutcome, Sum};
pub use stream::{
    AggregateMessage, AggregateReceipt, AggregateRefusal, Batch, Check, Checked, Half, Offered, Reveal, Work,
};
pub use task::{AggregateAction, Measure, Task};
