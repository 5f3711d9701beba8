//! What comes of questions to neighbours: to be stored and sent, in this order.

use protocol::enquiry::EnquiryMessage;

pub(super) use crate::core::scene::Scene;

use super::stored::{EnquiryKept, EnquiryKeptKey};
use crate::core::act;

/// How far another clock may be ahead, milliseconds.
pub(super) const CLOCK_MS: i64 = 5 * 60 * 1000;

/// Something to be done.
pub(super) type Act = act::Act<EnquiryKept, EnquiryKeptKey, EnquiryMessage>;
