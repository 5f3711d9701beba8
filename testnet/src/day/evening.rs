//! From ten to eight: the authorities put one question to five co-ownerships, each announces its own assembly, owners vote
//! with their own keys through the day, chairs and syndics sign what was counted, and the fifth adoption opens one work order.

use bytes::Bytes;
use hyper::Method;
use protocol::assembly::{Choice, Commission, Effect, JointQuestion, Needed};
use protocol::energy::MicroEuro;
use protocol::hex::hex;
use protocol::{AssetKind, Bounded, Digest, Severity, encode};
use serde_json::{Value, json};

use super::before::VOTES;
use super::{BUILDINGS, DAY_MS_OF_STORY, HOUR_MS, Story, WITHIN, broken, items, whole_in};
use crate::error::Result;
use crate::expect;
use crate::receipt::parsed;
use crate::sharing;

/// What the five co-ownerships are asked.
const QUESTION: &str =
    "Shall the five buildings heat with one boiler in Tour Alpha instead of five of their own?";
/// The most that may be spent, micro-EUR.
const MOST: i64 = 180_000_000_000;
/// Blocks that twenty ballots make beside those that pass anyway, about.
const BALLOT_BLOCKS: u64 = 12;
/// The syndic of each building.
const SYNDIC: u32 = 5;

/// A question that is put, and each building's assembly on it.
pub(super) struct Put {
    question: JointQuestion,
    numbers: Vec<u64>,
}

impl Story {
    /// The question is put, the assemblies are announced so that they close at about six in the evening, and owners vote.
    pub(super) async fn announced(&mut self) -> Result<Put> {
        let question = self.question().await?;
        let action = json!({ "kind": "ask_jointly", "question": hex(&encode(&question)) });
        let mut authorities: Vec<_> =
            (0..self.neighbourhood.plan().authorities).map(|index| self.client(index)).collect();
        sharing::decide(&mut authorities, &action, "a question to five buildings").await?;
        let document = format!("/api/v1/documents/{}", question.question);
        for mut client in self.clients() {
            expect::until(WITHIN, "the text of the question is there", async || {
                let found = client.send(Method::GET, &document, "", Bytes::new()).await;
                let found = found.map_err(|error| error.to_string())?;
                if found.body == QUESTION { Ok(()) } else { Err(format!("{}", found.status)) }
            })
            .await?;
        }
        let text = [json!({ "name": "question.txt", "hash": question.question.to_string() })];
        let item = json!({
            "title": "Une chaudière pour cinq immeubles", "text": QUESTION, "matter": "works", "documents": text,
        });
        let draft = json!({
            "day": "2030-03-18", "place": "18:00, Tour Alpha", "chair": 1, "assessors": [2], "items": [item],
        });
        let blocks = self.blocks_until_six().await?;
        let mut numbers = Vec::new();
        for house in &mut self.houses {
            numbers.push(house.announce(&draft, blocks).await?);
        }
        self.report
            .say("one question is put to five co-ownerships, and each has called its own assembly for 18:00");
        for (building, number) in numbers.iter().enumerate() {
            self.stage(building, *number, "open").await?;
            let house = &mut self.houses[building];
            let ask = house.ask(*number).await?;
            for (person, votes) in (1..).zip(VOTES) {
                let choice = if person == 4 { Choice::Against } else { Choice::For };
                house.vote(&ask, person, votes, choice).await?;
            }
        }
        self.report.say("twenty owners of five buildings have voted on their phones");
        Ok(Put { question, numbers })
    }

    /// The question: five adoptions, and the first building orders the work on its boiler.
    async fn question(&mut self) -> Result<JointQuestion> {
        let asset = self.boiler().await?.parse().map_err(|_| broken("a pseudonym in hex digits"))?;
        let kept = self
            .client(0)
            .send(Method::POST, "/api/v1/documents", "application/octet-stream", Bytes::from(QUESTION))
            .await?
            .json::<Value>()?;
        let mut buildings: Vec<_> = self.houses.iter().map(|house| house.address()).collect();
        buildings.sort_unstable();
        let commitment = Digest::of("symbiose testnet boiler", &[QUESTION.as_bytes()]);
        let (kind, severity) = (AssetKind::Hvac, Severity::Medium);
        Ok(JointQuestion {
            question: parsed(&kept, "hash")?,
            buildings: Bounded::new(buildings).map_err(|error| broken(error.to_string()))?,
            needed: Needed::All,
            lead: self.houses[0].address(),
            effect: Effect::WorkOrder(Commission {
                most: MicroEuro(MOST),
                asset,
                kind,
                severity,
                commitment,
            }),
        })
    }

    /// Blocks that will pass until about six in the evening, if they come as they did since the hive began.
    async fn blocks_until_six(&self) -> Result<u64> {
        let height = self.client(0).head().await?.height;
        let passed_ms = self.clock.now_ms() - super::BEGINS_MS;
        let left_ms = DAY_MS_OF_STORY + 18 * HOUR_MS - self.clock.now_ms();
        let share = left_ms.max(HOUR_MS) as f64 / passed_ms.max(1) as f64;
        Ok(u64::try_from(crate::clock::whole(height as f64 * share)).unwrap_or(1) + BALLOT_BLOCKS)
    }

    /// 18:00: what owners of five buildings voted is counted, signed and stands, and is carried out once.
    pub(super) async fn evening(&mut self, put: &Put) -> Result<()> {
        for (building, number) in put.numbers.iter().enumerate() {
            self.stage(building, *number, "closed").await?;
            for person in [1, SYNDIC] {
                self.houses[building].sign_results(*number, person).await?;
            }
        }
        let mut shares = Vec::new();
        for (building, number) in put.numbers.iter().enumerate() {
            let view = self.stage(building, *number, "concluded").await?;
            shares.push(adopted(&view["items"][0]["result"])?);
        }
        for building in 0..BUILDINGS {
            let id = put.question.id().to_string();
            let path = "/api/v1/assemblies/joint";
            self.shows(building, "all five have adopted it", path, |all| {
                let found = items(all).find(|one| one["id"] == id).ok_or("it does not know the question")?;
                if found["standing"] == "adopted" { Ok(()) } else { Err(found.to_string()) }
            })
            .await?;
        }
        let order = self.ordered_once().await?;
        let share = shares.iter().sum::<i64>() / i64::try_from(BUILDINGS).unwrap_or(1);
        let text = format!(
            "five assemblies adopt one boiler, {share} % in favour; work order {} of at most {} € opened once",
            order.get(..8).unwrap_or_default(),
            MOST / 1_000_000
        );
        self.report.holds("18:00 assemblies", &text);
        Ok(())
    }

    async fn stage(&self, building: usize, number: u64, stage: &str) -> Result<Value> {
        let path = format!("/api/v1/assemblies/{number}");
        let what = format!("its assembly is {stage}");
        self.shows(building, &what, &path, |view| {
            if view["stage"] == stage { Ok(view.clone()) } else { Err(view["stage"].to_string()) }
        })
        .await
    }

    /// The one work order that the decision opened: the first building's own, and the same one on the others.
    async fn ordered_once(&self) -> Result<String> {
        let order = self
            .shows(0, "the decision opened one work order", "/api/v1/workorders", |all| {
                let decided: Vec<&Value> = items(all).filter(|order| order["decision"].is_object()).collect();
                match decided[..] {
                    [order] if order["decision"]["most"] == MOST && order["ledger"].is_object() => {
                        Ok(order["id"].as_str().unwrap_or_default().to_owned())
                    }
                    _ => Err(format!("{decided:?}")),
                }
            })
            .await?;
        for building in 1..BUILDINGS {
            self.shows(building, "it knows of the same work order", "/api/v1/workorders", |all| {
                let known = items(all).filter(|known| known["id"] == order.as_str()).count();
                if known == 1 { Ok(()) } else { Err(format!("{known} of it")) }
            })
            .await?;
        }
        Ok(order)
    }
}

/// Votes in favour, percent of those that were cast.
fn adopted(result: &Value) -> Result<i64> {
    let (for_it, against) = (whole_in(result, "in_favour"), whole_in(result, "against"));
    let cast: u64 = VOTES.iter().sum();
    let is_whole = u64::try_from(for_it + against) == Ok(cast);
    if result["outcome"] != "adopted" || !is_whole {
        return Err(broken(format!("a resolution adopted by all votes: {result}")));
    }
    Ok(100 * for_it / (for_it + against))
}
