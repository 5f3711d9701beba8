//! For whom somebody may speak at an assembly: own lots, proxies given and held, and whom the law lets hold one more.

use std::collections::{BTreeMap, BTreeSet};

use ledger::assembly::{Proxies, Roll, proxy_limit};
use protocol::Digest;
use protocol::assembly::{
    Duty, ItemNumber, LotId, Mandate, PersonId, ProxyAct, RuleId, RuleSet, Sheet, Votes,
};
use web::view::{HolderView, ProxyStage, ProxyView, StandView, VoiceView};
use web::{Actor, Kind, Problem};

use super::super::home;
use crate::core::Core;
use crate::core::assembly::{Body, Counted, Gathering, Taken};

/// What one person may do at an assembly that was announced.
pub(in crate::shell) fn voice(core: &Core, by: &Actor, number: u32) -> Result<VoiceView, Problem> {
    let missing = || Problem::new(Kind::NotFound, "there is no such assembly").field("id");
    let gathering = core.home().gatherings().get(&number).ok_or_else(missing)?;
    let counted = core.counted(gathering).map_err(|_| missing())?;
    let person = by.person.map(PersonId);
    let own: Vec<LotId> = match person {
        Some(person) => lots_of(&counted.roll, person),
        None => Vec::new(),
    };
    let all = proxies(core, gathering, &counted);
    let of = |wanted: fn(&Known<'_>) -> Option<PersonId>| {
        let mine = all.iter().filter(|known| person.is_some() && wanted(known) == person);
        mine.map(|known| known.view(core, gathering, &counted.roll)).collect::<Vec<_>>()
    };
    Ok(VoiceView {
        own: stands(gathering, &counted.roll, &own, person.as_slice(), |_| true),
        given: of(|known| known.principal),
        held: of(|known| (known.stage == ProxyStage::Counts).then_some(known.mandate.holder)),
        holders: person.map_or_else(Vec::new, |person| holders(core, &counted, person, &own)),
        article: limit_rule(counted.roll.law).rule().article.to_owned(),
    })
}

/// A proxy as far as this node knows of it.
struct Known<'a> {
    commitment: Digest,
    principal: Option<PersonId>,
    mandate: &'a Mandate,
    on_paper: bool,
    stage: ProxyStage,
    reason: Option<String>,
}

/// Those given for this assembly, and of the one without quorum that it holds again those that cover it too.
fn proxies<'a>(core: &'a Core, gathering: &'a Gathering, counted: &Counted) -> Vec<Known<'a>> {
    let refused: BTreeMap<Digest, String> =
        counted.proxies.refused().iter().map(|(commitment, why)| (*commitment, why.to_string())).collect();
    let known = |taken: &'a Taken| {
        let commitment = taken.commitment();
        let (principal, mandate, on_paper) = match &taken.body {
            Body::Proxy(signed) => match &signed.proxy.act {
                ProxyAct::Give(mandate) => {
                    let key = core.home().residents().key(&signed.proxy.principal);
                    (key.map(|key| key.person), mandate, false)
                }
                ProxyAct::TakeBack(_) => return None,
            },
            Body::Ballot(_) | Body::Paper(_) | Body::Entered(_) => {
                let paper = taken.body.paper()?;
                let Sheet::Proxy(proxy) = &paper.sheet else { return None };
                (Some(paper.person), &proxy.mandate, true)
            }
        };
        let reason = refused.get(&commitment).cloned();
        let stage = match (taken.stands, &reason) {
            (None, _) => ProxyStage::Waiting,
            (Some(_), Some(_)) => ProxyStage::Refused,
            (Some(_), None) if counted.proxies.get(&commitment).is_some() => ProxyStage::Counts,
            (Some(_), None) => ProxyStage::Ended,
        };
        Some(Known { commitment, principal, mandate, on_paper, stage, reason })
    };
    let first = core.home().without_quorum(gathering);
    let before = first.into_iter().flat_map(|first| first.taken.values()).filter_map(known);
    let carried = before.filter(|known| known.mandate.covers_second);
    carried.chain(gathering.taken.values().filter_map(known)).collect()
}

impl Known<'_> {
    fn view(&self, core: &Core, gathering: &Gathering, roll: &Roll) -> ProxyView {
        let parties = [self.principal, Some(self.mandate.holder)].into_iter().flatten().collect::<Vec<_>>();
        let name =
            |person: Option<PersonId>| person.map_or_else(String::new, |person| home::name(core, person));
        ProxyView {
            commitment: self.commitment.to_string(),
            principal: name(self.principal),
            holder: name(Some(self.mandate.holder)),
            lots: self.mandate.lots.iter().map(|lot| lot_name(gathering, *lot)).collect(),
            votes: weigh(roll, &self.mandate.lots).0,
            items: self.mandate.items.iter().map(|item| item.0).collect(),
            covers_second: self.mandate.covers_second,
            on_paper: self.on_paper,
            stage: self.stage,
            reason: self.reason.clone(),
            stands: stands(gathering, roll, &self.mandate.lots, &parties, |item| self.mandate.covers(item)),
        }
    }
}

fn lots_of(roll: &Roll, person: PersonId) -> Vec<LotId> {
    roll.lots().iter().filter(|lot| lot.voter == Some(person)).map(|lot| lot.lot).collect()
}

fn weigh(roll: &Roll, lots: &[LotId]) -> Votes {
    lots.iter().filter_map(|lot| roll.place(*lot)).map(|place| roll.lots()[place].votes).sum()
}

pub(super) fn lot_name(gathering: &Gathering, lot: LotId) -> String {
    let lots = gathering.registry.iter().flat_map(|registry| registry.lots.iter());
    let found = lots.into_iter().find(|one| one.id == lot);
    found.map_or_else(|| lot.to_string(), |lot| lot.name.to_string())
}

/// With which lots and votes somebody answers each item. Lots that bear nothing of a charge have no part in it, and
/// nobody votes on the own mission.
fn stands(
    gathering: &Gathering,
    roll: &Roll,
    lots: &[LotId],
    parties: &[PersonId],
    covers: impl Fn(ItemNumber) -> bool,
) -> Vec<StandView> {
    let covered = gathering.items.values().filter(|item| covers(item.resolution.item));
    covered
        .map(|item| {
            let resolution = &item.resolution;
            let weights = roll.weights(resolution.base).unwrap_or_default();
            let with = lots.iter().filter_map(|lot| Some((*lot, *weights.get(roll.place(*lot)?)?)));
            let own_mission = roll.law == RuleSet::Belgium2020
                && parties.iter().any(|person| resolution.missions.contains(person));
            let with: Vec<(LotId, Votes)> =
                with.filter(|(_, votes)| *votes > Votes::ZERO && !own_mission).collect();
            StandView {
                item: resolution.item.0,
                lots: with.iter().map(|(lot, _)| lot.0).collect(),
                votes: with.iter().map(|(_, votes)| *votes).sum::<Votes>().0,
                own_mission,
            }
        })
        .collect()
}

const fn limit_rule(law: RuleSet) -> RuleId {
    match law {
        RuleSet::Belgium2020 => RuleId::BeProxies,
        RuleSet::France2020 => RuleId::FrProxies,
    }
}

/// Everybody to whom these lots may be given, with what the law's limit would come to.
fn holders(core: &Core, counted: &Counted, principal: PersonId, lots: &[LotId]) -> Vec<HolderView> {
    let roll = &counted.roll;
    let voters: BTreeSet<PersonId> = roll.lots().iter().filter_map(|lot| lot.voter).collect();
    let view = |person: PersonId| {
        let (before, carried) = carried(&counted.proxies, roll, person, principal);
        let (proxies, carried) = (before + 1, Votes(carried.0 + weigh(roll, lots).0));
        let limit = proxy_limit(roll, proxies, carried);
        let barred = match roll.law {
            RuleSet::Belgium2020 => roll.has_duty(person, &[Duty::Syndic]),
            RuleSet::France2020 => {
                let household = [Duty::Syndic, Duty::SyndicPartner, Duty::SyndicRelative, Duty::SyndicStaff];
                roll.has_duty(person, &household)
            }
        };
        HolderView {
            person: person.0,
            name: home::name(core, person),
            proxies,
            carried: carried.0,
            votes: roll.votes().0,
            barred,
            allowed: !barred && limit.holds(),
            arithmetic: limit.to_string(),
        }
    };
    voters.into_iter().filter(|person| *person != principal).map(view).collect()
}

/// How many others a holder stands for without this principal, and with how many votes, its own included.
fn carried(proxies: &Proxies, roll: &Roll, holder: PersonId, principal: PersonId) -> (u32, Votes) {
    let held = proxies.held().filter(|held| held.mandate.holder == holder && held.principal != principal);
    let (mut principals, mut votes) = (BTreeSet::new(), roll.votes_of(holder));
    for one in held {
        principals.insert(one.principal);
        votes = Votes(votes.0 + weigh(roll, &one.mandate.lots).0);
    }
    (u32::try_from(principals.len()).expect("invariant: no more than lots"), votes)
}
