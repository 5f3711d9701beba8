//! A building joins with an invitation, catches up and is a member; without one, with a used one, with an expired one
//! and with another hive's it stays outside.

use std::path::Path;

use serde_json::Value;

use super::{height, members};
use crate::harness::programs::{Run, run, symbiose};
use crate::harness::{Building, Hive, story_folder, until};

/// Exit codes of the commands.
const REFUSED: i32 = 4;
const USAGE: i32 = 2;

#[test]
fn the_sixth_building_joins_and_catches_up() {
    let hive = Hive::start("joining", &["--buildings", "5", "--authorities", "4", "--speed", "10"]);
    let before = members(&hive.node("CAS-S1").api).unwrap().len();
    assert_eq!(before, 5);
    hive.tell(&["add"]);
    let names: Vec<String> = hive.nodes().into_iter().map(|node| node.name).collect();
    assert_eq!(names.len(), 6, "{names:?}");
    let newcomer = hive.node("CAS-S6");
    let admitted_at = height(&hive.node("CAS-S1").api).unwrap();
    for node in hive.nodes() {
        until(&format!("{} counts six members", node.name), 20, || {
            let known = members(&node.api)?;
            if known.len() == 6 { Ok(()) } else { Err(format!("{known:?}")) }
        });
    }
    until("the newcomer is where the others are", 20, || {
        let reached = height(&newcomer.api)?;
        if reached >= admitted_at { Ok(()) } else { Err(format!("at {reached} of {admitted_at}")) }
    });
    let block =
        |api: &crate::harness::Client| api.get(&format!("/api/v1/ledger/blocks/{admitted_at}")).unwrap();
    let (theirs, ours) = (block(&hive.node("CAS-S2").api), block(&newcomer.api));
    assert_eq!((&theirs["block"], &theirs["state"]), (&ours["block"], &ours["state"]));
}

#[test]
fn an_invitation_counts_once_and_in_time() {
    let hive = Hive::start("joining-refused", &["--buildings", "4", "--authorities", "4"]);
    let inviter = hive.node("CAS-S1");
    let newcomers = story_folder("joining-refused-newcomers");

    let nothing = join(&newcomers, "none", "");
    assert_eq!(nothing.exit, USAGE, "{nothing:?}");
    let made_up = join(&newcomers, "made-up", "symbiose1:00");
    assert_eq!((made_up.exit, made_up.err.lines().count()), (USAGE, 1), "{made_up:?}");

    let invitation = invite(&inviter.data_dir, "1h");
    join(&newcomers, "first", &text_of(&invitation)).ok();
    until("the first newcomer is a member", 20, || {
        let known = members(&inviter.api)?.len();
        if known == 5 { Ok(()) } else { Err(known.to_string()) }
    });
    let again = join(&newcomers, "second", &text_of(&invitation));
    assert_eq!(again.exit, REFUSED, "{again:?}");
    assert!(again.err.contains("used"), "{again:?}");

    let changed = flip_last_digit(&text_of(&invite(&inviter.data_dir, "1h")));
    let forged = join(&newcomers, "forged", &changed);
    assert_ne!(forged.exit, 0, "{forged:?}");

    let short = invite(&inviter.data_dir, "1s");
    let expires = short["expires"].as_str().unwrap().to_owned();
    until("hive time passes the invitation's last moment", 20, || {
        let now = inviter.api.get("/api/v1/node")?["time"].as_str().unwrap_or_default().to_owned();
        if now > expires { Ok(()) } else { Err(now) }
    });
    let late = join(&newcomers, "late", &text_of(&short));
    assert_eq!(late.exit, REFUSED, "{late:?}");
    assert!(late.err.contains("expired"), "{late:?}");
    assert_eq!(members(&inviter.api).unwrap().len(), 5, "only the first is in");
}

#[test]
fn an_invitation_of_another_hive_opens_no_door() {
    let folder = story_folder("joining-elsewhere");
    let (here, there) =
        (Building::init(&folder.join("here")).start(), Building::init(&folder.join("there")).start());
    let foreign = text_of(&invite(there.dir(), "1h"));
    let before = members(&here.api()).unwrap();
    join(&folder, "guest", &foreign).ok();
    let genesis = |building: &Path| std::fs::read(building.join("genesis.cbor")).unwrap();
    assert_eq!(genesis(&folder.join("guest")), genesis(there.dir()), "the guest belongs there");
    assert_eq!(members(&here.api()).unwrap(), before, "and is unknown here");
}

fn invite(dir: &Path, expires: &str) -> Value {
    let out = run(symbiose().args(["invite", "--json", "--expires", expires, "--dir"]).arg(dir)).ok();
    serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"))
}

fn text_of(invitation: &Value) -> String {
    invitation["invitation"].as_str().unwrap_or_else(|| panic!("{invitation}")).to_owned()
}

fn join(folder: &Path, name: &str, invitation: &str) -> Run {
    let mut command = symbiose();
    command.args(["join", "--name", name, "--dir"]).arg(folder.join(name));
    if !invitation.is_empty() {
        command.arg(invitation);
    }
    run(&mut command)
}

/// Another invitation in the middle of its signed part.
fn flip_last_digit(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let at = "symbiose1:".len() + 40;
    bytes[at] = if bytes[at] == b'0' { b'1' } else { b'0' };
    String::from_utf8(bytes).unwrap()
}
