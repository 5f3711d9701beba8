//! Agreement on one height: Malachite's core, our types for it, our answers to its effects, and the records that let it
//! go on after a crash. The rules of voting are all the library's.

mod context;
mod engine;
mod host;
mod record;
mod timers;
mod wire;

pub(crate) use engine::{Decision, Engine};
pub(crate) use wire::height_of;
