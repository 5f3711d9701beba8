//! What to run and where.

use std::path::PathBuf;

/// A neighbourhood as it is wanted.
#[derive(Debug, Clone)]
pub struct Options {
    /// The program `symbiose`.
    pub binary: PathBuf,
    /// Folder of the neighbourhood.
    pub dir: PathBuf,
    /// Buildings founded together.
    pub buildings: usize,
    /// How many of them are authorities.
    pub authorities: usize,
    /// Seed of keys, equipment and weather.
    pub seed: u64,
    /// Hive seconds per wall second.
    pub speed: f64,
    /// Recorded meters.
    pub replay: Option<PathBuf>,
    /// First port; 0 for wherever there is room.
    pub base_port: u16,
    /// Forget what the folder holds.
    pub reset: bool,
    /// Members without a node, which sign load.
    pub load_members: usize,
    /// Whether nodes reach each other through proxies, so that faults can be made.
    pub proxied: bool,
    /// Whether gateways feed telemetry.
    pub fed: bool,
}

impl Options {
    /// Five buildings, four authorities, seed 42, real time, in `dir`.
    pub fn new(binary: PathBuf, dir: PathBuf) -> Self {
        Self {
            binary,
            dir,
            buildings: 5,
            authorities: 4,
            seed: 42,
            speed: 1.0,
            replay: None,
            base_port: 0,
            reset: false,
            load_members: 0,
            proxied: true,
            fed: true,
        }
    }
}
