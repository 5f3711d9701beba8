//! A member whose building is down and that signs transactions for the story: one at a time, each waited for.

use std::time::Duration;

use protocol::transaction::TransactionBody;
use protocol::{
    AssetKind, ChainId, Digest, Height, OpenWorkOrder, Payload, Sequence, Severity, SigningKey, encode,
};
use testnet::keys::Keys;

use super::{Answer, Hive, Node, wait};

/// Seed of every neighbourhood that names none.
const SEED: u64 = 42;
/// Height at which what is signed expires: no story gets there.
const EXPIRES: Height = Height(90_000);

/// Transactions that a member may have signed before.
const SIGNED_MAX: u64 = 400;

/// The member.
pub(crate) struct Signer {
    key: SigningKey,
    chain: ChainId,
    signed: u64,
}

impl Signer {
    /// Takes the place of a follower that has signed nothing yet; its node is ended.
    pub(crate) fn instead_of(hive: &Hive, name: &str) -> Self {
        let index = hive.nodes().iter().position(|node| node.name == name).expect("a building of it");
        let node = hive.node(name);
        hive.tell(&["kill", name]);
        let genesis = std::fs::read(node.data_dir.join("genesis.cbor")).unwrap();
        let genesis: protocol::Genesis = protocol::decode(&genesis, genesis.len()).unwrap();
        let key = SigningKey::from_seed(&Keys::of(SEED).node_secret(index));
        Self { key, chain: genesis.chain(), signed: 0 }
    }

    /// Signs beside a node that goes on: whoever has its key and another program.
    pub(crate) fn beside(hive: &Hive, name: &str) -> Self {
        let index = hive.nodes().iter().position(|node| node.name == name).expect("a building of it");
        let genesis = std::fs::read(hive.node(name).data_dir.join("genesis.cbor")).unwrap();
        let genesis: protocol::Genesis = protocol::decode(&genesis, genesis.len()).unwrap();
        let key = SigningKey::from_seed(&Keys::of(SEED).node_secret(index));
        Self { key, chain: genesis.chain(), signed: 0 }
    }

    /// Hands one more transaction to a node and waits until it is final; how long that took.
    pub(crate) fn lands(&mut self, at: &Node) -> Duration {
        let begun = wait::now();
        let digest = |purpose: &'static str| Digest::of(purpose, &[&(self.signed + 1).to_be_bytes()]);
        let payload = Payload::OpenWorkOrder(OpenWorkOrder {
            reference: digest("story reference"),
            asset: digest("story asset"),
            kind: AssetKind::Elevator,
            policy: digest("story policy"),
            severity: Severity::Low,
            commitment: digest("story commitment"),
        });
        let answer = self.hand_in(at, payload);
        assert_eq!(answer.json()["items"][0]["status"], "committed", "{}: {}", at.name, answer.text());
        begun.elapsed()
    }

    /// Hands a transaction to a node under the first place in the member's order that is free.
    pub(crate) fn put(&mut self, at: &Node, payload: &Payload) {
        for _ in 0..SIGNED_MAX {
            let answer = self.hand_in(at, payload.clone());
            if answer.json()["items"][0]["status"] == "committed" {
                return;
            }
            assert!(answer.text().contains("sequence"), "{}: {}", at.name, answer.text());
        }
        panic!("no place in {SIGNED_MAX} is free");
    }

    fn hand_in(&mut self, at: &Node, payload: Payload) -> Answer {
        self.signed += 1;
        let (author, sequence) = (self.key.public(), Sequence(self.signed));
        let body = TransactionBody { author, sequence, expires: EXPIRES, payload };
        let bytes = encode(body.sign(&self.key, &self.chain).transaction());
        let framed = [&u32::try_from(bytes.len()).unwrap().to_be_bytes(), bytes.as_slice()].concat();
        let path = "/api/v1/ledger/transactions?wait=committed";
        at.api.send(path, "application/octet-stream", &framed).unwrap()
    }
}
