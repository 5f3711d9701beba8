//! Assemblies between page and core: drafts become resolutions with salts of their own, and what the core keeps and
//! counts becomes what the page shows. Running totals are never shown: only who is there.

mod draft;
mod paper;
mod polls;
mod voice;

use ledger::assembly::{Doubt, Named, Tally, Verdict, VoteMinutes, deadlines};
use ledger::state::assembly::{Breach, BreachKind, BrokenPromise, Carried};
use protocol::Digest;
use protocol::assembly::{
    Base, Day, ItemNumber, Meeting, PersonId, Resolution, Round, RuleId, RuleSet, TallyRecord,
};
use protocol::hex::hex;
use web::request::HandedIn;
use web::view::{
    AssemblyStage, AssemblyView, BreachName, BreachView, BrokenPromiseView, CameInView, CarriedState,
    CarriedView, DeadlineView, DocumentView, ItemResultView, ItemView, QuorumView, RecordView, TakenView,
};
use web::{Actor, Kind, Problem, SignedInAs, Time};

pub(super) use draft::prepared;
pub(super) use paper::{attending, sheets};
pub(super) use polls::{asked, joint_questions, polls};
pub(super) use voice::voice;

use super::{home, zone};
use crate::core::Core;
use crate::core::assembly::{Act, Body, Counted, Gathering, Plan, StoredItem, Taken};

/// A document, for who prepares, and for everybody once a resolution with it was announced.
pub(super) fn document(core: &Core, by: &Actor, hash: &Digest) -> Result<Vec<u8>, Problem> {
    let missing = || Problem::new(Kind::NotFound, "there is no such document").field("id");
    let is_to_compare = |person: u32| core.home().is_to_compare(PersonId(person), hash);
    let may_read = core.home().is_announced(hash)
        || core.is_question(hash)
        || sees_drafts(core, by)
        || by.person.is_some_and(is_to_compare);
    let found = core.home().shelf().get(hash).filter(|_| may_read);
    found.map(<[u8]>::to_vec).ok_or_else(missing)
}

/// Something signed, in the core's words.
pub(super) fn handed_in(handed: HandedIn) -> Act {
    Act::HandIn(Box::new(match handed {
        HandedIn::Ballot(signed) => Body::Ballot(*signed),
        HandedIn::Proxy(signed) => Body::Proxy(*signed),
        HandedIn::Paper(signed) => Body::Entered(*signed),
    }))
}

/// All assemblies, newest first; drafts only for who prepares them.
pub(super) fn list(core: &Core, by: &Actor) -> Vec<AssemblyView> {
    let sees_drafts = sees_drafts(core, by);
    let all = core.home().gatherings().values().rev();
    let seen = all.filter(|gathering| sees_drafts || gathering.stored.opening.is_some());
    seen.filter_map(|gathering| view(core, gathering).ok()).collect()
}

fn sees_drafts(core: &Core, by: &Actor) -> bool {
    let today = zone::today(core.now());
    let is_syndic = core.home().has_duty(by.person.map(PersonId), protocol::assembly::Duty::Syndic, today);
    by.role == SignedInAs::Operator || is_syndic
}

/// One of them.
pub(super) fn one(core: &Core, by: &Actor, number: u32) -> Result<AssemblyView, Problem> {
    let missing = || Problem::new(Kind::NotFound, "there is no such assembly").field("id");
    let gathering = core.home().gatherings().get(&number).ok_or_else(missing)?;
    if gathering.stored.opening.is_none() && !sees_drafts(core, by) {
        return Err(missing());
    }
    view(core, gathering)
}

fn view(core: &Core, gathering: &Gathering) -> Result<AssemblyView, Problem> {
    let (stored, state) = (&gathering.stored, core.ledger().state());
    let (plan, opening) = (&stored.plan, stored.opening.as_ref());
    let head = core.ledger().head().height;
    let on_ledger = gathering.id().and_then(|id| state.assembly(&id));
    let stage = match (opening, on_ledger) {
        (None, _) => AssemblyStage::Draft,
        (Some(_), Some(assembly)) if assembly.ended.is_some() => AssemblyStage::Concluded,
        (Some(opening), _) if head >= opening.closes => AssemblyStage::Closed,
        (Some(opening), Some(_)) if head.next() >= opening.opens => AssemblyStage::Open,
        (Some(_), _) => AssemblyStage::Announced,
    };
    let law = opening.map(|opening| opening.law);
    let law = law.or_else(|| core.home().registry()?.law_on(plan.day)).unwrap_or(RuleSet::Belgium2020);
    let is_over = matches!(stage, AssemblyStage::Closed | AssemblyStage::Concluded);
    let counted = if on_ledger.is_some() { core.counted(gathering).ok() } else { None };
    let to_sign = counted.as_ref().zip(gathering.id()).filter(|_| stage == AssemblyStage::Closed);
    let parts = to_sign.map(|(counted, id)| counted.conclusions(id));
    let shown = counted.as_deref().filter(|_| is_over);
    let items = gathering.items.values().map(|item| item_view(core, gathering, law, item, shown)).collect();
    let quorum = counted.as_deref().map(quorum);
    let held = |of: fn(&crate::core::assembly::ResultSignatures) -> bool| {
        !stored.signatures.is_empty() && stored.signatures.iter().all(of)
    };
    Ok(AssemblyView {
        number: stored.number,
        revision: stored.revision,
        stage,
        id: gathering.id().map(|id| id.to_string()),
        chain: core.ledger().chain().to_string(),
        day: plan.day.to_string(),
        place: plan.place.to_string(),
        law: law.name().to_owned(),
        notice: plan.notice.map(|day| day.to_string()),
        urgent: plan.is_urgent,
        again_of: before(core, plan).map(|first| first.stored.number),
        follow: draft::follow_view(core, gathering),
        chair: plan.chair.map(|person| person.0),
        secretary: plan.secretary.map(|person| person.0),
        assessors: plan.assessors.iter().map(|person| person.0).collect(),
        height: head.0,
        opens: opening.map(|opening| opening.opens.0),
        closes: opening.map(|opening| opening.closes.0),
        items,
        checklist: checklist(law, plan, before(core, plan)),
        presences: paper::presences(gathering),
        quorum,
        came_in: came_in(core, gathering),
        record: record(core, gathering),
        counters: opening.map_or_else(Vec::new, |opening| {
            let counters = opening.counters;
            [counters.chair, counters.syndic, counters.assessor].map(|key| key.to_string()).to_vec()
        }),
        chair_signed: held(|one| one.chair.is_some()),
        syndic_signed: held(|one| one.syndic.is_some()),
        conclusions: parts.unwrap_or_default().iter().map(|part| hex(&protocol::encode(part))).collect(),
    })
}

fn item_view(
    core: &Core,
    gathering: &Gathering,
    law: RuleSet,
    stored: &StoredItem,
    counted: Option<&Counted>,
) -> ItemView {
    let resolution = &stored.resolution;
    let rule = law.majority(resolution.matter);
    let documents = resolution.documents.iter().zip(&stored.documents);
    let charge = match resolution.base {
        Base::Whole => None,
        Base::Charge(charge) => Some(charge.0),
    };
    let second_of = match resolution.round {
        Round::Second(first) => Some(first.0),
        Round::First | Round::Again => None,
    };
    let bridge = rule.and_then(|rule| law.bridge(rule)).map(|bridge| bridge.to.name().to_owned());
    let rule = voted_by(law, gathering, resolution).or(rule);
    let decided = gathering.id().and_then(|id| core.ledger().state().decision(&id, resolution.item));
    ItemView {
        item: resolution.item.0,
        title: resolution.title.to_string(),
        text: resolution.text.to_string(),
        matter: resolution.matter.name().to_owned(),
        rule: rule.map_or_else(String::new, |rule| rule.name().to_owned()),
        article: rule.map_or_else(String::new, |rule| rule.rule().article.to_owned()),
        unsure: rule.is_some_and(|rule| rule.rule().certainty.is_unsure()),
        charge,
        charge_name: charge_name(core, gathering, resolution.base),
        second_of,
        joint: joint_of(core, gathering, resolution),
        missions: resolution.missions.iter().map(|person| person.0).collect(),
        bridge,
        hash: resolution.hash().to_string(),
        documents: documents
            .map(|(hash, name)| DocumentView { name: name.to_string(), hash: hash.to_string() })
            .collect(),
        effect: resolution.effect.name().to_owned(),
        carried: draft::drafted(core, &resolution.effect),
        after_appeal: resolution.after_appeal,
        result: counted.and_then(|counted| result(core, counted, resolution.item, decided.is_some())),
        progress: decided.and_then(|decision| progress(decision.carried)),
    }
}

/// How far what follows from a decision is; none where nothing does.
fn progress(carried: Carried) -> Option<CarriedView> {
    let (state, height, until) = match carried {
        Carried::Nothing => return None,
        Carried::Jointly => (CarriedState::Jointly, None, None),
        Carried::AwaitsMinutes => (CarriedState::AwaitsMinutes, None, None),
        Carried::Due(until) => (CarriedState::Due, None, Some(Time::from(until))),
        Carried::Done(height) => (CarriedState::Done, Some(height.0), None),
        Carried::Impossible(height) => (CarriedState::Impossible, Some(height.0), None),
    };
    Some(CarriedView { state, height, until })
}

/// The question to several buildings that a resolution answers: as announced, or as it would be.
fn joint_of(core: &Core, gathering: &Gathering, resolution: &Resolution) -> Option<String> {
    let announced = gathering.stored.opening.as_ref();
    let joint = match announced {
        Some(opening) => opening.item(resolution.item).and_then(|item| item.joint),
        None => core.joint_of(resolution),
    };
    joint.map(|question| question.to_string())
}

/// What a charge is called, in the registry the assembly was opened with.
fn charge_name(core: &Core, gathering: &Gathering, base: Base) -> Option<String> {
    let Base::Charge(charge) = base else { return None };
    let registry = gathering.registry.as_ref().or_else(|| core.home().registry())?;
    registry.charge(charge).map(|charge| charge.name.to_string())
}

/// The rule of a vote that follows another: the bridge's after a missed majority, the one of those present after an
/// assembly that missed unanimity through absence. None for a first vote.
fn voted_by(law: RuleSet, gathering: &Gathering, resolution: &Resolution) -> Option<RuleId> {
    match resolution.round {
        Round::First => None,
        Round::Again => Some(RuleId::BeUnanimityAgain),
        Round::Second(first) => {
            let missed = law.majority(gathering.items.get(&first)?.resolution.matter)?;
            law.bridge(missed).map(|bridge| bridge.to)
        }
    }
}

/// The assembly that is held again.
fn before<'a>(core: &'a Core, plan: &Plan) -> Option<&'a Gathering> {
    match plan.meeting {
        Meeting::First => None,
        Meeting::WithoutQuorum(first) | Meeting::ForUnanimity(first) => core.home().gathering(&first),
    }
}

fn result(core: &Core, counted: &Counted, item: ItemNumber, on_ledger: bool) -> Option<ItemResultView> {
    let names = |named: &[Named]| -> Vec<String> {
        named.iter().flat_map(|one| one.owners.iter().map(|person| home::name(core, *person))).collect()
    };
    let minutes = counted.minutes.votes.iter().find(|vote| vote.record.item == item);
    let named = |of: fn(&VoteMinutes) -> &Vec<Named>| minutes.map_or_else(Vec::new, |vote| names(of(vote)));
    let tally: Option<&Tally> = counted.tallies.get(&item)?.as_ref();
    let record = tally.map(|tally| &tally.record);
    let totals = record.map(|record| record.counted).unwrap_or_default();
    Some(ItemResultView {
        outcome: outcome(record).to_owned(),
        arithmetic: record.map_or_else(String::new, |record| record.arithmetic.to_string()),
        in_favour: totals.in_favour.0,
        against: totals.against.0,
        abstained: totals.abstained.0,
        blank: totals.blank.0,
        null: totals.null.0,
        silent: totals.silent.0,
        votes: record.map_or(0, |record| record.votes.0),
        against_names: named(|vote| &vote.against),
        abstained_names: named(|vote| &vote.abstained),
        doubts: doubts(tally),
        on_ledger,
    })
}

/// How a vote ended, or that there was none.
pub(super) fn outcome(record: Option<&TallyRecord>) -> &'static str {
    record.map_or("not-put", |record| record.outcome.name())
}

/// What whoever chairs decides.
pub(super) fn doubts(tally: Option<&Tally>) -> Vec<String> {
    tally.map_or_else(Vec::new, |tally| tally.doubts.iter().map(doubt).collect())
}

fn doubt(doubt: &Doubt) -> String {
    match doubt {
        Doubt::Rule(rule) => rule.name().to_owned(),
        Doubt::JointOwners => "joint-owners".to_owned(),
        Doubt::DividedOwner => "divided-owner".to_owned(),
        Doubt::Alone => "alone".to_owned(),
        Doubt::ReducedDivided => "reduced-divided".to_owned(),
        Doubt::ReducedTotal => "reduced-total".to_owned(),
    }
}

fn quorum(counted: &Counted) -> QuorumView {
    QuorumView {
        owners_present: counted.quorum.owners_present,
        owners: u32::try_from(counted.roll.owners().len()).unwrap_or(u32::MAX),
        votes_present: counted.quorum.votes_present.0,
        votes: counted.roll.votes().0,
        arithmetic: counted.quorum.arithmetic.as_ref().map(ToString::to_string),
        reached: counted.quorum.is_reached(),
    }
}

/// What the law's calendar asks before and after the day.
fn checklist(law: RuleSet, plan: &Plan, before: Option<&Gathering>) -> Vec<DeadlineView> {
    let day = plan.day;
    let sent = |deadline: &deadlines::Deadline| {
        plan.is_urgent.then_some(true).or_else(|| plan.notice.map(|notice| deadline.is_kept(notice)))
    };
    let notice = deadlines::notice(law, day);
    let mut all = vec![line(&notice, sent(&notice))];
    all.extend(deadlines::agenda_item(law, day).map(|deadline| line(&deadline, None)));
    let again = before.and_then(|first| match plan.meeting {
        Meeting::First => None,
        Meeting::WithoutQuorum(_) => deadlines::second_meeting(law, first.stored.plan.day),
        Meeting::ForUnanimity(_) => deadlines::unanimity_again(law, first.stored.plan.day),
    });
    all.extend(again.map(|deadline| line(&deadline, Some(deadline.is_kept(day)))));
    all.extend(deadlines::postal_form(law, day).map(|deadline| line(&deadline, None)));
    all.push(line(&deadlines::minutes(law, day), None));
    all.push(line(&deadlines::challenge(law, day, day), None));
    all
}

fn line(deadline: &deadlines::Deadline, kept: Option<bool>) -> DeadlineView {
    let rule: RuleId = deadline.rule;
    let day: Day = deadline.day;
    DeadlineView {
        rule: rule.name().to_owned(),
        article: rule.rule().article.to_owned(),
        unsure: rule.rule().certainty.is_unsure(),
        day: day.to_string(),
        is_last: deadline.side == deadlines::Side::NotAfter,
        kept,
    }
}

fn came_in(core: &Core, gathering: &Gathering) -> CameInView {
    let intake = gathering.id().and_then(|id| core.ledger().state().intake(&id));
    let standing = gathering.taken.values().filter(|one| one.stands.is_some()).count();
    CameInView {
        taken: gathering.taken.len() as u64,
        standing: standing as u64,
        early: intake.map_or(0, |intake| intake.early),
        late: intake.map_or(0, |intake| intake.late),
        replayed: intake.map_or(0, |intake| intake.replayed),
        breaches: intake.map_or(0, |intake| intake.breaches),
        broken_promises: intake.map_or(0, |intake| intake.broken_promises),
    }
}

/// Ballots that stand on the ledger and that this building was not given.
pub(super) fn unknown(gathering: &Gathering, intake: &ledger::state::assembly::Intake) -> u64 {
    let standing = gathering.taken.values().filter(|one| one.stands.is_some()).count() as u64;
    intake.frontier.size().saturating_sub(standing)
}

/// What stands on the ledger against the rules, for every owner to see.
fn record(core: &Core, gathering: &Gathering) -> RecordView {
    let state = core.ledger().state();
    let Some((id, intake)) = gathering.id().and_then(|id| Some((id, state.intake(&id)?))) else {
        return RecordView::default();
    };
    let breach = |breach: &Breach| {
        let (kind, item) = match breach.kind {
            BreachKind::AnnouncedAgain => (BreachName::AnnouncedAgain, None),
            BreachKind::ConcludedEarly => (BreachName::ConcludedEarly, None),
            BreachKind::WrongResult(item) => (BreachName::WrongResult, Some(item.0)),
            BreachKind::TwoResults(item) => (BreachName::TwoResults, Some(item.0)),
        };
        let transaction = breach.at.transaction.to_string();
        BreachView { kind, item, height: breach.at.height.0, transaction }
    };
    let broken = |broken: &BrokenPromise| BrokenPromiseView {
        member: state.current(&broken.member).to_string(),
        height: broken.at.height.0,
        transaction: broken.at.transaction.to_string(),
    };
    RecordView {
        unknown: unknown(gathering, intake),
        breaches: state.breaches(&id).map(breach).collect(),
        broken_promises: state.broken_promises(&id).map(broken).collect(),
    }
}

/// Where something that was handed in stands.
pub(super) fn taken(core: &Core, number: u32, commitment: &Digest) -> Result<TakenView, Problem> {
    let missing = || Problem::new(Kind::NotFound, "nothing of that name was taken here").field("commitment");
    let gathering = core.home().gatherings().get(&number).ok_or_else(missing)?;
    let taken: &Taken = gathering.taken.get(commitment).ok_or_else(missing)?;
    let opening = gathering.stored.opening.as_ref().ok_or_else(missing)?;
    let entered = core.ledger().state().entered(&opening.id(), commitment);
    let is_over = core.ledger().head().height >= opening.closes;
    let counted = if is_over { core.counted(gathering).ok() } else { None };
    let verdict = counted.and_then(|counted| counted.verdicts.get(commitment).copied());
    let named = |verdict| match verdict {
        Verdict::Counts(_) => "counts",
        Verdict::Replaced => "replaced",
        Verdict::Void => "void",
        Verdict::Refused(_) => "refused",
    };
    Ok(TakenView {
        commitment: commitment.to_string(),
        at: Time::from(taken.at),
        by: taken.promise.promise.by.0,
        promise: hex(&protocol::encode(&taken.promise)),
        height: entered.map(|entered| entered.height.0),
        transaction: entered.map(|entered| entered.transaction.to_string()),
        verdict: verdict.map(|verdict| named(verdict).to_owned()),
    })
}
