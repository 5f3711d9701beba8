//! What the authorities decide about sharing.

use protocol::energy::{EnergyAction, SlotId};
use protocol::limits::DECIDED_AHEAD_MAX;

use super::entry::{Books, EnergyEntry, EnergyKey};
use crate::energy::EnergyReject;
use crate::error::Reject;
use crate::state::entry::Key;
use crate::state::execute::BlockContext;
use crate::state::{Overlay, token};

/// Whether a decision makes sense now.
pub(in crate::state) fn check_action(
    overlay: &Overlay<'_>,
    context: &BlockContext,
    action: &EnergyAction,
) -> Result<(), Reject> {
    action.check().map_err(EnergyReject::from)?;
    match action {
        EnergyAction::Share(scheduled) => check_from(overlay, context, scheduled.from, EnergyKey::Rule),
        EnergyAction::Charge(tariff) => check_from(overlay, context, tariff.valid_from, EnergyKey::Tariff),
        EnergyAction::Cut(_) => {
            let decided = [EnergyKey::Rule as fn(SlotId) -> EnergyKey, EnergyKey::Tariff]
                .map(|key| overlay.last_energy(key(SlotId(0)), key(SlotId(u64::MAX))).is_some());
            if decided.contains(&true) { Err(EnergyReject::Cut.into()) } else { Ok(()) }
        }
        EnergyAction::Place(_) => Ok(()),
        EnergyAction::Mint(minting) => Ok(token::check_action(overlay, context, minting)?),
        EnergyAction::Settle(rota) => {
            let authorities = &overlay.meta().next_authorities;
            let missing = rota
                .desks()
                .iter()
                .find(|desk| authorities.key_of(&overlay.current(&desk.authority)).is_none());
            match missing {
                Some(desk) => {
                    let (signer, detail) = (desk.authority, "it is not an authority");
                    Err(EnergyReject::NotSettler { signer, detail }.into())
                }
                None => Ok(()),
            }
        }
    }
}

/// Writes a decision that was checked.
pub(in crate::state) fn carry_out(overlay: &mut Overlay<'_>, action: &EnergyAction) {
    match action {
        EnergyAction::Share(scheduled) => {
            overlay.put_energy(EnergyKey::Rule(scheduled.from), EnergyEntry::Rule(scheduled.rule.clone()));
        }
        EnergyAction::Charge(tariff) => {
            overlay.put_energy(EnergyKey::Tariff(tariff.valid_from), EnergyEntry::Tariff(*tariff));
        }
        EnergyAction::Cut(length) => {
            let books = overlay.books();
            overlay.put_books(Books { length: *length, ..books });
        }
        EnergyAction::Place(locality) => {
            let books = overlay.books();
            overlay.put_books(Books { locality: *locality, ..books });
        }
        EnergyAction::Settle(rota) => {
            let books = overlay.books();
            overlay.put_books(Books { rota: Some(rota.clone()), ..books });
        }
        EnergyAction::Mint(minting) => token::carry_out(overlay, minting),
    }
}

/// Only slots that have not begun take a new rule or tariff, and only so many decisions stand ahead.
fn check_from(
    overlay: &Overlay<'_>,
    context: &BlockContext,
    from: SlotId,
    key: fn(SlotId) -> EnergyKey,
) -> Result<(), Reject> {
    let length = overlay.books().length;
    if from.start(length) <= context.time {
        return Err(EnergyReject::Begun { from }.into());
    }
    let current = SlotId::at(context.time, length).unwrap_or(SlotId(0));
    let ahead = Key::Energy(key(current.next()))..=Key::Energy(key(SlotId(u64::MAX)));
    if overlay.range(ahead).len() >= DECIDED_AHEAD_MAX {
        let max = i64::try_from(DECIDED_AHEAD_MAX).expect("invariant: a small number");
        return Err(EnergyReject::Full { what: "decisions ahead", max }.into());
    }
    Ok(())
}
