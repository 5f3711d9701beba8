//! Who may come in: scripts with the operator token, people with a name and a password, somebody new with a one-time
//! code. People and sessions are one bounded book; a change of it is on disk before it counts.

mod book;
mod code;
mod device;
mod keep;
mod password;
mod residents;
mod throttle;

pub use book::{Book, BookError};
pub use code::{ClaimCode, NoCode};
pub use keep::AccountsCall;

pub(crate) use residents::LIFE_MS as RESIDENT_LIFE_MS;

pub(crate) use book::{SESSION_LIFE_MS, Session, User, UserId};

use crate::actor::{Actor, SignedInAs};
use crate::app::ask;
use crate::credentials;
use crate::problem::{Kind, Problem};
use crate::serve::Connection;
use crate::{Handles, Settings};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use password::Hasher;
use protocol::energy::Salt;
use protocol::{Digest, PublicKey, UnixMs};
use residents::{Resident, Residents};
use std::net::IpAddr;
use std::time::Duration;
use throttle::Throttle;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::Instant;

/// How often the times at which sessions were used last go to the disk, if there are new ones.
const SEEN_KEPT_EVERY: Duration = Duration::from_secs(6 * 60 * 60);

/// How a request showed who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) actor: Actor,
    /// None for the operator token.
    pub(crate) user: Option<UserId>,
    /// None for a script: it sent the token, which no foreign page has.
    pub(crate) session: Option<Digest>,
}

/// A fresh session: what the browser gets, and who it is.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) cookie: String,
    pub(crate) actor: Actor,
    pub(crate) expires: UnixMs,
}

/// The accounts of this node.
#[derive(Debug)]
pub(crate) struct Access {
    token: blake3::Hash,
    /// Part of the cookie's name: browsers share cookies between the ports of one host, where several nodes may run.
    node: String,
    book: watch::Sender<Book>,
    /// Held while the book changes.
    pen: Semaphore,
    hasher: Hasher,
    throttle: watch::Sender<Throttle>,
    residents: watch::Sender<Residents>,
    keeper: mpsc::Sender<AccountsCall>,
    wall: fn() -> UnixMs,
}

impl Access {
    pub(crate) fn new(handles: &Handles, settings: &Settings) -> Self {
        let token = blake3::hash(settings.operator_token.trim().as_bytes());
        let node = blake3::hash(token.as_bytes()).to_hex();
        Self {
            token,
            node: node[..8].to_owned(),
            book: watch::Sender::new(settings.book.clone()),
            pen: Semaphore::new(1),
            hasher: Hasher::new(),
            throttle: watch::Sender::default(),
            residents: watch::Sender::default(),
            keeper: handles.accounts.clone(),
            wall: settings.wall,
        }
    }

    /// Keeps on disk now and then when sessions were used last. Ends with the accounts.
    pub(crate) async fn keep_seen(access: std::sync::Weak<crate::app::App>) {
        let mut kept = Vec::new();
        loop {
            tokio::time::sleep(SEEN_KEPT_EVERY).await;
            let Some(app) = access.upgrade() else { return };
            let bytes = app.access.book.borrow().to_bytes();
            if bytes != kept && app.access.change(|_| Ok(())).await.is_ok() {
                kept = bytes;
            }
        }
    }

    /// The wall's time.
    pub(crate) fn now(&self) -> UnixMs {
        (self.wall)()
    }

    /// The book of this moment, for a look.
    pub(crate) fn book(&self) -> watch::Ref<'_, Book> {
        self.book.borrow()
    }

    /// Whether this is the operator token. `blake3::Hash` compares in constant time.
    fn is_token(&self, token: &str) -> bool {
        blake3::hash(token.trim().as_bytes()) == self.token
    }

    /// Who sent a request with these headers.
    pub(crate) fn identify(&self, headers: &HeaderMap, connection: Connection) -> Option<Caller> {
        if let Some(value) = headers.get(header::AUTHORIZATION) {
            let token = credentials::token(value.to_str().ok()?)?;
            return self.is_token(&token).then(|| Caller {
                actor: Actor::token(),
                user: None,
                session: None,
            });
        }
        let (key, now) = (self.session_key(headers, connection)?, self.now());
        if let Some(resident) = self.residents.borrow().who(now, &key) {
            return Some(Caller { actor: resident.actor(), user: None, session: Some(key) });
        }
        let book = self.book.borrow();
        let (session, actor) = book.session(now, &key)?;
        session.touch(now);
        Some(Caller { actor, user: session.person(), session: Some(key) })
    }

    /// Done when the session is over, however it ends.
    pub(crate) async fn end_of(&self, session: Digest) {
        let mut book = self.book.subscribe();
        loop {
            let Some(left) =
                book.borrow_and_update().session(self.now(), &session).map(|(s, _)| s.left(self.now()))
            else {
                return;
            };
            if let Ok(Err(_)) = tokio::time::timeout(left, book.changed()).await {
                return;
            }
        }
    }

    /// Something for a resident's key to sign, once.
    pub(crate) fn challenge(&self) -> Salt {
        let mut challenge = Salt::new([0; Salt::LEN]);
        let random: [u8; Salt::LEN] = rand::random();
        let now = self.now();
        self.residents.send_modify(|residents| challenge = residents.challenge(now, random));
        challenge
    }

    /// Whether a challenge waits for its answer; it does not wait again.
    pub(crate) fn spend(&self, challenge: &Salt, visit: &Visit<'_>) -> Result<(), Problem> {
        let (mut waits, now) = (false, self.now());
        self.residents.send_modify(|residents| waits = residents.spend(now, challenge));
        if waits {
            return Ok(());
        }
        self.try_now(visit.address(), "")?;
        let detail = "this challenge was answered, or is too old";
        Err(Problem::new(Kind::Unauthorized, detail).field("challenge"))
    }

    /// Lets a resident in whose key was checked.
    pub(crate) fn with_key(&self, person: u32, name: String, key: PublicKey, visit: &Visit<'_>) -> Opened {
        let (id, now) = (random_id(), self.now());
        let session = Digest::new(*blake3::hash(id.as_bytes()).as_bytes());
        let resident = Resident { person, name, key, opened: now };
        let actor = resident.actor();
        self.residents.send_modify(|residents| residents.open(session, resident));
        let cookie = self.cookie(visit.connection, &id, RESIDENT_LIFE_MS / 1000);
        Opened { cookie, actor, expires: now.plus(RESIDENT_LIFE_MS) }
    }

    /// The key that opened a resident's session.
    pub(crate) fn key_of(&self, caller: &Caller) -> Option<PublicKey> {
        let session = caller.session?;
        self.residents.borrow().who(self.now(), &session).map(|resident| resident.key)
    }

    /// Ends every session of a resident's key.
    pub(crate) fn end_key(&self, key: &PublicKey) {
        self.residents.send_modify(|residents| residents.end_key(key));
    }

    /// Exchanges the operator token for a session.
    pub(crate) async fn with_token(&self, token: &str, visit: &Visit<'_>) -> Result<Opened, Problem> {
        self.try_now(visit.address(), Actor::token().name.as_str())?;
        if !self.is_token(token) {
            let detail = "this is not the operator token of this node";
            return Err(Problem::new(Kind::Unauthorized, detail).field("token"));
        }
        self.was_right(visit.address(), Actor::token().name.as_str());
        self.change(|book| self.open(book, None, visit)).await
    }

    /// Signs a person in. A wrong name and a wrong password look and last the same.
    pub(crate) async fn with_password(
        &self,
        name: &str,
        password: String,
        visit: &Visit<'_>,
    ) -> Result<Opened, Problem> {
        self.try_now(visit.address(), name)?;
        let known = self.book.borrow().named(name).map(|user| (user.id, user.password.clone()));
        let (id, stored) = known.map_or((None, None), |(id, stored)| (Some(id), stored));
        let is_right = self.hasher.verify(password, stored.clone()).await?;
        let wrong =
            || Problem::new(Kind::Unauthorized, "name and password do not belong together").field("password");
        let id = id.filter(|_| is_right).ok_or_else(wrong)?;
        self.was_right(visit.address(), name);
        self.change(|book| {
            // The password may have changed while this one was being checked.
            let unchanged = book.user(id).is_some_and(|user| user.password == stored);
            if unchanged { self.open(book, Some(id), visit) } else { Err(wrong()) }
        })
        .await
    }

    /// Lets somebody new in: with the code of the box an operator, with a code of an operator whoever it was made for.
    pub(crate) async fn claim(
        &self,
        code: &str,
        name: &str,
        password: String,
        visit: &Visit<'_>,
    ) -> Result<Opened, Problem> {
        self.try_code_now(visit.address())?;
        password::check(&password)?;
        let wrong = || Problem::new(Kind::Unauthorized, "this code is not valid, or no longer").field("code");
        let code: ClaimCode = code
            .parse()
            .map_err(|error: NoCode| Problem::new(Kind::Invalid, error.to_string()).field("code"))?;
        let invited = self.book.borrow().invited(self.now(), &code).map(|user| (user.id, user.name.clone()));
        let Some((id, known)) = invited else {
            let mut draft = self.book.borrow().clone();
            if !self.is_box_code(code, false).await? {
                return Err(wrong());
            }
            let hash = self.hasher.hash(password).await?;
            draft.claim(self.now(), name, hash.clone())?;
            if !self.is_box_code(code, true).await? {
                return Err(wrong());
            }
            self.code_was_right(visit.address());
            return self
                .change(|book| {
                    let id = book.claim(self.now(), name, hash)?;
                    self.open(book, Some(id), visit)
                })
                .await;
        };
        if !name.trim().is_empty() && known.to_lowercase() != name.trim().to_lowercase() {
            let detail = format!("this code was made for `{known}`");
            return Err(Problem::new(Kind::Invalid, detail).field("name"));
        }
        let hash = self.hasher.hash(password).await?;
        self.code_was_right(visit.address());
        self.change(|book| {
            book.invited(self.now(), &code).filter(|user| user.id == id).ok_or_else(wrong)?;
            book.set_password(id, hash)?;
            self.open(book, Some(id), visit)
        })
        .await
    }

    /// A new password for whoever knows the old one; all other sessions end.
    pub(crate) async fn new_password(
        &self,
        id: UserId,
        old: String,
        new: String,
        visit: &Visit<'_>,
    ) -> Result<Opened, Problem> {
        let user = self.book.borrow().user(id).map(|user| (user.name.clone(), user.password.clone()));
        let gone = || Problem::new(Kind::Unauthorized, "sign in first");
        let (name, stored) = user.ok_or_else(gone)?;
        self.try_now(visit.address(), &name)?;
        password::check(&new)?;
        if !self.hasher.verify(old, stored).await? {
            return Err(Problem::new(Kind::Invalid, "this is not the present password").field("old"));
        }
        self.was_right(visit.address(), &name);
        let hash = self.hasher.hash(new).await?;
        self.change(|book| {
            book.set_password(id, hash)?;
            self.open(book, Some(id), visit)
        })
        .await
    }

    /// Ends the session of these headers and returns the `Set-Cookie` value that removes the cookie.
    pub(crate) async fn sign_out(
        &self,
        headers: &HeaderMap,
        connection: Connection,
    ) -> Result<String, Problem> {
        let key = self.session_key(headers, connection);
        if let Some(key) = &key {
            self.residents.send_modify(|residents| residents.end(key));
        }
        if key.is_some_and(|key| self.book.borrow().session(self.now(), &key).is_some()) {
            self.change(|book| Ok(book.end(|session| Some(session.key) == key))).await?;
        }
        Ok(self.cookie(connection, "", 0))
    }

    /// Changes the book: on disk first, then for everybody. Nobody else changes it meanwhile.
    pub(crate) async fn change<T>(
        &self,
        change: impl FnOnce(&mut Book) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let _pen = self.pen.acquire().await.expect("invariant: the pen is never closed");
        let mut book = self.book.borrow().clone();
        let done = change(&mut book)?;
        let kept = Box::new(book.clone());
        ask(&self.keeper, |reply| AccountsCall::Keep { book: kept, reply }).await?;
        self.book.send_replace(book);
        Ok(done)
    }

    fn open(&self, book: &mut Book, user: Option<UserId>, visit: &Visit<'_>) -> Result<Opened, Problem> {
        let (id, now) = (random_id(), self.now());
        let key = Digest::new(*blake3::hash(id.as_bytes()).as_bytes());
        book.open(now, key, user, visit.device());
        let (session, actor) = book.session(now, &key).expect("invariant: just opened");
        let cookie = self.cookie(visit.connection, &id, SESSION_LIFE_MS / 1000);
        Ok(Opened { cookie, actor, expires: session.expires() })
    }

    async fn is_box_code(&self, code: ClaimCode, spend: bool) -> Result<bool, Problem> {
        ask(&self.keeper, |reply| AccountsCall::IsBoxCode { code, spend, reply }).await
    }

    fn try_now(&self, address: IpAddr, name: &str) -> Result<(), Problem> {
        let mut told = Ok(());
        self.throttle.send_modify(|throttle| told = throttle.try_now(Instant::now(), address, name));
        told.map_err(too_early)
    }

    fn try_code_now(&self, address: IpAddr) -> Result<(), Problem> {
        let mut told = Ok(());
        self.throttle.send_modify(|throttle| told = throttle.try_code(Instant::now(), address));
        told.map_err(too_early)
    }

    fn code_was_right(&self, address: IpAddr) {
        self.throttle.send_modify(|throttle| throttle.code_was_right(address));
    }

    fn was_right(&self, address: IpAddr, name: &str) {
        self.throttle.send_modify(|throttle| throttle.was_right(address, name));
    }

    fn session_key(&self, headers: &HeaderMap, connection: Connection) -> Option<Digest> {
        let wanted = self.cookie_name(connection);
        let values = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs =
            values.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let id = pairs.find(|(name, _)| *name == wanted)?.1;
        Some(Digest::new(*blake3::hash(id.as_bytes()).as_bytes()))
    }

    /// `__Host-`: no other host and no plain http page can set it.
    fn cookie_name(&self, connection: Connection) -> String {
        format!("{}symbiose_{}", if connection.https { "__Host-" } else { "" }, self.node)
    }

    fn cookie(&self, connection: Connection, id: &str, age_s: i64) -> String {
        let (name, secure) = (self.cookie_name(connection), if connection.https { "; Secure" } else { "" });
        format!("{name}={id}; Path=/; HttpOnly; SameSite=Strict{secure}; Max-Age={age_s}")
    }
}

/// From where somebody signs in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Visit<'a> {
    pub(crate) headers: &'a HeaderMap,
    pub(crate) connection: Connection,
}

impl Visit<'_> {
    fn address(&self) -> IpAddr {
        self.connection.peer
    }

    fn device(&self) -> String {
        let agent = self.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
        device::label(agent.unwrap_or_default())
    }
}

impl Caller {
    /// Whether this is one of the caller's own sessions.
    pub(crate) fn owns(&self, session: &Session) -> bool {
        session.person() == self.user
    }

    pub(crate) fn is_operator(&self) -> bool {
        self.actor.role == SignedInAs::Operator
    }
}

fn too_early(wait: Duration) -> Problem {
    let seconds = wait.as_secs() + 1;
    Problem::new(Kind::TooMany, format!("too many wrong tries; try again in {seconds} s")).retry(seconds)
}

fn random_id() -> String {
    let bytes: [u8; 32] = rand::random();
    blake3::Hash::from_bytes(bytes).to_hex().to_string()
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let missing = || Problem::new(Kind::Unauthorized, "sign in first");
        parts.extensions.get::<Self>().cloned().ok_or_else(missing)
    }
}
