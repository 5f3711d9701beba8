//! What several buildings notice at once, as the page shows it.

use web::view::{StreetNoticeView, StreetView};
use web::{Kind, Problem};

use crate::core::Core;
use crate::core::street::Episode;
use crate::core::switch::Purpose;

/// What the hive was told, and this building's part in it.
pub(crate) fn street(core: &Core) -> StreetView {
    let (own, board) = (core.street().own(), core.street().board());
    StreetView {
        notices: board.episodes().iter().map(notice).collect(),
        on: own.is_on(),
        said_at: own.said_at().map(Into::into),
        watch: core.street_watch().to_string(),
        needed: core.street_needed().map(|needed| u32::try_from(needed).unwrap_or(u32::MAX)),
        refused: board.refused(),
    }
}

fn notice(one: &Episode) -> StreetNoticeView {
    StreetNoticeView {
        id: format!("{}-{}", one.kind.name(), one.first.0),
        kind: one.kind.name().to_owned(),
        from: one.first.start().into(),
        until: one.last.end().into(),
    }
}

/// What is switched.
pub(crate) fn purpose(kind: &str) -> Result<Purpose, Problem> {
    let unknown = || Problem::new(Kind::NotFound, "nothing of that kind is switched by itself");
    Purpose::named(kind).ok_or_else(unknown)
}
