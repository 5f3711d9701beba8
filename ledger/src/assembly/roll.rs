//! Who may vote at one assembly, with what weight: the registry as it stands on the day. Owners are counted by who owns
//! together: a person with three lots is one, a couple with two lots is one.

use std::collections::{BTreeMap, BTreeSet};

use protocol::assembly::{Base, ChargeId, Day, Duty, LotId, LotKind, PersonId, Registry, RuleSet, Votes};

use super::error::AssemblyError;

/// The roll of an assembly.
#[derive(Debug, Clone)]
pub struct Roll {
    /// The law that holds on the day.
    pub law: RuleSet,
    /// The day of the assembly.
    pub day: Day,
    lots: Vec<RollLot>,
    owners: Vec<Vec<PersonId>>,
    voters: BTreeMap<PersonId, Votes>,
    charges: BTreeMap<ChargeId, Vec<Votes>>,
    duties: BTreeSet<(PersonId, Duty)>,
}

/// A lot on the roll.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RollLot {
    /// Which one.
    pub lot: LotId,
    /// What it is.
    pub kind: LotKind,
    /// Its shares.
    pub votes: Votes,
    /// Who owns it, as a place among [`Roll::owners`].
    pub owner: usize,
    /// Who votes for it; nobody while several owners have named nobody.
    pub voter: Option<PersonId>,
}

impl Roll {
    /// The roll of a checked registry on a day.
    pub fn of(registry: &Registry, day: Day) -> Result<Self, AssemblyError> {
        let law = registry.law_on(day).ok_or(AssemblyError::NoLaw { day })?;
        let mut places: BTreeMap<Vec<PersonId>, usize> = BTreeMap::new();
        let mut owners = Vec::new();
        let mut lots = Vec::with_capacity(registry.lots.len());
        for lot in &registry.lots {
            let title = lot.title_on(day).ok_or(AssemblyError::NoOwner { lot: lot.id, day })?;
            let mut together: Vec<PersonId> = title.owners.iter().map(|owner| owner.person).collect();
            together.dedup();
            let owner = *places.entry(together).or_insert_with_key(|together| {
                owners.push(together.clone());
                owners.len() - 1
            });
            let voter = title.voter();
            lots.push(RollLot { lot: lot.id, kind: lot.kind, votes: lot.votes, owner, voter });
        }
        let mut voters: BTreeMap<PersonId, Votes> = BTreeMap::new();
        for (voter, lot) in lots.iter().filter_map(|lot| Some((lot.voter?, lot))) {
            let votes = voters.entry(voter).or_default();
            *votes = [*votes, lot.votes].into_iter().sum();
        }
        let (charges, duties) = (BTreeMap::new(), BTreeSet::new());
        let mut roll = Self { law, day, lots, owners, voters, charges, duties };
        for charge in &registry.charges {
            let mut weights = vec![Votes::ZERO; roll.lots.len()];
            for (lot, part) in &charge.parts {
                let place = roll.place(*lot).expect("invariant: a checked registry charges its own lots");
                weights[place] = *part;
            }
            roll.charges.insert(charge.id, weights);
        }
        let lasting = registry.offices.iter().filter(|office| office.lasts_on(day));
        roll.duties = lasting.map(|office| (office.person, office.duty)).collect();
        Ok(roll)
    }

    /// Its lots, in ascending order. A lot's place here names it everywhere in a count.
    pub fn lots(&self) -> &[RollLot] {
        &self.lots
    }

    /// Who owns together, each group once.
    pub fn owners(&self) -> &[Vec<PersonId>] {
        &self.owners
    }

    /// The place of a lot.
    pub fn place(&self, lot: LotId) -> Option<usize> {
        self.lots.binary_search_by_key(&lot, |entry| entry.lot).ok()
    }

    /// The weight of each lot in a vote, in the order of the lots.
    pub fn weights(&self, base: Base) -> Result<Vec<Votes>, AssemblyError> {
        match base {
            Base::Whole => Ok(self.lots.iter().map(|lot| lot.votes).collect()),
            Base::Charge(charge) => {
                self.charges.get(&charge).cloned().ok_or(AssemblyError::NoCharge { charge })
            }
        }
    }

    /// The votes that somebody has without any proxy.
    pub fn votes_of(&self, voter: PersonId) -> Votes {
        self.voters.get(&voter).copied().unwrap_or_default()
    }

    /// All votes of the building.
    pub fn votes(&self) -> Votes {
        self.lots.iter().map(|lot| lot.votes).sum()
    }

    /// Whether somebody is something to the association on the day.
    pub fn has_duty(&self, person: PersonId, duties: &[Duty]) -> bool {
        duties.iter().any(|duty| self.duties.contains(&(person, *duty)))
    }

    /// Lots that count towards the number from which a council is compulsory.
    pub fn main_lots(&self) -> usize {
        let is_main = |lot: &&RollLot| matches!(lot.kind, LotKind::Dwelling | LotKind::Premises);
        self.lots.iter().filter(is_main).count()
    }
}
