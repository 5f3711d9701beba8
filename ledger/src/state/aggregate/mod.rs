//! Private sums on the ledger: what the hive asks, who is compared with whom in a month, and what two desks found. No
//! building's figure is ever here.

mod entry;
mod groups;
mod reject;
mod view;

pub use entry::{AggregateBooks, AggregateEntry, AggregateKey, Figure, Group, Month, is_enough};
pub use reject::AggregateReject;

use protocol::aggregate::{
    AggregateAction, AggregateRecord, Cadence, Found, Measure, Outcome, Period, Profile, SignedOutcome,
};
use protocol::limits::{AGGREGATE_FIGURES_KEPT, AGGREGATE_GROUPS_MAX, AGGREGATE_MONTHS_KEPT};
use protocol::{Address, AuthoritySet, Bounded, UnixMs};

use super::Overlay;
use super::entry::{Entry, Key};
use super::execute::{BlockContext, Event};
use crate::error::Reject;

/// Something happened to private sums.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AggregateEvent {
    /// A building takes part as something else, or no longer.
    Profiled(Address),
    /// The groups of a month are fixed.
    Fixed(u64),
    /// A figure was found, or will never be.
    Found {
        /// The period.
        period: Period,
        /// The measure.
        measure: Measure,
        /// The group.
        group: u16,
    },
}

/// Takes in a transaction about private sums.
pub(super) fn record(
    overlay: &mut Overlay<'_>,
    context: &BlockContext,
    deciding: &AuthoritySet,
    author: Address,
    record: &AggregateRecord,
) -> Result<Vec<Event>, Reject> {
    let event = match record {
        AggregateRecord::Profile(profile) => say(overlay, author, profile.as_ref())?,
        AggregateRecord::Outcome(signed) => find(overlay, context, deciding, signed)?,
    };
    Ok(vec![Event::Aggregate(event)])
}

fn say(
    overlay: &mut Overlay<'_>,
    author: Address,
    profile: Option<&Profile>,
) -> Result<AggregateEvent, AggregateReject> {
    if let Some(profile) = profile {
        profile.check()?;
    }
    let key = Key::Aggregate(AggregateKey::Profile(overlay.origin(&overlay.current(&author))));
    let said = profile.map(|profile| Entry::Aggregate(AggregateEntry::Profile(*profile)));
    if overlay.get(&key) == said.as_ref() {
        return Err(AggregateReject::Unchanged);
    }
    match said {
        Some(said) => overlay.put(key, said),
        None => overlay.remove(key),
    }
    Ok(AggregateEvent::Profiled(author))
}

/// Both desks of the period sign one figure of one group, once, while figures of the period are taken.
fn find(
    overlay: &mut Overlay<'_>,
    context: &BlockContext,
    deciding: &AuthoritySet,
    signed: &SignedOutcome,
) -> Result<AggregateEvent, AggregateReject> {
    let SignedOutcome { outcome, signatures } = signed;
    let Outcome { task: id, period, group: number, found } = outcome;
    let month = period.month();
    let state = overlay.base;
    let not_asked = || AggregateReject::NotAsked { task: *id, group: *number, month };
    let task = state.aggregate_month(month).and_then(|one| one.task(id)).ok_or_else(not_asked)?;
    let group = state.aggregate_group(month, *number).ok_or_else(not_asked)?;
    if task.cadence != period.cadence {
        return Err(not_asked());
    }
    let (from, until, now) = (period.closes(), period.lapses(), context.time);
    if now < from || now >= until {
        return Err(AggregateReject::NotNow { from, until, now });
    }
    let key = Key::Aggregate(AggregateKey::Figure(*period, task.measure, *number));
    if overlay.has(&key) {
        return Err(AggregateReject::Known { group: *number });
    }
    if let Found::Sum(sum) = found {
        let count = |what, min: u16, max: u64, found: u64| {
            let min = u64::from(min);
            if (min..=max).contains(&found) {
                Ok(())
            } else {
                Err(AggregateReject::Count { what, min, max, found })
            }
        };
        count("buildings", task.buildings_min, group.members.len() as u64, sum.buildings.into())?;
        count("dwellings", task.dwellings_min, group.dwellings(), sum.dwellings.into())?;
    }
    let pair = state.aggregate_desks(*period).ok_or_else(not_asked)?;
    for ((signer, signature), desk) in signatures.iter().zip(pair) {
        let refuse = |detail| AggregateReject::NotDesk { signer: *signer, detail };
        if *signer != desk {
            return Err(refuse("it is another desk's turn"));
        }
        let key = deciding.key_of(signer).ok_or_else(|| refuse("it is not an authority"))?;
        let verified = outcome.verify(key, &context.chain, signature);
        verified.map_err(|error| AggregateReject::Signature { signer: *signer, error })?;
    }
    let figure = Figure {
        stratum: group.stratum,
        task: *task,
        found: found.clone(),
        desks: pair,
        height: context.height,
    };
    overlay.put(key, Entry::Aggregate(AggregateEntry::Figure(figure)));
    Ok(AggregateEvent::Found { period: *period, measure: task.measure, group: *number })
}

/// Whether a decision makes sense now.
pub(super) fn check_action(overlay: &Overlay<'_>, action: &AggregateAction) -> Result<(), Reject> {
    action.check().map_err(AggregateReject::from)?;
    let AggregateAction::Desks(rota) = action else { return Ok(()) };
    let authorities = &overlay.meta().next_authorities;
    let is_missing = |desk: &Address| authorities.key_of(&overlay.current(desk)).is_none();
    match rota.desks().iter().find(|desk| is_missing(&desk.authority)) {
        Some(desk) => {
            let detail = "it is not an authority";
            Err(AggregateReject::NotDesk { signer: desk.authority, detail }.into())
        }
        None => Ok(()),
    }
}

/// Writes a decision that was checked. It holds from the next month on.
pub(super) fn carry_out(overlay: &mut Overlay<'_>, context: &BlockContext, action: &AggregateAction) {
    let mut books = overlay.aggregate_books();
    let mut tasks = books.tasks.clone().into_vec();
    let mut drop = |measure, cadence| tasks.retain(|task| (task.measure, task.cadence) != (measure, cadence));
    match action {
        AggregateAction::Ask(task) => {
            drop(task.measure, task.cadence);
            tasks.push(*task);
        }
        AggregateAction::Stop(measure, cadence) => drop(*measure, *cadence),
        AggregateAction::Desks(rota) => books.desks = Some(rota.clone()),
    }
    tasks.sort_by_key(|task| (task.measure, task.cadence));
    books.tasks = Bounded::new(tasks).expect("invariant: one of each measure and cadence");
    books.month = books.month.or(Some(month_of(context.time)));
    overlay.put(Key::Aggregate(AggregateKey::Books), Entry::Aggregate(AggregateEntry::Books(books)));
}

/// In the first block of a month its groups, tasks and desks are fixed, and what is old is forgotten.
pub(super) fn begin(overlay: &mut Overlay<'_>, context: &BlockContext) -> Vec<Event> {
    let books = overlay.aggregate_books();
    let month = month_of(context.time);
    if books.month.is_none_or(|last| month <= last) {
        return Vec::new();
    }
    forget(overlay, month);
    let mut events = Vec::new();
    if let Some(desks) = books.desks.clone().filter(|_| !books.tasks.is_empty()) {
        fix(overlay, month, &books, desks);
        events.push(Event::Aggregate(AggregateEvent::Fixed(month)));
    }
    let books = AggregateBooks { month: Some(month), ..books };
    overlay.put(Key::Aggregate(AggregateKey::Books), Entry::Aggregate(AggregateEntry::Books(books)));
    events
}

fn fix(overlay: &mut Overlay<'_>, month: u64, books: &AggregateBooks, desks: protocol::energy::Rota) {
    let mut formed = groups::form(&profiles(overlay), &books.tasks);
    formed.truncate(AGGREGATE_GROUPS_MAX);
    let count = u16::try_from(formed.len()).expect("invariant: few groups");
    for (number, (stratum, members)) in (0..count).zip(formed) {
        let members = Bounded::new(members).expect("invariant: a hive has no more members");
        let group = Entry::Aggregate(AggregateEntry::Group(Group { stratum, members }));
        overlay.put(Key::Aggregate(AggregateKey::Group(month, number)), group);
    }
    let fixed = Month { tasks: books.tasks.clone(), desks, groups: count };
    overlay.put(Key::Aggregate(AggregateKey::Month(month)), Entry::Aggregate(AggregateEntry::Month(fixed)));
}

/// What members say of themselves, at most as many as a group holds.
fn profiles(overlay: &Overlay<'_>) -> Vec<(Address, Profile)> {
    let (first, last) = (Address::new([0; 20]), Address::new([0xff; 20]));
    let keys = Key::Aggregate(AggregateKey::Profile(first))..=Key::Aggregate(AggregateKey::Profile(last));
    let said = overlay.range(keys).into_iter().filter_map(|(key, entry)| match (key, entry) {
        (
            Key::Aggregate(AggregateKey::Profile(address)),
            Entry::Aggregate(AggregateEntry::Profile(profile)),
        ) => Some((address, profile)),
        _ => None,
    });
    let is_member =
        |address: &Address| overlay.member(&overlay.current(address)).is_some_and(|member| !member.revoked);
    said.filter(|(address, _)| is_member(address)).take(protocol::limits::AGGREGATE_MEMBERS_MAX).collect()
}

fn forget(overlay: &mut Overlay<'_>, month: u64) {
    let mut old = Vec::new();
    if let Some(last) = month.checked_sub(AGGREGATE_MONTHS_KEPT + 1) {
        old.push(AggregateKey::Month(0)..=AggregateKey::Month(last));
        old.push(AggregateKey::Group(0, 0)..=AggregateKey::Group(last, u16::MAX));
    }
    if let Some(last) = month.checked_sub(AGGREGATE_FIGURES_KEPT + 1) {
        let start = Period { cadence: Cadence::Month, number: last }.start();
        for cadence in Cadence::ALL {
            let (first, last) = (Period { cadence, number: 0 }, Period::at(cadence, start));
            old.push(
                AggregateKey::Figure(first, Measure::Consumption, 0)
                    ..=AggregateKey::Figure(last, Measure::Peak, u16::MAX),
            );
        }
    }
    for range in old {
        for (key, _) in overlay.range(Key::Aggregate(*range.start())..=Key::Aggregate(*range.end())) {
            overlay.remove(key);
        }
    }
}

fn month_of(time: UnixMs) -> u64 {
    Period::at(Cadence::Month, time).number
}

impl Overlay<'_> {
    fn aggregate_books(&self) -> AggregateBooks {
        match self.get(&Key::Aggregate(AggregateKey::Books)) {
            Some(Entry::Aggregate(AggregateEntry::Books(books))) => books.clone(),
            Some(_) | None => AggregateBooks::default(),
        }
    }
}
