//! Assemblies by law, with residents' own keys: one in Belgium that lacks its quorum and is held again, one in France
//! with forms by post and second votes. Results, their figures in words, minutes and receipts.

use protocol::assembly::{
    Answer, AssemblyAction, Base, Choice, Conclusion, Counters, Day, Effect, Item, ItemNumber, ItemResult,
    LotId, Matter, Meeting, Opening, PostalForm, Round, RuleSet, Sheet, Turnout, Votes,
};
use protocol::{Bounded, Digest, Height, Payload};
use serde_json::{Value, json};
use testnet::receipt::parsed;

use super::hive_ms;
use crate::harness::{Client, Hive, House, Signer, until};

const FLAGS: [&str; 4] = ["--buildings", "5", "--authorities", "4"];
/// The follower whose key makes the blocks that a quiet hive does not make.
const CLOCK: &str = "CAS-S5";
/// Blocks for which ballots count: more than the ballots of a story take.
const BLOCKS: u64 = 40;
const DAY_MS: u64 = 86_400_000;

/// A registry: lots of these votes, each of the owner with its number, and a syndic who owns nothing.
pub(super) fn registry(law: &str, owners: &[(&str, u32)], syndic: &str) -> String {
    let votes: u32 = owners.iter().map(|(_, votes)| votes).sum();
    let mut csv = String::from("record,id,name,kind,votes,lot,person,right,parts,whole,from,until\n");
    csv.push_str(&format!("deed,,,,{votes},,,,,,,\nlaw,,{law},,,,,,,,2020-01-01,\n"));
    for ((name, votes), id) in owners.iter().zip(1..) {
        csv.push_str(&format!(
            "person,{id},{name},natural,,,,,,,,\nlot,{id},Lot {id},dwelling,{votes},,,,,,,\n"
        ));
        csv.push_str(&format!("owner,,,,,{id},{id},full,1,1,2020-01-01,\n"));
    }
    let id = owners.len() + 1;
    csv.push_str(&format!("person,{id},{syndic},natural,,,,,,,,\noffice,,,syndic,,,{id},,,,2020-01-01,\n"));
    csv
}

/// The day it is in the hive.
pub(super) fn today(api: &Client) -> Day {
    Day(i32::try_from(hive_ms(api) / DAY_MS).unwrap())
}

fn draft(day: Day, items: &Value) -> Value {
    json!({ "day": day.to_string(), "place": "18:00, hall", "chair": 1, "assessors": [2], "items": items })
}

/// Names of the lots' owners in a list of the minutes, with their votes.
fn named(item: &Value, list: &str) -> Vec<(String, u64)> {
    let all = item[list].as_array().unwrap_or_else(|| panic!("{list} of {item}")).iter();
    all.map(|one| (one["owners"][0].as_str().unwrap().to_owned(), one["votes"].as_u64().unwrap())).collect()
}

fn held(name: &str, votes: u64) -> Vec<(String, u64)> {
    vec![(name.to_owned(), votes)]
}

#[test]
fn without_quorum_an_assembly_is_held_again_and_proxies_that_cover_it_carry_over() {
    let hive = Hive::start("assembly-again", &FLAGS);
    let nodes = hive.nodes();
    let mut clock = Signer::instead_of(&hive, CLOCK);
    let owners = [("Amina", 300), ("Jan", 250), ("Claire", 200), ("Dirk", 150), ("Eva", 100)];
    let mut house = House::enrol(&nodes[0], &registry("be-2020", &owners, "Syndic"), &[1, 2, 3, 4, 5, 6]);
    let day = today(&house.node.api);
    let items = json!([
        { "title": "Paint the stairs", "text": "White.", "matter": "ordinary" },
        { "title": "New boiler", "text": "A heat pump takes its place.", "matter": "works" },
    ]);
    let first = house.open(&draft(day, &items), BLOCKS);
    house.give_proxy(first, 3, 1, true);
    house.give_proxy(first, 4, 1, false);
    let changed_mind = house.give_proxy(first, 5, 1, true);
    house.take_back(first, 5, &changed_mind);
    house.give_proxy(first, 4, 2, false);
    for item in [1, 2] {
        house.vote(first, 1, item, Choice::For);
        house.vote_by_proxy(first, 1, item, Choice::For);
    }
    house.close(first, &mut clock);
    house.conclude(first, [1, 6]);
    // Amina and Claire are there: two of five owners, 500 of 1,000 votes.
    let view = house.view(first).unwrap();
    assert_eq!(view["quorum"]["reached"], false, "{view}");
    assert_eq!(
        (&view["quorum"]["owners_present"], &view["quorum"]["votes_present"]),
        (&json!(2), &json!(500))
    );
    for item in [1, 2] {
        assert_eq!(house.result(first, item)["outcome"], "no-quorum");
    }
    let again = day.0 + 15;
    assert_eq!(view["follow"], json!({ "kind": "without-quorum", "from": Day(again).to_string() }));
    let minutes = house.minutes(first, [1, 6]);
    assert_eq!(minutes["quorum"], view["quorum"]["arithmetic"]);

    let held_again = |day: i32, items: &Value| {
        let mut draft = draft(Day(day), items);
        draft["again_of"] = json!(first);
        draft
    };
    let prepare = |draft: &Value| house.node.api.post("/api/v1/assemblies", draft).unwrap().status;
    assert_eq!(prepare(&held_again(again - 1, &items)), 409, "a day too soon");
    let other = json!([{ "title": "Sell the garden", "text": "All of it.", "matter": "disposal" }]);
    assert!((400..500).contains(&prepare(&held_again(again, &other))), "the same items only");

    let second = house.open(&held_again(again, &items), BLOCKS);
    let voice = house.voice(second, 1);
    assert_eq!(
        voice["held"][0]["principal"], "Claire",
        "what covers the second assembly carries over: {voice}"
    );
    assert_eq!(house.voice(second, 3)["given"][0]["stage"], "counts");
    let mut taken = Value::Null;
    for item in [1, 2] {
        house.vote(second, 1, item, Choice::For);
        taken = house.vote_by_proxy(second, 1, item, Choice::For);
        house.vote(second, 2, item, Choice::Against);
    }
    house.vote(second, 4, 1, Choice::Abstain);
    house.vote(second, 4, 2, Choice::For);
    cheat_while_open(&hive, &house, second);
    house.close(second, &mut clock);
    cheat_when_closed(&hive, &house, second);
    house.conclude(second, [1, 6]);
    let view = house.view(second).unwrap();
    assert_eq!(
        (&view["quorum"]["arithmetic"], &view["quorum"]["reached"]),
        (&Value::Null, &json!(true)),
        "{view}"
    );
    // Amina carries 500; the others who are there hold 400, so that she votes for no more.
    let paint = house.result(second, 1);
    assert_eq!((&paint["outcome"], &paint["arithmetic"]), (&json!("adopted"), &json!("2 × 400 > 650")));
    assert_eq!((&paint["against_names"], &paint["abstained_names"]), (&json!(["Jan"]), &json!(["Dirk"])));
    let boiler = house.result(second, 2);
    assert_eq!((&boiler["outcome"], &boiler["arithmetic"]), (&json!("adopted"), &json!("3 × 550 ≥ 2 × 800")));

    let minutes = house.minutes(second, [1, 6]);
    assert_eq!(minutes["quorum"], Value::Null, "none is needed");
    assert_eq!(minutes["proxies"].as_array().map(Vec::len), Some(1), "{minutes}");
    assert_eq!(
        (&minutes["proxies"][0]["principal"], &minutes["proxies"][0]["holder"]),
        (&json!("Claire"), &json!("Amina"))
    );
    let item = &minutes["items"][1];
    assert_eq!(named(item, "named_against"), held("Jan", 250));
    assert_eq!(named(item, "named_absent"), held("Eva", 100));
    assert_eq!(item["reductions"], json!([{ "name": "Amina", "from": 500, "to": 400 }]));
    house.check_receipt(second, &taken, &nodes[1]);
}

/// The building's own key announces the assembly again with other voters, and chair and syndic sign a result before the
/// vote is closed: nothing of it holds, and every owner reads it.
fn cheat_while_open(hive: &Hive, house: &House, number: u32) {
    let mut building = Signer::beside(hive, &house.node.name);
    let view = house.view(number).unwrap();
    let key = |at: usize| parsed(&json!({ "key": view["counters"][at] }), "key").unwrap();
    let item = Item {
        resolution: house.resolution(number, 1),
        matter: Matter::Ordinary,
        base: Base::Whole,
        round: Round::First,
        effect: Effect::Nothing,
        after_appeal: false,
        joint: None,
    };
    let height = |name: &str| Height(view[name].as_u64().unwrap());
    let opening = Opening {
        building: house.address(),
        number,
        law: RuleSet::Belgium2020,
        meeting: Meeting::First,
        roll: Digest::of("story", &[b"with voters who own nothing"]),
        owners: 9,
        votes: Votes(1_000),
        items: Bounded::new(vec![item]).unwrap(),
        day: Day(0),
        opens: height("opens"),
        closes: height("closes"),
        counters: Counters { chair: key(0), syndic: key(1), assessor: key(2) },
    };
    building.put(&hive.nodes()[1], &Payload::Assembly(AssemblyAction::Announce(Box::new(opening))));
    let early = Conclusion {
        assembly: house.id(number),
        turnout: Turnout { owners: 5, votes: Votes(1_000) },
        results: Bounded::new(vec![ItemResult::NotPut(ItemNumber(1))]).unwrap(),
    };
    building.put(&hive.nodes()[1], &house.concluded(early, [1, 6]));
    until("owners read what was tried", 20, || {
        let view = house.page(5).get(&format!("/api/v1/assemblies/{number}"))?;
        let told = kinds(&view);
        if told == ["announced_again", "concluded_early"] { Ok(()) } else { Err(view["record"].to_string()) }
    });
    let view = house.view(number).unwrap();
    assert_eq!(
        (&view["stage"], &view["quorum"]["owners"]),
        (&json!("open"), &json!(5)),
        "nothing of it holds"
    );
}

/// Chair and syndic sign a result without one of the ballots that came in.
fn cheat_when_closed(hive: &Hive, house: &House, number: u32) {
    let mut part = house.counted(number).remove(0);
    let mut results = part.results.to_vec();
    let ItemResult::Counted(record) = &mut results[0] else { panic!("{results:?}") };
    record.ballots = Digest::of("story", &[b"a tree without a ballot"]);
    part.results = Bounded::new(results).unwrap();
    Signer::beside(hive, &house.node.name).put(&hive.nodes()[1], &house.concluded(part, [1, 6]));
    until("owners read that a ballot was dropped", 20, || {
        let view = house.page(4).get(&format!("/api/v1/assemblies/{number}"))?;
        let told = kinds(&view);
        let expected = ["announced_again", "concluded_early", "wrong_result"];
        if told == expected { Ok(()) } else { Err(view["record"].to_string()) }
    });
    assert_eq!(house.view(number).unwrap()["stage"], "closed", "no result stands");
}

/// What stands on record against an assembly's rules.
fn kinds(view: &Value) -> Vec<String> {
    let all = view["record"]["breaches"].as_array().unwrap().iter();
    all.map(|breach| breach["kind"].as_str().unwrap().to_owned()).collect()
}

/// A form that came by post on a day, with an answer to each of these items.
fn form(lot: u32, received: Day, answers: &[(u16, Digest, Choice)]) -> Sheet {
    let answer = |(item, resolution, choice): &(u16, Digest, Choice)| Answer {
        item: ItemNumber(*item),
        resolution: *resolution,
        choice: *choice,
    };
    Sheet::Postal(PostalForm {
        lots: Bounded::new(vec![LotId(lot)]).unwrap(),
        received,
        answers: Bounded::new(answers.iter().map(answer).collect()).unwrap(),
    })
}

#[test]
fn a_french_assembly_votes_again_at_once_and_names_who_was_against_abstained_or_defaulted() {
    let hive = Hive::start("assembly-french", &FLAGS);
    let nodes = hive.nodes();
    let mut clock = Signer::instead_of(&hive, CLOCK);
    let owners = [("Alice", 400), ("Bruno", 250), ("Chloé", 200), ("David", 100), ("Élise", 50)];
    let mut house = House::enrol(&nodes[0], &registry("fr-2020", &owners, "Syndic"), &[1, 2, 3, 6]);
    let day = today(&house.node.api);
    let item = |title: &str, matter: &str, second_of: Option<u16>| json!({ "title": title, "text": "As sent with the notice.", "matter": matter, "second_of": second_of });
    let items = json!([
        item("Another syndic", "syndic", None),
        item("Another syndic, second vote", "syndic", Some(1)),
        item("A lift", "double-matter", None),
        item("A lift, second vote", "double-matter", Some(3)),
        item("The accounts", "ordinary", None),
        item("David on the council", "council-member", None),
        item("David on the council, second vote", "council-member", Some(6)),
    ]);
    let number = house.open(&draft(day, &items), BLOCKS);
    let texts: Vec<Digest> = (1..=7).map(|item| house.resolution(number, item)).collect();
    let text = |item: u16| texts[usize::from(item) - 1];

    use Choice::{Abstain, Against, For};
    // Four days before is the last day on which three clear days are left.
    let (last, late) = (Day(day.0 - 4), Day(day.0 - 3));
    let two = [6, 2];
    let refused = house.enter(number, 5, form(5, late, &[(5, text(5), For)]), two);
    assert!((400..500).contains(&refused.status), "a day too late: {}", refused.text());
    assert!(refused.text().contains(&last.to_string()), "it says until when: {}", refused.text());
    let by_post = [(1, For), (2, For), (3, Against), (5, For), (6, For)];
    let by_post = by_post.map(|(item, choice)| (item, text(item), choice));
    let entered = house.enter(number, 4, form(4, last, &by_post), two);
    assert_eq!(entered.status, 200, "{}", entered.text());
    // Élise answers the accounts as they were before somebody amended them.
    let amended = form(5, last, &[(5, Digest::of("story", &[b"as it was"]), For)]);
    let entered = house.enter(number, 5, amended, two);
    assert_eq!(entered.status, 200, "{}", entered.text());

    let answers = [
        (1, [For, Against, Abstain]),
        (2, [For, Against, Abstain]),
        (3, [For, For, Against]),
        (4, [For, For, Against]),
        (5, [For, For, Abstain]),
        (6, [For, For, For]),
    ];
    let mut taken = Value::Null;
    for (item, choices) in answers {
        for (person, choice) in (1..).zip(choices) {
            taken = house.vote(number, person, item, choice);
        }
    }
    house.all_stand(number);
    house.close(number, &mut clock);
    house.conclude(number, [1, 6]);
    let view = house.view(number).unwrap();
    assert_eq!(view["quorum"]["arithmetic"], Value::Null, "France knows no quorum");
    assert_eq!(view["follow"], Value::Null, "and no second assembly");
    let expected = [
        // Half of all votes is not more than half; a third is enough for a vote at article 24.
        ("second-vote", "2 × 500 > 1000"),
        ("adopted", "2 × 500 > 750"),
        // Two of five owners are not more than half of them; two of the four who take part are half, with a third of all.
        ("second-vote", "2 × 2 > 5 and 3 × 650 ≥ 2 × 1000"),
        ("adopted", "2 × 650 > 1000"),
        ("adopted", "2 × 750 > 750"),
        ("adopted", "2 × 950 > 1000"),
        ("not-put", ""),
    ];
    for ((outcome, arithmetic), item) in expected.into_iter().zip(1..) {
        let result = house.result(number, item);
        assert_eq!(result["outcome"], outcome, "item {item}: {result}");
        assert_eq!(result["arithmetic"], arithmetic, "item {item}");
    }
    let minutes = house.minutes(number, [1, 6]);
    let item = |at: usize| minutes["items"][at - 1].clone();
    assert_eq!((&minutes["law"], &item(1)["papers"]), (&json!("fr-2020"), &json!(1)));
    assert_eq!((&item(1)["article"], &item(1)["bridge"]), (&json!("25"), &json!("3 × 500 ≥ 1000")));
    assert_eq!((&item(2)["rule"], &item(2)["article"]), (&json!("fr-24"), &json!("24")));
    assert_eq!(named(&item(2), "named_against"), held("Bruno", 250));
    assert_eq!(named(&item(2), "named_abstained"), held("Chloé", 200));
    assert_eq!((&item(3)["article"], &item(4)["rule"]), (&json!("26"), &json!("fr-25")));
    assert_eq!(item(3)["bridge"], "2 × 2 ≥ 4 and 3 × 650 ≥ 1000");
    assert_eq!(named(&item(3), "named_against"), [held("Chloé", 200), held("David", 100)].concat());
    assert_eq!(named(&item(4), "named_against"), held("Chloé", 200));
    assert_eq!(named(&item(5), "named_abstained"), held("Chloé", 200));
    assert_eq!(named(&item(5), "named_defaulting"), held("Élise", 50));
    assert_eq!(item(7)["outcome"], "not-put");
    house.check_receipt(number, &taken, &nodes[2]);
}
