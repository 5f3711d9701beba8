//! Readings on their way through the building: accepted, stored by the shell, applied, judged by the rules, answered.

use protocol::Now;

use super::Core;
use super::catalogue::{AssetId, Definition};
use super::input::{Payload, Ticket};
use super::maintenance::Change;
use super::output::{Event, Output, Stored};
use super::quarantine::Waited;
use super::rules::moments;
use super::telemetry::{Applied, Moment, Refusal, Row, Way};

/// The ticket under which rows leave the quarantine; nobody waits for its answer.
const RELEASE: Ticket = Ticket(u64::MAX);
/// The two clocks may drift apart by this much between two inputs before it counts as a jump, steady milliseconds.
const JUMP_MS: u64 = 60_000;

/// What was accepted of a request so far.
#[derive(Default)]
struct Request {
    rows: Vec<Row>,
    definitions: Vec<Definition>,
    late: usize,
    waits: bool,
}

impl Core {
    /// All payloads of a request or none.
    pub(super) fn accept_telemetry(&mut self, now: Now, ticket: Ticket, payloads: &[Payload]) {
        let moment = self.moment(now);
        let mut request = Request { rows: Vec::with_capacity(payloads.len()), ..Request::default() };
        let accepted = payloads.iter().enumerate().try_for_each(|(index, payload)| {
            self.accept_payload(moment, payload, &mut request).map_err(|refusal| (index, refusal))
        });
        let accepted = accepted.and_then(|()| {
            if request.late == 0 {
                return Ok(());
            }
            let last = payloads.len().saturating_sub(1);
            self.telemetry.take_late(moment, request.late).map_err(|refusal| (last, refusal))
        });
        // A request of which one row waits for the clock waits as a whole.
        let held = match accepted {
            Ok(()) if request.waits => {
                self.quarantine.hold(&request.rows).map(Some).ok_or((0, Refusal::QuarantineFull))
            }
            Ok(()) => Ok(None),
            Err(refused) => Err(refused),
        };
        match held {
            Ok(held) => {
                let definitions = request.definitions.iter().cloned().map(Change::PutDefinition);
                let held_entries = held.iter().flatten().cloned().map(Change::PutHeld);
                self.persist(definitions.chain(held_entries).collect());
                match held {
                    Some(_) => self.answer_held(ticket, request),
                    None => self.store(ticket, request.definitions, request.rows),
                }
            }
            Err((payload, refusal)) => {
                self.telemetry.take_back(&request.definitions);
                self.out.push(Output::RefuseTelemetry { ticket, payload, refusal });
            }
        }
    }

    fn accept_payload(
        &mut self,
        moment: Moment,
        payload: &Payload,
        request: &mut Request,
    ) -> Result<(), Refusal> {
        let accepted = self.telemetry.accept(moment, &payload.borrow())?;
        request.definitions.extend(accepted.definitions);
        request.rows.push(accepted.row);
        match accepted.way {
            Way::Live => {}
            Way::Late => request.late += 1,
            Way::Quarantine => request.waits = true,
        }
        Ok(())
    }

    /// What the request waits for is on disk by now; its new series go to the telemetry log with the next rows.
    fn answer_held(&mut self, ticket: Ticket, request: Request) {
        self.unlogged.extend(request.definitions);
        let points = request.rows.iter().map(|row| row.values().len() as u64).sum();
        let stored = Stored { quarantined: points, ..Stored::default() };
        self.out.push(Output::AnswerTelemetry { ticket, stored });
    }

    fn store(&mut self, ticket: Ticket, definitions: Vec<Definition>, rows: Vec<Row>) {
        let mut all = std::mem::take(&mut self.unlogged);
        all.extend(definitions);
        self.out.push(Output::StoreTelemetry { ticket, definitions: all, rows });
    }

    /// Rows are on disk: they count from here on.
    pub(super) fn apply_telemetry(&mut self, now: Now, stored: Vec<(Ticket, Vec<Row>)>) {
        let mut observed = Vec::with_capacity(stored.iter().map(|(_, rows)| rows.len()).sum());
        let mut answers = Vec::with_capacity(stored.len());
        for (ticket, rows) in &stored {
            let mut counts = Stored::default();
            for row in rows {
                let applied = self.telemetry.apply_at(now.time, row);
                self.energy.observe(self.telemetry.catalogue(), row);
                counts.points += u64::from(applied.points);
                counts.duplicates += u64::from(applied.duplicates);
                counts.conflicts += u64::from(applied.conflicts);
                observed.push((row, applied));
            }
            if *ticket == RELEASE {
                self.released(rows.len());
            } else {
                answers.push(Output::AnswerTelemetry { ticket: *ticket, stored: counts });
            }
        }
        self.observe(now, observed);
        self.out.extend(answers);
    }

    /// Shows readings to the rules, and does what follows.
    fn observe(&mut self, now: Now, mut observed: Vec<(&Row, Applied)>) {
        let mut assets: Vec<AssetId> = Vec::new();
        for rows in moments(&mut observed) {
            let outcome = self.maintenance.observe_moment(now.time, self.telemetry.catalogue(), rows);
            self.carry_out(now, outcome);
            assets.extend(rows.first().map(|(row, _)| row.asset()));
        }
        assets.sort_unstable();
        assets.dedup();
        self.out.extend(assets.into_iter().map(|asset| Output::Event(Event::Samples(asset))));
    }

    /// Lets go what waited for the clock, once it can be believed: readings that have come and are still kept are stored,
    /// the others refused.
    pub(super) fn release_held(&mut self, now: Now) {
        let moment = self.moment(now);
        if self.quarantine.len() == 0 || self.telemetry.is_clock_doubtful(moment) {
            return;
        }
        let Some(rows) = self.quarantine.release(now.tick) else { return };
        let rows: Vec<Row> =
            rows.into_iter().filter(|row| self.telemetry.may_be_stored(moment, row)).collect();
        if rows.is_empty() {
            self.released(0);
        } else {
            self.store(RELEASE, Vec::new(), rows);
        }
    }

    fn released(&mut self, rows: usize) {
        let numbers = self.quarantine.left(rows);
        self.persist(numbers.into_iter().map(Change::DeleteHeld).collect());
    }

    /// Counts jumps of the wall clock against the monotonic one. Readings keep their own time whatever it does.
    pub(super) fn watch_clock(&mut self, now: Now) {
        let before = std::mem::replace(&mut self.clock, now);
        let in_hive_ms = |steady_ms: u64| steady_ms.saturating_mul(self.clock_speed_millis) / 1_000;
        let passed = i64::try_from(in_hive_ms(now.tick.since(before.tick))).unwrap_or(i64::MAX);
        if now.time.since(before.time).abs_diff(passed) > in_hive_ms(JUMP_MS) {
            self.clock_jumps += 1;
            tracing::warn!(from = %before.time, to = %now.time, "the clock jumped");
        }
    }

    /// Whether the node's clock stands before what certainly was.
    pub fn is_clock_doubtful(&self, now: Now) -> bool {
        self.telemetry.is_clock_doubtful(self.moment(now))
    }

    /// Jumps of the wall clock since the start.
    pub fn clock_jumps(&self) -> u64 {
        self.clock_jumps
    }

    /// Rows that wait for the clock now.
    pub fn quarantined(&self) -> usize {
        self.quarantine.len()
    }

    /// What became of rows that had to wait.
    pub fn waited(&self) -> Waited {
        self.quarantine.waited()
    }

    fn moment(&self, now: Now) -> Moment {
        Moment { now: now.time, tick: now.tick, founded: self.genesis.time(), block: self.ledger.time() }
    }
}
