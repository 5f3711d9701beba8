//! What this building had that is like what another one asks: found at home, shown to its own syndic, told to nobody.

use protocol::enquiry::Enquiry;
use protocol::incident::{Facts, Symptom, System};
use protocol::{PublicKey, UnixMs};

use crate::core::Core;
use crate::core::alerts::{Alert, AlertId, AlertStatus};
use crate::core::incidents::Source;

/// Something of this building that is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alike {
    /// The alert, where there was one.
    pub alert: Option<AlertId>,
    /// When it began; of a card without an alert, when it was handed in.
    pub at: UnixMs,
    /// What its card says, where one was handed in.
    pub facts: Option<Facts>,
}

/// What this building had, each with what it was about.
pub(super) struct Memories(Vec<(System, Symptom, Option<PublicKey>, Alike)>);

impl Memories {
    /// Everything that is over.
    pub(super) fn of(core: &Core) -> Self {
        let is_over = |alert: &&Alert| alert.status == AlertStatus::Closed;
        let alerts = core.maintenance().alerts().iter().filter(is_over).filter_map(|alert| {
            let hint = core.incident_hint(Source::Alert(alert.id)).ok()?;
            let alike = Alike { alert: Some(alert.id), at: alert.opened, facts: None };
            Some((hint.system, hint.symptom, None, alike))
        });
        let cards = core.incidents().own().cards().filter_map(|own| {
            let alert = core.maintenance().alerts().get(AlertId(own.source));
            let at = alert.map_or(own.at, |alert| alert.opened);
            let facts = *own.card.facts()?;
            let alike = Alike { alert: alert.map(|alert| alert.id), at, facts: Some(facts) };
            Some((facts.system, facts.symptom, Some(own.card.key()), alike))
        });
        Self(cards.chain(alerts).collect())
    }

    /// What is like a question, newest first, each thing once; of a card that is asked about, the one thing it is about.
    pub(super) fn like(&self, enquiry: &Enquiry) -> Vec<Alike> {
        let is_like = |system, symptom, card: Option<PublicKey>| match enquiry.card {
            Some(wanted) => card == Some(wanted),
            None => (system, symptom) == (enquiry.system, enquiry.symptom),
        };
        let mut found: Vec<Alike> = Vec::new();
        for (system, symptom, card, alike) in &self.0 {
            // Cards come first, and say more than the alerts they are about.
            let is_known = alike.alert.is_some() && found.iter().any(|one| one.alert == alike.alert);
            if is_like(*system, *symptom, *card) && !is_known {
                found.push(*alike);
            }
        }
        found.sort_by_key(|one| std::cmp::Reverse(one.at));
        found
    }
}
