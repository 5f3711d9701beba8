//! What the authorities decide about minting.

use protocol::limits::MINTINGS_AHEAD_MAX;
use protocol::token::Minting;

use super::entry::{TokenEntry, TokenKey};
use super::reject::TokenReject;
use crate::state::Overlay;
use crate::state::energy::{day_of, week_of_day};
use crate::state::entry::{Entry, Key};
use crate::state::execute::BlockContext;

/// Whether a decision makes sense now: what was booked before it is not minted after the fact.
pub(in crate::state) fn check_action(
    overlay: &Overlay<'_>,
    context: &BlockContext,
    minting: &Minting,
) -> Result<(), TokenReject> {
    minting.check()?;
    let current = week_of_day(day_of(context.time));
    let from_week = minting.from_week;
    if from_week < current {
        return Err(TokenReject::Over { from_week, current });
    }
    let ahead = Key::Token(TokenKey::Minting(current + 1))..=Key::Token(TokenKey::Minting(u64::MAX));
    if overlay.range(ahead).len() >= MINTINGS_AHEAD_MAX {
        return Err(TokenReject::Full { what: "decisions on minting ahead", max: MINTINGS_AHEAD_MAX as u64 });
    }
    Ok(())
}

/// Writes a decision that was checked.
pub(in crate::state) fn carry_out(overlay: &mut Overlay<'_>, minting: &Minting) {
    overlay.put_token(TokenKey::Minting(minting.from_week), TokenEntry::Minting(minting.clone()));
}

impl Overlay<'_> {
    /// The last entry of a range, changes included. Nothing in the ranges asked for is ever removed.
    pub(super) fn last_token(&self, from: TokenKey, to: TokenKey) -> Option<&TokenEntry> {
        let range = Key::Token(from)..=Key::Token(to);
        let stored = self.base.entries.range(range.clone()).next_back();
        let changed =
            self.delta.range(range).next_back().and_then(|(key, entry)| Some((key, entry.as_ref()?)));
        match stored.into_iter().chain(changed).max_by_key(|(key, _)| **key) {
            Some((_, Entry::Token(entry))) => Some(entry),
            Some(_) | None => None,
        }
    }
}
