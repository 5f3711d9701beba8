//! Passwords: argon2id (RFC 9106) with parameters a Raspberry Pi can bear, one hash at a time, and only a few waiting.

use crate::problem::{Kind, Problem};
use argon2::{Algorithm, Argon2, Params, Version};
use protocol::limits::PASSWORD_BYTES_MAX;
use serde_tuple::{Deserialize_tuple, Serialize_tuple};
use std::fmt;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Fewest characters of a password.
const CHARACTERS_MIN: usize = 10;
/// OWASP's second choice for argon2id: 19 MiB, two passes, one lane. About a third of a second on a Pi 4.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
/// What a stored hash may ask of us, so that a damaged file cannot take the machine's memory.
const MEMORY_KIB_MAX: u32 = 256 * 1024;
const PASSES_MAX: u32 = 16;
/// Sign-ins that wait for their hash; further ones are told to try again.
const WAITING_MAX: usize = 8;

/// A password as it is stored, with the parameters it was hashed with.
#[derive(Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub(super) struct Hash {
    memory_kib: u32,
    passes: u32,
    salt: [u8; 16],
    hash: [u8; 32],
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hash(…)")
    }
}

impl Hash {
    fn of(password: &[u8]) -> Self {
        let mut made = Self { memory_kib: MEMORY_KIB, passes: PASSES, salt: rand::random(), hash: [0; 32] };
        made.hash = made.compute(password);
        made
    }

    /// Something no password has, for names nobody has: they shall take as long as others.
    fn of_nobody() -> Self {
        Self { memory_kib: MEMORY_KIB, passes: PASSES, salt: [0; 16], hash: [0; 32] }
    }

    /// Whether the parameters are within our means.
    pub(super) fn is_sound(&self) -> bool {
        (8..=MEMORY_KIB_MAX).contains(&self.memory_kib) && (1..=PASSES_MAX).contains(&self.passes)
    }

    fn is_of(&self, password: &[u8]) -> bool {
        // `blake3::Hash` compares in constant time.
        blake3::Hash::from_bytes(self.compute(password)) == self.hash
    }

    fn compute(&self, password: &[u8]) -> [u8; 32] {
        let params = Params::new(self.memory_kib, self.passes, 1, Some(32))
            .expect("invariant: parameters are checked when they are read");
        let mut hash = [0; 32];
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(password, &self.salt, &mut hash)
            .expect("invariant: salt and output have lengths argon2 takes");
        hash
    }
}

/// What is asked of a new password.
pub(super) fn check(password: &str) -> Result<(), Problem> {
    let characters = password.chars().count();
    if characters < CHARACTERS_MIN || password.len() > PASSWORD_BYTES_MAX {
        let detail =
            format!("expected at least {CHARACTERS_MIN} characters and at most {PASSWORD_BYTES_MAX} bytes");
        return Err(Problem::new(Kind::Invalid, detail).field("password"));
    }
    Ok(())
}

/// Does the heavy work beside the runtime, one hash at a time.
#[derive(Debug)]
pub(super) struct Hasher {
    waiting: Semaphore,
    one: Arc<Semaphore>,
}

impl Hasher {
    pub(super) fn new() -> Self {
        Self { waiting: Semaphore::new(WAITING_MAX), one: Arc::new(Semaphore::new(1)) }
    }

    /// The hash of a new password.
    pub(super) async fn hash(&self, password: String) -> Result<Hash, Problem> {
        self.work(move || Hash::of(password.as_bytes())).await
    }

    /// Whether the password is the one behind `stored`. Takes as long when there is none.
    pub(super) async fn verify(&self, password: String, stored: Option<Hash>) -> Result<bool, Problem> {
        if password.len() > PASSWORD_BYTES_MAX {
            return Ok(false);
        }
        self.work(move || match stored {
            Some(stored) => stored.is_of(password.as_bytes()),
            None => Hash::of_nobody().is_of(password.as_bytes()),
        })
        .await
    }

    async fn work<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
        let busy = || Problem::new(Kind::TooMany, "many people are signing in; try again in a few seconds");
        let _place = self.waiting.try_acquire().map_err(|_| busy())?;
        // Moved into the work: a caller who goes away does not let a second hash begin beside this one.
        let turn = Arc::clone(&self.one).acquire_owned().await.map_err(|_| busy())?;
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(turn);
            done
        });
        done.await.map_err(|_| Problem::new(Kind::Internal, "the password could not be checked"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_password_itself_fits() {
        let hasher = Hasher::new();
        let stored = hasher.hash("correct horse battery".to_owned()).await.expect("a hash");
        let fits = async |password: &str| hasher.verify(password.to_owned(), Some(stored.clone())).await;
        assert_eq!(fits("correct horse battery").await, Ok(true));
        for wrong in ["", "correct horse batter", "Correct horse battery"] {
            assert_eq!(fits(wrong).await, Ok(false), "{wrong}");
        }
        assert_eq!(hasher.verify("correct horse battery".to_owned(), None).await, Ok(false));
        assert_eq!(fits(&"x".repeat(PASSWORD_BYTES_MAX + 1)).await, Ok(false));
        assert!(!format!("{stored:?}").contains(&stored.memory_kib.to_string()));
        let again = hasher.hash("correct horse battery".to_owned()).await.expect("a hash");
        assert_ne!(again, stored, "each has its own salt");
    }

    #[tokio::test]
    async fn too_many_at_once_are_sent_away() {
        let hasher = Hasher::new();
        let all = (0..WAITING_MAX + 3).map(|_| hasher.work(|| ()));
        let told = futures::future::join_all(all).await;
        let refused = told.iter().filter(|told| told.is_err()).count();
        assert_eq!(refused, 3);
    }

    #[test]
    fn short_and_endless_passwords_are_refused() {
        assert!(check("correct horse").is_ok() && check("ééééééééé1").is_ok());
        for wrong in ["", "ééééé", "123456789", &"x".repeat(PASSWORD_BYTES_MAX + 1)] {
            assert!(check(wrong).is_err(), "{wrong}");
        }
    }
}
