//! What a building answers about incident cards: three others had the same leak.

use web::Time;
use web::request::IncidentCall;
use web::view::{
    CardDraft, CardPreview, CardView, FoundCardView, HintView, LearntView, OwnCardView, OwnCardsView,
    RemedyView, StreetView, WithdrawalView,
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
