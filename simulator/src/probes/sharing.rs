//! Probes of shared energy: settlements that lying authorities would like to see in a block.

use ledger::planted::Planted;
use protocol::energy::{
    Desk, EnergyAction, Fees, MicroEuro, NetLine, Price, Rota, Settlement, SignedSettlement, SlotId,
    SlotLength, SlotResult, Tariff, WattHours, WeekBooking,
};
use protocol::{Action, Bounded, Digest, Height, Payload, Signature, VerifiedTransaction, VoteKind};

use super::expect;
use super::stage::Stage;
use crate::checker::{Rule, Violation};

/// The first slot with a tariff: the one after that in which a stage begins.
const SLOT: SlotId = SlotId(1_961_112);
/// From the beginning of a stage to the end of that slot, milliseconds.
const UNTIL_OVER_MS: u64 = 1_701_000;

/// Three of four decide a block: the first height's on sharing, later ones on what came of it.
fn decide(stage: &mut Stage, by: usize, transactions: &[VerifiedTransaction]) -> Result<(), Violation> {
    let block = stage.block_of(by, 0, transactions);
    let height = block.header.height;
    let whole = block.transactions.len() == transactions.len();
    expect(whole, Rule::Liveness, format!("block {height} does not hold what was asked for"))?;
    stage.propose(by, 0, &block);
    for kind in [VoteKind::Prevote, VoteKind::Precommit] {
        for voter in 1..4 {
            stage.vote_at(voter, kind, height, 0, Some(block.id()));
        }
    }
    let head = stage.ledger().head().height;
    expect(head == height, Rule::Liveness, format!("three of four decide block {height}, the head is {head}"))
}

/// Authority 0 of four, where 1 and 2 settle and a slot is over.
fn opened(planted: Planted) -> Result<Stage, Violation> {
    let mut stage = Stage::new(4, 0, planted);
    let operator = |n: u8| Digest::new([n; 32]);
    let desks = [1u8, 2].map(|n| Desk { authority: stage.address(n.into()), operator: operator(n) });
    let rota = Rota::new(desks.to_vec()).expect("invariant: two desks of two operators");
    let fees = Fees::flat(Price(0));
    let tariff = Tariff { retail: Price(250_000), feed_in: Price(40_000), fees, valid_from: SLOT };
    let propose = |action| Payload::Propose(Action::Energy(action));
    let mut transactions = vec![
        stage.transaction(1, 1, propose(EnergyAction::Settle(rota))),
        stage.transaction(1, 2, propose(EnergyAction::Charge(tariff))),
    ];
    for by in [2, 3] {
        transactions.push(stage.transaction(by, 1, Payload::Approve(1)));
        transactions.push(stage.transaction(by, 2, Payload::Approve(2)));
    }
    decide(&mut stage, 1, &transactions)?;
    stage.skip(UNTIL_OVER_MS);
    Ok(stage)
}

fn result() -> Settlement {
    Settlement::Slot(SlotResult {
        slot: SLOT,
        version: 1,
        demand: WattHours(200),
        surplus: WattHours(150),
        traded: WattHours(150),
        given: WattHours(0),
        declined: WattHours(0),
        price: Some(Price(145_000)),
        lines: Digest::new([1; 32]),
        missing: Bounded::default(),
    })
}

fn signed(stage: &Stage, settlement: Settlement, second: Signature) -> Payload {
    let first = stage.settles(1, &settlement);
    let signatures = [(stage.address(1), first), (stage.address(2), second)];
    Payload::Settle(Box::new(SignedSettlement { settlement, signatures }))
}

fn agreed(stage: &Stage, settlement: Settlement) -> Payload {
    let second = stage.settles(2, &settlement);
    signed(stage, settlement, second)
}

/// Whether a block with this transaction in it gets this ledger's vote.
fn is_voted_for(stage: &mut Stage, by: usize, transaction: VerifiedTransaction) -> bool {
    let block = stage.block_of(by, 0, &[transaction]);
    let height = block.header.height;
    stage.propose(by, 0, &block);
    let voted = stage.voted(VoteKind::Prevote, height, 0);
    !block.transactions.is_empty() && voted == Some(Some(block.id()))
}

/// A slot is settled, and put forward a second time as if it were not.
pub(super) fn settled_twice(planted: Planted) -> Result<(), Violation> {
    let mut stage = opened(planted)?;
    let settle = |stage: &Stage, by, sequence| stage.transaction(by, sequence, agreed(stage, result()));
    let first = settle(&stage, 1, 3);
    decide(&mut stage, 2, &[first])?;
    let again = settle(&stage, 2, 3);
    let is_voted_for = is_voted_for(&mut stage, 3, again);
    expect(!is_voted_for, Rule::Once, "a slot that is settled is settled once more")
}

/// The second desk never signed.
pub(super) fn forged_signature(planted: Planted) -> Result<(), Violation> {
    let mut stage = opened(planted)?;
    let forged = stage.settles(3, &result());
    let payload = signed(&stage, result(), forged);
    let transaction = stage.transaction(1, 3, payload);
    let is_voted_for = is_voted_for(&mut stage, 2, transaction);
    expect(!is_voted_for, Rule::Blame, "a settlement with one signature that holds gets a vote")
}

/// A week whose net amounts make a euro of nothing.
pub(super) fn uneven_booking(planted: Planted) -> Result<(), Violation> {
    let mut stage = opened(planted)?;
    let settle = stage.transaction(1, 3, agreed(&stage, result()));
    decide(&mut stage, 2, &[settle])?;
    let line = |of: usize, bought, sold, balance| NetLine {
        member: stage.address(of),
        bought: WattHours(bought),
        sold: WattHours(sold),
        balance: MicroEuro(balance),
        fee: MicroEuro(0),
    };
    let mut lines = vec![line(1, 150, 0, -21_750), line(2, 0, 150, 21_751)];
    lines.sort_by_key(|line| line.member);
    let lines = Bounded::new(lines).expect("invariant: two lines");
    let week = ledger::state::energy::week_of(SLOT, SlotLength::Quarter);
    let booking = Settlement::Week(WeekBooking { week, number: 1, lines });
    let booked = stage.transaction(2, 3, agreed(&stage, booking));
    let is_voted_for = is_voted_for(&mut stage, 3, booked);
    let height = stage.ledger().head().height;
    expect(height == Height(2), Rule::Liveness, format!("two blocks were decided, the head is {height}"))?;
    expect(!is_voted_for, Rule::Model, "net amounts that come to a micro-euro are booked")
}
