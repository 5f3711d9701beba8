//! What may be asked about the building's plans.

use crate::request::Reply;
use crate::view::{EquipmentView, PlanView, ShiftView};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A question about plans.
#[derive(Debug)]
pub enum PlanCall {
    /// The plan in force.
    Plan(Reply<PlanView>),
    /// What the hive asked for, newest first.
    Shifts(Reply<Vec<ShiftView>>),
    /// What the owner says of the building's equipment.
    Equipment(Reply<EquipmentView>),
}

/// A person's answer to a request to use energy earlier.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShiftAnswer {
    pub accept: bool,
}
