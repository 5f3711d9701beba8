//! What a building consists of: its sites, their assets, and the series each asset reports. It gives ids and never
//! forgets one; it holds no reading.

mod definition;
mod measures;
mod metric;
mod name;
mod swap;
mod traits;

pub use definition::{AssetDefinition, Definition, SeriesDefinition, SiteDefinition};
pub use measures::ColumnTraits;
pub use metric::{METRICS_KNOWN, Metric, MetricKind, metric};
pub use name::{Code, MetricName};
pub use swap::Swap;
pub use traits::{
    DECIMALS_MAX, MetricDefinition, MetricTraits, OnConflict, QUARTER_DAYS_DEFAULT, RAW_DAYS_DEFAULT,
    Retention, Unfit,
};

use protocol::limits::{ASSETS_MAX, NAME_BYTES_MAX, SERIES_DEFAULT_MAX, SERIES_HARD_MAX, SITES_MAX};
use protocol::{AssetKind, Invalid};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use thiserror::Error;

use measures::Measures;

/// Series of one asset at the most: the presence bitmap of a row stays within 32 bytes.
pub const SERIES_PER_ASSET_MAX: usize = 256;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u32);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id! {
    /// A site of this building, numbered from 0 in the order of definition.
    SiteId
}
id! {
    /// An asset of this building, numbered from 0 in the order of definition.
    AssetId
}
id! {
    /// One metric of one asset, numbered from 0 over the whole building.
    SeriesId
}

/// Position of a series within its asset, below [`SERIES_PER_ASSET_MAX`]. Columns are only ever added, so an old
/// row keeps its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Column(pub u16);

/// A place with assets (F1.8).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Its number here.
    pub id: SiteId,
    /// `CAS-S1`.
    pub code: Code,
    /// `Tour Alpha`, for people; at most `NAME_BYTES_MAX` bytes.
    pub name: String,
}

/// A piece of equipment (F2.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// Its number here.
    pub id: AssetId,
    /// `CAS-S1-HVAC_1`.
    pub code: Code,
    /// What it is.
    pub kind: AssetKind,
    /// Where it stands.
    pub site: SiteId,
    /// Its series, by column.
    pub series: Vec<Series>,
}

/// One metric of one asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    /// Its number in the building.
    pub id: SeriesId,
    /// What is measured.
    pub metric: MetricName,
}

impl Asset {
    /// The column of a metric, if the asset has reported it before.
    pub fn column(&self, metric: &str) -> Option<Column> {
        let at = self.series.iter().position(|series| series.metric.as_str() == metric)?;
        Some(Column(u16::try_from(at).expect("invariant: an asset has at most SERIES_PER_ASSET_MAX series")))
    }

    /// The same, looked for at `expected` first.
    pub(super) fn column_near(&self, expected: u16, metric: &str) -> Option<Column> {
        let guess = self.series.get(usize::from(expected));
        if guess.is_some_and(|series| series.metric.as_str() == metric) {
            return Some(Column(expected));
        }
        self.column(metric)
    }

    /// The metric of a column.
    pub fn metric(&self, column: Column) -> Option<&MetricName> {
        self.series.get(usize::from(column.0)).map(|series| &series.metric)
    }
}

/// Why an entry does not fit into the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CatalogueError {
    /// A text or count outside its bounds.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// A value outside its bounds.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// No more room.
    #[error("{field}: {max} is the most this node keeps")]
    Full {
        /// `sites`, `assets`, `series`, `metrics` or `swaps`.
        field: &'static str,
        /// How many there may be.
        max: usize,
    },
    /// The entry names something that does not exist.
    #[error("{field}: nothing is called {found}")]
    Unknown {
        /// `site`, `asset` or `metric`.
        field: &'static str,
        /// The name or number.
        found: String,
    },
    /// A stored entry that contradicts those before it: its number is taken or leaves a gap.
    #[error("{field}: entry number {found} does not fit, {expected} comes next")]
    OutOfOrder {
        /// `site`, `asset`, `series` or `column`.
        field: &'static str,
        /// The next free number.
        expected: u32,
        /// The entry's number.
        found: u32,
    },
    /// Unit and kind of a metric of the program cannot be changed.
    #[error("metric: unit and kind of {metric} are fixed; give the series another name")]
    Fixed {
        /// The metric.
        metric: MetricName,
    },
    /// A meter that does not count cannot be swapped.
    #[error("metric: {metric} is no counter; say so first, then swap the meter")]
    NotACounter {
        /// The metric.
        metric: MetricName,
    },
}

/// All sites, assets and series of this building, and what its metrics are.
#[derive(Debug, Clone, PartialEq)]
pub struct Catalogue {
    sites: Vec<Site>,
    assets: Vec<Asset>,
    asset_codes: BTreeMap<Code, AssetId>,
    series_count: u32,
    series_max: usize,
    measures: Measures,
}

impl Default for Catalogue {
    fn default() -> Self {
        Self::new(SERIES_DEFAULT_MAX)
    }
}

impl Catalogue {
    /// An empty catalogue for at most `series_max` series; `SERIES_HARD_MAX` at the most, whatever is asked.
    pub fn new(series_max: usize) -> Self {
        Self {
            sites: Vec::new(),
            assets: Vec::new(),
            asset_codes: BTreeMap::new(),
            series_count: 0,
            series_max: series_max.min(SERIES_HARD_MAX),
            measures: Measures::default(),
        }
    }

    /// The sites, by id.
    pub fn sites(&self) -> &[Site] {
        &self.sites
    }

    /// The assets, by id.
    pub fn assets(&self) -> &[Asset] {
        &self.assets
    }

    /// A site by id.
    pub fn site(&self, id: SiteId) -> Option<&Site> {
        self.sites.get(id.0 as usize)
    }

    /// A site by code.
    pub fn site_by_code(&self, code: &str) -> Option<&Site> {
        self.sites.iter().find(|site| site.code.as_str() == code)
    }

    /// An asset by id.
    pub fn asset(&self, id: AssetId) -> Option<&Asset> {
        self.assets.get(id.0 as usize)
    }

    /// An asset by code.
    pub fn asset_by_code(&self, code: &str) -> Option<&Asset> {
        self.asset_codes.get(code).and_then(|id| self.asset(*id))
    }

    /// How many series there are.
    pub fn series_count(&self) -> u32 {
        self.series_count
    }

    /// How many series may still be added.
    pub fn series_room(&self) -> usize {
        self.series_max.saturating_sub(self.series_count as usize)
    }

    /// Adds a site or renames one. Answers the entry to store, or nothing if it was there already.
    pub fn add_site(&mut self, code: Code, name: &str) -> Result<Option<Definition>, CatalogueError> {
        let known = self.site_by_code(code.as_str());
        if known.is_some_and(|site| site.name == name) {
            return Ok(None);
        }
        let id = known.map_or(SiteId(next_number(self.sites.len())), |site| site.id);
        self.store(Definition::Site(SiteDefinition { id, code, name: name.to_owned() }))
    }

    /// Adds an asset to a site, or gives a known one its new kind and site. Answers the entry to store, if any.
    pub fn add_asset(
        &mut self,
        site: &str,
        code: Code,
        kind: AssetKind,
    ) -> Result<Option<Definition>, CatalogueError> {
        let unknown = || CatalogueError::Unknown { field: "site", found: site.to_owned() };
        let site = self.site_by_code(site).ok_or_else(unknown)?.id;
        let known = self.asset_by_code(code.as_str());
        if known.is_some_and(|asset| asset.kind == kind && asset.site == site) {
            return Ok(None);
        }
        let id = known.map_or(AssetId(next_number(self.assets.len())), |asset| asset.id);
        self.store(Definition::Asset(AssetDefinition { id, code, kind, site }))
    }

    /// Adds a series to an asset. Answers the entry to store, or nothing if it was there already.
    pub fn add_series(
        &mut self,
        asset: AssetId,
        metric: MetricName,
    ) -> Result<Option<Definition>, CatalogueError> {
        let unknown = || CatalogueError::Unknown { field: "asset", found: asset.to_string() };
        let owner = self.asset(asset).ok_or_else(unknown)?;
        if owner.column(metric.as_str()).is_some() {
            return Ok(None);
        }
        let column = u16::try_from(owner.series.len())
            .map_err(|_| CatalogueError::Full { field: "series", max: SERIES_PER_ASSET_MAX })?;
        let id = SeriesId(self.series_count);
        self.store(Definition::Series(SeriesDefinition { id, asset, column: Column(column), metric }))
    }

    fn store(&mut self, definition: Definition) -> Result<Option<Definition>, CatalogueError> {
        self.define(&definition)?;
        Ok(Some(definition))
    }

    /// Takes an entry over, a new one or one from storage. The same entry twice changes nothing; entries of a kind
    /// have to come in the order of their numbers. A catalogue that refuses an entry is unchanged.
    pub fn define(&mut self, definition: &Definition) -> Result<(), CatalogueError> {
        match definition {
            Definition::Site(site) => self.define_site(site),
            Definition::Asset(asset) => self.define_asset(asset),
            Definition::Series(series) => self.define_series(series),
        }
    }

    fn define_site(&mut self, site: &SiteDefinition) -> Result<(), CatalogueError> {
        if site.name.is_empty() || site.name.len() > NAME_BYTES_MAX {
            let expected = "1 to 64 bytes";
            return Err(Invalid::Text { field: "name", expected, found: site.name.len() }.into());
        }
        fits("site", "sites", site.id.0, self.sites.len(), SITES_MAX)?;
        let owner = self.site_by_code(site.code.as_str()).map(|known| known.id);
        same_code(
            "site",
            owner.map(|id| id.0),
            site.id.0,
            self.site(site.id).map(|known| &known.code),
            &site.code,
        )?;
        let entry = Site { id: site.id, code: site.code.clone(), name: site.name.clone() };
        put(&mut self.sites, site.id.0, entry);
        Ok(())
    }

    fn define_asset(&mut self, asset: &AssetDefinition) -> Result<(), CatalogueError> {
        if self.site(asset.site).is_none() {
            return Err(CatalogueError::Unknown { field: "site", found: asset.site.to_string() });
        }
        fits("asset", "assets", asset.id.0, self.assets.len(), ASSETS_MAX)?;
        let owner = self.asset_codes.get(&asset.code).map(|id| id.0);
        same_code("asset", owner, asset.id.0, self.asset(asset.id).map(|known| &known.code), &asset.code)?;
        let series = self.asset(asset.id).map(|known| known.series.clone()).unwrap_or_default();
        let code = asset.code.clone();
        put(
            &mut self.assets,
            asset.id.0,
            Asset { id: asset.id, code, kind: asset.kind, site: asset.site, series },
        );
        self.asset_codes.insert(asset.code.clone(), asset.id);
        Ok(())
    }

    fn define_series(&mut self, series: &SeriesDefinition) -> Result<(), CatalogueError> {
        let (count, series_max) = (self.series_count, self.series_max);
        let unknown = || CatalogueError::Unknown { field: "asset", found: series.asset.to_string() };
        let asset = self.assets.get_mut(series.asset.0 as usize).ok_or_else(unknown)?;
        let entry = Series { id: series.id, metric: series.metric.clone() };
        if asset.series.get(usize::from(series.column.0)) == Some(&entry) {
            return Ok(());
        }
        let columns = next_number(asset.series.len());
        out_of_order("column", columns, u32::from(series.column.0))?;
        out_of_order("series", count, series.id.0)?;
        if count as usize >= series_max {
            return Err(CatalogueError::Full { field: "series", max: series_max });
        }
        if asset.series.len() >= SERIES_PER_ASSET_MAX {
            return Err(CatalogueError::Full { field: "series", max: SERIES_PER_ASSET_MAX });
        }
        if asset.column(series.metric.as_str()).is_some() {
            return Err(Invalid::Duplicate { field: "metric" }.into());
        }
        asset.series.push(entry);
        self.series_count += 1;
        Ok(())
    }

    /// Takes back the series that were added last, in the order in which they were added; other entries stay.
    pub(super) fn take_back(&mut self, definitions: &[Definition]) {
        for definition in definitions.iter().rev() {
            let Definition::Series(series) = definition else { continue };
            let asset = self.assets.get_mut(series.asset.0 as usize);
            let taken = asset.and_then(|asset| asset.series.pop()).map(|taken| taken.id);
            assert_eq!(taken, Some(series.id), "only what was added last is taken back");
            self.series_count -= 1;
        }
    }

    /// Every entry, in an order that `define` takes.
    pub fn definitions(&self) -> Vec<Definition> {
        let sites = self.sites.iter().map(|site| {
            Definition::Site(SiteDefinition { id: site.id, code: site.code.clone(), name: site.name.clone() })
        });
        let assets = self.assets.iter().map(|asset| {
            let code = asset.code.clone();
            Definition::Asset(AssetDefinition { id: asset.id, code, kind: asset.kind, site: asset.site })
        });
        let mut series: Vec<SeriesDefinition> = self.assets.iter().flat_map(series_of).collect();
        series.sort_by_key(|entry| entry.id);
        sites.chain(assets).chain(series.into_iter().map(Definition::Series)).collect()
    }
}

fn series_of(asset: &Asset) -> impl Iterator<Item = SeriesDefinition> + '_ {
    asset.series.iter().zip(0u16..).map(|(series, column)| SeriesDefinition {
        id: series.id,
        asset: asset.id,
        column: Column(column),
        metric: series.metric.clone(),
    })
}

fn next_number(len: usize) -> u32 {
    u32::try_from(len).expect("invariant: every list of the catalogue is bounded far below 2^32")
}

fn out_of_order(field: &'static str, expected: u32, found: u32) -> Result<(), CatalogueError> {
    if found == expected { Ok(()) } else { Err(CatalogueError::OutOfOrder { field, expected, found }) }
}

/// A number that exists already, or the next one if there is room.
fn fits(
    field: &'static str,
    list: &'static str,
    number: u32,
    len: usize,
    max: usize,
) -> Result<(), CatalogueError> {
    if (number as usize) < len {
        return Ok(());
    }
    if len >= max {
        return Err(CatalogueError::Full { field: list, max });
    }
    out_of_order(field, next_number(len), number)
}

/// A code belongs to one number for ever, and a number to one code.
fn same_code(
    field: &'static str,
    owner: Option<u32>,
    number: u32,
    known: Option<&Code>,
    code: &Code,
) -> Result<(), CatalogueError> {
    if let Some(expected) = owner.filter(|owner| *owner != number) {
        return Err(CatalogueError::OutOfOrder { field, expected, found: number });
    }
    if known.is_some_and(|known| known != code) {
        return Err(Invalid::Duplicate { field: "code" }.into());
    }
    Ok(())
}

fn put<T>(list: &mut Vec<T>, number: u32, entry: T) {
    match list.get_mut(number as usize) {
        Some(place) => *place = entry,
        None => list.push(entry),
    }
}

#[cfg(test)]
mod tests;
