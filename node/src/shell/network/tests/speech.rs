//! Versions of the wire and greetings among members.

use super::*;

fn speaking(seed: u8, wires: (u32, u32), peers: &[&str]) -> NetworkConfig {
    let wires = Wires::new(wires.0, wires.1).unwrap();
    NetworkConfig { wires, ..config(seed, keys([1, 2, 3]), peers) }
}

async fn hears(node: &mut Node, author: PublicKey, wanted: &[u8]) {
    node.until("gossip", |event| match event {
        NetworkEvent::Gossip { author: by, bytes, .. } => (*by == author && bytes == wanted).then_some(()),
        _ => None,
    })
    .await;
}

async fn is_told_alone(node: &mut Node, by: PublicKey) {
    // News of several members come in any order.
    if node.seen.iter().any(|event| matches!(event, NetworkEvent::Alone { peer } if *peer == by)) {
        return;
    }
    node.until("that nobody else runs", |event| match event {
        NetworkEvent::Alone { peer } => (*peer == by).then_some(()),
        _ => None,
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_and_new_speak_the_highest_version_they_share() {
    let mut middle = Node::start(speaking(1, (1, 2), &[])).await;
    let mut old = Node::start(speaking(2, (1, 1), &[&middle.address])).await;
    let mut new = Node::start(speaking(3, (1, 2), &[&middle.address])).await;
    // The newer ones learn from each other that they are alone, and take the older one's silence for the same.
    is_told_alone(&mut new, middle.key).await;
    is_told_alone(&mut middle, new.key).await;
    is_told_alone(&mut middle, old.key).await;
    middle.send(old.key, Lane::Sync, b"to the old").await;
    assert_eq!(old.frame(middle.key, Lane::Sync).await, b"to the old");
    old.send(middle.key, Lane::Consensus, b"from the old").await;
    assert_eq!(middle.frame(old.key, Lane::Consensus).await, b"from the old");
    middle.send(new.key, Lane::Sync, b"to the new").await;
    assert_eq!(new.frame(middle.key, Lane::Sync).await, b"to the new");
    // The old one and the new one know each other only through the one in the middle.
    old.gossip(Topic::Transactions, b"from the old").await;
    hears(&mut middle, old.key, b"from the old").await;
    hears(&mut new, old.key, b"from the old").await;
    new.gossip(Topic::Headers, b"from the new").await;
    hears(&mut middle, new.key, b"from the new").await;
    old.until("gossip told again in the older version", |event| match event {
        NetworkEvent::Gossip { bytes, .. } => (bytes == b"from the new").then_some(()),
        _ => None,
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_common_version_both_are_told() {
    let mut old = Node::start(speaking(1, (1, 1), &[])).await;
    let mut new = Node::start(speaking(2, (2, 2), &[&old.address])).await;
    let told = |event: &NetworkEvent| match event {
        NetworkEvent::NoCommonWire { theirs, ours, .. } => Some((theirs.clone(), ours.clone())),
        _ => None,
    };
    assert_eq!(old.until("a refusal", told).await, ("2".to_owned(), "1".to_owned()));
    assert_eq!(new.until("a refusal", told).await, ("1".to_owned(), "2".to_owned()));
    old.until_disconnected(new.key).await;
    new.until_disconnected(old.key).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_runs_of_one_key_hear_of_each_other_through_a_peer() {
    let peer = Node::start(config(1, keys([1, 2]), &[])).await;
    let mut first = Node::start(config(2, keys([1, 2]), &[&peer.address])).await;
    is_told_alone(&mut first, peer.key).await;
    let mut second = Node::start(config(2, keys([1, 2]), &[&peer.address])).await;
    for run in [&mut first, &mut second] {
        run.until("the proof", |event| match event {
            NetworkEvent::Copied { via } => (*via == peer.key).then_some(()),
            _ => None,
        })
        .await;
    }
    first.stop().await;
    second.stop().await;
    let mut third = Node::start(config(2, keys([1, 2]), &[&peer.address])).await;
    is_told_alone(&mut third, peer.key).await;
    assert!(!third.seen.iter().any(|event| matches!(event, NetworkEvent::Copied { .. })));
}
