//! The statements of one slot at a desk. They lie open while something may come of them, and packed together once the slot
//! is settled as they say: a desk of a large hive holds a month of them in a fraction of the memory.

use std::borrow::Cow;
use std::collections::BTreeMap;

use protocol::{Address, decode, encode};

use super::tray::HeldStatement;

type Open = BTreeMap<Address, HeldStatement>;

/// Statements by member's first key.
#[derive(Debug, Clone)]
pub(super) enum Drawer {
    /// As they are worked with.
    Open(Open),
    /// In their stored form, one after the other.
    Shut {
        /// How many.
        count: usize,
        /// A list of [`HeldStatement`].
        bytes: Box<[u8]>,
    },
}

impl Default for Drawer {
    fn default() -> Self {
        Self::Open(Open::new())
    }
}

impl Drawer {
    /// How many statements lie here.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Open(held) => held.len(),
            Self::Shut { count, .. } => *count,
        }
    }

    pub(super) const fn is_open(&self) -> bool {
        matches!(self, Self::Open(_))
    }

    /// What lies here, to look at.
    pub(super) fn read(&self) -> Cow<'_, Open> {
        match self {
            Self::Open(held) => Cow::Borrowed(held),
            Self::Shut { bytes, .. } => Cow::Owned(unpacked(bytes)),
        }
    }

    /// What lies here, to work with.
    pub(super) fn open(&mut self) -> &mut Open {
        if let Self::Shut { bytes, .. } = self {
            *self = Self::Open(unpacked(bytes));
        }
        let Self::Open(held) = self else { unreachable!("invariant: it was opened above") };
        held
    }

    /// Opens it. What it was where it was shut, to be put back if nothing comes of it.
    pub(super) fn unpack(&mut self) -> Option<Self> {
        if self.is_open() {
            return None;
        }
        let opened = Self::Open(self.read().into_owned());
        Some(std::mem::replace(self, opened))
    }

    /// Packs it.
    pub(super) fn shut(&mut self) {
        if let Self::Open(held) = self {
            let all: Vec<&HeldStatement> = held.values().collect();
            *self = Self::Shut { count: all.len(), bytes: encode(&all).into_boxed_slice() };
        }
    }
}

fn unpacked(bytes: &[u8]) -> Open {
    let all: Vec<HeldStatement> =
        decode(bytes, bytes.len()).expect("invariant: a drawer packs what it can unpack");
    all.into_iter().map(|held| (held.member, held)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::energy::{Quality, Salt, SlotId, SlotLength, Statement, Terms, WattHours};
    use protocol::{ChainId, SigningKey};

    fn held(n: u8) -> HeldStatement {
        let key = SigningKey::from_seed(&[n; 32]);
        let statement = Statement {
            member: key.address(),
            length: SlotLength::Quarter,
            slot: SlotId(1_958_448),
            import: WattHours(i64::from(n) * 7),
            export: WattHours::ZERO,
            quality: Quality::Measured,
            version: 1,
            terms: Terms::default(),
            salt: Salt::new([n; 16]),
        };
        let signed = statement.sign(&key, &ChainId::new([1; 32]));
        HeldStatement { member: key.address(), signed, contradiction: None, settled: None }
    }

    #[test]
    fn what_is_packed_comes_out_as_it_went_in() {
        let mut drawer = Drawer::default();
        for n in 1..=200 {
            drawer.open().insert(held(n).member, held(n));
        }
        let before = drawer.read().into_owned();
        drawer.shut();
        let Drawer::Shut { bytes, .. } = &drawer else { panic!("it is open") };
        assert!(bytes.len() < 200 * 200, "{} bytes of 200 statements", bytes.len());
        assert_eq!((drawer.len(), drawer.read().into_owned()), (200, before.clone()));
        let packed = drawer.unpack().unwrap();
        assert!(drawer.is_open() && !packed.is_open() && drawer.unpack().is_none());
        drawer = packed;
        drawer.open().remove(&held(3).member);
        assert_eq!((drawer.len(), drawer.is_open()), (199, true));
        drawer.open().insert(held(3).member, held(3));
        assert_eq!(*drawer.open(), before);
    }
}
