//! Probes of assemblies: a ballot that comes late or twice, and a decision whose time has come.

use ledger::planted::Planted;
use ledger::state::assembly::{Carried, Intake};
use protocol::assembly::{
    AssemblyAction, AssemblyId, Commitments, Counters, Day, Effect, Item, ItemNumber, ItemResult, Meeting,
    Opening, RuleSet, Votes,
};
use protocol::energy::MicroEuro;
use protocol::{Bounded, Digest, Height, Payload, SigningKey};

use super::expect;
use super::stage::{HEARTBEAT_MS, Stage};
use crate::checker::{Rule, Violation};
use crate::meetings::{conclusion, item, record};

const OPENS: Height = Height(3);
const CLOSES: Height = Height(4);
/// A day so long before the stage's time that no judge can be asked any more.
const LONG_AGO: Day = Day(20_000);

fn counter(n: u8) -> SigningKey {
    SigningKey::from_seed(&[100 + n; 32])
}

/// An assembly of the follower of a hive of one authority.
fn opening(stage: &Stage) -> Opening {
    let item =
        Item { after_appeal: true, ..item(Digest::new([2; 32]), Effect::Purchase(MicroEuro(1_000_000))) };
    Opening {
        building: stage.address(1),
        number: 1,
        law: RuleSet::Belgium2020,
        meeting: Meeting::First,
        roll: Digest::new([1; 32]),
        owners: 10,
        votes: Votes(1_000),
        items: Bounded::new(vec![item]).expect("invariant: one item"),
        day: LONG_AGO,
        opens: OPENS,
        closes: CLOSES,
        counters: Counters {
            chair: counter(0).public(),
            syndic: counter(1).public(),
            assessor: counter(2).public(),
        },
    }
}

/// The follower's transactions, one behind the other.
struct Building {
    stage: Stage,
    sequence: u64,
}

impl Building {
    fn announced(planted: Planted) -> (Self, Opening) {
        let stage = Stage::new(1, 0, planted);
        let opening = opening(&stage);
        let mut building = Self { stage, sequence: 0 };
        building.ask(AssemblyAction::Announce(Box::new(opening.clone())));
        (building, opening)
    }

    fn ask(&mut self, action: AssemblyAction) {
        self.sequence += 1;
        let transaction = self.stage.transaction(1, self.sequence, Payload::Assembly(action));
        self.stage.gossip(transaction);
        self.stage.pass(1);
    }

    fn bring(&mut self, vote: AssemblyId, ballot: u8) {
        let commitments = Bounded::new(vec![Digest::new([ballot; 32])]).expect("invariant: one ballot");
        self.ask(AssemblyAction::Commit(Commitments { vote, commitments }));
    }

    /// Empty blocks up to a height.
    fn until(&mut self, height: Height) -> Result<(), Violation> {
        for _ in 0..20 {
            if self.stage.ledger().head().height >= height {
                return Ok(());
            }
            self.stage.pass(HEARTBEAT_MS);
        }
        Err(Violation::of(Rule::Liveness, format!("a hive of one does not come to block {height}")))
    }

    fn intake(&self, vote: &AssemblyId) -> Result<&Intake, Violation> {
        let intake = self.stage.ledger().state().intake(vote);
        intake.ok_or_else(|| Violation::of(Rule::Liveness, "a hive of one does not take an assembly in"))
    }
}

/// A ballot that comes after the last height does not count.
pub(super) fn late_ballot(planted: Planted) -> Result<(), Violation> {
    let (mut building, opening) = Building::announced(planted);
    let vote = opening.id();
    building.until(CLOSES)?;
    building.bring(vote, 7);
    let intake = building.intake(&vote)?;
    let found = (intake.late, intake.frontier.size());
    expect(found == (1, 0), Rule::Model, format!("{found:?} late and counted, expected (1, 0)"))
}

/// A ballot that comes twice counts once.
pub(super) fn ballot_twice(planted: Planted) -> Result<(), Violation> {
    let (mut building, opening) = Building::announced(planted);
    let vote = opening.id();
    building.until(Height(OPENS.0 - 1))?;
    building.bring(vote, 7);
    building.bring(vote, 7);
    let intake = building.intake(&vote)?;
    let found = (intake.replayed, intake.frontier.size());
    expect(found == (1, 1), Rule::Once, format!("{found:?} again and counted, expected (1, 1)"))
}

/// A decision that waited for its time is carried out in one block and in no later one.
pub(super) fn decision_twice(planted: Planted) -> Result<(), Violation> {
    let (mut building, opening) = Building::announced(planted);
    let vote = opening.id();
    building.until(CLOSES)?;
    let root = building.intake(&vote)?.frontier.root();
    let result = ItemResult::Counted(Box::new(record(&opening, ItemNumber(1), [600, 300], root)));
    let (chair, syndic) = (counter(0), counter(1));
    let chain = building.stage.genesis.chain();
    building.ask(conclusion(vote, vec![result], [&chair, &syndic], &chain));
    let next = building.stage.ledger().head().height.next();
    building.until(Height(next.0 + 3))?;
    let decision = building.stage.ledger().state().decision(&vote, ItemNumber(1)).map(|found| found.carried);
    let expected = Some(Carried::Done(next));
    expect(decision == expected, Rule::Once, format!("carried out {decision:?}, expected {expected:?}"))
}
