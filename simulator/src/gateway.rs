//! A building's gateway: reads the lift's motor, hands each reading in until it is acknowledged, and now and then the
//! motor runs hot. A caretaker beside it works the orders off.

use node::core::maintenance::WorkOrderEdit;
use node::core::telemetry::Row;
use node::core::{Actor, Command, Core, Input, Payload, Ticket};
use protocol::{UnixMs, WorkOrderStatus};

use crate::chance::Chance;
use crate::metered::Registers;

/// Readings above this for a while raise rule R5.
const HOT_CELSIUS: u64 = 80;
/// Of 1,000 readings this many begin a hot spell.
const HOT_PER_MILLE: u64 = 60;

/// A gateway and what it was promised.
#[derive(Debug)]
pub struct Gateway {
    chance: Chance,
    /// What is not acknowledged yet, and under which tickets it was handed in.
    waiting: Option<(Vec<Payload>, Vec<Ticket>)>,
    /// The counters of its meter.
    registers: Registers,
    hot_readings: u64,
    /// Rows that were acknowledged, in order.
    acknowledged: Vec<Row>,
    /// The motor stays hot.
    pub is_hot: bool,
}

impl Gateway {
    /// A gateway that has read nothing yet.
    pub fn new(chance: Chance) -> Self {
        let registers = Registers::default();
        Self { chance, waiting: None, registers, hot_readings: 0, acknowledged: Vec::new(), is_hot: false }
    }

    /// The reading to hand in: the one that waits, or a new one.
    pub fn hand_in(
        &mut self,
        site: String,
        asset: String,
        meter: Option<String>,
        time: UnixMs,
        ticket: Ticket,
    ) -> Input {
        if self.waiting.is_none() {
            let celsius = self.read_motor();
            let metrics = vec![("motor_temp".to_owned(), Some(celsius))];
            let mut payloads = vec![Payload { site_code: site.clone(), asset_code: asset, time, metrics }];
            if let Some(asset_code) = meter {
                let metrics = self.registers.read(time, &mut self.chance);
                payloads.push(Payload { site_code: site, asset_code, time, metrics });
            }
            self.waiting = Some((payloads, Vec::new()));
        }
        let (payloads, tickets) = self.waiting.as_mut().expect("invariant: filled above");
        tickets.push(ticket);
        Input::Telemetry { ticket, payloads: payloads.clone() }
    }

    /// What was handed in under that ticket is acknowledged; `rows` is what was stored of it.
    pub fn acknowledged(&mut self, ticket: Ticket, rows: Vec<Row>) {
        self.acknowledged.extend(rows);
        self.answered(ticket);
    }

    /// What was handed in under that ticket needs not be handed in again.
    pub fn answered(&mut self, ticket: Ticket) {
        self.waiting = self.waiting.take().filter(|(_, tickets)| !tickets.contains(&ticket));
    }

    /// How many rows were acknowledged.
    pub fn promised(&self) -> usize {
        self.acknowledged.len()
    }

    /// The first acknowledged row that is not among those on disk.
    pub fn lost(&self, on_disk: &[Row]) -> Option<&Row> {
        let mut on_disk = on_disk.iter();
        self.acknowledged.iter().find(|row| !on_disk.any(|other| other == *row))
    }

    /// The building lost its disk: nothing is held against it.
    pub fn excuse(&mut self) {
        self.acknowledged.clear();
    }

    fn read_motor(&mut self) -> f64 {
        if self.hot_readings == 0 && self.chance.per_mille(HOT_PER_MILLE) {
            self.hot_readings = self.chance.between(3, 10);
        }
        let is_hot = self.is_hot || self.hot_readings > 0;
        self.hot_readings = self.hot_readings.saturating_sub(1);
        let tenths = if is_hot {
            self.chance.between(10 * HOT_CELSIUS + 1, 950)
        } else {
            self.chance.between(350, 10 * HOT_CELSIUS)
        };
        f64::from(u32::try_from(tenths).expect("invariant: a motor is not that hot")) / 10.0
    }
}

/// What a caretaker does with one of the open work orders of a building.
pub fn caretake(core: &Core, chance: &mut Chance, ticket: Ticket) -> Option<Input> {
    let orders = core.maintenance().work_orders().values();
    let open: Vec<_> = orders.filter(|order| order.status != WorkOrderStatus::Done).collect();
    if open.is_empty() {
        return None;
    }
    let order = open[chance.index(open.len())];
    let status = if chance.per_mille(500) { WorkOrderStatus::InProgress } else { WorkOrderStatus::Done };
    let status = Some(status).filter(|status| order.status.may_become(*status));
    let notes = chance.per_mille(300).then(|| format!("note {}", ticket.0));
    let edit = WorkOrderEdit { status, assigned_to: None, notes };
    let command = Command::EditWorkOrder { reference: order.reference, edit };
    Some(Input::Command { ticket, by: Actor::default(), command })
}
