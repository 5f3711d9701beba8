//! The thread that puts readings into day files: seals closed segments of the telemetry log one after the other, merges
//! days that are over, and lets go what is past its time. It does one thing at a time, always in this order: write and
//! sync, show the reader the new archive, and only then let go of what is not needed any more.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, sync_channel};
use std::time::Duration;

use protocol::{Tick, UnixMs};
use tokio::sync::{mpsc, oneshot};

use super::clock::Clock;
use super::committer::{Committer, Work};
use super::event::{Event, Look};
use super::reader::{Job, Reader};
use super::ready::Weight;
use super::store::StoreError;
use super::store::archive::rules::{Retention, Rules};
use super::store::archive::view::Damage;
use super::store::archive::{Archive, DayFigures};
use super::store::telemetry_read::Piece;
use super::watch::Watch;
use crate::core::telemetry::{DAY_MS, Day, Losses};

/// How often it looks whether a day is over, while there is nothing else to do.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// First and longest pause after something went wrong, milliseconds. Each is twice the one before.
const PAUSE_MS: (u64, u64) = (1_000, 10 * 60 * 1000);
/// A segment that cannot be read is given up after so many attempts.
const ATTEMPTS_MAX: u32 = 5;
/// A loss is said on the page for so long, milliseconds of hive time.
const LOSS_SAID_MS: i64 = 30 * DAY_MS;

/// Work for the archivist.
#[derive(Debug)]
pub(crate) enum Task {
    /// A segment is closed. They come in the order of their numbers.
    Seal(Piece),
    /// Somebody met damage in a day file.
    Damaged(Damage),
    /// How things are.
    Figures(oneshot::Sender<Figures>),
    /// The process is to end.
    Stop,
}

/// How the archive is.
#[derive(Debug, Clone)]
pub(crate) struct Figures {
    /// Every day, oldest first.
    pub(crate) days: Vec<DayFigures>,
    /// Everything that was ever lost.
    pub(crate) lost: Losses,
    /// Bytes written since the start of this hive day, or of the process.
    pub(crate) written_today_bytes: u64,
    /// Bytes written per day of the process's own time; `None` in its first hour.
    pub(crate) written_per_day_bytes: Option<u64>,
}

/// Whom the archivist talks to.
#[derive(Debug)]
pub(super) struct Around {
    pub(super) committer: Committer,
    pub(super) reader: Reader,
    pub(super) core: mpsc::Sender<Event>,
    pub(super) clock: Clock,
    /// How long readings and sums are kept unless their metric says otherwise.
    pub(super) retention: Retention,
}

/// Starts the thread. It ends with [`Task::Stop`], or when whoever it talks to is gone.
pub(super) fn start(
    archive: Archive,
    tasks: Receiver<Task>,
    around: Around,
    watch: Watch,
) -> std::io::Result<std::thread::JoinHandle<()>> {
    let run = move || {
        let _watch = watch;
        let now = around.clock.now();
        let written = Counted { day: Day::of(now.time), before: 0 };
        let (segments, pause) = (VecDeque::new(), Pause::default());
        let thread = Thread {
            archive,
            tasks,
            around,
            segments,
            pause,
            night: None,
            closed_for: None,
            is_broken: false,
            written,
        };
        if thread.run().is_none() {
            tracing::debug!("the archivist ends");
        }
    };
    std::thread::Builder::new().name("archivist".to_owned()).spawn(run)
}

/// The way to the archivist.
pub(super) type Archivist = Sender<Task>;

struct Thread {
    archive: Archive,
    tasks: Receiver<Task>,
    around: Around,
    /// Closed segments, oldest first.
    segments: VecDeque<Piece>,
    pause: Pause,
    /// The last night whose work is done.
    night: Option<Day>,
    /// The night for which the segment in progress was closed.
    closed_for: Option<Day>,
    /// A sync failed: nobody knows what is on disk until the process starts again.
    is_broken: bool,
    written: Counted,
}

/// The next attempt after something went wrong.
#[derive(Debug, Default)]
struct Pause {
    attempts: u32,
    until: Tick,
}

/// Bytes written up to the start of a day.
struct Counted {
    day: Day,
    before: u64,
}

/// What became of a step.
enum Step {
    /// There may be more to do.
    Done,
    /// There is nothing to do.
    Idle,
}

impl Thread {
    /// `None` when somebody it needs is gone, which happens only when the process ends.
    fn run(mut self) -> Option<()> {
        lower_priority();
        self.publish()?;
        self.say_losses()?;
        let mut wait = Duration::ZERO;
        loop {
            match self.tasks.recv_timeout(wait) {
                Ok(Task::Stop) | Err(RecvTimeoutError::Disconnected) => {
                    self.archive.rest();
                    return Some(());
                }
                Ok(task) => {
                    self.take(task)?;
                    // It may have brought work: that is looked for as soon as no other task waits.
                    wait = Duration::ZERO;
                    continue;
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
            let step = self.step();
            wait = match self.judge(step)? {
                Step::Done => Duration::ZERO,
                Step::Idle => self.idle(),
            };
        }
    }

    fn take(&mut self, task: Task) -> Option<()> {
        match task {
            Task::Seal(piece) => self.segments.push_back(piece),
            Task::Damaged(damage) => {
                metrics::counter!("symbiose_telemetry_damage_met_total").increment(1);
                match self.archive.damaged(&damage, self.now()) {
                    Ok(true) => self.publish()?,
                    Ok(false) => {}
                    Err(error) => {
                        tracing::error!(%error, "damage cannot be put on record now; it is met again");
                    }
                }
                self.say_losses()?;
            }
            // The caller may be gone.
            Task::Figures(reply) => drop(reply.send(self.figures())),
            Task::Stop => {}
        }
        Some(())
    }

    /// One thing at a time: sealing first, because the log is bounded.
    fn step(&mut self) -> Result<Option<Step>, StoreError> {
        if self.is_broken {
            return Ok(Some(Step::Idle));
        }
        if self.pause.until > self.tick() {
            return self.make_room();
        }
        match self.segments.front().cloned() {
            Some(segment) => self.seal(&segment),
            None => self.turn(),
        }
    }

    fn seal(&mut self, segment: &Piece) -> Result<Option<Step>, StoreError> {
        let Some(rules) = self.rules() else { return Ok(None) };
        let now = self.now();
        match self.archive.seal(segment, &rules, now) {
            Err(error) if self.is_unreadable(&error) => {
                tracing::error!(%error, segment = segment.number, "a segment of the telemetry log is given up");
                self.archive.give_up(segment, now)?;
            }
            sealed => sealed?,
        }
        let shown = self.publish();
        self.around.committer.send(Work::Sealed(segment.number));
        self.segments.pop_front();
        Ok(shown.and_then(|()| self.say_losses()).map(|()| Step::Done))
    }

    /// A segment of a later program, or one that the disk does not give back however often it is asked.
    fn is_unreadable(&self, error: &StoreError) -> bool {
        let is_foreign = error.source.kind() == std::io::ErrorKind::InvalidData;
        is_foreign || (error.action == "read" && !error.is_full() && self.pause.attempts >= ATTEMPTS_MAX)
    }

    /// The work of a night: the segment in progress is sealed, days that are over are merged, and what is past its time
    /// goes.
    fn turn(&mut self) -> Result<Option<Step>, StoreError> {
        let now = self.now();
        let night = Archive::night(now);
        if self.night.is_some_and(|done| night <= done) {
            return Ok(Some(Step::Idle));
        }
        if self.closed_for != Some(night) {
            let (done, closed) = sync_channel(1);
            self.around.committer.send(Work::Close(done));
            // The committer has handed the segment over before it answers.
            if closed.recv().is_err() {
                return Ok(None);
            }
            self.closed_for = Some(night);
            return Ok(Some(Step::Done));
        }
        let Some(rules) = self.rules() else { return Ok(None) };
        let Some(day) = self.archive.due(night, &rules) else {
            self.night = Some(night);
            self.archive.rest();
            return Ok(Some(Step::Idle));
        };
        self.archive.turn(day, night, &rules, now)?;
        tracing::info!(%day, "a day's readings are merged");
        if self.publish().is_none() {
            return Ok(None);
        }
        self.archive.remove_released()?;
        Ok(self.say_losses().map(|()| Step::Done))
    }

    /// On a full disk readings that are past their time go before anything is written.
    fn make_room(&mut self) -> Result<Option<Step>, StoreError> {
        let night = Archive::night(self.now());
        let Some(rules) = self.rules() else { return Ok(None) };
        if self.archive.let_oldest_go(night, &rules).is_none() {
            return Ok(Some(Step::Idle));
        }
        if self.publish().is_none() {
            return Ok(None);
        }
        self.archive.remove_released()?;
        Ok(Some(Step::Done))
    }

    /// Says what went wrong, and waits before the next attempt.
    fn judge(&mut self, step: Result<Option<Step>, StoreError>) -> Option<Step> {
        let error = match step {
            Ok(step) => {
                if step.is_some() && self.pause.attempts > 0 && self.pause.until <= self.tick() {
                    self.pause = Pause::default();
                    self.say("telemetry_sealing", None)?;
                }
                return step;
            }
            Err(error) => error,
        };
        metrics::counter!("symbiose_telemetry_sealing_failed_total").increment(1);
        if error.action == "sync" {
            tracing::error!(%error, "day files are not written until the node is restarted");
            self.is_broken = true;
            let text = format!("Readings cannot be put into day files until the node is restarted: {error}.");
            self.say("telemetry_sealing", Some((Weight::NotReady, text)))?;
            return Some(Step::Idle);
        }
        let (first, longest) = PAUSE_MS;
        let pause = first.saturating_mul(1 << self.pause.attempts.min(16)).min(longest);
        self.pause =
            Pause { attempts: self.pause.attempts.saturating_add(1), until: self.tick().plus(pause) };
        tracing::warn!(%error, pause, "day files cannot be written now; the telemetry log keeps the readings");
        let text = if error.is_full() {
            "The disk is full: readings wait in the telemetry log until there is room.".to_owned()
        } else {
            format!("Readings wait in the telemetry log: {error}.")
        };
        self.say("telemetry_sealing", Some((Weight::Notice, text)))?;
        Some(Step::Idle)
    }

    /// Shows the archive to the reader, and waits until nobody uses an older one.
    fn publish(&mut self) -> Option<()> {
        let (seen, wait) = sync_channel(1);
        self.around.reader.send_blocking(Job::Archive(self.archive.view(), seen));
        wait.recv().ok()
    }

    /// What holds for each column now.
    fn rules(&self) -> Option<Rules> {
        let (reply, rules) = oneshot::channel();
        let look = Look::Rules { retention: self.around.retention, reply };
        self.around.core.blocking_send(Event::Look(look)).ok()?;
        rules.blocking_recv().ok()
    }

    fn say_losses(&mut self) -> Option<()> {
        let lost = self.archive.lost();
        let recent = self.archive.newest_loss().is_some_and(|found| self.now().since(found) < LOSS_SAID_MS);
        let text = recent.then(|| {
            let Losses { gaps, records, bytes, chunks } = lost;
            format!(
                "Readings are lost in {gaps} places: {bytes} bytes, {records} records of the log, {chunks} chunks of day files."
            )
        });
        self.say("telemetry_damaged", text.map(|text| (Weight::Notice, text)))
    }

    fn say(&self, code: &'static str, item: Option<(Weight, String)>) -> Option<()> {
        self.around.core.blocking_send(Event::Health { code, item }).ok()
    }

    fn figures(&mut self) -> Figures {
        let (today, total) = (Day::of(self.now()), self.archive.written().total());
        if self.written.day != today {
            self.written = Counted { day: today, before: total };
        }
        let run_ms = self.tick().0;
        let per_day = u128::from(total) * u128::from(DAY_MS.unsigned_abs()) / u128::from(run_ms.max(1));
        Figures {
            days: self.archive.figures(),
            lost: self.archive.lost(),
            written_today_bytes: total - self.written.before,
            written_per_day_bytes: (run_ms >= 3_600_000).then(|| u64::try_from(per_day).unwrap_or(u64::MAX)),
        }
    }

    fn idle(&mut self) -> Duration {
        // The day is counted from its first look.
        let (today, total) = (Day::of(self.now()), self.archive.written().total());
        if self.written.day != today {
            self.written = Counted { day: today, before: total };
        }
        let pause = Duration::from_millis(self.pause.until.since(self.tick()));
        if self.pause.attempts > 0 { pause.min(LOOK_EVERY) } else { LOOK_EVERY }
    }

    fn now(&self) -> UnixMs {
        self.around.clock.now().time
    }

    fn tick(&self) -> Tick {
        self.around.clock.now().tick
    }
}

/// Sealing may take its time on a small machine; answers may not.
fn lower_priority() {
    let thread = rustix::thread::gettid();
    if let Err(error) = rustix::process::setpriority_process(Some(thread), 10) {
        tracing::debug!(%error, "the archivist keeps its priority");
    }
}
