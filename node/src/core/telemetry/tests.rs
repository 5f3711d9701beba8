//! Telemetry: what is accepted, refused, doubled and late.

use expect_test::{Expect, expect};
use protocol::AssetKind;
use std::fmt::Write as _;

use super::*;
use crate::core::catalogue::Code;

/// 2025-12-09T10:15:23Z, the time of the payload in the API's documentation.
const NOW: UnixMs = UnixMs(1_765_275_323_000);
const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

fn value(number: f64) -> Value {
    Value::new(number).unwrap()
}

fn building() -> Telemetry {
    let mut catalogue = Catalogue::new(20);
    for (site, asset, kind) in
        [("CAS-S1", "CAS-S1-HVAC_1", AssetKind::Hvac), ("CAS-S2", "CAS-S2-CHILLER_1", AssetKind::Chiller)]
    {
        catalogue.add_site(Code::new(site).unwrap(), "Tour").unwrap();
        catalogue.add_asset(site, Code::new(asset).unwrap(), kind).unwrap();
    }
    Telemetry::new(catalogue)
}

fn payload<'a>(at: i64, metrics: &[(&'a str, Option<f64>)]) -> Payload<'a> {
    Payload {
        site_code: "CAS-S1",
        asset_code: "CAS-S1-HVAC_1",
        time: NOW.plus(at),
        metrics: metrics.to_vec(),
    }
}

/// Accepts and applies; answers what a sender would hear.
fn feed(telemetry: &mut Telemetry, payload: &Payload<'_>) -> String {
    match telemetry.accept(NOW, payload) {
        Err(refusal) => format!("{}: {refusal}", refusal.reason()),
        Ok(accepted) => {
            let applied = telemetry.apply(&accepted.row);
            let mut text = format!("{} points", applied.points);
            for (count, name) in [(applied.duplicates, "duplicates"), (applied.conflicts, "conflicts")] {
                if count > 0 {
                    write!(text, ", {count} {name}").unwrap();
                }
            }
            if applied.late { text + ", late" } else { text }
        }
    }
}

/// Milliseconds from now, and what is sent.
type Sent<'a> = (i64, &'a [(&'a str, Option<f64>)]);

fn check(steps: &[Sent<'_>], expect: &Expect) {
    let mut telemetry = building();
    let mut text = String::new();
    for (at, metrics) in steps {
        writeln!(text, "{}", feed(&mut telemetry, &payload(*at, metrics))).unwrap();
    }
    writeln!(text, "head: {}", show_head(&telemetry)).unwrap();
    expect.assert_eq(&text);
}

fn show_head(telemetry: &Telemetry) -> String {
    let Some(head) = telemetry.head(AssetId(0)) else { return "empty".to_owned() };
    let asset = telemetry.catalogue().asset(AssetId(0)).unwrap();
    let columns = (0u16..).zip(&asset.series).map(|(column, series)| {
        let readings = head.readings(Column(column), UnixMs(i64::MIN), UnixMs(i64::MAX));
        let values = readings.map(|(time, value)| format!("{}@{}", value.get(), time.since(NOW) / 1000));
        format!("{} [{}]", series.metric, values.collect::<Vec<_>>().join(" "))
    });
    columns.collect::<Vec<_>>().join(", ")
}

#[test]
fn odd_readings_are_treated_as_the_table_says() {
    check(
        &[
            (0, &[("temp_out_air", Some(32.5)), ("temp_supply_air", Some(17.8)), ("power_kw", Some(12.3))]),
            (0, &[("temp_out_air", Some(32.5)), ("temp_supply_air", Some(17.8)), ("power_kw", Some(12.3))]),
            (0, &[("temp_out_air", Some(99.0)), ("vibration_level", Some(3.1))]),
            (-5 * MINUTE, &[("temp_out_air", Some(31.0))]),
            (-90 * MINUTE, &[("temp_out_air", Some(30.0))]),
            (-5 * 24 * HOUR, &[("temp_out_air", Some(20.0))]),
            (-91 * 24 * HOUR, &[("temp_out_air", Some(20.0))]),
            (5 * MINUTE, &[("temp_out_air", Some(33.0))]),
            (5 * MINUTE + 1, &[("temp_out_air", Some(33.0))]),
            (48 * HOUR, &[("temp_out_air", Some(33.0))]),
            (10_000, &[("temp_out_air", Some(f64::NAN))]),
            (10_000, &[("power_kw", Some(1.0)), ("temp_out_air", Some(f64::INFINITY))]),
            (10_000, &[("temp_out_air", Some(f64::NEG_INFINITY))]),
            (10_000, &[("temp_out_air", None), ("power_kw", Some(-0.0))]),
            (20_000, &[("unheard_of", Some(7.0))]),
            (20_000, &[("Unheard", Some(7.0))]),
            (20_000, &[("power_kw", Some(7.0)), ("power_kw", Some(7.0))]),
            (20_000, &[]),
        ],
        &expect![[r#"
            3 points
            0 points, 3 duplicates
            1 points, 1 conflicts
            1 points
            1 points
            1 points, late
            too_old: timestamp: 2025-09-09T10:15:23.000Z is older than the 90 days that raw readings of temp_out_air are kept
            1 points
            future: timestamp: 2025-12-09T10:20:23.001Z is 300001 ms ahead of this node's clock, 300000 ms allowed
            future: timestamp: 2025-12-11T10:15:23.000Z is 172800000 ms ahead of this node's clock, 300000 ms allowed
            not_finite: metrics.temp_out_air: NaN is not a finite number
            not_finite: metrics.temp_out_air: inf is not a finite number
            not_finite: metrics.temp_out_air: -inf is not a finite number
            1 points
            1 points
            metric_name: metrics.Unheard: a name is 1 to 64 bytes of a-z, 0-9 and _
            metric_twice: metrics.power_kw: occurs twice
            metric_count: metrics: 0 found, 1 to 64 allowed
            head: temp_out_air [30@-5400 31@-300 32.5@0 33@300], temp_supply_air [17.8@0], power_kw [12.3@0 0@10], vibration_level [3.1@0], unheard_of [7@20]
        "#]],
    );
}

#[test]
fn codes_have_to_belong_together() {
    let mut telemetry = building();
    let at = |site_code, asset_code| Payload {
        site_code,
        asset_code,
        time: NOW,
        metrics: vec![("power_kw", Some(1.0))],
    };
    let answers =
        [("CAS-S9", "CAS-S1-HVAC_1"), ("CAS-S1", "X"), ("CAS-S1", "CAS-S2-CHILLER_1"), ("CAS-S1", "")]
            .map(|(site, asset)| telemetry.accept(NOW, &at(site, asset)).unwrap_err());
    let text: Vec<String> =
        answers.iter().map(|refusal| format!("{} <- {refusal}", refusal.field())).collect();
    expect![[r#"
        site_code <- site_code: no site is called "CAS-S9"
        asset_code <- asset_code: no asset is called "X"
        asset_code <- asset_code: CAS-S2-CHILLER_1 belongs to site CAS-S2, not to CAS-S1
        asset_code <- asset_code: no asset is called """#]]
    .assert_eq(&text.join("\n"));
    assert_eq!(telemetry.counts(), Counts { refused: 4, ..Counts::default() });
    let long = "é".repeat(5_000);
    let refusal = telemetry.accept(NOW, &at(&long, "X")).unwrap_err();
    assert!(refusal.to_string().len() < 200, "a refusal repeats no more than 64 bytes of what was sent");
}

#[test]
fn a_refused_payload_leaves_nothing_behind() {
    let mut telemetry = building();
    let names: Vec<String> = (0..65).map(|i| format!("m{i}")).collect();
    let many: Vec<(&str, Option<f64>)> = names.iter().map(|name| (name.as_str(), Some(1.0))).collect();
    let refused = [
        payload(0, &many),
        payload(0, &many[..21]),
        payload(0, &[("a", Some(1.0)), ("b", Some(f64::NAN))]),
        payload(0, &[("a", Some(1.0)), ("B", None)]),
    ];
    for payload in refused {
        let refusal = telemetry.accept(NOW, &payload).unwrap_err();
        assert_eq!(refusal.is_limit(), payload.metrics.len() == 21, "{refusal}");
    }
    assert_eq!(telemetry.catalogue().series_count(), 0);
    assert!(telemetry.accept(NOW, &payload(0, &many[..20])).is_ok(), "exactly the room there is");
}

#[test]
fn a_new_series_is_defined_once_and_a_gap_defines_none() {
    let mut telemetry = building();
    let first = telemetry.accept(NOW, &payload(0, &[("a", Some(1.0)), ("b", None)])).unwrap();
    let again = telemetry.accept(NOW, &payload(1, &[("a", Some(1.0)), ("b", Some(2.0))])).unwrap();
    assert_eq!((first.definitions.len(), again.definitions.len()), (1, 1));
    assert_eq!(again.row.values(), [(Column(0), value(1.0)), (Column(1), value(2.0))]);
    let all_gaps = telemetry.accept(NOW, &payload(2, &[("a", None)])).unwrap();
    assert_eq!((all_gaps.definitions.len(), all_gaps.row.values().len()), (0, 0));
}

#[test]
fn rows_arriving_in_any_order_make_the_same_head() {
    let times = [0, 7, 3, 9, 1, 8, 2, 6, 5, 4];
    let head_after = |order: &[i64]| {
        let mut telemetry = building();
        for at in order {
            #[expect(clippy::cast_precision_loss, reason = "small numbers")]
            feed(&mut telemetry, &payload(at * 1000, &[("a", Some(*at as f64))]));
        }
        show_head(&telemetry)
    };
    let mut sorted = times;
    sorted.sort_unstable();
    assert_eq!(head_after(&times), head_after(&sorted));
}

fn insert(head: &mut Head, row: &Row) -> Applied {
    head.insert(row, |_| false, |_, _, _| {})
}

#[test]
fn a_head_stays_bounded_and_says_what_it_covers() {
    let mut head = Head::default();
    let row = |ms: i64| Row::new(AssetId(0), UnixMs(ms), vec![(Column(0), value(1.0))]).unwrap();
    (0..2_000).for_each(|i| assert_eq!(insert(&mut head, &row(i * 1_000)).points, 1));
    assert_eq!((head.len(), head.covers_from()), (HEAD_ROWS_MAX, Some(UnixMs(1_280_000))));
    assert!(insert(&mut head, &row(1_279_999)).late, "what no longer fits is not taken in");
    assert!(insert(&mut head, &row(1_280_000)).duplicates == 1);
    insert(&mut head, &row(10 * HOUR));
    assert_eq!((head.len(), head.latest(Column(0))), (1, Some((UnixMs(10 * HOUR), value(1.0)))));
    assert_eq!(head.latest(Column(9)), None);
}
