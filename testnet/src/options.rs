//! What to run and where.

use std::path::PathBuf;

use protocol::limits::{AUTHORITIES_MAX, MEMBERS_MAX};

use crate::error::{Error, Result};
use crate::layout::BUILDINGS_MAX;

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
    /// Hive time at which a new folder starts, milliseconds; that of the recorded meters or of the wall if none.
    pub begins_ms: Option<i64>,
    /// Time zone of the buildings, such as `UTC`; that of the machine if none.
    pub zone: Option<&'static str>,
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
    /// Whether each node lives on a disk of its own whose power can be cut.
    pub forgetful: bool,
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
            begins_ms: None,
            zone: None,
            base_port: 0,
            reset: false,
            load_members: 0,
            proxied: true,
            fed: true,
            forgetful: false,
        }
    }

    /// Refuses sizes that no hive can have and speeds that no clock can.
    pub fn check(&self) -> Result<()> {
        let refuse = |text: String| Err(Error::Usage(text));
        if self.buildings == 0 || self.buildings > BUILDINGS_MAX {
            return refuse(format!("--buildings expects 1 to {BUILDINGS_MAX}, found {}", self.buildings));
        }
        let most = self.buildings.min(AUTHORITIES_MAX);
        if self.authorities == 0 || self.authorities > most {
            return refuse(format!("--authorities expects 1 to {most}, found {}", self.authorities));
        }
        if self.buildings + self.load_members > MEMBERS_MAX {
            return refuse(format!("at most {MEMBERS_MAX} members in all"));
        }
        if !(0.001..=100_000.0).contains(&self.speed) {
            return refuse(format!("--speed expects 0.001 to 100000, found {}", self.speed));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_is_refused_with_its_flag() {
        let usual = || Options::new(PathBuf::new(), PathBuf::new());
        assert!(usual().check().is_ok());
        assert!(Options { buildings: 1, authorities: 1, ..usual() }.check().is_ok());
        let cases = [
            (Options { buildings: 0, ..usual() }, "--buildings"),
            (Options { buildings: 61, ..usual() }, "--buildings"),
            (Options { authorities: 0, ..usual() }, "--authorities"),
            (Options { authorities: 6, ..usual() }, "--authorities"),
            (Options { load_members: 1000, ..usual() }, "members"),
            (Options { speed: 0.0, ..usual() }, "--speed"),
            (Options { speed: f64::NAN, ..usual() }, "--speed"),
        ];
        for (options, told) in cases {
            let error = options.check().unwrap_err();
            assert!(error.to_string().contains(told), "{error}");
            assert_eq!(error.exit_code(), 2);
        }
    }
}
