//! What may be asked and wanted about questions to neighbours.

use crate::request::Reply;
use crate::view::{EnquiriesView, EnquiryDraft, ReplyView};

/// A question about questions.
#[derive(Debug)]
pub enum EnquiryCall {
    /// What this building asked, and what others ask it.
    All(Reply<EnquiriesView>),
}

/// Something to be done about them.
#[derive(Clone, Debug, PartialEq)]
pub enum EnquiryCommand {
    /// Asks everybody.
    Ask(EnquiryDraft),
    /// Replies to a question, by its id.
    Reply { enquiry: String, reply: Box<ReplyView> },
    /// Hears no more of a question, by its id.
    PutAside { enquiry: String },
}
