//! What may be asked about incident cards, about what became of machines, and about what several buildings notice at
//! once.

use crate::request::Reply;
use crate::view::{
    CardDraft, CardPreview, HintView, LearntView, OwnCardsView, OwnSurvivalsView, StreetView, SurvivalDraft,
    SurvivalHintView, SurvivalPreview, SurvivalView,
};

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
    /// What became of similar machines; words of the lists, none for any.
    Survived { part: String, sign: Option<String>, age: Option<String>, reply: Reply<SurvivalView> },
    /// What the building can tell of the machine behind an alert, by its id.
    SurvivalHint { alert: String, reply: Reply<SurvivalHintView> },
    /// What would leave of it.
    SurvivalPreview { draft: SurvivalDraft, reply: Reply<SurvivalPreview> },
    /// What was handed in of machines.
    OwnSurvivals(Reply<OwnSurvivalsView>),
    /// What the hive was told that several buildings noticed.
    Street(Reply<StreetView>),
}
