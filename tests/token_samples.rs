//! One instance of every word of tokens and carbon credits, for golden vectors and hostile input.

use ledger::state::token::{Credits, Holder, Movement, Record, Supply, TokenEntry, TokenKey};
use ledger::state::{Entry, Key};
use protocol::energy::{EnergyAction, WattHours};
use protocol::limits::TRANSACTION_BYTES_MAX;
use protocol::token::{
    Amount, Approval, Asset, Minting, Retirement, RetirementReason, Token, TokenAction, Transfer,
    TransferFrom, Vintage,
};
use protocol::{Action, Bytes, Height, Payload, TransactionId};

use crate::samples::{Wire, key, transaction, wire};

fn vintage() -> Vintage {
    Vintage::of_day(16_801)
}

fn minting() -> Minting {
    let baseline = Bytes::new(b"Belgian grid mix 2025".to_vec()).unwrap();
    Minting { grams_per_kwh: 180, baseline, from_week: 2_401 }
}

/// Everything of the protocol.
pub(crate) fn protocol_types() -> Vec<Wire> {
    let put = |name, payload| wire(name, &transaction(payload), TRANSACTION_BYTES_MAX);
    let act = |name, action| put(name, Payload::Token(action));
    let (owner, to, amount) = (key(2).address(), key(3).address(), Amount(1_500));
    let (asset, credits) = (Asset::Nrg, Asset::Carbon(vintage()));
    let retire = |reason| TokenAction::Retire(Retirement { vintage: vintage(), amount, reason });
    vec![
        put("Transaction propose minting", Payload::Propose(Action::Energy(EnergyAction::Mint(minting())))),
        act("Transaction token transfer", TokenAction::Transfer(Transfer { asset, to, amount })),
        act("Transaction credits transfer", TokenAction::Transfer(Transfer { asset: credits, to, amount })),
        act(
            "Transaction token approve",
            TokenAction::Approve(Approval { token: Token::Nrg, spender: to, amount }),
        ),
        act(
            "Transaction token transfer from",
            TokenAction::TransferFrom(TransferFrom { asset, owner, to, amount }),
        ),
        act("Transaction credits retire for oneself", retire(RetirementReason::OwnFootprint)),
        act("Transaction credits retire for a report", retire(RetirementReason::Report)),
        act("Transaction credits retire for others", retire(RetirementReason::OnBehalf)),
        act("Transaction credits withdraw", retire(RetirementReason::Withdrawn)),
    ]
}

/// Everything the ledger's state holds.
pub(crate) fn ledger_types() -> Vec<Wire> {
    let stored = |name, key: TokenKey| wire(name, &Key::Token(key), 256);
    let entry = |name, entry: TokenEntry| wire(name, &Entry::Token(entry), TRANSACTION_BYTES_MAX);
    let (member, other, amount) = (key(1).address(), key(2).address(), Amount(270_000));
    let credits = Credits { held: amount, retired: Amount(70_000) };
    let supply = Supply { nrg: Amount(1_500), credits, recorded: Height(7), records: 2 };
    let (sold, minted) = (WattHours(1_400), WattHours(1_500));
    let holder = Holder { nrg: Amount(1_500), sold, minted, day: 16_801, actions: 3, allowances: 1 };
    let record = |name, movement| {
        let transaction = TransactionId::new([0x42; 32]);
        entry(name, TokenEntry::Record(Record { transaction, movement }))
    };
    let asset = Asset::Carbon(vintage());
    vec![
        stored("Key token supply", TokenKey::Supply),
        stored("Key token minting", TokenKey::Minting(2_401)),
        stored("Key token holder", TokenKey::Holder(member)),
        stored("Key token credits", TokenKey::Credits(member, vintage())),
        stored("Key token vintage", TokenKey::Vintage(vintage())),
        stored("Key token allowance", TokenKey::Allowance(member, Token::Carbon, other)),
        stored("Key token record", TokenKey::Record(Height(7), 1)),
        entry("Entry token supply", TokenEntry::Supply(supply)),
        entry("Entry token minting", TokenEntry::Minting(minting())),
        entry("Entry token holder", TokenEntry::Holder(holder)),
        entry("Entry token credits", TokenEntry::Credits(credits)),
        entry("Entry token allowance", TokenEntry::Allowance(amount)),
        record("Entry token record minted", Movement::Minted(asset, member, amount)),
        record("Entry token record moved", Movement::Moved(Asset::Nrg, member, other, amount)),
        record("Entry token record approved", Movement::Approved(member, Token::Nrg, other, amount)),
        record(
            "Entry token record retired",
            Movement::Retired(member, vintage(), amount, RetirementReason::Report),
        ),
    ]
}
