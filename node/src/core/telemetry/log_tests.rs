//! The telemetry log: every bit flip and every cut is noticed, nothing is read wrong.

use proptest::prelude::*;
use protocol::AssetKind;
use protocol::limits::TELEMETRY_SEGMENT_BYTES;

use super::*;
use crate::core::catalogue::Code;

const SEGMENT: u64 = 7;

fn any_value() -> impl Strategy<Value = Value> {
    let decimals = (-9_000_000_000i64..9_000_000_000, 0i32..9).prop_map(|(number, exponent)| {
        #[expect(clippy::cast_precision_loss, reason = "any number will do")]
        let number = number as f64;
        number / 10f64.powi(exponent)
    });
    let special = prop::sample::select(vec![
        0.0,
        -0.0,
        f64::MIN_POSITIVE,
        f64::from_bits(1),
        f64::MAX,
        f64::MIN,
        9_007_199_254_740_991.0,
        9_007_199_254_740_992.0,
        9_007_199_254_740_993.0,
        i64::MAX as f64,
        0.1 + 0.2,
    ]);
    prop_oneof![decimals, special, any::<f64>()].prop_filter_map("finite", Value::new)
}

fn any_row() -> impl Strategy<Value = Row> {
    let values = prop::collection::btree_map(0u16..256, any_value(), 0..12);
    let time = prop_oneof![1_700_000_000_000i64..1_900_000_000_000, any::<i64>()];
    (any::<u32>(), time, values).prop_map(|(asset, time, values)| {
        let values = values.into_iter().map(|(column, value)| (Column(column), value)).collect();
        Row::new(AssetId(asset), UnixMs(time), values).unwrap()
    })
}

/// A segment of `batches`, one record each.
fn segment(batches: &[Vec<Row>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = SegmentWriter::start(SEGMENT, 100, &[], &mut bytes);
    batches.iter().for_each(|rows| writer.rows(rows, &mut bytes));
    bytes
}

fn read(bytes: &[u8]) -> Vec<Found> {
    SegmentReader::open(SEGMENT, Some(100), bytes).unwrap().collect()
}

fn rows_of(found: &[Found]) -> Vec<Row> {
    let records = found.iter().filter_map(|found| match found {
        Found::Record(Record { body: Body::Rows(rows), .. }) => Some(rows.clone()),
        Found::Record(Record { body: Body::Definitions(_), .. }) | Found::Gap(_) | Found::TornTail(_) => None,
    });
    records.flatten().collect()
}

/// A row with its values as bits, which tell `-0.0` from `0.0`.
type Bits = (AssetId, UnixMs, Vec<(Column, u64)>);

fn bits(rows: &[Row]) -> Vec<Bits> {
    let bits =
        |row: &Row| row.values().iter().map(|(column, value)| (*column, value.get().to_bits())).collect();
    rows.iter().map(|row| (row.asset(), row.time(), bits(row))).collect()
}

fn three_batches() -> Vec<Vec<Row>> {
    let row = |i: u32| {
        let values = vec![
            (Column(0), Value::new(f64::from(i) / 10.0).unwrap()),
            (Column(3), Value::new(0.1).unwrap()),
        ];
        Row::new(AssetId(i % 3), UnixMs(1_765_275_323_000 + i64::from(i) * 10_000), values).unwrap()
    };
    (0..3).map(|batch| (0..5).map(|i| row(batch * 5 + i)).collect()).collect()
}

proptest! {
    #[test]
    fn every_row_comes_back_bit_for_bit(batches in prop::collection::vec(prop::collection::vec(any_row(), 1..8), 0..6)) {
        let bytes = segment(&batches);
        let found = read(&bytes);
        prop_assert_eq!(found.len(), batches.len());
        prop_assert_eq!(bits(&rows_of(&found)), bits(&batches.concat()));
    }

    #[test]
    fn flipped_bits_never_give_a_wrong_row_and_every_loss_is_told(
        batches in prop::collection::vec(prop::collection::vec(any_row(), 1..4), 1..8),
        flips in prop::collection::vec((any::<prop::sample::Index>(), 0u8..8), 1..6),
    ) {
        let mut bytes = segment(&batches);
        for (at, bit) in flips {
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
        }
        let Ok(reader) = SegmentReader::open(SEGMENT, Some(100), &bytes) else {
            // A flip in the version alone cannot pass, the header's checksum covers it.
            return Err(TestCaseError::fail("a version was read from a damaged header"));
        };
        let mut lost = 0;
        let mut torn = false;
        let mut seqs = Vec::new();
        for found in reader {
            match found {
                Found::Record(record) => {
                    let expected = &batches[usize::try_from(record.seq - 100).unwrap()];
                    let Body::Rows(rows) = record.body else { panic!("only rows were written") };
                    prop_assert_eq!(bits(&rows), bits(expected));
                    seqs.push(record.seq);
                }
                Found::Gap(gap) => lost += gap.records.unwrap(),
                Found::TornTail(_) => torn = true,
            }
        }
        prop_assert!(seqs.windows(2).all(|pair| pair[0] < pair[1]));
        let missing = batches.len() as u64 - seqs.len() as u64;
        prop_assert!(missing == lost || torn && lost < missing, "{missing} missing, {lost} told, torn {torn}");
    }

    #[test]
    fn a_cut_anywhere_keeps_every_whole_record(
        batches in prop::collection::vec(prop::collection::vec(any_row(), 1..4), 1..6),
        cut in any::<prop::sample::Index>(),
        preallocated in any::<bool>(),
    ) {
        let whole = segment(&batches);
        let cut = cut.index(whole.len() + 1);
        let mut bytes = whole[..cut].to_vec();
        if preallocated {
            bytes.resize(whole.len() + 4096, 0);
        }
        let mut reader = SegmentReader::open(SEGMENT, Some(100), &bytes).unwrap();
        let found: Vec<Found> = reader.by_ref().collect();
        let rows = rows_of(&found);
        prop_assert_eq!(bits(&rows), bits(&batches.concat()[..rows.len()]));
        prop_assert!(!found.iter().any(|found| matches!(found, Found::Gap(_))));
        // Writing goes on where reading stopped.
        let mut bytes = bytes[..reader.offset()].to_vec();
        if bytes.is_empty() {
            return Ok(());
        }
        let mut writer = SegmentWriter::resume(SEGMENT, reader.next_seq().unwrap());
        writer.rows(&batches[0], &mut bytes);
        let expected = [rows, batches[0].clone()].concat();
        prop_assert_eq!(bits(&rows_of(&read(&bytes))), bits(&expected));
    }

    #[test]
    fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..600), header in any::<bool>()) {
        let mut segment = if header { segment(&[]) } else { Vec::new() };
        segment.extend_from_slice(&bytes);
        let found = read(&segment);
        prop_assert!(found.len() <= 2, "{found:?}");
    }

    #[test]
    fn any_body_with_a_good_checksum_is_read_without_panic(kind in 0u8..4, body in prop::collection::vec(any::<u8>(), 0..400)) {
        let bytes = forged(100, &[&[kind], body.as_slice()].concat());
        match decode_record(SEGMENT, &bytes) {
            Ok((record, len)) => prop_assert!(record.seq == 100 && len == bytes.len()),
            Err(error) => prop_assert_eq!(error, RecordError::Body { seq: 100 }),
        }
    }
}

/// A record with a good checksum around any body.
fn forged(seq: u64, body: &[u8]) -> Vec<u8> {
    let mut bytes = RECORD_MAGIC.to_vec();
    bytes.extend_from_slice(&u32::try_from(body.len()).unwrap().to_le_bytes());
    bytes.extend_from_slice(&seq.to_le_bytes());
    let sum = crc32c::crc32c_append(crc32c::crc32c(&SEGMENT.to_le_bytes()), &bytes[4..16]);
    bytes.extend_from_slice(&crc32c::crc32c_append(sum, body).to_le_bytes());
    bytes.extend_from_slice(body);
    bytes
}

#[test]
fn claimed_counts_reserve_no_memory() {
    // 2^60 rows, then a row with 2^60 columns.
    let huge = [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10];
    let many_rows = [&[1u8][..], &huge].concat();
    let many_columns = [&[1u8, 1, 0, 0][..], &huge].concat();
    for body in [many_rows, many_columns] {
        assert_eq!(decode_record(SEGMENT, &forged(1, &body)), Err(RecordError::Body { seq: 1 }));
    }
    let mut long = forged(1, &[1, 0]);
    long[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
    assert_eq!(decode_record(SEGMENT, &long), Err(RecordError::TooLong { found: u32::MAX as usize }));
}

#[test]
fn a_forged_body_with_good_checksum_is_passed_over_and_counted() {
    let mut bytes = segment(&[]);
    bytes.extend_from_slice(&forged(100, &[9, 9, 9]));
    let rest = &segment(&three_batches()[..1])[SEGMENT_HEADER_BYTES..];
    bytes.extend_from_slice(&forged(101, &rest[RECORD_HEADER_BYTES..]));
    let found = read(&bytes);
    assert_eq!(found[0], Found::Gap(Gap { offset: 28, bytes: 23, records: Some(1) }));
    assert_eq!(rows_of(&found), three_batches()[0]);
}

#[test]
fn damage_in_the_middle_is_counted_and_reading_goes_on() {
    let batches = three_batches();
    let mut bytes = segment(&batches);
    let second = segment(&batches[..1]).len();
    let third = segment(&batches[..2]).len();
    bytes[second + 25] ^= 0x10;
    let found = read(&bytes);
    assert_eq!(found[1], Found::Gap(Gap { offset: second, bytes: third - second, records: Some(1) }));
    assert_eq!(rows_of(&found), [batches[0].clone(), batches[2].clone()].concat());
}

#[test]
fn a_lost_header_page_costs_only_what_was_on_it() {
    let batches = three_batches();
    let mut bytes = segment(&batches);
    let damaged = segment(&batches[..1]).len() + 3;
    bytes[..damaged].fill(0xee);
    for (next_seq, records) in [(Some(100), Some(2)), (Some(3), Some(99)), (None, None)] {
        let found: Vec<Found> = SegmentReader::open(SEGMENT, next_seq, &bytes).unwrap().collect();
        let offset = segment(&batches[..2]).len();
        assert_eq!(found[0], Found::Gap(Gap { offset: 0, bytes: offset, records }));
        assert_eq!(rows_of(&found), batches[2]);
    }
}

#[test]
fn records_missing_between_segments_are_counted() {
    let bytes = segment(&three_batches());
    let found: Vec<Found> = SegmentReader::open(SEGMENT, Some(96), &bytes).unwrap().collect();
    assert_eq!(found[0], Found::Gap(Gap { offset: 0, bytes: 0, records: Some(4) }));
    assert_eq!(rows_of(&found), three_batches().concat());
}

#[test]
fn a_record_of_another_segment_is_not_taken() {
    let bytes = segment(&three_batches());
    let reader = SegmentReader::open(SEGMENT + 1, Some(100), &bytes).unwrap();
    let found: Vec<Found> = reader.collect();
    assert_eq!(found, [Found::TornTail(TornTail { offset: 0, bytes: bytes.len() })]);
}

#[test]
fn a_record_hidden_inside_a_value_is_not_taken_for_one() {
    let decoy = forged(90, &[1, 0]);
    let far = forged(100_000, &[1, 0]);
    for inner in [decoy, far] {
        let mut bytes = segment(&[]);
        let start = bytes.len();
        bytes.extend_from_slice(&forged(100, &[&[9], inner.as_slice()].concat()));
        bytes[start + RECORD_HEADER_BYTES] ^= 1;
        let found = read(&bytes);
        assert!(matches!(found.as_slice(), [Found::TornTail(_)]), "{found:?}");
    }
}

#[test]
fn another_version_is_refused_and_not_cut() {
    let mut bytes = segment(&three_batches());
    bytes[7] = 2;
    let checksum = crc32c::crc32c(&bytes[..24]);
    bytes[24..28].copy_from_slice(&checksum.to_le_bytes());
    let error = SegmentReader::open(SEGMENT, None, &bytes).unwrap_err();
    assert_eq!(error, UnknownVersion { expected: 1, found: 2 });
}

#[test]
fn an_empty_or_preallocated_segment_holds_nothing() {
    for bytes in [vec![], vec![0; 4096]] {
        let mut reader = SegmentReader::open(SEGMENT, Some(5), &bytes).unwrap();
        assert_eq!((reader.next(), reader.offset(), reader.next_seq()), (None, 0, Some(5)));
    }
}

#[test]
fn names_come_back_from_the_log_alone() {
    let mut catalogue = Catalogue::default();
    catalogue.add_site(Code::new("CAS-S1").unwrap(), "Tour Alpha").unwrap();
    catalogue.add_asset("CAS-S1", Code::new("CAS-S1-HVAC_1").unwrap(), AssetKind::Hvac).unwrap();
    let mut bytes = Vec::new();
    let mut writer = SegmentWriter::start(SEGMENT, 100, &catalogue.definitions(), &mut bytes);
    let mut telemetry = Telemetry::new(catalogue);
    let payload = Payload {
        site_code: "CAS-S1",
        asset_code: "CAS-S1-HVAC_1",
        time: UnixMs(1_000),
        metrics: vec![("power_kw", Some(12.3)), ("temp_out_air", Some(32.5))],
    };
    let accepted = telemetry.accept(UnixMs(1_000), &payload).unwrap();
    writer.definitions(&accepted.definitions, &mut bytes);
    writer.rows(std::slice::from_ref(&accepted.row), &mut bytes);
    assert_eq!(writer.next_seq(), 103);

    let mut rebuilt = Telemetry::default();
    for found in read(&bytes) {
        let Found::Record(record) = found else { panic!("{found:?}") };
        match record.body {
            Body::Rows(rows) => rows.iter().for_each(|row| assert!(!rebuilt.apply(row).late)),
            Body::Definitions(definitions) => {
                definitions.iter().for_each(|definition| rebuilt.catalogue_mut().define(definition).unwrap());
            }
        }
    }
    assert_eq!(rebuilt.catalogue(), telemetry.catalogue());
    let latest =
        rebuilt.head(AssetId(0)).and_then(|head| head.latest(Column(0))).map(|(_, value)| value.get());
    assert_eq!(latest, Some(12.3));
}

#[test]
fn a_full_commit_of_the_widest_rows_fits_into_records() {
    let values: Vec<(Column, Value)> =
        (192..256).map(|column| (Column(column), Value::new(f64::MAX / 3.0).unwrap())).collect();
    let rows: Vec<Row> =
        (0..1_000).map(|i| Row::new(AssetId(u32::MAX), UnixMs(-i), values.clone()).unwrap()).collect();
    let bytes = segment(std::slice::from_ref(&rows));
    assert!(bytes.len() < TELEMETRY_SEGMENT_BYTES, "{}", bytes.len());
    assert_eq!(rows_of(&read(&bytes)), rows);
}

#[test]
fn a_usual_row_takes_about_three_bytes_a_point() {
    let values =
        [(0, 32.5), (1, 17.8), (2, 12.345), (3, 3.11), (4, 45.2), (5, 81_234.567), (6, 523_441.0), (7, 1.0)]
            .map(|(column, value)| (Column(column), Value::new(value).unwrap()));
    let rows: Vec<Row> = (0..64)
        .map(|i| {
            Row::new(AssetId(i % 12), UnixMs(1_765_275_323_000 + i64::from(i) * 100), values.to_vec())
                .unwrap()
        })
        .collect();
    let mut bytes = Vec::new();
    SegmentWriter::resume(SEGMENT, 0).rows(&rows, &mut bytes);
    assert!(bytes.len() <= rows.len() * 8 * 34 / 10, "{} bytes", bytes.len());
}
