//! A node that starts votes only when others have said that no copy of it runs.

use super::*;

/// A net whose node 0 was killed in the middle of a height and comes back waiting.
fn comes_back(authorities: u8, cut: usize) -> (Genesis, Net) {
    let genesis = genesis(authorities, 1);
    let mut net = Net::new(genesis.clone());
    net.submit(1, vec![open(&genesis, 1, 1, 1)]);
    net.run();
    net.submit(1, vec![open(&genesis, 1, 2, 2)]);
    for _ in 0..cut {
        let Some((from, to, message)) = net.wires.pop_front() else { break };
        net.tell(to, Input::Message { from, message });
    }
    net.kill(0);
    net.voted.clear();
    net.await_alone = true;
    net.start(0);
    (genesis, net)
}

fn me() -> Address {
    key(0).address()
}

#[test]
fn no_vote_before_enough_others_say_that_it_is_alone() {
    for cut in 0..40 {
        let (genesis, mut net) = comes_back(4, cut);
        net.run();
        net.submit(1, vec![open(&genesis, 1, 3, 3)]);
        net.run();
        // A follower's word counts for nothing, and one authority's is not enough.
        for told in [4, 1] {
            net.tell(me(), Input::Alone(key(told).address()));
            net.submit(1, vec![open(&genesis, 1, u64::from(told) + 10, told)]);
            net.run();
            assert!(net.nodes[&me()].waits_to_be_alone(), "cut {cut}");
        }
        net.tell(me(), Input::Alone(key(1).address()));
        assert!(!net.voted.contains(&me()), "cut {cut}: it voted");
        net.agree();
        net.tell(me(), Input::Alone(key(2).address()));
        assert!(!net.nodes[&me()].waits_to_be_alone());
        for n in 4..8 {
            net.submit(1, vec![open(&genesis, 1, n, u8::try_from(n).unwrap())]);
            net.run();
        }
        net.agree();
        assert!(net.voted.contains(&me()), "cut {cut}: never votes");
        assert!(
            net.evidence.is_empty() && net.nodes.values().all(|node| node.state().evidence().count() == 0)
        );
    }
}

/// The votes it had cast before it was killed are taken up again: it never signs a second one of their kind.
#[test]
fn votes_of_the_height_in_progress_are_taken_up_when_it_may_vote() {
    for cut in 0..40 {
        let (_, mut net) = comes_back(4, cut);
        for other in [1, 2] {
            net.tell(me(), Input::Alone(key(other).address()));
        }
        net.run_until(|_| false, 30_000);
        net.agree();
        assert!(net.evidence.is_empty(), "cut {cut}: it signed twice");
    }
}

#[test]
fn a_hive_of_one_waits_for_nobody() {
    let genesis = genesis(1, 0);
    let mut net = Net::new(genesis.clone());
    net.kill(0);
    net.await_alone = true;
    net.start(0);
    assert!(!net.nodes[&me()].waits_to_be_alone());
    net.submit(0, vec![open(&genesis, 0, 1, 1)]);
    net.run();
    assert_eq!(net.nodes[&me()].state().work_orders().count(), 1);
}
