//! The words of deciding together in a building: its registry, the law of two countries as data, what an assembly
//! decides on, ballots, proxies and paper, and what everybody is told of the outcome. Nothing here counts anything.

mod action;
mod agenda;
mod ballot;
mod comparison;
mod conclusion;
mod day;
mod enrolment;
mod ids;
mod joint;
mod law;
mod outcome;
mod paper;
mod poll;
mod promise;
mod proxy;
mod receipt;
mod registry;
mod scale;
#[cfg(test)]
mod tests;
mod text;
mod tracker;

pub use action::{AssemblyAction, Commitments, PollNotice, PollRecord};
pub use agenda::{Base, Commission, Effect, Item, Meeting, Opening, Resolution, Round};
pub use ballot::{Ballot, BallotError, Choice, Lots, SignedBallot, VerifiedBallot};
pub use comparison::{Arithmetic, Comparison, Figures, Formula, Quantity, Relation, Worked};
pub use conclusion::{
    Conclusion, Counters, ItemResult, MinutesNotice, PaperEntry, SignedConclusion, SignedMinutes, Turnout,
};
pub use day::{Day, Span};
pub use enrolment::{Binding, Entry, SignedBinding, invitation_key};
pub use ids::{AssemblyId, ChargeId, ItemNumber, LotId, PersonId, Votes};
pub use joint::{JointQuestion, Needed};
pub use law::{Bridge, Certainty, Matter, Rule, RuleId, RuleSet, Says};
pub use outcome::{Outcome, TallyRecord, Totals};
pub use paper::{
    Answer, CommittedPaper, Paper, PaperProxy, PostalForm, RoomBallot, Sheet, SignedPaper, VerifiedPaper,
};
pub use poll::{Poll, PollBallot, PollText, SignedPollBallot, VerifiedPollBallot};
pub use promise::{Kept, Promise, SignedPromise};
pub use proxy::{Mandate, Proxy, ProxyAct, SignedProxy, VerifiedProxy};
pub use receipt::Receipt;
pub use registry::{
    ChargeKey, Duty, Lot, LotKind, Occupancy, Office, Owner, Person, Registry, RegistryError, RegistryName,
    Right, Title,
};
pub use scale::scale;
pub use text::Text;
pub use tracker::Tracker;
