//! Lies are lies: what half of the hive is told differs, and what a liar makes up does not hold.

use super::*;
use protocol::message::{Status, SyncResponse};
use protocol::{Bounded, Digest, Genesis};

const HONEST: Lies = Lies {
    double_votes: 0,
    double_proposals: 0,
    withhold_votes: 0,
    withhold_proposals: 0,
    withhold_bodies: 0,
    delay: 0,
    delay_ms_max: 1,
    replay: 0,
    old_polka: 0,
    catch_up: 0,
    status: 0,
    garbage: 0,
    amnesia: false,
    speaks_unasked: false,
    has_twin: false,
};

fn hive() -> (Vec<SigningKey>, Chain) {
    let keys: Vec<SigningKey> = (1..5).map(|seed| SigningKey::from_seed(&[seed; 32])).collect();
    let public = keys.iter().map(SigningKey::public).collect();
    let genesis = Genesis::new(UnixMs(1), Digest::new([1; 32]), public, vec![]).unwrap();
    (keys, Chain::genesis(&genesis))
}

fn prevote(key: &SigningKey, tip: &Chain) -> Message {
    let block = Some(BlockId::new([9; 32]));
    let (kind, height, round) = (VoteKind::Prevote, Height(1), Round(0));
    Message::Vote(Vote { kind, height, round, block, address: key.address() }.sign(key, &tip.id()))
}

#[test]
fn a_liar_without_lies_says_what_its_core_says() {
    let (keys, tip) = hive();
    let facts = Facts { key: &keys[0], tip: &tip, round: Some(0), now: UnixMs(1_000) };
    let mut liar = Liar::new(HONEST, 4, Chance::new(1, "liar"));
    let message = prevote(&keys[0], &tip);
    let (said, lies) = liar.say(&message, &[1, 2, 3], &facts);
    assert_eq!((said.len(), lies), (3, 0));
    assert!(said.iter().all(|said| said.message == message && said.after_ms == 0));
    assert!(liar.act(&[1, 2, 3], &facts).is_empty() && liar.garble(&message).is_none());
}

#[test]
fn double_votes_are_signed_and_contradict_each_other() {
    let (keys, tip) = hive();
    let facts = Facts { key: &keys[0], tip: &tip, round: Some(0), now: UnixMs(1_000) };
    let lies = Lies { double_votes: 1_000, ..HONEST };
    let mut liar = Liar::new(lies, 4, Chance::new(1, "liar"));
    liar.half = vec![false, true, false, true];
    let message = prevote(&keys[0], &tip);
    let (said, lies) = liar.say(&message, &[1, 2, 3], &facts);
    assert_eq!(lies, 2);
    for said in said {
        let Message::Vote(signed) = &said.message else { panic!("a vote stays a vote") };
        assert!(signed.verify(&keys[0].public(), &tip.id()).is_ok());
        assert_eq!(said.message == message, said.to == 2);
    }
}

#[test]
fn a_second_block_of_a_round_keeps_the_rules_and_is_another() {
    let (keys, tip) = hive();
    let facts = Facts { key: &keys[0], tip: &tip, round: Some(0), now: UnixMs(10_000) };
    let mut liar = Liar::new(HONEST, 4, Chance::new(1, "liar"));
    let (first, second) = (liar.forged_block(&facts).unwrap(), liar.forged_block(&facts).unwrap());
    assert_ne!(first.id(), second.id());
    let check = |block| tip.check(block, ledger::TimeBound::Until(UnixMs(20_000)), &|_| false).map(|_| ());
    assert_eq!(check(first), Ok(()));
    assert!((0..20).all(|_| check(liar.bad_block(&facts).unwrap()).is_err()));
}

#[test]
fn nothing_that_is_made_up_for_a_laggard_holds() {
    let (keys, tip) = hive();
    let facts = Facts { key: &keys[0], tip: &tip, round: Some(0), now: UnixMs(10_000) };
    let mut liar = Liar::new(HONEST, 4, Chance::new(1, "liar"));
    for _ in 0..50 {
        let answer = liar.forged_answer(&SyncResponse { blocks: Bounded::default() }, &facts);
        for found in &answer.blocks {
            let Ok(block) = protocol::decode(found.block.as_slice(), protocol::limits::BLOCK_BYTES_MAX)
            else {
                continue;
            };
            assert!(tip.check_certified(block, &found.certificate, &|_| false).is_err());
        }
    }
    let status =
        Status { height: Height(5), block: BlockId::new([1; 32]), name: Bytes::new(vec![]).unwrap() };
    assert!((0..50).any(|_| liar.forged_status(&status).height == Height(u64::MAX)));
}
