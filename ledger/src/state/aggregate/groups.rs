//! Who is compared with whom in a month: each building in the narrowest group that is large enough, and in one alone, so
//! that no two figures of a period differ by a few buildings.

use std::collections::BTreeMap;

use protocol::Address;
use protocol::aggregate::{Profile, Stratum, Task};

use super::entry::is_enough;

type Members = Vec<(Address, u16)>;

/// Forms the groups of a month. Buildings for which none is large enough are in none.
pub(super) fn form(profiles: &[(Address, Profile)], tasks: &[Task]) -> Vec<(Stratum, Members)> {
    let mut groups = Vec::new();
    let narrowest =
        profiles.iter().map(|(address, profile)| (Stratum::of(profile), (*address, profile.dwellings)));
    let mut left: BTreeMap<Stratum, Members> = gather(narrowest);
    while !left.is_empty() {
        let mut wider = Vec::new();
        for (stratum, mut members) in left {
            let dwellings = members.iter().map(|(_, dwellings)| *dwellings);
            if tasks.iter().all(|task| is_enough(task, dwellings.clone())) {
                members.sort_unstable();
                groups.push((stratum, members));
            } else if let Some(parent) = stratum.parent() {
                wider.extend(members.into_iter().map(|member| (parent, member)));
            }
        }
        left = gather(wider.into_iter());
    }
    groups.sort_unstable();
    groups
}

fn gather(members: impl Iterator<Item = (Stratum, (Address, u16))>) -> BTreeMap<Stratum, Members> {
    let mut gathered: BTreeMap<Stratum, Members> = BTreeMap::new();
    for (stratum, member) in members {
        gathered.entry(stratum).or_default().push(member);
    }
    gathered
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use protocol::aggregate::{Built, Cadence, Heating, Measure, Region};

    const TASK: Task = Task {
        measure: Measure::Consumption,
        cadence: Cadence::Week,
        clip: 150_000,
        epsilon_milli: 500,
        buildings_min: 10,
        dwellings_min: 100,
    };

    fn address(n: usize) -> Address {
        let mut bytes = [0; 20];
        bytes[..8].copy_from_slice(&(n as u64).to_be_bytes());
        Address::new(bytes)
    }

    fn profile(heating: Heating, dwellings: u16) -> Profile {
        Profile { region: Region::Brussels, built: Built::From1971, heating, dwellings }
    }

    fn street(profiles: impl Iterator<Item = Profile>) -> Vec<(Address, Profile)> {
        profiles.enumerate().map(|(n, profile)| (address(n), profile)).collect()
    }

    #[test]
    fn a_small_group_joins_a_wider_one_and_nobody_is_in_two() {
        let gas = std::iter::repeat_n(profile(Heating::Gas, 12), 12);
        let oil = std::iter::repeat_n(profile(Heating::Oil, 15), 4);
        let large = std::iter::repeat_n(profile(Heating::Gas, 30), 7);
        let groups = form(&street(gas.chain(oil).chain(large)), &[TASK]);
        let sizes: Vec<_> =
            groups.iter().map(|(stratum, members)| (stratum.heating, members.len())).collect();
        assert_eq!(sizes, [(None, 11), (Some(Heating::Gas), 12)]);
        assert_eq!(groups[0].0.lots, None, "buildings of both sizes are left over");
    }

    #[test]
    fn one_large_building_among_small_ones_is_not_hidden() {
        let small = std::iter::repeat_n(profile(Heating::Gas, 20), 10);
        let groups = form(&street(small.clone().chain([profile(Heating::Gas, 300)])), &[TASK]);
        assert_eq!(groups.iter().map(|(_, members)| members.len()).collect::<Vec<_>>(), [10]);
        assert!(form(&street(small.take(9)), &[TASK]).is_empty());
    }

    proptest! {
        /// Every group is large enough, no building is in two, and what is left over could form none.
        #[test]
        fn groups_are_disjoint_and_large_enough(
            kinds in proptest::collection::vec((0..3usize, 0..3usize, 0..3usize, 1..80u16), 0..120)
        ) {
            let all = street(kinds.iter().map(|(region, built, heating, dwellings)| Profile {
                region: Region::ALL[*region],
                built: Built::ALL[*built],
                heating: Heating::ALL[*heating],
                dwellings: *dwellings,
            }));
            let groups = form(&all, &[TASK]);
            let mut seen = std::collections::BTreeSet::new();
            for (stratum, members) in &groups {
                prop_assert!(is_enough(&TASK, members.iter().map(|(_, dwellings)| *dwellings)));
                for (member, _) in members {
                    prop_assert!(seen.insert(*member), "in two groups");
                    let profile = all.iter().find(|(address, _)| address == member).expect("one of the street").1;
                    let fits = std::iter::successors(Some(Stratum::of(&profile)), |one| one.parent());
                    prop_assert!(fits.into_iter().any(|one| one == *stratum));
                }
            }
            let left = all.iter().filter(|(address, _)| !seen.contains(address)).map(|(_, one)| one.dwellings);
            prop_assert!(!is_enough(&TASK, left.collect::<Vec<_>>().into_iter()));
        }
    }
}
