//! What may be asked about the building's plans.

use crate::request::Reply;
use crate::view::{EquipmentView, PlanView};

/// A question about plans.
#[derive(Debug)]
pub enum PlanCall {
    /// The plan in force.
    Plan(Reply<PlanView>),
    /// What the owner says of the building's equipment.
    Equipment(Reply<EquipmentView>),
}
