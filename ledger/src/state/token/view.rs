//! What anybody who holds the ledger may read of tokens.

use std::ops::RangeInclusive;

use protocol::token::{Amount, Minting, Token, Vintage};
use protocol::{Address, Height};

use super::entry::{Credits, Holder, Record, Supply, TokenEntry, TokenKey};
use crate::state::State;
use crate::state::entry::{Entry, Key};

const LOWEST: Address = Address::new([0; 20]);
const HIGHEST: Address = Address::new([0xff; 20]);

impl State {
    /// The account behind an address that a member has or had: the address of its first key.
    pub fn token_account(&self, address: &Address) -> Address {
        self.origin(&self.current(address))
    }

    /// How many units there are.
    pub fn token_supply(&self) -> Supply {
        match self.token(TokenKey::Supply) {
            Some(TokenEntry::Supply(supply)) => *supply,
            Some(_) | None => Supply::default(),
        }
    }

    /// What a member holds, under whatever key.
    pub fn token_holder(&self, member: &Address) -> Holder {
        match self.token(TokenKey::Holder(self.token_account(member))) {
            Some(TokenEntry::Holder(holder)) => *holder,
            Some(_) | None => Holder::default(),
        }
    }

    /// Everybody that ever held the accounting token or acted, in order.
    pub fn token_holders(&self) -> impl Iterator<Item = (Address, Holder)> {
        let all = TokenKey::Holder(LOWEST)..=TokenKey::Holder(HIGHEST);
        self.tokens(all).filter_map(|(key, entry)| match (key, entry) {
            (TokenKey::Holder(member), TokenEntry::Holder(holder)) => Some((member, *holder)),
            _ => None,
        })
    }

    /// A member's credits by month.
    pub fn credits(&self, member: &Address) -> impl Iterator<Item = (Vintage, Credits)> {
        let member = self.token_account(member);
        let all = TokenKey::Credits(member, Vintage::FIRST)..=TokenKey::Credits(member, Vintage::LAST);
        self.tokens(all).filter_map(|(key, entry)| match (key, entry) {
            (TokenKey::Credits(_, vintage), TokenEntry::Credits(credits)) => Some((vintage, *credits)),
            _ => None,
        })
    }

    /// All credits by month.
    pub fn vintages(&self) -> impl Iterator<Item = (Vintage, Credits)> {
        let all = TokenKey::Vintage(Vintage::FIRST)..=TokenKey::Vintage(Vintage::LAST);
        self.tokens(all).filter_map(|(key, entry)| match (key, entry) {
            (TokenKey::Vintage(vintage), TokenEntry::Credits(credits)) => Some((vintage, *credits)),
            _ => None,
        })
    }

    /// How many units of `owner` a member may move.
    pub fn allowance(&self, owner: &Address, token: Token, spender: &Address) -> Amount {
        let key = TokenKey::Allowance(self.token_account(owner), token, self.token_account(spender));
        match self.token(key) {
            Some(TokenEntry::Allowance(amount)) => *amount,
            Some(_) | None => Amount::ZERO,
        }
    }

    /// Whom a member lets move what is its own.
    pub fn allowances(&self, owner: &Address) -> impl Iterator<Item = (Token, Address, Amount)> {
        let owner = self.token_account(owner);
        let from = TokenKey::Allowance(owner, Token::Nrg, LOWEST);
        self.tokens(from..=TokenKey::Allowance(owner, Token::Carbon, HIGHEST)).filter_map(|(key, entry)| {
            match (key, entry) {
                (TokenKey::Allowance(_, token, spender), TokenEntry::Allowance(amount)) => {
                    Some((token, spender, *amount))
                }
                _ => None,
            }
        })
    }

    /// What was decided about minting, in order of week.
    pub fn mintings(&self) -> impl DoubleEndedIterator<Item = &Minting> {
        self.tokens(TokenKey::Minting(0)..=TokenKey::Minting(u64::MAX)).filter_map(|(_, entry)| {
            let TokenEntry::Minting(minting) = entry else { return None };
            Some(minting)
        })
    }

    /// What happened in blocks of these heights, in order, with the place in its block.
    pub fn token_records(
        &self,
        heights: RangeInclusive<Height>,
    ) -> impl DoubleEndedIterator<Item = (Height, u32, &Record)> {
        let (from, to) = (*heights.start(), *heights.end().max(heights.start()));
        self.tokens(TokenKey::Record(from, 0)..=TokenKey::Record(to, u32::MAX)).filter_map(
            move |(key, entry)| match (key, entry) {
                (TokenKey::Record(height, place), TokenEntry::Record(record))
                    if heights.contains(&height) =>
                {
                    Some((height, place, record))
                }
                _ => None,
            },
        )
    }

    fn token(&self, key: TokenKey) -> Option<&TokenEntry> {
        match self.get(&Key::Token(key)) {
            Some(Entry::Token(entry)) => Some(entry),
            Some(_) | None => None,
        }
    }

    fn tokens(
        &self,
        range: RangeInclusive<TokenKey>,
    ) -> impl DoubleEndedIterator<Item = (TokenKey, &TokenEntry)> {
        self.entries.range(Key::Token(*range.start())..=Key::Token(*range.end())).filter_map(
            |(key, entry)| match (key, entry) {
                (Key::Token(key), Entry::Token(entry)) => Some((*key, entry)),
                _ => None,
            },
        )
    }
}
