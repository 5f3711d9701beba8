//! Who gets in: newcomers, whoever was shut out, and nodes behind a network key that changes.

use protocol::invitation::{JoinRefusal, JoinResponse};
use protocol::{
    Action, Invitation, JoinRequest, NetworkKey, Payload as Wish, Role, SignedInvitation, UnixMs,
};

use super::*;
use crate::core::outbox::Purpose;

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

fn at(tick: u64) -> Now {
    Now { tick: Tick(tick), time: UnixMs(1_000_000 + i64::try_from(tick).unwrap()) }
}

/// Everything a building asks for within a few seconds after an input.
fn told(core: &mut Core, tick: &mut u64, input: Input) -> Vec<Output> {
    let mut outputs = core.handle(at(*tick), input);
    for _ in 0..40 {
        *tick += 100;
        outputs.extend(core.handle(at(*tick), Input::Tick));
    }
    outputs
}

fn ask(core: &mut Core, tick: &mut u64, command: Command) -> Vec<Output> {
    told(core, tick, Input::Command { ticket: Ticket(1), by: Actor::default(), command })
}

fn invite(core: &mut Core, tick: &mut u64, secret: Digest) -> SignedInvitation {
    let (nonce, role, expires) =
        (Invitation::nonce_of(&secret), Role::Follower, at(*tick).time.plus(3_600_000));
    let outputs = ask(core, tick, Command::Invite { nonce, role, expires });
    let signed = outputs.into_iter().find_map(|output| {
        if let Output::Answer { answer: Ok(Answer::Invitation(signed)), .. } = output {
            Some(*signed)
        } else {
            None
        }
    });
    signed.expect("an authority invites")
}

fn knock(core: &mut Core, tick: &mut u64, who: &SigningKey, secret: u8) -> JoinResponse {
    let secret = Digest::new([secret; 32]);
    let signed = invite(core, tick, secret);
    let proof = signed.grant.prove(who);
    let request = Box::new(JoinRequest { signed, secret, member: who.public(), proof });
    let outputs = told(core, tick, Input::Join { ticket: Ticket(2), request });
    let answer = outputs.into_iter().find_map(|output| {
        if let Output::AnswerJoin { response, .. } = output { Some(response) } else { None }
    });
    answer.expect("whoever knocks is answered")
}

#[test]
fn whoever_was_shut_out_gets_neither_in_nor_the_genesis() {
    let (member, excluded) = (SigningKey::from_seed(&[6; 32]), SigningKey::from_seed(&[7; 32]));
    let followers = vec![member.public(), excluded.public()];
    let genesis = Genesis::new(UnixMs(0), Digest::new([0; 32]), vec![key().public()], followers).unwrap();
    let (mut core, _) = start_as(&key(), &genesis, at(0), &BTreeMap::new(), &[], &[]);
    let mut tick = 0;
    let known = JoinResponse::Accepted(genesis);
    assert_eq!(knock(&mut core, &mut tick, &excluded, 1), known, "a member that lost its answer");
    ask(&mut core, &mut tick, Command::Propose(Action::Exclude(excluded.address())));
    let refused = JoinResponse::Refused(JoinRefusal::NotInvited);
    assert_eq!(knock(&mut core, &mut tick, &excluded, 2), refused, "an invitation of its own does not help");
    assert_eq!(knock(&mut core, &mut tick, &member, 3), known);
    let newcomer = SigningKey::from_seed(&[8; 32]);
    assert_eq!(knock(&mut core, &mut tick, &newcomer, 4), known);
}

/// The keys that the sockets were told last.
fn door(outputs: &[Output]) -> Option<Vec<NetworkKey>> {
    outputs
        .iter()
        .rev()
        .find_map(|output| if let Output::NetworkKeys(keys) = output { Some(keys.clone()) } else { None })
}

#[test]
fn a_restart_between_two_network_keys_lets_both_in_again() {
    let first = BTreeMap::from([(0, NetworkKey::new([9; 32]))]);
    let (core, _) = start(at(0), &BTreeMap::new(), &[], &[]);
    let (mut core, mut tick) = (core.with_network_keys(first, DAY_MS), 0);
    let outputs = ask(&mut core, &mut tick, Command::ChangeNetworkKey);
    let both = door(&outputs).expect("the sockets hear of the new key");
    assert_eq!((both.len(), &both[1]), (2, &NetworkKey::new([9; 32])));
    let stored = outputs.iter().find_map(|output| {
        if let Output::StoreNetworkKeys(keys) = output { Some(keys.clone()) } else { None }
    });
    let blocks: Vec<_> = outputs
        .iter()
        .filter_map(|output| {
            let Output::Ledger(ledger::Output::Committed(committed)) = output else { return None };
            let (block, certificate) = ((*committed.block).clone(), committed.certificate.clone());
            Some(ledger::StoredBlock { block, certificate })
        })
        .collect();
    let (core, _) = start(at(tick), &BTreeMap::new(), &[], &blocks);
    let mut core = core.with_network_keys(stored.expect("it was written"), DAY_MS);
    assert_eq!(
        door(&told(&mut core, &mut tick, Input::Tick)),
        Some(both),
        "sockets begin with the newest alone"
    );
}

#[test]
fn a_node_that_is_no_member_rests_between_its_tries() {
    let stranger = SigningKey::from_seed(&[6; 32]);
    let (mut core, _) = start_as(&stranger, &genesis(), at(0), &BTreeMap::new(), &[], &[]);
    let wish = Wish::RevokeInvitation(Digest::new([1; 32]));
    core.outbox.push(wish, Purpose::Cosign, Tick(0)).unwrap();
    for tick in [10, 20] {
        core.handle(at(tick), Input::Tick);
        assert!(core.poll_timeout().unwrap() > Tick(tick), "it is woken at once, without end");
    }
}
