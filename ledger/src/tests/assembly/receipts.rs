//! Receipts of ballots: they hold against the authorities alone, and nothing in them can be changed.

use protocol::assembly::Receipt;
use protocol::consensus::{Vote, VoteKind};
use protocol::limits::{AUTHORITIES_MAX, RECEIPT_BYTES_MAX, RECEIPT_PATH_MAX};
use protocol::{AuthoritySet, Block, Certificate, CertificateSignature, Round, encode};

use super::*;
use crate::light::{Inclusion, LightError, Shown, receipt, verify_ballot};

fn certificate(chain: &Chain, block: &Block, authorities: u8) -> Certificate {
    let sign = |n: u8| {
        let (height, address) = (block.header.height, address(n));
        let (kind, round, block) = (VoteKind::Precommit, Round(0), Some(block.id()));
        let vote = Vote { kind, height, round, block, address };
        let signature = vote.sign(&key(n), &chain.id()).signature;
        CertificateSignature { address, signature }
    };
    let signatures = Bounded::new((0..authorities).map(sign).collect()).unwrap();
    Certificate { height: block.header.height, round: Round(0), block: block.id(), signatures }
}

/// Eight ballots in one transaction of a hive of so many, and the receipt of the third.
fn given(authorities: u8) -> (Receipt, AuthoritySet) {
    let mut chain = Chain::genesis(&genesis(authorities, 2));
    let home = authorities;
    let opening = announce(&mut chain, home, vec![item(1, Effect::Nothing)]);
    until(&mut chain, opening.opens);
    let vote = opening.id();
    let transaction = next(&chain, home, commit(vote, &[1, 2, 3, 4, 5, 6, 7, 8]));
    let (candidate, refused) = chain.build(key(0).address(), NOW, std::iter::once(transaction.clone()));
    assert!(refused.is_empty());
    let block = candidate.block.clone();
    let trusted = chain.state().authorities().clone();
    chain.commit(candidate);
    let (index, path) = (chain.log().size() - 1, chain.log().prove(chain.log().size() - 1).unwrap());
    let certificate = certificate(&chain, &block, authorities);
    let inclusion = Inclusion {
        transaction: transaction.transaction(),
        index,
        path: &path,
        header: &block.header,
        certificate: &certificate,
    };
    let node = key(home).public();
    let (taken, by) = (opening.opens, Height(opening.opens.0 + 2));
    let promise = Promise { assembly: vote, commitment: ballot(3), taken, by, node };
    let promise = promise.sign(&key(home), &chain.id());
    (receipt(&inclusion, (vote, ballot(3)), trusted.quorum(), Some(promise)).unwrap(), trusted)
}

#[test]
fn a_receipt_holds_without_any_node() {
    let (receipt, trusted) = given(4);
    let height = receipt.header.height;
    assert_eq!(verify_ballot(&receipt, &trusted), Ok(Shown { height, is_kept: Some(true) }));
    assert_eq!(receipt.certificate.signatures.len(), 3);
    assert_eq!(Receipt::from_bytes(&encode(&receipt)), Ok(receipt.clone()));
    let without = Receipt { promise: None, ..receipt.clone() };
    assert_eq!(verify_ballot(&without, &trusted), Ok(Shown { height, is_kept: None }));
    let other = |change: &dyn Fn(&mut Receipt)| {
        let mut receipt = receipt.clone();
        change(&mut receipt);
        verify_ballot(&receipt, &trusted).unwrap_err()
    };
    assert_eq!(other(&|receipt| receipt.commitment = ballot(9)), LightError::OtherBallot);
    assert_eq!(other(&|receipt| receipt.vote = AssemblyId::new([1; 32])), LightError::OtherBallot);
    assert_eq!(other(&|receipt| receipt.commitment = ballot(2)), LightError::OtherPromise);
    assert_eq!(other(&|receipt| receipt.header.height = Height(1)), LightError::OtherBlock);
    assert!(matches!(other(&|receipt| receipt.index += 1), LightError::Proof(_)));
    assert!(matches!(other(&|receipt| receipt.transaction.body.expires = Height(8)), LightError::Proof(_)));
    let alter = |receipt: &mut Receipt| receipt.promise.as_mut().unwrap().promise.by = Height(99);
    assert!(matches!(other(&alter), LightError::Promise(_)));
    let few = |receipt: &mut Receipt| {
        let signatures = receipt.certificate.signatures.iter().take(2).cloned().collect();
        receipt.certificate.signatures = Bounded::new(signatures).unwrap();
    };
    assert!(matches!(other(&few), LightError::Certificate(_)));
    let strangers = AuthoritySet::new(vec![key(50).public()]).unwrap();
    assert!(matches!(verify_ballot(&receipt, &strangers), Err(LightError::Authorities { .. })));
}

/// The largest hive with the longest log.
#[test]
fn no_receipt_is_longer_than_four_kilobytes() {
    let (mut receipt, trusted) = given(u8::try_from(AUTHORITIES_MAX).unwrap());
    assert!(verify_ballot(&receipt, &trusted).is_ok());
    receipt.path = Bounded::new(vec![ballot(0); RECEIPT_PATH_MAX]).unwrap();
    (receipt.index, receipt.header.log_size) = (u64::MAX, u64::MAX);
    (receipt.header.height, receipt.certificate.height) = (Height(u64::MAX), Height(u64::MAX));
    receipt.header.time = UnixMs(i64::MAX);
    let promise = &mut receipt.promise.as_mut().unwrap().promise;
    (promise.taken, promise.by) = (Height(u64::MAX - 1), Height(u64::MAX));
    receipt.transaction.body.sequence = Sequence(u64::MAX);
    receipt.transaction.body.expires = Height(u64::MAX);
    let bytes = encode(&receipt).len();
    assert!(bytes <= RECEIPT_BYTES_MAX, "{bytes} bytes");
    assert_eq!(Receipt::from_bytes(&encode(&receipt)), Ok(receipt));
}

/// What other programs check theirs against: a receipt that holds, and what it says.
#[test]
fn the_receipt_for_other_programs_holds() {
    let (receipt, trusted) = given(4);
    let hex = |bytes: &[u8]| -> String { bytes.iter().map(|byte| format!("{byte:02x}")).collect() };
    let line = |name: &str, value: String| format!("{name} = {value}\n");
    let authorities = trusted.keys().iter().map(|key| line("authority", key.to_string()));
    let lines = [
        line("receipt", hex(&encode(&receipt))),
        line("chain", receipt.header.chain.to_string()),
        line("vote", receipt.vote.to_string()),
        line("commitment", receipt.commitment.to_string()),
        line("tracker", receipt.tracker().to_string()),
        line("height", receipt.header.height.to_string()),
    ];
    let text: String = lines.into_iter().chain(authorities).collect();
    expect_test::expect_file!["../../../../tests/golden/receipt.txt"].assert_eq(&text);
}
