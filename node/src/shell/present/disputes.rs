//! What came of settled slots afterwards: credit notes as this building checked them, disputes, slots that an operator let
//! pass.

use protocol::UnixMs;
use protocol::energy::SlotId;
use web::view::{CreditStage, DisputeView, OwnCredits, ReleaseView, VerdictView};

use super::energy::doubt;
use super::results::slots_between;
use crate::core::Core;
use crate::core::energy::{CreditCheck, Release};

/// Disputes in one answer.
const DISPUTES_MAX: usize = 1_000;
/// Final periods whose notes are told, the newest.
const PERIODS_MAX: usize = 32;

/// What this building makes of its credit notes.
pub(crate) fn credits(core: &Core) -> OwnCredits {
    let state = core.ledger().state();
    let mut address = state.first_key(&core.ledger().address());
    let mut names = vec![address.to_string()];
    while let Some(moved) = state.moved(&address) {
        address = moved.to;
        names.push(address.to_string());
    }
    let periods = (1..=state.books().periods).rev().take(PERIODS_MAX);
    let checks = periods.map(|number| (number, stage(core.check_credits(number)))).collect();
    let since = core.energy().book().oldest().map(|slot| slot.start().into());
    OwnCredits { names, checks, since }
}

const fn stage(check: CreditCheck) -> CreditStage {
    match check {
        CreditCheck::Holds => CreditStage::Checked,
        CreditCheck::Waits => CreditStage::Waiting,
        CreditCheck::Doubtful => CreditStage::Doubtful,
        CreditCheck::Forgotten => CreditStage::Forgotten,
    }
}

/// Slots that an operator let pass, newest first.
pub(crate) fn releases(core: &Core) -> Vec<ReleaseView> {
    core.energy().releases().all().rev().map(release).collect()
}

fn release(release: &Release) -> ReleaseView {
    let words = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    ReleaseView {
        id: release.start.0.to_string(),
        start: release.start.into(),
        held: doubt(release.doubt),
        reason: words(release.reason.as_slice()),
        by: words(release.by.as_slice()),
        at: release.at.into(),
    }
}

/// Disputes of the slots that start in `[from, to)`, newest first.
pub(crate) fn disputes(core: &Core, from: UnixMs, to: UnixMs) -> Vec<DisputeView> {
    let state = core.ledger().state();
    let length = state.books().length;
    let Some(slots) = slots_between(from, to, length) else { return Vec::new() };
    let slots = *slots.start()..SlotId(slots.end().0.saturating_add(1));
    let view = |(slot, disputed): (SlotId, &ledger::state::energy::Disputed)| DisputeView {
        id: slot.to_string(),
        start: slot.start(length).into(),
        by: state.current(&disputed.by).to_string(),
        opened: disputed.opened.into(),
        reason: disputed.reason.name().to_owned(),
        version: disputed.version,
        verdict: disputed.verdict.as_ref().map(|verdict| VerdictView {
            height: verdict.height.0,
            version: verdict.version,
            is_changed: verdict.is_changed,
            agreed: verdict.agreed,
            wrong: verdict.wrong.iter().map(|desk| state.current(desk).to_string()).collect(),
            otherwise: verdict.otherwise.iter().map(|desk| state.current(desk).to_string()).collect(),
        }),
    };
    state.disputes(slots).rev().take(DISPUTES_MAX).map(view).collect()
}
