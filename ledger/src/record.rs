//! Records on disk: frames with a checksum, for `blocks.log` and the vote log, as pure functions that shell and
//! simulator share.
//!
//! ```text
//! magic 4 | length of body 4, big endian | first 16 bytes of blake3 over length and body | body
//! ```

use protocol::limits::{BLOCK_RECORD_BYTES_MAX, VOTE_RECORD_BYTES_MAX};
use protocol::{Block, Certificate, ChainId, DecodeError, Height, decode, encode};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};
use thiserror::Error;

use crate::input::StoredBlock;

/// Bytes before a body.
pub const FRAME_HEADER_BYTES: usize = 24;
/// Magic of a record of `blocks.log`.
pub const BLOCK_MAGIC: [u8; 4] = *b"SyB1";
/// Magic of a record of the vote log.
pub const VOTE_MAGIC: [u8; 4] = *b"SyV1";
/// Magic of the first record of a vote log.
pub const VOTE_HEADER_MAGIC: [u8; 4] = *b"SyW1";

/// What stands at an offset of a file of frames.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame<'a> {
    /// A whole record.
    Record {
        /// Its body.
        body: &'a [u8],
        /// Offset of the next one.
        end: usize,
    },
    /// The file ends inside a record: an append that was never synced. It may be cut here.
    Torn,
    /// A record whose checksum, magic or length is wrong, with enough bytes for a whole one.
    Damaged {
        /// Nothing follows it: perhaps a torn append whose length reached the disk before its bytes.
        last: bool,
    },
}

/// A record that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RecordError {
    /// Damaged where whole records were expected.
    #[error("record at byte {offset} is damaged")]
    Damaged {
        /// Where.
        offset: usize,
        /// The height the vote log is for; 0 if its header is what is damaged.
        height: Height,
    },
    /// The frame is whole but its body is not what it should be.
    #[error("record at byte {offset} does not decode: {error}")]
    Body {
        /// Where.
        offset: usize,
        /// Why.
        error: DecodeError,
    },
    /// A vote log of another hive.
    #[error("the vote log belongs to another hive")]
    OtherChain,
    /// There is none: the folder was restored from a backup, which holds no votes.
    #[error("the folder was restored from a backup, and what was signed after that is not known")]
    Restored,
}

impl RecordError {
    /// The height up to which votes may be hidden in a log that gives this error, as far as it tells.
    pub const fn height(&self) -> Height {
        match self {
            Self::Damaged { height, .. } => *height,
            Self::Body { .. } | Self::OtherChain | Self::Restored => Height(0),
        }
    }
}

/// Frames a body.
pub fn frame(magic: [u8; 4], body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).expect("invariant: records are bounded").to_be_bytes();
    let mut record = Vec::with_capacity(FRAME_HEADER_BYTES + body.len());
    record.extend_from_slice(&magic);
    record.extend_from_slice(&length);
    record.extend_from_slice(&checksum(length, body));
    record.extend_from_slice(body);
    record
}

/// Reads the frame at `offset`; `None` at the very end of the bytes.
pub fn read_frame(bytes: &[u8], offset: usize, magic: [u8; 4], body_max: usize) -> Option<Frame<'_>> {
    let rest = bytes.get(offset..).filter(|rest| !rest.is_empty())?;
    let Some((header, rest)) = rest.split_first_chunk::<FRAME_HEADER_BYTES>() else {
        return Some(Frame::Torn);
    };
    let length = [header[4], header[5], header[6], header[7]];
    let body_len = u32::from_be_bytes(length) as usize;
    if header[..4] != magic || body_len > body_max {
        return Some(Frame::Damaged { last: false });
    }
    let Some(body) = rest.get(..body_len) else { return Some(Frame::Torn) };
    if header[8..] != checksum(length, body) {
        return Some(Frame::Damaged { last: rest.len() == body_len });
    }
    Some(Frame::Record { body, end: offset + FRAME_HEADER_BYTES + body_len })
}

fn checksum(length: [u8; 4], body: &[u8]) -> [u8; 16] {
    let hash = *blake3::Hasher::new().update(&length).update(body).finalize().as_bytes();
    hash[..16].try_into().expect("invariant: 16 of 32 bytes")
}

/// The framed record of a final block.
pub fn encode_block(block: &Block, certificate: &Certificate) -> Vec<u8> {
    frame(BLOCK_MAGIC, &encode(&(block, certificate)))
}

/// Reads the body of a record of `blocks.log`.
pub fn decode_block(body: &[u8]) -> Result<StoredBlock, DecodeError> {
    let (block, certificate) = decode(body, BLOCK_RECORD_BYTES_MAX)?;
    Ok(StoredBlock { block, certificate })
}

/// Reads the frame of `blocks.log` at `offset`.
pub fn read_block_frame(bytes: &[u8], offset: usize) -> Option<Frame<'_>> {
    read_frame(bytes, offset, BLOCK_MAGIC, BLOCK_RECORD_BYTES_MAX)
}

#[derive(Debug, Serialize_tuple, Deserialize_tuple)]
struct VoteHeader {
    version: u16,
    chain: ChainId,
    height: Height,
}

/// The first record of a vote log: which hive and height its votes are for.
pub fn vote_header(chain: ChainId, height: Height) -> Vec<u8> {
    frame(VOTE_HEADER_MAGIC, &encode(&VoteHeader { version: 1, chain, height }))
}

/// Frames one entry of the vote log.
pub fn vote_record(body: &[u8]) -> Vec<u8> {
    frame(VOTE_MAGIC, body)
}

/// A vote log as it was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VoteLog {
    /// The height its votes are for; 0 when there is no header.
    pub height: Height,
    /// Bodies of its records, in order.
    pub records: Vec<Vec<u8>>,
    /// Bytes that are whole; what follows was never synced.
    pub whole_bytes: usize,
}

/// Whether a whole record stands anywhere behind `offset`: what looks like a torn end is damage then.
pub fn record_follows(bytes: &[u8], offset: usize, magic: [u8; 4], body_max: usize) -> bool {
    let tail = bytes.get(offset + 1..).unwrap_or_default();
    tail.windows(magic.len()).enumerate().filter(|(_, window)| *window == magic).any(|(at, _)| {
        matches!(read_frame(bytes, offset + 1 + at, magic, body_max), Some(Frame::Record { .. }))
    })
}

/// Reads a vote log. A short last record is cut; anything else that is wrong is an error: a vote may be hidden there,
/// so this node must not sign at that height again.
pub fn read_vote_log(bytes: &[u8], chain: &ChainId) -> Result<VoteLog, RecordError> {
    let mut log = VoteLog::default();
    let offset = match read_frame(bytes, 0, VOTE_HEADER_MAGIC, 256) {
        None => return Ok(log),
        Some(Frame::Torn) => return torn(bytes, log),
        Some(Frame::Damaged { .. }) => return Err(RecordError::Damaged { offset: 0, height: log.height }),
        Some(Frame::Record { body, end }) => {
            let header: VoteHeader =
                decode(body, 256).map_err(|error| RecordError::Body { offset: 0, error })?;
            if header.chain != *chain {
                return Err(RecordError::OtherChain);
            }
            log.height = header.height;
            end
        }
    };
    log.whole_bytes = offset;
    loop {
        match read_frame(bytes, log.whole_bytes, VOTE_MAGIC, VOTE_RECORD_BYTES_MAX) {
            None => return Ok(log),
            Some(Frame::Torn) => return torn(bytes, log),
            Some(Frame::Damaged { .. }) => {
                return Err(RecordError::Damaged { offset: log.whole_bytes, height: log.height });
            }
            Some(Frame::Record { body, end }) => {
                log.records.push(body.to_vec());
                log.whole_bytes = end;
            }
        }
    }
}

fn torn(bytes: &[u8], log: VoteLog) -> Result<VoteLog, RecordError> {
    let offset = log.whole_bytes;
    if record_follows(bytes, offset, VOTE_MAGIC, VOTE_RECORD_BYTES_MAX) {
        return Err(RecordError::Damaged { offset, height: log.height });
    }
    Ok(log)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log() -> Vec<u8> {
        let mut bytes = vote_header(ChainId::new([1; 32]), Height(7));
        for body in [b"one".as_slice(), b"two", b"three"] {
            bytes.extend(vote_record(body));
        }
        bytes
    }

    #[test]
    fn a_torn_end_is_cut_at_every_length() {
        let bytes = log();
        let chain = ChainId::new([1; 32]);
        let whole = read_vote_log(&bytes, &chain).unwrap();
        assert_eq!((whole.height, whole.records.len(), whole.whole_bytes), (Height(7), 3, bytes.len()));
        for end in 0..bytes.len() {
            let cut = read_vote_log(&bytes[..end], &chain).unwrap();
            assert!(cut.records.len() < 3 && cut.whole_bytes <= end);
            assert_eq!(cut.records[..], whole.records[..cut.records.len()]);
        }
    }

    #[test]
    fn no_flipped_bit_goes_unseen() {
        let bytes = log();
        let chain = ChainId::new([1; 32]);
        let whole = read_vote_log(&bytes, &chain).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            match read_vote_log(&flipped, &chain) {
                Err(_) => {}
                // Only the length of the last record can make it look like one that was cut short.
                Ok(read) => {
                    assert_eq!(read.records[..], whole.records[..2], "bit {bit}");
                }
            }
        }
        assert_eq!(read_vote_log(&bytes, &ChainId::new([2; 32])), Err(RecordError::OtherChain));
    }
}
