//! One check per reader of bytes from outside: no panic, no second form of a value where the format promises one form
//! only, memory and time in proportion to what was sent. The everyday tests run the checks over samples, bombs and seeded
//! damage; the fuzzers in `tests/fuzz` run the same checks for as long as they are let.

mod bombs;
mod bounds;
mod corpus;
mod files;
mod hive;
mod ledger;
mod residents;
mod telemetry;
mod texts;
mod wire;

pub use bombs::bombs;
pub use bounds::{ALLOCATION_FACTOR, TIME_FLOOR, TIME_PER_BYTE, worst};
pub use corpus::write_corpus;

/// A reader of bytes from outside.
#[derive(Debug, Clone, Copy)]
pub struct Decoder {
    /// Its name, that of its fuzzer too.
    pub name: &'static str,
    /// Reads the bytes and panics if something does not hold.
    pub check: fn(&[u8]),
    /// Good bytes to start from.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Longest input worth trying, bytes.
    pub bytes_max: usize,
}

/// All of them.
pub const ALL: [Decoder; 24] = [
    decoder("wire", wire::check, wire::seeds, 256 * 1024),
    decoder("stored", wire::check_stored, wire::stored_seeds, 64 * 1024),
    decoder("invitation", wire::check_invitation, wire::invitation_seeds, 16 * 1024),
    decoder("hive", hive::check, hive::seeds, 64 * 1024),
    decoder("block_log", ledger::check_block_log, ledger::block_log_seeds, 256 * 1024),
    decoder("vote_log", ledger::check_vote_log, ledger::vote_log_seeds, 256 * 1024),
    decoder("building_log", files::check_building_log, files::building_log_seeds, 256 * 1024),
    decoder("entry", files::check_entry, files::entry_seeds, 16 * 1024),
    decoder("books", files::check_books, files::books_seeds, 64 * 1024),
    decoder("backup", files::check_backup, files::backup_seeds, 64 * 1024),
    decoder("telemetry_log", telemetry::check_log, telemetry::log_seeds, 256 * 1024),
    decoder("chunk", telemetry::check_chunk, telemetry::chunk_seeds, 64 * 1024),
    decoder("rollup", telemetry::check_rollup, telemetry::rollup_seeds, 64 * 1024),
    decoder("day_file", telemetry::check_day_file, telemetry::day_file_seeds, 64 * 1024),
    decoder("reading", texts::check_reading, texts::reading_seeds, 64 * 1024),
    decoder("readings", texts::check_readings, texts::readings_seeds, 256 * 1024),
    decoder("policies", texts::check_policies, texts::policies_seeds, 64 * 1024),
    decoder("rpc", texts::check_rpc, texts::rpc_seeds, 64 * 1024),
    decoder("wishes", texts::check_wishes, texts::wishes_seeds, 64 * 1024),
    decoder("signed", residents::check_signed, residents::signed_seeds, 64 * 1024),
    decoder("registry", residents::check_registry, residents::registry_seeds, 64 * 1024),
    decoder("assembly", residents::check_assembly, residents::assembly_seeds, 64 * 1024),
    decoder("promql", texts::check_promql, texts::promql_seeds, 4 * 1024),
    decoder("configuration", texts::check_configuration, texts::configuration_seeds, 64 * 1024),
];

const fn decoder(
    name: &'static str,
    check: fn(&[u8]),
    seeds: fn() -> Vec<Vec<u8>>,
    bytes_max: usize,
) -> Decoder {
    Decoder { name, check, seeds, bytes_max }
}

/// Has the decoder of this name read bytes, no more of them than are worth trying.
pub fn check(name: &str, bytes: &[u8]) {
    let decoder = ALL.iter().find(|decoder| decoder.name == name).expect("a name of the table");
    (decoder.check)(&bytes[..bytes.len().min(decoder.bytes_max)]);
}
