//! The reference figures: each rule on each record, worked out independently of this program. They stay valid with the
//! exact definition of the rules only.

use std::fmt;

use ledger::energy::Setting;
use protocol::energy::{Factor, Fees, Price, SharingKey, SharingRule, SlotId, StaticKey, Tariff, Weights};

use super::figures::Figures;
use super::year::{MemberBills, Year};

/// A file of recorded meters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Record {
    /// 35,136 slots of 2016.
    Year,
    /// Four weeks of winter and four of summer of the same.
    Weeks,
}

/// One settlement of a record and what it must come to.
#[derive(Debug, Clone, Copy)]
pub struct Golden {
    /// What the table calls it.
    pub name: &'static str,
    /// Which file.
    pub record: Record,
    /// Whether anything is shared at all.
    pub shares: bool,
    kind: Kind,
    /// Where the price lies, parts and whole.
    factor: (u32, u32),
    /// micro-EUR per kWh.
    pub retail: i64,
    /// micro-EUR per kWh.
    pub feed_in: i64,
    /// micro-EUR per kWh.
    pub fee: i64,
    traded_wh: i64,
    bill: Option<i64>,
    /// Self-consumption, self-sufficiency and change, percent.
    percents: Option<[&'static str; 3]>,
    worst: Option<i64>,
    sha256: Option<&'static str>,
    /// Whether each member's bill stands in the file of reference figures.
    members: bool,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Dynamic,
    Auction,
    SupplyDemand,
    FixedEqual,
    FixedByConsumption,
    RelativeEqual,
    IteratedEqual,
}

const M1: Golden = Golden {
    name: "dynamic",
    record: Record::Year,
    shares: true,
    kind: Kind::Dynamic,
    factor: (1, 2),
    retail: 250_000,
    feed_in: 40_000,
    fee: 0,
    traded_wh: 43_247_959,
    bill: Some(60_215_113_390),
    percents: Some(["77.98", "30.99", "-13.11"]),
    worst: Some(-50_531_880),
    sha256: Some("8d0e31d0c1b4738257aa2779c37a376ca2105a573950f96d3d5a30bfc2bc929d"),
    members: true,
};

/// An option of [`M1`], of which only these figures are known.
const fn option(name: &'static str, kind: Kind, traded_wh: i64, bill: i64, sha256: &'static str) -> Golden {
    let (bill, sha256) = (Some(bill), Some(sha256));
    Golden { name, kind, traded_wh, bill, sha256, percents: None, worst: None, members: false, ..M1 }
}

/// [`M1`] with a fee.
const fn with_fee(
    name: &'static str,
    fee: i64,
    bill: i64,
    change: &'static str,
    sha256: &'static str,
) -> Golden {
    let percents = Some(["77.98", "30.99", change]);
    Golden { fee, percents, ..option(name, Kind::Dynamic, M1.traded_wh, bill, sha256) }
}

/// What [`M1`] must come to when it is settled on the ledger.
pub const THROUGH_THE_LEDGER: Golden = Golden { name: "dynamic, through the ledger", ..M1 };

/// Every settlement, records together.
pub const ROWS: [Golden; 13] = [
    Golden {
        name: "no sharing",
        shares: false,
        traded_wh: 0,
        bill: Some(69_297_184_780),
        percents: Some(["47.44", "18.86", "0.00"]),
        worst: Some(0),
        sha256: None,
        members: false,
        ..M1
    },
    M1,
    with_fee(
        "dynamic, fee 86000",
        86_000,
        63_934_437_864,
        "-7.74",
        "b226bc378d5dd866e2cff35972647831f5a15216c552383e26366e0159dde347",
    ),
    with_fee(
        "dynamic, fee 110000",
        110_000,
        64_972_388_880,
        "-6.24",
        "9a87199411309b834ffed997d6e49e5e81c5d9a3c1942784faf7e86bfab66b19",
    ),
    Golden { name: "auction, no limits", kind: Kind::Auction, ..M1 },
    option(
        "supply and demand",
        Kind::SupplyDemand,
        43_247_959,
        60_215_113_390,
        "ed75006b5f4cae306def933036a734abcdae157a02cdd8ee75de957fcf047655",
    ),
    option(
        "static fixed, equal",
        Kind::FixedEqual,
        26_212_322,
        63_792_597_160,
        "05409abb67b5fbe6b56ec997b47fd0136a307d09e8748d3fca065674ba85c46f",
    ),
    option(
        "static fixed, by consumption",
        Kind::FixedByConsumption,
        31_320_347,
        62_719_911_910,
        "2fb13e83f35ba5661b9442dc8f5ec0573de28ff6a7ffbda999d62c224545c242",
    ),
    option(
        "static relative, equal",
        Kind::RelativeEqual,
        26_887_063,
        63_650_901_550,
        "bc5a47916fa993a1fb39b53f395b41d9c11e80811c4c9de216192b3b0fa6ce34",
    ),
    option(
        "static iterated, equal",
        Kind::IteratedEqual,
        43_247_959,
        60_215_113_390,
        "24489ee364ee164a3a030745e5a73acd6255c6c765ba38f44f3049c84ce73c34",
    ),
    Golden {
        name: "8 weeks, no sharing",
        record: Record::Weeks,
        shares: false,
        traded_wh: 0,
        bill: Some(10_812_642_770),
        percents: None,
        worst: Some(0),
        sha256: None,
        members: false,
        ..M1
    },
    Golden {
        name: "8 weeks, dynamic",
        record: Record::Weeks,
        traded_wh: 7_036_920,
        bill: Some(9_334_889_570),
        percents: None,
        worst: Some(-7_307_475),
        sha256: Some("100f933072d8a10fbee2fe1297fe232874f4b24606636a53d019e747aeb6e2f1"),
        ..M1
    },
    Golden {
        name: "8 weeks, odd prices, a third",
        record: Record::Weeks,
        factor: (1, 3),
        retail: 298_431,
        feed_in: 43_217,
        traded_wh: 7_036_920,
        bill: None,
        percents: None,
        worst: None,
        sha256: Some("2b209f5133a948fbeea1948cfb38fffaca72b68e8cd36b7940554788590a011f"),
        members: false,
        ..M1
    },
];

/// A figure and whether it is the one expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    found: String,
    expected: Option<String>,
}

impl Record {
    /// The recorded meters.
    pub const fn file(self) -> &'static str {
        match self {
            Self::Year => "dev_simbench24_15min_wh.csv.gz",
            Self::Weeks => "dev_simbench24_8weeks_wh.csv.gz",
        }
    }

    /// Bills of members under the default rule.
    pub const fn golden(self) -> &'static str {
        match self {
            Self::Year => "golden_dev.json",
            Self::Weeks => "golden_dev_8weeks.json",
        }
    }
}

impl Golden {
    /// The rule, with keys of this record's buildings.
    pub fn rule(&self, year: &Year) -> SharingRule {
        let factor = Factor::new(self.factor.0, self.factor.1).expect("invariant: factors above are below 1");
        let equal = || StaticKey { key: SharingKey::Equal, factor };
        match self.kind {
            Kind::Dynamic => SharingRule::Dynamic(factor),
            Kind::Auction => SharingRule::Auction(factor),
            Kind::SupplyDemand => SharingRule::SupplyDemand,
            Kind::FixedEqual => SharingRule::StaticFixed(equal()),
            Kind::FixedByConsumption => {
                let weights = year.consumption().into_iter().enumerate();
                let weights = weights.map(|(place, wh)| (Year::member(place), wh)).collect();
                let weights =
                    Weights::new(weights).expect("invariant: buildings of a record use electricity");
                SharingRule::StaticFixed(StaticKey { key: SharingKey::Weights(weights), factor })
            }
            Kind::RelativeEqual => SharingRule::StaticRelative(equal()),
            Kind::IteratedEqual => SharingRule::StaticIterated(equal()),
        }
    }

    /// What holds for each of its slots.
    pub fn setting<'a>(&self, rule: &'a SharingRule) -> Setting<'a> {
        let (retail, feed_in, fee) = (Price(self.retail), Price(self.feed_in), Price(self.fee));
        Setting { rule, retail, feed_in, fee, coefficients: None }
    }

    /// The same as a decision of the hive.
    pub fn tariff(&self, valid_from: SlotId) -> Tariff {
        let fees = Fees::flat(Price(self.fee));
        Tariff { retail: Price(self.retail), feed_in: Price(self.feed_in), fees, valid_from }
    }

    /// Each figure beside what it must be, in the order of the table's columns.
    pub fn judge(&self, figures: &Figures, members: &MemberBills) -> Vec<Cell> {
        let percent = |place: usize| self.percents.map(|percents| percents[place].to_owned());
        let count = |wanted: &[i64], found: &[i64]| {
            let equal = wanted.iter().zip(found).filter(|(wanted, found)| wanted == found).count();
            format!("{equal} of {}", wanted.len())
        };
        let all = |wanted: &[i64]| format!("{} of {}", wanted.len(), wanted.len());
        let alone = count(&members.none, &figures.alone);
        let (found, wanted) = match (self.members, self.shares) {
            (true, _) => (count(&members.bill, &figures.bills), Some(all(&members.bill))),
            (false, false) => (alone, Some(all(&members.none))),
            (false, true) => ("-".to_owned(), None),
        };
        vec![
            Cell::new(figures.traded_wh, Some(self.traded_wh)),
            Cell::new(&figures.self_consumption, percent(0).as_ref()),
            Cell::new(&figures.self_sufficiency, percent(1).as_ref()),
            Cell::new(figures.bill, self.bill),
            Cell::new(&figures.change, percent(2).as_ref()),
            Cell::new(figures.worst, self.worst),
            Cell::new(figures.balance, Some(0)),
            Cell::new(found, wanted),
            Cell::new(&figures.sha256, self.sha256.map(str::to_owned).as_ref()),
        ]
    }
}

impl Cell {
    fn new<T: ToString>(found: T, expected: Option<T>) -> Self {
        Self { found: found.to_string(), expected: expected.map(|expected| expected.to_string()) }
    }

    /// Whether it is the figure expected; a figure without one always holds.
    pub fn holds(&self) -> bool {
        self.expected.as_ref().is_none_or(|expected| *expected == self.found)
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.expected {
            None => f.write_str(&self.found),
            Some(_) if self.holds() => write!(f, "{} ✓", self.found),
            Some(expected) => write!(f, "{} ✗ {expected} expected", self.found),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_that_differs_is_told() {
        let cell = |found, expected| Cell::new(found, expected);
        assert_eq!(cell(5, Some(5)).to_string(), "5 ✓");
        assert_eq!((cell(5, None).to_string().as_str(), cell(5, None).holds()), ("5", true));
        let wrong = cell(5, Some(6));
        assert_eq!((wrong.to_string().as_str(), wrong.holds()), ("5 ✗ 6 expected", false));
    }

    /// A settlement that is one micro-EUR or one Wh off does not pass.
    #[test]
    fn every_figure_counts() {
        let right = Figures {
            traded_wh: M1.traded_wh,
            self_consumption: "77.98".to_owned(),
            self_sufficiency: "30.99".to_owned(),
            bill: 60_215_113_390,
            change: "-13.11".to_owned(),
            worst: -50_531_880,
            bills: vec![1, 2],
            sha256: M1.sha256.unwrap_or_default().to_owned(),
            ..Figures::default()
        };
        let members = MemberBills { bill: vec![1, 2], none: vec![3, 4] };
        assert!(M1.judge(&right, &members).iter().all(Cell::holds));
        let wrong = [
            Figures { traded_wh: 43_247_958, ..right.clone() },
            Figures { bill: right.bill + 1, ..right.clone() },
            Figures { balance: 1, ..right.clone() },
            Figures { bills: vec![1, 3], ..right.clone() },
            Figures { sha256: "8d".to_owned(), ..right },
        ];
        for figures in wrong {
            let judged = M1.judge(&figures, &members);
            assert_eq!(judged.iter().filter(|cell| !cell.holds()).count(), 1, "{judged:?}");
        }
    }
}
