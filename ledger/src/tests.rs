//! Four ledgers in one thread with instant links: the happy path and the borders of it.

mod admission;
mod aggregate;
mod alone;
mod assembly;
mod coefficients;
mod energy;
mod energy_after;
mod keys;
mod refusals;
mod replay;
mod token;
mod waiting;

use std::collections::{BTreeMap, VecDeque};

use protocol::maintenance::{AssetKind, OpenWorkOrder, Severity};
use protocol::transaction::TransactionBody;
use protocol::{
    Action, Address, Bytes, Digest, Genesis, Height, Message, Now, Payload, Sequence, SigningKey, Tick,
    UnixMs, VerifiedTransaction,
};

use crate::input::StoredBlock;
use crate::record::{Frame, decode_block, read_block_frame, read_vote_log};
use crate::{Config, Input, Ledger, Output};

fn key(i: u8) -> SigningKey {
    SigningKey::from_seed(&[i; 32])
}

fn genesis(authorities: u8, followers: u8) -> Genesis {
    let keys = |range: std::ops::Range<u8>| range.map(|i| key(i).public()).collect();
    let followers = keys(authorities..authorities + followers);
    Genesis::new(UnixMs(1_000), Digest::new([9; 32]), keys(0..authorities), followers).unwrap()
}

fn config() -> Config {
    Config {
        heartbeat_ms: 60_000,
        time_ahead_ms: 10_000,
        name: Bytes::new(b"test".to_vec()).unwrap(),
        await_alone: false,
        checkpoint: None,
    }
}

fn open(genesis: &Genesis, author: u8, sequence: u64, reference: u8) -> VerifiedTransaction {
    let payload = Payload::OpenWorkOrder(OpenWorkOrder {
        reference: Digest::new([reference; 32]),
        asset: Digest::new([1; 32]),
        kind: AssetKind::Elevator,
        policy: Digest::new([2; 32]),
        severity: Severity::High,
        commitment: Digest::new([3; 32]),
    });
    sign(genesis, author, sequence, payload)
}

fn sign(genesis: &Genesis, author: u8, sequence: u64, payload: Payload) -> VerifiedTransaction {
    let key = key(author);
    let sequence = Sequence(sequence);
    let body = TransactionBody { author: key.public(), sequence, expires: Height(1_000), payload };
    body.sign(&key, &genesis.chain())
}

#[derive(Default)]
struct Disk {
    votes: Vec<u8>,
    blocks: Vec<u8>,
}

struct Net {
    genesis: Genesis,
    nodes: BTreeMap<Address, Ledger>,
    disks: BTreeMap<Address, Disk>,
    wires: VecDeque<(Address, Address, Message)>,
    gossip: VecDeque<(Address, Vec<VerifiedTransaction>)>,
    down: Vec<Address>,
    restored: Vec<u8>,
    /// Whether nodes that start from now on wait until they are told that they are alone.
    await_alone: bool,
    /// What each node once had, as noted beside its blocks.
    reached: BTreeMap<u8, Height>,
    voted: std::collections::BTreeSet<Address>,
    evidence: Vec<protocol::Evidence>,
    now: u64,
}

impl Net {
    fn new(genesis: Genesis) -> Self {
        let mut net = Self {
            genesis,
            nodes: BTreeMap::new(),
            disks: BTreeMap::new(),
            wires: VecDeque::new(),
            gossip: VecDeque::new(),
            down: Vec::new(),
            restored: Vec::new(),
            await_alone: false,
            reached: BTreeMap::new(),
            voted: std::collections::BTreeSet::new(),
            evidence: Vec::new(),
            now: 0,
        };
        let count = net.genesis.authorities().len() + net.genesis.followers().len();
        for i in 0..u8::try_from(count).unwrap() {
            net.start(i);
        }
        net.run();
        net
    }

    fn time(&self) -> Now {
        Now { tick: Tick(self.now), time: UnixMs(2_000 + i64::try_from(self.now).unwrap()) }
    }

    fn start(&mut self, i: u8) {
        let address = key(i).address();
        let disk = self.disks.entry(address).or_default();
        let mut stored = Vec::new();
        let mut offset = 0;
        while let Some(Frame::Record { body, end }) = read_block_frame(&disk.blocks, offset) {
            stored.push(decode_block(body).unwrap());
            offset = end;
        }
        assert_eq!(offset, disk.blocks.len());
        let votes = match self.restored.contains(&i) {
            true => Err(crate::record::RecordError::Restored),
            false => read_vote_log(&disk.votes, &self.genesis.chain()),
        };
        let stored: Vec<StoredBlock> = stored;
        let settings = Config { await_alone: self.await_alone, ..config() };
        let (mut ledger, outputs) =
            Ledger::open(self.time(), settings, key(i), &self.genesis, stored.into_iter(), votes).unwrap();
        ledger.miss_blocks(self.reached.get(&i).copied().unwrap_or(Height(0)));
        self.nodes.insert(address, ledger);
        self.perform(address, outputs);
        let others: Vec<Address> = self.nodes.keys().copied().filter(|other| *other != address).collect();
        for other in others {
            self.tell(address, Input::Connected(other));
            self.tell(other, Input::Connected(address));
        }
    }

    fn kill(&mut self, i: u8) {
        let address = key(i).address();
        self.nodes.remove(&address);
        let others: Vec<Address> = self.nodes.keys().copied().collect();
        others.into_iter().for_each(|other| self.tell(other, Input::Disconnected(address)));
    }

    fn tell(&mut self, to: Address, input: Input) {
        let now = self.time();
        let Some(node) = self.nodes.get_mut(&to) else { return };
        let outputs = node.handle(now, input);
        self.perform(to, outputs);
    }

    fn perform(&mut self, at: Address, outputs: Vec<Output>) {
        for output in outputs {
            let disk = self.disks.get_mut(&at).unwrap();
            match output {
                Output::VoteAppend(record) => {
                    disk.votes.extend(record);
                    self.voted.insert(at);
                }
                Output::VoteReset(height) => {
                    disk.votes = crate::record::vote_header(self.genesis.chain(), height);
                }
                Output::BlockAppend { record, .. } => disk.blocks.extend(record),
                Output::Send { to, message } => self.wires.push_back((at, to, message)),
                Output::Broadcast(message) | Output::Announce(message) => {
                    let others = self.nodes.keys().copied().filter(|other| *other != at);
                    self.wires.extend(others.map(|to| (at, to, message.clone())));
                }
                Output::GossipTransactions(transactions) => {
                    let transactions =
                        transactions.into_iter().map(|t| t.verify(&self.genesis.chain()).unwrap());
                    self.gossip.push_back((at, transactions.collect()));
                }
                Output::ServeBlocks { to, from, last } => {
                    let message = self.serve(at, from, last);
                    self.wires.push_back((at, to, message));
                }
                Output::GossipHeader(gossip) => {
                    let followers: Vec<Address> =
                        self.nodes.keys().copied().filter(|other| *other != at).collect();
                    for to in followers {
                        self.tell(to, Input::Hint { from: at, height: gossip.header.height });
                    }
                }
                Output::VoteSync | Output::BlockSync | Output::Committed(_) => {}
                Output::Rejected { .. } => {}
                Output::Evidence(evidence) => self.evidence.push(*evidence),
                Output::Blame { peer, fault } => panic!("{at} blames {peer} for {fault:?}"),
                Output::Halt { reason } => panic!("{reason}"),
            }
        }
    }

    fn serve(&self, at: Address, from: Height, last: Height) -> Message {
        let mut blocks = Vec::new();
        let mut offset = 0;
        while let Some(Frame::Record { body, end }) = read_block_frame(&self.disks[&at].blocks, offset) {
            let stored = decode_block(body).unwrap();
            if (from..=last).contains(&stored.block.header.height) {
                blocks.push(protocol::message::SyncBlock {
                    block: Bytes::new(protocol::encode(&stored.block)).unwrap(),
                    certificate: stored.certificate,
                });
            }
            offset = end;
        }
        Message::SyncResponse(protocol::message::SyncResponse {
            blocks: protocol::Bounded::new(blocks).unwrap(),
        })
    }

    /// Delivers everything, letting time pass only when nothing else is to be done, for 60 s at the most.
    fn run(&mut self) {
        self.run_until(|_| false, 3_000);
    }

    fn run_until(&mut self, done: impl Fn(&Self) -> bool, ms: u64) {
        let end = self.now + ms;
        while !done(self) {
            if let Some((from, to, message)) = self.wires.pop_front() {
                if !self.down.contains(&from) && !self.down.contains(&to) {
                    self.tell(to, Input::Message { from, message });
                }
            } else if let Some((from, transactions)) = self.gossip.pop_front() {
                let others: Vec<Address> =
                    self.nodes.keys().copied().filter(|other| *other != from).collect();
                for to in others {
                    let transactions = transactions.clone();
                    self.tell(to, Input::Submit { transactions, local: false });
                }
            } else {
                let next = self.nodes.values().filter_map(Ledger::poll_timeout).min().unwrap();
                self.now = next.0.max(self.now + 1);
                if self.now > end {
                    self.now = end;
                    return;
                }
                let all: Vec<Address> = self.nodes.keys().copied().collect();
                all.into_iter().for_each(|address| self.tell(address, Input::Tick));
            }
        }
    }

    fn submit(&mut self, at: u8, transactions: Vec<VerifiedTransaction>) {
        self.tell(key(at).address(), Input::Submit { transactions, local: true });
    }

    fn heights(&self) -> Vec<u64> {
        self.nodes.values().map(|node| node.head().height.0).collect()
    }

    #[track_caller]
    fn agree(&self) {
        let heads: Vec<_> = self.nodes.values().map(Ledger::head).collect();
        assert!(heads.windows(2).all(|pair| pair[0] == pair[1]), "{heads:?}");
    }
}

#[test]
fn a_transaction_is_final_everywhere_in_one_round_and_proven() {
    let genesis = genesis(4, 1);
    let mut net = Net::new(genesis.clone());
    let transaction = open(&genesis, 4, 1, 1);
    let before = net.now;
    net.submit(4, vec![transaction.clone()]);
    net.run_until(|net| net.heights().iter().all(|height| *height == 1), 900);
    net.agree();
    assert!(net.now < before + 1_000, "no timeout was needed");
    let node = &net.nodes[&key(4).address()];
    assert_eq!(node.state().work_orders().count(), 1);
    let stored = decode_block(match read_block_frame(&net.disks[&key(4).address()].blocks, 0).unwrap() {
        Frame::Record { body, .. } => body,
        other @ (Frame::Torn | Frame::Damaged { .. }) => panic!("{other:?}"),
    });
    let StoredBlock { block, certificate } = stored.unwrap();
    let path = node.log().prove(0).unwrap();
    let inclusion = crate::light::Inclusion {
        transaction: transaction.transaction(),
        index: 0,
        path: &path,
        header: &block.header,
        certificate: &certificate,
    };
    assert_eq!(crate::light::verify(&inclusion, genesis.authorities()), Ok(()));
}

#[test]
fn one_hive_of_one_works_alone() {
    let genesis = genesis(1, 0);
    let mut net = Net::new(genesis.clone());
    net.submit(0, vec![open(&genesis, 0, 1, 1), open(&genesis, 0, 2, 2)]);
    net.run();
    assert_eq!(net.nodes[&key(0).address()].state().work_orders().count(), 2);
}

#[test]
fn with_one_of_four_down_the_hive_goes_on_and_with_two_it_halts_and_heals() {
    let genesis = genesis(4, 0);
    let mut net = Net::new(genesis.clone());
    net.kill(3);
    for n in 1..=8 {
        net.submit(0, vec![open(&genesis, 0, n, u8::try_from(n).unwrap())]);
        net.run();
    }
    net.agree();
    assert!(net.heights().iter().all(|height| *height >= 8), "{:?}", net.heights());
    net.kill(2);
    let before = net.heights();
    net.submit(0, vec![open(&genesis, 0, 9, 9)]);
    net.run_until(|_| false, 60_000);
    assert_eq!(net.heights(), before);
    net.start(2);
    net.start(3);
    net.run_until(|_| false, 60_000);
    net.agree();
    assert!(net.nodes.values().all(|node| node.state().work_orders().count() == 9));
}

#[test]
fn restart_in_the_middle_of_a_height_keeps_its_word() {
    for cut in 0..60 {
        let genesis = genesis(4, 0);
        let mut net = Net::new(genesis.clone());
        net.submit(1, vec![open(&genesis, 1, 1, 1)]);
        for _ in 0..cut {
            let Some((from, to, message)) = net.wires.pop_front() else { break };
            net.tell(to, Input::Message { from, message });
            if let Some((from, transactions)) = net.gossip.pop_front() {
                let others: Vec<Address> = net.nodes.keys().copied().filter(|other| *other != from).collect();
                for to in others {
                    net.tell(to, Input::Submit { transactions: transactions.clone(), local: false });
                }
            }
        }
        let victim = u8::try_from(cut % 4).unwrap();
        net.kill(victim);
        net.start(victim);
        net.submit(1, vec![open(&genesis, 1, 1, 1)]);
        net.run_until(|_| false, 30_000);
        net.agree();
        assert!(net.nodes.values().all(|node| node.state().work_orders().count() == 1), "cut {cut}");
        assert!(net.nodes.values().all(|node| node.state().evidence().count() == 0));
    }
}

/// A node comes back from an old backup in the middle of a height for which it voted, and does not vote again before the
/// hive is past everything it can have signed.
#[test]
fn a_restored_authority_waits_until_its_forgotten_votes_are_past() {
    for cut in 0..40 {
        let genesis = genesis(4, 0);
        let mut net = Net::new(genesis.clone());
        let submit = |net: &mut Net, n: u64| {
            net.submit(1, vec![open(&genesis, 1, n, u8::try_from(n).unwrap())]);
            net.run();
        };
        submit(&mut net, 1);
        let backup = net.disks[&key(0).address()].blocks.clone();
        (2..=4).for_each(|n| submit(&mut net, n));
        net.submit(1, vec![open(&genesis, 1, 5, 5)]);
        for _ in 0..cut {
            let Some((from, to, message)) = net.wires.pop_front() else { break };
            net.tell(to, Input::Message { from, message });
        }
        let before = *net.heights().iter().max().unwrap();
        net.kill(0);
        net.disks.insert(key(0).address(), Disk { votes: Vec::new(), blocks: backup });
        net.restored.push(0);
        net.voted.clear();
        net.start(0);
        net.run_until(|_| false, 30_000);
        net.agree();
        let restored = |net: &Net| net.nodes[&key(0).address()].is_restored();
        assert!(restored(&net) && !net.voted.contains(&key(0).address()), "cut {cut}: it voted");
        for n in 6..=10 {
            submit(&mut net, n);
        }
        net.agree();
        assert!(!restored(&net) && net.voted.contains(&key(0).address()), "cut {cut}: never votes");
        assert!(net.heights()[0] > before + 3);
        assert!(net.nodes.values().all(|node| node.state().evidence().count() == 0), "cut {cut}");
    }
}

/// Blocks that were final are gone from its disk, and nobody is there to send them: it would sign other ones in their
/// place.
#[test]
fn an_authority_whose_final_blocks_are_missing_signs_nothing_until_they_are_back() {
    let mut net = Net::new(genesis(1, 1));
    for sequence in 1..=3 {
        net.submit(0, vec![open(&net.genesis, 0, sequence, 1)]);
        net.run();
    }
    net.agree();
    let reached = Height(net.heights()[0]);
    assert!(reached > Height(0));
    net.kill(0);
    net.kill(1);
    *net.disks.get_mut(&key(0).address()).unwrap() = Disk::default();
    net.reached.insert(0, reached);
    net.voted.clear();
    net.start(0);
    net.submit(0, vec![open(&net.genesis, 1, 1, 2)]);
    net.run();
    assert!(net.voted.is_empty() && net.heights() == [0], "{:?}", net.heights());
    net.start(1);
    net.run();
    net.agree();
    net.submit(0, vec![open(&net.genesis, 1, 2, 3)]);
    net.run();
    net.agree();
    assert!(Height(net.heights()[0]) > reached && net.evidence.is_empty(), "{:?}", net.heights());
}

#[test]
fn a_building_that_is_alone_goes_on_after_its_vote_log_was_damaged() {
    let mut net = Net::new(genesis(1, 0));
    net.submit(0, vec![open(&net.genesis, 0, 1, 1)]);
    net.run();
    let before = net.heights()[0];
    net.kill(0);
    net.disks.get_mut(&key(0).address()).unwrap().votes = vec![0xff; 64];
    net.start(0);
    net.submit(0, vec![open(&net.genesis, 0, 2, 2)]);
    net.run();
    assert!(net.heights()[0] > before, "{:?}", net.heights());
}

#[test]
fn where_every_authority_is_needed_a_restored_one_goes_on_as_soon_as_it_has_caught_up() {
    for authorities in [1, 3] {
        let genesis = genesis(authorities, 0);
        let mut net = Net::new(genesis.clone());
        for n in 1..=3 {
            net.submit(0, vec![open(&genesis, 0, n, u8::try_from(n).unwrap())]);
            net.run();
        }
        net.kill(0);
        let address = key(0).address();
        if authorities > 1 {
            net.disks.insert(address, Disk::default());
        }
        net.restored.push(0);
        net.start(0);
        net.submit(0, vec![open(&genesis, 0, 4, 4)]);
        net.run_until(|_| false, 30_000);
        net.agree();
        assert!(net.nodes.values().all(|node| node.state().work_orders().count() == 4), "{authorities}");
    }
}

#[test]
fn the_authority_set_changes_two_heights_after_two_thirds_approve() {
    let genesis = genesis(4, 1);
    let mut net = Net::new(genesis.clone());
    let newcomer = key(4).address();
    net.submit(0, vec![sign(&genesis, 0, 1, Payload::Propose(Action::AddAuthority(newcomer)))]);
    net.run();
    net.submit(1, vec![sign(&genesis, 1, 1, Payload::Approve(1))]);
    net.run();
    let set = |net: &Net| net.nodes[&newcomer].state().authorities().len();
    assert_eq!(set(&net), 4, "two of four are no quorum");
    net.submit(2, vec![sign(&genesis, 2, 1, Payload::Approve(1))]);
    let next = |net: &Net| net.nodes[&newcomer].state().next_authorities().len();
    net.run_until(|net| next(net) == 5, 10_000);
    let decided = net.nodes[&newcomer].head().height.0;
    assert_eq!((next(&net), set(&net)), (5, 4), "the next height is still decided by the old set");
    net.run();
    assert_eq!(net.heights()[0], decided + 1, "the old set's last block is made at once");
    assert_eq!(set(&net), 5);
    for n in 1..=2 {
        net.submit(3, vec![open(&genesis, 3, n, u8::try_from(n).unwrap())]);
        net.run();
    }
    net.agree();
    assert_eq!(net.heights()[0], decided + 3);
    assert_eq!(set(&net), 5);
}

#[test]
fn a_replayed_or_foreign_transaction_never_counts() {
    let genesis = genesis(4, 0);
    let mut net = Net::new(genesis.clone());
    let transaction = open(&genesis, 0, 1, 1);
    net.submit(0, vec![transaction.clone()]);
    net.run();
    net.submit(0, vec![transaction.clone()]);
    net.submit(0, vec![open(&genesis, 0, 2, 1)]);
    net.submit(0, vec![open(&genesis, 77, 1, 5)]);
    net.run();
    net.agree();
    assert_eq!(net.nodes[&key(0).address()].state().work_orders().count(), 1);
    let other = Genesis::new(UnixMs(1_000), Digest::new([8; 32]), vec![key(0).public()], vec![]).unwrap();
    assert!(transaction.transaction().clone().verify(&other.chain()).is_err());
}

#[test]
fn an_authority_that_signs_twice_is_put_on_record_once() {
    let genesis = genesis(4, 0);
    let mut net = Net::new(genesis.clone());
    net.submit(0, vec![open(&genesis, 0, 1, 1)]);
    let culprit = key(3).address();
    for block in [None, Some(protocol::BlockId::new([7; 32]))] {
        let vote = protocol::Vote {
            kind: protocol::VoteKind::Prevote,
            height: Height(1),
            round: protocol::Round(0),
            block,
            address: culprit,
        };
        let message = Message::Vote(vote.sign(&key(3), &genesis.chain()));
        net.tell(key(0).address(), Input::Message { from: culprit, message });
    }
    net.run();
    net.agree();
    let evidence = net.evidence.first().expect("node 0 saw both votes").clone();
    assert_eq!(evidence.culprit(), culprit);
    let payload = Payload::Evidence(Box::new(evidence.clone()));
    net.submit(0, vec![sign(&genesis, 0, 2, payload.clone())]);
    net.submit(1, vec![sign(&genesis, 1, 1, payload)]);
    let innocent = match evidence {
        protocol::Evidence::Votes(first, _) => protocol::Evidence::Votes(first.clone(), first),
        protocol::Evidence::Proposals(..) => panic!("votes were doubled"),
    };
    net.submit(2, vec![sign(&genesis, 2, 1, Payload::Evidence(Box::new(innocent)))]);
    net.run();
    net.agree();
    for node in net.nodes.values() {
        let recorded: Vec<_> = node.state().evidence().map(|evidenced| evidenced.culprit).collect();
        assert_eq!(recorded, [culprit]);
    }
}
