//! The crate asked from outside, in one program: linked once.

#[path = "../../examples/fake/mod.rs"]
mod fake;

mod access;
mod energy;
mod https;
mod json;
mod plan;
mod queries;
mod roles;
mod routes;
mod rpc;
mod serve;
