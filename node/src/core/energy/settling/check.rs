//! A building's own check of the line it was told: that it stands under the root on the ledger, rests on what the
//! building stated, and follows from rule, tariff and the building's own terms.

use ledger::energy::{Line, LineProof, Setting};
use ledger::state::energy::SettledSlot;
use protocol::energy::{Quality, SharingRule, SignedStatement, Statement, ToldLine, WattHours};

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
    if most_by_parts(told, settled, setting).is_some_and(|most| told.bought.0 > most) {
        return Some(LineDoubt::TooMuch);
    }
    if !is_paid_right(told, settled, setting) {
        return Some(LineDoubt::Payment);
    }
    (!keeps_terms(told, stated, settled, setting)).then_some(LineDoubt::Terms)
}

/// What a member gets at the most of the parts that an organiser gave, Wh; none where nobody gave any, or where neighbours
/// gave energy away besides. Less is no doubt: sellers whose price is not met offer nothing, and no member sees who did.
fn most_by_parts(told: &ToldLine, settled: &SettledSlot, setting: &Setting<'_>) -> Option<i64> {
    let (SharingRule::FullDynamic(rule), Some(parts)) = (setting.rule, setting.coefficients) else {
        return None;
    };
    let result = &settled.result;
    let part = i128::from(result.surplus.0) * i128::from(parts.of(&told.member)) / i128::from(rule.whole);
    (result.given == WattHours::ZERO)
        .then(|| i64::try_from(part).map_or(i64::MAX, |part| part.saturating_add(1)))
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

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::energy::{Factor, FullDynamic, MicroEuro, Price, SlotId, SlotResult, Weights};
    use protocol::{Address, Bounded, Digest, Height};

    const ME: Address = Address::new([7; 20]);

    fn most(given_wh: i64, coefficients: Option<&Weights>) -> Option<i64> {
        let energy = WattHours(0);
        let told = ToldLine {
            slot: SlotId(1),
            version: 1,
            member: ME,
            demand: energy,
            surplus: energy,
            bought: energy,
            sold: energy,
            pay: MicroEuro::ZERO,
            revenue: MicroEuro::ZERO,
            fee: MicroEuro::ZERO,
            index: 0,
            size: 1,
            path: Bounded::default(),
        };
        let result = SlotResult {
            slot: SlotId(1),
            version: 1,
            demand: WattHours(9_000),
            surplus: WattHours(1_000),
            traded: WattHours(1_000),
            given: WattHours(given_wh),
            price: Some(Price(100_000)),
            lines: Digest::new([0; 32]),
            missing: Bounded::default(),
        };
        let settled = SettledSlot { result, settlers: [ME; 2], height: Height(1) };
        let rule = FullDynamic { organiser: ME, whole: 300, factor: Factor::HALF };
        let rule = SharingRule::FullDynamic(rule);
        let (retail, feed_in, fee) = (Price(250_000), Price(40_000), Price(0));
        most_by_parts(&told, &settled, &Setting { rule: &rule, retail, feed_in, fee, coefficients })
    }

    /// A third of 1,000 Wh, rounded up, and nothing for whoever has no part; gifts come on top, from whomever.
    #[test]
    fn a_member_knows_what_its_part_gives_it_at_the_most() {
        let parts = |member, part| Weights::new(vec![(member, part)]).unwrap();
        assert_eq!(most(0, Some(&parts(ME, 100))), Some(334));
        assert_eq!(most(0, Some(&parts(Address::new([8; 20]), 100))), Some(1));
        assert_eq!((most(0, None), most(1, Some(&parts(ME, 100)))), (None, None));
    }
}
