//! One building: a pure core that decides and a thin shell that carries. The simulator builds the core alone.

#[cfg(feature = "shell")]
pub mod cli;
#[cfg(feature = "shell")]
pub mod config;
pub mod core;
#[cfg(feature = "shell")]
pub mod shell;
