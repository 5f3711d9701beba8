//! What each counter and gauge of `/metrics` means, in the words that Prometheus shows.

/// Tells the recorder of this process. A figure that is not named here is shown without words.
pub(super) fn describe() {
    for (name, help) in COUNTERS {
        metrics::describe_counter!(name, help);
    }
    for (name, help) in GAUGES {
        metrics::describe_gauge!(name, help);
    }
    for (name, help) in HISTOGRAMS {
        metrics::describe_histogram!(name, help);
    }
}

const COUNTERS: [(&str, &str); 28] = [
    ("symbiose_blames_total", "Rules broken by members, by fault."),
    ("symbiose_disk_written_bytes_total", "Bytes of readings handed to the disk, by kind of file."),
    ("symbiose_evidence_total", "Authorities seen to sign twice."),
    ("symbiose_gossip_dropped_total", "Gossip messages left out because a queue was full."),
    ("symbiose_http_requests_total", "HTTP requests, by method and status."),
    ("symbiose_messages_rejected_total", "Messages of members that make no sense."),
    ("symbiose_network_bans_total", "Peers shut out for a while, by reason."),
    ("symbiose_network_bytes_total", "Bytes sent and received, by lane."),
    ("symbiose_network_connection_failures_total", "Connections that did not come about."),
    ("symbiose_network_dropped_total", "Messages left out because a peer was slow."),
    ("symbiose_network_faults_total", "Faults of peers on the network, by kind."),
    ("symbiose_network_messages_total", "Messages sent and received, by lane."),
    ("symbiose_peers_banned_total", "Members shut out for a while."),
    (
        "symbiose_process_written_bytes_total",
        "Bytes this process had written to disks, as the kernel counts them.",
    ),
    ("symbiose_telemetry_conflicts_total", "Readings that say something else than one already kept."),
    ("symbiose_telemetry_damage_met_total", "Damaged places met while readings were looked up."),
    ("symbiose_telemetry_duplicates_total", "Readings that were there already."),
    ("symbiose_telemetry_gaps_read_total", "Damaged places of the telemetry log met by questions."),
    (
        "symbiose_telemetry_late_rows_total",
        "Rows older than the newest of their equipment by more than two hours.",
    ),
    ("symbiose_telemetry_losses_total", "Losses of readings put on record."),
    ("symbiose_telemetry_points_total", "Readings taken in over HTTP."),
    ("symbiose_telemetry_refusals_total", "Payloads refused by the building, by reason."),
    ("symbiose_telemetry_refused_total", "Requests with readings that were refused, by reason."),
    ("symbiose_telemetry_rows_total", "Rows taken in."),
    ("symbiose_telemetry_values_total", "Values taken in."),
    ("symbiose_telemetry_sealing_failed_total", "Attempts to seal a segment that failed."),
    ("symbiose_transactions_final_total", "Transactions that became final."),
    ("symbiose_transactions_rejected_total", "Transactions that were refused."),
];

const GAUGES: [(&str, &str); 17] = [
    ("symbiose_authorities_online", "Authorities that this node hears, itself included."),
    ("symbiose_building_log_bytes", "Length of the building's own log."),
    ("symbiose_callers_waiting", "Callers waiting for an answer of the core."),
    ("symbiose_disk_free_bytes", "Room left on the disk of the data folder."),
    ("symbiose_disk_total_bytes", "Size of the disk of the data folder."),
    ("symbiose_ledger_height", "Height of the last final block."),
    (
        "symbiose_ledger_stalled_milliseconds",
        "How long the height in progress has been waiting without a decision.",
    ),
    ("symbiose_ledger_transactions", "Transactions on the ledger."),
    ("symbiose_machine_temperature_celsius", "The hottest sensor of the machine."),
    ("symbiose_mempool_transactions", "Transactions waiting for a block."),
    ("symbiose_network_members_connected", "Members connected, as the network sees it."),
    ("symbiose_outbox_transactions", "Transactions of this building that are not final."),
    ("symbiose_peers_connected", "Members connected."),
    ("symbiose_photos_bytes", "Bytes of the photos of work orders."),
    (
        "symbiose_process_written_bytes_per_day",
        "Bytes written to disks in the last 24 hours, restarts included.",
    ),
    ("symbiose_telemetry_log_bytes", "Length of the telemetry log."),
    ("symbiose_telemetry_series", "Series known."),
];

const HISTOGRAMS: [(&str, &str); 2] = [
    ("symbiose_sync_seconds", "How long a sync took, by file."),
    ("symbiose_telemetry_commit_seconds", "How long a commit of readings took."),
];

#[cfg(test)]
mod tests {
    use super::*;
    use metrics_exporter_prometheus::PrometheusBuilder;

    #[test]
    fn each_figure_is_described_once_and_shown_with_its_words() {
        let names: Vec<&str> = [COUNTERS.as_slice(), GAUGES.as_slice(), HISTOGRAMS.as_slice()]
            .concat()
            .iter()
            .map(|one| one.0)
            .collect();
        let mut once = names.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), names.len());
        assert!(COUNTERS.iter().all(|(name, _)| name.ends_with("_total")), "as Prometheus wants it");
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        metrics::with_local_recorder(&recorder, || {
            describe();
            metrics::gauge!("symbiose_ledger_height").set(7.0);
        });
        let text = handle.render();
        assert!(text.contains("# HELP symbiose_ledger_height Height of the last final block."), "{text}");
        assert!(text.contains("# TYPE symbiose_ledger_height gauge"), "{text}");
    }
}
