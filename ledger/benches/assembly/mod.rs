//! A building of 10,000 lots, a twentieth of them owned by couples, and two ballots of each.

use ledger::assembly::{Binding, Entered, Keys, Place, Roll};
use protocol::assembly::{
    Ballot, Base, Choice, Counters, Day, Effect, Item, ItemNumber, Lot, LotId, LotKind, Matter, Meeting,
    Opening, Owner, Person, PersonId, Registry, Resolution, Right, Round, RuleSet, Text, Title,
    VerifiedBallot, Votes,
};
use protocol::energy::Salt;
use protocol::{Address, Bounded, ChainId, Digest, Height, SigningKey};

const CHAIN: ChainId = ChainId::new([1; 32]);
const LOTS: u32 = 10_000;

fn key(person: u32) -> SigningKey {
    SigningKey::from_seed(blake3::hash(&person.to_be_bytes()).as_bytes())
}

fn votes(lot: u32) -> Votes {
    Votes(u64::from(lot % 97 + 1))
}

pub(crate) fn registry(law: RuleSet) -> Registry {
    let name = || Text::new("flat").unwrap();
    let lot = |id: u32| {
        let owner = |person| Owner { person: PersonId(person), right: Right::Full, parts: 1 };
        let is_joint = id.is_multiple_of(20);
        let owners = if is_joint { vec![owner(id), owner(id + 1)] } else { vec![owner(id)] };
        let whole = u32::try_from(owners.len()).unwrap();
        let representative = is_joint.then_some(PersonId(id));
        let title = Title { from: Day(0), whole, owners: Bounded::new(owners).unwrap(), representative };
        let titles = Bounded::new(vec![title]).unwrap();
        let kind = LotKind::Dwelling;
        Lot { id: LotId(id), name: name(), kind, votes: votes(id), titles, occupants: Bounded::default() }
    };
    let person = |id| Person { id: PersonId(id), name: name(), is_legal: false };
    let registry = Registry {
        building: Address::new([1; 20]),
        votes: (1..=LOTS).map(votes).sum(),
        lots: Bounded::new((1..=LOTS).map(lot).collect()).unwrap(),
        persons: Bounded::new((1..=LOTS + 1).map(person).collect()).unwrap(),
        charges: Bounded::default(),
        offices: Bounded::default(),
        laws: Bounded::new(vec![(Day(0), law)]).unwrap(),
    };
    registry.check().unwrap();
    registry
}

pub(crate) fn resolution() -> Resolution {
    Resolution {
        item: ItemNumber(1),
        title: Text::new("Boiler").unwrap(),
        text: Text::new("One for five buildings.").unwrap(),
        matter: Matter::Ordinary,
        base: Base::Whole,
        round: Round::First,
        missions: Bounded::default(),
        documents: Bounded::default(),
        effect: Effect::Nothing,
        after_appeal: false,
        salt: Salt::new([1; 16]),
    }
}

pub(crate) fn opening(roll: &Roll, resolution: &Resolution) -> Opening {
    let item = Item::of(resolution, None);
    Opening {
        building: Address::new([1; 20]),
        number: 1,
        law: roll.law,
        meeting: Meeting::First,
        roll: Digest::new([2; 32]),
        owners: u32::try_from(roll.owners().len()).unwrap(),
        votes: roll.votes(),
        items: Bounded::new(vec![item]).unwrap(),
        day: roll.day,
        opens: Height(1),
        closes: Height(9),
        counters: Counters { chair: key(1).public(), syndic: key(2).public(), assessor: key(3).public() },
    }
}

pub(crate) fn keys() -> Keys {
    let binding = |person| Binding { person: PersonId(person), from: Height(0), until: None };
    Keys::new((1..=LOTS).map(|person| (key(person).public(), binding(person))))
}

pub(crate) fn ballots(opening: &Opening) -> Vec<Entered<VerifiedBallot>> {
    let (assembly, resolution) = (opening.id(), opening.items[0].resolution);
    let cast = |person: u32, sequence: u64| {
        let ballot = Ballot {
            assembly,
            item: ItemNumber(1),
            resolution,
            voter: key(person).public(),
            lots: Bounded::new(vec![LotId(person)]).unwrap(),
            votes: votes(person),
            choice: if person.is_multiple_of(3) { Choice::Against } else { Choice::For },
            sequence,
            proxy: None,
            salt: Salt::new([3; 16]),
        };
        let value = ballot.sign(&key(person), &CHAIN).verify(&CHAIN).unwrap();
        Entered { value, at: Place { height: Height(sequence), index: person } }
    };
    (1..=LOTS).flat_map(|person| [cast(person, 1), cast(person, 2)]).collect()
}
