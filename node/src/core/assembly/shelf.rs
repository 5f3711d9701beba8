//! Documents that resolutions name, by their hash. One that no resolution names any more goes when room is needed.

use std::collections::{BTreeMap, BTreeSet};

use protocol::assembly::{JointQuestion, PersonId, Resolution};
use protocol::limits::{DOCUMENT_BYTES_MAX, DOCUMENTS_BYTES_MAX};
use protocol::{Bytes, Digest, Invalid};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::kept::PART_BYTES;
use super::meeting::Taken;
use super::{Done, Home, HomeError, Kept, KeptKey, Who};
use crate::core::Core;
use crate::core::maintenance::Change;

/// Parts of the largest document.
const PARTS_MAX: usize = DOCUMENT_BYTES_MAX.div_ceil(PART_BYTES);

/// A part of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Leaf {
    /// BLAKE3 of the whole document.
    pub document: Digest,
    /// Which part.
    pub index: u16,
    /// Parts in all.
    pub parts: u16,
    /// Its bytes.
    pub bytes: Bytes<PART_BYTES>,
}

/// The documents of this building.
#[derive(Debug, Default)]
pub struct Shelf {
    documents: BTreeMap<Digest, Vec<u8>>,
    bytes: usize,
}

impl Shelf {
    pub(super) fn restore(leaves: impl IntoIterator<Item = Leaf>) -> Self {
        let mut all: BTreeMap<Digest, BTreeMap<u16, Leaf>> = BTreeMap::new();
        for leaf in leaves {
            all.entry(leaf.document).or_default().insert(leaf.index, leaf);
        }
        let mut shelf = Self::default();
        for (document, leaves) in all {
            let is_whole = leaves.values().all(|leaf| usize::from(leaf.parts) == leaves.len());
            if is_whole {
                shelf
                    .add(document, leaves.values().flat_map(|leaf| leaf.bytes.as_slice()).copied().collect());
            } else {
                tracing::error!(%document, "a document is not whole");
            }
        }
        shelf
    }

    /// A document by its hash.
    pub fn get(&self, document: &Digest) -> Option<&[u8]> {
        self.documents.get(document).map(Vec::as_slice)
    }

    /// What all of them take, bytes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    fn add(&mut self, document: Digest, bytes: Vec<u8>) {
        self.bytes += bytes.len();
        let before = self.documents.insert(document, bytes);
        self.bytes -= before.map_or(0, |before| before.len());
    }

    /// Takes documents off the shelf, and says which entries go with them.
    fn remove(&mut self, gone: &[Digest]) -> Vec<Change> {
        let mut changes = Vec::new();
        for document in gone {
            let Some(bytes) = self.documents.remove(document) else { continue };
            self.bytes -= bytes.len();
            changes.extend((0..parts_of(&bytes)).map(|at| Change::DeleteKept(KeptKey::Leaf(*document, at))));
        }
        changes
    }
}

fn parts_of(bytes: &[u8]) -> u16 {
    u16::try_from(bytes.chunks(PART_BYTES).count()).expect("invariant: a document is bounded")
}

impl Home {
    /// Documents that a resolution names, and scans of paper.
    fn named_documents(&self) -> BTreeSet<Digest> {
        let all = || self.gatherings.values();
        let items = all().flat_map(|gathering| gathering.items.values());
        let named = items.flat_map(|item| item.resolution.documents.iter().copied());
        let scan = |taken: &Taken| taken.body.paper().map(|paper| paper.scan);
        let scans = all().flat_map(|gathering| gathering.taken.values()).filter_map(scan);
        let waiting = self.sheets.values().map(|waiting| waiting.paper.scan);
        named.chain(scans).chain(waiting).collect()
    }

    /// Whether a document is the scan of a sheet that waits for this person's signature.
    pub fn is_to_compare(&self, person: PersonId, document: &Digest) -> bool {
        let sheets = self.sheets.values().filter(|waiting| waiting.paper.scan == *document);
        let of = sheets.filter_map(|waiting| self.gatherings.get(&waiting.number));
        of.into_iter().any(|gathering| gathering.stored.plan.assessors.contains(&person))
    }

    /// Whether an assembly that was announced names a document: then everybody of the building reads it.
    pub fn is_announced(&self, document: &Digest) -> bool {
        let announced = self.gatherings.values().filter(|gathering| gathering.stored.opening.is_some());
        announced
            .flat_map(|gathering| gathering.items.values())
            .any(|item| item.resolution.documents.contains(document))
    }
}

impl Core {
    /// The open question to several buildings that a resolution answers: it names the question's text among its
    /// documents, and this building is asked.
    pub fn joint_of(&self, resolution: &Resolution) -> Option<Digest> {
        let me = self.origin();
        let mut open = self.ledger.state().joint_questions().filter(|(_, joint)| joint.decided.is_none());
        let is_it = |joint: &JointQuestion| {
            joint.buildings.contains(&me) && resolution.documents.contains(&joint.question)
        };
        open.find(|(_, joint)| is_it(&joint.question)).map(|(id, _)| id)
    }

    /// Keeps a document under its hash, which the shell worked out.
    pub(super) fn keep_document(
        &mut self,
        who: &Who,
        document: Digest,
        bytes: Vec<u8>,
    ) -> Result<Done, HomeError> {
        self.office(who)?;
        self.shelve(document, bytes)
    }

    /// The same without asking who.
    pub(super) fn shelve(&mut self, document: Digest, bytes: Vec<u8>) -> Result<Done, HomeError> {
        let found = bytes.len();
        if found == 0 || found > DOCUMENT_BYTES_MAX {
            let max = DOCUMENT_BYTES_MAX as u64;
            return Err(Invalid::Range { field: "bytes of a document", max, found: found as u64 }.into());
        }
        if self.home.shelf.get(&document).is_some() {
            return Ok(Done::Nothing);
        }
        if self.home.shelf.bytes + found > DOCUMENTS_BYTES_MAX {
            let mut named = self.home.named_documents();
            named.extend(self.texts_of_questions());
            let unnamed = self.home.shelf.documents.keys().filter(|one| !named.contains(*one));
            let unnamed: Vec<Digest> = unnamed.copied().collect();
            let gone = self.home.shelf.remove(&unnamed);
            self.persist(gone);
        }
        if self.home.shelf.bytes + found > DOCUMENTS_BYTES_MAX {
            return Err(HomeError::Full { field: "bytes of documents", max: DOCUMENTS_BYTES_MAX });
        }
        let parts = parts_of(&bytes);
        let leaf = |(index, bytes): (u16, &[u8])| Leaf {
            document,
            index,
            parts,
            bytes: Bytes::new(bytes.to_vec()).expect("invariant: cut to its bound"),
        };
        let leaves: Vec<Kept> = (0..).zip(bytes.chunks(PART_BYTES)).map(leaf).map(Kept::Leaf).collect();
        self.home.shelf.add(document, bytes);
        self.keep(leaves);
        Ok(Done::Nothing)
    }
}

const _: () = assert!(PARTS_MAX <= u16::MAX as usize && DOCUMENT_BYTES_MAX <= DOCUMENTS_BYTES_MAX);
