//! Starting a node: files first, then the ledger, then the building, then the threads and tasks around them. What had
//! to be repaired on the way is said on `/readyz`.

mod from_config;
mod identity;

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use ledger::Ledger;
use ledger::record::RecordError;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use protocol::limits::{BLOCK_TIME_AHEAD_MS_MAX, CORE_QUEUE_MAX, TELEMETRY_QUEUE_MAX};
use protocol::{Bytes, Height, PublicKey, SigningKey, UnixMs};
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, broadcast, mpsc, oneshot, watch};

use from_config::{core_config, network_config, wires};
use identity::Identity;

use super::archivist::{self, Archivist, Around};
use super::backup;
use super::calls::{Questions, carry_commands};
use super::carrier::{Carrier, End, Lonely, Members, Stores};
use super::clock::Clock;
use super::commands::Meeting;
use super::committer::{Committer, Work};
use super::copied;
use super::event::Event;
use super::inbox::Inbox;
use super::keeper::{self, Keeper};
use super::machine::Machine;
use super::network::{self, NetworkHandle, Wires};
use super::present::{Facts, Presenter, ledger as shown};
use super::query::Source;
use super::reader::Reader;
use super::ready::{Health, ReadyFile, Weight};
use super::sealed::Passphrase;
use super::store::archive::rules::Retention;
use super::store::archive::{self, Archive};
use super::store::block_files::BlockFiles;
use super::store::block_log::{Scan, Scanned};
use super::store::building_log::{self, BuildingLog};
use super::store::index::{Index, Repair};
use super::store::lagging::Lagging;
use super::store::lock::{self, Lock};
use super::store::photos::Photos;
use super::store::telemetry_log::{Keeping, Lost, TelemetryLog};
use super::store::vote_log::VoteLog;
use super::store::written::Written;
use super::store::{StoreError, file};
use super::supervisor::Pulse;
use super::tickets::Tickets;
use super::watch::{Deaths, Watch};
use super::{RunError, accounts, core_queue, first_picture, http};
use crate::config::Config;
use crate::core::telemetry::Body;
use crate::core::{Core, Output, Replayed};

/// Commands and questions of the web that wait.
const CALLS_MAX: usize = 256;
/// Calls of the web for the keeper of files that wait; each may hold a photo.
const FILE_CALLS_MAX: usize = 8;
/// Events for open pages that wait.
const LIVE_MAX: usize = 1_024;
/// Records of the telemetry log read ahead at the start.
const REPLAY_AHEAD: usize = 64;
/// Events of the network that wait.
const NETWORK_EVENTS_MAX: usize = 1_024;
/// Borders of the histograms, seconds.
const SECONDS: [f64; 12] = [0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0];

/// A node at work.
pub(super) struct Opened {
    pub(super) key: PublicKey,
    pub(super) http_url: String,
    pub(super) https_url: Option<String>,
    pub(super) http: tokio::task::JoinHandle<()>,
    pub(super) stop_http: watch::Sender<bool>,
    pub(super) listening: watch::Receiver<Option<String>>,
    pub(super) events: mpsc::Sender<Event>,
    pub(super) network: NetworkHandle,
    pub(super) committer: Committer,
    pub(super) reader: Reader,
    pub(super) archivist: Archivist,
    pub(super) archiving: JoinHandle<()>,
    pub(super) end: oneshot::Receiver<End>,
    pub(super) deaths: mpsc::Receiver<&'static str>,
    pub(super) threads: Vec<JoinHandle<()>>,
    pub(super) metrics: PrometheusHandle,
    /// Beats with the turns of the core's thread.
    pub(super) pulse: Pulse,
    /// What opened this node's keys.
    pub(super) passphrase: Option<Passphrase>,
    _lock: Lock,
}

/// Opens everything and sets it to work. Called on a thread that may block, inside a runtime.
pub(super) fn open(config: &Config, runtime: &Handle) -> Result<Opened, RunError> {
    let _inside = runtime.enter();
    file::create_dir(&config.data_dir).map_err(RunError::Store)?;
    let lock = lock::take(&config.data_dir)?;
    ReadyFile::remove(&config.data_dir).map_err(RunError::Store)?;
    let mut identity = Identity::read(config)?;
    let wires = wires(config)?;
    let bound = runtime.block_on(http::bind(&config.http, &config.data_dir))?;
    let (book, lost) = accounts::read(&config.data_dir).map_err(RunError::Store)?;
    let metrics = recorder()?;
    let clock = Clock::start(config.clock);
    let mut facts = Facts {
        name: config.name.clone(),
        round_trips_ms: Default::default(),
        health: Health::default(),
        photos: Default::default(),
        restored: None,
        standing: Default::default(),
        noted: Default::default(),
    };
    if let Some(reason) = lost {
        let text = format!("The people of this building were lost ({reason}): claim this node again.");
        facts.health.set("users_damaged", Weight::Notice, text);
    }
    copied::tell(&config.data_dir, &mut facts.health);
    let mut files = open_ledger(config, &identity, wires, clock, &mut facts)?;
    if identity.own.promote(files.ledger.state())? {
        // The hive goes by the new key already: the ledger is read again under it.
        drop(files);
        identity.key = SigningKey::from_seed(identity.own.seed());
        facts.noted = Default::default();
        files = open_ledger(config, &identity, wires, clock, &mut facts)?;
    }
    let building = open_building(config, &identity, clock, files.ledger, &mut facts)?;
    let photos = open_photos(config, &building.core, &mut facts)?;
    let opening = files.opening.into_iter().map(Output::Ledger).chain(building.opening).collect();

    let (network_events, from_network) = mpsc::channel(NETWORK_EVENTS_MAX);
    let network = network::start(network_config(config, &identity, &building.core, wires), network_events)?;
    let passphrase = identity.own.passphrase().cloned();
    let (deaths, died) = mpsc::channel(8);
    let (core, events) = core_queue();
    let (archivist, archiving_tasks) = std::sync::mpsc::channel();
    let watch = Watch::new("committer", deaths.clone());
    let (committer, committing) =
        Committer::start(building.telemetry, core.clone(), archivist.clone(), watch)
            .map_err(RunError::Runtime)?;
    committer.send(Work::Define(building.core.telemetry().catalogue().definitions()));
    let mut block_files = BlockFiles::new(config.in_data("blocks.log"), files.scanned.places);
    let newest = newest_blocks(&mut block_files).map_err(RunError::Store)?;
    let (reader, reading) = Reader::start(
        block_files,
        building.index.clone(),
        network.clone(),
        archivist.clone(),
        Watch::new("reader", deaths.clone()),
    )
    .map_err(RunError::Runtime)?;

    let around = Around {
        committer: committer.clone(),
        reader: reader.clone(),
        core: core.clone(),
        clock,
        retention: Retention { raw_days: config.raw_days, quarter_days: config.quarter_days, day_days: None },
    };
    let watch = Watch::new("archivist", deaths.clone());
    let archiving = archivist::start(building.archive, archiving_tasks, around, watch);
    let archiving = archiving.map_err(RunError::Runtime)?;

    let (picture, pictures) = watch::channel(first_picture());
    let live = broadcast::Sender::new(LIVE_MAX);
    let (authorities, known_authorities) = watch::channel(known_authorities_of(building.core.ledger()));
    let (forgotten, photos_forgotten) = mpsc::channel(keeper::FORGOTTEN_MAX);
    let (telemetry, telemetry_calls) = mpsc::channel(TELEMETRY_QUEUE_MAX);
    let pulse = Pulse::default();
    let carrier = Carrier {
        clock,
        runtime: runtime.clone(),
        events,
        telemetry: telemetry_calls,
        stores: Stores {
            votes: files.votes,
            blocks: files.scanned.log,
            building: building.log,
            entries: building.entries,
            index: building.index,
            lagging: Lagging::default(),
            placed: Vec::new(),
        },
        committer: committer.clone(),
        reader: reader.clone(),
        network: network.clone(),
        forgotten,
        authorities,
        presenter: Presenter::new(picture, live.clone(), newest),
        facts,
        meeting: Meeting {
            addresses: Vec::new(),
            network_key: identity.network_key().clone(),
            fingerprint: bound.fingerprint(),
        },
        members: Members::default(),
        tickets: Tickets::default(),
        pulse: pulse.clone(),
        is_open: false,
        copied: None,
        speechless: Default::default(),
        data_dir: config.data_dir.clone(),
        lonely: Lonely::default(),
        own_keys: identity.own,
        core: building.core,
    };
    let (end, carrying) = start_carrier(carrier, opening, deaths)?;

    let (heard, listening) = watch::channel(None);
    let chain = identity.genesis.chain();
    let inbox = Inbox {
        chain,
        core: core.clone(),
        network: network.clone(),
        authorities: known_authorities,
        listening: heard,
    };
    runtime.spawn(inbox.run(from_network));
    let (commands, command_calls) = mpsc::channel(CALLS_MAX);
    runtime.spawn(carry_commands(command_calls, core.clone(), chain));
    let (queries, query_calls) = mpsc::channel(CALLS_MAX);
    let source = Source { core: core.clone(), committer: committer.clone(), reader: reader.clone() };
    runtime.spawn(super::slots::run(source.clone()));
    runtime.spawn(super::plans::run(source.clone()));
    let questions = Questions {
        source,
        archivist: archivist.clone(),
        data_dir: config.data_dir.as_path().into(),
        picture: pictures.clone(),
    };
    runtime.spawn(questions.run(query_calls));
    let (files, file_calls) = mpsc::channel(FILE_CALLS_MAX);
    let keeper = Keeper {
        clock,
        photos,
        core: core.clone(),
        picture: pictures.clone(),
        source: backup::Source::of(config, chain),
        backing_up: Arc::new(Semaphore::new(1)),
    };
    runtime.spawn(keeper.run(file_calls, photos_forgotten));
    let (accounts, _) = accounts::start(config.data_dir.clone(), book.needs_claim(), bound.welcome());
    runtime.spawn(Machine::new(&config.data_dir, clock, core.clone()).run());
    let handles = web::Handles {
        telemetry,
        commands,
        queries,
        files,
        accounts,
        picture: pictures,
        live,
        metrics: metrics.clone(),
    };
    let (stop_http, stop) = watch::channel(false);
    let (http_url, https_url) = (bound.url(), bound.lan_url());
    Ok(Opened {
        key: identity.key.public(),
        http_url,
        https_url,
        http: bound.serve(handles, book, stop),
        stop_http,
        listening,
        events: core,
        network,
        committer,
        reader,
        archivist,
        archiving,
        end,
        deaths: died,
        threads: vec![carrying, committing, reading],
        metrics,
        pulse,
        passphrase,
        _lock: lock,
    })
}

fn recorder() -> Result<PrometheusHandle, RunError> {
    let builder = PrometheusBuilder::new().set_buckets(&SECONDS);
    let installed = builder.and_then(PrometheusBuilder::install_recorder);
    super::describe::all();
    installed.map_err(|error| RunError::Runtime(std::io::Error::other(error.to_string())))
}

/// The ledger and its files.
struct LedgerFiles {
    ledger: Ledger,
    opening: Vec<ledger::Output>,
    votes: VoteLog,
    scanned: Scanned,
}

fn open_ledger(
    config: &Config,
    identity: &Identity,
    wires: Wires,
    clock: Clock,
    facts: &mut Facts,
) -> Result<LedgerFiles, RunError> {
    let genesis = &identity.genesis;
    let mut scan = Scan::open(&config.in_data("blocks.log"), genesis).map_err(RunError::Store)?;
    let (votes, found) = VoteLog::open(&config.in_data("wal"), genesis.chain()).map_err(RunError::Store)?;
    if let Err(error) = &found {
        let text =
            format!("The vote log is damaged ({error}): this node does not sign at the height in progress.");
        facts.health.set("vote_log_damaged", Weight::Notice, text);
    }
    let restored = config.in_data(backup::RESTORED);
    let found = if restored.exists() {
        let text = "This node was restored from a backup: it follows the hive and holds its votes back for some blocks.";
        facts.health.set("restored", Weight::Attention, text);
        facts.restored = Some(restored);
        Err(RecordError::Restored)
    } else {
        found
    };
    let speed = i64::try_from(clock.speed_millis().max(1_000)).unwrap_or(i64::MAX);
    let ledger_config = ledger::Config {
        heartbeat_ms: config.heartbeat_ms,
        time_ahead_ms: BLOCK_TIME_AHEAD_MS_MAX.saturating_mul(speed) / 1_000,
        name: Bytes::new(config.name.clone().into_bytes()).unwrap_or_default(),
        // On the older wire nobody can be asked.
        await_alone: wires.has_greetings(),
        checkpoint: identity.checkpoint,
    };
    let stored = scan.by_ref().inspect(|stored| facts.note_block(&stored.block));
    let (mut ledger, opening) =
        Ledger::open(clock.now(), ledger_config, identity.key.clone(), genesis, stored, found)?;
    if scan.is_foreign() {
        let (key, origin) = ("hive.genesis", config.file.display().to_string());
        let detail = format!("{} does not found the hive of blocks.log", config.genesis.display());
        return Err(RunError::Configuration { key, origin, detail });
    }
    let scanned = scan.finish().map_err(RunError::Store)?;
    ledger.miss_blocks(scanned.reached);
    if scanned.torn_bytes > 0 {
        tracing::warn!(bytes = scanned.torn_bytes, "cut a torn end off blocks.log");
    }
    if let Some(damage) = &scanned.damage {
        let text = format!(
            "blocks.log was damaged at block {} ({}); that block and those behind it are fetched from the hive again.",
            damage.height, damage.detail
        );
        facts.health.set("blocks_damaged", Weight::Notice, text);
    } else if scanned.reached > scanned.log.tip() {
        let text = format!(
            "Blocks {} to {} are missing from blocks.log; they are fetched from the hive again.",
            scanned.log.tip().next(),
            scanned.reached
        );
        facts.health.set("blocks_damaged", Weight::Notice, text);
    } else if scanned.is_set_aside {
        let text = "Damaged blocks are kept in the folder blocks.log, as files named .damaged; when the ledger is whole \
                    again they may be deleted.";
        facts.health.set("blocks_damaged", Weight::Notice, text);
    }
    Ok(LedgerFiles { ledger, opening, votes, scanned })
}

/// The building and its files.
struct Building {
    core: Core,
    opening: Vec<Output>,
    telemetry: TelemetryLog,
    archive: Archive,
    log: BuildingLog,
    entries: building_log::Entries,
    index: Index,
}

fn open_building(
    config: &Config,
    identity: &Identity,
    clock: Clock,
    ledger: Ledger,
    facts: &mut Facts,
) -> Result<Building, RunError> {
    let path = config.in_data("building.log");
    let mut opened = BuildingLog::open(&path).map_err(RunError::Store)?;
    let index = open_index(&config.in_data("index"), &mut opened, facts)?;
    let building_log::Opened { log, entries, gaps, .. } = opened;
    let beside = building_log::damaged_beside(&path);
    if gaps > 0 {
        let text = format!("The building's log was damaged in {gaps} places; some of its records are lost.");
        facts.health.set("building_log_damaged", Weight::Notice, text);
    } else if beside.exists() {
        let text = "Records of the building were lost earlier; the damaged log is kept as building.damaged, and may be deleted.";
        facts.health.set("building_log_damaged", Weight::Notice, text);
    }
    let remembered = index.entries(log.mark())?.unwrap_or_else(|| entries.clone());
    // The log is read on a thread of its own while the core takes its readings in.
    let (sender, replayed) = sync_channel(REPLAY_AHEAD);
    let (dir, bytes_max) = (config.in_data("telemetry"), config.telemetry_bytes_max);
    let (rows, now) = (index.clone(), clock.now().time);
    let reading = std::thread::spawn(move || open_telemetry(&dir, bytes_max, rows, now, &sender));
    let opened = Core::open(
        clock.now(),
        &core_config(config, identity.operator.clone()),
        identity.key.clone(),
        identity.genesis.clone(),
        ledger,
        remembered.into_iter(),
        replayed.into_iter(),
    );
    let (core, opening, unreadable) = opened?;
    let core = core
        .with_network_keys(identity.network_keys.clone(), config.key_overlap_ms)
        .with_zone(super::zone::here(now));
    let read = reading.join().map_err(|_| RunError::Died("telemetry reading"))?;
    let (archive, telemetry, lost) = read.map_err(RunError::Store)?;
    say_lost(lost, facts);
    if !unreadable.is_empty() {
        tracing::error!(?unreadable, "entries of the building's log cannot be read");
        let text = format!("{} of the building's records cannot be read and are left out.", unreadable.len());
        facts.health.set("entries_unreadable", Weight::Notice, text);
    }
    Ok(Building { core, opening, telemetry, archive, log, entries, index })
}

/// The day files and the log of what is not in them yet. Readings of the last two hours go to `replayed` in the order
/// of their acceptance: those in day files came first.
fn open_telemetry(
    dir: &Path,
    bytes_max: u64,
    index: Index,
    now: UnixMs,
    replayed: &SyncSender<Replayed>,
) -> Result<(Archive, TelemetryLog, Lost), StoreError> {
    // A core that does not open has said why.
    let hand_on = |item| drop(replayed.send(item));
    file::create_dir(dir)?;
    let written = Written::default();
    let mut archive = Archive::open(&archive::dir_in(dir), index, written.clone(), now)?;
    hand_on(Replayed::Definitions(archive.definitions()));
    archive.recent(|rows| hand_on(Replayed::Rows(rows)))?;
    let keeping = Keeping { bytes_max, numbers_above: archive.newest_generation(), written };
    let (log, lost) = TelemetryLog::open(dir, keeping, |body| match body {
        Body::Rows(rows) => hand_on(Replayed::Rows(rows)),
        Body::Definitions(definitions) => hand_on(Replayed::Definitions(definitions)),
    })?;
    archive.miss_ends(log.lost_ends(), now)?;
    archive.sealed_before(log.sealed_before());
    Ok((archive, log, lost))
}

/// The photos of work orders that are known. When records may be missing, all of them stay.
fn open_photos(config: &Config, core: &Core, facts: &mut Facts) -> Result<Photos, RunError> {
    let photos = Photos::open(&config.in_data("photos"), config.photos_bytes_max);
    let mut photos = photos.map_err(RunError::Store)?;
    if photos.damaged() > 0 {
        let text = format!("{} photos of work orders, or lists of them, were damaged.", photos.damaged());
        facts.health.set("photos_damaged", Weight::Notice, text);
    }
    if !facts.health.has("building_log_damaged") && !facts.health.has("entries_unreadable") {
        let orders = core.maintenance().work_orders();
        photos.retain(|order| orders.contains_key(order)).map_err(RunError::Store)?;
    }
    facts.photos = photos.kept().clone();
    Ok(photos)
}

/// The index, with the building's entries as its log has them.
fn open_index(path: &Path, opened: &mut building_log::Opened, facts: &mut Facts) -> Result<Index, RunError> {
    let (index, repair) = Index::open(path)?;
    if opened.gaps > 0
        && let Some(entries) = opened.reached.and_then(|reached| index.entries_when(reached).transpose())
    {
        // The index is only derived, but it has what was acknowledged last, up to the last record.
        opened.entries = entries?;
        opened.log.restore(&opened.entries).map_err(RunError::Store)?;
        opened.gaps = 0;
        let text = "The building's log was damaged and written again from the index; nothing of it is lost.";
        facts.health.set("building_log_repaired", Weight::Notice, text);
    }
    if index.entries(opened.log.mark())?.is_none() {
        index.refill(&opened.entries, opened.log.mark())?;
    }
    let text = match repair {
        None => return Ok(index),
        Some(Repair::Snapshots) => {
            "The index was damaged: its snapshots were moved aside and its log read again."
        }
        Some(Repair::Rebuilt) => "The index was damaged: it was moved aside and derived again.",
    };
    facts.health.set("index_rebuilt", Weight::Notice, text);
    Ok(index)
}

fn say_lost(lost: Lost, facts: &mut Facts) {
    if lost.torn_bytes > 0 {
        tracing::warn!(bytes = lost.torn_bytes, "cut a torn end off the telemetry log");
    }
    if lost.gaps > 0 {
        let text = format!(
            "The telemetry log is damaged in {} places: {} bytes, {} records are lost.",
            lost.gaps, lost.bytes, lost.records
        );
        facts.health.set("telemetry_damaged", Weight::Notice, text);
    }
}

fn known_authorities_of(ledger: &Ledger) -> Option<Arc<protocol::AuthoritySet>> {
    (!ledger.is_on_its_way()).then(|| Arc::new(ledger.state().authorities().clone()))
}

/// The newest blocks, oldest first.
fn newest_blocks(files: &mut BlockFiles) -> Result<VecDeque<web::view::BlockSummary>, StoreError> {
    let tip = files.tip().0;
    let mut newest = VecDeque::new();
    for height in tip.saturating_sub(super::present::BLOCKS_SHOWN as u64) + 1..=tip {
        if let Some(stored) = files.read(Height(height))? {
            newest.push_back(shown::summary(&stored.block, stored.certificate.block));
        }
    }
    Ok(newest)
}

fn start_carrier(
    carrier: Carrier,
    opening: Vec<Output>,
    deaths: Deaths,
) -> Result<(oneshot::Receiver<End>, JoinHandle<()>), RunError> {
    let (ended, end) = oneshot::channel();
    let run = move || {
        let _watch = Watch::new("core", deaths);
        let end = carrier.run(opening);
        drop(ended.send(end));
    };
    let thread = std::thread::Builder::new().name("core".to_owned()).spawn(run).map_err(RunError::Runtime)?;
    Ok((end, thread))
}

const _: () = assert!(NETWORK_EVENTS_MAX <= CORE_QUEUE_MAX);
