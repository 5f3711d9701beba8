//! What a building remembers of questions over a restart: what may leave, what it asked and was answered, what others ask,
//! and what it answered them.

use protocol::enquiry::{Enquiry, Reply, ReplyRefusal, SignedEnquiry};
use protocol::{Address, Digest, UnixMs};
use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use crate::core::switch::Switch;

/// Something that is remembered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum EnquiryKept {
    /// Whether the building asks.
    Asking(Switch),
    /// Whether the building replies.
    Replying(Switch),
    /// What the building asked.
    Asked(OwnEnquiry),
    /// What another building replied to it.
    Got(Box<GotReply>),
    /// What another building asks.
    Held(HeldEnquiry),
    /// What the building replied to another.
    Said(Box<OwnReply>),
}

/// Which of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EnquiryKeptKey {
    /// The one there is.
    Asking,
    /// The one there is.
    Replying,
    /// By question.
    Asked(Digest),
    /// By question and whose reply it is.
    Got(Digest, Address),
    /// By question.
    Held(Digest),
    /// By question.
    Said(Digest),
}

/// What the building asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct OwnEnquiry {
    /// What.
    pub enquiry: Enquiry,
    /// When.
    pub at: UnixMs,
    /// Whether its syndic wants to hear no more of it. It counts for the day's measure until it is over.
    pub is_closed: bool,
}

/// What another building replied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct GotReply {
    /// What.
    pub reply: Reply,
    /// Who, under its first key.
    pub from: Address,
    /// When it came.
    pub at: UnixMs,
}

/// What another building asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct HeldEnquiry {
    /// What, and whose.
    pub signed: SignedEnquiry,
    /// When it came.
    pub at: UnixMs,
    /// Whether the syndic put it aside. Nobody else learns that.
    pub is_aside: bool,
}

/// What the building replied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct OwnReply {
    /// To what.
    pub enquiry: Enquiry,
    /// What.
    pub reply: Reply,
    /// When.
    pub at: UnixMs,
    /// What became of it.
    pub told: Told,
}

/// What became of a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Told {
    /// Nothing was heard of it.
    Waiting,
    /// The asker has it.
    Kept,
    /// The asker does not take it.
    Refused(ReplyRefusal),
    /// The question was over, or its asker gone, before it arrived.
    Lapsed,
}

impl Told {
    /// The name in API and page.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Kept => "kept",
            Self::Refused(refusal) => refusal.name(),
            Self::Lapsed => "lapsed",
        }
    }
}

impl EnquiryKept {
    /// Which one it is.
    pub fn key(&self) -> EnquiryKeptKey {
        match self {
            Self::Asking(_) => EnquiryKeptKey::Asking,
            Self::Replying(_) => EnquiryKeptKey::Replying,
            Self::Asked(own) => EnquiryKeptKey::Asked(own.enquiry.id()),
            Self::Got(got) => EnquiryKeptKey::Got(got.reply.enquiry(), got.from),
            Self::Held(held) => EnquiryKeptKey::Held(held.signed.enquiry.id()),
            Self::Said(own) => EnquiryKeptKey::Said(own.enquiry.id()),
        }
    }
}

impl EnquiryKeptKey {
    /// Where it lies, below the letter of all of them.
    pub fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Asking => vec![0],
            Self::Replying => vec![1],
            Self::Asked(id) => [&[2], id.as_bytes().as_slice()].concat(),
            Self::Got(id, from) => [&[3], id.as_bytes().as_slice(), from.as_bytes()].concat(),
            Self::Held(id) => [&[4], id.as_bytes().as_slice()].concat(),
            Self::Said(id) => [&[5], id.as_bytes().as_slice()].concat(),
        }
    }
}
