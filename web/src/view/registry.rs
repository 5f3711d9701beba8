//! The building's registry, letters and keys as JSON sees them. What a registry takes and what it shows have one form.

use crate::time::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A registry. Days are written `2030-06-15`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegistryView {
    /// Names what stands: a change says on which revision it was made; 0 while there is none.
    pub revision: u64,
    /// All votes of the deed; the lots' add up to it.
    #[schema(maximum = 1_000_000_000_000u64)]
    pub votes: u64,
    /// By number.
    pub lots: Vec<LotView>,
    /// By number.
    pub persons: Vec<PersonView>,
    /// Charges that only some lots bear, by number.
    pub charges: Vec<ChargeView>,
    pub offices: Vec<OfficeView>,
    /// Which law holds from which day on, in order.
    pub laws: Vec<LawView>,
}

/// A lot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LotView {
    pub id: u32,
    /// At most 200 bytes.
    pub name: String,
    pub kind: LotKindName,
    /// Its shares in the common parts.
    pub votes: u64,
    /// Who owns it from which day on, in order: a transfer adds one.
    pub titles: Vec<TitleView>,
    /// Who lives there without owning it. They have no vote.
    pub occupants: Vec<OccupantView>,
}

/// What a lot is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LotKindName {
    Dwelling,
    Premises,
    Cellar,
    Parking,
}

/// Who owns a lot from a day on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TitleView {
    #[schema(example = "2030-06-15")]
    pub from: String,
    /// Parts of the whole lot: full and bare property add up to it.
    pub whole: u32,
    pub owners: Vec<OwnerView>,
    /// Who votes, where there is more than one owner; until they name somebody the vote rests.
    #[serde(default)]
    pub representative: Option<u32>,
}

/// One owner's part of a lot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnerView {
    pub person: u32,
    pub right: RightName,
    pub parts: u32,
}

/// A right in a lot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RightName {
    Full,
    Bare,
    Usufruct,
}

/// Somebody lives in a lot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OccupantView {
    pub person: u32,
    pub from: String,
    #[serde(default)]
    pub until: Option<String>,
}

/// A natural or legal person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonView {
    pub id: u32,
    /// At most 200 bytes.
    pub name: String,
    /// Whether it is a company or another legal person.
    #[serde(default)]
    pub legal: bool,
}

/// A charge that only some lots bear.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChargeView {
    pub id: u16,
    pub name: String,
    /// By number of the lot.
    pub parts: Vec<ChargePart>,
}

/// How much of a charge a lot bears.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChargePart {
    pub lot: u32,
    pub votes: u64,
}

/// What somebody is to the association.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OfficeView {
    pub person: u32,
    pub duty: DutyName,
    pub from: String,
    #[serde(default)]
    pub until: Option<String>,
}

/// An office, a mandate or a tie that the law looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DutyName {
    Syndic,
    SyndicPartner,
    SyndicRelative,
    SyndicStaff,
    Council,
    Auditor,
    Mandated,
    Manager,
    Technician,
}

/// A law from a day on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LawView {
    pub from: String,
    /// `be-2020` or `fr-2020`.
    pub law: String,
}

/// Letters to be printed: each code is shown in this answer and never again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LettersView {
    pub letters: Vec<LetterView>,
    /// How long owners may object to a key, hours.
    pub objection_hours: u16,
}

/// A letter with a code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LetterView {
    pub person: u32,
    pub name: String,
    /// Names of the person's lots.
    pub lots: Vec<String>,
    /// 26 letters and digits, for the camera: the page's address is followed by `#/enrol/` and these.
    pub code: String,
    /// 12 letters and digits, to be typed.
    pub short_code: String,
    pub expires: Time,
}

/// Who a code was made for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CodeView {
    pub name: String,
    /// Names of the person's lots.
    pub lots: Vec<String>,
    /// Name of the building.
    pub building: String,
    /// Address of the building's node: what is signed names it.
    pub address: String,
    /// The hive's id: what is signed names it.
    pub chain: String,
    /// The hive's authorities by key, to be pinned by the phone.
    pub authorities: Vec<String>,
    pub objection_hours: u16,
    pub expires: Time,
}

/// A resident's key, as every owner sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KeyView {
    /// 64 hex digits.
    pub key: String,
    pub person: u32,
    pub name: String,
    pub lots: Vec<String>,
    pub stage: KeyStageName,
    pub bound: Time,
    /// Until when owners may object.
    pub objection_until: Time,
    /// Who objected.
    pub objected_by: Option<String>,
    /// The first block in which it signs.
    pub from: Option<u64>,
    /// The first block in which it does not any more.
    pub until: Option<u64>,
}

/// How far a key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyStageName {
    Waiting,
    Objected,
    Counts,
    Ended,
}

/// Keys, and what waits for two persons.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KeysView {
    /// By person and time.
    pub keys: Vec<KeyView>,
    /// Persons who lost every key, until the council agreed.
    pub losses: Vec<LossView>,
    /// Letters that wait to be answered.
    pub letters: Vec<WaitingLetter>,
    pub objection_hours: u16,
}

/// A person who lost every key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LossView {
    pub person: u32,
    pub name: String,
    pub asked: Time,
    /// Who says so.
    pub by: String,
}

/// A letter that nobody answered yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WaitingLetter {
    pub person: u32,
    pub name: String,
    pub made: Time,
    pub by: String,
    pub expires: Time,
}

/// Who saw what of the registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LookView {
    pub day: String,
    pub who: String,
    /// `registry`, `export`, `change`, `person`, `erase`, `letters` or `minutes`.
    pub looked: String,
    pub person: Option<u32>,
}

/// A resident of this building, as the own page knows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ResidentView {
    pub person: u32,
    pub name: String,
    pub building: String,
    /// Address of the building's node.
    pub address: String,
    /// The hive's id.
    pub chain: String,
    /// What this person votes for today.
    pub lots: Vec<OwnLot>,
    /// Offices held today.
    pub offices: Vec<DutyName>,
    /// The key that opened this session.
    pub key: KeyView,
    /// All keys of this person.
    pub keys: Vec<KeyView>,
}

/// A lot that somebody votes for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OwnLot {
    pub id: u32,
    pub name: String,
    pub votes: u64,
    /// Who owns it, where there is more than one owner.
    pub with: Vec<String>,
    /// Whether the vote rests, because several owners have named nobody.
    pub rests: bool,
}

/// Everything that is known of one person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PersonData {
    pub person: PersonView,
    /// Lots in whose titles or occupancies the person stands, with everybody else left out.
    pub lots: Vec<LotView>,
    pub offices: Vec<OfficeView>,
    pub keys: Vec<KeyView>,
    /// Who looked at this person.
    pub looks: Vec<LookView>,
}
