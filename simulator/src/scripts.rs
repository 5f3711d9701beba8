//! Scripts: schedules in which every message is directed, because random lies do not find what a lock is for. Names are
//! those of the runs in Malachite's specifications; numbers are lines of the Tendermint paper (Buchman, Kwon, Milosevic
//! 2018, algorithm 1).

mod plays;
mod stage;

use crate::checker::Violation;
use crate::mutants::Mutant;
use crate::trace::Trace;

/// One schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Script {
    /// One honest authority locks a block whose polka nobody else saw.
    HiddenLock,
    /// A proposer sends two blocks to two halves and votes for both.
    Disagreement,
    /// Locked, and another block is proposed without a polka: the prevote is nil.
    Line26,
    /// Locked, and the same block is proposed with its polka: the prevote is for it.
    Line28,
    /// Locked, and another block is proposed with a polka older than the lock: the prevote is nil.
    Line32,
    /// A polka that is seen too late for a lock still makes the block the one to propose.
    Line42,
    /// Precommits of an earlier round decide.
    DecideForPastRound,
    /// Two running copies of one authority on two sides of a cut.
    Twins,
    /// One has decided and is cut off; a liar wants the others to decide something else.
    SplitVote,
    /// The same, and those who hold the lock are restarted in between.
    Amnesia,
}

impl Script {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::HiddenLock,
        Self::Disagreement,
        Self::Line26,
        Self::Line28,
        Self::Line32,
        Self::Line42,
        Self::DecideForPastRound,
        Self::Twins,
        Self::SplitVote,
        Self::Amnesia,
    ];

    /// The one that a seed plays before its world begins.
    pub fn of(seed: u64) -> Self {
        let count = Self::ALL.len() as u64;
        let index = usize::try_from(seed % count).expect("invariant: below the number of scripts");
        Self::ALL[index]
    }

    /// Its name in traces.
    pub const fn name(self) -> &'static str {
        match self {
            Self::HiddenLock => "hiddenlock",
            Self::Disagreement => "disagreement",
            Self::Line26 => "line26",
            Self::Line28 => "line28",
            Self::Line32 => "line32",
            Self::Line42 => "line42",
            Self::DecideForPastRound => "decideForPastRound",
            Self::Twins => "twins",
            Self::SplitVote => "splitVote",
            Self::Amnesia => "amnesia",
        }
    }
}

/// Who plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cast {
    /// What the keys are drawn from.
    pub seed: u64,
    /// Whether they are Ed25519 or stubs.
    pub is_real: bool,
}

/// Plays a script.
pub fn play(
    script: Script,
    cast: Cast,
    mutant: Option<Mutant>,
    trace: &mut Trace<'_>,
) -> Result<(), Violation> {
    trace.note(0, "script", &[script.name().as_bytes()], || format!("script: {}", script.name()));
    let played = match script {
        Script::HiddenLock => plays::hidden_lock(cast, mutant, trace),
        Script::Disagreement => plays::disagreement(cast, mutant, trace),
        Script::Line26 => plays::line_26(cast, mutant, trace),
        Script::Line28 => plays::line_28(cast, mutant, trace),
        Script::Line32 => plays::line_32(cast, mutant, trace),
        Script::Line42 => plays::line_42(cast, mutant, trace),
        Script::DecideForPastRound => plays::decide_for_past_round(cast, mutant, trace),
        Script::Twins => plays::twins(cast, mutant, trace),
        Script::SplitVote => plays::split_vote(cast, mutant, false, trace),
        Script::Amnesia => plays::split_vote(cast, mutant, true, trace),
    };
    played.map_err(|Violation { rule, detail }| {
        Violation::of(rule, format!("script {}: {detail}", script.name()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checker::Rule;

    #[test]
    fn every_script_ends_well() {
        for script in Script::ALL {
            for seed in 0..3 {
                let played = play(script, Cast { seed, is_real: true }, None, &mut Trace::new(None));
                assert_eq!(played, Ok(()), "{}, keys of seed {seed}", script.name());
            }
        }
    }

    #[test]
    fn more_liars_than_a_hive_bears_break_agreement_and_it_is_seen() {
        let fork = plays::fork_by_two(Cast { seed: 1, is_real: true }, &mut Trace::new(None));
        assert_eq!(fork.map_err(|found| found.rule), Err(Rule::Agreement));
    }
}
