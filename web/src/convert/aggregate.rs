//! Decisions about sums over many buildings, between JSON and ledger.

use super::energy::{desk, desks};
use crate::problem::{Kind, Problem};
use crate::request::{AggregateDecision, SumCadence, SumMeasure};
use protocol::Invalid;
use protocol::aggregate::{AggregateAction, Cadence, Measure, Task};
use protocol::energy::{Desk, Rota};

same!(SumMeasure, Measure, Consumption, Production, Peak);
same!(SumCadence, Cadence, Week, Month);

impl TryFrom<&AggregateDecision> for AggregateAction {
    type Error = Problem;

    fn try_from(decision: &AggregateDecision) -> Result<Self, Problem> {
        let wrong = |field: &'static str| {
            move |error: Invalid| Problem::new(Kind::Invalid, error.to_string()).field(field)
        };
        let action = match decision {
            AggregateDecision::Ask {
                measure,
                cadence,
                clip,
                epsilon_milli,
                buildings_min,
                dwellings_min,
            } => Self::Ask(Task {
                measure: (*measure).into(),
                cadence: (*cadence).into(),
                clip: *clip,
                epsilon_milli: *epsilon_milli,
                buildings_min: *buildings_min,
                dwellings_min: *dwellings_min,
            }),
            AggregateDecision::Stop { measure, cadence } => Self::Stop((*measure).into(), (*cadence).into()),
            AggregateDecision::Desks { desks } => {
                let desks: Result<Vec<Desk>, Problem> = desks.iter().map(desk).collect();
                Self::Desks(Rota::new(desks?).map_err(wrong("desks"))?)
            }
        };
        action.check().map_err(wrong("what"))?;
        Ok(action)
    }
}

impl From<&AggregateAction> for AggregateDecision {
    fn from(action: &AggregateAction) -> Self {
        match action {
            AggregateAction::Ask(task) => Self::Ask {
                measure: task.measure.into(),
                cadence: task.cadence.into(),
                clip: task.clip,
                epsilon_milli: task.epsilon_milli,
                buildings_min: task.buildings_min,
                dwellings_min: task.dwellings_min,
            },
            AggregateAction::Stop(measure, cadence) => {
                Self::Stop { measure: (*measure).into(), cadence: (*cadence).into() }
            }
            AggregateAction::Desks(rota) => Self::Desks { desks: desks(rota) },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::DeskDraft;

    const ASK: AggregateDecision = AggregateDecision::Ask {
        measure: SumMeasure::Consumption,
        cadence: SumCadence::Week,
        clip: 150_000,
        epsilon_milli: 500,
        buildings_min: 20,
        dwellings_min: 100,
    };

    fn desk(n: u8) -> DeskDraft {
        DeskDraft { authority: format!("{n:02x}").repeat(20), operator: format!("{n:02x}").repeat(32) }
    }

    #[test]
    fn a_decision_comes_back_and_one_below_the_least_sizes_is_refused() {
        let stop = AggregateDecision::Stop { measure: SumMeasure::Peak, cadence: SumCadence::Month };
        for decision in [ASK, stop, AggregateDecision::Desks { desks: vec![desk(1), desk(2)] }] {
            let action = AggregateAction::try_from(&decision).expect("a decision");
            assert_eq!(AggregateDecision::from(&action), decision);
        }
        let small = AggregateDecision::Ask {
            measure: SumMeasure::Consumption,
            cadence: SumCadence::Week,
            clip: 150_000,
            epsilon_milli: 500,
            buildings_min: 9,
            dwellings_min: 100,
        };
        let found = AggregateAction::try_from(&small).map_err(|problem| problem.field);
        assert_eq!(found, Err(Some("what".to_owned())));
        let alone = AggregateDecision::Desks { desks: vec![desk(1)] };
        let found = AggregateAction::try_from(&alone).map_err(|problem| problem.field);
        assert_eq!(found, Err(Some("desks".to_owned())));
    }
}
