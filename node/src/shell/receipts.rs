//! Ballots on the ledger and promises about them, as anybody may look at them: no name and no answer of anybody.

use protocol::assembly::{Kept, SignedPromise};
use protocol::limits::BALLOTS_FOUND_MAX;
use protocol::{Address, encode};
use web::view::{FoundBallot, FoundView, PromiseState, PromiseView};

use crate::core::Core;
use protocol::hex::hex;

/// Ballots whose commitments begin with these bytes. Proofs are the store's to give.
pub(super) fn find(core: &Core, prefix: &[u8]) -> FoundView {
    let state = core.ledger().state();
    let found =
        state.entered_like(prefix, BALLOTS_FOUND_MAX).into_iter().filter_map(|(vote, commitment, at)| {
            let intake = state.intake(&vote)?;
            Some(FoundBallot {
                vote: vote.to_string(),
                commitment: commitment.to_string(),
                building: current(core, &intake.building).to_string(),
                height: at.height.0,
                paper: at.is_paper,
                closes: intake.closes.0,
                transaction: at.transaction.to_string(),
                proof: None,
            })
        });
    FoundView {
        chain: core.ledger().chain().to_string(),
        height: core.ledger().head().height.0,
        building: core.ledger().address().to_string(),
        authorities: state.authorities().keys().iter().map(ToString::to_string).collect(),
        ballots: found.collect(),
    }
}

/// The address a member goes under today.
fn current(core: &Core, origin: &Address) -> Address {
    core.ledger().state().current(origin)
}

/// A promise of this node.
pub(super) fn promised(signed: &SignedPromise) -> PromiseView {
    PromiseView {
        commitment: signed.promise.commitment.to_string(),
        by: signed.promise.by.0,
        promise: hex(&encode(signed)),
    }
}

/// How a promise stands.
pub(super) const fn standing(kept: Kept) -> PromiseState {
    match kept {
        Kept::Pending => PromiseState::Pending,
        Kept::Yes => PromiseState::Kept,
        Kept::Broken => PromiseState::Broken,
    }
}
