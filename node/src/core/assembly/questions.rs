//! Texts of questions to several buildings. The ledger holds the hash; a building that is asked, and an authority that is
//! to approve, asks the others for a text it does not have and puts what has that hash on its shelf. Nothing else is
//! handed out.

use std::collections::{BTreeMap, BTreeSet};

use ledger::Output as LedgerOutput;
use ledger::state::ProposalStatus;
use protocol::assembly::JointQuestion;
use protocol::limits::QUESTION_TEXT_BYTES_MAX;
use protocol::{Action, Address, Bytes, Digest, Message, Now, Role, Tick};

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
    /// Questions that are put and not decided.
    fn open_questions(&self) -> impl Iterator<Item = &JointQuestion> {
        let all = self.ledger.state().joint_questions();
        all.filter(|(_, joint)| joint.decided.is_none()).map(|(_, joint)| &joint.question)
    }

    /// Questions that authorities are to approve.
    fn proposed_questions(&self) -> impl Iterator<Item = &JointQuestion> {
        let open = self.ledger.state().proposals().filter(|(_, one)| one.status == ProposalStatus::Open);
        open.filter_map(|(_, one)| match &one.action {
            Action::AskJointly(question) => Some(&**question),
            Action::AddAuthority(_)
            | Action::RemoveAuthority(_)
            | Action::RevokeMember(_)
            | Action::Exclude(_)
            | Action::ChangeKey(_)
            | Action::AskCosignatures(_)
            | Action::Energy(_)
            | Action::Aggregate(_) => None,
        })
    }

    /// Texts of questions that are not decided or not put yet.
    pub(super) fn texts_of_questions(&self) -> BTreeSet<Digest> {
        self.open_questions().chain(self.proposed_questions()).map(|one| one.question).collect()
    }

    /// Whether the ledger names a text as that of a question: everybody of the building may read it.
    pub fn is_question(&self, text: &Digest) -> bool {
        let put = self.ledger.state().joint_questions();
        put.map(|(_, joint)| &joint.question)
            .chain(self.proposed_questions())
            .any(|one| one.question == *text)
    }

    /// Texts that this building does not have: of open questions that it is asked, and of those that it is to approve.
    fn missing_questions(&self) -> impl Iterator<Item = Digest> {
        let me = self.origin();
        let is_authority = self.ledger.role() == Some(Role::Authority);
        let asked = self.open_questions().filter(move |one| one.buildings.contains(&me));
        let to_approve = self.proposed_questions().filter(move |_| is_authority);
        let texts = asked.chain(to_approve).map(|one| one.question);
        texts.filter(|text| self.home.shelf.get(text).is_none())
    }

    /// Asks one neighbour after the other for what is missing.
    pub(super) fn ask_for_questions(&mut self, now: Now) {
        if now.tick < self.home.questions.next_ask {
            return;
        }
        self.home.questions.next_ask = now.tick.plus(ASK_EVERY_MS);
        let missing: Vec<Digest> = self.missing_questions().collect();
        if missing.is_empty() {
            return;
        }
        let connected: Vec<Address> = self.ledger.peers().map(|(peer, _)| *peer).collect();
        if connected.is_empty() {
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
        let found = self.home.shelf.get(text).filter(|_| is_member && self.is_question(text));
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
