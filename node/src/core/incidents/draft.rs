//! From something that is over in this building to a card: what is known is filled in, a person adds the rest from the
//! lists, and whatever would single the building out is said less exactly or not at all.

use std::collections::BTreeSet;

use ledger::state::State;
use protocol::aggregate::{Profile, Stratum};
use protocol::incident::{
    Card, Cause, Contractor, Cost, Facts, Flow, Named, Outcome, Rating, Remedy, SignedCard, Span, Symptom,
    System, When,
};
use protocol::limits::{CARD_LOOKALIKES_MIN, CARD_STRATUM_MIN};
use protocol::{Address, AssetKind, Digest, Invalid, Severity, SigningKey, UnixMs, WorkOrderStatus};
use thiserror::Error;

use super::act::{Scene, month_at};
use super::own::Own;
use crate::core::alerts::{Alert, AlertId, AlertStatus};
use crate::core::catalogue::Catalogue;
use crate::core::maintenance::{Maintenance, WorkOrder};

/// What a card is about: an alert or a work order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// An alert.
    Alert(AlertId),
    /// A work order, by reference.
    Order(Digest),
}

/// What a person says of something that is over, from closed lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    /// What was concerned.
    pub system: System,
    /// What was noticed.
    pub symptom: Symptom,
    /// Why it was so.
    pub cause: Cause,
    /// What was done.
    pub remedy: Remedy,
    /// How much was lost.
    pub flow: Option<Flow>,
    /// What it cost.
    pub cost: Cost,
    /// How long the work took.
    pub span: Span,
    /// What came of it.
    pub outcome: Outcome,
    /// Who did it, if that is said.
    pub contractor: Option<Contractor>,
    /// How content the building was.
    pub rating: Option<Rating>,
}

/// What the building can tell by itself of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hint {
    /// What was probably concerned.
    pub system: System,
    /// What was probably noticed.
    pub symptom: Symptom,
    /// How much was lost, where a meter of litres or cubic metres an hour says so.
    pub flow: Option<Flow>,
    /// How long the work took, where a work order says when it began.
    pub span: Option<Span>,
}

/// A card as it would leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Draft {
    /// The alert it is about, or the work order of a decision.
    pub source: Digest,
    /// What it says.
    pub card: Card,
    /// The contractor's number beside it.
    pub named: Option<Named>,
    /// Whether the rating was left out, because this building rated the contractor before.
    pub is_rated_before: bool,
}

/// Why a card is not made or not let out.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum IncidentRefused {
    /// There is no such alert or work order.
    #[error("no such alert or work order")]
    Unknown,
    /// It is not over.
    #[error("a card is made of what is over: close the alert or finish the work order first")]
    NotOver,
    /// There is a card about it already.
    #[error("this was handed in already")]
    Sent,
    /// As many as a building may hand in.
    #[error("a building hands in {max} cards a week at the most, and some wait: try again next week")]
    Quota {
        /// In a week.
        max: usize,
    },
    /// The ledger shows too few buildings with such work.
    #[error("fewer than {min} buildings had such work: the card would tell which building this is")]
    SingledOut {
        /// The least number.
        min: usize,
    },
    /// The alert tells nothing of a machine's vibration or temperature.
    #[error("an alert of a machine's vibration (mm/s) or motor temperature (°C) is what this is about")]
    NoSign,
    /// So long after the alert it cannot be said yet.
    #[error("the alert is {days} days old: too early to tell that")]
    TooEarly {
        /// Days since the alert.
        days: u64,
    },
    /// A person said that no cards leave.
    #[error("cards do not leave this building: somebody switched that off")]
    SwitchedOff,
    /// It is not what was shown.
    #[error("the card has changed since it was shown; look at it again")]
    Stale,
    /// Words that do not fit together.
    #[error(transparent)]
    Invalid(#[from] Invalid),
}

/// Something in the building that a card may be about.
pub(super) struct Incident<'a> {
    pub(super) alert: Option<&'a Alert>,
    pub(super) order: Option<&'a WorkOrder>,
}

impl<'a> Incident<'a> {
    /// Looks it up, whether it is over or not.
    pub(super) fn find(maintenance: &'a Maintenance, source: Source) -> Result<Self, IncidentRefused> {
        let (alert, order) = match source {
            Source::Alert(id) => {
                let alert = maintenance.alerts().get(id).ok_or(IncidentRefused::Unknown)?;
                (
                    Some(alert),
                    alert.work_order.and_then(|reference| maintenance.work_orders().get(&reference)),
                )
            }
            Source::Order(reference) => {
                let order = maintenance.work_orders().get(&reference).ok_or(IncidentRefused::Unknown)?;
                (order.alert().and_then(|id| maintenance.alerts().get(id)), Some(order))
            }
        };
        Ok(Self { alert, order })
    }

    /// The name under which there is one card, from whichever side it is asked for.
    pub(super) fn source(&self) -> Digest {
        let of_order = self.order.map(|order| order.alert().map_or(order.reference, |id| id.0));
        of_order.or(self.alert.map(|alert| alert.id.0)).expect("invariant: it was found by one of them")
    }

    fn is_over(&self) -> bool {
        let is_closed = self.alert.is_none_or(|alert| alert.status == AlertStatus::Closed);
        is_closed && self.order.is_none_or(|order| order.status == WorkOrderStatus::Done)
    }

    pub(super) fn opened(&self) -> UnixMs {
        let of_alert = self.alert.map(|alert| alert.opened);
        of_alert.or(self.order.map(|order| order.created)).unwrap_or(UnixMs(0))
    }

    fn severity(&self) -> Severity {
        let of_order = self.order.map(|order| order.severity);
        of_order.or(self.alert.map(|alert| alert.severity)).unwrap_or(Severity::Low)
    }

    /// What the building can tell by itself.
    pub(super) fn hint(&self, catalogue: &Catalogue, maintenance: &Maintenance) -> Hint {
        let asset = self.alert.map(|alert| alert.asset).or(self.order.map(|order| order.asset));
        let kind = asset.and_then(|id| catalogue.asset(id)).map_or(AssetKind::Meter, |asset| asset.kind);
        let criterion = self.alert.and_then(|alert| match alert.grounds.first() {
            Some(ground) => Some(ground.criterion.clone()),
            None => {
                maintenance.policies().get(&alert.policy).and_then(|known| known.terms().first().cloned())
            }
        });
        let metric = criterion.as_ref().map_or("", |criterion| criterion.metric.as_str());
        let (system, symptom) = guess(kind, metric);
        let unit =
            criterion.as_ref().map(|criterion| catalogue.traits(criterion.metric.as_str()).unit.clone());
        let measured = self.alert.map(|alert| alert.evidence.measured);
        let flow = litres(measured, unit.as_deref()).filter(|_| symptom == Symptom::Leak).map(Flow::of);
        let worked = self.order.and_then(|order| Some((order.started?, order.closed?)));
        let minutes = |(from, to): (UnixMs, UnixMs)| u64::try_from(to.since(from) / 60_000).unwrap_or(0);
        Hint { system, symptom, flow, span: worked.map(minutes).map(Span::of) }
    }

    /// The card that would leave.
    pub(super) fn draft(
        &self,
        scene: &Scene<'_>,
        own: &Own,
        profile: Option<Profile>,
        choice: &Choice,
    ) -> Result<Draft, IncidentRefused> {
        if !self.is_over() {
            return Err(IncidentRefused::NotOver);
        }
        let source = self.source();
        let named = choice.contractor.map(|contractor| Named {
            contractor,
            salt: Digest::of("symbiose contractor salt v1", &[scene.secret.as_bytes(), source.as_bytes()]),
        });
        let is_rated_before =
            choice.rating.is_some() && choice.contractor.is_some_and(|contractor| own.has_rated(&contractor));
        let facts = Facts {
            when: self.when(scene)?,
            system: choice.system,
            symptom: choice.symptom,
            cause: choice.cause,
            remedy: choice.remedy,
            severity: self.severity(),
            flow: choice.flow,
            cost: choice.cost,
            span: choice.span,
            outcome: choice.outcome,
            stratum: stratum(scene.state, profile),
            contractor: named.as_ref().map(Named::hash),
            rating: choice.rating.filter(|_| !is_rated_before),
        };
        Ok(Draft { source, card: Card::new(facts)?, named, is_rated_before })
    }

    /// The ledger shows every member which building had work of which kind and urgency when. A card tells the month only
    /// where enough buildings had the same in it, else the year, else nothing.
    pub(super) fn when(&self, scene: &Scene<'_>) -> Result<When, IncidentRefused> {
        let month = month_at(self.opened());
        let exact = When::Month(u16::try_from(month).unwrap_or(u16::MAX));
        let Some(order) = self.order else { return Ok(exact) };
        let alike = |is_then: &dyn Fn(u64) -> bool| {
            let others = scene.state.work_orders().filter(|(_, other)| {
                other.kind == order.kind
                    && other.severity == order.severity
                    && is_then(month_at(other.opened.time))
            });
            let buildings: BTreeSet<Address> = others.map(|(_, other)| other.building).collect();
            buildings.len() >= CARD_LOOKALIKES_MIN
        };
        if alike(&|one| one == month) {
            Ok(exact)
        } else if alike(&|one| one / 12 == month / 12) {
            Ok(When::Year(u16::try_from(1970 + month / 12).unwrap_or(u16::MAX)))
        } else if alike(&|_| true) {
            Ok(When::Unsaid)
        } else {
            Err(IncidentRefused::SingledOut { min: CARD_LOOKALIKES_MIN })
        }
    }
}

impl Draft {
    /// Signs it with a key that follows from what it is about: one incident has one card, even if the store is lost.
    pub(super) fn sign(&self, scene: &Scene<'_>) -> SignedCard {
        let parts = [scene.secret.as_bytes().as_slice(), self.source.as_bytes()];
        let seed = Digest::of("symbiose incident key v1", &parts);
        self.card.sign(&SigningKey::from_seed(seed.as_bytes()), &scene.chain, self.named)
    }
}

/// The narrowest group of a building that at least ten are in, by what they say of themselves on the ledger; the widest,
/// which says nothing, for one that takes no part.
fn stratum(state: &State, own: Option<Profile>) -> Stratum {
    let everybody = Stratum { region: None, built: None, lots: None, heating: None };
    let Some(own) = own else { return everybody };
    let members = state.members().filter(|(_, member)| !member.revoked);
    let profiles: Vec<Profile> =
        members.filter_map(|(address, _)| state.profile(&state.origin(address))).collect();
    let is_enough = |one: &Stratum| {
        let inside = profiles.iter().filter(|profile| groups(profile).any(|other| other == *one));
        inside.count() >= usize::from(CARD_STRATUM_MIN)
    };
    groups(&own).find(is_enough).unwrap_or(everybody)
}

/// The groups of a building, narrowest first.
fn groups(profile: &Profile) -> impl Iterator<Item = Stratum> + use<> {
    std::iter::successors(Some(Stratum::of(profile)), |one| one.parent())
}

/// Whole litres an hour of a measured flow.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is bounded on the line before"
)]
fn litres(measured: Option<f64>, unit: Option<&str>) -> Option<u64> {
    let per_hour = match unit? {
        "L/h" | "l/h" => measured?,
        "m³/h" | "m3/h" => measured? * 1_000.0,
        "L/min" | "l/min" => measured? * 60.0,
        _ => return None,
    };
    let is_bounded = (0.0..1e9).contains(&per_hour);
    is_bounded.then_some(per_hour as u64)
}

/// What an alert on a metric is probably about. A person sees it and may say otherwise.
pub(in crate::core) fn guess(kind: AssetKind, metric: &str) -> (System, Symptom) {
    let has = |words: &[&str]| words.iter().any(|word| metric.contains(word));
    let is_water = has(&["leak", "fuite", "water_flow", "flow", "litre"]);
    let system = match kind {
        AssetKind::Elevator => System::Elevator,
        AssetKind::Chiller => System::Cooling,
        AssetKind::Hvac if has(&["heat", "boiler", "flow_temp"]) => System::Heating,
        AssetKind::Hvac => System::Ventilation,
        AssetKind::Meter if has(&["hot_water", "dhw"]) => System::HotWater,
        AssetKind::Meter if is_water || has(&["water"]) => System::WaterRiser,
        AssetKind::Meter if has(&["gas", "heat"]) => System::Heating,
        AssetKind::Meter if has(&["solar", "pv", "production"]) => System::Solar,
        AssetKind::Meter => System::Electricity,
    };
    let symptom = if has(&["vibration"]) {
        Symptom::Vibration
    } else if has(&["temp"]) {
        Symptom::Overheating
    } else if has(&["hours", "cycles"]) {
        Symptom::Wear
    } else if has(&["pressure"]) {
        Symptom::LowPressure
    } else if is_water {
        Symptom::Leak
    } else if has(&["production", "solar", "pv"]) {
        Symptom::LowOutput
    } else if has(&["energy", "power", "import", "consumption", "water", "gas"]) {
        Symptom::HighUse
    } else {
        Symptom::WrongFigures
    };
    (system, symptom)
}
