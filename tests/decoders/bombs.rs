//! Inputs made to cost much: nesting, runs of the smallest items, lengths that claim more than there is, frames that
//! start everywhere and end nowhere.

/// First bytes of the frames of all our files.
const MAGICS: [&[u8]; 14] = [
    b"SyB1",
    b"SyV1",
    b"SyW1",
    b"SyC1",
    b"SyT1",
    b"SyL1",
    b"SyD1",
    b"\xd1TLR",
    b"\xd2TLC",
    b"\xd3TLF",
    b"\xd4TLU",
    b"SYMTELW\x01",
    b"SYMTELO\x01",
    b"SYMTELS\x01",
];

/// What one reads again and again: smallest items, smallest lines, opening brackets.
const RUNS: [&[u8]; 44] = [
    b"\x81",
    b"\x9f",
    b"\xa1",
    b"\xd8",
    b"\x5f",
    b"\x00",
    b"\xf6",
    b"\xf4",
    b"\x60",
    b"\x40",
    b"\x80",
    b"\xff",
    b"\x82\x40\xf6",
    b"\x83\x00\x00\x00",
    b"[",
    b"{",
    b"(",
    b"-",
    b"[[",
    b"{\"a\":",
    b"[{",
    b"\"",
    b"\\u0000",
    b"\n",
    b"\r\n",
    b"a=1\n",
    b"[a]\n",
    b"[[a]]\n",
    b"[[policy]]\n",
    b"a.",
    b"a.b=1\n",
    b"\"\"=0\n",
    b"[[policy.group]]\n",
    b"#\n",
    b"1,",
    b"0 ",
    b"1+",
    b"2^",
    b"a or ",
    b"sum(",
    b"{a=\"\"},",
    b"(?:",
    b"a*",
    b"\xf0\x9f\x98\x80",
];

/// Bombs of about `len` bytes.
pub fn bombs(len: usize) -> Vec<Vec<u8>> {
    let run = |item: &[u8]| item.iter().copied().cycle().take(len).collect::<Vec<u8>>();
    let mut bombs: Vec<Vec<u8>> = RUNS.iter().map(|item| run(item)).collect();
    bombs.extend((0u8..=255).step_by(15).map(|byte| run(&[byte])));
    bombs.extend(claims());
    for filler in [0x00, 0xf6, 0x40, 0x80, 0x81] {
        bombs.push([&[0x9a, 0x00, 0x01, 0x00, 0x00], run(&[filler]).as_slice()].concat());
    }
    for magic in MAGICS {
        bombs.extend(frames(magic, len));
    }
    let wrapped: [(&str, &str, &str); 12] = [
        ("policy=[", "1,", "]"),
        ("policy=[", "{},", "]"),
        ("policy=[", "[],", "]"),
        ("sites=[", "{},", "]"),
        ("a=[", "1,", "]"),
        ("name=\"", "a", "\""),
        ("{\"metrics\":{", "\"a\":1,", "}}"),
        ("{\"metrics\":{\"a\":", "1", "}}"),
        ("{\"site_code\":\"", "\\n", "\"}"),
        ("{\"metrics\":", "[", ""),
        ("{a=~\"", "(a|b)*", "\"}"),
        ("symbiose1:", "9f", ""),
    ];
    for (head, item, tail) in wrapped {
        bombs.push([head.as_bytes(), &run(item.as_bytes()), tail.as_bytes()].concat());
    }
    bombs
}

/// Heads that claim up to 2^64 - 1 bytes, items or pairs.
fn claims() -> Vec<Vec<u8>> {
    let mut claims = Vec::new();
    for major in 2..=5u8 {
        claims.push(vec![major << 5 | 27, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
        claims.push(vec![major << 5 | 26, 0x7f, 0xff, 0xff, 0xff]);
        claims.push([vec![0x8b; 12], vec![major << 5 | 26, 0x7f, 0xff, 0xff, 0xff]].concat());
    }
    claims
}

/// Frames without a good checksum, one close to the other, each with a body that reaches almost to the end; the lengths
/// with the big and with the small end first.
fn frames(magic: &[u8], len: usize) -> Vec<Vec<u8>> {
    let of = |length: fn(u32) -> [u8; 4]| {
        let mut bytes = Vec::with_capacity(len);
        while bytes.len() + 40 < len {
            bytes.extend_from_slice(magic);
            let rest = u32::try_from(len - bytes.len() - 40).expect("bombs are small");
            bytes.extend_from_slice(&length(rest));
        }
        bytes.resize(len, 0xee);
        bytes
    };
    vec![of(u32::to_be_bytes), of(u32::to_le_bytes)]
}
