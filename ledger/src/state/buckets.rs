//! One hash over a large state without hashing all of it again: entries are spread over 256 buckets by the hash of
//! their key; a bucket's hash covers its entries in order, the root covers the buckets.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use blake3::hazmat::{ContextKey, HasherExt, hash_derive_key_context};
use protocol::{Digest, StateHash, encode};

use super::Delta;
use super::entry::{Entry, Key};

const COUNT: usize = 256;

/// Bytes of a row: the hash of a key and the hash of its entry.
const ROW: usize = 2 * Digest::LEN;

/// What domains begin with, hashed once: a block changes many entries, and each would hash them again.
struct Domains {
    key: ContextKey,
    entry: ContextKey,
    bucket: ContextKey,
    root: ContextKey,
}

static DOMAINS: LazyLock<Domains> = LazyLock::new(|| Domains {
    key: hash_derive_key_context("symbiose state key v1"),
    entry: hash_derive_key_context("symbiose state entry v1"),
    bucket: hash_derive_key_context("symbiose state bucket v1"),
    root: hash_derive_key_context("symbiose state root v1"),
});

/// Rows in order of key, one behind the other: copied in one piece with each block that touches them, and hashed in one
/// piece, which keeps all lanes of a processor busy.
#[derive(Debug, Clone, Default)]
struct Bucket(Vec<u8>);

/// Buckets as a delta leaves them, with their hashes, worked out once.
#[derive(Debug, Clone)]
pub(super) struct Changed(Vec<(usize, Bucket, Digest)>);

#[derive(Debug, Clone)]
pub(super) struct Buckets {
    buckets: Vec<Bucket>,
    /// One hash per bucket, one behind the other: hashed in one piece, they keep all lanes of a processor busy.
    hashes: Vec<u8>,
    /// The hash of these.
    root: StateHash,
}

impl Bucket {
    /// Where the row of a key begins, or would.
    fn find(&self, key: &Digest) -> Result<usize, usize> {
        let (rows, _whole) = self.0.as_chunks::<ROW>();
        let by_key = |row: &[u8; ROW]| row[..Digest::LEN].cmp(key.as_bytes());
        rows.binary_search_by(by_key).map(|row| row * ROW).map_err(|row| row * ROW)
    }

    fn put(&mut self, key: &Digest, entry: &Digest) {
        match self.find(key) {
            Ok(at) => self.0[at + Digest::LEN..at + ROW].copy_from_slice(entry.as_bytes()),
            Err(at) => {
                let row = key.as_bytes().iter().chain(entry.as_bytes()).copied();
                self.0.splice(at..at, row);
            }
        }
    }

    fn remove(&mut self, key: &Digest) {
        if let Ok(at) = self.find(key) {
            self.0.drain(at..at + ROW);
        }
    }

    fn hash(&self) -> Digest {
        hashed(&DOMAINS.bucket, &self.0)
    }
}

impl Default for Buckets {
    fn default() -> Self {
        let empty = Bucket::default();
        let hashes = empty.hash().as_bytes().repeat(COUNT);
        let buckets = vec![empty; COUNT];
        Self { buckets, root: root(&hashes), hashes }
    }
}

impl Buckets {
    pub(super) fn root(&self) -> StateHash {
        self.root
    }

    pub(super) fn root_with(&self, changed: &Changed) -> StateHash {
        let mut hashes = self.hashes.clone();
        for (index, _, hash) in &changed.0 {
            put(&mut hashes, *index, hash);
        }
        root(&hashes)
    }

    /// Takes in what changed, with the root that [`Self::root_with`] found for it.
    pub(super) fn apply(&mut self, changed: Changed, root: StateHash) {
        for (index, bucket, hash) in changed.0 {
            put(&mut self.hashes, index, &hash);
            self.buckets[index] = bucket;
        }
        self.root = root;
    }

    pub(super) fn changed(&self, delta: &Delta) -> Changed {
        let mut changed: BTreeMap<usize, Bucket> = BTreeMap::new();
        for (key, entry) in delta {
            let key = key_hash(key);
            let index = usize::from(key.as_bytes()[0]);
            let bucket = changed.entry(index).or_insert_with(|| self.buckets[index].clone());
            match entry {
                Some(entry) => bucket.put(&key, &entry_hash(entry)),
                None => bucket.remove(&key),
            }
        }
        let hashed = |(index, bucket): (usize, Bucket)| {
            let hash = bucket.hash();
            (index, bucket, hash)
        };
        Changed(changed.into_iter().map(hashed).collect())
    }
}

fn key_hash(key: &Key) -> Digest {
    framed(&DOMAINS.key, &encode(key))
}

fn entry_hash(entry: &Entry) -> Digest {
    framed(&DOMAINS.entry, &encode(entry))
}

/// [`Digest::of`] one part in that domain.
fn framed(domain: &ContextKey, part: &[u8]) -> Digest {
    let mut hasher = blake3::Hasher::new_from_context_key(domain);
    hasher.update(&(part.len() as u64).to_be_bytes()).update(part);
    Digest::new(*hasher.finalize().as_bytes())
}

fn hashed(domain: &ContextKey, bytes: &[u8]) -> Digest {
    Digest::new(*blake3::Hasher::new_from_context_key(domain).update(bytes).finalize().as_bytes())
}

fn put(hashes: &mut [u8], index: usize, hash: &Digest) {
    hashes[index * Digest::LEN..][..Digest::LEN].copy_from_slice(hash.as_bytes());
}

fn root(hashes: &[u8]) -> StateHash {
    StateHash::new(*hashed(&DOMAINS.root, hashes).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::UnixMs;

    #[test]
    fn a_bucket_is_a_map_in_order_of_key() {
        let mut twin = BTreeMap::new();
        let mut bucket = Bucket::default();
        let digest = |i: u64| Digest::of("a test", &[&i.to_be_bytes()]);
        for step in 0..2_000_u64 {
            let key = digest(step.wrapping_mul(2_654_435_761) % 97);
            if step % 3 == 0 {
                bucket.remove(&key);
                twin.remove(&key);
            } else {
                bucket.put(&key, &digest(step));
                twin.insert(key, digest(step));
            }
            let rows: Vec<u8> =
                twin.iter().flat_map(|(key, entry)| [*key.as_bytes(), *entry.as_bytes()].concat()).collect();
            assert_eq!(bucket.0, rows, "after step {step}");
        }
    }

    #[test]
    fn domains_are_those_of_every_digest() {
        let key = Key::Meta;
        assert_eq!(key_hash(&key), Digest::of("symbiose state key v1", &[&encode(&key)]));
        let entry = Entry::Invitation(UnixMs(7));
        assert_eq!(entry_hash(&entry), Digest::of("symbiose state entry v1", &[&encode(&entry)]));
        assert_eq!(
            hashed(&DOMAINS.bucket, b"x").as_bytes(),
            &blake3::derive_key("symbiose state bucket v1", b"x")
        );
        assert_eq!(
            hashed(&DOMAINS.root, b"x").as_bytes(),
            &blake3::derive_key("symbiose state root v1", b"x")
        );
    }

    #[test]
    fn a_delta_hashes_to_what_it_becomes_and_history_does_not_matter() {
        let key = |i: u8| Key::Invitation(Digest::new([i; 32]));
        let put = |i: u8, v: i64| (key(i), Some(Entry::Invitation(UnixMs(v))));
        let first: Delta = (0..200).map(|i| put(i, 1)).collect();
        let second: Delta = [put(3, 2), (key(4), None), put(201, 9)].into();
        let apply = |buckets: &mut Buckets, delta: &Delta| {
            let changed = buckets.changed(delta);
            let expected = buckets.root_with(&changed);
            assert_ne!(expected, buckets.root());
            buckets.apply(changed, expected);
            assert_eq!(root(&buckets.hashes), expected, "what was taken in hashes to what was found for it");
            expected
        };
        let mut buckets = Buckets::default();
        apply(&mut buckets, &first);
        let expected = apply(&mut buckets, &second);

        let mut all = first;
        all.extend(second);
        let mut other_way = Buckets::default();
        assert_eq!(apply(&mut other_way, &all), expected);
    }
}
