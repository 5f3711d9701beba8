//! Residents of one building, each with a key as a phone makes it: they come to it by the letters of the registry, sign
//! ballots and hand them in; chair and syndic sign what was counted.

use bytes::Bytes;
use hyper::Method;
use protocol::assembly::{
    AssemblyId, Ballot, Binding, Choice, Conclusion, Entry, ItemNumber, LotId, Votes, invitation_key,
};
use protocol::energy::Salt;
use protocol::hex::{hex, unhex};
use protocol::{Address, Bounded, ChainId, Digest, SigningKey, decode, encode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::http::Client;
use crate::receipt::{parsed, text};

/// A building whose residents have keys.
#[derive(Debug)]
pub struct House {
    client: Client,
    chain: ChainId,
    address: Address,
    signed: u64,
}

/// A resolution that is voted on, as it was announced.
#[derive(Debug, Clone)]
pub struct Ask {
    /// The building's number of the assembly.
    pub number: u64,
    /// The assembly on the ledger.
    pub assembly: AssemblyId,
    /// Its only item's hash.
    pub resolution: Digest,
}

/// A registry under Belgian law: owner n has lot n with these votes, and the syndic, who owns nothing, comes last.
pub fn registry(votes: &[u64]) -> String {
    let mut csv = String::from("record,id,name,kind,votes,lot,person,right,parts,whole,from,until\n");
    let all: u64 = votes.iter().sum();
    csv.push_str(&format!("deed,,,,{all},,,,,,,\nlaw,,be-2020,,,,,,,,2020-01-01,\n"));
    for id in 1..=votes.len() + 1 {
        csv.push_str(&format!("person,{id},Owner {id},natural,,,,,,,,\n"));
    }
    for (id, votes) in (1..).zip(votes) {
        csv.push_str(&format!(
            "lot,{id},L{id},dwelling,{votes},,,,,,,\nowner,,,,,{id},{id},full,1,1,2020-01-01,\n"
        ));
    }
    csv.push_str(&format!("office,,,syndic,,,{},,,,2020-01-01,\n", votes.len() + 1));
    csv
}

/// The key on the phone of a person of a building.
pub fn phone(building: &Address, person: u32) -> SigningKey {
    let parts = [building.as_bytes().as_slice(), &person.to_be_bytes()];
    SigningKey::from_seed(Digest::of("symbiose testnet phone", &parts).as_bytes())
}

impl House {
    /// Takes a registry up, and lets these persons come to keys by their letters, which count at once.
    pub async fn enrol(mut client: Client, registry: String, persons: &[u32]) -> Result<Self> {
        let path = "/api/v1/registry/csv";
        client.send(Method::PUT, path, "text/csv", Bytes::from(registry)).await?.json::<Value>()?;
        client.put("/api/v1/registry/objection", &json!({ "objection_hours": 0 })).await?;
        let place: Value = client.post("/api/v1/residents/challenge", &json!({})).await?;
        let (chain, address) = (parsed(&place, "chain")?, parsed(&place, "address")?);
        let letters: Value = client.post("/api/v1/registry/letters", &json!({ "persons": persons })).await?;
        for letter in letters["letters"].as_array().into_iter().flatten() {
            let person = u32::try_from(letter["person"].as_u64().unwrap_or_default()).unwrap_or_default();
            let body = binding(address, text(letter, "code")?, &phone(&address, person), &chain);
            client.post::<Value>("/api/v1/residents/bindings", &body).await?;
        }
        Ok(Self { client, chain, address, signed: 0 })
    }

    /// The chain its residents sign for.
    pub fn chain(&self) -> ChainId {
        self.chain
    }

    /// The building.
    pub fn address(&self) -> Address {
        self.address
    }

    /// What the syndic's scripts speak with.
    pub fn client(&mut self) -> &mut Client {
        &mut self.client
    }

    /// Prepares an assembly and announces it for so many blocks; its number.
    pub async fn announce(&mut self, draft: &Value, blocks: u64) -> Result<u64> {
        let prepared: Value = self.client.post("/api/v1/assemblies", draft).await?;
        let number = prepared["number"].as_u64().unwrap_or_default();
        let path = format!("/api/v1/assemblies/{number}/announcement");
        self.client.post::<Value>(&path, &json!({ "blocks": blocks })).await?;
        Ok(number)
    }

    /// An assembly as the syndic's page shows it.
    pub async fn view(&mut self, number: u64) -> Result<Value> {
        self.client.get(&format!("/api/v1/assemblies/{number}")).await
    }

    /// What is voted on in an assembly that is open.
    pub async fn ask(&mut self, number: u64) -> Result<Ask> {
        let view = self.view(number).await?;
        Ok(Ask { number, assembly: parsed(&view, "id")?, resolution: parsed(&view["items"][0], "hash")? })
    }

    /// Signs a ballot with the person's own lot, which has the person's number, and hands it in; answers what was taken.
    pub async fn vote(&mut self, ask: &Ask, person: u32, votes: u64, choice: Choice) -> Result<Value> {
        self.signed += 1;
        let key = phone(&self.address, person);
        let body = ballot(ask, &key, LotId(person), Votes(votes), choice, self.signed)?;
        let path = format!("/api/v1/assemblies/{}/ballots", ask.number);
        let signed = hex(&encode(&body.sign(&key, &self.chain)));
        self.client.post(&path, &json!({ "ballot": signed })).await
    }

    /// Chair or syndic signs what was counted, on the own page.
    pub async fn sign_results(&mut self, number: u64, person: u32) -> Result<()> {
        let view = self.view(number).await?;
        let key = phone(&self.address, person);
        let body = conclusions_signed(&conclusions(&view)?, &key, &self.chain);
        let mut page = self.page(&key).await?;
        page.post::<Value>(&format!("/api/v1/assemblies/{number}/results"), &body).await?;
        Ok(())
    }

    /// The session of a person who comes in with the own key.
    async fn page(&mut self, key: &SigningKey) -> Result<Client> {
        let asked: Value = self.client.post("/api/v1/residents/challenge", &json!({})).await?;
        let body = entry(self.address, &asked, key, &self.chain)?;
        let path = "/api/v1/residents/session";
        let answer =
            self.client.send(Method::POST, path, "application/json", Bytes::from(body.to_string())).await?;
        answer.json::<Value>()?;
        self.client
            .in_session(&answer)
            .ok_or_else(|| Error::Expectation("whoever comes in with a key has a session".to_owned()))
    }
}

/// A ballot on the only item of an assembly; its sequence salts it.
pub fn ballot(
    ask: &Ask,
    key: &SigningKey,
    lot: LotId,
    votes: Votes,
    choice: Choice,
    sequence: u64,
) -> Result<Ballot> {
    let mut salt = [0; Salt::LEN];
    salt[..8].copy_from_slice(&sequence.to_be_bytes());
    Ok(Ballot {
        assembly: ask.assembly,
        item: ItemNumber(1),
        resolution: ask.resolution,
        voter: key.public(),
        lots: Bounded::new(vec![lot]).map_err(|error| Error::Expectation(error.to_string()))?,
        votes,
        choice,
        sequence,
        proxy: None,
        salt: Salt::new(salt),
    })
}

/// What a phone hands in to take up its person's letter.
pub fn binding(building: Address, code: &str, own: &SigningKey, chain: &ChainId) -> Value {
    let invitation = invitation_key(code);
    let binding = Binding { building, invitation: invitation.public(), voter: own.public() };
    json!({ "binding": hex(&encode(&binding.sign(&invitation, own, chain))) })
}

/// What a phone answers to a building's challenge to come in.
pub fn entry(building: Address, asked: &Value, own: &SigningKey, chain: &ChainId) -> Result<Value> {
    let entry = Entry { building, voter: own.public(), challenge: parsed(asked, "challenge")? };
    Ok(json!({
        "key": own.public().to_string(), "challenge": text(asked, "challenge")?,
        "signature": entry.sign(own, chain).to_string(),
    }))
}

/// The parts of an assembly's result that are there to be signed.
pub fn conclusions(view: &Value) -> Result<Vec<Conclusion>> {
    view["conclusions"].as_array().into_iter().flatten().map(decoded).collect()
}

/// What a chair's or a syndic's phone hands in to sign them.
pub fn conclusions_signed(parts: &[Conclusion], own: &SigningKey, chain: &ChainId) -> Value {
    let signatures = parts.iter().map(|part| part.sign(own, chain).to_string());
    json!({ "signatures": signatures.collect::<Vec<_>>() })
}

/// What an answer holds as the hex digits of its canonical bytes.
pub fn decoded<T: Serialize + DeserializeOwned>(digits: &Value) -> Result<T> {
    let wrong = || Error::Expectation(format!("hex digits of canonical bytes, found {digits}"));
    let bytes = digits.as_str().and_then(unhex).ok_or_else(wrong)?;
    decode(&bytes, bytes.len()).map_err(|_| wrong())
}
