//! The names of what the network counts. One place, so that a dashboard and a test find them.

use metrics::{Counter, counter, gauge};

use super::{Lane, Topic};

impl Lane {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Consensus => "consensus",
            Self::Sync => "sync",
            Self::Operator => "operator",
            Self::Settlement => "settlement",
        }
    }
}

impl Topic {
    /// All topics.
    pub(super) const ALL: [Self; 2] = [Self::Transactions, Self::Headers];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Transactions => "transactions",
            Self::Headers => "headers",
        }
    }
}

/// Messages and bytes of one lane or topic in one direction.
#[derive(Clone)]
pub(super) struct Traffic {
    messages: Counter,
    bytes: Counter,
}

impl Traffic {
    pub(super) fn received(channel: &'static str) -> Self {
        Self::of("in", channel)
    }

    pub(super) fn sent(channel: &'static str) -> Self {
        Self::of("out", channel)
    }

    fn of(direction: &'static str, channel: &'static str) -> Self {
        Self {
            messages: counter!("symbiose_network_messages_total", "direction" => direction, "channel" => channel),
            bytes: counter!("symbiose_network_bytes_total", "direction" => direction, "channel" => channel),
        }
    }

    pub(super) fn count(&self, bytes: usize) {
        self.messages.increment(1);
        self.bytes.increment(bytes as u64);
    }
}

/// Messages that were not sent or not taken, and why.
pub(super) fn dropped(channel: &'static str, reason: &'static str, messages: u64) {
    if messages > 0 {
        counter!("symbiose_network_dropped_total", "channel" => channel, "reason" => reason)
            .increment(messages);
    }
}

/// Something a peer did wrong.
pub(super) fn fault(kind: &'static str) {
    counter!("symbiose_network_faults_total", "kind" => kind).increment(1);
}

/// A member was cut off for a while.
pub(super) fn banned() {
    counter!("symbiose_network_bans_total").increment(1);
}

/// A connection failed or was refused before it could be used.
pub(super) fn connection_failed(direction: &'static str) {
    counter!("symbiose_network_connection_failures_total", "direction" => direction).increment(1);
}

/// A connection came in when there was no room in the doorway.
pub(super) fn turned_away() {
    counter!("symbiose_network_turned_away_total").increment(1);
}

/// Members cut off now.
pub(super) fn members_banned(count: usize) {
    gauge!("symbiose_network_members_banned").set(u32::try_from(count).unwrap_or(u32::MAX));
}

/// Members connected now.
pub(super) fn members_connected(count: usize) {
    gauge!("symbiose_network_members_connected").set(u32::try_from(count).unwrap_or(u32::MAX));
}
