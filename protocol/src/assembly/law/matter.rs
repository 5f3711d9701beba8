//! What an assembly may decide on, as far as the majority depends on it.

use serde::{Deserialize, Serialize};

macro_rules! matters {
    ($($(#[$doc:meta])* $id:ident = $name:literal,)*) => {
        /// The kind of a resolution. Which majority it needs is the law's.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Matter { $($(#[$doc])* $id,)* }

        impl Matter {
            /// Every kind.
            pub const ALL: [Self; [$($name,)*].len()] = [$(Self::$id,)*];

            /// The name in API and page.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$id => $name,)* }
            }

            /// The kind of that name.
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|matter| matter.name() == name)
            }
        }
    };
}

matters! {
    /// Accounts, budget, and everything that no other kind names.
    Ordinary = "ordinary",
    /// Who is syndic.
    Syndic = "syndic",
    /// One member of the council.
    CouncilMember = "council-member",
    /// Named acts delegated to the council for a year.
    Delegation = "delegation",
    /// Statutes on enjoyment, use or administration of the common parts.
    UseStatutes = "use-statutes",
    /// Works on common parts.
    Works = "works",
    /// Works that a law imposes.
    ImposedWorks = "imposed-works",
    /// Works that keep things as they are, and provisional ones.
    ConservatoryWorks = "conservatory-works",
    /// The amount from which tenders are compulsory.
    TenderAmount = "tender-amount",
    /// Works on private parts, with special reasons.
    PrivateWorks = "private-works",
    /// Other changes of the statutes.
    OtherStatutes = "other-statutes",
    /// Who bears which part of a charge, when it does not follow from works.
    ChargeAllocation = "charge-allocation",
    /// What the building is for.
    Destination = "destination",
    /// Rebuilding after partial destruction.
    Rebuilding = "rebuilding",
    /// Buying immovable property.
    Acquisition = "acquisition",
    /// Selling or burdening common parts.
    Disposal = "disposal",
    /// Selling common parts that the building's destination needs.
    NeededDisposal = "needed-disposal",
    /// Associations of parts of the building.
    PartialAssociation = "partial-association",
    /// Dividing or joining lots.
    LotDivision = "lot-division",
    /// Demolition and rebuilding for salubrity, safety or excessive cost.
    JustifiedDemolition = "justified-demolition",
    /// Demolition without such a reason.
    Demolition = "demolition",
    /// Having no reserve fund.
    DecliningReserve = "declining-reserve",
    /// Other shares in the common parts.
    ShareChange = "share-change",
    /// Other shares because works that were voted need them.
    ShareChangeByWorks = "share-change-by-works",
    /// Other shares because a division, disposal or partial association that was voted needs them.
    ShareChangeByDivision = "share-change-by-division",
    /// The end of the association.
    Dissolution = "dissolution",
    /// What the French law gives to the majority of all votes, and no other kind names.
    AbsoluteMatter = "absolute-matter",
    /// What the French law gives to the double majority, and no other kind names.
    DoubleMatter = "double-matter",
}
