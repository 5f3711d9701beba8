//! From the core to the page: one picture of the building and the hive, replaced a few times a second, and events for
//! open pages. It reads the core, and nothing of it ever flows back.

pub(crate) mod aggregates;
pub(crate) mod alerts;
mod assembly;
mod bookings;
pub(crate) mod building;
pub(crate) mod disputes;
pub(crate) mod dwellings;
pub(crate) mod energy;
pub(crate) mod enquiries;
pub(crate) mod hive;
pub(crate) mod incidents;
pub(crate) mod ledger;
pub(crate) mod metric;
pub(crate) mod plan;
pub(crate) mod policies;
pub(crate) mod results;
mod settlements;
pub(crate) mod sharing;
pub(crate) mod store;
pub(crate) mod street;
pub(crate) mod survivals;
pub(crate) mod token;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;

use ::ledger::Committed;
use protocol::{Address, Block, Digest, Now, Payload, Tick, Transaction, TransactionId};
use tokio::sync::{broadcast, watch};
use web::live::{EnergyNews, SampleBatch};
use web::view::{BlockSummary, NodeView, PhotoView, Picture, Role, Sample};
use web::{LiveEvent, Time};

use super::network::Standing;
use super::ready::Health;
use crate::core::catalogue::AssetId;
use crate::core::{Core, Event};

/// Pause between two pictures while things happen, milliseconds.
const PICTURE_EVERY_MS: u64 = 250;
/// Pause between two pictures while nothing happens, milliseconds.
const PICTURE_IDLE_MS: u64 = 2_000;
/// Blocks on the page without asking for more.
pub(super) const BLOCKS_SHOWN: usize = 48;

/// What the page is told besides what the core knows.
#[derive(Debug)]
pub(crate) struct Facts {
    /// Name of the building.
    pub(crate) name: String,
    /// Answered pings of members, milliseconds.
    pub(crate) round_trips_ms: BTreeMap<Address, u32>,
    /// How members stand with the network.
    pub(crate) standing: BTreeMap<Address, Standing>,
    /// Why the node is or is not ready.
    pub(crate) health: Health,
    /// The file which says that this folder was restored, as long as votes are held back for it.
    pub(crate) restored: Option<PathBuf>,
    /// Photos of work orders.
    pub(crate) photos: BTreeMap<Digest, Vec<PhotoView>>,
    /// What is noted of final blocks.
    pub(crate) noted: Noted,
}

/// What the state does not tell any more once a block is applied.
#[derive(Debug, Default)]
pub(crate) struct Noted {
    /// The transaction of each governed proposal; the first one is proposal 1.
    pub(crate) proposed: Vec<TransactionId>,
    /// Weeks and credit notes of shared energy.
    pub(crate) bookings: bookings::Bookings,
}

impl Facts {
    /// Takes note of a final block; each has to come once, in order.
    pub(crate) fn note_block(&mut self, block: &Block) {
        let proposals =
            block.transactions.iter().filter(|one| matches!(one.body.payload, Payload::Propose(_)));
        self.noted.proposed.extend(proposals.map(Transaction::id));
        self.noted.bookings.note(block);
    }
}

/// Makes pictures and events.
#[derive(Debug)]
pub(crate) struct Presenter {
    picture: watch::Sender<Arc<Picture>>,
    live: broadcast::Sender<LiveEvent>,
    blocks: VecDeque<BlockSummary>,
    sampled: BTreeSet<AssetId>,
    made: Tick,
    is_stale: bool,
}

impl Presenter {
    /// Over the channels the web listens to. `blocks` are the newest ones on disk, oldest first.
    pub(crate) fn new(
        picture: watch::Sender<Arc<Picture>>,
        live: broadcast::Sender<LiveEvent>,
        blocks: VecDeque<BlockSummary>,
    ) -> Self {
        Self { picture, live, blocks, sampled: BTreeSet::new(), made: Tick(0), is_stale: true }
    }

    /// Something changed that is worth showing soon.
    pub(crate) fn stale(&mut self) {
        self.is_stale = true;
    }

    /// A block became final.
    pub(crate) fn block(&mut self, committed: &Committed) {
        let summary = ledger::summary(&committed.block, committed.id);
        self.blocks.push_back(summary.clone());
        if self.blocks.len() > BLOCKS_SHOWN {
            self.blocks.pop_front();
        }
        self.is_stale = true;
        self.tell(LiveEvent::Block(summary));
    }

    /// Something people may want to see at once.
    pub(crate) fn event(&mut self, core: &Core, facts: &Facts, event: &Event) {
        self.is_stale = true;
        match event {
            Event::Alert(id) => {
                if let Some(alert) = core.maintenance().alerts().get(*id) {
                    self.tell(LiveEvent::Alert(alerts::alert(core, alert)));
                }
            }
            Event::WorkOrder(reference) => {
                if let Some(order) = building::work_order(core, facts, reference) {
                    self.tell(LiveEvent::WorkOrder(order));
                }
            }
            Event::Samples(asset) => {
                self.sampled.insert(*asset);
            }
            Event::Energy => {
                let closed_to = core.energy().frontier().map(Time::from);
                self.tell(LiveEvent::Energy(EnergyNews { closed_to }));
            }
            Event::Policies | Event::Catalogue | Event::Hive | Event::Assembly => {}
        }
    }

    /// When the next picture is due.
    pub(crate) fn due(&self) -> Tick {
        self.made.plus(if self.is_stale { PICTURE_EVERY_MS } else { PICTURE_IDLE_MS })
    }

    /// Makes a picture now.
    pub(crate) fn refresh(&mut self, now: Now, core: &Core, facts: &Facts) {
        let hive = hive::hive(now, core, facts);
        let is_news = self.picture.borrow().hive != hive;
        let picture = Picture {
            node: node(now, core, facts),
            readiness: facts.health.readiness(),
            health: facts.health.view(),
            sites: building::sites(core),
            assets: building::assets(core),
            alerts: alerts::alerts(core),
            work_orders: building::work_orders(core, facts),
            policies: policies::policies(core),
            metrics: metric::metrics(core),
            swaps: metric::swaps(core),
            conflicts: metric::conflicts(core),
            head: hive::head(core),
            blocks: self.blocks.iter().rev().cloned().collect(),
            members: hive::members(core, facts),
            proposals: hive::proposals(core, facts),
            bookings: facts.noted.bookings.all(),
            invitations: hive::invitations(now, core),
            operator_buildings: hive::operator_buildings(now, core, facts),
            hive: hive.clone(),
        };
        self.picture.send_replace(Arc::new(picture));
        if is_news {
            self.tell(LiveEvent::Hive(hive));
        }
        self.tell_samples(core);
        (self.made, self.is_stale) = (now.tick, false);
    }

    fn tell_samples(&mut self, core: &Core) {
        for asset in std::mem::take(&mut self.sampled) {
            let Some(known) = core.telemetry().catalogue().asset(asset) else { continue };
            let samples = building::latest(core, known).map(|(metric, t, v)| Sample {
                metric: metric.to_string(),
                t: Time::from(t),
                v: Some(v),
            });
            let batch = SampleBatch { asset: known.code.to_string(), samples: samples.collect() };
            self.tell(LiveEvent::Samples(batch));
        }
    }

    fn tell(&self, event: LiveEvent) {
        // Nobody listening is no error.
        drop(self.live.send(event));
    }
}

fn node(now: Now, core: &Core, facts: &Facts) -> NodeView {
    let sites = core.telemetry().catalogue().sites();
    let building = sites.first().map_or_else(|| facts.name.clone(), |site| site.name.clone());
    NodeView {
        id: core.ledger().address().to_string(),
        name: facts.name.clone(),
        building,
        role: core.ledger().role().map_or(Role::Follower, Role::from),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        time: Time::from(now.time),
    }
}
