//! The immutable file of a day that is over: one chunk per asset and an index behind them. Written once, never changed.

use super::chunk::encode_chunk;
use super::columns::Columns;
use super::day::Day;
use super::day_file::{ChunkReader, DayFileError, FoundPart, SEG_MAGIC};
use super::footer::{DayWriter, Footer, FooterPart, Generations, Losses, take_footer};
use crate::core::catalogue::AssetId;

/// Writes a day segment into buffers, which the caller appends to the file one after the other.
#[derive(Debug)]
pub struct SegWriter {
    writer: DayWriter,
}

impl SegWriter {
    /// Starts the file of a day.
    pub fn start(day: Day, out: &mut Vec<u8>) -> Self {
        Self { writer: DayWriter::start(SEG_MAGIC, day, out) }
    }

    /// Appends the readings of an asset that lie in the day, as one chunk or, if they are many, several. Assets come
    /// in rising order, each once.
    pub fn push(&mut self, asset: AssetId, rows: &Columns, out: &mut Vec<u8>) {
        for piece in rows.pieces() {
            let count = |number: usize| u32::try_from(number).expect("invariant: a piece is small");
            let (first, last) = piece.first().zip(piece.last()).expect("invariant: a piece has a row");
            let (rows, points) = (count(piece.len()), count(piece.points()));
            let part = FooterPart { asset, slot_ms: 0, offset: 0, len: 0, first, last, rows, points };
            self.writer.part(part, out, |out| encode_chunk(asset, 0, &piece, out));
        }
    }

    /// Appends footer, trailer and hash. Answers the footer as it will be read back.
    pub fn finish(self, generations: Generations, losses: Losses, out: &mut Vec<u8>) -> Footer {
        self.writer.finish(generations, losses, out)
    }
}

/// Reads the footer of a day segment or a file of rollups out of its last bytes. If these do not reach back far
/// enough the error says how many are needed.
pub fn read_footer(file_len: u64, tail: &[u8]) -> Result<Footer, DayFileError> {
    take_footer(file_len, tail)
}

/// Goes through a day segment without the help of its footer: whole chunks, and damage. The footer is a torn end.
pub fn scan(day: Day, bytes: &[u8]) -> Result<impl Iterator<Item = FoundPart> + '_, DayFileError> {
    ChunkReader::new(SEG_MAGIC, day, bytes)
}
