//! Between the web and the rest: commands on their way to the core, with signatures checked on the way, and questions
//! answered from the core's memory, the telemetry log and the block files.

use std::path::Path;
use std::sync::Arc;

use ledger::input::StoredBlock;
use protocol::energy::SlotId;
use protocol::limits::TRANSACTION_BYTES_MAX;
use protocol::{ChainId, Height, Transaction, TransactionId, VerifiedTransaction};
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use web::request::{DwellingCall, EnergyCall, EnquiryCall, IncidentCall, PlanCall};
use web::view::{Picture, ProofView, StoreView, TransactionView};
use web::{Command, CommandCall, Kind, Problem, QueryCall};

use super::archivist::{Archivist, Task};
use super::commands::known_policy;
use super::committer::Work;
use super::dwellings;
use super::event::{Event, Look, Submission};
use super::home;
use super::present::{
    self, aggregates, disputes, dwellings as shown_dwellings, energy, enquiries, incidents, ledger as shown,
    plan, policies, results, sharing, street, survivals,
};
use super::query::Source;
use super::reader::Job;
use super::store::disk;
use super::tokens;
use crate::core::Core;

/// Submissions whose signatures are being checked at the same time.
const CHECKS_MAX: usize = 2;
/// Questions being answered at the same time.
const QUESTIONS_MAX: usize = 32;

/// Carries commands until the web or the core ends.
pub(super) async fn carry_commands(
    mut calls: mpsc::Receiver<CommandCall>,
    core: mpsc::Sender<Event>,
    chain: ChainId,
) {
    let checks = Arc::new(Semaphore::new(CHECKS_MAX));
    while let Some(CommandCall { command, by, reply }) = calls.recv().await {
        let Command::SubmitTransactions { transactions, wait } = command else {
            if core.send(Event::Command(Box::new(CommandCall { command, by, reply }))).await.is_err() {
                return;
            }
            continue;
        };
        let Ok(permit) = Arc::clone(&checks).acquire_owned().await else { return };
        let core = core.clone();
        tokio::spawn(async move {
            let checked = tokio::task::spawn_blocking(move || check(&transactions, &chain)).await;
            drop(permit);
            if let Ok((transactions, malformed)) = checked {
                let submission = Submission { transactions, malformed, wait, by, reply };
                // When the core is gone the caller learns it from its dropped reply.
                drop(core.send(Event::Submit(submission)).await);
            }
        });
    }
}

/// Those whose signatures hold, and positions and reasons of the others.
fn check(transactions: &[bytes::Bytes], chain: &ChainId) -> (Vec<VerifiedTransaction>, Vec<(usize, String)>) {
    let (mut good, mut malformed) = (Vec::with_capacity(transactions.len()), Vec::new());
    for (position, bytes) in transactions.iter().enumerate() {
        let decoded =
            protocol::decode::<Transaction>(bytes, TRANSACTION_BYTES_MAX).map_err(|error| error.to_string());
        let checked = decoded.and_then(|one| one.verify(chain).map_err(|error| error.to_string()));
        match checked {
            Ok(transaction) => good.push(transaction),
            Err(reason) => malformed.push((position, reason)),
        }
    }
    (good, malformed)
}

/// What is asked about incident cards and notices is all in the core's memory.
fn incident(core: &Core, call: IncidentCall) {
    // Callers may have given up.
    match call {
        IncidentCall::Learn { system, symptom, flow, reply } => {
            let learnt = incidents::learn(core, system.as_deref(), symptom.as_deref(), flow.as_deref());
            drop(reply.send(learnt));
        }
        IncidentCall::Hint { alert, work_order, reply } => {
            drop(reply.send(incidents::hint(core, alert.as_deref(), work_order.as_deref())));
        }
        IncidentCall::Preview { draft, reply } => drop(reply.send(incidents::preview(core, &draft))),
        IncidentCall::Own(reply) => drop(reply.send(Ok(incidents::own(core)))),
        IncidentCall::Survived { part, sign, age, reply } => {
            drop(reply.send(survivals::survived(core, &part, sign.as_deref(), age.as_deref())));
        }
        IncidentCall::SurvivalHint { alert, reply } => drop(reply.send(survivals::hint(core, &alert))),
        IncidentCall::SurvivalPreview { draft, reply } => drop(reply.send(survivals::preview(core, &draft))),
        IncidentCall::OwnSurvivals(reply) => drop(reply.send(Ok(survivals::own(core)))),
        IncidentCall::Street(reply) => drop(reply.send(Ok(street::street(core)))),
    }
}

/// Who is asked for what.
#[derive(Clone)]
pub(super) struct Questions {
    pub(super) source: Source,
    pub(super) archivist: Archivist,
    pub(super) data_dir: Arc<Path>,
    pub(super) picture: watch::Receiver<Arc<Picture>>,
}

impl Questions {
    /// Answers questions until the web ends.
    pub(super) async fn run(self, mut calls: mpsc::Receiver<QueryCall>) {
        let places = Arc::new(Semaphore::new(QUESTIONS_MAX));
        while let Some(call) = calls.recv().await {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            let questions = self.clone();
            tokio::spawn(async move {
                questions.answer(call).await;
                drop(place);
            });
        }
    }

    async fn answer(&self, call: QueryCall) {
        // Callers may have given up: then nobody reads the answer.
        match call {
            QueryCall::Samples { range, reply } => drop(reply.send(self.source.samples(range).await)),
            QueryCall::Buckets { range, step_ms, reply } => {
                drop(reply.send(self.source.buckets(range, step_ms).await));
            }
            QueryCall::Series { selections, reply } => {
                drop(reply.send(self.source.series(selections).await));
            }
            QueryCall::Steps { question, reply } => drop(reply.send(self.source.steps(question).await)),
            QueryCall::Windows { question, reply } => drop(reply.send(self.source.windows(question).await)),
            QueryCall::PolicyVersions { policy, reply } => {
                let versions = self.source.glance(move |core| {
                    known_policy(core, &policy).map(|known| policies::versions(core, known))
                });
                drop(reply.send(versions.await.and_then(|versions| versions)));
            }
            QueryCall::DryRun { policy, from, to, reply } => {
                drop(reply.send(self.source.dry_run(*policy, from, to).await));
            }
            QueryCall::Blocks { before, limit, reply } => {
                let blocks = self.source.reader.ask(|reply| Job::Blocks { before, limit, reply }).await;
                let summary = |stored: &StoredBlock| shown::summary(&stored.block, stored.certificate.block);
                drop(reply.send(blocks.map(|blocks| blocks.iter().map(summary).collect())));
            }
            QueryCall::Block { height, reply } => {
                let stored = self.block(Height(height)).await;
                drop(reply.send(stored.map(|stored| shown::block(&self.picture.borrow(), &stored))));
            }
            QueryCall::BlockOf { id, reply } => {
                let stored = self.source.reader.ask(|reply| Job::BlockOf(id, reply)).await;
                drop(reply.send(stored.map(|stored| shown::block(&self.picture.borrow(), &stored))));
            }
            QueryCall::Transaction { id, reply } => drop(reply.send(self.transaction(&id).await)),
            QueryCall::Proof { id, reply } => drop(reply.send(self.proof(&id).await)),
            QueryCall::Energy(call) => self.energy(call).await,
            QueryCall::Dwellings(call) => self.dwellings(call).await,
            QueryCall::Plan(call) => self.plan(call).await,
            QueryCall::Incident(call) => drop(self.source.glance(move |core| incident(core, call)).await),
            QueryCall::Enquiry(EnquiryCall::All(reply)) => {
                let look = move |core: &Core| drop(reply.send(Ok(enquiries::enquiries(core))));
                drop(self.source.glance(look).await);
            }
            QueryCall::Home(call) => {
                let building = self.picture.borrow().node.building.clone();
                let look = move |core: &Core| home::tell(core, &building, call);
                drop(self.source.glance(look).await);
            }
            QueryCall::Token(call) => tokens::answer(self, call).await,
            QueryCall::Store(reply) => drop(reply.send(self.store().await)),
        }
    }

    /// All of it is in the core's memory.
    async fn energy(&self, call: EnergyCall) {
        let look = move |core: &Core| {
            let now = core.now();
            // Callers may have given up.
            match call {
                EnergyCall::Now(reply) => drop(reply.send(Ok(energy::now(core, now)))),
                EnergyCall::Slots { from, to, limit, reply } => {
                    drop(reply.send(Ok(energy::slots(core, from, to, limit))));
                }
                EnergyCall::Totals { from, to, reply } => {
                    drop(reply.send(Ok(energy::totals(core, from, to))));
                }
                EnergyCall::Missing { from, to, reply } => {
                    drop(reply.send(Ok(energy::missing(core, now, from, to))));
                }
                EnergyCall::Meters(reply) => drop(reply.send(Ok(energy::meters(core, now)))),
                EnergyCall::Aggregates(reply) => drop(reply.send(Ok(aggregates::aggregates(core, now)))),
                EnergyCall::Leaving(reply) => drop(reply.send(Ok(aggregates::leaving(core, now)))),
                EnergyCall::Terms(reply) => drop(reply.send(Ok(sharing::terms(core, now)))),
                EnergyCall::Sharing(reply) => drop(reply.send(Ok(sharing::sharing(core, now)))),
                EnergyCall::Results { from, to, limit, reply } => {
                    drop(reply.send(Ok(results::results(core, from, to, limit))));
                }
                EnergyCall::ResultProof { slot, reply } => {
                    drop(reply.send(results::proof(core, SlotId(slot))));
                }
                EnergyCall::Sums { from, to, reply } => {
                    drop(reply.send(Ok(results::sums(core, from, to))));
                }
                EnergyCall::Hive { from, to, reply } => {
                    drop(reply.send(Ok(sharing::hive(core, from, to))));
                }
                EnergyCall::Credits(reply) => drop(reply.send(Ok(disputes::credits(core)))),
                EnergyCall::Releases(reply) => drop(reply.send(Ok(disputes::releases(core)))),
                EnergyCall::Disputes { from, to, reply } => {
                    drop(reply.send(Ok(disputes::disputes(core, from, to))));
                }
                EnergyCall::Test { asset, metric, reply } => {
                    drop(reply.send(energy::test(core, now, &asset, &metric)));
                }
            }
        };
        // A caller whose question is dropped is told that the node is stopping.
        drop(self.source.glance(look).await);
    }

    /// Likewise.
    async fn plan(&self, call: PlanCall) {
        let look = move |core: &Core| match call {
            PlanCall::Plan(reply) => drop(reply.send(Ok(plan::plan(core)))),
            PlanCall::Shifts(reply) => drop(reply.send(Ok(plan::wishes(core)))),
            PlanCall::Equipment(reply) => drop(reply.send(Ok(plan::equipment(core)))),
        };
        drop(self.source.glance(look).await);
    }

    async fn dwellings(&self, call: DwellingCall) {
        match call {
            DwellingCall::Plan(reply) => drop(reply.send(self.source.glance(shown_dwellings::plan).await)),
            DwellingCall::Apportion { from, to, only, reply } => {
                drop(reply.send(dwellings::apportion(&self.source, from, to, only).await));
            }
        }
    }

    async fn store(&self) -> Result<StoreView, Problem> {
        let taken = self.look(Look::Taken).await?;
        let (reply, figures) = oneshot::channel();
        self.archivist.send(Task::Figures(reply)).map_err(|_| stopping())?;
        let figures = figures.await.map_err(|_| stopping())?;
        let (reply, waiting) = oneshot::channel();
        // Sending to a plain thread may block for the time of one sync when its queue is full.
        let (committer, dir) = (self.source.committer.clone(), Arc::clone(&self.data_dir));
        let looked = tokio::task::spawn_blocking(move || {
            committer.send(Work::Waiting(reply));
            disk::space(&dir)
        });
        let space = looked.await.map_err(|_| stopping())?;
        let space = space.map_err(|error| Problem::new(Kind::Internal, error.to_string()))?;
        let waiting = waiting.await.map_err(|_| stopping())?;
        Ok(present::store::view(&figures, waiting, taken, space))
    }

    pub(super) async fn block(&self, height: Height) -> Result<StoredBlock, Problem> {
        self.source.reader.ask(|reply| Job::Block(height, reply)).await
    }

    async fn find(&self, id: &str) -> Result<(StoredBlock, u32), Problem> {
        let wrong = |_| Problem::new(Kind::Invalid, "expected 64 hexadecimal digits").field("id");
        let id: TransactionId = id.parse().map_err(wrong)?;
        self.source.reader.ask(|reply| Job::Transaction(id, reply)).await
    }

    async fn transaction(&self, id: &str) -> Result<TransactionView, Problem> {
        let (stored, index) = self.find(id).await?;
        let transaction = standing(&stored, index)?;
        Ok(shown::transaction(&self.picture.borrow(), &stored, index, transaction))
    }

    /// The path leads to the root of the newest block, so that is the block shown with it.
    async fn proof(&self, id: &str) -> Result<ProofView, Problem> {
        let (stored, index) = self.find(id).await?;
        let transaction = standing(&stored, index)?;
        let header = &stored.block.header;
        let leaf = header.log_size - stored.block.transactions.len() as u64 + u64::from(index);
        let proof = self.look(|reply| Look::Proof { leaf, reply }).await?;
        let missing = || Problem::new(Kind::Internal, "the log does not hold this transaction");
        let (path, height) = proof.ok_or_else(missing)?;
        let committing = self.block(height).await?;
        Ok(shown::proof(&self.picture.borrow(), transaction, leaf, &path, &committing))
    }

    async fn look<T>(&self, look: impl FnOnce(oneshot::Sender<T>) -> Look) -> Result<T, Problem> {
        let (reply, answer) = oneshot::channel();
        self.source.core.send(Event::Look(look(reply))).await.map_err(|_| stopping())?;
        answer.await.map_err(|_| stopping())
    }
}

fn standing(stored: &StoredBlock, index: u32) -> Result<&Transaction, Problem> {
    let found = stored.block.transactions.get(index as usize);
    found.ok_or_else(|| Problem::new(Kind::Internal, "the index points past the end of a block"))
}

fn stopping() -> Problem {
    Problem::new(Kind::Unavailable, "the node is stopping")
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::transaction::TransactionBody;
    use protocol::{Payload, Sequence, SigningKey, encode};

    #[test]
    fn bad_transactions_are_named_by_position() {
        let (key, chain) = (SigningKey::from_seed(&[1; 32]), ChainId::new([2; 32]));
        let sign = |chain: &ChainId| {
            let payload = Payload::Approve(1);
            let body =
                TransactionBody { author: key.public(), sequence: Sequence(1), expires: Height(9), payload };
            bytes::Bytes::from(encode(body.sign(&key, chain).transaction()))
        };
        let handed_in =
            [sign(&chain), sign(&ChainId::new([3; 32])), bytes::Bytes::from_static(b"x"), sign(&chain)];
        let (good, malformed) = check(&handed_in, &chain);
        assert_eq!(good.len(), 2);
        assert_eq!(malformed.iter().map(|(position, _)| *position).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(malformed[0].1, "the signature does not verify");
    }
}
