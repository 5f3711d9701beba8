//! A building's own check of the line it was told: that it stands under the root on the ledger, rests on what the
//! building stated, and follows from rule, tariff and the building's own terms.

use ledger::energy::{Line, LineProof, Setting};
use ledger::state::energy::SettledSlot;
use protocol::energy::{Price, Quality, SharingRule, SignedStatement, Statement, Terms, ToldLine, WattHours};

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
    if let Some(wrong) = beside_its_part(told, stated, settled, setting) {
        return Some(wrong);
    }
    if !is_paid_right(told, settled, setting) {
        return Some(LineDoubt::Payment);
    }
    (!keeps_terms(told, stated, settled, setting)).then_some(LineDoubt::Terms)
}

/// Whether a member got another part than its own of what is shared; none where neighbours gave energy away besides, as no
/// member sees to whom. Who bought may have found the price too high, and who sold too low: the ledger says how much was
/// declined, and a wrong sum of that is seen by those who did not.
fn beside_its_part(
    told: &ToldLine,
    stated: &Statement,
    settled: &SettledSlot,
    setting: &Setting<'_>,
) -> Option<LineDoubt> {
    let result = &settled.result;
    let price = result.price.filter(|_| result.given == WattHours::ZERO)?;
    let offered = result.surplus.0 - result.declined.0;
    let outside = |parts: Parts, found: i64| match found {
        found if found < parts.least => Some(LineDoubt::TooLittle),
        found if found > parts.most => Some(LineDoubt::TooMuch),
        _ => None,
    };
    let bought = part_of_buyer(told, stated, price, offered, setting);
    let sold = part_of_seller(stated, price, result.traded.0, offered, setting);
    let bought = bought.and_then(|parts| outside(parts, told.bought.0));
    bought.or_else(|| sold.and_then(|parts| outside(parts, told.sold.0)))
}

/// What largest remainders may leave of a part, Wh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Parts {
    least: i64,
    most: i64,
}

impl Parts {
    const NONE: Self = Self { least: 0, most: 0 };

    /// `weight` of `all` parts of an energy.
    fn of(energy: i64, weight: i64, all: i64) -> Self {
        let [product, all] = [i128::from(energy) * i128::from(weight), i128::from(all)];
        let least = i64::try_from(product / all).unwrap_or(i64::MAX);
        Self { least, most: least.saturating_add(i64::from(product % all != 0)) }
    }

    fn at_most(self, need: i64) -> Self {
        Self { least: self.least.min(need), most: self.most.min(need) }
    }
}

/// What a member buys by the parts that an organiser gave; none where nobody gave any.
fn part_of_buyer(
    told: &ToldLine,
    stated: &Statement,
    price: Price,
    offered: i64,
    setting: &Setting<'_>,
) -> Option<Parts> {
    let (SharingRule::FullDynamic(rule), Some(parts)) = (setting.rule, setting.coefficients) else {
        return None;
    };
    let Terms { participation, buy_up_to, .. } = stated.terms;
    if buy_up_to.is_some_and(|limit| limit.0 < price.0 + setting.fee.0) {
        return Some(Parts::NONE);
    }
    let all = Parts::of(offered, i64::from(parts.of(&told.member)), i64::from(rule.whole));
    Some(all.at_most(participation.of(stated.import.0)))
}

/// What a member sells: under every rule but an auction sellers share what is taken in proportion to what they offer.
fn part_of_seller(
    stated: &Statement,
    price: Price,
    traded: i64,
    offered: i64,
    setting: &Setting<'_>,
) -> Option<Parts> {
    let Terms { participation, sell_above, sell_at_least, .. } = stated.terms;
    let own = participation.of((stated.export.0 - sell_above.0).max(0));
    match setting.rule {
        SharingRule::Auction(_) => None,
        SharingRule::Dynamic(_)
        | SharingRule::SupplyDemand
        | SharingRule::StaticFixed(_)
        | SharingRule::StaticRelative(_)
        | SharingRule::StaticIterated(_)
        | SharingRule::FullDynamic(_)
        | SharingRule::Priority(_) => {
            let declines = sell_at_least.is_some_and(|limit| limit > price);
            if own == 0 || declines {
                return Some(Parts::NONE);
            }
            // Its own offer is missing where less is said to be offered than it offers: no line can be right then.
            Some(Parts::of(traded, own, offered.max(1)))
        }
    }
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
    use protocol::energy::{
        Factor, FullDynamic, MicroEuro, Percent, Salt, SlotId, SlotLength, SlotResult, Weights,
    };
    use protocol::{Address, Bounded, Digest, Height};

    const ME: Address = Address::new([7; 20]);

    /// A slot in which 1,000 Wh are offered, of which this member imports or exports some.
    struct Case {
        net_wh: i64,
        terms: Terms,
        given_wh: i64,
        declined_wh: i64,
    }

    const PLAIN: Case = Case { net_wh: 9_000, terms: TERMS, given_wh: 0, declined_wh: 0 };
    const TERMS: Terms = Terms {
        participation: Percent::ALL,
        sell_above: WattHours::ZERO,
        sell_at_least: None,
        buy_up_to: None,
        give_to: None,
    };

    /// What is found wrong with a member's buying and selling so much.
    fn found(case: &Case, parts: Option<&Weights>, bought: i64, sold: i64) -> Option<LineDoubt> {
        let [demand, surplus] = [case.net_wh.max(0), (-case.net_wh).max(0)].map(WattHours);
        let told = ToldLine {
            slot: SlotId(1),
            version: 1,
            member: ME,
            demand,
            surplus,
            bought: WattHours(bought),
            sold: WattHours(sold),
            pay: MicroEuro::ZERO,
            revenue: MicroEuro::ZERO,
            fee: MicroEuro::ZERO,
            index: 0,
            size: 1,
            path: Bounded::default(),
        };
        let stated = Statement {
            member: ME,
            length: SlotLength::Quarter,
            slot: SlotId(1),
            import: demand,
            export: surplus,
            quality: Quality::Measured,
            version: 1,
            terms: case.terms,
            salt: Salt::new([0; Salt::LEN]),
        };
        let result = SlotResult {
            slot: SlotId(1),
            version: 1,
            demand: WattHours(9_000),
            surplus: WattHours(1_000),
            traded: WattHours(600),
            given: WattHours(case.given_wh),
            declined: WattHours(case.declined_wh),
            price: Some(Price(100_000)),
            lines: Digest::new([0; 32]),
            missing: Bounded::default(),
        };
        let settled = SettledSlot { result, settlers: [ME; 2], height: Height(1) };
        let rule = FullDynamic { organiser: ME, whole: 300, factor: Factor::HALF };
        let rule = SharingRule::FullDynamic(rule);
        let (retail, feed_in, fee) = (Price(250_000), Price(40_000), Price(50_000));
        let setting = Setting { rule: &rule, retail, feed_in, fee, coefficients: parts };
        beside_its_part(&told, &stated, &settled, &setting)
    }

    const LITTLE: Option<LineDoubt> = Some(LineDoubt::TooLittle);
    const MUCH: Option<LineDoubt> = Some(LineDoubt::TooMuch);

    /// A third of 1,000 Wh, either way of rounding, as far as it needs it; of what was declined nobody gets any.
    #[test]
    fn a_member_knows_what_its_part_gives_it() {
        let parts = |member, part| Weights::new(vec![(member, part)]).unwrap();
        let third = parts(ME, 100);
        let bought = |case: &Case, wh| found(case, Some(&third), wh, 0);
        assert_eq!([332, 333, 334, 335].map(|wh| bought(&PLAIN, wh)), [LITTLE, None, None, MUCH]);
        let half = Case { declined_wh: 550, ..PLAIN };
        assert_eq!([149, 150, 151].map(|wh| bought(&half, wh)), [LITTLE, None, MUCH]);
        let small = Case { net_wh: 80, ..PLAIN };
        assert_eq!([79, 80].map(|wh| bought(&small, wh)), [LITTLE, None]);
        let terms = Terms { participation: Percent::new(50).unwrap(), ..TERMS };
        assert_eq!([39, 40, 41].map(|wh| bought(&Case { terms, ..small }, wh)), [LITTLE, None, MUCH]);
        let limit = |limit| Case { terms: Terms { buy_up_to: Some(Price(limit)), ..TERMS }, ..PLAIN };
        assert_eq!([149_999, 150_000].map(|price| bought(&limit(price), 0)), [None, LITTLE]);
        // Others' parts, parts that nobody gave, and gifts from whomever.
        let other = parts(Address::new([8; 20]), 100);
        assert_eq!([0, 1].map(|wh| found(&PLAIN, Some(&other), wh, 0)), [None, MUCH]);
        assert_eq!(found(&PLAIN, None, 0, 0), None);
        assert_eq!(bought(&Case { given_wh: 1, ..PLAIN }, 0), None);
    }

    /// Of 600 Wh that are shared, who offers 250 of 1,000 sells 150; more where others decline the price, as the ledger says.
    #[test]
    fn a_member_knows_what_it_sells() {
        let seller = Case { net_wh: -250, ..PLAIN };
        let sold = |case: &Case, wh| found(case, None, 0, wh);
        assert_eq!([149, 150, 151].map(|wh| sold(&seller, wh)), [LITTLE, None, MUCH]);
        let dearer = Case { declined_wh: 400, ..seller };
        assert_eq!([249, 250].map(|wh| sold(&dearer, wh)), [LITTLE, None]);
        // It declined nothing, so that more cannot have been declined than is left beside its own.
        let lied = Case { declined_wh: 900, net_wh: -250, ..PLAIN };
        assert_eq!([0, 150, 250].map(|wh| sold(&lied, wh)), [LITTLE; 3]);
        let limit = |limit| Case { terms: Terms { sell_at_least: Some(Price(limit)), ..TERMS }, ..seller };
        assert_eq!([100_000, 100_001].map(|price| sold(&limit(price), 0)), [LITTLE, None]);
        let kept = Terms { sell_above: WattHours(200), ..TERMS };
        assert_eq!([29, 30].map(|wh| sold(&Case { terms: kept, ..seller }, wh)), [LITTLE, None]);
    }
}
