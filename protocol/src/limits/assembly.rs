//! Every maximum of registries, assemblies, ballots and polls.

use super::TRANSACTION_BYTES_MAX;

/// Lots of one building.
pub const LOTS_MAX: usize = 10_000;
/// Votes of one building, in shares of its deed brought to one denominator.
pub const VOTES_MAX: u64 = 1_000_000_000_000;
/// Persons a registry knows: owners, occupants, those who hold an office.
pub const PERSONS_MAX: usize = 30_000;
/// Transfers of one lot that are remembered.
pub const TITLES_PER_LOT_MAX: usize = 64;
/// Persons who own one lot together.
pub const OWNERS_PER_LOT_MAX: usize = 32;
/// Tenancies of one lot that are remembered.
pub const OCCUPANTS_PER_LOT_MAX: usize = 64;
/// Charges with a key of their own in one building.
pub const CHARGE_KEYS_MAX: usize = 64;
/// Offices and mandates of one building, past ones included.
pub const OFFICES_MAX: usize = 1_024;
/// Changes of the law that a building's registry dates.
pub const LAWS_DATED_MAX: usize = 16;
/// A person's or lot's name, bytes.
pub const REGISTRY_NAME_BYTES_MAX: usize = 200;
/// A whole registry, bytes.
pub const REGISTRY_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Resolutions of one assembly, second votes included.
pub const RESOLUTIONS_MAX: usize = 64;
/// Title of a resolution or question, bytes.
pub const RESOLUTION_TITLE_BYTES_MAX: usize = 200;
/// Text of a resolution, bytes.
pub const RESOLUTION_TEXT_BYTES_MAX: usize = 16 * 1024;
/// A whole resolution, bytes.
pub const RESOLUTION_BYTES_MAX: usize = 24 * 1024;
/// Documents of one resolution.
pub const DOCUMENTS_MAX: usize = 32;
/// Persons whose own mission one resolution decides.
pub const MISSIONS_MAX: usize = 16;
/// Lots one ballot or proxy speaks for; an owner of more signs several.
pub const LOTS_PER_BALLOT_MAX: usize = 256;
/// Largest signed ballot, bytes.
pub const BALLOT_BYTES_MAX: usize = 2 * 1024;
/// Largest signed proxy, bytes.
pub const PROXY_BYTES_MAX: usize = 2 * 1024;
/// Largest paper ballot with both signatures, bytes.
pub const PAPER_BYTES_MAX: usize = 8 * 1024;
/// Largest signed promise, bytes.
pub const PROMISE_BYTES_MAX: usize = 256;
/// Heights within which a promise has to be kept, at the most.
pub const PROMISE_HEIGHTS_MAX: u64 = 1_000;
/// Largest receipt, bytes.
pub const RECEIPT_BYTES_MAX: usize = 4 * 1024;
/// Hashes beside a path in a tree of ballots or lots: one for each halving of 2^20.
pub const COMMITMENT_PATH_MAX: usize = 20;
/// Ballots of one assembly that are counted or refused, re-votes included.
pub const BALLOTS_PER_ASSEMBLY_MAX: usize = 1 << 20;
/// Ballot commitments in one transaction.
pub const COMMITMENTS_PER_TRANSACTION_MAX: usize = 128;
/// Keys of all residents of one building, revoked ones included.
pub const VOTER_KEYS_MAX: usize = 60_000;
/// Buildings that one question is put to.
pub const BUILDINGS_ASKED_MAX: usize = 256;
/// Answers one may choose from in a poll.
pub const POLL_ANSWERS_MAX: usize = 16;
/// Voters from which on a poll may hide who chose what: with fewer, totals tell it.
pub const POLL_HIDDEN_VOTERS_MIN: usize = 15;

const _: () = {
    // Five times all votes, and a vote times a vote, are compared without overflow in 128 bits; sums fit an i64.
    assert!(VOTES_MAX as u128 * 255 < u64::MAX as u128);
    assert!((VOTES_MAX as i128) * (LOTS_MAX as i128) < i64::MAX as i128);
    // A lot takes up to 5 bytes in a ballot.
    assert!(
        LOTS_PER_BALLOT_MAX * 5 + 512 < BALLOT_BYTES_MAX && LOTS_PER_BALLOT_MAX * 5 + 512 < PROXY_BYTES_MAX
    );
    assert!(COMMITMENTS_PER_TRANSACTION_MAX * 34 + 1_024 < TRANSACTION_BYTES_MAX);
    assert!(COMMITMENT_PATH_MAX * 34 + 1_024 < RECEIPT_BYTES_MAX);
    assert!(BALLOTS_PER_ASSEMBLY_MAX <= 1 << COMMITMENT_PATH_MAX && LOTS_MAX <= 1 << COMMITMENT_PATH_MAX);
    assert!(RESOLUTION_TEXT_BYTES_MAX + DOCUMENTS_MAX * 34 + 4_096 < RESOLUTION_BYTES_MAX);
};
