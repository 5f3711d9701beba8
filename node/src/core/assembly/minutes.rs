//! The minutes of a concluded assembly: made by whoever shows them, signed by chair and syndic as one hash, brought to the
//! ledger. Where the law lets the time for an appeal run from the minutes, it runs from there.

use protocol::assembly::{AssemblyAction, MinutesNotice, SignedMinutes};
use protocol::{Digest, Now, Signature};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::meeting::Gathering;
use super::{Done, HomeError, Kept, Who};
use crate::core::Core;
use crate::core::outbox::Purpose;

/// What chair and syndic signed of the minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct MinutesSigned {
    /// The assembly's number.
    pub number: u32,
    /// What is signed.
    pub notice: MinutesNotice,
    /// Whoever chaired.
    pub by_chair: Option<Signature>,
    /// The syndic.
    pub by_syndic: Option<Signature>,
}

impl Gathering {
    /// Keeps the text of the minutes from being found by trying.
    pub fn minutes_salt(&self) -> Digest {
        Digest::of("symbiose minutes salt v1", &[self.stored.seed.as_bytes()])
    }

    /// What the ledger knows a text of the minutes by.
    pub fn minutes_hash(&self, text: &str) -> Digest {
        Digest::of("symbiose minutes v1", &[self.minutes_salt().as_bytes(), text.as_bytes()])
    }
}

impl Core {
    /// What chair and syndic sign under minutes of this hash: the next version, or the one on record.
    pub fn minutes_notice(&self, gathering: &Gathering, minutes: Digest) -> Result<MinutesNotice, HomeError> {
        let id = gathering.id().ok_or(HomeError::NoAssembly)?;
        let assembly = self.ledger().state().assembly(&id).ok_or(HomeError::NoAssembly)?;
        if assembly.ended.is_none() {
            return Err(HomeError::Stage { expected: "has its results on the ledger" });
        }
        let version = match assembly.minutes {
            Some(held) if held.minutes == minutes => held.version,
            Some(held) => held.version + 1,
            None => 1,
        };
        Ok(MinutesNotice { assembly: id, minutes, version })
    }

    /// Takes the chair's or the syndic's signature; with both the hash goes to the ledger.
    pub(super) fn sign_minutes(
        &mut self,
        now: Now,
        who: &Who,
        number: u32,
        (minutes, signature): (Digest, Signature),
    ) -> Result<Done, HomeError> {
        let gathering = self.home.gatherings().get(&number).ok_or(HomeError::NoAssembly)?;
        let notice = self.minutes_notice(gathering, minutes)?;
        let counters = gathering.stored.opening.as_ref().ok_or(HomeError::NoAssembly)?.counters;
        let chain = self.ledger.chain();
        let by_chair = notice.is_signed_by(&counters.chair, &signature, &chain);
        let by_syndic = notice.is_signed_by(&counters.syndic, &signature, &chain);
        if who.person.is_none() || (!by_chair && !by_syndic) {
            let expected = "the chair or the syndic, with the key that was announced";
            return Err(HomeError::NotYours { expected });
        }
        let known = gathering.minutes.filter(|known| known.notice == notice);
        let mut signed = known.unwrap_or(MinutesSigned { number, notice, by_chair: None, by_syndic: None });
        if by_chair {
            signed.by_chair = Some(signature);
        } else {
            signed.by_syndic = Some(signature);
        }
        let gathering = self.home.gatherings.get_mut(&number).expect("invariant: it was just seen");
        gathering.minutes = Some(signed);
        self.keep([Kept::Minutes(signed)]);
        self.bring(now, number);
        Ok(Done::Gathering(number))
    }

    /// Brings minutes that both signed.
    pub(super) fn bring_minutes(&mut self, now: Now, number: u32) {
        let signed = self.home.gatherings().get(&number).and_then(|gathering| gathering.minutes);
        let Some(MinutesSigned { notice, by_chair: Some(by_chair), by_syndic: Some(by_syndic), .. }) = signed
        else {
            return;
        };
        let action = AssemblyAction::Minutes(SignedMinutes { notice, by_chair, by_syndic });
        if !self.ledger.state().has_assembly_action(&action) {
            self.wish(now, action, Purpose::Minutes(number));
        }
    }
}
