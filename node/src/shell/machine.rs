//! The machine under the node, looked at once a minute: room on the disk, what wears it, the clock, heat, voltage,
//! memory, and how old the last backup is. What is found becomes reasons of the node's health and gauges; nothing
//! here decides anything. On a machine that does not tell something, that thing is not said.

use std::path::{Path, PathBuf};
use std::time::Duration;

use protocol::Tick;
use tokio::sync::mpsc;

use super::clock::{Clock, wall_ms};
use super::event::{Event, Finding};
use super::ready::{DISK_FULL, Weight};
use super::store::disk::{self, FREE_BYTES_STOP, Space};
use super::wear::Wear;

/// Pause between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// 2025-01-01T00:00:00Z: a clock before this has not been set.
pub const CLOCK_MIN_MS: i64 = 1_735_689_600_000;
/// The wall clock and the time since the start may part by this between two looks, milliseconds.
const CLOCK_JUMP_MS: u64 = 10_000;
/// How long a jump of the clock is said, milliseconds.
const CLOCK_JUMP_SAID_MS: u64 = 24 * 60 * 60 * 1000;
/// A processor above this slows itself down, thousandths of a degree Celsius.
const HOT_MILLIDEGREES: i64 = 80_000;
/// Memory that should stay free, KiB.
const MEMORY_KIB_MIN: u64 = 48 * 1024;
/// A backup older than this is worth a word; so is none, on a node this old. Milliseconds.
const BACKUP_AGE_MS: i64 = 30 * 24 * 60 * 60 * 1000;
const MIB: u64 = 1024 * 1024;

/// Where the machine tells about itself.
#[derive(Debug, Clone)]
pub struct Places {
    /// `/proc`.
    pub proc: PathBuf,
    /// `/sys`.
    pub sys: PathBuf,
    /// `/run`.
    pub run: PathBuf,
}

impl Default for Places {
    fn default() -> Self {
        Self { proc: "/proc".into(), sys: "/sys".into(), run: "/run".into() }
    }
}

/// The task that looks.
pub(super) struct Machine {
    places: Places,
    data_dir: PathBuf,
    clock: Clock,
    core: mpsc::Sender<Event>,
    wear: Wear,
    last: Option<(Tick, i64)>,
    jumped: Option<(Tick, i64)>,
}

impl Machine {
    pub(super) fn new(data_dir: &Path, clock: Clock, core: mpsc::Sender<Event>) -> Self {
        let wear = Wear::open(data_dir, wall_ms());
        let places = Places::default();
        Self { places, data_dir: data_dir.to_owned(), clock, core, wear, last: None, jumped: None }
    }

    /// Looks until the core is gone.
    pub(super) async fn run(mut self) {
        let mut every = tokio::time::interval(LOOK_EVERY);
        loop {
            every.tick().await;
            let findings = tokio::task::block_in_place(|| self.look());
            if self.core.send(Event::Machine(findings)).await.is_err() {
                return;
            }
        }
    }

    fn look(&mut self) -> Vec<Finding> {
        self.count_written();
        let wall = wall_ms();
        let mut findings = Vec::new();
        match disk::space(&self.data_dir) {
            Ok(space) => findings.extend(judge_space(space)),
            Err(error) => tracing::warn!(%error, "the disk does not tell its room"),
        }
        findings.push(self.judge_clock(wall));
        findings.push(Finding::when("clock_doubtful", Weight::Attention, wall < CLOCK_MIN_MS, || {
            "The clock of this machine is not set: it shows a time before 2025.".to_owned()
        }));
        findings.push(judge_sync(&self.places.run));
        findings.push(judge_heat(temperature(&self.places.sys)));
        findings.push(Finding::when(
            "undervoltage",
            Weight::Attention,
            is_undervolted(&self.places.sys),
            || "The power supply is too weak: the voltage of this machine is low.".to_owned(),
        ));
        findings.push(judge_memory(memory_available_kib(&self.places.proc)));
        findings.extend(judge_backup(&self.data_dir, wall));
        findings
    }

    fn count_written(&mut self) {
        if let Some(written) = written_bytes(&self.places.proc) {
            metrics::counter!("symbiose_process_written_bytes_total").absolute(written);
            let per_day = self.wear.note(written, wall_ms());
            #[expect(clippy::cast_precision_loss, reason = "a gauge")]
            metrics::gauge!("symbiose_process_written_bytes_per_day").set(per_day as f64);
        }
    }

    /// The wall clock against the time since the start.
    fn judge_clock(&mut self, wall: i64) -> Finding {
        let tick = self.clock.now().tick;
        if let Some((before, wall_before)) = self.last.replace((tick, wall)) {
            let passed = i64::try_from(tick.since(before)).unwrap_or(i64::MAX);
            let jump = wall.saturating_sub(wall_before).saturating_sub(passed);
            if jump.unsigned_abs() > CLOCK_JUMP_MS {
                tracing::warn!(jump_ms = jump, "the clock of this machine jumped");
                self.jumped = Some((tick, jump));
            }
        }
        self.jumped.take_if(|(at, _)| tick.since(*at) > CLOCK_JUMP_SAID_MS);
        let jump = self.jumped.map_or(0, |(_, jump)| jump / 1000);
        Finding::when("clock_jumped", Weight::Notice, self.jumped.is_some(), || {
            let direction = if jump < 0 { "back" } else { "ahead" };
            format!("The clock of this machine jumped {direction} by {} s.", jump.unsigned_abs())
        })
    }
}

fn judge_space(space: Space) -> [Finding; 2] {
    #[expect(clippy::cast_precision_loss, reason = "gauges")]
    for (name, bytes) in
        [("symbiose_disk_free_bytes", space.free), ("symbiose_disk_total_bytes", space.total)]
    {
        metrics::gauge!(name).set(bytes as f64);
    }
    let free = space.free / MIB;
    let full = Finding::when(DISK_FULL, Weight::NotReady, space.is_full(), || {
        format!(
            "The disk has {free} MiB left: below {} MiB no reading and no photo is taken, so that the ledger stays whole.",
            FREE_BYTES_STOP / MIB
        )
    });
    let low = Finding::when("disk_low", Weight::Attention, space.is_low() && !space.is_full(), || {
        format!("The disk is nearly full: {free} MiB of {} MiB left.", space.total / MIB)
    });
    [full, low]
}

/// systemd-timesyncd says it with a file; of other programs nothing is known, and nothing is said.
fn judge_sync(run: &Path) -> Finding {
    let folder = run.join("systemd/timesync");
    let is_waiting = folder.is_dir() && !folder.join("synchronized").exists();
    Finding::when("no_time_sync", Weight::Notice, is_waiting, || {
        "The clock of this machine has not been set by network since it started.".to_owned()
    })
}

fn judge_heat(millidegrees: Option<i64>) -> Finding {
    #[expect(clippy::cast_precision_loss, reason = "a gauge")]
    if let Some(found) = millidegrees {
        metrics::gauge!("symbiose_machine_temperature_celsius").set(found as f64 / 1000.0);
    }
    let is_hot = millidegrees.is_some_and(|found| found >= HOT_MILLIDEGREES);
    Finding::when("hot", Weight::Attention, is_hot, || {
        format!("The processor is at {} °C.", millidegrees.unwrap_or_default() / 1000)
    })
}

fn judge_memory(available_kib: Option<u64>) -> Finding {
    let is_low = available_kib.is_some_and(|found| found < MEMORY_KIB_MIN);
    Finding::when("memory_low", Weight::Attention, is_low, || {
        format!("This machine has only {} MiB of memory left.", available_kib.unwrap_or_default() / 1024)
    })
}

fn judge_backup(data_dir: &Path, wall: i64) -> [Finding; 2] {
    let last = last_backup_ms(data_dir);
    let born = age_ms(&data_dir.join("node.key"), wall);
    let days = |ms: i64| ms / (24 * 60 * 60 * 1000);
    let age = last.map(|at| wall.saturating_sub(at));
    let is_old = age.is_some_and(|age| age > BACKUP_AGE_MS);
    let old = Finding::when("backup_old", Weight::Notice, is_old, || {
        format!("The last backup is {} days old.", days(age.unwrap_or_default()))
    });
    let is_missing = last.is_none() && born.is_some_and(|age| age > BACKUP_AGE_MS);
    let missing = Finding::when("backup_missing", Weight::Notice, is_missing, || {
        "No backup was ever made of this node.".to_owned()
    });
    [old, missing]
}

/// When the last backup was taken; the file is touched then.
fn last_backup_ms(data_dir: &Path) -> Option<i64> {
    let modified =
        std::fs::metadata(data_dir.join(super::backup::MARK)).and_then(|found| found.modified()).ok()?;
    let since = modified.duration_since(std::time::UNIX_EPOCH).ok()?;
    i64::try_from(since.as_millis()).ok()
}

fn age_ms(path: &Path, wall: i64) -> Option<i64> {
    let modified = std::fs::metadata(path).and_then(|found| found.modified()).ok()?;
    let since = modified.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(wall.saturating_sub(i64::try_from(since.as_millis()).ok()?))
}

/// What this process had written to disks, bytes.
pub(super) fn written_bytes(proc: &Path) -> Option<u64> {
    number_behind(&read(&proc.join("self/io"))?, "write_bytes:")
}

/// Memory that programs may still take, KiB.
pub fn memory_available_kib(proc: &Path) -> Option<u64> {
    number_behind(&read(&proc.join("meminfo"))?, "MemAvailable:")
}

/// The hottest sensor, thousandths of a degree Celsius.
pub fn temperature(sys: &Path) -> Option<i64> {
    let zones = std::fs::read_dir(sys.join("class/thermal")).ok()?.flatten();
    zones.filter_map(|zone| read(&zone.path().join("temp"))?.trim().parse().ok()).max()
}

/// Whether a Raspberry Pi says that its voltage is low.
pub fn is_undervolted(sys: &Path) -> bool {
    let Ok(sensors) = std::fs::read_dir(sys.join("class/hwmon")) else { return false };
    let is_alarmed = |dir: &Path| {
        read(&dir.join("name")).is_some_and(|name| name.trim() == "rpi_volt")
            && read(&dir.join("in0_lcrit_alarm")).is_some_and(|alarm| alarm.trim() == "1")
    };
    sensors.flatten().any(|sensor| is_alarmed(&sensor.path()))
}

fn number_behind(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

fn read(path: &Path) -> Option<String> {
    std::fs::read_to_string(path).ok()
}

#[cfg(test)]
mod tests {
    use super::super::store::scratch::Scratch;
    use super::*;

    fn held(finding: &Finding) -> bool {
        finding.held.is_some()
    }

    fn put(path: &Path, text: &str) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    #[test]
    fn a_full_disk_is_said_once_with_its_figures() {
        let judge = |free_mib: u64| judge_space(Space { free: free_mib * MIB, total: 30_000 * MIB });
        assert!(!judge(20_000).iter().any(held));
        let [full, low] = judge(400);
        assert!(!held(&full) && low.held.is_some_and(|(_, text)| text.contains("400 MiB of 30000 MiB")));
        let [full, low] = judge(99);
        let (weight, text) = full.held.unwrap();
        assert!(weight == Weight::NotReady && text.contains("99 MiB") && !held(&low), "{text}");
    }

    #[test]
    fn a_raspberry_pi_tells_its_heat_and_voltage() {
        let scratch = Scratch::new("machine-sys");
        let sys = scratch.path();
        assert_eq!((temperature(sys), is_undervolted(sys)), (None, false));
        put(&sys.join("class/thermal/thermal_zone0/temp"), "48312\n");
        put(&sys.join("class/thermal/thermal_zone1/temp"), "81500\n");
        put(&sys.join("class/hwmon/hwmon0/name"), "cpu_thermal\n");
        put(&sys.join("class/hwmon/hwmon1/name"), "rpi_volt\n");
        put(&sys.join("class/hwmon/hwmon1/in0_lcrit_alarm"), "0\n");
        assert_eq!((temperature(sys), is_undervolted(sys)), (Some(81_500), false));
        assert!(
            held(&judge_heat(Some(81_500))) && !held(&judge_heat(Some(79_999))) && !held(&judge_heat(None))
        );
        put(&sys.join("class/hwmon/hwmon1/in0_lcrit_alarm"), "1\n");
        assert!(is_undervolted(sys));
    }

    #[test]
    fn figures_of_the_kernel_are_read() {
        let scratch = Scratch::new("machine-proc");
        put(&scratch.path().join("self/io"), "rchar: 7\nwchar: 9\nread_bytes: 1\nwrite_bytes: 409600\n");
        put(&scratch.path().join("meminfo"), "MemTotal: 924148 kB\nMemAvailable:   30000 kB\n");
        assert_eq!(written_bytes(scratch.path()), Some(409_600));
        assert!(held(&judge_memory(memory_available_kib(scratch.path()))));
        assert_eq!(memory_available_kib(Path::new("/nowhere")), None);
        assert!(written_bytes(Path::new("/proc")).is_some(), "this machine tells it");
    }

    #[test]
    fn time_sync_is_missed_only_where_it_is_expected() {
        let scratch = Scratch::new("machine-run");
        assert!(!held(&judge_sync(scratch.path())));
        std::fs::create_dir_all(scratch.path().join("systemd/timesync")).unwrap();
        assert!(held(&judge_sync(scratch.path())));
        put(&scratch.path().join("systemd/timesync/synchronized"), "");
        assert!(!held(&judge_sync(scratch.path())));
    }

    #[test]
    fn a_backup_is_asked_for_after_a_month() {
        let scratch = Scratch::new("machine-backup");
        let day = 24 * 60 * 60 * 1000;
        let said = |wall| judge_backup(scratch.path(), wall).map(|finding| held(&finding));
        put(&scratch.path().join("node.key"), "");
        let now = wall_ms();
        assert_eq!(said(now + day), [false, false]);
        assert_eq!(said(now + 31 * day), [false, true]);
        put(&scratch.path().join(super::super::backup::MARK), "");
        assert_eq!(said(now + day), [false, false]);
        assert_eq!(said(now + 31 * day), [true, false]);
    }
}
