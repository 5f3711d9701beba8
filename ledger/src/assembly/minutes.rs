//! What the minutes say of a vote: totals, the majority with its figures, and the names the law wants, as lots and
//! persons of the registry. Names themselves are filled in where the page is made; none of this leaves the building.

use std::collections::BTreeSet;

use protocol::Digest;
use protocol::assembly::{Choice, LotId, PersonId, RuleId, RuleSet, TallyRecord, Votes};

use super::counting::Way;
use super::meeting::Quorum;
use super::proxies::{Held, Proxies};
use super::reduce::Reduction;
use super::roll::Roll;
use super::tally::{Doubt, Stand, Tally};

/// What the minutes of an assembly say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Minutes {
    /// The law under which it was held.
    pub law: RuleSet,
    /// The rule that names have to stand here.
    pub named: RuleId,
    /// The quorum.
    pub quorum: Quorum,
    /// The proxies that counted.
    pub proxies: Vec<Held>,
    /// The votes in their order.
    pub votes: Vec<VoteMinutes>,
}

/// What they say of one vote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoteMinutes {
    /// What everybody is told.
    pub record: TallyRecord,
    /// Who was against.
    pub against: Vec<Named>,
    /// Who abstained.
    pub abstained: Vec<Named>,
    /// Who gave a blank or null ballot.
    pub without_answer: Vec<Named>,
    /// Who was there and gave no answer.
    pub silent: Vec<Named>,
    /// Who counts as defaulting, as the text was changed after they voted by post (France, D. 17-1 A).
    pub defaulting: Vec<Named>,
    /// Whose lots were neither present nor represented.
    pub absent: Vec<Named>,
    /// Sheets of paper among what counts.
    pub on_paper: BTreeSet<Digest>,
    /// What the law took off.
    pub reductions: Vec<Reduction>,
    /// Points that whoever chairs decided.
    pub doubts: BTreeSet<Doubt>,
}

/// A lot that is named, with its owners.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The lot.
    pub lot: LotId,
    /// Who owns it.
    pub owners: Vec<PersonId>,
    /// Who answered for it; none for silence.
    pub by: Option<PersonId>,
    /// Its votes as they are held.
    pub votes: Votes,
}

/// The minutes of an assembly.
pub fn minutes(roll: &Roll, quorum: Quorum, proxies: &Proxies, tallies: &[Tally]) -> Minutes {
    let named = match roll.law {
        RuleSet::Belgium2020 => RuleId::BeNamed,
        RuleSet::France2020 => RuleId::FrNamed,
    };
    let votes = tallies.iter().map(|tally| of_vote(roll, tally)).collect();
    Minutes { law: roll.law, named, quorum, proxies: proxies.held().cloned().collect(), votes }
}

fn of_vote(roll: &Roll, tally: &Tally) -> VoteMinutes {
    let named = |stand: &Stand| {
        let place = roll.place(stand.lot).expect("invariant: who stands somewhere is on the roll");
        let owners = roll.owners()[roll.lots()[place].owner].clone();
        Named { lot: stand.lot, owners, by: stand.vote.map(|vote| vote.by), votes: stand.held }
    };
    let who = |stands: &dyn Fn(&Stand) -> bool| -> Vec<Named> {
        tally.stands.iter().filter(|stand| stands(stand)).map(named).collect()
    };
    let answered =
        |stand: &Stand, choices: &[Choice]| stand.vote.is_some_and(|vote| choices.contains(&vote.choice));
    let there: BTreeSet<LotId> = tally.stands.iter().map(|stand| stand.lot).collect();
    let absent = roll.lots().iter().filter(|lot| !there.contains(&lot.lot)).map(|lot| Named {
        lot: lot.lot,
        owners: roll.owners()[lot.owner].clone(),
        by: None,
        votes: lot.votes,
    });
    let is_paper = |way: Way| match way {
        Way::Post | Way::ByProxyInRoom | Way::InRoom => true,
        Way::ByProxy | Way::Signed => false,
    };
    let on_paper = tally.stands.iter().filter_map(|stand| stand.vote).filter(|vote| is_paper(vote.way));
    VoteMinutes {
        record: tally.record.clone(),
        against: who(&|stand| answered(stand, &[Choice::Against])),
        abstained: who(&|stand| answered(stand, &[Choice::Abstain])),
        without_answer: who(&|stand| answered(stand, &[Choice::Blank, Choice::Null])),
        silent: who(&|stand| stand.vote.is_none() && !stand.is_defaulting),
        defaulting: who(&|stand| stand.is_defaulting),
        absent: absent.collect(),
        on_paper: on_paper.map(|vote| vote.commitment).collect(),
        reductions: tally.reductions.clone(),
        doubts: tally.doubts.clone(),
    }
}
