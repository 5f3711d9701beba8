//! What residents and syndics hand in: signed ballots, proxies, sheets, promises and keys, a registry as JSON or as a table,
//! an assembly that is prepared.

use protocol::assembly::{
    Answer, Choice, ItemNumber, LotId, Paper, PersonId, Receipt, Registry, RoomBallot, Sheet, SignedBallot,
    SignedBinding, SignedPaper, SignedPollBallot, SignedPromise, SignedProxy,
};
use protocol::energy::Salt;
use protocol::{Bounded, DecodeError, encode};
use web::decoders;

use super::bounds::{measured, measured_by};
use super::hive::genesis;
use crate::assembly_samples::{
    ballot, binding, chain, digest, opening, poll_ballot, promise, proxy, receipt, registry,
};
use crate::samples::key;

/// A signature's scratch space and an error message.
const FLOOR: u64 = 16 * 1024;
/// A tree of JSON or of a table's lines: tens of bytes per byte, of bodies that have a maximum.
const TREE_FACTOR: u64 = 200;

/// The first byte says as what the rest is opened: form, limits and signatures. What opens has one form.
pub(super) fn check_signed(bytes: &[u8]) {
    let Some((which, sent)) = bytes.split_first() else { return };
    let chain = genesis().chain();
    let opened = measured(sent.len(), FLOOR, || match which % 8 {
        0 => SignedBallot::open(sent, &chain).ok().map(|ballot| encode(ballot.signed())),
        1 => SignedProxy::open(sent, &chain).ok().map(|proxy| encode(proxy.signed())),
        // Its one form is looked at among the messages.
        2 => SignedPollBallot::open(sent, &chain).ok().map(|_| sent.to_vec()),
        3 => SignedPaper::open(sent, &chain).ok().map(|paper| encode(&paper)),
        4 => SignedPromise::open(sent, &chain).ok().map(|promise| encode(&promise)),
        5 => SignedBinding::open(sent, &chain).ok().map(|binding| encode(&binding)),
        6 => read(Receipt::from_bytes(sent)).map(|receipt| encode(&receipt)),
        _ => Registry::open(sent).ok().map(|registry| encode(&registry)),
    });
    if let Some(again) = opened {
        assert_eq!(again, sent, "what is signed has a second form");
    }
}

fn read<T>(read: Result<T, DecodeError>) -> Option<T> {
    read.ok()
}

pub(super) fn signed_seeds() -> Vec<Vec<u8>> {
    let seeds = (0u8..).zip(signed()).map(|(which, bytes)| [&[which], bytes.as_slice()].concat());
    seeds.collect()
}

/// A registry in JSON or, where it does not begin with a brace, as a table: what was read says the same when it is
/// written again.
pub(super) fn check_registry(bytes: &[u8]) {
    if bytes.first() == Some(&b'{') {
        let read = || decoders::registry(bytes);
        if let Ok(view) = measured_by(TREE_FACTOR, bytes.len(), FLOOR, read, |_| 0) {
            let again = serde_json::to_vec(&view).expect("JSON");
            assert_eq!(decoders::registry(&again).ok(), Some(view), "a registry changes when written again");
        }
        return;
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let read = || decoders::registry_table(text);
    if let Ok(view) = measured_by(TABLE_FACTOR, bytes.len(), FLOOR, read, |_| 0) {
        let again = decoders::registry_table(&decoders::table_of(&view));
        assert_eq!(again.ok(), Some(view), "a table changes when written again");
    }
}

/// What a short line says in full: an occupant's day, a law's name, each with room for more.
const TABLE_FACTOR: u64 = 32;

pub(super) fn registry_seeds() -> Vec<Vec<u8>> {
    let view = decoders::shown(&registry());
    let mut table = decoders::table_of(&view);
    let plain = table.clone();
    table.push_str("occupant,,,,,2,1,,,,2024-02-29,2025-01-01\n");
    vec![serde_json::to_vec(&view).expect("JSON"), plain.into(), table.into()]
}

/// An assembly that is prepared, or what a resident hands in for one.
pub(super) fn check_assembly(json: &[u8]) {
    let (len, factor) = (json.len(), TREE_FACTOR);
    if let Ok(draft) = measured_by(factor, len, FLOOR, || decoders::assembly(json), |_| 0) {
        let again = serde_json::to_vec(&draft).expect("JSON");
        assert_eq!(decoders::assembly(&again).ok(), Some(draft), "a draft changes when written again");
    }
    if let Ok(handed) = measured_by(factor, len, FLOOR, || decoders::handed_in(json), |_| 0) {
        let again = serde_json::to_vec(&handed).expect("JSON");
        assert_eq!(decoders::handed_in(&again).ok(), Some(handed), "what is handed in changes");
    }
}

pub(super) fn assembly_seeds() -> Vec<Vec<u8>> {
    let item = r#"{"title":"Toit","text":"Isoler le toit","matter":"works","charge":3,"second_of":1,"missions":[2],"effect":{"kind":"work_order","asset":"CAS-S1-ELEVATOR_1","most":2000000000},"after_appeal":true}"#;
    let bought =
        r#"{"title":"\u0050ompe","text":"","matter":"ordinary","effect":{"kind":"purchase","most":5}}"#;
    let draft = format!(
        r#"{{"revision":2,"day":"2030-06-15","place":"20 h, salle commune","notice":null,"urgent":true,"chair":1,"assessors":[1,2],"items":[{item},{bought}]}}"#
    );
    let ballot =
        signed().first().map(|bytes| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    let handed = format!(r#"{{"ballot":"{}","proxy":null}}"#, ballot.unwrap_or_default());
    vec![draft.into_bytes(), handed.into_bytes(), b"{}".to_vec()]
}

/// Everything that is opened with its signatures, in the order of [`check_signed`].
fn signed() -> Vec<Vec<u8>> {
    let sheet = Paper {
        assembly: opening().id(),
        person: PersonId(2),
        sheet: Sheet::Ballot(RoomBallot {
            lots: Bounded::new(vec![LotId(12)]).unwrap(),
            answer: Answer { item: ItemNumber(1), resolution: digest(21), choice: Choice::Against },
            proxy: Some(digest(34)),
        }),
        scan: digest(38),
        sequence: 1,
        syndic: key(5).public(),
        assessor: key(6).public(),
        salt: Salt::new([39; 16]),
    };
    let [by_syndic, by_assessor] = [5, 6].map(|n| sheet.sign(&key(n), &chain()));
    let paper = SignedPaper { paper: sheet, by_syndic, by_assessor };
    vec![
        encode(&ballot().sign(&key(7), &chain())),
        encode(&proxy().sign(&key(7), &chain())),
        encode(&poll_ballot().sign(&key(7), &chain())),
        encode(&paper),
        encode(&promise()),
        encode(&binding()),
        encode(&receipt()),
        encode(&registry()),
    ]
}
