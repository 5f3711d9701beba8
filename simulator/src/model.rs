//! The reference model: what final blocks mean, worked out a second time by code that shares nothing with the ledger's.
//! It follows the blocks as they become final and is compared with what the nodes hold.

mod compare;
mod keys;
mod meetings;
mod members;
mod orders;
mod sharing;

use std::collections::{BTreeMap, BTreeSet};

use protocol::{
    Action, Address, Block, Certificate, ChainId, Digest, Evidence, Genesis, Payload, PublicKey, Role,
    SignedVote, TransactionId, UnixMs, Vote, VoteKind, WorkOrderStatus,
};

use keys::{Door, Waiting};
use meetings::Meetings;
use sharing::Sharing;

/// A member as the model knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Member {
    key: PublicKey,
    sequence: u64,
    may_vote: bool,
    is_revoked: bool,
}

/// A work order as the model knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Order {
    building: Address,
    reference: Digest,
    status: WorkOrderStatus,
    commitment: Digest,
    opened: u64,
    changed: (u64, TransactionId),
}

/// A governed proposal as the model knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Proposal {
    action: Action,
    approvals: BTreeSet<Address>,
    executed: Option<u64>,
}

/// Authorities by address.
type Set = BTreeMap<Address, PublicKey>;

/// What a block changed that the world wants to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A newcomer is a member.
    Admitted(Address),
    /// A member was shut out.
    Revoked(Address),
    /// The authorities change, two heights later.
    Authorities,
    /// An authority is on record for signing twice.
    Evidenced(Address),
    /// A member goes on under another key: from the first address to the second.
    Moved(Address, Address),
    /// The hive has another network key.
    NetworkKey,
}

/// The state that follows from the blocks so far.
#[derive(Debug)]
pub struct Model {
    chain: ChainId,
    height: u64,
    time: UnixMs,
    members: BTreeMap<Address, Member>,
    /// Who decides each height: from 1 to two beyond the last block.
    sets: Vec<Set>,
    proposals: Vec<Proposal>,
    orders: Vec<Order>,
    references: BTreeSet<(Address, Digest)>,
    used: BTreeSet<Digest>,
    evidence: BTreeSet<Digest>,
    /// Keys that members had before, and where their owners went.
    former: BTreeMap<Address, (PublicKey, Address)>,
    /// The first address of members that changed their key.
    origins: BTreeMap<Address, Address>,
    asks_cosignatures: bool,
    waiting: BTreeMap<Digest, Waiting>,
    door: Option<Door>,
    sharing: Sharing,
    meetings: Meetings,
}

/// What a transaction is carried out on.
struct Context {
    height: u64,
    author: Address,
    id: TransactionId,
}

impl Model {
    /// The state at genesis.
    pub fn new(genesis: &Genesis) -> Self {
        let set: Set = genesis.authorities().keys().iter().map(|key| (Address::of(key), *key)).collect();
        let founder = |key: &PublicKey| {
            (Address::of(key), Member { key: *key, sequence: 0, may_vote: true, is_revoked: false })
        };
        Self {
            chain: genesis.chain(),
            height: 0,
            time: genesis.time(),
            members: genesis.authorities().keys().iter().chain(genesis.followers()).map(founder).collect(),
            // Heights 0 to 2; nobody decides height 0.
            sets: vec![set.clone(), set.clone(), set],
            proposals: Vec::new(),
            orders: Vec::new(),
            references: BTreeSet::new(),
            used: BTreeSet::new(),
            evidence: BTreeSet::new(),
            former: BTreeMap::new(),
            origins: BTreeMap::new(),
            asks_cosignatures: false,
            waiting: BTreeMap::new(),
            door: None,
            sharing: Sharing::default(),
            meetings: Meetings::default(),
        }
    }

    /// The last height.
    pub fn height(&self) -> u64 {
        self.height
    }

    /// Who decides a height, as far as it is known.
    pub fn authorities(&self, height: u64) -> Option<&BTreeMap<Address, PublicKey>> {
        self.sets.get(usize::try_from(height).ok()?)
    }

    /// Authorities that were removed so far.
    pub fn removals(&self) -> usize {
        let is_removal = |proposal: &&Proposal| {
            proposal.executed.is_some() && matches!(proposal.action, Action::RemoveAuthority(_))
        };
        self.proposals.iter().filter(is_removal).count()
    }

    /// Who decides from two heights after the last block on.
    pub fn coming_authorities(&self) -> &BTreeMap<Address, PublicKey> {
        self.sets.last().expect("invariant: genesis names the first sets")
    }

    /// Members that may become authorities and are none, and are not shut out.
    pub fn candidates(&self) -> impl Iterator<Item = Address> {
        let set = self.coming_authorities();
        self.members
            .iter()
            .filter(|(address, member)| member.may_vote && !member.is_revoked && !set.contains_key(*address))
            .map(|(address, _)| *address)
    }

    /// Whether it is a member that is not shut out.
    pub fn is_member(&self, address: &Address) -> bool {
        self.members.get(address).is_some_and(|member| !member.is_revoked)
    }

    /// Follows one block further. The error says which rule the block breaks.
    pub fn follow(&mut self, block: &Block, certificate: &Certificate) -> Result<Vec<Change>, String> {
        let header = &block.header;
        let height = self.height + 1;
        expect("height", header.height.0, height)?;
        if header.time <= self.time {
            return Err(format!("block {height} is at {}, the one before at {}", header.time, self.time));
        }
        let deciding = self.authorities(height).expect("invariant: known two heights ahead").clone();
        if !deciding.contains_key(&header.proposer) {
            return Err(format!("block {height} is proposed by {}, no authority", header.proposer));
        }
        self.check_certificate(certificate, block, &deciding)?;
        (self.height, self.time) = (height, header.time);
        self.sets.push(self.coming_authorities().clone());
        self.forget_waiting();
        self.carry_out_due(height)?;
        let mut changes = Vec::new();
        for transaction in &block.transactions {
            let id = transaction.id();
            let body = &transaction.body;
            let author = Address::of(&body.author);
            if transaction.clone().verify(&self.chain).is_err() {
                return Err(format!("transaction {id} of block {height} is not signed by its author"));
            }
            self.count(author, body.sequence.0)?;
            if body.expires.0 < height {
                return Err(format!("transaction {id} expired at {}, in block {height}", body.expires));
            }
            let context = Context { height, author, id };
            changes.extend(self.carry_out(&context, &deciding, &body.payload)?);
        }
        Ok(changes)
    }

    /// More than two thirds of that height's set, each once, each with a signature that holds.
    fn check_certificate(&self, certificate: &Certificate, block: &Block, set: &Set) -> Result<(), String> {
        let (height, id) = (block.header.height, block.id());
        expect("height of the certificate", certificate.height, height)?;
        expect("block of the certificate", certificate.block, id)?;
        let mut signers = BTreeSet::new();
        for signed in &certificate.signatures {
            let address = signed.address;
            let key = set.get(&address).ok_or(format!("{address} signed block {height}, no authority"))?;
            let round = certificate.round;
            let vote = Vote { kind: VoteKind::Precommit, height, round, block: Some(id), address };
            if (SignedVote { vote, signature: signed.signature }).verify(key, &self.chain).is_err() {
                return Err(format!("the signature of {address} on block {height} does not hold"));
            }
            signers.insert(address);
        }
        if 3 * signers.len() <= 2 * set.len() {
            return Err(format!("{} of {} signed block {height}", signers.len(), set.len()));
        }
        Ok(())
    }

    fn carry_out(
        &mut self,
        context: &Context,
        deciding: &Set,
        payload: &Payload,
    ) -> Result<Option<Change>, String> {
        let Context { height, author, .. } = context;
        let governed = match payload {
            Payload::Admit(_)
            | Payload::Propose(_)
            | Payload::Approve(_)
            | Payload::Evidence(_)
            | Payload::Cosign(_)
            | Payload::RevokeInvitation(_)
            | Payload::NameNetworkKey(_) => true,
            Payload::OpenWorkOrder(_)
            | Payload::AdvanceWorkOrder(_)
            | Payload::ChangeKey(_)
            | Payload::CommitDay(_)
            | Payload::Settle(_)
            | Payload::Dispute(_)
            | Payload::Token(_)
            | Payload::Assembly(_)
            | Payload::Aggregate(_)
            | Payload::Coefficients(_) => false,
        };
        if governed && !deciding.contains_key(author) {
            return Err(format!("{author} governs in block {height} and is no authority"));
        }
        match payload {
            Payload::Admit(admit) => self.admit(context, deciding, admit),
            Payload::Propose(action) => self.propose(context, deciding, action),
            Payload::Approve(number) => self.approve(context, deciding, *number),
            Payload::Evidence(evidence) => self.record(evidence).map(Some),
            Payload::OpenWorkOrder(open) => self.open(context, open).map(|()| None),
            Payload::AdvanceWorkOrder(advance) => self.advance(context, advance).map(|()| None),
            Payload::Cosign(nonce) => self.cosign(context, deciding, nonce),
            Payload::RevokeInvitation(nonce) => self.revoke_invitation(nonce).map(|()| None),
            Payload::ChangeKey(change) => self.change_own_key(context, change).map(Some),
            Payload::NameNetworkKey(named) => self.name_network_key(named).map(|()| Some(Change::NetworkKey)),
            Payload::CommitDay(commitment) => self.commit_day(context, commitment).map(|()| None),
            Payload::Settle(signed) => self.settle_energy(deciding, signed).map(|()| None),
            Payload::Dispute(dispute) => self.dispute_energy(context, dispute).map(|()| None),
            Payload::Assembly(action) => self.act_on_assembly(context, action).map(|()| None),
            Payload::Token(_) | Payload::Aggregate(_) | Payload::Coefficients(_) => {
                Err(format!("nobody in this world asked for what {author} signed"))
            }
        }
    }

    fn record(&mut self, evidence: &Evidence) -> Result<Change, String> {
        let culprit = evidence.culprit();
        if !self.evidence.insert(evidence.key()) {
            return Err(format!("the same evidence against {culprit} counts twice"));
        }
        let key = self.any_key(&culprit).ok_or("evidence against a stranger")?;
        let holds = match evidence {
            Evidence::Votes(first, second) => {
                let step = |vote: &Vote| (vote.kind, vote.height, vote.round, vote.address);
                first.verify(&key, &self.chain).is_ok()
                    && second.verify(&key, &self.chain).is_ok()
                    && step(&first.vote) == step(&second.vote)
                    && first.vote.block != second.vote.block
            }
            Evidence::Proposals(first, second) => {
                let (a, b) = (&first.proposal, &second.proposal);
                first.verify(&key, &self.chain).is_ok()
                    && second.verify(&key, &self.chain).is_ok()
                    && (a.height, a.round, a.address) == (b.height, b.round, b.address)
                    && a != b
            }
        };
        if holds { Ok(Change::Evidenced(culprit)) } else { Err("evidence proves nothing".to_owned()) }
    }
}

/// An error unless both are the same.
fn expect<T: PartialEq + std::fmt::Debug>(what: &str, found: T, expected: T) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("{what}: {found:?}, expected {expected:?}")) }
}

/// A role as the model knows it.
fn may_vote(role: Role) -> bool {
    match role {
        Role::Authority => true,
        Role::Follower => false,
    }
}
