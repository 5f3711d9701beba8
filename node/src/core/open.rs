//! Starting: everything the building remembered comes back, what it missed on the ledger is taken in, and what the
//! ledger missed is sent.

use ledger::Ledger;
use protocol::operator::OperatorKey;
use protocol::{AssetKind, Genesis, Now, SigningKey};
use thiserror::Error;

use super::catalogue::{Catalogue, CatalogueError, Code, Definition, Retention};
use super::energy::Energy;
use super::maintenance::{Change, EntryError, Maintenance, Secret, restore_catalogue};
use super::planning::Planning;
use super::telemetry::{Row, Telemetry};
use super::{Core, EVALUATE_EVERY_MS, Finality, Operator, Outbox, Output, Peers, Quarantine, Waiting};

/// Sites and assets that the configuration names; more may be added by command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoreConfig {
    /// The sites.
    pub sites: Vec<SiteConfig>,
    /// Series this node keeps at the most.
    pub series_max: usize,
    /// How far a reading may lie ahead of the node's clock, milliseconds.
    pub ahead_ms: i64,
    /// How long metrics are kept that say nothing else.
    pub retention: Retention,
    /// Hive milliseconds per 1,000 of the steady clock, as the shell's clock runs.
    pub clock_speed_millis: u64,
    /// What the buildings of this one's operator know.
    pub operator: Option<OperatorKey>,
}

/// A site of the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteConfig {
    /// `CAS-S1`.
    pub code: String,
    /// For people.
    pub name: String,
    /// Its equipment.
    pub assets: Vec<AssetConfig>,
}

/// An asset of the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssetConfig {
    /// `CAS-S1-HVAC_1`.
    pub code: String,
    /// What it is.
    pub kind: AssetKind,
}

/// What the telemetry log holds, in its order.
#[derive(Debug, Clone)]
pub enum Replayed {
    /// Sites, assets and series.
    Definitions(Vec<Definition>),
    /// Readings.
    Rows(Vec<Row>),
}

/// Why a building cannot start.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OpenError {
    /// A site or asset of the configuration does not fit.
    #[error("sites: {0}")]
    Catalogue(#[from] CatalogueError),
}

/// What the building's secret is derived from its first key for.
pub(super) const BUILDING_SECRET: &str = "symbiose building secret v1";

impl Core {
    /// Opens a building. `entries` are the key and value of every entry that [`Output::Persist`] wrote; `replayed` is the
    /// telemetry log. Entries that do not read are answered for the health page and left out; nothing else is lost by it.
    pub fn open(
        now: Now,
        config: &CoreConfig,
        key: SigningKey,
        genesis: Genesis,
        ledger: Ledger,
        entries: impl Iterator<Item = (Vec<u8>, Vec<u8>)>,
        replayed: impl Iterator<Item = Replayed>,
    ) -> Result<(Self, Vec<Output>, Vec<EntryError>), OpenError> {
        let (mut remembered, mut unreadable) = (Vec::new(), Vec::new());
        for (key, value) in entries {
            match Change::read_back(&key, &value) {
                Ok(change) => remembered.push(change),
                Err(error) => unreadable.push(error),
            }
        }
        let mut changes = Vec::new();
        let mut replayed = replayed.peekable();
        // What day files know fills the holes that damage left in the building's own records.
        let known = match replayed.next_if(|item| matches!(item, Replayed::Definitions(_))) {
            Some(Replayed::Definitions(definitions)) => definitions,
            Some(Replayed::Rows(_)) | None => Vec::new(),
        };
        let catalogue = open_catalogue(config, &remembered, &known, &mut changes)?;
        let mut telemetry = Telemetry::new(catalogue).with_ahead_ms(config.ahead_ms);
        replayed.for_each(|item| replay(&mut telemetry, item, &mut changes));
        let quarantine = restore_quarantine(&remembered);
        let kept = remembered.iter().find_map(|change| {
            if let Change::PutSecret(secret) = change { Some(*secret.as_bytes()) } else { None }
        });
        let secret = Secret::new(kept.unwrap_or_else(|| key.derive(BUILDING_SECRET)));
        let mut invitations = super::Invitations::default();
        for change in &remembered {
            if let Change::PutInvitation(issued) = change {
                invitations.restore(issued.clone());
            }
        }
        let mut energy = Energy::open(now.time, telemetry.catalogue(), &remembered);
        energy.follow(ledger.state().slot_length());
        let planning = Planning::open(now.time, &energy, &remembered);
        let home = super::Home::open(&remembered);
        let aggregates = super::Aggregates::open(&remembered);
        let incidents = super::Incidents::open(&remembered);
        let street = super::Street::open(&remembered);
        let enquiries = super::Enquiries::open(&remembered);
        let (maintenance, defaults) = Maintenance::open(now.time, secret, &telemetry, remembered);
        changes.extend(defaults);
        let mut core = Self {
            key,
            genesis,
            ledger,
            telemetry,
            quarantine,
            energy,
            planning,
            unlogged: Vec::new(),
            clock: now,
            clock_speed_millis: config.clock_speed_millis,
            clock_jumps: 0,
            maintenance,
            outbox: Outbox::default(),
            waiting: Waiting::default(),
            peers: Peers::default(),
            operator: Operator::new(config.operator.clone()),
            finality: Finality::default(),
            invitations,
            keyring: super::Keyring::default(),
            home,
            aggregates,
            incidents,
            street,
            enquiries,
            next_evaluation: now.tick.plus(EVALUATE_EVERY_MS),
            resettle: None,
            out: Vec::new(),
        };
        core.persist(changes);
        core.learn_from_ledger();
        core.announce_members();
        core.settle_again(now);
        core.flush_outbox(now);
        let outputs = std::mem::take(&mut core.out);
        Ok((core, outputs, unreadable))
    }

    /// The state may hold work orders of this building that its own records do not know to be there yet.
    fn learn_from_ledger(&mut self) {
        let me = self.origin();
        let mut mine: Vec<_> = self
            .ledger
            .state()
            .work_orders()
            .filter(|(_, order)| order.building == me)
            .map(|(id, order)| (id, order.reference, order.status, order.commitment))
            .collect();
        mine.sort_by_key(|(id, ..)| *id);
        for (id, reference, status, commitment) in mine {
            if let Some(outcome) = self.commission(id) {
                self.persist(outcome.changes);
                continue;
            }
            let catalogue = self.telemetry.catalogue();
            let opened = self.maintenance.opened_on_ledger(catalogue, reference, id, commitment);
            let advanced = self.maintenance.advanced_on_ledger(catalogue, id, status, commitment);
            for outcome in [opened, advanced] {
                self.persist(outcome.changes);
            }
        }
    }
}

fn open_catalogue(
    config: &CoreConfig,
    remembered: &[Change],
    known: &[Definition],
    changes: &mut Vec<Change>,
) -> Result<Catalogue, OpenError> {
    let mut catalogue = Catalogue::new(config.series_max);
    catalogue.keep_usually(config.retention);
    changes.extend(restore_catalogue(&mut catalogue, remembered, known));
    for site in &config.sites {
        let code = Code::new(&site.code).map_err(CatalogueError::from)?;
        changes.extend(catalogue.add_site(code, &site.name)?.map(Change::PutDefinition));
        for asset in &site.assets {
            let code = Code::new(&asset.code).map_err(CatalogueError::from)?;
            changes.extend(catalogue.add_asset(&site.code, code, asset.kind)?.map(Change::PutDefinition));
        }
    }
    Ok(catalogue)
}

/// What waits for the clock.
fn restore_quarantine(remembered: &[Change]) -> Quarantine {
    let mut quarantine = Quarantine::default();
    for change in remembered {
        if let Change::PutHeld(held) = change {
            quarantine.restore(held.clone());
        }
    }
    quarantine
}

fn replay(telemetry: &mut Telemetry, item: Replayed, changes: &mut Vec<Change>) {
    match item {
        Replayed::Definitions(definitions) => {
            for definition in definitions {
                if is_known(telemetry.catalogue(), &definition) {
                    continue;
                }
                let known = size(telemetry.catalogue());
                match telemetry.catalogue_mut().define(&definition) {
                    Ok(()) if size(telemetry.catalogue()) == known => {}
                    Ok(()) => changes.push(Change::PutDefinition(definition)),
                    Err(error) => {
                        tracing::warn!(%error, "an entry of the telemetry log does not fit the catalogue");
                    }
                }
            }
        }
        Replayed::Rows(rows) => {
            for row in &rows {
                telemetry.apply(row);
            }
        }
    }
}

/// Sites and assets that the building's own records have are newer there: the log tells names of its time.
fn is_known(catalogue: &Catalogue, definition: &Definition) -> bool {
    match definition {
        Definition::Site(site) => catalogue.site(site.id).is_some(),
        Definition::Asset(asset) => catalogue.asset(asset.id).is_some(),
        Definition::Series(_) => false,
    }
}

fn size(catalogue: &Catalogue) -> (usize, usize, u32) {
    (catalogue.sites().len(), catalogue.assets().len(), catalogue.series_count())
}
