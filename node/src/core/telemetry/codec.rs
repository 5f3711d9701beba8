//! How the columns of a chunk become few bytes: the smallest of several ways for each column. Every value comes back
//! bit for bit. Decoding is bounded by the count the caller asks for and by the bytes there are.

use super::codec_pack::{packed_bytes, put_packed, take_packed};
use super::wire::{EXACT_MAX, POWERS, Reader, put_signed, put_varint, unzigzag, zigzag};
use crate::core::telemetry::Value;

/// Ways to write integers.
const CONSTANT: u8 = 0;
const DELTA: u8 = 1;
const DELTA_OF_DELTA: u8 = 2;

/// Ways to write where values are missing.
const NONE_MISSING: u8 = 0;
const BITMAP: u8 = 1;
const RUNS: u8 = 2;
/// In the place of a decimal exponent: the bits of the floats.
const RAW: u8 = 7;

/// Appends a column; a gap is a NaN.
pub(super) fn put_values(out: &mut Vec<u8>, cells: &[f64]) {
    let values: Vec<f64> = cells.iter().copied().filter(|cell| !cell.is_nan()).collect();
    let tag = out.len();
    out.push(0);
    let missing = put_gaps(out, cells, values.len());
    let exponent = match scaled(&values) {
        Some((exponent, integers)) => {
            put_integers(out, &integers);
            exponent
        }
        None => {
            values.iter().for_each(|value| out.extend_from_slice(&value.to_le_bytes()));
            RAW
        }
    };
    out[tag] = missing << 4 | exponent;
}

/// Reads a column of `rows` cells.
pub(super) fn take_values(reader: &mut Reader<'_>, rows: usize) -> Option<Vec<f64>> {
    let tag = reader.byte()?;
    let present = take_gaps(reader, tag >> 4, rows)?;
    let count = present.as_ref().map_or(rows, |present| present.iter().filter(|there| **there).count());
    let values = match tag & 0x0f {
        RAW => take_raw(reader, count)?,
        exponent => {
            let power = *POWERS.get(usize::from(exponent))?;
            let integers = take_integers(reader, count)?;
            #[expect(clippy::cast_precision_loss, reason = "the encoder writes integers below 2^53 only")]
            integers.into_iter().map(|integer| integer as f64 / power).collect()
        }
    };
    let Some(present) = present else { return Some(values) };
    let mut values = values.into_iter();
    present.iter().map(|there| if *there { values.next() } else { Some(f64::NAN) }).collect()
}

/// Appends where values are missing and answers in which way.
fn put_gaps(out: &mut Vec<u8>, cells: &[f64], present: usize) -> u8 {
    if present == cells.len() {
        return NONE_MISSING;
    }
    let mut runs = Vec::new();
    for run in cells.chunk_by(|a, b| a.is_nan() == b.is_nan()) {
        if runs.is_empty() && run[0].is_nan() {
            put_varint(&mut runs, 0);
        }
        put_varint(&mut runs, run.len() as u64);
    }
    if runs.len() <= cells.len().div_ceil(8) {
        out.extend_from_slice(&runs);
        return RUNS;
    }
    let bitmap = out.len();
    out.resize(bitmap + cells.len().div_ceil(8), 0);
    for (i, _) in cells.iter().enumerate().filter(|(_, cell)| !cell.is_nan()) {
        out[bitmap + i / 8] |= 1 << (i % 8);
    }
    BITMAP
}

/// For each row whether it has a value; `None` inside if every row has.
#[expect(clippy::option_option, reason = "outside: readable, inside: any gap")]
fn take_gaps(reader: &mut Reader<'_>, way: u8, rows: usize) -> Option<Option<Vec<bool>>> {
    match way {
        NONE_MISSING => Some(None),
        BITMAP => {
            let bitmap = reader.take(rows.div_ceil(8))?;
            Some(Some((0..rows).map(|i| bitmap[i / 8] >> (i % 8) & 1 == 1).collect()))
        }
        RUNS => {
            let (mut present, mut there) = (Vec::new(), true);
            while present.len() < rows {
                let run = usize::try_from(reader.varint()?).ok()?;
                if run > rows - present.len() || run == 0 && !present.is_empty() {
                    return None;
                }
                present.resize(present.len() + run, there);
                there = !there;
            }
            Some(Some(present))
        }
        _ => None,
    }
}

/// The smallest exponent and the integers which give every value back, bit for bit.
pub(super) fn scaled(values: &[f64]) -> Option<(u8, Vec<i64>)> {
    (0u8..).zip(POWERS).find_map(|(exponent, power)| {
        let integers: Option<Vec<i64>> = values.iter().map(|value| scale(*value, power)).collect();
        integers.map(|integers| (exponent, integers))
    })
}

#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "checked: it is given back")]
fn scale(value: f64, power: f64) -> Option<i64> {
    let scaled = value * power;
    let integer = (scaled + 0.5f64.copysign(scaled)) as i64;
    let exact = scaled.abs() < EXACT_MAX && (integer as f64 / power).to_bits() == value.to_bits();
    exact.then_some(integer)
}

fn take_raw(reader: &mut Reader<'_>, count: usize) -> Option<Vec<f64>> {
    let bytes = reader.take(count.checked_mul(8)?)?;
    let number = |eight: &[u8]| {
        let number = f64::from_le_bytes(eight.try_into().expect("invariant: eight bytes each"));
        Value::new(number).map(|_| number)
    };
    bytes.chunks_exact(8).map(number).collect()
}

/// Appends integers in the shortest way.
pub(super) fn put_integers(out: &mut Vec<u8>, integers: &[i64]) {
    let first = integers.first().copied().unwrap_or(0);
    let deltas: Vec<i64> = integers.windows(2).map(|pair| pair[1].wrapping_sub(pair[0])).collect();
    let divisor = common_divisor(&deltas);
    if divisor == 0 {
        out.push(CONSTANT);
        put_signed(out, first);
        return;
    }
    let deltas: Vec<i64> = deltas.into_iter().map(|delta| delta / divisor).collect();
    let mut before = 0i64;
    let second: Vec<u64> = deltas
        .iter()
        .map(|delta| zigzag(delta.wrapping_sub(std::mem::replace(&mut before, *delta))))
        .collect();
    let deltas: Vec<u64> = deltas.into_iter().map(zigzag).collect();
    let (way, packed) = if packed_bytes(&second) < packed_bytes(&deltas) {
        (DELTA_OF_DELTA, second)
    } else {
        (DELTA, deltas)
    };
    out.push(way);
    put_signed(out, first);
    put_varint(out, divisor.cast_unsigned());
    put_packed(out, &packed);
}

/// Reads `count` integers.
pub(super) fn take_integers(reader: &mut Reader<'_>, count: usize) -> Option<Vec<i64>> {
    let way = reader.byte()?;
    let first = reader.signed()?;
    if way == CONSTANT {
        return Some(vec![first; count]);
    }
    let divisor = i64::try_from(reader.varint()?).ok().filter(|divisor| *divisor > 0)?;
    let packed = take_packed(reader, count.checked_sub(1)?)?;
    let (mut integers, mut at, mut delta) = (Vec::with_capacity(count), first, 0i64);
    integers.push(first);
    for number in packed {
        delta = match way {
            DELTA => unzigzag(number),
            DELTA_OF_DELTA => delta.wrapping_add(unzigzag(number)),
            _ => return None,
        };
        at = at.wrapping_add(delta.wrapping_mul(divisor));
        integers.push(at);
    }
    Some(integers)
}

/// The greatest common divisor; 0 if all are 0.
fn common_divisor(numbers: &[i64]) -> i64 {
    let mut divisor = 0u64;
    for number in numbers {
        let (mut a, mut b) = (number.unsigned_abs(), divisor);
        while b != 0 {
            (a, b) = (b, a % b);
        }
        divisor = a;
        if divisor == 1 {
            break;
        }
    }
    // The one divisor that is no i64 is 2^63.
    i64::try_from(divisor).unwrap_or(1)
}
