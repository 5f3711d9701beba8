//! Keys and tokens in files: 64 hexadecimal digits, for the owner's eyes only. They are never printed.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use protocol::Digest;
use rand::TryRngCore as _;
use thiserror::Error;
use zeroize::Zeroizing;

use super::sealed::SealError;
use super::store::{StoreError, file};

/// A secret file is short.
const FILE_BYTES_MAX: u64 = 1_024;

/// Why a secret cannot be used. The secret itself is never part of it.
#[derive(Debug, Error)]
pub enum SecretError {
    /// The file cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file holds something else.
    #[error("{0}: expected 64 hexadecimal digits")]
    Digits(PathBuf),
    /// Others may read the file.
    #[error("{path}: expected mode 0600, found {found:04o}; `chmod 600` makes it its owner's alone")]
    Mode {
        /// The file.
        path: PathBuf,
        /// Its mode.
        found: u32,
    },
    /// The key is protected and was not opened.
    #[error("{path}: {error}")]
    Sealed {
        /// The file.
        path: PathBuf,
        /// Why.
        error: SealError,
    },
    /// The system gives no randomness.
    #[error("the system gives no random bytes: {0}")]
    Random(String),
}

/// Reads 32 bytes.
pub fn read(path: &Path) -> Result<[u8; 32], SecretError> {
    parse(path, &read_text(path)?)
}

/// Reads 32 bytes from what a file holds.
pub fn parse(path: &Path, text: &str) -> Result<[u8; 32], SecretError> {
    let digest: Digest = text.trim().parse().map_err(|_| SecretError::Digits(path.to_owned()))?;
    Ok(*digest.as_bytes())
}

/// Reads what only the owner may read.
pub fn read_text(path: &Path) -> Result<Zeroizing<String>, SecretError> {
    let bytes = Zeroizing::new(file::read(path, FILE_BYTES_MAX)?);
    let metadata = std::fs::metadata(path).map_err(StoreError::at("read", path))?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(SecretError::Mode { path: path.to_owned(), found: mode });
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| SecretError::Digits(path.to_owned()))?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// Writes 32 bytes.
pub fn write(path: &Path, secret: &[u8; 32]) -> Result<(), SecretError> {
    Ok(file::replace(path, format!("{}\n", Digest::new(*secret)).as_bytes(), 0o600)?)
}

/// 32 bytes nobody can guess.
pub fn random() -> Result<[u8; 32], SecretError> {
    let mut bytes = [0; 32];
    rand::rngs::OsRng.try_fill_bytes(&mut bytes).map_err(|error| SecretError::Random(error.to_string()))?;
    Ok(bytes)
}

/// Reads a secret, or makes one where there is none.
pub fn read_or_make(path: &Path) -> Result<[u8; 32], SecretError> {
    if path.exists() {
        return read(path);
    }
    let secret = random()?;
    write(path, &secret)?;
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use super::super::store::scratch::Scratch;
    use super::*;

    #[test]
    fn secrets_come_back_and_stay_with_their_owner() {
        let scratch = Scratch::new("secrets");
        let path = scratch.path().join("node.key");
        let made = read_or_make(&path).unwrap();
        assert_eq!(read_or_make(&path).unwrap(), made);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(read(&path), Err(SecretError::Mode { found: 0o640, .. })));
        for wrong in ["", "zz", &"0".repeat(63), &"0".repeat(2_000)] {
            file::replace(&path, wrong.as_bytes(), 0o600).unwrap();
            let error = read(&path).unwrap_err().to_string();
            assert!(wrong.len() < 3 || !error.contains(wrong), "{error}");
        }
    }
}
