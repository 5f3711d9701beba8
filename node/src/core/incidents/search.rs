//! Asking what others did: answered from the cards that are here, so that asking tells nobody anything. Counts of few are
//! not shown, and nobody is rated by few.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use protocol::incident::{Contractor, Facts, Flow, Rating, Remedy, SignedCard, Symptom, System};
use protocol::limits::{CARD_COUNT_MIN, CARDS_ANSWERED_MAX};

use super::shelf::Shelf;

/// What is asked: nothing said is anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Question {
    /// What is concerned.
    pub system: Option<System>,
    /// What is noticed.
    pub symptom: Option<Symptom>,
    /// How much is lost.
    pub flow: Option<Flow>,
}

/// What others did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// Cards, the most alike first, then the newest; at most [`CARDS_ANSWERED_MAX`].
    pub cards: Vec<Found>,
    /// How many cards are alike; none where that is few.
    pub alike: Option<u32>,
    /// What was done how often, the most frequent first; only counts that are not few.
    pub remedies: Vec<(Remedy, u32)>,
    /// Who is rated by enough buildings, the best first.
    pub contractors: Vec<Rated>,
}

/// A card that is alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// What it says.
    pub facts: Facts,
    /// Who did it.
    pub contractor: Option<Contractor>,
    /// How much it is alike, out of 10.
    pub score: u8,
}

/// A contractor with enough ratings. Each building rates one once, so that they are of as many buildings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rated {
    /// The company.
    pub contractor: Contractor,
    /// Cards that name it, of any kind.
    pub jobs: u32,
    /// How many rated it.
    pub ratings: u32,
    /// How many of them as good, in thousandths.
    pub good_permille: u32,
}

impl Shelf {
    /// Answers a question from the cards that are here.
    pub fn ask(&self, question: &Question) -> Answer {
        let mut found: Vec<Found> = self.cards().filter_map(|card| alike(question, card)).collect();
        found.sort_by_key(|one| (Reverse(one.score), Reverse(one.facts.when), protocol::encode(&one.facts)));
        let mut done: BTreeMap<Remedy, u32> = BTreeMap::new();
        for one in &found {
            *done.entry(one.facts.remedy).or_default() += 1;
        }
        let mut remedies: Vec<(Remedy, u32)> =
            done.into_iter().filter(|(_, count)| *count >= CARD_COUNT_MIN).collect();
        remedies.sort_by_key(|(remedy, count)| (Reverse(*count), *remedy));
        let count = u32::try_from(found.len()).unwrap_or(u32::MAX);
        let mut contractors: Vec<Rated> = self.rated();
        contractors.retain(|rated| found.iter().any(|one| one.contractor == Some(rated.contractor)));
        found.truncate(CARDS_ANSWERED_MAX);
        Answer {
            cards: found,
            alike: Some(count).filter(|count| *count >= CARD_COUNT_MIN),
            remedies,
            contractors,
        }
    }

    /// Contractors with enough ratings, by all that is here of them; the best first.
    fn rated(&self) -> Vec<Rated> {
        let mut tally: BTreeMap<Contractor, (u32, u32, u32)> = BTreeMap::new();
        for card in self.cards() {
            let Some(contractor) = card.contractor() else { continue };
            let (jobs, ratings, good) = tally.entry(contractor).or_default();
            *jobs += 1;
            let rating = card.facts().and_then(|facts| facts.rating);
            *ratings += u32::from(rating.is_some());
            *good += u32::from(rating == Some(Rating::Good));
        }
        let enough = tally.into_iter().filter(|(_, (_, ratings, _))| *ratings >= CARD_COUNT_MIN);
        let mut rated: Vec<Rated> = enough
            .map(|(contractor, (jobs, ratings, good))| Rated {
                contractor,
                jobs,
                ratings,
                good_permille: good * 1_000 / ratings,
            })
            .collect();
        rated.sort_by_key(|one| (Reverse(one.good_permille), Reverse(one.ratings), one.contractor));
        rated
    }
}

/// A card of another system or with another symptom is not alike. A flow in the same band counts most, in the next one
/// half, and so does what helped.
fn alike(question: &Question, card: &SignedCard) -> Option<Found> {
    let facts = card.facts()?;
    let is_it = question.system.is_none_or(|system| system == facts.system)
        && question.symptom.is_none_or(|symptom| symptom == facts.symptom);
    if !is_it {
        return None;
    }
    let flow = match (question.flow, facts.flow) {
        (None, _) => 4,
        (Some(asked), Some(told)) => match (asked as u8).abs_diff(told as u8) {
            0 => 4,
            1 => 2,
            2.. => 0,
        },
        (Some(_), None) => 1,
    };
    let helped = match facts.outcome {
        protocol::incident::Outcome::Solved => 2,
        protocol::incident::Outcome::Partly => 1,
        protocol::incident::Outcome::CameBack | protocol::incident::Outcome::NotSolved => 0,
    };
    Some(Found { facts: *facts, contractor: card.contractor(), score: 4 + flow + helped })
}
