//! A stage for scripts: one real ledger with a disk of its own, and puppets for all other members, who say exactly what
//! the script has them say. Time stands still unless the script lets it pass.

use ledger::planted::Planted;
use ledger::record::{Frame, decode_block, read_block_frame, read_vote_log, vote_header};
use ledger::{Chain, Committed, Config, Fault, Input, Ledger, Output, TimeBound};
use protocol::consensus::Round;
use protocol::energy::Settlement;
use protocol::message::Body;
use protocol::transaction::TransactionBody;
use protocol::{
    Block, BlockId, Bytes, Certificate, CertificateSignature, Digest, Genesis, Height, Message, Now, Payload,
    Proposal, Sequence, Signature, SigningKey, Tick, UnixMs, VerifiedTransaction, Vote, VoteKind, encode,
};

/// How often the ledger writes an empty block, milliseconds.
pub(crate) const HEARTBEAT_MS: u64 = 5_000;
const EPOCH_MS: i64 = 1_765_000_000_000;

/// One ledger among puppets.
pub(crate) struct Stage {
    pub(crate) genesis: Genesis,
    /// Authorities in order of address, then one follower.
    keys: Vec<SigningKey>,
    me: usize,
    planted: Planted,
    now: u64,
    ledger: Ledger,
    votes: Vec<u8>,
    blocks: Vec<u8>,
    /// What left the ledger.
    pub(crate) said: Vec<Message>,
    pub(crate) blamed: Vec<Fault>,
    pub(crate) committed: Vec<Committed>,
}

impl Stage {
    /// A hive of that many authorities and a follower; the ledger is that of member `me`.
    pub(crate) fn new(authorities: usize, me: usize, planted: Planted) -> Self {
        let mut keys: Vec<SigningKey> = (0..authorities).map(key).collect();
        keys.sort_by_key(SigningKey::address);
        let public = keys.iter().map(SigningKey::public).collect();
        keys.push(key(authorities));
        let follower = keys.iter().skip(authorities).map(SigningKey::public).collect();
        let salt = Digest::new([7; 32]);
        let genesis = Genesis::new(UnixMs(EPOCH_MS - 3_600_000), salt, public, follower)
            .expect("invariant: keys differ and are few");
        let (ledger, outputs) = open(at(0), &keys[me], &genesis, &[], &[], planted);
        let (said, blamed, committed) = (Vec::new(), Vec::new(), Vec::new());
        let (votes, blocks) = (Vec::new(), Vec::new());
        let mut stage =
            Self { genesis, keys, me, planted, now: 0, ledger, votes, blocks, said, blamed, committed };
        stage.perform(outputs);
        for peer in (0..stage.keys.len()).filter(|peer| *peer != me) {
            stage.tell(Input::Connected(stage.keys[peer].address()));
        }
        stage
    }

    /// The ledger, to look at.
    pub(crate) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The ledger dies and starts from its disk, which has everything it wrote.
    pub(crate) fn restart(&mut self) {
        self.now += 10;
        let key = &self.keys[self.me];
        let (ledger, outputs) =
            open(at(self.now), key, &self.genesis, &self.blocks, &self.votes, self.planted);
        self.ledger = ledger;
        self.perform(outputs);
    }

    /// A puppet says something.
    pub(crate) fn hear(&mut self, from: usize, message: Message) {
        let from = self.keys[from].address();
        self.tell(Input::Message { from, message });
    }

    /// Transactions reach the ledger by gossip.
    pub(crate) fn gossip(&mut self, transaction: VerifiedTransaction) {
        self.tell(Input::Submit { transactions: vec![transaction], local: false });
    }

    /// Time passes; the ledger is woken when it wants to be.
    pub(crate) fn pass(&mut self, ms: u64) {
        let end = self.now + ms;
        while let Some(due) = self.ledger.poll_timeout().filter(|due| due.0 <= end) {
            self.now = self.now.max(due.0);
            self.tell(Input::Tick);
        }
        self.now = end;
        self.tell(Input::Tick);
    }

    /// Time jumps: nobody is woken in between.
    pub(crate) fn skip(&mut self, ms: u64) {
        self.now += ms;
    }

    /// What a member would sign under a settlement.
    pub(crate) fn settles(&self, by: usize, settlement: &Settlement) -> Signature {
        settlement.sign(&self.keys[by], &self.genesis.chain())
    }

    /// An empty block on top of what is final here, as `by` would build it; blocks of different `variant` differ.
    pub(crate) fn block(&self, by: usize, variant: i64) -> Block {
        self.block_of(by, variant, &[])
    }

    /// A block with transactions in it.
    pub(crate) fn block_of(&self, by: usize, variant: i64, transactions: &[VerifiedTransaction]) -> Block {
        let mut chain = Chain::genesis(&self.genesis).carrying(self.planted);
        for stored in stored_blocks(&self.blocks) {
            let candidate = chain
                .check(stored.block, TimeBound::Certified, &|_| true)
                .expect("invariant: the ledger wrote what it had checked");
            chain.commit(candidate);
        }
        let time =
            UnixMs(EPOCH_MS + i64::try_from(self.now).expect("invariant: scripts are short") + variant);
        let (candidate, _) = chain.build(self.keys[by].address(), time, transactions.iter().cloned());
        (*candidate.block).clone()
    }

    /// A transaction of a member.
    pub(crate) fn transaction(&self, by: usize, sequence: u64, payload: Payload) -> VerifiedTransaction {
        let author = self.keys[by].public();
        let body = TransactionBody { author, sequence: Sequence(sequence), expires: Height(1_000), payload };
        body.sign(&self.keys[by], &self.genesis.chain())
    }

    /// The address of a member.
    pub(crate) fn address(&self, of: usize) -> protocol::Address {
        self.keys[of].address()
    }

    /// A puppet proposes a block: proposal and body.
    pub(crate) fn propose(&mut self, by: usize, round: u32, block: &Block) {
        self.propose_as(by, round, block, encode(block));
    }

    /// The same with the body in bytes of the script's choice.
    pub(crate) fn propose_as(&mut self, by: usize, round: u32, block: &Block, bytes: Vec<u8>) {
        let height = block.header.height;
        let proposal = Proposal {
            height,
            round: Round(round),
            block: block.id(),
            pol_round: None,
            address: self.keys[by].address(),
        };
        let signed = proposal.sign(&self.keys[by], &self.genesis.chain());
        self.hear(by, Message::Proposal(signed));
        let block = Bytes::new(bytes).expect("invariant: scripts build small blocks");
        self.hear(by, Message::Body(Body { height, round: Round(round), block }));
    }

    /// A puppet votes at height 1.
    pub(crate) fn vote(&mut self, by: usize, kind: VoteKind, round: u32, block: Option<BlockId>) {
        self.vote_at(by, kind, Height(1), round, block);
    }

    /// A puppet votes.
    pub(crate) fn vote_at(
        &mut self,
        by: usize,
        kind: VoteKind,
        height: Height,
        round: u32,
        block: Option<BlockId>,
    ) {
        let vote = Vote { kind, height, round: Round(round), block, address: self.keys[by].address() };
        let signed = vote.sign(&self.keys[by], &self.genesis.chain());
        self.hear(by, Message::Vote(signed));
    }

    /// A certificate of these members for a block, in round 0.
    pub(crate) fn certificate(&self, by: &[usize], block: &Block) -> Certificate {
        let (height, round, id) = (block.header.height, Round(0), block.id());
        let sign = |by: &usize| {
            let address = self.keys[*by].address();
            let vote = Vote { kind: VoteKind::Precommit, height, round, block: Some(id), address };
            let signature = vote.sign(&self.keys[*by], &self.genesis.chain()).signature;
            CertificateSignature { address, signature }
        };
        let signatures = protocol::Bounded::new(by.iter().map(sign).collect());
        let signatures = signatures.expect("invariant: a hive has few authorities");
        Certificate { height, round, block: id, signatures }
    }

    /// What the ledger voted at that height, round and step, if it did.
    pub(crate) fn voted(&self, kind: VoteKind, height: Height, round: u32) -> Option<Option<BlockId>> {
        let mine = self.keys[self.me].address();
        self.said.iter().find_map(|message| {
            let Message::Vote(signed) = message else { return None };
            let vote = &signed.vote;
            let is_it = vote.address == mine && vote.kind == kind && vote.height == height;
            (is_it && vote.round.0 == round).then_some(vote.block)
        })
    }

    /// Blocks the ledger proposed at height 1 in that round, repetitions included.
    pub(crate) fn proposed(&self, round: u32) -> Vec<BlockId> {
        let mine = self.keys[self.me].address();
        let of_round = |message: &Message| {
            let Message::Proposal(signed) = message else { return None };
            let proposal = &signed.proposal;
            (proposal.address == mine && proposal.round.0 == round).then_some(proposal.block)
        };
        self.said.iter().filter_map(of_round).collect()
    }

    /// How often the ledger asked for blocks.
    pub(crate) fn requests(&self) -> usize {
        self.said.iter().filter(|message| matches!(message, Message::SyncRequest(_))).count()
    }

    fn tell(&mut self, input: Input) {
        let outputs = self.ledger.handle(at(self.now), input);
        self.perform(outputs);
    }

    fn perform(&mut self, outputs: Vec<Output>) {
        for output in outputs {
            match output {
                Output::VoteAppend(record) => self.votes.extend(record),
                Output::VoteReset(height) => self.votes = vote_header(self.genesis.chain(), height),
                Output::BlockAppend { record, .. } => self.blocks.extend(record),
                Output::Broadcast(message) | Output::Announce(message) | Output::Send { message, .. } => {
                    self.said.push(message);
                }
                Output::Committed(committed) => self.committed.push(*committed),
                Output::Blame { fault, .. } => self.blamed.push(fault),
                Output::VoteSync
                | Output::BlockSync
                | Output::GossipTransactions(_)
                | Output::GossipHeader(_)
                | Output::ServeBlocks { .. }
                | Output::Rejected { .. }
                | Output::Evidence(_)
                | Output::Halt { .. } => {}
            }
        }
    }
}

fn key(i: usize) -> SigningKey {
    SigningKey::from_seed(&[u8::try_from(i + 1).expect("invariant: scripts have few members"); 32])
}

fn at(now: u64) -> Now {
    let since = i64::try_from(now).expect("invariant: scripts are short");
    Now { tick: Tick(now), time: UnixMs(EPOCH_MS).plus(since) }
}

fn stored_blocks(bytes: &[u8]) -> Vec<ledger::StoredBlock> {
    let (mut stored, mut offset) = (Vec::new(), 0);
    while let Some(Frame::Record { body, end }) = read_block_frame(bytes, offset) {
        stored.push(decode_block(body).expect("invariant: the ledger wrote it"));
        offset = end;
    }
    stored
}

fn open(
    now: Now,
    key: &SigningKey,
    genesis: &Genesis,
    blocks: &[u8],
    votes: &[u8],
    planted: Planted,
) -> (Ledger, Vec<Output>) {
    let name = Bytes::new(b"stage".to_vec()).expect("invariant: a short name");
    let config = Config {
        heartbeat_ms: HEARTBEAT_MS,
        time_ahead_ms: 10_000,
        name,
        await_alone: false,
        checkpoint: None,
    };
    let votes = read_vote_log(votes, &genesis.chain());
    let stored = stored_blocks(blocks).into_iter();
    Ledger::open_planted(now, config, key.clone(), genesis, stored, votes, planted)
        .expect("invariant: a ledger opens what it wrote")
}
