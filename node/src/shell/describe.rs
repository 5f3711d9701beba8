//! What each figure of `/metrics` means, so that whoever scrapes it need not guess.

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

const COUNTERS: &[(&str, &str)] = &[
    ("symbiose_blames_total", "Faults of other members which this node put on record, by fault."),
    ("symbiose_disk_written_bytes_total", "Bytes written to disk, by kind of file."),
    ("symbiose_evidence_total", "Proofs of double signing found."),
    ("symbiose_gossip_dropped_total", "Gossip that found no room."),
    ("symbiose_http_requests_total", "Answers given over HTTP, by method and status."),
    ("symbiose_messages_rejected_total", "Messages of other members that were refused, by reason."),
    ("symbiose_network_bans_total", "Peers shut out for a while."),
    ("symbiose_network_bytes_total", "Bytes sent to and received from members, by channel."),
    ("symbiose_network_connection_failures_total", "Connections that did not come about, by direction."),
    ("symbiose_network_dropped_total", "Messages not sent or taken, by channel and reason."),
    ("symbiose_network_faults_total", "Faults of peers seen by the network, by kind."),
    ("symbiose_network_messages_total", "Messages sent to and received from members, by channel."),
    ("symbiose_network_turned_away_total", "Connections that came in when there was no room in the doorway."),
    ("symbiose_peers_banned_total", "Members whose messages made the node turn away from them."),
    (
        "symbiose_process_written_bytes_total",
        "Bytes this process had written to disks, as the kernel counts them.",
    ),
    ("symbiose_telemetry_conflicts_total", "Readings that contradicted one of the same time."),
    ("symbiose_telemetry_damage_met_total", "Damaged places met in the files of readings."),
    ("symbiose_telemetry_duplicates_total", "Readings that were there already."),
    ("symbiose_telemetry_gaps_read_total", "Damaged places met while the log of readings was read."),
    ("symbiose_telemetry_late_rows_total", "Rows older than what is kept at hand."),
    ("symbiose_telemetry_losses_total", "Places where readings are lost for good."),
    ("symbiose_telemetry_points_total", "Readings acknowledged over HTTP."),
    ("symbiose_telemetry_refusals_total", "Payloads the building refused, by reason."),
    ("symbiose_telemetry_refused_total", "Requests with readings that were refused, by reason."),
    ("symbiose_telemetry_rows_total", "Rows taken in since the start."),
    ("symbiose_telemetry_sealing_failed_total", "Attempts to file readings away that did not succeed."),
    ("symbiose_telemetry_values_total", "Readings stored since the start."),
    ("symbiose_transactions_final_total", "Transactions in final blocks since the start."),
    ("symbiose_transactions_rejected_total", "Transactions refused."),
    ("symbiose_clock_jumps_total", "Jumps of the machine's clock against its own steady one."),
    ("symbiose_telemetry_late_rows_refused_total", "Late rows that the lane for them had no room for."),
    ("symbiose_telemetry_payloads_refused_total", "Payloads the building did not accept."),
    (
        "symbiose_telemetry_quarantine_refused_total",
        "Rows that had waited for the clock and were refused then.",
    ),
    (
        "symbiose_telemetry_quarantine_released_total",
        "Rows that had waited for the clock and were stored then.",
    ),
    ("symbiose_telemetry_quarantine_rows_total", "Rows put aside until the clock can be believed."),
    ("symbiose_telemetry_series_refused_total", "New series there was no room for."),
];

const GAUGES: &[(&str, &str)] = &[
    ("symbiose_telemetry_quarantined_rows", "Rows that wait until the clock can be believed."),
    ("symbiose_disk_free_bytes", "Room left on the disk of the data folder."),
    ("symbiose_disk_total_bytes", "Size of the disk of the data folder."),
    ("symbiose_machine_temperature_celsius", "The hottest sensor of the machine."),
    (
        "symbiose_process_written_bytes_per_day",
        "Bytes written to disks in the last 24 hours, restarts included.",
    ),
    ("symbiose_authorities_online", "Authorities heard of lately, this node included."),
    ("symbiose_building_log_bytes", "Length of the building's log."),
    ("symbiose_callers_waiting", "Requests that wait for an answer of the core."),
    ("symbiose_network_members_banned", "Members that are cut off now."),
    ("symbiose_ledger_height", "Height of the last final block."),
    (
        "symbiose_ledger_stalled_seconds",
        "How long the ledger has not moved although it should; 0 while it does.",
    ),
    ("symbiose_ledger_transactions", "Transactions in the ledger."),
    ("symbiose_mempool_transactions", "Transactions that wait for a block."),
    ("symbiose_network_members_connected", "Members connected, as the network counts them."),
    ("symbiose_outbox_transactions", "Transactions of this building that are not final yet."),
    ("symbiose_peers_connected", "Members connected, as the core counts them."),
    ("symbiose_photos_bytes", "Photos of work orders on disk."),
    ("symbiose_telemetry_log_bytes", "Length of the log of readings that are not filed away yet."),
    ("symbiose_telemetry_series", "Series the building keeps."),
];

const SECONDS: &[(&str, &str)] = &[
    ("symbiose_sync_seconds", "How long a sync took, by file."),
    ("symbiose_telemetry_commit_seconds", "How long one batch of readings took to reach the disk."),
];

/// Describes all of them to the recorder that is installed.
pub(super) fn all() {
    for (name, help) in COUNTERS {
        describe_counter!(*name, *help);
    }
    for (name, help) in GAUGES {
        describe_gauge!(*name, *help);
    }
    for (name, help) in SECONDS {
        describe_histogram!(*name, Unit::Seconds, *help);
    }
}

#[cfg(test)]
mod tests {
    use super::{COUNTERS, GAUGES, SECONDS};

    /// `promtool check metrics` asks for these endings.
    #[test]
    fn names_tell_their_kind() {
        assert!(COUNTERS.iter().all(|(name, _)| name.ends_with("_total")));
        assert!(GAUGES.iter().all(|(name, _)| !name.ends_with("_total") && !name.contains("milliseconds")));
        assert!(SECONDS.iter().all(|(name, _)| name.ends_with("_seconds")));
        let all = [COUNTERS, GAUGES, SECONDS].concat();
        assert!(all.iter().all(|(name, help)| name.starts_with("symbiose_") && help.ends_with('.')));
    }
}
