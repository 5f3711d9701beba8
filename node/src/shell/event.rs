//! Everything that reaches the thread of the core: decoded, bounded, and signatures checked where there are any.

use ledger::Input as LedgerInput;
use protocol::energy::SettlementMessage;
use protocol::operator::OperatorMessage;
use protocol::{Address, Digest, Height, JoinRequest, PublicKey, VerifiedTransaction};
use tokio::sync::oneshot;
use web::CommandCall;
use web::view::PhotoView;

use super::network::{JoinTicket, Room, Standing};
use super::ready::Weight;
use super::store::StoreError;
use super::store::archive::rules::{Retention, Rules};
use crate::core::energy::Cut;
use crate::core::planning::Planned;
use crate::core::telemetry::{Counts, Row};
use crate::core::{Core, Ticket};

/// Something happened.
#[derive(Debug)]
pub(crate) enum Event {
    /// Something for the ledger, from a peer.
    Ledger(Box<LedgerInput>),
    /// A message of a peer, and the room it takes until it has been dealt with.
    Heard(Box<LedgerInput>, Room),
    /// How members stand with the network.
    Standing(Vec<Standing>),
    /// A member shares no version of the wire with this node.
    NoCommonWire {
        /// The member.
        peer: PublicKey,
        /// What it speaks.
        theirs: String,
        /// What this node speaks.
        ours: String,
    },
    /// Another node runs with our key; this member carried the proof.
    Copied(PublicKey),
    /// A member's connection is up.
    Connected {
        /// The member.
        peer: PublicKey,
        /// Its address as seen from here.
        address: String,
    },
    /// A member's connection is gone.
    Disconnected(PublicKey),
    /// A member says something on the operators' stream.
    Operator(Address, OperatorMessage),
    /// A member says something on the settlement stream.
    Settlement(Address, Box<SettlementMessage>),
    /// How long a member took to answer a ping, microseconds.
    RoundTrip(PublicKey, u64),
    /// An address others can dial.
    Listening(String),
    /// A newcomer asks to be let in.
    Join(JoinTicket, Box<JoinRequest>),
    /// A person or a script wants something done; never transactions, see [`Event::Submit`].
    Command(Box<CommandCall>),
    /// Transactions handed in over HTTP.
    Submit(Submission),
    /// What became of rows that were to be stored.
    Stored(Vec<Stored>),
    /// Slots were cut out of readings.
    SlotsCut(Box<Cut>),
    /// A plan of the building is made.
    Planned(Box<Planned>),
    /// What was found of the machine.
    Machine(Vec<Finding>),
    /// The photos of a work order are these now.
    Photos {
        /// The work order.
        order: Digest,
        /// Oldest first.
        photos: Vec<PhotoView>,
        /// Told when the page's picture has them.
        shown: oneshot::Sender<()>,
    },
    /// A look at the core.
    Look(Look),
    /// Something about the node's health changed: an item is so from now on, or is no more.
    Health {
        /// Which.
        code: &'static str,
        /// Its weight and text; `None` if all is well again.
        item: Option<(Weight, String)>,
    },
    /// The process is to end.
    Stop,
}

/// A reason of the node's health, as it was found.
#[derive(Debug)]
pub(crate) struct Finding {
    /// Its code.
    pub(crate) code: &'static str,
    /// How much it matters, in words; none if it does not hold.
    pub(crate) held: Option<(Weight, String)>,
}

impl Finding {
    /// Holds or not.
    pub(crate) fn when(
        code: &'static str,
        weight: Weight,
        holds: bool,
        text: impl FnOnce() -> String,
    ) -> Self {
        Self { code, held: holds.then(|| (weight, text())) }
    }
}

/// Transactions handed in over HTTP, their signatures checked.
#[derive(Debug)]
pub(crate) struct Submission {
    /// Those that hold.
    pub(crate) transactions: Vec<VerifiedTransaction>,
    /// Positions among all that were handed in, and reasons, of those that do not. Rising.
    pub(crate) malformed: Vec<(usize, String)>,
    /// Whether the caller waits until each is final or refused.
    pub(crate) wait: bool,
    /// Who handed them in.
    pub(crate) by: web::Actor,
    /// The caller; it may be gone.
    pub(crate) reply: web::Reply<web::Answer>,
}

/// What became of the rows of one ticket.
#[derive(Debug)]
pub(crate) struct Stored {
    /// Whose they are.
    pub(crate) ticket: Ticket,
    /// The rows; on disk if `failed` is none.
    pub(crate) rows: Vec<Row>,
    /// Why they are not on disk.
    pub(crate) failed: Option<Failure>,
}

/// Why rows are not on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    /// No room on the disk.
    Full,
    /// A write or sync failed.
    Broken(String),
}

impl From<&StoreError> for Failure {
    fn from(error: &StoreError) -> Self {
        if error.is_full() { Self::Full } else { Self::Broken(error.to_string()) }
    }
}

/// What became of all readings since the start.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taken {
    /// Those of known assets.
    pub(crate) counts: Counts,
    /// Rows held back because they lie in the future.
    pub(crate) quarantined: u64,
}

/// A look at the core: reads, and changes nothing.
#[derive(Debug)]
pub(crate) enum Look {
    /// Whatever a reader wants to know of it; short, for nothing else happens meanwhile.
    Read(Glance),
    /// What holds for the readings of every column.
    Rules {
        /// How long they are kept unless their metric says otherwise.
        retention: Retention,
        /// Where the answer goes.
        reply: oneshot::Sender<Rules>,
    },
    /// What became of all readings since the start.
    Taken(oneshot::Sender<Taken>),
    /// The path from a leaf of the Merkle log to its root, and the height the root belongs to.
    Proof {
        /// Number of the leaf.
        leaf: u64,
        /// Where the answer goes.
        reply: oneshot::Sender<Option<(Vec<[u8; 32]>, Height)>>,
    },
}

/// A short look at the core, and what to do with what was seen.
pub(crate) struct Glance(pub(crate) Box<dyn FnOnce(&Core) + Send>);

impl std::fmt::Debug for Glance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Glance")
    }
}
