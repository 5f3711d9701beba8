//! `blocks.log` and the vote log: whole records, torn ends, damage, and a ledger that opens from whatever they gave.

use ledger::record::{
    BLOCK_MAGIC, Frame, VOTE_MAGIC, decode_block, encode_block, frame, read_block_frame, read_vote_log,
    vote_header, vote_record,
};
use ledger::{Config, Ledger, VoteLog};
use protocol::{Bytes, Height, Now, Tick};

use super::bounds::measured;
use super::hive;
use crate::samples;

/// An error message and scratch space.
const FLOOR: u64 = 16 * 1024;

/// Record after record, as the start does it. A body whose checksum somebody made anew is read as such.
pub(super) fn check_block_log(bytes: &[u8]) {
    walk(bytes);
    if let Some((0, body)) = bytes.split_first().map(|(kind, body)| (kind % 2, body)) {
        walk(&frame(BLOCK_MAGIC, body));
    }
}

fn walk(bytes: &[u8]) {
    let mut offset = 0;
    while let Some(found) = measured(bytes.len(), FLOOR, || read_block_frame(bytes, offset)) {
        let Frame::Record { body, end } = found else { break };
        assert!(end > offset && end <= bytes.len(), "a record ends at {end} of {}", bytes.len());
        if let Ok(stored) = measured(body.len(), FLOOR, || decode_block(body)) {
            let again = encode_block(&stored.block, &stored.certificate);
            assert_eq!(again, bytes[offset..end], "a block record has a second form");
        }
        offset = end;
    }
}

pub(super) fn block_log_seeds() -> Vec<Vec<u8>> {
    let record = encode_block(&samples::block(), &samples::certificate());
    let body = [&[0], &record[ledger::record::FRAME_HEADER_BYTES..]].concat();
    vec![record.repeat(2), record, body, hive::recorded().blocks.clone()]
}

/// As it stands; and with a good header and checksums made anew, one entry per two bytes of length.
pub(super) fn check_vote_log(bytes: &[u8]) {
    if let Ok(log) = measured(bytes.len(), FLOOR, || read_vote_log(bytes, &hive::genesis().chain())) {
        assert!(log.whole_bytes <= bytes.len());
        open(log);
    }
    let mut forged = vote_header(hive::genesis().chain(), Height(1));
    let mut rest = bytes;
    while let Some((len, tail)) = rest.split_first_chunk::<2>() {
        let (body, tail) = tail.split_at(tail.len().min(usize::from(u16::from_be_bytes(*len))));
        forged.extend(vote_record(body));
        rest = tail;
    }
    let log = read_vote_log(&forged, &hive::genesis().chain()).unwrap();
    assert_eq!(log.whole_bytes, forged.len(), "whole records are read whole");
    open(log);
}

/// A log with entries that no node wrote may be refused, and never makes the node fall over.
fn open(log: VoteLog) {
    let name = Bytes::new(b"fuzz".to_vec()).unwrap();
    let config =
        Config { heartbeat_ms: 60_000, time_ahead_ms: 10_000, name, await_alone: false, checkpoint: None };
    let now = Now { tick: Tick(0), time: samples::TIME.plus(1_000) };
    drop(Ledger::open(now, config, samples::key(1), hive::genesis(), std::iter::empty(), Ok(log)));
}

pub(super) fn vote_log_seeds() -> Vec<Vec<u8>> {
    let votes = &hive::recorded().votes;
    let log = read_vote_log(votes, &hive::genesis().chain()).unwrap();
    let entry =
        |body: &Vec<u8>| [&u16::try_from(body.len()).unwrap().to_be_bytes(), body.as_slice()].concat();
    let bodies: Vec<u8> = log.records.iter().flat_map(entry).collect();
    assert!(votes.windows(4).any(|window| window == VOTE_MAGIC), "a vote was recorded");
    vec![votes.clone(), bodies]
}
