//! Sharing with neighbours as the page shows it: the building's own terms.

use protocol::UnixMs;
use web::Time;
use web::view::TermsView;

use crate::core::Core;

/// What the building says of its energy.
pub(crate) fn terms(core: &Core, now: UnixMs) -> TermsView {
    let own = core.energy().terms();
    TermsView { said: (&own.latest()).into(), since: own.since().map(Time::from), now: (&own.at(now)).into() }
}
