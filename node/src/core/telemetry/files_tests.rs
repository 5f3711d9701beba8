//! The files of a day read back what was written, bit for bit; nothing is read wrong, and no loss is silent.

use proptest::prelude::*;
use std::collections::BTreeSet;

use super::*;
use crate::core::catalogue::AssetId;

const DAY: Day = Day(20_777);

/// Rows every 10 s from a second of the day on, with two columns.
fn rows(from_s: i64, count: i64) -> Columns {
    let times = (0..count).map(|i| DAY.start().0 + (from_s + i * 10) * 1000).collect();
    let decimals = (0..count).map(|i| (i * 7 % 31) as f64 / 10.0).collect();
    let gaps = (0..count).map(|i| if i % 3 == 0 { f64::NAN } else { (i as f64).sqrt() }).collect();
    Columns::new(times, vec![(Column(0), decimals), (Column(5), gaps)]).unwrap()
}

fn any_rows() -> impl Strategy<Value = Columns> {
    (0i64..80_000, 2i64..40).prop_map(|(from_s, count)| rows(from_s, count))
}

/// An open day file, with its chunks as offset, length and rows.
fn open_file(parts: &[Columns]) -> (Vec<u8>, Vec<(usize, usize, Columns)>) {
    let mut file = open_header(DAY);
    let mut places = Vec::new();
    for (generation, part) in (1..).zip(parts) {
        let offset = file.len();
        encode_chunk(AssetId(7), generation, part, &mut file);
        places.push((offset, file.len() - offset, part.clone()));
    }
    (file, places)
}

/// Goes through a file; answers the chunks that were found, and the bytes told to be damaged and torn. Everything is
/// one of the three.
fn read(
    file: &[u8],
    found: impl Iterator<Item = FoundPart>,
    start: usize,
) -> (Vec<(usize, usize, Columns)>, usize, usize) {
    let (mut chunks, mut damaged, mut torn, mut at) = (Vec::new(), 0, 0, start);
    for part in found {
        let (offset, len) = match part {
            FoundPart::Chunk { offset, len, header } => {
                let (again, rows) = decode_chunk(&file[offset..offset + len], None).unwrap();
                assert_eq!(again, header);
                chunks.push((offset, len, rows));
                (offset, len)
            }
            FoundPart::Damaged { offset, bytes } => {
                damaged += bytes;
                (offset, bytes)
            }
            FoundPart::Torn { offset, bytes } => {
                torn += bytes;
                (offset, bytes)
            }
        };
        assert!(offset == at || offset == 0, "{offset} follows {at}");
        at = offset + len;
    }
    assert!(at == file.len() || file.len() <= start, "{at} of {}", file.len());
    (chunks, damaged, torn)
}

fn seg_file(parts: &[Columns]) -> (Vec<u8>, Footer) {
    let mut file = Vec::new();
    let mut writer = SegWriter::start(DAY, &mut file);
    (0..).zip(parts).for_each(|(asset, part)| writer.push(AssetId(asset), part, &mut file));
    let losses = Losses { gaps: 1, records: 2, bytes: 3, chunks: 4 };
    let footer = writer.finish([3, 4, 5, 9].into_iter().collect(), losses, &mut file);
    (file, footer)
}

fn roll_file(parts: &[Columns]) -> (Vec<u8>, Footer, Vec<AssetRollup>) {
    let rise = |_, earlier: (_, f64), later: (_, f64)| (later.1 - earlier.1).max(0.0);
    let rollups: Vec<AssetRollup> = (0..)
        .zip(parts)
        .flat_map(|(asset, part)| {
            [QUARTER_MS, DAY_MS].map(|slot_ms| AssetRollup::of(AssetId(asset), DAY, slot_ms, part, rise))
        })
        .collect();
    let mut file = Vec::new();
    let mut writer = RollWriter::start(DAY, &mut file);
    rollups.iter().for_each(|rollup| writer.push(rollup, &mut file));
    let footer = writer.finish(Generations::default(), Losses::default(), &mut file);
    (file, footer, rollups)
}

fn part_bytes<'a>(file: &'a [u8], part: &FooterPart) -> &'a [u8] {
    let start = usize::try_from(part.offset).unwrap();
    &file[start..start + part.len as usize]
}

fn check_holds(file: &[u8], footer: &Footer) -> bool {
    let mut check = DayFileCheck::new(file.len() as u64);
    file.chunks(100).for_each(|piece| check.update(piece));
    check.holds(footer)
}

proptest! {
    #[test]
    fn an_open_day_file_reads_back_chunk_by_chunk(parts in prop::collection::vec(any_rows(), 0..5)) {
        let (file, places) = open_file(&parts);
        let mut reader = ChunkReader::open_file(DAY, &file).unwrap();
        let found = read(&file, reader.by_ref(), DAY_HEADER_BYTES);
        prop_assert_eq!(found, (places, 0, 0));
        prop_assert_eq!(reader.offset(), file.len());
    }

    #[test]
    fn damage_to_an_open_file_is_told_and_passed_over(
        parts in prop::collection::vec(any_rows(), 1..6),
        flips in prop::collection::vec((any::<prop::sample::Index>(), 0u8..8), 1..4),
    ) {
        let (mut file, places) = open_file(&parts);
        let whole = file.clone();
        for (at, bit) in flips {
            let at = at.index(file.len());
            file[at] ^= 1 << bit;
        }
        let Ok(reader) = ChunkReader::open_file(DAY, &file) else {
            return Err(TestCaseError::fail("a version was read from a damaged header"));
        };
        let (found, damaged, torn) = read(&file, reader, DAY_HEADER_BYTES);
        let untouched = places.iter().filter(|(at, len, _)| file[*at..at + len] == whole[*at..at + len]);
        prop_assert_eq!(&found, &untouched.cloned().collect::<Vec<_>>());
        let lost = places.iter().filter(|place| !found.contains(place)).map(|(_, len, _)| len).sum::<usize>();
        let header = if file[..DAY_HEADER_BYTES] == whole[..DAY_HEADER_BYTES] { 0 } else { DAY_HEADER_BYTES };
        prop_assert_eq!(damaged + torn, lost + header);
    }

    #[test]
    fn a_torn_open_file_keeps_every_whole_chunk(
        parts in prop::collection::vec(any_rows(), 1..5),
        cut in any::<prop::sample::Index>(),
    ) {
        let (file, places) = open_file(&parts);
        let cut = cut.index(file.len() + 1);
        let file = &file[..cut];
        let mut reader = ChunkReader::open_file(DAY, file).unwrap();
        let (found, damaged, torn) = read(file, reader.by_ref(), DAY_HEADER_BYTES);
        let whole: Vec<_> = places.into_iter().filter(|(at, len, _)| at + len <= cut).collect();
        let end = whole.last().map_or(DAY_HEADER_BYTES, |(at, len, _)| at + len);
        let keeps = if cut < DAY_HEADER_BYTES { 0 } else { end };
        prop_assert_eq!((found, damaged, torn), (whole, 0, cut - keeps));
        prop_assert_eq!(reader.offset(), keeps);
    }

    #[test]
    fn a_day_segment_reads_back_by_its_footer(parts in prop::collection::vec(any_rows(), 0..6)) {
        let (file, footer) = seg_file(&parts);
        prop_assert_eq!(read_footer(file.len() as u64, &file), Ok(footer.clone()));
        prop_assert!(check_holds(&file, &footer));
        for (asset, rows) in (0..).map(AssetId).zip(&parts) {
            let part = footer.parts_of(asset, 0).next().unwrap();
            let (header, columns) = decode_chunk(part_bytes(&file, part), None).unwrap();
            prop_assert_eq!((header.asset, &columns), (asset, rows));
            prop_assert_eq!((part.first, part.last), (header.first, header.last));
            prop_assert_eq!((u64::from(part.points), part.rows), (header.points(), header.rows));
        }
        let (found, damaged, torn) = read(&file, scan(DAY, &file).unwrap(), DAY_HEADER_BYTES);
        let end = footer.parts.last().map_or(DAY_HEADER_BYTES as u64, |part| part.offset + u64::from(part.len));
        prop_assert_eq!((found.len(), damaged, torn as u64), (parts.len(), 0, file.len() as u64 - end));
    }

    /// Of immutable files each flipped bit is found by the hash, and what is read by the footer is right or an error.
    #[test]
    fn damage_to_an_immutable_file_is_found(
        parts in prop::collection::vec(any_rows(), 1..5),
        flips in prop::collection::vec((any::<prop::sample::Index>(), 0u8..8), 1..4),
        rolled in any::<bool>(),
    ) {
        let (mut file, footer, rollups) = if rolled {
            roll_file(&parts)
        } else {
            let (file, footer) = seg_file(&parts);
            (file, footer, Vec::new())
        };
        let whole = file.clone();
        for (at, bit) in flips {
            let at = at.index(file.len());
            file[at] ^= 1 << bit;
        }
        if let Ok(found) = read_footer(file.len() as u64, &file) {
            prop_assert_eq!(&Footer { digest: footer.digest, ..found.clone() }, &footer);
            prop_assert!(file == whole || !check_holds(&file, &found));
        }
        for (i, part) in footer.parts.iter().enumerate() {
            let (bytes, before) = (part_bytes(&file, part), part_bytes(&whole, part));
            if rolled {
                prop_assert_eq!(decode_rollup(bytes).is_ok(), bytes == before);
                prop_assert!(decode_rollup(bytes).is_ok_and(|read| read == rollups[i]) || bytes != before);
            } else {
                let read = decode_chunk(bytes, None);
                prop_assert_eq!(read.is_ok(), bytes == before);
                prop_assert!(read.is_ok_and(|(_, rows)| rows == parts[i]) || bytes != before);
            }
        }
    }

    #[test]
    fn a_cut_immutable_file_has_no_footer(parts in prop::collection::vec(any_rows(), 1..4), cut in any::<prop::sample::Index>()) {
        let (file, _) = seg_file(&parts);
        let cut = cut.index(file.len());
        prop_assert!(read_footer(cut as u64, &file[..cut]).is_err());
    }

    #[test]
    fn any_bytes_of_a_day_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), kind in 0usize..4) {
        let (seg, _) = seg_file(&[]);
        let mut file = [Vec::new(), open_header(DAY), seg[..DAY_HEADER_BYTES].to_vec(), seg][kind].clone();
        file.extend_from_slice(&bytes);
        let found = ChunkReader::open_file(DAY, &file).map(|reader| reader.count());
        prop_assert!(found.is_ok_and(|found| found <= 2));
        prop_assert!(read_footer(file.len() as u64, &file).is_err() || bytes.is_empty());
        prop_assert!(decode_rollup(&file).is_err());
    }

    #[test]
    fn a_footer_forged_with_good_checksums_is_an_error_or_a_footer(
        parts in prop::collection::vec(any_rows(), 1..4),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let (file, footer) = seg_file(&parts);
        let start = footer.parts.last().map(|part| usize::try_from(part.offset).unwrap() + part.len as usize).unwrap();
        let mut body = file[start + FRAME_HEADER_BYTES..file.len() - TRAILER_BYTES].to_vec();
        for (at, byte) in changes {
            let at = at.index(body.len());
            body[at] = byte;
        }
        let mut forged = file[..start].to_vec();
        chunk::put_frame(&mut forged, FOOTER_MAGIC, |out| out.extend_from_slice(&body));
        forged.extend_from_slice(&file[file.len() - TRAILER_BYTES..]);
        if let Ok(read) = read_footer(forged.len() as u64, &forged) {
            prop_assert!(read.parts.iter().all(|part| part.offset + u64::from(part.len) <= start as u64));
        }
    }

    #[test]
    fn generations_are_a_set(numbers in prop::collection::vec(prop_oneof![0u64..40, Just(u64::MAX), Just(u64::MAX - 1)], 0..40)) {
        let set: Generations = numbers.iter().copied().collect();
        let twin: BTreeSet<u64> = numbers.iter().copied().collect();
        for number in (0..41).chain([u64::MAX - 2, u64::MAX - 1, u64::MAX]) {
            prop_assert_eq!(set.contains(number), twin.contains(&number), "{}", number);
        }
        prop_assert_eq!(set.newest(), twin.last().copied());
        prop_assert!(set.runs().windows(2).all(|pair| pair[0].1 + 1 < pair[1].0));
    }
}

#[test]
fn a_footer_is_read_from_the_end_of_its_file_alone() {
    let (file, footer) = seg_file(&[rows(0, 200), rows(5, 300)]);
    let len = file.len() as u64;
    let Err(DayFileError::Tail { expected, .. }) = read_footer(len, &file[file.len() - 50..]) else {
        panic!("the footer does not fit into 50 bytes")
    };
    let tail = &file[file.len() - usize::try_from(expected).unwrap()..];
    assert_eq!(read_footer(len, tail), Ok(footer));
    assert!(read_footer(len, &tail[1..]).is_err());
    assert_eq!(read_footer(len, &[]), Err(DayFileError::Damaged { part: "trailer" }));
}

#[test]
fn a_chunk_of_another_day_is_passed_over_and_told() {
    let mut file = open_header(DAY);
    let start = file.len();
    let other = Columns::new(vec![0, 1], vec![(Column(0), vec![1.0, 2.0])]).unwrap();
    encode_chunk(AssetId(1), 1, &other, &mut file);
    let len = file.len() - start;
    encode_chunk(AssetId(1), 2, &rows(0, 3), &mut file);
    let found: Vec<FoundPart> = ChunkReader::open_file(DAY, &file).unwrap().collect();
    assert_eq!(found[0], FoundPart::Damaged { offset: start, bytes: len });
    assert!(matches!(&found[1], FoundPart::Chunk { header, .. } if header.generation == 2));
}

#[test]
fn a_file_of_a_later_version_is_refused_and_not_cut() {
    let mut file = open_header(DAY);
    file[7] = 9;
    let checksum = crc32c::crc32c(&file[..12]);
    file[12..16].copy_from_slice(&checksum.to_le_bytes());
    let error = ChunkReader::open_file(DAY, &file).unwrap_err();
    assert_eq!(error, DayFileError::Version { expected: 1, found: 9 });
}
