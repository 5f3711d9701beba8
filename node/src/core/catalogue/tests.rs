//! Catalogue: ids are never reused, limits hold, what is stored comes back.

use super::*;
use crate::core::telemetry::Exchange;

fn code(text: &str) -> Code {
    Code::new(text).unwrap()
}

fn name(text: &str) -> MetricName {
    MetricName::new(text).unwrap()
}

fn tower() -> Catalogue {
    let mut catalogue = Catalogue::default();
    catalogue.add_site(code("CAS-S1"), "Tour Alpha").unwrap();
    catalogue.add_asset("CAS-S1", code("CAS-S1-HVAC_1"), AssetKind::Hvac).unwrap();
    catalogue.add_asset("CAS-S1", code("CAS-S1-ELEVATOR_1"), AssetKind::Elevator).unwrap();
    catalogue.add_series(AssetId(1), name("motor_temp")).unwrap();
    catalogue.add_series(AssetId(0), name("power_kw")).unwrap();
    catalogue.add_series(AssetId(1), name("door_cycles")).unwrap();
    catalogue
}

#[test]
fn names_are_checked_at_the_door() {
    for good in ["A", "CAS-S1-HVAC_1", &"X".repeat(64)] {
        assert!(Code::new(good).is_ok(), "{good}");
    }
    for bad in ["", "cas", "CAS S1", "CAS/1", "É", &"X".repeat(65)] {
        assert!(Code::new(bad).is_err(), "{bad}");
    }
    for bad in ["", "Temp", "temp-out", "température", &"x".repeat(65)] {
        assert!(MetricName::new(bad).is_err(), "{bad}");
    }
}

#[test]
fn rebuilt_from_its_own_entries() {
    let catalogue = tower();
    let mut rebuilt = Catalogue::default();
    for definition in catalogue.definitions() {
        rebuilt.define(&definition).unwrap();
        rebuilt.define(&definition).unwrap();
    }
    assert_eq!(rebuilt, catalogue);
    let bytes = protocol::encode(&catalogue.definitions());
    let decoded: Vec<Definition> = protocol::decode(&bytes, 10_000).unwrap();
    assert_eq!(decoded, catalogue.definitions());
}

#[test]
fn the_same_again_stores_nothing() {
    let mut catalogue = tower();
    assert_eq!(catalogue.add_site(code("CAS-S1"), "Tour Alpha"), Ok(None));
    assert_eq!(catalogue.add_asset("CAS-S1", code("CAS-S1-HVAC_1"), AssetKind::Hvac), Ok(None));
    assert_eq!(catalogue.add_series(AssetId(0), name("power_kw")), Ok(None));
    assert_eq!(catalogue, tower());
}

#[test]
fn a_site_is_renamed_and_an_asset_keeps_its_series() {
    let mut catalogue = tower();
    assert!(catalogue.add_site(code("CAS-S1"), "Tour Beta").unwrap().is_some());
    assert_eq!(catalogue.sites()[0].name, "Tour Beta");
    assert!(catalogue.add_asset("CAS-S1", code("CAS-S1-ELEVATOR_1"), AssetKind::Meter).unwrap().is_some());
    let asset = catalogue.asset_by_code("CAS-S1-ELEVATOR_1").unwrap();
    assert_eq!((asset.kind, asset.series.len()), (AssetKind::Meter, 2));
}

#[test]
fn limits_hold_and_nothing_is_half_done() {
    let mut catalogue = Catalogue::new(2);
    catalogue.add_site(code("S"), "S").unwrap();
    catalogue.add_asset("S", code("A"), AssetKind::Meter).unwrap();
    for metric in ["a", "b"] {
        catalogue.add_series(AssetId(0), name(metric)).unwrap();
    }
    let before = catalogue.clone();
    let full = Err(CatalogueError::Full { field: "series", max: 2 });
    assert_eq!(catalogue.add_series(AssetId(0), name("c")), full);
    assert!(catalogue.add_asset("T", code("B"), AssetKind::Meter).is_err());
    assert!(catalogue.add_series(AssetId(7), name("c")).is_err());
    assert!(catalogue.add_site(code("T"), "").is_err());
    assert_eq!(catalogue, before);
}

#[test]
fn entries_out_of_order_or_contradicting_are_refused() {
    let mut catalogue = tower();
    let before = catalogue.clone();
    let site = |id, text: &str| {
        Definition::Site(SiteDefinition { id: SiteId(id), code: code(text), name: "x".to_owned() })
    };
    let series = |id, asset, column, metric: &str| {
        Definition::Series(SeriesDefinition {
            id: SeriesId(id),
            asset: AssetId(asset),
            column: Column(column),
            metric: name(metric),
        })
    };
    let wrong = [
        site(2, "CAS-S3"),
        site(1, "CAS-S1"),
        site(0, "CAS-S9"),
        series(3, 0, 2, "current_a"),
        series(4, 0, 1, "current_a"),
        series(3, 0, 1, "power_kw"),
        series(3, 9, 0, "current_a"),
    ];
    for definition in wrong {
        assert!(catalogue.define(&definition).is_err(), "{definition:?}");
    }
    assert_eq!(catalogue, before);
}

#[test]
fn known_metrics_are_sorted_and_have_valid_names() {
    assert!(METRICS_KNOWN.windows(2).all(|pair| pair[0].name < pair[1].name));
    assert!(METRICS_KNOWN.iter().all(|metric| MetricName::new(metric.name).is_ok()));
    assert_eq!(metric("run_hours").map(|known| (known.unit, known.kind)), Some(("h", MetricKind::Counter)));
    assert_eq!(metric("unheard_of"), None);
}

fn traits(unit: &str, kind: MetricKind) -> MetricTraits {
    MetricTraits { unit: unit.to_owned(), kind, ..MetricTraits::default() }
}

#[test]
fn a_metric_is_what_the_program_or_an_operator_says() {
    let mut catalogue = tower();
    assert_eq!(catalogue.traits("energy_kwh"), &traits("kWh", MetricKind::Counter));
    assert_eq!(catalogue.traits("gas_m3"), &MetricTraits::default());
    let gas = MetricTraits { rollover: Some(100_000.0), ..traits("m³", MetricKind::Counter) };
    let gas = MetricDefinition::new(name("gas_m3"), gas).unwrap();
    assert_eq!(catalogue.define_metric(gas.clone()), Ok(Some(gas.clone())));
    assert_eq!(catalogue.define_metric(gas.clone()), Ok(None), "the same again stores nothing");
    assert_eq!(catalogue.traits("gas_m3"), gas.traits());
    let fixed = MetricDefinition::new(name("energy_kwh"), traits("Wh", MetricKind::Counter)).unwrap();
    assert_eq!(catalogue.define_metric(fixed), Err(CatalogueError::Fixed { metric: name("energy_kwh") }));
    let mut short = catalogue.traits("energy_kwh").clone();
    short.retention.raw_days = Some(30);
    catalogue.define_metric(MetricDefinition::new(name("energy_kwh"), short).unwrap()).unwrap();
    assert_eq!(catalogue.raw_ms_min(), 30 * 24 * 60 * 60 * 1000);
    let bytes = protocol::encode(&gas);
    assert_eq!(protocol::decode::<MetricDefinition>(&bytes, 1_000).unwrap(), gas);
}

#[test]
fn a_metric_that_makes_no_sense_is_refused() {
    let counter = || traits("kWh", MetricKind::Counter);
    let days = |days| Retention { raw_days: Some(days), ..Retention::default() };
    for (field, wrong) in [
        ("unit", traits(&"x".repeat(17), MetricKind::Gauge)),
        ("unit", traits("\n", MetricKind::Gauge)),
        ("decimals", MetricTraits { decimals: Some(10), ..counter() }),
        ("rollover", MetricTraits { rollover: Some(0.0), ..counter() }),
        ("rollover", MetricTraits { rollover: Some(f64::NAN), ..counter() }),
        ("rollover", MetricTraits { rollover: Some(65_536.0), ..traits("", MetricKind::Gauge) }),
        ("raw_days", MetricTraits { retention: days(0), ..counter() }),
        ("raw_days", MetricTraits { retention: days(36_501), ..counter() }),
    ] {
        let refused = MetricDefinition::new(name("x"), wrong).map_err(|unfit| unfit.field);
        assert_eq!(refused, Err(field));
    }
}

#[test]
fn metrics_and_swaps_are_bounded() {
    let mut catalogue = tower();
    let define = |catalogue: &mut Catalogue, i: usize| {
        let definition = MetricDefinition::new(name(&format!("m{i}")), traits("x", MetricKind::Counter));
        catalogue.define_metric(definition.unwrap())
    };
    let refused = (0..).find_map(|i| define(&mut catalogue, i).err()).unwrap();
    assert!(matches!(refused, CatalogueError::Full { field: "metrics", .. }));
    assert!(define(&mut catalogue, 0).is_ok(), "what is known may still change");
    let exchange = |at| Exchange { at: protocol::UnixMs(at), end: 5.0, start: 0.0 };
    let swap =
        |metric: &str, at| Swap::new(AssetId(1), name(metric), exchange(at), "badge 7".to_owned()).unwrap();
    assert!(matches!(catalogue.swap(swap("motor_temp", 1)), Err(CatalogueError::NotACounter { .. })));
    assert!(matches!(catalogue.swap(swap("energy_kwh", 1)), Err(CatalogueError::Unknown { .. })));
    let refused = (0..).find_map(|at| catalogue.swap(swap("door_cycles", at)).err()).unwrap();
    assert!(matches!(refused, CatalogueError::Full { field: "swaps", .. }));
    assert!(catalogue.swap(swap("door_cycles", 3)).is_ok(), "one of the same time takes its place");
    assert_eq!(catalogue.column_traits(AssetId(1))[0].counting, None);
    let counting = catalogue.column_traits(AssetId(1))[1].counting.clone().unwrap();
    let reading = |at, value| (protocol::UnixMs(at), value);
    assert!((counting.between(reading(254, 4.0), reading(255, 2.0)) - 3.0).abs() < 1e-9);
    assert!(
        Swap::new(
            AssetId(1),
            name("x"),
            Exchange { at: protocol::UnixMs(0), end: -1.0, start: 0.0 },
            String::new()
        )
        .is_err()
    );
}
