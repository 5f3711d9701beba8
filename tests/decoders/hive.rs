//! What a member may make of our ledger by what it sends: an authority of four that is told any sequence of well-formed
//! messages neither falls over nor grows without bound. Also a small run of four such ledgers, for good bytes.

use std::collections::VecDeque;
use std::sync::OnceLock;

use ledger::record::encode_block;
use ledger::{Config, Input, Ledger, Output, VoteLog};
use protocol::limits::SYNC_FRAME_BYTES_MAX;
use protocol::{Address, Bytes, Genesis, Message, Now, Tick, Transaction, decode, encode};

use super::bounds::measured;
use crate::samples::{self, key};

/// A ledger of four, its queues, and what the consensus engine keeps of a height.
const FLOOR: u64 = 4 * 1024 * 1024;
/// A tick of the world, milliseconds.
const STEP_MS: u64 = 50;

/// Four authorities.
pub(super) fn genesis() -> &'static Genesis {
    static GENESIS: OnceLock<Genesis> = OnceLock::new();
    GENESIS.get_or_init(samples::genesis)
}

fn open(n: u8) -> (Ledger, Vec<Output>) {
    let name = Bytes::new(b"fuzz".to_vec()).unwrap();
    let config =
        Config { heartbeat_ms: 1_000, time_ahead_ms: 10_000, name, await_alone: false, checkpoint: None };
    Ledger::open(now(0), config, key(n), genesis(), std::iter::empty(), Ok(VoteLog::default())).unwrap()
}

fn now(tick: u64) -> Now {
    Now { tick: Tick(tick), time: samples::TIME.plus(1_000 + i64::try_from(tick).unwrap()) }
}

/// Each message: who sends it and how much time passes before, one byte, its length, two bytes, the message.
pub(super) fn check(bytes: &[u8]) {
    measured(bytes.len(), FLOOR, || {
        let (mut ledger, _) = open(1);
        for n in 2..=4 {
            ledger.handle(now(0), Input::Connected(key(n).address()));
        }
        let (mut rest, mut tick) = (bytes, 0);
        while let Some(([head, a, b], tail)) = rest.split_first_chunk::<3>() {
            let (sent, tail) = tail.split_at(tail.len().min(usize::from(u16::from_be_bytes([*a, *b]))));
            rest = tail;
            tick += u64::from(head >> 2) * STEP_MS;
            let from = key(2 + head % 3).address();
            if let Ok(message) = decode::<Message>(sent, SYNC_FRAME_BYTES_MAX) {
                ledger.handle(now(tick), Input::Message { from, message });
            } else if let Ok(transaction) = decode::<Transaction>(sent, SYNC_FRAME_BYTES_MAX)
                && let Ok(verified) = transaction.verify(&genesis().chain())
            {
                ledger.handle(now(tick), Input::Submit { transactions: vec![verified], local: false });
            }
            ledger.handle(now(tick), Input::Tick);
        }
        assert!(
            ledger.poll_timeout().is_some_and(|due| due.0 > 0),
            "a ledger always has something to wait for"
        );
    });
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let sent = &recorded().received;
    let input = |messages: &[(u8, Vec<u8>)]| -> Vec<u8> {
        let one = |(from, message): &(u8, Vec<u8>)| {
            let len = u16::try_from(message.len()).unwrap().to_be_bytes();
            [&[1 << 2 | (from - 2)], len.as_slice(), message].concat()
        };
        messages.iter().flat_map(one).collect()
    };
    vec![input(sent), input(&sent[..sent.len() / 4]), input(&sent[sent.len() - 3..])]
}

/// What one node of a small run wrote and got.
#[derive(Debug, Default)]
pub(super) struct Recorded {
    /// Its `blocks.log`.
    pub(super) blocks: Vec<u8>,
    /// Its vote log at the height that took most of it.
    pub(super) votes: Vec<u8>,
    /// The one of the height in progress.
    voting: Vec<u8>,
    /// Messages to it, with the number of the sender's key.
    pub(super) received: Vec<(u8, Vec<u8>)>,
}

/// Four ledgers that make five blocks.
pub(super) fn recorded() -> &'static Recorded {
    static RECORDED: OnceLock<Recorded> = OnceLock::new();
    RECORDED.get_or_init(run)
}

fn run() -> Recorded {
    let mut recorded = Recorded::default();
    let mut ledgers = Vec::new();
    let mut posts: VecDeque<(u8, Address, Message)> = VecDeque::new();
    for n in 1..=4 {
        let (ledger, outputs) = open(n);
        ledgers.push(ledger);
        perform(n, outputs, &mut posts, &mut recorded);
    }
    for n in 1..=4u8 {
        for other in (1..=4).filter(|other| *other != n) {
            let outputs = ledgers[usize::from(n) - 1].handle(now(0), Input::Connected(key(other).address()));
            perform(n, outputs, &mut posts, &mut recorded);
        }
    }
    for tick in 1..400 {
        while let Some((from, to, message)) = posts.pop_front() {
            let n = (1..=4u8).find(|n| key(*n).address() == to).unwrap();
            if n == 1 {
                recorded.received.push((from, encode(&message)));
            }
            let input = Input::Message { from: key(from).address(), message };
            let outputs = ledgers[usize::from(n) - 1].handle(now(tick * STEP_MS), input);
            perform(n, outputs, &mut posts, &mut recorded);
        }
        for n in 1..=4u8 {
            let outputs = ledgers[usize::from(n) - 1].handle(now(tick * STEP_MS), Input::Tick);
            perform(n, outputs, &mut posts, &mut recorded);
        }
        if ledgers[0].head().height.0 >= 5 {
            return recorded;
        }
    }
    panic!("four ledgers made {:?}", ledgers[0].head());
}

fn perform(
    n: u8,
    outputs: Vec<Output>,
    posts: &mut VecDeque<(u8, Address, Message)>,
    recorded: &mut Recorded,
) {
    let others = || (1..=4u8).filter(move |other| *other != n).map(|other| key(other).address());
    for output in outputs {
        match output {
            Output::VoteAppend(record) if n == 1 => recorded.voting.extend(record),
            Output::VoteReset(height) if n == 1 => {
                let next = ledger::record::vote_header(genesis().chain(), height);
                let last = std::mem::replace(&mut recorded.voting, next);
                if last.len() > recorded.votes.len() {
                    recorded.votes = last;
                }
            }
            Output::BlockAppend { record, .. } if n == 1 => recorded.blocks.extend(record),
            Output::Send { to, message } => posts.push_back((n, to, message)),
            Output::Broadcast(message) | Output::Announce(message) => {
                posts.extend(others().map(|to| (n, to, message.clone())));
            }
            Output::Halt { reason } => panic!("{reason}"),
            Output::Committed(committed) => {
                let again = encode_block(&committed.block, &committed.certificate);
                assert!(again.len() < SYNC_FRAME_BYTES_MAX);
            }
            Output::VoteAppend(_)
            | Output::VoteReset(_)
            | Output::VoteSync
            | Output::BlockAppend { .. }
            | Output::BlockSync
            | Output::GossipTransactions(_)
            | Output::GossipHeader(_)
            | Output::ServeBlocks { .. }
            | Output::Rejected { .. }
            | Output::Evidence(_)
            | Output::Blame { .. } => {}
        }
    }
}
