//! Requests over a restart: those this building was asked with what it offered, and its own with the answers.

use std::collections::BTreeMap;

use protocol::Bounded;
use protocol::energy::WattHours;

use super::answer::Wish;
use super::coordinate::Asked;
use super::{Shifting, change_of, plain, shift_of};
use crate::core::planning::memory::{Offered, PlanMemory, StoredAsked, StoredWish};

impl Shifting {
    /// What is to be kept.
    pub(in crate::core::planning) fn memory(&self) -> (Vec<StoredWish>, Option<i64>, Option<StoredAsked>) {
        let wishes = self.wishes.iter().map(StoredWish::of).collect();
        (wishes, self.looked, self.asked.as_ref().and_then(StoredAsked::of))
    }

    /// Takes back what is stored.
    pub(in crate::core::planning) fn remember(&mut self, memory: &PlanMemory) {
        self.wishes = memory.wishes.iter().map(StoredWish::wish).collect();
        self.looked = memory.looked;
        self.asked = memory.asked.as_ref().and_then(StoredAsked::asked);
    }
}

impl StoredWish {
    fn of(wish: &Wish) -> Self {
        Self {
            request: wish.request.clone(),
            stage: wish.stage,
            offer: wish.offer.as_ref().map(change_of),
            taken: wish.taken.as_ref().map(change_of),
            moved: wish.moved_wh.map(WattHours),
            from: wish.from,
            sent: wish.sent,
        }
    }

    fn wish(&self) -> Wish {
        let shift = |change| shift_of(&self.request, change);
        Wish {
            id: self.request.id(),
            request: self.request.clone(),
            stage: self.stage,
            offer: self.offer.as_ref().and_then(shift),
            taken: self.taken.as_ref().and_then(shift),
            moved_wh: self.moved.map(|moved| moved.0),
            from: self.from,
            sent: self.sent,
        }
    }
}

impl StoredAsked {
    fn of(asked: &Asked) -> Option<Self> {
        let offers =
            asked.answers.iter().map(|(member, offer)| Offered(*member, offer.as_ref().map(change_of)));
        let answers = match asked.agreed {
            Some(_) => Some(Bounded::new(offers.collect()).ok()?),
            None => None,
        };
        let needs = Bounded::new(asked.needs_wh.clone()).ok()?;
        Some(Self { signed: asked.signed.clone(), needs, sent: asked.sent, answers })
    }

    fn asked(&self) -> Option<Asked> {
        let request = &self.signed.request;
        let mut asked = Asked {
            signed: self.signed.clone(),
            id: request.id(),
            plain: plain(request)?,
            needs_wh: self.needs.to_vec(),
            answers: BTreeMap::new(),
            sent: self.sent,
            agreed: None,
        };
        if let Some(answers) = &self.answers {
            let offer = |Offered(member, change): &Offered| {
                (*member, change.as_ref().and_then(|change| shift_of(request, change)))
            };
            asked.answers = answers.iter().map(offer).collect();
            // The same offers come to the same agreement; whoever missed its letter asks again.
            drop(asked.close());
        }
        Some(asked)
    }
}
