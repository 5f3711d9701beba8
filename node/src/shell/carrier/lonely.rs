//! How long nobody stayed with this node. Whoever is let in nowhere any more still meets others for a moment, until they
//! look at its key; such a moment is no company.

use protocol::Tick;

/// A member that stays this long is company, milliseconds.
const COMPANY_MS: u64 = 2_000;

/// Since when this node is alone.
#[derive(Debug, Default)]
pub(in crate::shell) struct Lonely {
    since: Option<Tick>,
    company_since: Option<Tick>,
}

impl Lonely {
    /// Takes note of whether others are there now; answers for how long nobody stayed, milliseconds.
    pub(super) fn note(&mut self, now: Tick, has_company: bool) -> u64 {
        if has_company {
            let came = *self.company_since.get_or_insert(now);
            if now.since(came) >= COMPANY_MS {
                self.since = None;
                return 0;
            }
        } else {
            self.company_since = None;
        }
        now.since(*self.since.get_or_insert(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_no_company() {
        let mut lonely = Lonely::default();
        assert_eq!(lonely.note(Tick(0), false), 0);
        assert_eq!(lonely.note(Tick(3_000), true), 3_000);
        assert_eq!(lonely.note(Tick(3_100), false), 3_100);
        assert_eq!(lonely.note(Tick(6_000), true), 6_000);
        assert_eq!(lonely.note(Tick(7_999), true), 7_999);
        assert_eq!(lonely.note(Tick(8_000), true), 0, "it stayed");
        assert_eq!(lonely.note(Tick(9_000), false), 0);
        assert_eq!(lonely.note(Tick(9_500), false), 500);
    }
}
