//! Why an assembly cannot be counted, and why something that came in does not count.

use protocol::Digest;
use protocol::assembly::{AssemblyId, ChargeId, Day, ItemNumber, LotId, Matter, RuleSet, Votes};
use thiserror::Error;

/// What makes an assembly impossible to count as it is.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AssemblyError {
    /// The registry names no law for the day.
    #[error("the registry names no law for {day}")]
    NoLaw {
        /// The day of the assembly.
        day: Day,
    },
    /// A lot that nobody owns.
    #[error("nobody owns lot {lot} on {day}")]
    NoOwner {
        /// The lot.
        lot: LotId,
        /// The day of the assembly.
        day: Day,
    },
    /// A charge that the registry does not know.
    #[error("the registry knows no charge {charge}")]
    NoCharge {
        /// The charge.
        charge: ChargeId,
    },
    /// A matter that this law does not know.
    #[error("{} knows no matter {}", law.name(), matter.name())]
    NoMajority {
        /// The law.
        law: RuleSet,
        /// The matter.
        matter: Matter,
    },
    /// The resolution is not the one that was opened.
    #[error("item {item} is {found:?}, opened was {expected:?}")]
    OtherResolution {
        /// The item.
        item: ItemNumber,
        /// The hash that was opened; none where there is no such item.
        expected: Option<Digest>,
        /// The hash of the resolution given.
        found: Digest,
    },
    /// A second vote that no first vote led to.
    #[error("item {item} is a second vote, and nothing led to it")]
    NoSecondVote {
        /// The item.
        item: ItemNumber,
    },
}

/// Why a ballot does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Error)]
pub enum Refused {
    /// For another assembly.
    #[error("it is for another assembly, {found:?}")]
    OtherAssembly {
        /// The one it names.
        found: AssemblyId,
    },
    /// For another item.
    #[error("it is for item {found}")]
    OtherItem {
        /// The one it names.
        found: ItemNumber,
    },
    /// It answers another text.
    #[error("it answers another text, {found:?}")]
    OtherText {
        /// The hash it names.
        found: Digest,
    },
    /// Its block came before the vote opened.
    #[error("its block came before the vote opened")]
    Early,
    /// Its block came after the vote closed.
    #[error("its block came after the vote closed")]
    Late,
    /// Its key is nobody's.
    #[error("its key is nobody's")]
    UnknownKey,
    /// Its key came after the vote opened.
    #[error("its key came after the vote opened")]
    NewKey,
    /// Its key was revoked.
    #[error("its key was revoked")]
    RevokedKey,
    /// A lot that is not on the roll.
    #[error("lot {lot} is not on the roll")]
    NoLot {
        /// The lot.
        lot: LotId,
    },
    /// The vote of a lot rests, as its owners have named nobody.
    #[error("the vote of lot {lot} rests until its owners name who votes")]
    Resting {
        /// The lot.
        lot: LotId,
    },
    /// Somebody else votes for the lot.
    #[error("somebody else votes for lot {lot}")]
    NotTheirs {
        /// The lot.
        lot: LotId,
    },
    /// The lot bears nothing of the charge that is voted on.
    #[error("lot {lot} bears no part of this charge")]
    NoPart {
        /// The lot.
        lot: LotId,
    },
    /// The weight the voter was shown is not the registry's.
    #[error("it names {found} votes, the roll {expected}")]
    OtherWeight {
        /// The registry's.
        expected: Votes,
        /// The one it names.
        found: Votes,
    },
    /// The vote is about the voter's own mission.
    #[error("the vote is about the voter's own mission")]
    OwnMission,
    /// There is no such proxy, or it does not cover this.
    #[error("no proxy covers it")]
    NoProxy,
    /// The same thing came twice.
    #[error("it came before")]
    Replayed,
    /// Syndic and assessor of this assembly did not both sign.
    #[error("syndic and assessor of this assembly did not both sign it")]
    NotCountersigned,
    /// This country's law knows no voting by post.
    #[error("this law knows no voting by post")]
    NoPost,
    /// The form came too late by post.
    #[error("the form came on {found}, the last day was {last}")]
    LatePost {
        /// The last day.
        last: Day,
        /// The day it came.
        found: Day,
    },
    /// A sheet of another kind.
    #[error("the sheet is no ballot")]
    NoBallot,
}

/// Why a proxy does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Error)]
pub enum ProxyRefused {
    /// For another assembly, and not for this one either.
    #[error("it is for another assembly, {found:?}")]
    OtherAssembly {
        /// The one it names.
        found: AssemblyId,
    },
    /// Its block came after the vote closed.
    #[error("its block came after the vote closed")]
    Late,
    /// The key does not count.
    #[error(transparent)]
    Key(Refused),
    /// A lot that is not the principal's.
    #[error("lot {lot} is not the principal's")]
    NotTheirs {
        /// The lot.
        lot: LotId,
    },
    /// Given to the principal itself.
    #[error("nobody is a proxy of their own")]
    Own,
    /// The law bars the holder.
    #[error("the law bars this holder from being a proxy")]
    Barred,
    /// The holder has as many as the law allows.
    #[error("{proxies} proxies and {carried} votes are more than the law allows one person")]
    TooMany {
        /// Proxies with this one.
        proxies: u32,
        /// Votes of the holder and of those it would stand for.
        carried: Votes,
    },
    /// There is no such proxy of this principal to take back.
    #[error("there is no such proxy to take back")]
    NothingToTakeBack,
    /// The same thing came twice.
    #[error("it came before")]
    Replayed,
}
