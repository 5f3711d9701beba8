//! Sessions of residents, who show a key instead of a password. They live in memory only: a page that has the key comes
//! in again by itself.

use std::collections::BTreeMap;

use crate::actor::{Actor, SignedInAs};
use protocol::energy::Salt;
use protocol::{Digest, PublicKey, UnixMs};

/// Open sessions.
const SESSIONS_MAX: usize = 2_048;
/// Challenges that wait for their answer.
const CHALLENGES_MAX: usize = 256;
/// Life of a session, milliseconds.
pub(crate) const LIFE_MS: i64 = 12 * 60 * 60 * 1_000;
/// Life of a challenge, milliseconds.
const CHALLENGE_MS: i64 = 2 * 60 * 1_000;

/// A resident who is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Resident {
    pub(crate) person: u32,
    pub(crate) name: String,
    pub(crate) key: PublicKey,
    pub(crate) opened: UnixMs,
}

impl Resident {
    /// As whom commands name them.
    pub(super) fn actor(&self) -> Actor {
        Actor { name: self.name.clone(), role: SignedInAs::Resident, person: Some(self.person) }
    }
}

/// Everybody who is in, by hash of the session's id, and who is about to come in.
#[derive(Debug, Default)]
pub(crate) struct Residents {
    sessions: BTreeMap<Digest, Resident>,
    challenges: Vec<(Salt, UnixMs)>,
}

impl Residents {
    /// A challenge that may be answered once; the oldest goes where there are too many.
    pub(crate) fn challenge(&mut self, now: UnixMs, random: [u8; Salt::LEN]) -> Salt {
        self.challenges.retain(|(_, made)| now.since(*made) < CHALLENGE_MS);
        if self.challenges.len() >= CHALLENGES_MAX {
            self.challenges.remove(0);
        }
        let challenge = Salt::new(random);
        self.challenges.push((challenge, now));
        challenge
    }

    /// Whether a challenge waits; it does not wait again.
    pub(crate) fn spend(&mut self, now: UnixMs, challenge: &Salt) -> bool {
        let before = self.challenges.len();
        let waits =
            self.challenges.iter().any(|(one, made)| one == challenge && now.since(*made) < CHALLENGE_MS);
        self.challenges.retain(|(one, _)| one != challenge);
        waits && before > self.challenges.len()
    }

    /// Lets a resident in; the longest open session goes where there are too many.
    pub(crate) fn open(&mut self, session: Digest, resident: Resident) {
        self.sessions.retain(|_, open| resident.opened.since(open.opened) < LIFE_MS);
        if self.sessions.len() >= SESSIONS_MAX
            && let Some(oldest) =
                self.sessions.iter().min_by_key(|(_, open)| open.opened).map(|(key, _)| *key)
        {
            self.sessions.remove(&oldest);
        }
        self.sessions.insert(session, resident);
    }

    /// Who is in by this session.
    pub(crate) fn who(&self, now: UnixMs, session: &Digest) -> Option<&Resident> {
        self.sessions.get(session).filter(|open| now.since(open.opened) < LIFE_MS)
    }

    /// Ends a session.
    pub(crate) fn end(&mut self, session: &Digest) {
        self.sessions.remove(session);
    }

    /// Ends every session of a key.
    pub(crate) fn end_key(&mut self, key: &PublicKey) {
        self.sessions.retain(|_, open| open.key != *key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_answered_once_and_in_time() {
        let mut residents = Residents::default();
        let first = residents.challenge(UnixMs(0), [1; 16]);
        assert!(residents.spend(UnixMs(1), &first));
        assert!(!residents.spend(UnixMs(1), &first));
        let second = residents.challenge(UnixMs(0), [2; 16]);
        assert!(!residents.spend(UnixMs(CHALLENGE_MS), &second));
        for n in 0..CHALLENGES_MAX {
            residents.challenge(UnixMs(0), u128::try_from(n + 10).unwrap().to_be_bytes());
        }
        assert_eq!(residents.challenges.len(), CHALLENGES_MAX);
    }

    #[test]
    fn sessions_end_by_time_by_key_and_by_number() {
        let mut residents = Residents::default();
        let resident = |n: u8, opened| Resident {
            person: n.into(),
            name: String::new(),
            key: PublicKey::new([n; 32]),
            opened: UnixMs(opened),
        };
        let session = |n: usize| Digest::of("test", &[&n.to_be_bytes()]);
        residents.open(session(1), resident(1, 0));
        residents.open(session(2), resident(2, 1));
        assert_eq!(residents.who(UnixMs(LIFE_MS), &session(1)), None);
        assert_eq!(residents.who(UnixMs(LIFE_MS), &session(2)).map(|open| open.person), Some(2));
        residents.end_key(&PublicKey::new([2; 32]));
        assert_eq!(residents.who(UnixMs(2), &session(2)), None);
        (0..SESSIONS_MAX + 5).for_each(|n| residents.open(session(n + 10), resident(3, 5)));
        assert_eq!(residents.sessions.len(), SESSIONS_MAX);
        residents.end(&session(SESSIONS_MAX + 14));
        assert_eq!(residents.who(UnixMs(6), &session(SESSIONS_MAX + 14)), None);
    }
}
