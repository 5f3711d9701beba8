//! What a hive delivers while one of its members floods a node, what that costs, and how soon the member is gone.

use protocol::hex::hex;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde::Deserialize;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use super::{Measured, Samples, Target, ms, process};
use crate::binary;
use crate::error::{Error, Result};
use crate::files;
use crate::load::Member;
use crate::neighbourhood::Neighbourhood;
use crate::options::Options;
use crate::terminal::note;

/// The ways to flood; each by a member of its own, one after the other.
const ATTACKS: [&str; 6] = ["gossip", "duplicates", "unknown-topics", "control", "votes", "statuses"];
/// Messages per second of one attacker.
const RATE: u32 = 10_000;
/// An attacker may be borne with for so long, seconds.
const GONE_S_MAX: f64 = 30.0;
/// Longest attack, seconds: beyond it the attacker counts as never gone.
const ATTACK_S: u64 = 40;
/// Members that sign honest load.
const HONEST: usize = 4;
/// Honest transactions per second.
const PER_SECOND: u32 = 10;
/// A transaction that is not final by then is not delivered.
const DELIVERY: Duration = Duration::from_secs(10);
/// Resident memory of a node, MiB.
const RESIDENT_MIB_MAX: f64 = 128.0;

/// What an attacker reports, as far as it is needed here.
#[derive(Debug, Deserialize)]
struct Report {
    sent: u64,
    rate: f64,
    tolerated_s: f64,
    gone: bool,
}

/// Delivery, memory and the slowest departure over all attacks.
pub(super) async fn flood(options: Options) -> Result<Vec<Measured>> {
    let program = binary::hostile()?;
    let load_members = HONEST + ATTACKS.len();
    let mut neighbourhood = Neighbourhood::up(Options { load_members, ..options }).await?;
    let mut members: Vec<Member> = Member::all(neighbourhood.plan())?.into_iter().take(HONEST).collect();
    let target = neighbourhood.net()?.nodes[0].clone();
    let (mut worst_s, mut resident_mib, mut rates) = (0.0f64, 0.0f64, Vec::new());
    let (mut asked, mut answers) = (JoinSet::new(), Vec::new());
    let mut number = 0;
    for (index, attack) in ATTACKS.iter().enumerate() {
        let key = target.data_dir.with_file_name(format!("attacker-{index}.key"));
        let secret = neighbourhood.plan().keys().load_secret(HONEST + index);
        files::replace_secret(&key, hex(&secret).as_bytes())?;
        let (program, target) = (program.clone(), target.clone());
        let attacking =
            tokio::task::spawn_blocking(move || run(&program, attack, &target.p2p, &target.data_dir, &key));
        let mut beat = interval(Duration::from_secs(1) / PER_SECOND);
        beat.set_missed_tick_behavior(MissedTickBehavior::Burst);
        while !attacking.is_finished() {
            beat.tick().await;
            // Each member keeps to one node, so that its transactions arrive in their order.
            let signed = members[number % HONEST].sign();
            let signed = signed.ok_or_else(|| Error::Expectation("enough load is signed".to_owned()))?;
            let mut client = neighbourhood.client(number % HONEST).with_timeout(DELIVERY);
            number += 1;
            asked.spawn(async move {
                let begun = tokio::time::Instant::now();
                let outcome = client.submit(std::slice::from_ref(&signed.bytes), true).await;
                let is_final =
                    outcome.is_ok_and(|all| all.first().is_some_and(|one| one.status == "committed"));
                (begun.elapsed(), is_final)
            });
            while let Some(done) = asked.try_join_next() {
                answers.extend(done.ok());
            }
            for node in 0..neighbourhood.len() {
                if let Some(pid) = neighbourhood.state(node).pid {
                    resident_mib = resident_mib.max(process::resident_mib_of(pid)?);
                }
            }
        }
        let report = attacking.await.map_err(|error| Error::Expectation(error.to_string()))??;
        note(&format!(
            "{attack}: {} sent at {:.0}/s, borne with for {:.1} s, {}",
            report.sent,
            report.rate,
            report.tolerated_s,
            if report.gone { "gone" } else { "still there" }
        ));
        worst_s = worst_s.max(if report.gone { report.tolerated_s } else { f64::from(u16::MAX) });
        rates.push(report.rate);
    }
    while let Some(done) = asked.join_next().await {
        answers.extend(done.ok());
    }
    neighbourhood.down().await?;
    let delivered = answers.iter().filter(|(_, is_final)| *is_final).count();
    let share = 100.0 * delivered as f64 / answers.len().max(1) as f64;
    let slowest = rates.iter().copied().fold(f64::INFINITY, f64::min);
    let samples = Samples::new(answers.iter().map(|(took, _)| *took).collect());
    let how = format!(
        "{} ways at {RATE}/s asked, {slowest:.0}/s or more taken; {delivered} of {} transactions final, p99 {:.0} ms",
        ATTACKS.len(),
        answers.len(),
        ms(samples.percentile(99))
    );
    Ok(vec![
        Measured::new("flood, honest delivery", share, "%", Target::AtLeast(99.0), how.clone()),
        Measured::new("flood, resident", resident_mib, "MiB", Target::AtMost(RESIDENT_MIB_MAX), how.clone()),
        Measured::new("flood, slowest attacker gone", worst_s, "s", Target::AtMost(GONE_S_MAX), how),
    ])
}

/// Attacks until the node has turned the attacker away, and waits for that.
fn run(program: &Path, attack: &str, p2p: &str, dir: &Path, key: &Path) -> Result<Report> {
    let output = Command::new(program)
        .args([attack, "--until-gone", "--rate", &RATE.to_string(), "--seconds", &ATTACK_S.to_string()])
        .args(["--target", p2p, "--dir"])
        .arg(dir)
        .arg("--key")
        .arg(key)
        .stdin(Stdio::null())
        .output()
        .map_err(Error::file("run", program))?;
    serde_json::from_slice(&output.stdout).map_err(|_| {
        Error::Expectation(format!("`hostile` reports: {}", String::from_utf8_lossy(&output.stderr)))
    })
}
