//! Minting: what members sold to neighbours, as two settlement authorities signed and the ledger booked it, becomes
//! accounting tokens and carbon credits. A booking never fails for it.

use protocol::energy::{NetLine, Settlement, SignedSettlement, WattHours};
use protocol::token::{Amount, Asset, Minting};
use protocol::{Address, TransactionId};

use super::entry::{Credits, Holder, Movement, Supply, TokenEntry, TokenKey};
use super::vintage_of;
use crate::state::Overlay;
use crate::state::energy::week_of;
use crate::state::execute::{BlockContext, Event};

/// Mints for a settlement that was carried out: for the bookings of a week, and for a credit note by the week in which
/// the period that it makes good began.
pub(in crate::state) fn mint(
    overlay: &mut Overlay<'_>,
    context: &BlockContext,
    signed: &SignedSettlement,
    transaction: TransactionId,
) -> Vec<Event> {
    let (week, lines): (u64, &[NetLine]) = match &signed.settlement {
        Settlement::Week(booking) => (booking.week, &booking.lines),
        Settlement::Credit(note) => {
            let Some(from) = overlay.period_begin(note.concerns) else { return Vec::new() };
            (week_of(from, overlay.slot_length()), &note.lines)
        }
        Settlement::Slot(_) | Settlement::Period(_) | Settlement::Correction(_) | Settlement::Ruling(_) => {
            return Vec::new();
        }
    };
    let Some(minting) = overlay.minting_of(week) else { return Vec::new() };
    let mut events = Vec::new();
    for line in lines {
        for movement in overlay.mint_for(&minting, week, line) {
            events.push(overlay.record(context, transaction, movement));
        }
    }
    events
}

impl Overlay<'_> {
    /// What was decided for a week; nothing before the first week that counts.
    fn minting_of(&self, week: u64) -> Option<Minting> {
        match self.last_token(TokenKey::Minting(0), TokenKey::Minting(week)) {
            Some(TokenEntry::Minting(minting)) => Some(minting.clone()),
            Some(_) | None => None,
        }
    }

    /// One member's line: units for what it sold beyond the most it ever had sold.
    fn mint_for(&mut self, minting: &Minting, week: u64, line: &NetLine) -> Vec<Movement> {
        if line.sold == WattHours::ZERO {
            return Vec::new();
        }
        let member = self.account_of(&line.member);
        let before = self.holder(&member);
        let sold = WattHours(before.sold.0.saturating_add(line.sold.0));
        let minted = before.minted.max(sold);
        // An i64 more than another, the lower of which is not negative.
        let new = Amount((minted.0 - before.minted.0).unsigned_abs());
        let holder = Holder { sold, minted, ..before };
        self.put_token(TokenKey::Holder(member), TokenEntry::Holder(holder));
        if new == Amount::ZERO {
            return Vec::new();
        }
        [self.mint_nrg(member, new), self.mint_credits(member, minting, week, new)]
            .into_iter()
            .flatten()
            .collect()
    }

    /// One unit per Wh. What would pass the most an account holds is not minted.
    fn mint_nrg(&mut self, member: Address, new: Amount) -> Option<Movement> {
        let supply = self.supply();
        let new = new.min(Amount(u64::MAX - supply.nrg.0));
        let holder = self.holder(&member);
        let more = |before: Amount| before.checked_add(new).expect("invariant: bounded by the supply");
        self.put_token(
            TokenKey::Holder(member),
            TokenEntry::Holder(Holder { nrg: more(holder.nrg), ..holder }),
        );
        self.put_supply(Supply { nrg: more(supply.nrg), ..supply });
        (new != Amount::ZERO).then_some(Movement::Minted(Asset::Nrg, member, new))
    }

    /// Wh times g/kWh are mg, without anything to round.
    fn mint_credits(
        &mut self,
        member: Address,
        minting: &Minting,
        week: u64,
        new: Amount,
    ) -> Option<Movement> {
        let (supply, vintage) = (self.supply(), vintage_of(week));
        let room = Amount(u64::MAX - supply.credits.minted().0);
        let new = Amount(new.0.saturating_mul(minting.grams_per_kwh.into())).min(room);
        if new == Amount::ZERO {
            return None;
        }
        let more = |before: Credits| Credits {
            held: before.held.checked_add(new).expect("invariant: bounded by the supply"),
            ..before
        };
        for key in [TokenKey::Credits(member, vintage), TokenKey::Vintage(vintage)] {
            let credits = more(self.credits(key));
            self.put_token(key, TokenEntry::Credits(credits));
        }
        self.put_supply(Supply { credits: more(supply.credits), ..supply });
        Some(Movement::Minted(Asset::Carbon(vintage), member, new))
    }
}
