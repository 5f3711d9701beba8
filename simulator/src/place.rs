//! What the world knows of one node beside the node itself.

use std::collections::BTreeMap;

use node::core::Ticket;
use node::core::telemetry::Row;

use crate::building::Building;
use crate::gateway::Gateway;
use crate::governing::Newcomer;
use crate::liars::Liar;

/// A node and what the world knows of it.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) building: Building,
    /// Counts starts, so that an event for an earlier life is known.
    pub(crate) life: u64,
    pub(crate) paused_until: u64,
    /// How late it handles what comes to it, milliseconds.
    pub(crate) slow_ms: u64,
    /// Is not here: not let in yet, shut out, or down for good.
    pub(crate) is_gone: bool,
    /// It lies, and is not held to the rules.
    pub(crate) liar: Option<Liar>,
    /// It was not there when the hive was founded.
    pub(crate) newcomer: Option<Newcomer>,
    /// The epoch of the network key when it was excluded.
    pub(crate) excluded_at_epoch: Option<u64>,
    /// Its disk lost blocks that were on it.
    pub(crate) is_excused: bool,
    /// It lost everything once: what it opened before is not known to it.
    pub(crate) was_wiped: bool,
    pub(crate) gateway: Gateway,
    /// Rows on disk whose gateway has not been told yet.
    pub(crate) stored: BTreeMap<Ticket, Vec<Row>>,
    /// When it is to be woken, and the number of that event.
    pub(crate) wake: Option<(u64, u64)>,
    /// Wake-ups within the last millisecond that had one.
    pub(crate) wakes: (u64, u32),
}

impl Place {
    pub(crate) fn new(building: Building, gateway: Gateway) -> Self {
        Self {
            building,
            life: 0,
            paused_until: 0,
            slow_ms: 0,
            is_gone: false,
            liar: None,
            newcomer: None,
            excluded_at_epoch: None,
            is_excused: false,
            was_wiped: false,
            gateway,
            stored: BTreeMap::new(),
            wake: None,
            wakes: (0, 0),
        }
    }

    /// Whether the rules hold for it: it is here and does not lie.
    pub(crate) fn is_held(&self) -> bool {
        !self.is_gone && self.liar.is_none()
    }

    /// A wake-up that is due counts no more.
    pub(crate) fn forget_wake(&mut self) {
        self.wake = None;
    }
}
