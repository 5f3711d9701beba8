//! The queue of transactions: what it takes, what it forgets, and that it stays within its limits.

use protocol::maintenance::{AssetKind, OpenWorkOrder, Severity};
use protocol::transaction::TransactionBody;
use protocol::{Digest, Genesis, Height, Payload, Sequence, SigningKey, Tick, UnixMs, VerifiedTransaction};

use crate::State;
use crate::mempool::{Mempool, batches};

fn key(n: u8) -> SigningKey {
    SigningKey::from_seed(&[n; 32])
}

fn genesis() -> Genesis {
    Genesis::new(UnixMs(1_000), Digest::new([9; 32]), vec![key(0).public()], vec![key(1).public()]).unwrap()
}

fn transaction(author: u8, sequence: u64, expires: u64) -> VerifiedTransaction {
    let payload = Payload::OpenWorkOrder(OpenWorkOrder {
        reference: Digest::new([1; 32]),
        asset: Digest::new([1; 32]),
        kind: AssetKind::Meter,
        policy: Digest::new([2; 32]),
        severity: Severity::Low,
        commitment: Digest::new([3; 32]),
    });
    let (sequence, expires) = (Sequence(sequence), Height(expires));
    TransactionBody { author: key(author).public(), sequence, expires, payload }
        .sign(&key(author), &genesis().chain())
}

#[test]
fn only_what_can_still_be_final_waits() {
    let state = State::genesis(&genesis());
    let mut queue = Mempool::default();
    let first = transaction(1, 1, 100);
    assert_eq!(queue.insert(&state, first.clone(), Some(Tick(5))), Ok(true));
    assert_eq!(queue.insert(&state, first.clone(), None), Ok(false), "known already");
    for (refused, reason) in [
        (transaction(7, 1, 100), format!("{} is not a member of this hive", key(7).address())),
        (transaction(1, 1, 101), "sequence 1, 1 is due".to_owned()),
        (transaction(1, 4_001, 100), "sequence 4001, 1 is due".to_owned()),
        (
            transaction(1, 2, 0),
            "expires at height 0; the block is at 1, at most 100000 later is allowed".to_owned(),
        ),
    ] {
        assert_eq!(queue.insert(&state, refused, None).unwrap_err().to_string(), reason);
    }
    assert!(queue.has_next(&state) && queue.contains(&first.id()));
    assert_eq!((queue.len(), queue.is_empty(), queue.next_due()), (1, false, Some(Tick(5))));
}

#[test]
fn a_member_has_its_share_and_no_more() {
    let state = State::genesis(&genesis());
    let mut queue = Mempool::default();
    let all: Vec<VerifiedTransaction> = (1..=4_000).map(|sequence| transaction(1, sequence, 100)).collect();
    for one in &all[..3_999] {
        assert_eq!(queue.insert(&state, one.clone(), None), Ok(true));
    }
    assert_eq!(queue.next_block(&state).count(), 3_999);
    assert_eq!(queue.insert(&state, all[3_999].clone(), None), Ok(true), "the border");
    let full = queue.insert(&state, transaction(0, 1, 100), None);
    assert_eq!(full, Ok(true), "another member's share is its own");
    let sent = batches(&all);
    assert_eq!(sent.iter().map(Vec::len).sum::<usize>(), 4_000);
    for batch in &sent {
        let bytes: usize = batch.iter().map(|one| protocol::encode(one).len()).sum();
        assert!(batch.len() <= protocol::limits::GOSSIP_TRANSACTIONS_MAX);
        assert!(bytes < protocol::limits::GOSSIP_BYTES_MAX, "{bytes} bytes");
    }
}

#[test]
fn what_is_withdrawn_is_forgotten_from_there_on() {
    let state = State::genesis(&genesis());
    let mut queue = Mempool::default();
    let all: Vec<VerifiedTransaction> = (1..=3).map(|sequence| transaction(1, sequence, 100)).collect();
    all.iter().for_each(|one| assert_eq!(queue.insert(&state, one.clone(), None), Ok(true)));
    queue.withdraw(&key(0).address(), Sequence(1));
    queue.withdraw(&key(1).address(), Sequence(2));
    assert_eq!(all.iter().map(|one| queue.contains(&one.id())).collect::<Vec<_>>(), [true, false, false]);
    queue.withdraw(&key(1).address(), Sequence(1));
    assert!(queue.is_empty() && !queue.has_next(&state));
    queue.remove(&all[0]);
}

#[test]
fn a_new_block_settles_what_waits() {
    let state = State::genesis(&genesis());
    let mut queue = Mempool::default();
    for one in [transaction(1, 1, 3), transaction(1, 2, 100)] {
        assert_eq!(queue.insert(&state, one, Some(Tick(50))), Ok(true));
    }
    assert!(queue.settle(&state, Height(2)).is_empty());
    let gone = queue.settle(&state, Height(3));
    assert_eq!(gone.len(), 1);
    assert!(gone[0].1.to_string().starts_with("expires at height 3"), "{}", gone[0].1);
    assert_eq!(queue.len(), 1);
    assert!(queue.due(Tick(49), 9).is_empty());
    queue.repeat_soon(Tick(20));
    assert_eq!(queue.due(Tick(20), 9).len(), 1);
    assert!(queue.due(Tick(20), 9).is_empty(), "not again at once");
}
