//! What a building answers about incident cards: three others had the same leak.

use web::Time;
use web::request::IncidentCall;
use web::view::{
    CardDraft, CardPreview, CardView, FoundCardView, HintView, HorizonView, LearntView, OwnCardView,
    OwnCardsView, OwnSurvivalView, OwnSurvivalsView, RemedyView, StreetView, SurvivalCardView, SurvivalDraft,
    SurvivalHintView, SurvivalPreview, SurvivalView, WithdrawalView,
};

pub(super) fn answer(call: IncidentCall) {
    // Callers may have given up.
    match call {
        IncidentCall::Learn { reply, .. } => drop(reply.send(Ok(learnt()))),
        IncidentCall::Hint { reply, .. } => {
            let word = str::to_owned;
            let hint = HintView {
                system: word("water_riser"),
                symptom: word("leak"),
                flow: Some(word("5_20")),
                left: 3,
                learnt: learnt(),
                ..HintView::default()
            };
            drop(reply.send(Ok(hint)));
        }
        IncidentCall::Preview { draft, reply } => {
            let preview =
                CardPreview { shown: "5".repeat(64), card: card(&draft), left: 3, ..CardPreview::default() };
            drop(reply.send(Ok(preview)));
        }
        IncidentCall::Survived { reply, .. } => drop(reply.send(Ok(survived()))),
        IncidentCall::SurvivalHint { reply, .. } => {
            let word = str::to_owned;
            let hint = SurvivalHintView {
                part: word("pump"),
                sign: word("vibration_7_1_11_2"),
                hours: word("unknown"),
                after: word("7_30"),
                may_still_run: false,
                handed_in: None,
                left: 3,
                survived: survived(),
            };
            drop(reply.send(Ok(hint)));
        }
        IncidentCall::SurvivalPreview { draft, reply } => {
            let preview = SurvivalPreview {
                shown: "6".repeat(64),
                card: machine(draft),
                left: 3,
                ..SurvivalPreview::default()
            };
            drop(reply.send(Ok(preview)));
        }
        IncidentCall::OwnSurvivals(reply) => {
            drop(reply.send(Ok(OwnSurvivalsView { left: 3, ..OwnSurvivalsView::default() })));
        }
        IncidentCall::Street(reply) => drop(reply.send(Ok(StreetView::default()))),
        IncidentCall::Own(reply) => drop(reply.send(Ok(OwnCardsView { left: 3, ..OwnCardsView::default() }))),
    }
}

pub(super) fn handed_in(draft: &CardDraft, now: Time) -> OwnCardsView {
    let own = OwnCardView { card: card(draft), at: now, told: "waiting".to_owned() };
    OwnCardsView { cards: vec![own], left: 2, ..OwnCardsView::default() }
}

pub(super) fn withdrawn(contractor: String, now: Time) -> OwnCardsView {
    let own = WithdrawalView { contractor, at: now, told: "waiting".to_owned() };
    OwnCardsView { withdrawals: vec![own], left: 3, ..OwnCardsView::default() }
}

pub(super) fn machine_handed_in(draft: SurvivalDraft, now: Time) -> OwnSurvivalsView {
    let own = OwnSurvivalView { card: machine(draft), at: now, told: "waiting".to_owned() };
    OwnSurvivalsView { cards: vec![own], left: 2 }
}

/// Twelve pumps, of which four failed within two months.
fn survived() -> SurvivalView {
    let horizon = |days, failed, (runs_permille, least_permille, most_permille)| HorizonView {
        days,
        failed,
        known: 12,
        runs_permille,
        least_permille,
        most_permille,
    };
    SurvivalView {
        part: "pump".to_owned(),
        quantity: Some("vibration".to_owned()),
        sign: Some("vibration_7_1_11_2".to_owned()),
        machines: 12,
        first_year: Some(2025),
        last_year: Some(2026),
        horizons: vec![
            horizon(7, 1, (917, 646, 985)),
            horizon(30, 2, (833, 552, 953)),
            horizon(60, 4, (667, 391, 862)),
        ],
        headline: 2,
        kept: 12,
        ..SurvivalView::default()
    }
}

fn machine(draft: SurvivalDraft) -> SurvivalCardView {
    SurvivalCardView {
        when: "2026".to_owned(),
        part: draft.part,
        age: draft.age,
        hours: draft.hours,
        sign: "vibration_7_1_11_2".to_owned(),
        after: draft.after,
        fate: draft.fate,
    }
}

fn learnt() -> LearntView {
    let word = str::to_owned;
    let other = CardDraft {
        system: word("water_riser"),
        symptom: word("leak"),
        cause: word("worn_seal"),
        remedy: word("part_replaced"),
        flow: Some(word("5_20")),
        cost: word("100_200"),
        span: word("1_2h"),
        outcome: word("solved"),
        ..CardDraft::default()
    };
    let found = FoundCardView { card: card(&other), score: 10 };
    LearntView {
        cards: vec![found.clone(), found.clone(), found],
        alike: Some(3),
        remedies: vec![RemedyView { remedy: other.remedy, count: 3 }],
        kept: 3,
        ..LearntView::default()
    }
}

fn card(draft: &CardDraft) -> CardView {
    let draft = draft.clone();
    CardView {
        when: "2026-08".to_owned(),
        system: draft.system,
        symptom: draft.symptom,
        cause: draft.cause,
        remedy: draft.remedy,
        severity: "medium".to_owned(),
        flow: draft.flow,
        cost: draft.cost,
        span: draft.span,
        outcome: draft.outcome,
        contractor: draft.contractor,
        rating: draft.rating,
        ..CardView::default()
    }
}
