//! The files of a day read back what was written, bit for bit; nothing is read wrong, and no loss is silent.

use super::*;
use crate::core::catalogue::AssetId;

fn day() -> Day {
    Day::parse("2026-11-20").unwrap()
}

/// Rows every 10 s from a time of the day on, with two columns.
fn rows(from_s: i64, count: i64) -> Columns {
    let times: Vec<i64> = (0..count).map(|i| day().start().0 + (from_s + i * 10) * 1000).collect();
    let decimals = (0..count).map(|i| f64::from(i32::try_from(i * 7 % 31).unwrap()) / 10.0).collect();
    let gaps = (0..count).map(|i| if i % 3 == 0 { f64::NAN } else { 1.0 / 3.0 }).collect();
    Columns::new(times, vec![(Column(0), decimals), (Column(5), gaps)]).unwrap()
}

#[test]
fn an_open_day_file_reads_back_chunk_by_chunk() {
    let mut file = open_header(day());
    let parts = [rows(0, 100), rows(1000, 50)];
    for (generation, part) in (1..).zip(&parts) {
        encode_chunk(AssetId(7), generation, part, &mut file);
    }
    let found: Vec<FoundPart> = ChunkReader::open_file(day(), &file).unwrap().collect();
    assert_eq!(found.len(), 2);
    for ((found, part), expected) in found.iter().zip(&parts).zip(1..) {
        let FoundPart::Chunk { offset, len, header } = found else { panic!("{found:?}") };
        assert_eq!(
            (header.asset, header.generation, header.points()),
            (AssetId(7), expected, part.points() as u64)
        );
        let (again, columns) = decode_chunk(&file[*offset..*offset + *len], None).unwrap();
        assert_eq!((&again, &columns), (header, part));
    }
}

#[test]
fn a_day_segment_reads_back_by_its_footer() {
    let mut file = Vec::new();
    let mut writer = SegWriter::start(day(), &mut file);
    (0..5).for_each(|asset| writer.push(AssetId(asset), &rows(i64::from(asset), 200), &mut file));
    let losses = Losses { gaps: 1, records: 2, bytes: 3, chunks: 4 };
    let footer = writer.finish([3, 4, 5, 9].into_iter().collect(), losses, &mut file);
    assert_eq!(read_footer(file.len() as u64, &file), Ok(footer.clone()));
    let Err(DayFileError::Tail { expected, .. }) = read_footer(file.len() as u64, &file[file.len() - 50..])
    else {
        panic!("the footer does not fit into 50 bytes")
    };
    let tail = &file[file.len() - usize::try_from(expected).unwrap()..];
    assert_eq!(read_footer(file.len() as u64, tail), Ok(footer.clone()));
    let part = footer.parts_of(AssetId(3), 0).next().unwrap();
    let start = usize::try_from(part.offset).unwrap();
    let (_, columns) = decode_chunk(&file[start..start + part.len as usize], Some(&[Column(5)])).unwrap();
    assert_eq!(columns, rows(3, 200).keep_only(&[Column(5)]));
    let mut check = DayFileCheck::new(file.len() as u64);
    file.chunks(100).for_each(|piece| check.update(piece));
    assert!(check.holds(&footer));
}

impl Columns {
    fn keep_only(&self, wanted: &[Column]) -> Self {
        let held = self.columns().iter().filter(|(column, _)| wanted.contains(column)).cloned().collect();
        Self::new(self.times().to_vec(), held).unwrap()
    }
}

#[test]
fn rollups_read_back() {
    let rollup = AssetRollup::of(AssetId(3), day(), QUARTER_MS, &rows(5, 500), |_, earlier, later| {
        (later.1 - earlier.1).max(0.0)
    });
    let mut file = Vec::new();
    encode_rollup(&rollup, &mut file);
    assert_eq!(decode_rollup(&file), Ok(rollup));
}
