//! Every reason to refuse a transaction, a block or a proof, each by the one thing that is wrong.

use expect_test::{Expect, expect};
use protocol::maintenance::{AdvanceWorkOrder, AssetKind, OpenWorkOrder, Severity, WorkOrderStatus};
use protocol::transaction::TransactionBody;
use protocol::{
    Action, AuthoritySet, Block, BlockHeader, BlockId, Bounded, Certificate, CertificateSignature, ChainId,
    Digest, Evidence, Genesis, Height, LogRoot, Payload, Proposal, Round, Sequence, SigningKey, StateHash,
    UnixMs, VerifiedTransaction, Vote, VoteKind, WorkOrderId,
};

use crate::chain::{Candidate, Chain, TimeBound};
use crate::light::{Inclusion, verify};

const NOW: UnixMs = UnixMs(5_000);

fn key(n: u8) -> SigningKey {
    SigningKey::from_seed(&[n; 32])
}

/// Authorities 0 to 3, follower 4.
fn chain() -> Chain {
    let authorities = (0..4).map(|n| key(n).public()).collect();
    Chain::genesis(
        &Genesis::new(UnixMs(1_000), Digest::new([9; 32]), authorities, vec![key(4).public()]).unwrap(),
    )
}

fn signed(chain: &Chain, n: u8, sequence: u64, expires: u64, payload: Payload) -> VerifiedTransaction {
    let (sequence, expires) = (Sequence(sequence), Height(expires));
    TransactionBody { author: key(n).public(), sequence, expires, payload }.sign(&key(n), &chain.id())
}

/// The next transaction of an author.
fn next(chain: &Chain, n: u8, payload: Payload) -> VerifiedTransaction {
    let sequence = chain.state().member(&key(n).address()).map_or(1, |member| member.sequence.0 + 1);
    signed(chain, n, sequence, 1_000, payload)
}

fn commit(chain: &mut Chain, payloads: Vec<(u8, Payload)>) {
    let transactions: Vec<_> = payloads.into_iter().map(|(n, payload)| next(chain, n, payload)).collect();
    let (candidate, refused) = chain.build(key(0).address(), NOW, transactions.into_iter());
    assert!(refused.is_empty(), "{:?}", refused[0].1);
    chain.commit(candidate);
}

#[track_caller]
fn check(chain: &Chain, transaction: &VerifiedTransaction, expected: Expect) {
    let one = || std::iter::once(transaction.clone());
    let (_, refused) = chain.build(key(0).address(), NOW, one());
    let reason = &refused.first().expect("it is refused").1;
    expected.assert_eq(&reason.to_string());
    let (takes, also) = chain.takes_any(NOW, one());
    assert!(!takes && also[0].1 == *reason, "both ways of asking agree");
}

fn open(reference: u8) -> Payload {
    Payload::OpenWorkOrder(OpenWorkOrder {
        reference: Digest::new([reference; 32]),
        asset: Digest::new([1; 32]),
        kind: AssetKind::Elevator,
        policy: Digest::new([2; 32]),
        severity: Severity::High,
        commitment: Digest::new([3; 32]),
    })
}

fn advance(id: u64, status: WorkOrderStatus) -> Payload {
    Payload::AdvanceWorkOrder(AdvanceWorkOrder {
        id: WorkOrderId(id),
        status,
        commitment: Digest::new([4; 32]),
    })
}

#[test]
fn authors_sequences_and_expiries() {
    let chain = chain();
    let (_, refused) = chain.build(key(0).address(), NOW, std::iter::once(next(&chain, 9, open(1))));
    assert_eq!(refused[0].1.to_string(), format!("{} is not a member of this hive", key(9).address()));
    let (_, refused) =
        chain.build(key(0).address(), NOW, std::iter::once(next(&chain, 4, Payload::Approve(1))));
    assert_eq!(refused[0].1.to_string(), format!("{} is not an authority", key(4).address()));
    check(&chain, &signed(&chain, 4, 2, 1_000, open(1)), expect!["sequence 2, 1 is due"]);
    check(
        &chain,
        &signed(&chain, 4, 1, 0, open(1)),
        expect!["expires at height 0; the block is at 1, at most 100000 later is allowed"],
    );
    check(
        &chain,
        &signed(&chain, 4, 1, 100_002, open(1)),
        expect!["expires at height 100002; the block is at 1, at most 100000 later is allowed"],
    );
}

#[test]
fn work_orders() {
    use WorkOrderStatus::{Done, InProgress, Open};
    let mut chain = chain();
    commit(&mut chain, vec![(4, open(1))]);
    let (_, refused) = chain.build(key(0).address(), NOW, std::iter::once(next(&chain, 4, open(1))));
    assert!(refused[0].1.to_string().starts_with("work order "), "{}", refused[0].1);
    assert!(refused[0].1.to_string().ends_with(" is on the ledger already"), "{}", refused[0].1);
    check(&chain, &next(&chain, 4, advance(2, Done)), expect!["there is no work order 2"]);
    let (_, refused) = chain.build(key(0).address(), NOW, std::iter::once(next(&chain, 1, advance(1, Done))));
    assert_eq!(refused[0].1.to_string(), format!("work order 1 belongs to {}", key(4).address()));
    commit(&mut chain, vec![(4, advance(1, InProgress))]);
    check(
        &chain,
        &next(&chain, 4, advance(1, Open)),
        expect!["work order 1 is in_progress, it cannot become open"],
    );
    commit(&mut chain, vec![(4, advance(1, Done))]);
    check(
        &chain,
        &next(&chain, 4, advance(1, InProgress)),
        expect!["work order 1 is done, it cannot become in_progress"],
    );
}

#[test]
fn governed_actions() {
    let mut chain = chain();
    let propose = |action| Payload::Propose(action);
    let [follower, stranger, authority] = [4, 9, 3].map(|n| key(n).address());
    for (action, expected) in [
        (Action::AddAuthority(stranger), "only a member can become an authority"),
        (Action::AddAuthority(authority), "it is an authority already"),
        (Action::RemoveAuthority(follower), "it is not an authority"),
        (Action::RevokeMember(stranger), "it is not a member"),
        (Action::RevokeMember(authority), "an authority is removed from the set first"),
    ] {
        let (_, refused) =
            chain.build(key(0).address(), NOW, std::iter::once(next(&chain, 0, propose(action))));
        assert_eq!(refused[0].1.to_string(), format!("the action does not apply: {expected}"));
    }
    check(&chain, &next(&chain, 0, Payload::Approve(1)), expect!["there is no proposal 1"]);
    commit(&mut chain, vec![(0, propose(Action::RevokeMember(follower)))]);
    for (again, what) in
        [(propose(Action::RevokeMember(follower)), "proposal"), (Payload::Approve(1), "approval")]
    {
        let (_, refused) = chain.build(key(0).address(), NOW, std::iter::once(next(&chain, 0, again)));
        let reason = refused[0].1.to_string();
        assert!(reason.starts_with(what) && reason.ends_with("is on the ledger already"), "{reason}");
    }
    commit(&mut chain, vec![(1, Payload::Approve(1)), (2, Payload::Approve(1))]);
    assert!(chain.state().member(&follower).unwrap().revoked);
    check(
        &chain,
        &next(&chain, 3, Payload::Approve(1)),
        expect!["the action does not apply: the proposal was carried out already"],
    );
    let (_, refused) = chain.build(key(0).address(), NOW, std::iter::once(next(&chain, 4, open(1))));
    assert_eq!(refused[0].1.to_string(), format!("{follower} is not a member of this hive"));
}

fn vote(chain: &ChainId, kind: VoteKind, round: u32, block: Option<u8>) -> protocol::SignedVote {
    let (height, round, block) = (Height(1), Round(round), block.map(|n| BlockId::new([n; 32])));
    Vote { kind, height, round, block, address: key(3).address() }.sign(&key(3), chain)
}

fn proposal(chain: &ChainId, round: u32, block: u8) -> protocol::SignedProposal {
    let (height, round, block) = (Height(1), Round(round), BlockId::new([block; 32]));
    Proposal { height, round, block, pol_round: None, address: key(3).address() }.sign(&key(3), chain)
}

#[test]
fn evidence_proves_a_double_signing_or_is_refused() {
    use VoteKind::{Precommit, Prevote};
    let mut chain = chain();
    let (id, other) = (chain.id(), ChainId::new([8; 32]));
    let votes = |a, b| Evidence::Votes(a, b);
    let proposals = |a, b| Evidence::Proposals(a, b);
    let foreign = {
        let address = key(9).address();
        let of = |block| Vote { kind: Prevote, height: Height(1), round: Round(0), block, address };
        let block = Some(BlockId::new([1; 32]));
        votes(of(None).sign(&key(9), &id), of(block).sign(&key(9), &id))
    };
    for (evidence, expected) in [
        (foreign, "the signer is not a member"),
        (
            votes(vote(&id, Prevote, 0, None), vote(&id, Precommit, 0, Some(1))),
            "the votes are for different steps",
        ),
        (
            votes(vote(&id, Prevote, 0, None), vote(&id, Prevote, 1, Some(1))),
            "the votes are for different steps",
        ),
        (
            votes(vote(&id, Prevote, 0, Some(2)), vote(&id, Prevote, 0, Some(1))),
            "two different votes, the lower block first, are needed",
        ),
        (
            votes(vote(&id, Prevote, 0, None), vote(&other, Prevote, 0, Some(1))),
            "a vote is not signed by the authority",
        ),
        (proposals(proposal(&id, 0, 1), proposal(&id, 1, 2)), "the proposals are for different rounds"),
        (
            proposals(proposal(&id, 0, 2), proposal(&id, 0, 2)),
            "two different proposals, the lower block first, are needed",
        ),
        (proposals(proposal(&other, 0, 1), proposal(&id, 0, 2)), "a proposal is not signed by the authority"),
    ] {
        let payload = Payload::Evidence(Box::new(evidence));
        let (_, refused) = chain.build(key(0).address(), NOW, std::iter::once(next(&chain, 0, payload)));
        assert_eq!(refused[0].1.to_string(), format!("the evidence does not hold: {expected}"));
    }
    let good = Payload::Evidence(Box::new(proposals(proposal(&id, 0, 1), proposal(&id, 0, 2))));
    commit(&mut chain, vec![(0, good.clone())]);
    let (_, refused) = chain.build(key(0).address(), NOW, std::iter::once(next(&chain, 0, good)));
    assert!(refused[0].1.to_string().starts_with("evidence "), "{}", refused[0].1);
    let many = (2..17).map(|round| {
        Payload::Evidence(Box::new(proposals(proposal(&id, round, 1), proposal(&id, round, 2))))
    });
    for payload in many {
        commit(&mut chain, vec![(0, payload)]);
    }
    let beyond = Payload::Evidence(Box::new(proposals(proposal(&id, 17, 1), proposal(&id, 17, 2))));
    check(&chain, &next(&chain, 0, beyond), expect!["evidence of one authority: 16 at the most"]);
}

/// A chain with one work order in its first block, and its second block.
fn second_block() -> (Chain, Candidate) {
    let mut chain = chain();
    commit(&mut chain, vec![(4, open(1))]);
    let (candidate, _) = chain.build(key(1).address(), NOW, std::iter::once(next(&chain, 4, open(2))));
    (chain, candidate)
}

fn certificate(chain: &Chain, block: &Block, signers: &[u8]) -> Certificate {
    let (height, round, id) = (block.header.height, Round(0), block.id());
    let signature = |n: &u8| {
        let address = key(*n).address();
        let vote = Vote { kind: VoteKind::Precommit, height, round, block: Some(id), address };
        CertificateSignature { address, signature: vote.sign(&key(*n), &chain.id()).signature }
    };
    let signatures = Bounded::new(signers.iter().map(signature).collect()).unwrap();
    Certificate { height, round, block: id, signatures }
}

#[test]
fn blocks_that_do_not_follow() {
    let (chain, candidate) = second_block();
    let block = (*candidate.block).clone();
    let with = |change: &dyn Fn(&mut BlockHeader)| {
        let mut block = block.clone();
        change(&mut block.header);
        let found = chain.check(block, TimeBound::Until(NOW.plus(1)), &|_| false);
        found.expect_err("it is refused").to_string()
    };
    assert!(chain.check(block.clone(), TimeBound::Until(NOW.plus(1)), &|_| false).is_ok());
    expect!["the block belongs to another hive"]
        .assert_eq(&with(&|header| header.chain = ChainId::new([1; 32])));
    expect!["block 3 follows 2"].assert_eq(&with(&|header| header.height = Height(3)));
    assert!(with(&|header| header.previous = BlockId::new([1; 32])).starts_with("the block follows "));
    assert!(with(&|header| header.time = chain.time()).starts_with("block time "));
    assert!(with(&|header| header.time = NOW.plus(2)).starts_with("block time "));
    assert!(with(&|header| header.proposer = key(4).address()).ends_with(" may not propose"));
    expect!["the transactions are not those of the header"]
        .assert_eq(&with(&|header| header.transactions = Digest::new([1; 32])));
    assert!(with(&|header| header.state = StateHash::new([1; 32])).starts_with("state "));
    assert!(with(&|header| header.log_root = LogRoot::new([1; 32])).starts_with("log root "));
    assert!(with(&|header| header.log_size += 1).starts_with("log root "));
    expect!["the authority sets are not those of the chain"]
        .assert_eq(&with(&|header| header.next_authorities = Digest::new([1; 32])));
}

#[test]
fn blocks_with_wrong_transactions() {
    let (chain, candidate) = second_block();
    let with = |transaction: protocol::Transaction| {
        let transactions = Bounded::new(vec![transaction]).unwrap();
        let block = Block { header: candidate.block.header.clone(), transactions };
        chain.check(block, TimeBound::Certified, &|_| false).expect_err("it is refused").to_string()
    };
    let mut forged = candidate.block.transactions[0].clone();
    forged.signature = next(&chain, 3, open(3)).transaction().signature;
    expect!["transaction 0 is not signed by its author"].assert_eq(&with(forged));
    let early = signed(&chain, 4, 7, 1_000, open(2)).transaction().clone();
    expect!["transaction 0 is refused: sequence 7, 2 is due"].assert_eq(&with(early));
}

#[test]
fn certificates_that_do_not_hold() {
    let (chain, candidate) = second_block();
    let block = &*candidate.block;
    let refused = |certificate: &Certificate| {
        let found = chain.check_certified(block.clone(), certificate, &|_| false);
        found.expect_err("it is refused").to_string()
    };
    assert!(
        chain.check_certified(block.clone(), &certificate(&chain, block, &[0, 1, 2]), &|_| false).is_ok()
    );
    // The certificate covers the header alone: other transactions under it are their sender's doing.
    let other = Block { header: block.header.clone(), transactions: Bounded::default() };
    let found = chain.check_certified(other, &certificate(&chain, block, &[0, 1, 2]), &|_| false);
    expect!["the transactions are not those of the header"].assert_eq(&found.unwrap_err().to_string());
    let with = |change: &dyn Fn(&mut Certificate)| {
        let mut certificate = certificate(&chain, block, &[0, 1, 2]);
        change(&mut certificate);
        refused(&certificate)
    };
    expect!["block 1 follows 2"].assert_eq(&with(&|certificate| certificate.height = Height(1)));
    expect!["the certificate is for another block"]
        .assert_eq(&with(&|certificate| certificate.block = BlockId::new([1; 32])));
    expect!["the certificate does not hold: 2 signatures, 3 needed"].assert_eq(&refused(&certificate(
        &chain,
        block,
        &[0, 1],
    )));
    assert!(refused(&certificate(&chain, block, &[0, 1, 1])).ends_with(" stands twice"));
    assert!(refused(&certificate(&chain, block, &[0, 1, 4])).ends_with(" is not an authority"));
    assert!(with(&|certificate| certificate.round = Round(1)).ends_with(" does not verify"));
}

#[test]
fn a_proof_holds_for_one_transaction_at_one_place() {
    let (mut chain, candidate) = second_block();
    let transaction = next(&chain, 4, open(2));
    let (block, set) = (candidate.block.clone(), chain.state().authorities().clone());
    let certificate = certificate(&chain, &block, &[0, 1, 2]);
    chain.commit(candidate);
    let path = chain.log().prove(1).unwrap();
    let whole = Inclusion {
        transaction: transaction.transaction(),
        index: 1,
        path: &path,
        header: &block.header,
        certificate: &certificate,
    };
    assert_eq!(verify(&whole, &set), Ok(()));
    let refused =
        |inclusion: Inclusion<'_>, set: &AuthoritySet| verify(&inclusion, set).unwrap_err().to_string();
    let header = BlockHeader { log_size: 3, ..block.header.clone() };
    expect!["the certificate is for another block than the header"]
        .assert_eq(&refused(Inclusion { header: &header, ..whole.clone() }, &set));
    let others = AuthoritySet::new(vec![key(0).public()]).unwrap();
    assert!(refused(whole.clone(), &others).starts_with("the header names the authority set "));
    let weak = Certificate { signatures: Bounded::default(), ..certificate.clone() };
    expect!["the certificate does not hold: 0 signatures, 3 needed"]
        .assert_eq(&refused(Inclusion { certificate: &weak, ..whole.clone() }, &set));
    let another = next(&chain, 4, open(3));
    for wrong in [
        Inclusion { index: 0, ..whole.clone() },
        Inclusion { index: 2, ..whole.clone() },
        Inclusion { path: &[], ..whole.clone() },
        Inclusion { transaction: another.transaction(), ..whole.clone() },
    ] {
        assert!(verify(&wrong, &set).is_err(), "{wrong:?}");
    }
    assert_eq!(chain.log().prove(2), None);
}
