//! From an alert of a machine to a card of what became of it: what was measured and how long ago the building knows by
//! itself, a person says the rest from closed lists, and nothing leaves that would single the building out.

mod statistic;

pub use statistic::{Group, Horizon, OfHours, SurvivalAnswer, SurvivalQuestion, Survived};

use std::collections::BTreeSet;

use protocol::incident::{After, Age, Card, Fate, Hours, Part, Sign, Survival, When};
use protocol::limits::{CARD_LOOKALIKES_MIN, SURVIVAL_LOOK_DAYS};
use protocol::{Address, AssetKind, Digest, Now, UnixMs};

use super::act::Scene;
use super::draft::{Draft, Incident, IncidentRefused, Source};
use super::stored::OwnCard;
use crate::core::Core;
use crate::core::alerts::AlertId;
use crate::core::catalogue::{Asset, Catalogue};
use crate::core::maintenance::Maintenance;
use crate::core::rules::Evidence;
use crate::core::switch::Switch;
use crate::core::telemetry::Telemetry;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// What a person says of a machine after its alert, from closed lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SurvivalChoice {
    /// The part.
    pub part: Part,
    /// How old it was at the alert.
    pub age: Age,
    /// How long it had run by then.
    pub hours: Hours,
    /// How long after the alert.
    pub after: After,
    /// What became of it.
    pub fate: Fate,
}

/// What the building can tell by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SurvivalHint {
    /// Probably the part.
    pub part: Part,
    /// What was measured.
    pub sign: Sign,
    /// How long it has run, by its counter of running hours.
    pub hours: Hours,
    /// How long after the alert it was over, or it is now.
    pub after: After,
    /// Whether it is long enough ago to say that it still runs.
    pub may_still_run: bool,
}

impl SurvivalHint {
    /// What to ask of others about it.
    pub const fn question(&self) -> SurvivalQuestion {
        SurvivalQuestion { part: self.part, sign: Some(self.sign), age: None }
    }
}

impl Incident<'_> {
    /// What was measured of a machine, from the readings an alert rests on.
    fn sign(&self, catalogue: &Catalogue, maintenance: &Maintenance) -> Option<Sign> {
        let alert = self.alert?;
        let mut grounds = alert.grounds.iter();
        let told =
            grounds.find_map(|ground| sign(catalogue, ground.criterion.metric.as_str(), &ground.evidence));
        let policy = || maintenance.policies().get(&alert.policy)?.terms().first();
        told.or_else(|| sign(catalogue, policy()?.metric.as_str(), &alert.evidence))
    }

    fn asset<'a>(&self, catalogue: &'a Catalogue) -> Option<&'a Asset> {
        catalogue.asset(self.alert?.asset)
    }

    /// Whole days since its alert.
    fn days_at(&self, time: UnixMs) -> u64 {
        u64::try_from(time.since(self.opened()) / DAY_MS).unwrap_or(0)
    }

    /// When work on it ended, or its alert.
    fn ended(&self) -> Option<UnixMs> {
        self.order.map_or_else(|| self.alert.and_then(|alert| alert.closed), |order| order.closed)
    }

    pub(super) fn survival_hint(
        &self,
        now: UnixMs,
        telemetry: &Telemetry,
        maintenance: &Maintenance,
    ) -> Result<SurvivalHint, IncidentRefused> {
        let catalogue = telemetry.catalogue();
        let sign = self.sign(catalogue, maintenance).ok_or(IncidentRefused::NoSign)?;
        let asset = self.asset(catalogue).ok_or(IncidentRefused::NoSign)?;
        Ok(SurvivalHint {
            part: part(asset.kind, asset.code.as_str()),
            sign,
            hours: run_hours(telemetry, asset).map_or(Hours::Unknown, Hours::of),
            after: After::of(self.days_at(self.ended().unwrap_or(now))),
            may_still_run: self.days_at(now) >= SURVIVAL_LOOK_DAYS,
        })
    }

    /// The card that would leave.
    pub(super) fn survival_draft(
        &self,
        scene: &Scene<'_>,
        hint: &SurvivalHint,
        kind: AssetKind,
        choice: &SurvivalChoice,
    ) -> Result<Draft, IncidentRefused> {
        let days = self.days_at(scene.now.time);
        let is_early = choice.fate == Fate::Runs && days < SURVIVAL_LOOK_DAYS;
        if is_early || u64::from(choice.after.start_days()) > days {
            return Err(IncidentRefused::TooEarly { days });
        }
        if buildings_with(scene, kind) < CARD_LOOKALIKES_MIN {
            return Err(IncidentRefused::SingledOut { min: CARD_LOOKALIKES_MIN });
        }
        let card = Card::of_survival(Survival {
            when: in_year(self.when(scene)?),
            part: choice.part,
            age: choice.age,
            hours: choice.hours,
            sign: hint.sign,
            after: choice.after,
            fate: choice.fate,
        })?;
        Ok(Draft { source: self.survival_source(), card, named: None, is_rated_before: false })
    }

    /// The name under which there is one such card, whatever was said of the incident itself.
    fn survival_source(&self) -> Digest {
        Digest::of("symbiose survival source v1", &[self.source().as_bytes()])
    }
}

impl Core {
    /// What the building can tell by itself of the machine that an alert is about.
    pub fn survival_hint(&self, id: AlertId) -> Result<SurvivalHint, IncidentRefused> {
        let incident = Incident::find(&self.maintenance, Source::Alert(id))?;
        incident.survival_hint(self.clock.time, &self.telemetry, &self.maintenance)
    }

    /// The card of what became of that machine, if one was handed in.
    pub fn survival_card(&self, id: AlertId) -> Option<&OwnCard> {
        let incident = Incident::find(&self.maintenance, Source::Alert(id)).ok()?;
        self.incidents.own.about(&incident.survival_source())
    }

    /// The card that would leave, exactly.
    pub fn draft_survival(&self, id: AlertId, choice: &SurvivalChoice) -> Result<Draft, IncidentRefused> {
        let incident = Incident::find(&self.maintenance, Source::Alert(id))?;
        let hint = incident.survival_hint(self.clock.time, &self.telemetry, &self.maintenance)?;
        let asset = incident.asset(self.telemetry.catalogue()).ok_or(IncidentRefused::NoSign)?;
        incident.survival_draft(&self.scene(self.clock), &hint, asset.kind, choice)
    }

    /// A person lets a card out that was shown as this one.
    pub(in crate::core) fn hand_in_survival(
        &mut self,
        now: Now,
        id: AlertId,
        choice: &SurvivalChoice,
        shown: Digest,
    ) -> Result<(), IncidentRefused> {
        let draft = self.draft_survival(id, choice)?;
        self.hand_in_draft(now, &draft, shown)
    }

    /// A person says whether such cards may leave.
    pub(in crate::core) fn switch_survival(&mut self, now: Now, switch: Switch) {
        self.with_incidents(now, |incidents, _, acts| incidents.own.switch_survival(switch, acts));
        self.incidents.next = protocol::Tick(0);
    }
}

/// How many buildings had work on such assets, as the ledger shows every member: fewer, and a card would tell whose
/// machine it is about.
fn buildings_with(scene: &Scene<'_>, kind: AssetKind) -> usize {
    let alike = scene.state.work_orders().filter(|(_, order)| order.kind == kind);
    let buildings: BTreeSet<Address> = alike.map(|(_, order)| order.building).collect();
    buildings.len()
}

/// The same without its month.
fn in_year(when: When) -> When {
    match when {
        When::Month(month) => When::Year(1970 + month / 12),
        When::Unsaid | When::Year(_) => when,
    }
}

/// The band of a machine's vibration in mm/s or of its motor's temperature in °C: the mean of the readings at hand. Any
/// other metric, or another unit, says nothing that other buildings could compare.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "each is bounded on the line before"
)]
fn sign(catalogue: &Catalogue, metric: &str, evidence: &Evidence) -> Option<Sign> {
    let unit = &catalogue.traits(metric).unit;
    let readings = || evidence.last.iter().map(|(_, value)| *value);
    let count = u32::try_from(evidence.last.len()).ok().filter(|count| *count > 0)?;
    let mean = readings().sum::<f64>() / f64::from(count);
    match (metric, unit.as_str()) {
        ("vibration_level", "mm/s") => {
            let micrometre_per_s = Some(mean * 1_000.0).filter(|one| (0.0..1e9).contains(one))?;
            Some(Sign::of_vibration(micrometre_per_s as u64))
        }
        ("motor_temp", "°C") => {
            let celsius = Some(mean.floor()).filter(|one| (-273.0..1e6).contains(one))?;
            Some(Sign::of_temperature(celsius as i64))
        }
        _ => None,
    }
}

/// Whole hours on the counter of running hours.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is bounded on the line before"
)]
fn run_hours(telemetry: &Telemetry, asset: &Asset) -> Option<u64> {
    let column = asset.column("run_hours")?;
    let (_, value) = telemetry.head(asset.id)?.latest(column)?;
    let hours = Some(value.get()).filter(|hours| (0.0..1e9).contains(hours))?;
    Some(hours as u64)
}

/// Which part it probably is, by what the building calls the asset. A person sees it and may say otherwise.
fn part(kind: AssetKind, code: &str) -> Part {
    let code = code.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| code.contains(word));
    if has(&["pump", "pomp", "circ"]) {
        return Part::Pump;
    }
    match kind {
        AssetKind::Elevator if has(&["door", "porte", "deur"]) => Part::LiftDoor,
        AssetKind::Elevator => Part::LiftDrive,
        AssetKind::Chiller => Part::Compressor,
        AssetKind::Hvac if has(&["boiler", "burner", "chaud", "ketel"]) => Part::Burner,
        AssetKind::Hvac => Part::Fan,
        AssetKind::Meter => Part::Motor,
    }
}
