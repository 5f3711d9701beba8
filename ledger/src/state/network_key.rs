//! The hive's network key as the ledger knows it: an epoch, a hash, and whether somebody who knows it was shut out. The
//! key itself never stands here.

use protocol::limits::NETWORK_KEY_PAUSE_MS;
use protocol::network_key::NameNetworkKey;

use super::entry::{Entry, Key, NamedNetworkKey};
use super::execute::{BlockContext, Event};
use super::{Overlay, State};
use crate::error::Reject;

impl State {
    /// What is known of the network key; `None` while it is the first one and nobody was shut out.
    pub fn network_key(&self) -> Option<&NamedNetworkKey> {
        match self.get(&Key::NetworkKey) {
            Some(Entry::NetworkKey(named)) => Some(named),
            Some(_) | None => None,
        }
    }
}

/// Names the next key. After an exclusion at once; otherwise not more often than every few minutes, so that no single
/// authority can keep the hive changing its locks.
pub(super) fn name(
    overlay: &mut Overlay<'_>,
    context: &BlockContext,
    named: &NameNetworkKey,
) -> Result<Vec<Event>, Reject> {
    let before = of(overlay);
    let due = before.as_ref().map_or(1, |before| before.epoch + 1);
    if named.epoch != due {
        return Err(Reject::NetworkKey { detail: "another epoch is due" });
    }
    let paused = before.as_ref().is_some_and(|before| {
        before.epoch > 0 && !before.is_due && context.time.since(before.since) < NETWORK_KEY_PAUSE_MS
    });
    if paused {
        return Err(Reject::NetworkKey { detail: "it was changed a few minutes ago" });
    }
    let NameNetworkKey { epoch, hash } = named.clone();
    put(overlay, NamedNetworkKey { epoch, hash: Some(hash), since: context.time, is_due: false });
    Ok(vec![Event::NetworkKeyNamed(epoch)])
}

/// Somebody who knows the key was shut out.
pub(super) fn want_another(overlay: &mut Overlay<'_>, context: &BlockContext) -> Event {
    let before = of(overlay);
    let before =
        before.unwrap_or(NamedNetworkKey { epoch: 0, hash: None, since: context.time, is_due: true });
    put(overlay, NamedNetworkKey { is_due: true, ..before });
    Event::NetworkKeyDue
}

fn of(overlay: &Overlay<'_>) -> Option<NamedNetworkKey> {
    match overlay.get(&Key::NetworkKey) {
        Some(Entry::NetworkKey(named)) => Some(named.clone()),
        Some(_) | None => None,
    }
}

fn put(overlay: &mut Overlay<'_>, named: NamedNetworkKey) {
    overlay.put(Key::NetworkKey, Entry::NetworkKey(named));
}
