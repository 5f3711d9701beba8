//! Sorting in and merging against a slow twin: a table of every reading by time and metric.

use proptest::prelude::*;
use protocol::UnixMs;
use std::collections::BTreeMap;

use super::*;
use crate::core::catalogue::AssetId;

type Table = BTreeMap<(i64, Column), u64>;

/// Rows of few times, so that they clash.
fn any_rows() -> impl Strategy<Value = Vec<Row>> {
    let values = prop::collection::btree_map(0u16..6, 0i8..3, 0..5);
    let row = (0i64..30, values).prop_map(|(time, values)| {
        let values = values.into_iter().map(|(id, n)| (Column(id), Value::new(f64::from(n)).unwrap()));
        Row::new(AssetId(0), UnixMs(time), values.collect()).unwrap()
    });
    prop::collection::vec(row, 0..40)
}

/// Odd columns keep the last reading.
const fn keep(column: Column) -> Keep {
    if column.0.is_multiple_of(2) { Keep::First } else { Keep::Last }
}

fn slowly(rows: &[Row]) -> (Table, Clashes) {
    let (mut table, mut clashes) = (Table::new(), Clashes::default());
    for row in rows {
        for (column, value) in row.values() {
            let (key, bits) = ((row.time().0, *column), value.get().to_bits());
            match table.get(&key) {
                None => {
                    table.insert(key, bits);
                }
                Some(known) if *known == bits => clashes.duplicates += 1,
                Some(_) => {
                    clashes.conflicts += 1;
                    if keep(*column) == Keep::Last {
                        table.insert(key, bits);
                    }
                }
            }
        }
    }
    (table, clashes)
}

fn table(rows: &Columns) -> Table {
    let readings = |(column, _): &(Column, Vec<f64>)| {
        let column = *column;
        rows.readings(column).map(move |(time, value)| ((time.0, column), value.get().to_bits()))
    };
    rows.columns().iter().flat_map(readings).collect()
}

proptest! {
    #[test]
    fn rows_are_sorted_in_as_the_twin_does(rows in any_rows()) {
        let (sorted, clashes) = from_rows(&rows, keep);
        let (expected, expected_clashes) = slowly(&rows);
        prop_assert_eq!(table(&sorted), expected);
        prop_assert_eq!(clashes, expected_clashes);
        prop_assert!(Columns::new(sorted.times().to_vec(), sorted.columns().to_vec()).is_some());
    }

    #[test]
    fn merging_parts_equals_sorting_in_all_at_once(rows in any_rows(), cuts in prop::collection::vec(0usize..40, 0..4)) {
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(rows.len())).chain([0, rows.len()]).collect();
        cuts.sort_unstable();
        let mut clashes = Clashes::default();
        let mut add = |found: Clashes| {
            clashes.duplicates += found.duplicates;
            clashes.conflicts += found.conflicts;
        };
        let parts: Vec<Columns> = cuts
            .windows(2)
            .map(|pair| {
                let (part, found) = from_rows(&rows[pair[0]..pair[1]], keep);
                add(found);
                part
            })
            .collect();
        let (merged, found) = merge(parts, keep);
        add(found);
        let (expected, _) = slowly(&rows);
        prop_assert_eq!(table(&merged), expected);
        if clashes.conflicts == 0 {
            prop_assert_eq!(clashes, slowly(&rows).1);
        }
    }

    #[test]
    fn merging_twice_is_merging_once(rows in any_rows(), more in any_rows()) {
        let (first, _) = from_rows(&rows, keep);
        let (second, _) = from_rows(&more, |_| Keep::First);
        let (once, _) = merge(vec![first.clone(), second.clone()], |_| Keep::First);
        let (again, clashes) = merge(vec![once.clone(), second.clone(), first.clone()], |_| Keep::First);
        prop_assert_eq!(&again, &once);
        prop_assert_eq!(clashes.duplicates + clashes.conflicts, (first.points() + second.points()) as u64);
        let (last, _) = merge(vec![first, second.clone()], |_| Keep::Last);
        prop_assert_eq!(merge(vec![last.clone(), second], |_| Keep::Last).0, last);
        prop_assert_eq!(merge(vec![once.clone()], keep).0, once);
    }

    #[test]
    fn slices_and_kept_columns_hold_what_they_should(rows in any_rows(), from in 0i64..30, len in 0i64..30, id in 0u16..6) {
        let (sorted, _) = from_rows(&rows, keep);
        let slice = sorted.slice(UnixMs(from), UnixMs(from + len));
        let inside = |key: &(i64, Column)| (from..from + len).contains(&key.0);
        let expected: Table = table(&sorted).into_iter().filter(|(key, _)| inside(key)).collect();
        prop_assert_eq!(table(&slice), expected);
        let kept = sorted.clone().keep_columns(|column| column == Column(id));
        let expected: Table = table(&sorted).into_iter().filter(|(key, _)| key.1 == Column(id)).collect();
        prop_assert_eq!(kept.len(), expected.len());
        prop_assert_eq!(table(&kept), expected);
    }
}

#[test]
fn columns_out_of_order_are_refused() {
    let ones = |count: usize| vec![1.0; count];
    assert!(Columns::new(vec![1, 2], vec![(Column(0), ones(2)), (Column(3), ones(2))]).is_some());
    assert!(Columns::new(vec![2, 2], vec![(Column(0), ones(2))]).is_none());
    assert!(Columns::new(vec![1, 2], vec![(Column(0), ones(1))]).is_none());
    assert!(Columns::new(vec![1], vec![(Column(3), ones(1)), (Column(3), ones(1))]).is_none());
    assert!(Columns::new(vec![1], vec![(Column(0), vec![f64::INFINITY])]).is_none());
    assert!(Columns::new(vec![1], vec![(Column(0), vec![-0.0])]).is_none());
    assert!(Columns::new(vec![1], vec![(Column(0), vec![f64::NAN])]).is_some());
}
