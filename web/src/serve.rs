//! Connections: how long a client may take to say what it wants and to read the answer, how they end when the node stops.
//! Behind a certificate they are encrypted; who comes with plain http there is sent to https.

use crate::patience::Patience;
use crate::places::Places;
use axum::Router;
use axum::extract::FromRequestParts;
use axum::http::Extensions;
use axum::http::request::Parts;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tower::ServiceExt as _;

/// How long a client may take for the head of a request, and how long an idle connection is kept.
const HEAD_TIMEOUT: Duration = Duration::from_secs(60);
/// The same while many are here.
const HEAD_TIMEOUT_CROWDED: Duration = Duration::from_secs(5);
/// How long a client may read nothing of its answer.
const READ_NOTHING_MAX: Duration = Duration::from_secs(30);
/// How long a client may take to agree on encryption.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of a request's head.
const HEAD_BYTES_MAX: usize = 32 * 1024;
/// How long requests under way may take when the node stops.
const FAREWELL: Duration = Duration::from_secs(1);
/// Pause after an error of `accept`, such as too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// First byte of a TLS connection (RFC 8446 section 5.1); no http request begins with it.
const TLS_HANDSHAKE: u8 = 22;

/// Where to serve, and whether encrypted.
#[derive(Debug)]
pub struct Listener {
    pub tcp: TcpListener,
    /// The certificate to show; without one the connections are plain http.
    pub tls: Option<Arc<ServerConfig>>,
}

/// How a request came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Connection {
    pub(crate) peer: IpAddr,
    /// Whether it is encrypted.
    pub(crate) https: bool,
    /// Plain http where https is expected.
    pub(crate) is_misled: bool,
}

impl Connection {
    /// Of a request with these extensions; without sockets a plain one from nowhere.
    pub(crate) fn of(extensions: &Extensions) -> Self {
        let nowhere = Self { peer: Ipv4Addr::UNSPECIFIED.into(), https: false, is_misled: false };
        extensions.get().copied().unwrap_or(nowhere)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Connection {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.extensions))
    }
}

/// Serves `router` on all `listeners` until `stop` is done; then lets requests under way finish for a second.
pub async fn serve(listeners: Vec<Listener>, router: Router, stop: impl Future<Output = ()>) {
    let places = Arc::new(Places::new());
    let (stopping, stopped) = watch::channel(false);
    let accepting: Vec<_> = listeners
        .into_iter()
        .map(|listener| tokio::spawn(accept(listener, router.clone(), Arc::clone(&places), stopped.clone())))
        .collect();
    stop.await;
    stopping.send_replace(true);
    for listener in accepting {
        drop(listener.await);
    }
    drop(tokio::time::timeout(FAREWELL, places.empty()).await);
}

async fn accept(listener: Listener, router: Router, places: Arc<Places>, mut stopped: watch::Receiver<bool>) {
    let Listener { tcp, tls } = listener;
    let tls = tls.map(TlsAcceptor::from);
    let at_work = stopped.clone();
    loop {
        let accepted = async { (places.free().await, tcp.accept().await) };
        let (empty, accepted) = tokio::select! {
            accepted = accepted => accepted,
            () = told(&mut stopped) => return,
        };
        match accepted {
            Ok((stream, peer)) => {
                let peer = peer.ip().to_canonical();
                let Some(place) = places.give(empty, peer) else {
                    tracing::debug!(%peer, "a connection too many of this address");
                    metrics::counter!("symbiose_http_connections_refused_total").increment(1);
                    continue;
                };
                let patience = if places.are_crowded() { HEAD_TIMEOUT_CROWDED } else { HEAD_TIMEOUT };
                let manner = Manner { router: router.clone(), patience, stopped: at_work.clone() };
                let connection = greet(stream, peer, tls.clone(), manner);
                tokio::spawn(async move {
                    connection.await;
                    drop(place);
                });
            }
            Err(error) => pause_after(&error).await,
        }
    }
}

/// How a connection is served.
struct Manner {
    router: Router,
    /// For the head of a request.
    patience: Duration,
    stopped: watch::Receiver<bool>,
}

/// Agrees on encryption where there is a certificate, then serves.
async fn greet(stream: TcpStream, peer: IpAddr, tls: Option<TlsAcceptor>, manner: Manner) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "the connection is gone already");
        return;
    }
    let plain = Connection { peer, https: false, is_misled: false };
    let Some(tls) = tls else { return manner.talk(stream, plain).await };
    let handshake = manner.patience.min(HANDSHAKE_TIMEOUT);
    let Ok(first) = tokio::time::timeout(handshake, first_byte(&stream)).await else { return };
    if first.is_some_and(|first| first != TLS_HANDSHAKE) {
        return manner.talk(stream, Connection { is_misled: true, ..plain }).await;
    }
    match tokio::time::timeout(handshake, tls.accept(stream)).await {
        Ok(Ok(stream)) => manner.talk(stream, Connection { https: true, ..plain }).await,
        // Browsers that do not know the certificate yet end like this too.
        Ok(Err(error)) => tracing::debug!(%error, "no agreement on encryption"),
        Err(_) => tracing::debug!("a client was too slow to agree on encryption"),
    }
}

/// Looks at the first byte without taking it; none when the connection ends before.
async fn first_byte(stream: &TcpStream) -> Option<u8> {
    let mut first = [0];
    let count = stream.peek(&mut first).await.ok()?;
    (count == 1).then_some(first[0])
}

impl Manner {
    async fn talk(self, stream: impl AsyncRead + AsyncWrite + Unpin, connection: Connection) {
        let Self { router, patience, mut stopped } = self;
        let marked = router.map_request(move |mut request: axum::http::Request<hyper::body::Incoming>| {
            request.extensions_mut().insert(connection);
            request
        });
        let service = TowerToHyperService::new(marked);
        let mut builder = http1::Builder::new();
        builder.timer(TokioTimer::new()).header_read_timeout(patience).max_buf_size(HEAD_BYTES_MAX);
        let stream = TokioIo::new(Patience::new(stream, READ_NOTHING_MAX));
        let mut connection = std::pin::pin!(builder.serve_connection(stream, service));
        let result = tokio::select! {
            result = connection.as_mut() => result,
            () = told(&mut stopped) => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = result {
            tracing::debug!(%error, "a connection ended badly");
        }
    }
}

async fn told(stopped: &mut watch::Receiver<bool>) {
    drop(stopped.wait_for(|stopped| *stopped).await);
}

async fn pause_after(error: &io::Error) {
    tracing::warn!(%error, "cannot accept a connection");
    tokio::time::sleep(ACCEPT_PAUSE).await;
}
