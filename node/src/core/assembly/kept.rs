//! What the building remembers of registry, letters, keys and assemblies, entry by entry. Registries are cut into parts,
//! of which only those that changed are written again.

use protocol::assembly::{PersonId, Registry, RegistryError};
use protocol::limits::REGISTRY_KEPT_BYTES_MAX;
use protocol::{Bytes, Digest, PublicKey, encode};
use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::courier::Watched;
use super::looks::Look;
use super::meeting::{Stored, StoredItem, Taken};
use super::minutes::MinutesSigned;
use super::polls::{PollAnswer, PollRefused, StoredPoll};
use super::residents::{Letter, Loss, ResidentKey};
use super::sheets::Waiting;
use super::shelf::Leaf;

/// One part of a registry, bytes.
pub(super) const PART_BYTES: usize = 32 * 1024;
/// Largest value of one of these entries, bytes.
pub const KEPT_BYTES_MAX: usize = 80 * 1024;

/// One entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Kept {
    /// A part of a registry.
    Part(Part),
    /// A letter with a code.
    Letter(Letter),
    /// A resident's key.
    Key(ResidentKey),
    /// A person who lost every key.
    Loss(Loss),
    /// How long owners may object to a key, hours.
    Objection(u16),
    /// Who saw something of the registry.
    Look(Look),
    /// An assembly.
    Gathering(Box<Stored>),
    /// A resolution of it.
    Item(Box<StoredItem>),
    /// A ballot, proxy or sheet.
    Taken(Box<Taken>),
    /// A part of a document.
    Leaf(Leaf),
    /// A sheet of paper that waits for the second signature.
    Sheet(Box<Waiting>),
    /// A promise that is watched.
    Watched(Box<Watched>),
    /// Signatures under the minutes.
    Minutes(MinutesSigned),
    /// A poll.
    Poll(Box<StoredPoll>),
    /// An answer to a poll.
    PollAnswer(Box<PollAnswer>),
    /// A poll that the ledger did not take.
    PollRefused(PollRefused),
}

/// Where an entry lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeptKey {
    /// Book 0 is the registry of today, another the one an assembly was opened with; then the part.
    Part(u32, u16),
    /// By the key of its long code.
    Letter(PublicKey),
    /// By itself.
    Key(PublicKey),
    /// By person.
    Loss(PersonId),
    /// There is one.
    Objection,
    /// By place in the ring.
    Look(u32),
    /// By number of the assembly.
    Gathering(u32),
    /// By number of the assembly and of the item.
    Item(u32, u16),
    /// By number of the assembly and commitment.
    Taken(u32, Digest),
    /// By hash of the document and part.
    Leaf(Digest, u16),
    /// By number of the assembly and name.
    Sheet(u32, Digest),
    /// By hash of what is promised and by whom.
    Watched(Digest),
    /// By number of the assembly.
    Minutes(u32),
    /// By number of the poll.
    Poll(u32),
    /// By number of the poll and commitment.
    PollAnswer(u32, Digest),
    /// By number of the poll.
    PollRefused(u32),
}

/// A part of a registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Part {
    /// Which registry.
    pub book: u32,
    /// Which part.
    pub index: u16,
    /// Parts in all.
    pub parts: u16,
    /// Its bytes.
    pub bytes: Bytes<PART_BYTES>,
}

impl Kept {
    /// Where it lies.
    pub fn key(&self) -> KeptKey {
        match self {
            Self::Part(part) => KeptKey::Part(part.book, part.index),
            Self::Letter(letter) => KeptKey::Letter(letter.long),
            Self::Key(key) => KeptKey::Key(key.key),
            Self::Loss(loss) => KeptKey::Loss(loss.person),
            Self::Objection(_) => KeptKey::Objection,
            Self::Look(look) => KeptKey::Look(look.number),
            Self::Gathering(stored) => KeptKey::Gathering(stored.number),
            Self::Item(item) => KeptKey::Item(item.number, item.resolution.item.0),
            Self::Taken(taken) => KeptKey::Taken(taken.number, taken.commitment()),
            Self::Leaf(leaf) => KeptKey::Leaf(leaf.document, leaf.index),
            Self::Sheet(waiting) => KeptKey::Sheet(waiting.number, waiting.name()),
            Self::Watched(watched) => KeptKey::Watched(watched.key()),
            Self::Minutes(signed) => KeptKey::Minutes(signed.number),
            Self::Poll(stored) => KeptKey::Poll(stored.number),
            Self::PollAnswer(answer) => KeptKey::PollAnswer(answer.number, answer.commitment),
            Self::PollRefused(refused) => KeptKey::PollRefused(refused.number),
        }
    }
}

impl KeptKey {
    /// As bytes, which never change their meaning.
    pub fn bytes(&self) -> Vec<u8> {
        let with = |kind: u8, parts: &[&[u8]]| {
            let mut key = vec![kind];
            parts.iter().for_each(|part| key.extend_from_slice(part));
            key
        };
        match self {
            Self::Part(book, index) => with(0, &[&book.to_be_bytes(), &index.to_be_bytes()]),
            Self::Letter(key) => with(1, &[key.as_bytes()]),
            Self::Key(key) => with(2, &[key.as_bytes()]),
            Self::Loss(person) => with(3, &[&person.0.to_be_bytes()]),
            Self::Objection => with(4, &[]),
            Self::Look(number) => with(5, &[&number.to_be_bytes()]),
            Self::Gathering(number) => with(6, &[&number.to_be_bytes()]),
            Self::Item(number, item) => with(7, &[&number.to_be_bytes(), &item.to_be_bytes()]),
            Self::Taken(number, commitment) => with(8, &[&number.to_be_bytes(), commitment.as_bytes()]),
            Self::Leaf(document, index) => with(9, &[document.as_bytes(), &index.to_be_bytes()]),
            Self::Sheet(number, name) => with(10, &[&number.to_be_bytes(), name.as_bytes()]),
            Self::Watched(key) => with(16, &[key.as_bytes()]),
            Self::Minutes(number) => with(17, &[&number.to_be_bytes()]),
            Self::Poll(number) => with(11, &[&number.to_be_bytes()]),
            Self::PollAnswer(number, answer) => with(12, &[&number.to_be_bytes(), answer.as_bytes()]),
            Self::PollRefused(number) => with(18, &[&number.to_be_bytes()]),
        }
    }
}

/// A registry in parts.
pub(super) fn parts(book: u32, registry: &Registry) -> Vec<Part> {
    let bytes = encode(registry);
    assert!(bytes.len() <= REGISTRY_KEPT_BYTES_MAX, "invariant: a registry is taken within its bound");
    let parts = u16::try_from(bytes.chunks(PART_BYTES).count()).expect("invariant: few parts");
    let part = |(index, bytes): (u16, &[u8])| Part {
        book,
        index,
        parts,
        bytes: Bytes::new(bytes.to_vec()).expect("invariant: cut to its bound"),
    };
    (0..).zip(bytes.chunks(PART_BYTES)).map(part).collect()
}

/// The registry of these parts, in their order.
pub(super) fn whole(parts: &[Part]) -> Result<Registry, RegistryError> {
    let bytes: Vec<u8> = parts.iter().flat_map(|part| part.bytes.as_slice().iter().copied()).collect();
    Registry::open(&bytes)
}

/// What to write and what to delete so that `new` stands where `old` stood.
pub(super) fn replaced(old: &[Part], new: &[Part]) -> (Vec<Part>, Vec<KeptKey>) {
    let changed = new.iter().filter(|part| old.get(usize::from(part.index)) != Some(part)).cloned().collect();
    let gone = old.iter().skip(new.len()).map(|part| KeptKey::Part(part.book, part.index)).collect();
    (changed, gone)
}

const _: () = assert!(PART_BYTES + 64 < KEPT_BYTES_MAX && REGISTRY_KEPT_BYTES_MAX / PART_BYTES < 1_000);
