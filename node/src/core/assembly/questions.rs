//! Texts of questions to several buildings. The ledger holds the hash; a building that is asked and does not have the text
//! asks the others for it, and puts what has that hash on its shelf. Nothing else is handed out.

use std::collections::BTreeMap;

use ledger::Output as LedgerOutput;
use protocol::limits::QUESTION_TEXT_BYTES_MAX;
use protocol::{Address, Bytes, Digest, Message, Now, Tick};

use crate::core::Core;
use crate::core::output::Output;

/// Pause between two requests for a text, milliseconds.
const ASK_EVERY_MS: u64 = 2_000;
/// The same neighbour is handed the same text no oftener, milliseconds: one that asks as we do asks each in turn.
const HAND_EVERY_MS: u64 = 1_000;

/// What was asked for and handed out lately.
#[derive(Debug, Default)]
pub(super) struct Errands {
    next_ask: Tick,
    turn: usize,
    handed: BTreeMap<(Address, Digest), Tick>,
}

impl Core {
    /// Texts of open questions that this building is asked and does not have.
    fn missing_questions(&self) -> impl Iterator<Item = Digest> {
        let me = self.origin();
        let open = self.ledger.state().joint_questions().filter(|(_, joint)| joint.decided.is_none());
        let asked = open.filter(move |(_, joint)| joint.question.buildings.contains(&me));
        asked.map(|(_, joint)| joint.question.question).filter(|text| self.home.shelf.get(text).is_none())
    }

    /// Asks one neighbour after the other for what is missing.
    pub(super) fn ask_for_questions(&mut self, now: Now) {
        if now.tick < self.home.questions.next_ask {
            return;
        }
        self.home.questions.next_ask = now.tick.plus(ASK_EVERY_MS);
        let missing: Vec<Digest> = self.missing_questions().collect();
        let connected: Vec<Address> = self.ledger.peers().map(|(peer, _)| *peer).collect();
        if missing.is_empty() || connected.is_empty() {
            return;
        }
        self.home.questions.turn = self.home.questions.turn.wrapping_add(1);
        let to = connected[self.home.questions.turn % connected.len()];
        for text in missing {
            let message = Message::QuestionTextRequest(text);
            self.out.push(Output::Ledger(LedgerOutput::Send { to, message }));
        }
    }

    /// A neighbour asks for a text. A member is handed what the ledger names as a question, and nothing else of the shelf.
    pub(in crate::core) fn hand_question_text(&mut self, now: Now, to: Address, text: &Digest) {
        let state = self.ledger.state();
        let is_member = state.member(&to).is_some_and(|member| !member.revoked);
        let is_question = state.joint_questions().any(|(_, joint)| joint.question.question == *text);
        let found = self.home.shelf.get(text).filter(|_| is_member && is_question);
        let Some(bytes) = found.filter(|bytes| bytes.len() <= QUESTION_TEXT_BYTES_MAX) else { return };
        let bytes = Bytes::new(bytes.to_vec()).expect("invariant: just measured");
        let handed = &mut self.home.questions.handed;
        handed.retain(|_, at| now.tick.since(*at) < HAND_EVERY_MS);
        if handed.insert((to, *text), now.tick).is_none() {
            let message = Message::QuestionText(bytes);
            self.out.push(Output::Ledger(LedgerOutput::Send { to, message }));
        }
    }

    /// A neighbour brings a text. What nobody here misses is let go.
    pub(in crate::core) fn hear_question_text(&mut self, from: Address, bytes: &[u8]) {
        let found = Digest::new(*blake3::hash(bytes).as_bytes());
        if bytes.is_empty() || !self.missing_questions().any(|text| text == found) {
            return;
        }
        match self.shelve(found, bytes.to_vec()) {
            Ok(_) => {
                tracing::info!(text = %found, %from, "the text of a question to several buildings is here");
            }
            Err(error) => tracing::warn!(%error, "there is no room for the text of a question"),
        }
    }
}
