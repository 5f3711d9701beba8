//! One hash over a large state without hashing all of it again: entries are spread over 256 buckets by the hash of
//! their key; a bucket's hash covers its entries in order, the root covers the buckets.

use std::collections::BTreeMap;

use protocol::{Digest, StateHash, encode};

use super::Delta;
use super::entry::{Entry, Key};

const COUNT: usize = 256;

type Bucket = BTreeMap<Digest, Digest>;

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

impl Default for Buckets {
    fn default() -> Self {
        let buckets = vec![Bucket::new(); COUNT];
        let hashes: Vec<u8> = buckets.iter().flat_map(|bucket| *hash_bucket(bucket).as_bytes()).collect();
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

    pub(super) fn apply(&mut self, changed: Changed) {
        for (index, bucket, hash) in changed.0 {
            put(&mut self.hashes, index, &hash);
            self.buckets[index] = bucket;
        }
        self.root = root(&self.hashes);
    }

    pub(super) fn changed(&self, delta: &Delta) -> Changed {
        let mut changed: BTreeMap<usize, Bucket> = BTreeMap::new();
        for (key, entry) in delta {
            let key = key_hash(key);
            let index = usize::from(key.as_bytes()[0]);
            let bucket = changed.entry(index).or_insert_with(|| self.buckets[index].clone());
            match entry {
                Some(entry) => bucket.insert(key, entry_hash(entry)),
                None => bucket.remove(&key),
            };
        }
        let hashed = |(index, bucket)| {
            let hash = hash_bucket(&bucket);
            (index, bucket, hash)
        };
        Changed(changed.into_iter().map(hashed).collect())
    }
}

fn key_hash(key: &Key) -> Digest {
    Digest::of("symbiose state key v1", &[&encode(key)])
}

fn entry_hash(entry: &Entry) -> Digest {
    Digest::of("symbiose state entry v1", &[&encode(entry)])
}

fn hash_bucket(bucket: &Bucket) -> Digest {
    let mut hasher = blake3::Hasher::new_derive_key("symbiose state bucket v1");
    for (key, entry) in bucket {
        hasher.update(key.as_bytes());
        hasher.update(entry.as_bytes());
    }
    Digest::new(*hasher.finalize().as_bytes())
}

fn put(hashes: &mut [u8], index: usize, hash: &Digest) {
    hashes[index * Digest::LEN..][..Digest::LEN].copy_from_slice(hash.as_bytes());
}

fn root(hashes: &[u8]) -> StateHash {
    let mut hasher = blake3::Hasher::new_derive_key("symbiose state root v1");
    hasher.update(hashes);
    StateHash::new(*hasher.finalize().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::UnixMs;

    #[test]
    fn a_delta_hashes_to_what_it_becomes_and_history_does_not_matter() {
        let key = |i: u8| Key::Invitation(Digest::new([i; 32]));
        let put = |i: u8, v: i64| (key(i), Some(Entry::Invitation(UnixMs(v))));
        let first: Delta = (0..200).map(|i| put(i, 1)).collect();
        let second: Delta = [put(3, 2), (key(4), None), put(201, 9)].into();
        let mut buckets = Buckets::default();
        buckets.apply(buckets.changed(&first));
        let changed = buckets.changed(&second);
        let expected = buckets.root_with(&changed);
        assert_ne!(expected, buckets.root());
        buckets.apply(changed);
        assert_eq!(buckets.root(), expected);

        let mut all = first;
        all.extend(second);
        let mut other_way = Buckets::default();
        other_way.apply(other_way.changed(&all));
        assert_eq!(other_way.root(), expected);
    }
}
