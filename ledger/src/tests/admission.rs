//! Who comes in by an invitation, and every reason why somebody does not.

use protocol::invitation::Grant;
use protocol::membership::Admit;
use protocol::transaction::TransactionBody;
use protocol::{
    Action, BlockId, ChainId, Digest, Genesis, Height, Payload, Role, Sequence, SigningKey, UnixMs,
    VerifiedTransaction,
};

use crate::chain::Chain;

const NOW: UnixMs = UnixMs(5_000);
const HOUR_MS: i64 = 60 * 60 * 1000;

fn key(n: u8) -> SigningKey {
    SigningKey::from_seed(&[n; 32])
}

fn chain() -> Chain {
    let authorities = (0..4).map(|n| key(n).public()).collect();
    let followers = vec![key(4).public()];
    Chain::genesis(&Genesis::new(UnixMs(1_000), Digest::new([9; 32]), authorities, followers).unwrap())
}

fn grant(chain: &Chain, nonce: u8) -> Grant {
    Grant {
        chain: chain.id(),
        nonce: Digest::new([nonce; 32]),
        role: Role::Authority,
        expires: NOW.plus(HOUR_MS),
        height: Height(0),
        block: BlockId::new([0; 32]),
    }
}

/// An admission of key `newcomer` by authority 0.
fn admit(grant: Grant, newcomer: u8) -> Admit {
    let (inviter, newcomer) = (key(0), key(newcomer));
    Admit {
        grant_signature: grant.sign(&inviter),
        proof: grant.prove(&newcomer),
        inviter: inviter.public(),
        member: newcomer.public(),
        grant,
    }
}

fn next(chain: &Chain, payload: Payload) -> VerifiedTransaction {
    let sequence = Sequence(chain.state().member(&key(0).address()).unwrap().sequence.0 + 1);
    let body = TransactionBody { author: key(0).public(), sequence, expires: Height(1_000), payload };
    body.sign(&key(0), &chain.id())
}

fn refused(chain: &Chain, admit: Admit) -> String {
    let transaction = next(chain, Payload::Admit(admit));
    let (_, refused) = chain.build(key(0).address(), NOW, std::iter::once(transaction));
    refused.first().expect("it is refused").1.to_string()
}

fn commit(chain: &mut Chain, now: UnixMs, payload: Payload) {
    let transaction = next(chain, payload);
    let (candidate, refused) = chain.build(key(0).address(), now, std::iter::once(transaction));
    assert!(refused.is_empty(), "{:?}", refused[0].1);
    chain.commit(candidate);
}

#[test]
fn an_invitation_lets_one_in_once() {
    let mut chain = chain();
    let nonce = Digest::new([1; 32]);
    let first = grant(&chain, 1);
    commit(&mut chain, NOW, Payload::Admit(admit(first, 7)));
    let member = chain.state().member(&key(7).address()).expect("it is a member");
    assert_eq!((member.key, member.role_max, member.revoked), (key(7).public(), Role::Authority, false));
    assert!(chain.state().invitation_used(&nonce));
    let again = refused(&chain, admit(grant(&chain, 1), 8));
    assert!(again.starts_with("invitation ") && again.ends_with(" is on the ledger already"), "{again}");
    let twice = refused(&chain, admit(grant(&chain, 2), 7));
    assert!(twice.starts_with("member ") && twice.ends_with(" is on the ledger already"), "{twice}");
    // Used invitations are forgotten when they could no longer be used anyway.
    let payload = Payload::Propose(Action::AddAuthority(key(7).address()));
    commit(&mut chain, NOW.plus(2 * HOUR_MS), payload);
    assert!(!chain.state().invitation_used(&nonce));
}

#[test]
fn what_does_not_hold_lets_nobody_in() {
    let chain = chain();
    let good = || grant(&chain, 1);
    let elsewhere = Grant { chain: ChainId::new([8; 32]), ..good() };
    let late = Grant { expires: NOW.plus(-1), ..good() };
    let long = Grant { expires: NOW.plus(25 * HOUR_MS), ..good() };
    let by_a_follower = Admit { inviter: key(4).public(), ..admit(good(), 7) };
    let forged = Admit { grant_signature: good().sign(&key(1)), ..admit(good(), 7) };
    let stolen = Admit { proof: good().prove(&key(8)), ..admit(good(), 7) };
    for (admit, expected) in [
        (admit(elsewhere, 7), "it is for another hive"),
        (admit(late, 7), "it has expired"),
        (admit(long, 7), "it lives longer than 24 hours"),
        (by_a_follower, "its inviter is not an authority"),
        (forged, "its inviter did not sign it"),
        (stolen, "the newcomer does not own its key"),
    ] {
        assert_eq!(refused(&chain, admit), format!("the invitation does not hold: {expected}"));
    }
}

#[test]
fn a_follower_for_life_never_decides() {
    let mut chain = chain();
    let grant = Grant { role: Role::Follower, ..grant(&chain, 1) };
    commit(&mut chain, NOW, Payload::Admit(admit(grant, 7)));
    let propose = next(&chain, Payload::Propose(Action::AddAuthority(key(7).address())));
    let (_, refused) = chain.build(key(0).address(), NOW, std::iter::once(propose));
    assert_eq!(
        refused[0].1.to_string(),
        "the action does not apply: its invitation does not let it become an authority"
    );
}
