//! Keeps what the web knows of people and sessions in `users.cbor`, and the code of the box in `claim.code`. Whoever
//! reads that file has access to the box, so its code makes an operator; as long as there is none a new one is made
//! whenever the old one expires. Neither goes to the ledger or to other buildings.

use std::path::{Path, PathBuf};
use std::time::Duration;

use protocol::UnixMs;
use protocol::limits::ACCOUNTS_BYTES_MAX;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use web::{AccountsCall, Book, ClaimCode, Kind, Problem};

use super::clock::wall_ms;
use super::store::{StoreError, file};
use super::welcome::Welcome;

/// Wishes of the web that wait.
const CALLS_MAX: usize = 64;
/// How long a code of the box is valid.
const CODE_LIFE_MS: i64 = 15 * 60 * 1000;
/// How often it is looked whether it has expired.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// What `users.cbor` begins with; its checksum and its content follow.
const MAGIC: &[u8; 8] = b"SYMUSR\x00\x01";
const HEAD_BYTES: usize = MAGIC.len() + 4;
/// A code and its last moment are short.
const CODE_FILE_BYTES_MAX: u64 = 256;

/// The code of the box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BoxCode {
    /// What to type.
    pub code: ClaimCode,
    /// First moment at which it is no longer valid, on the wall's clock.
    pub expires: UnixMs,
}

impl BoxCode {
    /// Makes a new one in this data folder; the one before is valid no longer.
    pub fn make(data_dir: &Path) -> Result<Self, StoreError> {
        let made = Self { code: ClaimCode::random(), expires: wall().plus(CODE_LIFE_MS) };
        let text = format!("{}\n{}\n", made.code, made.expires.0);
        file::replace(&code_file(data_dir), text.as_bytes(), 0o600)?;
        Ok(made)
    }

    /// The one of this data folder, if there is one and it is still valid.
    pub fn read(data_dir: &Path) -> Option<Self> {
        let bytes = file::read(&code_file(data_dir), CODE_FILE_BYTES_MAX).ok()?;
        let mut lines = std::str::from_utf8(&bytes).ok()?.lines();
        let code = lines.next()?.parse().ok()?;
        let expires = UnixMs(lines.next()?.parse().ok()?);
        let now = wall();
        // A clock that was set back must not make it valid for longer.
        let is_valid = now < expires && expires.since(now) <= CODE_LIFE_MS;
        is_valid.then_some(Self { code, expires })
    }

    /// The valid one, or a new one.
    pub fn read_or_make(data_dir: &Path) -> Result<Self, StoreError> {
        Self::read(data_dir).map_or_else(|| Self::make(data_dir), Ok)
    }

    fn remove(data_dir: &Path) {
        if let Err(error) = std::fs::remove_file(code_file(data_dir))
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(%error, "the code of the box cannot be removed");
        }
    }
}

/// Reads the people of this building. What cannot be read is moved aside and answered as its reason: then the code of
/// the box lets an operator in again.
pub(crate) fn read(data_dir: &Path) -> Result<(Book, Option<String>), StoreError> {
    let (path, copy) = (users_file(data_dir), users_copy(data_dir));
    if !path.exists() && !copy.exists() {
        return Ok((Book::default(), None));
    }
    let reason = match read_book(&path) {
        Ok(book) => return Ok((book, None)),
        Err(reason) => reason,
    };
    let aside = if path.exists() { file::move_aside(&path)? } else { path.clone() };
    match read_book(&copy) {
        Ok(book) => {
            tracing::error!(reason, "the people of this building are read from the copy");
            file::replace(&path, &frame(&book), 0o600)?;
            Ok((book, None))
        }
        Err(_) => Ok((Book::default(), Some(format!("{reason}; the file is kept as {}", aside.display())))),
    }
}

fn read_book(path: &Path) -> Result<Book, String> {
    let limit = (ACCOUNTS_BYTES_MAX + HEAD_BYTES) as u64;
    let found = file::read(path, limit).map_err(|error| error.to_string());
    found.and_then(|bytes| unframe(&bytes))
}

/// Keeps accounts as long as the web lives. Nobody can be let in by the box while `welcome` is none.
pub(crate) fn start(
    data_dir: PathBuf,
    needs_claim: bool,
    welcome: Welcome,
) -> (mpsc::Sender<AccountsCall>, JoinHandle<()>) {
    let (calls, wishes) = mpsc::channel(CALLS_MAX);
    let keeper = Keeper { data_dir, needs_claim, announced: None, welcome };
    (calls, tokio::spawn(keeper.run(wishes)))
}

struct Keeper {
    data_dir: PathBuf,
    /// Whether there is no operator yet.
    needs_claim: bool,
    /// The code that was told last.
    announced: Option<BoxCode>,
    welcome: Welcome,
}

impl Keeper {
    async fn run(mut self, mut wishes: mpsc::Receiver<AccountsCall>) {
        let mut look = tokio::time::interval(LOOK_EVERY);
        loop {
            let wish = tokio::select! {
                wish = wishes.recv() => wish,
                _ = look.tick() => {
                    self = self.beside(Self::announce).await;
                    continue;
                }
            };
            let Some(wish) = wish else { return };
            self = self.beside(|keeper| keeper.grant(wish)).await;
        }
    }

    /// Does something with files beside the runtime.
    async fn beside(mut self, work: impl FnOnce(&mut Self) + Send + 'static) -> Self {
        let worked = tokio::task::spawn_blocking(move || {
            work(&mut self);
            self
        });
        worked.await.expect("invariant: keeping accounts does not panic")
    }

    /// While there is no operator: sees to it that there is a code, and tells each once.
    fn announce(&mut self) {
        if !self.needs_claim {
            return;
        }
        match BoxCode::read_or_make(&self.data_dir) {
            Ok(code) if self.announced != Some(code) => {
                self.announced = Some(code);
                self.welcome.announce(&code);
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "there is no code to let an operator in"),
        }
    }

    fn grant(&mut self, wish: AccountsCall) {
        // Callers may have given up: then nobody reads the answer.
        match wish {
            AccountsCall::Keep { book, reply } => {
                let framed = frame(&book);
                let kept = file::replace(&users_file(&self.data_dir), &framed, 0o600)
                    .and_then(|()| file::replace(&users_copy(&self.data_dir), &framed, 0o600));
                if kept.is_ok() {
                    self.needs_claim = book.needs_claim();
                }
                let problem = |error: StoreError| {
                    tracing::error!(%error, "people and sessions cannot be kept");
                    Problem::new(Kind::Unavailable, "this cannot be stored right now; see the node's health")
                };
                drop(reply.send(kept.map_err(problem)));
            }
            AccountsCall::IsBoxCode { code, spend, reply } => {
                let known = BoxCode::read(&self.data_dir);
                let is_it = known.is_some_and(|known| known.code.hash() == code.hash());
                if is_it && spend {
                    BoxCode::remove(&self.data_dir);
                }
                drop(reply.send(Ok(is_it)));
            }
        }
    }
}

fn users_file(data_dir: &Path) -> PathBuf {
    data_dir.join("users.cbor")
}

/// The same once more: nobody has to come in anew because of one bad sector.
fn users_copy(data_dir: &Path) -> PathBuf {
    data_dir.join("users.copy")
}

fn code_file(data_dir: &Path) -> PathBuf {
    data_dir.join("claim.code")
}

fn wall() -> UnixMs {
    UnixMs(wall_ms())
}

fn frame(book: &Book) -> Vec<u8> {
    let content = book.to_bytes();
    [&MAGIC[..], &crc32c::crc32c(&content).to_le_bytes(), &content].concat()
}

fn unframe(bytes: &[u8]) -> Result<Book, String> {
    let rest = bytes.strip_prefix(MAGIC).ok_or("not a file of people and sessions")?;
    let (sum, content) = rest.split_first_chunk().ok_or("the file ends early")?;
    if u32::from_le_bytes(*sum) != crc32c::crc32c(content) {
        return Err("the checksum does not fit".to_owned());
    }
    Book::from_bytes(content).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::super::store::scratch::Scratch;
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn people_are_framed_and_a_damaged_file_is_set_aside() {
        let scratch = Scratch::new("accounts");
        let path = users_file(scratch.path());
        assert_eq!(read(scratch.path()).unwrap(), (Book::default(), None));
        let whole = frame(&Book::default());
        for cut in 0..whole.len() {
            assert!(unframe(&whole[..cut]).is_err(), "{cut}");
            let mut wrong = whole.clone();
            wrong[cut] ^= 1;
            assert!(unframe(&wrong).is_err(), "{cut}");
        }
        file::replace(&path, &whole, 0o600).unwrap();
        assert_eq!(read(scratch.path()).unwrap(), (Book::default(), None));
        file::replace(&path, &whole[1..], 0o600).unwrap();
        let (book, reason) = read(scratch.path()).unwrap();
        assert_eq!(book, Book::default());
        assert!(reason.unwrap().contains("damaged-1") && !path.exists());
        file::replace(&users_copy(scratch.path()), &whole, 0o600).unwrap();
        assert_eq!(read(scratch.path()).unwrap(), (Book::default(), None), "the copy has them");
        assert_eq!(std::fs::read(&path).unwrap(), whole);
        file::replace(&path, &whole[1..], 0o600).unwrap();
        assert_eq!(read(scratch.path()).unwrap(), (Book::default(), None));
        assert!(scratch.path().join("users.cbor.damaged-2").exists());
    }

    #[test]
    fn a_code_is_for_the_owners_eyes_and_expires() {
        let scratch = Scratch::new("claim-code");
        assert_eq!(BoxCode::read(scratch.path()), None);
        let made = BoxCode::read_or_make(scratch.path()).unwrap();
        assert_eq!(BoxCode::read_or_make(scratch.path()).unwrap(), made);
        let path = code_file(scratch.path());
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_ne!(BoxCode::make(scratch.path()).unwrap(), made);
        let at = |expires: i64| {
            file::replace(&path, format!("{}\n{expires}\n", made.code).as_bytes(), 0o600).unwrap();
            BoxCode::read(scratch.path())
        };
        assert!(at(wall().0 + 60_000).is_some());
        assert_eq!(at(wall().0 - 1), None, "too old");
        assert_eq!(at(wall().0 + 2 * CODE_LIFE_MS), None, "made when the clock was ahead");
    }

    #[tokio::test]
    async fn a_code_is_spent_once_and_only_made_while_it_is_needed() {
        let scratch = Scratch::new("keeper");
        let made = BoxCode::make(scratch.path()).unwrap();
        let welcome = Welcome { urls: Vec::new(), fingerprint: None };
        let (calls, _task) = start(scratch.path().to_owned(), false, welcome);
        let is_it = async |code, spend| {
            let (reply, answer) = tokio::sync::oneshot::channel();
            calls.send(AccountsCall::IsBoxCode { code, spend, reply }).await.unwrap();
            answer.await.unwrap().unwrap()
        };
        assert!(!is_it(ClaimCode::random(), true).await);
        assert!(is_it(made.code, false).await && is_it(made.code, true).await);
        assert!(!is_it(made.code, true).await && BoxCode::read(scratch.path()).is_none());
        let (reply, answer) = tokio::sync::oneshot::channel();
        calls.send(AccountsCall::Keep { book: Box::default(), reply }).await.unwrap();
        answer.await.unwrap().unwrap();
        assert!(users_file(scratch.path()).exists());
    }
}
