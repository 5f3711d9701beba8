//! Per-unit cost of the ledger: building and checking blocks, opening a stored chain, certificates and proofs.
//! `cargo bench -p ledger`
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot set itself up ends")]

mod assembly;

use divan::Bencher;
use divan::counter::ItemsCount;
use ledger::assembly::{Attendance, BallotBox, Hall, Proxies, Roll, tally};
use ledger::chain::{Chain, TimeBound};
use ledger::energy::{Part, Setting, settle};
use ledger::log::Log;
use protocol::assembly::{Day, RuleSet};
use protocol::energy::{Factor, Price, SharingKey, SharingRule, StaticKey, Terms, WattHours};
use protocol::maintenance::{AssetKind, OpenWorkOrder, Severity};
use protocol::transaction::TransactionBody;
use protocol::{
    Address, Bounded, Certificate, CertificateSignature, Digest, Genesis, Height, Payload, Round, Sequence,
    SigningKey, TransactionId, UnixMs, VerifiedTransaction, Vote, VoteKind,
};

fn main() {
    divan::main();
}

fn key(i: u8) -> SigningKey {
    SigningKey::from_seed(&[i; 32])
}

fn genesis(authorities: u8) -> Genesis {
    let keys = (0..authorities).map(|i| key(i).public()).collect();
    Genesis::new(UnixMs(0), Digest::new([0; 32]), keys, vec![]).unwrap()
}

fn work_order(genesis: &Genesis, sequence: u64) -> VerifiedTransaction {
    let payload = Payload::OpenWorkOrder(OpenWorkOrder {
        reference: Digest::of("bench", &[&sequence.to_be_bytes()]),
        asset: Digest::new([1; 32]),
        kind: AssetKind::Elevator,
        policy: Digest::new([2; 32]),
        severity: Severity::High,
        commitment: Digest::new([3; 32]),
    });
    let key = key(0);
    let body = TransactionBody {
        author: key.public(),
        sequence: Sequence(sequence),
        expires: Height(50_000),
        payload,
    };
    body.sign(&key, &genesis.chain())
}

const BLOCK: u64 = 500;

fn transactions(genesis: &Genesis) -> Vec<VerifiedTransaction> {
    (1..=BLOCK).map(|sequence| work_order(genesis, sequence)).collect()
}

#[divan::bench]
fn build_block_of_500(bencher: Bencher<'_, '_>) {
    let genesis = genesis(4);
    let chain = Chain::genesis(&genesis);
    let transactions = transactions(&genesis);
    bencher
        .counter(ItemsCount::new(BLOCK))
        .bench_local(|| chain.build(key(0).address(), UnixMs(1), transactions.iter().cloned()));
}

#[divan::bench(args = [true, false])]
fn check_block_of_500(bencher: Bencher<'_, '_>, signatures_known: bool) {
    let genesis = genesis(4);
    let chain = Chain::genesis(&genesis);
    let (candidate, refused) = chain.build(key(0).address(), UnixMs(1), transactions(&genesis).into_iter());
    assert!(refused.is_empty());
    bencher.counter(ItemsCount::new(BLOCK)).bench_local(|| {
        chain.check((*candidate.block).clone(), TimeBound::Certified, &|_| signatures_known).unwrap()
    });
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn replay_10_000_blocks(bencher: Bencher<'_, '_>) {
    let genesis = genesis(1);
    let mut chain = Chain::genesis(&genesis);
    let mut blocks = Vec::new();
    for n in 1..=10_000u64 {
        let next = (n % 5 == 0).then(|| work_order(&genesis, n / 5)).filter(|_| n <= 5 * 900);
        let (candidate, _) =
            chain.build(key(0).address(), UnixMs(i64::try_from(n).unwrap()), next.into_iter());
        blocks.push((*candidate.block).clone());
        chain.commit(candidate);
    }
    bencher.counter(ItemsCount::new(blocks.len())).with_inputs(|| blocks.clone()).bench_local_values(
        |blocks| {
            let mut chain = Chain::genesis(&genesis);
            for block in blocks {
                let candidate = chain.check(block, TimeBound::Certified, &|_| true).unwrap();
                chain.commit(candidate);
            }
            chain
        },
    );
}

#[divan::bench(args = [4, 16, 30])]
fn verify_certificate(bencher: Bencher<'_, '_>, authorities: u8) {
    let genesis = genesis(authorities);
    let chain = genesis.chain();
    let block = genesis.block();
    let quorum = u8::try_from(genesis.authorities().quorum()).unwrap();
    let signatures = (0..quorum)
        .map(|i| {
            let (height, round, address) = (Height(1), Round(0), key(i).address());
            let vote = Vote { kind: VoteKind::Precommit, height, round, block: Some(block), address };
            CertificateSignature { address, signature: vote.sign(&key(i), &chain).signature }
        })
        .collect();
    let certificate = Certificate {
        height: Height(1),
        round: Round(0),
        block,
        signatures: Bounded::new(signatures).unwrap(),
    };
    bencher.bench_local(|| certificate.verify(&chain, genesis.authorities()).unwrap());
}

/// One slot of 5,000 members, every second of them a producer: at most 10 ms.
#[divan::bench(args = ["dynamic", "auction", "static_iterated"])]
fn settle_slot_of_5_000(bencher: Bencher<'_, '_>, rule: &str) {
    let equal = StaticKey { key: SharingKey::Equal, factor: Factor::HALF };
    let rule = match rule {
        "auction" => SharingRule::Auction(Factor::HALF),
        "static_iterated" => SharingRule::StaticIterated(equal),
        _ => SharingRule::DEFAULT,
    };
    let parts: Vec<Part> = (0..5_000).map(metered).collect();
    let setting = Setting {
        rule: &rule,
        retail: Price(250_000),
        feed_in: Price(40_000),
        fee: Price(10_000),
        coefficients: None,
    };
    bencher.bench_local(|| settle(&setting, &parts).unwrap());
}

/// A member with a figure and limits that look drawn.
fn metered(n: u64) -> Part {
    let hash = blake3::hash(&n.to_be_bytes());
    let drawn = |at: usize| i64::from(u16::from_be_bytes([hash.as_bytes()[at], hash.as_bytes()[at + 1]]));
    let energy = WattHours(drawn(0) % 3_000);
    let limit = Some(Price(40_000 + 3 * drawn(2)));
    let terms = Terms { sell_at_least: limit, buy_up_to: limit, ..Terms::default() };
    let (demand, surplus) =
        if n.is_multiple_of(2) { (energy, WattHours::ZERO) } else { (WattHours::ZERO, energy) };
    Part { member: key_address(&hash), demand, surplus, terms }
}

fn key_address(hash: &blake3::Hash) -> Address {
    let mut bytes = [0; 20];
    bytes.copy_from_slice(&hash.as_bytes()[..20]);
    Address::new(bytes)
}

#[divan::bench]
fn prove_in_log_of_100_000(bencher: Bencher<'_, '_>) {
    let mut log = Log::default();
    let ids: Vec<_> =
        (0..100_000u64).map(|i| TransactionId::new(*blake3::hash(&i.to_be_bytes()).as_bytes())).collect();
    log.append(&ids);
    bencher.bench_local(|| log.prove(54_321).unwrap());
}

/// An assembly of 10,000 lots that all voted and revoted by key: which ballots count, and the tally, at most 50 ms.
/// Signatures are checked where ballots come in.
#[divan::bench(args = ["be-2020", "fr-2020"], sample_count = 10)]
fn count_and_tally_10_000_lots(bencher: Bencher<'_, '_>, law: &str) {
    let law = RuleSet::ALL.into_iter().find(|set| set.name() == law).unwrap();
    let resolution = assembly::resolution();
    let roll = Roll::of(&assembly::registry(law), Day(1)).unwrap();
    let opening = assembly::opening(&roll, &resolution);
    let keys = assembly::keys();
    let ballots = assembly::ballots(&opening);
    let proxies = Proxies::default();
    let hall = Hall::new(&opening, &roll, &keys, &[]);
    let attendance = Attendance::new(&hall, &proxies, &[]);
    bencher.bench_local(|| {
        let ballot_box = BallotBox::new(&hall, &proxies, &resolution).unwrap();
        let count = ballot_box.count(&ballots, &[]).unwrap();
        assert!(count.votes.iter().all(Option::is_some));
        tally(&attendance, &resolution, &count, None, Digest::new([0; 32])).unwrap()
    });
}
