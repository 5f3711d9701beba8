//! The policies a building starts with.

use protocol::{AssetKind, Severity};

use super::{Condition, Criterion, RuleKind, Terms};
use crate::core::catalogue::{Code, MetricName};

/// The six rules that every building starts with, R1 to R6.
pub fn default_terms() -> Vec<Terms> {
    use AssetKind::{Chiller, Elevator, Hvac};
    use RuleKind::{Consecutive, Runtime, Threshold};
    use Severity::{High, Low, Medium};
    let terms =
        |code, asset_kind, metric, rule, threshold, severity, message: &str, description: &str| Terms {
            code: Code::new(code).expect("invariant: the codes below are valid"),
            asset_kind,
            groups: vec![vec![Criterion {
                metric: MetricName::new(metric).expect("invariant: the names below are valid"),
                with: None,
                rule,
                condition: Condition::Above,
                threshold,
                clear_threshold: None,
                window_minutes: None,
                samples: 5,
            }]],
            severity,
            message: message.to_owned(),
            description: description.to_owned(),
            enabled: true,
            opens_work_order: true,
            clear_after_minutes: None,
            escalate: Vec::new(),
            downgrade_after_minutes: None,
        };
    let each = |mut terms: Terms, change: &dyn Fn(&mut Criterion)| {
        terms.groups.iter_mut().flatten().for_each(change);
        terms
    };
    let mean = |minutes, terms| each(terms, &|criterion| criterion.window_minutes = Some(minutes));
    let counter = |terms| each(terms, &|criterion| criterion.samples = 1);
    vec![
        mean(
            15,
            terms(
                "R1",
                Hvac,
                "temp_supply_air",
                Threshold,
                20.0,
                Medium,
                "Performance clim dégradée",
                "Température de soufflage supérieure à 20 °C en moyenne sur 15 minutes",
            ),
        ),
        terms(
            "R2",
            Hvac,
            "vibration_level",
            Threshold,
            7.0,
            High,
            "Risque mécanique ventilateur",
            "Vibration supérieure à 7 mm/s sur les 5 dernières mesures",
        ),
        mean(
            10,
            terms(
                "R3",
                Chiller,
                "water_temp_out",
                Threshold,
                14.0,
                High,
                "Refroidissement insuffisant",
                "Température de sortie d'eau supérieure à 14 °C en moyenne sur 10 minutes",
            ),
        ),
        counter(terms(
            "R4",
            Chiller,
            "run_hours",
            Runtime,
            500.0,
            Low,
            "Maintenance préventive due",
            "Plus de 500 heures de marche depuis le dernier entretien",
        )),
        terms(
            "R5",
            Elevator,
            "motor_temp",
            Consecutive,
            80.0,
            High,
            "Surchauffe moteur ascenseur",
            "Température du moteur supérieure à 80 °C sur 5 mesures consécutives",
        ),
        counter(terms(
            "R6",
            Elevator,
            "door_cycles",
            Runtime,
            100_000.0,
            Medium,
            "Inspection portes à planifier",
            "Plus de 100 000 cycles de portes depuis la dernière inspection",
        )),
    ]
}
