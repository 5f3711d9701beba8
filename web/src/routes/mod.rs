//! The routes, one file per noun. Handlers check what they are given, ask through a channel or look at the picture,
//! and answer; none of them decides anything.

#![allow(unused_qualifications, reason = "utoipa's macro writes types with their paths")]

pub(crate) mod aggregates;
pub(crate) mod alerts;
pub(crate) mod assemblies;
pub(crate) mod backup;
pub(crate) mod catalogue;
pub(crate) mod csv;
pub(crate) mod documents;
pub(crate) mod dwellings;
pub(crate) mod energy;
pub(crate) mod enquiries;
pub(crate) mod health;
pub(crate) mod hive;
pub(crate) mod incidents;
pub(crate) mod laws;
pub(crate) mod ledger;
pub(crate) mod metrics;
pub(crate) mod operator;
pub(crate) mod photos;
pub(crate) mod plan;
pub(crate) mod policies;
pub(crate) mod policies_text;
pub(crate) mod polls;
pub(crate) mod prometheus;
pub(crate) mod query;
pub(crate) mod receipts;
pub(crate) mod registry;
pub(crate) mod residents;
pub(crate) mod rpc;
pub(crate) mod session;
pub(crate) mod sessions;
pub(crate) mod sharing;
pub(crate) mod sheets;
pub(crate) mod sites;
pub(crate) mod statement;
pub(crate) mod store;
pub(crate) mod stream;
pub(crate) mod survivals;
pub(crate) mod telemetry;
pub(crate) mod tokens;
pub(crate) mod users;
pub(crate) mod workorders;
