//! What people want done about registry, keys and assemblies, and what they are told.

use protocol::assembly::{
    AssemblyId, Day, Kept, Paper, PersonId, Registry, Resolution, SignedBinding, SignedPollBallot,
    SignedPromise,
};
use protocol::{Digest, PublicKey, Signature};

use super::looks::Looked;
use super::meeting::{Body, DocumentName, Plan, StoredPresence};
use super::polls::Question;

/// Who wants it. What somebody may do is the registry's to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    /// The name that is written beside it.
    pub name: String,
    /// The person of the registry whose key opened the session.
    pub person: Option<PersonId>,
    /// Whether it is an operator of this node.
    pub is_operator: bool,
    /// The building's day.
    pub today: Day,
}

/// A code for one person, as the shell made it up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLetter {
    /// For whom.
    pub person: PersonId,
    /// Key of the code that a camera reads.
    pub long: PublicKey,
    /// Key of the code that is typed.
    pub short: PublicKey,
}

/// Something to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// Takes a registry in place of the one there is.
    PutRegistry {
        /// The revision it was made on; 0 for the first.
        revision: u64,
        /// The new one.
        registry: Box<Registry>,
    },
    /// Takes a person's name out for good, as far as the law allows.
    Erase(PersonId),
    /// Notes who looks at what.
    Look(Looked, Option<PersonId>),
    /// How long owners may object to a key, hours.
    SetObjection(u16),
    /// Makes letters.
    Write(Vec<NewLetter>),
    /// A code for another device of one's own.
    AddDevice(NewLetter),
    /// Binds a key by a code.
    Bind(Box<SignedBinding>),
    /// Objects to a key.
    Object(PublicKey),
    /// Sets an objection aside; the council's to do.
    SetAside(PublicKey),
    /// Ends a key of one's own.
    End(PublicKey),
    /// Says that a person lost every key.
    Lose(PersonId),
    /// The council agrees: earlier keys end, and a letter is made.
    Agree(NewLetter),
    /// Prepares an assembly; `None` is a new one.
    Prepare {
        /// Which, by the building's number, with the revision it was made on.
        number: Option<(u32, u64)>,
        /// What is said of it.
        plan: Box<Plan>,
        /// Randomness of the shell's.
        seed: protocol::energy::Salt,
        /// The agenda, in the order of numbers.
        items: Vec<(Resolution, Vec<DocumentName>)>,
    },
    /// Keeps a document under its BLAKE3 hash.
    KeepDocument(Digest, Vec<u8>),
    /// Drops one that was not announced.
    Drop(u32),
    /// Tells the ledger: nothing of it can change afterwards. It closes after so many blocks.
    Announce {
        /// Which.
        number: u32,
        /// Blocks for which it stays open.
        blocks: u64,
    },
    /// Says who is there.
    Attend {
        /// Which assembly.
        number: u32,
        /// Everybody who is or was there.
        presences: Vec<StoredPresence>,
    },
    /// Hands in something signed.
    HandIn(Box<Body>),
    /// A signature under a sheet of paper.
    SignSheet(Box<Paper>, Signature),
    /// Puts a question that decides nothing.
    AskPoll(Box<Question>),
    /// Answers one.
    AnswerPoll(Box<SignedPollBallot>),
    /// Takes a sheet away that waits for the second signature.
    DropSheet(Digest),
    /// Takes the commitment to a ballot of another building.
    Carry(AssemblyId, Digest),
    /// Keeps an eye on a node's promise.
    Watch(Box<SignedPromise>),
    /// What the chair or the syndic signed of the minutes.
    SignMinutes {
        /// Which assembly.
        number: u32,
        /// Hash of the minutes.
        minutes: Digest,
        /// Over the notice of this hash.
        signature: Signature,
    },
    /// What the chair or the syndic signed of the results, part by part.
    Sign {
        /// Which assembly.
        number: u32,
        /// One for each part.
        signatures: Vec<Signature>,
    },
}

/// What it came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done {
    /// The registry's new revision.
    Registry(u64),
    /// Nothing more to tell.
    Nothing,
    /// A key is bound, to this person.
    Bound(PublicKey, PersonId),
    /// An assembly, by the building's number.
    Gathering(u32),
    /// A ballot of another building is promised.
    Promised(Box<SignedPromise>),
    /// How a node's promise stands.
    Standing(Kept),
    /// A poll, by the building's number.
    Poll(u32),
    /// Something was taken: the assembly's number and what the ledger will know it by.
    Taken(u32, Digest),
}
