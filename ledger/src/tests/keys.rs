//! Who is let in and under which key: co-signed admissions, keys that change, invitations taken back, network keys, and
//! histories that keys of former authorities would like to be true.

use protocol::invitation::Grant;
use protocol::membership::Admit;
use protocol::message::{Status, SyncBlock, SyncResponse};
use protocol::network_key::NameNetworkKey;
use protocol::{Checkpoint, KeyChange, NetworkKey, Role, encode};

use super::*;
use crate::Event;
use crate::output::Fault;

impl Net {
    fn state_of(&self, i: u8) -> &crate::State {
        self.nodes[&key(i).address()].state()
    }

    /// Hands a transaction in at its author, with the sequence that is due.
    fn wish(&mut self, author: u8, payload: Payload) {
        self.hand_in(author, payload);
        self.run();
    }

    fn hand_in(&mut self, author: u8, payload: Payload) {
        let state = self.state_of(author);
        let sequence = state.member(&key(author).address()).map_or(1, |member| member.sequence.0 + 1);
        let transaction = sign(&self.genesis.clone(), author, sequence, payload);
        self.submit(author, vec![transaction]);
    }

    fn decide(&mut self, action: Action) {
        self.decide_by(3, action);
    }

    fn decide_by(&mut self, quorum: u8, action: Action) {
        self.wish(0, Payload::Propose(action));
        let (number, _) = self.state_of(0).proposals().next().unwrap();
        for i in 1..quorum {
            self.wish(i, Payload::Approve(number));
        }
    }

    fn stored(&self, i: u8) -> Vec<StoredBlock> {
        let disk = &self.disks[&key(i).address()];
        let (mut stored, mut offset) = (Vec::new(), 0);
        while let Some(Frame::Record { body, end }) = read_block_frame(&disk.blocks, offset) {
            stored.push(decode_block(body).unwrap());
            offset = end;
        }
        stored
    }
}

fn grant(net: &Net, nonce: u8) -> Grant {
    let head = net.nodes[&key(0).address()].head();
    let expires = head.time.plus(60_000);
    let nonce = Digest::new([nonce; 32]);
    Grant {
        chain: net.genesis.chain(),
        nonce,
        role: Role::Authority,
        expires,
        height: head.height,
        block: head.block,
    }
}

fn admit(grant: &Grant, inviter: u8, newcomer: u8) -> Payload {
    Payload::Admit(Admit {
        grant: grant.clone(),
        inviter: key(inviter).public(),
        grant_signature: grant.sign(&key(inviter)),
        member: key(newcomer).public(),
        proof: grant.prove(&key(newcomer)),
    })
}

#[test]
fn an_admission_waits_for_more_authorities_than_may_fail() {
    let mut net = Net::new(genesis(7, 0));
    net.decide_by(5, Action::AskCosignatures(true));
    let invitation = grant(&net, 1);
    net.wish(0, admit(&invitation, 0, 50));
    assert!(net.state_of(3).member(&key(50).address()).is_none(), "one of seven has signed");
    assert_eq!(net.state_of(3).admission(&invitation.nonce).unwrap().signers.len(), 1);
    net.wish(0, Payload::Cosign(invitation.nonce));
    net.wish(1, admit(&invitation, 0, 51));
    assert_eq!(net.state_of(3).admission(&invitation.nonce).unwrap().signers.len(), 1, "nobody signs twice");
    net.wish(1, Payload::Cosign(invitation.nonce));
    assert!(net.state_of(3).member(&key(50).address()).is_none(), "two of seven have signed");
    net.wish(2, Payload::Cosign(invitation.nonce));
    assert!(net.state_of(3).member(&key(50).address()).is_some(), "three are one more than may fail");
    assert!(net.state_of(3).member(&key(51).address()).is_none(), "the second newcomer came too late");
    assert_eq!(net.state_of(3).admissions().count(), 0);

    // The inviter and the authority that was asked are two.
    let other = grant(&net, 2);
    net.wish(1, admit(&other, 0, 52));
    assert_eq!(net.state_of(3).admission(&other.nonce).unwrap().signers.len(), 2);
    net.agree();
}

#[test]
fn one_invitation_at_two_authorities_at_once_lets_one_in() {
    for asks in [false, true] {
        let mut net = Net::new(genesis(4, 0));
        if asks {
            net.decide(Action::AskCosignatures(true));
        }
        let invitation = grant(&net, 1);
        let at = |net: &Net, i: u8| net.state_of(i).member(&key(i).address()).unwrap().sequence.0 + 1;
        let genesis = net.genesis.clone();
        let (one, two) = (at(&net, 1), at(&net, 2));
        net.submit(1, vec![sign(&genesis, 1, one, admit(&invitation, 0, 50))]);
        net.submit(2, vec![sign(&genesis, 2, two, admit(&invitation, 0, 51))]);
        net.run();
        net.agree();
        let state = net.state_of(0);
        let admitted = [50, 51].iter().filter(|i| state.member(&key(**i).address()).is_some()).count();
        assert_eq!((admitted, state.admissions().count()), (1, 0), "co-signatures asked: {asks}");
    }
}

#[test]
fn an_invitation_that_was_taken_back_opens_no_door() {
    let mut net = Net::new(genesis(4, 1));
    let invitation = grant(&net, 1);
    net.wish(4, Payload::RevokeInvitation(invitation.nonce));
    assert!(!net.state_of(0).invitation_used(&invitation.nonce), "a follower takes nothing back");
    net.wish(2, Payload::RevokeInvitation(invitation.nonce));
    assert!(net.state_of(0).invitation_used(&invitation.nonce));
    net.wish(0, admit(&invitation, 0, 50));
    assert!(net.state_of(0).member(&key(50).address()).is_none());

    // One that waits for co-signatures ends as well.
    net.decide(Action::AskCosignatures(true));
    let waiting = grant(&net, 2);
    net.wish(0, admit(&waiting, 0, 51));
    net.wish(1, Payload::RevokeInvitation(waiting.nonce));
    net.wish(2, Payload::Cosign(waiting.nonce));
    assert!(net.state_of(0).member(&key(51).address()).is_none());
    net.agree();
}

#[test]
fn a_follower_goes_on_under_another_key() {
    let mut net = Net::new(genesis(4, 1));
    let genesis = net.genesis.clone();
    net.submit(4, vec![open(&genesis, 4, 1, 1)]);
    net.run();
    let forged = KeyChange {
        member: key(4).address(),
        ..KeyChange::prove(&genesis.chain(), key(3).address(), &key(40))
    };
    net.wish(4, Payload::ChangeKey(forged));
    assert!(net.state_of(0).member(&key(40).address()).is_none(), "the new key never agreed");
    let change = KeyChange::prove(&genesis.chain(), key(4).address(), &key(40));
    net.wish(4, Payload::ChangeKey(change));
    let state = net.state_of(0);
    let (old, new) = (key(4).address(), key(40).address());
    let member = state.member(&new).unwrap();
    assert_eq!((member.sequence, member.open_work_orders, member.since), (Sequence(2), 1, Height(0)));
    assert_eq!((state.origin(&new), state.current(&old)), (old, new));
    assert!(state.member(&old).is_none() && !state.member_keys().any(|member| member == key(4).public()));
    net.kill(4);

    // The old key counts for nothing, its work order belongs to the new one, and its reference stays taken.
    let advance = |author, sequence| {
        let id = protocol::WorkOrderId(1);
        let status = protocol::WorkOrderStatus::Done;
        let advance = protocol::AdvanceWorkOrder { id, status, commitment: Digest::new([5; 32]) };
        sign(&genesis, author, sequence, Payload::AdvanceWorkOrder(advance))
    };
    net.submit(0, vec![advance(4, 3), open(&genesis, 40, 3, 1)]);
    net.run();
    assert_eq!(net.state_of(0).work_orders().count(), 1);
    net.submit(0, vec![advance(40, 3)]);
    net.run();
    let order = net.state_of(0).work_order(protocol::WorkOrderId(1)).unwrap().clone();
    assert_eq!((order.status, order.building), (protocol::WorkOrderStatus::Done, old));
    assert_eq!(net.state_of(0).member(&new).unwrap().open_work_orders, 0);

    // A former key never comes back, neither by admission nor by another change.
    let back = KeyChange::prove(&genesis.chain(), new, &key(4));
    net.submit(0, vec![sign(&genesis, 40, 4, Payload::ChangeKey(back))]);
    let invitation = grant(&net, 1);
    net.wish(0, admit(&invitation, 0, 4));
    assert!(net.state_of(0).member(&old).is_none());

    // Whoever changes its key does not escape what is decided about it.
    net.decide(Action::RevokeMember(old));
    assert!(net.state_of(0).member(&new).unwrap().revoked);
    net.agree();
}

#[test]
fn authorities_change_their_keys_one_by_one_and_agree_all_the_while() {
    let mut net = Net::new(genesis(4, 0));
    let genesis = net.genesis.clone();
    let own = KeyChange::prove(&genesis.chain(), key(0).address(), &key(40));
    net.wish(0, Payload::ChangeKey(own));
    assert!(net.state_of(1).member(&key(40).address()).is_none(), "an authority does not decide alone");
    for i in 0..4u8 {
        let keys: Vec<u8> = (0..4).map(|j| if j < i { 40 + j } else { j }).collect();
        let change = KeyChange::prove(&genesis.chain(), key(i).address(), &key(40 + i));
        net.wish(i, Payload::Propose(Action::ChangeKey(change)));
        let (number, _) = net.state_of(i).proposals().next().unwrap();
        let next = |net: &Net| net.state_of(i).next_authorities().key_of(&key(40 + i).address()).is_some();
        for approving in keys.iter().copied().filter(|j| *j != i).take(2) {
            net.hand_in(approving, Payload::Approve(number));
            net.run_until(next, 5_000);
        }
        let decided = net.state_of(i).meta().height;
        assert!(next(&net));
        assert!(
            net.state_of(i).authorities().key_of(&key(i).address()).is_some(),
            "the next height is the old set's"
        );
        assert!(
            net.state_of(i).member_keys().any(|known| known == key(i).public()),
            "until then it may connect"
        );
        // The old key goes down in the middle; the folder comes back with the new one.
        net.kill(i);
        let disk = net.disks.remove(&key(i).address()).unwrap();
        net.disks.insert(key(40 + i).address(), disk);
        net.start(40 + i);
        let worker = if i == 0 { 1 } else { 40 };
        for n in 0..3u8 {
            let state = net.state_of(worker);
            let sequence = state.member(&key(worker).address()).unwrap().sequence.0 + 1;
            net.submit(worker, vec![open(&genesis, worker, sequence, 10 * i + n)]);
            net.run_until(|_| false, 3_000);
        }
        net.agree();
        let state = net.state_of(40 + i);
        assert!(state.meta().height > decided.next(), "the chain is live");
        assert!(state.authorities().key_of(&key(40 + i).address()).is_some());
        assert!(state.authorities().key_of(&key(i).address()).is_none());
    }
    assert!(net.nodes.values().all(|node| node.state().evidence().count() == 0), "nobody signed twice");
    assert_eq!(net.state_of(40).work_orders().count(), 12);
}

#[test]
fn what_a_former_key_signed_twice_is_still_evidence() {
    let mut net = Net::new(genesis(4, 0));
    let chain = net.genesis.chain();
    let change = KeyChange::prove(&chain, key(3).address(), &key(40));
    net.decide(Action::ChangeKey(change));
    let vote = |block| {
        let (kind, height) = (protocol::VoteKind::Prevote, Height(1));
        let vote =
            protocol::Vote { kind, height, round: protocol::Round(0), block, address: key(3).address() };
        vote.sign(&key(3), &chain)
    };
    let evidence = protocol::Evidence::Votes(vote(None), vote(Some(protocol::BlockId::new([7; 32]))));
    net.wish(0, Payload::Evidence(Box::new(evidence)));
    assert_eq!(net.state_of(1).evidence().map(|found| found.culprit).collect::<Vec<_>>(), [key(3).address()]);
}

#[test]
fn an_exclusion_asks_for_another_network_key_and_the_first_one_named_counts() {
    let mut net = Net::new(genesis(4, 1));
    let chain = net.genesis.chain();
    assert!(net.state_of(0).network_key().is_none());
    net.decide_by(3, Action::Exclude(key(4).address()));
    let known = net.state_of(0).network_key().unwrap();
    assert!(known.is_due && known.epoch == 0 && known.hash.is_none());
    assert!(net.state_of(0).member(&key(4).address()).unwrap().revoked);
    let named = |i: u8, epoch| {
        let hash = NetworkKey::made_by(&key(i), &chain, epoch).hash(&chain);
        Payload::NameNetworkKey(NameNetworkKey { epoch, hash })
    };
    net.wish(1, named(1, 2));
    assert_eq!(net.state_of(0).network_key().unwrap().epoch, 0, "no epoch is left out");
    net.wish(1, named(1, 1));
    net.wish(2, named(2, 1));
    let known = net.state_of(0).network_key().unwrap().clone();
    assert_eq!((known.epoch, known.is_due), (1, false));
    assert_eq!(
        known.hash,
        Some(NetworkKey::made_by(&key(1), &chain, 1).hash(&chain)),
        "the first one counts"
    );
    net.wish(2, named(2, 2));
    assert_eq!(
        net.state_of(0).network_key().unwrap().epoch,
        1,
        "no authority changes the locks all the time"
    );
    net.kill(4);
    net.agree();
}

/// The history of `net` as a peer would serve it.
fn serve(stored: &[StoredBlock], request: &protocol::message::SyncRequest) -> Message {
    let skip = usize::try_from(request.from.0 - 1).unwrap();
    let blocks = stored.iter().skip(skip).take(usize::from(request.count)).map(|stored| SyncBlock {
        block: Bytes::new(encode(&stored.block)).unwrap(),
        certificate: stored.certificate.clone(),
    });
    Message::SyncResponse(SyncResponse { blocks: protocol::Bounded::new(blocks.collect()).unwrap() })
}

/// Lets a newcomer catch up from one peer for a while; answers what it blamed it for.
fn follow(newcomer: &mut Ledger, peer: Address, stored: &[StoredBlock], from_ms: u64) -> Vec<Fault> {
    let now = |tick| Now { tick: Tick(tick), time: UnixMs(1_000_000) };
    let height = Height(stored.len() as u64);
    let mut blamed = Vec::new();
    let mut inputs = VecDeque::from([Input::Connected(peer)]);
    for tick in from_ms..from_ms + 8_000 {
        if tick % 1_000 == 0 {
            let status = Status { height, block: protocol::BlockId::new([0; 32]), name: Bytes::default() };
            inputs.push_back(Input::Message { from: peer, message: Message::Status(status) });
        }
        let input = inputs.pop_front().unwrap_or(Input::Tick);
        for output in newcomer.handle(now(tick), input) {
            if let Output::Send { message: Message::SyncRequest(request), to } = output {
                inputs.push_back(Input::Message { from: to, message: serve(stored, &request) });
            } else if let Output::Blame { fault, .. } = output {
                blamed.push(fault);
            }
        }
    }
    newcomer.handle(now(from_ms + 8_000), Input::Disconnected(peer));
    blamed
}

/// Two histories that part at height 10; in the true one all authorities have other keys by now, in the other one the
/// old keys went on signing.
fn two_histories() -> (Net, Vec<StoredBlock>, Vec<StoredBlock>) {
    let common = |n: u64| {
        let mut net = Net::new(genesis(4, 0));
        let genesis = net.genesis.clone();
        for i in 1..=n {
            net.submit(0, vec![open(&genesis, 0, i, u8::try_from(i).unwrap())]);
            net.run();
        }
        net
    };
    let (mut truth, mut lie) = (common(9), common(9));
    let genesis = truth.genesis.clone();
    for i in 10..=300 {
        let id = u8::try_from(i % 250).unwrap();
        let mut transaction = open(&genesis, 1, i - 9, id);
        if i > 250 {
            transaction = open(&genesis, 2, i - 250, id);
        }
        lie.submit(1, vec![transaction]);
        lie.run();
    }
    for i in 0..280u64 {
        let (author, sequence) = (3, i + 1);
        truth.submit(author, vec![open_of(&genesis, author, sequence, i)]);
        truth.run();
    }
    truth.agree();
    let (truly, falsely) = (truth.stored(0), lie.stored(0));
    let parts = truly.iter().zip(&falsely).position(|(a, b)| a.block.id() != b.block.id());
    assert_eq!(parts, Some(9), "they part at height 10");
    assert!(truly.len() > 270 && falsely.len() > 290);
    (truth, truly, falsely)
}

fn open_of(genesis: &Genesis, author: u8, sequence: u64, n: u64) -> VerifiedTransaction {
    let mut reference = [0; 32];
    reference[..8].copy_from_slice(&n.to_be_bytes());
    let mut payload = open(genesis, author, sequence, 0).body().payload.clone();
    if let Payload::OpenWorkOrder(open) = &mut payload {
        open.reference = Digest::new(reference);
    }
    sign(genesis, author, sequence, payload)
}

#[test]
fn keys_of_former_authorities_write_no_history_that_a_newcomer_believes() {
    let (truth, truly, falsely) = two_histories();
    let genesis = &truth.genesis;
    let vouched = &truly[269].block.header;
    let checkpoint = Checkpoint {
        height: vouched.height,
        block: vouched.id(),
        authorities: Some(vouched.next_authorities),
    };
    let peer = key(0).address();
    let newcomer = |checkpoint| {
        let config = Config { checkpoint, ..config() };
        let (votes, now) = (Ok(crate::VoteLog::default()), Now { tick: Tick(0), time: UnixMs(1_000_000) });
        Ledger::open(now, config, key(90), genesis, std::iter::empty(), votes).unwrap().0
    };

    let mut trusting = newcomer(None);
    assert_eq!(follow(&mut trusting, peer, &falsely, 0), []);
    assert_eq!(trusting.head().height, Height(falsely.len() as u64), "signatures alone cannot tell");

    let mut careful = newcomer(Some(checkpoint));
    let blamed = follow(&mut careful, peer, &falsely, 0);
    assert!(!blamed.is_empty() && blamed.iter().all(|fault| *fault == Fault::Certificate), "{blamed:?}");
    assert_eq!((careful.head().height, careful.is_on_its_way()), (Height(0), true), "not one block is taken");

    // A peer that shows the true way and then serves the other history below it gets no further.
    let mixed: Vec<StoredBlock> =
        falsely[..20].iter().chain(&truly[20..]).map(|stored| StoredBlock { ..stored.clone() }).collect();
    follow(&mut careful, peer, &mixed, 10_000);
    assert_eq!(careful.head().height, Height(0));

    let honest = key(1).address();
    assert_eq!(follow(&mut careful, honest, &truly, 20_000), []);
    assert_eq!(careful.head().height, Height(truly.len() as u64));
    assert!(!careful.is_on_its_way());

    // What is final stays: the other history finds no ear any more.
    let head = careful.head();
    follow(&mut careful, peer, &falsely, 30_000);
    assert_eq!(careful.head(), head);
}

#[test]
fn a_folder_with_another_history_is_not_opened_or_stops() {
    let (truth, truly, falsely) = two_histories();
    let vouched = &truly[19].block.header;
    let checkpoint = Checkpoint { height: vouched.height, block: vouched.id(), authorities: None };
    let now = Now { tick: Tick(0), time: UnixMs(1_000_000) };
    let open = |stored: &[StoredBlock]| {
        let config = Config { checkpoint: Some(checkpoint), ..config() };
        let stored = stored.iter().cloned();
        Ledger::open(now, config, key(90), &truth.genesis, stored, Ok(crate::VoteLog::default()))
    };
    assert_eq!(open(&falsely[..30]).unwrap_err(), crate::OpenError::OtherHistory { height: Height(20) });
    let (mut short, _) = open(&falsely[..15]).unwrap();
    follow(&mut short, key(1).address(), &truly, 0);
    assert_eq!(short.head().height, Height(15));
    assert!(short.halted().is_some_and(|reason| reason.contains("another history")), "{:?}", short.halted());
    let (mut whole, _) = open(&truly[..15]).unwrap();
    follow(&mut whole, key(1).address(), &truly, 0);
    assert_eq!(whole.head().height, Height(truly.len() as u64));
}

#[test]
fn an_invitation_that_contradicts_itself_is_not_followed() {
    let (truth, truly, _) = two_histories();
    let vouched = &truly[19].block.header;
    let authorities = Some(Digest::new([1; 32]));
    let checkpoint = Some(Checkpoint { height: vouched.height, block: vouched.id(), authorities });
    let now = Now { tick: Tick(0), time: UnixMs(1_000_000) };
    let config = Config { checkpoint, ..config() };
    let votes = Ok(crate::VoteLog::default());
    let (mut newcomer, _) =
        Ledger::open(now, config, key(90), &truth.genesis, std::iter::empty(), votes).unwrap();
    follow(&mut newcomer, key(1).address(), &truly, 0);
    assert!(newcomer.halted().is_some());
    assert_eq!(newcomer.head().height, Height(0));
}

#[test]
fn events_tell_what_happened_to_keys() {
    let mut net = Net::new(genesis(1, 1));
    let chain = net.genesis.chain();
    let change = KeyChange::prove(&chain, key(1).address(), &key(40));
    let transaction = sign(&net.genesis.clone(), 1, 1, Payload::ChangeKey(change));
    let now = net.time();
    let outputs = net
        .nodes
        .get_mut(&key(0).address())
        .unwrap()
        .handle(now, Input::Submit { transactions: vec![transaction], local: true });
    let events: Vec<Event> = outputs
        .into_iter()
        .filter_map(
            |output| if let Output::Committed(committed) = output { Some(committed.events) } else { None },
        )
        .flatten()
        .collect();
    assert_eq!(events, [Event::KeyChanged { from: key(1).address(), to: key(40).address() }]);
}
