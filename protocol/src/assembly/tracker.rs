//! Eight words that name a ballot: short enough to be read out or written down, long enough that nobody finds another
//! ballot with the same ones. The words are syllables that every tongue of the house can say, not of any dictionary.

use std::fmt;

use crate::ids::Digest;
use crate::limits::TRACKER_WORDS;

/// First letters; four bits.
const FIRST: &[u8; 16] = b"bdfghjklmnprstvz";
/// Vowels; two bits.
const VOWELS: &[u8; 4] = b"aiou";
/// Third letters; three bits. Without those that make rude words of the others.
const THIRD: &[u8; 8] = b"bflmnrsv";
/// Bits of a word.
const BITS: usize = 11;

/// The words of one commitment: its first 88 bits, eleven a word, the highest bit first. A word is consonant (4 bits),
/// vowel (2), consonant (3), vowel (2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tracker([[u8; 4]; TRACKER_WORDS]);

impl Tracker {
    /// The words of a ballot, by what the ledger knows it by.
    pub fn of(commitment: &Digest) -> Self {
        let bit = |at: usize| usize::from(commitment.as_bytes()[at / 8] >> (7 - at % 8) & 1);
        let word = |number: usize| {
            let bits = (0..BITS).fold(0, |bits, at| bits << 1 | bit(number * BITS + at));
            [FIRST[bits >> 7], VOWELS[bits >> 5 & 3], THIRD[bits >> 2 & 7], VOWELS[bits & 3]]
        };
        Self(std::array::from_fn(word))
    }

    /// The words.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|word| std::str::from_utf8(word).expect("invariant: letters of the alphabet"))
    }

    /// Whether this is what somebody wrote, however it is spaced and in small or large letters.
    pub fn is(&self, text: &str) -> bool {
        let found = text.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| !word.is_empty());
        found.map(str::to_ascii_lowercase).eq(self.words())
    }
}

impl fmt::Display for Tracker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, word) in self.words().enumerate() {
            if place > 0 {
                f.write_str(" ")?;
            }
            f.write_str(word)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bit_of_the_first_88_changes_a_word() {
        let none = Tracker::of(&Digest::new([0; 32]));
        assert_eq!(none.to_string(), ["baba"; 8].join(" "));
        assert_eq!(Tracker::of(&Digest::new([255; 32])).to_string(), ["zuvu"; 8].join(" "));
        for bit in 0..96 {
            let mut bytes = [0; 32];
            bytes[bit / 8] = 128 >> (bit % 8);
            let tracker = Tracker::of(&Digest::new(bytes));
            let changed = tracker.words().zip(none.words()).filter(|(a, b)| a != b).count();
            assert_eq!(changed, usize::from(bit < 88), "bit {bit}");
        }
    }

    #[test]
    fn what_somebody_wrote_down_is_found_again() {
        let tracker = Tracker::of(&Digest::new([0x5a; 32]));
        let text = tracker.to_string();
        for written in [text.clone(), text.to_uppercase(), format!(" {} ", text.replace(' ', "-"))] {
            assert!(tracker.is(&written), "{written}");
        }
        let seven = text.rsplit_once(' ').unwrap().0;
        for wrong in ["", seven, &format!("{text} baba"), &text.replacen('a', "e", 1)] {
            assert_eq!(tracker.is(wrong), wrong == text, "{wrong}");
        }
    }
}
