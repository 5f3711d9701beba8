//! Keys as the model knows them: members that go on under another one, admissions that several authorities sign,
//! invitations taken back, and the network key's epochs.

use std::collections::BTreeSet;

use protocol::network_key::NameNetworkKey;
use protocol::{Address, Digest, KeyChange, PublicKey, UnixMs};

use super::{Change, Context, Member, Model, Set};

/// Pause between two network keys without an exclusion, milliseconds. Written out here a second time.
const PAUSE_MS: i64 = 600_000;

/// An admission that waits for more signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Waiting {
    pub(super) key: PublicKey,
    pub(super) may_vote: bool,
    pub(super) expires: UnixMs,
    pub(super) signers: BTreeSet<Address>,
}

/// What is known of the network key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Door {
    pub(super) epoch: u64,
    pub(super) hash: Option<Digest>,
    pub(super) since: UnixMs,
    pub(super) is_due: bool,
}

impl Model {
    /// Where the owner of a former key is now.
    pub(super) fn current(&self, address: &Address) -> Address {
        let mut current = *address;
        while let Some((_, to)) = self.former.get(&current) {
            current = *to;
        }
        current
    }

    /// The first address of a member.
    pub(super) fn origin(&self, address: &Address) -> Address {
        self.origins.get(address).copied().unwrap_or(*address)
    }

    /// The key behind an address, whether it still counts or not.
    pub(super) fn any_key(&self, address: &Address) -> Option<PublicKey> {
        let former = self.former.get(address).map(|(key, _)| *key);
        former.or_else(|| self.members.get(address).map(|member| member.key))
    }

    /// A follower changes its own key.
    pub(super) fn change_own_key(&mut self, context: &Context, change: &KeyChange) -> Result<Change, String> {
        let heights = self.sets.len() - 2;
        let decides = self.sets[heights..].iter().any(|set| set.contains_key(&change.member));
        if change.member != context.author || decides {
            return Err(format!("{} changes the key of {} by itself", context.author, change.member));
        }
        self.move_member(change)
    }

    /// The authorities decide that one of them goes on under another key, two heights later.
    pub(super) fn change_authority_key(&mut self, change: &KeyChange) -> Result<Change, String> {
        let set = self.sets.last_mut().expect("invariant: genesis names the first sets");
        if set.remove(&change.member).is_none() {
            return Err(format!("{} is no authority and its key is changed by decision", change.member));
        }
        set.insert(Address::of(&change.key), change.key);
        self.move_member(change)
    }

    fn move_member(&mut self, change: &KeyChange) -> Result<Change, String> {
        let (from, to) = (change.member, Address::of(&change.key));
        if self.any_key(&to).is_some() {
            return Err(format!("{from} goes on under {to}, which was a member's before"));
        }
        if change.verify(&self.chain).is_err() {
            return Err(format!("{to} never agreed to go on for {from}"));
        }
        let member = self.members.remove(&from).filter(|member| !member.is_revoked);
        let member = member.ok_or(format!("{from} changes its key and is no member"))?;
        self.former.insert(from, (member.key, to));
        let origin = self.origins.remove(&from).unwrap_or(from);
        self.origins.insert(to, origin);
        self.members.insert(to, Member { key: change.key, ..member });
        Ok(Change::Moved(from, to))
    }

    /// Lets a newcomer in, or waits until more authorities than may fail have signed.
    pub(super) fn ask_admission(
        &mut self,
        deciding: &Set,
        nonce: Digest,
        mut waiting: Waiting,
    ) -> Result<Option<Change>, String> {
        waiting.signers.retain(|address| deciding.contains_key(address));
        if !self.asks_cosignatures || waiting.signers.len() > (deciding.len() - 1) / 3 {
            return self.enter(&waiting).map(Some);
        }
        self.waiting.insert(nonce, waiting);
        Ok(None)
    }

    pub(super) fn cosign(
        &mut self,
        context: &Context,
        deciding: &Set,
        nonce: &Digest,
    ) -> Result<Option<Change>, String> {
        let mut waiting = self.waiting.remove(nonce).ok_or("an admission is signed that does not wait")?;
        if !waiting.signers.insert(context.author) {
            return Err(format!("{} signs an admission twice", context.author));
        }
        waiting.signers.retain(|address| deciding.contains_key(address));
        if waiting.signers.len() > (deciding.len() - 1) / 3 {
            return self.enter(&waiting).map(Some);
        }
        self.waiting.insert(*nonce, waiting);
        Ok(None)
    }

    fn enter(&mut self, waiting: &Waiting) -> Result<Change, String> {
        let address = Address::of(&waiting.key);
        if self.any_key(&address).is_some() {
            return Err(format!("{address} is admitted twice"));
        }
        let may_vote = waiting.may_vote;
        let member = Member { key: waiting.key, sequence: 0, may_vote, is_revoked: false };
        self.members.insert(address, member);
        Ok(Change::Admitted(address))
    }

    pub(super) fn revoke_invitation(&mut self, nonce: &Digest) -> Result<(), String> {
        let waited = self.waiting.remove(nonce).is_some();
        if !self.used.insert(*nonce) && !waited {
            return Err("an invitation is taken back that was used".to_owned());
        }
        Ok(())
    }

    /// Somebody who knows the network key was shut out.
    pub(super) fn want_network_key(&mut self) {
        let since = self.time;
        let door = self.door.get_or_insert(Door { epoch: 0, hash: None, since, is_due: true });
        door.is_due = true;
    }

    pub(super) fn name_network_key(&mut self, named: &NameNetworkKey) -> Result<(), String> {
        let before = self.door.as_ref();
        if named.epoch != before.map_or(0, |door| door.epoch) + 1 {
            return Err(format!("network key {} follows {before:?}", named.epoch));
        }
        let is_early = |door: &Door| !door.is_due && door.epoch > 0 && self.time.since(door.since) < PAUSE_MS;
        if before.is_some_and(is_early) {
            return Err(format!("network key {} comes too soon", named.epoch));
        }
        let (epoch, hash) = (named.epoch, Some(named.hash));
        self.door = Some(Door { epoch, hash, since: self.time, is_due: false });
        Ok(())
    }

    /// Admissions end with their invitations.
    pub(super) fn forget_waiting(&mut self) {
        let time = self.time;
        self.waiting.retain(|_, waiting| waiting.expires >= time);
    }
}
