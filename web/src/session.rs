//! Who may come in: scripts with the operator token, browsers with a session they got for it. Tokens are compared by
//! their hashes in constant time; session ids are random, live in memory only and are bounded in number and age.

use crate::credentials;
use axum::http::{HeaderMap, header};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// Sessions at one time; the oldest goes first.
const SESSIONS_MAX: usize = 256;
/// Life of a session.
pub(crate) const SESSION_LIFE: Duration = Duration::from_secs(12 * 60 * 60);

/// How a request showed who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Identity {
    /// `Authorization: Bearer`, or `Basic` with the token as password: a script, which no foreign page can imitate.
    Token,
    /// The session cookie: a browser, whose writes must come from our own page.
    Session,
}

/// The token's hash and the sessions made with it. The cookie's name depends on the token, because browsers share
/// cookies between the ports of one host and several nodes may run there.
#[derive(Debug)]
pub(crate) struct Sessions {
    token: blake3::Hash,
    cookie: String,
    /// Hash of each session id and when it was made.
    open: watch::Sender<BTreeMap<[u8; 32], Instant>>,
}

impl Sessions {
    pub(crate) fn new(token: &str) -> Self {
        let token = blake3::hash(token.trim().as_bytes());
        let name = blake3::hash(token.as_bytes()).to_hex();
        Self { token, cookie: format!("symbiose_{}", &name[..8]), open: watch::Sender::new(BTreeMap::new()) }
    }

    /// Whether this is the operator token. `blake3::Hash` compares in constant time.
    pub(crate) fn is_token(&self, token: &str) -> bool {
        blake3::hash(token.as_bytes()) == self.token
    }

    /// Who sent a request with these headers.
    pub(crate) fn identify(&self, headers: &HeaderMap) -> Option<Identity> {
        if let Some(value) = headers.get(header::AUTHORIZATION) {
            let token = credentials::token(value.to_str().ok()?)?;
            return self.is_token(&token).then_some(Identity::Token);
        }
        let made = self.open.borrow().get(&self.session(headers)?).copied()?;
        (made.elapsed() < SESSION_LIFE).then_some(Identity::Session)
    }

    /// Opens a session and returns its `Set-Cookie` value. The id is known to the browser only.
    pub(crate) fn sign_in(&self) -> String {
        let id = random_id();
        let now = Instant::now();
        self.open.send_modify(|open| {
            open.retain(|_, made| now.duration_since(*made) < SESSION_LIFE);
            if open.len() >= SESSIONS_MAX
                && let Some(oldest) = open.iter().min_by_key(|(_, made)| **made).map(|(hash, _)| *hash)
            {
                open.remove(&oldest);
            }
            open.insert(*blake3::hash(id.as_bytes()).as_bytes(), now);
        });
        format!("{}={id}; {}; Max-Age={}", self.cookie, COOKIE_ATTRIBUTES, SESSION_LIFE.as_secs())
    }

    /// Closes the session of these headers and returns the `Set-Cookie` value that removes the cookie.
    pub(crate) fn sign_out(&self, headers: &HeaderMap) -> String {
        if let Some(session) = self.session(headers) {
            self.open.send_if_modified(|open| open.remove(&session).is_some());
        }
        format!("{}=; {}; Max-Age=0", self.cookie, COOKIE_ATTRIBUTES)
    }

    fn session(&self, headers: &HeaderMap) -> Option<[u8; 32]> {
        let values = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs =
            values.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let id = pairs.find(|(name, _)| *name == self.cookie)?.1;
        Some(*blake3::hash(id.as_bytes()).as_bytes())
    }
}

/// `Secure` is missing because the page is served over plain http, on loopback only.
const COOKIE_ATTRIBUTES: &str = "Path=/; HttpOnly; SameSite=Strict";

fn random_id() -> String {
    let bytes: [u8; 32] = rand::random();
    blake3::Hash::from_bytes(bytes).to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn headers(name: header::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).expect("a header value"))])
    }

    fn cookie_of(set_cookie: &str) -> &str {
        set_cookie.split(';').next().expect("a first part")
    }

    #[test]
    fn only_the_whole_token_counts() {
        let sessions = Sessions::new("secret\n");
        let who = |value| sessions.identify(&headers(header::AUTHORIZATION, value));
        assert_eq!(who("Bearer secret"), Some(Identity::Token));
        assert_eq!(who("bearer secret"), Some(Identity::Token));
        for wrong in ["Bearer secre", "Bearer secrets", "Bearer ", "Basic secret", "secret", "Bearer"] {
            assert_eq!(who(wrong), None, "{wrong}");
        }
        assert_eq!(sessions.identify(&HeaderMap::new()), None);
    }

    #[test]
    fn a_session_lasts_until_it_is_closed() {
        let sessions = Sessions::new("secret");
        let set = sessions.sign_in();
        assert!(set.contains("HttpOnly") && set.contains("SameSite=Strict"), "{set}");
        let with = headers(header::COOKIE, &format!("theme=dark; {}", cookie_of(&set)));
        assert_eq!(sessions.identify(&with), Some(Identity::Session));
        assert!(sessions.sign_out(&with).contains("Max-Age=0"));
        assert_eq!(sessions.identify(&with), None);
    }

    #[test]
    fn the_table_is_bounded_and_the_newest_stay() {
        let sessions = Sessions::new("secret");
        let all: Vec<String> = (0..SESSIONS_MAX + 10).map(|_| sessions.sign_in()).collect();
        assert_eq!(sessions.open.borrow().len(), SESSIONS_MAX);
        let last = headers(header::COOKIE, cookie_of(&all[SESSIONS_MAX + 9]));
        assert_eq!(sessions.identify(&last), Some(Identity::Session));
    }

    #[test]
    fn two_nodes_on_one_host_have_two_cookies() {
        assert_ne!(Sessions::new("a").cookie, Sessions::new("b").cookie);
    }
}
