//! Every maximum of registries, assemblies, ballots and polls.

use super::{AUTHORITIES_MAX, MEMBERS_MAX, SYNC_FRAME_BYTES_MAX, TRANSACTION_BYTES_MAX};

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
/// Ballot commitments in one transaction: few, as a receipt repeats the transaction.
pub const COMMITMENTS_PER_TRANSACTION_MAX: usize = 8;
/// Commitments that the building itself brings for one assembly.
pub const COMMITMENTS_OF_BUILDING_MAX: u32 = 768 * 1024;
/// Commitments that one neighbour brings for an assembly of another building.
pub const COMMITMENTS_OF_NEIGHBOUR_MAX: u32 = 256;
/// Heights between the first and the last at which a ballot counts.
pub const VOTE_HEIGHTS_MAX: u64 = 100_000_000;
/// Assemblies, and polls, of one building that are announced and not concluded.
pub const VOTES_OPEN_PER_BUILDING_MAX: usize = 16;
/// Questions to several buildings that are not decided.
pub const JOINT_OPEN_MAX: usize = 64;
/// Breaches of one assembly that are told one by one; the rest is refused.
pub const BREACHES_PER_ASSEMBLY_MAX: u32 = 64;
/// Broken promises of one assembly that are told one by one.
pub const BROKEN_PROMISES_MAX: u32 = 1_024;
/// Versions of the minutes of one assembly.
pub const MINUTES_VERSIONS_MAX: u32 = 16;
/// Effects that wait for the end of the time in which a judge may be asked, carried out in one block.
pub const EFFECTS_PER_BLOCK_MAX: usize = 64;
/// Words of a tracker.
pub const TRACKER_WORDS: usize = 8;
/// Hashes beside a transaction's path in a receipt: one for each halving of 2^30.
pub const RECEIPT_PATH_MAX: usize = 30;
/// Keys of all residents of one building, revoked ones included.
pub const VOTER_KEYS_MAX: usize = 60_000;
/// Largest signed binding of a resident's key, bytes.
pub const BINDING_BYTES_MAX: usize = 512;
/// Largest registry that a node keeps, bytes: a change of it is one write.
pub const REGISTRY_KEPT_BYTES_MAX: usize = 3 * 1024 * 1024;
/// Keys of one person that may sign at the same time: one for each device.
pub const KEYS_PER_PERSON_MAX: usize = 8;
/// Letters with a code that wait to be answered.
pub const LETTERS_MAX: usize = 30_000;
/// Letters made at one time.
pub const LETTERS_PER_REQUEST_MAX: usize = 500;
/// Life of a letter's code, milliseconds: 60 days.
pub const LETTER_LIFE_MS: i64 = 60 * 24 * 60 * 60 * 1_000;
/// Time in which owners may object to a key, hours, where the building says nothing else.
pub const OBJECTION_HOURS: u16 = 48;
/// The longest such time, hours.
pub const OBJECTION_HOURS_MAX: u16 = 720;
/// How much longer a key waits that takes the place of a lost one, hours: 72 in all.
pub const LOST_KEY_HOURS: u16 = 24;
/// Entries of the log of who saw the registry.
pub const LOOKS_KEPT_MAX: usize = 4_096;
/// Persons who may enter paper together with the syndic at one assembly.
pub const ASSESSORS_MAX: usize = 16;
/// Items whose results stand in one transaction.
pub const RESULTS_PER_PART_MAX: usize = 12;
/// Transactions that the results of one assembly take.
pub const RESULT_PARTS_MAX: usize = 6;
/// Ballots of one assembly of another building that a node takes.
pub const BALLOTS_CARRIED_PER_VOTE_MAX: usize = COMMITMENTS_OF_NEIGHBOUR_MAX as usize;
/// Promises that one node keeps an eye on.
pub const PROMISES_WATCHED_MAX: usize = 1_024;
/// Ballots that one look for tracker words finds, at the most.
pub const BALLOTS_FOUND_MAX: usize = 4;
/// Ballots, proxies and sheets of one assembly that a node keeps.
pub const TAKEN_PER_ASSEMBLY_MAX: usize = 65_536;
/// Ballots that one person hands in for one resolution, and proxies that it gives or takes back at one assembly.
pub const REVOTES_MAX: usize = 64;
/// Arrivals of one assembly.
pub const PRESENCES_MAX: usize = 4_096;
/// Assemblies a node keeps at home, drafts included.
pub const ASSEMBLIES_KEPT_MAX: usize = 256;
/// One document of an assembly that a node keeps, bytes.
pub const DOCUMENT_BYTES_MAX: usize = 2 * 1024 * 1024;
/// All of them, bytes: they lie in memory too.
pub const DOCUMENTS_BYTES_MAX: usize = 48 * 1024 * 1024;
/// Sheets of paper of one assembly that wait for the second signature.
pub const SHEETS_WAITING_MAX: usize = 1_024;
/// Text of a question to several buildings, bytes, as far as nodes hand it to each other.
pub const QUESTION_TEXT_BYTES_MAX: usize = 256 * 1024;
/// Buildings that one question is put to.
pub const BUILDINGS_ASKED_MAX: usize = 256;
/// Answers one may choose from in a poll.
pub const POLL_ANSWERS_MAX: usize = 16;
/// Polls a node keeps at home.
pub const POLLS_KEPT_MAX: usize = 256;
/// Voters from which on a poll may hide who chose what: with fewer, totals tell it.
pub const POLL_HIDDEN_VOTERS_MIN: usize = 15;

const _: () = {
    assert!(RESULTS_PER_PART_MAX * RESULT_PARTS_MAX >= RESOLUTIONS_MAX);
    // Five times all votes, and a vote times a vote, are compared without overflow in 128 bits; sums fit an i64.
    assert!(VOTES_MAX as u128 * 255 < u64::MAX as u128);
    assert!((VOTES_MAX as i128) * (LOTS_MAX as i128) < i64::MAX as i128);
    // A lot takes up to 5 bytes in a ballot.
    assert!(
        LOTS_PER_BALLOT_MAX * 5 + 512 < BALLOT_BYTES_MAX && LOTS_PER_BALLOT_MAX * 5 + 512 < PROXY_BYTES_MAX
    );
    assert!(COMMITMENTS_PER_TRANSACTION_MAX * 34 + 1_024 < TRANSACTION_BYTES_MAX);
    assert!(COMMITMENT_PATH_MAX * 34 + 1_024 < RECEIPT_BYTES_MAX);
    // Everybody may bring what is theirs to bring.
    assert!(
        COMMITMENTS_OF_BUILDING_MAX as usize + COMMITMENTS_OF_NEIGHBOUR_MAX as usize * MEMBERS_MAX
            <= BALLOTS_PER_ASSEMBLY_MAX
    );
    // Header, a quorum of signatures, path, transaction, promise and names.
    assert!(
        384 + (AUTHORITIES_MAX * 2 / 3 + 1) * 88
            + RECEIPT_PATH_MAX * 34
            + (192 + COMMITMENTS_PER_TRANSACTION_MAX * 34)
            + PROMISE_BYTES_MAX
            + 96
            <= RECEIPT_BYTES_MAX
    );
    assert!(QUESTION_TEXT_BYTES_MAX <= DOCUMENT_BYTES_MAX);
    assert!(QUESTION_TEXT_BYTES_MAX + 64 < SYNC_FRAME_BYTES_MAX);
    assert!(BALLOTS_PER_ASSEMBLY_MAX <= 1 << COMMITMENT_PATH_MAX && LOTS_MAX <= 1 << COMMITMENT_PATH_MAX);
    assert!(RESOLUTION_TEXT_BYTES_MAX + DOCUMENTS_MAX * 34 + 4_096 < RESOLUTION_BYTES_MAX);
};
