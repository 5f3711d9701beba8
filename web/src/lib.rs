//! What residents, technicians and scripts see and ask: the HTTP routes, their view types, sessions, and the page.
//! It talks to the shell by bounded channels only and knows nothing of the core or the ledger.

mod access;
mod actor;
mod app;
mod convert;
mod credentials;
mod document;
mod draft;
mod extract;
mod files;
mod guard;
mod list;
mod network;
mod objects;
mod pace;
mod page;
mod patience;
mod payload;
mod places;
mod policies_text;
mod promql;
mod registry_csv;
mod roles;
mod router;
mod routes;
mod serve;
mod steps;
mod text;

pub mod decoders;
pub mod live;
pub mod problem;
pub mod question;
pub mod request;
pub mod time;
pub mod view;

pub use access::{AccountsCall, Book, BookError, ClaimCode, NoCode};
pub use actor::{Actor, SignedInAs, UserRole};
pub use convert::{day, desks, drafts, only_of};
pub use files::FileCall;
pub use list::Page;
pub use live::LiveEvent;
pub use network::Network;
pub use places::{CONNECTIONS_HERE_MAX, CONNECTIONS_MAX, CONNECTIONS_PER_NETWORK_MAX};
pub use problem::{Kind, Problem};
pub use request::{
    Answer, Command, CommandCall, Inserted, QueryCall, Reply, TelemetryCall, TelemetryPayload,
};
pub use router::{openapi, router};
pub use routes::hive::NodeStatus;
pub use routes::metrics::MetricItem;
pub use routes::query::QueryAnswer;
pub use routes::session::SessionView;
pub use routes::telemetry::TelemetryAnswer;
pub use serve::{Listener, serve};
pub use time::Time;
pub use view::Picture;

use metrics_exporter_prometheus::PrometheusHandle;
use protocol::UnixMs;
use std::sync::Arc;
use tokio::sync::{broadcast, mpsc, watch};

/// The ends of the channels which the web holds. All are bounded by whoever made them.
#[derive(Clone, Debug)]
pub struct Handles {
    pub telemetry: mpsc::Sender<TelemetryCall>,
    pub commands: mpsc::Sender<CommandCall>,
    pub queries: mpsc::Sender<QueryCall>,
    /// Photos and backups.
    pub files: mpsc::Sender<FileCall>,
    /// Keeps people and sessions.
    pub accounts: mpsc::Sender<AccountsCall>,
    pub picture: watch::Receiver<Arc<Picture>>,
    /// The router subscribes; keep it in the shell to send.
    pub live: broadcast::Sender<LiveEvent>,
    /// Rendered by `/metrics`.
    pub metrics: PrometheusHandle,
}

/// How the web is set up.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What an operator signs in with: sent as `Authorization: Bearer`, or once to get a session.
    pub operator_token: String,
    /// Host names under which the node is reached, besides loopback, IP addresses and `.local` names.
    pub host_names: Vec<String>,
    /// The people and sessions known so far.
    pub book: Book,
    /// SHA-256 of the certificate that is served, as browsers show it; none without https.
    pub fingerprint: watch::Receiver<Option<String>>,
    /// The wall's clock: the web has none of its own.
    pub wall: fn() -> UnixMs,
}

impl Settings {
    /// Without people, certificate and further names.
    pub fn new(operator_token: impl Into<String>, wall: fn() -> UnixMs) -> Self {
        Self {
            operator_token: operator_token.into(),
            host_names: Vec::new(),
            book: Book::default(),
            fingerprint: watch::Sender::new(None).subscribe(),
            wall,
        }
    }
}
