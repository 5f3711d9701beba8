//! Numbers by pco, in the narrowest of its types that holds them, without its own search for a transformation: that
//! is made before, and so decoding takes no more memory than the numbers and one table of codes.

use pco::data_types::Number;
use pco::wrapped::{FileCompressor, FileDecompressor};
use pco::{ChunkConfig, DeltaSpec, ModeSpec};

/// pco's format, which is not written into every column: version 4.1.
const FORMAT: [u8; 2] = [4, 1];
/// How hard it tries.
const LEVEL: usize = 8;
/// First byte of a column without mode and without delta encoding of pco's own. Others may ask for a lot of memory
/// and are never written.
const PLAIN: u8 = 0;

/// The types numbers are held in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Width {
    /// Below 2^8.
    Byte,
    /// Below 2^16.
    Short,
    /// Below 2^32.
    Word,
    /// All.
    Long,
}

impl Width {
    /// The narrowest that holds numbers up to `max`.
    pub(super) const fn of(max: u64) -> Self {
        match max {
            0..=0xff => Self::Byte,
            0x100..=0xffff => Self::Short,
            0x1_0000..=0xffff_ffff => Self::Word,
            0x1_0000_0000.. => Self::Long,
        }
    }
}

/// The numbers, none of which is greater than `max`, compressed.
#[expect(clippy::cast_possible_truncation, reason = "the width holds the greatest number")]
pub(super) fn compressed(numbers: impl Iterator<Item = u64>, max: u64) -> Vec<u8> {
    match Width::of(max) {
        Width::Byte => compress(&numbers.map(|number| number as u8).collect::<Vec<_>>()),
        Width::Short => compress(&numbers.map(|number| number as u16).collect::<Vec<_>>()),
        Width::Word => compress(&numbers.map(|number| number as u32).collect::<Vec<_>>()),
        Width::Long => compress(&numbers.collect::<Vec<_>>()),
    }
}

/// Reads `count` numbers of a width which take up all of `bytes`, and appends each added to `min`.
pub(super) fn decompressed(
    bytes: &[u8],
    width: Width,
    count: usize,
    min: i64,
    out: &mut Vec<i64>,
) -> Option<()> {
    let above = |number: i64| min.wrapping_add(number);
    match width {
        Width::Byte => out.extend(decompress::<u8>(bytes, count)?.into_iter().map(|n| above(n.into()))),
        Width::Short => out.extend(decompress::<u16>(bytes, count)?.into_iter().map(|n| above(n.into()))),
        Width::Word => out.extend(decompress::<u32>(bytes, count)?.into_iter().map(|n| above(n.into()))),
        Width::Long => {
            out.extend(decompress::<u64>(bytes, count)?.into_iter().map(|n| above(n.cast_signed())));
        }
    }
    Some(())
}

fn compress<T: Number>(numbers: &[T]) -> Vec<u8> {
    let config = ChunkConfig::default()
        .with_compression_level(LEVEL)
        .with_mode_spec(ModeSpec::Classic)
        .with_delta_spec(DeltaSpec::NoOp)
        .with_enable_8_bit(true);
    let within = "invariant: pco takes up to 2^24 numbers, and writing to memory does not fail";
    let mut chunk = FileCompressor::default().chunk_compressor(numbers, &config).expect(within);
    let out = chunk.write_meta(Vec::new()).expect(within);
    chunk.write_page(0, out).expect(within)
}

fn decompress<T: Number + Default>(bytes: &[u8], count: usize) -> Option<Vec<T>> {
    if *bytes.first()? != PLAIN {
        return None;
    }
    let (file, _) = FileDecompressor::new(&FORMAT[..]).ok()?;
    let (mut chunk, rest) = file.chunk_decompressor::<T, _>(bytes).ok()?;
    let mut page = chunk.page_decompressor(rest, count).ok()?;
    let mut numbers = vec![T::default(); count];
    let progress = page.read(&mut numbers).ok()?;
    (progress.finished && progress.n_processed == count && page.into_src().is_empty()).then_some(numbers)
}
