//! Buildings that signal what they notice.

use std::collections::BTreeSet;

use protocol::Address;
use protocol::energy::SettlementMessage;
use protocol::street::{Hour, StreetKind, StreetMessage};

use super::super::act::Scene;
use super::super::{Street, StreetKept, StreetKeptKey};
use crate::core::act::Ways;
use crate::core::maintenance::Change;
use crate::core::switch::Switch;
use crate::core::town::{Acts, Part, Town};

pub(super) const MINUTE_MS: i64 = 60_000;

/// What houses see is what they notice just now.
pub(super) type Row = Town<Street>;

impl Part for Street {
    type Kept = StreetKept;
    type Key = StreetKeptKey;
    type Message = StreetMessage;
    type Sees = BTreeSet<StreetKind>;

    fn ways() -> Ways<StreetKept, StreetKeptKey, StreetMessage> {
        Ways { put: Change::PutStreet, delete: Change::DeleteStreet, wrap: SettlementMessage::Street }
    }

    fn unwrap(message: SettlementMessage) -> Option<StreetMessage> {
        if let SettlementMessage::Street(message) = message { Some(*message) } else { None }
    }

    fn open(entries: &[Change]) -> Self {
        Self::open(entries)
    }

    fn tend(&mut self, scene: &Scene<'_>, kinds: &BTreeSet<StreetKind>, acts: &mut Acts<Self>) {
        self.tend(scene, kinds, acts);
    }

    fn hear(&mut self, scene: &Scene<'_>, from: Address, message: StreetMessage, acts: &mut Acts<Self>) {
        self.hear(scene, from, message, acts);
    }
}

impl Row {
    /// Ten past an hour of August 2026; every house takes part.
    pub(super) fn of(count: u8) -> Self {
        let mut row = Self::new(count);
        row.at(row.time.plus(10 * MINUTE_MS));
        (0..row.houses.len()).for_each(|house| row.switch(house, true));
        row
    }

    pub(super) fn switch(&mut self, house: usize, is_on: bool) {
        let at = self.time;
        self.with(house, |street, _, acts| street.own.switch(Switch { is_on, at }, acts));
    }

    pub(super) fn hour(&self) -> Hour {
        Hour::at(self.time)
    }

    /// The house that watches in an hour.
    pub(super) fn watch(&self, hour: Hour) -> usize {
        let watch = self.scene(0).watch(hour);
        self.place(&watch)
    }

    /// The clock goes on to ten past the next hour.
    pub(super) fn at_the_next_hour(&mut self) {
        self.at(self.hour().end().plus(10 * MINUTE_MS));
    }

    /// These houses notice something from now on.
    pub(super) fn notice(&mut self, houses: impl IntoIterator<Item = usize>, kind: StreetKind) {
        for house in houses {
            self.houses[house].sees.insert(kind);
        }
    }

    /// What a house knows that the hive was told.
    pub(super) fn told(&self, house: usize) -> Vec<StreetKind> {
        self.houses[house].part.board().episodes().iter().map(|one| one.kind).collect()
    }

    /// Whether every house knows the same, and what.
    pub(super) fn all_told(&self) -> Vec<StreetKind> {
        let told = self.told(0);
        assert!((0..self.houses.len()).all(|house| self.told(house) == told), "everybody knows the same");
        told
    }
}
