//! The minutes as one text: deterministic, so that chair and syndic sign the same bytes on any device and anybody of the
//! building can make them again. Names are those of the registry that the assembly was opened with.

use ledger::assembly::{Named, Tally, VoteMinutes};
use protocol::assembly::{LotId, PersonId, Registry, RuleId};
use protocol::{Digest, encode};
use web::view::{MinutesItem, MinutesText, MinutesView, NamedText, PresentText, ProxyText, ReducedText};
use web::{Kind, Problem};

use super::halls;
use crate::core::Core;
use crate::core::assembly::{Counted, Gathering, StoredItem};
use protocol::hex::hex;

/// The minutes of an assembly whose results stand on the ledger.
pub(super) fn view(core: &Core, number: u32) -> Result<MinutesView, Problem> {
    let missing = || Problem::new(Kind::NotFound, "there is no such assembly").field("id");
    let gathering = core.home().gatherings().get(&number).ok_or_else(missing)?;
    let minutes = text(core, gathering)?;
    let text = serde_json::to_string(&minutes).map_err(internal)?;
    let hash = gathering.minutes_hash(&text);
    let notice = core.minutes_notice(gathering, hash).map_err(|error| super::home::problem(&error))?;
    let signed = gathering.minutes.filter(|signed| signed.notice == notice);
    let held = core.ledger().state().assembly(&notice.assembly).and_then(|assembly| assembly.minutes);
    let held = held.filter(|held| held.minutes == hash);
    Ok(MinutesView {
        text,
        minutes,
        hash: hash.to_string(),
        salt: gathering.minutes_salt().to_string(),
        notice: hex(&encode(&notice)),
        version: notice.version,
        chair_signed: held.is_some() || signed.is_some_and(|signed| signed.by_chair.is_some()),
        syndic_signed: held.is_some() || signed.is_some_and(|signed| signed.by_syndic.is_some()),
        height: held.map(|held| held.at.height.0),
    })
}

/// The hash of the minutes as this node makes them.
pub(super) fn hash(core: &Core, number: u32) -> Result<Digest, Problem> {
    let missing = || Problem::new(Kind::NotFound, "there is no such assembly").field("id");
    let gathering = core.home().gatherings().get(&number).ok_or_else(missing)?;
    let text = serde_json::to_string(&text(core, gathering)?).map_err(internal)?;
    Ok(gathering.minutes_hash(&text))
}

fn internal(error: serde_json::Error) -> Problem {
    Problem::new(Kind::Internal, error.to_string())
}

struct Names<'a>(&'a Registry);

impl Names<'_> {
    fn person(&self, person: PersonId) -> String {
        self.0.person(person).map_or_else(|| format!("#{person}"), |found| found.name.to_string())
    }

    fn lot(&self, lot: LotId) -> String {
        let found = self.0.lots.iter().find(|one| one.id == lot);
        found.map_or_else(|| format!("#{lot}"), |found| found.name.to_string())
    }

    fn named(&self, named: &[Named]) -> Vec<NamedText> {
        let one = |named: &Named| NamedText {
            lot: self.lot(named.lot),
            owners: named.owners.iter().map(|person| self.person(*person)).collect(),
            by: named.by.map(|person| self.person(person)),
            votes: named.votes.0,
        };
        named.iter().map(one).collect()
    }
}

fn text(core: &Core, gathering: &Gathering) -> Result<MinutesText, Problem> {
    let not_yet = || Problem::new(Kind::Conflict, "its results are not on the ledger yet");
    let stored = &gathering.stored;
    let (opening, registry) = stored.opening.as_ref().zip(gathering.registry.as_ref()).ok_or_else(not_yet)?;
    let state = core.ledger().state();
    let (assembly, intake) =
        state.assembly(&opening.id()).zip(state.intake(&opening.id())).ok_or_else(not_yet)?;
    let ended = assembly.ended.ok_or_else(not_yet)?;
    let counted = core.counted(gathering).map_err(|error| super::home::problem(&error))?;
    let (names, plan) = (Names(registry), &stored.plan);
    let person = |person: Option<PersonId>| person.map(|one| names.person(one)).unwrap_or_default();
    let proxy = |held: &ledger::assembly::Held| ProxyText {
        principal: names.person(held.principal),
        holder: names.person(held.mandate.holder),
        lots: held.mandate.lots.iter().map(|lot| names.lot(*lot)).collect(),
        paper: held.on_paper,
    };
    let present = stored.presences.iter().map(|one| PresentText {
        name: names.person(one.person),
        remote: one.is_remote,
        from: one.from,
        until: one.until,
    });
    let counters = opening.counters;
    let signatures = stored.signatures.iter().map(|part| {
        [part.chair, part.syndic].into_iter().flatten().map(|signature| signature.to_string()).collect()
    });
    Ok(MinutesText {
        form: "symbiose minutes v1".to_owned(),
        hive: core.ledger().chain().to_string(),
        assembly: opening.id().to_string(),
        number: stored.number,
        law: opening.law.name().to_owned(),
        day: plan.day.to_string(),
        place: plan.place.to_string(),
        notice: plan.notice.map(|day| day.to_string()),
        chair: person(plan.chair),
        secretary: person(plan.secretary),
        assessors: plan.assessors.iter().map(|one| names.person(*one)).collect(),
        opens: opening.opens.0,
        closes: opening.closes.0,
        present: present.collect(),
        owners_present: counted.quorum.owners_present,
        owners: opening.owners,
        votes_present: counted.quorum.votes_present.0,
        votes: opening.votes.0,
        quorum: counted.quorum.arithmetic.as_ref().map(ToString::to_string),
        proxies: counted.minutes.proxies.iter().map(proxy).collect(),
        items: gathering.items.values().map(|stored| item(&names, opening.law, &counted, stored)).collect(),
        ballots_root: intake.frontier.root().to_string(),
        ballots: intake.frontier.size(),
        papers: intake.papers,
        unknown: halls::unknown(gathering, intake),
        height: ended.height.0,
        counters: [counters.chair, counters.syndic, counters.assessor].map(|key| key.to_string()).to_vec(),
        signatures: signatures.collect(),
    })
}

fn item(
    names: &Names<'_>,
    law: protocol::assembly::RuleSet,
    counted: &Counted,
    stored: &StoredItem,
) -> MinutesItem {
    let resolution = &stored.resolution;
    let tally: Option<&Tally> = counted.tallies.get(&resolution.item).and_then(Option::as_ref);
    let votes: Option<&VoteMinutes> =
        counted.minutes.votes.iter().find(|vote| vote.record.item == resolution.item);
    let record = tally.map(|tally| &tally.record);
    let totals = record.map(|record| record.counted).unwrap_or_default();
    let rule: Option<RuleId> = record.map(|record| record.rule).or_else(|| law.majority(resolution.matter));
    let named =
        |of: fn(&VoteMinutes) -> &Vec<Named>| votes.map_or_else(Vec::new, |votes| names.named(of(votes)));
    let reduced = |one: &ledger::assembly::Reduction| ReducedText {
        name: names.person(one.person),
        from: one.from.0,
        to: one.to.0,
    };
    MinutesItem {
        item: resolution.item.0,
        title: resolution.title.to_string(),
        text: resolution.text.to_string(),
        resolution: resolution.hash().to_string(),
        outcome: halls::outcome(record).to_owned(),
        rule: rule.map_or_else(String::new, |rule| rule.name().to_owned()),
        article: rule.map_or_else(String::new, |rule| rule.rule().article.to_owned()),
        arithmetic: record.map_or_else(String::new, |record| record.arithmetic.to_string()),
        bridge: record.and_then(|record| record.bridge.as_ref()).map(ToString::to_string),
        in_favour: totals.in_favour.0,
        against: totals.against.0,
        abstained: totals.abstained.0,
        blank: totals.blank.0,
        null: totals.null.0,
        silent: totals.silent.0,
        votes: record.map_or(0, |record| record.votes.0),
        named_against: named(|votes| &votes.against),
        named_abstained: named(|votes| &votes.abstained),
        named_without_answer: named(|votes| &votes.without_answer),
        named_defaulting: named(|votes| &votes.defaulting),
        named_absent: named(|votes| &votes.absent),
        papers: votes.map_or(0, |votes| u32::try_from(votes.on_paper.len()).unwrap_or(u32::MAX)),
        reductions: votes.map_or_else(Vec::new, |votes| votes.reductions.iter().map(reduced).collect()),
        doubts: halls::doubts(tally),
        effect: resolution.effect.name().to_owned(),
        after_appeal: resolution.after_appeal,
    }
}
