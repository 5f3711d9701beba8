//! The HTTP side: takes the port, hands everything else to `web`.

use std::net::SocketAddr;

use protocol::{Digest, UnixMs};
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::clock::wall_ms;
use super::secrets::{self, SecretError};
use super::welcome::Welcome;
use crate::config::Http;

/// Why pages cannot be served.
#[derive(Debug, Error)]
pub enum HttpError {
    /// The address is taken or not ours.
    #[error("http.listen: cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The token cannot be read or made.
    #[error("http.token_file: {0}")]
    Token(#[from] SecretError),
}

/// Listening, not yet serving.
#[derive(Debug)]
pub(crate) struct Bound {
    listener: TcpListener,
    settings: web::Settings,
    /// Where.
    pub(crate) address: SocketAddr,
}

/// Takes the port and reads the operator token, which is made at the first start.
pub(crate) async fn bind(config: &Http) -> Result<Bound, HttpError> {
    let token = secrets::read_or_make(&config.token_file)?;
    let wrong = |source| HttpError::Listen { address: config.listen, source };
    let listener = TcpListener::bind(config.listen).await.map_err(wrong)?;
    let address = listener.local_addr().map_err(wrong)?;
    let operator_token = Digest::new(token).to_string();
    let settings = web::Settings {
        host_names: config.host_names.clone(),
        ..web::Settings::new(operator_token, || UnixMs(wall_ms()))
    };
    Ok(Bound { listener, settings, address })
}

impl Bound {
    /// Serves until `stop` turns true.
    pub(crate) fn serve(
        self,
        handles: web::Handles,
        book: web::Book,
        mut stop: watch::Receiver<bool>,
    ) -> JoinHandle<()> {
        let router = web::router(handles, web::Settings { book, ..self.settings });
        let stopped = async move { drop(stop.wait_for(|stop| *stop).await) };
        let listeners = vec![web::Listener { tcp: self.listener, tls: None }];
        tokio::spawn(web::serve(listeners, router, stopped))
    }

    /// What whoever sets the node up needs to know.
    pub(crate) fn welcome(&self) -> Welcome {
        Welcome { urls: vec![self.url()], fingerprint: None }
    }

    /// Base URL.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}
