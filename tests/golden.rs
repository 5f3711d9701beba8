//! Do old bytes still read? One instance of every wire and stored type is frozen as hexadecimal in `golden/`. A change
//! there is a change of the format: it needs a new version and a way to read the old one, not a new golden file.
//! `UPDATE_EXPECT=1 cargo test -p tests golden` writes the files.

use expect_test::{ExpectFile, expect_file};
use ledger::record::{encode_block, read_vote_log, vote_header, vote_record};
use ledger::{Config, Input, Ledger, Output, VoteLog};
use node::core::Change;
use node::core::catalogue::{AssetId, Catalogue, Code, Column, MetricName};
use node::core::telemetry::{
    Body, ChunkReader, DAY_MS, FooterPart, Found, FoundPart, QUARTER_MS, Row, SegmentReader, SegmentWriter,
    Value, decode_chunk, decode_rollup, read_footer,
};
use protocol::{AssetKind, Bytes, Genesis, Height, Invitation, Now, Round, Tick, VoteKind};

use crate::building_samples;
use crate::samples::{self, Wire, key};
use crate::telemetry_samples;

#[test]
fn protocol_bytes() {
    check_types(&samples::protocol_types(), &expect_file!["golden/protocol.hex"]);
}

#[test]
fn ledger_bytes() {
    check_types(&samples::ledger_types(), &expect_file!["golden/ledger.hex"]);
}

/// What is signed is fixed-width and not CBOR: it is frozen beside the encoding.
#[test]
fn signed_bytes() {
    let vote = samples::vote(VoteKind::Precommit, None).vote.sign_bytes();
    let proposal = samples::proposal(Some(Round(1))).proposal.sign_bytes();
    let lines = [
        line("Vote sign bytes", &vote),
        line("Proposal sign bytes", &proposal),
        line("ChainId of the genesis", samples::genesis().chain().as_bytes()),
        line("Address of key 1", key(1).address().as_bytes()),
        line("Signature of a vote", samples::vote(VoteKind::Precommit, None).signature.as_bytes()),
        line("BlockId of the header", samples::block().id().as_bytes()),
    ];
    expect_file!["golden/signed.hex"].assert_eq(&lines.concat());
}

#[test]
fn invitation_text() {
    let text = samples::invitation().to_text();
    expect_file!["golden/invitation.txt"].assert_eq(&text);
    assert_eq!(Invitation::from_text(&text).unwrap(), samples::invitation());
    let text = samples::full_invitation().to_text();
    expect_file!["golden/invitation_v2.txt"].assert_eq(&text);
    assert_eq!(Invitation::from_text(&text).unwrap(), samples::full_invitation());
}

/// The records a one-authority ledger writes while it makes its first block.
#[test]
fn ledger_records() {
    let genesis = lone_genesis();
    let (mut ledger, mut outputs) = open(&genesis, Vec::new(), VoteLog::default());
    outputs.extend(ledger.handle(now(1), Input::Tick));
    let mut lines = vec![line("vote log header", &vote_header(genesis.chain(), Height(1)))];
    let (mut votes, mut blocks) = (Vec::new(), Vec::new());
    for output in outputs {
        match output {
            Output::VoteAppend(record) => votes.push(record),
            Output::BlockAppend { record, .. } => blocks.push(record),
            _ => {}
        }
    }
    lines.extend(votes.iter().map(|record| line("vote record", record)));
    lines.extend(blocks.iter().map(|record| line("block record", record)));
    lines.push(line("block record of the sample", &encode_block(&samples::block(), &samples::certificate())));
    lines.push(line("vote record around three bytes", &vote_record(&[1, 2, 3])));
    assert_eq!((votes.len() > 3, blocks.len()), (true, 1), "{lines:?}");
    expect_file!["golden/records.hex"].assert_eq(&lines.concat());
}

/// The frozen records still lead where they led: the block is on the chain, and the votes alone bring the same block
/// back.
#[test]
fn frozen_ledger_records_replay() {
    let genesis = lone_genesis();
    let records = frozen(include_str!("golden/records.hex"));
    let named = |name: &str| -> Vec<Vec<u8>> {
        records.iter().filter(|(found, _)| found == name).map(|(_, bytes)| bytes.clone()).collect()
    };
    let block_record = named("block record").remove(0);
    let stored = ledger::record::decode_block(&block_record[ledger::record::FRAME_HEADER_BYTES..]).unwrap();
    let expected = stored.block.id();
    let (from_blocks, _) = open(&genesis, vec![stored], VoteLog::default());
    assert_eq!((from_blocks.head().height, from_blocks.head().block), (Height(1), expected));

    let log = [named("vote log header").concat(), named("vote record").concat()].concat();
    let votes = read_vote_log(&log, &genesis.chain()).unwrap();
    assert_eq!((votes.height, votes.whole_bytes), (Height(1), log.len()));
    let (from_votes, outputs) = open(&genesis, Vec::new(), votes);
    assert_eq!(from_votes.head().block, expected);
    assert!(
        !outputs.iter().any(|output| matches!(output, Output::VoteAppend(_))),
        "a replay records nothing"
    );
}

#[test]
fn telemetry_records() {
    let mut catalogue = Catalogue::new(10);
    let code = |text| Code::new(text).unwrap();
    let definitions: Vec<_> = [
        catalogue.add_site(code("CAS-S1"), "Tour Alpha").unwrap(),
        catalogue.add_asset("CAS-S1", code("CAS-S1-ELEVATOR_1"), AssetKind::Elevator).unwrap(),
        catalogue.add_series(AssetId(0), MetricName::new("motor_temp").unwrap()).unwrap(),
    ]
    .into_iter()
    .flatten()
    .collect();
    let value = |number| Value::new(number).unwrap();
    let rows = [
        Row::new(AssetId(0), samples::TIME, vec![(Column(0), value(81.5))]).unwrap(),
        Row::new(AssetId(0), samples::TIME.plus(10_000), vec![(Column(0), value(-2.0))]).unwrap(),
    ];
    let mut bytes = Vec::new();
    let mut writer = SegmentWriter::start(3, 100, &definitions, &mut bytes);
    writer.rows(&rows, &mut bytes);
    expect_file!["golden/telemetry.hex"].assert_eq(&line("segment 3", &bytes));

    let frozen = frozen(include_str!("golden/telemetry.hex"));
    let read: Vec<_> = SegmentReader::open(3, None, &frozen[0].1).unwrap().collect();
    let bodies: Vec<_> = read
        .into_iter()
        .map(|found| match found {
            Found::Record(record) => record.body,
            Found::Gap(_) | Found::TornTail(_) => panic!("a frozen segment reads whole: {found:?}"),
        })
        .collect();
    assert_eq!(bodies, [Body::Definitions(definitions), Body::Rows(rows.to_vec())]);
}

/// The files of past days: they stay for years and are read by every later program.
#[test]
fn telemetry_day_files() {
    let lines = [
        line("chunk", &telemetry_samples::chunk()),
        line("open day file", &telemetry_samples::open_file()),
        line("day segment", &telemetry_samples::seg_file()),
        line("rollups", &telemetry_samples::roll_file()),
    ];
    expect_file!["golden/telemetry_days.hex"].assert_eq(&lines.concat());

    let frozen = frozen(include_str!("golden/telemetry_days.hex"));
    let [chunk, open, seg, roll] = [0, 1, 2, 3].map(|i| frozen[i].1.as_slice());
    let rows = telemetry_samples::rows();
    assert_eq!(decode_chunk(chunk, None).unwrap().1, rows);

    let day = telemetry_samples::DAY;
    let found: Vec<_> = ChunkReader::open_file(day, open).unwrap().collect();
    let generations: Vec<u64> = found
        .iter()
        .map(|found| match found {
            FoundPart::Chunk { header, .. } => header.generation,
            FoundPart::Damaged { .. } | FoundPart::Torn { .. } => {
                panic!("a frozen file reads whole: {found:?}")
            }
        })
        .collect();
    assert_eq!(generations, [42, 43]);

    let footer = read_footer(seg.len() as u64, seg).unwrap();
    assert_eq!((footer.day, footer.generations.runs()), (day, &[(40, 40), (42, 43)][..]));
    assert_eq!(decode_chunk(part_of(seg, &footer.parts[0]), None).unwrap().1, rows);

    let footer = read_footer(roll.len() as u64, roll).unwrap();
    for (found, slot_ms) in footer.parts.iter().zip([QUARTER_MS, DAY_MS]) {
        let read = decode_rollup(part_of(roll, found)).unwrap();
        assert_eq!(read, telemetry_samples::rollup(slot_ms));
    }
}

#[test]
fn building_entries() {
    let entries = building_samples::building_entries();
    let text: String = entries
        .iter()
        .flat_map(|(name, change)| {
            let value = change.value().expect("an entry that is put has a value");
            [line(&format!("{name} key"), &change.key()), line(name, &value)]
        })
        .collect();
    expect_file!["golden/building.hex"].assert_eq(&text);
    for (pair, (name, change)) in frozen(include_str!("golden/building.hex")).chunks(2).zip(&entries) {
        let (key, value) = (&pair[0].1, &pair[1].1);
        assert_eq!(Change::read_back(key, value).as_ref(), Ok(change), "{name}");
        assert!(Change::read_back(key, &value[..value.len() - 1]).is_err(), "{name} cut short");
        let elsewhere = [key.as_slice(), &[0]].concat();
        assert!(Change::read_back(&elsewhere, value).is_err(), "{name} under another key");
    }
}

/// What the first release stored of policies and alerts still reads, and is never written again.
#[test]
fn building_entries_of_the_first_release() {
    let entries = building_samples::first_release_entries();
    let old = frozen(include_str!("golden/building_v1.hex"));
    assert_eq!(old.len(), 2 * entries.len());
    for (pair, (name, change)) in old.chunks(2).zip(&entries) {
        let (key, value) = (&pair[0].1, &pair[1].1);
        assert_eq!(Change::read_back(key, value).as_ref(), Ok(change), "{name}");
        assert_ne!(change.value().as_ref(), Some(value), "{name} is written in the form of today");
        assert!(Change::read_back(key, &value[..value.len() - 1]).is_err(), "{name} cut short");
    }
}

/// Each type encodes to its frozen bytes, and these decode and encode to themselves. Every bit of them counts: none
/// can be flipped and still read as the same value.
fn check_types(types: &[Wire], file: &ExpectFile) {
    let text: String = types.iter().map(|wire| line(wire.name, &wire.bytes)).collect();
    file.assert_eq(&text);
    for Wire { name, bytes, limit, reread } in types {
        assert_eq!(reread(bytes, *limit).as_ref(), Ok(bytes), "{name}");
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            if let Ok(again) = reread(&changed, *limit) {
                assert_eq!(again, changed, "{name}: bit {bit} flipped decodes to something else");
            }
        }
    }
}

fn part_of<'a>(file: &'a [u8], part: &FooterPart) -> &'a [u8] {
    &file[usize::try_from(part.offset).unwrap()..][..part.len as usize]
}

fn line(name: &str, bytes: &[u8]) -> String {
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{name} = {hex}\n")
}

fn frozen(text: &str) -> Vec<(String, Vec<u8>)> {
    let hex = |hex: &str| {
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
    };
    text.lines()
        .map(|line| line.split_once(" = ").unwrap())
        .map(|(name, bytes)| (name.to_owned(), hex(bytes)))
        .collect()
}

fn lone_genesis() -> Genesis {
    Genesis::new(samples::TIME, protocol::Digest::new([7; 32]), vec![key(1).public()], Vec::new()).unwrap()
}

fn now(tick: u64) -> Now {
    Now { tick: Tick(tick), time: samples::TIME.plus(1_000) }
}

fn open(genesis: &Genesis, stored: Vec<ledger::StoredBlock>, votes: VoteLog) -> (Ledger, Vec<Output>) {
    let name = Bytes::new(b"alone".to_vec()).unwrap();
    let config =
        Config { heartbeat_ms: 1, time_ahead_ms: 10_000, name, await_alone: false, checkpoint: None };
    Ledger::open(now(0), config, key(1), genesis, stored.into_iter(), Ok(votes)).unwrap()
}
