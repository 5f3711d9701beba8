//! The HTTP side: takes the ports, puts the certificate before those that are not for this machine alone, and hands
//! everything else to `web`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use protocol::{Digest, UnixMs};
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::rustls::ServerConfig;

use super::certificate::{self, CertificateError, Files};
use super::clock::wall_ms;
use super::secrets::{self, SecretError};
use super::welcome::Welcome;
use crate::config::Http;

/// Why pages cannot be served.
#[derive(Debug, Error)]
pub enum HttpError {
    /// The address is taken or not ours.
    #[error("{key}: cannot listen on {address}: {source}")]
    Listen {
        /// The key of the configuration.
        key: &'static str,
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The token cannot be read or made.
    #[error("http.token_file: {0}")]
    Token(#[from] SecretError),
    /// There is no certificate for https.
    #[error("http.certificate: {0}")]
    Certificate(#[from] CertificateError),
}

/// Listening, not yet serving.
#[derive(Debug)]
pub(crate) struct Bound {
    listeners: Vec<web::Listener>,
    settings: web::Settings,
    doors: Vec<Door>,
}

/// Where somebody may come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Door {
    address: SocketAddr,
    https: bool,
}

/// Takes the ports, reads the operator token and the certificate; what is missing is made at the first start.
pub(crate) async fn bind(config: &Http, data_dir: &Path) -> Result<Bound, HttpError> {
    let token = secrets::read_or_make(&config.token_file)?;
    let mut settings = web::Settings::new(Digest::new(token).to_string(), || UnixMs(wall_ms()));
    settings.host_names.clone_from(&config.host_names);
    settings.host_names.extend(Some(certificate::host_name()).filter(|name| !name.is_empty()));
    let mut tls: Option<Arc<ServerConfig>> = None;
    if config.doors().any(|(_, _, https)| https) {
        let (shown, fingerprint) = certificate::serving(Files::of(config, data_dir))?;
        (tls, settings.fingerprint) = (Some(shown), fingerprint);
    }
    let mut bound = Bound { listeners: Vec::new(), settings, doors: Vec::new() };
    for (key, wanted, https) in config.doors() {
        let wrong = |source| HttpError::Listen { key, address: wanted, source };
        let tcp = TcpListener::bind(wanted).await.map_err(wrong)?;
        let address = tcp.local_addr().map_err(wrong)?;
        bound.doors.push(Door { address, https });
        bound.listeners.push(web::Listener { tcp, tls: tls.clone().filter(|_| https) });
    }
    Ok(bound)
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
        tokio::spawn(web::serve(self.listeners, router, stopped))
    }

    /// What whoever sets the node up needs to know.
    pub(crate) fn welcome(&self) -> Welcome {
        let doors = self.doors.iter().map(|door| (door.address, door.https));
        Welcome { urls: urls(doors), fingerprint: self.settings.fingerprint.borrow().clone() }
    }

    /// SHA-256 of the certificate as it changes.
    pub(crate) fn fingerprint(&self) -> watch::Receiver<Option<String>> {
        self.settings.fingerprint.clone()
    }

    /// Base URL for programs on this machine.
    pub(crate) fn url(&self) -> String {
        self.doors.first().expect("invariant: there is always one address to listen on").url()
    }

    /// Base URL of the second address, which speaks https.
    pub(crate) fn lan_url(&self) -> Option<String> {
        self.doors.get(1).map(Door::url)
    }
}

impl Door {
    /// As it is reached on this machine.
    fn url(&self) -> String {
        let ip = match self.address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
            ip @ (IpAddr::V4(_) | IpAddr::V6(_)) => ip,
        };
        format!("{}://{}", scheme(self.https), SocketAddr::new(ip, self.address.port()))
    }
}

/// Base URLs under which the page is found from outside, the best for a phone first; those of this machine alone come
/// last.
pub(crate) fn urls(doors: impl Iterator<Item = (SocketAddr, bool)>) -> Vec<String> {
    let (mut outside, mut inside) = (Vec::new(), Vec::new());
    for (address, https) in doors {
        let url = |host: String| format!("{}://{host}:{}", scheme(https), address.port());
        if address.ip().is_unspecified() {
            let own = certificate::addresses().filter(|ip| !ip.is_loopback() && ip.is_ipv4());
            outside.extend(own.map(|ip| url(ip.to_string())));
            let host = certificate::host_name();
            if !host.is_empty() && !host.contains('.') {
                outside.push(url(format!("{host}.local")));
            }
        } else if address.ip().is_loopback() {
            inside.push(format!("{}://{address}", scheme(https)));
        } else {
            outside.push(format!("{}://{address}", scheme(https)));
        }
    }
    outside.extend(inside);
    outside
}

fn scheme(https: bool) -> &'static str {
    if https { "https" } else { "http" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_on_this_machine_find_the_way() {
        let url = |address: &str, https| Door { address: address.parse().unwrap(), https }.url();
        assert_eq!(url("0.0.0.0:8443", true), "https://127.0.0.1:8443");
        assert_eq!(url("[::]:8443", true), "https://[::1]:8443");
        assert_eq!(url("192.168.1.7:80", false), "http://192.168.1.7:80");
    }

    #[test]
    fn what_others_can_reach_comes_first() {
        let doors = [("127.0.0.1:8080", false), ("192.168.1.7:8443", true)];
        let found = urls(doors.iter().map(|(address, https)| (address.parse().unwrap(), *https)));
        assert_eq!(found, ["https://192.168.1.7:8443", "http://127.0.0.1:8080"]);
    }
}
