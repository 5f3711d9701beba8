//! Writing canonical CBOR: byte for byte what `ciborium` writes, in a third of the time. Every vote, block and state entry
//! is written several times, to be sent, stored, hashed and, with each decoding, compared. It never reads.

use serde::ser::{self, Serialize};
use std::fmt;

/// Where the bytes go.
pub(super) trait Sink {
    /// Takes the next bytes, or says that they are not the expected ones.
    fn put(&mut self, bytes: &[u8]) -> Result<(), Stop>;
}

impl Sink for Vec<u8> {
    #[inline]
    fn put(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        self.extend_from_slice(bytes);
        Ok(())
    }
}

/// Bytes that are expected: nothing is kept, and the first other byte ends it.
pub(super) struct Expected<'a> {
    pub(super) rest: &'a [u8],
}

impl Sink for Expected<'_> {
    #[inline]
    fn put(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        self.rest = self.rest.strip_prefix(bytes).ok_or(Stop)?;
        Ok(())
    }
}

/// Why writing ended early: other bytes were expected, or a value cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the value is not written to its end")]
pub(super) struct Stop;

impl ser::Error for Stop {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

/// Writes a value.
pub(super) fn write<T: Serialize + ?Sized, S: Sink>(value: &T, sink: &mut S) -> Result<(), Stop> {
    value.serialize(Writer(sink))
}

/// Major types (RFC 8949, section 3.1), in the upper three bits of the first byte.
const POSITIVE: u8 = 0;
const NEGATIVE: u8 = 1 << 5;
const BYTES: u8 = 2 << 5;
const TEXT: u8 = 3 << 5;
const ARRAY: u8 = 4 << 5;
const MAP: u8 = 5 << 5;
const FALSE: u8 = 0xF4;
const TRUE: u8 = 0xF5;
const NULL: u8 = 0xF6;
/// What a length that is not known beforehand adds to its major type, and the byte that ends such a list.
const UNKNOWN: u8 = 31;
const END: u8 = 0xFF;

struct Writer<'a, S>(&'a mut S);

impl<'a, S: Sink> Writer<'a, S> {
    /// A major type with its number in as few bytes as hold it.
    #[inline]
    fn head(&mut self, major: u8, number: u64) -> Result<(), Stop> {
        let bytes = number.to_be_bytes();
        let (mark, from) = match number {
            0..=23 => return self.0.put(&[major | bytes[7]]),
            24..=0xFF => (24, 7),
            0x100..=0xFFFF => (25, 6),
            0x1_0000..=0xFFFF_FFFF => (26, 4),
            0x1_0000_0000.. => (27, 0),
        };
        let mut head = [major | mark; 9];
        let tail = &bytes[from..];
        head[1..=tail.len()].copy_from_slice(tail);
        self.0.put(&head[..=tail.len()])
    }

    fn list(mut self, major: u8, length: Option<usize>) -> Result<List<'a, S>, Stop> {
        match length {
            Some(length) => self.head(major, length as u64)?,
            None => self.0.put(&[major | UNKNOWN])?,
        }
        Ok(List { sink: self.0, is_open: length.is_none() })
    }

    /// The name of a variant, before what is in it.
    fn variant(&mut self, name: &str) -> Result<(), Stop> {
        self.head(MAP, 1)?;
        self.text(name)
    }

    fn text(&mut self, text: &str) -> Result<(), Stop> {
        self.head(TEXT, text.len() as u64)?;
        self.0.put(text.as_bytes())
    }

    /// What our types hardly have goes the long way: numbers of 128 bits, and floats in the shortest form that keeps them.
    fn rare<T: Serialize>(self, value: T) -> Result<(), Stop> {
        let mut bytes = Vec::with_capacity(32);
        ciborium::into_writer(&value, &mut bytes).map_err(|_| Stop)?;
        self.0.put(&bytes)
    }
}

impl<'a, S: Sink> ser::Serializer for Writer<'a, S> {
    type Ok = ();
    type Error = Stop;
    type SerializeSeq = List<'a, S>;
    type SerializeTuple = List<'a, S>;
    type SerializeTupleStruct = List<'a, S>;
    type SerializeTupleVariant = List<'a, S>;
    type SerializeMap = List<'a, S>;
    type SerializeStruct = List<'a, S>;
    type SerializeStructVariant = List<'a, S>;

    fn serialize_bool(self, value: bool) -> Result<(), Stop> {
        self.0.put(&[if value { TRUE } else { FALSE }])
    }

    fn serialize_i8(self, value: i8) -> Result<(), Stop> {
        self.serialize_i64(value.into())
    }

    fn serialize_i16(self, value: i16) -> Result<(), Stop> {
        self.serialize_i64(value.into())
    }

    fn serialize_i32(self, value: i32) -> Result<(), Stop> {
        self.serialize_i64(value.into())
    }

    fn serialize_i64(mut self, value: i64) -> Result<(), Stop> {
        match u64::try_from(value) {
            Ok(value) => self.head(POSITIVE, value),
            Err(_) => self.head(NEGATIVE, value.unsigned_abs() - 1),
        }
    }

    fn serialize_i128(self, value: i128) -> Result<(), Stop> {
        self.rare(value)
    }

    fn serialize_u8(self, value: u8) -> Result<(), Stop> {
        self.serialize_u64(value.into())
    }

    fn serialize_u16(self, value: u16) -> Result<(), Stop> {
        self.serialize_u64(value.into())
    }

    fn serialize_u32(self, value: u32) -> Result<(), Stop> {
        self.serialize_u64(value.into())
    }

    fn serialize_u64(mut self, value: u64) -> Result<(), Stop> {
        self.head(POSITIVE, value)
    }

    fn serialize_u128(self, value: u128) -> Result<(), Stop> {
        self.rare(value)
    }

    fn serialize_f32(self, value: f32) -> Result<(), Stop> {
        self.rare(value)
    }

    fn serialize_f64(self, value: f64) -> Result<(), Stop> {
        self.rare(value)
    }

    fn serialize_char(mut self, value: char) -> Result<(), Stop> {
        self.text(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(mut self, value: &str) -> Result<(), Stop> {
        self.text(value)
    }

    fn serialize_bytes(mut self, value: &[u8]) -> Result<(), Stop> {
        self.head(BYTES, value.len() as u64)?;
        self.0.put(value)
    }

    fn serialize_none(self) -> Result<(), Stop> {
        self.0.put(&[NULL])
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Stop> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Stop> {
        self.0.put(&[NULL])
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Stop> {
        self.0.put(&[NULL])
    }

    fn serialize_unit_variant(mut self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Stop> {
        self.text(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Stop> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        mut self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Stop> {
        self.variant(variant)?;
        value.serialize(self)
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<List<'a, S>, Stop> {
        self.list(ARRAY, length)
    }

    fn serialize_tuple(self, length: usize) -> Result<List<'a, S>, Stop> {
        self.list(ARRAY, Some(length))
    }

    fn serialize_tuple_struct(self, _: &'static str, length: usize) -> Result<List<'a, S>, Stop> {
        self.list(ARRAY, Some(length))
    }

    fn serialize_tuple_variant(
        mut self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<List<'a, S>, Stop> {
        self.variant(variant)?;
        self.list(ARRAY, Some(length))
    }

    fn serialize_map(self, length: Option<usize>) -> Result<List<'a, S>, Stop> {
        self.list(MAP, length)
    }

    fn serialize_struct(self, _: &'static str, length: usize) -> Result<List<'a, S>, Stop> {
        self.list(MAP, Some(length))
    }

    fn serialize_struct_variant(
        mut self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<List<'a, S>, Stop> {
        self.variant(variant)?;
        self.list(MAP, Some(length))
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

/// A list or a map whose items follow.
struct List<'a, S> {
    sink: &'a mut S,
    /// Its length was not known beforehand, so that it has to be ended.
    is_open: bool,
}

impl<S: Sink> List<'_, S> {
    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Stop> {
        value.serialize(Writer(&mut *self.sink))
    }

    fn finish(self) -> Result<(), Stop> {
        if self.is_open { self.sink.put(&[END]) } else { Ok(()) }
    }
}

macro_rules! items {
    ($($kind:ident :: $item:ident),*) => {$(
        impl<S: Sink> ser::$kind for List<'_, S> {
            type Ok = ();
            type Error = Stop;

            fn $item<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Stop> {
                self.item(value)
            }

            fn end(self) -> Result<(), Stop> {
                self.finish()
            }
        }
    )*};
}

items!(
    SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field
);

impl<S: Sink> ser::SerializeMap for List<'_, S> {
    type Ok = ();
    type Error = Stop;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Stop> {
        self.item(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Stop> {
        self.item(value)
    }

    fn end(self) -> Result<(), Stop> {
        self.finish()
    }
}

macro_rules! fields {
    ($($kind:ident),*) => {$(
        impl<S: Sink> ser::$kind for List<'_, S> {
            type Ok = ();
            type Error = Stop;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Stop> {
                self.item(key)?;
                self.item(value)
            }

            fn end(self) -> Result<(), Stop> {
                self.finish()
            }
        }
    )*};
}

fields!(SerializeStruct, SerializeStructVariant);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde::Serialize;
    use std::collections::BTreeMap;

    /// One of each kind that serde knows.
    #[derive(Debug, Clone, Serialize)]
    struct Everything {
        flag: bool,
        signed: (i8, i16, i32, i64),
        unsigned: (u8, u16, u32, u64),
        wide: (i128, u128),
        floats: (f32, f64),
        text: (char, String),
        none: Option<u8>,
        some: Option<u8>,
        unit: (),
        nothing: Nothing,
        newtype: Newtype,
        pair: Pair,
        kinds: Vec<Kind>,
        map: BTreeMap<u64, String>,
        open: Open,
    }

    #[derive(Debug, Clone, Serialize)]
    struct Nothing;

    #[derive(Debug, Clone, Serialize)]
    struct Newtype(u64);

    #[derive(Debug, Clone, Serialize)]
    struct Pair(u64, #[serde(serialize_with = "as_bytes")] Vec<u8>);

    #[derive(Debug, Clone, Serialize)]
    enum Kind {
        Unit,
        Newtype(i64),
        Tuple(u8, String),
        Struct { a: u8, b: Option<i64> },
    }

    /// A list and a map whose lengths are not known beforehand.
    #[derive(Debug, Clone)]
    struct Open(Vec<u64>);

    impl Serialize for Open {
        fn serialize<S: ser::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            use ser::{SerializeMap as _, SerializeSeq as _};
            if self.0.len().is_multiple_of(2) {
                let mut list = serializer.serialize_seq(None)?;
                self.0.iter().try_for_each(|item| list.serialize_element(item))?;
                return list.end();
            }
            let mut map = serializer.serialize_map(None)?;
            self.0.iter().try_for_each(|item| map.serialize_entry(item, &()))?;
            map.end()
        }
    }

    fn as_bytes<S: ser::Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    fn library(value: &impl Serialize) -> Vec<u8> {
        let mut bytes = Vec::new();
        ciborium::into_writer(value, &mut bytes).unwrap();
        bytes
    }

    fn ours(value: &impl Serialize) -> Vec<u8> {
        let mut bytes = Vec::new();
        write(value, &mut bytes).unwrap();
        bytes
    }

    #[test]
    fn numbers_are_written_as_the_library_writes_them_at_every_border() {
        for power in 0..64 {
            for near in [0, 1, 2] {
                let number = (1u64 << power).wrapping_add(near).wrapping_sub(1);
                assert_eq!(ours(&number), library(&number));
                let signed = number.cast_signed();
                assert_eq!((ours(&signed), ours(&!signed)), (library(&signed), library(&!signed)));
            }
        }
        for number in [i64::MIN, i64::MAX, -24, -25, -256, -257] {
            assert_eq!(ours(&number), library(&number));
        }
    }

    #[test]
    fn what_is_expected_ends_with_the_first_other_byte() {
        let bytes = ours(&(7u8, "seven"));
        for (expected, is_same) in [
            (bytes.clone(), true),
            ([bytes.as_slice(), &[0]].concat(), false),
            (bytes[..bytes.len() - 1].to_vec(), false),
            (ours(&(7u8, "eleven")), false),
        ] {
            let mut sink = Expected { rest: &expected };
            assert_eq!(write(&(7u8, "seven"), &mut sink).is_ok() && sink.rest.is_empty(), is_same);
        }
    }

    proptest! {
        #[test]
        fn everything_is_written_as_the_library_writes_it(
            numbers in any::<(i8, i16, i32, i64, u8, u16, u32, u64)>(),
            wide in any::<(i128, u128, f32, f64)>(),
            text in any::<(char, String, Option<u8>)>(),
            bytes in proptest::collection::vec(any::<u8>(), 0..600),
            many in proptest::collection::vec(any::<u64>(), 0..40),
            map in proptest::collection::btree_map(any::<u64>(), any::<String>(), 0..30),
        ) {
            let (a, b, c, d, e, f, g, h) = numbers;
            let everything = Everything {
                flag: a > 0,
                signed: (a, b, c, d),
                unsigned: (e, f, g, h),
                wide: (wide.0, wide.1),
                floats: (wide.2, wide.3),
                text: (text.0, text.1.clone()),
                none: None,
                some: text.2,
                unit: (),
                nothing: Nothing,
                newtype: Newtype(h),
                pair: Pair(h, bytes),
                kinds: vec![Kind::Unit, Kind::Newtype(d), Kind::Tuple(e, text.1), Kind::Struct { a: e, b: Some(d) }],
                map,
                open: Open(many),
            };
            prop_assert_eq!(ours(&everything), library(&everything));
        }
    }
}
