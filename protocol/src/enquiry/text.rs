//! Words that a person wrote and another reads: as text and nothing else. What would hide, reorder or overwrite letters on a
//! screen does not get in.

use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;

use crate::error::Invalid;

/// At most `MAX` characters on lines, without anything that is not to be seen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct PlainText<const MAX: usize>(String);

impl<const MAX: usize> PlainText<MAX> {
    /// Checks it.
    pub fn new(text: impl Into<String>) -> Result<Self, Invalid> {
        let text = text.into();
        if text.chars().count() > MAX || text.chars().any(is_unseen) {
            let expected = "few enough characters, and none that hides or reorders letters";
            return Err(Invalid::Text { field: "text", expected, found: text.len() });
        }
        Ok(Self(text))
    }

    /// The words.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        self.0.trim().is_empty()
    }
}

/// Control characters but for the end of a line; marks, overrides and isolates of direction (UAX 9); separators of lines;
/// spaces without width; invisible tags. The two joiners stay, since scripts are written with them.
fn is_unseen(letter: char) -> bool {
    (letter.is_control() && letter != '\n')
        || matches!(
            letter,
            '\u{061C}'
                | '\u{200B}'
                | '\u{200E}'..='\u{200F}'
                | '\u{2028}'..='\u{202E}'
                | '\u{2060}'..='\u{206F}'
                | '\u{FEFF}'
                | '\u{FFF9}'..='\u{FFFB}'
                | '\u{E0000}'..='\u{E0FFF}'
        )
}

impl<const MAX: usize> fmt::Display for PlainText<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for PlainText<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}
