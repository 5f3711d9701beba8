//! Versions of the wire: what the names of streams and topics end in. A node offers a range of versions and speaks the
//! highest one it has in common with each peer, so that a hive can be updated building by building.

use std::collections::BTreeSet;

use protocol::limits::{WIRE_NEWEST, WIRE_OLDEST};

/// The versions a node speaks, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wires {
    oldest: u32,
    newest: u32,
}

impl Wires {
    /// Everything this release knows.
    pub const ALL: Self = Self { oldest: WIRE_OLDEST, newest: WIRE_NEWEST };
    /// The first version with greetings.
    const GREETING: u32 = 2;

    /// A part of what this release knows; `None` if it is none.
    pub fn new(oldest: u32, newest: u32) -> Option<Self> {
        (WIRE_OLDEST <= oldest && oldest <= newest && newest <= WIRE_NEWEST)
            .then_some(Self { oldest, newest })
    }

    /// Newest first, as they are proposed.
    pub(super) fn each(self) -> impl Iterator<Item = u32> + Clone {
        (self.oldest..=self.newest).rev()
    }

    /// The newest that is spoken.
    pub(super) fn newest(self) -> u32 {
        self.newest
    }

    /// Whether greetings are part of what is spoken.
    pub fn has_greetings(self) -> bool {
        self.newest >= Self::GREETING
    }

    /// The highest version that a peer which offers `theirs` has in common with this node.
    pub(super) fn common(self, theirs: &BTreeSet<u32>) -> Option<u32> {
        self.each().find(|version| theirs.contains(version))
    }
}

impl std::fmt::Display for Wires {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.oldest == self.newest {
            write!(f, "{}", self.newest)
        } else {
            write!(f, "{} to {}", self.oldest, self.newest)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_common_version_is_spoken() {
        let both = Wires::new(1, 2).unwrap();
        assert_eq!(both.each().collect::<Vec<_>>(), [2, 1]);
        assert_eq!(both.common(&BTreeSet::from([1])), Some(1));
        assert_eq!(both.common(&BTreeSet::from([1, 2, 3])), Some(2));
        assert_eq!(both.common(&BTreeSet::from([3])), None);
        assert_eq!(Wires::new(1, 1).unwrap().common(&BTreeSet::from([2])), None);
        assert!(Wires::new(0, 1).is_none() && Wires::new(2, 1).is_none() && Wires::new(1, 3).is_none());
        assert_eq!((both.to_string(), Wires::new(1, 1).unwrap().to_string()), ("1 to 2".into(), "1".into()));
    }
}
