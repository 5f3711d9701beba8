//! What an assembly decides on. Texts stay in the building; the ledger is told their salted hashes when the assembly
//! opens, and every ballot repeats the hash it answers, so that no text can change afterwards.

use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::conclusion::Counters;
use super::day::Day;
use super::ids::{AssemblyId, ChargeId, ItemNumber, PersonId, Votes};
use super::law::{Matter, RuleSet};
use super::text::Text;
use crate::bounded::Bounded;
use crate::codec::encode;
use crate::energy::{MicroEuro, Salt};
use crate::error::Invalid;
use crate::ids::{Address, Digest, Height};
use crate::limits::{
    DOCUMENTS_MAX, LOTS_MAX, MISSIONS_MAX, RESOLUTION_TEXT_BYTES_MAX, RESOLUTION_TITLE_BYTES_MAX,
    RESOLUTIONS_MAX, VOTE_HEIGHTS_MAX, VOTES_MAX,
};
use crate::maintenance::{AssetKind, Severity};
use crate::membership::Action;

/// A resolution as it is put to the vote. Whoever knows its salt can check its hash; nobody else can find the text by
/// trying.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Resolution {
    /// Its place on the agenda.
    pub item: ItemNumber,
    /// One line.
    pub title: Text<RESOLUTION_TITLE_BYTES_MAX>,
    /// What is decided.
    pub text: Text<RESOLUTION_TEXT_BYTES_MAX>,
    /// Its kind, on which the majority depends.
    pub matter: Matter,
    /// Who votes, and with what weight.
    pub base: Base,
    /// Whether it is a first vote or follows one that failed.
    pub round: Round,
    /// Whose own mission is decided: they take no part.
    pub missions: Bounded<PersonId, MISSIONS_MAX>,
    /// Hashes of the documents that can be read.
    pub documents: Bounded<Digest, DOCUMENTS_MAX>,
    /// What is carried out when it is adopted.
    pub effect: Effect,
    /// Whether it is carried out only when no judge can be asked any more.
    pub after_appeal: bool,
    /// Keeps the text from being found by trying.
    pub salt: Salt,
}

/// Whose votes count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Base {
    /// All owners, by their shares.
    Whole,
    /// Those who bear a charge, by their part of it; not where the common management is affected.
    Charge(ChargeId),
}

/// Whether a vote is the first on its matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Round {
    /// The first.
    First,
    /// Taken at once behind the item that missed its majority, at the lower one of the law's bridge.
    Second(ItemNumber),
    /// In another assembly, after unanimity was missed through absence.
    Again,
}

/// What is carried out by itself. Money moves only by a person: amounts are the most that may be spent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Effect {
    /// Nothing: people do it.
    Nothing,
    /// A work order is opened.
    WorkOrder(Commission),
    /// A group purchase is begun, with the most it may cost.
    Purchase(MicroEuro),
    /// One of the hive's actions: a sharing rule, a tariff, an authority. One building's decision only proposes it to
    /// the authorities; a question that they put to several buildings carries it out.
    Action(Box<Action>),
    /// A policy of the building is taken up, named by its hash.
    Policy(Digest),
}

/// The work that a resolution orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Commission {
    /// The most it may cost.
    pub most: MicroEuro,
    /// Pseudonym of the asset, known to the building only.
    pub asset: Digest,
    /// What the asset is.
    pub kind: AssetKind,
    /// How urgent.
    pub severity: Severity,
    /// Salted hash of the building's own record of it.
    pub commitment: Digest,
}

/// What the ledger is told when an assembly is announced. Nothing of it can change afterwards; no name, no text and no lot
/// stands in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Opening {
    /// The building's node.
    pub building: Address,
    /// The building's own count of its assemblies, from 1.
    pub number: u32,
    /// The law.
    pub law: RuleSet,
    /// First or following.
    pub meeting: Meeting,
    /// Root of the salted commitments to the lots that may vote.
    pub roll: Digest,
    /// Owners of the building.
    pub owners: u32,
    /// Votes of the building.
    pub votes: Votes,
    /// The resolutions in the order of their numbers.
    pub items: Bounded<Item, RESOLUTIONS_MAX>,
    /// The day of the assembly.
    pub day: Day,
    /// The first height at which a ballot counts.
    pub opens: Height,
    /// The last one.
    pub closes: Height,
    /// Who counts.
    pub counters: Counters,
}

/// A resolution as the ledger is told it: what decides about majority and effect, and nothing of the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Item {
    /// Its salted hash.
    pub resolution: Digest,
    /// Its kind, on which the majority depends.
    pub matter: Matter,
    /// Who votes, and with what weight.
    pub base: Base,
    /// Whether it is a first vote or follows one that failed.
    pub round: Round,
    /// What is carried out when it is adopted.
    pub effect: Effect,
    /// Whether it is carried out only when no judge can be asked any more.
    pub after_appeal: bool,
    /// The question put to several buildings that it answers for this one. Its effect is the question's.
    pub joint: Option<Digest>,
}

/// Whether an assembly follows one that could not decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Meeting {
    /// It stands for itself.
    First,
    /// The same agenda again, without quorum.
    WithoutQuorum(AssemblyId),
    /// Items that missed unanimity through absence, again.
    ForUnanimity(AssemblyId),
}

impl Resolution {
    /// What the ledger and every ballot name it by.
    pub fn hash(&self) -> Digest {
        Digest::of("symbiose resolution v1", &[&encode(self)])
    }

    /// Checks what no constructor checks.
    pub fn check(&self) -> Result<(), Invalid> {
        if self.item.0 == 0 || usize::from(self.item.0) > RESOLUTIONS_MAX {
            let max = RESOLUTIONS_MAX as u64;
            return Err(Invalid::Range { field: "item, from 1", max, found: self.item.0.into() });
        }
        match self.round {
            Round::Second(first) if first.0 == 0 || first >= self.item => {
                let max = u64::from(self.item.0) - 1;
                Err(Invalid::Range { field: "item voted on before", max, found: first.0.into() })
            }
            Round::First | Round::Second(_) | Round::Again => Ok(()),
        }
    }
}

impl Item {
    /// What the ledger is told of a resolution.
    pub fn of(resolution: &Resolution, joint: Option<Digest>) -> Self {
        Self {
            resolution: resolution.hash(),
            matter: resolution.matter,
            base: resolution.base,
            round: resolution.round,
            effect: resolution.effect.clone(),
            after_appeal: resolution.after_appeal,
            joint,
        }
    }
}

impl Effect {
    /// The name in API and page.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::WorkOrder(_) => "work-order",
            Self::Purchase(_) => "purchase",
            Self::Action(_) => "action",
            Self::Policy(_) => "policy",
        }
    }

    /// The most it may cost, where it has a price.
    pub const fn most(&self) -> Option<MicroEuro> {
        match self {
            Self::WorkOrder(commission) => Some(commission.most),
            Self::Purchase(most) => Some(*most),
            Self::Nothing | Self::Action(_) | Self::Policy(_) => None,
        }
    }

    /// Whether it may stand on an agenda: a question to several buildings is no effect of another decision.
    pub fn check(&self) -> Result<(), Invalid> {
        match self {
            Self::Action(action) if matches!(**action, Action::AskJointly(_)) => {
                let expected = "an action other than a question to several buildings";
                Err(Invalid::Text { field: "effect", expected, found: 0 })
            }
            Self::Nothing | Self::WorkOrder(_) | Self::Purchase(_) | Self::Action(_) | Self::Policy(_) => {
                Ok(())
            }
        }
    }
}

impl Opening {
    /// The assembly's id.
    pub fn id(&self) -> AssemblyId {
        AssemblyId::new(*Digest::of("symbiose assembly v1", &[&encode(self)]).as_bytes())
    }

    /// The hash of an item's resolution.
    pub fn hash_of(&self, item: ItemNumber) -> Option<&Digest> {
        self.item(item).map(|item| &item.resolution)
    }

    /// An item by its number.
    pub fn item(&self, item: ItemNumber) -> Option<&Item> {
        self.items.get(usize::from(item.0).checked_sub(1)?)
    }

    /// Checks what no constructor checks.
    pub fn check(&self) -> Result<(), Invalid> {
        let range = |field, max, found| Err(Invalid::Range { field, max, found });
        if self.items.is_empty() {
            return Err(Invalid::Count { field: "resolutions", min: 1, max: RESOLUTIONS_MAX, found: 0 });
        }
        if self.number == 0 {
            return range("number of the assembly, from 1", u32::MAX.into(), 0);
        }
        if self.votes.0 > VOTES_MAX {
            return range("votes", VOTES_MAX, self.votes.0);
        }
        if self.owners as usize > LOTS_MAX {
            return range("owners", LOTS_MAX as u64, self.owners.into());
        }
        if self.opens > self.closes {
            return range("height at which it opens", self.closes.0, self.opens.0);
        }
        if self.closes.0 - self.opens.0 > VOTE_HEIGHTS_MAX {
            return range("heights of a vote", VOTE_HEIGHTS_MAX, self.closes.0 - self.opens.0);
        }
        for (item, number) in self.items.iter().zip(1u64..) {
            item.effect.check()?;
            if let Round::Second(first) = item.round
                && (first.0 == 0 || u64::from(first.0) >= number)
            {
                return range("item voted on before", number - 1, first.0.into());
            }
            if item.joint.is_some() && item.effect != Effect::Nothing {
                let expected = "none, as it is that of the question to several buildings";
                return Err(Invalid::Text { field: "effect", expected, found: 0 });
            }
        }
        self.counters.check()
    }
}
