//! Whether something may leave the building, as a person last said.

use protocol::{Now, UnixMs};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::Core;

/// What a person said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Switch {
    /// Whether it may leave.
    pub is_on: bool,
    /// When that was said.
    pub at: UnixMs,
}

/// What may be switched on and off by itself. Private sums have their own way, since a building has to say what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// Cards of incidents that are over.
    IncidentCard,
    /// Cards of what became of machines after an alert.
    Survival,
    /// Signals of what is noticed just now.
    StreetSignal,
    /// Questions to neighbours.
    Enquiry,
    /// Replies to their questions.
    EnquiryReply,
}

impl Purpose {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::IncidentCard, Self::Survival, Self::StreetSignal, Self::Enquiry, Self::EnquiryReply];

    /// The name in API and page.
    pub const fn name(self) -> &'static str {
        match self {
            Self::IncidentCard => "incident_card",
            Self::Survival => "survival",
            Self::StreetSignal => "street_signal",
            Self::Enquiry => "enquiry",
            Self::EnquiryReply => "enquiry_reply",
        }
    }

    /// The one of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }
}

impl Core {
    /// A person says whether something may leave, from this moment on.
    pub(super) fn switch(&mut self, now: Now, purpose: Purpose, is_on: bool) {
        let switch = Switch { is_on, at: now.time };
        match purpose {
            Purpose::IncidentCard => self.switch_cards(now, switch),
            Purpose::Survival => self.switch_survival(now, switch),
            Purpose::StreetSignal => self.switch_street(now, switch),
            Purpose::Enquiry => self.switch_enquiries(now, switch),
            Purpose::EnquiryReply => self.switch_replies(now, switch),
        }
    }
}
