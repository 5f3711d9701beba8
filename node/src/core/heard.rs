//! How much each member says in the second that runs.

use std::collections::BTreeMap;

use protocol::{Address, Tick};

/// Messages of the second that runs, by member; of nobody else anything is kept.
#[derive(Debug, Clone, Default)]
pub(super) struct Heard {
    second: u64,
    messages: BTreeMap<Address, u32>,
}

impl Heard {
    /// Whether a member that says something has said no more than `max` messages in this second.
    pub(super) fn listens(&mut self, now: Tick, from: Address, max: u32) -> bool {
        let second = now.0 / 1_000;
        if self.second != second {
            *self = Self { second, messages: BTreeMap::new() };
        }
        let messages = self.messages.entry(from).or_insert(0);
        *messages = messages.saturating_add(1);
        *messages <= max
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_member_has_its_own_measure_and_every_second_is_a_new_one() {
        let (mut heard, one, other) = (Heard::default(), Address::new([1; 20]), Address::new([2; 20]));
        let said = |heard: &mut Heard, ms, from| heard.listens(Tick(ms), from, 2);
        assert_eq!([5_000, 5_400, 5_999].map(|ms| said(&mut heard, ms, one)), [true, true, false]);
        assert!(said(&mut heard, 5_999, other));
        assert!(said(&mut heard, 6_000, one));
        assert_eq!(heard.messages.len(), 1, "nothing of the second before is kept");
    }
}
