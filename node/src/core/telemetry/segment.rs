//! Reads a segment of the telemetry log back: record after record, over damage to the next whole one, and keeps the
//! books of what is lost. It never stops at damage and never takes a record whose checksum does not hold.

use thiserror::Error;

use super::record::{
    RECORD_HEADER_BYTES, RECORD_MAGIC, Record, RecordError, SEGMENT_HEADER_BYTES, SEGMENT_MAGIC,
    checked_body, decode_record, u32_at, u64_at,
};

/// What the reader comes upon, in the order of the file.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// A whole record.
    Record(Record),
    /// Damage with whole records behind it, or records missing between two whole ones.
    Gap(Gap),
    /// The segment ends in bytes that are no whole record: a write that was under way when the process died.
    TornTail(TornTail),
}

/// A piece of the log that is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// Where it starts in the segment.
    pub offset: usize,
    /// How long it is; 0 if records are missing without a trace.
    pub bytes: usize,
    /// How many records are missing by their numbers; `None` if that cannot be known, because no number before the
    /// gap is known.
    pub records: Option<u64>,
}

/// Bytes at the end that are to be cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TornTail {
    /// The length that the segment keeps.
    pub offset: usize,
    /// How many bytes are cut, the zeros of preallocation not counted.
    pub bytes: usize,
}

/// A segment of another version of the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("telemetry log of version {found}, this program reads version {expected}")]
pub struct UnknownVersion {
    /// The version this program reads.
    pub expected: u8,
    /// The version of the segment.
    pub found: u8,
}

/// Iterates over what a segment holds. Rows are decoded record by record, so that at most one record is in memory.
#[derive(Debug)]
pub struct SegmentReader<'a> {
    segment: u64,
    bytes: &'a [u8],
    /// End of what is not preallocated zeros.
    end: usize,
    at: usize,
    next_seq: Option<u64>,
    /// Whether `next_seq` comes from this segment.
    anchored: bool,
    header_lost: Option<Gap>,
    ready: Option<Record>,
}

impl<'a> SegmentReader<'a> {
    /// Opens a segment by the number in its name. `next_seq` is the sequence expected next, if the segment before
    /// told. A damaged header is a gap, and the records behind it are read all the same.
    pub fn open(segment: u64, next_seq: Option<u64>, bytes: &'a [u8]) -> Result<Self, UnknownVersion> {
        let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        let mut reader =
            Self { segment, bytes, end, at: 0, next_seq, anchored: false, header_lost: None, ready: None };
        match first_seq(segment, bytes)? {
            Some(first_seq) => reader.start_at(first_seq),
            None => reader.skip_header(),
        }
        Ok(reader)
    }

    /// The sequence that comes after everything read so far; `None` as long as none is known.
    pub const fn next_seq(&self) -> Option<u64> {
        self.next_seq
    }

    /// Where the next record would be written.
    pub const fn offset(&self) -> usize {
        self.at
    }

    fn start_at(&mut self, first_seq: u64) {
        let lost = self.next_seq.and_then(|next| first_seq.checked_sub(next)).filter(|lost| *lost > 0);
        self.header_lost = lost.map(|lost| Gap { offset: 0, bytes: 0, records: Some(lost) });
        self.next_seq = Some(first_seq);
        self.anchored = true;
        self.at = SEGMENT_HEADER_BYTES;
    }

    /// Goes to the first whole record. Without any the reader stays at the start, and everything is a torn tail.
    fn skip_header(&mut self) {
        if let Some((at, record, len)) = self.resync(0) {
            let records = self.next_seq.map(|next| record.seq.saturating_sub(next));
            self.header_lost = Some(Gap { offset: 0, bytes: at, records });
            self.take(at + len, record);
        }
    }

    fn take(&mut self, at: usize, record: Record) {
        self.at = at;
        self.next_seq = Some(record.seq.saturating_add(1));
        self.anchored = true;
        self.ready = Some(record);
    }

    /// The next whole record at or behind `from`, where it starts and how long it is. Its number has to be one that
    /// can follow: not one that was read, and not further ahead than records would fit into what was skipped (which
    /// keeps bytes that a sender placed inside a value from passing for a record).
    fn resync(&self, from: usize) -> Option<(usize, Record, usize)> {
        let mut at = from;
        loop {
            let ahead = self.bytes.get(at..self.end)?;
            at += ahead.windows(RECORD_MAGIC.len()).position(|window| window == RECORD_MAGIC)?;
            if let Ok((record, len)) = decode_record(self.segment, &self.bytes[at..])
                && self.may_follow(record.seq, at - from)
            {
                return Some((at, record, len));
            }
            at += 1;
        }
    }

    fn may_follow(&self, seq: u64, skipped: usize) -> bool {
        let fitting = (skipped / RECORD_HEADER_BYTES) as u64 + 1;
        self.next_seq.is_none_or(|next| seq >= next && (!self.anchored || seq - next <= fitting))
    }

    /// A record whose checksum holds but which this program cannot read is passed over by its length.
    fn unreadable(&mut self) -> Found {
        let offset = self.at;
        let (seq, body) = checked_body(self.segment, &self.bytes[offset..])
            .expect("invariant: only a record with a good checksum has a body that does not decode");
        let bytes = RECORD_HEADER_BYTES + body.len();
        self.at += bytes;
        self.next_seq = Some(seq.saturating_add(1));
        Found::Gap(Gap { offset, bytes, records: Some(1) })
    }

    fn damage(&mut self) -> Found {
        let offset = self.at;
        let Some((at, record, len)) = self.resync(offset) else {
            let bytes = self.end - offset;
            self.end = offset;
            return Found::TornTail(TornTail { offset, bytes });
        };
        let records = self.next_seq.map(|next| record.seq.saturating_sub(next));
        self.take(at + len, record);
        Found::Gap(Gap { offset, bytes: at - offset, records })
    }
}

impl Iterator for SegmentReader<'_> {
    type Item = Found;

    fn next(&mut self) -> Option<Found> {
        if let Some(gap) = self.header_lost.take() {
            return Some(Found::Gap(gap));
        }
        if let Some(record) = self.ready.take() {
            return Some(Found::Record(record));
        }
        if self.at >= self.end {
            return None;
        }
        match decode_record(self.segment, &self.bytes[self.at..]) {
            Ok((record, len)) if self.next_seq.is_none_or(|next| next == record.seq) => {
                self.take(self.at + len, record);
                self.ready.take().map(Found::Record)
            }
            Err(RecordError::Body { seq }) if self.next_seq == Some(seq) => Some(self.unreadable()),
            Ok(_) | Err(_) => Some(self.damage()),
        }
    }
}

/// The first sequence of a segment with a whole header; `None` if the header is damaged.
fn first_seq(segment: u64, bytes: &[u8]) -> Result<Option<u64>, UnknownVersion> {
    let Some(header) = bytes.get(..SEGMENT_HEADER_BYTES) else { return Ok(None) };
    let (name, version) = (SEGMENT_MAGIC.split_last(), header[SEGMENT_MAGIC.len() - 1]);
    let (expected, name) = name.expect("invariant: the magic is not empty");
    let whole = header.starts_with(name)
        && u64_at(header, 8) == segment
        && u32_at(header, 24) == crc32c::crc32c(&header[..24]);
    if whole && version != *expected {
        return Err(UnknownVersion { expected: *expected, found: version });
    }
    Ok(whole.then(|| u64_at(header, 16)))
}
