//! Between the ledger's keys and libp2p's names. A peer id of an Ed25519 key holds the key itself (identity multihash
//! of its protobuf form), so the translation needs no table and no search. Any other kind of peer id is refused.

use std::net::SocketAddr;

use libp2p::identity::Keypair;
use libp2p::multiaddr::Protocol;
use libp2p::{Multiaddr, PeerId};
use protocol::PublicKey;
use protocol::limits::ADDRESS_TEXT_BYTES_MAX;

use super::NetworkError;

/// Identity multihash (code 0, 36 bytes) and the protobuf of an Ed25519 key (type 1, 32 bytes).
const PREFIX: [u8; 6] = [0x00, 0x24, 0x08, 0x01, 0x12, 0x20];

/// The peer id of a key in text, as it stands behind `/p2p/` in an address.
pub fn peer_id(key: &PublicKey) -> String {
    to_peer(key).to_base58()
}

/// The peer id of a node by the seed of its key.
pub fn own_peer_id(seed: &[u8; 32]) -> String {
    keypair(seed).public().to_peer_id().to_base58()
}

/// Checks the text of an address: TCP over an IP address, ending in `/p2p/<peer id of an Ed25519 key>`. Answers the key.
pub fn check_address(text: &str) -> Result<PublicKey, NetworkError> {
    parse_peer(text).map(|(key, _)| key)
}

/// The same address with another key behind `/p2p/`.
pub fn with_peer(text: &str, key: &PublicKey) -> Result<String, NetworkError> {
    let (_, address) = parse_peer(text)?;
    Ok(address.with(Protocol::P2p(to_peer(key))).to_string())
}

pub(super) fn to_peer(key: &PublicKey) -> PeerId {
    let mut bytes = [0; 38];
    bytes[..6].copy_from_slice(&PREFIX);
    bytes[6..].copy_from_slice(key.as_bytes());
    PeerId::from_bytes(&bytes).expect("invariant: identity multihash of 36 bytes is a peer id")
}

pub(super) fn to_key(peer: &PeerId) -> Option<PublicKey> {
    let bytes = peer.to_bytes();
    let key = bytes.strip_prefix(&PREFIX)?;
    Some(PublicKey::new(key.try_into().ok()?))
}

pub(super) fn keypair(seed: &[u8; 32]) -> Keypair {
    let mut seed = *seed;
    Keypair::ed25519_from_bytes(&mut seed).expect("invariant: any 32 bytes are an Ed25519 seed")
}

/// An address to dial, with the key it must answer with.
pub(super) fn parse_peer(text: &str) -> Result<(PublicKey, Multiaddr), NetworkError> {
    let expected = "/ip4|ip6/…/tcp/<port>/p2p/<peer id of an Ed25519 key>";
    let wrong = || NetworkError::Address { expected, found: shortened(text) };
    let mut address = parse(text, expected)?;
    let Some(Protocol::P2p(peer)) = address.pop() else { return Err(wrong()) };
    let key = to_key(&peer).ok_or_else(wrong)?;
    if socket(&address).is_none() {
        return Err(wrong());
    }
    Ok((key, address))
}

/// An address to listen on.
pub(super) fn parse_listen(text: &str) -> Result<(Multiaddr, SocketAddr), NetworkError> {
    let expected = "/ip4|ip6/…/tcp/<port>";
    let address = parse(text, expected)?;
    let wrong = || NetworkError::Address { expected, found: shortened(text) };
    let socket = socket(&address).ok_or_else(wrong)?;
    Ok((address, socket))
}

/// The socket address, if this is plain TCP over an IP address and nothing more.
pub(super) fn socket(address: &Multiaddr) -> Option<SocketAddr> {
    let parts: Vec<_> = address.iter().take(3).collect();
    match parts[..] {
        [Protocol::Ip4(ip), Protocol::Tcp(port)] => Some((ip, port).into()),
        [Protocol::Ip6(ip), Protocol::Tcp(port)] => Some((ip, port).into()),
        _ => None,
    }
}

fn parse(text: &str, expected: &'static str) -> Result<Multiaddr, NetworkError> {
    let wrong = || NetworkError::Address { expected, found: shortened(text) };
    if text.len() > ADDRESS_TEXT_BYTES_MAX {
        return Err(wrong());
    }
    text.parse().map_err(|_| wrong())
}

fn shortened(text: &str) -> String {
    text.chars().take(ADDRESS_TEXT_BYTES_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_and_its_peer_id_are_one_thing() {
        for seed in [[0; 32], [7; 32], [255; 32]] {
            let key = protocol::SigningKey::from_seed(&seed).public();
            let theirs = keypair(&seed).public().to_peer_id();
            assert_eq!(to_peer(&key), theirs);
            assert_eq!(to_key(&theirs), Some(key));
            assert_eq!(peer_id(&key), own_peer_id(&seed));
            assert!(peer_id(&key).starts_with("12D3KooW"));
        }
    }

    #[test]
    fn a_hashed_peer_id_has_no_key() {
        let hashed: PeerId = "QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC".parse().unwrap();
        assert_eq!(to_key(&hashed), None);
    }

    #[test]
    fn addresses_are_tcp_with_a_peer() {
        let peer = own_peer_id(&[1; 32]);
        assert!(check_address(&format!("/ip4/127.0.0.1/tcp/4001/p2p/{peer}")).is_ok());
        assert!(check_address(&format!("/ip6/::1/tcp/4001/p2p/{peer}")).is_ok());
        for wrong in [
            String::new(),
            "127.0.0.1:4001".into(),
            "/ip4/127.0.0.1/tcp/4001".into(),
            format!("/ip4/127.0.0.1/udp/4001/p2p/{peer}"),
            format!("/dns4/example.org/tcp/4001/p2p/{peer}"),
            format!("/ip4/127.0.0.1/tcp/4001/p2p/{peer}/p2p-circuit/p2p/{peer}"),
            format!("/ip4/127.0.0.1/tcp/4001/p2p/{peer}{}", "/tcp/1".repeat(100)),
        ] {
            assert!(matches!(check_address(&wrong), Err(NetworkError::Address { .. })), "{wrong}");
        }
        assert!(parse_listen("/ip4/0.0.0.0/tcp/0").is_ok());
        assert!(parse_listen("/ip4/0.0.0.0/udp/0").is_err());
    }
}
