//! What a request does to the neighbourhood, and what is said of it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::control::{Request, Response};
use crate::error::{Error, Result};
use crate::neighbourhood::Neighbourhood;
use crate::status;

/// How long a restarted node may take to be ready before the command says why it is not.
const RESTART_PATIENCE: Duration = Duration::from_secs(10);

/// Does what is asked and answers. [`Request::Down`] is for whoever owns the neighbourhood: here it only answers.
pub async fn perform(neighbourhood: &mut Neighbourhood, request: Request) -> Response {
    match try_perform(neighbourhood, request).await {
        Ok((text, data)) => Response { exit: 0, text, data },
        Err(error) => Response { exit: error.exit_code(), text: error.to_string(), data: Value::Null },
    }
}

async fn try_perform(neighbourhood: &mut Neighbourhood, request: Request) -> Result<(String, Value)> {
    match request {
        Request::Status => {
            let status = status::collect(neighbourhood).await;
            Ok((status.render(), json!(status)))
        }
        Request::Kill { nodes } => {
            let indexes = find_all(neighbourhood, &nodes)?;
            indexes.iter().try_for_each(|index| neighbourhood.kill(*index))?;
            Ok(done("killed", neighbourhood, &indexes))
        }
        Request::Restart { nodes } => restart(neighbourhood, &nodes).await,
        Request::Pause { nodes } => {
            let indexes = find_all(neighbourhood, &nodes)?;
            indexes.iter().for_each(|index| neighbourhood.pause(*index));
            Ok(done("paused", neighbourhood, &indexes))
        }
        Request::Resume { nodes } => {
            let indexes = find_all(neighbourhood, &nodes)?;
            indexes.iter().for_each(|index| neighbourhood.resume(*index));
            Ok(done("resumed", neighbourhood, &indexes))
        }
        Request::Partition { groups, one_way } => partition(neighbourhood, &groups, one_way),
        Request::Heal => {
            neighbourhood.links().heal();
            Ok(("healed: every link carries again".to_owned(), Value::Null))
        }
        Request::Latency { node, delay_ms, loss } => latency(neighbourhood, &node, delay_ms, loss),
        Request::Drift { asset, metric, to, stop } => {
            drift(neighbourhood, &asset, metric.as_deref(), to, stop).await
        }
        Request::Leap { by_ms } => {
            let time = neighbourhood.leap(Duration::from_millis(by_ms)).await?.to_string();
            Ok((format!("every node went on at {time}"), json!({"time": time})))
        }
        Request::Add => {
            let name = neighbourhood.add().await?;
            let index = neighbourhood.find(&name)?;
            let http = neighbourhood.state(index).http;
            Ok((format!("{name} joined with an invitation: {http}"), json!({"name": name, "http": http})))
        }
        Request::Down => Ok(("stopping".to_owned(), Value::Null)),
    }
}

async fn restart(neighbourhood: &mut Neighbourhood, nodes: &[String]) -> Result<(String, Value)> {
    let mut lines = Vec::new();
    for index in find_all(neighbourhood, nodes)? {
        let listening = neighbourhood.restart(index).await?;
        let name = neighbourhood.state(index).name;
        let listening_s = listening.as_secs_f64();
        lines.push(match neighbourhood.wait_ready(index, RESTART_PATIENCE).await {
            Ok(()) => format!("{name} is ready again; it listened after {listening_s:.2} s"),
            Err(Error::NotReady { reason, .. }) => format!("{name} runs, not ready: {reason}"),
            Err(error) => return Err(error),
        });
    }
    Ok((lines.join("\n"), Value::Null))
}

fn partition(
    neighbourhood: &mut Neighbourhood,
    groups: &[Vec<String>],
    one_way: bool,
) -> Result<(String, Value)> {
    let groups = groups.iter().map(|group| find_all(neighbourhood, group)).collect::<Result<Vec<_>>>()?;
    let mut members: Vec<usize> = groups.iter().flatten().copied().collect();
    members.sort_unstable();
    if members.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(Error::Usage("a node stands in two groups".to_owned()));
    }
    if one_way {
        let rest: Vec<usize> = (0..neighbourhood.len()).filter(|index| !members.contains(index)).collect();
        let receivers = groups.get(1).cloned().unwrap_or(rest);
        neighbourhood.links().block_one_way(&groups[0], &receivers);
    } else {
        neighbourhood.links().partition(&groups);
    }
    let cut = neighbourhood.links().faults().iter().filter(|(_, _, weather)| weather.blocked).count();
    Ok((format!("partitioned: {cut} directed links are cut"), json!({"cut": cut})))
}

fn latency(
    neighbourhood: &mut Neighbourhood,
    node: &str,
    delay_ms: u64,
    loss: f64,
) -> Result<(String, Value)> {
    let all = node == "all";
    let indexes = if all { (0..neighbourhood.len()).collect() } else { vec![neighbourhood.find(node)?] };
    for index in indexes {
        neighbourhood.links().slow(index, Duration::from_millis(delay_ms), loss);
    }
    Ok((format!("links of {node}: {delay_ms} ms later each way, {:.1} % lost", loss * 100.0), Value::Null))
}

async fn drift(
    neighbourhood: &mut Neighbourhood,
    asset: &str,
    metric: Option<&str>,
    to: Option<f64>,
    stop: bool,
) -> Result<(String, Value)> {
    if stop {
        neighbourhood.calm(asset).await?;
        return Ok((format!("{asset} is healthy again"), Value::Null));
    }
    let metric = metric.ok_or_else(|| Error::Usage("drift expects a metric, or --stop".to_owned()))?;
    let target = neighbourhood.drift(asset, metric, to).await?;
    Ok((
        format!("{asset} {metric} drifts to {target}"),
        json!({"asset": asset, "metric": metric, "to": target}),
    ))
}

fn find_all(neighbourhood: &Neighbourhood, nodes: &[String]) -> Result<Vec<usize>> {
    nodes.iter().map(|node| neighbourhood.find(node)).collect()
}

fn done(what: &str, neighbourhood: &Neighbourhood, indexes: &[usize]) -> (String, Value) {
    let names = neighbourhood.names();
    let named: Vec<&str> = indexes.iter().map(|index| names[*index]).collect();
    (format!("{what} {}", named.join(", ")), json!(named))
}
