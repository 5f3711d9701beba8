//! Energy given to a neighbour free of charge, before any rule looks at the rest. Givers of one neighbour share what it
//! needs in proportion to what they give.

use protocol::Address;

use super::share::share;

/// What was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Given {
    /// Wh that each member got, in the order of members.
    pub(super) got: Vec<i64>,
    /// Wh that each member gave.
    pub(super) gave: Vec<i64>,
}

/// Gives: `to` names whom each member gives its surplus to. A gift to who is not in the slot, or needs nothing, is none.
pub(super) fn give(members: &[Address], to: &[Option<Address>], demand: &[i64], surplus: &[i64]) -> Given {
    let mut given = Given { got: vec![0; members.len()], gave: vec![0; members.len()] };
    let mut receivers: Vec<Address> = to.iter().copied().flatten().collect();
    receivers.sort_unstable();
    receivers.dedup();
    for receiver in receivers {
        let Ok(place) = members.binary_search(&receiver) else { continue };
        let offers: Vec<i64> = to
            .iter()
            .zip(surplus)
            .map(|(to, offer)| if *to == Some(receiver) { *offer } else { 0 })
            .collect();
        let taken = demand[place].min(offers.iter().sum());
        for (gave, part) in given.gave.iter_mut().zip(share(taken, &offers)) {
            *gave += part;
        }
        given.got[place] = taken;
    }
    given
}
