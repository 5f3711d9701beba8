//! Shared energy after it was settled: corrections of final periods, disputes, pairs that take over, members that change
//! their keys.

use protocol::energy::{
    CreditNote, Desk, Dispute, DisputeReason, EnergyAction, Opinion, PeriodStatus, Price, Rota, Ruling,
    Settlement, SignedOpinion, SignedSettlement, SlotId, SlotResult, WattHours,
};
use protocol::limits::{DISPUTE_LAPSES_MS, DISPUTES_PER_DAY_MAX, DISPUTES_PER_SLOT_MAX};
use protocol::transaction::TransactionBody;
use protocol::{
    Action, Address, Bounded, Digest, Height, KeyChange, Payload, Sequence, Signature, SigningKey, UnixMs,
};

use super::energy::{
    NOW, address, decide, key, line, lines, period, put, result, settle, settling, signed, week,
};
use crate::chain::Chain;

const SLOT: SlotId = SlotId(2);

fn by(chain: &mut Chain, now: UnixMs, settlement: Settlement, signers: [u8; 2]) -> Result<(), String> {
    let payload = signed(chain, settlement, signers);
    put(chain, now, 4, payload)
}

/// Slots 1 to 3 are settled and booked, their period is final, the next one is open.
fn final_period() -> Chain {
    let mut chain = settling();
    settle(&mut chain, NOW, period(1, PeriodStatus::Open, 1, 4)).unwrap();
    for slot in 1..4 {
        settle(&mut chain, NOW, Settlement::Slot(result(slot))).unwrap();
    }
    settle(&mut chain, NOW, week(1, vec![line(4, 453, 0, -65_685, 0), line(5, 0, 453, 65_685, 0)])).unwrap();
    settle(&mut chain, NOW, period(1, PeriodStatus::Preview, 1, 4)).unwrap();
    settle(&mut chain, NOW, period(1, PeriodStatus::Final, 1, 4)).unwrap();
    settle(&mut chain, NOW, period(2, PeriodStatus::Open, 4, 96)).unwrap();
    chain
}

fn corrected(version: u32, traded: i64) -> Settlement {
    let traded = WattHours(traded);
    Settlement::Correction(SlotResult { version, traded, demand: traded, ..result(SLOT.0) })
}

fn note(number: u32, bought: i64, money: i64, fee: i64) -> Settlement {
    let lines = lines(vec![line(4, bought, 0, -money, fee), line(5, 0, bought, money, 0)]);
    Settlement::Credit(CreditNote { concerns: 1, booked_in: 2, number, lines })
}

/// A final slot stays as it was; what it should have been stands beside it, and credit notes tell the difference once.
#[test]
fn a_final_slot_is_corrected_beside_what_was_settled() {
    let mut chain = final_period();
    assert_eq!(
        settle(&mut chain, NOW, note(1, -10, -1_450, 0)),
        Err("energy bought adds up to -10, expected 0".to_owned()),
        "no correction, no energy to make good"
    );
    assert_eq!(
        settle(&mut chain, NOW, corrected(1, 100)),
        Err("version 1, 2 is due".to_owned()),
        "it follows what was settled"
    );
    settle(&mut chain, NOW, corrected(2, 100)).unwrap();
    settle(&mut chain, NOW, corrected(3, 91)).unwrap();
    let state = chain.state();
    assert_eq!(state.settled(SLOT).unwrap().result, result(SLOT.0));
    assert_eq!(state.corrected(SLOT).unwrap().result.traded, WattHours(91));
    assert_eq!(state.latest_result(SLOT), state.corrected(SLOT));
    assert_eq!(state.corrected_slots(SlotId(1)..SlotId(4)).count(), 1);
    assert_eq!((state.credit_sums(1).corrected.0, state.credit_sums(1).results), (-60, 2));
    for (wrong, reason) in [
        (note(1, -61, -8_845, 0), "energy bought adds up to -61, expected -60"),
        (note(1, 1, 145, 0), "energy bought adds up to 1, expected -60"),
        // 60 Wh cost at most 13,800 micro-EUR in the dearest class, and four are granted for rounding.
        (note(1, -60, -8_700, -13_805), "fees adds up to -13805, expected 13800"),
    ] {
        assert_eq!(settle(&mut chain, NOW, wrong), Err(reason.to_owned()));
    }
    settle(&mut chain, NOW, note(1, -40, -5_800, 0)).unwrap();
    assert_eq!(chain.state().credit_sums(1).results, 2, "a part is left");
    settle(&mut chain, NOW, note(2, -20, -2_900, 0)).unwrap();
    let sums = chain.state().credit_sums(1);
    assert_eq!((sums.credited.0, sums.results, chain.state().period(1).unwrap().notes), (-60, 0, 2));
    assert_eq!(chain.state().account(&address(4)).bought.0, 453 - 60);
    let told: Vec<_> = chain.state().credited(1).collect();
    let of = |n| told.iter().find(|(_, member, _)| *member == address(n)).map(|(.., sum)| sum.balance.0);
    assert_eq!((told.len(), of(4), of(5)), (2, Some(8_700), Some(-8_700)));
    assert!(settle(&mut chain, NOW, note(3, -1, -145, 0)).is_err());
}

#[test]
fn what_is_not_final_is_settled_and_not_corrected() {
    let mut chain = final_period();
    let open = SlotResult { version: 1, ..result(4) };
    assert_eq!(
        settle(&mut chain, NOW, Settlement::Correction(open)),
        Err("slot 4 is not final; its next version is settled".to_owned())
    );
    let priced = SlotResult { version: 2, price: Some(Price(145_001)), ..result(SLOT.0) };
    assert!(settle(&mut chain, NOW, Settlement::Correction(priced)).unwrap_err().contains("145000"));
}

fn open(chain: &mut Chain, now: UnixMs, n: u8, slot: SlotId, reason: DisputeReason) -> Result<(), String> {
    let version = chain.state().settled(slot).map_or(0, |settled| settled.result.version);
    put(chain, now, n, Payload::Dispute(Dispute { slot, version, reason }))
}

fn opinion_of(chain: &Chain, n: u8, opinion: Opinion) -> (Address, Signature) {
    (address(n), opinion.sign(&key(n), &chain.id()))
}

const BASIS: Digest = Digest::new([5; 32]);

fn ruling(chain: &Chain, found: SlotResult, agreed: &[u8], others: &[(u8, Digest)]) -> Ruling {
    let opinion = Opinion::new(&found, BASIS);
    let mut agreed: Vec<_> = agreed.iter().map(|n| opinion_of(chain, *n, opinion)).collect();
    agreed.sort_unstable_by_key(|(desk, _)| *desk);
    let mut others: Vec<SignedOpinion> = others
        .iter()
        .map(|(n, basis)| {
            let opinion = Opinion { result: Digest::new([77; 32]), basis: *basis, ..opinion };
            let (desk, signature) = opinion_of(chain, *n, opinion);
            SignedOpinion { desk, opinion, signature }
        })
        .collect();
    others.sort_unstable_by_key(|other| other.desk);
    let (agreed, others) = (Bounded::new(agreed).unwrap(), Bounded::new(others).unwrap());
    Ruling { result: found, basis: BASIS, agreed, others }
}

fn rule(chain: &mut Chain, ruling: Ruling, signers: [u8; 2]) -> Result<(), String> {
    by(chain, NOW, Settlement::Ruling(Box::new(ruling)), signers)
}

/// Most desks decide, whatever two of them signed before, and who found something else in the same statements is named.
#[test]
fn most_desks_decide_a_dispute_and_the_wrong_one_is_named() {
    let mut chain = settling();
    settle(&mut chain, NOW, Settlement::Slot(result(SLOT.0))).unwrap();
    open(&mut chain, NOW, 5, SLOT, DisputeReason::Line).unwrap();
    let disputed = chain.state().disputed(SLOT).unwrap().clone();
    assert_eq!((disputed.by, disputed.number, disputed.is_open(NOW)), (address(5), 1, true));
    let again = open(&mut chain, NOW, 4, SLOT, DisputeReason::Line);
    let in_dispute = Err("slot 2 is in dispute; most desks decide on it".to_owned());
    assert_eq!(again, in_dispute);
    let found = SlotResult { version: 2, traded: WattHours(100), ..result(SLOT.0) };
    assert_eq!(settle(&mut chain, NOW, Settlement::Slot(found.clone())), in_dispute);

    let too_few = ruling(&chain, found.clone(), &[1, 2], &[(0, BASIS)]);
    assert_eq!(rule(&mut chain, too_few, [1, 2]), Err("desks that agree 2, 3 is due".to_owned()));
    let mut forged = ruling(&chain, found.clone(), &[1, 2, 3], &[]);
    forged.basis = Digest::new([6; 32]);
    assert!(rule(&mut chain, forged, [1, 2]).unwrap_err().contains("does not verify"));
    let mut blamed = ruling(&chain, found.clone(), &[1, 2, 3], &[(0, BASIS)]);
    let mut others = blamed.others.into_vec();
    others[0].opinion.result = Digest::new([78; 32]);
    blamed.others = Bounded::new(others).unwrap();
    assert!(rule(&mut chain, blamed, [1, 2]).unwrap_err().contains("does not verify"), "nobody is framed");
    let stranger = ruling(&chain, found.clone(), &[1, 2, 3, 4], &[]);
    assert!(rule(&mut chain, stranger, [1, 2]).unwrap_err().contains("it has no desk"));
    let outside = ruling(&chain, found.clone(), &[1, 2, 3], &[]);
    assert!(rule(&mut chain, outside, [0, 2]).unwrap_err().contains("not among the desks that agree"));

    let right = ruling(&chain, found.clone(), &[1, 2, 3], &[(0, BASIS)]);
    rule(&mut chain, right.clone(), [1, 2]).unwrap();
    let settled = chain.state().settled(SLOT).unwrap();
    assert_eq!((&settled.result, settled.settlers), (&found, [address(1), address(2)]));
    let verdict = chain.state().disputed(SLOT).unwrap().verdict.clone().unwrap();
    assert_eq!((verdict.wrong.as_slice(), verdict.otherwise.len()), ([address(0)].as_slice(), 0));
    assert_eq!((verdict.agreed, verdict.version, verdict.is_changed), (3, 2, true));
    assert_eq!(rule(&mut chain, right, [1, 2]), Err("slot 2 is not in dispute".to_owned()));
}

/// Whoever disputes what is right is shown so; a desk that went by other statements is not called wrong.
#[test]
fn what_was_right_stays() {
    let mut chain = settling();
    settle(&mut chain, NOW, Settlement::Slot(result(SLOT.0))).unwrap();
    open(&mut chain, NOW, 5, SLOT, DisputeReason::LeftOut).unwrap();
    let same = ruling(&chain, result(SLOT.0), &[0, 2, 3], &[(1, Digest::new([8; 32]))]);
    rule(&mut chain, same, [0, 2]).unwrap();
    let verdict = chain.state().disputed(SLOT).unwrap().verdict.clone().unwrap();
    assert_eq!((verdict.is_changed, verdict.version), (false, 1));
    assert_eq!((verdict.wrong.len(), verdict.otherwise.as_slice()), (0, [address(1)].as_slice()));
    assert_eq!(chain.state().settled(SLOT).unwrap().result.version, 1);
    let mut count = 1;
    while open(&mut chain, NOW, 5, SLOT, DisputeReason::LeftOut).is_ok() {
        count += 1;
        let same = ruling(&chain, result(SLOT.0), &[0, 2, 3], &[]);
        rule(&mut chain, same, [0, 2]).unwrap();
    }
    assert_eq!(count, DISPUTES_PER_SLOT_MAX);
}

#[test]
fn disputes_have_bounds() {
    let mut chain = final_period();
    let refused = |chain: &mut Chain, n, slot, reason| open(chain, NOW, n, SlotId(slot), reason).unwrap_err();
    assert_eq!(refused(&mut chain, 5, 2, DisputeReason::Line), "period 1 is final");
    assert!(refused(&mut chain, 5, 9, DisputeReason::Line).starts_with("it ends at"));
    assert!(refused(&mut chain, 5, 4, DisputeReason::Line).contains("it has no desk"), "nothing is settled");
    assert!(refused(&mut chain, 5, 4, DisputeReason::Desks).contains("it has no desk"));
    let wrong = Dispute { slot: SlotId(4), version: 1, reason: DisputeReason::Desks };
    let version = put(&mut chain, NOW, 0, Payload::Dispute(wrong));
    assert_eq!(version, Err("disputed version 1, 0 is due".to_owned()));
    open(&mut chain, NOW, 0, SlotId(4), DisputeReason::Desks).unwrap();
    let later = NOW.plus(DISPUTE_LAPSES_MS + 1_000);
    settle(&mut chain, later, Settlement::Slot(result(4))).unwrap();
    for slot in 5..5 + u64::from(DISPUTES_PER_DAY_MAX) {
        open(&mut chain, later, 0, SlotId(slot), DisputeReason::Desks).unwrap();
    }
    let many = open(&mut chain, later, 0, SlotId(60), DisputeReason::Desks);
    assert_eq!(many, Err("disputes of a member and day: 16 at the most".to_owned()));
    open(&mut chain, later, 1, SlotId(60), DisputeReason::Desks).unwrap();
}

/// A pair that settled and booked a slot is gone from the rota; another one settles it anew with the same sum, and takes
/// back in its own booking what the first one booked.
#[test]
fn another_pair_books_a_week_anew() {
    let mut chain = settling();
    settle(&mut chain, NOW, Settlement::Slot(result(1))).unwrap();
    settle(&mut chain, NOW, week(1, vec![line(4, 151, 0, -5, 900), line(5, 0, 151, 5, 0)])).unwrap();
    let late = NOW.plus(protocol::limits::STAND_BY_AFTER_MS);
    let other = SlotResult { version: 2, lines: Digest::new([2; 32]), ..result(1) };
    by(&mut chain, late, Settlement::Slot(other), [1, 3]).unwrap();
    assert_eq!(chain.state().energy_week(0).results, 1);
    // 5 and not 4 bought some of it: nothing in all, and fees that another pair charged come off.
    let moved = vec![line(4, -50, 0, 3, -300), line(0, 50, 0, -3, 299)];
    by(&mut chain, late, week(2, moved), [1, 3]).unwrap();
    let booked = chain.state().energy_week(0);
    assert_eq!((booked.results, booked.traded, booked.booked), (0, WattHours(151), WattHours(151)));
    assert_eq!(chain.state().books().grid.0, 899);

    // It gives back what it took over, and no more than that.
    let smaller = SlotResult { version: 3, traded: WattHours(101), demand: WattHours(101), ..result(1) };
    by(&mut chain, late, Settlement::Slot(smaller), [0, 2]).unwrap();
    let back =
        |number, wh: i64, fee: i64| week(number, vec![line(4, -wh, 0, wh, -fee), line(5, 0, -wh, -wh, 0)]);
    by(&mut chain, late, back(3, 51, 300), [0, 2]).unwrap();
    let more = by(&mut chain, late, back(4, 101, 599), [0, 2]);
    assert_eq!(more, Err("energy bought adds up to -101, expected 1".to_owned()));
    let kept = by(&mut chain, late, back(4, 100, 500), [0, 2]);
    assert_eq!(kept, Err("fees adds up to 100, expected 0".to_owned()), "no fee of nothing");
    by(&mut chain, late, back(4, 100, 599), [0, 2]).unwrap();
    assert_eq!((chain.state().energy_week(0).booked, chain.state().books().grid.0), (WattHours(0), 0));
}

/// A pair of authorities goes on under new keys: they stay the settlers of what they settled, book it, and correct it.
#[test]
fn settlers_stay_settlers_under_new_keys() {
    let mut chain = settling();
    settle(&mut chain, NOW, Settlement::Slot(result(1))).unwrap();
    let new = key(40);
    let change = KeyChange::prove(&chain.id(), address(0), &new);
    put(&mut chain, NOW, 0, Payload::Propose(Action::ChangeKey(change))).unwrap();
    let number = chain.state().meta().proposals;
    put(&mut chain, NOW, 1, Payload::Approve(number)).unwrap();
    put(&mut chain, NOW, 2, Payload::Approve(number)).unwrap();
    // The new key decides from the next block on.
    settle_nothing(&mut chain);
    let settled = chain.state().settled(SlotId(1)).unwrap().settlers;
    assert_eq!(settled, [address(0), address(2)]);
    assert_eq!(chain.state().current(&settled[0]), new.address());
    let booking = week(1, vec![line(4, 151, 0, -5, 0), line(5, 0, 151, 5, 0)]);
    let old = by(&mut chain, NOW, booking.clone(), [0, 2]).unwrap_err();
    assert!(old.contains("it has no desk"), "{old}");
    let signatures = [&new, &key(2)].map(|one| (one.address(), booking.sign(one, &chain.id())));
    let payload = Payload::Settle(Box::new(SignedSettlement { settlement: booking, signatures }));
    put(&mut chain, NOW, 4, payload).unwrap();
    let first = chain.state().pair_books(0, [address(0), address(2)]).unwrap();
    assert_eq!(Some(first), chain.state().pair_books(0, [new.address(), address(2)]));
    assert_eq!(first.bought, WattHours(151));
}

fn settle_nothing(chain: &mut Chain) {
    let (candidate, _) = chain.build(key(1).address(), NOW, std::iter::empty());
    chain.commit(candidate);
}

/// A member that changes its key, once and again, in the middle of a slot has one account whichever of its names a line
/// carries, and two lines of it in one booking come to their sum.
#[test]
fn two_lines_of_one_member_are_one_account() {
    let mut chain = settling();
    let names = [key(5), key(50), key(51)];
    for pair in names.windows(2) {
        let change = KeyChange::prove(&chain.id(), pair[0].address(), &pair[1]);
        let sequence = chain.state().member(&pair[0].address()).unwrap().sequence.next();
        put_as(&mut chain, &pair[0], sequence, Payload::ChangeKey(change));
    }
    settle(&mut chain, NOW, Settlement::Slot(result(1))).unwrap();
    let of = |who: &SigningKey, sold: i64, money: i64| protocol::energy::NetLine {
        member: who.address(),
        ..line(5, 0, sold, money, 0)
    };
    let all = vec![line(4, 151, 0, -6, 0), of(&names[0], 51, 1), of(&names[1], 60, 2), of(&names[2], 40, 3)];
    settle(&mut chain, NOW, week(1, all)).unwrap();
    let state = chain.state();
    for name in &names {
        let account = state.account(&name.address());
        assert_eq!((account.sold.0, account.balance.0), (151, 6));
    }
    assert_eq!(state.accounts().map(|(member, _)| member).filter(|one| *one == address(5)).count(), 1);
    assert_eq!(state.accounts().count(), 2);
}

fn put_as(chain: &mut Chain, author: &SigningKey, sequence: Sequence, payload: Payload) {
    let body = TransactionBody { author: author.public(), sequence, expires: Height(1_000), payload };
    let transaction = body.sign(author, &chain.id());
    let (candidate, refused) = chain.build(key(0).address(), NOW, std::iter::once(transaction));
    assert!(refused.is_empty(), "{refused:?}");
    chain.commit(candidate);
}

/// A rota of one operator's majority still needs the other one: the two that put a ruling on the ledger are of two.
#[test]
fn one_operator_does_not_decide_alone() {
    let mut chain = settling();
    let desk = |n, operator| Desk { authority: address(n), operator: Digest::new([operator; 32]) };
    let rota = Rota::new(vec![desk(0, 1), desk(1, 1), desk(2, 1), desk(3, 2)]).unwrap();
    decide(&mut chain, UnixMs(3_000), EnergyAction::Settle(rota)).unwrap();
    let late = NOW.plus(protocol::limits::STAND_BY_AFTER_MS);
    by(&mut chain, late, Settlement::Slot(result(SLOT.0)), [0, 3]).unwrap();
    open(&mut chain, late, 5, SLOT, DisputeReason::Line).unwrap();
    let found = SlotResult { version: 2, traded: WattHours(100), ..result(SLOT.0) };
    let alone = ruling(&chain, found, &[0, 1, 2], &[]);
    let refused = by(&mut chain, late, Settlement::Ruling(Box::new(alone)), [0, 1]).unwrap_err();
    assert!(refused.contains("both signatures are of one operator"), "{refused}");
}
