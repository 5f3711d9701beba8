//! What hostile bytes can do to the readers of day files: nothing. No panic, no reading made of damage, and memory
//! within the bound of one chunk, even where somebody computed the checksums anew.

use node::core::telemetry::{
    CHUNK_MAGIC, ChunkReader, DayFileError, FOOTER_MAGIC, FRAME_HEADER_BYTES, ROLLUP_MAGIC, TRAILER_BYTES,
    decode_chunk, decode_rollup, read_footer, read_header, scan,
};
use proptest::prelude::*;
use protocol::limits::CHUNK_CELLS_MAX;

use crate::telemetry_samples::{self as samples, DAY};

/// Peak memory of reading one part, whatever it claims: its cells, twice while they are made, and pco's tables.
const ALLOCATION_MAX: u64 = CHUNK_CELLS_MAX as u64 * 8 * 2 + 4 * 1024 * 1024;

/// Runs every reader over the bytes and answers whether one of them made something out of them as a whole.
fn read_all(bytes: &[u8]) -> bool {
    let mut made = false;
    let info = allocation_counter::measure(|| {
        let chunk = decode_chunk(bytes, None);
        assert!(read_header(bytes).is_ok() || chunk.is_err(), "a chunk without a header");
        let footer = read_footer(bytes.len() as u64, bytes);
        let rollup = decode_rollup(bytes);
        made = chunk.is_ok() || footer.is_ok() || rollup.is_ok();
        let parts =
            [ChunkReader::open_file(DAY, bytes).map(Iterator::count), scan(DAY, bytes).map(Iterator::count)];
        for parts in parts {
            let bounded = |count: &usize| *count <= bytes.len() / FRAME_HEADER_BYTES + 2;
            assert!(
                parts.as_ref().map_or_else(|error| matches!(error, DayFileError::Version { .. }), bounded)
            );
        }
    });
    assert!(info.bytes_max <= ALLOCATION_MAX, "{} bytes for {}", info.bytes_max, bytes.len());
    made
}

fn framed(magic: [u8; 4], body: &[u8]) -> Vec<u8> {
    let len = u32::try_from(body.len()).unwrap().to_le_bytes();
    let sum = crc32c::crc32c(&[&magic[..], &len, body].concat());
    [&magic[..], &len, &sum.to_le_bytes(), body].concat()
}

/// Sample parts: their magic, and their bodies.
fn bodies() -> Vec<([u8; 4], Vec<u8>)> {
    let seg = samples::seg_file();
    let footer_at = u64::from_le_bytes(seg[seg.len() - TRAILER_BYTES..][..8].try_into().unwrap());
    let footer = &seg[usize::try_from(footer_at).unwrap()..seg.len() - TRAILER_BYTES];
    vec![
        (CHUNK_MAGIC, samples::chunk()[FRAME_HEADER_BYTES..].to_vec()),
        (ROLLUP_MAGIC, samples::rollup_part()[FRAME_HEADER_BYTES..].to_vec()),
        (FOOTER_MAGIC, footer[FRAME_HEADER_BYTES..].to_vec()),
    ]
}

/// A frame, and behind a footer the trailer that leads to it.
fn file_of(magic: [u8; 4], body: &[u8]) -> Vec<u8> {
    if magic != FOOTER_MAGIC {
        return framed(magic, body);
    }
    let seg = samples::seg_file();
    let trailer = &seg[seg.len() - TRAILER_BYTES..];
    let footer_at = usize::try_from(u64::from_le_bytes(trailer[..8].try_into().unwrap())).unwrap();
    [&seg[..footer_at], &framed(magic, body), trailer].concat()
}

#[test]
fn whole_samples_are_read() {
    for (magic, body) in bodies() {
        assert!(read_all(&file_of(magic, &body)), "{magic:?}");
    }
    assert!(read_all(&samples::roll_file()));
}

#[test]
fn each_cut_and_each_flipped_bit_is_noticed() {
    for bytes in [samples::chunk(), samples::rollup_part()] {
        for cut in 0..bytes.len() {
            assert!(!read_all(&bytes[..cut]), "cut at {cut}");
        }
        for bit in 0..bytes.len() * 8 {
            let mut bytes = bytes.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(!read_all(&bytes), "bit {bit}");
        }
    }
    for file in [samples::seg_file(), samples::roll_file()] {
        for cut in 0..file.len() {
            assert!(read_footer(cut as u64, &file[..cut]).is_err(), "cut at {cut}");
        }
    }
}

#[test]
fn each_forged_byte_is_survived() {
    for (magic, body) in bodies() {
        for at in 0..body.len() {
            for change in [0x01, 0x08, 0x40, 0x80, 0xff] {
                let mut body = body.clone();
                body[at] ^= change;
                read_all(&file_of(magic, &body));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn random_bodies_are_survived(body in prop::collection::vec(any::<u8>(), 0..600), which in 0usize..3) {
        let magic = [CHUNK_MAGIC, ROLLUP_MAGIC, FOOTER_MAGIC][which];
        read_all(&file_of(magic, &body));
        read_all(&file_of(magic, &[&[1u8][..], &body].concat()));
        read_all(&body);
    }

    #[test]
    fn spliced_bodies_are_survived(
        which in 0usize..3,
        at in any::<prop::sample::Index>(),
        cut in 0usize..9,
        insert in prop::collection::vec(any::<u8>(), 0..12),
    ) {
        let (magic, body) = bodies().swap_remove(which);
        let at = at.index(body.len());
        let end = (at + cut).min(body.len());
        read_all(&file_of(magic, &[&body[..at], &insert, &body[end..]].concat()));
    }
}
