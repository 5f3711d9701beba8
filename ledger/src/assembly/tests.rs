//! Assemblies: each rule at its border and on both sides, which ballots count, and slow twins on random buildings.

mod ballots;
mod borders;
mod caps;
mod joint_owners;
mod proxies;
mod quorum;
mod random_ballots;
mod records;
mod twin;

use protocol::assembly::{
    AssemblyId, Ballot, Base, ChargeKey, Choice, Counters, Day, Duty, Effect, Item, ItemNumber, Lot, LotId,
    LotKind, Matter, Meeting, Office, Opening, Owner, Person, PersonId, Registry, Resolution, Right, Round,
    RuleSet, SignedBallot, Text, Title, Turnout, Votes,
};
use protocol::energy::Salt;
use protocol::{Address, Bounded, ChainId, Digest, Height, SigningKey};

use super::{
    Attendance, Binding, Count, Hall, Keys, LotVote, Place, Presence, Proxies, Roll, Tally, Way,
    check_record, tally,
};

const CHAIN: ChainId = ChainId::new([1; 32]);
const DAY: Day = Day(22_080);
const OPENS: Height = Height(10);
const CLOSES: Height = Height(20);

/// A building whose lot n belongs to person n; lots and persons count from 1.
fn registry(law: RuleSet, votes: &[u64]) -> Registry {
    let numbers = || 1..=u32::try_from(votes.len()).unwrap();
    let name = |number: u32| Text::new(&format!("No. {number}")).unwrap();
    let lot = |(number, votes): (u32, &u64)| Lot {
        id: LotId(number),
        name: name(number),
        kind: LotKind::Dwelling,
        votes: Votes(*votes),
        titles: Bounded::new(vec![sole(number)]).unwrap(),
        occupants: Bounded::default(),
    };
    // Ten more persons than owners: tenants, relatives, a syndic.
    let last = u32::try_from(votes.len()).unwrap() + 10;
    let person = |number| Person { id: PersonId(number), name: name(number), is_legal: false };
    Registry {
        building: Address::new([7; 20]),
        votes: Votes(votes.iter().sum()),
        lots: Bounded::new(numbers().zip(votes).map(lot).collect()).unwrap(),
        persons: Bounded::new((1..=last).map(person).collect()).unwrap(),
        charges: Bounded::default(),
        offices: Bounded::default(),
        laws: Bounded::new(vec![(Day(0), law)]).unwrap(),
    }
}

fn sole(person: u32) -> Title {
    title(&[(person, Right::Full, 1)], 1, None)
}

fn title(owners: &[(u32, Right, u32)], whole: u32, representative: Option<u32>) -> Title {
    let owner = |(person, right, parts): &(u32, Right, u32)| Owner {
        person: PersonId(*person),
        right: *right,
        parts: *parts,
    };
    let owners = Bounded::new(owners.iter().map(owner).collect()).unwrap();
    Title { from: Day(0), whole, owners, representative: representative.map(PersonId) }
}

/// Changes one lot's title.
fn own(registry: &mut Registry, lot: usize, title: Title) {
    let mut lots = registry.lots.clone().into_vec();
    lots[lot - 1].titles = Bounded::new(vec![title]).unwrap();
    registry.lots = Bounded::new(lots).unwrap();
}

fn serve(registry: &mut Registry, person: u32, duty: Duty) {
    let mut offices = registry.offices.clone().into_vec();
    offices.push(Office { person: PersonId(person), duty, from: Day(0), until: None });
    registry.offices = Bounded::new(offices).unwrap();
}

fn charge(registry: &mut Registry, parts: &[(u32, u64)]) {
    let parts = parts.iter().map(|(lot, part)| (LotId(*lot), Votes(*part))).collect();
    let key = ChargeKey {
        id: protocol::assembly::ChargeId(1),
        name: Text::new("lift").unwrap(),
        parts: Bounded::new(parts).unwrap(),
    };
    registry.charges = Bounded::new(vec![key]).unwrap();
}

fn resolution(matter: Matter) -> Resolution {
    Resolution {
        item: ItemNumber(1),
        title: Text::new("Shall we?").unwrap(),
        text: Text::new("We shall.").unwrap(),
        matter,
        base: Base::Whole,
        round: Round::First,
        missions: Bounded::default(),
        documents: Bounded::default(),
        effect: Effect::Nothing,
        after_appeal: false,
        salt: Salt::new([9; 16]),
    }
}

/// An assembly with all there is to count it.
struct House {
    roll: Roll,
    opening: Opening,
    keys: Keys,
    resolutions: Vec<Resolution>,
}

impl House {
    fn new(registry: &Registry, meeting: Meeting, resolutions: Vec<Resolution>) -> Self {
        assert_eq!(registry.check(), Ok(()));
        let roll = Roll::of(registry, DAY).unwrap();
        let items = resolutions.iter().map(|resolution| Item::of(resolution, None));
        let opening = Opening {
            building: registry.building,
            number: 1,
            law: roll.law,
            meeting,
            roll: Digest::new([4; 32]),
            owners: u32::try_from(roll.owners().len()).unwrap(),
            votes: roll.votes(),
            items: Bounded::new(items.collect()).unwrap(),
            day: DAY,
            opens: OPENS,
            closes: CLOSES,
            counters: Counters {
                chair: key(1).public(),
                syndic: key(100).public(),
                assessor: key(2).public(),
            },
        };
        assert_eq!(opening.check(), Ok(()));
        let binding = |person| Binding { person, from: OPENS, until: None };
        let keys = registry.persons.iter().map(|person| (key(person.id.0).public(), binding(person.id)));
        Self { roll, opening, keys: Keys::new(keys), resolutions }
    }

    fn hall(&self) -> Hall<'_> {
        Hall::new(&self.opening, &self.roll, &self.keys, &[PersonId(2)])
    }

    /// Answers by letter, one a lot: for, against, abstains, blank, null (x), silent but there, or not there (-).
    fn tally(&self, answers: &str) -> Tally {
        self.tally_item(0, answers, None)
    }

    fn tally_item(&self, item: usize, answers: &str, first: Option<&Tally>) -> Tally {
        let (presences, count) = answered(&self.roll, answers);
        let proxies = Proxies::default();
        let hall = self.hall();
        let attendance = Attendance::new(&hall, &proxies, &presences);
        let root = Digest::new([5; 32]);
        let tally = tally(&attendance, &self.resolutions[item], &count, first, root).unwrap();
        // What the building counts out, everybody else finds to hold.
        let quorum = attendance.quorum();
        let turnout = Turnout { owners: quorum.owners_present, votes: quorum.votes_present };
        let first = first.map(|first| &first.record);
        assert_eq!(check_record(&self.opening, &turnout, &root, first, &tally.record), Ok(()));
        tally
    }
}

fn answered(roll: &Roll, answers: &str) -> (Vec<Presence>, Count) {
    assert_eq!(answers.len(), roll.lots().len());
    let choice = |letter| match letter {
        'f' => Some(Choice::For),
        'a' => Some(Choice::Against),
        'n' => Some(Choice::Abstain),
        'b' => Some(Choice::Blank),
        'x' => Some(Choice::Null),
        's' | '-' => None,
        other => panic!("no answer {other}"),
    };
    let voters = || roll.lots().iter().map(|lot| lot.voter.unwrap_or(PersonId(0)));
    let there = voters().zip(answers.chars()).filter(|(_, letter)| *letter != '-');
    let presences =
        there.map(|(person, _)| Presence { person, is_remote: false, from: 0, until: None }).collect();
    let vote = |(by, letter)| {
        choice(letter).map(|choice| LotVote {
            choice,
            by,
            way: Way::InRoom,
            commitment: Digest::new([0; 32]),
        })
    };
    let votes = voters().zip(answers.chars()).map(vote).collect();
    (presences, Count { votes, defaulting: [].into(), verdicts: [].into(), replayed: 0 })
}

fn key(person: u32) -> SigningKey {
    SigningKey::from_seed(&[u8::try_from(person).unwrap(); 32])
}

fn at(height: u64, index: u32) -> Place {
    Place { height: Height(height), index }
}

/// A ballot for lot n by its owner, person n.
fn ballot(house: &House, lots: &[u32], person: u32, choice: Choice, sequence: u64) -> SignedBallot {
    draft(house, lots, person, choice, sequence).sign(&key(person), &CHAIN)
}

fn draft(house: &House, lots: &[u32], person: u32, choice: Choice, sequence: u64) -> Ballot {
    let weights = house.roll.weights(house.resolutions[0].base).unwrap();
    let weight = |lot: &u32| house.roll.place(LotId(*lot)).map_or(Votes::ZERO, |place| weights[place]);
    Ballot {
        assembly: house.opening.id(),
        item: ItemNumber(1),
        resolution: house.resolutions[0].hash(),
        voter: key(person).public(),
        lots: Bounded::new(lots.iter().copied().map(LotId).collect()).unwrap(),
        votes: lots.iter().map(weight).sum(),
        choice,
        sequence,
        proxy: None,
        salt: Salt::new([3; 16]),
    }
}

fn other_assembly() -> AssemblyId {
    AssemblyId::new([8; 32])
}
