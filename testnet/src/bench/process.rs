//! What a node costs at rest and how fast it comes and comes back.

use std::fs;
use std::path::Path;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{Measured, Samples, Target, ms};
use crate::error::{Error, Result};
use crate::load::{Member, PER_MEMBER_MAX};
use crate::neighbourhood::{Neighbourhood, READY_TIMEOUT};
use crate::options::Options;

/// Time after the start before a node is at rest.
const SETTLE: Duration = Duration::from_secs(10);
/// Time over which the processor is watched.
const WATCH: Duration = Duration::from_secs(30);
/// How often a process is looked at until it rests, and how many times at the most.
const LOOK: Duration = Duration::from_millis(500);
const LOOKS_MAX: usize = 60;
/// Starts of which the middle one counts.
const STARTS: usize = 3;
/// Blocks a restarted node has to know again.
const BLOCKS: u64 = 10_000;

/// Resident memory and processor time of the greediest of five nodes that are fed at their usual pace.
pub(super) async fn rest(options: Options) -> Result<Vec<Measured>> {
    let mut neighbourhood = Neighbourhood::up(options).await?;
    sleep(SETTLE).await;
    let pids: Vec<u32> =
        (0..neighbourhood.len()).filter_map(|index| neighbourhood.state(index).pid).collect();
    let before = pids.iter().map(|pid| cpu_s(*pid)).collect::<Result<Vec<f64>>>()?;
    let begun = Instant::now();
    sleep(WATCH).await;
    let watched_s = begun.elapsed().as_secs_f64();
    let (mut percent, mut resident_mib) = (0.0f64, 0.0f64);
    for (pid, before_s) in pids.iter().zip(before) {
        percent = percent.max((cpu_s(*pid)? - before_s) / watched_s * 100.0);
        resident_mib = resident_mib.max(resident_mib_of(*pid)?);
    }
    neighbourhood.down().await?;
    let detail = format!("the greediest of {} nodes, fed every 10 s, over {watched_s:.0} s", pids.len());
    Ok(vec![
        Measured::new("node at rest, resident", resident_mib, "MiB", Target::AtMost(64.0), detail.clone()),
        Measured::new("node at rest, processor", percent, "% of a core", Target::AtMost(2.0), detail),
    ])
}

/// Time until five fresh nodes are ready.
pub(super) async fn ready(options: Options) -> Result<Vec<Measured>> {
    let mut starts = Vec::new();
    for _ in 0..STARTS {
        let neighbourhood = Neighbourhood::up(options.clone()).await?;
        starts.push(neighbourhood.took());
        neighbourhood.down().await?;
    }
    let starts = Samples::new(starts);
    let detail = format!("middle of {STARTS} starts, slowest {:.2} s", starts.most().as_secs_f64());
    let middle = starts.percentile(50).as_secs_f64();
    Ok(vec![Measured::new("5 nodes ready", middle, "s", Target::AtMost(5.0), detail)])
}

/// Time until a killed node that knows ten thousand blocks is ready again.
pub(super) async fn restart(options: Options) -> Result<Vec<Measured>> {
    let load_members = usize::try_from(BLOCKS.div_ceil(PER_MEMBER_MAX)).expect("invariant: a few") + 1;
    let mut neighbourhood = Neighbourhood::up(Options { load_members, ..options }).await?;
    let mut client = neighbourhood.client(0);
    let mut height = client.head().await?.height;
    // One transaction at a time: each is a block of its own.
    for mut member in Member::all(neighbourhood.plan())? {
        while let Some(signed) = member.sign().filter(|_| height < BLOCKS) {
            client.submit(std::slice::from_ref(&signed.bytes), true).await?;
            height += 1;
            if height == BLOCKS {
                // Now and then two of them share a block.
                height = client.head().await?.height;
            }
        }
    }
    let height = client.head().await?.height;
    if height < BLOCKS {
        return Err(Error::Expectation(format!("{BLOCKS} blocks are made: there are {height}")));
    }
    let mut returns = Vec::new();
    for index in 0..neighbourhood.len() {
        neighbourhood.kill(index)?;
        let begun = Instant::now();
        neighbourhood.restart(index).await?;
        neighbourhood.wait_ready(index, READY_TIMEOUT).await?;
        returns.push(begun.elapsed());
    }
    neighbourhood.down().await?;
    let returns = Samples::new(returns);
    let detail = format!(
        "slowest of {} kills with {height} blocks, middle {:.0} ms",
        returns.0.len(),
        ms(returns.percentile(50))
    );
    let slowest = returns.most().as_secs_f64();
    Ok(vec![Measured::new("restart to ready, 10,000 blocks", slowest, "s", Target::AtMost(2.0), detail)])
}

/// Processor seconds all running nodes have used since they started.
pub(super) fn cpu_of_all_s(neighbourhood: &mut Neighbourhood) -> Result<f64> {
    let pids =
        (0..neighbourhood.len()).filter_map(|index| neighbourhood.state(index).pid).collect::<Vec<u32>>();
    pids.into_iter().map(cpu_s).sum()
}

/// Processor seconds a process has used (proc(5), fields 14 and 15 of `stat`).
pub(crate) fn cpu_s(pid: u32) -> Result<f64> {
    let path = format!("/proc/{pid}/stat");
    let text = fs::read_to_string(&path).map_err(Error::file("read", Path::new(&path)))?;
    let after_name = text.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: u64 =
        after_name.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Ok(ticks as f64 / rustix::param::clock_ticks_per_second() as f64)
}

/// The same, to the nanosecond: what the scheduler says of each thread that runs (Linux, `schedstat`). Threads that end
/// between two looks take their time with them.
pub(super) fn cpu_ns(pid: u32) -> Result<u64> {
    let path = format!("/proc/{pid}/task");
    let threads = fs::read_dir(&path).map_err(Error::file("read", Path::new(&path)))?;
    let told =
        threads.flatten().filter_map(|thread| fs::read_to_string(thread.path().join("schedstat")).ok());
    Ok(told.filter_map(|text| text.split_whitespace().next()?.parse::<u64>().ok()).sum())
}

/// Waits until a process has nothing to do: until it uses less than 2 % of a core.
pub(super) async fn at_rest(pid: u32) -> Result<()> {
    let mut before = cpu_ns(pid)?;
    for _ in 0..LOOKS_MAX {
        sleep(LOOK).await;
        let used = cpu_ns(pid)?;
        if used.saturating_sub(before) < 10_000_000 {
            break;
        }
        before = used;
    }
    Ok(())
}

/// Bytes a process has sent to the disk (proc(5), `write_bytes` of `io`).
pub(super) fn written_bytes_of(pid: u32) -> Result<u64> {
    let path = format!("/proc/{pid}/io");
    let text = fs::read_to_string(&path).map_err(Error::file("read", Path::new(&path)))?;
    let line = text.lines().find_map(|line| line.strip_prefix("write_bytes:"));
    Ok(line.and_then(|line| line.trim().parse().ok()).unwrap_or(0))
}

/// Resident memory of a process.
pub(super) fn resident_mib_of(pid: u32) -> Result<f64> {
    let path = format!("/proc/{pid}/status");
    let text = fs::read_to_string(&path).map_err(Error::file("read", Path::new(&path)))?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    Ok(kib.unwrap_or(0) as f64 / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_memory_and_used_the_processor() {
        let pid = std::process::id();
        assert!(resident_mib_of(pid).unwrap() > 0.5);
        assert!(cpu_s(pid).unwrap() >= 0.0 && cpu_ns(pid).unwrap() > 0);
        assert!(cpu_s(u32::MAX).is_err());
    }
}
