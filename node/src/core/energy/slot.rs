//! One slot of the building as it is kept: energy through the connection point and made on the roof, how it came about,
//! which version it is, and why it is held back if it is.

use protocol::energy::{Quality, SlotId, SlotLength};
use protocol::{Invalid, UnixMs};
use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::plausible::Doubt;

/// Energy of a slot, Wh, never negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize_tuple, Deserialize_tuple)]
pub struct Flow {
    /// Taken from the grid.
    pub import_wh: i64,
    /// Given to the grid.
    pub export_wh: i64,
    /// Made in the building; `None` without a counter for it.
    pub production_wh: Option<i64>,
}

impl Flow {
    /// What the building used: all that came in or was made, less what went out. `None` where that is less than nothing.
    pub fn consumption_wh(&self) -> Option<i64> {
        let made = self.import_wh.checked_add(self.production_wh.unwrap_or(0))?;
        made.checked_sub(self.export_wh).filter(|used| *used >= 0)
    }

    /// Net import and net export at the connection point: one of them is zero.
    pub fn net(&self) -> (i64, i64) {
        let net = self.import_wh.saturating_sub(self.export_wh);
        (net.max(0), net.saturating_neg().max(0))
    }
}

/// A slot, closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Slot {
    /// Which slot of its length.
    pub id: SlotId,
    /// How long it is.
    pub length: SlotLength,
    /// Its energy; `None` is missing, which is not zero.
    pub flow: Option<Flow>,
    /// Whether the course between two readings was a guess.
    pub is_estimated: bool,
    /// 1 for the first; each correction has the next.
    pub version: u32,
    /// Why nothing of it may be signed.
    pub held: Option<Doubt>,
}

impl Slot {
    /// How its figures came about.
    pub const fn quality(&self) -> Quality {
        match (self.flow.is_some(), self.is_estimated) {
            (false, _) => Quality::Missing,
            (true, true) => Quality::Estimated,
            (true, false) => Quality::Measured,
        }
    }

    /// Its first millisecond.
    pub fn start(&self) -> UnixMs {
        self.id.start(self.length)
    }

    /// The first millisecond after it.
    pub fn end(&self) -> UnixMs {
        self.id.end(self.length)
    }

    /// Whether both say the same, whatever their versions.
    pub(super) fn says(&self, other: &Self) -> bool {
        Self { version: other.version, ..*self } == *other
    }
}

#[derive(Serialize_tuple, Deserialize_tuple)]
struct Stored {
    id: SlotId,
    length: SlotLength,
    flow: Option<Flow>,
    is_estimated: bool,
    version: u32,
    held: Option<Doubt>,
}

impl From<Slot> for Stored {
    fn from(slot: Slot) -> Self {
        let Slot { id, length, flow, is_estimated, version, held } = slot;
        Self { id, length, flow, is_estimated, version, held }
    }
}

impl TryFrom<Stored> for Slot {
    type Error = Invalid;

    fn try_from(stored: Stored) -> Result<Self, Invalid> {
        let Stored { id, length, flow, is_estimated, version, held } = stored;
        let energies = flow.map(|flow| [Some(flow.import_wh), Some(flow.export_wh), flow.production_wh]);
        let negative = energies.into_iter().flatten().flatten().find(|wh| *wh < 0);
        if let Some(found) = negative {
            return Err(Invalid::Range {
                field: "energy",
                max: i64::MAX.unsigned_abs(),
                found: found.cast_unsigned(),
            });
        }
        if version == 0 || id.end(length) == UnixMs(i64::MAX) || (flow.is_none() && is_estimated) {
            return Err(Invalid::Range {
                field: "version, from 1",
                max: u32::MAX.into(),
                found: version.into(),
            });
        }
        Ok(Self { id, length, flow, is_estimated, version, held })
    }
}
