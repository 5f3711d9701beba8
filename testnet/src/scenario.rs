//! Scenarios: a neighbourhood, faults and expectations in a TOML file. The command succeeds only if all hold.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Deserializer};
use serde_json::json;
use tokio::time::Instant;

use crate::binary;
use crate::clock::parse_duration;
use crate::commands::perform;
use crate::control::Request;
use crate::day;
use crate::error::{Error, Result};
use crate::expect;
use crate::files;
use crate::http::Client;
use crate::market;
use crate::neighbourhood::Neighbourhood;
use crate::options::Options;
use crate::sharing;
use crate::terminal::line;

/// The scenarios that come with the program.
pub const BUILT_IN: [(&str, &str); 3] = [
    ("overheating", include_str!("../scenarios/overheating.toml")),
    ("partition", include_str!("../scenarios/partition.toml")),
    ("join", include_str!("../scenarios/join.toml")),
];
/// The one that starts no process: a recorded year through the rules of sharing.
const MARKET: &str = "market";
/// The one that plays a whole day, with residents and meters of its own.
const DAY: &str = "day-2030";
/// Steps of one scenario.
const STEPS_MAX: usize = 200;

/// A scenario.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// One sentence: what it shows.
    pub title: String,
    /// The neighbourhood it starts with.
    #[serde(default)]
    pub net: NetShape,
    /// What happens, in order.
    pub step: Vec<Step>,
}

/// The neighbourhood a scenario starts with.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NetShape {
    buildings: usize,
    authorities: usize,
    seed: u64,
    speed: f64,
    replay: Option<PathBuf>,
}

impl Default for NetShape {
    fn default() -> Self {
        Self { buildings: 5, authorities: 4, seed: 42, speed: 1.0, replay: None }
    }
}

/// Nodes of a step: those named, or all that run.
type Named = Option<Vec<String>>;

/// One step: a fault, a change or an expectation.
#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Step {
    /// `kill -9`.
    Kill { node: String },
    /// Starts a node again.
    Restart { node: String },
    /// SIGSTOP.
    Pause { node: String },
    /// SIGCONT.
    Resume { node: String },
    /// Cuts links between groups.
    Partition {
        groups: Vec<Vec<String>>,
        #[serde(default)]
        one_way: bool,
    },
    /// Ends every partition.
    Heal,
    /// Delays a node's links.
    Latency {
        node: String,
        #[serde(deserialize_with = "duration")]
        delay: Duration,
        #[serde(default)]
        loss: f64,
    },
    /// Forces a metric out of its healthy range.
    Drift { asset: String, metric: String, to: Option<f64> },
    /// Ends every drift of an asset.
    Calm { asset: String },
    /// Adds a building with an invitation.
    Add,
    /// Votes on what sharing energy needs: who settles, and the tariff.
    Share,
    /// Waits until nodes reach a height.
    ExpectHeight {
        height: u64,
        nodes: Named,
        #[serde(deserialize_with = "duration")]
        within: Duration,
    },
    /// No node gets higher meanwhile.
    ExpectHalt {
        nodes: Named,
        #[serde(deserialize_with = "duration")]
        lasting: Duration,
    },
    /// The asset's building shows an alert.
    ExpectAlert {
        asset: String,
        policy: String,
        message: Option<String>,
        #[serde(deserialize_with = "duration")]
        within: Duration,
    },
    /// A work order for the asset is the same on every node, at one height and state.
    ExpectWorkOrder {
        asset: String,
        nodes: Named,
        #[serde(deserialize_with = "duration")]
        within: Duration,
    },
    /// Nodes agree on every block and state.
    ExpectSameState {
        nodes: Named,
        #[serde(deserialize_with = "duration")]
        within: Duration,
    },
}

impl Scenario {
    /// A built-in scenario by name, or a file.
    pub fn find(wanted: &str) -> Result<Self> {
        if let Some((name, text)) = BUILT_IN.iter().find(|(name, _)| *name == wanted) {
            return Self::parse(name, text);
        }
        let path = Path::new(wanted);
        if !path.is_file() {
            let names: Vec<&str> = BUILT_IN.iter().map(|(name, _)| *name).collect();
            let names = names.join(", ");
            return Err(Error::Usage(format!("expected one of {names} or a file, found \"{wanted}\"")));
        }
        Self::parse(wanted, &files::read_text(path)?)
    }

    fn parse(name: &str, text: &str) -> Result<Self> {
        let scenario: Self =
            toml::from_str(text).map_err(|error| Error::Usage(format!("scenario {name}: {error}")))?;
        if scenario.step.len() > STEPS_MAX {
            return Err(Error::Usage(format!("scenario {name}: at most {STEPS_MAX} steps")));
        }
        Ok(scenario)
    }
}

/// Runs a scenario in a fresh neighbourhood in `dir`, telling each step as it is done.
pub async fn run(wanted: &str, dir: &Path, as_json: bool) -> Result<()> {
    if wanted == "list" {
        for (name, text) in BUILT_IN {
            line(&format!("{name:12} {}", Scenario::parse(name, text)?.title));
        }
        line(&format!("{:12} {}", MARKET, market::TITLE));
        line(&format!("{:12} {}", DAY, day::TITLE));
        return Ok(());
    }
    if wanted == DAY {
        return day::run(dir, as_json).await;
    }
    if wanted == MARKET {
        return market::run(as_json).await;
    }
    let scenario = Scenario::find(wanted)?;
    let options = Options {
        buildings: scenario.net.buildings,
        authorities: scenario.net.authorities,
        seed: scenario.net.seed,
        speed: scenario.net.speed,
        replay: scenario.net.replay.clone(),
        reset: true,
        ..Options::new(binary::symbiose()?, dir.to_owned())
    };
    let tell = |text: &str| {
        if !as_json {
            line(text);
        }
    };
    tell(&format!("{wanted}: {}", scenario.title));
    let mut neighbourhood = Neighbourhood::up(options).await?;
    let up_s = neighbourhood.took().as_secs_f64();
    tell(&format!("  {up_s:6.2} s  {} nodes ready", neighbourhood.len()));
    let mut done = Vec::new();
    let mut outcome = Ok(());
    for step in &scenario.step {
        let begun = Instant::now();
        let told = perform_step(&mut neighbourhood, step).await;
        let took_s = begun.elapsed().as_secs_f64();
        done.push(json!({"step": format!("{step:?}"), "took_s": took_s, "held": told.is_ok()}));
        match told {
            Ok(told) => tell(&format!("  {took_s:6.2} s  {told}")),
            Err(error) => {
                tell(&format!("  {took_s:6.2} s  FAILED {error}"));
                outcome = Err(error);
                break;
            }
        }
    }
    neighbourhood.down().await?;
    if as_json {
        line(&json!({"scenario": wanted, "held": outcome.is_ok(), "steps": done}).to_string());
    } else if outcome.is_ok() {
        line(&format!("{wanted}: all {} steps hold", scenario.step.len()));
    }
    outcome
}

/// Does one step; what to tell of it.
async fn perform_step(neighbourhood: &mut Neighbourhood, step: &Step) -> Result<String> {
    match step {
        Step::Kill { node } => command(neighbourhood, Request::Kill { nodes: vec![node.clone()] }).await,
        Step::Restart { node } => {
            command(neighbourhood, Request::Restart { nodes: vec![node.clone()] }).await
        }
        Step::Pause { node } => command(neighbourhood, Request::Pause { nodes: vec![node.clone()] }).await,
        Step::Resume { node } => command(neighbourhood, Request::Resume { nodes: vec![node.clone()] }).await,
        Step::Partition { groups, one_way } => {
            command(neighbourhood, Request::Partition { groups: groups.clone(), one_way: *one_way }).await
        }
        Step::Heal => command(neighbourhood, Request::Heal).await,
        Step::Latency { node, delay, loss } => {
            let delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
            command(neighbourhood, Request::Latency { node: node.clone(), delay_ms, loss: *loss }).await
        }
        Step::Drift { asset, metric, to } => {
            let (asset, metric) = (asset.clone(), Some(metric.clone()));
            command(neighbourhood, Request::Drift { asset, metric, to: *to, stop: false }).await
        }
        Step::Calm { asset } => {
            command(
                neighbourhood,
                Request::Drift { asset: asset.clone(), metric: None, to: None, stop: true },
            )
            .await
        }
        Step::Add => command(neighbourhood, Request::Add).await,
        Step::Share => {
            sharing::agree(neighbourhood).await?;
            Ok("the authorities agreed on who settles and on the tariff".to_owned())
        }
        Step::ExpectHeight { height, nodes, within } => {
            expect::height(&mut clients(neighbourhood, nodes)?, *height, *within).await?;
            Ok(format!("height {height} is reached"))
        }
        Step::ExpectHalt { nodes, lasting } => {
            expect::halted(&mut clients(neighbourhood, nodes)?, *lasting).await?;
            Ok(format!("no block for {} s", lasting.as_secs_f64()))
        }
        Step::ExpectAlert { asset, policy, message, within } => {
            expect_alert(neighbourhood, asset, policy, message.as_deref(), *within).await
        }
        Step::ExpectWorkOrder { asset, nodes, within } => {
            expect_work_order(neighbourhood, asset, nodes, *within).await
        }
        Step::ExpectSameState { nodes, within } => {
            let mut clients = clients(neighbourhood, nodes)?;
            let height = expect::same_state(&mut clients, *within).await?;
            Ok(format!("{} nodes hold the same block and state at height {height}", clients.len()))
        }
    }
}

async fn expect_alert(
    neighbourhood: &mut Neighbourhood,
    asset: &str,
    policy: &str,
    message: Option<&str>,
    within: Duration,
) -> Result<String> {
    let mut owner = neighbourhood.client(neighbourhood.find(asset)?);
    let alert = expect::alert(&mut owner, asset, policy, within).await?;
    match message {
        Some(expected) if expected != alert.message => {
            Err(Error::Expectation(format!("the alert says \"{expected}\": it says \"{}\"", alert.message)))
        }
        Some(_) | None => {
            Ok(format!("{} alerts {policy} ({}): {}", owner.node(), alert.severity, alert.message))
        }
    }
}

async fn expect_work_order(
    neighbourhood: &mut Neighbourhood,
    asset: &str,
    nodes: &Named,
    within: Duration,
) -> Result<String> {
    let mut owner = neighbourhood.client(neighbourhood.find(asset)?);
    let order = expect::own_work_order(&mut owner, asset, within).await?;
    let mut clients = clients(neighbourhood, nodes)?;
    let height = expect::same_work_order(&mut owner, &mut clients, &order, within).await?;
    let (count, severity, status) = (clients.len(), &order.severity, &order.status);
    Ok(format!("{count} nodes show work order {} ({severity}, {status}) at height {height}", order.id))
}

fn clients(neighbourhood: &mut Neighbourhood, nodes: &Named) -> Result<Vec<Client>> {
    let indexes = match nodes {
        Some(names) => names.iter().map(|name| neighbourhood.find(name)).collect::<Result<Vec<_>>>()?,
        None => neighbourhood.running(),
    };
    Ok(expect::clients(neighbourhood, &indexes))
}

async fn command(neighbourhood: &mut Neighbourhood, request: Request) -> Result<String> {
    let response = perform(neighbourhood, request).await;
    if response.exit == 0 { Ok(response.text) } else { Err(Error::Expectation(response.text)) }
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_duration(&text).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_scenario_reads() {
        for (name, text) in BUILT_IN {
            let scenario = Scenario::parse(name, text).unwrap();
            assert!(!scenario.step.is_empty() && !scenario.title.is_empty(), "{name}");
        }
    }

    #[test]
    fn a_step_that_does_not_exist_is_named() {
        let text = "title = \"x\"\n[[step]]\ndo = \"explode\"\n";
        let error = Scenario::parse("x", text).unwrap_err();
        assert!(error.to_string().contains("explode") && error.exit_code() == 2, "{error}");
        let text = "title = \"x\"\n[[step]]\ndo = \"expect_halt\"\nlasting = \"soon\"\n";
        assert!(Scenario::parse("x", text).unwrap_err().to_string().contains("soon"));
    }

    #[test]
    fn an_unknown_scenario_names_the_known_ones() {
        let error = Scenario::find("earthquake").unwrap_err().to_string();
        assert!(error.contains("overheating") && error.contains("earthquake"), "{error}");
    }
}
