//! A neighbourhood of real node processes on this machine: genesis, keys, configuration, telemetry, faults on
//! demand, figures. It knows the nodes only by their files, flags and HTTP routes; of the ledger it takes the arithmetic
//! of settlement alone.

pub mod api;
pub mod bench;
pub mod binary;
pub mod building;
pub mod chance;
pub mod chaos;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod control;
pub mod damage;
pub mod day;
pub mod disk;
pub mod equipment;
pub mod error;
pub mod expect;
pub mod feeder;
pub mod files;
pub mod folder;
pub mod household;
pub mod http;
pub mod keys;
pub mod layout;
pub mod link;
pub mod load;
pub mod logs;
pub mod market;
pub mod meter;
pub mod neighbourhood;
pub mod net;
pub mod options;
pub mod processes;
pub mod proxy;
pub mod receipt;
pub mod replay;
pub mod residents;
pub mod scenario;
pub mod sharing;
pub mod status;
pub mod sun;
pub mod terminal;
pub mod up;
pub mod watchdog;
pub mod workload;

pub use error::{Error, Result};
