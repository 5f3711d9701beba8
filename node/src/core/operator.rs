//! Buildings of one operator see how many alerts are open at each other. A neighbour has to prove on each connection
//! that it belongs to the operator before it is told anything, and counts are all that it is told.

use std::collections::BTreeMap;

use protocol::limits::MEMBERS_MAX;
use protocol::operator::{AlertCounts, OperatorKey, OperatorMessage};
use protocol::{Address, ChainId, Now, Severity, Tick, UnixMs};

use super::Core;
use super::alerts::AlertStatus;
use super::output::{Event, Output};

/// Unchanged counts are told again after this long, so that their age says whether the building is well, milliseconds.
const TELL_AGAIN_MS: u64 = 60_000;

/// Another building of the operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Colleague {
    /// Whether it is connected and has proven itself on this connection.
    pub is_here: bool,
    /// What it said last, and its hive time then.
    pub open: Option<(AlertCounts, UnixMs)>,
    /// What it was told last, and when.
    told: Option<(AlertCounts, Tick)>,
}

/// What a building knows of its operator's others.
#[derive(Debug, Default)]
pub(super) struct Operator {
    key: Option<OperatorKey>,
    colleagues: BTreeMap<Address, Colleague>,
}

impl Operator {
    pub(super) fn new(key: Option<OperatorKey>) -> Self {
        Self { key, colleagues: BTreeMap::new() }
    }

    pub(super) const fn has_key(&self) -> bool {
        self.key.is_some()
    }

    pub(super) fn colleagues(&self) -> impl Iterator<Item = (&Address, &Colleague)> {
        self.colleagues.iter()
    }

    /// What to say to a neighbour that has just connected.
    pub(super) fn greeting(&self, chain: &ChainId, me: &Address, to: &Address) -> Option<OperatorMessage> {
        self.key.as_ref().map(|key| OperatorMessage::Hello(key.proof(chain, me, to)))
    }

    pub(super) fn gone(&mut self, from: &Address) {
        if let Some(colleague) = self.colleagues.get_mut(from) {
            (colleague.is_here, colleague.told) = (false, None);
        }
    }

    /// Takes a message in. Whether something changed that people see.
    pub(super) fn hear(
        &mut self,
        chain: &ChainId,
        me: &Address,
        from: Address,
        message: &OperatorMessage,
    ) -> bool {
        match message {
            OperatorMessage::Hello(proof) => {
                if !self.key.as_ref().is_some_and(|key| key.holds(chain, &from, me, proof)) {
                    self.gone(&from);
                    return false;
                }
                if self.colleagues.len() >= MEMBERS_MAX && !self.colleagues.contains_key(&from) {
                    return false;
                }
                let colleague = self.colleagues.entry(from).or_default();
                (colleague.is_here, colleague.told) = (true, None);
                true
            }
            OperatorMessage::OpenAlerts(counts, time) => {
                let Some(colleague) = self.colleagues.get_mut(&from).filter(|one| one.is_here) else {
                    return false;
                };
                colleague.open = Some((*counts, *time));
                true
            }
        }
    }

    /// Those who are to be told now what is open here.
    pub(super) fn due(&mut self, now: Tick, counts: AlertCounts) -> Vec<Address> {
        let mut due = Vec::new();
        for (address, colleague) in self.colleagues.iter_mut().filter(|(_, one)| one.is_here) {
            let is_known =
                colleague.told.is_some_and(|(told, when)| told == counts && now.since(when) < TELL_AGAIN_MS);
            if !is_known {
                colleague.told = Some((counts, now));
                due.push(*address);
            }
        }
        due
    }
}

impl Core {
    /// Other buildings of this building's operator, to look at.
    pub fn colleagues(&self) -> impl Iterator<Item = (&Address, &Colleague)> {
        self.operator.colleagues()
    }

    /// Alerts that nobody has taken note of, by severity.
    pub fn open_alerts(&self) -> AlertCounts {
        let mut counts = AlertCounts::default();
        for alert in self.maintenance.alerts().iter().filter(|alert| alert.status == AlertStatus::Open) {
            match alert.severity {
                Severity::Low => counts.low += 1,
                Severity::Medium => counts.medium += 1,
                Severity::High => counts.high += 1,
            }
        }
        counts
    }

    pub(super) fn greet(&mut self, to: Address) {
        let (chain, me) = (self.ledger.chain(), self.ledger.address());
        if let Some(message) = self.operator.greeting(&chain, &me, &to) {
            self.out.push(Output::SendOperator { to, message });
        }
    }

    pub(super) fn hear_operator(&mut self, now: Now, from: Address, message: &OperatorMessage) {
        let (chain, me) = (self.ledger.chain(), self.ledger.address());
        if self.operator.hear(&chain, &me, from, message) {
            self.event(Event::Hive);
            self.tell_colleagues(now);
        }
    }

    pub(super) fn tell_colleagues(&mut self, now: Now) {
        if !self.operator.has_key() {
            return;
        }
        let counts = self.open_alerts();
        let message = OperatorMessage::OpenAlerts(counts, now.time);
        let due = self.operator.due(now.tick, counts);
        self.out.extend(due.into_iter().map(|to| Output::SendOperator { to, message }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHAIN: ChainId = ChainId::new([9; 32]);
    const A: Address = Address::new([1; 20]);
    const B: Address = Address::new([2; 20]);

    fn operator(secret: u8) -> Operator {
        Operator::new(Some(OperatorKey::new([secret; 32])))
    }

    fn counts(high: u32) -> AlertCounts {
        AlertCounts { high, ..AlertCounts::default() }
    }

    #[test]
    fn nobody_is_told_before_it_has_proven_itself() {
        let mut a = operator(1);
        assert_eq!(a.due(Tick(0), counts(1)), []);
        let stranger = operator(2).greeting(&CHAIN, &B, &A).unwrap();
        assert!(!a.hear(&CHAIN, &A, B, &stranger));
        assert!(!a.hear(&CHAIN, &A, B, &OperatorMessage::OpenAlerts(counts(9), UnixMs(1))));
        assert_eq!(a.due(Tick(0), counts(1)), []);
        assert_eq!(a.colleagues().count(), 0);
        let hello = operator(1).greeting(&CHAIN, &B, &A).unwrap();
        assert!(a.hear(&CHAIN, &A, B, &hello));
        assert_eq!(a.due(Tick(0), counts(1)), [B]);
    }

    #[test]
    fn counts_are_told_when_they_change_and_now_and_then() {
        let mut a = operator(1);
        assert!(a.hear(&CHAIN, &A, B, &operator(1).greeting(&CHAIN, &B, &A).unwrap()));
        assert_eq!(a.due(Tick(0), counts(0)), [B]);
        assert_eq!(a.due(Tick(1), counts(0)), []);
        assert_eq!(a.due(Tick(2), counts(1)), [B]);
        assert_eq!(a.due(Tick(2 + TELL_AGAIN_MS), counts(1)), [B]);
    }

    #[test]
    fn what_was_said_stays_with_its_age_when_the_building_is_gone() {
        let mut a = operator(1);
        assert!(a.hear(&CHAIN, &A, B, &operator(1).greeting(&CHAIN, &B, &A).unwrap()));
        assert!(a.hear(&CHAIN, &A, B, &OperatorMessage::OpenAlerts(counts(3), UnixMs(70))));
        a.gone(&B);
        let (_, colleague) = a.colleagues().next().unwrap();
        assert_eq!((colleague.is_here, colleague.open), (false, Some((counts(3), UnixMs(70)))));
        assert_eq!(a.due(Tick(0), counts(1)), []);
    }

    #[test]
    fn without_a_key_nothing_is_said_or_heard() {
        let mut a = Operator::default();
        assert_eq!(a.greeting(&CHAIN, &A, &B), None);
        assert!(!a.hear(&CHAIN, &A, B, &operator(1).greeting(&CHAIN, &B, &A).unwrap()));
    }
}
