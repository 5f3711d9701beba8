//! Work orders: opened once per reference, moved forward by the building that opened them (F3.9, F3.11).

use protocol::limits::WORK_ORDERS_OPEN_PER_MEMBER_MAX;
use protocol::{
    Address, AdvanceWorkOrder, Digest, OpenWorkOrder, TransactionId, WorkOrderId, WorkOrderStatus,
};

use super::Overlay;
use super::entry::{Entry, Key, MemberEntry, Meta, Place, WorkOrder};
use super::execute::{BlockContext, Event};
use crate::error::Reject;

/// Opens a work order.
pub(super) fn open(
    overlay: &mut Overlay<'_>,
    context: &BlockContext,
    author: Address,
    member: &MemberEntry,
    open: &OpenWorkOrder,
    transaction: TransactionId,
) -> Result<Vec<Event>, Reject> {
    let building = overlay.origin(&author);
    let reference = reference_key(building, &open.reference);
    if overlay.has(&reference) {
        return Err(Reject::Known { what: "work order", key: open.reference });
    }
    if member.open_work_orders as usize >= WORK_ORDERS_OPEN_PER_MEMBER_MAX {
        return Err(Reject::Full {
            what: "open work orders of a building",
            max: WORK_ORDERS_OPEN_PER_MEMBER_MAX,
        });
    }
    let meta = overlay.meta().clone();
    let id = WorkOrderId(meta.work_orders + 1);
    overlay.put_meta(Meta { work_orders: id.0, ..meta });
    overlay.put(reference, Entry::Reference(id));
    let now = Place { height: context.height, time: context.time, transaction };
    let order = WorkOrder {
        building,
        reference: open.reference,
        asset: open.asset,
        kind: open.kind,
        policy: open.policy,
        severity: open.severity,
        status: WorkOrderStatus::Open,
        commitment: open.commitment,
        opened: now,
        changed: now,
    };
    overlay.put(Key::WorkOrder(id), Entry::WorkOrder(order));
    count_open(overlay, author, 1);
    Ok(vec![Event::WorkOrderOpened { id, building, reference: open.reference }])
}

/// Moves a work order forward or records a new state of its notes.
pub(super) fn advance(
    overlay: &mut Overlay<'_>,
    context: &BlockContext,
    author: Address,
    advance: &AdvanceWorkOrder,
    transaction: TransactionId,
) -> Result<Vec<Event>, Reject> {
    let building = overlay.origin(&author);
    let id = advance.id;
    let Some(Entry::WorkOrder(order)) = overlay.get(&Key::WorkOrder(id)) else {
        return Err(Reject::Unknown { what: "work order", number: id.0 });
    };
    let order = order.clone();
    if order.building != building {
        return Err(Reject::NotYours { id, owner: order.building });
    }
    if !order.status.may_become(advance.status) {
        return Err(Reject::Transition { id, from: order.status, to: advance.status });
    }
    let (reference, status) = (order.reference, advance.status);
    let changed = Place { height: context.height, time: context.time, transaction };
    let order = WorkOrder { status, commitment: advance.commitment, changed, ..order };
    overlay.put(Key::WorkOrder(id), Entry::WorkOrder(order));
    if status == WorkOrderStatus::Done {
        count_open(overlay, author, -1);
    }
    Ok(vec![Event::WorkOrderAdvanced { id, building, reference, status }])
}

pub(super) fn reference_key(building: Address, reference: &Digest) -> Key {
    Key::Reference(Digest::of(
        "symbiose work order reference v1",
        &[building.as_bytes(), reference.as_bytes()],
    ))
}

fn count_open(overlay: &mut Overlay<'_>, author: Address, change: i32) {
    let mut member = overlay.member(&author).expect("invariant: the author was checked").clone();
    member.open_work_orders = member
        .open_work_orders
        .checked_add_signed(change)
        .expect("invariant: a work order is counted once when it opens and once when it is done");
    overlay.put_member(author, member);
}
