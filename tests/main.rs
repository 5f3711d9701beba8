//! What no crate can say alone, as one test binary: frozen bytes, hostile bytes, the house's own rules, and stories
//! with real processes.

mod advisories;
mod architecture;
mod golden;
mod harness;
mod hostile;
mod samples;
mod source;
mod stories;
mod tidy;
mod vectors;
