//! Damaged disks: a folder made by a real node is copied, one of its files is harmed, and the real node opens it again.
//! Every answer is then compared with what it was: each value is right, or missing and said to be; never wrong, never
//! missing in silence, never a panic, never a start that fails without a sentence.

mod folder;
mod harm;
mod judge;
mod truth;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::error::{Error, Result};
use crate::http::Client;
use crate::processes::{Process, STOP_TIMEOUT};
use crate::terminal::line;
use harm::{Harm, Kind};
use judge::Verdict;
use truth::Truth;

/// A node of this size has opened by then.
const OPEN_WITHIN: Duration = Duration::from_secs(20);
/// Damage is counted and said by then.
const SETTLED_WITHIN: Duration = Duration::from_secs(3);
const ASK_AGAIN: Duration = Duration::from_millis(100);
/// Cases after which a line of progress is due.
const PROGRESS_EVERY: u64 = 20;
/// How often a case is opened a second time: damage that was dealt with must stay dealt with.
const TWICE_EVERY: u64 = 4;

/// What to do.
#[derive(Debug, Clone, Copy)]
pub struct Campaign {
    /// How many cases.
    pub cases: u64,
    /// Seed of the first case; each further case has the next one.
    pub seed: u64,
}

/// How a case ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    /// Every answer was as before and nothing had to be said.
    Unharmed,
    /// Every answer was as before, and the node said what it repaired.
    Repaired,
    /// Something is missing and the node says so.
    Said,
    /// The node refused to start with a sentence that names what is wrong.
    Refused,
}

impl Outcome {
    const fn word(self) -> &'static str {
        match self {
            Self::Unharmed => "unharmed",
            Self::Repaired => "repaired",
            Self::Said => "lost and said",
            Self::Refused => "refused with a sentence",
        }
    }
}

/// Runs a campaign in `dir`. An error names every case that failed and the command that repeats it.
pub async fn run(campaign: Campaign, binary: &Path, dir: &Path, as_json: bool) -> Result<()> {
    let begun = Instant::now();
    let prepared = folder::prepare(binary, dir).await?;
    if !as_json {
        line(&format!(
            "folders made in {:.1} s; {} cases follow",
            begun.elapsed().as_secs_f64(),
            campaign.cases
        ));
    }
    let mut outcomes: BTreeMap<(Kind, Outcome), u64> = BTreeMap::new();
    let mut failed = Vec::new();
    for number in 0..campaign.cases {
        let seed = campaign.seed + number;
        let harm = Harm::draw(seed, &prepared)?;
        match case(binary, dir, seed, &harm).await? {
            Verdict::Fine(outcome) => *outcomes.entry((harm.kind(), outcome)).or_default() += 1,
            Verdict::Wrong(reason) => {
                let told = format!("{harm}: {reason} (cargo chaos --damage 1 --seed {seed})");
                if !as_json {
                    line(&format!("  FAILED  {told}"));
                }
                failed.push(told);
            }
        }
        if !as_json && (number + 1) % PROGRESS_EVERY == 0 {
            let (done, cases) = (number + 1, campaign.cases);
            line(&format!(
                "  {done:5} of {cases}  {} failed, {:.0} s",
                failed.len(),
                begun.elapsed().as_secs_f64()
            ));
        }
    }
    tell(campaign, &outcomes, failed.len(), as_json);
    match failed.len() {
        0 => Ok(()),
        count => Err(Error::Expectation(format!("{count} cases failed:\n{}", failed.join("\n")))),
    }
}

/// One case: harm, open, ask, compare.
async fn case(binary: &Path, dir: &Path, seed: u64, harm: &Harm<'_>) -> Result<Verdict> {
    let place = dir.join("case");
    folder::copy(&harm.source.dir, &place)?;
    harm.apply(&place)?;
    let first = open(binary, &place, &harm.source.truth, harm.kind()).await?;
    match first {
        Verdict::Fine(outcome) if outcome != Outcome::Refused && seed.is_multiple_of(TWICE_EVERY) => {
            Ok(match open(binary, &place, &harm.source.truth, harm.kind()).await? {
                // What was lost stays lost and is said once at the least; what was repaired needs no word any more.
                Verdict::Fine(_) => Verdict::Fine(outcome),
                Verdict::Wrong(reason) => Verdict::Wrong(format!("at the second start: {reason}")),
            })
        }
        Verdict::Fine(_) | Verdict::Wrong(_) => Ok(first),
    }
}

/// Starts the node in `place`, asks it everything, and kills it.
async fn open(binary: &Path, place: &Path, truth: &Truth, kind: Kind) -> Result<Verdict> {
    let log = place.join("log.jsonl");
    fs::write(&log, b"").map_err(Error::file("empty", &log))?;
    let mut process = Process::new("CAS-S1", place);
    process.start(binary)?;
    let verdict = match process.listening(OPEN_WITHIN).await {
        Ok(ready) => {
            let token = fs::read_to_string(place.join("operator.token")).unwrap_or_default();
            let mut client = Client::new("CAS-S1", &ready.http, token.trim());
            settled(&mut client, truth, kind).await
        }
        Err(Error::Ended { status, .. }) => judge::refusal(&status, &read(&log), kind),
        Err(error) => Verdict::Wrong(error.to_string()),
    };
    process.kill();
    Ok(match judge::panicked(&read(&log), kind) {
        Some(reason) => Verdict::Wrong(reason),
        None => verdict,
    })
}

/// Asks until every answer may be as it is: damage of the log is counted when it is sealed, a moment after the start.
async fn settled(client: &mut Client, truth: &Truth, kind: Kind) -> Verdict {
    let begun = Instant::now();
    loop {
        let verdict = match truth::ask(client, &truth.wanted).await {
            Ok(found) => judge::compare(truth, &found, kind),
            Err(error) => Verdict::Wrong(format!("a question is not answered: {error}")),
        };
        if matches!(verdict, Verdict::Fine(_)) || begun.elapsed() > SETTLED_WITHIN {
            return verdict;
        }
        sleep(ASK_AGAIN).await;
    }
}

fn read(log: &PathBuf) -> String {
    fs::read_to_string(log).unwrap_or_default()
}

fn tell(campaign: Campaign, outcomes: &BTreeMap<(Kind, Outcome), u64>, failed: usize, as_json: bool) {
    if as_json {
        let mut kinds: BTreeMap<&str, BTreeMap<&str, u64>> = BTreeMap::new();
        for ((kind, outcome), count) in outcomes {
            kinds.entry(kind.word()).or_default().insert(outcome.word(), *count);
        }
        return line(
            &json!({"cases": campaign.cases, "seed": campaign.seed, "failed": failed, "kinds": kinds})
                .to_string(),
        );
    }
    for ((kind, outcome), count) in outcomes {
        line(&format!("  {:22} {:24} {count}", kind.word(), outcome.word()));
    }
    line(&format!(
        "{} cases, {failed} failed: no answer was wrong or missing in silence otherwise",
        campaign.cases
    ));
}

/// How long an ordinary stop may take.
const STOP_WITHIN: Duration = STOP_TIMEOUT;
