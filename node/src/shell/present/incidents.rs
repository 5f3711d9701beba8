//! Incident cards, as the page shows them and as people fill them in.

use protocol::incident::{
    Cause, Contractor, Cost, Facts, Flow, Outcome, Rating, Remedy, Span, Symptom, System,
};
use protocol::limits::CARDS_PER_WEEK_MAX;
use protocol::{Digest, UnixMs};
use web::view::{
    CardDraft, CardPreview, CardView, ContractorView, FoundCardView, HintView, LearntView, OwnCardView,
    OwnCardsView, RemedyView, WithdrawalView,
};
use web::{Kind, Problem};

use super::aggregates::in_common;
use crate::core::Core;
use crate::core::incidents::{Choice, IncidentRefused, Learnt, Question, Source};

/// What others did.
pub(crate) fn learn(
    core: &Core,
    system: Option<&str>,
    symptom: Option<&str>,
    flow: Option<&str>,
) -> Result<LearntView, Problem> {
    let question = Question {
        system: maybe("system", system, System::named)?,
        symptom: maybe("symptom", symptom, Symptom::named)?,
        flow: maybe("flow", flow, Flow::named)?,
    };
    Ok(learnt(core, &core.incidents().shelf().ask(&question)))
}

fn learnt(core: &Core, learnt: &Learnt) -> LearntView {
    LearntView {
        cards: learnt
            .cards
            .iter()
            .map(|found| FoundCardView { card: card(&found.facts, found.contractor), score: found.score })
            .collect(),
        alike: learnt.alike,
        remedies: learnt
            .remedies
            .iter()
            .map(|(remedy, count)| RemedyView { remedy: remedy.name().to_owned(), count: *count })
            .collect(),
        contractors: learnt
            .contractors
            .iter()
            .map(|rated| ContractorView {
                contractor: rated.contractor.to_string(),
                jobs: rated.jobs,
                ratings: rated.ratings,
                good_permille: rated.good_permille,
            })
            .collect(),
        kept: core.incidents().shelf().incidents() as u64,
    }
}

/// What the building can tell by itself of something.
pub(crate) fn hint(core: &Core, alert: Option<&str>, order: Option<&str>) -> Result<HintView, Problem> {
    let source = source(alert, order)?;
    let hint = core.incident_hint(source).map_err(|refused| problem(&refused))?;
    let question = Question { system: Some(hint.system), symptom: Some(hint.symptom), flow: hint.flow };
    Ok(HintView {
        system: hint.system.name().to_owned(),
        symptom: hint.symptom.name().to_owned(),
        flow: hint.flow.map(|flow| flow.name().to_owned()),
        span: hint.span.map(|span| span.name().to_owned()),
        handed_in: core.incident_card(source).map(|own| own.told.name().to_owned()),
        left: left(core),
        learnt: learnt(core, &core.incidents().shelf().ask(&question)),
    })
}

/// Exactly what would leave.
pub(crate) fn preview(core: &Core, draft: &CardDraft) -> Result<CardPreview, Problem> {
    let (source, choice) = chosen(draft)?;
    let made = core.draft_card(source, &choice).map_err(|refused| problem(&refused))?;
    let said = made.card.facts().expect("invariant: it was made of an incident");
    Ok(CardPreview {
        shown: made.card.digest().to_string(),
        card: card(said, made.named.map(|named| named.contractor)),
        rated_before: made.is_rated_before,
        relay: core.incident_relay().to_string(),
        left: left(core),
    })
}

/// What was handed in.
pub(crate) fn own(core: &Core) -> OwnCardsView {
    let (incidents, own) = (core.incidents(), core.incidents().own());
    let mut cards: Vec<OwnCardView> = own
        .cards()
        .filter_map(|one| {
            let card = card(one.card.facts()?, one.card.contractor());
            Some(OwnCardView { card, at: one.at.into(), told: one.told.name().to_owned() })
        })
        .collect();
    cards.sort_by_key(|one| std::cmp::Reverse(one.at.ms()));
    let withdrawals = own.withdrawals().map(|one| WithdrawalView {
        contractor: one.contractor.to_string(),
        at: one.at.into(),
        told: one.told.name().to_owned(),
    });
    OwnCardsView {
        cards,
        withdrawals: withdrawals.collect(),
        left: left(core),
        per_week: u32::try_from(CARDS_PER_WEEK_MAX).unwrap_or(u32::MAX),
        relay: core.incident_relay().to_string(),
        relaying: incidents.relay().len() as u64,
        spoilt: incidents.shelf().spoilt(),
    }
}

pub(super) fn left(core: &Core) -> u32 {
    u32::try_from(core.incidents().own().left(core.now())).unwrap_or(u32::MAX)
}

/// A card word by word.
pub(super) fn card(facts: &Facts, contractor: Option<Contractor>) -> CardView {
    CardView {
        when: facts.when.text(),
        system: facts.system.name().to_owned(),
        symptom: facts.symptom.name().to_owned(),
        cause: facts.cause.name().to_owned(),
        remedy: facts.remedy.name().to_owned(),
        severity: facts.severity.name().to_owned(),
        flow: facts.flow.map(|flow| flow.name().to_owned()),
        cost: facts.cost.name().to_owned(),
        span: facts.span.name().to_owned(),
        outcome: facts.outcome.name().to_owned(),
        stratum: in_common(&facts.stratum),
        contractor: contractor.map(|contractor| contractor.to_string()),
        rating: facts.rating.map(|rating| rating.name().to_owned()),
    }
}

/// What a person says, in the core's words.
pub(crate) fn chosen(draft: &CardDraft) -> Result<(Source, Choice), Problem> {
    let contractor = draft.contractor.as_deref().filter(|text| !text.trim().is_empty());
    let choice = Choice {
        system: word("system", &draft.system, System::named)?,
        symptom: word("symptom", &draft.symptom, Symptom::named)?,
        cause: word("cause", &draft.cause, Cause::named)?,
        remedy: word("remedy", &draft.remedy, Remedy::named)?,
        flow: maybe("flow", draft.flow.as_deref(), Flow::named)?,
        cost: word("cost", &draft.cost, Cost::named)?,
        span: word("span", &draft.span, Span::named)?,
        outcome: word("outcome", &draft.outcome, Outcome::named)?,
        contractor: contractor.map(company).transpose()?,
        rating: maybe("rating", draft.rating.as_deref(), Rating::named)?,
    };
    Ok((source(draft.alert.as_deref(), draft.work_order.as_deref())?, choice))
}

/// A company's number.
pub(crate) fn company(text: &str) -> Result<Contractor, Problem> {
    text.parse().map_err(|error: protocol::Invalid| {
        Problem::new(Kind::Invalid, error.to_string()).field("contractor")
    })
}

/// The hash of a card that was shown.
pub(crate) fn shown(text: &str) -> Result<Digest, Problem> {
    text.parse().map_err(|_| Problem::new(Kind::Invalid, "expected the hash of a preview").field("shown"))
}

fn source(alert: Option<&str>, order: Option<&str>) -> Result<Source, Problem> {
    let unknown = |field: &'static str| problem(&IncidentRefused::Unknown).field(field);
    match (alert, order) {
        (Some(alert), None) => alert.parse().map(Source::Alert).map_err(|_| unknown("alert")),
        (None, Some(order)) => order.parse().map(Source::Order).map_err(|_| unknown("work_order")),
        (None, None) | (Some(_), Some(_)) => {
            Err(Problem::new(Kind::Invalid, "expected an alert or a work order").field("alert"))
        }
    }
}

pub(super) fn word<T>(field: &'static str, text: &str, named: fn(&str) -> Option<T>) -> Result<T, Problem> {
    named(text).ok_or_else(|| Problem::new(Kind::Invalid, "expected a word of its list").field(field))
}

pub(super) fn maybe<T>(
    field: &'static str,
    text: Option<&str>,
    named: fn(&str) -> Option<T>,
) -> Result<Option<T>, Problem> {
    text.map(|text| word(field, text, named)).transpose()
}

/// Why a card is not made or handed in.
pub(crate) fn problem(refused: &IncidentRefused) -> Problem {
    let kind = match refused {
        IncidentRefused::Unknown | IncidentRefused::NoSign => Kind::NotFound,
        IncidentRefused::NotOver
        | IncidentRefused::Sent
        | IncidentRefused::TooEarly { .. }
        | IncidentRefused::SingledOut { .. }
        | IncidentRefused::SwitchedOff
        | IncidentRefused::Stale => Kind::Conflict,
        IncidentRefused::Quota { .. } => Kind::TooMany,
        IncidentRefused::Invalid(_) => Kind::Invalid,
    };
    Problem::new(kind, refused.to_string())
}

/// When the last card left, and how many did.
pub(super) fn left_so_far(core: &Core) -> (u64, Option<UnixMs>) {
    let own = || core.incidents().own().cards().filter(|one| one.card.facts().is_some());
    (own().count() as u64, own().map(|one| one.at).max())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> CardDraft {
        let word = str::to_owned;
        CardDraft {
            alert: Some("21".repeat(32)),
            system: word("water_riser"),
            symptom: word("leak"),
            cause: word("worn_seal"),
            remedy: word("part_replaced"),
            flow: Some(word("5_20")),
            cost: word("100_200"),
            span: word("1_2h"),
            outcome: word("solved"),
            contractor: Some(word("BE 0202.239.951")),
            rating: Some(word("good")),
            ..CardDraft::default()
        }
    }

    #[test]
    fn words_of_the_lists_are_taken_and_the_wrong_field_is_named() {
        let (source, choice) = chosen(&draft()).expect("a choice");
        assert_eq!(source, Source::Alert("21".repeat(32).parse().expect("a hash")));
        assert_eq!((choice.system, choice.cost), (System::WaterRiser, Cost::From100));
        assert_eq!(choice.contractor.map(|one| one.to_string()), Some("BE0202239951".to_owned()));
        let typed = || "Madame Peeters, 3B".to_owned();
        for (wrong, field) in [
            (CardDraft { system: typed(), ..draft() }, "system"),
            (CardDraft { symptom: "Leak".to_owned(), ..draft() }, "symptom"),
            (CardDraft { cause: typed(), ..draft() }, "cause"),
            (CardDraft { remedy: String::new(), ..draft() }, "remedy"),
            (CardDraft { flow: Some("10".to_owned()), ..draft() }, "flow"),
            (CardDraft { cost: "150".to_owned(), ..draft() }, "cost"),
            (CardDraft { span: "2h".to_owned(), ..draft() }, "span"),
            (CardDraft { outcome: typed(), ..draft() }, "outcome"),
            (CardDraft { contractor: Some("Dupont".to_owned()), ..draft() }, "contractor"),
            (CardDraft { rating: Some("5".to_owned()), ..draft() }, "rating"),
            (CardDraft { alert: Some("5".to_owned()), ..draft() }, "alert"),
            (CardDraft { alert: None, ..draft() }, "alert"),
            (CardDraft { work_order: Some("21".repeat(32)), ..draft() }, "alert"),
        ] {
            let found = chosen(&wrong).map_err(|problem| problem.field);
            assert_eq!(found.err(), Some(Some(field.to_owned())), "{wrong:?}");
        }
        let nobody = CardDraft { contractor: Some(" ".to_owned()), rating: None, ..draft() };
        assert_eq!(chosen(&nobody).expect("a choice").1.contractor, None);
    }
}
