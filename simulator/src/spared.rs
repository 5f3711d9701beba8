//! What of a seed's weather is left out, so that a failing seed can be told with the few faults it needs.

use std::fmt;
use std::str::FromStr;

use crate::faults::Weather;

/// A class of faults that can be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Messages that get lost.
    Loss,
    /// Messages that come twice.
    Duplicates,
    /// Messages that overtake others.
    Reordering,
    /// Links that stand still.
    Clogs,
    /// Cuts of the net.
    Partitions,
    /// Nodes that go down.
    Crashes,
    /// Crashes of all at once.
    AllAtOnce,
    /// Followers that lose their disk.
    Wipes,
    /// Bits that turn over.
    Rot,
    /// Syncs and reads that fail.
    FailedSyncs,
    /// Disks that write out of order.
    DisksReorder,
    /// Nodes that freeze.
    Pauses,
    /// Clocks that are off.
    Clocks,
    /// An authority that does not come back.
    OneStaysDown,
    /// Disks without room.
    FullDisks,
    /// A node that is late with everything.
    SlowNode,
    /// Authorities that lie.
    Lies,
    /// Members that come and go, sets of authorities that change.
    Changes,
    /// Energy between neighbours; no fault, but much that may go wrong in one.
    Sharing,
    /// Assemblies and polls of residents; no fault either.
    Meetings,
    /// Cards about incidents; no fault either.
    Cards,
}

impl Class {
    /// All of them, in the order in which leaving out is tried.
    pub const ALL: [Self; 21] = [
        Self::Sharing,
        Self::Meetings,
        Self::Cards,
        Self::Lies,
        Self::Changes,
        Self::FullDisks,
        Self::SlowNode,
        Self::DisksReorder,
        Self::FailedSyncs,
        Self::Rot,
        Self::Wipes,
        Self::Clocks,
        Self::Pauses,
        Self::Clogs,
        Self::Duplicates,
        Self::Reordering,
        Self::OneStaysDown,
        Self::AllAtOnce,
        Self::Partitions,
        Self::Loss,
        Self::Crashes,
    ];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Loss => "loss",
            Self::Duplicates => "duplicates",
            Self::Reordering => "reordering",
            Self::Clogs => "clogs",
            Self::Partitions => "partitions",
            Self::Crashes => "crashes",
            Self::AllAtOnce => "all-at-once",
            Self::Wipes => "wipes",
            Self::Rot => "rot",
            Self::FailedSyncs => "failed-syncs",
            Self::DisksReorder => "disks-reorder",
            Self::Pauses => "pauses",
            Self::Clocks => "clocks",
            Self::OneStaysDown => "one-stays-down",
            Self::FullDisks => "full-disks",
            Self::SlowNode => "slow-node",
            Self::Lies => "lies",
            Self::Changes => "changes",
            Self::Sharing => "sharing",
            Self::Meetings => "assemblies",
            Self::Cards => "cards",
        }
    }

    /// Whether a weather has it.
    pub fn is_in(self, weather: &Weather) -> bool {
        let mut without = *weather;
        self.leave_out(&mut without);
        without != *weather
    }

    fn leave_out(self, weather: &mut Weather) {
        match self {
            Self::Loss => weather.links.loss_per_mille = 0,
            Self::Duplicates => weather.links.duplicate_per_mille = 0,
            Self::Reordering => weather.links.reorder = false,
            Self::Clogs => weather.links.clog_every_ms = 0,
            Self::Partitions => weather.partitions.every_ms = 0,
            Self::Crashes => weather.crashes.every_ms = 0,
            Self::AllAtOnce => weather.crashes.all_per_mille = 0,
            Self::Wipes => weather.crashes.wipe_per_mille = 0,
            Self::Rot => weather.crashes.rot_per_mille = 0,
            Self::FailedSyncs => {
                weather.disk.sync_fails_per_mille = 0;
                weather.disk.read_fails_per_mille = 0;
            }
            Self::DisksReorder => weather.disk_reorders = false,
            Self::Pauses => weather.clocks.pause_every_ms = 0,
            Self::Clocks => {
                weather.clocks.offset_ms_max = 0;
                weather.clocks.step_every_ms = 0;
                weather.clocks.wild = false;
            }
            Self::OneStaysDown => weather.one_stays_down = false,
            Self::FullDisks => weather.crashes.full_every_ms = 0,
            Self::SlowNode => weather.clocks.slow_ms = 0,
            Self::Lies => weather.people.lie = false,
            Self::Changes => weather.people.change_every_ms = 0,
            Self::Sharing => weather.sharing.pace = 0,
            Self::Meetings => weather.people.meet = false,
            Self::Cards => weather.people.tell = false,
        }
    }

    const fn bit(self) -> u32 {
        1 << self as u32
    }
}

impl FromStr for Class {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names = || Self::ALL.map(Self::name).join(", ");
        let found = Self::ALL.into_iter().find(|class| class.name() == text);
        found.ok_or_else(|| format!("expected one of {}, found {text}", names()))
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Strikes that can be named one by one: crashes, cuts, clogs, pauses, turned clocks, in the order in which they come.
pub const STRIKES_MAX: u32 = 128;

/// What is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spared {
    classes: u32,
    strikes: u128,
}

impl Spared {
    /// The weather as it was drawn.
    pub const NOTHING: Self = Self { classes: 0, strikes: 0 };

    /// This class as well.
    pub fn and_class(self, class: Class) -> Self {
        Self { classes: self.classes | class.bit(), ..self }
    }

    /// The strike of that number as well, counted from 0; those from [`STRIKES_MAX`] on cannot be spared.
    pub fn and_strike(self, number: u32) -> Self {
        let bit = 1_u128.checked_shl(number).unwrap_or(0);
        Self { strikes: self.strikes | bit, ..self }
    }

    /// What is left of a weather.
    pub fn of(self, weather: Weather) -> Weather {
        let mut weather = weather;
        for class in self.classes() {
            class.leave_out(&mut weather);
        }
        weather
    }

    /// Classes that are left out.
    pub fn classes(self) -> impl Iterator<Item = Class> {
        Class::ALL.into_iter().filter(move |class| self.classes & class.bit() != 0)
    }

    /// Strikes that are left out.
    pub fn strikes(self) -> impl Iterator<Item = u32> {
        (0..STRIKES_MAX).filter(move |number| self.spares(*number))
    }

    /// Whether the strike of that number is left out.
    pub fn spares(self, number: u32) -> bool {
        number < STRIKES_MAX && self.strikes >> number & 1 == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_class_takes_something_out_of_some_weather_and_is_gone_then() {
        for class in Class::ALL {
            let seen: Vec<Weather> = (0..100).map(Weather::draw).filter(|w| class.is_in(w)).collect();
            assert!(!seen.is_empty(), "no seed of 100 draws {class}");
            let spared = Spared::NOTHING.and_class(class);
            assert!(seen.into_iter().all(|weather| !class.is_in(&spared.of(weather))));
            assert_eq!(class.name().parse(), Ok(class));
        }
    }

    #[test]
    fn strikes_are_spared_by_number() {
        let spared = Spared::NOTHING.and_strike(3).and_strike(127).and_strike(400);
        assert_eq!(spared.strikes().collect::<Vec<_>>(), [3, 127]);
        assert!(!spared.spares(400));
    }
}
