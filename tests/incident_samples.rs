//! Incident cards as they travel between buildings, and as a building stores them.

use node::core::Change;
use node::core::incidents::{HeldCard, HeldWithdrawal, IncidentKept, OwnCard, OwnWithdrawal, Told};
use node::core::switch::Switch;
use protocol::aggregate::{Built, Lots, Region, Stratum};
use protocol::energy::SettlementMessage;
use protocol::incident::{
    After, Age, Batch, Card, CardReceipt, CardRefusal, Cause, Contractor, Cost, Facts, Fate, Flow, Hours,
    IncidentMessage, Item, Named, Offered, Outcome, Part, Rating, Remedy, Sign, SignedBatch, SignedCard,
    Span, Survival, Symptom, System, When,
};
use protocol::limits::SETTLEMENT_FRAME_BYTES_MAX;
use protocol::{Bounded, Digest, Severity};

use crate::samples::{TIME, Wire, chain, key, wire};

const WEEK: u64 = 2_952;

/// Every message about them.
pub(crate) fn incident_types() -> Vec<Wire> {
    let lane = |name, message| {
        wire(name, &SettlementMessage::Incident(Box::new(message)), SETTLEMENT_FRAME_BYTES_MAX)
    };
    let offer = |offered| IncidentMessage::Offer(Box::new(offered));
    let receipt = |item, refused| IncidentMessage::Receipt(CardReceipt { week: WEEK, item, refused });
    vec![
        lane("SettlementMessage incident card", offer(Offered::Card(WEEK, card(5)))),
        lane("SettlementMessage incident machine", offer(Offered::Card(WEEK, machine(8)))),
        lane("SettlementMessage incident withdrawal", offer(Offered::Withdrawal(WEEK, plumber()))),
        lane("SettlementMessage incident receipt", receipt(Item::Card(card(5).key()), None)),
        lane(
            "SettlementMessage incident receipt refused",
            receipt(Item::Withdrawal(plumber()), Some(CardRefusal::Quota)),
        ),
        lane(
            "SettlementMessage incident known",
            IncidentMessage::Known(Bounded::new(vec![WEEK, WEEK - 2]).unwrap()),
        ),
        lane("SettlementMessage incident batch", IncidentMessage::Batch(Box::new(batch()))),
    ]
}

/// Every kind of entry.
pub(crate) fn incident_entries() -> Vec<(&'static str, Change)> {
    let put = |kept| Change::PutIncident(Box::new(kept));
    let (contractor, building) = (plumber(), key(5).address());
    let own = OwnCard { source: Digest::new([0x51; 32]), card: card(5), at: TIME, told: Told::Kept(WEEK) };
    let pump = OwnCard { card: machine(8), ..own };
    let withdrawal = OwnWithdrawal { contractor, at: TIME, told: Told::Refused(WEEK, CardRefusal::Full) };
    vec![
        ("incident card", put(IncidentKept::Own(own))),
        ("incident machine", put(IncidentKept::Own(pump))),
        ("incident withdrawal", put(IncidentKept::Withdrawal(withdrawal))),
        ("incident card held", put(IncidentKept::Held(HeldCard { week: WEEK, building, card: card(5) }))),
        (
            "incident withdrawal held",
            put(IncidentKept::HeldWithdrawal(HeldWithdrawal { week: WEEK, building, contractor })),
        ),
        ("incident batch", put(IncidentKept::Batch(Box::new(batch())))),
        ("incident switch", put(IncidentKept::Switch(Switch { is_on: false, at: TIME }))),
        ("incident machine switch", put(IncidentKept::SurvivalSwitch(Switch { is_on: false, at: TIME }))),
    ]
}

fn plumber() -> Contractor {
    "BE0202239951".parse().unwrap()
}

fn card(seed: u8) -> SignedCard {
    let named = Named { contractor: plumber(), salt: Digest::new([0x52; 32]) };
    let facts = Facts {
        when: When::Month(679),
        system: System::WaterRiser,
        symptom: Symptom::Leak,
        cause: Cause::WornSeal,
        remedy: Remedy::PartReplaced,
        severity: Severity::Medium,
        flow: Some(Flow::of(10)),
        cost: Cost::of(150),
        span: Span::of(110),
        outcome: Outcome::Solved,
        stratum: Stratum {
            region: Some(Region::Brussels),
            built: Some(Built::From1971),
            lots: Some(Lots::UpTo20),
            heating: None,
        },
        contractor: Some(named.hash()),
        rating: Some(Rating::Good),
    };
    Card::new(facts).unwrap().sign(&key(seed), &chain(), Some(named))
}

fn machine(seed: u8) -> SignedCard {
    let pump = Survival {
        when: When::Year(2026),
        part: Part::Pump,
        age: Age::From10,
        hours: Hours::From10000,
        sign: Sign::of_vibration(7_600),
        after: After::of(47),
        fate: Fate::Failed,
    };
    Card::of_survival(pump).unwrap().sign(&key(seed), &chain(), None)
}

fn batch() -> SignedBatch {
    let mut cards: Vec<SignedCard> = [5, 6, 7].map(card).to_vec();
    cards[1] = cards[1].without_contractor();
    cards.sort_by_key(SignedCard::key);
    let batch = Batch::new(WEEK, cards, vec!["FR552081317".parse().unwrap()]);
    batch.unwrap().sign(&key(1), &chain())
}
