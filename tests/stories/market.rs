//! A recorded year of 24 buildings: every rule of sharing comes to the reference figures, and eight weeks of it come to
//! them through the ledger as well.

use testnet::market::{MemberBills, ROWS, Record, Year, folder, settle_all, through_the_ledger};

use crate::harness::pass_over;

#[test]
fn a_recorded_year_settles_to_the_watt_hour_and_micro_euro() {
    let Some(year) = recorded(Record::Year) else { return };
    let bills = MemberBills::read(Record::Year).unwrap();
    for golden in ROWS.iter().filter(|golden| golden.record == Record::Year) {
        let figures = settle_all(&year, golden, &mut |_| ()).unwrap();
        for cell in golden.judge(&figures, &bills) {
            assert!(cell.holds(), "{}: {cell}", golden.name);
        }
    }
}

#[test]
fn eight_weeks_through_the_ledger_leave_the_same_balances() {
    let Some(weeks) = recorded(Record::Weeks) else { return };
    let bills = MemberBills::read(Record::Weeks).unwrap();
    let golden = ROWS.iter().find(|golden| golden.name == "8 weeks, dynamic").unwrap();
    let (figures, carried) = through_the_ledger(&weeks, golden, &mut |_| ()).unwrap();
    for cell in golden.judge(&figures, &bills) {
        assert!(cell.holds(), "{}: {cell}", golden.name);
    }
    let per_building_day = carried.other_bytes / (24 * usize::try_from(carried.days).unwrap());
    assert!(per_building_day <= 1024, "{per_building_day} bytes of ledger per building and day");
}

fn recorded(record: Record) -> Option<Year> {
    if !folder().join(record.file()).is_file() {
        let folder = folder();
        pass_over(&format!(
            "reference figures of sharing, {} is not there (SYMBIOSE_DATA)",
            folder.display()
        ));
        return None;
    }
    Some(Year::read(record).unwrap())
}
