//! What the files of a day have in common: `magic [8] | day i32 | crc32c u32`, little endian, then framed parts one
//! after the other. A reader goes over damage to the next whole part and says where it was.

use thiserror::Error;

use super::chunk::{CHUNK_MAGIC, ChunkHeader, FRAME_HEADER_BYTES, frame, read_header};
use super::day::Day;
use super::record::u32_at;

/// First bytes of an open day file; the last one is the version.
pub const OPEN_MAGIC: [u8; 8] = *b"SYMTELO\x01";
/// First bytes of a day segment; the last one is the version.
pub const SEG_MAGIC: [u8; 8] = *b"SYMTELS\x01";
/// First bytes of a file of rollups; the last one is the version.
pub const ROLL_MAGIC: [u8; 8] = *b"SYMTELR\x01";
/// Bytes of the header of each of these.
pub const DAY_HEADER_BYTES: usize = 8 + 4 + 4;

/// Why a file of a day cannot be read at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DayFileError {
    /// Written by a later program.
    #[error("a day file of version {found}, this program reads version {expected}")]
    Version {
        /// Version this program reads.
        expected: u8,
        /// Version found.
        found: u8,
    },
    /// The footer lies further ahead than the bytes that were given reach back.
    #[error("the last {found} bytes do not hold the footer, it takes the last {expected}")]
    Tail {
        /// How many bytes of the file's end are needed.
        expected: u64,
        /// How many there are.
        found: u64,
    },
    /// The file is damaged there.
    #[error("{part} of the day file is damaged")]
    Damaged {
        /// Header, trailer or footer.
        part: &'static str,
    },
}

/// The header of a new, empty open day file.
pub fn open_header(day: Day) -> Vec<u8> {
    let mut out = Vec::with_capacity(DAY_HEADER_BYTES);
    put_day_header(&mut out, OPEN_MAGIC, day);
    out
}

pub(super) fn put_day_header(out: &mut Vec<u8>, magic: [u8; 8], day: Day) {
    let start = out.len();
    out.extend_from_slice(&magic);
    out.extend_from_slice(&day.0.to_le_bytes());
    let checksum = crc32c::crc32c(&out[start..]);
    out.extend_from_slice(&checksum.to_le_bytes());
}

/// Whether the header of this kind and day stands at the front; an error if a later program wrote it.
fn has_header(bytes: &[u8], magic: [u8; 8], day: Day) -> Result<bool, DayFileError> {
    let Some(header) = bytes.get(..DAY_HEADER_BYTES) else { return Ok(false) };
    let whole = header[..7] == magic[..7]
        && header[8..12] == day.0.to_le_bytes()
        && u32_at(header, 12) == crc32c::crc32c(&header[..12]);
    if whole && header[7] != magic[7] {
        return Err(DayFileError::Version { expected: magic[7], found: header[7] });
    }
    Ok(whole)
}

/// What a reader comes upon in a day file, in its order.
#[derive(Debug, Clone, PartialEq)]
pub enum FoundPart {
    /// A whole chunk of readings of this day.
    Chunk {
        /// Where its frame starts.
        offset: usize,
        /// Bytes of its frame.
        len: usize,
        /// What it says of itself.
        header: ChunkHeader,
    },
    /// Damage with a whole part behind it.
    Damaged {
        /// Where it starts.
        offset: usize,
        /// How long it is.
        bytes: usize,
    },
    /// The file ends in bytes that are no whole part. What was synced of them is damage; what was not is a write that
    /// was under way when the process died.
    Torn {
        /// The length the file keeps.
        offset: usize,
        /// How many bytes are cut.
        bytes: usize,
    },
}

/// Iterates over the chunks of an open day file or, without the help of its footer, of a day segment.
#[derive(Debug)]
pub struct ChunkReader<'a> {
    day: Day,
    bytes: &'a [u8],
    at: usize,
    start_of_damage: Option<usize>,
}

impl<'a> ChunkReader<'a> {
    /// Reads an open day file. A damaged header is damage like any other.
    pub fn open_file(day: Day, bytes: &'a [u8]) -> Result<Self, DayFileError> {
        Self::new(OPEN_MAGIC, day, bytes)
    }

    pub(super) fn new(magic: [u8; 8], day: Day, bytes: &'a [u8]) -> Result<Self, DayFileError> {
        let whole = has_header(bytes, magic, day)?;
        let (at, start_of_damage) = if whole { (DAY_HEADER_BYTES, None) } else { (0, Some(0)) };
        Ok(Self { day, bytes, at, start_of_damage: start_of_damage.filter(|_| !bytes.is_empty()) })
    }

    /// Where the next part would be appended, once the reader has answered `None`.
    pub const fn offset(&self) -> usize {
        self.at
    }

    /// A whole chunk of this day at a place.
    fn chunk(&self, at: usize) -> Option<(ChunkHeader, usize)> {
        let bytes = self.bytes.get(at..)?;
        let header = read_header(bytes).ok()?;
        let of_day = self.day.contains(header.first) && self.day.contains(header.last);
        of_day.then(|| (header, FRAME_HEADER_BYTES + u32_at(bytes, 4) as usize))
    }

    /// The next place at or behind `from` where a whole chunk starts.
    fn resync(&self, from: usize) -> Option<usize> {
        let mut at = from;
        loop {
            let ahead = self.bytes.get(at..)?;
            at += ahead.windows(CHUNK_MAGIC.len()).position(|window| window == CHUNK_MAGIC)?;
            if self.chunk(at).is_some() {
                return Some(at);
            }
            at += 1;
        }
    }

    fn damage(&mut self, offset: usize, from: usize) -> FoundPart {
        if let Some(at) = self.resync(from) {
            self.at = at;
            return FoundPart::Damaged { offset, bytes: at - offset };
        }
        let bytes = self.bytes.len() - offset;
        (self.at, self.bytes) = (offset, &self.bytes[..offset]);
        FoundPart::Torn { offset, bytes }
    }
}

impl Iterator for ChunkReader<'_> {
    type Item = FoundPart;

    fn next(&mut self) -> Option<FoundPart> {
        if let Some(offset) = self.start_of_damage.take() {
            return Some(self.damage(offset, offset));
        }
        let offset = self.at;
        if offset >= self.bytes.len() {
            return None;
        }
        if let Some((header, len)) = self.chunk(offset) {
            self.at += len;
            return Some(FoundPart::Chunk { offset, len, header });
        }
        // A frame whose checksum holds but which is no chunk of this day is passed over as a whole.
        let whole =
            frame(CHUNK_MAGIC, &self.bytes[offset..]).map_or(1, |body| FRAME_HEADER_BYTES + body.len());
        Some(self.damage(offset, offset + whole))
    }
}
