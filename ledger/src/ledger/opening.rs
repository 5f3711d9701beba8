//! How a ledger opens from what is on disk.

use protocol::{Genesis, Height, Now, SigningKey};

use super::alone::Waiting;
use super::trail::Trail;
use super::{Config, Ledger, OpenError};
use crate::chain::{Chain, Replay};
use crate::input::StoredBlock;
use crate::mempool::Mempool;
use crate::output::Output;
use crate::planted::Planted;
use crate::record::{RecordError, VoteLog};
use crate::sync::Sync;

impl Ledger {
    /// Opens the ledger from what is on disk. Stored blocks are trusted to carry good signatures (they were checked
    /// before they were written, and their records carry checksums); everything else about them is checked again.
    /// A vote log that could not be read makes this node follow without signing for one height.
    pub fn open(
        now: Now,
        config: Config,
        key: SigningKey,
        genesis: &Genesis,
        stored: impl Iterator<Item = StoredBlock>,
        votes: Result<VoteLog, RecordError>,
    ) -> Result<(Self, Vec<Output>), OpenError> {
        Self::open_planted(now, config, key, genesis, stored, votes, Planted::default())
    }

    /// The same with a bug in it, for the simulator; see [`crate::planted`].
    pub fn open_planted(
        now: Now,
        config: Config,
        key: SigningKey,
        genesis: &Genesis,
        stored: impl Iterator<Item = StoredBlock>,
        votes: Result<VoteLog, RecordError>,
        planted: Planted,
    ) -> Result<(Self, Vec<Output>), OpenError> {
        let mut replay = Replay::of(Chain::genesis(genesis).carrying(planted));
        for block in stored {
            replay.take_stored(block, config.checkpoint.as_ref())?;
        }
        Self::open_replayed(now, config, key, replay, votes)
    }

    /// The same with the stored blocks carried out already.
    pub fn open_replayed(
        now: Now,
        config: Config,
        key: SigningKey,
        replay: Replay,
        votes: Result<VoteLog, RecordError>,
    ) -> Result<(Self, Vec<Output>), OpenError> {
        let chain = replay.finish()?;
        let planted = chain.planted();
        let address = key.address();
        let mut ledger = Self {
            key,
            address,
            chain,
            mempool: Mempool::carrying(planted),
            engine: None,
            early: Vec::new(),
            sync: Sync::default(),
            abstain_until: Height(0),
            restored: None,
            waiting: config.await_alone.then(Waiting::new),
            config,
            last_commit: now.tick,
            last_status: now.tick,
            next_status: now.tick,
            next_trial: now.tick,
            trail: None,
            halted: None,
            planted,
            out: Vec::new(),
        };
        ledger.trail = ledger.config.checkpoint.and_then(|checkpoint| Trail::to(checkpoint, ledger.head()));
        ledger.recover(now, votes)?;
        ledger.look_around(now);
        ledger.pump(now);
        let outputs = std::mem::take(&mut ledger.out);
        Ok((ledger, outputs))
    }
}
