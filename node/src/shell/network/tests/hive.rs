//! Members among themselves.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_members_exchange_on_both_lanes_and_by_gossip() {
    let mut a = Node::start(config(1, keys([1, 2]), &[])).await;
    let mut b = Node::start(config(2, keys([1, 2]), &[&a.address])).await;
    assert!(a.address.ends_with(&own_peer_id(&[1; 32])));
    a.until_connected(b.key).await;
    b.until_connected(a.key).await;

    for lane in [Lane::Consensus, Lane::Sync] {
        for i in 0..100u8 {
            a.send(b.key, lane, &[i; 100]).await;
        }
        for i in 0..100u8 {
            assert_eq!(b.frame(a.key, lane).await, [i; 100]);
        }
        let large = vec![7; lane.frame_bytes_max()];
        b.send(a.key, lane, &large).await;
        assert_eq!(a.frame(b.key, lane).await, large);
        b.send(a.key, lane, &[]).await;
        assert!(a.frame(b.key, lane).await.is_empty());
    }

    // Published before anybody is known to listen, and as long as allowed.
    for (topic, len) in [(Topic::Transactions, 300), (Topic::Headers, protocol::limits::GOSSIP_BYTES_MAX)] {
        a.gossip(topic, &vec![3; len]).await;
        let (from, author, bytes) = b
            .until("gossip", |event| match event {
                NetworkEvent::Gossip { from, author, topic: on, bytes, .. } if *on == topic => {
                    Some((*from, *author, bytes.clone()))
                }
                _ => None,
            })
            .await;
        assert_eq!((from, author, bytes.len()), (a.key, a.key, len));
    }
}

/// Upstream counts the beginning of the next message towards the limit of this one (see `GOSSIP_ENVELOPE_BYTES`).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn long_gossip_in_close_order_all_arrives() {
    let mut a = Node::start(config(1, keys([1, 2]), &[])).await;
    let mut b = Node::start(config(2, keys([1, 2]), &[&a.address])).await;
    b.until_connected(a.key).await;
    a.until_connected(b.key).await;
    let lens: Vec<usize> = (0..60).map(|i| protocol::limits::GOSSIP_BYTES_MAX - i * 997).collect();
    for len in &lens {
        a.gossip(Topic::Transactions, &vec![5; *len]).await;
    }
    let mut missing: BTreeSet<usize> = lens.into_iter().collect();
    b.until("all of it", |event| {
        if let NetworkEvent::Gossip { bytes, .. } = event {
            missing.remove(&bytes.len());
        }
        missing.is_empty().then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_that_dial_each_other_at_once_stay_connected() {
    let mut a = Node::start(config(1, keys([1, 2]), &[])).await;
    let mut b = Node::start(config(2, keys([1, 2]), &[])).await;
    tokio::join!(
        a.tell(NetworkCommand::Dial(b.address.clone())),
        b.tell(NetworkCommand::Dial(a.address.clone()))
    );
    a.until_connected(b.key).await;
    b.until_connected(a.key).await;
    for i in 0..20u8 {
        a.send(b.key, Lane::Consensus, &[i]).await;
        assert_eq!(b.frame(a.key, Lane::Consensus).await, [i]);
        b.send(a.key, Lane::Consensus, &[i]).await;
        assert_eq!(a.frame(b.key, Lane::Consensus).await, [i]);
    }
    for node in [&a, &b] {
        assert!(!node.seen.iter().any(|event| matches!(event, NetworkEvent::Disconnected { .. })));
    }
}

/// With upstream's default scores twenty nodes on one address delivered 0 of 3,800 messages without any error.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eighteen_on_one_address_all_hear_each_other() {
    const NODES: u8 = 18;
    let mut nodes: Vec<Node> = Vec::new();
    for seed in 1..=NODES {
        let peers: Vec<&str> = nodes.iter().map(|node| node.address.as_str()).collect();
        nodes.push(Node::start(config(seed, keys(1..=NODES), &peers)).await);
    }
    for node in &mut nodes {
        let mut missing = keys(1..=NODES);
        missing.remove(&node.key);
        node.until("everybody", |event| {
            if let NetworkEvent::Connected { peer, .. } = event {
                missing.remove(peer);
            }
            missing.is_empty().then_some(())
        })
        .await;
    }
    for round in 0..3u8 {
        for node in &nodes {
            node.gossip(Topic::Transactions, &[round; 200]).await;
        }
    }
    let mut heard = Vec::new();
    for mut node in nodes {
        heard.push(tokio::spawn(async move {
            let mut missing: BTreeSet<_> =
                (0..3u8).flat_map(|round| keys(1..=NODES).into_iter().map(move |key| (round, key))).collect();
            missing.retain(|(_, key)| *key != node.key);
            node.until("gossip of all", |event| {
                if let NetworkEvent::Gossip { author, bytes, .. } = event {
                    missing.remove(&(bytes[0], *author));
                }
                missing.is_empty().then_some(())
            })
            .await;
            node
        }));
    }
    let mut nodes = Vec::new();
    for task in heard {
        nodes.push(task.await.unwrap());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_that_restarts_is_found_again() {
    let a = Node::start(config(1, keys([1, 2]), &[])).await;
    let address = a.address.clone();
    let mut b = Node::start(config(2, keys([1, 2]), &[&address])).await;
    b.until_connected(a.key).await;
    let a_key = a.key;
    a.stop().await;
    b.until_disconnected(a_key).await;
    b.send(a_key, Lane::Sync, b"nobody there").await;

    let mut again = config(1, keys([1, 2]), &[]);
    again.listen = vec![address.split("/p2p/").next().unwrap().into()];
    let mut a = Node::start(again).await;
    a.until_connected(b.key).await;
    b.until_connected(a.key).await;
    a.send(b.key, Lane::Consensus, b"back").await;
    assert_eq!(b.frame(a.key, Lane::Consensus).await, b"back");
    b.send(a.key, Lane::Sync, b"welcome").await;
    assert_eq!(a.frame(b.key, Lane::Sync).await, b"welcome");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_members_cuts_and_admits() {
    let mut a = Node::start(config(1, keys([1]), &[])).await;
    let mut b = Node::start(config(2, keys([1, 2]), &[&a.address])).await;
    b.until_disconnected(a.key).await;
    a.tell(NetworkCommand::SetMembers(keys([1, 2]))).await;
    a.until_connected(b.key).await;
    a.send(b.key, Lane::Sync, b"come in").await;
    assert_eq!(b.frame(a.key, Lane::Sync).await, b"come in");
    a.tell(NetworkCommand::SetMembers(keys([1]))).await;
    a.until_disconnected(b.key).await;
}

#[tokio::test]
async fn what_cannot_be_started_says_why() {
    let (events, _receiver) = mpsc::channel(8);
    let node = Node::start(config(1, keys([1]), &[])).await;
    let taken = node.address.split("/p2p/").next().unwrap().to_owned();
    for (wrong, why) in [
        (NetworkConfig { listen: vec![taken], ..config(2, keys([]), &[]) }, "cannot listen on"),
        (
            NetworkConfig { listen: vec!["/dns4/a/tcp/1".into()], ..config(2, keys([]), &[]) },
            "expected /ip4|ip6",
        ),
        (config(2, keys([]), &["/ip4/127.0.0.1/tcp/1"]), "peer id of an Ed25519 key"),
        (NetworkConfig { hive: "../x".into(), ..config(2, keys([]), &[]) }, "protocol names"),
    ] {
        let error = start(wrong, events.clone()).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}
