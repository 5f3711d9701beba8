//! What buildings ask each other, as the page shows it and as people fill it in.

use std::collections::BTreeMap;

use protocol::enquiry::{Detail, Enquiry, PlainText};
use protocol::incident::{Cause, Outcome, Remedy, Span, Symptom, System, When};
use protocol::limits::{ENQUIRIES_PER_DAY_MAX, ENQUIRY_LIFE_MS};
use protocol::{Digest, PublicKey};
use web::request::EnquiryCommand;
use web::view::{
    AlikeView, EnquiriesView, EnquiryDraft, EnquiryView, GotReplyView, HeldEnquiryView, LeavingKind,
    LeavingView, LeftView, OwnEnquiryView, OwnReplyView, ReplyView,
};
use web::{Kind, Problem};

use super::aggregates::RECENT_MAX;
use super::incidents::{card, company, maybe, word};
use super::ledger::fields as named;
use crate::core::Core;
use crate::core::enquiries::{
    Alike, EnquiryOrder, EnquiryRefused, GotReply, HeldEnquiry, OwnEnquiry, OwnReply, Wanted,
};
use crate::core::switch::Purpose;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// What this building asked, and what others ask it.
pub(crate) fn enquiries(core: &Core) -> EnquiriesView {
    let (asked, said) = (core.enquiries().asked(), core.enquiries().said());
    let mut own: Vec<OwnEnquiryView> = asked.own().map(|own| own_view(core, own)).collect();
    own.sort_by_key(|one| std::cmp::Reverse(one.enquiry.at.ms()));
    let mut others: Vec<HeldEnquiryView> =
        core.asked_of_us().into_iter().map(|(held, alike)| held_view(core, held, &alike)).collect();
    others.sort_by_key(|one| one.alike.is_empty());
    let members = core.ledger().state().members().filter(|(_, member)| !member.revoked).count();
    EnquiriesView {
        own,
        others,
        left: count(asked.left(core.now())),
        per_day: count(ENQUIRIES_PER_DAY_MAX),
        days: u32::try_from(ENQUIRY_LIFE_MS / DAY_MS).unwrap_or(u32::MAX),
        reach: count(members.saturating_sub(1)),
        asking: asked.is_on(),
        replying: said.is_on(),
        refused: core.enquiries().held().refused(),
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn own_view(core: &Core, own: &OwnEnquiry) -> OwnEnquiryView {
    let mut replies: Vec<&GotReply> = core.enquiries().asked().replies(own.enquiry.id()).collect();
    replies.sort_by_key(|got| got.at);
    let current = |got: &GotReply| core.ledger().state().current(&got.from).to_string();
    let shown = |got: &&GotReply| GotReplyView {
        from: current(got),
        at: got.at.into(),
        reply: reply(got.reply.detail()),
    };
    OwnEnquiryView {
        enquiry: enquiry(&own.enquiry),
        over: own.enquiry.end() <= core.now(),
        replies: replies.iter().map(shown).collect(),
    }
}

fn held_view(core: &Core, held: &HeldEnquiry, alike: &[Alike]) -> HeldEnquiryView {
    let asked = &held.signed.enquiry;
    HeldEnquiryView {
        from: core.ledger().state().current(&asked.asker).to_string(),
        enquiry: enquiry(asked),
        alike: alike.iter().map(alike_view).collect(),
        replied: core.enquiries().said().to(&asked.id()).map(replied),
    }
}

fn alike_view(alike: &Alike) -> AlikeView {
    AlikeView {
        alert: alike.alert.map(|id| id.0.to_string()),
        at: alike.at.into(),
        card: alike.facts.as_ref().map(|facts| card(facts, None)),
    }
}

fn replied(own: &OwnReply) -> OwnReplyView {
    OwnReplyView { at: own.at.into(), told: own.told.name().to_owned(), reply: reply(own.reply.detail()) }
}

fn enquiry(one: &Enquiry) -> EnquiryView {
    EnquiryView {
        id: one.id().to_string(),
        system: one.system.name().to_owned(),
        symptom: one.symptom.name().to_owned(),
        card: one.card.map(|card| card.to_string()),
        at: one.hour.start().into(),
        until: one.end().into(),
    }
}

/// Questions to every member, by a person's own hand.
pub(super) fn left_as_questions(core: &Core, view: &mut LeavingView) {
    let (asked, name) = (core.enquiries().asked(), Purpose::Enquiry.name().to_owned());
    let mut all: Vec<&OwnEnquiry> = asked.all().collect();
    all.sort_by_key(|own| std::cmp::Reverse(own.at));
    let state = core.ledger().state();
    let others = state.members().filter(|(to, member)| !member.revoked && **to != core.ledger().address());
    let to: Vec<String> = others.map(|(to, _)| to.to_string()).collect();
    view.kinds.push(LeavingKind {
        kind: name.clone(),
        count: all.len() as u64,
        last: all.first().map(|own| own.at.into()),
        to: to.clone(),
        on: asked.is_on(),
        optional: true,
    });
    view.recent.extend(all.iter().take(RECENT_MAX).map(|own| LeftView {
        kind: name.clone(),
        at: own.at.into(),
        to: to.clone(),
        from: None,
        until: Some(own.enquiry.end().into()),
        says: named(words(&own.enquiry)),
        told: Vec::new(),
    }));
}

/// Replies, each to its asker alone.
pub(super) fn left_as_replies(core: &Core, view: &mut LeavingView) {
    let (said, name) = (core.enquiries().said(), Purpose::EnquiryReply.name().to_owned());
    let mut all: Vec<&OwnReply> = said.own().collect();
    all.sort_by_key(|own| std::cmp::Reverse(own.at));
    let to = |own: &OwnReply| vec![core.ledger().state().current(&own.enquiry.asker).to_string()];
    view.kinds.push(LeavingKind {
        kind: name.clone(),
        count: all.len() as u64,
        last: all.first().map(|own| own.at.into()),
        to: all.first().map(|own| to(own)).unwrap_or_default(),
        on: said.is_on(),
        optional: true,
    });
    view.recent.extend(all.iter().take(RECENT_MAX).map(|own| LeftView {
        kind: name.clone(),
        at: own.at.into(),
        to: to(own),
        from: None,
        until: None,
        says: said_words(own),
        told: vec![own.told.name().to_owned()],
    }));
}

fn words(enquiry: &Enquiry) -> [(&'static str, String); 2] {
    [("system", enquiry.system.name().to_owned()), ("symptom", enquiry.symptom.name().to_owned())]
}

/// What a reply says, without what its syndic wrote: technicians read this list too.
fn said_words(own: &OwnReply) -> BTreeMap<String, String> {
    let ReplyView { when, cause, remedy, outcome, span, cost_eur, contractor, words: text, contact } =
        reply(own.reply.detail());
    let letters = |text: &str| Some(text.chars().count()).filter(|letters| *letters > 0);
    let said = [
        ("when", Some(when).filter(|when| !when.is_empty())),
        ("cause", cause),
        ("remedy", remedy),
        ("outcome", outcome),
        ("span", span),
        ("cost_eur", cost_eur.map(|cost| cost.to_string())),
        ("contractor", contractor),
        ("words_letters", letters(&text).map(|letters| letters.to_string())),
        ("contact_letters", letters(&contact).map(|letters| letters.to_string())),
    ];
    let said = said.into_iter().filter_map(|(name, word)| Some((name.to_owned(), word?)));
    named(words(&own.enquiry)).into_iter().chain(said).collect()
}

/// A reply word by word.
pub(super) fn reply(detail: &Detail) -> ReplyView {
    ReplyView {
        when: detail.when.text(),
        cause: detail.cause.map(|one| one.name().to_owned()),
        remedy: detail.remedy.map(|one| one.name().to_owned()),
        outcome: detail.outcome.map(|one| one.name().to_owned()),
        span: detail.span.map(|one| one.name().to_owned()),
        cost_eur: detail.cost_eur,
        contractor: detail.contractor.map(|one| one.to_string()),
        words: detail.words.to_string(),
        contact: detail.contact.to_string(),
    }
}

/// What a person wants done, in the core's words.
pub(crate) fn order(command: &EnquiryCommand) -> Result<EnquiryOrder, Problem> {
    match command {
        EnquiryCommand::Ask(draft) => wanted(draft).map(EnquiryOrder::Ask),
        EnquiryCommand::Reply { enquiry, reply } => {
            Ok(EnquiryOrder::Reply(id(enquiry)?, Box::new(detail(reply)?)))
        }
        EnquiryCommand::PutAside { enquiry } => id(enquiry).map(EnquiryOrder::PutAside),
    }
}

fn id(text: &str) -> Result<Digest, Problem> {
    text.parse().map_err(|_| problem(&EnquiryRefused::Unknown).field("id"))
}

fn wanted(draft: &EnquiryDraft) -> Result<Wanted, Problem> {
    let key = |text: &str| {
        let wrong = |_| Problem::new(Kind::Invalid, "expected the id of a card").field("card");
        text.parse::<PublicKey>().map_err(wrong)
    };
    Ok(Wanted {
        system: word("system", &draft.system, System::named)?,
        symptom: word("symptom", &draft.symptom, Symptom::named)?,
        card: draft.card.as_deref().map(key).transpose()?,
    })
}

fn detail(reply: &ReplyView) -> Result<Detail, Problem> {
    let contractor = reply.contractor.as_deref().filter(|text| !text.trim().is_empty());
    Ok(Detail {
        when: when(&reply.when)?,
        cause: maybe("cause", reply.cause.as_deref(), Cause::named)?,
        remedy: maybe("remedy", reply.remedy.as_deref(), Remedy::named)?,
        outcome: maybe("outcome", reply.outcome.as_deref(), Outcome::named)?,
        span: maybe("span", reply.span.as_deref(), Span::named)?,
        cost_eur: reply.cost_eur,
        contractor: contractor.map(company).transpose()?,
        words: text("words", &reply.words)?,
        contact: text("contact", &reply.contact)?,
    })
}

fn text<const MAX: usize>(field: &'static str, text: &str) -> Result<PlainText<MAX>, Problem> {
    // Browsers end lines in two letters.
    let text = PlainText::new(text.replace("\r\n", "\n"));
    text.map_err(|error| Problem::new(Kind::Invalid, error.to_string()).field(field))
}

/// `2026-08`, `2026`, or empty.
fn when(text: &str) -> Result<When, Problem> {
    let wrong = || Problem::new(Kind::Invalid, "expected a month (2026-08) or a year").field("when");
    if text.is_empty() {
        return Ok(When::Unsaid);
    }
    let number = |text: &str| text.parse::<u16>().map_err(|_| wrong());
    let read = match text.split_once('-') {
        None => When::Year(number(text)?),
        Some((year, month)) => {
            let (year, month) = (number(year)?, number(month)?);
            let years = year.checked_sub(1970).filter(|years| *years < 1_000 && (1..=12).contains(&month));
            When::Month(years.ok_or_else(wrong)? * 12 + month - 1)
        }
    };
    if read.text() == text { Ok(read) } else { Err(wrong()) }
}

/// Why a question is not asked or not replied to.
pub(crate) fn problem(refused: &EnquiryRefused) -> Problem {
    let kind = match refused {
        EnquiryRefused::Unknown => Kind::NotFound,
        EnquiryRefused::Asked | EnquiryRefused::Replied | EnquiryRefused::SwitchedOff => Kind::Conflict,
        EnquiryRefused::Quota { .. } => Kind::TooMany,
        EnquiryRefused::Invalid(_) => Kind::Invalid,
    };
    Problem::new(kind, refused.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said() -> ReplyView {
        ReplyView {
            when: "2026-03".to_owned(),
            remedy: Some("part_replaced".to_owned()),
            cost_eur: Some(480),
            contractor: Some("BE0202239951".to_owned()),
            words: "Joint du 3e.\nM. Claes".to_owned(),
            ..ReplyView::default()
        }
    }

    #[test]
    fn a_reply_comes_back_as_it_was_said_and_the_wrong_field_is_named() {
        assert_eq!(reply(&detail(&said()).expect("details")), said());
        let windows = ReplyView { words: "Joint du 3e.\r\nM. Claes".to_owned(), ..said() };
        assert_eq!(reply(&detail(&windows).expect("details")), said());
        let typed = || Some("perhaps".to_owned());
        for (wrong, field) in [
            (ReplyView { when: "2026-13".to_owned(), ..said() }, "when"),
            (ReplyView { when: "2026-3".to_owned(), ..said() }, "when"),
            (ReplyView { when: "1969-12".to_owned(), ..said() }, "when"),
            (ReplyView { when: "65535-12".to_owned(), ..said() }, "when"),
            (ReplyView { when: "soon".to_owned(), ..said() }, "when"),
            (ReplyView { cause: typed(), ..said() }, "cause"),
            (ReplyView { remedy: typed(), ..said() }, "remedy"),
            (ReplyView { outcome: typed(), ..said() }, "outcome"),
            (ReplyView { span: typed(), ..said() }, "span"),
            (ReplyView { contractor: typed(), ..said() }, "contractor"),
            (ReplyView { words: "a\u{202e}b".to_owned(), ..said() }, "words"),
            (ReplyView { words: "é".repeat(501), ..said() }, "words"),
            (ReplyView { contact: "x".repeat(121), ..said() }, "contact"),
        ] {
            let found = detail(&wrong).map_err(|problem| problem.field);
            assert_eq!(found.err(), Some(Some(field.to_owned())), "{wrong:?}");
        }
    }

    #[test]
    fn a_question_is_of_closed_words() {
        let draft = EnquiryDraft { system: "water_riser".to_owned(), symptom: "leak".to_owned(), card: None };
        assert!(wanted(&draft).is_ok());
        let typed = || "the tap of Mrs Peeters".to_owned();
        for (wrong, field) in [
            (EnquiryDraft { system: typed(), ..draft.clone() }, "system"),
            (EnquiryDraft { symptom: typed(), ..draft.clone() }, "symptom"),
            (EnquiryDraft { card: Some(typed()), ..draft }, "card"),
        ] {
            assert_eq!(wanted(&wrong).map_err(|problem| problem.field).err(), Some(Some(field.to_owned())));
        }
    }
}
