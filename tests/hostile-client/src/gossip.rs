//! Gossipsub's messages, written by hand (libp2p specs, pubsub and gossipsub 1.1): what an honest implementation would
//! never send can be sent.

use libp2p::identity::Keypair;

use crate::wire::varint;

/// What is signed of a gossip message.
const SIGN_PREFIX: &[u8] = b"libp2p-pubsub:";

/// What is wrong with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// Nothing.
    None,
    /// Its signature is of something else.
    Signature,
}

/// A published message with its length in front.
pub(crate) fn publish(keypair: &Keypair, topic: &str, sequence: u64, bytes: &[u8], flaw: Flaw) -> Vec<u8> {
    let mut message = field(1, &keypair.public().to_peer_id().to_bytes());
    message.extend(field(2, bytes));
    message.extend(field(3, &sequence.to_be_bytes()));
    message.extend(field(4, topic.as_bytes()));
    let mut signed = SIGN_PREFIX.to_vec();
    signed.extend_from_slice(&message);
    let mut signature = keypair.sign(&signed).expect("invariant: an Ed25519 key signs everything");
    if flaw == Flaw::Signature {
        signature[7] ^= 1;
    }
    message.extend(field(5, &signature));
    framed(&field(2, &message))
}

/// A subscription to each topic.
pub(crate) fn subscribe<'a>(topics: impl Iterator<Item = &'a str>) -> Vec<u8> {
    let mut rpc = Vec::new();
    for topic in topics {
        let mut subscription = vec![0x08, 1];
        subscription.extend(field(2, topic.as_bytes()));
        rpc.extend(field(1, &subscription));
    }
    framed(&rpc)
}

/// Claims to have messages, asks for others, and joins the mesh of a topic.
pub(crate) fn control(topic: &str, number: u64) -> Vec<u8> {
    let id = number.to_be_bytes();
    let mut ihave = field(1, topic.as_bytes());
    ihave.extend(field(2, &id));
    let mut control = field(1, &ihave);
    control.extend(field(2, &field(1, &id)));
    control.extend(field(3, &field(1, topic.as_bytes())));
    framed(&field(3, &control))
}

/// A field of bytes (protobuf wire type 2).
pub(crate) fn field(number: u64, bytes: &[u8]) -> Vec<u8> {
    let mut out = varint(number << 3 | 2);
    out.extend(varint(bytes.len() as u64));
    out.extend_from_slice(bytes);
    out
}

fn framed(rpc: &[u8]) -> Vec<u8> {
    let mut out = varint(rpc.len() as u64);
    out.extend_from_slice(rpc);
    out
}
