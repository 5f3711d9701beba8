//! Numbers in the telemetry files: variable-length integers, and values as decimals where that gives back every bit.

use super::value::Value;

/// Powers of ten that a decimal may be divided by.
pub(super) const POWERS: [f64; 7] = [1.0, 10.0, 100.0, 1e3, 1e4, 1e5, 1e6];
/// Up to here every integer is exact as a float.
pub(super) const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
/// Tags 0–6: exponent, with the whole number in the high nibble. Tags 8–14: exponent + 8, the low four bits of the
/// number in the high nibble and the rest in a varint. Tag 15: the eight bytes of the float.
const TAG_LONG: u8 = 8;
const TAG_RAW: u8 = 15;

/// Reads a buffer from its front; every method answers `None` at the first byte that is missing or wrong.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) const fn remaining(&self) -> usize {
        self.rest.len()
    }

    pub(super) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (head, tail) = self.rest.split_at_checked(count)?;
        self.rest = tail;
        Some(head)
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        let (head, tail) = self.rest.split_first()?;
        self.rest = tail;
        Some(*head)
    }

    /// An integer in its shortest form, at most ten bytes.
    pub(super) fn varint(&mut self) -> Option<u64> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return None;
            }
            number |= bits << shift;
            if byte & 0x80 == 0 {
                return (byte != 0 || shift == 0).then_some(number);
            }
        }
        None
    }

    pub(super) fn signed(&mut self) -> Option<i64> {
        self.varint().map(unzigzag)
    }

    pub(super) fn value(&mut self) -> Option<Value> {
        let tag = self.byte()?;
        let (low, high) = (tag & 0x0f, u64::from(tag >> 4));
        if low == TAG_RAW {
            let bytes = self.take(8).filter(|_| high == 0)?;
            let number = f64::from_le_bytes(bytes.try_into().ok()?);
            return Value::new(number).filter(|value| value.get().to_bits() == number.to_bits());
        }
        let scaled = if low >= TAG_LONG {
            let rest = self.varint()?;
            unzigzag(rest.checked_mul(16)? | high)
        } else {
            unzigzag(high)
        };
        let power = POWERS.get(usize::from(low % TAG_LONG))?;
        #[expect(clippy::cast_precision_loss, reason = "the encoder writes integers below 2^53 only")]
        Value::new(scaled as f64 / power)
    }
}

pub(super) fn put_varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(low_seven(number) | 0x80);
        number >>= 7;
    }
    out.push(low_seven(number));
}

pub(super) fn put_signed(out: &mut Vec<u8>, number: i64) {
    put_varint(out, zigzag(number));
}

pub(super) fn put_value(out: &mut Vec<u8>, value: Value) {
    let Some((exponent, scaled)) = decimal(value.get()) else {
        out.push(TAG_RAW);
        out.extend_from_slice(&value.get().to_le_bytes());
        return;
    };
    let number = zigzag(scaled);
    let nibble = low_four(number) << 4;
    if number < 16 {
        out.push(nibble | exponent);
    } else {
        out.push(nibble | (exponent + TAG_LONG));
        put_varint(out, number >> 4);
    }
}

/// The smallest exponent and the integer which give the number back, bit for bit.
fn decimal(number: f64) -> Option<(u8, i64)> {
    POWERS.iter().zip(0u8..).find_map(|(power, exponent)| {
        let scaled = (number * power).round();
        let exact = scaled.abs() < EXACT_MAX && (scaled / power).to_bits() == number.to_bits();
        #[expect(clippy::cast_possible_truncation, reason = "a whole number below 2^53")]
        exact.then_some((exponent, scaled as i64))
    })
}

const fn low_seven(number: u64) -> u8 {
    (number & 0x7f) as u8
}

const fn low_four(number: u64) -> u8 {
    (number & 0x0f) as u8
}

pub(super) const fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)).cast_unsigned()
}

pub(super) const fn unzigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -((number & 1).cast_signed())
}
