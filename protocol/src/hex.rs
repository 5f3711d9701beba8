//! Bytes as hexadecimal digits, as files, the API and people write them.

use std::fmt::Write as _;

/// Two lower-case digits a byte.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        write!(text, "{byte:02x}").expect("invariant: a String takes every character");
        text
    })
}

/// The bytes of hexadecimal digits in pairs, of either case; none of anything else.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |letter: u8| char::from(letter).to_digit(16);
    let byte = |pair: &[u8]| {
        let [high, low] = pair else { return None };
        u8::try_from(digit(*high)? << 4 | digit(*low)?).ok()
    };
    text.as_bytes().chunks(2).map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_come_in_pairs() {
        assert_eq!(hex(&[0, 255, 167]), "00ffa7");
        assert_eq!(unhex("00ffA7"), Some(vec![0, 255, 167]));
        for wrong in ["0", "0g", "+1", "éé", "0x00"] {
            assert_eq!(unhex(wrong), None, "{wrong}");
        }
    }
}
