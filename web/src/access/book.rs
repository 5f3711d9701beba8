//! The people of this building and their open sessions: a plain, bounded value that is told the time. The shell keeps
//! its bytes on disk; passwords, session ids and codes are in it as hashes only.

use super::code::ClaimCode;
use super::password::Hash;
use crate::actor::{Actor, UserRole};
use crate::problem::{Kind, Problem};
use protocol::limits::{ACCOUNTS_BYTES_MAX, ACTOR_BYTES_MAX, SESSIONS_MAX, USERS_MAX};
use protocol::{DecodeError, Digest, UnixMs};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// Life of a session, whether used or not.
pub(crate) const SESSION_LIFE_MS: i64 = 30 * DAY_MS;
/// A session nobody used for so long is over.
const SESSION_IDLE_MS: i64 = 10 * DAY_MS;
/// Life of a code that an operator gives somebody.
const USER_CODE_LIFE_MS: i64 = 7 * DAY_MS;
/// Uses within this time of each other are one.
const SEEN_STEP_MS: i64 = 60 * 1000;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// Whose sessions those are that were opened with the operator token.
const TOKEN_USER: UserId = UserId(0);
/// Bytes of a session's device.
const DEVICE_BYTES_MAX: usize = 64;

/// Number of a user; never given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct UserId(pub(crate) u32);

/// Users and sessions.
#[derive(Clone, Debug, PartialEq, Serialize_tuple, Deserialize_tuple)]
pub struct Book {
    next: u32,
    #[serde(deserialize_with = "protocol::bounded::list::<_, _, USERS_MAX>")]
    users: Vec<User>,
    #[serde(deserialize_with = "protocol::bounded::list::<_, _, SESSIONS_MAX>")]
    sessions: Vec<Session>,
}

/// A person. Without a password somebody who may come in once with a code.
#[derive(Clone, Debug, PartialEq, Serialize_tuple, Deserialize_tuple)]
pub(crate) struct User {
    pub(crate) id: UserId,
    pub(crate) name: String,
    pub(crate) role: UserRole,
    pub(crate) created: UnixMs,
    pub(super) password: Option<Hash>,
    code: Option<UserCode>,
}

#[derive(Clone, Debug, PartialEq, Serialize_tuple, Deserialize_tuple)]
struct UserCode {
    hash: Digest,
    expires: UnixMs,
}

/// A signed-in browser.
#[derive(Clone, Debug, PartialEq, Serialize_tuple, Deserialize_tuple)]
pub(crate) struct Session {
    /// Hash of the id, which only the browser has.
    pub(crate) key: Digest,
    pub(crate) user: UserId,
    pub(crate) device: String,
    pub(crate) created: UnixMs,
    seen: Seen,
}

/// When a session was used last. Copies share it, so that using a session is no change of the book.
#[derive(Clone, Debug)]
struct Seen(Arc<AtomicI64>);

impl PartialEq for Seen {
    fn eq(&self, other: &Self) -> bool {
        self.at() == other.at()
    }
}

impl Seen {
    fn at(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Serialize for Seen {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.at().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Seen {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        i64::deserialize(deserializer).map(|at| Self(Arc::new(AtomicI64::new(at))))
    }
}

/// Why the bytes of a book cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BookError {
    #[error(transparent)]
    Decode(#[from] DecodeError),
    #[error("{what} within its limits expected, found {found}")]
    Limit { what: &'static str, found: usize },
}

impl Default for Book {
    fn default() -> Self {
        Self { next: 1, users: Vec::new(), sessions: Vec::new() }
    }
}

impl Book {
    /// The bytes to keep.
    pub fn to_bytes(&self) -> Vec<u8> {
        protocol::encode(self)
    }

    /// The book of these bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BookError> {
        let book: Self = protocol::decode(bytes, ACCOUNTS_BYTES_MAX)?;
        let limit =
            |what, found, holds: bool| if holds { Ok(()) } else { Err(BookError::Limit { what, found }) };
        limit("users", book.users.len(), book.users.len() <= USERS_MAX)?;
        limit("sessions", book.sessions.len(), book.sessions.len() <= SESSIONS_MAX)?;
        for user in &book.users {
            let sound = user.password.as_ref().is_none_or(Hash::is_sound);
            let known = user.id != TOKEN_USER && user.id.0 < book.next;
            limit("a user", user.name.len(), check_name(&user.name).is_ok() && sound && known)?;
        }
        Ok(book)
    }

    /// Whether nobody could sign in as operator with a password yet.
    pub fn needs_claim(&self) -> bool {
        self.operators() == 0
    }

    pub(crate) fn users(&self) -> &[User] {
        &self.users
    }

    pub(crate) fn user(&self, id: UserId) -> Option<&User> {
        self.users.iter().find(|user| user.id == id)
    }

    pub(crate) fn named(&self, name: &str) -> Option<&User> {
        let name = name.trim().to_lowercase();
        self.users.iter().find(|user| user.name.to_lowercase() == name)
    }

    /// The user who may come in with this code.
    pub(super) fn invited(&self, now: UnixMs, code: &ClaimCode) -> Option<&User> {
        let hash = code.hash();
        self.users.iter().find(|user| {
            let code = user.code.as_ref().filter(|code| now < code.expires);
            code.is_some_and(|code| hash == *code.hash.as_bytes())
        })
    }

    /// Adds somebody who may come in once with the code answered.
    pub(crate) fn add(
        &mut self,
        now: UnixMs,
        name: &str,
        role: UserRole,
    ) -> Result<(&User, ClaimCode, UnixMs), Problem> {
        let id = self.insert(now, name, role)?;
        let (code, expires) = self.invite(now, id)?;
        Ok((self.users.last().expect("invariant: just added"), code, expires))
    }

    /// A new code for somebody, whose password and sessions end.
    pub(crate) fn invite(&mut self, now: UnixMs, id: UserId) -> Result<(ClaimCode, UnixMs), Problem> {
        self.keeps_an_operator_without(id)?;
        let user = self.user_mut(id)?;
        let (code, expires) = (ClaimCode::random(), now.plus(USER_CODE_LIFE_MS));
        user.password = None;
        user.code = Some(UserCode { hash: Digest::new(*code.hash().as_bytes()), expires });
        self.sessions.retain(|session| session.user != id);
        Ok((code, expires))
    }

    /// The person with access to the box becomes an operator: a new one, or the one of that name with a new password.
    pub(super) fn claim(&mut self, now: UnixMs, name: &str, password: Hash) -> Result<UserId, Problem> {
        let id = match self.named(name).map(|user| user.id) {
            Some(id) => id,
            None => self.insert(now, name, UserRole::Operator)?,
        };
        self.user_mut(id)?.role = UserRole::Operator;
        self.set_password(id, password)?;
        Ok(id)
    }

    /// A password of one's own; codes and earlier sessions end.
    pub(super) fn set_password(&mut self, id: UserId, password: Hash) -> Result<(), Problem> {
        let user = self.user_mut(id)?;
        (user.password, user.code) = (Some(password), None);
        self.sessions.retain(|session| session.user != id);
        Ok(())
    }

    pub(crate) fn rename(&mut self, id: UserId, name: &str) -> Result<(), Problem> {
        let name = check_name(name)?;
        if self.named(name).is_some_and(|user| user.id != id) {
            return Err(taken(name));
        }
        name.clone_into(&mut self.user_mut(id)?.name);
        Ok(())
    }

    pub(crate) fn set_role(&mut self, id: UserId, role: UserRole) -> Result<(), Problem> {
        if role != UserRole::Operator {
            self.keeps_an_operator_without(id)?;
        }
        self.user_mut(id)?.role = role;
        Ok(())
    }

    pub(crate) fn remove(&mut self, id: UserId) -> Result<(), Problem> {
        self.user_mut(id)?;
        self.keeps_an_operator_without(id)?;
        self.users.retain(|user| user.id != id);
        self.sessions.retain(|session| session.user != id);
        Ok(())
    }

    /// Opens a session; the one unused for longest goes when there are too many.
    pub(super) fn open(&mut self, now: UnixMs, key: Digest, user: Option<UserId>, mut device: String) {
        self.sessions.retain(|session| session.is_open(now));
        if self.sessions.len() >= SESSIONS_MAX
            && let Some(oldest) = self.sessions.iter().min_by_key(|session| session.seen.at()).map(|s| s.key)
        {
            self.end(|session| session.key == oldest);
        }
        while device.len() > DEVICE_BYTES_MAX {
            device.pop();
        }
        let seen = Seen(Arc::new(AtomicI64::new(now.0)));
        self.sessions.push(Session { key, user: user.unwrap_or(TOKEN_USER), device, created: now, seen });
    }

    /// Ends sessions and answers how many.
    pub(crate) fn end(&mut self, which: impl Fn(&Session) -> bool) -> usize {
        let before = self.sessions.len();
        self.sessions.retain(|session| !which(session));
        before - self.sessions.len()
    }

    /// Open sessions, the one used last first.
    pub(crate) fn sessions(&self, now: UnixMs) -> Vec<&Session> {
        let mut open: Vec<_> = self.sessions.iter().filter(|session| session.is_open(now)).collect();
        open.sort_by_key(|session| std::cmp::Reverse((session.seen.at(), session.key)));
        open
    }

    /// The open session of this key and whose it is.
    pub(crate) fn session(&self, now: UnixMs, key: &Digest) -> Option<(&Session, Actor)> {
        let session = self.sessions.iter().find(|session| session.key == *key && session.is_open(now))?;
        if session.user == TOKEN_USER {
            return Some((session, Actor::token()));
        }
        let user = self.user(session.user)?;
        Some((session, Actor { name: user.name.clone(), role: user.role.into(), person: None }))
    }

    fn insert(&mut self, now: UnixMs, name: &str, role: UserRole) -> Result<UserId, Problem> {
        let name = check_name(name)?;
        if self.named(name).is_some() {
            return Err(taken(name));
        }
        if self.users.len() >= USERS_MAX {
            return Err(Problem::new(Kind::TooMany, format!("there are {USERS_MAX} people already")));
        }
        let id = UserId(self.next);
        self.next += 1;
        self.users.push(User { id, name: name.to_owned(), role, created: now, password: None, code: None });
        Ok(id)
    }

    fn user_mut(&mut self, id: UserId) -> Result<&mut User, Problem> {
        let missing = || Problem::new(Kind::NotFound, "there is no such person").field("id");
        self.users.iter_mut().find(|user| user.id == id).ok_or_else(missing)
    }

    fn operators(&self) -> usize {
        self.users.iter().filter(|user| user.is_acting_operator()).count()
    }

    /// Somebody must be left who can let others in.
    fn keeps_an_operator_without(&self, id: UserId) -> Result<(), Problem> {
        let is_last = self.operators() == 1 && self.user(id).is_some_and(User::is_acting_operator);
        if is_last {
            let detail = "this is the last operator; make somebody else an operator first";
            return Err(Problem::new(Kind::Conflict, detail).field("role"));
        }
        Ok(())
    }
}

impl User {
    /// Whether this person has signed in once and chosen a password.
    pub(crate) fn is_active(&self) -> bool {
        self.password.is_some()
    }

    fn is_acting_operator(&self) -> bool {
        self.role == UserRole::Operator && self.is_active()
    }
}

impl Session {
    pub(crate) fn seen(&self) -> UnixMs {
        UnixMs(self.seen.at())
    }

    pub(crate) fn expires(&self) -> UnixMs {
        self.created.plus(SESSION_LIFE_MS)
    }

    /// Notes that it is used.
    pub(super) fn touch(&self, now: UnixMs) {
        if now.since(self.seen()) >= SEEN_STEP_MS {
            self.seen.0.store(now.0, Ordering::Relaxed);
        }
    }

    /// Whose it is; none when it was opened with the operator token.
    pub(crate) fn person(&self) -> Option<UserId> {
        (self.user != TOKEN_USER).then_some(self.user)
    }

    /// How long it may still last without being used.
    pub(super) fn left(&self, now: UnixMs) -> Duration {
        let ends = self.expires().min(self.seen().plus(SESSION_IDLE_MS));
        Duration::from_millis(u64::try_from(ends.since(now)).unwrap_or(0))
    }

    fn is_open(&self, now: UnixMs) -> bool {
        now < self.expires() && now.since(self.seen()) < SESSION_IDLE_MS
    }
}

fn taken(name: &str) -> Problem {
    Problem::new(Kind::Conflict, format!("somebody is called `{name}` already")).field("name")
}

/// A name as it may be kept: trimmed, short, plain text, and not the word that stands for scripts.
fn check_name(name: &str) -> Result<&str, Problem> {
    let name = name.trim();
    let invalid = |detail: String| Err(Problem::new(Kind::Invalid, detail).field("name"));
    if name.is_empty() || name.len() > ACTOR_BYTES_MAX || name.chars().any(char::is_control) {
        return invalid(format!("expected 1 to {ACTOR_BYTES_MAX} bytes without control characters"));
    }
    if name.eq_ignore_ascii_case(&Actor::token().name) {
        return invalid("expected another name: this one stands for scripts".to_owned());
    }
    Ok(name)
}

#[cfg(test)]
mod tests;
