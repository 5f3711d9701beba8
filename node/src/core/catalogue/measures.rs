//! The metrics of the building and the swaps of its meters: what holds for a series beyond its name.

use std::collections::BTreeMap;

use protocol::limits::{METRICS_DEFINED_MAX, SWAPS_PER_ASSET_MAX};

use super::metric::{METRICS_KNOWN, MetricKind};
use super::swap::Swap;
use super::traits::{MetricDefinition, MetricTraits, OnConflict, Retention};
use super::{AssetId, Catalogue, CatalogueError, Column, MetricName};
use crate::core::telemetry::Counting;

/// Definitions of metrics and swaps of meters.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Measures {
    metrics: BTreeMap<MetricName, MetricDefinition>,
    /// What holds for a metric nobody defined.
    plain: MetricTraits,
    /// How long a metric is kept that says nothing else.
    usual: Retention,
    /// The shortest time any metric keeps its raw readings, milliseconds.
    raw_ms_min: i64,
    /// By asset; then by time and metric.
    swaps: BTreeMap<AssetId, Vec<Swap>>,
}

/// What holds for one column of an asset: for those who keep, merge and count its readings.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnTraits {
    /// Which column.
    pub column: Column,
    /// Its metric.
    pub metric: MetricName,
    /// How its values behave.
    pub kind: MetricKind,
    /// Which of two readings of one time holds.
    pub on_conflict: OnConflict,
    /// How long it is kept.
    pub retention: Retention,
    /// How it counts; `None` unless it is a counter.
    pub counting: Option<Counting>,
}

impl Default for Measures {
    fn default() -> Self {
        let standard = METRICS_KNOWN.iter().map(|known| {
            let name = MetricName::new(known.name).expect("invariant: the names of the program are names");
            (name.clone(), MetricDefinition::standard(name))
        });
        let plain = MetricTraits::default();
        let raw_ms_min = plain.retention.raw_ms();
        let usual = Retention::default();
        Self { metrics: standard.collect(), plain, usual, raw_ms_min, swaps: BTreeMap::new() }
    }
}

impl Measures {
    fn find_raw_ms_min(&mut self) {
        let usual = self.usual;
        let kept = self.metrics.values().map(|one| one.traits().retention.or(usual).raw_ms());
        self.raw_ms_min = kept.fold(usual.raw_ms(), i64::min);
    }
}

impl Catalogue {
    /// What a metric is. One that nobody defined is a gauge without unit.
    pub fn traits(&self, metric: &str) -> &MetricTraits {
        let known = self.measures.metrics.get(metric);
        known.map_or(&self.measures.plain, MetricDefinition::traits)
    }

    /// Every metric that is defined, by name: the standard ones and those of operators. A metric that is only reported
    /// is none of them.
    pub fn metrics(&self) -> impl Iterator<Item = &MetricDefinition> {
        self.measures.metrics.values()
    }

    /// Defines a metric or changes one. Answers the entry to store, or nothing if it was so already. Unit and kind of a
    /// standard metric are fixed (F2.2).
    pub fn define_metric(
        &mut self,
        definition: MetricDefinition,
    ) -> Result<Option<MetricDefinition>, CatalogueError> {
        let standard = MetricDefinition::standard(definition.name().clone());
        let (wanted, fixed) = (definition.traits(), standard.traits());
        if standard.is_standard() && (&wanted.unit, wanted.kind) != (&fixed.unit, fixed.kind) {
            return Err(CatalogueError::Fixed { metric: definition.name().clone() });
        }
        let known = self.measures.metrics.get(definition.name());
        if known == Some(&definition) {
            return Ok(None);
        }
        if known.is_none() && self.measures.metrics.len() >= METRICS_DEFINED_MAX {
            return Err(CatalogueError::Full { field: "metrics", max: METRICS_DEFINED_MAX });
        }
        self.measures.metrics.insert(definition.name().clone(), definition.clone());
        self.measures.find_raw_ms_min();
        Ok(Some(definition))
    }

    /// How long a metric is kept: by its own word, else by what is usual here, else by the defaults.
    pub fn retention(&self, metric: &str) -> Retention {
        self.traits(metric).retention.or(self.measures.usual)
    }

    /// Says what is usual here.
    pub fn keep_usually(&mut self, usual: Retention) {
        self.measures.usual = usual;
        self.measures.find_raw_ms_min();
    }

    /// The shortest time any metric keeps its raw readings, milliseconds.
    pub fn raw_ms_min(&self) -> i64 {
        self.measures.raw_ms_min
    }

    /// Takes note of a swap; one of the same meter and time is replaced. The meter has to be a counter that has reported.
    pub fn swap(&mut self, swap: Swap) -> Result<(), CatalogueError> {
        let unknown = |field, found: String| CatalogueError::Unknown { field, found };
        let asset = self.asset(swap.asset()).ok_or_else(|| unknown("asset", swap.asset().to_string()))?;
        let metric = swap.metric();
        if asset.column(metric.as_str()).is_none() {
            return Err(unknown("metric", metric.to_string()));
        }
        if self.traits(metric.as_str()).kind != MetricKind::Counter {
            return Err(CatalogueError::NotACounter { metric: metric.clone() });
        }
        self.restore_swap(swap)
    }

    /// Takes a stored swap over, whatever its metric is by now.
    pub(in crate::core) fn restore_swap(&mut self, swap: Swap) -> Result<(), CatalogueError> {
        let swaps = self.measures.swaps.entry(swap.asset()).or_default();
        let place = |swap: &Swap| (swap.exchange().at, swap.metric().clone());
        match swaps.binary_search_by_key(&place(&swap), place) {
            Ok(at) => swaps[at] = swap,
            Err(_) if swaps.len() >= SWAPS_PER_ASSET_MAX => {
                return Err(CatalogueError::Full { field: "swaps", max: SWAPS_PER_ASSET_MAX });
            }
            Err(at) => swaps.insert(at, swap),
        }
        Ok(())
    }

    /// The swaps of an asset's meters, by time.
    pub fn swaps(&self, asset: AssetId) -> &[Swap] {
        self.measures.swaps.get(&asset).map_or(&[], Vec::as_slice)
    }

    /// How a metric of an asset counts; `None` unless it is a counter.
    pub fn counting(&self, asset: AssetId, metric: &str) -> Option<Counting> {
        let traits = self.traits(metric);
        (traits.kind == MetricKind::Counter).then(|| {
            let swaps = self.swaps(asset).iter().filter(|swap| swap.metric().as_str() == metric);
            Counting::new(traits.rollover, swaps.map(Swap::exchange).collect())
        })
    }

    /// What holds for each column of an asset, by column.
    pub fn column_traits(&self, asset: AssetId) -> Vec<ColumnTraits> {
        let series = self.asset(asset).map_or(&[][..], |asset| &asset.series);
        let columns = (0u16..).map(Column).zip(series).map(|(column, series)| {
            let traits = self.traits(series.metric.as_str());
            ColumnTraits {
                column,
                metric: series.metric.clone(),
                kind: traits.kind,
                on_conflict: traits.on_conflict,
                retention: traits.retention,
                counting: self.counting(asset, series.metric.as_str()),
            }
        });
        columns.collect()
    }
}
