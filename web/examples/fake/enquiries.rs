//! What a building answers about questions: a neighbour asks about a leak, and this building had one.

use web::request::EnquiryCommand;
use web::view::{
    AlikeView, EnquiriesView, EnquiryDraft, EnquiryView, HeldEnquiryView, OwnEnquiryView, OwnReplyView,
};
use web::{Kind, Problem, Time};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
const NEIGHBOUR: &str = "5b";

pub(super) fn all(now: Time) -> EnquiriesView {
    let draft = EnquiryDraft { system: "water_riser".to_owned(), symptom: "leak".to_owned(), card: None };
    let at = Time::from_ms(now.ms() - 150 * DAY_MS);
    let held = HeldEnquiryView {
        from: NEIGHBOUR.repeat(20),
        enquiry: enquiry(&draft, now),
        alike: vec![AlikeView { alert: None, at, card: None }],
        replied: None,
    };
    EnquiriesView {
        others: vec![held],
        left: 3,
        per_day: 3,
        days: 14,
        reach: 4,
        asking: true,
        replying: true,
        ..EnquiriesView::default()
    }
}

pub(super) fn obeyed(command: EnquiryCommand, now: Time) -> Result<EnquiriesView, Problem> {
    let mut view = all(now);
    match command {
        EnquiryCommand::Ask(draft) => {
            view.own =
                vec![OwnEnquiryView { enquiry: enquiry(&draft, now), over: false, replies: Vec::new() }];
            view.left = 2;
        }
        EnquiryCommand::Reply { enquiry, reply } => {
            let held = known(&mut view, &enquiry)?;
            held.replied = Some(OwnReplyView { at: now, told: "waiting".to_owned(), reply: *reply });
        }
        EnquiryCommand::PutAside { enquiry } => {
            known(&mut view, &enquiry)?;
            view.others.clear();
        }
    }
    Ok(view)
}

fn known<'a>(view: &'a mut EnquiriesView, id: &str) -> Result<&'a mut HeldEnquiryView, Problem> {
    let missing = || Problem::new(Kind::NotFound, "nobody asks that, or not any more").field("id");
    view.others.iter_mut().find(|held| held.enquiry.id == id).ok_or_else(missing)
}

fn enquiry(draft: &EnquiryDraft, now: Time) -> EnquiryView {
    EnquiryView {
        id: "e".repeat(64),
        system: draft.system.clone(),
        symptom: draft.symptom.clone(),
        card: draft.card.clone(),
        at: now,
        until: Time::from_ms(now.ms() + 14 * DAY_MS),
    }
}
