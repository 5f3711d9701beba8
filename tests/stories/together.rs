//! Residents asked without deciding, and several buildings that decide together, each by its own law.

use protocol::assembly::{Choice, Effect, JointQuestion, Needed};
use protocol::hex::hex;
use protocol::{Action, Bounded, Digest, encode};
use serde_json::{Value, json};
use testnet::receipt::parsed;

use super::assemblies::{registry, today};
use crate::harness::residents::ok;
use crate::harness::{Hive, House, Node, Signer, decide, until};

/// Blocks for which answers to a poll count: more than the answers take.
const POLL_BLOCKS: u64 = 60;
/// The same for ballots of three buildings at once.
const BLOCKS: u64 = 60;
/// How long the others may take until they show what one has seen, seconds.
const AGREE_S_MAX: u64 = 20;

#[test]
fn a_poll_counts_heads_and_of_fewer_than_fifteen_nobody_learns_what_was_chosen_in_hiding() {
    let hive = Hive::start("polls", &["--buildings", "5", "--authorities", "4"]);
    let nodes = hive.nodes();
    let mut clock = Signer::instead_of(&hive, "CAS-S5");
    let names: Vec<String> = (1..=15).map(|number| format!("Owner {number}")).collect();
    let owners: Vec<(&str, u32)> = names.iter().map(String::as_str).zip(10..).collect();
    let mut csv = registry("be-2020", &owners, "Syndic");
    let (syndic, tenant) = (16, 17);
    csv.push_str("person,17,Tenant,natural,,,,,,,,\noccupant,,,,,1,17,,,,2020-01-01,\n");
    let mut house = House::enrol(&nodes[0], &csv, &(1..=17).collect::<Vec<u32>>());

    let question = "Where shall the bicycles stand?";
    let poll = |hidden: bool| {
        let choices = ["In the yard", "In the cellar", "Nowhere"];
        json!({ "question": question, "choices": choices, "hidden": hidden, "blocks": POLL_BLOCKS })
    };
    let refused = house.page(1).post("/api/v1/polls", &poll(false)).unwrap();
    assert_eq!(refused.status, 403, "the syndic asks: {}", refused.text());
    let ask = |hidden: bool| {
        let asked = ok(house.page(syndic).post("/api/v1/polls", &poll(hidden)));
        let number = asked["number"].as_u64().unwrap();
        until("the poll opens", AGREE_S_MAX, || {
            let poll = shown(&nodes[0], number)?;
            if poll["stage"] == "open" { Ok(()) } else { Err(poll["stage"].to_string()) }
        });
        number
    };
    let (many, few, open) = (ask(true), ask(true), ask(false));
    let stranger = house.answer(open, syndic, 0);
    assert!(
        (400..500).contains(&stranger.status),
        "owns nothing and does not live there: {}",
        stranger.text()
    );
    assert!((400..500).contains(&house.answer(open, 1, 3).status), "there are three answers");
    // Fifteen and fourteen heads; whoever lives there counts like whoever owns most.
    let heads: Vec<u32> = (1..=14).chain([tenant]).collect();
    let mut answer = |poll: u64, person: u32, choice: u8| {
        let answered = house.answer(poll, person, choice);
        assert_eq!(answered.status, 200, "{}", answered.text());
    };
    for (place, person) in heads.iter().enumerate() {
        answer(many, *person, u8::from(place >= 9));
        if place < 14 {
            answer(few, *person, u8::from(place >= 9));
        }
    }
    answer(many, 1, 2);
    answer(open, 15, 0);
    answer(open, tenant, 1);
    for (poll, expected) in [(many, 15), (few, 14), (open, 2)] {
        let poll = until("every answer stands", AGREE_S_MAX, || {
            let poll = shown(&nodes[0], poll)?;
            if poll["voters"] == expected { Ok(poll) } else { Err(poll["voters"].to_string()) }
        });
        assert_eq!(poll["invited"], 16, "owners and whoever lives there");
        assert_eq!(totals(&poll), [Value::Null, Value::Null, Value::Null], "nothing before the close");
    }
    house.pass(&mut clock, || [many, few, open].iter().all(|poll| has_stage(&nodes[0], *poll, "concluded")));
    let result = |poll: u64| totals(&shown(&nodes[0], poll).unwrap());
    assert_eq!(result(many), [json!(8), json!(6), json!(1)], "somebody thought again");
    assert_eq!(result(few), [Value::Null, Value::Null, Value::Null], "fourteen would tell who chose what");
    assert_eq!(result(open), [json!(1), json!(1), json!(0)]);
    // Another building holds heads and hashes.
    assert!(nodes[1].api.items("/api/v1/polls").unwrap().is_empty());
    let files: Vec<Vec<u8>> = std::fs::read_dir(nodes[1].data_dir.join("blocks.log"))
        .unwrap()
        .map(|file| std::fs::read(file.unwrap().path()).unwrap())
        .collect();
    assert!(files.iter().any(|bytes| holds(bytes, b"AnnouncePoll")), "it has the blocks");
    assert!(!files.iter().any(|bytes| holds(bytes, question.as_bytes())), "the question stays at home");
}

fn shown(node: &Node, number: u64) -> Result<Value, String> {
    let polls = node.api.items("/api/v1/polls")?;
    polls.into_iter().find(|poll| poll["number"] == number).ok_or_else(|| format!("no poll {number}"))
}

fn has_stage(node: &Node, number: u64, stage: &str) -> bool {
    shown(node, number).is_ok_and(|poll| poll["stage"] == stage)
}

fn totals(poll: &Value) -> [Value; 3] {
    [0, 1, 2].map(|at| poll["choices"][at]["voters"].clone())
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[test]
fn three_buildings_decide_one_question_each_by_its_law_and_it_is_carried_out_when_the_last_one_closes() {
    let hive = Hive::start("joint-question", &["--buildings", "6", "--authorities", "4"]);
    let nodes = hive.nodes();
    let mut clock = Signer::instead_of(&hive, "CAS-S6");
    let persons = [1, 2, 3, 4];
    let owners = [("Amina", 400), ("Jan", 350), ("Claire", 250)];
    let laws = ["be-2020", "fr-2020", "be-2020"];
    let mut houses: Vec<House> = nodes
        .iter()
        .zip(laws)
        .map(|(node, law)| House::enrol(node, &registry(law, &owners, "Syndic"), &persons))
        .collect();

    let text = "Shall the fifth building keep the ledger together with the four that do?";
    let kept = ok(nodes[0].api.send("/api/v1/documents", "application/octet-stream", text.as_bytes()));
    let hash: Digest = parsed(&kept, "hash").unwrap();
    let member = |node: &Node| node.api.get("/api/v1/node").unwrap()["id"].as_str().unwrap().to_owned();
    let fifth = member(&nodes[4]).parse().unwrap();
    let mut buildings: Vec<_> = houses.iter().map(House::address).collect();
    buildings.sort_unstable();
    let question = JointQuestion {
        question: hash,
        buildings: Bounded::new(buildings).unwrap(),
        needed: Needed::TwoThirds,
        lead: houses[0].address(),
        effect: Effect::Action(Box::new(Action::AddAuthority(fifth))),
    };
    put(&nodes, &question);
    // The text follows to those who are asked and to those who approve, and to nobody else.
    let document = format!("/api/v1/documents/{hash}");
    for node in &nodes[1..3] {
        until("the text of the question is there", AGREE_S_MAX, || {
            let found = node.api.try_get(&document)?;
            if found.body == text.as_bytes() { Ok(()) } else { Err(found.text()) }
        });
    }
    assert_eq!(nodes[4].api.try_get(&document).unwrap().status, 404, "neither asked nor an authority");

    let asked = json!([{ "name": "question.txt", "hash": hash.to_string() }]);
    let item = |matter: &str, second_of: Option<u16>| {
        let title = "Another authority";
        json!({ "title": title, "text": text, "matter": matter, "documents": asked, "second_of": second_of })
    };
    let agendas = [
        json!([item("ordinary", None)]),
        json!([item("absolute-matter", None), item("absolute-matter", Some(1))]),
        json!([item("ordinary", None)]),
    ];
    let mut numbers = Vec::new();
    for (house, items) in houses.iter().zip(&agendas) {
        let day = today(&house.node.api).to_string();
        let draft = json!({ "day": day, "place": "hall", "chair": 1, "assessors": [2], "items": items });
        let number = house.open(&draft, BLOCKS);
        assert_eq!(house.view(number).unwrap()["items"][0]["joint"], question.id().to_string());
        numbers.push(number);
    }
    let resident = houses[1].page(3).try_get(&document).unwrap();
    assert_eq!(resident.body, text.as_bytes(), "residents read it once it is announced");

    use Choice::{Against, For};
    // In France 400 of 1,000 are no majority of all, and enough for a vote at once among those who take part.
    let answers: [(usize, u16, &[Choice]); 4] = [
        (0, 1, &[For, For, Against]),
        (1, 1, &[For, Against]),
        (1, 2, &[For, Against]),
        (2, 1, &[For, Against, Against]),
    ];
    for (at, item, choices) in answers {
        for (person, choice) in (1..).zip(choices) {
            houses[at].vote(numbers[at], person, item, *choice);
        }
    }
    let standing = |node: &Node| {
        joint(node, &question).map(|found| (found["standing"].clone(), found["arithmetic"].clone()))
    };
    for (at, arithmetic) in [(0, "3 × 1 ≥ 2 × 3"), (1, "3 × 2 ≥ 2 × 3")] {
        houses[at].close(numbers[at], &mut clock);
        houses[at].conclude(numbers[at], [1, 4]);
        until("one more building has answered", AGREE_S_MAX, || {
            let expected = (json!("open"), json!(arithmetic));
            let found = standing(&nodes[3])?;
            if found == expected { Ok(()) } else { Err(format!("{found:?}")) }
        });
        assert_eq!(authorities(&nodes[0]).unwrap(), 4, "never before the last one is closed");
    }
    assert_eq!(houses[1].result(numbers[1], 1)["outcome"], "second-vote");
    assert_eq!(houses[1].result(numbers[1], 2)["arithmetic"], "2 × 400 > 750");
    houses[2].close(numbers[2], &mut clock);
    houses[2].conclude(numbers[2], [1, 4]);
    assert_eq!(houses[2].result(numbers[2], 1)["outcome"], "refused");
    for node in &nodes[..5] {
        until("two of three have adopted it", AGREE_S_MAX, || {
            let found = standing(node)?;
            if found == (json!("adopted"), json!("3 × 2 ≥ 2 × 3")) {
                Ok(())
            } else {
                Err(format!("{found:?}"))
            }
        });
    }
    // It holds two blocks later; another building's assembly on the same text is one of its own and carries nothing out.
    houses[0].pass(&mut clock, || authorities(&nodes[0]) == Ok(5));
    let day = today(&nodes[0].api).to_string();
    let draft = json!({ "day": day, "place": "hall", "chair": 1, "assessors": [2], "items": agendas[0] });
    let number = houses[0].open(&draft, BLOCKS);
    assert_eq!(houses[0].view(number).unwrap()["items"][0]["joint"], Value::Null, "it is decided");
    let decided = joint(&nodes[4], &question).unwrap();
    let outcomes: Vec<&Value> =
        decided["buildings"].as_array().unwrap().iter().map(|one| &one["outcome"]).collect();
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == "adopted").count(), 2, "{decided}");
}

/// The authorities put a question to several buildings.
fn put(nodes: &[Node], question: &JointQuestion) {
    let action = json!({ "kind": "ask_jointly", "question": hex(&encode(question)) });
    decide(&nodes[..3], &action);
    for node in nodes.iter().take(3) {
        until("the question is put", AGREE_S_MAX, || joint(node, question).map(drop));
    }
}

/// How a question stands as a building has it.
fn joint(node: &Node, question: &JointQuestion) -> Result<Value, String> {
    let all = node.api.items("/api/v1/assemblies/joint")?;
    let id = question.id().to_string();
    all.into_iter().find(|one| one["id"] == id).ok_or_else(|| format!("{} knows no question {id}", node.name))
}

fn authorities(node: &Node) -> Result<usize, String> {
    let head = node.api.get("/api/v1/ledger/head")?;
    Ok(head["authorities"].as_array().map_or(0, Vec::len))
}
