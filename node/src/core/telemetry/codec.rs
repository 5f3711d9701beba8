//! How the columns of a chunk become few bytes. A column of values is written as whole numbers where one decimal
//! exponent gives back every bit of it, otherwise as the bits of its floats; whole numbers are written in the shortest
//! of several ways. Decoding is bounded by the count the caller asks for and by the bytes there are.

use super::codec_pack::{packed_bits, put_packed, take_packed};
use super::codec_pco::{Width, compressed, decompressed};
use super::codec_steps::{Steps, bits_estimated};
use super::value::Value;
use super::wire::{EXACT_MAX, POWERS, Reader, put_signed, put_varint, unzigzag, zigzag};

/// Low half of a column's tag: a decimal exponent by which whole numbers are divided, or, with this bit, by whose
/// inverse they are multiplied, as drivers do that scale a register by 0.1 ...
const MULTIPLIED: u8 = 8;
/// ... or the bits of the floats, in their order.
const BITS: u8 = 7;
/// High half: no value is missing, ...
const NONE_MISSING: u8 = 0;
/// ... one bit per row tells, or ...
const BITMAP: u8 = 1;
/// ... lengths of runs do, of values that are there and of missing ones in turn.
const RUNS: u8 = 2;

/// Ways to write whole numbers: all are equal, ...
const CONSTANT: u8 = 0;
/// ... blocks of 64, or pco in one of its widths. The low half tells the steps.
const PACKED: u8 = 1;
const WIDTHS: [(u8, Width); 4] = [(2, Width::Byte), (3, Width::Short), (4, Width::Word), (5, Width::Long)];
/// Below this many numbers pco's table of codes never pays.
const PCO_COUNT_MIN: usize = 24;

/// How much work goes into making numbers few bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effort {
    /// Blocks of 64: made and read many times faster, about a third longer.
    Quick,
    /// The shortest way.
    Full,
}

/// Inverse powers of ten.
const INVERSES: [f64; 7] = [1.0, 0.1, 0.01, 1e-3, 1e-4, 1e-5, 1e-6];

/// Appends a column; a gap is a NaN.
pub(super) fn put_values(out: &mut Vec<u8>, cells: &[f64], effort: Effort) {
    let present: Vec<f64>;
    let values = if cells.iter().any(|cell| cell.is_nan()) {
        present = cells.iter().copied().filter(|cell| !cell.is_nan()).collect();
        present.as_slice()
    } else {
        cells
    };
    let tag = out.len();
    out.push(0);
    let missing = put_gaps(out, cells, values.len());
    let (form, integers) = whole(values);
    out[tag] = missing << 4 | form;
    put_integers(out, &integers, effort);
}

/// Reads a column of `rows` cells, and tells how many of them are values.
pub(super) fn take_values(reader: &mut Reader<'_>, rows: usize) -> Option<(Vec<f64>, usize)> {
    let tag = reader.byte()?;
    let present = match tag >> 4 {
        NONE_MISSING => None,
        way => Some(take_gaps(reader, way, rows)?),
    };
    let count = present.as_ref().map_or(rows, |present| present.iter().filter(|there| **there).count());
    let values = numbers(tag & 0x0f, take_integers(reader, count)?)?;
    let Some(present) = present else { return Some((values, count)) };
    let mut values = values.into_iter();
    let cells = present.iter().map(|there| if *there { values.next() } else { Some(f64::NAN) });
    cells.collect::<Option<_>>().map(|cells| (cells, count))
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

/// For each row whether it has a value.
fn take_gaps(reader: &mut Reader<'_>, way: u8, rows: usize) -> Option<Vec<bool>> {
    match way {
        BITMAP => {
            let bitmap = reader.take(rows.div_ceil(8))?;
            Some((0..rows).map(|i| bitmap[i / 8] >> (i % 8) & 1 == 1).collect())
        }
        RUNS => {
            let (mut present, mut there) = (Vec::new(), true);
            while present.len() < rows {
                let run = usize::try_from(reader.varint()?).ok()?;
                if run > rows - present.len() || run == 0 && (!present.is_empty() || !there) {
                    return None;
                }
                present.resize(present.len() + run, there);
                there = !there;
            }
            Some(present)
        }
        _ => None,
    }
}

/// The values as whole numbers, and the form which gives them back.
fn whole(values: &[f64]) -> (u8, Vec<i64>) {
    if let Some((exponent, integers)) = scaled(values) {
        return (exponent, integers);
    }
    for (exponent, inverse) in (0u8..).zip(INVERSES).skip(1) {
        let times = |value: &f64| {
            let integer = rounded(value / inverse)?;
            (integer.1 * inverse).to_bits().eq(&value.to_bits()).then_some(integer.0)
        };
        if let Some(integers) = values.iter().map(times).collect() {
            return (MULTIPLIED | exponent, integers);
        }
    }
    (BITS, values.iter().map(|value| ordered(value.to_bits())).collect())
}

/// The smallest exponent and the integers which give every value back, bit for bit.
pub(super) fn scaled(values: &[f64]) -> Option<(u8, Vec<i64>)> {
    let mut exponent = 0;
    // A value that needs more decimals shows early as a rule, so that few exponents go over all values.
    loop {
        let power = POWERS[usize::from(exponent)];
        let mut integers = Vec::with_capacity(values.len());
        integers.extend(values.iter().map_while(|value| scale(*value, power)));
        let Some(odd) = values.get(integers.len()) else { return Some((exponent, integers)) };
        let needed = (exponent + 1..).zip(&POWERS[usize::from(exponent) + 1..]);
        exponent = needed.map(|(next, power)| (next, scale(*odd, *power))).find(|found| found.1.is_some())?.0;
    }
}

fn scale(value: f64, power: f64) -> Option<i64> {
    let (integer, number) = rounded(value * power)?;
    ((number / power).to_bits() == value.to_bits()).then_some(integer)
}

/// The nearest integer, as itself and as a float, if every integer up to there is exact.
#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "below 2^53 either way")]
fn rounded(number: f64) -> Option<(i64, f64)> {
    let integer = (number + 0.5f64.copysign(number)) as i64;
    (number.abs() < EXACT_MAX).then_some((integer, integer as f64))
}

/// The numbers behind whole numbers of a form. `None` for an unknown form or a number that is no value.
fn numbers(form: u8, integers: Vec<i64>) -> Option<Vec<f64>> {
    match form {
        BITS => {
            let value = |integer: i64| {
                let number = f64::from_bits(unordered(integer));
                Value::new(number).filter(|value| value.get().to_bits() == number.to_bits()).map(Value::get)
            };
            integers.into_iter().map(value).collect()
        }
        form if form >= MULTIPLIED => {
            let inverse = *INVERSES.get(usize::from(form - MULTIPLIED))?;
            Some(floats(integers, |number| number * inverse))
        }
        0 => Some(floats(integers, |number| number)),
        exponent => {
            let power = *POWERS.get(usize::from(exponent))?;
            Some(floats(integers, |number| number / power))
        }
    }
}

/// A float whose unit in the last place is one: what is added to its bits is added to it.
const UNITS: f64 = 6_755_399_441_055_744.0;

/// Each integer as a float, and what is made of that. Integers that fit are turned by an addition, which processors do to
/// several at a time, as they do not with the conversion proper.
#[expect(clippy::cast_precision_loss, reason = "the encoder writes integers up to 2^53 only")]
fn floats(integers: Vec<i64>, of: impl Fn(f64) -> f64) -> Vec<f64> {
    let widest = integers.iter().fold(0, |all, integer| all | (integer ^ (integer >> 63)));
    if widest >= 1 << 51 {
        return integers.into_iter().map(|integer| of(integer as f64)).collect();
    }
    let units = UNITS.to_bits().cast_signed();
    let float = |integer: i64| f64::from_bits(integer.wrapping_add(units).cast_unsigned()) - UNITS;
    integers.into_iter().map(|integer| of(float(integer))).collect()
}

/// The bits of a float as an integer which rises as the float does.
const fn ordered(bits: u64) -> i64 {
    let bits = bits.cast_signed();
    bits ^ ((bits >> 63).cast_unsigned() >> 1).cast_signed()
}

const fn unordered(integer: i64) -> u64 {
    (integer ^ ((integer >> 63).cast_unsigned() >> 1).cast_signed()).cast_unsigned()
}

/// Appends integers in a short way.
pub(super) fn put_integers(out: &mut Vec<u8>, integers: &[i64], effort: Effort) {
    let first = integers.first().copied().unwrap_or(0);
    let divisor = common_divisor(integers);
    if divisor == 0 {
        out.push(CONSTANT);
        put_signed(out, first);
        return;
    }
    let values: Vec<i64> =
        integers[1..].iter().map(|integer| integer.wrapping_sub(first) / divisor).collect();
    let choices = Steps::ALL.map(|steps| Choice::of(steps, &values, effort));
    let best = choices.iter().min_by_key(|choice| choice.bits).expect("invariant: there are four ways");
    let way = out.len();
    out.push(0);
    put_signed(out, first);
    put_varint(out, divisor.cast_unsigned());
    out[way] = best.put(out, effort);
}

/// One way to write the steps from the first integer.
struct Choice {
    steps: Steps,
    slope: i64,
    taken: Vec<i64>,
    min: i64,
    max: i64,
    bits: u64,
}

impl Choice {
    fn of(steps: Steps, values: &[i64], effort: Effort) -> Self {
        let slope = steps.slope(values);
        let taken = steps.taken(values, slope);
        let (min, max) = taken.iter().fold((i64::MAX, i64::MIN), |(min, max), n| (min.min(*n), max.max(*n)));
        let bits = match effort {
            Effort::Quick => packed_bits(taken.iter().map(|number| zigzag(*number))),
            Effort::Full => bits_estimated(&taken, min, max),
        };
        Self { steps, slope, taken, min, max, bits }
    }

    /// Appends the numbers, packed or by pco, and answers the way.
    fn put(&self, out: &mut Vec<u8>, effort: Effort) -> u8 {
        if self.steps == Steps::Line {
            put_signed(out, self.slope);
        }
        let start = out.len();
        put_packed(out, self.taken.iter().map(|number| zigzag(*number)));
        if effort == Effort::Quick || self.taken.len() < PCO_COUNT_MIN {
            return PACKED << 4 | self.steps.code();
        }
        let max = self.max.wrapping_sub(self.min).cast_unsigned();
        let above = self.taken.iter().map(|number| number.wrapping_sub(self.min).cast_unsigned());
        let body = compressed(above, max);
        let mut head = Vec::with_capacity(16);
        put_signed(&mut head, self.min);
        put_varint(&mut head, body.len() as u64);
        if head.len() + body.len() >= out.len() - start {
            return PACKED << 4 | self.steps.code();
        }
        out.truncate(start);
        out.extend_from_slice(&head);
        out.extend_from_slice(&body);
        let way = WIDTHS.into_iter().find(|(_, width)| *width == Width::of(max));
        way.expect("invariant: every width has its way").0 << 4 | self.steps.code()
    }
}

/// Reads `count` integers.
pub(super) fn take_integers(reader: &mut Reader<'_>, count: usize) -> Option<Vec<i64>> {
    let way = reader.byte()?;
    let first = reader.signed()?;
    if way == CONSTANT {
        return Some(vec![first; count]);
    }
    let divisor = i64::try_from(reader.varint()?).ok().filter(|divisor| *divisor > 0)?;
    let (steps, left) = (Steps::of(way & 0x0f)?, count.checked_sub(1)?);
    let slope = if steps == Steps::Line { reader.signed()? } else { 0 };
    let mut numbers = Vec::with_capacity(count);
    numbers.push(first);
    if way >> 4 == PACKED {
        take_packed(reader, left, &mut numbers, unzigzag)?;
    } else {
        let (_, width) = WIDTHS.into_iter().find(|(code, _)| *code == way >> 4)?;
        let min = reader.signed()?;
        let bytes = usize::try_from(reader.varint()?).ok()?;
        decompressed(reader.take(bytes)?, width, left, min, &mut numbers)?;
    }
    steps.undone(&mut numbers[1..], first, divisor, slope);
    Some(numbers)
}

/// The greatest number that divides every step between the integers; 0 if there is none, 1 if steps are too wide.
fn common_divisor(integers: &[i64]) -> i64 {
    let (min, max) = (integers.iter().min(), integers.iter().max());
    if min.zip(max).is_some_and(|(min, max)| max.checked_sub(*min).is_none()) {
        return 1;
    }
    let mut divisor = 0u64;
    for pair in integers.windows(2) {
        let (mut a, mut b) = (pair[1].abs_diff(pair[0]), divisor);
        while b != 0 {
            (a, b) = (b, a % b);
        }
        divisor = a;
        if divisor == 1 {
            break;
        }
    }
    divisor.cast_signed()
}
