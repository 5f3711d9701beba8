//! What hostile bytes can do to a decoder: nothing. Each type has one encoding; every other form of the same value is
//! refused, nothing panics, and memory stays in proportion to what was really sent.

use ciborium::value::Value;
use proptest::prelude::*;
use protocol::DecodeError;
use protocol::consensus::Round;
use protocol::limits::ROUND_MAX;

use crate::samples::{self, Wire};

/// Peak memory of a decoder per byte of input.
const ALLOCATION_FACTOR: u64 = 8;
/// Memory that any decoder may take whatever the input: its error message and scratch space.
const ALLOCATION_FLOOR: u64 = 8 * 1024;

#[test]
fn nothing_may_follow_a_value() {
    for_each_type(|wire| {
        for tail in [&[0x00][..], &[0xf6], &[0xff], &wire.bytes] {
            let longer = [wire.bytes.as_slice(), tail].concat();
            let found = (wire.reread)(&longer, longer.len());
            assert_eq!(found, Err(DecodeError::Trailing { count: tail.len() }), "{}", wire.name);
        }
    });
}

#[test]
fn nothing_may_be_missing() {
    for_each_type(|wire| {
        for end in 0..wire.bytes.len() {
            assert!((wire.reread)(&wire.bytes[..end], wire.limit).is_err(), "{} cut at {end}", wire.name);
        }
    });
}

#[test]
fn nothing_over_its_limit_is_looked_at() {
    for_each_type(|wire| {
        let found = wire.bytes.len();
        let limit = found - 1;
        assert_eq!(
            (wire.reread)(&wire.bytes, limit),
            Err(DecodeError::TooLong { limit, found }),
            "{}",
            wire.name
        );
        let sender = vec![0x81; wire.limit + 1];
        assert!(
            matches!((wire.reread)(&sender, wire.limit), Err(DecodeError::TooLong { .. })),
            "{}",
            wire.name
        );
    });
}

#[test]
fn longer_heads_are_refused() {
    for_each_type(|wire| {
        for head in heads(&wire.bytes) {
            for width in [1, 2, 4, 8] {
                let Some(longer) = head.widened(&wire.bytes, width) else { continue };
                let found = (wire.reread)(&longer, longer.len());
                assert!(
                    found.is_err(),
                    "{}: head at {} in {width} bytes more was accepted",
                    wire.name,
                    head.at
                );
            }
        }
    });
}

#[test]
fn indefinite_lengths_are_refused() {
    for_each_type(|wire| {
        for head in heads(&wire.bytes).into_iter().filter(|head| (2..=5).contains(&head.major)) {
            let open = head.major << 5 | 31;
            let content = &wire.bytes[head.at + head.len..head.end];
            let inner = if head.major < 4 { &wire.bytes[head.at..head.end] } else { content };
            let indefinite =
                [&wire.bytes[..head.at], &[open], inner, &[0xff], &wire.bytes[head.end..]].concat();
            let found = (wire.reread)(&indefinite, indefinite.len());
            assert!(found.is_err(), "{}: indefinite length at {} was accepted", wire.name, head.at);
        }
    });
}

/// The same fields as a map, as many decoders would also take them.
#[test]
fn structures_are_arrays_and_nothing_else() {
    for_each_type(|wire| {
        let Value::Array(fields) = ciborium::from_reader(wire.bytes.as_slice()).unwrap() else { return };
        let by_number = (0u64..).map(Value::from).zip(fields).collect();
        let mut as_map = Vec::new();
        ciborium::into_writer(&Value::Map(by_number), &mut as_map).unwrap();
        assert!((wire.reread)(&as_map, as_map.len()).is_err(), "{}", wire.name);
        let tagged = [&[0xc1], wire.bytes.as_slice()].concat();
        assert!((wire.reread)(&tagged, tagged.len()).is_err(), "{} behind a tag", wire.name);
    });
}

#[test]
fn claimed_lengths_and_depth_cost_nothing() {
    let mut bombs: Vec<Vec<u8>> = Vec::new();
    for major in 2..=5u8 {
        bombs.push(vec![major << 5 | 27, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
        bombs.push(vec![major << 5 | 26, 0x7f, 0xff, 0xff, 0xff]);
        bombs.push([vec![0x8b; 12], vec![major << 5 | 26, 0x7f, 0xff, 0xff, 0xff]].concat());
    }
    for filler in [0x81, 0x9f, 0xa1, 0xd8, 0x5f, 0x00, 0xf6, 0xf4, 0x60, 0x40, 0x80] {
        bombs.push(vec![filler; 64 * 1024]);
        bombs.push([vec![0x9a, 0x00, 0x00, 0xff, 0xfc], vec![filler; 64 * 1024]].concat());
    }
    for_each_type(|wire| {
        for bomb in &bombs {
            let sent = &bomb[..bomb.len().min(wire.limit)];
            assert!(measured(wire, sent).is_err(), "{}: {:02x?}", wire.name, &sent[..sent.len().min(9)]);
        }
        assert_eq!(measured(wire, &wire.bytes).as_ref(), Ok(&wire.bytes), "{}", wire.name);
    });
}

/// The widest items in the smallest encoding, as many as a list takes and more.
#[test]
fn full_lists_stay_in_proportion() {
    for_each_type(|wire| {
        let value: Value = ciborium::from_reader(wire.bytes.as_slice()).unwrap();
        for copies in [10, 100, 2_100] {
            let mut sent = Vec::new();
            ciborium::into_writer(&repeated(&value, copies), &mut sent).unwrap();
            if sent.len() <= wire.limit {
                let _ = measured(wire, &sent);
            }
        }
    });
}

#[test]
fn numbers_outside_their_range_are_refused() {
    let round = |number: u64| protocol::decode::<Round>(&protocol::encode(&number), 16);
    assert_eq!(round(u64::from(ROUND_MAX)), Ok(Round(ROUND_MAX)));
    for beyond in [u64::from(ROUND_MAX) + 1, u64::from(u32::MAX), u64::MAX] {
        assert!(round(beyond).is_err(), "round {beyond}");
    }
    assert!(protocol::decode::<protocol::Height>(&[0x20], 16).is_err(), "a height of -1");
    assert!(protocol::decode::<protocol::Height>(&[0xf9, 0x3c, 0x00], 16).is_err(), "a height of 1.0");
    // A bignum of 2^64.
    let bignum = [0xc2, 0x49, 1, 0, 0, 0, 0, 0, 0, 0, 0];
    assert!(protocol::decode::<protocol::Height>(&bignum, 16).is_err(), "a height of 2^64");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..2_048)) {
        for_each_type(|wire| {
            if let Ok(again) = measured(wire, &bytes) {
                assert_eq!(again, bytes, "{}", wire.name);
            }
        });
    }

    #[test]
    fn damaged_values_read_as_themselves_or_not_at_all(
        at in any::<prop::sample::Index>(),
        cut in 0usize..4,
        insert in prop::collection::vec(any::<u8>(), 0..6),
    ) {
        for_each_type(|wire| {
            let at = at.index(wire.bytes.len());
            let end = (at + cut).min(wire.bytes.len());
            let changed = [&wire.bytes[..at], &insert, &wire.bytes[end..]].concat();
            if let Ok(again) = measured(wire, &changed) {
                assert_eq!(again, changed, "{}", wire.name);
            }
        });
    }
}

fn for_each_type(check: impl Fn(&Wire)) {
    use std::sync::OnceLock;
    static TYPES: OnceLock<Vec<Wire>> = OnceLock::new();
    let all = || samples::protocol_types().into_iter().chain(samples::ledger_types()).collect();
    TYPES.get_or_init(all).iter().for_each(check);
}

/// Decodes and checks the peak of memory this took.
fn measured(wire: &Wire, bytes: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let mut outcome = None;
    let info = allocation_counter::measure(|| outcome = Some((wire.reread)(bytes, wire.limit)));
    let allowed = ALLOCATION_FACTOR * bytes.len() as u64 + ALLOCATION_FLOOR;
    assert!(info.bytes_max <= allowed, "{}: {} bytes for {}", wire.name, info.bytes_max, bytes.len());
    outcome.expect("the closure ran")
}

/// Every array and byte string of a value longer: the last item of each array `copies` times.
fn repeated(value: &Value, copies: usize) -> Value {
    match value {
        Value::Array(items) if !items.is_empty() => {
            let is_list = items.len() == 1 || items.windows(2).all(|pair| shape(&pair[0]) == shape(&pair[1]));
            if is_list {
                let last = items.last().expect("not empty").clone();
                Value::Array(std::iter::repeat_n(last, copies).collect())
            } else {
                Value::Array(items.iter().map(|item| repeated(item, copies)).collect())
            }
        }
        Value::Map(entries) => {
            Value::Map(entries.iter().map(|(key, item)| (key.clone(), repeated(item, copies))).collect())
        }
        other => other.clone(),
    }
}

fn shape(value: &Value) -> std::mem::Discriminant<Value> {
    std::mem::discriminant(value)
}

/// The head of one CBOR item: where it starts, how long it is, where the item's own content ends.
struct Head {
    at: usize,
    len: usize,
    end: usize,
    major: u8,
    argument: u64,
}

impl Head {
    /// The bytes with this head's argument written in `width` bytes, if that is more than it needs.
    fn widened(&self, bytes: &[u8], width: usize) -> Option<Vec<u8>> {
        if self.major == 7 || self.len > width {
            return None;
        }
        let info = 24 + u8::try_from(width.trailing_zeros()).unwrap();
        let argument = &self.argument.to_be_bytes()[8 - width..];
        Some([&bytes[..self.at], &[self.major << 5 | info], argument, &bytes[self.at + self.len..]].concat())
    }
}

/// Heads of all items of well-formed, definite CBOR.
fn heads(bytes: &[u8]) -> Vec<Head> {
    let mut found = Vec::new();
    let end = walk(bytes, 0, &mut found);
    assert_eq!(end, bytes.len(), "the sample is one item");
    found
}

fn walk(bytes: &[u8], at: usize, found: &mut Vec<Head>) -> usize {
    let (major, info) = (bytes[at] >> 5, bytes[at] & 31);
    let width = match info {
        0..=23 => 0,
        24..=27 => 1 << (info - 24),
        _ => panic!("a canonical item has a definite length"),
    };
    let len = 1 + width;
    let argument = match width {
        0 => u64::from(info),
        _ => bytes[at + 1..at + len].iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
    };
    let index = found.len();
    found.push(Head { at, len, end: 0, major, argument });
    let count = usize::try_from(argument).unwrap_or(usize::MAX);
    let end = match major {
        2 | 3 => at + len + count,
        4 => (0..count).fold(at + len, |at, _| walk(bytes, at, found)),
        5 => (0..2 * count).fold(at + len, |at, _| walk(bytes, at, found)),
        6 => walk(bytes, at + len, found),
        _ => at + len,
    };
    found[index].end = end;
    end
}
