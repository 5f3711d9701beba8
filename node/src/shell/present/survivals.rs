//! What became of machines after an alert, as the page shows it and as people fill it in.

use protocol::UnixMs;
use protocol::incident::{After, Age, Fate, Hours, Part, Sign, Survival};
use web::Problem;
use web::view::{
    HorizonView, OfHoursView, OwnSurvivalView, OwnSurvivalsView, SurvivalCardView, SurvivalDraft,
    SurvivalHintView, SurvivalPreview, SurvivalView,
};

use super::incidents::{left, maybe, problem, word};
use crate::core::Core;
use crate::core::alerts::AlertId;
use crate::core::incidents::{
    Horizon, IncidentRefused, OfHours, SurvivalAnswer, SurvivalChoice, SurvivalQuestion, Survived,
};

/// What became of similar machines.
pub(crate) fn survived(
    core: &Core,
    part: &str,
    sign: Option<&str>,
    age: Option<&str>,
) -> Result<SurvivalView, Problem> {
    let question = SurvivalQuestion {
        part: word("part", part, Part::named)?,
        sign: maybe("sign", sign, Sign::named)?,
        age: maybe("age", age, Age::named)?,
    };
    Ok(answer(core, &question))
}

fn answer(core: &Core, question: &SurvivalQuestion) -> SurvivalView {
    let shelf = core.incidents().shelf();
    let kept = shelf.survivals() as u64;
    match shelf.survived(question) {
        SurvivalAnswer::Told(told) => SurvivalView { kept, ..shown(&told) },
        SurvivalAnswer::TooFew => SurvivalView {
            too_few: true,
            part: question.part.name().to_owned(),
            kept,
            ..SurvivalView::default()
        },
    }
}

fn shown(told: &Survived) -> SurvivalView {
    let group = told.group;
    SurvivalView {
        too_few: false,
        part: group.part.name().to_owned(),
        quantity: group.quantity.map(|quantity| quantity.name().to_owned()),
        sign: group.sign.map(|sign| sign.name().to_owned()),
        age: group.age.map(|age| age.name().to_owned()),
        machines: told.machines,
        first_year: told.years.map(|(first, _)| first),
        last_year: told.years.map(|(_, last)| last),
        horizons: told.horizons.iter().map(horizon).collect(),
        headline: u32::try_from(told.headline).unwrap_or(0),
        hours: told.hours.iter().map(of_hours).collect(),
        kept: 0,
    }
}

const fn horizon(one: &Horizon) -> HorizonView {
    let Horizon { days, failed, known, runs_permille, least_permille, most_permille } = *one;
    HorizonView { days, failed, known, runs_permille, least_permille, most_permille }
}

fn of_hours(one: &OfHours) -> OfHoursView {
    OfHoursView { hours: one.hours.name().to_owned(), failed: one.failed, known: one.known }
}

/// What the building can tell by itself of the machine behind an alert.
pub(crate) fn hint(core: &Core, alert: &str) -> Result<SurvivalHintView, Problem> {
    let id = about(alert)?;
    let hint = core.survival_hint(id).map_err(|refused| problem(&refused))?;
    Ok(SurvivalHintView {
        part: hint.part.name().to_owned(),
        sign: hint.sign.name().to_owned(),
        hours: hint.hours.name().to_owned(),
        after: hint.after.name().to_owned(),
        may_still_run: hint.may_still_run,
        handed_in: core.survival_card(id).map(|own| own.told.name().to_owned()),
        left: left(core),
        survived: answer(core, &hint.question()),
    })
}

/// Exactly what would leave.
pub(crate) fn preview(core: &Core, draft: &SurvivalDraft) -> Result<SurvivalPreview, Problem> {
    let (id, choice) = chosen(draft)?;
    let made = core.draft_survival(id, &choice).map_err(|refused| problem(&refused))?;
    let said = made.card.survival().expect("invariant: it was made of a machine");
    Ok(SurvivalPreview {
        shown: made.card.digest().to_string(),
        card: card(said),
        relay: core.incident_relay().to_string(),
        left: left(core),
    })
}

/// What was handed in.
pub(crate) fn own(core: &Core) -> OwnSurvivalsView {
    let told = core.incidents().own().cards();
    let mut cards: Vec<OwnSurvivalView> = told
        .filter_map(|one| {
            let card = card(one.card.survival()?);
            Some(OwnSurvivalView { card, at: one.at.into(), told: one.told.name().to_owned() })
        })
        .collect();
    cards.sort_by_key(|one| std::cmp::Reverse(one.at.ms()));
    OwnSurvivalsView { cards, left: left(core) }
}

/// A card word by word.
fn card(said: &Survival) -> SurvivalCardView {
    SurvivalCardView {
        when: said.when.text(),
        part: said.part.name().to_owned(),
        age: said.age.name().to_owned(),
        hours: said.hours.name().to_owned(),
        sign: said.sign.name().to_owned(),
        after: said.after.name().to_owned(),
        fate: said.fate.name().to_owned(),
    }
}

/// What a person says, in the core's words.
pub(crate) fn chosen(draft: &SurvivalDraft) -> Result<(AlertId, SurvivalChoice), Problem> {
    let choice = SurvivalChoice {
        part: word("part", &draft.part, Part::named)?,
        age: word("age", &draft.age, Age::named)?,
        hours: word("hours", &draft.hours, Hours::named)?,
        after: word("after", &draft.after, After::named)?,
        fate: word("fate", &draft.fate, Fate::named)?,
    };
    Ok((about(&draft.alert)?, choice))
}

fn about(alert: &str) -> Result<AlertId, Problem> {
    alert.parse().map_err(|_| problem(&IncidentRefused::Unknown).field("alert"))
}

/// When the last card of a machine left, and how many did.
pub(super) fn left_so_far(core: &Core) -> (u64, Option<UnixMs>) {
    let own = || core.incidents().own().cards().filter(|one| one.card.survival().is_some());
    (own().count() as u64, own().map(|one| one.at).max())
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::Digest;
    use web::Kind;

    fn draft() -> SurvivalDraft {
        let word = str::to_owned;
        SurvivalDraft {
            alert: "21".repeat(32),
            part: word("pump"),
            age: word("10_15"),
            hours: word("unknown"),
            after: word("30_60"),
            fate: word("failed"),
        }
    }

    #[test]
    fn words_of_the_lists_are_taken_and_the_wrong_field_is_named() {
        let (id, choice) = chosen(&draft()).expect("a choice");
        assert_eq!((id.0, choice.part, choice.after), (Digest::new([0x21; 32]), Part::Pump, After::From30));
        let text = || "the pump of Mrs Peeters".to_owned();
        for (field, wrong) in [
            ("part", SurvivalDraft { part: text(), ..draft() }),
            ("age", SurvivalDraft { age: text(), ..draft() }),
            ("hours", SurvivalDraft { hours: text(), ..draft() }),
            ("after", SurvivalDraft { after: text(), ..draft() }),
            ("fate", SurvivalDraft { fate: text(), ..draft() }),
        ] {
            let refused = chosen(&wrong).unwrap_err();
            let unlisted = Problem::new(Kind::Invalid, "expected a word of its list").field(field);
            assert_eq!(format!("{refused:?}"), format!("{unlisted:?}"));
        }
        assert!(chosen(&SurvivalDraft { alert: text(), ..draft() }).is_err());
    }
}
