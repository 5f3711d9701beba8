//! Changes of the building on their way to the index. The index may lag behind `building.log`, from which it is derived
//! when a start finds it behind; so changes are gathered, of each entry the last one, and written a few times a day
//! instead of page by page. It never touches the disk.

use std::collections::BTreeMap;

use super::building_log::Changed;

/// Entries that wait at the most.
const ENTRIES_MAX: usize = 512;
/// Bytes of their values.
const BYTES_MAX: usize = 256 * 1024;

/// Changes that the index does not have yet.
#[derive(Debug, Default)]
pub struct Lagging {
    changes: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    bytes: usize,
}

impl Lagging {
    /// Takes note of changes that are in the log. Whether it is time to write.
    pub fn note(&mut self, changes: Vec<Changed>) -> bool {
        let bytes = |value: &Option<Vec<u8>>| value.as_ref().map_or(0, Vec::len);
        for (key, value) in changes {
            self.bytes += bytes(&value);
            let before = self.changes.insert(key, value);
            self.bytes -= before.as_ref().map_or(0, bytes);
        }
        self.changes.len() >= ENTRIES_MAX || self.bytes >= BYTES_MAX
    }

    /// All of them, to be written; none waits any more.
    pub fn take(&mut self) -> Vec<Changed> {
        std::mem::take(self).changes.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(key: u16, len: usize) -> Changed {
        (key.to_be_bytes().to_vec(), Some(vec![7; len]))
    }

    #[test]
    fn the_last_change_of_an_entry_waits() {
        let mut lagging = Lagging::default();
        assert!(!lagging.note(vec![put(1, 3), put(2, 3)]));
        assert!(!lagging.note(vec![put(1, 4), (2u16.to_be_bytes().to_vec(), None)]));
        assert_eq!(lagging.bytes, 4);
        assert_eq!(lagging.take(), [put(1, 4), (2u16.to_be_bytes().to_vec(), None)]);
        assert!(lagging.take().is_empty() && lagging.bytes == 0);
    }

    #[test]
    fn many_or_long_ones_are_to_be_written() {
        let mut lagging = Lagging::default();
        let last = u16::try_from(ENTRIES_MAX).unwrap() - 1;
        assert!((0..last).all(|key| !lagging.note(vec![put(key, 1)])));
        assert!(lagging.note(vec![put(last, 1)]));
        let mut lagging = Lagging::default();
        assert!(lagging.note(vec![put(1, BYTES_MAX)]));
    }
}
