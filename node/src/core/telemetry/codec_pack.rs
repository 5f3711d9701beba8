//! Integers in blocks of 64: one byte with the width in bits, then each number in that many bits, little endian.

use super::wire::Reader;

/// Numbers in one block.
const BLOCK: usize = 64;

/// Appends the numbers.
pub(super) fn put_packed(out: &mut Vec<u8>, numbers: impl Iterator<Item = u64>) {
    let mut block = Vec::with_capacity(BLOCK);
    let mut numbers = numbers.peekable();
    while numbers.peek().is_some() {
        block.clear();
        block.extend(numbers.by_ref().take(BLOCK));
        let width = 64 - block.iter().fold(0, |all, number| all | number).leading_zeros();
        out.push(u8::try_from(width).expect("invariant: a width is at most 64"));
        put_bits(out, &block, width);
    }
}

/// Bits the numbers take.
pub(super) fn packed_bits(mut numbers: impl Iterator<Item = u64>) -> u64 {
    let mut bits = 0;
    loop {
        let (all, len) = numbers.by_ref().take(BLOCK).fold((0, 0), |(all, len), n| (all | n, len + 1));
        if len == 0 {
            return bits;
        }
        bits += 8 + len * u64::from(64 - all.leading_zeros());
    }
}

/// Reads `count` numbers and appends what `of` makes of each. `None` if bytes are missing, a width is over 64 or unused
/// bits are set.
pub(super) fn take_packed(
    reader: &mut Reader<'_>,
    count: usize,
    out: &mut Vec<i64>,
    of: impl Fn(u64) -> i64,
) -> Option<()> {
    let mut left = count;
    while left > 0 {
        let len = left.min(BLOCK);
        let width = u32::from(reader.byte()?);
        if width > 64 {
            return None;
        }
        take_bits(reader.take((len * width as usize).div_ceil(8))?, len, width, out, &of)?;
        left -= len;
    }
    Some(())
}

fn put_bits(out: &mut Vec<u8>, block: &[u64], width: u32) {
    let (mut waiting, mut held) = (0u128, 0u32);
    for number in block {
        waiting |= u128::from(*number) << held;
        held += width;
        while held >= 8 {
            out.push((waiting & 0xff) as u8);
            waiting >>= 8;
            held -= 8;
        }
    }
    if held > 0 {
        out.push((waiting & 0xff) as u8);
    }
}

/// A number of at most this many bits lies within the eight bytes that begin with its first.
const WORD_WIDTH_MAX: u32 = 57;

fn take_bits(
    bytes: &[u8],
    len: usize,
    width: u32,
    out: &mut Vec<i64>,
    of: &impl Fn(u64) -> i64,
) -> Option<()> {
    // Room behind the last byte, so that every number can be loaded as a whole word.
    let mut padded = [0u8; BLOCK * 8 + 16];
    padded[..bytes.len()].copy_from_slice(bytes);
    let mask = if width == 0 { 0 } else { u64::MAX >> (64 - width) };
    let word = |bit: usize| {
        let window = padded[bit / 8..bit / 8 + 16].try_into().expect("invariant: sixteen bytes were taken");
        u128::from_le_bytes(window) >> (bit % 8)
    };
    let width_bits = width as usize;
    if width <= WORD_WIDTH_MAX {
        let short = |bit: usize| {
            let window = padded[bit / 8..bit / 8 + 8].try_into().expect("invariant: eight bytes were taken");
            u64::from_le_bytes(window) >> (bit % 8)
        };
        out.extend((0..len).map(|i| of(short(i.wrapping_mul(width_bits)) & mask)));
    } else {
        #[expect(clippy::cast_possible_truncation, reason = "the mask follows")]
        out.extend((0..len).map(|i| of(word(i * width_bits) as u64 & mask)));
    }
    (word(len * width_bits) == 0).then_some(())
}
