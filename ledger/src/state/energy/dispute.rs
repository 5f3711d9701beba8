//! Disputes: a slot that somebody names is open to all desks until most of them have found the same. Who found something
//! else from the same statements was wrong, and stands there for it.

use protocol::energy::{Dispute, DisputeReason, Opinion, Rota, Ruling, Settlement, SignedSettlement};
use protocol::limits::{DISPUTES_PER_DAY_MAX, DISPUTES_PER_SLOT_MAX};
use protocol::{Address, AuthoritySet, Bounded};

use super::entry::{Books, Disputed, EnergyEntry, EnergyKey, Verdict};
use super::{EnergyEvent, day_of, slot};
use crate::energy::EnergyReject;
use crate::state::Overlay;
use crate::state::execute::BlockContext;

/// Opens a dispute.
pub(in crate::state) fn dispute(
    overlay: &mut Overlay<'_>,
    context: &BlockContext,
    author: Address,
    dispute: &Dispute,
) -> Result<EnergyEvent, EnergyReject> {
    let books = overlay.books();
    let rota = books.rota.as_ref().ok_or(EnergyReject::NoRota)?;
    let Dispute { slot, version, reason } = *dispute;
    let ends = slot.end(books.length);
    if ends > context.time {
        return Err(EnergyReject::NotOver { ends, now: context.time });
    }
    if slot < books.final_until {
        return Err(EnergyReject::Final { number: overlay.final_period_of(&books, slot) });
    }
    overlay.tariff_at(slot).ok_or(EnergyReject::NoTariff { slot })?;
    let expected = overlay.settled(slot).map_or(0, |settled| settled.result.version);
    if version != expected {
        let (expected, found) = (expected.into(), version.into());
        return Err(EnergyReject::Number { what: "disputed version", expected, found });
    }
    let has_desk = rota.desks().iter().any(|desk| overlay.current(&desk.authority) == author);
    if !has_desk && (version == 0 || reason == DisputeReason::Desks) {
        let detail = "it has no desk, and the slot is not settled or the dispute is one of desks";
        return Err(EnergyReject::NotSettler { signer: author, detail });
    }
    let before = overlay.disputed(slot).map_or(0, |before| before.number);
    if overlay.is_disputed(context, slot) {
        return Err(EnergyReject::Disputed { slot });
    }
    if before >= DISPUTES_PER_SLOT_MAX {
        return Err(EnergyReject::Full { what: "disputes of a slot", max: DISPUTES_PER_SLOT_MAX.into() });
    }
    count_of_day(overlay, context, author)?;
    let (by, opened, number) = (overlay.first_key(&author), context.time, before + 1);
    let entry = Disputed { by, version, reason, opened, number, verdict: None };
    overlay.put_energy(EnergyKey::Dispute(slot), EnergyEntry::Disputed(Box::new(entry)));
    Ok(EnergyEvent::Disputed { slot })
}

fn count_of_day(
    overlay: &mut Overlay<'_>,
    context: &BlockContext,
    author: Address,
) -> Result<(), EnergyReject> {
    let key = EnergyKey::DisputesOf(day_of(context.time), overlay.first_key(&author));
    let count = match overlay.energy(key) {
        Some(EnergyEntry::Count(count)) => *count,
        Some(_) | None => 0,
    };
    if count >= DISPUTES_PER_DAY_MAX {
        let max = DISPUTES_PER_DAY_MAX.into();
        return Err(EnergyReject::Full { what: "disputes of a member and day", max });
    }
    overlay.put_energy(key, EnergyEntry::Count(count + 1));
    Ok(())
}

/// Takes in what most desks found, and notes who found something else.
pub(super) fn rule(
    overlay: &mut Overlay<'_>,
    context: &BlockContext,
    deciding: &AuthoritySet,
    books: &Books,
    ruling: &Ruling,
    settlers: [Address; 2],
) -> Result<EnergyEvent, EnergyReject> {
    let rota = books.rota.as_ref().ok_or(EnergyReject::NoRota)?;
    let slot = ruling.result.slot;
    let disputed = overlay.disputed(slot).filter(|_| overlay.is_disputed(context, slot));
    let disputed = disputed.cloned().ok_or(EnergyReject::NotDisputed { slot })?;
    let held = ruling.opinion();
    for (desk, signature) in &ruling.agreed {
        check_opinion(overlay, context, deciding, rota, *desk, &held, signature)?;
    }
    for other in &ruling.others {
        check_opinion(overlay, context, deciding, rota, other.desk, &other.opinion, &other.signature)?;
    }
    let (agreed, desks) = (ruling.agreed.len(), rota.desks().len());
    if agreed * 2 <= desks {
        let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let (expected, found) = (number(desks / 2 + 1), number(agreed));
        return Err(EnergyReject::Number { what: "desks that agree", expected, found });
    }
    if let Some(signer) =
        settlers.into_iter().find(|signer| !ruling.agreed.iter().any(|(desk, _)| desk == signer))
    {
        return Err(EnergyReject::NotSettler { signer, detail: "it is not among the desks that agree" });
    }
    let stands = overlay.settled(slot).is_some_and(|settled| settled.result == ruling.result);
    if !stands {
        slot::record(overlay, context, books, &ruling.result, settlers)?;
    }
    let of = |is_same: bool| {
        let others = ruling.others.iter().filter(move |other| (other.opinion.basis == held.basis) == is_same);
        let first_keys: Vec<Address> = others.map(|other| overlay.first_key(&other.desk)).collect();
        Bounded::new(first_keys).expect("invariant: they are among a bounded list")
    };
    let verdict = Verdict {
        height: context.height,
        version: ruling.result.version,
        is_changed: !stands,
        agreed: u32::try_from(agreed).expect("invariant: there are few desks"),
        wrong: of(true),
        otherwise: of(false),
    };
    let entry = Disputed { verdict: Some(verdict), ..disputed };
    overlay.put_energy(EnergyKey::Dispute(slot), EnergyEntry::Disputed(Box::new(entry)));
    Ok(EnergyEvent::Ruled { slot, version: ruling.result.version, is_changed: !stands })
}

fn check_opinion(
    overlay: &Overlay<'_>,
    context: &BlockContext,
    deciding: &AuthoritySet,
    rota: &Rota,
    signer: Address,
    opinion: &Opinion,
    signature: &protocol::Signature,
) -> Result<(), EnergyReject> {
    let refuse = |detail| EnergyReject::NotSettler { signer, detail };
    if !rota.desks().iter().any(|desk| overlay.current(&desk.authority) == signer) {
        return Err(refuse("it has no desk"));
    }
    let key = deciding.key_of(&signer).ok_or(refuse("it is not an authority"))?;
    opinion.verify(key, &context.chain, signature).map_err(|error| EnergyReject::Signature { signer, error })
}

/// While a slot is in dispute no two desks settle it.
pub(super) fn check_undisputed(
    overlay: &Overlay<'_>,
    context: &BlockContext,
    signed: &SignedSettlement,
) -> Result<(), EnergyReject> {
    match &signed.settlement {
        Settlement::Slot(result) if overlay.is_disputed(context, result.slot) => {
            Err(EnergyReject::Disputed { slot: result.slot })
        }
        Settlement::Slot(_)
        | Settlement::Week(_)
        | Settlement::Period(_)
        | Settlement::Credit(_)
        | Settlement::Correction(_)
        | Settlement::Ruling(_) => Ok(()),
    }
}

impl Overlay<'_> {
    fn disputed(&self, slot: protocol::energy::SlotId) -> Option<&Disputed> {
        match self.energy(EnergyKey::Dispute(slot)) {
            Some(EnergyEntry::Disputed(disputed)) => Some(disputed),
            Some(_) | None => None,
        }
    }

    fn is_disputed(&self, context: &BlockContext, slot: protocol::energy::SlotId) -> bool {
        self.disputed(slot).is_some_and(|disputed| disputed.is_open(context.time))
    }
}
