//! What a building says of itself so that it is compared with similar ones: what a public register knows of it, in bands,
//! and how many dwellings it has. Nothing about what it uses.

use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use crate::bands::bands;
use crate::error::Invalid;
use crate::limits::PROFILE_DWELLINGS_MAX;

bands! {
    /// Where it stands.
    Region {
        /// Brussels-Capital.
        Brussels = "brussels",
        /// Flanders.
        Flanders = "flanders",
        /// Wallonia.
        Wallonia = "wallonia",
        /// Île-de-France.
        ParisRegion = "paris_region",
        /// France, north of the Loire and outside Île-de-France.
        NorthFrance = "north_france",
        /// France, south of it.
        SouthFrance = "south_france",
        /// Luxembourg.
        Luxembourg = "luxembourg",
        /// The Netherlands.
        Netherlands = "netherlands",
        /// Somewhere else.
        Elsewhere = "elsewhere",
    }
}

bands! {
    /// When it was built.
    Built {
        /// Before 1919.
        Before1919 = "before_1919",
        /// 1919 to 1945.
        From1919 = "1919_1945",
        /// 1946 to 1970.
        From1946 = "1946_1970",
        /// 1971 to 1985.
        From1971 = "1971_1985",
        /// 1986 to 2005.
        From1986 = "1986_2005",
        /// 2006 and later.
        From2006 = "since_2006",
    }
}

bands! {
    /// How it is heated.
    Heating {
        /// Gas.
        Gas = "gas",
        /// Oil.
        Oil = "oil",
        /// Electric heaters.
        Electric = "electric",
        /// Heat pumps.
        HeatPump = "heat_pump",
        /// District heating.
        District = "district",
        /// Something else.
        Other = "other",
    }
}

bands! {
    /// How many dwellings it has.
    Lots {
        /// 1 to 10.
        UpTo10 = "1_10",
        /// 11 to 20.
        UpTo20 = "11_20",
        /// 21 to 50.
        UpTo50 = "21_50",
        /// 51 and more.
        Over50 = "over_50",
    }
}

/// What a building says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Profile {
    /// Where it stands.
    pub region: Region,
    /// When it was built.
    pub built: Built,
    /// How it is heated.
    pub heating: Heating,
    /// Its dwellings.
    pub dwellings: u16,
}

/// What the buildings of a group have in common; what is absent differs among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize_tuple, Deserialize_tuple)]
pub struct Stratum {
    /// Where they stand.
    pub region: Option<Region>,
    /// When they were built.
    pub built: Option<Built>,
    /// How many dwellings they have.
    pub lots: Option<Lots>,
    /// How they are heated.
    pub heating: Option<Heating>,
}

impl Lots {
    /// The band of a number of dwellings.
    pub const fn of(dwellings: u16) -> Self {
        match dwellings {
            0..=10 => Self::UpTo10,
            11..=20 => Self::UpTo20,
            21..=50 => Self::UpTo50,
            51.. => Self::Over50,
        }
    }
}

impl Profile {
    /// Checks that a building has dwellings, and not more than any building.
    pub fn check(&self) -> Result<(), Invalid> {
        if (1..=PROFILE_DWELLINGS_MAX).contains(&self.dwellings) {
            return Ok(());
        }
        let (max, found) = (PROFILE_DWELLINGS_MAX.into(), self.dwellings.into());
        Err(Invalid::Range { field: "dwellings, from 1", max, found })
    }
}

impl Stratum {
    /// The narrowest group of a building.
    pub const fn of(profile: &Profile) -> Self {
        Self {
            region: Some(profile.region),
            built: Some(profile.built),
            lots: Some(Lots::of(profile.dwellings)),
            heating: Some(profile.heating),
        }
    }

    /// The next wider one: heating is let go first, then size, then age, then region.
    pub const fn parent(self) -> Option<Self> {
        match self {
            Self { heating: Some(_), .. } => Some(Self { heating: None, ..self }),
            Self { lots: Some(_), .. } => Some(Self { lots: None, ..self }),
            Self { built: Some(_), .. } => Some(Self { built: None, ..self }),
            Self { region: Some(_), .. } => Some(Self { region: None, ..self }),
            Self { region: None, built: None, lots: None, heating: None } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROFILE: Profile =
        Profile { region: Region::Brussels, built: Built::From1971, heating: Heating::Gas, dwellings: 18 };

    #[test]
    fn a_group_widens_step_by_step_up_to_everybody() {
        let narrow = Stratum::of(&PROFILE);
        assert_eq!(narrow.lots, Some(Lots::UpTo20));
        let wider: Vec<Stratum> = std::iter::successors(Some(narrow), |one| one.parent()).collect();
        assert_eq!(wider.len(), 5);
        assert_eq!(wider[1], Stratum { heating: None, ..narrow });
        assert_eq!(wider[4], Stratum { region: None, built: None, lots: None, heating: None });
    }

    #[test]
    fn names_are_read_back_and_a_building_has_dwellings() {
        for region in Region::ALL {
            assert_eq!(Region::named(region.name()), Some(*region));
        }
        assert_eq!(Heating::named("coal"), None);
        assert_eq!(
            [10, 11, 20, 21, 51].map(Lots::of).map(Lots::name),
            ["1_10", "11_20", "11_20", "21_50", "over_50"]
        );
        assert_eq!(PROFILE.check(), Ok(()));
        for dwellings in [0, PROFILE_DWELLINGS_MAX + 1] {
            assert!(Profile { dwellings, ..PROFILE }.check().is_err());
        }
    }
}
