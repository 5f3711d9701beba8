//! A node that stopped because a copy of it was running says so once more when it is started again: on its page, where
//! whoever starts it may look first.

use std::path::Path;

use super::ready::{Health, Weight};
use super::store::file;

/// The mark in the data folder.
const MARK: &str = "copied";

/// Leaves the mark. A disk that takes nothing any more has its own message.
pub(super) fn note(data_dir: &Path) {
    if let Err(error) = file::replace(&data_dir.join(MARK), b"another copy of this node was running\n", 0o600)
    {
        tracing::warn!(%error, "the next start will not say that a copy was running");
    }
}

/// Says it, once.
pub(super) fn tell(data_dir: &Path, health: &mut Health) {
    let mark = data_dir.join(MARK);
    if !mark.exists() {
        return;
    }
    let text = "This node had stopped because another copy of it was running. If that copy was not yours, somebody has \
                your key: have the authorities revoke it.";
    health.set("copied", Weight::Attention, text);
    tracing::warn!("{text}");
    if let Err(error) = std::fs::remove_file(&mark) {
        tracing::warn!(%error, "the mark of a copy stays");
    }
}

#[cfg(test)]
mod tests {
    use super::super::store::scratch::Scratch;
    use super::*;

    #[test]
    fn the_next_start_says_it_and_the_one_after_does_not() {
        let scratch = Scratch::new("copied");
        note(scratch.path());
        let mut health = Health::default();
        tell(scratch.path(), &mut health);
        assert!(health.has("copied"));
        let mut health = Health::default();
        tell(scratch.path(), &mut health);
        assert!(!health.has("copied"));
    }
}
