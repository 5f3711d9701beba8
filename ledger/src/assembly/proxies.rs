//! Which proxies count: in the order in which they stood in blocks, each within what the law allows its holder. A later
//! one for the same lot takes the place of the earlier; one that was taken back counts for nothing.

use std::collections::{BTreeMap, BTreeSet};

use protocol::Digest;
use protocol::assembly::{
    Arithmetic, AssemblyId, Duty, Figures, ItemNumber, LotId, Mandate, Meeting, Opening, PersonId, ProxyAct,
    Quantity, RuleId, RuleSet, Sheet, VerifiedPaper, VerifiedProxy, Votes,
};

use super::error::{ProxyRefused, Refused};
use super::keys::{Entered, Keys, Place};
use super::roll::Roll;

/// A proxy that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Who gave it.
    pub principal: PersonId,
    /// What it lets somebody do.
    pub mandate: Mandate,
    /// Whether it came on paper.
    pub on_paper: bool,
}

/// Proxies of one assembly.
#[derive(Debug, Clone, Default)]
pub struct Proxies {
    held: BTreeMap<Digest, Held>,
    by_lot: BTreeMap<LotId, Digest>,
    by_holder: BTreeMap<PersonId, BTreeSet<Digest>>,
    refused: Vec<(Digest, ProxyRefused)>,
}

/// What somebody said about a proxy, however it came.
#[derive(Debug, Clone)]
pub enum ProxyPaper {
    /// Signed by the owner's key.
    Signed(VerifiedProxy),
    /// Entered from paper by syndic and assessor.
    Paper(VerifiedPaper),
}

/// Where things are counted: the assembly, who may vote, whose key is whose, and who may enter paper.
#[derive(Debug, Clone, Copy)]
pub struct Hall<'a> {
    /// The assembly.
    pub opening: &'a Opening,
    /// Who may vote.
    pub roll: &'a Roll,
    /// Whose key is whose.
    pub keys: &'a Keys,
    /// Who may enter paper together with the syndic.
    pub assessors: &'a [PersonId],
    id: AssemblyId,
}

impl Proxies {
    /// Goes through what came in, in the order of blocks.
    pub fn admit(hall: &Hall<'_>, mut came: Vec<Entered<ProxyPaper>>) -> Self {
        came.sort_by_key(|entered| entered.at);
        let mut proxies = Self::default();
        let mut seen = BTreeSet::new();
        for Entered { value, at } in came {
            let commitment = value.commitment();
            let result = if seen.insert(commitment) {
                proxies.take(hall, &value, at)
            } else {
                Err(ProxyRefused::Replayed)
            };
            if let Err(why) = result {
                proxies.refused.push((commitment, why));
            }
        }
        proxies
    }

    /// A proxy by what the ledger knows it by.
    pub fn get(&self, commitment: &Digest) -> Option<&Held> {
        self.held.get(commitment)
    }

    /// Those that count.
    pub fn held(&self) -> impl Iterator<Item = &Held> {
        self.held.values()
    }

    /// The one that covers a lot.
    pub fn of_lot(&self, lot: LotId) -> Option<&Held> {
        self.by_lot.get(&lot).map(|commitment| &self.held[commitment])
    }

    /// Those that do not, with the reason.
    pub fn refused(&self) -> &[(Digest, ProxyRefused)] {
        &self.refused
    }

    fn take(&mut self, hall: &Hall<'_>, paper: &ProxyPaper, at: Place) -> Result<(), ProxyRefused> {
        if at.height > hall.opening.closes {
            return Err(ProxyRefused::Late);
        }
        let commitment = paper.commitment();
        match paper {
            ProxyPaper::Signed(signed) => {
                let proxy = signed.proxy();
                let key = hall.keys.person(&proxy.principal, at, hall.opening.opens);
                let principal = key.map_err(ProxyRefused::Key)?;
                match &proxy.act {
                    ProxyAct::Give(mandate) => {
                        covers(hall, proxy.assembly, mandate, false)?;
                        self.give(hall, commitment, principal, mandate, false)
                    }
                    ProxyAct::TakeBack(given) => match self.held.get(given) {
                        Some(held) if held.principal == principal => {
                            self.end(given);
                            Ok(())
                        }
                        Some(_) | None => Err(ProxyRefused::NothingToTakeBack),
                    },
                }
            }
            ProxyPaper::Paper(verified) => {
                let paper = verified.paper();
                hall.countersigned(verified, at).map_err(ProxyRefused::Key)?;
                let Sheet::Proxy(proxy) = &paper.sheet else {
                    return Err(ProxyRefused::Key(Refused::NoBallot));
                };
                covers(hall, paper.assembly, &proxy.mandate, proxy.is_notarial)?;
                self.give(hall, commitment, paper.person, &proxy.mandate, true)
            }
        }
    }

    fn give(
        &mut self,
        hall: &Hall<'_>,
        commitment: Digest,
        principal: PersonId,
        mandate: &Mandate,
        on_paper: bool,
    ) -> Result<(), ProxyRefused> {
        let is_theirs =
            |lot| hall.roll.place(lot).is_some_and(|at| hall.roll.lots()[at].voter == Some(principal));
        if let Some(lot) = mandate.lots.iter().find(|lot| !is_theirs(**lot)) {
            return Err(ProxyRefused::NotTheirs { lot: *lot });
        }
        if mandate.holder == principal {
            return Err(ProxyRefused::Own);
        }
        if hall.roll.has_duty(mandate.holder, barred(hall.roll.law)) {
            return Err(ProxyRefused::Barred);
        }
        let replaced: BTreeSet<Digest> =
            mandate.lots.iter().filter_map(|lot| self.by_lot.get(lot).copied()).collect();
        let (proxies, carried) = self.with(hall.roll, principal, mandate, &replaced);
        if !proxy_limit(hall.roll, proxies, carried).holds() {
            return Err(ProxyRefused::TooMany { proxies, carried });
        }
        replaced.iter().for_each(|earlier| self.end(earlier));
        self.by_lot.extend(mandate.lots.iter().map(|lot| (*lot, commitment)));
        self.by_holder.entry(mandate.holder).or_default().insert(commitment);
        self.held.insert(commitment, Held { principal, mandate: mandate.clone(), on_paper });
        Ok(())
    }

    /// Principals and votes that a holder would carry with one more proxy in the place of others. No lot is counted
    /// twice, as each has one proxy at a time.
    fn with(
        &self,
        roll: &Roll,
        principal: PersonId,
        mandate: &Mandate,
        replaced: &BTreeSet<Digest>,
    ) -> (u32, Votes) {
        let standing = self.by_holder.get(&mandate.holder).into_iter().flatten();
        let standing: Vec<&Held> =
            standing.filter(|one| !replaced.contains(*one)).map(|one| &self.held[one]).collect();
        let mut principals: BTreeSet<PersonId> = standing.iter().map(|held| held.principal).collect();
        principals.insert(principal);
        let lots = standing.iter().flat_map(|held| held.mandate.lots.iter()).chain(mandate.lots.iter());
        let votes = lots.filter_map(|lot| roll.place(*lot)).map(|place| roll.lots()[place].votes);
        let carried = votes.chain([roll.votes_of(mandate.holder)]).sum();
        let proxies = u32::try_from(principals.len()).expect("invariant: as many as lots at the most");
        (proxies, carried)
    }

    fn end(&mut self, commitment: &Digest) {
        if let Some(held) = self.held.remove(commitment) {
            for lot in &held.mandate.lots {
                self.by_lot.remove(lot);
            }
            let of_holder = self.by_holder.entry(held.mandate.holder).or_default();
            of_holder.remove(commitment);
        }
    }
}

/// The law's limit on one holder, worked out: so many principals, or so large a part of all votes, its own included.
pub fn proxy_limit(roll: &Roll, proxies: u32, carried: Votes) -> Arithmetic {
    let rule = match roll.law {
        RuleSet::Belgium2020 => RuleId::BeProxies,
        RuleSet::France2020 => RuleId::FrProxies,
    };
    let formula = rule.formula().expect("invariant: the limit on proxies is a predicate");
    let counted = [
        (Quantity::ProxiesHeld, proxies.into()),
        (Quantity::VotesCarried, carried.0),
        (Quantity::VotesAll, roll.votes().0),
    ];
    Arithmetic::of(formula, &Figures::new(&counted))
}

/// Who is nobody's proxy.
fn barred(law: RuleSet) -> &'static [Duty] {
    match law {
        RuleSet::Belgium2020 => &[Duty::Syndic],
        RuleSet::France2020 => &[Duty::Syndic, Duty::SyndicPartner, Duty::SyndicRelative, Duty::SyndicStaff],
    }
}

/// Whether a proxy given for one assembly counts at this one.
fn covers(
    hall: &Hall<'_>,
    given: AssemblyId,
    mandate: &Mandate,
    is_notarial: bool,
) -> Result<(), ProxyRefused> {
    let is_second = match hall.opening.meeting {
        Meeting::WithoutQuorum(first) => first == given && mandate.covers_second,
        Meeting::First | Meeting::ForUnanimity(_) => false,
    };
    if given == hall.id || is_second || is_notarial {
        return Ok(());
    }
    Err(ProxyRefused::OtherAssembly { found: given })
}

impl<'a> Hall<'a> {
    /// The hall of an assembly.
    pub fn new(opening: &'a Opening, roll: &'a Roll, keys: &'a Keys, assessors: &'a [PersonId]) -> Self {
        Self { opening, roll, keys, assessors, id: opening.id() }
    }

    /// The assembly's id.
    pub fn id(&self) -> AssemblyId {
        self.id
    }

    /// Whether the syndic and an assessor of this assembly, two persons, signed a sheet.
    pub(super) fn countersigned(&self, verified: &VerifiedPaper, at: Place) -> Result<(), Refused> {
        let paper = verified.paper();
        let syndic = self.keys.person(&paper.syndic, at, self.opening.opens)?;
        let assessor = self.keys.person(&paper.assessor, at, self.opening.opens)?;
        let is_syndic = self.roll.has_duty(syndic, &[Duty::Syndic]);
        if !is_syndic || syndic == assessor || !self.assessors.contains(&assessor) {
            return Err(Refused::NotCountersigned);
        }
        Ok(())
    }
}

impl ProxyPaper {
    /// What the ledger knows it by.
    pub fn commitment(&self) -> Digest {
        match self {
            Self::Signed(signed) => signed.commitment(),
            Self::Paper(paper) => paper.commitment(),
        }
    }

    /// What it lets somebody do; none where it gives nothing.
    pub fn mandate(&self) -> Option<&Mandate> {
        match self {
            Self::Signed(signed) => match &signed.proxy().act {
                ProxyAct::Give(mandate) => Some(mandate),
                ProxyAct::TakeBack(_) => None,
            },
            Self::Paper(verified) => match &verified.paper().sheet {
                Sheet::Proxy(proxy) => Some(&proxy.mandate),
                Sheet::Ballot(_) | Sheet::Postal(_) => None,
            },
        }
    }

    /// The proxy that it takes back.
    pub fn taken_back(&self) -> Option<Digest> {
        match self {
            Self::Signed(signed) => match signed.proxy().act {
                ProxyAct::TakeBack(proxy) => Some(proxy),
                ProxyAct::Give(_) => None,
            },
            Self::Paper(_) => None,
        }
    }
}

impl Held {
    /// Whether it lets its holder vote on an item for a lot.
    pub fn lets(&self, holder: PersonId, lot: LotId, item: ItemNumber) -> bool {
        self.mandate.holder == holder && self.mandate.lots.contains(&lot) && self.mandate.covers(item)
    }
}
