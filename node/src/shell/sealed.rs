//! A key under a passphrase: argon2id makes a key of the passphrase, XChaCha20-Poly1305 seals the seed with it. Whoever has
//! the card alone has nothing that signs.

use protocol::hex::hex;
use std::fmt;
use std::io::{IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use protocol::{PublicKey, SigningKey};
use thiserror::Error;
use zeroize::Zeroizing;

use super::secrets::{self, SecretError};
use super::store::file;

/// First line of a sealed key. Another way of sealing gets another number.
pub(super) const HEADER: &str = "symbiose sealed key v1";
/// 64 MiB, three passes, one lane: about a second on a Pi 4, and dear for whoever has to guess.
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
const SALT_BYTES: usize = 16;
const NONCE_BYTES: usize = 24;
/// A seed and its tag.
const SEALED_BYTES: usize = 48;
/// Bytes of a passphrase.
const PASSPHRASE_BYTES_MAX: usize = 1_024;
/// The environment's ways of giving a passphrase.
const PASSPHRASE: &str = "SYMBIOSE_PASSPHRASE";
/// The number of an open file that holds it.
pub const PASSPHRASE_FD: &str = "SYMBIOSE_PASSPHRASE_FD";
/// Its name among the credentials of a systemd service.
const CREDENTIAL: &str = "symbiose-passphrase";

/// A passphrase that is wiped when it is not needed any more, and never shown.
#[derive(Clone)]
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// The words.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(…)")
    }
}

/// Why a sealed key cannot be used.
#[derive(Debug, Error)]
pub enum SealError {
    /// Nobody gave a passphrase.
    #[error(
        "it is protected by a passphrase: give it as systemd credential `symbiose-passphrase`, as an open file \
         (SYMBIOSE_PASSPHRASE_FD), in SYMBIOSE_PASSPHRASE, or at a terminal"
    )]
    NoPassphrase,
    /// It is not this key's.
    #[error("the passphrase does not open it")]
    Wrong,
    /// The file is damaged.
    #[error("it is no sealed key: expected {expected}")]
    Form {
        /// What was looked for.
        expected: &'static str,
    },
    /// The passphrase cannot be read.
    #[error("the passphrase cannot be read from {from}: {reason}")]
    Source {
        /// Where from.
        from: String,
        /// What the system said.
        reason: String,
    },
    /// It is empty or too long.
    #[error("expected a passphrase of 1 to {PASSPHRASE_BYTES_MAX} bytes")]
    Length,
}

/// Whether a file holds a sealed key.
pub fn is_sealed(text: &str) -> bool {
    text.starts_with(HEADER)
}

/// Seals a seed.
pub fn seal(seed: &[u8; 32], passphrase: &str) -> Result<String, SecretError> {
    let random = [secrets::random()?, secrets::random()?].concat();
    let (salt, nonce) = (&random[..SALT_BYTES], &random[SALT_BYTES..SALT_BYTES + NONCE_BYTES]);
    let public = SigningKey::from_seed(seed).public();
    let head = head(&public);
    let payload = Payload { msg: seed, aad: head.as_bytes() };
    let sealed = cipher(passphrase, salt).encrypt(XNonce::from_slice(nonce), payload);
    let sealed = sealed.expect("invariant: a seed is short enough to be sealed");
    Ok(format!("{head}salt {}\nnonce {}\nsealed {}\n", hex(salt), hex(nonce), hex(&sealed)))
}

/// Opens what [`seal`] made.
pub fn open(text: &str, passphrase: &str) -> Result<Zeroizing<[u8; 32]>, SealError> {
    if text.lines().next() != Some(HEADER) {
        return Err(SealError::Form { expected: HEADER });
    }
    let public = public_of(text)?;
    let salt: [u8; SALT_BYTES] = line(text, "salt ", "32 digits behind `salt`")?;
    let nonce: [u8; NONCE_BYTES] = line(text, "nonce ", "48 digits behind `nonce`")?;
    let sealed: [u8; SEALED_BYTES] = line(text, "sealed ", "96 digits behind `sealed`")?;
    let head = head(&public);
    let payload = Payload { msg: &sealed, aad: head.as_bytes() };
    let opened = cipher(passphrase, &salt).decrypt(XNonce::from_slice(&nonce), payload);
    let opened = Zeroizing::new(opened.map_err(|_| SealError::Wrong)?);
    let seed: [u8; 32] = opened.as_slice().try_into().map_err(|_| SealError::Wrong)?;
    Ok(Zeroizing::new(seed))
}

/// Whose key it is: that is no secret.
pub fn public_of(text: &str) -> Result<PublicKey, SealError> {
    line(text, "public ", "64 digits behind `public`").map(PublicKey::new)
}

/// The passphrase of whoever started this program; `None` if nobody gave one.
pub fn given() -> Result<Option<Passphrase>, SealError> {
    let credential = std::env::var_os("CREDENTIALS_DIRECTORY").map(|dir| Path::new(&dir).join(CREDENTIAL));
    if let Some(path) = credential.filter(|path| path.exists()) {
        return from_file(&path).map(Some);
    }
    if let Ok(number) = std::env::var(PASSPHRASE_FD) {
        let wrong =
            |_| SealError::Source { from: PASSPHRASE_FD.to_owned(), reason: "not a number".to_owned() };
        let number: u32 = number.parse().map_err(wrong)?;
        return from_file(&PathBuf::from(format!("/dev/fd/{number}"))).map(Some);
    }
    match std::env::var(PASSPHRASE) {
        Ok(text) => checked(Zeroizing::new(text)).map(Some),
        Err(_) if std::io::stdin().is_terminal() => prompt("Passphrase of this node's key: ").map(Some),
        Err(_) => Ok(None),
    }
}

/// Asks for a passphrase at the terminal, without showing what is typed.
pub fn prompt(question: &str) -> Result<Passphrase, SealError> {
    use std::io::Write as _;
    let source = |reason: String| SealError::Source { from: "the terminal".to_owned(), reason };
    let stdin = std::io::stdin();
    let before = rustix::termios::tcgetattr(&stdin).map_err(|error| source(error.to_string()))?;
    let mut quiet = before.clone();
    quiet.local_modes.remove(rustix::termios::LocalModes::ECHO);
    let set = |modes: &rustix::termios::Termios| {
        rustix::termios::tcsetattr(&stdin, rustix::termios::OptionalActions::Flush, modes)
    };
    drop(write!(std::io::stderr(), "{question}"));
    set(&quiet).map_err(|error| source(error.to_string()))?;
    let mut text = Zeroizing::new(String::new());
    let read = stdin.read_line(&mut text);
    set(&before).map_err(|error| source(error.to_string()))?;
    drop(writeln!(std::io::stderr()));
    read.map_err(|error| source(error.to_string()))?;
    checked(text)
}

fn from_file(path: &Path) -> Result<Passphrase, SealError> {
    let source = |error: std::io::Error| SealError::Source {
        from: path.display().to_string(),
        reason: error.to_string(),
    };
    let file = std::fs::File::open(path).map_err(source)?;
    let mut text = Zeroizing::new(String::new());
    file.take(PASSPHRASE_BYTES_MAX as u64 + 2).read_to_string(&mut text).map_err(source)?;
    checked(text)
}

/// Without the newline that editors and terminals put behind it.
fn checked(text: Zeroizing<String>) -> Result<Passphrase, SealError> {
    let text = Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned());
    if (1..=PASSPHRASE_BYTES_MAX).contains(&text.len()) {
        Ok(Passphrase(text))
    } else {
        Err(SealError::Length)
    }
}

fn head(public: &PublicKey) -> String {
    format!("{HEADER}\npublic {public}\n")
}

fn cipher(passphrase: &str, salt: &[u8]) -> XChaCha20Poly1305 {
    let params = Params::new(MEMORY_KIB, PASSES, 1, Some(32)).expect("invariant: sound parameters");
    let mut key = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.as_bytes(), salt, key.as_mut())
        .expect("invariant: lengths within argon2's bounds");
    XChaCha20Poly1305::new(key.as_slice().into())
}

fn line<const N: usize>(text: &str, name: &str, expected: &'static str) -> Result<[u8; N], SealError> {
    let wrong = || SealError::Form { expected };
    let digits = text.lines().find_map(|line| line.strip_prefix(name)).ok_or_else(wrong)?;
    if digits.len() != 2 * N || !digits.is_ascii() {
        return Err(wrong());
    }
    let mut bytes = [0; N];
    for (i, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&digits[2 * i..2 * i + 2], 16).map_err(|_| wrong())?;
    }
    Ok(bytes)
}

/// Writes a seed, sealed where there is a passphrase.
pub fn write(path: &Path, seed: &[u8; 32], passphrase: Option<&Passphrase>) -> Result<(), SecretError> {
    match passphrase {
        None => secrets::write(path, seed),
        Some(passphrase) => Ok(file::replace(path, seal(seed, passphrase.as_str())?.as_bytes(), 0o600)?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_passphrase_opens_a_key_and_no_line_may_change() {
        let seed = [7; 32];
        let text = seal(&seed, "correct horse").unwrap();
        assert!(is_sealed(&text) && !text.contains(&"07".repeat(32)));
        assert_eq!(public_of(&text).unwrap(), SigningKey::from_seed(&seed).public());
        assert_eq!(*open(&text, "correct horse").unwrap(), seed);
        assert!(matches!(open(&text, "correct house"), Err(SealError::Wrong)));
        for name in ["public ", "salt ", "nonce ", "sealed "] {
            let name = format!("\n{name}");
            let at = text.find(&name).unwrap() + name.len();
            let mut changed = text.clone().into_bytes();
            changed[at] = if changed[at] == b'0' { b'1' } else { b'0' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(matches!(open(&changed, "correct horse"), Err(SealError::Wrong)), "{name}");
            let cut = text.replacen(&name, "\nx ", 1);
            assert!(matches!(open(&cut, "correct horse"), Err(SealError::Form { .. })), "{name}");
        }
        let later = text.replacen("v1", "v2", 1);
        assert!(matches!(open(&later, "correct horse"), Err(SealError::Form { .. })));
    }
}
