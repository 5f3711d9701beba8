//! What members owe survives a restart: bans and debts in a small file, written when somebody is banned and now and then
//! while somebody owes something. It is never synced: a power cut may forgive what a restart does not. What is read is
//! bounded, and no ban lasts longer than a new one would, whatever the clock says meanwhile.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use protocol::{Bounded, PublicKey, decode, encode};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};
use tokio::time::Instant;

use super::limits::{BAN, BANS_MAX, STANDING_WRITTEN_EVERY};

/// Largest file: a key, three figures and their heads for each member.
const FILE_BYTES_MAX: usize = 64 * BANS_MAX;

/// What one member owes, by the wall clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub(super) struct Owed {
    pub(super) peer: PublicKey,
    /// Debts when it was written.
    points: u32,
    /// When it was written, milliseconds since 1970.
    at_ms: i64,
    /// When its ban ends; 0 where there is none.
    until_ms: i64,
}

impl Owed {
    /// Debts that are left, and how long it is still banned.
    pub(super) fn now(&self, wall_ms: i64) -> (u32, Option<Duration>) {
        let passed_s = wall_ms.saturating_sub(self.at_ms).max(0) / 1_000;
        let points = self.points.saturating_sub(u32::try_from(passed_s).unwrap_or(u32::MAX));
        let left_ms = u64::try_from(self.until_ms.saturating_sub(wall_ms)).unwrap_or(0);
        let left = Duration::from_millis(left_ms).min(BAN);
        (points, (!left.is_zero()).then_some(left))
    }
}

/// The file.
#[derive(Debug, Default)]
pub(super) struct Remembered {
    file: Option<PathBuf>,
    bans: BTreeMap<PublicKey, Instant>,
    written: Vec<Owed>,
    looked: Option<Instant>,
}

impl Remembered {
    /// Reads the file. One that does not read is told of and replaced by the next one.
    pub(super) fn open(file: Option<&Path>) -> (Self, Vec<Owed>) {
        let remembered = Self { file: file.map(Path::to_owned), ..Self::default() };
        let Some(file) = file else { return (remembered, Vec::new()) };
        let bytes = match read_few(file) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return (remembered, Vec::new()),
            Err(error) => {
                tracing::warn!(%error, file = %file.display(), "what members owe is not known");
                return (remembered, Vec::new());
            }
        };
        match read(&bytes) {
            Ok(owed) => (remembered, owed),
            Err(error) => {
                tracing::warn!(%error, file = %file.display(), "what members owe is not known");
                (remembered, Vec::new())
            }
        }
    }

    /// Somebody is banned.
    pub(super) fn ban(&mut self, peer: PublicKey, until: Instant) {
        self.bans.insert(peer, until);
        // Written with the next look.
        self.looked = None;
    }

    /// Writes what is owed, if it is time and something changed. `debts` are members with points.
    pub(super) fn look(&mut self, now: Instant, wall_ms: i64, debts: impl Iterator<Item = (PublicKey, u32)>) {
        self.bans.retain(|_, until| now < *until);
        let is_due = self.looked.is_none_or(|looked| now - looked >= STANDING_WRITTEN_EVERY);
        if self.file.is_none() || !is_due {
            return;
        }
        self.looked = Some(now);
        let mut owed: BTreeMap<PublicKey, Owed> = BTreeMap::new();
        let of = |peer| Owed { peer, points: 0, at_ms: wall_ms, until_ms: 0 };
        for (peer, until) in &self.bans {
            let left_ms = i64::try_from((*until - now).as_millis()).unwrap_or(0);
            owed.insert(*peer, Owed { until_ms: wall_ms.saturating_add(left_ms), ..of(*peer) });
        }
        for (peer, points) in debts.filter(|(_, points)| *points > 0) {
            owed.entry(peer).or_insert_with(|| of(peer)).points = points;
        }
        let mut owed: Vec<Owed> = owed.into_values().collect();
        // Bans first, and of them those that last longest.
        owed.sort_by_key(|one| (std::cmp::Reverse(one.until_ms), std::cmp::Reverse(one.points)));
        owed.truncate(BANS_MAX);
        self.write(owed);
    }

    fn write(&mut self, owed: Vec<Owed>) {
        let Some(file) = self.file.as_ref().filter(|_| !(owed.is_empty() && self.written.is_empty())) else {
            return;
        };
        let list = Bounded::<Owed, BANS_MAX>::new(owed.clone()).expect("invariant: it was cut to the bound");
        let beside = file.with_extension("new");
        let done = std::fs::write(&beside, encode(&list)).and_then(|()| std::fs::rename(&beside, file));
        match done {
            Ok(()) => self.written = owed,
            Err(error) => tracing::warn!(%error, file = %file.display(), "what members owe is not kept"),
        }
    }
}

fn read_few(file: &Path) -> std::io::Result<Vec<u8>> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    let most = u64::try_from(FILE_BYTES_MAX).expect("invariant: a small number");
    std::fs::File::open(file)?.take(most + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What such a file says.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Owed>, protocol::DecodeError> {
    decode::<Bounded<Owed, BANS_MAX>>(bytes, FILE_BYTES_MAX).map(Bounded::into_vec)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::store::scratch::Scratch;
    use protocol::SigningKey;

    fn key(n: u8) -> PublicKey {
        SigningKey::from_seed(&[n; 32]).public()
    }

    #[test]
    fn what_is_owed_is_there_after_a_restart_and_time_forgives_it() {
        let scratch = Scratch::new("standing");
        let file = scratch.path().join("standing");
        let (mut before, none) = Remembered::open(Some(&file));
        assert_eq!(none, []);
        let (now, wall) = (Instant::now(), 1_765_000_000_000);
        before.ban(key(1), now + BAN);
        before.look(now, wall, [(key(1), 0), (key(2), 60), (key(3), 0)].into_iter());
        let (_, owed) = Remembered::open(Some(&file));
        let owed: BTreeMap<PublicKey, Owed> = owed.into_iter().map(|one| (one.peer, one)).collect();
        assert_eq!(owed.len(), 2, "who owes nothing is forgotten");
        assert_eq!(owed[&key(1)].now(wall), (0, Some(BAN)));
        assert_eq!(owed[&key(1)].now(wall + 1_000), (0, Some(BAN - Duration::from_secs(1))));
        let ban_ms = i64::try_from(BAN.as_millis()).unwrap();
        assert_eq!(owed[&key(1)].now(wall + ban_ms), (0, None));
        assert_eq!(owed[&key(2)].now(wall + 25_999), (35, None));
        assert_eq!(owed[&key(2)].now(i64::MAX), (0, None));
        // A clock that was set back makes no ban longer than a new one and forgives nothing.
        assert_eq!(owed[&key(1)].now(i64::MIN), (0, Some(BAN)));
        assert_eq!(owed[&key(2)].now(i64::MIN).0, 60);
    }

    #[test]
    fn a_ban_that_is_over_leaves_the_file_and_a_file_that_does_not_read_forgives() {
        let scratch = Scratch::new("standing-over");
        let file = scratch.path().join("standing");
        let (mut before, _) = Remembered::open(Some(&file));
        let now = Instant::now();
        before.ban(key(1), now + BAN);
        before.look(now, 0, std::iter::empty());
        assert_eq!(Remembered::open(Some(&file)).1.len(), 1);
        before.look(now + BAN, 600_000, std::iter::empty());
        assert_eq!(Remembered::open(Some(&file)).1, []);
        for bytes in [vec![0x9f; 3], vec![0; FILE_BYTES_MAX + 1], vec![0x81]] {
            std::fs::write(&file, bytes).unwrap();
            assert_eq!(Remembered::open(Some(&file)).1, []);
        }
        let many = (0..=u8::MAX).map(|n| (key(n), u32::from(n) + 1));
        let (mut full, _) = Remembered::open(Some(&file));
        full.ban(key(9), now + BAN);
        full.look(now, 0, many.chain([(SigningKey::from_seed(&[7; 32]).public(), 3)]));
        assert!(Remembered::open(Some(&file)).1.len() <= BANS_MAX);
        assert_eq!(Remembered::open(Some(&file)).1[0].peer, key(9), "the ban is kept first");
    }
}
