//! Work orders: opened once per reference, moved forward by the building that opened them.

use protocol::{AdvanceWorkOrder, OpenWorkOrder, WorkOrderStatus};

use super::{Context, Model, Order};

impl Model {
    pub(super) fn open(&mut self, context: &Context, open: &OpenWorkOrder) -> Result<(), String> {
        let building = self.origin(&context.author);
        if !self.references.insert((building, open.reference)) {
            return Err(format!("{} opens {:?} a second time", context.author, open.reference));
        }
        self.orders.push(Order {
            building,
            reference: open.reference,
            status: WorkOrderStatus::Open,
            commitment: open.commitment,
            opened: context.height,
            changed: (context.height, context.id),
        });
        Ok(())
    }

    pub(super) fn advance(&mut self, context: &Context, advance: &AdvanceWorkOrder) -> Result<(), String> {
        let (id, building) = (advance.id, self.origin(&context.author));
        let index = usize::try_from(id.0).ok().and_then(|number| number.checked_sub(1));
        let order = index.and_then(|index| self.orders.get_mut(index));
        let order = order.ok_or(format!("work order {id} does not exist"))?;
        if order.building != building {
            return Err(format!("{} moves work order {id} of {}", context.author, order.building));
        }
        let place = |status| match status {
            WorkOrderStatus::Open => 0,
            WorkOrderStatus::InProgress => 1,
            WorkOrderStatus::Done => 2,
        };
        if order.status == WorkOrderStatus::Done || place(advance.status) < place(order.status) {
            return Err(format!("work order {id} goes from {} to {}", order.status, advance.status));
        }
        order.status = advance.status;
        order.commitment = advance.commitment;
        order.changed = (context.height, context.id);
        Ok(())
    }
}
