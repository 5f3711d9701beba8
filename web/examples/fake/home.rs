//! The registry of an invented house, with its keys.

use protocol::assembly::{
    Day, Duty, Lot, LotId, LotKind, Office, Owner, Person, PersonId, Registry, RegistryName, Right, RuleSet,
    Title, Votes,
};
use protocol::{Address, Bounded, ChainId, Digest};
use web::request::{EffectDraft, HomeAnswer, HomeCall, HomeCommand};
use web::view::{
    AssemblyStage, AssemblyView, CameInView, CodeView, DeadlineView, DocumentView, DutyName, FoundView,
    HolderView, ItemResultView, ItemView, KeyStageName, KeyView, KeysView, LetterView, LettersView, LookView,
    LossView, OwnLot, PersonData, PollChoice, PollStage, PollView, PromiseState, PromiseView, ProxyStage,
    ProxyView, QuorumView, RecordView, ResidentView, SheetAnswer, SheetView, StandView, TakenView, VoiceView,
    WaitingLetter,
};
use web::{Kind, Problem, Time};

const NAMES: [&str; 4] = ["Amina Haddad", "Bruno Peeters", "Chantal Dubois", "SCI Les Tilleuls"];
const VOTES: [u64; 4] = [250, 200, 300, 250];

fn name(text: &str) -> RegistryName {
    RegistryName::new(text).expect("a name")
}

fn list<T, const MAX: usize>(items: Vec<T>) -> Bounded<T, MAX> {
    Bounded::new(items).expect("few of them")
}

fn registry() -> Registry {
    let since = Day::from_date(2020, 1, 1).expect("a day");
    let lot = |place: usize| {
        let id = u32::try_from(place + 1).expect("small");
        let owner = Owner { person: PersonId(id), right: Right::Full, parts: 1 };
        let title = Title { from: since, whole: 1, owners: list(vec![owner]), representative: None };
        Lot {
            id: LotId(id),
            name: name(&format!("{id}A")),
            kind: LotKind::Dwelling,
            votes: Votes(VOTES[place]),
            titles: list(vec![title]),
            occupants: list(vec![]),
        }
    };
    let person = |(text, id): (&&str, u32)| Person { id: PersonId(id), name: name(text), is_legal: id == 4 };
    let office = |id, duty| Office { person: PersonId(id), duty, from: since, until: None };
    Registry {
        building: Address::new([1; 20]),
        votes: Votes(1_000),
        lots: list((0..4).map(lot).collect()),
        persons: list(NAMES.iter().zip(1..).map(person).collect()),
        charges: list(vec![]),
        offices: list(vec![office(2, Duty::Syndic), office(3, Duty::Council)]),
        laws: list(vec![(since, RuleSet::Belgium2020)]),
    }
}

fn assembly(stage: AssemblyStage) -> AssemblyView {
    let is_over = stage == AssemblyStage::Concluded;
    let result = ItemResultView {
        outcome: "adopted".to_owned(),
        arithmetic: "3 × 550 ≥ 2 × 800".to_owned(),
        in_favour: 550,
        against: 250,
        abstained: 200,
        blank: 0,
        null: 0,
        silent: 0,
        votes: 1_000,
        against_names: vec![NAMES[3].to_owned()],
        abstained_names: vec![NAMES[1].to_owned()],
        doubts: vec!["be-remote".to_owned()],
        on_ledger: true,
    };
    let item = ItemView {
        item: 1,
        title: "Replace the boiler".to_owned(),
        text: "The boiler of 1994 is replaced by a heat pump, for at most 48,000 EUR.\n<b>No tag is one.</b>"
            .to_owned(),
        matter: "works".to_owned(),
        rule: "be-two-thirds".to_owned(),
        article: "3.88 §1 1°".to_owned(),
        unsure: false,
        charge: None,
        charge_name: None,
        second_of: None,
        joint: None,
        missions: Vec::new(),
        bridge: None,
        hash: "cd".repeat(32),
        documents: vec![DocumentView { name: "offer.pdf".to_owned(), hash: "ef".repeat(32) }],
        effect: "work-order".to_owned(),
        carried: Some(EffectDraft::WorkOrder { asset: "CAS-S1-ELEVATOR_1".to_owned(), most: 48_000_000_000 }),
        after_appeal: false,
        result: is_over.then_some(result),
        progress: None,
    };
    let notice = DeadlineView {
        rule: "be-notice".to_owned(),
        article: "3.87 §3".to_owned(),
        unsure: false,
        day: "2030-05-31".to_owned(),
        is_last: true,
        kept: Some(true),
    };
    AssemblyView {
        number: 1,
        revision: 1,
        stage,
        id: (stage != AssemblyStage::Draft).then(|| "12".repeat(32)),
        chain: "07".repeat(32),
        day: "2030-06-15".to_owned(),
        place: "Ground floor, 20:00".to_owned(),
        law: "be-2020".to_owned(),
        notice: Some("2030-05-28".to_owned()),
        urgent: false,
        again_of: None,
        follow: None,
        chair: Some(1),
        secretary: Some(2),
        assessors: vec![3],
        height: if is_over { 200 } else { 120 },
        opens: Some(110),
        closes: Some(180),
        items: vec![item],
        checklist: vec![notice],
        presences: Vec::new(),
        quorum: Some(QuorumView {
            owners_present: 3,
            owners: 4,
            votes_present: 750,
            votes: 1_000,
            arithmetic: Some("2 × 3 > 4 and 2 × 750 ≥ 1000".to_owned()),
            reached: true,
        }),
        came_in: CameInView { taken: 4, standing: 3, ..CameInView::default() },
        record: RecordView::default(),
        counters: ["01", "02", "03"].map(|digits| digits.repeat(32)).to_vec(),
        chair_signed: is_over,
        syndic_signed: is_over,
        conclusions: Vec::new(),
    }
}

pub(crate) fn key(person: u32, now: Time) -> KeyView {
    KeyView {
        key: format!("{person:02x}").repeat(32),
        person,
        name: NAMES[person as usize - 1].to_owned(),
        lots: vec![format!("{person}A")],
        stage: if person == 3 { KeyStageName::Waiting } else { KeyStageName::Counts },
        bound: now,
        objection_until: Time::from_ms(now.ms() + 172_800_000),
        objected_by: None,
        from: (person != 3).then_some(12),
        until: None,
    }
}

fn resident(now: Time) -> ResidentView {
    ResidentView {
        person: 1,
        name: NAMES[0].to_owned(),
        building: "Tour Alpha".to_owned(),
        address: "01".repeat(20),
        chain: "07".repeat(32),
        lots: vec![OwnLot { id: 1, name: "1A".to_owned(), votes: 250, with: Vec::new(), rests: false }],
        offices: vec![DutyName::Council],
        key: key(1, now),
        keys: vec![key(1, now)],
    }
}

fn poll() -> PollView {
    let choice = |text: &str| PollChoice { text: text.to_owned(), voters: None };
    PollView {
        number: 1,
        id: "f0".repeat(32),
        chain: "07".repeat(32),
        stage: PollStage::Open,
        not_put: None,
        question: "Where should the bicycles stand?".to_owned(),
        choices: vec![choice("In the yard"), choice("In the cellar")],
        hidden: true,
        height: 120,
        opens: 100,
        closes: 900,
        invited: 4,
        voters: 2,
        hidden_min: 15,
        is_mine: true,
    }
}

fn voice() -> VoiceView {
    let stand = |lot: u32, votes| StandView { item: 1, lots: vec![lot], votes, own_mission: false };
    let proxy = ProxyView {
        commitment: "be".repeat(32),
        principal: NAMES[2].to_owned(),
        holder: NAMES[0].to_owned(),
        lots: vec!["3A".to_owned()],
        votes: 300,
        items: Vec::new(),
        covers_second: true,
        on_paper: false,
        stage: ProxyStage::Counts,
        reason: None,
        stands: vec![stand(3, 300)],
    };
    let holder = HolderView {
        person: 3,
        name: NAMES[2].to_owned(),
        proxies: 1,
        carried: 550,
        votes: 1_000,
        barred: false,
        allowed: true,
        arithmetic: "1 ≤ 3".to_owned(),
    };
    VoiceView {
        own: vec![stand(1, 250)],
        given: Vec::new(),
        held: vec![proxy],
        holders: vec![holder],
        article: "3.87 §7".to_owned(),
    }
}

fn sheet(now: Time) -> SheetView {
    SheetView {
        id: "5e".repeat(32),
        person: NAMES[3].to_owned(),
        lots: vec!["4A".to_owned()],
        kind: "ballot".to_owned(),
        holder: None,
        answers: vec![SheetAnswer { item: 1, choice: "for".to_owned() }],
        scan: "5c".repeat(32),
        by_syndic: true,
        by_assessor: false,
        at: now,
        paper: "80".to_owned(),
    }
}

pub(crate) fn obey(command: HomeCommand, now: Time) -> Result<HomeAnswer, Problem> {
    let letter = |person: u32| LetterView {
        person,
        name: NAMES.get(person.saturating_sub(1) as usize).copied().unwrap_or("?").to_owned(),
        lots: vec![format!("{person}A")],
        code: "7K3MP0QX9T2A7K3MP0QX9T2A7K".to_owned(),
        short_code: "7K3MP0QX9T2A".to_owned(),
        expires: Time::from_ms(now.ms() + 5_184_000_000),
    };
    let letters = |persons: Vec<u32>| {
        let letters = persons.into_iter().map(letter).collect();
        Ok(HomeAnswer::Letters(LettersView { letters, objection_hours: 48 }))
    };
    match command {
        HomeCommand::Write(persons) if persons.is_empty() => letters(vec![1, 2, 3, 4]),
        HomeCommand::Write(persons) => letters(persons.into_iter().map(|person| person.0).collect()),
        HomeCommand::AddDevice => letters(vec![1]),
        HomeCommand::Agree(person) => letters(vec![person.0]),
        HomeCommand::Prepare { .. }
        | HomeCommand::Announce { .. }
        | HomeCommand::Attend { .. }
        | HomeCommand::SignSheet { .. }
        | HomeCommand::SignMinutes { .. }
        | HomeCommand::SignResults { .. } => Ok(HomeAnswer::Assembly(1)),
        HomeCommand::Carry { commitment, .. } => Ok(HomeAnswer::Promised(PromiseView {
            commitment: commitment.to_string(),
            by: 1_303,
            promise: "85".to_owned(),
        })),
        HomeCommand::Watch(_) => Ok(HomeAnswer::Standing(PromiseState::Pending)),
        HomeCommand::AskPoll(_) | HomeCommand::AnswerPoll(_) => Ok(HomeAnswer::Poll(1)),
        HomeCommand::HandIn(_) => Ok(HomeAnswer::Taken(1, Digest::new([0xab; 32]))),
        HomeCommand::Erase(_) => Err(Problem::new(Kind::Conflict, "the law still needs the name")),
        HomeCommand::PutRegistry { .. }
        | HomeCommand::Look(_)
        | HomeCommand::KeepDocument { .. }
        | HomeCommand::DropSheet(_)
        | HomeCommand::DropDraft(_)
        | HomeCommand::SetObjection(_)
        | HomeCommand::Bind(_)
        | HomeCommand::Object(_)
        | HomeCommand::SetAside(_)
        | HomeCommand::End(_)
        | HomeCommand::Lose(_) => Ok(HomeAnswer::Done),
    }
}

pub(crate) fn answer(call: HomeCall, now: Time) {
    let missing = || Problem::new(Kind::NotFound, "there is no such person").field("id");
    match call {
        HomeCall::Registry(reply) => drop(reply.send(Ok((7, Some(Box::new(registry())))))),
        HomeCall::Keys(reply) => {
            let wait = WaitingLetter {
                person: 4,
                name: NAMES[3].to_owned(),
                made: now,
                by: NAMES[1].to_owned(),
                expires: Time::from_ms(now.ms() + 5_184_000_000),
            };
            let loss =
                LossView { person: 2, name: NAMES[1].to_owned(), asked: now, by: "Operator".to_owned() };
            let keys = [1, 2, 3].map(|person| key(person, now)).to_vec();
            drop(reply.send(Ok(KeysView {
                keys,
                losses: vec![loss],
                letters: vec![wait],
                objection_hours: 48,
            })));
        }
        HomeCall::Looks(reply) => {
            let look = LookView {
                day: "2026-11-22".to_owned(),
                who: NAMES[1].to_owned(),
                looked: "registry".to_owned(),
                person: None,
            };
            drop(reply.send(Ok(vec![look])));
        }
        HomeCall::Person { person, reply } => {
            let registry = registry();
            let found = registry.person(person).ok_or_else(missing).map(|person| {
                let (person, lots, offices) = web::only_of(&registry, person);
                PersonData { person, lots, offices, keys: Vec::new(), looks: Vec::new() }
            });
            drop(reply.send(found));
        }
        HomeCall::Code { reply, .. } => drop(reply.send(Ok(CodeView {
            name: NAMES[0].to_owned(),
            lots: vec!["1A".to_owned()],
            building: "Tour Alpha".to_owned(),
            address: "01".repeat(20),
            chain: "07".repeat(32),
            authorities: vec!["02".repeat(32)],
            objection_hours: 48,
            expires: Time::from_ms(now.ms() + 5_184_000_000),
        }))),
        HomeCall::Resident { reply, .. } => drop(reply.send(Ok(resident(now)))),
        HomeCall::Assemblies { reply, .. } => drop(reply.send(Ok(vec![assembly(AssemblyStage::Open)]))),
        HomeCall::Assembly { number, reply, .. } => drop(reply.send(match number {
            1 => Ok(assembly(AssemblyStage::Open)),
            2 => Ok(assembly(AssemblyStage::Concluded)),
            3 => Ok(assembly(AssemblyStage::Draft)),
            _ => Err(Problem::new(Kind::NotFound, "there is no such assembly").field("id")),
        })),
        HomeCall::Taken { number, commitment, reply } => drop(reply.send(if number == 1 {
            Ok(TakenView {
                commitment: commitment.to_string(),
                at: now,
                by: 140,
                promise: "00".to_owned(),
                height: Some(121),
                transaction: None,
                verdict: None,
            })
        } else {
            Err(Problem::new(Kind::NotFound, "nothing of that name was taken here").field("commitment"))
        })),
        HomeCall::JointQuestions(reply) => drop(reply.send(Ok(Vec::new()))),
        HomeCall::Polls { reply, .. } => drop(reply.send(Ok(vec![poll()]))),
        HomeCall::Voice { number, reply, .. } => {
            drop(reply.send(if number == 1 { Ok(voice()) } else { Err(missing()) }));
        }
        HomeCall::Sheets { number, reply, .. } => {
            drop(reply.send(if number == 1 { Ok(vec![sheet(now)]) } else { Err(missing()) }));
        }
        HomeCall::Document { reply, .. } => drop(reply.send(Ok("An offer.".into()))),
        HomeCall::Minutes { reply, .. } => {
            let not_yet = Problem::new(Kind::Conflict, "its results are not on the ledger yet");
            drop(reply.send(Err(not_yet)));
        }
        HomeCall::Find { reply, .. } => drop(reply.send(Ok(FoundView {
            chain: Digest::new([0xc4; 32]).to_string(),
            height: 1_283,
            building: "Tour Alpha".to_owned(),
            authorities: Vec::new(),
            ballots: Vec::new(),
        }))),
        HomeCall::Place(reply) => {
            drop(reply.send(Ok((Address::new([1; 20]), ChainId::new([7; 32])))));
        }
    }
}
