//! The contract ABI as far as an ERC-20 token needs it: Keccak-256, selectors, topics, 32-byte words and short text.

use sha3::{Digest as _, Keccak256};

/// 32 bytes: what everything is made of.
pub(super) type Word = [u8; 32];

/// Keccak-256 as Ethereum uses it, which is not SHA3-256.
pub(super) fn keccak(bytes: &[u8]) -> Word {
    Keccak256::digest(bytes).into()
}

/// The first four bytes of the hash of a function's signature.
pub(super) fn selector(signature: &str) -> [u8; 4] {
    let [a, b, c, d, ..] = keccak(signature.as_bytes());
    [a, b, c, d]
}

/// A number as a word.
pub(super) fn number(value: u64) -> Word {
    let mut word = [0; 32];
    word[24..].copy_from_slice(&value.to_be_bytes());
    word
}

/// An address as a word.
pub(super) fn address(bytes: &[u8; 20]) -> Word {
    let mut word = [0; 32];
    word[12..].copy_from_slice(bytes);
    word
}

/// The address in a word; none when there is more in it.
pub(super) fn as_address(word: &[u8]) -> Option<[u8; 20]> {
    let (zeroes, address) = word.split_at_checked(12)?;
    if zeroes.iter().any(|byte| *byte != 0) {
        return None;
    }
    address.try_into().ok()
}

/// The answer of a function that gives one text: where it begins, its length, the text filled up with zeroes.
pub(super) fn text(text: &str) -> Vec<u8> {
    let mut bytes = [number(32), number(text.len() as u64)].concat();
    bytes.extend_from_slice(text.as_bytes());
    bytes.resize(bytes.len().next_multiple_of(32), 0);
    bytes
}

/// The call of a function of words.
pub(super) fn call(signature: &str, words: &[Word]) -> Vec<u8> {
    [selector(signature).as_slice(), words.as_flattened()].concat()
}

/// The 2,048-bit filter of a log's address and topics (Yellow Paper, section 4.3.1): three bits each.
pub(super) fn add_to_bloom(bloom: &mut [u8; 256], bytes: &[u8]) {
    let hash = keccak(bytes);
    for pair in hash.chunks_exact(2).take(3) {
        let bit = usize::from(u16::from_be_bytes([pair[0], pair[1]]) & 2047);
        bloom[255 - bit / 8] |= 1 << (bit % 8);
    }
}

/// Lower-case digits behind `0x`.
pub(super) fn hex(bytes: &[u8]) -> String {
    format!("0x{}", protocol::hex::hex(bytes))
}

/// A number as JSON-RPC writes it: no leading zeroes.
pub(super) fn quantity(value: u64) -> String {
    format!("{value:#x}")
}

/// The bytes behind `0x`.
pub(super) fn bytes(text: &str) -> Option<Vec<u8>> {
    text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).and_then(protocol::hex::unhex)
}

/// A number behind `0x`.
pub(super) fn as_quantity(text: &str) -> Option<u64> {
    let digits = text.strip_prefix("0x")?;
    let is_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_digits.then(|| u64::from_str_radix(digits, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Figures that every Ethereum library has.
    #[test]
    fn selectors_and_topics_are_those_of_erc_20() {
        let known = [
            ("name()", "0x06fdde03"),
            ("symbol()", "0x95d89b41"),
            ("decimals()", "0x313ce567"),
            ("totalSupply()", "0x18160ddd"),
            ("balanceOf(address)", "0x70a08231"),
            ("allowance(address,address)", "0xdd62ed3e"),
            ("transfer(address,uint256)", "0xa9059cbb"),
            ("approve(address,uint256)", "0x095ea7b3"),
            ("transferFrom(address,address,uint256)", "0x23b872dd"),
        ];
        for (signature, expected) in known {
            assert_eq!(hex(&selector(signature)), expected, "{signature}");
        }
        let topics = [
            (
                "Transfer(address,address,uint256)",
                "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef",
            ),
            (
                "Approval(address,address,uint256)",
                "0x8c5be1e5ebec7d5bd14f71427d1e84f3dd0314c0f7b2291e5b200ac8c7c3b925",
            ),
        ];
        for (signature, expected) in topics {
            assert_eq!(hex(&keccak(signature.as_bytes())), expected);
        }
        assert_eq!(hex(&keccak(b"")), "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
    }

    #[test]
    fn words_and_texts_are_laid_out_as_the_abi_says() {
        assert_eq!(hex(&number(1_000)).len(), 66);
        assert!(hex(&number(1_000)).ends_with("0003e8"));
        let owner = [7; 20];
        assert_eq!(as_address(&address(&owner)), Some(owner));
        let mut dirty = address(&owner);
        dirty[0] = 1;
        assert_eq!((as_address(&dirty), as_address(&[0; 5])), (None, None));
        let nrg = text("NRG");
        assert_eq!(nrg.len(), 96);
        assert_eq!((nrg[31], nrg[63], &nrg[64..68]), (32, 3, &b"NRG\0"[..]));
        assert_eq!(text("").len(), 64, "no text takes no word");
        assert_eq!(call("decimals()", &[]), [0x31, 0x3c, 0xe5, 0x67]);
    }

    #[test]
    fn digits_that_are_none_are_not_read() {
        assert_eq!(bytes("0x00ff"), Some(vec![0, 255]));
        assert_eq!((bytes("0x"), bytes("0X0A")), (Some(Vec::new()), Some(vec![10])));
        for wrong in ["", "00", "0x0", "0xzz", "0x+1", "0xé"] {
            assert_eq!(bytes(wrong), None, "{wrong}");
        }
        assert_eq!((as_quantity("0x0"), as_quantity("0x10")), (Some(0), Some(16)));
        for wrong in ["", "0x", "10", "0x-1", "0x+1", "0x1ffffffffffffffff"] {
            assert_eq!(as_quantity(wrong), None, "{wrong}");
        }
    }

    /// The filter of one transfer event, from the address and topics of a log on Ethereum's own chain: bits worked out
    /// with another program (ethers, `Block.logsBloom` of a block with that log alone).
    #[test]
    fn a_filter_has_at_most_three_bits_for_each() {
        let mut bloom = [0; 256];
        add_to_bloom(&mut bloom, b"one");
        let ones = |bloom: &[u8; 256]| bloom.iter().map(|byte| byte.count_ones()).sum::<u32>();
        assert!((1..=3).contains(&ones(&bloom)));
        let before = bloom;
        add_to_bloom(&mut bloom, b"one");
        assert_eq!(bloom, before);
    }
}
