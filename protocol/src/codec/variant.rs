//! Whether bytes name a kind of message that only a later version knows: nothing wrong, and nothing that can be read here.

use serde::de::{DeserializeOwned, Deserializer, Error, Visitor};
use serde::forward_to_deserialize_any;
use std::fmt;

/// Longest name of a variant, bytes.
const NAME_BYTES_MAX: usize = 48;

/// Whether `bytes` begin as a variant of an enum in canonical CBOR does, with a name that this version's `T` does not
/// have. What follows the name is not looked at.
pub fn is_unknown_variant<T: DeserializeOwned>(bytes: &[u8]) -> bool {
    name(bytes).is_some_and(|name| variants::<T>().is_some_and(|known| !known.contains(&name)))
}

/// The name that an externally tagged variant begins with: a text by itself, or the key of a map of one.
fn name(bytes: &[u8]) -> Option<&str> {
    let text = match bytes {
        [0xa1, text @ ..] => text,
        alone => alone,
    };
    let (length, rest) = match text {
        [head @ 0x61..=0x77, rest @ ..] => (usize::from(head - 0x60), rest),
        [0x78, length @ 24..=0xff, rest @ ..] => (usize::from(*length), rest),
        _ => return None,
    };
    let name = rest.get(..length).filter(|_| length <= NAME_BYTES_MAX)?;
    let name = std::str::from_utf8(name).ok()?;
    name.bytes().all(|byte| byte.is_ascii_alphanumeric()).then_some(name)
}

/// The names of an enum's variants; none for any other type.
fn variants<T: DeserializeOwned>() -> Option<&'static [&'static str]> {
    T::deserialize(Probe).err().and_then(|Asked(variants)| variants)
}

/// Asked to be read as something, it tells as what.
struct Probe;

/// The names of the variants that were asked for.
#[derive(Debug)]
struct Asked(Option<&'static [&'static str]>);

impl<'de> Deserializer<'de> for Probe {
    type Error = Asked;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Asked> {
        Err(Asked(None))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Asked> {
        Err(Asked(Some(variants)))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("asked for a type")
    }
}

impl std::error::Error for Asked {}

impl Error for Asked {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Message, encode};
    use serde::Serialize;

    #[derive(Serialize)]
    enum Later {
        Alone,
        Greeting(u8),
        QuestionTextRequest(u8),
        AKindWithANameOfMoreThanTwentyThreeBytes(u8),
    }

    #[test]
    fn a_kind_of_a_later_version_is_told_from_nonsense() {
        let is_unknown = |value: &Later| is_unknown_variant::<Message>(&encode(value));
        assert!(is_unknown(&Later::Alone) && is_unknown(&Later::Greeting(1)));
        assert!(is_unknown(&Later::AKindWithANameOfMoreThanTwentyThreeBytes(1)));
        assert!(!is_unknown(&Later::QuestionTextRequest(1)), "a known kind with other contents is wrong");
        assert!(!is_unknown_variant::<Message>(&encode(&Message::NetworkKeyRequest(1))));
        for wrong in
            [&[][..], &[0], &[0xa1], &[0xa1, 0x65, b'a'], &[0x62, 0xc3, 0x28], &[0x62, b' ', b'a'], &[0x60]]
        {
            assert!(!is_unknown_variant::<Message>(wrong), "{wrong:02x?}");
        }
        let long = [&[0xa1, 0x78, 49][..], &[b'A'; 60]].concat();
        assert!(!is_unknown_variant::<Message>(&long), "no name is so long");
        assert!(!is_unknown_variant::<u64>(&encode(&Later::Greeting(1))), "a number has no kinds");
    }
}
