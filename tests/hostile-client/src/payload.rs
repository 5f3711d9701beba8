//! What the attacks carry: messages that are wrong in one way each.

use std::net::{IpAddr, SocketAddr};

use anyhow::{Result, bail};
use libp2p::Multiaddr;
use libp2p::multiaddr::Protocol;
use protocol::limits::{BLOCK_BYTES_MAX, SYNC_BLOCKS_MAX};
use protocol::message::{Body, Status, SyncRequest, TransactionsGossip};
use protocol::transaction::TransactionBody;
use protocol::{
    AssetKind, BlockId, Bounded, Bytes, ChainId, Digest, Height, Message, OpenWorkOrder, Payload, Round,
    Sequence, Severity, Vote, VoteKind, encode,
};

use crate::identity::Identity;

/// A frame of a direct stream.
pub(crate) fn frame(bytes: &[u8]) -> Vec<u8> {
    let len = u32::try_from(bytes.len()).expect("invariant: no attack is this long");
    [len.to_be_bytes().as_slice(), bytes].concat()
}

/// Gossip of one transaction that is signed as it should be and has expired.
pub(crate) fn transactions(identity: &Identity) -> Vec<u8> {
    let digest = |number: u8| Digest::new([number; 32]);
    let payload = Payload::OpenWorkOrder(OpenWorkOrder {
        reference: digest(1),
        asset: digest(2),
        kind: AssetKind::Elevator,
        policy: digest(3),
        severity: Severity::Low,
        commitment: digest(4),
    });
    let body =
        TransactionBody { author: identity.key.public(), sequence: Sequence(1), expires: Height(1), payload };
    let transaction = body.sign(&identity.key, &identity.chain).transaction().clone();
    encode(&TransactionsGossip(Bounded::new(vec![transaction]).expect("invariant: one of many")))
}

/// A prevote for a made-up block; a forged one has somebody else's signature.
pub(crate) fn vote(identity: &Identity, height: u64, block: u64, forged: bool) -> Vec<u8> {
    signed_vote(identity, height, block, if forged { &OTHER } else { &identity.chain })
}

/// The same, signed for another hive.
pub(crate) fn foreign_vote(identity: &Identity, height: u64, block: u64) -> Vec<u8> {
    signed_vote(identity, height, block, &OTHER)
}

const OTHER: ChainId = ChainId::new([0xee; 32]);

fn signed_vote(identity: &Identity, height: u64, block: u64, chain: &ChainId) -> Vec<u8> {
    let mut id = [0xb1; 32];
    id[..8].copy_from_slice(&block.to_be_bytes());
    let vote = Vote {
        kind: VoteKind::Prevote,
        height: Height(height),
        round: Round(0),
        block: Some(BlockId::new(id)),
        address: identity.key.address(),
    };
    encode(&Message::Vote(vote.sign(&identity.key, chain)))
}

/// Claims a height.
pub(crate) fn status(number: u64) -> Vec<u8> {
    let name = Bytes::new(format!("{number}").into_bytes()).unwrap_or_default();
    encode(&Message::Status(Status { height: Height(number), block: BlockId::new([1; 32]), name }))
}

/// Asks for everything.
pub(crate) fn sync_request() -> Vec<u8> {
    let count = u16::try_from(SYNC_BLOCKS_MAX).expect("invariant: a few hundred");
    encode(&Message::SyncRequest(SyncRequest { from: Height(1), count }))
}

/// A long body on the stream it does not belong on is malformed at once; a long answer of the right kind is a megabyte
/// of nothing with a list in front that claims to go on.
pub(crate) fn sync_answer() -> Vec<u8> {
    let body = Body {
        height: Height(1),
        round: Round(0),
        block: Bytes::new(vec![0; BLOCK_BYTES_MAX]).unwrap_or_default(),
    };
    encode(&Message::Body(body))
}

/// Small CBOR that asks for a lot: nesting, lengths that are claimed, runs of one-byte items.
pub(crate) fn bomb(number: u64) -> Vec<u8> {
    match number % 4 {
        0 => vec![0x81; 60_000],
        1 => [&[0xa1, 0x64][..], b"Vote", &[0x9b, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff]].concat(),
        2 => [&[0xa1, 0x68][..], b"Proposal", &[0x9a, 0, 1, 0, 0], &vec![0xf6; 65_536]].concat(),
        _ => [&[0xa1, 0x65][..], b"Polka", &[0x5b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]].concat(),
    }
}

/// Address and port of a multiaddress.
pub(crate) fn socket(address: &Multiaddr) -> Result<SocketAddr> {
    let (mut ip, mut port) = (None, None);
    for part in address {
        if let Protocol::Ip4(found) = part {
            ip = Some(IpAddr::from(found));
        } else if let Protocol::Ip6(found) = part {
            ip = Some(IpAddr::from(found));
        } else if let Protocol::Tcp(found) = part {
            port = Some(found);
        }
    }
    match (ip, port) {
        (Some(ip), Some(port)) => Ok(SocketAddr::new(ip, port)),
        _ => bail!("no address and port in {address}"),
    }
}
