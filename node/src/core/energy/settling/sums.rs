//! What slots came to, member by member, as this desk settled them: a week is summed up, and a credit note drawn up, without
//! settling every slot of it anew, and also where the statements were let go.

use std::collections::BTreeMap;

use protocol::energy::{NetLine, SlotId};
use protocol::{decode, encode};

/// Memory for them, bytes; the oldest go first and are found again from statements.
const BYTES_MAX: usize = 12 * 1024 * 1024;

/// Lines that are not nothing, by slot and version.
#[derive(Debug, Clone, Default)]
pub(super) struct Sums {
    lines: BTreeMap<(SlotId, u32), Box<[u8]>>,
    bytes: usize,
}

impl Sums {
    /// Keeps what a version of a slot came to.
    pub(super) fn note(&mut self, slot: SlotId, version: u32, lines: &[NetLine]) {
        let packed = encode(&lines).into_boxed_slice();
        self.bytes += packed.len();
        if let Some(before) = self.lines.insert((slot, version), packed) {
            self.bytes -= before.len();
        }
        while self.bytes > BYTES_MAX {
            let Some((_, oldest)) = self.lines.pop_first() else { return };
            self.bytes -= oldest.len();
        }
    }

    /// What a version of a slot came to, if it is known.
    pub(super) fn of(&self, slot: SlotId, version: u32) -> Option<Vec<NetLine>> {
        let packed = self.lines.get(&(slot, version))?;
        Some(decode(packed, packed.len()).expect("invariant: it was packed here"))
    }

    pub(super) fn has(&self, slot: SlotId, version: u32) -> bool {
        self.lines.contains_key(&(slot, version))
    }

    /// Lets go of versions that another one took the place of.
    pub(super) fn keep_only(&mut self, slot: SlotId, version: u32) {
        let versions: Vec<u32> =
            self.lines.range((slot, 0)..=(slot, u32::MAX)).map(|((_, version), _)| *version).collect();
        for other in versions.into_iter().filter(|other| *other != version) {
            if let Some(gone) = self.lines.remove(&(slot, other)) {
                self.bytes -= gone.len();
            }
        }
    }

    /// Lets go of slots before this one.
    pub(super) fn forget(&mut self, before: SlotId) {
        let kept = self.lines.split_off(&(before, 0));
        let gone = std::mem::replace(&mut self.lines, kept);
        self.bytes -= gone.values().map(|packed| packed.len()).sum::<usize>();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::Address;
    use protocol::energy::{MicroEuro, WattHours};

    fn lines(count: u8) -> Vec<NetLine> {
        let line = |n: u8| NetLine {
            member: Address::new([n; 20]),
            bought: WattHours(215),
            sold: WattHours::ZERO,
            balance: MicroEuro(-21_930),
            fee: MicroEuro(18_490),
        };
        (0..count).map(line).collect()
    }

    #[test]
    fn versions_are_kept_apart_and_the_oldest_slots_go_first() {
        let mut sums = Sums::default();
        let slot = SlotId(7);
        sums.note(slot, 1, &lines(200));
        sums.note(slot, 2, &lines(3));
        assert_eq!((sums.of(slot, 1), sums.of(slot, 2)), (Some(lines(200)), Some(lines(3))));
        sums.keep_only(slot, 2);
        assert_eq!((sums.of(slot, 1), sums.has(slot, 2)), (None, true));
        for n in 8..4_000 {
            sums.note(SlotId(n), 1, &lines(200));
        }
        assert!(sums.bytes <= BYTES_MAX && !sums.has(slot, 2) && sums.has(SlotId(3_999), 1));
        sums.forget(SlotId(3_999));
        assert_eq!((sums.lines.len(), sums.bytes), (1, encode(&lines(200)).len()));
        sums.forget(SlotId(9_000));
        assert_eq!((sums.lines.len(), sums.bytes), (0, 0));
    }
}
