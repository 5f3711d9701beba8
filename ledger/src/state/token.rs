//! Tokens on the ledger: who holds how many units, who may move them, which credits are used up. Units come into being
//! with energy that was shared and booked, and in no other way.

mod decide;
mod entry;
mod mint;
mod reject;
mod supply;
mod view;

pub use entry::{Credits, Holder, Movement, Record, Supply, TokenEntry, TokenKey};
pub use reject::TokenReject;

pub(super) use decide::{carry_out, check_action};
pub(super) use mint::mint;
pub(super) use supply::assert_kept;

use protocol::limits::{ALLOWANCES_PER_MEMBER_MAX, TOKEN_ACTIONS_PER_DAY_MAX};
use protocol::token::{
    Amount, Approval, Asset, Retirement, Token, TokenAction, Transfer, TransferFrom, Vintage,
};
use protocol::{Address, TransactionId};

use super::Overlay;
use super::energy::day_of;
use super::entry::{Entry, Key};
use super::execute::{BlockContext, Event};
use crate::error::Reject;

/// Does what a member wants done with tokens. On an error nothing was written.
pub(super) fn act(
    overlay: &mut Overlay<'_>,
    context: &BlockContext,
    author: Address,
    action: &TokenAction,
    transaction: TransactionId,
) -> Result<Vec<Event>, Reject> {
    action.check().map_err(TokenReject::from)?;
    let author = overlay.origin(&author);
    let (today, actions) = overlay.actions_left(context, &author)?;
    let movement = match action {
        TokenAction::Transfer(Transfer { asset, to, amount }) => {
            overlay.transfer(*asset, author, *to, *amount)?
        }
        TokenAction::Approve(approval) => overlay.approve(author, approval)?,
        TokenAction::TransferFrom(transfer) => overlay.transfer_from(author, transfer)?,
        TokenAction::Retire(retirement) => overlay.retire(author, retirement)?,
    };
    let holder = overlay.holder(&author);
    overlay.put_token(TokenKey::Holder(author), TokenEntry::Holder(Holder { day: today, actions, ..holder }));
    Ok(vec![overlay.record(context, transaction, movement)])
}

impl Overlay<'_> {
    /// The day of the block and how many transactions the member made on it with this one.
    fn actions_left(&self, context: &BlockContext, author: &Address) -> Result<(u64, u32), TokenReject> {
        let today = day_of(context.time);
        let holder = self.holder(author);
        let before = if holder.day == today { holder.actions } else { 0 };
        if before >= TOKEN_ACTIONS_PER_DAY_MAX {
            let max = TOKEN_ACTIONS_PER_DAY_MAX.into();
            return Err(TokenReject::Full { what: "transactions with tokens of one member and day", max });
        }
        Ok((today, before + 1))
    }

    fn transfer(
        &mut self,
        asset: Asset,
        from: Address,
        to: Address,
        amount: Amount,
    ) -> Result<Movement, TokenReject> {
        let to = self.recipient(&to)?;
        let left = self.taken(asset, &from, amount)?;
        self.put_balance(asset, from, left);
        // Whoever moves units to itself gets back what was just taken.
        let more = self.balance(asset, &to).checked_add(amount);
        self.put_balance(asset, to, more.expect("invariant: nobody holds more than there is"));
        Ok(Movement::Moved(asset, from, to, amount))
    }

    fn transfer_from(&mut self, spender: Address, transfer: &TransferFrom) -> Result<Movement, TokenReject> {
        let TransferFrom { asset, owner, to, amount } = *transfer;
        let (owner, token) = (self.account_of(&owner), asset.token());
        let found = self.allowance(&owner, token, &spender);
        let left = found.checked_sub(amount).ok_or(TokenReject::NotAllowed {
            owner,
            spender,
            token,
            expected: amount,
            found,
        })?;
        let movement = self.transfer(asset, owner, to, amount)?;
        self.put_allowance(owner, token, spender, left);
        Ok(movement)
    }

    fn approve(&mut self, owner: Address, approval: &Approval) -> Result<Movement, TokenReject> {
        let Approval { token, spender, amount } = *approval;
        // A leave is taken back from whoever has it, also from who is no member any more.
        let spender = match amount {
            Amount::ZERO => self.account_of(&spender),
            _ => self.recipient(&spender)?,
        };
        let is_new = self.allowance(&owner, token, &spender) == Amount::ZERO && amount != Amount::ZERO;
        if is_new && self.holder(&owner).allowances >= ALLOWANCES_PER_MEMBER_MAX {
            let max = ALLOWANCES_PER_MEMBER_MAX.into();
            return Err(TokenReject::Full { what: "allowances of one member", max });
        }
        self.put_allowance(owner, token, spender, amount);
        Ok(Movement::Approved(owner, token, spender, amount))
    }

    fn retire(&mut self, owner: Address, retirement: &Retirement) -> Result<Movement, TokenReject> {
        let Retirement { vintage, amount, reason } = *retirement;
        let held = self.taken(Asset::Carbon(vintage), &owner, amount)?;
        for key in [TokenKey::Credits(owner, vintage), TokenKey::Vintage(vintage)] {
            let before = self.credits(key);
            self.put_token(key, TokenEntry::Credits(before.retire(amount)));
        }
        assert_eq!(
            self.balance(Asset::Carbon(vintage), &owner),
            held,
            "invariant: what is retired is not held"
        );
        let supply = self.supply();
        self.put_supply(Supply { credits: supply.credits.retire(amount), ..supply });
        Ok(Movement::Retired(owner, vintage, amount, reason))
    }

    /// The account behind an address that a member has or had.
    fn account_of(&self, address: &Address) -> Address {
        self.origin(&self.current(address))
    }

    /// The account of a member that may be given something.
    fn recipient(&self, address: &Address) -> Result<Address, TokenReject> {
        let current = self.current(address);
        match self.member(&current) {
            Some(member) if !member.revoked => Ok(self.origin(&current)),
            Some(_) | None => Err(TokenReject::Stranger { found: *address }),
        }
    }

    /// What is left of a balance.
    fn taken(&self, asset: Asset, owner: &Address, amount: Amount) -> Result<Amount, TokenReject> {
        let found = self.balance(asset, owner);
        let short = TokenReject::Short { owner: *owner, asset, expected: amount, found };
        found.checked_sub(amount).ok_or(short)
    }

    fn balance(&self, asset: Asset, owner: &Address) -> Amount {
        match asset {
            Asset::Nrg => self.holder(owner).nrg,
            Asset::Carbon(vintage) => self.credits(TokenKey::Credits(*owner, vintage)).held,
        }
    }

    fn put_balance(&mut self, asset: Asset, owner: Address, amount: Amount) {
        match asset {
            Asset::Nrg => {
                let holder = Holder { nrg: amount, ..self.holder(&owner) };
                self.put_token(TokenKey::Holder(owner), TokenEntry::Holder(holder));
            }
            Asset::Carbon(vintage) => {
                let key = TokenKey::Credits(owner, vintage);
                let credits = Credits { held: amount, ..self.credits(key) };
                self.put_token(key, TokenEntry::Credits(credits));
            }
        }
    }

    fn holder(&self, member: &Address) -> Holder {
        match self.token(TokenKey::Holder(*member)) {
            Some(TokenEntry::Holder(holder)) => *holder,
            Some(_) | None => Holder::default(),
        }
    }

    fn credits(&self, key: TokenKey) -> Credits {
        match self.token(key) {
            Some(TokenEntry::Credits(credits)) => *credits,
            Some(_) | None => Credits::default(),
        }
    }

    fn allowance(&self, owner: &Address, token: Token, spender: &Address) -> Amount {
        match self.token(TokenKey::Allowance(*owner, token, *spender)) {
            Some(TokenEntry::Allowance(amount)) => *amount,
            Some(_) | None => Amount::ZERO,
        }
    }

    /// Writes an allowance, or takes it away when nothing is left of it.
    fn put_allowance(&mut self, owner: Address, token: Token, spender: Address, amount: Amount) {
        let key = TokenKey::Allowance(owner, token, spender);
        let was = u32::from(self.token(key).is_some());
        if amount == Amount::ZERO {
            self.remove(Key::Token(key));
        } else {
            self.put_token(key, TokenEntry::Allowance(amount));
        }
        let holder = self.holder(&owner);
        let allowances = holder.allowances - was + u32::from(amount != Amount::ZERO);
        self.put_token(TokenKey::Holder(owner), TokenEntry::Holder(Holder { allowances, ..holder }));
    }

    fn supply(&self) -> Supply {
        match self.token(TokenKey::Supply) {
            Some(TokenEntry::Supply(supply)) => *supply,
            Some(_) | None => Supply::default(),
        }
    }

    fn put_supply(&mut self, supply: Supply) {
        self.put_token(TokenKey::Supply, TokenEntry::Supply(supply));
    }

    /// Writes down what happened.
    fn record(&mut self, context: &BlockContext, transaction: TransactionId, movement: Movement) -> Event {
        let supply = self.supply();
        let place = if supply.recorded == context.height { supply.records } else { 0 };
        self.put_token(
            TokenKey::Record(context.height, place),
            TokenEntry::Record(Record { transaction, movement }),
        );
        self.put_supply(Supply { recorded: context.height, records: place + 1, ..supply });
        Event::Token(movement)
    }

    fn token(&self, key: TokenKey) -> Option<&TokenEntry> {
        match self.get(&Key::Token(key)) {
            Some(Entry::Token(entry)) => Some(entry),
            Some(_) | None => None,
        }
    }

    fn put_token(&mut self, key: TokenKey, entry: TokenEntry) {
        self.put(Key::Token(key), Entry::Token(entry));
    }
}

impl Credits {
    /// All there ever were.
    pub fn minted(self) -> Amount {
        self.held.checked_add(self.retired).expect("invariant: no more is minted than an account holds")
    }

    fn retire(self, amount: Amount) -> Self {
        let held = self.held.checked_sub(amount).expect("invariant: the holder has as many");
        let retired = self.retired.checked_add(amount).expect("invariant: no more is retired than minted");
        Self { held, retired }
    }
}

/// The month that the credits of a week's bookings belong to: the one its Monday lies in.
pub fn vintage_of(week: u64) -> Vintage {
    Vintage::of_day((week.saturating_mul(7)).saturating_sub(3))
}
