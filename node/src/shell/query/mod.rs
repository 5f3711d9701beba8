//! Questions about readings: which series, where their readings lie, and what is told of them. Newest readings come from
//! the core's memory, older ones from the reader's thread in slices, so that a long question never keeps others waiting.
//! What passes is folded at once; memory follows the answer, not the range.

mod dry_run;
mod history;
mod rolls;
mod select;
mod slice;
mod steps;
mod windows;

use std::sync::Arc;

use protocol::UnixMs;
use tokio::sync::{mpsc, oneshot};
use web::{Kind, Problem};

use super::committer::{Committer, Work};
use super::event::{Event, Glance, Look};
use super::reader::Reader;
use super::store::telemetry_read::SpannedPiece;
use crate::core::Core;
use crate::core::catalogue::{AssetId, Column};
use crate::core::telemetry::{Columns, Keep, Slot};

pub(crate) use slice::Archive;

/// Series whose newest readings are taken out of the core in one look.
const BATCH_SERIES_MAX: usize = 256;
/// Values told of in the asynchronous part; more than that go to a thread that may take its time.
const INLINE_VALUES_MAX: usize = 20_000;

/// Some series of one asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// The asset.
    pub(crate) asset: AssetId,
    /// Columns wanted, rising, and which of two readings of one time stays.
    pub(crate) columns: Vec<(Column, Keep)>,
}

impl Target {
    fn ids(&self) -> Vec<Column> {
        self.columns.iter().map(|(column, _)| *column).collect()
    }

    fn keep(&self, column: Column) -> Keep {
        let found = self.columns.iter().find(|(id, _)| *id == column);
        found.map_or(Keep::First, |(_, keep)| *keep)
    }
}

/// Takes in what is found, target by target by rising time: of each target every row follows all rows given before.
pub(crate) trait Sink: Send + 'static {
    /// Rows of a target, by its place in the list. Columns that are not wanted may be among them.
    fn rows(&mut self, target: usize, rows: &Columns);

    /// Width of the slots that do as well as readings, milliseconds, if any do: every border of what is told lies
    /// between two slots.
    fn slot_ms(&self) -> Option<i64> {
        None
    }

    /// Slots of one column of a target, by rising time.
    fn slots(&mut self, target: usize, column: Column, slots: &[(u16, Slot)]) {
        let _ = (target, column, slots);
    }

    /// Whether nothing more is needed.
    fn is_full(&self) -> bool {
        false
    }

    /// Why it cannot go on.
    fn failure(&mut self) -> Option<Problem> {
        None
    }
}

/// The newest rows of a target.
#[derive(Debug)]
struct Newest {
    /// From here on they are all in `rows`; before, they are on disk.
    start: UnixMs,
    rows: Columns,
}

/// Where readings come from.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) core: mpsc::Sender<Event>,
    pub(crate) committer: Committer,
    pub(crate) reader: Reader,
}

impl Source {
    /// Takes a short look at the core.
    pub(crate) async fn glance<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Core) -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let (reply, answer) = oneshot::channel();
        // Whoever asked may have given up.
        let glance = Glance(Box::new(move |core| drop(reply.send(look(core)))));
        self.core.send(Event::Look(Look::Read(glance))).await.map_err(|_| stopping())?;
        answer.await.map_err(|_| stopping())
    }

    /// Hands every row of the targets in `[from, to)` to the sink, by time for each target: first what lies on disk, in
    /// slices of at most a day, then what the core has at hand. Memory holds one slice of at most `BATCH_SERIES_MAX`
    /// series, whatever the range.
    ///
    /// This is also the way to replay history through a rule: one target with the columns of the rule's metrics, and a
    /// sink that feeds its tracker row by row.
    pub(crate) async fn visit<S: Sink>(
        &self,
        targets: Vec<Target>,
        from: UnixMs,
        to: UnixMs,
        mut sink: S,
    ) -> Result<S, Problem> {
        let targets: Arc<[Target]> = targets.into();
        let mut first = 0;
        while first < targets.len() && from < to {
            let mut end = first;
            let mut series = 0;
            while end < targets.len()
                && (end == first || series + targets[end].columns.len() <= BATCH_SERIES_MAX)
            {
                series += targets[end].columns.len();
                end += 1;
            }
            sink = self.visit_batch(&targets, first..end, from, to, sink).await?;
            if sink.is_full() {
                break;
            }
            first = end;
        }
        Ok(sink)
    }

    async fn visit_batch<S: Sink>(
        &self,
        targets: &Arc<[Target]>,
        batch: std::ops::Range<usize>,
        from: UnixMs,
        to: UnixMs,
        mut sink: S,
    ) -> Result<S, Problem> {
        let newest = self.newest(targets, batch.clone(), from, to).await?;
        let starts: Arc<[UnixMs]> = newest.iter().map(|newest| newest.start).collect();
        let disk_to = starts.iter().copied().max().unwrap_or(from).min(to);
        if from < disk_to {
            let pieces: Arc<[SpannedPiece]> = self.find(targets, batch.clone(), from, &starts).await?.into();
            let mut slice = Some(from);
            while let Some(start) = slice {
                let wanted = slice::Wanted {
                    targets: Arc::clone(targets),
                    batch: batch.clone(),
                    starts: Arc::clone(&starts),
                    pieces: Arc::clone(&pieces),
                    from: start,
                    to: disk_to,
                };
                let read = self.reader.read(move |archive| {
                    let next = slice::read(archive, &wanted, &mut sink);
                    (sink, next)
                });
                let (back, next) = read.await?;
                sink = back;
                if let Some(problem) = sink.failure() {
                    return Err(problem);
                }
                slice = next?.filter(|_| !sink.is_full());
            }
        }
        if sink.is_full() {
            return Ok(sink);
        }
        let values: usize = newest.iter().map(|newest| newest.rows.len() * newest.rows.columns().len()).sum();
        let tell = move || {
            newest.iter().zip(batch).for_each(|(newest, target)| sink.rows(target, &newest.rows));
            let failure = sink.failure();
            failure.map_or(Ok(sink), Err)
        };
        if values <= INLINE_VALUES_MAX {
            return tell();
        }
        tokio::task::spawn_blocking(tell).await.map_err(|_| stopping())?
    }

    async fn newest(
        &self,
        targets: &Arc<[Target]>,
        batch: std::ops::Range<usize>,
        from: UnixMs,
        to: UnixMs,
    ) -> Result<Vec<Newest>, Problem> {
        let targets = Arc::clone(targets);
        let sealed = self.reader.sealed();
        self.glance(move |core| {
            let newest = |target: &Target| {
                let head = core.telemetry().head(target.asset);
                let covered = head.and_then(|head| Some((head, head.covers_from()?)));
                let Some((head, covers_from)) = covered else {
                    return Newest { start: to, rows: Columns::default() };
                };
                let start = sealed.end_of(target.asset).map_or(covers_from, |end| covers_from.max(end));
                let rows = head.rows(&target.ids(), start.max(from), to);
                Newest { start: start.min(to), rows }
            };
            targets[batch].iter().map(newest).collect()
        })
        .await
    }

    /// Where in the log of what is not sealed yet.
    async fn find(
        &self,
        targets: &Arc<[Target]>,
        batch: std::ops::Range<usize>,
        from: UnixMs,
        starts: &[UnixMs],
    ) -> Result<Vec<SpannedPiece>, Problem> {
        let (reply, answer) = oneshot::channel();
        // What the heads have need not be looked for.
        let assets = targets[batch].iter().map(|target| target.asset).zip(starts.iter().copied()).collect();
        if let Some(work) = self.committer.try_send(Work::Find { assets, from, reply }) {
            // Its queue is full: there is room after one sync.
            let committer = self.committer.clone();
            let sent = tokio::task::spawn_blocking(move || committer.send(work));
            sent.await.map_err(|_| stopping())?;
        }
        answer.await.map_err(|_| stopping())
    }
}

fn stopping() -> Problem {
    Problem::new(Kind::Unavailable, "the node is stopping")
}
