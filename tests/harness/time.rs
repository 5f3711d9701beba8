//! RFC 3339 times in UTC, as the nodes write them, to milliseconds.

/// Milliseconds since 1970 of a time such as `2025-12-09T10:15:23.000Z`.
pub(crate) fn parse_ms(text: &str) -> u64 {
    let number = |range: std::ops::Range<usize>| -> u64 {
        text.get(range).and_then(|digits| digits.parse().ok()).unwrap_or_else(|| panic!("not a time: {text}"))
    };
    let (year, month, day) = (number(0..4), number(5..7), number(8..10));
    let millis = if text.as_bytes()[19] == b'.' { number(20..23) } else { 0 };
    // Days since 1970-01-01 (Howard Hinnant, `days_from_civil`).
    let (y, m) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, of_era) = (y / 400, y % 400);
    let days =
        era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + (153 * m + 2) / 5 + day - 1 - 719_468;
    (((days * 24 + number(11..13)) * 60 + number(14..16)) * 60 + number(17..19)) * 1_000 + millis
}

#[test]
fn times_read_back() {
    for ms in [0, 951_782_400_001, 1_765_275_323_000, 1_795_219_199_999] {
        let text = protocol::UnixMs(i64::try_from(ms).unwrap()).to_string();
        assert_eq!(parse_ms(&text), ms, "{text}");
    }
    assert_eq!(parse_ms("2025-12-09T10:15:23Z"), 1_765_275_323_000);
}
