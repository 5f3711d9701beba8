//! Who saw what of the registry: one entry per person who looks, per day and kind of look, so that a page that is open
//! all day is one line. The oldest are forgotten.

use protocol::assembly::{Day, PersonId};
use protocol::limits::LOOKS_KEPT_MAX;
use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

/// What somebody looked at or did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Looked {
    /// Read the whole registry.
    Registry,
    /// Took the whole registry away as a file.
    Export,
    /// Changed the registry.
    Change,
    /// Read or took away what is known of one person.
    Person,
    /// Took a name out for good.
    Erase,
    /// Printed letters.
    Letters,
    /// Read minutes with names.
    Minutes,
}

impl Looked {
    /// The name in API and page.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Registry => "registry",
            Self::Export => "export",
            Self::Change => "change",
            Self::Person => "person",
            Self::Erase => "erase",
            Self::Letters => "letters",
            Self::Minutes => "minutes",
        }
    }
}

/// An entry of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Look {
    /// Its place in the ring.
    pub number: u32,
    /// Counts on for ever, so that the order is known.
    pub turn: u64,
    /// The day.
    pub day: Day,
    /// Who.
    pub who: String,
    /// What.
    pub looked: Looked,
    /// Of whom, where it is one person.
    pub person: Option<PersonId>,
}

/// The log.
#[derive(Debug, Default)]
pub struct Looks {
    entries: Vec<Look>,
    turn: u64,
}

impl Looks {
    /// Takes one back in after a restart.
    pub(super) fn restore(&mut self, look: Look) {
        self.turn = self.turn.max(look.turn + 1);
        self.entries.push(look);
        self.entries.sort_by_key(|look| look.turn);
    }

    /// Notes a look; none when it stands there already.
    pub(super) fn note(
        &mut self,
        day: Day,
        who: &str,
        looked: Looked,
        person: Option<PersonId>,
    ) -> Option<Look> {
        let is_it = |look: &Look| {
            look.day == day && look.who == who && look.looked == looked && look.person == person
        };
        if looked != Looked::Change && self.entries.iter().rev().any(is_it) {
            return None;
        }
        let number = u32::try_from(self.turn % LOOKS_KEPT_MAX as u64).expect("invariant: a small ring");
        let look = Look { number, turn: self.turn, day, who: who.to_owned(), looked, person };
        self.turn += 1;
        self.entries.retain(|old| old.number != number);
        self.entries.push(look.clone());
        Some(look)
    }

    /// Oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Look> {
        self.entries.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_of_looking_is_one_line_and_the_oldest_go() {
        let mut looks = Looks::default();
        let mut note = |day, who: &str| looks.note(Day(day), who, Looked::Registry, None).is_some();
        assert!(note(1, "Ada") && !note(1, "Ada") && note(1, "Ben") && note(2, "Ada"));
        let many = i32::try_from(LOOKS_KEPT_MAX).unwrap();
        for day in 3..3 + many {
            looks.note(Day(day), "Ada", Looked::Registry, None);
        }
        assert_eq!(looks.iter().count(), LOOKS_KEPT_MAX);
        assert_eq!(looks.iter().next().map(|look| look.day), Some(Day(3)));
        let mut again = Looks::default();
        let mut shuffled: Vec<Look> = looks.iter().rev().cloned().collect();
        shuffled.swap(0, 9);
        shuffled.into_iter().for_each(|look| again.restore(look));
        assert_eq!(again.iter().next().map(|look| look.day), Some(Day(3)));
        assert_eq!(again.turn, looks.turn);
    }
}
