//! What two settlement authorities found, as fields of a transaction. Amounts are whole Wh and micro-EUR.

use std::collections::BTreeMap;

use protocol::energy::{NetLine, Settlement, SlotResult};

/// Kind and fields of a settlement.
pub(super) fn fields(settlement: &Settlement) -> (&'static str, BTreeMap<String, String>) {
    let (kind, parts) = match settlement {
        Settlement::Slot(result) => ("energy.slot", totals(result)),
        Settlement::Correction(result) => ("energy.correction", totals(result)),
        Settlement::Ruling(ruling) => {
            let desks = vec![
                ("agreed", ruling.agreed.len().to_string()),
                ("others", ruling.others.len().to_string()),
            ];
            ("energy.ruling", [totals(&ruling.result), desks].concat())
        }
        Settlement::Week(booking) => {
            let numbers = [("week", booking.week.to_string()), ("number", booking.number.to_string())];
            ("energy.week", [numbers.to_vec(), sums(&booking.lines)].concat())
        }
        Settlement::Period(step) => {
            let parts = vec![
                ("period", step.number.to_string()),
                ("status", step.status.name().to_owned()),
                ("from_slot", step.from.to_string()),
                ("until_slot", step.until.to_string()),
            ];
            ("energy.period", parts)
        }
        Settlement::Credit(note) => {
            let numbers = vec![
                ("concerns", note.concerns.to_string()),
                ("booked_in", note.booked_in.to_string()),
                ("number", note.number.to_string()),
            ];
            ("energy.credit_note", [numbers, sums(&note.lines)].concat())
        }
    };
    (kind, parts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn totals(result: &SlotResult) -> Vec<(&'static str, String)> {
    vec![
        ("slot", result.slot.to_string()),
        ("version", result.version.to_string()),
        ("demand_wh", result.demand.0.to_string()),
        ("surplus_wh", result.surplus.0.to_string()),
        ("traded_wh", result.traded.0.to_string()),
        ("given_wh", result.given.0.to_string()),
        ("declined_wh", result.declined.0.to_string()),
        ("price", result.price.map_or_else(|| "none".to_owned(), |price| price.0.to_string())),
        ("lines", result.lines.to_string()),
        ("missing", result.missing.len().to_string()),
    ]
}

fn sums(lines: &[NetLine]) -> Vec<(&'static str, String)> {
    let bought: i64 = lines.iter().map(|line| line.bought.0).sum();
    let fee: i64 = lines.iter().map(|line| line.fee.0).sum();
    vec![
        ("members", lines.len().to_string()),
        ("bought_wh", bought.to_string()),
        ("fee_micro_eur", fee.to_string()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::energy::{MicroEuro, WattHours, WeekBooking};
    use protocol::{Address, Bounded};

    #[test]
    fn a_week_tells_its_sums_and_no_member() {
        let member = Address::new([0xab; 20]);
        let (wh, money) = (WattHours(12), MicroEuro(5));
        let line = NetLine { member, bought: wh, sold: wh, balance: MicroEuro(0), fee: money };
        let lines = Bounded::new(vec![line]).unwrap();
        let (kind, fields) = fields(&Settlement::Week(WeekBooking { week: 3, number: 1, lines }));
        assert_eq!(
            (kind, fields["bought_wh"].as_str(), fields["fee_micro_eur"].as_str()),
            ("energy.week", "12", "5")
        );
        assert!(fields.values().all(|value| !value.contains(&member.to_string())));
    }
}
