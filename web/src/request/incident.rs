//! What may be asked about incident cards, and about what several buildings notice at once.

use crate::request::Reply;
use crate::view::{CardDraft, CardPreview, HintView, LearntView, OwnCardsView, StreetView};

/// A question about incident cards or notices.
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
    /// What the hive was told that several buildings noticed.
    Street(Reply<StreetView>),
}
