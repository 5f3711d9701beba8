//! One instance of every wire and stored type, the same on every machine, with the way its bytes are read back. A new
//! type gets its line here; golden vectors and hostile input then cover it.

use protocol::consensus::{PolkaCertificate, RoundCertificate, RoundCertificateKind, RoundSignature};
use protocol::greeting::{Greeting, Nonce, Question, Run};
use protocol::invitation::{Grant, JoinRefusal, Particulars};
use protocol::limits::{
    BLOCK_BYTES_MAX, BLOCK_RECORD_BYTES_MAX, CERTIFICATE_BYTES_MAX, CONSENSUS_FRAME_BYTES_MAX,
    GOSSIP_BYTES_MAX, GREETING_BYTES_MAX, JOIN_FRAME_BYTES_MAX, OPERATOR_FRAME_BYTES_MAX,
    SYNC_FRAME_BYTES_MAX, TRANSACTION_BYTES_MAX,
};
use protocol::membership::Admit;
use protocol::message::{
    Body, HeaderGossip, Status, SyncBlock, SyncRequest, SyncResponse, TransactionsGossip,
};
use protocol::network_key::{HandNetworkKey, NameNetworkKey};
use protocol::operator::{AlertCounts, OperatorMessage};
use protocol::transaction::TransactionBody;
use protocol::{
    Action, AdvanceWorkOrder, AssetKind, AuthoritySet, Block, BlockHeader, BlockId, Bounded, Bytes,
    Certificate, CertificateSignature, ChainId, DecodeError, Digest, Evidence, Genesis, Height, Invitation,
    JoinRequest, JoinResponse, KeyChange, LogRoot, Message, NetworkKey, OpenWorkOrder, Payload, Proposal,
    PublicKey, Role, Round, Sequence, Severity, Signature, SignedInvitation, SignedProposal, SignedVote,
    SigningKey, StateHash, Transaction, TransactionId, UnixMs, Vote, VoteKind, WorkOrderId, WorkOrderStatus,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Largest entry of the ledger's state in tests, bytes: the meta entry with two full authority sets.
const ENTRY_BYTES_MAX: usize = 4 * 1024;

/// A type as it travels or is stored.
pub(crate) struct Wire {
    /// Its name in the golden file.
    pub(crate) name: &'static str,
    /// Canonical bytes of the instance.
    pub(crate) bytes: Vec<u8>,
    /// Most bytes its decoder takes.
    pub(crate) limit: usize,
    /// Decodes strictly and encodes again.
    pub(crate) reread: fn(&[u8], usize) -> Result<Vec<u8>, DecodeError>,
}

pub(crate) fn wire<T: Serialize + DeserializeOwned>(name: &'static str, value: &T, limit: usize) -> Wire {
    let reread =
        |bytes: &[u8], limit| protocol::decode::<T>(bytes, limit).map(|value| protocol::encode(&value));
    Wire { name, bytes: protocol::encode(value), limit, reread }
}

/// Every type of the protocol.
pub(crate) fn protocol_types() -> Vec<Wire> {
    let rooms = [
        identifiers(),
        membership_types(),
        transactions(),
        blocks(),
        consensus(),
        messages(),
        crate::energy_samples::protocol_types(),
        crate::token_samples::protocol_types(),
        crate::assembly_samples::protocol_types(),
        crate::incident_samples::incident_types(),
        crate::enquiry_samples::enquiry_types(),
        crate::learning_samples::learning_types(),
    ];
    rooms.into_iter().flatten().collect()
}

fn identifiers() -> Vec<Wire> {
    vec![
        wire("PublicKey", &key(1).public(), 64),
        wire("Signature", &Signature::new([0x5a; 64]), 128),
        wire("ChainId", &chain(), 64),
        wire("BlockId", &block_id(), 64),
        wire("TransactionId", &TransactionId::new([0xa1; 32]), 64),
        wire("StateHash", &StateHash::new([0xa2; 32]), 64),
        wire("LogRoot", &LogRoot::new([0xa3; 32]), 64),
        wire("Digest", &digest(4), 64),
        wire("Address", &key(1).address(), 64),
        wire("Height", &Height(1_000_000), 16),
        wire("Sequence", &Sequence(u64::MAX), 16),
        wire("WorkOrderId", &WorkOrderId(7), 16),
        wire("UnixMs", &TIME, 16),
        wire("UnixMs before 1970", &UnixMs(-1), 16),
        wire("Round", &Round(3), 16),
        wire("AssetKind", &AssetKind::Elevator, 16),
        wire("Severity", &Severity::High, 16),
        wire("WorkOrderStatus", &WorkOrderStatus::InProgress, 16),
        wire("Role", &Role::Authority, 16),
        wire("VoteKind", &VoteKind::Precommit, 16),
    ]
}

fn membership_types() -> Vec<Wire> {
    let refused = |why| JoinResponse::Refused(why);
    vec![
        wire("AuthoritySet", &authorities(), 2 * 1024),
        wire("Genesis", &genesis(), JOIN_FRAME_BYTES_MAX),
        wire("Grant", &grant(), 1024),
        wire("SignedInvitation", &signed_invitation(), 1024),
        wire("Invitation", &invitation(), JOIN_FRAME_BYTES_MAX),
        wire("Invitation with particulars", &full_invitation(), JOIN_FRAME_BYTES_MAX),
        wire("JoinRequest", &join_request(), JOIN_FRAME_BYTES_MAX),
        wire("JoinResponse accepted", &JoinResponse::Accepted(genesis()), JOIN_FRAME_BYTES_MAX),
        wire("JoinResponse other hive", &refused(JoinRefusal::OtherHive), JOIN_FRAME_BYTES_MAX),
        wire("JoinResponse not invited", &refused(JoinRefusal::NotInvited), JOIN_FRAME_BYTES_MAX),
        wire("JoinResponse used", &refused(JoinRefusal::Used), JOIN_FRAME_BYTES_MAX),
        wire("JoinResponse expired", &refused(JoinRefusal::Expired), JOIN_FRAME_BYTES_MAX),
        wire("JoinResponse already member", &refused(JoinRefusal::AlreadyMember), JOIN_FRAME_BYTES_MAX),
        wire("JoinResponse full", &refused(JoinRefusal::Full), JOIN_FRAME_BYTES_MAX),
        wire("JoinResponse not now", &refused(JoinRefusal::NotNow), JOIN_FRAME_BYTES_MAX),
    ]
}

fn transactions() -> Vec<Wire> {
    let transaction = |name, payload| wire(name, &transaction(payload), TRANSACTION_BYTES_MAX);
    let member = key(5).address();
    let votes = Evidence::Votes(vote(VoteKind::Precommit, None), vote(VoteKind::Precommit, Some(block_id())));
    let proposals = Evidence::Proposals(proposal(None), proposal(Some(Round(1))));
    vec![
        transaction("Transaction admit", Payload::Admit(admit())),
        transaction("Transaction propose add", Payload::Propose(Action::AddAuthority(member))),
        transaction("Transaction propose remove", Payload::Propose(Action::RemoveAuthority(member))),
        transaction("Transaction propose revoke", Payload::Propose(Action::RevokeMember(member))),
        transaction("Transaction approve", Payload::Approve(9)),
        transaction("Transaction evidence of votes", Payload::Evidence(Box::new(votes))),
        transaction("Transaction evidence of proposals", Payload::Evidence(Box::new(proposals))),
        transaction("Transaction open work order", Payload::OpenWorkOrder(open_work_order())),
        transaction("Transaction advance work order", Payload::AdvanceWorkOrder(advance_work_order())),
        transaction("Transaction propose exclusion", Payload::Propose(Action::Exclude(member))),
        transaction("Transaction propose change of key", Payload::Propose(Action::ChangeKey(key_change()))),
        transaction("Transaction propose co-signatures", Payload::Propose(Action::AskCosignatures(true))),
        transaction("Transaction cosign", Payload::Cosign(digest(7))),
        transaction("Transaction revoke invitation", Payload::RevokeInvitation(digest(7))),
        transaction("Transaction change key", Payload::ChangeKey(key_change())),
        transaction(
            "Transaction name network key",
            Payload::NameNetworkKey(NameNetworkKey { epoch: 1, hash: digest(6) }),
        ),
    ]
}

fn blocks() -> Vec<Wire> {
    vec![
        wire("BlockHeader", &header(), 1024),
        wire("Block", &block(), BLOCK_BYTES_MAX),
        wire("Certificate", &certificate(), CERTIFICATE_BYTES_MAX),
    ]
}

fn consensus() -> Vec<Wire> {
    vec![
        wire("Vote for nil", &vote(VoteKind::Prevote, None).vote, 1024),
        wire("SignedVote", &vote(VoteKind::Precommit, Some(block_id())), 1024),
        wire("Proposal", &proposal(None).proposal, 1024),
        wire("SignedProposal", &proposal(Some(Round(1))), 1024),
        wire("PolkaCertificate", &polka(), 8 * 1024),
        wire("RoundCertificate skip", &round_certificate(RoundCertificateKind::Skip), 8 * 1024),
        wire("RoundCertificate precommit", &round_certificate(RoundCertificateKind::Precommit), 8 * 1024),
    ]
}

fn messages() -> Vec<Wire> {
    let consensus = |name, message: &Message| wire(name, message, CONSENSUS_FRAME_BYTES_MAX);
    let sync = |name, message: &Message| wire(name, message, SYNC_FRAME_BYTES_MAX);
    let greeting = |name, greeting: &Greeting| wire(name, greeting, GREETING_BYTES_MAX);
    let question = Question { run: Run::new([0x13; 16]), nonce: Nonce::new([0x14; 16]) };
    let name = Bytes::new(b"Tour Alpha".to_vec()).unwrap();
    let body = Body { height: Height(7), round: Round(2), block: block_bytes() };
    let sync_block = SyncBlock { block: block_bytes(), certificate: certificate() };
    let blocks = Bounded::new(vec![sync_block]).unwrap();
    let gossip = TransactionsGossip(Bounded::new(vec![transaction(Payload::Approve(9))]).unwrap());
    vec![
        consensus("Message vote", &Message::Vote(vote(VoteKind::Prevote, Some(block_id())))),
        consensus("Message proposal", &Message::Proposal(proposal(None))),
        consensus("Message body", &Message::Body(body)),
        consensus("Message polka", &Message::Polka(polka())),
        consensus("Message round", &Message::Round(round_certificate(RoundCertificateKind::Skip))),
        sync("Message status", &Message::Status(Status { height: Height(6), block: block_id(), name })),
        sync("Message sync request", &Message::SyncRequest(SyncRequest { from: Height(7), count: 256 })),
        sync("Message sync response", &Message::SyncResponse(SyncResponse { blocks })),
        sync("Message network key request", &Message::NetworkKeyRequest(3)),
        sync(
            "Message network key",
            &Message::NetworkKey(HandNetworkKey { epoch: 3, key: NetworkKey::new([9; 32]) }),
        ),
        sync("Message question text request", &Message::QuestionTextRequest(digest(0x0c))),
        sync("Message question text", &Message::QuestionText(Bytes::new(b"A boiler?".to_vec()).unwrap())),
        wire("OperatorMessage hello", &OperatorMessage::Hello(digest(0x0b)), OPERATOR_FRAME_BYTES_MAX),
        wire(
            "OperatorMessage open alerts",
            &OperatorMessage::OpenAlerts(
                AlertCounts { low: 300, medium: 2, high: 1 },
                UnixMs(1_735_689_600_000),
            ),
            OPERATOR_FRAME_BYTES_MAX,
        ),
        greeting("Greeting here", &Greeting::Here(Run::new([0x11; 16]))),
        greeting("Greeting others", &Greeting::Others(Bounded::new(vec![Run::new([0x12; 16])]).unwrap())),
        greeting("Greeting question", &Greeting::Question(question)),
        wire("TransactionsGossip", &gossip, GOSSIP_BYTES_MAX),
        wire(
            "HeaderGossip",
            &HeaderGossip { header: header(), certificate: certificate() },
            GOSSIP_BYTES_MAX,
        ),
    ]
}

/// Every type the ledger stores beside those of the protocol: keys and entries of its state, and what stands inside
/// the record of a block.
pub(crate) fn ledger_types() -> Vec<Wire> {
    use ledger::state::{
        Admission, Entry, Evidenced, Key, MemberEntry, Meta, Moved, NamedNetworkKey, Origin, Place,
        ProposalStatus, Settings, WorkOrder,
    };
    let admission = Admission {
        member: key(6).public(),
        role: Role::Follower,
        expires: TIME,
        signers: Bounded::new(vec![key(1).address()]).unwrap(),
    };
    let moved = Moved { key: key(5).public(), to: key(6).address(), height: Height(9) };
    let named = NamedNetworkKey { epoch: 2, hash: Some(digest(6)), since: TIME, is_due: true };
    let member = MemberEntry {
        key: key(1).public(),
        sequence: Sequence(12),
        since: Height(3),
        role_max: Role::Authority,
        revoked: false,
        open_work_orders: 2,
    };
    let meta = Meta {
        height: Height(7),
        time: TIME,
        authorities: authorities(),
        next_authorities: authorities(),
        work_orders: 5,
        proposals: 2,
    };
    let proposal = ledger::state::Proposal {
        action: Action::AddAuthority(key(5).address()),
        height: Height(4),
        approvals: Bounded::new(vec![key(1).address()]).unwrap(),
        status: ProposalStatus::Executed(Height(6)),
    };
    let place = |n: u8| Place {
        height: Height(u64::from(n)),
        time: TIME.plus(i64::from(n)),
        transaction: TransactionId::new([n; 32]),
    };
    let OpenWorkOrder { reference, asset, kind, policy, severity, commitment } = open_work_order();
    let work_order = WorkOrder {
        building: key(1).address(),
        reference,
        asset,
        kind,
        policy,
        severity,
        status: WorkOrderStatus::Open,
        commitment,
        opened: place(7),
        changed: place(8),
    };
    let evidenced = Evidenced { culprit: key(2).address(), signed: Height(5), recorded: Height(7) };
    let stored = |name, key: Key| wire(name, &key, 256);
    let entry = |name, entry: Entry| wire(name, &entry, ENTRY_BYTES_MAX);
    vec![
        stored("Key meta", Key::Meta),
        stored("Key member", Key::Member(key(1).address())),
        stored("Key proposal", Key::Proposal(2)),
        stored("Key invitation", Key::Invitation(digest(1))),
        stored("Key work order", Key::WorkOrder(WorkOrderId(5))),
        stored("Key reference", Key::Reference(digest(2))),
        stored("Key evidence", Key::Evidence(key(2).address(), digest(3))),
        stored("Key settings", Key::Settings),
        stored("Key admission", Key::Admission(digest(1))),
        stored("Key moved", Key::Moved(key(5).address())),
        stored("Key origin", Key::Origin(key(6).address())),
        stored("Key network key", Key::NetworkKey),
        entry("Entry settings", Entry::Settings(Settings { asks_cosignatures: true })),
        entry("Entry admission", Entry::Admission(admission)),
        entry("Entry moved", Entry::Moved(moved)),
        entry("Entry origin", Entry::Origin(Origin { address: key(5).address(), changes: 1 })),
        entry("Entry network key", Entry::NetworkKey(named)),
        entry("Entry meta", Entry::Meta(meta)),
        entry("Entry member", Entry::Member(member)),
        entry("Entry proposal", Entry::Proposal(proposal)),
        entry("Entry invitation", Entry::Invitation(TIME)),
        entry("Entry work order", Entry::WorkOrder(work_order)),
        entry("Entry reference", Entry::Reference(WorkOrderId(5))),
        entry("Entry evidence", Entry::Evidence(evidenced)),
        wire("Block record body", &(block(), certificate()), BLOCK_RECORD_BYTES_MAX),
    ]
    .into_iter()
    .chain(crate::energy_samples::ledger_types())
    .chain(crate::token_samples::ledger_types())
    .chain(crate::assembly_samples::ledger_types())
    .collect()
}

/// 2025-12-09T10:15:23Z.
pub(crate) const TIME: UnixMs = UnixMs(1_765_275_323_000);

/// The n-th key.
pub(crate) fn key(n: u8) -> SigningKey {
    SigningKey::from_seed(&[n; 32])
}

/// A hive of four authorities and one follower.
pub(crate) fn genesis() -> Genesis {
    Genesis::new(TIME, digest(42), public_keys(), vec![key(5).public()]).unwrap()
}

/// An invitation with one address.
pub(crate) fn invitation() -> Invitation {
    let address = Bytes::new(b"/ip4/127.0.0.1/tcp/40001".to_vec()).unwrap();
    Invitation {
        signed: signed_invitation(),
        secret: digest(8),
        swarm_key: digest(9),
        addresses: Bounded::new(vec![address]).unwrap(),
        particulars: None,
    }
}

/// The same as this release makes it.
pub(crate) fn full_invitation() -> Invitation {
    let particulars = Particulars { authorities: authorities().hash(), epoch: 2, page: Some(digest(10)) };
    Invitation { particulars: Some(particulars), ..invitation() }
}

/// Key 5 goes on as key 6.
fn key_change() -> KeyChange {
    KeyChange::prove(&genesis().chain(), key(5).address(), &key(6))
}

/// The block of height 7.
pub(crate) fn block() -> Block {
    let transactions = vec![transaction(Payload::OpenWorkOrder(open_work_order()))];
    Block { header: header(), transactions: Bounded::new(transactions).unwrap() }
}

/// Its certificate, signed by three of four.
pub(crate) fn certificate() -> Certificate {
    let signed = |n| {
        let vote = vote_of(n, VoteKind::Precommit, Some(header().id()));
        CertificateSignature { address: vote.vote.address, signature: vote.signature }
    };
    let mut signatures = vec![signed(1), signed(2), signed(3)];
    signatures.sort_by_key(|signature| signature.address);
    Certificate {
        height: Height(7),
        round: Round(2),
        block: header().id(),
        signatures: Bounded::new(signatures).unwrap(),
    }
}

/// A vote of the first authority.
pub(crate) fn vote(kind: VoteKind, block: Option<BlockId>) -> SignedVote {
    vote_of(1, kind, block)
}

/// A proposal of the first authority.
pub(crate) fn proposal(pol_round: Option<Round>) -> SignedProposal {
    let address = key(1).address();
    let proposal = Proposal { height: Height(7), round: Round(2), block: block_id(), pol_round, address };
    proposal.sign(&key(1), &chain())
}

fn vote_of(n: u8, kind: VoteKind, block: Option<BlockId>) -> SignedVote {
    let vote = Vote { kind, height: Height(7), round: Round(2), block, address: key(n).address() };
    vote.sign(&key(n), &chain())
}

fn public_keys() -> Vec<PublicKey> {
    (1..=4).map(|n| key(n).public()).collect()
}

fn authorities() -> AuthoritySet {
    AuthoritySet::new(public_keys()).unwrap()
}

fn digest(n: u8) -> Digest {
    Digest::new([n; 32])
}

pub(crate) fn chain() -> ChainId {
    genesis().chain()
}

fn block_id() -> BlockId {
    BlockId::new([0xb1; 32])
}

fn block_bytes() -> Bytes<BLOCK_BYTES_MAX> {
    Bytes::new(protocol::encode(&block())).unwrap()
}

fn header() -> BlockHeader {
    let set = authorities().hash();
    BlockHeader {
        chain: chain(),
        height: Height(7),
        previous: block_id(),
        time: TIME,
        transactions: digest(0xd1),
        state: StateHash::new([0xd2; 32]),
        log_root: LogRoot::new([0xd3; 32]),
        log_size: 19,
        authorities: set,
        next_authorities: set,
        proposer: key(1).address(),
    }
}

fn grant() -> Grant {
    Grant {
        chain: chain(),
        nonce: Invitation::nonce_of(&digest(8)),
        role: Role::Authority,
        expires: TIME.plus(3_600_000),
        height: Height(6),
        block: block_id(),
    }
}

fn signed_invitation() -> SignedInvitation {
    let inviter = key(1);
    SignedInvitation { grant: grant(), inviter: inviter.public(), signature: grant().sign(&inviter) }
}

fn join_request() -> JoinRequest {
    let newcomer = key(6);
    let (member, proof) = (newcomer.public(), grant().prove(&newcomer));
    JoinRequest { signed: signed_invitation(), secret: digest(8), member, proof }
}

fn admit() -> Admit {
    let (inviter, newcomer) = (key(1), key(6));
    Admit {
        grant: grant(),
        inviter: inviter.public(),
        grant_signature: grant().sign(&inviter),
        member: newcomer.public(),
        proof: grant().prove(&newcomer),
    }
}

fn open_work_order() -> OpenWorkOrder {
    OpenWorkOrder {
        reference: digest(0x11),
        asset: digest(0x12),
        kind: AssetKind::Elevator,
        policy: digest(0x13),
        severity: Severity::High,
        commitment: digest(0x14),
    }
}

fn advance_work_order() -> AdvanceWorkOrder {
    AdvanceWorkOrder { id: WorkOrderId(5), status: WorkOrderStatus::Done, commitment: digest(0x15) }
}

pub(crate) fn transaction(payload: Payload) -> Transaction {
    let author = key(1);
    let body =
        TransactionBody { author: author.public(), sequence: Sequence(12), expires: Height(1_007), payload };
    body.sign(&author, &chain()).transaction().clone()
}

fn polka() -> PolkaCertificate {
    let signatures = [1, 2, 3].map(|n| {
        let vote = vote_of(n, VoteKind::Prevote, Some(block_id()));
        (vote.vote.address, vote.signature)
    });
    PolkaCertificate {
        height: Height(7),
        round: Round(2),
        block: block_id(),
        signatures: Bounded::new(signatures.to_vec()).unwrap(),
    }
}

fn round_certificate(kind: RoundCertificateKind) -> RoundCertificate {
    let signatures = [(1, None), (2, Some(block_id()))].map(|(n, block)| {
        let SignedVote { vote, signature } = vote_of(n, VoteKind::Precommit, block);
        RoundSignature { kind: vote.kind, block: vote.block, address: vote.address, signature }
    });
    RoundCertificate {
        height: Height(7),
        round: Round(2),
        kind,
        signatures: Bounded::new(signatures.to_vec()).unwrap(),
    }
}
