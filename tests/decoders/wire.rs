//! Every type that travels or is stored as canonical CBOR, and the invitation, which is text.

use std::sync::OnceLock;

use protocol::Invitation;

use super::bounds::measured;
use crate::samples::{self, Wire};

/// An error message and scratch space.
const FLOOR: u64 = 8 * 1024;

fn protocol_types() -> &'static [Wire] {
    static TYPES: OnceLock<Vec<Wire>> = OnceLock::new();
    TYPES.get_or_init(samples::protocol_types)
}

fn ledger_types() -> &'static [Wire] {
    static TYPES: OnceLock<Vec<Wire>> = OnceLock::new();
    TYPES.get_or_init(samples::ledger_types)
}

/// The first byte says which type, the rest is read as one.
pub(super) fn check(bytes: &[u8]) {
    check_types(protocol_types(), bytes);
}

pub(super) fn check_stored(bytes: &[u8]) {
    check_types(ledger_types(), bytes);
}

fn check_types(types: &[Wire], bytes: &[u8]) {
    let Some((which, sent)) = bytes.split_first() else { return };
    let wire = &types[usize::from(*which) % types.len()];
    let again = measured(sent.len(), FLOOR, || (wire.reread)(sent, wire.limit));
    if let Ok(again) = again {
        assert_eq!(again, sent, "{} has a second form", wire.name);
        assert!(sent.len() <= wire.limit, "{} over its limit", wire.name);
    }
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    seeds_of(protocol_types())
}

pub(super) fn stored_seeds() -> Vec<Vec<u8>> {
    seeds_of(ledger_types())
}

fn seeds_of(types: &[Wire]) -> Vec<Vec<u8>> {
    (0u8..).zip(types).map(|(which, wire)| [&[which], wire.bytes.as_slice()].concat()).collect()
}

/// The type whose limit and form these bytes have, as the first byte of an input; none reads them otherwise.
pub(super) fn input_of(bytes: &[u8]) -> Option<Vec<u8>> {
    let types = (0u8..).zip(protocol_types());
    let (which, _) = types.filter(|(_, wire)| (wire.reread)(bytes, wire.limit).is_ok()).last()?;
    Some([&[which], bytes].concat())
}

/// One word of text has one spelling.
pub(super) fn check_invitation(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(invitation) = measured(bytes.len(), FLOOR, || Invitation::from_text(text)) {
        assert_eq!(invitation.to_text(), text.trim(), "an invitation has a second spelling");
    }
}

pub(super) fn invitation_seeds() -> Vec<Vec<u8>> {
    let text = samples::invitation().to_text();
    let full = samples::full_invitation().to_text();
    vec![format!(" {text}\n").into_bytes(), text.into_bytes(), full.into_bytes()]
}
