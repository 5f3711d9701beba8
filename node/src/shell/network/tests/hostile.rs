//! Strangers and members that break the rules.

use futures::{AsyncWriteExt as _, StreamExt as _};
use libp2p::swarm::dial_opts::DialOpts;
use libp2p::swarm::{Stream, SwarmEvent};
use tokio::task::JoinHandle;

use super::super::behaviour::{BehaviourEvent, ForMembersEvent, Names, node_swarm};
use super::super::limits::{BURST_S, MESSAGES_PER_S};
use super::super::pnet::Keys;
use super::super::streams::Outcome;
use super::super::{JoinError, ask_to_join, keys as names_of};
use super::*;

/// A member that writes to its stream what it likes. The swarm runs until the handle is dropped or its end.
struct Rogue {
    stream: Stream,
    swarm: JoinHandle<()>,
}

impl Rogue {
    async fn connect(seed: u8, to: &Node, lane: Lane) -> Self {
        let config = config(seed, [to.key].into(), &[]);
        let names = Names::new(&config.hive, config.wires).unwrap();
        let mut swarm = node_swarm(&config, &names, Keys::new(config.swarm_key).1).unwrap();
        let (key, address) = names_of::parse_peer(&to.address).unwrap();
        swarm.dial(DialOpts::peer_id(names_of::to_peer(&key)).addresses(vec![address]).build()).unwrap();
        let stream = in_time("the rogue's stream", async {
            loop {
                match swarm.select_next_some().await {
                    SwarmEvent::ConnectionEstablished { peer_id, connection_id, .. } => {
                        let protocol = names.lane(lane).to_vec();
                        swarm.behaviour_mut().gate.inner().lanes.open(peer_id, connection_id, &protocol);
                    }
                    SwarmEvent::Behaviour(BehaviourEvent::Gate(ForMembersEvent::Lanes(event))) => {
                        if let Outcome::Opened(stream) = event.outcome {
                            break stream;
                        }
                    }
                    _ => {}
                }
            }
        })
        .await;
        let swarm = tokio::spawn(async move {
            loop {
                swarm.select_next_some().await;
            }
        });
        Self { stream, swarm }
    }
}

impl Drop for Rogue {
    fn drop(&mut self) {
        self.swarm.abort();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_swarm_key_never_connects() {
    let mut a = Node::start(config(1, keys([1, 2, 3]), &[])).await;
    let mut outsider = config(2, keys([1, 2, 3]), &[&a.address]);
    outsider.swarm_key = [8; 32];
    let outsider = Node::start(outsider).await;
    let mut asking = config(4, keys([]), &[]);
    asking.swarm_key = [8; 32];
    let refused =
        in_time("a refusal", ask_to_join(&asking, &[a.address.clone()], b"let me in".to_vec())).await;
    assert!(matches!(refused, Err(JoinError::NoAnswer { tried: 1, .. })), "{refused:?}");

    let mut friend = Node::start(config(3, keys([1, 2, 3]), &[&a.address])).await;
    friend.until_connected(a.key).await;
    a.until_connected(friend.key).await;
    assert!(!connected_once(&a, outsider.key));
    assert_eq!(outsider.events.len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_may_join_and_nothing_else() {
    let mut a = Node::start(config(1, keys([1, 2]), &[])).await;
    let mut friend = Node::start(config(2, keys([1, 2]), &[&a.address])).await;
    friend.until_connected(a.key).await;
    // This one takes a for a member, connects, and is offered nothing.
    let mut stranger = Node::start(config(3, keys([1, 3]), &[&a.address])).await;
    stranger.until_connected(a.key).await;
    stranger.send(a.key, Lane::Consensus, b"hello").await;
    stranger.gossip(Topic::Transactions, b"hello").await;

    let asking = config(4, keys([]), &[]);
    let nowhere = format!("/ip4/127.0.0.1/tcp/1/p2p/{}", own_peer_id(&[2; 32]));
    let address = a.address.clone();
    let answer =
        tokio::spawn(async move { ask_to_join(&asking, &[nowhere, address], b"let me in".to_vec()).await });
    let (ticket, from, bytes) = a
        .until("a request to join", |event| match event {
            NetworkEvent::JoinRequest { ticket, from, bytes } => Some((*ticket, *from, bytes.clone())),
            _ => None,
        })
        .await;
    assert_eq!((from, &bytes[..]), (key(4), &b"let me in"[..]));
    // Admission and answer race in a real node; the connection must survive the first.
    a.tell(NetworkCommand::SetMembers(keys([1, 2, 4]))).await;
    a.tell(NetworkCommand::AnswerJoin { ticket, bytes: b"welcome".to_vec() }).await;
    assert_eq!(in_time("the answer", answer).await.unwrap(), Ok(b"welcome".to_vec()));

    friend.send(a.key, Lane::Consensus, b"still here").await;
    assert_eq!(a.frame(friend.key, Lane::Consensus).await, b"still here");
    let from_stranger = |event: &&NetworkEvent| match event {
        NetworkEvent::Connected { peer, .. } => *peer == stranger.key,
        NetworkEvent::Message { from, .. } => *from == stranger.key,
        NetworkEvent::Gossip { author, .. } => *author == stranger.key,
        _ => false,
    };
    assert_eq!(a.seen.iter().filter(from_stranger).count(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frame_over_the_limit_cuts_and_two_are_a_ban() {
    let mut a = Node::start(config(1, keys([1, 2, 3]), &[])).await;
    let mut friend = Node::start(config(3, keys([1, 2, 3]), &[&a.address])).await;
    friend.until_connected(a.key).await;
    for lane in [Lane::Sync, Lane::Consensus] {
        let mut rogue = Rogue::connect(2, &a, lane).await;
        a.until_connected(key(2)).await;
        let over = u32::try_from(lane.frame_bytes_max() + 1).unwrap();
        rogue.stream.write_all(&over.to_be_bytes()).await.unwrap();
        rogue.stream.flush().await.unwrap();
        if lane == Lane::Consensus {
            a.until_banned(key(2)).await;
        }
        a.until_disconnected(key(2)).await;
    }
    friend.send(a.key, Lane::Sync, b"still here").await;
    assert_eq!(a.frame(friend.key, Lane::Sync).await, b"still here");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_frames_is_banned_and_an_honest_third_is_heard() {
    let mut a = Node::start(config(1, keys([1, 2, 3]), &[])).await;
    let mut friend = Node::start(config(3, keys([1, 2, 3]), &[&a.address])).await;
    friend.until_connected(a.key).await;
    let mut rogue = Rogue::connect(2, &a, Lane::Consensus).await;
    let flood = tokio::spawn(async move {
        let frames = [0, 0, 0, 1, 42].repeat(1000);
        while rogue.stream.write_all(&frames).await.is_ok() && rogue.stream.flush().await.is_ok() {}
    });
    let mut banned = false;
    for number in 0u32.. {
        friend.send(a.key, Lane::Consensus, &number.to_be_bytes()).await;
        let heard = |event: &NetworkEvent| match event {
            NetworkEvent::Banned { peer } => {
                banned |= *peer == key(2);
                None
            }
            NetworkEvent::Message { from, bytes, .. } => (*from == key(3)).then(|| bytes.clone()),
            _ => None,
        };
        assert_eq!(a.until("the honest third", heard).await, number.to_be_bytes());
        if banned {
            break;
        }
    }
    in_time("the end of the flood", flood).await.unwrap();
    assert!(
        a.seen
            .iter()
            .filter(|event| matches!(event, NetworkEvent::Message { from, .. } if *from == key(2)))
            .count()
            < 3_000
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_gossip_is_banned_and_an_honest_third_is_heard() {
    let mut a = Node::start(config(1, keys([1, 2, 3]), &[])).await;
    let mut friend = Node::start(config(3, keys([1, 2, 3]), &[&a.address])).await;
    friend.until_connected(a.key).await;
    let flood = tokio::spawn(gossip_without_end(2, a.address.clone()));
    a.until_banned(key(2)).await;
    flood.abort();
    friend.gossip(Topic::Transactions, b"honest").await;
    a.until("honest gossip", |event| match event {
        NetworkEvent::Gossip { author, bytes, .. } => (*author == key(3) && bytes == b"honest").then_some(()),
        _ => None,
    })
    .await;
}

async fn gossip_without_end(seed: u8, to: String) {
    let (target, address) = names_of::parse_peer(&to).unwrap();
    let config = config(seed, [target].into(), &[]);
    let names = Names::new(&config.hive, config.wires).unwrap();
    let mut swarm = node_swarm(&config, &names, Keys::new(config.swarm_key).1).unwrap();
    swarm.dial(DialOpts::peer_id(names_of::to_peer(&target)).addresses(vec![address]).build()).unwrap();
    loop {
        let gossip = &mut swarm.behaviour_mut().gate.inner().gossip;
        // Fails while nobody is subscribed and when the queue is full.
        let _ = gossip.inner.publish(names.topic(Topic::Transactions, 2), vec![1; 64]);
        tokio::select! {
            biased;
            _ = swarm.select_next_some() => {}
            () = tokio::task::yield_now() => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_busiest_honest_member_is_not_taken_for_a_flood() {
    let mut a = Node::start(config(1, keys([1, 2]), &[])).await;
    let mut b = Node::start(config(2, keys([1, 2]), &[&a.address])).await;
    b.until_connected(a.key).await;
    let (handle, to) = (b.handle.clone(), a.key);
    let busy = tokio::spawn(async move {
        loop {
            let send = NetworkCommand::Send { to, lane: Lane::Consensus, bytes: [1; 64].into() };
            let gossip = NetworkCommand::Gossip { topic: Topic::Headers, bytes: vec![1; 64] };
            handle.send(send).await.unwrap();
            handle.send(gossip).await.unwrap();
        }
    });
    let burst = BURST_S * MESSAGES_PER_S;
    let (mut frames, mut gossip) = (0, 0);
    a.until("more than a burst of both", |event| {
        assert!(
            !matches!(event, NetworkEvent::Banned { .. } | NetworkEvent::Disconnected { .. }),
            "{event:?}"
        );
        frames += u32::from(matches!(event, NetworkEvent::Message { .. }));
        gossip += u32::from(matches!(event, NetworkEvent::Gossip { .. }));
        (frames > burst && gossip > burst).then_some(())
    })
    .await;
    busy.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn blame_adds_up_to_a_ban() {
    let mut a = Node::start(config(1, keys([1, 2]), &[])).await;
    let mut b = Node::start(config(2, keys([1, 2]), &[&a.address])).await;
    b.until_connected(a.key).await;
    a.until_connected(b.key).await;
    for _ in 0..2 {
        a.tell(NetworkCommand::Blame { peer: b.key, severity: super::super::Blame::Major, fault: "test" })
            .await;
    }
    a.until_banned(b.key).await;
    a.until_disconnected(b.key).await;
    b.until_disconnected(a.key).await;
}

/// A restart forgives no ban: who was cut off finds the door closed, and everybody else is let in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ban_survives_a_restart() {
    let scratch = crate::shell::store::scratch::Scratch::new("banned");
    let members = || keys([1, 2, 3]);
    let standing = Some(scratch.path().join("standing"));
    let mut a = Node::start(NetworkConfig { standing: standing.clone(), ..config(1, members(), &[]) }).await;
    let mut b = Node::start(config(2, members(), &[&a.address])).await;
    a.until_connected(b.key).await;
    b.until_connected(a.key).await;
    for _ in 0..2 {
        a.tell(NetworkCommand::Blame { peer: b.key, severity: super::super::Blame::Major, fault: "test" })
            .await;
    }
    a.until_banned(b.key).await;
    b.until_disconnected(a.key).await;
    a.stop().await;
    let mut again = Node::start(NetworkConfig { standing, ..config(1, members(), &[]) }).await;
    let banned_s = again
        .until("a standing", |event| match event {
            NetworkEvent::Standing(all) => all.iter().find(|one| one.peer == key(2))?.banned_s,
            _ => None,
        })
        .await;
    assert!((1..=601).contains(&banned_s), "{banned_s} s");
    // Both knock with the same patience; only the one that was never banned gets in.
    b.stop().await;
    let knocking = Node::start(config(2, members(), &[&again.address])).await;
    let mut c = Node::start(config(3, members(), &[&again.address])).await;
    c.until_connected(again.key).await;
    again.until_connected(c.key).await;
    assert!(!connected_once(&again, knocking.key), "the banned one is in");
}
