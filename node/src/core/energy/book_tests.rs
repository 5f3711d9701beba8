//! The book: versions, what is kept, and what is never given up for something worse.

use super::*;
use crate::core::energy::{Doubt, Flow};
use protocol::energy::{Quality, SlotId};

const QUARTER: SlotLength = SlotLength::Quarter;

fn slot(id: u64, import_wh: Option<i64>) -> Slot {
    let flow = import_wh.map(|import_wh| Flow { import_wh, export_wh: 0, production_wh: Some(7) });
    Slot { id: SlotId(id), length: QUARTER, flow, is_estimated: false, version: 1, held: None }
}

fn versions(book: &Book) -> Vec<(u64, Quality, u32)> {
    let all = book.slots(UnixMs(0), UnixMs(i64::MAX / 2));
    all.map(|slot| (slot.id.0, slot.quality(), slot.version)).collect()
}

#[test]
fn what_differs_is_the_next_version_and_nothing_is_given_up() {
    let mut book = Book::default();
    assert!(book.put(slot(5, None)));
    assert!(!book.put(slot(5, None)), "the same");
    let guess = Slot { is_estimated: true, ..slot(5, Some(100)) };
    assert!(book.put(guess));
    assert!(book.put(slot(5, Some(103))));
    assert_eq!(versions(&book), [(5, Quality::Measured, 3)]);
    assert!(!book.put(guess) && !book.put(slot(5, None)), "never worse than it was");
    assert!(book.put(slot(5, Some(104))), "a late reading between two others");
    assert!(
        book.put(Slot { held: Some(Doubt::BeyondAnySlot), ..slot(5, Some(104)) }),
        "held back from now on"
    );
    assert_eq!(versions(&book), [(5, Quality::Measured, 5)]);
}

#[test]
fn slots_of_two_lengths_never_overlap() {
    let mut book = Book::default();
    assert!(book.put(slot(4, Some(1))));
    assert!(!book.put(Slot { id: SlotId(1), length: SlotLength::Hour, ..slot(1, Some(9)) }));
    assert!(!book.put(Slot { id: SlotId(2), length: SlotLength::Half, ..slot(1, Some(9)) }));
    assert!(book.put(Slot { id: SlotId(3), length: SlotLength::Half, ..slot(1, Some(9)) }));
    assert!(!book.put(slot(6, Some(1))) && !book.put(slot(7, Some(1))));
    assert_eq!(versions(&book).len(), 2);
}

#[test]
fn days_read_back_and_odd_ones_are_refused() {
    let mut book = Book::default();
    (90..100).for_each(|id| assert!(book.put(slot(id, Some(1)))));
    assert_eq!(
        book.slots(UnixMs(95 * 900_000), UnixMs(97 * 900_000)).map(|slot| slot.id.0).collect::<Vec<_>>(),
        [95, 96]
    );
    let day = book.day(Day(0)).unwrap();
    assert_eq!(day.slots().len(), 6);
    let bytes = protocol::encode(&day);
    assert_eq!(protocol::decode::<DaySlots>(&bytes, bytes.len()).unwrap(), day);
    let twice = Stored { day: 0, slots: vec![slot(90, None), slot(90, None)] };
    let elsewhere = Stored { day: 1, slots: vec![slot(90, None)] };
    for odd in [twice, elsewhere] {
        assert!(protocol::decode::<DaySlots>(&protocol::encode(&odd), 10_000).is_err());
    }
    let negative = Slot { flow: Some(Flow { export_wh: -1, ..Flow::default() }), ..slot(90, None) };
    let nameless = Slot { version: 0, ..slot(90, None) };
    let beyond = Slot { id: SlotId(u64::MAX), ..slot(90, None) };
    for odd in [negative, nameless, beyond] {
        assert!(protocol::decode::<Slot>(&protocol::encode(&odd), 1_000).is_err());
    }
}

#[test]
fn the_longest_day_fits_into_an_entry() {
    let most = i64::MAX;
    let flow = Flow { import_wh: most, export_wh: most, production_wh: Some(most) };
    let mut book = Book::default();
    let first = u64::from(u16::MAX) * 96;
    (first..first + 96).for_each(|id| {
        let held = Some(Doubt::ExportAboveProduction);
        assert!(book.put(Slot { flow: Some(flow), is_estimated: true, held, ..slot(id, None) }));
    });
    let bytes = protocol::encode(&book.day(Day(i32::from(u16::MAX))).unwrap());
    assert!(bytes.len() <= crate::core::maintenance::ENTRY_BYTES_MAX, "{}", bytes.len());
}

#[test]
fn the_oldest_days_are_let_go() {
    let mut book = Book::default();
    let days = SLOT_DAYS_KEPT_MAX as u64 + 3;
    (0..days).for_each(|day| assert!(book.put(slot(day * 96, Some(1)))));
    assert_eq!(book.forget(), [Day(0), Day(1), Day(2)]);
    assert_eq!(book.oldest().unwrap().id, SlotId(3 * 96));
}
