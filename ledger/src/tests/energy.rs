//! Shared energy on the ledger: its whole life, and every reason to refuse a record.

use protocol::energy::{
    CreditNote, DayCommitment, Desk, EnergyAction, Factor, Fees, Locality, MicroEuro, NetLine, PeriodStatus,
    PeriodStep, Price, Rota, ScheduledRule, Settlement, SharingRule, SignedSettlement, SlotId, SlotLength,
    SlotResult, Tariff, WattHours, WeekBooking,
};
use protocol::transaction::TransactionBody;
use protocol::{
    Action, Address, Bounded, Digest, Genesis, Height, Payload, Sequence, SigningKey, UnixMs,
    VerifiedTransaction,
};

use crate::chain::Chain;

const QUARTER_MS: i64 = 15 * 60 * 1000;
const DAY_MS: i64 = 96 * QUARTER_MS;
/// The end of slot 4, the time of most blocks.
pub(super) const NOW: UnixMs = UnixMs(5 * QUARTER_MS);

pub(super) fn key(n: u8) -> SigningKey {
    SigningKey::from_seed(&[n; 32])
}

pub(super) fn address(n: u8) -> Address {
    key(n).address()
}

/// Authorities 0 to 3, of which 0 and 1 have one operator and 2 and 3 another, followers from 4 on. Day 0 is settled by 0
/// and 2.
fn chain_of(members: u8) -> Chain {
    let keys = |range: std::ops::Range<u8>| range.map(|n| key(n).public()).collect::<Vec<_>>();
    Chain::genesis(&Genesis::new(UnixMs(1_000), Digest::new([9; 32]), keys(0..4), keys(4..members)).unwrap())
}

fn chain() -> Chain {
    chain_of(6)
}

pub(super) fn settling() -> Chain {
    settling_of(6)
}

/// A hive of so many members that settles.
pub(super) fn settling_of(members: u8) -> Chain {
    let mut chain = chain_of(members);
    decide(&mut chain, UnixMs(2_000), EnergyAction::Settle(rota())).unwrap();
    decide(&mut chain, UnixMs(2_001), EnergyAction::Charge(tariff(1))).unwrap();
    chain
}

fn rota() -> Rota {
    let desk = |n, operator| Desk { authority: address(n), operator: Digest::new([operator; 32]) };
    Rota::new(vec![desk(0, 1), desk(1, 1), desk(2, 2), desk(3, 2)]).unwrap()
}

fn tariff(valid_from: u64) -> Tariff {
    let fees =
        Fees { building: Price(0), cabin: Price(86_000), substation: Price(98_000), region: Price(230_000) };
    Tariff { retail: Price(250_000), feed_in: Price(40_000), fees, valid_from: SlotId(valid_from) }
}

/// The next transaction of an author in a block at `now`.
fn next(chain: &Chain, n: u8, payload: Payload) -> VerifiedTransaction {
    let sequence = Sequence(chain.state().member(&address(n)).map_or(1, |member| member.sequence.0 + 1));
    let body = TransactionBody { author: key(n).public(), sequence, expires: Height(1_000), payload };
    body.sign(&key(n), &chain.id())
}

pub(super) fn put(chain: &mut Chain, now: UnixMs, n: u8, payload: Payload) -> Result<(), String> {
    let (candidate, refused) = chain.build(key(0).address(), now, std::iter::once(next(chain, n, payload)));
    if let Some((_, reason)) = refused.first() {
        return Err(reason.to_string());
    }
    chain.commit(candidate);
    Ok(())
}

/// Three of four authorities decide.
pub(super) fn decide(chain: &mut Chain, now: UnixMs, action: EnergyAction) -> Result<(), String> {
    put(chain, now, 0, Payload::Propose(Action::Energy(action)))?;
    let number = chain.state().meta().proposals;
    put(chain, now, 1, Payload::Approve(number))?;
    put(chain, now, 2, Payload::Approve(number))
}

pub(super) fn signed(chain: &Chain, settlement: Settlement, signers: [u8; 2]) -> Payload {
    let signatures = signers.map(|n| (address(n), settlement.sign(&key(n), &chain.id())));
    Payload::Settle(Box::new(SignedSettlement { settlement, signatures }))
}

/// Brought by follower 4, signed by 0 and 2.
pub(super) fn settle(chain: &mut Chain, now: UnixMs, settlement: Settlement) -> Result<(), String> {
    let payload = signed(chain, settlement, [0, 2]);
    put(chain, now, 4, payload)
}

pub(super) fn result(slot: u64) -> SlotResult {
    SlotResult {
        slot: SlotId(slot),
        version: 1,
        demand: WattHours(200),
        surplus: WattHours(151),
        traded: WattHours(151),
        given: WattHours(0),
        declined: WattHours(0),
        price: Some(Price(145_000)),
        lines: Digest::new([1; 32]),
        missing: Bounded::default(),
    }
}

pub(super) fn line(n: u8, bought: i64, sold: i64, balance: i64, fee: i64) -> NetLine {
    NetLine {
        member: address(n),
        bought: WattHours(bought),
        sold: WattHours(sold),
        balance: MicroEuro(balance),
        fee: MicroEuro(fee),
    }
}

pub(super) fn lines<const MAX: usize>(mut lines: Vec<NetLine>) -> Bounded<NetLine, MAX> {
    lines.sort_by_key(|line| line.member);
    Bounded::new(lines).unwrap()
}

pub(super) fn week(number: u32, of: Vec<NetLine>) -> Settlement {
    Settlement::Week(WeekBooking { week: 0, number, lines: lines(of) })
}

pub(super) fn period(number: u64, status: PeriodStatus, from: u64, until: u64) -> Settlement {
    Settlement::Period(PeriodStep { number, status, from: SlotId(from), until: SlotId(until) })
}

/// Slots are settled, corrected and booked; the period ends; what was wrong then becomes a credit note.
#[test]
fn from_the_first_slot_to_a_credit_note() {
    let mut chain = settling();
    settle(&mut chain, NOW, period(1, PeriodStatus::Open, 1, 4)).unwrap();
    for slot in 1..4 {
        settle(&mut chain, NOW, Settlement::Slot(result(slot))).unwrap();
    }
    let corrected = SlotResult { version: 2, traded: WattHours(100), demand: WattHours(100), ..result(3) };
    settle(&mut chain, NOW, Settlement::Slot(corrected.clone())).unwrap();
    let settled = chain.state().settled(SlotId(3)).unwrap();
    assert_eq!((&settled.result, settled.settlers), (&corrected, [address(0), address(2)]));
    assert_eq!(chain.state().settled_slots(SlotId(0)..=SlotId(9)).count(), 3);
    let reversed = SlotId(9)..=SlotId(0);
    assert_eq!(chain.state().settled_slots(reversed).count(), 0);

    // 402 Wh at 145,000 are 58,290 micro-EUR; a large hive books in parts.
    settle(&mut chain, NOW, week(1, vec![line(4, 400, 0, -58_000, 7), line(5, 0, 400, 58_000, 0)])).unwrap();
    settle(&mut chain, NOW, week(2, vec![line(4, 2, 0, -290, 0), line(5, 0, 2, 290, 0)])).unwrap();
    let account = chain.state().account(&address(4));
    assert_eq!((account.bought.0, account.balance.0, account.fee.0), (402, -58_290, 7));
    assert_eq!((chain.state().books().grid.0, chain.state().accounts().count()), (7, 2));
    assert_eq!(chain.state().energy_week(0).booked, WattHours(402));

    // A correction that shares less is booked with the other sign.
    let smaller = SlotResult { version: 3, traded: WattHours(90), demand: WattHours(90), ..result(3) };
    settle(&mut chain, NOW, Settlement::Slot(smaller)).unwrap();
    let preview = period(1, PeriodStatus::Preview, 1, 4);
    settle(&mut chain, NOW, preview).unwrap();
    let last = period(1, PeriodStatus::Final, 1, 4);
    assert_eq!(settle(&mut chain, NOW, last.clone()), Err("week 0 is not booked whole".to_owned()));
    settle(&mut chain, NOW, week(3, vec![line(4, -10, 0, 1_450, 0), line(5, 0, -10, -1_450, 0)])).unwrap();
    settle(&mut chain, NOW, last.clone()).unwrap();

    // Final is final.
    let late = SlotResult { version: 4, ..result(3) };
    assert_eq!(settle(&mut chain, NOW, Settlement::Slot(late)), Err("period 1 is final".to_owned()));
    assert_eq!(settle(&mut chain, NOW, last), Err("period 1 is final".to_owned()));
    let again = week(4, vec![line(4, 0, 0, 5, 0), line(5, 0, 0, -5, 0)]);
    assert_eq!(settle(&mut chain, NOW, again), Err("nothing of week 0 is left to book".to_owned()));

    let note = |concerns, booked_in, number, amount| {
        let lines = lines(vec![line(4, 0, 0, amount, 0), line(5, 0, 0, -amount, 0)]);
        Settlement::Credit(CreditNote { concerns, booked_in, number, lines })
    };
    let nowhere = settle(&mut chain, NOW, note(1, 2, 1, 500));
    assert_eq!(
        nowhere,
        Err("period 2 is not there, it is booked in a later one that is not final".to_owned())
    );
    settle(&mut chain, NOW, period(2, PeriodStatus::Open, 4, 96)).unwrap();
    settle(&mut chain, NOW, note(1, 2, 1, 500)).unwrap();
    assert_eq!(chain.state().account(&address(4)).balance.0, -58_290 + 1_450 + 500);
    assert_eq!(settle(&mut chain, NOW, note(1, 2, 1, 500)), Err("credit note 1, 2 is due".to_owned()));
    let of_open = settle(&mut chain, NOW, note(2, 2, 1, 500));
    assert_eq!(of_open, Err("period 2 is open, a credit note concerns a final one".to_owned()));
    assert_eq!(chain.state().period(1).unwrap().notes, 1);
}

#[test]
fn a_slot_that_cannot_be() {
    let mut chain = settling();
    let mut refused = |result: SlotResult| settle(&mut chain, NOW, Settlement::Slot(result)).unwrap_err();
    let wh = WattHours;
    for (result, reason) in [
        (SlotResult { traded: wh(152), ..result(1) }, "energy shared: 152, at most 151 allowed"),
        (SlotResult { given: wh(152), ..result(1) }, "energy given: 152, at most 151 allowed"),
        (SlotResult { price: Some(Price(145_001)), ..result(1) }, "expected 145000 µEUR/kWh"),
        (SlotResult { price: None, ..result(1) }, "expected 145000 µEUR/kWh"),
        (SlotResult { version: 2, ..result(1) }, "version 2, 1 is due"),
        (SlotResult { missing: Bounded::new(vec![address(9)]).unwrap(), ..result(1) }, "is not a member"),
        (result(5), "it ends at 1970-01-01T01:30:00.000Z, the block is at 1970-01-01T01:15:00.000Z"),
        (result(u64::MAX), "it stands by and the slot is not overdue"),
        (result(0), "no tariff holds for slot 0"),
    ] {
        let found = refused(result);
        assert!(found.contains(reason), "{found}, expected {reason}");
    }
    settle(&mut chain, NOW, Settlement::Slot(result(1))).unwrap();
    assert_eq!(settle(&mut chain, NOW, Settlement::Slot(result(1))), Err("version 1, 2 is due".to_owned()));
}

/// Under every rule but the auction the ledger knows the price; gifts have none and do not place it.
#[test]
fn the_price_is_the_one_the_rule_makes() {
    let mut chain = settling();
    let rule = |rule, from| EnergyAction::Share(ScheduledRule { rule, from: SlotId(from) });
    decide(&mut chain, UnixMs(3_000), rule(SharingRule::SupplyDemand, 2)).unwrap();
    decide(&mut chain, UnixMs(3_001), rule(SharingRule::Auction(Factor::HALF), 3)).unwrap();
    assert_eq!(chain.state().rule_at(SlotId(1)), SharingRule::DEFAULT);
    assert_eq!(chain.state().rule_at(SlotId(99)), SharingRule::Auction(Factor::HALF));
    let at = |slot, price: Option<i64>| SlotResult { price: price.map(Price), ..result(slot) };
    let mut put = |result| settle(&mut chain, NOW, Settlement::Slot(result));
    let with_gift = SlotResult {
        demand: WattHours(150),
        surplus: WattHours(100),
        traded: WattHours(100),
        given: WattHours(50),
        ..at(2, Some(68_965))
    };
    assert!(put(SlotResult { given: WattHours(0), ..with_gift.clone() }).is_err());
    assert_eq!(put(with_gift), Ok(()));
    for (price, expected) in [
        (
            Some(250_001),
            Err("price Some(Price(250001)) in slot 3, expected 40000 µEUR/kWh to 250000 µEUR/kWh".to_owned()),
        ),
        (None, Err("price None in slot 3, expected 40000 µEUR/kWh to 250000 µEUR/kWh".to_owned())),
        (Some(250_000), Ok(())),
    ] {
        assert_eq!(put(at(3, price)), expected);
    }
    let nothing = SlotResult { traded: WattHours(0), ..at(4, None) };
    let priced = SlotResult { price: Some(Price(50_000)), ..nothing.clone() };
    assert_eq!(put(priced), Err("price Some(Price(50000)) in slot 4, expected none".to_owned()));
    assert_eq!(put(nothing), Ok(()));
}

#[test]
fn a_fee_without_gain_shares_nothing() {
    let mut chain = settling();
    decide(&mut chain, UnixMs(3_000), EnergyAction::Place(Locality::Region)).unwrap();
    let mut put = |result| settle(&mut chain, NOW, Settlement::Slot(result));
    let shares = "slot 1 shares energy though its fee leaves no gain";
    assert_eq!(put(result(1)), Err(shares.to_owned()));
    let nothing = SlotResult { traded: WattHours(0), price: None, ..result(1) };
    assert_eq!(put(nothing), Ok(()));
}

#[test]
fn two_operators_sign() {
    let mut chain = settling();
    let refused = |chain: &mut Chain, now, signers| {
        let payload = signed(chain, Settlement::Slot(result(1)), signers);
        put(chain, now, 4, payload).unwrap_err()
    };
    let overdue = UnixMs(2 * QUARTER_MS + protocol::limits::STAND_BY_AFTER_MS);
    for (now, signers, who, reason) in [
        (NOW, [0, 4], 4, "it has no desk"),
        (overdue, [0, 1], 1, "both signatures are of one operator"),
        (overdue, [2, 2], 2, "both signatures are of one operator"),
        (overdue.plus(-1), [0, 3], 3, "it stands by and the slot is not overdue"),
    ] {
        assert_eq!(
            refused(&mut chain, now, signers),
            format!("{} may not settle this: {reason}", address(who))
        );
    }
    // One signature is over another figure.
    let other = SlotResult { lines: Digest::new([2; 32]), ..result(1) };
    let (one, two) = (Settlement::Slot(result(1)), Settlement::Slot(other));
    let signatures =
        [(address(0), one.sign(&key(0), &chain.id())), (address(2), two.sign(&key(2), &chain.id()))];
    let payload = Payload::Settle(Box::new(SignedSettlement { settlement: one, signatures }));
    let found = put(&mut chain, NOW, 4, payload).unwrap_err();
    assert_eq!(found, format!("signature of {}: the signature does not verify", address(2)));
    let stand_by = signed(&chain, Settlement::Slot(result(1)), [1, 3]);
    assert_eq!(put(&mut chain, overdue, 4, stand_by), Ok(()));
    let none = settle(&mut super::energy::chain(), NOW, Settlement::Slot(result(1)));
    assert_eq!(none, Err("nobody was voted to settle".to_owned()));
}

#[test]
fn decisions_hold_from_a_slot_that_has_not_begun() {
    let mut chain = settling();
    let rule = |from| EnergyAction::Share(ScheduledRule { rule: SharingRule::DEFAULT, from: SlotId(from) });
    assert_eq!(
        decide(&mut chain, NOW, rule(5)),
        Err("slot 5 has begun; a decision holds from a later one".to_owned())
    );
    assert_eq!(
        decide(&mut chain, NOW, EnergyAction::Charge(tariff(0))),
        Err("slot 0 has begun; a decision holds from a later one".to_owned())
    );
    assert_eq!(decide(&mut chain, NOW, rule(6)), Ok(()));
    let cut = EnergyAction::Cut(SlotLength::Hour);
    assert_eq!(
        decide(&mut chain, NOW, cut.clone()),
        Err("slots cannot be cut anew once a tariff is decided".to_owned())
    );
    assert_eq!(decide(&mut super::energy::chain(), NOW, cut), Ok(()));
    let absurd = Tariff { retail: Price(i64::MAX), ..tariff(9) };
    assert!(decide(&mut chain, NOW, EnergyAction::Charge(absurd)).unwrap_err().contains("retail price"));
    let desks = [4, 0].map(|n| Desk { authority: address(n), operator: Digest::new([n; 32]) });
    let follower = EnergyAction::Settle(Rota::new(desks.to_vec()).unwrap());
    let expected = format!("{} may not settle this: it is not an authority", address(4));
    assert_eq!(decide(&mut chain, NOW, follower), Err(expected));
    for ahead in 0..15 {
        decide(&mut chain, NOW, rule(7 + ahead)).unwrap();
    }
    assert_eq!(decide(&mut chain, NOW, rule(40)), Err("decisions ahead: 16 at the most".to_owned()));
}

#[test]
fn bookings_come_out_even() {
    let mut chain = settling();
    settle(&mut chain, NOW, Settlement::Slot(result(1))).unwrap();
    let mut refused = |settlement| settle(&mut chain, NOW, settlement).unwrap_err();
    for (number, of, reason) in [
        (2, vec![], "booking of the week 2, 1 is due"),
        (1, vec![line(4, 151, 0, -5, 0), line(5, 0, 150, 5, 0)], "energy sold adds up to 150, expected 151"),
        (1, vec![line(4, 151, 0, -5, 0), line(5, 0, 151, 6, 0)], "balances adds up to 1, expected 0"),
        (
            1,
            vec![line(4, 152, 0, -5, 0), line(5, 0, 152, 5, 0)],
            "energy bought adds up to 152, expected 151",
        ),
        (1, vec![line(4, -1, 0, -5, 0), line(5, 0, -1, 5, 0)], "energy bought adds up to -1, expected 151"),
        (1, vec![line(4, 151, 0, -5, 0), line(9, 0, 151, 5, 0)], "is not a member"),
        // 151 Wh cost at most 34,730 micro-EUR in the class with the highest fee.
        (
            1,
            vec![line(4, 151, 0, -5, 34_731), line(5, 0, 151, 5, 0)],
            "fees adds up to 34731, expected 34730",
        ),
        (1, vec![line(4, 151, 0, -5, 0), line(5, 0, 151, 5, -1)], "fees adds up to -1, expected 34730"),
    ] {
        let found = refused(week(number, of));
        assert!(found.contains(reason), "{found}, expected {reason}");
    }
    let elsewhere = Settlement::Week(WeekBooking { week: 7, number: 1, lines: Bounded::default() });
    assert_eq!(refused(elsewhere), "nothing of week 7 is left to book");
    let mut unordered = vec![line(4, 151, 0, -5, 0), line(5, 0, 151, 5, 0)];
    unordered.sort_by_key(|line| std::cmp::Reverse(line.member));
    let unordered =
        Settlement::Week(WeekBooking { week: 0, number: 1, lines: Bounded::new(unordered).unwrap() });
    assert!(refused(unordered).contains("ascending order"));
}

#[test]
fn periods_follow_each_other() {
    use PeriodStatus::{Final, Open, Preview};
    let mut chain = settling();
    let mut refused = |settlement| settle(&mut chain, NOW, settlement).unwrap_err();
    assert_eq!(refused(period(2, Open, 1, 4)), "period 2, 1 is due");
    assert!(refused(period(1, Open, 4, 4)).contains("first slot of a period before its end"));
    assert_eq!(
        refused(period(1, Preview, 1, 4)),
        "period 1 is not there, it is opened, then shown, then final"
    );
    settle(&mut chain, NOW, period(1, Open, 1, 4)).unwrap();
    settle(&mut chain, NOW, period(2, Open, 4, 96)).unwrap();
    let mut refused = |settlement| settle(&mut chain, NOW, settlement).unwrap_err();
    assert_eq!(refused(period(3, Open, 97, 98)), "first slot of the period 97, 96 is due");
    assert_eq!(refused(period(1, Final, 1, 4)), "period 1 is open, it is opened, then shown, then final");
    assert_eq!(refused(period(1, Preview, 1, 3)), "end of the period 3, 4 is due");
    assert!(refused(period(2, Preview, 4, 96)).starts_with("it ends at 1970-01-02"));
    let tomorrow = UnixMs(DAY_MS);
    settle(&mut chain, tomorrow, period(2, Preview, 4, 96)).unwrap();
    let early = settle(&mut chain, tomorrow, period(2, Final, 4, 96));
    assert_eq!(early, Err("period 1 is open, an earlier period is final first".to_owned()));
}

#[test]
fn a_building_binds_itself_once_a_day() {
    let mut chain = chain();
    let commit = |chain: &mut Chain, now, day, commitment| {
        let commitment = Digest::new([commitment; 32]);
        put(chain, now, 5, Payload::CommitDay(DayCommitment { day, commitment }))
    };
    let day = |n: i64| UnixMs(n * DAY_MS);
    assert!(commit(&mut chain, day(3), 3, 1).unwrap_err().starts_with("it ends at 1970-01-05"));
    assert!(commit(&mut chain, day(3), u64::MAX, 1).unwrap_err().starts_with("it ends at"));
    assert_eq!(commit(&mut chain, day(3), 2, 1), Ok(()));
    let other = commit(&mut chain, day(3), 2, 2);
    assert_eq!(other, Err(format!("{} is bound to other figures of day 2 already", address(5))));
    assert_eq!(chain.state().day_commitment(2, address(5)), Some(Digest::new([1; 32])));
    assert_eq!(commit(&mut chain, day(40), 9, 1), Ok(()));
    assert_eq!(commit(&mut chain, day(40), 8, 1), Err("day 8 is more than 31 days ago".to_owned()));
}
