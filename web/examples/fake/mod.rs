//! A shell that only pretends: a hive of five buildings with invented readings, which answers every channel the way the
//! real one does. The demo shows the page on it, the route tests ask it.
#![allow(dead_code, reason = "the demo and the tests use different parts of it")]

mod dwellings;
mod energy;
mod enquiries;
mod files;
mod history;
mod home;
mod incidents;
mod metric;
mod plan;
mod scene;
mod sharing;
mod storage;
mod tokens;

use metrics_exporter_prometheus::PrometheusBuilder;
use protocol::UnixMs;
use std::sync::Arc;
use tokio::sync::{broadcast, mpsc, watch};
use web::live::{LiveEvent, SampleBatch};
use web::request::{CodedDraft, EnquiryCall, Outcome, SubmittedTransaction, TermsDraft};
use web::view::{
    AlertStatus, AlertView, AssetView, BlockSummary, BlockView, CertificateView, DryRunView, Ending,
    EndingKind, ImportView, InvitationView, LastValue, Picture, PolicyVersionView, ProofView, ProposalStatus,
    ProposalView, Sample, SignatureView, TransactionView, WorkOrderStatus, WorkOrderView,
};
use web::{
    AccountsCall, Answer, Command, CommandCall, Handles, Inserted, Kind, Problem, QueryCall, Settings,
    TelemetryCall, Time,
};

pub(crate) use scene::picture;

const STEP_MS: i64 = 10_000;
const QUEUE: usize = 256;

/// The pretending side. Keep it: the channels close with it.
pub(crate) struct Fake {
    pub(crate) picture: watch::Sender<Arc<Picture>>,
    pub(crate) live: broadcast::Sender<LiveEvent>,
    pub(crate) handles: Handles,
}

impl Fake {
    /// Starts the tasks that answer. Call it inside a runtime.
    pub(crate) fn start(picture: Picture) -> Self {
        let (telemetry, readings) = mpsc::channel(QUEUE);
        let (commands, orders) = mpsc::channel(QUEUE);
        let (queries, questions) = mpsc::channel(QUEUE);
        let (files, file_calls) = mpsc::channel(QUEUE);
        let (picture, shown) = watch::channel(Arc::new(picture));
        let live = broadcast::Sender::new(1024);
        let metrics = PrometheusBuilder::new().build_recorder().handle();
        let (accounts, wishes) = mpsc::channel(QUEUE);
        let live_too = live.clone();
        let handles = Handles {
            telemetry,
            commands,
            queries,
            files,
            accounts,
            picture: shown,
            live: live_too,
            metrics,
        };
        tokio::spawn(keep(wishes));
        tokio::spawn(store(readings, picture.clone()));
        tokio::spawn(obey(orders, picture.clone(), live.clone()));
        tokio::spawn(answer(questions, picture.clone()));
        tokio::spawn(files::keep(file_calls, picture.clone()));
        Self { picture, live, handles }
    }

    /// Moves the world on by one step: new readings, now and then a block.
    pub(crate) fn tick(&self, now: UnixMs, turn: u64) {
        let mut batches = Vec::new();
        self.picture.send_modify(|picture| {
            let picture = Arc::make_mut(picture);
            picture.node.time = now.into();
            for asset in &mut picture.assets {
                let mut samples = Vec::new();
                for last in &mut asset.last {
                    *last = LastValue {
                        t: now.into(),
                        v: Some(scene::value(&last.metric, now.0)),
                        ..last.clone()
                    };
                    samples.push(Sample { metric: last.metric.clone(), t: last.t, v: last.v });
                }
                batches.push(SampleBatch { asset: asset.code.clone(), samples });
            }
            if turn.is_multiple_of(5) {
                scene::add_block(picture, now);
            }
        });
        for batch in batches {
            drop(self.live.send(LiveEvent::Samples(batch)));
        }
        if turn.is_multiple_of(5) {
            let picture = self.picture.borrow().clone();
            drop(self.live.send(LiveEvent::Block(picture.blocks[0].clone())));
            drop(self.live.send(LiveEvent::Hive(picture.hive.clone())));
        }
    }
}

/// The code of the box.
pub(crate) const BOX_CODE: &str = "7K3M-P0QX-9T2A";

/// The time of the wall, for sessions.
pub(crate) fn wall() -> UnixMs {
    UnixMs(1_765_275_330_000)
}

/// Operator token, further host names.
pub(crate) fn settings(operator_token: &str, host_names: &[&str]) -> Settings {
    let host_names = host_names.iter().map(|name| (*name).to_owned()).collect();
    Settings { host_names, ..Settings::new(operator_token, wall) }
}

async fn keep(mut wishes: mpsc::Receiver<AccountsCall>) {
    let mut spent = false;
    while let Some(wish) = wishes.recv().await {
        match wish {
            AccountsCall::Keep { reply, .. } => drop(reply.send(Ok(()))),
            AccountsCall::IsBoxCode { code, spend, reply } => {
                let is_it = !spent && Ok(code) == BOX_CODE.parse();
                spent |= is_it && spend;
                drop(reply.send(Ok(is_it)));
            }
        }
    }
}

async fn store(mut calls: mpsc::Receiver<TelemetryCall>, picture: watch::Sender<Arc<Picture>>) {
    while let Some(call) = calls.recv().await {
        let picture = picture.borrow().clone();
        let known = |code: &str| picture.assets.iter().any(|asset| asset.code == code);
        let stranger = call.payloads.iter().position(|payload| !known(&payload.asset_code));
        let result = match stranger {
            Some(index) => {
                let problem = Problem::new(Kind::Invalid, "there is no such asset").field("asset_code");
                Err(if call.payloads.len() > 1 { problem.at_line(index + 1) } else { problem })
            }
            None => {
                let points = call.payloads.iter().map(|payload| payload.metrics.len() as u64).sum();
                Ok(Inserted { points, ..Inserted::default() })
            }
        };
        drop(call.reply.send(result));
    }
}

async fn obey(
    mut calls: mpsc::Receiver<CommandCall>,
    picture: watch::Sender<Arc<Picture>>,
    live: broadcast::Sender<LiveEvent>,
) {
    while let Some(call) = calls.recv().await {
        let mut answer = Err(Problem::new(Kind::Internal, "not reached"));
        picture.send_modify(|picture| answer = perform(Arc::make_mut(picture), call.command));
        match &answer {
            Ok(Answer::Alert(alert)) => drop(live.send(LiveEvent::Alert(alert.clone()))),
            Ok(Answer::WorkOrder(order)) => drop(live.send(LiveEvent::WorkOrder(order.clone()))),
            _ => {}
        }
        drop(call.reply.send(answer));
    }
}

fn perform(picture: &mut Picture, command: Command) -> Result<Answer, Problem> {
    let now = picture.node.time;
    match command {
        Command::AcknowledgeAlert { alert } => {
            let alert = alert_mut(picture, &alert)?;
            if alert.status != AlertStatus::Open {
                return Err(
                    Problem::new(Kind::Conflict, "only an open alert can be acknowledged").field("status")
                );
            }
            (alert.status, alert.acknowledged) = (AlertStatus::Ack, Some(now));
            Ok(Answer::Alert(alert.clone()))
        }
        Command::CloseAlert { alert, reason } => {
            let alert = alert_mut(picture, &alert)?;
            (alert.status, alert.closed) = (AlertStatus::Closed, Some(now));
            let reason = Some(reason).filter(|reason| !reason.is_empty());
            alert.ending = Some(Ending { how: EndingKind::Person, by: Some("operator".to_owned()), reason });
            Ok(Answer::Alert(alert.clone()))
        }
        Command::OpenWorkOrder { alert } => {
            let alert = alert_mut(picture, &alert)?.clone();
            let order = scene::work_order(&alert, &(picture.work_orders.len() + 100).to_string(), now);
            picture.work_orders.insert(0, order.clone());
            alert_mut(picture, &alert.id)?.work_order = Some(order.id.clone());
            Ok(Answer::WorkOrder(order))
        }
        Command::AdvanceWorkOrder { work_order, change } => {
            let missing = || Problem::new(Kind::NotFound, "there is no such work order").field("id");
            let order: &mut WorkOrderView =
                picture.work_orders.iter_mut().find(|order| order.id == work_order).ok_or_else(missing)?;
            if let Some(status) = change.status {
                order.status = status;
                match status {
                    WorkOrderStatus::Open => {}
                    WorkOrderStatus::InProgress => order.started = Some(now),
                    WorkOrderStatus::Done => order.closed = Some(now),
                }
            }
            let keep = |text: String| if text.is_empty() { None } else { Some(text) };
            order.notes = change.notes.map_or(order.notes.clone(), keep);
            order.assignee = change.assignee.map_or(order.assignee.clone(), keep);
            Ok(Answer::WorkOrder(order.clone()))
        }
        Command::PlanMeters(draft) => {
            let meters = energy::meters(picture);
            let limits = draft.limits;
            Ok(Answer::Meters(web::view::MetersView { by_name: draft.meters.is_none(), limits, ..meters }))
        }
        Command::PlanDwellings(draft) => Ok(Answer::Dwellings(dwellings::planned(draft))),
        Command::SayTerms(terms) => {
            let said = TermsDraft::from(&terms);
            let since = Some(Time::from_ms(energy::next_slot(now.ms())));
            Ok(Answer::Terms(web::view::TermsView { said, since, now: TermsDraft::default() }))
        }
        Command::TakePart(profile) => {
            let profile = profile.as_ref().map(Into::into);
            let view = web::view::AggregatesView { profile, since: Some(now), ..Default::default() };
            Ok(Answer::Aggregates(Box::new(view)))
        }
        Command::HandInCard(draft) => {
            Ok(Answer::Incidents(Box::new(incidents::handed_in(&draft.draft, now))))
        }
        Command::HandInSurvival(handed) => {
            Ok(Answer::Survivals(Box::new(incidents::machine_handed_in(handed.draft, now))))
        }
        Command::Enquiry(command) => {
            enquiries::obeyed(command, now).map(|view| Answer::Enquiries(Box::new(view)))
        }
        Command::SwitchLeaving { .. } => Ok(Answer::Leaving(Box::default())),
        Command::WithdrawContractor { contractor } => {
            Ok(Answer::Incidents(Box::new(incidents::withdrawn(contractor, now))))
        }
        Command::AnswerShift { shift, yes } => plan::answered(picture, &shift, yes).map(Answer::Shift),
        Command::Equip(equipment) => Ok(Answer::Equipment(equipment)),
        Command::Home(command) => home::obey(*command, now).map(|answer| Answer::Home(Box::new(answer))),
        Command::RecountSlots { .. } => Ok(Answer::Recounting),
        Command::ReleaseSlot { start, .. } if start.0 % 900_000 == 0 => Ok(Answer::Released),
        Command::ReleaseSlot { .. } => {
            Err(Problem::new(Kind::NotFound, "no slot of this building starts then").field("id"))
        }
        Command::CreatePolicy(draft) => {
            let id = format!("P{}", picture.policies.len() + 1);
            let policy = scene::policy(&id, &draft)?;
            picture.policies.push(policy.clone());
            Ok(Answer::Policy(policy))
        }
        Command::PatchPolicy { policy, change } => {
            let missing = || Problem::new(Kind::NotFound, "there is no such policy").field("id");
            let policy = picture.policies.iter_mut().find(|known| known.id == policy).ok_or_else(missing)?;
            policy.threshold = change.threshold.unwrap_or(policy.threshold);
            policy.groups = change.groups.unwrap_or_else(|| policy.groups.clone());
            policy.version += 1;
            policy.enabled = change.enabled.unwrap_or(policy.enabled);
            Ok(Answer::Policy(policy.clone()))
        }
        Command::DeletePolicy { policy } => {
            let before = picture.policies.len();
            picture.policies.retain(|known| known.id != policy);
            if picture.policies.len() == before {
                return Err(Problem::new(Kind::NotFound, "there is no such policy").field("id"));
            }
            Ok(Answer::Deleted)
        }
        Command::ImportPolicies { policies, is_preview } => {
            let mut imported = ImportView::default();
            for CodedDraft { code, draft } in policies {
                let policy = scene::policy(&code, &draft)?;
                match picture.policies.iter_mut().find(|known| known.code == code) {
                    Some(known) if known.groups == policy.groups => imported.unchanged.push(code),
                    Some(known) => {
                        if !is_preview {
                            *known = policy;
                        }
                        imported.changed.push(code);
                    }
                    None => {
                        if !is_preview {
                            picture.policies.push(policy);
                        }
                        imported.created.push(code);
                    }
                }
            }
            Ok(Answer::Imported(imported))
        }
        Command::Invite(request) => {
            let life_ms = i64::from(request.expires_s.unwrap_or(86_400)) * 1000;
            let expires = Time::from_ms(now.ms() + life_ms);
            let (id, invitation) = ("ab".repeat(32), "symbiose1:00".to_owned());
            Ok(Answer::Invitation(InvitationView { id, invitation, expires, fingerprint: None }))
        }
        Command::RevokeInvitation { .. } | Command::ChangeKey { .. } | Command::ChangeNetworkKey => {
            Err(Problem::new(Kind::Refused, "only an authority's operator can do this"))
        }
        Command::Propose { action } => {
            let proposal = ProposalView {
                id: "1".to_owned(),
                action,
                status: ProposalStatus::Open,
                approvals: vec![picture.node.id.clone()],
                approvals_needed: 3,
                proposed: web::view::LedgerPlace {
                    height: picture.head.height,
                    transaction: "ab".repeat(32),
                },
            };
            picture.proposals.insert(0, proposal.clone());
            Ok(Answer::Proposal(proposal))
        }
        Command::Token(_) | Command::GiveParts(_) => {
            let id = scene::transaction_id(picture.head.height, 0);
            Ok(Answer::Recorded(id.parse().expect("an id")))
        }
        Command::Approve { .. } => Err(Problem::new(Kind::Conflict, "this node is no authority")),
        Command::SubmitTransactions { transactions, wait } => {
            let submitted = transactions.iter().map(|bytes| {
                let outcome = match (bytes[0], wait) {
                    (0, _) => Outcome::Refused { reason: "not canonical".to_owned() },
                    (_, true) => Outcome::Committed { height: picture.head.height + 1 },
                    (_, false) => Outcome::Accepted,
                };
                SubmittedTransaction { id: blake3::hash(bytes).to_hex().to_string(), outcome }
            });
            Ok(Answer::Submitted(submitted.collect()))
        }
        Command::AddSite(draft) => {
            let site = scene::site(&draft.code, &draft.name);
            picture.sites.push(site.clone());
            Ok(Answer::Site(site))
        }
        Command::AddAsset { site, asset } => {
            let asset = AssetView {
                id: asset.code.clone(),
                code: asset.code,
                site,
                kind: asset.kind,
                state: web::view::AssetState::Ok,
                last: Vec::new(),
            };
            picture.assets.push(asset.clone());
            Ok(Answer::Asset(asset))
        }
        Command::DefineMetric { name, change } => {
            let metric = metric::metric(&name, change);
            picture.metrics.retain(|known| known.name != name);
            picture.metrics.push(metric.clone());
            picture.metrics.sort_by(|a, b| a.name.cmp(&b.name));
            Ok(Answer::Metric(metric))
        }
        Command::SwapMeter { asset, swap } => {
            let swap = metric::swap(&asset, swap);
            picture.swaps.push(swap.clone());
            Ok(Answer::Swap(swap))
        }
    }
}

fn alert_mut<'a>(picture: &'a mut Picture, id: &str) -> Result<&'a mut AlertView, Problem> {
    let missing = || Problem::new(Kind::NotFound, "there is no such alert").field("id");
    picture.alerts.iter_mut().find(|alert| alert.id == id).ok_or_else(missing)
}

async fn answer(mut calls: mpsc::Receiver<QueryCall>, picture: watch::Sender<Arc<Picture>>) {
    while let Some(call) = calls.recv().await {
        let picture = picture.borrow().clone();
        match call {
            QueryCall::Samples { range, reply } => drop(reply.send(Ok(history::samples(&picture, &range)))),
            QueryCall::Buckets { range, step_ms, reply } => {
                drop(reply.send(Ok(history::buckets(&picture, &range, step_ms))));
            }
            QueryCall::Series { selections, reply } => {
                drop(reply.send(Ok(history::series(&picture, &selections))));
            }
            QueryCall::Steps { question, reply } => drop(reply.send(Ok(history::steps(&picture, &question)))),
            QueryCall::Windows { question, reply } => {
                drop(reply.send(Ok(history::windows(&picture, &question))));
            }
            QueryCall::PolicyVersions { policy, reply } => {
                let picture = Arc::clone(&picture);
                let known = picture.policies.iter().find(|known| known.id == policy);
                let version = known.map(|known| PolicyVersionView {
                    id: known.version.to_string(),
                    version: known.version,
                    at: picture.node.time,
                    by: Some("operator".to_owned()),
                    terms: known.clone(),
                });
                let missing = || Problem::new(Kind::NotFound, "there is no such policy").field("id");
                drop(reply.send(version.map(|version| vec![version]).ok_or_else(missing)));
            }
            QueryCall::DryRun { from, to, reply, .. } => drop(reply.send(Ok(DryRunView {
                fired: 0,
                assets: Vec::new(),
                firings: Vec::new(),
                rows_read: 0,
                from: from.into(),
                to: to.into(),
                truncated: false,
                warnings: Vec::new(),
            }))),
            QueryCall::Blocks { before, limit, reply } => {
                let older = |block: &&BlockSummary| before.is_none_or(|before| block.height < before);
                let blocks = picture.blocks.iter().filter(older).take(limit).cloned().collect();
                drop(reply.send(Ok(blocks)));
            }
            QueryCall::Block { height, reply } => {
                let found = picture.blocks.iter().find(|block| block.height == height);
                let missing =
                    || Problem::new(Kind::NotFound, "there is no block of this height yet").field("height");
                drop(reply.send(found.map(|block| whole(&picture, block)).ok_or_else(missing)));
            }
            QueryCall::BlockOf { id, reply } => {
                let found = picture.blocks.iter().find(|block| block.block == id.to_string());
                let missing = || Problem::new(Kind::NotFound, "there is no such block").field("id");
                drop(reply.send(found.map(|block| whole(&picture, block)).ok_or_else(missing)));
            }
            QueryCall::Transaction { id, reply } => drop(reply.send(transaction(&picture, &id))),
            QueryCall::Proof { id, reply } => {
                let proof = transaction(&picture, &id).map(|transaction| proof(&picture, &transaction));
                drop(reply.send(proof));
            }
            QueryCall::Energy(call) => energy::answer(&picture, call),
            QueryCall::Dwellings(call) => dwellings::answer(&picture, call),
            QueryCall::Plan(call) => plan::answer(&picture, call),
            QueryCall::Incident(call) => incidents::answer(call),
            QueryCall::Enquiry(EnquiryCall::All(reply)) => {
                drop(reply.send(Ok(enquiries::all(picture.node.time))));
            }
            QueryCall::Home(call) => home::answer(call, picture.node.time),
            QueryCall::Token(call) => tokens::answer(&picture, call),
            QueryCall::Store(reply) => drop(reply.send(Ok(storage::view(&picture)))),
        }
    }
}

fn whole(picture: &Picture, block: &BlockSummary) -> BlockView {
    let transactions =
        (0..block.transactions).map(|index| scene::transaction(picture, block, index)).collect();
    BlockView {
        id: block.id.clone(),
        height: block.height,
        block: block.block.clone(),
        previous: scene::hex("block", block.height - 1, 32),
        state: block.state.clone(),
        time: block.time,
        proposer: block.proposer.clone(),
        round: 0,
        log_root: scene::hex("log", block.height, 32),
        log_size: block.height * 2,
        transactions,
        certificate: certificate(picture, block),
    }
}

fn certificate(picture: &Picture, block: &BlockSummary) -> CertificateView {
    let signed = picture.members.iter().take(3).map(|member| SignatureView {
        authority: member.id.clone(),
        name: Some(member.name.clone()),
        public_key: member.public_key.clone(),
        signature: scene::hex(&member.id, block.height, 64),
    });
    CertificateView {
        height: block.height,
        round: 0,
        block: block.block.clone(),
        signatures: signed.collect(),
    }
}

fn transaction(picture: &Picture, id: &str) -> Result<TransactionView, Problem> {
    let all = picture.blocks.iter().flat_map(|block| whole(picture, block).transactions);
    let missing = || Problem::new(Kind::NotFound, "there is no such transaction").field("id");
    all.into_iter().find(|transaction| transaction.id == id).ok_or_else(missing)
}

fn proof(picture: &Picture, transaction: &TransactionView) -> ProofView {
    let height = transaction.height.expect("a final transaction");
    let block = picture.blocks.iter().find(|block| block.height == height).expect("its block");
    ProofView {
        id: transaction.id.clone(),
        leaf: scene::hex("leaf", height, 64),
        leaf_index: height * 2,
        log_size: picture.head.log_size,
        log_root: picture.head.log_root.clone(),
        path: (0..11).map(|level| scene::hex("path", level, 32)).collect(),
        height,
        header: scene::hex("header", height, 64),
        certificate: certificate(picture, block),
    }
}
