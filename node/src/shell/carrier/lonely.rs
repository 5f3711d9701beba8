//! How long nobody stayed with this node. Whoever is let in nowhere any more still meets others for a moment, until they
//! look at its key; such a moment is no company. Nor is somebody who says that blocks were made and hands none over: a
//! member that lies could keep a node alone that way.

use protocol::{Height, Tick};

/// A member that stays this long is company, milliseconds.
const COMPANY_MS: u64 = 2_000;

/// Whoever is behind others for so long without one block is not served, milliseconds.
const SERVED_MS_MAX: u64 = 10_000;

/// Time without a quorum counts for so much less than time without anybody: others who are stuck as well are company, and
/// whoever does without a quorum because others are down had better stay where it is found.
const CUT_OFF_PARTS: u64 = 3;

/// Since when this node is alone, or cut off.
#[derive(Debug, Default)]
pub(in crate::shell) struct Lonely {
    company: Absence,
    quorum: Absence,
    /// The last height, and since when it is that or others are not ahead.
    height: Option<(Height, Tick)>,
}

/// What a node sees of others.
#[derive(Debug, Clone, Copy)]
pub(super) struct Around {
    /// Whether anybody is connected.
    pub(super) has_company: bool,
    /// Whether they are enough to decide.
    pub(super) has_quorum: bool,
    /// Our last block.
    pub(super) height: Height,
    /// Whether somebody says that there are later ones.
    pub(super) is_behind: bool,
}

impl Lonely {
    /// Takes note of whether others are there now; answers for how long nobody stayed, or a part of the time for which they
    /// were too few, milliseconds.
    pub(super) fn note(&mut self, now: Tick, around: Around) -> u64 {
        let is_served = self.is_served(now, around);
        let alone = self.company.note(now, around.has_company && is_served);
        alone.max(self.quorum.note(now, around.has_quorum) / CUT_OFF_PARTS)
    }

    fn is_served(&mut self, now: Tick, around: Around) -> bool {
        let (known, since) = *self.height.get_or_insert((around.height, now));
        if !around.is_behind || known != around.height {
            self.height = Some((around.height, now));
            return true;
        }
        now.since(since) < SERVED_MS_MAX
    }
}

/// Since when something is not there; it is back once it stays.
#[derive(Debug, Default)]
struct Absence {
    since: Option<Tick>,
    back_since: Option<Tick>,
}

impl Absence {
    fn note(&mut self, now: Tick, is_there: bool) -> u64 {
        if is_there {
            let came = *self.back_since.get_or_insert(now);
            if now.since(came) >= COMPANY_MS {
                self.since = None;
                return 0;
            }
        } else {
            self.back_since = None;
        }
        now.since(*self.since.get_or_insert(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alone_for(lonely: &mut Lonely, tick: u64, has_company: bool) -> u64 {
        let around = Around { has_company, has_quorum: true, height: Height(1), is_behind: false };
        lonely.note(Tick(tick), around)
    }

    #[test]
    fn a_moment_is_no_company() {
        let mut lonely = Lonely::default();
        assert_eq!(alone_for(&mut lonely, 0, false), 0);
        assert_eq!(alone_for(&mut lonely, 3_000, true), 3_000);
        assert_eq!(alone_for(&mut lonely, 3_100, false), 3_100);
        assert_eq!(alone_for(&mut lonely, 6_000, true), 6_000);
        assert_eq!(alone_for(&mut lonely, 7_999, true), 7_999);
        assert_eq!(alone_for(&mut lonely, 8_000, true), 0, "it stayed");
        assert_eq!(alone_for(&mut lonely, 9_000, false), 0);
        assert_eq!(alone_for(&mut lonely, 9_500, false), 500);
    }

    #[test]
    fn whoever_tells_of_blocks_and_hands_none_over_is_no_company() {
        let mut lonely = Lonely::default();
        let around = |height, is_behind| Around {
            has_company: true,
            has_quorum: true,
            height: Height(height),
            is_behind,
        };
        assert_eq!(lonely.note(Tick(0), around(1, false)), 0);
        assert_eq!(lonely.note(Tick(5_000), around(1, true)), 0);
        assert_eq!(lonely.note(Tick(9_999), around(1, true)), 0);
        lonely.note(Tick(10_000), around(1, true));
        assert_eq!(lonely.note(Tick(18_000), around(1, true)), 8_000);
        assert_eq!(lonely.note(Tick(18_100), around(2, true)), 8_100, "a block came; soon it is company");
        assert_eq!(lonely.note(Tick(20_200), around(3, true)), 0);
    }

    #[test]
    fn others_who_are_stuck_as_well_are_company_for_a_while() {
        let mut lonely = Lonely::default();
        let around =
            |has_quorum| Around { has_company: true, has_quorum, height: Height(6), is_behind: false };
        assert_eq!(lonely.note(Tick(0), around(false)), 0);
        assert_eq!(lonely.note(Tick(3_000), around(false)), 1_000);
        assert_eq!(lonely.note(Tick(24_000), around(false)), 8_000);
        assert_eq!(lonely.note(Tick(25_000), around(true)), 8_333, "a moment is no quorum");
        assert_eq!(lonely.note(Tick(27_000), around(true)), 0);
    }
}
