//! Codes that let somebody in once: 12 letters of an alphabet in which nothing looks like something else (Crockford's
//! base 32), 60 bits, shown in three groups of four. Small letters, spaces and the usual confusions are read as meant.

use std::fmt;
use std::str::FromStr;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LETTERS: usize = 12;

/// A one-time code. It is shown once and stored as its hash only, except the one for the person with access to the box.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ClaimCode([u8; LETTERS]);

/// What was typed is no code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected 12 letters and digits, such as 7K3M-P0QX-9T2A")]
pub struct NoCode;

impl ClaimCode {
    /// A code nobody can guess.
    pub fn random() -> Self {
        let chance: [u8; LETTERS] = rand::random();
        Self(chance.map(|byte| ALPHABET[usize::from(byte % 32)]))
    }

    /// What is stored, and compared in constant time.
    pub fn hash(&self) -> blake3::Hash {
        blake3::derive_key("symbiose one-time code 1", &self.0).into()
    }
}

impl FromStr for ClaimCode {
    type Err = NoCode;

    fn from_str(text: &str) -> Result<Self, NoCode> {
        let mut letters = [0; LETTERS];
        let mut places = letters.iter_mut();
        for letter in text.bytes().filter(|letter| !matches!(letter, b'-' | b' ')) {
            *places.next().ok_or(NoCode)? = meant(letter).ok_or(NoCode)?;
        }
        if places.next().is_some() { Err(NoCode) } else { Ok(Self(letters)) }
    }
}

fn meant(letter: u8) -> Option<u8> {
    let letter = match letter.to_ascii_uppercase() {
        b'O' => b'0',
        b'I' | b'L' => b'1',
        b'U' => b'V',
        other => other,
    };
    ALPHABET.contains(&letter).then_some(letter)
}

impl fmt::Display for ClaimCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, letter) in self.0.iter().enumerate() {
            let dash = if at > 0 && at % 4 == 0 { "-" } else { "" };
            write!(f, "{dash}{}", char::from(*letter))?;
        }
        Ok(())
    }
}

impl fmt::Debug for ClaimCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClaimCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_as_they_are_meant() {
        let code = ClaimCode::random();
        let shown = code.to_string();
        assert_eq!((shown.len(), shown.matches('-').count()), (14, 2));
        assert_eq!(shown.parse(), Ok(code));
        assert_eq!(shown.to_lowercase().replace('-', " ").parse(), Ok(code));
        assert_eq!("OIL0-1234-5678".parse::<ClaimCode>(), "0110-1234-5678".parse());
        assert_ne!(ClaimCode::random(), code);
        assert_ne!(ClaimCode::random().hash(), code.hash());
        assert!(!format!("{code:?}").contains(&shown[..4]));
        for wrong in ["", "1234", "1234-5678-90AB-C", "1234-5678-90A!", "é234-5678-90A"] {
            assert_eq!(wrong.parse::<ClaimCode>(), Err(NoCode), "{wrong}");
        }
    }
}
