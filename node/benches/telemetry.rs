//! What a payload costs the core from acceptance to evaluated rules, and what reading back costs per point.

use divan::counter::ItemsCount;
use node::core::catalogue::{Catalogue, Code};
use node::core::maintenance::{Maintenance, Secret};
use node::core::telemetry::{Body, Found, Payload, Row, SegmentReader, SegmentWriter, Telemetry};
use protocol::{AssetKind, UnixMs};

const START: UnixMs = UnixMs(1_765_275_323_000);
/// Payloads per commit, as 64 connections queue them.
const COMMIT: usize = 64;
const ASSETS: usize = 120;
const METRICS: [&str; 8] = [
    "temp_out_air",
    "temp_supply_air",
    "power_kw",
    "vibration_level",
    "humidity_pct",
    "energy_kwh",
    "water_l",
    "running",
];

fn main() {
    divan::main();
}

/// Policies of the bench that has many.
const POLICIES: usize = 200;

struct Building {
    telemetry: Telemetry,
    maintenance: Maintenance,
    codes: Vec<String>,
    next: usize,
}

impl Building {
    fn new() -> Self {
        let mut catalogue = Catalogue::default();
        let code = |text: &str| Code::new(text).expect("the codes are valid");
        catalogue.add_site(code("S00"), "S00").expect("there is room");
        let codes: Vec<String> = (0..ASSETS).map(|i| format!("S00-HVAC_{i}")).collect();
        for text in &codes {
            catalogue.add_asset("S00", code(text), AssetKind::Hvac).expect("there is room");
        }
        let telemetry = Telemetry::new(catalogue);
        let (maintenance, _) = Maintenance::open(START, Secret::new([1; 32]), &telemetry, Vec::new());
        Self { telemetry, maintenance, codes, next: 0 }
    }

    /// Policies of every window kind over all metrics, of which none is near.
    fn add_policies(&mut self) {
        use node::core::policy::{Condition, Criterion, RuleKind, Terms, default_terms};
        let rules = [RuleKind::Threshold, RuleKind::Consecutive, RuleKind::Count, RuleKind::RateOfChange];
        let have = self.maintenance.policies().len();
        for number in have..POLICIES {
            let criterion = |metric: &str| Criterion {
                metric: node::core::catalogue::MetricName::new(metric).expect("the names are valid"),
                with: None,
                rule: rules[number % rules.len()],
                condition: Condition::Above,
                threshold: 1e12,
                clear_threshold: None,
                window_minutes: Some(15),
                samples: 5,
            };
            let metric = |at: usize| METRICS[(number + at) % METRICS.len()];
            let group = (0..=number % 2).map(|at| criterion(metric(at))).collect();
            let code = Code::new(&format!("P{number}")).expect("the codes are valid");
            let terms = Terms { code, groups: vec![group], ..default_terms().remove(0) };
            let added = self.maintenance.add_policy(START, &self.telemetry, terms, "");
            added.expect("there is room");
        }
    }

    /// The next payload of 8 values: every asset in turn, a round every 10 s.
    fn accept(&mut self) -> Row {
        let (round, asset) = (self.next / ASSETS, self.next % ASSETS);
        self.next += 1;
        let time = START.plus(i64::try_from(round).expect("few rounds") * 10_000);
        #[expect(clippy::cast_precision_loss, reason = "few rounds")]
        let k = round as f64;
        let third = |number: f64| (number * 1000.0).round() / 1000.0;
        let values =
            [3.8, 17.8, third(13.0 + k / 1000.0), 2.51, 45.1, third(8000.0 + k / 27.0), 523_441.0 + k, 1.0];
        let metrics = METRICS.into_iter().zip(values).map(|(name, value)| (name, Some(value))).collect();
        let payload = Payload { site_code: "S00", asset_code: &self.codes[asset], time, metrics };
        self.telemetry.accept(time, &payload).expect("the payload is valid").row
    }

    fn apply(&mut self, row: &Row) -> usize {
        let applied = self.telemetry.apply(row);
        let catalogue = self.telemetry.catalogue();
        self.maintenance.observe(row.time(), catalogue, row, &applied).changes.len()
    }
}

/// Accept, encode as one commit of 64, apply, evaluate R1 and R2.
#[divan::bench]
fn payload_to_rules(bencher: divan::Bencher<'_, '_>) {
    let mut building = Building::new();
    let mut writer = SegmentWriter::resume(1, 0);
    let mut log = Vec::new();
    bencher.counter(ItemsCount::new(COMMIT)).bench_local(|| {
        log.clear();
        let rows: Vec<Row> = (0..COMMIT).map(|_| building.accept()).collect();
        writer.rows(&rows, &mut log);
        rows.iter().map(|row| building.apply(row)).sum::<usize>()
    });
}

/// The same rows under 200 policies for this kind of equipment, half of them with two conditions: 25 conditions and
/// more on each value.
#[divan::bench]
fn payload_to_200_policies(bencher: divan::Bencher<'_, '_>) {
    let mut building = Building::new();
    building.add_policies();
    bencher.counter(ItemsCount::new(COMMIT)).bench_local(|| {
        let rows: Vec<Row> = (0..COMMIT).map(|_| building.accept()).collect();
        rows.iter().map(|row| building.apply(row)).sum::<usize>()
    });
}

/// Rows and points of a segment of about 4 MiB, checksums included.
#[divan::bench]
fn read_back_points(bencher: divan::Bencher<'_, '_>) {
    let mut building = Building::new();
    let mut log = Vec::new();
    let mut writer = SegmentWriter::start(1, 0, &[], &mut log);
    let mut points = 0;
    while log.len() < 4 * 1024 * 1024 {
        let rows: Vec<Row> = (0..COMMIT).map(|_| building.accept()).collect();
        points += rows.iter().map(|row| row.values().len()).sum::<usize>();
        writer.rows(&rows, &mut log);
    }
    bencher.counter(ItemsCount::new(points)).bench_local(|| {
        let reader = SegmentReader::open(1, None, &log).expect("the version is ours");
        reader.map(points_of).sum::<usize>()
    });
}

fn points_of(found: Found) -> usize {
    match found {
        Found::Record(record) => match record.body {
            Body::Rows(rows) => rows.iter().map(|row| row.values().len()).sum(),
            Body::Definitions(_) => 0,
        },
        Found::Gap(_) | Found::TornTail(_) => 0,
    }
}
