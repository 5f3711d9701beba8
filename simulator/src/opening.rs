//! How a node starts: everything it had is read back from its disk, as the shell does it.

use std::ops::Range;

use ledger::record::{Frame, decode_block, read_block_frame, read_vote_log};
use ledger::{Chain, Config, Head, Ledger, OpenError, RecordError, Replay, StoredBlock, VoteLog};
use node::core::catalogue::Retention;
use node::core::telemetry::{Body, Found, Row, SegmentReader};
use node::core::{AssetConfig, Core, CoreConfig, Output, Replayed, SiteConfig};
use protocol::limits::{BLOCK_TIME_AHEAD_MS_MAX, READING_AHEAD_MS_MAX, SERIES_DEFAULT_MAX};
use protocol::{AssetKind, Block, BlockId, Bytes, Genesis, Height, Now};

use crate::building::{Building, Hive, SEGMENT};
use crate::mutants::Mutant;

/// What a start found.
#[derive(Debug, Clone, PartialEq)]
pub struct Started {
    /// Where the ledger is.
    pub head: Head,
    /// The last block that was on disk; replayed votes may have added another.
    pub stored: Height,
    /// Records of the vote log that were replayed.
    pub replayed: usize,
    /// Why the vote log cannot be read, so that the node abstains for a height.
    pub abstains: Option<RecordError>,
    /// Bytes cut off `blocks.log`.
    pub cut: usize,
    /// Rows of the telemetry log, in order.
    pub rows: Vec<Row>,
}

impl Building {
    /// Code of its site.
    pub fn site(&self) -> String {
        format!("CAS-{}", self.name)
    }

    /// Code of its lift.
    pub fn elevator(&self) -> String {
        format!("CAS-{}-ELEVATOR_1", self.name)
    }

    /// Code of its meter.
    pub fn meter(&self) -> String {
        format!("CAS-{}-METER", self.name)
    }

    /// Starts from what is on disk. The error is what the node would say when it refuses to start.
    pub fn start(&mut self, now: u64, hive: &Hive) -> Result<(Started, Vec<Output>), String> {
        assert!(self.core.is_none(), "invariant: a node starts when it is down");
        self.boot = now;
        let (stored, cut) = self.read_blocks(&hive.genesis);
        let tip = Height(stored.len() as u64);
        let votes = self.read_votes(&hive.genesis);
        let of_next = votes.as_ref().ok().filter(|log| log.height == tip.next());
        let replayed = of_next.map_or(0, |log| log.records.len());
        let abstains = votes.as_ref().err().cloned();
        let (telemetry, rows) = self.read_telemetry()?;

        let now = self.now(now);
        self.address = self.running_key().address();
        let opened = self.open_ledger(now, hive, stored, votes).map_err(|error| error.to_string())?;
        let (ledger, first) = if self.promote(opened.0.state()) {
            // The hive goes by the new key already: the ledger is read again under it.
            let (stored, _) = self.read_blocks(&hive.genesis);
            let votes = self.read_votes(&hive.genesis);
            self.open_ledger(now, hive, stored, votes).map_err(|error| error.to_string())?
        } else {
            opened
        };
        let (key, genesis) = (self.running_key().clone(), hive.genesis.clone());
        let head = ledger.head();
        let entries = self.disk.index.entries().clone().into_iter();
        let telemetry = telemetry.into_iter();
        let (core, outputs, unreadable) =
            Core::open(now, &self.core_config(), key, genesis, ledger, entries, telemetry)
                .map_err(|error| error.to_string())?;
        if let Some(error) = unreadable.first() {
            return Err(format!("an entry of the index does not read: {error}"));
        }
        let keys = self.known_network_keys(hive);
        self.door = keys.values().next_back().cloned().into_iter().collect();
        if let Some(metered) = &mut self.metered {
            metered.take(&rows);
        }
        self.core = Some(core.with_network_keys(keys, hive.key_overlap_ms));
        let outputs = first.into_iter().map(Output::Ledger).chain(outputs).collect();
        Ok((Started { head, stored: tip, replayed, abstains, cut, rows }, outputs))
    }

    fn open_ledger(
        &self,
        now: Now,
        hive: &Hive,
        stored: Vec<StoredBlock>,
        votes: Result<VoteLog, RecordError>,
    ) -> Result<(Ledger, Vec<ledger::Output>), OpenError> {
        let (config, key) = (self.ledger_config(hive), self.running_key().clone());
        if let Some(mutant) = self.mutant {
            let stored = stored.into_iter();
            return Ledger::open_planted(now, config, key, &hive.genesis, stored, votes, mutant.planted());
        }
        let replay = hive.carried_out.borrow_mut().replay(&hive.genesis, stored)?;
        Ledger::open_replayed(now, config, key, replay, votes)
    }

    fn ledger_config(&self, hive: &Hive) -> Config {
        Config {
            checkpoint: None,
            heartbeat_ms: hive.heartbeat_ms,
            time_ahead_ms: self.clock.span(BLOCK_TIME_AHEAD_MS_MAX),
            name: Bytes::new(self.name.clone().into_bytes()).expect("invariant: names are short"),
            await_alone: false,
        }
    }

    fn core_config(&self) -> CoreConfig {
        let mut assets = vec![AssetConfig { code: self.elevator(), kind: AssetKind::Elevator }];
        if self.metered.is_some() {
            assets.push(AssetConfig { code: self.meter(), kind: AssetKind::Meter });
        }
        let site = SiteConfig { code: self.site(), name: self.name.clone(), assets };
        CoreConfig {
            sites: vec![site],
            series_max: SERIES_DEFAULT_MAX,
            ahead_ms: READING_AHEAD_MS_MAX,
            retention: Retention::default(),
            clock_speed_millis: 1_000 * self.clock.pace,
            operator: None,
        }
    }

    /// All blocks on disk; a torn or damaged end is cut.
    fn read_blocks(&mut self, genesis: &Genesis) -> (Vec<StoredBlock>, usize) {
        let (stored, places) = self.records.whole_blocks(self.disk.blocks.bytes(), genesis);
        let whole = places.last().map_or(0, |place| place.end);
        let cut = self.disk.blocks.bytes().len() - whole;
        if cut > 0 && self.mutant != Some(Mutant::TornTailKept) {
            self.disk.blocks.cut(whole);
        }
        self.places = places;
        (stored, cut)
    }

    fn read_votes(&mut self, genesis: &Genesis) -> Result<VoteLog, RecordError> {
        if self.mutant == Some(Mutant::WalForgotten) {
            return Ok(VoteLog::default());
        }
        let mut log = read_vote_log(self.disk.votes.bytes(), &genesis.chain())?;
        if log.whole_bytes < self.disk.votes.bytes().len() {
            self.disk.votes.cut(log.whole_bytes);
        }
        if self.mutant == Some(Mutant::HalfRemembered) {
            log.records.truncate(log.records.len() / 2);
        }
        Ok(log)
    }

    fn read_telemetry(&mut self) -> Result<(Vec<Replayed>, Vec<Row>), String> {
        let bytes = self.disk.telemetry.bytes();
        let mut reader = SegmentReader::open(SEGMENT, None, bytes).map_err(|error| error.to_string())?;
        let (mut replayed, mut rows, mut whole) = (Vec::new(), Vec::new(), None);
        for found in &mut reader {
            match found {
                Found::Record(record) => replayed.push(match record.body {
                    Body::Rows(these) => {
                        rows.extend_from_slice(&these);
                        Replayed::Rows(these)
                    }
                    Body::Definitions(definitions) => Replayed::Definitions(definitions),
                }),
                Found::Gap(gap) => return Err(format!("the telemetry log has a gap at byte {}", gap.offset)),
                Found::TornTail(tail) => whole = Some(tail.offset),
            }
        }
        let next_seq = reader.next_seq();
        if let Some(whole) = whole {
            self.disk.telemetry.cut(whole);
        }
        self.telemetry_seq = next_seq.filter(|_| !self.disk.telemetry.bytes().is_empty());
        Ok((replayed, rows))
    }
}

/// The longest chain that a node of the world carried out at a start, block by block. Nodes that agree hold the same blocks:
/// the next one to start goes on from there.
#[derive(Debug, Clone, Default)]
pub struct CarriedOut {
    blocks: Vec<(BlockId, Block)>,
    /// After the last of them.
    replay: Option<Replay>,
}

impl CarriedOut {
    /// Carries out what is stored, as far as it was not carried out before.
    fn replay(&mut self, genesis: &Genesis, stored: Vec<StoredBlock>) -> Result<Replay, OpenError> {
        let is_same = |((id, block), stored): (&(BlockId, Block), &StoredBlock)| {
            stored.block == *block && stored.certificate.block == *id
        };
        let goes_on = stored.len() >= self.blocks.len() && self.blocks.iter().zip(&stored).all(is_same);
        let (known, mut replay) = match &self.replay {
            Some(replay) if goes_on => (self.blocks.len(), replay.clone()),
            Some(_) | None => (0, Replay::of(Chain::genesis(genesis))),
        };
        let mut fresh = Vec::new();
        for stored in stored.into_iter().skip(known) {
            fresh.push((stored.certificate.block, stored.block.clone()));
            replay.take_stored(stored, None)?;
        }
        if goes_on && !fresh.is_empty() {
            self.blocks.extend(fresh);
            self.replay = Some(replay.clone());
        }
        Ok(replay)
    }
}

/// Records of a `blocks.log` as they were read last, by height: a node starts many times from a file that only grows, and
/// the same bytes read the same again.
#[derive(Debug, Default)]
pub struct Records(Vec<Record>);

#[derive(Debug)]
struct Record {
    bytes: Vec<u8>,
    stored: StoredBlock,
    id: BlockId,
}

impl Records {
    /// The blocks that follow from genesis, up to the first record that does not, and where each stands.
    pub fn whole_blocks(&mut self, bytes: &[u8], genesis: &Genesis) -> (Vec<StoredBlock>, Vec<Range<usize>>) {
        let (mut stored, mut places): (Vec<StoredBlock>, Vec<Range<usize>>) = (Vec::new(), Vec::new());
        let (mut offset, mut previous) = (0, genesis.block());
        while let Some(record) = self.at(stored.len(), &bytes[offset..]) {
            let header = &record.stored.block.header;
            if header.previous != previous || header.height.0 != stored.len() as u64 + 1 {
                break;
            }
            previous = record.id;
            stored.push(record.stored.clone());
            places.push(offset..offset + record.bytes.len());
            offset += record.bytes.len();
        }
        (stored, places)
    }

    /// The record that `rest` begins with, if it is a whole one.
    fn at(&mut self, index: usize, rest: &[u8]) -> Option<&Record> {
        let is_known = self.0.get(index).is_some_and(|record| rest.starts_with(&record.bytes));
        if !is_known {
            self.0.truncate(index);
            let Some(Frame::Record { body, end }) = read_block_frame(rest, 0) else { return None };
            let stored = decode_block(body).ok()?;
            let id = stored.block.id();
            self.0.push(Record { bytes: rest[..end].to_vec(), stored, id });
        }
        self.0.get(index)
    }
}
