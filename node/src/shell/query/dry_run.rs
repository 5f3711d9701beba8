//! A policy on trial: the readings of the past, slice by slice, through the engine that watches live ones.

use std::collections::BTreeMap;

use protocol::UnixMs;
use protocol::limits::DRY_RUNS_MAX;
use tokio::sync::Semaphore;
use web::request::PolicyDraft;
use web::view::{DryRunAsset, DryRunFiring, DryRunView};
use web::{Kind, Problem, Time};

use super::{Sink, Source, Target};
use crate::core::Core;
use crate::core::catalogue::AssetId;
use crate::core::policy::{Policy, PolicyId};
use crate::core::rules::{DryRun, Firing, Report, Start, sentence};
use crate::core::telemetry::{Columns, Keep};
use crate::shell::drafts;
use crate::shell::present::policies::{doubt, unit};

/// Those that run. A process has one node, and a dry run is for people: one after the other is soon enough.
static PLACES: Semaphore = Semaphore::const_new(DRY_RUNS_MAX);

/// What a trial needs of the core.
struct Trial {
    run: DryRun,
    targets: Vec<Target>,
    codes: BTreeMap<AssetId, String>,
    units: BTreeMap<String, String>,
}

impl Source {
    /// What a policy would have done on the readings in `[from, to)`.
    pub(crate) async fn dry_run(
        &self,
        draft: PolicyDraft,
        from: UnixMs,
        to: UnixMs,
    ) -> Result<DryRunView, Problem> {
        let busy =
            || Problem::new(Kind::TooMany, "another dry run is not finished yet; try again in a moment");
        let _place = PLACES.try_acquire().map_err(|_| busy())?;
        let Trial { run, targets, codes, units } =
            self.glance(move |core| prepare(core, draft, from, to)).await??;
        let start = run.reads_from();
        let Replay(run) = self.visit(targets, start, to, Replay(run)).await?;
        let finished = tokio::task::spawn_blocking(move || shown(run.finish(), from, &codes, &units));
        finished.await.map_err(|_| Problem::new(Kind::Unavailable, "the node is stopping"))
    }
}

fn prepare(core: &Core, draft: PolicyDraft, from: UnixMs, to: UnixMs) -> Result<Trial, Problem> {
    let terms = drafts::terms(drafts::free_code(core), draft)?;
    let telemetry = core.telemetry();
    let policy = core.maintenance().check_policy(telemetry, PolicyId(0), terms).map_err(|error| {
        let field = error.field().unwrap_or_default();
        Problem::new(Kind::Invalid, error.to_string()).field(format!("policy.{field}"))
    })?;
    let catalogue = telemetry.catalogue();
    let counter = policy.terms().counter().map(|criterion| criterion.metric.clone());
    let start = |asset| Start {
        base: counter.as_ref().and_then(|metric| core.maintenance().counter_base(asset, metric)),
        ..Start::default()
    };
    let units = named_units(core, &policy);
    let run = DryRun::new(policy, from, to, catalogue.assets().iter(), start);
    let keeps = |columns: Vec<_>| columns.into_iter().map(|column| (column, Keep::First)).collect();
    let targets = run.assets().map(|(asset, columns)| Target { asset, columns: keeps(columns) }).collect();
    let codes = catalogue.assets().iter().map(|asset| (asset.id, asset.code.to_string())).collect();
    Ok(Trial { run, targets, codes, units })
}

fn named_units(core: &Core, policy: &Policy) -> BTreeMap<String, String> {
    let metrics = policy.terms().criteria().flat_map(|criterion| {
        [Some(&criterion.metric), criterion.with.as_ref().map(|(_, metric)| metric)].into_iter().flatten()
    });
    let named = |name: &str| (name.to_owned(), unit(core, name).unwrap_or_default().to_owned());
    metrics.map(|metric| named(metric.as_str())).collect()
}

/// Feeds the rows to the trial.
struct Replay(DryRun);

impl Sink for Replay {
    fn rows(&mut self, target: usize, rows: &Columns) {
        for (row, time) in rows.times().iter().enumerate() {
            let values = rows.columns().iter().map(|(column, values)| (*column, values[row]));
            self.0.row(target, UnixMs(*time), values.filter(|(_, value)| !value.is_nan()));
            if self.0.is_full() {
                return;
            }
        }
    }

    fn is_full(&self) -> bool {
        self.0.is_full()
    }
}

fn shown(
    report: Report,
    from: UnixMs,
    codes: &BTreeMap<AssetId, String>,
    units: &BTreeMap<String, String>,
) -> DryRunView {
    let code = |asset: &AssetId| codes.get(asset).cloned().unwrap_or_default();
    let unit = |metric: &str| units.get(metric).map_or("", String::as_str);
    let asset = |(asset, fired, stood_ms): &(AssetId, u64, i64)| DryRunAsset {
        asset: code(asset),
        fired: *fired,
        minutes: u64::try_from(stood_ms / 60_000).unwrap_or(0),
    };
    let firing = |firing: &Firing| DryRunFiring {
        asset: code(&firing.asset),
        from: Time::from(firing.from),
        to: firing.to.map(Time::from),
        severity: firing.severity.into(),
        sentence: sentence(&firing.grounds, unit),
    };
    DryRunView {
        fired: report.fired,
        assets: report.assets.iter().map(asset).collect(),
        firings: report.firings.iter().map(firing).collect(),
        rows_read: report.rows,
        from: Time::from(from),
        to: Time::from(report.to),
        truncated: report.is_truncated,
        warnings: report.doubts.iter().map(doubt).collect(),
    }
}
