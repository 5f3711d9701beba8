//! Whether a slot can be true, by the building's own limits: what cannot be is held back before anything is signed.

use protocol::Invalid;
use protocol::limits::{ENERGY_POWER_W_MAX, SLOT_ENERGY_WH_MAX};
use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::slot::Flow;

/// Meters and clocks are granted one part in this many above a limit.
const TOLERANCE_PARTS: i64 = 20;
/// And a few Wh: counters that show whole Wh round.
const TOLERANCE_WH: i64 = 5;

/// What the building can do at the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Limits {
    connection_w: Option<u32>,
    pv_wp: Option<u32>,
    storage_w: Option<u32>,
}

/// Why a slot is held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Doubt {
    /// More was taken from the grid than the connection carries.
    ImportAboveConnection,
    /// More was given to the grid than the connection carries.
    ExportAboveConnection,
    /// More was made than the panels can make.
    ProductionAbovePanels,
    /// More was given to the grid than was made, taken in and stored.
    ExportAboveProduction,
    /// More than any slot may state.
    BeyondAnySlot,
}

impl Doubt {
    /// The name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ImportAboveConnection => "import_above_connection",
            Self::ExportAboveConnection => "export_above_connection",
            Self::ProductionAbovePanels => "production_above_panels",
            Self::ExportAboveProduction => "export_above_production",
            Self::BeyondAnySlot => "beyond_any_slot",
        }
    }
}

impl Limits {
    /// Power of the connection, of the panels and of batteries, W; `None` is not known. Each 1 W to 10 MW.
    pub fn new(
        connection_w: Option<u32>,
        pv_wp: Option<u32>,
        storage_w: Option<u32>,
    ) -> Result<Self, Invalid> {
        let named = [("connection_w", connection_w), ("pv_wp", pv_wp), ("storage_w", storage_w)];
        for (field, watts) in named {
            if let Some(found) = watts.filter(|watts| !(1..=ENERGY_POWER_W_MAX).contains(watts)) {
                return Err(Invalid::Range { field, max: ENERGY_POWER_W_MAX.into(), found: found.into() });
            }
        }
        Ok(Self { connection_w, pv_wp, storage_w })
    }

    /// Power of the connection, W.
    pub const fn connection_w(&self) -> Option<u32> {
        self.connection_w
    }

    /// Peak power of the panels, W.
    pub const fn pv_wp(&self) -> Option<u32> {
        self.pv_wp
    }

    /// Power of batteries, W.
    pub const fn storage_w(&self) -> Option<u32> {
        self.storage_w
    }

    /// The most power a single reading of the connection is believed, W.
    pub fn power_w_max(&self) -> u32 {
        self.connection_w.map_or(ENERGY_POWER_W_MAX, |watts| watts.saturating_mul(2))
    }

    /// The first reason not to believe a slot.
    pub fn doubt(&self, flow: &Flow, slot_ms: i64) -> Option<Doubt> {
        let above = |wh: i64, watts: Option<u32>| watts.is_some_and(|watts| wh > most_wh(watts, slot_ms));
        let Flow { import_wh, export_wh, production_wh } = *flow;
        let made_wh = production_wh.unwrap_or(0);
        if [import_wh, export_wh, made_wh].into_iter().any(|wh| wh > SLOT_ENERGY_WH_MAX) {
            return Some(Doubt::BeyondAnySlot);
        }
        if above(import_wh, self.connection_w) {
            return Some(Doubt::ImportAboveConnection);
        }
        if above(export_wh, self.connection_w) {
            return Some(Doubt::ExportAboveConnection);
        }
        if above(made_wh, self.pv_wp) {
            return Some(Doubt::ProductionAbovePanels);
        }
        let stored_wh = self.storage_w.map_or(0, |watts| most_wh(watts, slot_ms));
        let sources_wh = import_wh.saturating_add(made_wh).saturating_add(stored_wh);
        let goes_out = production_wh.is_some() && export_wh > granted(sources_wh);
        goes_out.then_some(Doubt::ExportAboveProduction)
    }
}

/// The most energy of a slot at this power, with tolerance.
fn most_wh(watts: u32, slot_ms: i64) -> i64 {
    granted(i64::from(watts).saturating_mul(slot_ms).div_euclid(3_600_000))
}

fn granted(wh: i64) -> i64 {
    wh.saturating_add(wh / TOLERANCE_PARTS).saturating_add(TOLERANCE_WH)
}

#[derive(Serialize_tuple, Deserialize_tuple)]
struct Stored {
    connection_w: Option<u32>,
    pv_wp: Option<u32>,
    storage_w: Option<u32>,
}

impl From<Limits> for Stored {
    fn from(limits: Limits) -> Self {
        let Limits { connection_w, pv_wp, storage_w } = limits;
        Self { connection_w, pv_wp, storage_w }
    }
}

impl TryFrom<Stored> for Limits {
    type Error = Invalid;

    fn try_from(stored: Stored) -> Result<Self, Invalid> {
        Self::new(stored.connection_w, stored.pv_wp, stored.storage_w)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUARTER_MS: i64 = 900_000;

    fn flow(import_wh: i64, export_wh: i64, production_wh: Option<i64>) -> Flow {
        Flow { import_wh, export_wh, production_wh }
    }

    #[test]
    fn what_the_building_cannot_do_is_doubted() {
        let limits = Limits::new(Some(36_000), Some(20_000), None).unwrap();
        let doubt = |import, export, made| limits.doubt(&flow(import, export, made), QUARTER_MS);
        assert_eq!(doubt(9_455, 0, None), None, "9 kWh, a twentieth more and 5 Wh");
        assert_eq!(doubt(9_456, 0, None), Some(Doubt::ImportAboveConnection));
        assert_eq!(doubt(0, 9_456, None), Some(Doubt::ExportAboveConnection));
        assert_eq!(doubt(0, 0, Some(5_255)), None);
        assert_eq!(doubt(0, 0, Some(5_256)), Some(Doubt::ProductionAbovePanels));
        assert_eq!(doubt(0, 1_055, Some(1_000)), None);
        assert_eq!(doubt(0, 1_056, Some(1_000)), Some(Doubt::ExportAboveProduction));
        assert_eq!(doubt(SLOT_ENERGY_WH_MAX + 1, 0, None), Some(Doubt::BeyondAnySlot));
    }

    #[test]
    fn a_battery_may_give_what_no_panel_made() {
        let limits = Limits::new(None, None, Some(4_000)).unwrap();
        assert_eq!(limits.doubt(&flow(0, 1_000, Some(0)), QUARTER_MS), None);
        assert_eq!(
            Limits::default().doubt(&flow(0, 1_000, Some(0)), QUARTER_MS),
            Some(Doubt::ExportAboveProduction)
        );
    }

    #[test]
    fn limits_have_bounds() {
        assert!(Limits::new(Some(0), None, None).is_err());
        assert!(Limits::new(None, Some(ENERGY_POWER_W_MAX + 1), None).is_err());
        let limits = Limits::new(Some(1), Some(ENERGY_POWER_W_MAX), None).unwrap();
        let bytes = protocol::encode(&limits);
        assert_eq!(protocol::decode::<Limits>(&bytes, 64).unwrap(), limits);
        let none = protocol::encode(&(Some(0u32), None::<u32>, None::<u32>));
        assert!(protocol::decode::<Limits>(&none, 64).is_err());
    }
}
