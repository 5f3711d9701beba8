//! What may be asked and done about the building's registry, its residents' keys and its assemblies. Words of the
//! protocol where it has them.

use crate::actor::Actor;
use crate::request::{AssemblyDraft, PollDraft, Reply};
use crate::view::{
    AssemblyView, CodeView, FoundView, JointQuestionView, KeysView, LettersView, LookView, MinutesView,
    PersonData, PollView, PresenceView, PromiseState, PromiseView, ResidentView, SheetView, TakenView,
    VoiceView,
};
use bytes::Bytes;
use protocol::assembly::{
    AssemblyId, Paper, PersonId, Registry, SignedBallot, SignedBinding, SignedPaper, SignedPollBallot,
    SignedPromise, SignedProxy,
};
use protocol::{ChainId, Digest, PublicKey, Signature};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is looked at, for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HomeLook {
    Registry,
    Export,
    Person(PersonId),
}

/// Something to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum HomeCommand {
    PutRegistry {
        revision: u64,
        registry: Box<Registry>,
    },
    /// Takes a name out for good.
    Erase(PersonId),
    /// Notes a look before it is answered.
    Look(HomeLook),
    SetObjection(u16),
    /// Letters for these persons.
    Write(Vec<PersonId>),
    /// A code for another device of one's own.
    AddDevice,
    Bind(Box<SignedBinding>),
    Object(PublicKey),
    SetAside(PublicKey),
    End(PublicKey),
    Lose(PersonId),
    Agree(PersonId),
    /// A new draft, or the change of one by the building's number.
    Prepare {
        number: Option<u32>,
        draft: Box<AssemblyDraft>,
    },
    DropDraft(u32),
    /// A document, by its hash.
    KeepDocument {
        hash: Digest,
        bytes: Bytes,
    },
    Announce {
        number: u32,
        blocks: u64,
    },
    HandIn(HandedIn),
    /// A signature under a sheet of paper; the second one hands it in.
    SignSheet {
        paper: Box<Paper>,
        signature: Signature,
    },
    DropSheet(Digest),
    AskPoll(Box<PollDraft>),
    AnswerPoll(Box<SignedPollBallot>),
    /// Who is there.
    Attend {
        number: u32,
        presences: Vec<PresenceView>,
    },
    /// The commitment to a ballot of another building.
    Carry {
        vote: AssemblyId,
        commitment: Digest,
    },
    /// A node's promise to keep an eye on.
    Watch(Box<SignedPromise>),
    /// Signs the minutes as this node makes them.
    SignMinutes {
        number: u32,
        signature: Signature,
    },
    SignResults {
        number: u32,
        signatures: Vec<Signature>,
    },
}

/// Something signed whose form and signature were checked.
#[derive(Clone, Debug, PartialEq)]
pub enum HandedIn {
    Ballot(Box<SignedBallot>),
    Proxy(Box<SignedProxy>),
    Paper(Box<SignedPaper>),
}

/// What it came to.
#[derive(Clone, Debug, PartialEq)]
pub enum HomeAnswer {
    Done,
    Letters(LettersView),
    /// An assembly, by the building's number.
    Assembly(u32),
    /// A poll, by the building's number.
    Poll(u32),
    /// Something handed in: the assembly's number, and what the ledger will know it by.
    Taken(u32, Digest),
    /// A ballot of another building is promised.
    Promised(PromiseView),
    /// How a promise stands.
    Standing(PromiseState),
}

/// A question.
#[derive(Debug)]
pub enum HomeCall {
    /// The registry and its revision.
    Registry(Reply<(u64, Option<Box<Registry>>)>),
    Keys(Reply<KeysView>),
    Looks(Reply<Vec<LookView>>),
    Person {
        person: PersonId,
        reply: Reply<PersonData>,
    },
    /// Who a code was made for.
    Code {
        key: PublicKey,
        reply: Reply<CodeView>,
    },
    /// Whose key it is; only of one that is not ended.
    Resident {
        key: PublicKey,
        reply: Reply<ResidentView>,
    },
    /// Newest first; drafts only for whoever may see them.
    Assemblies {
        by: Actor,
        reply: Reply<Vec<AssemblyView>>,
    },
    Assembly {
        by: Actor,
        number: u32,
        reply: Reply<AssemblyView>,
    },
    /// For whom somebody may speak.
    Voice {
        by: Actor,
        number: u32,
        reply: Reply<VoiceView>,
    },
    /// Questions to several buildings.
    JointQuestions(Reply<Vec<JointQuestionView>>),
    /// Newest first.
    Polls {
        by: Actor,
        reply: Reply<Vec<PollView>>,
    },
    /// Sheets of paper that wait for the second signature.
    Sheets {
        by: Actor,
        number: u32,
        reply: Reply<Vec<SheetView>>,
    },
    Taken {
        number: u32,
        commitment: Digest,
        reply: Reply<TakenView>,
    },
    /// A document, for who prepares, and for everybody once an assembly with it was announced.
    Document {
        by: Actor,
        hash: Digest,
        reply: Reply<Bytes>,
    },
    Minutes {
        number: u32,
        reply: Reply<MinutesView>,
    },
    /// Ballots on the ledger whose commitments begin with these bytes; without proofs, buildings by address.
    Find {
        prefix: Vec<u8>,
        reply: Reply<FoundView>,
    },
    /// What is signed at this node names these.
    Place(Reply<(protocol::Address, ChainId)>),
}

/// Persons to write letters to.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LettersRequest {
    /// Numbers of persons, at most 500; everybody who votes for a lot and has no key when empty.
    pub persons: Vec<u32>,
}

/// A binding as it was signed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BindRequest {
    /// Canonical bytes in hex digits.
    pub binding: String,
}

/// A resident's answer to a challenge.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EntryRequest {
    /// 64 hex digits.
    pub key: String,
    /// 32 hex digits.
    pub challenge: String,
    /// 128 hex digits.
    pub signature: String,
}

/// How long owners may object to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ObjectionRequest {
    #[schema(maximum = 720)]
    pub objection_hours: u16,
}
