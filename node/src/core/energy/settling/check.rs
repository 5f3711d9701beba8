//! A building's own check of the line it was told: that it stands under the root on the ledger, rests on what the
//! building stated, and follows from rule, tariff and the building's own terms.

use ledger::energy::{Line, LineProof, Setting};
use ledger::state::energy::SettledSlot;
use protocol::energy::{Quality, SignedStatement, Statement, ToldLine, WattHours};

use super::own::{LineDoubt, OwnSlot};

/// Rounding of what is paid in proportion moves at most this much, micro-EUR.
const ROUNDING: i64 = 2;

/// The line in the words of the arithmetic.
pub(super) fn line(told: &ToldLine) -> Line {
    Line {
        member: told.member,
        demand: told.demand,
        surplus: told.surplus,
        alloc: told.bought,
        sold: told.sold,
        pay: told.pay,
        rev: told.revenue,
        fee: told.fee,
    }
}

/// The building's statement on which a line under the root on the ledger rests; none if it does not stand there.
pub(super) fn counted<'a>(
    own: &'a OwnSlot,
    told: &ToldLine,
    settled: &SettledSlot,
) -> Option<&'a SignedStatement> {
    let proof = LineProof { index: told.index, size: told.size, path: told.path.clone() };
    let (root, line) = (&settled.result.lines, line(told));
    own.statements().iter().rev().find(|signed| {
        let statement = &signed.statement;
        told.member == statement.member
            && proof.holds(root, told.slot, settled.result.version, &line, &statement.salt)
    })
}

/// What is wrong with a line of the version that stands on the ledger; none if it holds.
pub(super) fn doubt(
    own: &OwnSlot,
    told: &ToldLine,
    settled: &SettledSlot,
    setting: &Setting<'_>,
) -> Option<LineDoubt> {
    let Some(signed) = counted(own, told, settled) else { return Some(LineDoubt::Proof) };
    let stated = &signed.statement;
    let latest = own.latest();
    let same = (stated.import, stated.export, stated.terms) == (latest.import, latest.export, latest.terms);
    if !same
        || latest.quality == Quality::Missing
        || (told.demand, told.surplus) != (stated.import, stated.export)
    {
        return Some(LineDoubt::OtherFigures);
    }
    let amounts = [told.pay.0, told.revenue.0, told.fee.0, told.bought.0, told.sold.0];
    if told.bought > told.demand || told.sold > told.surplus || amounts.iter().any(|amount| *amount < 0) {
        return Some(LineDoubt::TooMuch);
    }
    if told.bought > settled.result.traded || told.sold > settled.result.traded {
        return Some(LineDoubt::TooMuch);
    }
    if !is_paid_right(told, settled, setting) {
        return Some(LineDoubt::Payment);
    }
    (!keeps_terms(told, stated, settled, setting)).then_some(LineDoubt::Terms)
}

/// Energy that was given costs nothing, so that where there is any a member may have paid less than its energy is worth,
/// never more.
fn is_paid_right(told: &ToldLine, settled: &SettledSlot, setting: &Setting<'_>) -> bool {
    let worth = |energy: WattHours| {
        settled.result.price.map_or(Some(0), |price| price.value_of(energy).map(|value| value.0))
    };
    let (Some(bought), Some(sold)) = (worth(told.bought), worth(told.sold)) else { return false };
    let fee = setting.fee.value_of(told.bought).map(|value| value.0);
    let has_gifts = settled.result.given > WattHours::ZERO;
    let near = |paid: i64, worth: i64| paid <= worth + ROUNDING && (has_gifts || paid + ROUNDING >= worth);
    near(told.pay.0, bought) && near(told.revenue.0, sold) && fee == Some(told.fee.0)
}

fn keeps_terms(told: &ToldLine, stated: &Statement, settled: &SettledSlot, setting: &Setting<'_>) -> bool {
    let terms = &stated.terms;
    let most = terms.participation.of(stated.import.0);
    let offered = terms.participation.of((stated.export.0 - terms.sell_above.0).max(0));
    if told.bought.0 > most || told.sold.0 > offered {
        return false;
    }
    let Some(price) = settled.result.price else { return true };
    let bought_at_price = told.pay.0 > 0;
    let sold_at_price = told.revenue.0 > 0;
    let too_dear = terms.buy_up_to.is_some_and(|limit| limit.0 < price.0 + setting.fee.0);
    let too_cheap = terms.sell_at_least.is_some_and(|limit| limit > price);
    !(bought_at_price && too_dear || sold_at_price && too_cheap)
}
