//! What to do about each thing a node may say of its health: one plain sentence for whoever looks after it.

/// For codes that explain themselves.
const GENERAL: &str = "The log of this node says more; `symbiose doctor` looks for the cause.";

/// What to do about a reason.
pub(super) fn on(code: &str) -> &'static str {
    let known = ADVICE.iter().find(|(known, _)| *known == code);
    known.map_or(GENERAL, |(_, advice)| advice)
}

const ADVICE: [(&str, &str); 36] = [
    ("backup_failed", "Look whether the disk or the download was interrupted, and make the backup again."),
    (
        "backup_missing",
        "Make a backup and keep it outside this building: `symbiose backup FILE`, or the page's button.",
    ),
    (
        "backup_old",
        "Make a new backup and keep it outside this building: `symbiose backup FILE`, or the page's button.",
    ),
    (
        "blocks_damaged",
        "The hive sends them again; a building that is alone restores a backup. If it happens again, replace the disk.",
    ),
    (
        "building_log_damaged",
        "Look through policies, alerts and work orders; if some are missing, restore a backup. Replace the disk or SD card.",
    ),
    ("building_log_repaired", "Nothing is to be done; if it happens again, replace the disk or SD card."),
    (
        "cards_refused",
        "Nothing is lost here. If the number grows, ask in the hive whose node sends what does not hold; the log names it.",
    ),
    ("catching_up", "Wait: the node fetches what it missed from its neighbours."),
    ("certificate_expired", "Renew the certificate of the page and restart the node."),
    ("certificate_expiring", "Renew the certificate of the page before that day and restart the node."),
    (
        "clock_doubtful",
        "Set the clock, or give the machine internet or a clock module; readings carry its time.",
    ),
    ("clock_jumped", "Check that the machine keeps its time by network (NTP) or has a clock module."),
    (
        "disk_full",
        "Free room on the disk now, or move the data folder to a larger one; it goes on by itself then.",
    ),
    ("disk_low", "Free room on the disk, shorten how long raw readings are kept, or move to a larger disk."),
    (
        "entries_unreadable",
        "Look through policies, alerts and work orders; if some are missing, restore a backup.",
    ),
    ("hot", "Give the machine air or a heat sink; above 80 °C it slows itself down."),
    ("index_behind", "Nothing is to be done: it is derived again at the next start."),
    ("index_rebuilt", "Nothing is to be done; if it happens again, replace the disk or SD card."),
    (
        "ledger_halted",
        "Restart the node; if it stays, report it with its log: this is a fault of the program or the disk.",
    ),
    ("machine_unwatched", "Nothing is to be done; the system does not tell how much is written."),
    ("memory_low", "Stop other programs on this machine, or use one with more memory."),
    (
        "no_peers",
        "Check the network and whether the neighbours' nodes run; `symbiose doctor` tries to reach them.",
    ),
    ("no_time_sync", "Give the machine internet or a time server on the LAN, and check with `timedatectl`."),
    (
        "not_member",
        "If the key file or the folder was changed or damaged, restore a backup; a building that was shut out asks for a \
         new invitation.",
    ),
    (
        "photos_damaged",
        "Ask who took them for another picture; replace the disk or SD card if it happens again.",
    ),
    ("restored", "Wait until the hive has gone on for some blocks; the node votes again by itself."),
    (
        "settlement_disputed",
        "Compare the release of this node with its neighbours'; the slots stay open until a later version of them holds.",
    ),
    ("starting", "Wait a few seconds."),
    ("telemetry_broken", "Restart the node; if it happens again, replace the disk or SD card."),
    ("telemetry_damaged", "What could be read is kept; replace the disk or SD card if it happens again."),
    ("telemetry_disk_full", "Free room on the disk; it goes on by itself then."),
    ("telemetry_lost", "What could be read is kept; replace the disk or SD card if it happens again."),
    ("throttled", "Give the machine air and a stronger power supply."),
    (
        "undervoltage",
        "Use the power supply made for this machine and a short, thick cable: low voltage damages SD cards.",
    ),
    ("vote_log_damaged", "Nothing is to be done; if it happens again, replace the disk or SD card."),
    ("worn_disk", "Plan to replace the SD card; send readings in fewer, larger pieces to write less."),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_is_known_once_and_others_get_general_advice() {
        assert!(ADVICE.windows(2).all(|pair| pair[0].0 < pair[1].0), "sorted, each once");
        assert!(ADVICE.iter().all(|(_, advice)| advice.ends_with('.')));
        assert_ne!(on("disk_full"), GENERAL);
        assert_eq!(on("something_new"), GENERAL);
    }
}
