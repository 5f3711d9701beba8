//! The scripts themselves. P0 to P3 propose in rounds 0 to 3 of the first height; a polka is three prevotes of the four.

use protocol::VoteKind::{Precommit, Prevote};
use protocol::{BlockId, Message};

use super::Cast;
use super::stage::{Stage, Wire};
use crate::checker::Violation;
use crate::mutants::Mutant;
use crate::trace::Trace;

type Played = Result<(), Violation>;

const PREVOTES: fn(&Wire) -> bool =
    |wire| matches!(&wire.message, Message::Vote(signed) if signed.vote.kind == Prevote);
const PRECOMMITS: fn(&Wire) -> bool =
    |wire| matches!(&wire.message, Message::Vote(signed) if signed.vote.kind == Precommit);
const PROPOSALS: fn(&Wire) -> bool = |wire| matches!(&wire.message, Message::Proposal(_) | Message::Body(_));

/// Where a lock is to be: `lockers` see the polka, the other honest ones do not.
struct Lock<'a> {
    honest: &'a [usize],
    lockers: &'a [usize],
    liar: usize,
}

/// Round 0: P0's block gets the prevotes of all honest ones, but only some see them all in time. These lock it and
/// precommit; the others precommit nil. No precommit has arrived anywhere.
fn lock_in_round_0(stage: &mut Stage<'_, '_>, cast: &Lock<'_>) -> Result<BlockId, Violation> {
    let Lock { honest, lockers, liar } = cast;
    let (block, _) = stage.proposal(0, 0)?;
    stage.pass(PROPOSALS)?;
    for actor in honest.iter() {
        stage.must_have_voted(*actor, Prevote, 0, Some(block))?;
    }
    for actor in honest.iter().copied() {
        if lockers.contains(&actor) {
            stage.pass(|wire| PREVOTES(wire) && wire.to == actor)?;
            stage.must_have_voted(actor, Precommit, 0, Some(block))?;
        } else {
            // Its own prevote, one more for the block and the liar's: three, but no polka.
            let other = honest.iter().copied().find(|other| *other != actor);
            stage.pass(|wire| PREVOTES(wire) && wire.to == actor && Some(wire.from) == other)?;
            stage.vote(*liar, &[actor], Prevote, 0, None)?;
        }
    }
    stage.wait(800)?;
    for actor in honest.iter().copied().filter(|actor| !lockers.contains(actor)) {
        stage.must_have_voted(actor, Precommit, 0, None)?;
    }
    Ok(block)
}

/// Everybody sees the honest precommits of round 0 and the liar's nil, and goes on to round 1.
fn leave_round_0(stage: &mut Stage<'_, '_>, honest: &[usize], liar: usize) -> Played {
    stage.pass(PRECOMMITS)?;
    stage.vote(liar, honest, Precommit, 0, None)?;
    stage.until_round(1, honest)
}

/// A round that leads nowhere: its proposal is lost, everybody votes nil.
fn idle_round(stage: &mut Stage<'_, '_>, honest: &[usize], round: u32) -> Played {
    stage.lose(PROPOSALS);
    stage.wait(1_100 + u64::from(round) * 250)?;
    stage.pass(PREVOTES)?;
    stage.wait(600 + u64::from(round) * 250)?;
    stage.pass(PRECOMMITS)?;
    stage.until_round(round + 1, honest)
}

pub(super) fn hidden_lock(cast: Cast, mutant: Option<Mutant>, trace: &mut Trace<'_>) -> Played {
    let (honest, liar) = ([0, 1, 2], 3);
    let mut stage = Stage::new(cast, mutant, &[liar], trace)?;
    let cast = Lock { honest: &honest, lockers: &[1], liar };
    let block = lock_in_round_0(&mut stage, &cast)?;
    leave_round_0(&mut stage, &honest, liar)?;
    // P1 proposes its locked block in round 1; it does not arrive, nor does anything that shows the polka.
    let (again, pol_round) = stage.proposal(1, 1)?;
    if (again, pol_round) != (block, Some(0)) {
        return Err(stage.broken("P1 holds a lock and proposes something else".to_owned()));
    }
    stage.lose(|wire| matches!(wire.message, Message::Polka(_)));
    idle_round(&mut stage, &honest, 1)?;
    // From now on the liar is silent and the three honest ones need each other.
    stage.free()
}

pub(super) fn disagreement(cast: Cast, mutant: Option<Mutant>, trace: &mut Trace<'_>) -> Played {
    let liar = 0;
    let mut stage = Stage::new(cast, mutant, &[liar], trace)?;
    let (one, two) = (stage.forge(liar, 1), stage.forge(liar, 2));
    stage.propose(liar, &[1], 0, one, None)?;
    stage.propose(liar, &[2, 3], 0, two, None)?;
    stage.vote(liar, &[1], Prevote, 0, Some(one))?;
    stage.vote(liar, &[2, 3], Prevote, 0, Some(two))?;
    stage.pass(PREVOTES)?;
    stage.must_have_voted(2, Precommit, 0, Some(two))?;
    stage.must_have_voted(3, Precommit, 0, Some(two))?;
    stage.vote(liar, &[1], Precommit, 0, Some(one))?;
    stage.vote(liar, &[2], Precommit, 0, Some(two))?;
    stage.pass(|wire| PRECOMMITS(wire) && wire.to == 2)?;
    stage.must_have_decided(2, two)?;
    stage.free()?;
    stage.must_have_decided(1, two)
}

/// Two liars of four: the schedule of `disagreement`, with a second liar that helps.
#[cfg(test)]
pub(super) fn fork_by_two(cast: Cast, trace: &mut Trace<'_>) -> Played {
    let liars = [0, 3];
    let mut stage = Stage::new(cast, None, &liars, trace)?;
    let blocks = [(1, stage.forge(0, 1)), (2, stage.forge(0, 2))];
    for (honest, block) in blocks {
        stage.propose(0, &[honest], 0, block, None)?;
        for kind in [Prevote, Precommit] {
            for liar in liars {
                stage.vote(liar, &[honest], kind, 0, Some(block))?;
            }
        }
    }
    stage.free()?;
    assert_eq!(stage.decisions().len(), 2);
    Ok(())
}

pub(super) fn line_26(cast: Cast, mutant: Option<Mutant>, trace: &mut Trace<'_>) -> Played {
    let (honest, liar) = ([0, 2, 3], 1);
    let mut stage = Stage::new(cast, mutant, &[liar], trace)?;
    let cast = Lock { honest: &honest, lockers: &[2], liar };
    lock_in_round_0(&mut stage, &cast)?;
    leave_round_0(&mut stage, &honest, liar)?;
    let other = stage.forge(liar, 1);
    stage.propose(liar, &honest, 1, other, None)?;
    stage.must_have_voted(2, Prevote, 1, None)?;
    stage.must_have_voted(0, Prevote, 1, Some(other))?;
    stage.must_have_voted(3, Prevote, 1, Some(other))?;
    stage.free()
}

pub(super) fn line_28(cast: Cast, mutant: Option<Mutant>, trace: &mut Trace<'_>) -> Played {
    let (honest, liar) = ([0, 2, 3], 1);
    let mut stage = Stage::new(cast, mutant, &[liar], trace)?;
    let cast = Lock { honest: &honest, lockers: &[2, 3], liar };
    let block = lock_in_round_0(&mut stage, &cast)?;
    leave_round_0(&mut stage, &honest, liar)?;
    let polka = stage.polka(0, block, &[]);
    stage.say(liar, &honest, &polka)?;
    stage.propose(liar, &honest, 1, block, Some(0))?;
    for actor in honest {
        stage.must_have_voted(actor, Prevote, 1, Some(block))?;
    }
    stage.free()?;
    honest.into_iter().try_for_each(|actor| stage.must_have_decided(actor, block))
}

pub(super) fn line_32(cast: Cast, mutant: Option<Mutant>, trace: &mut Trace<'_>) -> Played {
    let (honest, liar) = ([0, 1, 2], 3);
    let mut stage = Stage::new(cast, mutant, &[liar], trace)?;
    // Round 0: a polka that nobody sees in time.
    let cast = Lock { honest: &honest, lockers: &[], liar };
    let old = lock_in_round_0(&mut stage, &cast)?;
    leave_round_0(&mut stage, &honest, liar)?;
    // Round 1: P1's block; P2 alone sees its polka and locks it.
    let (new, _) = stage.proposal(1, 1)?;
    if new == old {
        return Err(stage.broken("P1 proposes a block whose polka it has not seen".to_owned()));
    }
    stage.lose(|wire| {
        matches!(&wire.message, Message::Vote(signed) if signed.vote.round.0 == 0)
            || matches!(&wire.message, Message::Polka(polka) if polka.round.0 == 0)
    });
    stage.pass(PROPOSALS)?;
    for actor in honest {
        stage.must_have_voted(actor, Prevote, 1, Some(new))?;
    }
    stage.pass(|wire| PREVOTES(wire) && wire.to == 2)?;
    stage.must_have_voted(2, Precommit, 1, Some(new))?;
    for (actor, other) in [(0, 1), (1, 0)] {
        stage.pass(|wire| PREVOTES(wire) && wire.to == actor && wire.from == other)?;
        stage.vote(liar, &[actor], Prevote, 1, None)?;
    }
    stage.wait(1_000)?;
    stage.lose(|wire| PREVOTES(wire) || matches!(wire.message, Message::Polka(_)));
    stage.pass(PRECOMMITS)?;
    stage.vote(liar, &honest, Precommit, 1, None)?;
    stage.until_round(2, &honest)?;
    idle_round(&mut stage, &honest, 2)?;
    // Round 3: the liar proposes the old block with its polka, which holds.
    let polka = stage.polka(0, old, &[]);
    stage.say(liar, &honest, &polka)?;
    stage.propose(liar, &honest, 3, old, Some(0))?;
    stage.must_have_voted(2, Prevote, 3, None)?;
    stage.free()
}

pub(super) fn line_42(cast: Cast, mutant: Option<Mutant>, trace: &mut Trace<'_>) -> Played {
    let (honest, liar) = ([0, 1, 2], 3);
    let mut stage = Stage::new(cast, mutant, &[liar], trace)?;
    let cast = Lock { honest: &honest, lockers: &[], liar };
    let block = lock_in_round_0(&mut stage, &cast)?;
    // P1 has precommitted nil; the prevotes that were held back make the polka whole.
    stage.pass(|wire| PREVOTES(wire) && wire.to == 1)?;
    leave_round_0(&mut stage, &honest, liar)?;
    if stage.proposal(1, 1)? != (block, Some(0)) {
        return Err(stage.broken("P1 saw a polka and proposes something else".to_owned()));
    }
    stage.free()?;
    honest.into_iter().try_for_each(|actor| stage.must_have_decided(actor, block))
}

pub(super) fn decide_for_past_round(cast: Cast, mutant: Option<Mutant>, trace: &mut Trace<'_>) -> Played {
    let (honest, liar) = ([0, 1, 2], 3);
    let mut stage = Stage::new(cast, mutant, &[liar], trace)?;
    let cast = Lock { honest: &honest, lockers: &honest, liar };
    let block = lock_in_round_0(&mut stage, &cast)?;
    // P0 sees one precommit beside its own and the liar's nil, and goes on.
    stage.pass(|wire| PRECOMMITS(wire) && wire.to == 0 && wire.from == 1)?;
    stage.vote(liar, &[0], Precommit, 0, None)?;
    stage.until_round(1, &[0])?;
    if stage.is_decided(0) {
        return Err(stage.broken("P0 decides with two precommits of four".to_owned()));
    }
    stage.pass(|wire| PRECOMMITS(wire) && wire.to == 0 && wire.from == 2)?;
    stage.must_have_decided(0, block)?;
    stage.free()?;
    honest.into_iter().try_for_each(|actor| stage.must_have_decided(actor, block))
}

pub(super) fn twins(cast: Cast, mutant: Option<Mutant>, trace: &mut Trace<'_>) -> Played {
    let mut stage = Stage::new(cast, mutant, &[], trace)?;
    // P0 and its twin both propose in round 0: P0 to P1, the twin to P2 and P3.
    let twin = stage.twin(0)?;
    stage.wait(20)?;
    let is_left = |actor: usize| actor <= 1;
    let same_side = move |wire: &Wire| {
        let from_left = is_left(wire.from);
        let to_left = is_left(wire.to);
        from_left == to_left
    };
    stage.lose(|wire| wire.to == 0);
    for _ in 0..3 {
        stage.pass(move |wire| same_side(wire))?;
        stage.wait(50)?;
    }
    // The twin hears nothing and yet signs: its prevote and the two of its side are a polka there.
    let (left, _) = stage.proposal(0, 0)?;
    let (right, _) = stage.proposal(twin, 0)?;
    if left == right {
        return Err(stage.broken("two copies propose one block: the script shows nothing".to_owned()));
    }
    stage.must_have_voted(1, Prevote, 0, Some(left))?;
    stage.must_have_voted(2, Prevote, 0, Some(right))?;
    stage.must_have_voted(3, Prevote, 0, Some(right))?;
    stage.free()
}

pub(super) fn split_vote(
    cast: Cast,
    mutant: Option<Mutant>,
    restarts: bool,
    trace: &mut Trace<'_>,
) -> Played {
    let (honest, liar) = ([0, 1, 2], 3);
    let mut stage = Stage::new(cast, mutant, &[liar], trace)?;
    let cast = Lock { honest: &honest, lockers: &[0, 2], liar };
    let block = lock_in_round_0(&mut stage, &cast)?;
    // P2 alone decides, and nothing that it says about it arrives.
    stage.pass(|wire| PRECOMMITS(wire) && wire.to == 2 && wire.from == 0)?;
    stage.vote(liar, &[2], Precommit, 0, Some(block))?;
    stage.must_have_decided(2, block)?;
    stage.lose(|wire| wire.from == 2 || wire.to == 2);
    stage.pass(PRECOMMITS)?;
    stage.vote(liar, &[0, 1], Precommit, 0, None)?;
    stage.until_round(1, &[0, 1])?;
    if restarts {
        stage.restart(0)?;
        stage.until_round(1, &[0])?;
    }
    // P1 holds no lock and proposes its own block; P0 must stand by its lock.
    let (other, _) = stage.proposal(1, 1)?;
    stage.lose(|wire| matches!(wire.message, Message::Polka(_)) || wire.from == 2 || wire.to == 2);
    stage.pass(PROPOSALS)?;
    stage.must_have_voted(1, Prevote, 1, Some(other))?;
    stage.must_have_voted(0, Prevote, 1, None)?;
    stage.vote(liar, &[0, 1], Prevote, 1, Some(other))?;
    stage.pass(|wire| PREVOTES(wire) && wire.to != 2)?;
    stage.vote(liar, &[0, 1], Precommit, 1, Some(other))?;
    stage.free()?;
    honest.into_iter().try_for_each(|actor| stage.must_have_decided(actor, block))
}
