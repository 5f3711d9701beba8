//! The hive as it is now, and what this node signs and hides with: what the building's parts in sums and in cards are
//! worked out from.

use ledger::state::State;
use protocol::{Address, ChainId, Digest, Now, SigningKey};

use super::Core;

/// What there is at one moment.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    pub(super) state: &'a State,
    pub(super) chain: ChainId,
    /// This node's address of today.
    pub(super) me: Address,
    pub(super) now: Now,
    pub(super) key: &'a SigningKey,
    pub(super) secret: Digest,
}

impl Scene<'_> {
    /// Whether somebody is a member.
    pub(super) fn is_member(&self, address: &Address) -> bool {
        self.state.member(address).is_some_and(|member| !member.revoked)
    }

    /// The authority whose turn a week or an hour is, by its number.
    pub(super) fn in_turn(&self, number: u64) -> Address {
        let authorities = self.state.authorities().addresses();
        let place = number % authorities.len() as u64;
        authorities[usize::try_from(place).expect("invariant: a hive has few authorities")]
    }
}

impl Core {
    pub(super) fn scene(&self, now: Now) -> Scene<'_> {
        Scene {
            state: self.ledger.state(),
            chain: self.ledger.chain(),
            me: self.ledger.address(),
            now,
            key: &self.key,
            secret: self.maintenance.secret(),
        }
    }
}
