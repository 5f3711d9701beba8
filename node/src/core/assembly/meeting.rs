//! An assembly as the building prepares and keeps it: day, agenda, who chairs; then what the ledger was told, and
//! everything that came in for it. Texts can be changed until it is announced and never after.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use ledger::assembly::{Entered, Place, Presence};
use protocol::assembly::{
    AssemblyId, CommittedPaper, Day, ItemNumber, Meeting, Opening, Paper, PaperEntry, PersonId, Registry,
    Resolution, SignedBallot, SignedPaper, SignedPromise, SignedProxy, Text,
};
use protocol::energy::Salt;
use protocol::limits::{
    ASSESSORS_MAX, DOCUMENTS_MAX, PRESENCES_MAX, REGISTRY_NAME_BYTES_MAX, RESOLUTION_TITLE_BYTES_MAX,
    RESOLUTIONS_MAX, RESULT_PARTS_MAX,
};
use protocol::{Bounded, Digest, Height, Signature, UnixMs};
use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::error::HomeError;
use super::minutes::MinutesSigned;
use super::results::Counted;
use super::urn::Checked;

/// Where and when an assembly is held, in the syndic's words.
pub type PlaceText = Text<RESOLUTION_TITLE_BYTES_MAX>;
/// What people call a document.
pub type DocumentName = Text<REGISTRY_NAME_BYTES_MAX>;

/// What is said of an assembly before it is announced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Plan {
    /// The day.
    pub day: Day,
    /// Hour and place.
    pub place: PlaceText,
    /// First, or after one that could not decide.
    pub meeting: Meeting,
    /// The day on which everybody was called, once that happened.
    pub notice: Option<Day>,
    /// Whether it cannot wait as long as the law asks for.
    pub is_urgent: bool,
    /// Who chairs.
    pub chair: Option<PersonId>,
    /// Who writes the minutes.
    pub secretary: Option<PersonId>,
    /// Who enters paper together with the syndic.
    pub assessors: Bounded<PersonId, ASSESSORS_MAX>,
}

/// An assembly's own entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Stored {
    /// The building's number for it, never given twice.
    pub number: u32,
    /// Counts on with every change.
    pub revision: u64,
    /// What was said.
    pub plan: Plan,
    /// Where the salts of its roll come from.
    pub seed: Salt,
    /// What the ledger is told, from the announcement on.
    pub opening: Option<Opening>,
    /// The newest block when it was announced: keys that came later do not vote.
    pub announced: Option<Height>,
    /// Who was there.
    pub presences: Bounded<StoredPresence, PRESENCES_MAX>,
    /// What chair and syndic signed of the results, part by part.
    pub signatures: Bounded<ResultSignatures, RESULT_PARTS_MAX>,
}

/// The signatures under one part of the results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize_tuple, Deserialize_tuple)]
pub struct ResultSignatures {
    /// Whoever chaired.
    pub chair: Option<Signature>,
    /// The syndic.
    pub syndic: Option<Signature>,
}

/// Somebody's presence, as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct StoredPresence {
    /// Who.
    pub person: PersonId,
    /// Whether from afar.
    pub is_remote: bool,
    /// The first vote it is there for; 0 is the start.
    pub from: u16,
    /// The first one it is not there for any more.
    pub until: Option<u16>,
}

/// A resolution, with the names of its documents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct StoredItem {
    /// The assembly's number.
    pub number: u32,
    /// The resolution.
    pub resolution: Resolution,
    /// Names of its documents, in the same order.
    pub documents: Bounded<DocumentName, DOCUMENTS_MAX>,
}

/// What somebody signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Body {
    /// A ballot.
    Ballot(SignedBallot),
    /// A proxy, or its end.
    Proxy(SignedProxy),
    /// A sheet of paper that stands on the ledger as a ballot does, from before the ledger checked who signed it.
    Paper(CommittedPaper),
    /// A sheet of paper that syndic and assessor entered.
    Entered(SignedPaper),
}

/// Something that came in, with the promise that was made for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Taken {
    /// The assembly's number.
    pub number: u32,
    /// What.
    pub body: Body,
    /// When it was taken.
    pub at: UnixMs,
    /// The node's promise.
    pub promise: SignedPromise,
    /// Where it stands on the ledger, once it does.
    pub stands: Option<(Height, u32)>,
}

/// An assembly with everything of it.
#[derive(Debug)]
pub struct Gathering {
    /// Its own entry.
    pub stored: Stored,
    /// The agenda, by number.
    pub items: BTreeMap<ItemNumber, StoredItem>,
    /// The registry it was opened with.
    pub registry: Option<Registry>,
    /// What came in.
    pub taken: BTreeMap<Digest, Taken>,
    /// The same once its signatures were checked, which happens once; none where they do not hold.
    pub(super) checked: BTreeMap<Digest, Option<Checked>>,
    /// What chair and syndic signed of the minutes.
    pub minutes: Option<MinutesSigned>,
    /// What it comes to, until anything changes.
    pub(super) count: OnceLock<Result<Arc<Counted>, HomeError>>,
}

impl Body {
    /// What the ledger knows it by.
    pub fn commitment(&self) -> Digest {
        match self {
            Self::Ballot(signed) => signed.commitment(),
            Self::Proxy(signed) => signed.commitment(),
            Self::Paper(signed) => signed.commitment(),
            Self::Entered(signed) => signed.commitment(),
        }
    }

    /// The assembly it is for.
    pub fn assembly(&self) -> AssemblyId {
        match self {
            Self::Ballot(signed) => signed.ballot.assembly,
            Self::Proxy(signed) => signed.proxy.assembly,
            Self::Paper(signed) => signed.paper.assembly,
            Self::Entered(signed) => signed.paper.assembly,
        }
    }

    /// The sheet of paper, if it is one.
    pub fn paper(&self) -> Option<&Paper> {
        match self {
            Self::Ballot(_) | Self::Proxy(_) => None,
            Self::Paper(signed) => Some(&signed.paper),
            Self::Entered(signed) => Some(&signed.paper),
        }
    }

    /// What the ledger is told to check itself; none where it takes a commitment alone.
    pub(super) fn entry(&self) -> Option<PaperEntry> {
        match self {
            Self::Ballot(_) | Self::Proxy(_) | Self::Paper(_) => None,
            Self::Entered(signed) => Some(signed.entry()),
        }
    }
}

impl Taken {
    /// What the ledger knows it by.
    pub fn commitment(&self) -> Digest {
        self.body.commitment()
    }

    /// Where it stands, once it does.
    pub fn place(&self) -> Option<Place> {
        self.stands.map(|(height, index)| Place { height, index })
    }

    /// With what was signed, where it stands.
    pub fn entered<T>(&self, value: T) -> Option<Entered<T>> {
        Some(Entered { value, at: self.place()? })
    }
}

impl Gathering {
    /// One that is being prepared.
    pub fn new(stored: Stored) -> Self {
        Self {
            stored,
            items: BTreeMap::new(),
            registry: None,
            taken: BTreeMap::new(),
            checked: BTreeMap::new(),
            minutes: None,
            count: OnceLock::new(),
        }
    }

    /// Its id, once it is announced.
    pub fn id(&self) -> Option<AssemblyId> {
        self.stored.opening.as_ref().map(Opening::id)
    }

    /// Who was there, as a count needs it.
    pub fn presences(&self) -> Vec<Presence> {
        let presence = |stored: &StoredPresence| Presence {
            person: stored.person,
            is_remote: stored.is_remote,
            from: stored.from,
            until: stored.until,
        };
        self.stored.presences.iter().map(presence).collect()
    }

    /// The salt of a lot's commitment on the roll.
    pub fn salt_of(&self, lot: protocol::assembly::LotId) -> Salt {
        let digest =
            Digest::of("symbiose roll salt v1", &[self.stored.seed.as_bytes(), &lot.0.to_be_bytes()]);
        let mut salt = [0; Salt::LEN];
        salt.copy_from_slice(&digest.as_bytes()[..Salt::LEN]);
        Salt::new(salt)
    }
}

const _: () = assert!(RESOLUTIONS_MAX <= u16::MAX as usize);
