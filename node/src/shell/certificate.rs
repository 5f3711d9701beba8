//! The certificate of the page: the one the configuration names, or one of our own that is made at the first start and
//! renewed with the same key before it ends. Whoever holds it against a device compares its SHA-256.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use protocol::UnixMs;
use protocol::time::civil_from_days;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose,
};
use thiserror::Error;
use tokio::sync::watch;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{self, ServerConfig};

use super::clock::wall_ms;
use super::store::{StoreError, file};
use crate::config::Http;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// Days a certificate of our own is valid: Apple's systems refuse more than 825.
const VALID_DAYS: i64 = 820;
/// Days before its end at which it is made anew.
const RENEW_DAYS: i64 = 60;
/// 2025-01-01: a clock before this has not been set yet.
const DAY_MIN: i64 = 20_089;
/// What stands before the certificate in its file and says when it ends, in days since 1970.
const END_MARK: &str = "ends on day ";
/// How often a certificate is looked at again: others may have replaced it, ours may end.
const LOOK_EVERY: Duration = Duration::from_secs(6 * 60 * 60);
/// A chain or key is far shorter, bytes.
const PEM_BYTES_MAX: u64 = 256 * 1024;

/// Why there is no certificate to show.
#[derive(Debug, Error)]
pub enum CertificateError {
    /// A file cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file holds something else.
    #[error("{path}: expected {expected} in PEM, found {found}")]
    Pem {
        /// The file.
        path: PathBuf,
        /// What should be there.
        expected: &'static str,
        /// What the reader said.
        found: String,
    },
    /// Certificate and key do not belong together.
    #[error("{path}: {source}")]
    Unusable {
        /// The certificate.
        path: PathBuf,
        /// Why.
        source: rustls::Error,
    },
    /// Our own cannot be made.
    #[error("a certificate cannot be made: {0}")]
    Make(#[from] rcgen::Error),
}

/// A certificate with its key, ready to be shown.
#[derive(Debug, Clone)]
pub(crate) struct Certificate {
    key: Arc<CertifiedKey>,
    /// SHA-256, as browsers show it.
    pub(crate) fingerprint: String,
}

/// Certificate and key files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// PEM, our own certificate first.
    pub certificate: PathBuf,
    /// PEM.
    pub key: PathBuf,
    /// Whether the node makes them.
    pub is_ours: bool,
}

impl Files {
    /// The configured ones, or `https.crt` and `https.key` in the data folder.
    pub fn of(config: &Http, data_dir: &Path) -> Self {
        match &config.certificate {
            Some((certificate, key)) => {
                Self { certificate: certificate.clone(), key: key.clone(), is_ours: false }
            }
            None => Self {
                certificate: data_dir.join("https.crt"),
                key: data_dir.join("https.key"),
                is_ours: true,
            },
        }
    }

    /// The certificate chain.
    pub fn chain(&self) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
        let pem = file::read(&self.certificate, PEM_BYTES_MAX)?;
        let wrong = |found: String| CertificateError::Pem {
            path: self.certificate.clone(),
            expected: "a certificate",
            found,
        };
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
        let chain = chain.map_err(|error| wrong(error.to_string()))?;
        if chain.is_empty() { Err(wrong("none".to_owned())) } else { Ok(chain) }
    }

    /// Reads them; makes or renews them first if they are ours and it is time.
    pub(crate) fn load(&self, now: UnixMs) -> Result<Certificate, CertificateError> {
        if self.is_ours && !self.is_good_for_a_while(now) {
            self.make(now)?;
        }
        let chain = self.chain()?;
        let pem = file::read(&self.key, PEM_BYTES_MAX)?;
        let key = PrivateKeyDer::from_pem_slice(&pem).map_err(|error| CertificateError::Pem {
            path: self.key.clone(),
            expected: "a private key",
            found: error.to_string(),
        })?;
        let fingerprint = fingerprint(&chain[0]);
        let unusable = |source| CertificateError::Unusable { path: self.certificate.clone(), source };
        let key = CertifiedKey::from_der(chain, key, &provider()).map_err(unusable)?;
        key.keys_match().map_err(unusable)?;
        Ok(Certificate { key: Arc::new(key), fingerprint })
    }

    /// Whether there is one that still lasts. One made before the clock was set does not.
    fn is_good_for_a_while(&self, now: UnixMs) -> bool {
        let Ok(text) = file::read(&self.certificate, PEM_BYTES_MAX) else { return false };
        let text = String::from_utf8_lossy(&text);
        let end = text.lines().find_map(|line| line.strip_prefix(END_MARK)?.parse::<i64>().ok());
        let today = today(now);
        self.key.exists() && end.is_some_and(|end| (today + RENEW_DAYS..=today + VALID_DAYS).contains(&end))
    }

    fn make(&self, now: UnixMs) -> Result<(), CertificateError> {
        let key = if self.key.exists() {
            let pem = file::read(&self.key, PEM_BYTES_MAX)?;
            KeyPair::from_pem(&String::from_utf8_lossy(&pem))?
        } else {
            let key = KeyPair::generate()?;
            file::replace(&self.key, key.serialize_pem().as_bytes(), 0o600)?;
            key
        };
        let end = today(now) + VALID_DAYS - 2;
        let certificate = parameters(today(now) - 1, end)?.self_signed(&key)?;
        let text = format!("{END_MARK}{end}\n{}", certificate.pem());
        file::replace(&self.certificate, text.as_bytes(), 0o644)?;
        tracing::info!(fingerprint = fingerprint(certificate.der()), "made a certificate for https");
        Ok(())
    }
}

fn today(now: UnixMs) -> i64 {
    now.0.div_euclid(DAY_MS).max(DAY_MIN)
}

/// For this machine under all names and addresses it has today.
fn parameters(first_day: i64, last_day: i64) -> Result<CertificateParams, rcgen::Error> {
    let mut names = vec!["localhost".to_owned(), "symbiose.local".to_owned()];
    let host = host_name();
    if !host.is_empty() {
        names.extend([host.clone(), format!("{host}.local")]);
    }
    names.extend(addresses().map(|address| address.to_string()));
    names.sort();
    names.dedup();
    let mut parameters = CertificateParams::new(names)?;
    parameters.distinguished_name = DistinguishedName::new();
    parameters.distinguished_name.push(DnType::CommonName, "Symbiose");
    let (first, last) = (date(first_day), date(last_day));
    parameters.not_before = rcgen::date_time_ymd(first.0, first.1, first.2);
    parameters.not_after = rcgen::date_time_ymd(last.0, last.1, last.2);
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok(parameters)
}

/// Year, month and day.
fn date(day: i64) -> (i32, u8, u8) {
    let (year, month, day) = civil_from_days(day);
    let small = |number: i64| u8::try_from(number).expect("invariant: a month or a day of one");
    let year = i32::try_from(year).expect("invariant: days of this era");
    (year, small(month), small(day))
}

/// The machine's name when it is one that names may have, else nothing.
pub(crate) fn host_name() -> String {
    let name = rustix::system::uname().nodename().to_string_lossy().to_ascii_lowercase();
    let name = name.strip_suffix(".local").unwrap_or(&name);
    let is_good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    if name.len() <= 63 && name.bytes().all(is_good) { name.to_owned() } else { String::new() }
}

/// The machine's addresses, those of IPv4 first; without those that are valid on one cable only.
pub(crate) fn addresses() -> impl Iterator<Item = std::net::IpAddr> {
    let mut found: Vec<_> =
        if_addrs::get_if_addrs().unwrap_or_default().into_iter().map(|interface| interface.ip()).collect();
    found.sort();
    found.dedup();
    found.into_iter().filter(|address| match address {
        std::net::IpAddr::V4(address) => !address.is_link_local(),
        std::net::IpAddr::V6(address) => !address.is_unicast_link_local(),
    })
}

/// SHA-256 in pairs of capital digits, `AA:BB:…`.
pub fn fingerprint(certificate: &CertificateDer<'_>) -> String {
    let hash = ::ring::digest::digest(&::ring::digest::SHA256, certificate);
    let pairs: Vec<String> = hash.as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(":")
}

/// The one set of algorithms everything here uses.
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// A fingerprint as browsers show it: pairs of digits with colons between them.
pub fn shown(sha256: protocol::Digest) -> String {
    let pairs: Vec<String> = sha256.as_bytes().iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(":")
}

/// Shows whatever certificate is there now.
#[derive(Debug)]
struct Shown(watch::Receiver<Certificate>);

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.borrow().key))
    }
}

/// How to serve with a certificate, and its fingerprint as it changes. Looks at the files again from time to time, as
/// long as somebody wants the fingerprint.
pub(crate) fn serving(
    files: Files,
) -> Result<(Arc<ServerConfig>, watch::Receiver<Option<String>>), CertificateError> {
    let first = files.load(UnixMs(wall_ms()))?;
    let (told, fingerprint) = watch::channel(Some(first.fingerprint.clone()));
    let (certificate, shown) = watch::channel(first);
    let versions = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
    let unusable = |source| CertificateError::Unusable { path: files.certificate.clone(), source };
    let mut config =
        versions.map_err(unusable)?.with_no_client_auth().with_cert_resolver(Arc::new(Shown(shown)));
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    tokio::spawn(async move {
        while tokio::time::timeout(LOOK_EVERY, told.closed()).await.is_err() {
            let files = files.clone();
            let loaded = tokio::task::spawn_blocking(move || files.load(UnixMs(wall_ms()))).await;
            match loaded {
                Ok(Ok(new)) if Some(&new.fingerprint) != told.borrow().as_ref() => {
                    tracing::warn!(fingerprint = new.fingerprint, "https has a new certificate");
                    told.send_replace(Some(new.fingerprint.clone()));
                    certificate.send_replace(new);
                }
                Ok(Ok(_)) | Err(_) => {}
                Ok(Err(error)) => tracing::warn!(%error, "https keeps the certificate it has"),
            }
        }
    });
    Ok((Arc::new(config), fingerprint))
}

#[cfg(test)]
mod tests {
    use super::super::store::scratch::Scratch;
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    const NOW: UnixMs = UnixMs(1_795_000_000_000);

    fn files(scratch: &Scratch) -> Files {
        let (certificate, key) = (scratch.path().join("https.crt"), scratch.path().join("https.key"));
        Files { certificate, key, is_ours: true }
    }

    #[test]
    fn it_is_made_once_and_renewed_with_the_same_key() {
        let scratch = Scratch::new("certificate");
        let files = files(&scratch);
        let first = files.load(NOW).unwrap();
        assert_eq!((first.fingerprint.len(), first.fingerprint.matches(':').count()), (95, 31));
        assert_eq!(std::fs::metadata(&files.key).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(files.load(NOW.plus(700 * DAY_MS)).unwrap().fingerprint, first.fingerprint);
        let key = std::fs::read(&files.key).unwrap();
        let second = files.load(NOW.plus(770 * DAY_MS)).unwrap();
        assert_ne!(second.fingerprint, first.fingerprint, "it was about to end");
        assert_eq!(std::fs::read(&files.key).unwrap(), key);
        assert_ne!(files.load(NOW).unwrap().fingerprint, second.fingerprint, "the clock had been ahead");
    }

    #[test]
    fn a_clock_that_is_not_set_makes_one_that_is_valid_later() {
        let scratch = Scratch::new("certificate-1970");
        let files = files(&scratch);
        let first = files.load(UnixMs(5_000)).unwrap();
        let soon = UnixMs((DAY_MIN + 100) * DAY_MS);
        assert_eq!(files.load(soon).unwrap().fingerprint, first.fingerprint);
    }

    #[test]
    fn files_that_hold_something_else_are_named() {
        let scratch = Scratch::new("certificate-wrong");
        let ours = files(&scratch);
        ours.load(NOW).unwrap();
        let theirs = Files { is_ours: false, ..ours.clone() };
        assert!(theirs.load(NOW.plus(9_000 * DAY_MS)).is_ok(), "what others supply is theirs to renew");
        let said = |files: &Files| files.load(NOW).unwrap_err().to_string();
        file::replace(&ours.key, b"no key", 0o600).unwrap();
        assert!(said(&theirs).contains("https.key: expected a private key"), "{}", said(&theirs));
        file::replace(&ours.key, KeyPair::generate().unwrap().serialize_pem().as_bytes(), 0o600).unwrap();
        assert!(said(&theirs).contains("https.crt"), "another key: {}", said(&theirs));
        file::replace(&ours.certificate, b"nothing", 0o644).unwrap();
        assert!(said(&theirs).contains("expected a certificate"), "{}", said(&theirs));
        std::fs::remove_file(&ours.certificate).unwrap();
        assert!(said(&theirs).contains("https.crt"));
    }
}
