//! Entries of the catalogue as they are stored.

use protocol::AssetKind;
use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::{AssetId, Code, Column, MetricName, SeriesId, SiteId};

/// One entry of the catalogue as it is stored: in the telemetry log, so that readings keep their names without any
/// index, and in the index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Definition {
    /// A site, or its new name.
    Site(SiteDefinition),
    /// An asset, or its new kind and site.
    Asset(AssetDefinition),
    /// A series.
    Series(SeriesDefinition),
}

/// See [`super::Site`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct SiteDefinition {
    /// Number of the site.
    pub id: SiteId,
    /// Its code.
    pub code: Code,
    /// Its name.
    pub name: String,
}

/// See [`super::Asset`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct AssetDefinition {
    /// Number of the asset.
    pub id: AssetId,
    /// Its code.
    pub code: Code,
    /// Its kind.
    pub kind: AssetKind,
    /// Its site.
    pub site: SiteId,
}

/// See [`super::Series`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct SeriesDefinition {
    /// Number of the series.
    pub id: SeriesId,
    /// Its asset.
    pub asset: AssetId,
    /// Its column there.
    pub column: Column,
    /// Its metric.
    pub metric: MetricName,
}
