//! Deciding together in a building, by the law of its country: who may vote with what weight, which ballots count, what
//! the votes come to. Pure arithmetic on whole numbers over what a building knows of itself; it reads no clock, and the
//! ledger holds only roots and totals of it.

mod counting;
pub mod deadlines;
mod error;
mod joint;
mod judge;
mod keys;
mod meeting;
mod minutes;
mod poll;
mod proof;
mod proxies;
mod reduce;
mod roll;
mod tally;
#[cfg(test)]
mod tests;

pub use counting::{BallotBox, Count, LotVote, Verdict, Way, last_day_by_post};
pub use error::{AssemblyError, ProxyRefused, Refused};
pub use joint::{Joint, Standing, decide_jointly, is_final};
pub use judge::{WrongRecord, check_record, check_turnout};
pub use keys::{Binding, Entered, Keys, Place};
pub use meeting::{Attendance, Presence, Quorum};
pub use minutes::{Minutes, Named, VoteMinutes, minutes};
pub use poll::{PollResult, count_poll};
pub use proof::{CommitmentFrontier, CommitmentProof, CommitmentTree, InTally, commit_lot};
pub use proxies::{Hall, Held, Proxies, ProxyPaper, proxy_limit};
pub use reduce::{Reason, Reduction};
pub use roll::{Roll, RollLot};
pub use tally::{Doubt, Stand, Tally, tally};
