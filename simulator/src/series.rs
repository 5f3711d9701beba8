//! What buildings stated of their slots, looked for wherever it has no business: in every message that is not for a
//! settlement authority, and on every disk of others.

use std::collections::{BTreeMap, BTreeSet};

use protocol::energy::{NetLine, Settlement, SlotResult, Statement, WattHours};

/// The head of a CBOR number of four bytes: energies below 2^16 Wh are too common to be recognised.
const FOUR_BYTES: u8 = 0x1a;
/// Slots of one building in one place that make a series: one alone may be a sum, or chance.
const SLOTS_MIN: usize = 2;

/// Energies of slots, by what they come to.
#[derive(Debug, Default)]
pub struct Series {
    /// Whose it is, and of which slots.
    stated: BTreeMap<u32, (usize, u64)>,
    /// Sums that the ledger may hold, whoever's energy is alone in them.
    sums: BTreeSet<u32>,
}

impl Series {
    /// A building states a slot.
    pub fn states(&mut self, building: usize, statement: &Statement) {
        for energy in [statement.import, statement.export].into_iter().filter_map(recognised_wh) {
            self.stated.insert(energy, (building, statement.slot.0));
        }
    }

    /// Two desks agree on sums. Where one building alone takes part, they are its figures.
    pub fn sums(&mut self, settlement: &Settlement) {
        let lines = |lines: &[NetLine]| lines.iter().flat_map(|line| [line.bought, line.sold]).collect();
        let totals = |result: &SlotResult| vec![result.demand, result.surplus, result.traded, result.given];
        let sums: Vec<WattHours> = match settlement {
            Settlement::Slot(result) | Settlement::Correction(result) => totals(result),
            Settlement::Ruling(ruling) => totals(&ruling.result),
            Settlement::Week(booking) => lines(&booking.lines),
            Settlement::Credit(note) => lines(&note.lines),
            Settlement::Period(_) => Vec::new(),
        };
        self.sums.extend(sums.into_iter().filter_map(recognised_wh));
    }

    /// The building whose series stands in these bytes, other than `own`.
    pub fn found_in(&self, bytes: &[u8], own: usize) -> Option<usize> {
        if self.stated.is_empty() {
            return None;
        }
        let mut found: BTreeMap<usize, BTreeSet<u64>> = BTreeMap::new();
        for number in bytes.windows(5).filter(|window| window[0] == FOUR_BYTES) {
            let energy = u32::from_be_bytes([number[1], number[2], number[3], number[4]]);
            let Some((building, slot)) = self.stated.get(&energy) else { continue };
            if *building == own || self.sums.contains(&energy) {
                continue;
            }
            let slots = found.entry(*building).or_default();
            slots.insert(*slot);
            if slots.len() >= SLOTS_MIN {
                return Some(*building);
            }
        }
        None
    }
}

/// An energy that is seldom met by chance.
fn recognised_wh(energy: WattHours) -> Option<u32> {
    u32::try_from(energy.0).ok().filter(|wh| *wh > u32::from(u16::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::energy::{Quality, Salt, SlotId, SlotLength, Terms};
    use protocol::{Address, encode};

    fn statement(slot: u64, import: i64) -> Statement {
        Statement {
            member: Address::new([1; 20]),
            length: SlotLength::Quarter,
            slot: SlotId(slot),
            import: WattHours(import),
            export: WattHours(0),
            quality: Quality::Measured,
            version: 1,
            terms: Terms::default(),
            salt: Salt::new([7; Salt::LEN]),
        }
    }

    #[test]
    fn a_planted_series_is_found_and_one_figure_is_none() {
        let mut series = Series::default();
        let planted: Vec<Statement> =
            (1..4).map(|n| statement(n, 100_000 + i64::try_from(n).unwrap())).collect();
        planted.iter().for_each(|one| series.states(3, one));
        assert_eq!(series.found_in(&encode(&planted), 0), Some(3));
        assert_eq!(series.found_in(&encode(&planted), 3), None, "its own");
        assert_eq!(series.found_in(&encode(&planted[0]), 0), None);
        let twice = [encode(&planted[0]), encode(&planted[0])].concat();
        assert_eq!(series.found_in(&twice, 0), None, "one slot twice");
        assert_eq!(series.found_in(&encode(&statement(9, 100_009)), 0), None);
    }
}
