//! What a member pays for its energy over many slots, and what it would without neighbours.

use protocol::energy::{MicroEuro, Price, WattHours};

use super::error::SettleError;
use super::settle::{Line, Setting};

/// Sums of one member. A negative amount is in its favour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bill {
    /// To its supplier for the rest, to its neighbours and to the network, less what both pay it.
    pub shared: MicroEuro,
    /// To its supplier if nobody shared.
    pub alone: MicroEuro,
    /// What neighbours pay it less what it pays them; over all members zero.
    pub balance: MicroEuro,
}

impl Bill {
    /// Adds one slot, each amount rounded down by itself, or changes nothing.
    pub fn add(&mut self, setting: &Setting<'_>, line: &Line) -> Result<(), SettleError> {
        let rest = [line.demand.0 - line.alloc.0, line.surplus.0 - line.sold.0].map(WattHours);
        let shared = [
            (value(setting.retail, rest[0])?, true),
            (value(setting.feed_in, rest[1])?, false),
            (line.pay, true),
            (line.rev, false),
            (line.fee, true),
        ];
        let alone =
            [(value(setting.retail, line.demand)?, true), (value(setting.feed_in, line.surplus)?, false)];
        *self = Self {
            shared: total(self.shared, &shared)?,
            alone: total(self.alone, &alone)?,
            balance: total(self.balance, &[(line.rev, true), (line.pay, false)])?,
        };
        Ok(())
    }

    /// What sharing changed: negative is a gain.
    pub fn change(&self) -> Option<MicroEuro> {
        self.shared.checked_sub(self.alone)
    }
}

const OVERFLOW: SettleError = SettleError::Overflow { max: MicroEuro(i64::MAX) };

fn value(price: Price, energy: WattHours) -> Result<MicroEuro, SettleError> {
    price.value_of(energy).ok_or(OVERFLOW)
}

fn total(start: MicroEuro, amounts: &[(MicroEuro, bool)]) -> Result<MicroEuro, SettleError> {
    amounts.iter().try_fold(start, |sum, (amount, adds)| {
        if *adds { sum.checked_add(*amount) } else { sum.checked_sub(*amount) }.ok_or(OVERFLOW)
    })
}
