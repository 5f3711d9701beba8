//! A member and its keys: it goes on under another key with its sequence, roles and work orders; the key before counts
//! for nothing any more, and can never come back.

use protocol::limits::KEY_CHANGES_MAX;
use protocol::{Address, Digest, KeyChange, PublicKey};

use super::entry::{Entry, Key, Moved, Origin};
use super::execute::{BlockContext, Event};
use super::{Overlay, State};
use crate::error::Reject;

impl State {
    /// The address under which a member was admitted; its work orders carry it, whatever its key is now.
    pub fn origin(&self, address: &Address) -> Address {
        if !self.has_moved {
            return *address;
        }
        match self.get(&Key::Origin(*address)) {
            Some(Entry::Origin(origin)) => origin.address,
            Some(_) | None => *address,
        }
    }

    /// Where a former key's member is now; the address itself if it never changed its key.
    pub fn current(&self, address: &Address) -> Address {
        if !self.has_moved {
            return *address;
        }
        follow(address, |key| self.get(key))
    }

    /// A former key of a member.
    pub fn moved(&self, address: &Address) -> Option<&Moved> {
        match self.get(&Key::Moved(*address)) {
            Some(Entry::Moved(moved)) => Some(moved),
            Some(_) | None => None,
        }
    }
}

impl Overlay<'_> {
    /// See [`State::origin`].
    pub(super) fn origin(&self, address: &Address) -> Address {
        self.origin_entry(address).address
    }

    /// See [`State::current`].
    pub(super) fn current(&self, address: &Address) -> Address {
        follow(address, |key| self.get(key))
    }

    /// The key of a member, or the former key that this address belonged to.
    pub(super) fn key_of(&self, address: &Address) -> Option<PublicKey> {
        match self.get(&Key::Moved(*address)) {
            Some(Entry::Moved(moved)) => Some(moved.key),
            Some(_) | None => self.member(address).map(|member| member.key),
        }
    }

    /// Whether this address is or was a member's.
    pub(super) fn is_known(&self, address: &Address) -> bool {
        self.member(address).is_some() || self.has(&Key::Moved(*address))
    }

    fn origin_entry(&self, address: &Address) -> Origin {
        match self.get(&Key::Origin(*address)) {
            Some(Entry::Origin(origin)) => *origin,
            Some(_) | None => Origin { address: *address, changes: 0 },
        }
    }
}

/// The author, who is no authority, goes on under another key: it signed with the old one, the proof is the new one's.
pub(super) fn change_own(
    overlay: &mut Overlay<'_>,
    context: &BlockContext,
    author: Address,
    change: &KeyChange,
) -> Result<Vec<Event>, Reject> {
    if change.member != author {
        return Err(Reject::Key { detail: "a member changes its own key" });
    }
    let meta = overlay.meta();
    if [&meta.authorities, &meta.next_authorities].iter().any(|set| set.key_of(&author).is_some()) {
        return Err(Reject::Key { detail: "the authorities decide on the change of an authority's key" });
    }
    check(overlay, context, change)?;
    Ok(vec![carry_out(overlay, context, change)])
}

/// Whether a change can be carried out.
pub(super) fn check(overlay: &Overlay<'_>, context: &BlockContext, change: &KeyChange) -> Result<(), Reject> {
    let wrong = |detail| Err(Reject::Key { detail });
    if overlay.member(&change.member).is_none_or(|member| member.revoked) {
        return wrong("it is not a member");
    }
    let to = Address::of(&change.key);
    if overlay.is_known(&to) {
        let key = Digest::of("symbiose member v1", &[to.as_bytes()]);
        return Err(Reject::Known { what: "member", key });
    }
    if overlay.origin_entry(&change.member).changes >= KEY_CHANGES_MAX {
        return Err(Reject::Full { what: "changes of one member's key", max: KEY_CHANGES_MAX as usize });
    }
    if change.verify(&context.chain).is_err() {
        return wrong("the new key's owner did not agree");
    }
    Ok(())
}

/// Carries a change out that was checked.
pub(super) fn carry_out(overlay: &mut Overlay<'_>, context: &BlockContext, change: &KeyChange) -> Event {
    let (from, to) = (change.member, Address::of(&change.key));
    let mut member = overlay.member(&from).expect("invariant: the change was checked").clone();
    let before = overlay.origin_entry(&from);
    let moved = Moved { key: member.key, to, height: context.height };
    member.key = change.key;
    overlay.remove(Key::Member(from));
    overlay.remove(Key::Origin(from));
    overlay.put(Key::Moved(from), Entry::Moved(moved));
    overlay.put_member(to, member);
    let origin = Origin { address: before.address, changes: before.changes + 1 };
    overlay.put(Key::Origin(to), Entry::Origin(origin));
    Event::KeyChanged { from, to }
}

fn follow<'a>(address: &Address, get: impl Fn(&Key) -> Option<&'a Entry>) -> Address {
    let mut current = *address;
    // A key never comes back, so the way has an end.
    while let Some(Entry::Moved(moved)) = get(&Key::Moved(current)) {
        current = moved.to;
    }
    current
}
