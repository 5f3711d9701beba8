//! Text that people write into registries and agendas. It carries no control character and none that turns the order
//! of what stands around it, so that a name cannot pose as another.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

use crate::error::Invalid;

/// Text of 1 to `MAX` bytes; line ends are allowed, other control characters are not.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Text<const MAX: usize>(String);

impl<const MAX: usize> Text<MAX> {
    /// Wraps a text that keeps the bounds.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        Self::check(text)?;
        Ok(Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn check(text: &str) -> Result<(), Invalid> {
        let wrong = |expected| Err(Invalid::Text { field: "text", expected, found: text.len() });
        if text.trim().is_empty() {
            return wrong("something to read");
        }
        if text.len() > MAX {
            return wrong("fewer bytes");
        }
        if text.chars().any(is_hidden) {
            return wrong("no control characters");
        }
        Ok(())
    }
}

/// Control characters but the line end, and those that embed or override the direction of writing.
fn is_hidden(c: char) -> bool {
    (c.is_control() && c != '\n') || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

impl<const MAX: usize> fmt::Display for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<const MAX: usize> Serialize for Text<MAX> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for Text<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::check(&text).map_err(D::Error::custom)?;
        Ok(Self(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{decode, encode};

    #[test]
    fn text_is_what_it_looks_like() {
        for fine in ["a", "Ünë\nzwei", "شقة ٣", "12345678901234567890"] {
            let text = Text::<20>::new(fine).unwrap();
            assert_eq!(decode::<Text<20>>(&encode(&text), 99), Ok(text), "{fine}");
        }
        for wrong in ["", "  ", "123456789012345678901", "a\u{0}", "a\u{202e}b", "a\tb", "\u{2066}x"] {
            assert!(Text::<20>::new(wrong).is_err(), "{wrong:?}");
            assert!(decode::<Text<20>>(&encode(&wrong), 99).is_err(), "{wrong:?}");
        }
    }
}
