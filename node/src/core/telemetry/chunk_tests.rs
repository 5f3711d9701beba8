//! Chunks: every value comes back bit for bit, and no damage reads as something else.

use proptest::prelude::*;
use protocol::limits::CHUNK_ROWS_MAX;

use super::chunk::put_frame;
use super::*;
use crate::core::catalogue::AssetId;

/// Numbers of one kind, as one sensor sends them.
fn any_values(rows: usize) -> impl Strategy<Value = Vec<f64>> {
    let special = prop::sample::select(vec![
        0.0,
        -0.0,
        f64::MIN_POSITIVE,
        f64::from_bits(1),
        f64::MAX,
        f64::MIN,
        9_007_199_254_740_991.0,
        9_007_199_254_740_992.0,
        9_007_199_254_740_994.0,
        -9_007_199_254_740_991.0,
        i64::MAX as f64,
        i64::MIN as f64,
        0.1 + 0.2,
        1e-7,
    ]);
    let decimals = (0i32..9, -50_000i64..50_000, 0i64..500).prop_flat_map(move |(exponent, base, spread)| {
        prop::collection::vec(-spread..=spread, rows).prop_map(move |steps| {
            steps.iter().map(|step| (base + step) as f64 / 10f64.powi(exponent)).collect()
        })
    });
    let counter = prop::collection::vec(0i64..50, rows).prop_map(|steps| {
        let mut sum = 9_000_000;
        let mut up = |step: &i64| {
            sum += step;
            sum as f64 / 1000.0
        };
        steps.iter().map(&mut up).collect()
    });
    let tenths = prop::collection::vec(0i32..500, rows)
        .prop_map(|registers| registers.iter().map(|register| f64::from(*register) * 0.1).collect());
    let single = prop::collection::vec(any::<f32>(), rows)
        .prop_map(|values| values.iter().map(|value| f64::from(*value)).collect());
    prop_oneof![
        any::<f64>().prop_map(move |value| vec![value; rows]),
        decimals,
        counter,
        tenths,
        single,
        prop::collection::vec(special, rows),
        prop::collection::vec(any::<f64>(), rows),
        prop::collection::vec(0u8..2, rows).prop_map(|on| on.into_iter().map(f64::from).collect()),
    ]
}

/// Cells as a column holds them: values, and gaps of a kind.
fn any_cells(rows: usize) -> impl Strategy<Value = Vec<f64>> {
    let present = prop_oneof![
        2 => Just(vec![true; rows]),
        1 => prop::collection::vec(any::<bool>(), rows),
        1 => (0..=rows, 0..=rows).prop_map(move |(from, to)| (0..rows).map(|i| i < from || i >= to).collect()),
        1 => Just(vec![false; rows]),
    ];
    (any_values(rows), present).prop_map(|(values, present)| {
        let cell =
            |(value, there): (f64, bool)| Value::new(value).filter(|_| there).map_or(f64::NAN, Value::get);
        values.into_iter().zip(present).map(cell).collect()
    })
}

fn any_times(rows: usize) -> impl Strategy<Value = Vec<i64>> {
    let beat = (any::<i32>(), prop::collection::vec(0i64..3, rows)).prop_map(|(start, jitter)| {
        (0i64..).zip(jitter).map(|(i, late)| i64::from(start) + i * 10_000 + late * 1000).collect()
    });
    let any = prop::collection::btree_set(any::<i64>(), rows).prop_map(|times| times.into_iter().collect());
    prop_oneof![3 => beat, 1 => any]
}

fn any_columns_of(rows: usize) -> impl Strategy<Value = Columns> {
    let columns = prop::collection::btree_map(any::<u16>(), any_cells(rows), 0..5);
    (any_times(rows), columns).prop_map(|(times, columns)| {
        let columns = columns.into_iter().map(|(id, cells)| (Column(id), cells)).collect();
        Columns::new(times, columns).unwrap()
    })
}

fn any_columns() -> impl Strategy<Value = Columns> {
    prop_oneof![Just(1usize), 2usize..6, 6usize..200].prop_flat_map(any_columns_of)
}

fn encoded(rows: &Columns) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_chunk(AssetId(7), 3, rows, &mut bytes);
    bytes
}

fn encoded_quickly(rows: &Columns) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_chunk_quickly(AssetId(7), 3, rows, &mut bytes);
    bytes
}

/// The rows without columns that hold nothing, which are not written.
fn held(rows: &Columns) -> Columns {
    let held = rows.columns().iter().filter(|(_, cells)| cells.iter().any(|cell| !cell.is_nan()));
    Columns::new(rows.times().to_vec(), held.cloned().collect()).unwrap()
}

fn check_figures(header: &ColumnHeader, cells: &[f64]) {
    let values: Vec<f64> = cells.iter().copied().filter(|cell| !cell.is_nan()).collect();
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let greatest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    assert_eq!((header.count as usize, header.min, header.max), (values.len(), least, greatest));
    assert_eq!(header.last, *values.last().unwrap());
    let sum: f64 = values.iter().sum();
    let size: f64 = values.iter().map(|value| value.abs()).sum();
    let near = (header.sum - sum).abs() <= size * 1e-12;
    assert!(header.sum.is_finite() && (near || !size.is_finite()), "{} and not {sum}", header.sum);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_value_comes_back_bit_for_bit(rows in any_columns()) {
        let bytes = encoded(&rows);
        let (header, again) = decode_chunk(&bytes, None).unwrap();
        prop_assert_eq!(&again, &held(&rows));
        prop_assert_eq!(&read_header(&bytes).unwrap(), &header);
        prop_assert_eq!((header.asset, header.generation, header.rows as usize), (AssetId(7), 3, rows.len()));
        prop_assert_eq!((Some(header.first), Some(header.last)), (rows.first(), rows.last()));
        prop_assert_eq!(header.points(), rows.points() as u64);
        for (figures, (column, cells)) in header.columns.iter().zip(again.columns()) {
            prop_assert_eq!(figures.column, *column);
            check_figures(figures, cells);
        }
        prop_assert_eq!(decode_chunk(&encoded_quickly(&rows), None).unwrap(), (header, again));
    }

    #[test]
    fn only_what_is_wanted_is_read(rows in any_columns(), chosen in prop::collection::vec(any::<bool>(), 5)) {
        let ids: Vec<Column> = rows.columns().iter().map(|(id, _)| *id).collect();
        let wanted: Vec<Column> = ids.iter().zip(chosen).filter(|(_, chosen)| *chosen).map(|(id, _)| *id).collect();
        let (_, again) = decode_chunk(&encoded(&rows), Some(&wanted)).unwrap();
        let rows = held(&rows);
        let expected = rows.columns().iter().filter(|(id, _)| wanted.contains(id)).cloned().collect();
        prop_assert_eq!(again, Columns::new(rows.times().to_vec(), expected).unwrap());
    }

    #[test]
    fn damage_is_an_error(
        rows in any_columns(),
        flips in prop::collection::vec((any::<prop::sample::Index>(), 0u8..8), 1..4),
        cut in any::<prop::sample::Index>(),
    ) {
        let whole = encoded(&rows);
        let mut bytes = whole.clone();
        for (at, bit) in flips {
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
        }
        if bytes != whole {
            prop_assert!(read_header(&bytes).is_err());
            prop_assert!(decode_chunk(&bytes, None).is_err());
        }
        let cut = cut.index(whole.len());
        prop_assert!(decode_chunk(&whole[..cut], None).is_err());
    }

    /// A body that somebody forged with a good checksum: an error, or rows as valid as any.
    #[test]
    fn forged_bodies_are_errors_or_rows(
        rows in any_columns(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in prop::option::of(any::<prop::sample::Index>()),
        quickly in any::<bool>(),
    ) {
        let bytes = if quickly { encoded_quickly(&rows) } else { encoded(&rows) };
        let mut body = bytes[FRAME_HEADER_BYTES..].to_vec();
        for (at, byte) in changes {
            let at = at.index(body.len());
            body[at] = byte;
        }
        body.truncate(cut.map_or(body.len(), |cut| cut.index(body.len())));
        check_forged(&body);
    }

    #[test]
    fn any_body_is_read_without_panic(body in prop::collection::vec(any::<u8>(), 0..300)) {
        check_forged(&body);
        check_forged(&[&[1u8][..], &body].concat());
    }
}

fn check_forged(body: &[u8]) {
    let mut bytes = Vec::new();
    put_frame(&mut bytes, CHUNK_MAGIC, |out| out.extend_from_slice(body));
    match decode_chunk(&bytes, None) {
        Err(error) => {
            assert!(matches!(error, ChunkError::Body { .. } | ChunkError::Version { .. }), "{error}");
        }
        Ok((header, rows)) => {
            assert_eq!(header.rows as usize, rows.len());
            assert!(Columns::new(rows.times().to_vec(), rows.columns().to_vec()).is_some());
        }
    }
}

/// Every byte of the body of chunks in each way of writing, set to other values.
#[test]
fn each_forged_byte_is_an_error_or_a_row() {
    let numbers = |f: fn(u32) -> f64| (0..150).map(f).collect::<Vec<f64>>();
    let columns = vec![
        numbers(|i| f64::from(i * i % 97) / 10.0),
        numbers(|i| f64::from(i / 40)),
        numbers(|i| 1.0 / f64::from(i + 1)),
        numbers(|i| if i % 7 == 0 { f64::NAN } else { f64::from(i % 11) * 0.1 }),
        numbers(|i| f64::from(i) * 1e9 + f64::from(i % 3)),
    ];
    let columns = (0..).map(Column).zip(columns).collect();
    let rows = Columns::new((0..150).map(|i| i * 10_000 + i % 2 * 1000).collect(), columns).unwrap();
    let body = encoded(&rows)[FRAME_HEADER_BYTES..].to_vec();
    for at in 0..body.len() {
        for change in [1u8, 2, 4, 8, 16, 32, 64, 128, 255] {
            let mut body = body.clone();
            body[at] ^= change;
            check_forged(&body);
        }
    }
}

#[test]
fn the_largest_chunk_comes_back() {
    let rows = CHUNK_ROWS_MAX;
    let cells = |f: &dyn Fn(u32) -> f64| (0..u32::try_from(rows).unwrap()).map(f).collect::<Vec<f64>>();
    let columns = vec![
        cells(&|i| f64::from(i)),
        cells(&|_| 21.5),
        cells(&|i| f64::from(i.wrapping_mul(2_654_435_761)) / 1e3),
        cells(&|i| f64::from(i).sqrt()),
        cells(&|i| if i % 2 == 0 { f64::MAX } else { f64::MIN }),
        cells(&|i| if i % 5 == 4 { f64::NAN } else { f64::from(i % 3) }),
    ];
    let columns = (0..).map(Column).zip(columns).collect();
    let rows = Columns::new((0..rows as i64).collect(), columns).unwrap();
    assert_eq!(decode_chunk(&encoded(&rows), None).unwrap().1, rows);
    assert_eq!(rows.pieces().count(), 1);
}

#[test]
fn rows_beyond_one_chunk_come_in_pieces() {
    let rows = |count: usize, columns: u16| {
        let cells = vec![1.0; count];
        let columns = (0..columns).map(|id| (Column(id), cells.clone())).collect();
        Columns::new((0..count as i64).collect(), columns).unwrap()
    };
    let lengths = |rows: &Columns| rows.pieces().map(|piece| piece.len()).collect::<Vec<_>>();
    assert_eq!(lengths(&rows(CHUNK_ROWS_MAX + 1, 1)), [CHUNK_ROWS_MAX, 1]);
    assert_eq!(lengths(&rows(5_000, 256)), [4_096, 904]);
    assert_eq!(lengths(&Columns::default()), [0; 0]);
}

#[test]
fn claims_reserve_no_memory() {
    // 16,384 rows of 1,000 columns, and a frame of 4 GiB.
    let many = [1, 0, 0, 0x80, 0x80, 1, 0, 0, 0, 0xe8, 7, 0, 0, 0, 0];
    check_forged(&many);
    let mut long = encoded(&Columns::new(vec![1], vec![(Column(0), vec![1.0])]).unwrap());
    long[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
    assert_eq!(decode_chunk(&long, None), Err(ChunkError::TooLong { found: u32::MAX as usize }));
}

#[test]
fn each_way_of_writing_is_as_short_as_it_should_be() {
    let day = |f: &dyn Fn(i64) -> f64| (0..8_640).map(f).collect::<Vec<f64>>();
    let bytes = |cells: Vec<f64>| {
        let mut out = Vec::new();
        codec::put_values(&mut out, &cells, codec::Effort::Full);
        out.len()
    };
    assert!(bytes(day(&|_| 21.5)) <= 4, "constant");
    assert!(bytes(day(&|i| i as f64 * 12.0)) <= 150, "rises evenly");
    assert!(bytes(day(&|i| (i / 700 % 2) as f64)) <= 200, "on and off");
    assert!(bytes(day(&|i| f64::from((i % 500) as f32 * 0.3))) <= 8_640 * 4, "single precision");
    assert!(bytes(day(&|i| (i * 7919 % 100) as f64 * 0.1)) <= 8_640, "register times 0.1");
    assert!(bytes(day(&|i| ((i * 7919 % 1000) as f64).sqrt())) <= 8_640 * 8 + 100, "floats");
}
