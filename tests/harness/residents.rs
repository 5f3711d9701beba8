//! Residents of one building, each with a key of the own phone: they come in by their letters, look at what they may
//! sign, sign it and hand it in. What the syndic enters from a script goes in with the operator's token.

use std::collections::BTreeMap;

use protocol::assembly::{
    AssemblyAction, AssemblyId, Ballot, Choice, Conclusion, ItemNumber, LotId, Mandate, MinutesNotice, Paper,
    PersonId, PollBallot, Proxy, ProxyAct, Sheet, SignedConclusion, Votes,
};
use protocol::energy::Salt;
use protocol::hex::hex;
use protocol::{Address, Bounded, ChainId, Digest, Genesis, Payload, SigningKey, decode, encode};
use serde_json::{Value, json};
use testnet::receipt::{self, parsed};
use testnet::residents::{binding, conclusions, conclusions_signed, decoded, entry, phone};

use super::programs::{run, symbiose};
use super::{Answer, Client, Node, Signer, until};

/// How long the ledger may take to hold what it was given, seconds.
const FINAL_S_MAX: u64 = 20;
/// Blocks that a story may wait for.
const BLOCKS_MAX: usize = 200;

/// A building whose residents have keys.
pub(crate) struct House {
    pub(crate) node: Node,
    chain: ChainId,
    address: Address,
    residents: BTreeMap<u32, (SigningKey, Client)>,
    signed: u64,
}

impl House {
    /// Takes a registry up, and lets these persons come to keys by their letters, which count at once.
    pub(crate) fn enrol(node: &Node, registry: &str, persons: &[u32]) -> Self {
        let api = &node.api;
        ok(api.put_as("/api/v1/registry/csv", "text/csv", registry.as_bytes()));
        ok(api.put("/api/v1/registry/objection", &json!({ "objection_hours": 0 })));
        let letters = ok(api.post("/api/v1/registry/letters", &json!({ "persons": persons })));
        let place = ok(api.post("/api/v1/residents/challenge", &json!({})));
        let (chain, address) = (parsed(&place, "chain").unwrap(), parsed(&place, "address").unwrap());
        let mut house = Self { node: node.clone(), chain, address, residents: BTreeMap::new(), signed: 0 };
        for letter in letters["letters"].as_array().unwrap() {
            let person = u32::try_from(letter["person"].as_u64().unwrap()).unwrap();
            let key = house.bind(person, letter["code"].as_str().unwrap());
            let page = house.come_in(&key);
            house.residents.insert(person, (key, page));
        }
        house
    }

    fn bind(&self, person: u32, code: &str) -> SigningKey {
        let key = phone(&self.address, person);
        let body = binding(self.address, code, &key, &self.chain);
        ok(self.node.api.post("/api/v1/residents/bindings", &body));
        key
    }

    fn come_in(&self, key: &SigningKey) -> Client {
        let api = &self.node.api;
        let asked = ok(api.post("/api/v1/residents/challenge", &json!({})));
        let body = entry(self.address, &asked, key, &self.chain).unwrap();
        let answer = api.post("/api/v1/residents/session", &body).unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
        api.come_in(&answer)
    }

    /// The building by its address.
    pub(crate) fn address(&self) -> Address {
        self.address
    }

    /// What one resident's browser speaks with.
    pub(crate) fn page(&self, person: u32) -> &Client {
        &self.residents[&person].1
    }

    fn key(&self, person: u32) -> &SigningKey {
        &self.residents[&person].0
    }

    fn salt(&mut self) -> Salt {
        self.signed += 1;
        let mut salt = [0; Salt::LEN];
        salt[..8].copy_from_slice(&self.signed.to_be_bytes());
        Salt::new(salt)
    }

    /// Prepares an assembly and announces it; answers its number once it is open.
    pub(crate) fn open(&self, draft: &Value, blocks: u64) -> u32 {
        let api = &self.node.api;
        let prepared = ok(api.post("/api/v1/assemblies", draft));
        let number = u32::try_from(prepared["number"].as_u64().unwrap()).unwrap();
        ok(api.post(&format!("/api/v1/assemblies/{number}/announcement"), &json!({ "blocks": blocks })));
        until("the assembly opens", FINAL_S_MAX, || {
            let view = self.view(number)?;
            if view["stage"] == "open" { Ok(()) } else { Err(view["stage"].to_string()) }
        });
        number
    }

    /// An assembly as the syndic's page shows it.
    pub(crate) fn view(&self, number: u32) -> Result<Value, String> {
        self.node.api.get(&format!("/api/v1/assemblies/{number}"))
    }

    /// What became of an item.
    pub(crate) fn result(&self, number: u32, item: usize) -> Value {
        self.view(number).unwrap()["items"][item - 1]["result"].clone()
    }

    /// What the ledger knows an assembly by.
    pub(crate) fn id(&self, number: u32) -> AssemblyId {
        parsed(&self.view(number).unwrap(), "id").unwrap()
    }

    /// Hash of a resolution as it was announced.
    pub(crate) fn resolution(&self, number: u32, item: u16) -> Digest {
        parsed(&self.view(number).unwrap()["items"][usize::from(item) - 1], "hash").unwrap()
    }

    /// Votes with the own lots, as the page says which and with what weight.
    pub(crate) fn vote(&mut self, number: u32, person: u32, item: u16, choice: Choice) -> Value {
        let voice = self.voice(number, person);
        self.cast(number, person, (item, choice), &voice["own"], None)
    }

    /// Votes for another owner by the one proxy that the person holds.
    pub(crate) fn vote_by_proxy(&mut self, number: u32, person: u32, item: u16, choice: Choice) -> Value {
        let voice = self.voice(number, person);
        let held = voice["held"].as_array().unwrap();
        assert_eq!(held.len(), 1, "one proxy is held: {voice}");
        let proxy = parsed(&held[0], "commitment").unwrap();
        self.cast(number, person, (item, choice), &held[0]["stands"], Some(proxy))
    }

    /// For whom a person may speak.
    pub(crate) fn voice(&self, number: u32, person: u32) -> Value {
        self.page(person).get(&format!("/api/v1/assemblies/{number}/voice")).unwrap()
    }

    fn cast(
        &mut self,
        number: u32,
        person: u32,
        (item, choice): (u16, Choice),
        stands: &Value,
        proxy: Option<Digest>,
    ) -> Value {
        let stand = stands.as_array().unwrap().iter().find(|stand| stand["item"] == item);
        let stand = stand.unwrap_or_else(|| panic!("person {person} answers item {item}: {stands}"));
        let lots = stand["lots"].as_array().unwrap().iter();
        let lots = lots.map(|lot| LotId(u32::try_from(lot.as_u64().unwrap()).unwrap())).collect();
        let salt = self.salt();
        let ballot = Ballot {
            assembly: self.id(number),
            item: ItemNumber(item),
            resolution: self.resolution(number, item),
            voter: self.key(person).public(),
            lots: Bounded::new(lots).unwrap(),
            votes: Votes(stand["votes"].as_u64().unwrap()),
            choice,
            sequence: self.signed,
            proxy,
            salt,
        };
        let signed = hex(&encode(&ballot.sign(self.key(person), &self.chain)));
        self.hand_in(number, person, &json!({ "ballot": signed }))
    }

    /// Lets another person vote for the own lots.
    pub(crate) fn give_proxy(&mut self, number: u32, person: u32, holder: u32, covers_second: bool) -> Value {
        let lots: Vec<LotId> = self.voice(number, person)["own"][0]["lots"]
            .as_array()
            .unwrap()
            .iter()
            .map(|lot| LotId(u32::try_from(lot.as_u64().unwrap()).unwrap()))
            .collect();
        let (lots, items) = (Bounded::new(lots).unwrap(), Bounded::default());
        let mandate = Mandate { lots, holder: PersonId(holder), items, covers_second };
        self.say(number, person, ProxyAct::Give(mandate))
    }

    /// Takes a proxy back.
    pub(crate) fn take_back(&mut self, number: u32, person: u32, proxy: &Value) -> Value {
        self.say(number, person, ProxyAct::TakeBack(parsed(proxy, "commitment").unwrap()))
    }

    fn say(&mut self, number: u32, person: u32, act: ProxyAct) -> Value {
        let salt = self.salt();
        let proxy = Proxy { assembly: self.id(number), principal: self.key(person).public(), act, salt };
        let signed = hex(&encode(&proxy.sign(self.key(person), &self.chain)));
        self.hand_in(number, person, &json!({ "proxy": signed }))
    }

    fn hand_in(&self, number: u32, person: u32, body: &Value) -> Value {
        let path = format!("/api/v1/assemblies/{number}/ballots");
        let taken = ok(self.page(person).post(&path, body));
        let path = format!("{path}/{}", taken["commitment"].as_str().unwrap());
        until("what was handed in is final", FINAL_S_MAX, || {
            let now = self.page(person).get(&path)?;
            if now["transaction"].is_string() { Ok(now) } else { Err(now.to_string()) }
        })
    }

    /// Syndic and assessor enter a sheet, one after the other; the answer to the second.
    pub(crate) fn enter(&mut self, number: u32, person: u32, sheet: Sheet, two: [u32; 2]) -> Answer {
        let salt = self.salt();
        let [syndic, assessor] = two.map(|person| self.key(person).public());
        let (assembly, sequence) = (self.id(number), self.signed);
        let (person, scan) =
            (PersonId(person), Digest::of("symbiose story scan", &[&sequence.to_be_bytes()]));
        let paper = Paper { assembly, person, sheet, scan, sequence, syndic, assessor, salt };
        let bytes = hex(&encode(&paper));
        let sign = |by: u32| {
            let signature = paper.sign(self.key(by), &self.chain).to_string();
            let body = json!({ "paper": bytes, "signature": signature });
            self.page(by).post(&format!("/api/v1/assemblies/{number}/sheets"), &body).unwrap()
        };
        let first = sign(two[0]);
        assert_eq!(first.status, 200, "{}", first.text());
        sign(two[1])
    }

    /// Everything that was handed in is on the ledger.
    pub(crate) fn all_stand(&self, number: u32) {
        until("everything that was taken stands", FINAL_S_MAX, || {
            let came_in = self.view(number)?["came_in"].clone();
            if came_in["taken"] == came_in["standing"] { Ok(()) } else { Err(came_in.to_string()) }
        });
    }

    /// Blocks pass until the last one with ballots; the results are there to be signed.
    pub(crate) fn close(&self, number: u32, clock: &mut Signer) {
        self.pass(clock, || self.view(number).is_ok_and(|view| view["stage"] == "closed"));
    }

    /// Blocks pass until something holds.
    pub(crate) fn pass(&self, clock: &mut Signer, is_enough: impl Fn() -> bool) {
        for _ in 0..BLOCKS_MAX {
            if is_enough() {
                return;
            }
            clock.lands(&self.node);
        }
        panic!("{BLOCKS_MAX} blocks were not enough");
    }

    /// Chair and syndic sign what was counted; it stands on the ledger.
    pub(crate) fn conclude(&self, number: u32, two: [u32; 2]) {
        let parts = self.counted(number);
        assert!(!parts.is_empty(), "there is something to sign");
        for person in two {
            let body = conclusions_signed(&parts, self.key(person), &self.chain);
            ok(self.page(person).post(&format!("/api/v1/assemblies/{number}/results"), &body));
        }
        until("the results stand", FINAL_S_MAX, || {
            let view = self.view(number)?;
            if view["stage"] == "concluded" { Ok(()) } else { Err(view["stage"].to_string()) }
        });
    }

    /// The parts of the result that are there to be signed.
    pub(crate) fn counted(&self, number: u32) -> Vec<Conclusion> {
        conclusions(&self.view(number).unwrap()).unwrap()
    }

    /// What chair and syndic sign, whatever it is, as the ledger is handed it.
    pub(crate) fn concluded(&self, conclusion: Conclusion, [chair, syndic]: [u32; 2]) -> Payload {
        let sign = |person: u32| conclusion.sign(self.key(person), &self.chain);
        let (by_chair, by_syndic) = (sign(chair), sign(syndic));
        let signed = SignedConclusion { conclusion, by_chair, by_syndic };
        Payload::Assembly(AssemblyAction::Conclude(Box::new(signed)))
    }

    /// Chair and syndic sign the minutes, whose hash stands on the ledger; what they say.
    pub(crate) fn minutes(&self, number: u32, two: [u32; 2]) -> Value {
        let path = format!("/api/v1/assemblies/{number}/minutes");
        for person in two {
            let notice: MinutesNotice = decoded(&self.page(person).get(&path).unwrap()["notice"]).unwrap();
            let signature = notice.sign(self.key(person), &self.chain).to_string();
            ok(self.page(person).post(&path, &json!({ "signature": signature })));
        }
        let view = until("the minutes stand", FINAL_S_MAX, || {
            let view = self.node.api.get(&path)?;
            if view["height"].is_u64() { Ok(view) } else { Err(view.to_string()) }
        });
        let text = view["text"].as_str().unwrap();
        let said: Value = serde_json::from_str(text).unwrap();
        assert_eq!(view["minutes"], said, "the text is what is shown");
        let salt: Digest = parsed(&view, "salt").unwrap();
        let hash = Digest::of("symbiose minutes v1", &[salt.as_bytes(), text.as_bytes()]);
        assert_eq!(view["hash"], hash.to_string(), "anybody can work the hash out");
        said
    }

    /// Answers a poll.
    pub(crate) fn answer(&mut self, number: u64, person: u32, choice: u8) -> Answer {
        let salt = self.salt();
        let polls = self.page(person).items("/api/v1/polls").unwrap();
        let poll = polls.iter().find(|poll| poll["number"] == number).expect("the poll is shown");
        let poll = parsed(poll, "id").unwrap();
        let voter = self.key(person).public();
        let ballot = PollBallot { poll, voter, answer: choice, sequence: self.signed, salt };
        let signed = hex(&encode(&ballot.sign(self.key(person), &self.chain)));
        let body = json!({ "ballot": signed });
        self.page(person).post(&format!("/api/v1/polls/{number}/answers"), &body).unwrap()
    }

    /// Keeps the receipt of what was taken as a file, and checks it by the command against another building's genesis.
    pub(crate) fn check_receipt(&self, number: u32, taken: &Value, elsewhere: &Node) {
        let path = elsewhere.data_dir.join("genesis.cbor");
        let genesis = std::fs::read(&path).unwrap();
        let genesis: Genesis = decode(&genesis, genesis.len()).unwrap();
        let transaction = taken["transaction"].as_str().unwrap();
        let proof = format!("/api/v1/ledger/transactions/{transaction}/proof");
        let proof = until("the neighbour has the ballot's block", FINAL_S_MAX, || elsewhere.api.get(&proof));
        let promise = receipt::promise(taken["promise"].as_str().unwrap(), &self.chain).unwrap();
        let ballot = (self.id(number), parsed(taken, "commitment").unwrap());
        let receipt = receipt::of(&proof, ballot, Some(promise), genesis.authorities()).unwrap();
        let words = receipt.tracker().to_string();
        let file = elsewhere.data_dir.join(format!("{transaction}.cbor"));
        let mut bytes = encode(&receipt);
        std::fs::write(&file, &bytes).unwrap();
        let verify = || run(symbiose().arg("verify").arg(&file).arg("--genesis").arg(&path));
        let shown = verify().ok();
        assert!(shown.contains(&words) && shown.contains("as early as the node promised"), "{shown}");
        // A byte of the promise, with which a receipt ends.
        let at = bytes.len() - 20;
        bytes[at] ^= 1;
        std::fs::write(&file, &bytes).unwrap();
        let refused = verify();
        assert_ne!(refused.exit, 0, "{refused:?}");
        self.check_what_strangers_learn(taken["commitment"].as_str().unwrap(), elsewhere);
    }

    /// Whoever knows the words of a ballot finds it at any building, and reads nothing about whom or what.
    fn check_what_strangers_learn(&self, commitment: &str, elsewhere: &Node) {
        let look = |digits: &str| elsewhere.api.try_get(&format!("/api/v1/receipts/{digits}")).unwrap();
        let found = look(&commitment[..22]).json();
        let ballots = found["ballots"].as_array().unwrap();
        assert_eq!(ballots.len(), 1, "{found}");
        let told: Vec<&str> = ballots[0].as_object().unwrap().keys().map(String::as_str).collect();
        let expected =
            ["building", "closes", "commitment", "height", "paper", "proof", "transaction", "vote"];
        assert_eq!(told, expected);
        assert_eq!(look(&commitment[..20]).status, 404, "nobody leafs through ballots");
        assert_eq!(look(&"0".repeat(64)).json()["ballots"], Value::Array(Vec::new()));
    }
}

/// What an answer says that went well.
pub(crate) fn ok(answer: Result<Answer, String>) -> Value {
    let answer = answer.unwrap();
    assert!((200..300).contains(&answer.status), "{} {}", answer.status, answer.text());
    answer.json()
}
