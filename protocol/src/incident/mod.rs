//! What buildings tell each other of incidents that are over, and of machines after an alert: cards of words and bands
//! from closed lists, let out in batches by a relay, so that nobody but the relay knows which building a card is from. A card holds no text, photo,
//! date, price, dwelling or building.

mod batch;
mod card;
mod contractor;
mod stream;
mod survival;
mod words;

pub use batch::{Batch, SignedBatch};
pub use card::{Card, Facts, Named, Said, SignedCard, When};
pub use contractor::{Contractor, Country};
pub use stream::{CardReceipt, CardRefusal, IncidentMessage, Item, Offered};
pub use survival::{After, Age, Fate, Hours, Part, Quantity, Sign, Survival};
pub use words::{Cause, Cost, Flow, Outcome, Rating, Remedy, Span, Symptom, System};
