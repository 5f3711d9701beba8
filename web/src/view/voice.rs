//! For whom somebody may speak at an assembly, and sheets of paper that wait for the second signature.

use crate::time::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What one person may do at an assembly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VoiceView {
    /// With which lots and votes the person answers each item itself.
    pub own: Vec<StandView>,
    /// Proxies the person gave.
    pub given: Vec<ProxyView>,
    /// Proxies the person holds and that count.
    pub held: Vec<ProxyView>,
    /// Whom the person may name, with what the law's limit would come to.
    pub holders: Vec<HolderView>,
    /// The article of that limit.
    pub article: String,
}

/// Lots and votes with which an item is answered. Without lots there is nothing to answer with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StandView {
    pub item: u16,
    pub lots: Vec<u32>,
    pub votes: u64,
    /// The item decides on the own mission: no part is taken in it.
    pub own_mission: bool,
}

/// How far a proxy is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProxyStage {
    /// On its way to the ledger.
    Waiting,
    Counts,
    /// The law does not let it count.
    Refused,
    /// Taken back, or another one took its place.
    Ended,
}

/// A proxy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProxyView {
    /// What ballots under it name: 64 hex digits.
    pub commitment: String,
    /// Name of who gave it.
    pub principal: String,
    /// Name of who holds it.
    pub holder: String,
    /// Names of the lots.
    pub lots: Vec<String>,
    /// Their shares.
    pub votes: u64,
    /// The items it covers; all when empty.
    pub items: Vec<u16>,
    /// Whether it also covers the assembly held again for lack of quorum.
    pub covers_second: bool,
    pub on_paper: bool,
    pub stage: ProxyStage,
    /// Why it does not count.
    pub reason: Option<String>,
    /// With which lots and votes the holder answers each item under it.
    pub stands: Vec<StandView>,
}

/// Somebody whom one may name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HolderView {
    pub person: u32,
    pub name: String,
    /// For how many others it would stand, with this one.
    pub proxies: u32,
    /// Votes it would carry, its own included.
    pub carried: u64,
    /// Votes of the building.
    pub votes: u64,
    /// The law bars it from being anybody's proxy.
    pub barred: bool,
    pub allowed: bool,
    /// The law's limit with these figures.
    pub arithmetic: String,
}

/// A sheet of paper that waits for the second signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SheetView {
    /// 64 hex digits.
    pub id: String,
    /// Name of who signed the paper.
    pub person: String,
    /// Names of the lots.
    pub lots: Vec<String>,
    /// `ballot`, `postal` or `proxy`.
    pub kind: String,
    /// For a proxy: who holds it.
    pub holder: Option<String>,
    /// Items with the answer on the paper: `for`, `against`, `abstain`, `blank` or `null`.
    pub answers: Vec<SheetAnswer>,
    /// BLAKE3 of its scan; the scan is a document.
    pub scan: String,
    pub by_syndic: bool,
    pub by_assessor: bool,
    pub at: Time,
    /// What both sign, as canonical bytes in hex digits.
    pub paper: String,
}

/// One answer of a sheet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SheetAnswer {
    pub item: u16,
    pub choice: String,
}

/// Who is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PresenceView {
    pub person: u32,
    /// Whether from afar.
    #[serde(default)]
    pub remote: bool,
    /// The first item it is there for; 0 is the start.
    #[serde(default)]
    pub from: u16,
    /// The first one it is not there for any more.
    #[serde(default)]
    pub until: Option<u16>,
}
