//! `[http]`: where the page is served, where encrypted, and with which certificate.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{Checker, ConfigError};

/// See `[http]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Http {
    /// Where to listen; plain http on loopback, https elsewhere.
    pub listen: SocketAddr,
    /// Where to listen with https besides, for the building's own network.
    pub lan: Option<SocketAddr>,
    /// Whether loopback is encrypted too.
    pub tls_always: bool,
    /// Certificate chain and key to show instead of our own.
    pub certificate: Option<(PathBuf, PathBuf)>,
    /// File with the operator token.
    pub token_file: PathBuf,
    /// Names under which the page is reached besides loopback, addresses and `.local`.
    pub host_names: Vec<String>,
}

impl Http {
    /// Key, address, and whether https is spoken there.
    pub fn doors(&self) -> impl Iterator<Item = (&'static str, SocketAddr, bool)> + Clone {
        let first = ("http.listen", self.listen, self.tls_always || !self.listen.ip().is_loopback());
        std::iter::once(first).chain(self.lan.map(|lan| ("http.lan", lan, true)))
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawHttp {
    listen: String,
    lan: Option<String>,
    tls: Tls,
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
    token_file: PathBuf,
    host_names: Vec<String>,
}

/// Where https is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Tls {
    /// Everywhere but on loopback.
    Auto,
    /// Everywhere.
    Always,
}

impl Default for RawHttp {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:0".into(),
            lan: None,
            tls: Tls::Auto,
            certificate: None,
            key: None,
            token_file: "operator.token".into(),
            host_names: Vec::new(),
        }
    }
}

impl Checker<'_> {
    pub(super) fn http(&self, raw: &RawHttp, data_dir: &Path) -> Result<Http, ConfigError> {
        let listen = self.address("http.listen", &raw.listen)?;
        let lan = raw.lan.as_ref().map(|lan| self.address("http.lan", lan)).transpose()?;
        let certificate = match (&raw.certificate, &raw.key) {
            (Some(certificate), Some(key)) => Some((data_dir.join(certificate), data_dir.join(key))),
            (None, None) => None,
            (Some(_), None) => return Err(self.wrong("http.key", "missing beside http.certificate")),
            (None, Some(_)) => return Err(self.wrong("http.certificate", "missing beside http.key")),
        };
        for name in &raw.host_names {
            self.text("http.host_names", name, 253)?;
        }
        Ok(Http {
            listen,
            lan,
            tls_always: raw.tls == Tls::Always,
            certificate,
            token_file: data_dir.join(&raw.token_file),
            host_names: raw.host_names.clone(),
        })
    }

    fn address(&self, key: &str, text: &str) -> Result<SocketAddr, ConfigError> {
        text.parse().map_err(|_| {
            self.wrong(key, format!("expected an address such as 127.0.0.1:8080, found `{text}`"))
        })
    }
}
