//! What may be asked about incident cards.

use crate::request::Reply;
use crate::view::{CardDraft, CardPreview, HintView, LearntView, OwnCardsView};

/// A question about incident cards.
#[derive(Debug)]
pub enum IncidentCall {
    /// What others did; words of the lists, none for any.
    Learn { system: Option<String>, symptom: Option<String>, flow: Option<String>, reply: Reply<LearntView> },
    /// What the building can tell of something; the id of an alert or a work order.
    Hint { alert: Option<String>, work_order: Option<String>, reply: Reply<HintView> },
    /// What would leave.
    Preview { draft: Box<CardDraft>, reply: Reply<CardPreview> },
    /// What was handed in.
    Own(Reply<OwnCardsView>),
}
