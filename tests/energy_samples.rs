//! One instance of every word of sharing energy, for golden vectors and hostile input.

use ledger::state::{Entry, Key};
use protocol::energy::{
    Coefficients, CreditNote, DayCommitment, Desk, EnergyAction, Factor, Fees, FullDynamic, Held, Holders,
    Locality, Mark, MicroEuro, NetLine, Offer, Opinion, Percent, PeriodStatus, PeriodStep, Price,
    PriorityGroups, Quality, Receipt, Rota, Salt, ScheduledRule, Settlement, SettlementMessage, SharingKey,
    SharingRule, ShiftAgreement, ShiftAnswer, ShiftMessage, ShiftRequest, SignedOpinion, SignedSettlement,
    SlotId, SlotLength, SlotResult, Statement, StatementRefusal, StaticKey, Tariff, Terms, ToldLine,
    WattHours, WeekBooking, Weights,
};
use protocol::limits::{SETTLEMENT_FRAME_BYTES_MAX, STATEMENT_BYTES_MAX, TRANSACTION_BYTES_MAX};
use protocol::{Action, Bounded, Digest, Height, Payload};

use crate::samples::{Wire, chain, key, transaction, wire};

/// The slot that begins at midnight of Brussels, 2016-01-01.
const SLOT: SlotId = SlotId(1_612_892);

/// Everything of the protocol.
pub(crate) fn protocol_types() -> Vec<Wire> {
    [units(), rules(), statements(), transactions(), lane(), shifts()].into_iter().flatten().collect()
}

/// Everything the ledger's state holds.
pub(crate) fn ledger_types() -> Vec<Wire> {
    use ledger::state::energy::{Account, Books, EnergyEntry, EnergyKey, Given, Period, SettledSlot, Week};
    let stored = |name, key: EnergyKey| wire(name, &Key::Energy(key), 256);
    let entry = |name, entry: EnergyEntry| wire(name, &Entry::Energy(entry), TRANSACTION_BYTES_MAX);
    let member = key(1).address();
    let books = Books {
        length: SlotLength::Quarter,
        locality: Locality::Cabin,
        rota: Some(rota()),
        periods: 2,
        final_until: SLOT,
        grid: MicroEuro(5_160),
    };
    let settlers = [key(1).address(), key(2).address()];
    let settled = SettledSlot { result: slot_result(), settlers, height: Height(7) };
    let week = Week { traded: WattHours(43_247), booked: WattHours(43_000), bookings: 1, results: 3 };
    let account = Account {
        bought: WattHours(60),
        sold: WattHours(0),
        balance: MicroEuro(-6_120),
        fee: MicroEuro(5_160),
    };
    let parts = Weights::new(vec![(member, 7_000)]).unwrap();
    let given = Given { organiser: key(2).address(), whole: 10_000, parts };
    vec![
        stored("Key energy books", EnergyKey::Books),
        stored("Key energy rule", EnergyKey::Rule(SLOT)),
        stored("Key energy tariff", EnergyKey::Tariff(SLOT)),
        stored("Key energy day", EnergyKey::Day(16_801, member)),
        stored("Key energy slot", EnergyKey::Slot(SLOT)),
        stored("Key energy week", EnergyKey::Week(2_400)),
        stored("Key energy account", EnergyKey::Account(member)),
        stored("Key energy period", EnergyKey::Period(2)),
        entry("Entry energy books", EnergyEntry::Books(books)),
        entry("Entry energy rule", EnergyEntry::Rule(SharingRule::DEFAULT)),
        entry("Entry energy tariff", EnergyEntry::Tariff(tariff())),
        entry("Entry energy day", EnergyEntry::Day(Digest::new([0x21; 32]))),
        entry("Entry energy slot", EnergyEntry::Slot(settled)),
        entry("Entry energy week", EnergyEntry::Week(week)),
        entry("Entry energy account", EnergyEntry::Account(account)),
        entry("Entry energy period", EnergyEntry::Period(Period { step: period(), notes: 1 })),
        stored("Key energy coefficients", EnergyKey::Coefficients(SLOT)),
        entry("Entry energy coefficients", EnergyEntry::Coefficients(given)),
    ]
}

fn transactions() -> Vec<Wire> {
    let put = |name, payload| wire(name, &transaction(payload), TRANSACTION_BYTES_MAX);
    let propose = |name, action| put(name, Payload::Propose(Action::Energy(action)));
    let settle = |name, settlement: Settlement| {
        let signatures = [1, 2].map(|n| (key(n).address(), settlement.sign(&key(n), &chain())));
        put(name, Payload::Settle(Box::new(SignedSettlement { settlement, signatures })))
    };
    let scheduled = ScheduledRule { rule: SharingRule::SupplyDemand, from: SLOT };
    let commitment = DayCommitment { day: 16_801, commitment: Digest::new([0x21; 32]) };
    let week = WeekBooking { week: 2_400, number: 1, lines: Bounded::new(lines()).unwrap() };
    let note = CreditNote { concerns: 1, booked_in: 2, number: 1, lines: Bounded::new(lines()).unwrap() };
    vec![
        propose("Transaction propose rule", EnergyAction::Share(scheduled)),
        propose("Transaction propose tariff", EnergyAction::Charge(tariff())),
        propose("Transaction propose slot length", EnergyAction::Cut(SlotLength::Hour)),
        propose("Transaction propose locality", EnergyAction::Place(Locality::Substation)),
        propose("Transaction propose rota", EnergyAction::Settle(rota())),
        put("Transaction commit day", Payload::CommitDay(commitment)),
        settle("Transaction settle slot", Settlement::Slot(slot_result())),
        settle("Transaction settle week", Settlement::Week(week)),
        settle("Transaction settle period", Settlement::Period(period())),
        settle("Transaction settle credit note", Settlement::Credit(note)),
        put("Transaction coefficients", Payload::Coefficients(coefficients())),
        put("Transaction coefficients of the same members", Payload::Coefficients(coefficients_again())),
    ]
}

fn coefficients() -> Coefficients {
    let mut members = [1, 2, 3].map(|n| key(n).address());
    members.sort();
    let [a, b, c] = members;
    let parts = Weights::new(vec![(a, 3_500_000), (b, 1), (c, u32::MAX)]).unwrap();
    let later = Weights::new(vec![(a, 5), (b, 300)]).unwrap();
    Coefficients::new(&[(SLOT, parts), (SlotId(SLOT.0 + 40), later)]).unwrap()
}

fn coefficients_again() -> Coefficients {
    let given = coefficients();
    let Holders::Listed(members) = given.holders().clone() else { panic!("they are listed") };
    given.naming(SlotId(SLOT.0 - 4), &members)
}

fn rota() -> Rota {
    let desk = |n: u8| Desk { authority: key(n).address(), operator: Digest::new([n; 32]) };
    Rota::new(vec![desk(1), desk(2)]).unwrap()
}

fn slot_result() -> SlotResult {
    SlotResult {
        slot: SLOT,
        version: 2,
        demand: WattHours(5_300),
        surplus: WattHours(334),
        traded: WattHours(334),
        given: WattHours(20),
        declined: WattHours(0),
        price: Some(Price(145_000)),
        lines: Digest::new([0x22; 32]),
        missing: Bounded::new(vec![key(3).address()]).unwrap(),
    }
}

fn period() -> PeriodStep {
    PeriodStep { number: 1, status: PeriodStatus::Preview, from: SLOT, until: SlotId(SLOT.0 + 2_976) }
}

fn lines() -> Vec<NetLine> {
    let line = |n, bought, sold, balance| NetLine {
        member: key(n).address(),
        bought: WattHours(bought),
        sold: WattHours(sold),
        balance: MicroEuro(balance),
        fee: MicroEuro(0),
    };
    let mut lines = vec![line(1, 60, 0, -8_700), line(2, 0, 60, 8_700)];
    lines.sort_by_key(|line| line.member);
    lines
}

fn tariff() -> Tariff {
    let fees =
        Fees { building: Price(0), cabin: Price(86_000), substation: Price(98_000), region: Price(110_000) };
    Tariff { retail: Price(250_000), feed_in: Price(40_000), fees, valid_from: SLOT }
}

fn units() -> Vec<Wire> {
    vec![
        wire("WattHours", &WattHours(43_247_959), 16),
        wire("WattHours given", &WattHours(-334), 16),
        wire("MicroEuro", &MicroEuro(-60_215_113_390), 16),
        wire("Price", &Price(145_000), 16),
        wire("SlotLength", &SlotLength::Half, 16),
        wire("SlotId", &SLOT, 16),
        wire("Quality", &Quality::Estimated, 16),
        wire("Factor", &Factor::new(1, 3).unwrap(), 16),
        wire("Percent", &Percent::new(60).unwrap(), 16),
        wire("Locality", &Locality::Cabin, 16),
        wire("Fees", &tariff().fees, 64),
        wire("Tariff", &tariff(), 128),
        wire("Salt", &Salt::new([0x5a; 16]), 32),
    ]
}

fn rules() -> Vec<Wire> {
    let factor = Factor::HALF;
    let mut members = [1, 2, 3].map(|n| key(n).address());
    members.sort();
    let [a, b, c] = members;
    let equal = StaticKey { key: SharingKey::Equal, factor };
    let weights = Weights::new(vec![(a, 3_500_000), (b, 1), (c, u32::MAX)]).unwrap();
    let weighted = StaticKey { key: SharingKey::Weights(weights), factor };
    let organised = FullDynamic { organiser: a, whole: 10_000, factor };
    let groups = PriorityGroups::new(vec![vec![c], vec![a, b]], factor).unwrap();
    let rule = |name, rule: SharingRule| wire(name, &rule, TRANSACTION_BYTES_MAX);
    vec![
        rule("SharingRule dynamic", SharingRule::Dynamic(factor)),
        rule("SharingRule auction", SharingRule::Auction(factor)),
        rule("SharingRule supply and demand", SharingRule::SupplyDemand),
        rule("SharingRule static fixed", SharingRule::StaticFixed(equal)),
        rule("SharingRule static relative", SharingRule::StaticRelative(weighted.clone())),
        rule("SharingRule static iterated", SharingRule::StaticIterated(weighted)),
        rule("SharingRule full dynamic", SharingRule::FullDynamic(organised)),
        rule("SharingRule priority", SharingRule::Priority(groups)),
        wire("Coefficients", &coefficients(), TRANSACTION_BYTES_MAX),
    ]
}

fn statements() -> Vec<Wire> {
    let plain = Statement {
        member: key(1).address(),
        length: SlotLength::Quarter,
        slot: SLOT,
        import: WattHours(320),
        export: WattHours::ZERO,
        quality: Quality::Measured,
        version: 1,
        terms: Terms::default(),
        salt: Salt::new([0x5a; 16]),
    };
    let terms = Terms {
        participation: Percent::new(80).unwrap(),
        sell_above: WattHours(50),
        sell_at_least: Some(Price(90_000)),
        buy_up_to: Some(Price(200_000)),
        give_to: Some(key(2).address()),
    };
    let corrected = Statement {
        import: WattHours::ZERO,
        export: WattHours(1_250),
        quality: Quality::Estimated,
        version: 2,
        terms,
        ..plain
    };
    let signed = |name, stated: Statement| wire(name, &stated.sign(&key(1), &chain()), STATEMENT_BYTES_MAX);
    vec![
        wire("Terms", &terms, 128),
        signed("SignedStatement", plain),
        signed("SignedStatement corrected", corrected),
    ]
}

/// What travels between buildings and desks.
fn lane() -> Vec<Wire> {
    let stated = |version| Statement {
        member: key(1).address(),
        length: SlotLength::Quarter,
        slot: SLOT,
        import: WattHours(320),
        export: WattHours::ZERO,
        quality: Quality::Measured,
        version,
        terms: Terms::default(),
        salt: Salt::new([0x5a; 16]),
    };
    let signed = |version| stated(version).sign(&key(1), &chain());
    let settlement = Settlement::Slot(slot_result());
    let signature = settlement.sign(&key(2), &chain());
    let offer = Offer { settlement, basis: Digest::new([0x31; 32]), signature };
    let mark = Mark { member: key(1).address(), version: 2, hash: Digest::new([0x32; 32]) };
    let held = Held { slot: SLOT, marks: Bounded::new(vec![mark]).unwrap() };
    let told = ToldLine {
        slot: SLOT,
        version: 2,
        member: key(1).address(),
        demand: WattHours(320),
        surplus: WattHours::ZERO,
        bought: WattHours(60),
        sold: WattHours::ZERO,
        pay: MicroEuro(8_700),
        revenue: MicroEuro(0),
        fee: MicroEuro(5_160),
        index: 1,
        size: 3,
        path: Bounded::new(vec![Digest::new([0x33; 32]), Digest::new([0x34; 32])]).unwrap(),
    };
    let (result, basis) = (Digest::new([0x35; 32]), Digest::new([0x36; 32]));
    let opinion = Opinion { slot: SLOT, result, basis };
    let signature = opinion.sign(&key(2), &chain());
    let opinion = SignedOpinion { desk: key(2).address(), opinion, signature };
    let receipt = |refused| SettlementMessage::Receipt(Receipt { slot: SLOT, version: 2, refused });
    let lane = |name, message: SettlementMessage| wire(name, &message, SETTLEMENT_FRAME_BYTES_MAX);
    vec![
        lane("SettlementMessage statement", SettlementMessage::Statement(Box::new(signed(1)))),
        lane("SettlementMessage receipt", receipt(None)),
        lane("SettlementMessage receipt refused", receipt(Some(StatementRefusal::TooLate))),
        lane("SettlementMessage wanted", SettlementMessage::Wanted(SLOT)),
        lane("SettlementMessage offer", SettlementMessage::Offer(Box::new(offer))),
        lane("SettlementMessage held", SettlementMessage::Held(held)),
        lane(
            "SettlementMessage share",
            SettlementMessage::Share(Bounded::new(vec![signed(1), signed(2)]).unwrap()),
        ),
        lane("SettlementMessage ask line", SettlementMessage::AskLine(SLOT)),
        lane("SettlementMessage line", SettlementMessage::Line(Box::new(told))),
        lane("SettlementMessage opinion", SettlementMessage::Opinion(Box::new(opinion))),
    ]
}

/// Using energy earlier.
fn shifts() -> Vec<Wire> {
    let request = ShiftRequest {
        coordinator: key(1).address(),
        length: SlotLength::Quarter,
        earlier: SlotId(SLOT.0 + 40),
        relieved: SlotId(SLOT.0 + 42),
        end: SlotId(SLOT.0 + 44),
        wanted: WattHours(9_600),
        import_max: WattHours(4_900),
        until: SLOT,
    };
    let id = request.id();
    let change = Bounded::new([600, 400, -500, -500].map(WattHours).to_vec()).unwrap();
    let answer = ShiftAnswer { request: id, member: key(2).address(), offer: Some(change.clone()) };
    let agreement = ShiftAgreement { request: id, taken: Some(change), moved: WattHours(1_000) };
    let shift = |name, message| wire(name, &SettlementMessage::Shift(message), SETTLEMENT_FRAME_BYTES_MAX);
    vec![
        shift(
            "SettlementMessage shift request",
            ShiftMessage::Request(Box::new(request.sign(&key(1), &chain()))),
        ),
        shift(
            "SettlementMessage shift answer",
            ShiftMessage::Answer(Box::new(answer.sign(&key(2), &chain()))),
        ),
        shift("SettlementMessage shift agreement", ShiftMessage::Agreement(agreement)),
    ]
}
