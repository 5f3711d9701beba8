//! Messages in plain words, for whoever reads a replay.

use protocol::{Address, BlockId, Height, Message, Round, Transaction, VoteKind};

use crate::trace::short;

/// Transactions by author and sequence.
pub(crate) fn list(transactions: &[Transaction]) -> String {
    let one = |transaction: &Transaction| {
        format!("{}#{}", short(&Address::of(&transaction.body.author)), transaction.body.sequence.0)
    };
    let all: Vec<String> = transactions.iter().map(one).collect();
    format!("transactions {}", all.join(" "))
}

/// A message in a few words.
pub(crate) fn about(message: &Message) -> String {
    let at = |height: Height, round: Round| format!("height {height}, round {}", round.0);
    match message {
        Message::Vote(signed) => {
            let vote = &signed.vote;
            let votes = match vote.kind {
                VoteKind::Prevote => "prevotes",
                VoteKind::Precommit => "precommits",
            };
            format!("{votes} {} ({})", block(vote.block), at(vote.height, vote.round))
        }
        Message::Proposal(signed) => {
            let proposal = &signed.proposal;
            let at = at(proposal.height, proposal.round);
            let pol = proposal
                .pol_round
                .map_or_else(String::new, |round| format!(", wanted by a quorum in round {}", round.0));
            format!("proposes {} ({at}){pol}", block(Some(proposal.block)))
        }
        Message::Body(body) => {
            format!("block of {} bytes ({})", body.block.as_slice().len(), at(body.height, body.round))
        }
        Message::Polka(polka) => {
            let at = at(polka.height, polka.round);
            format!("shows that a quorum prevotes {} ({at})", block(Some(polka.block)))
        }
        Message::Round(certificate) => {
            let (at, kind) = (at(certificate.height, certificate.round), certificate.kind);
            format!("shows that the round may change ({at}, {kind:?})")
        }
        Message::Status(status) => format!("is at block {}", status.height),
        Message::SyncRequest(request) => format!("asks for blocks from {}", request.from),
        Message::SyncResponse(response) => format!("brings {} blocks", response.blocks.len()),
        Message::NetworkKeyRequest(epoch) => format!("asks for network key {epoch}"),
        Message::NetworkKey(handed) => format!("hands network key {} over", handed.epoch),
        Message::QuestionTextRequest(text) => {
            format!("asks for the text {} of a question", &text.to_string()[..8])
        }
        Message::QuestionText(text) => format!("brings a question of {} bytes", text.as_slice().len()),
    }
}

fn block(id: Option<BlockId>) -> String {
    id.map_or_else(|| "no block".to_owned(), |id| format!("block {}", short(&id)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{ChainId, SigningKey, Vote};

    #[test]
    fn a_vote_reads_as_a_sentence() {
        let key = SigningKey::from_seed(&[1; 32]);
        let says = |block| {
            let (kind, round, address) = (VoteKind::Prevote, Round(2), key.address());
            let vote = Vote { kind, height: Height(7), round, block, address };
            about(&Message::Vote(vote.sign(&key, &ChainId::new([1; 32]))))
        };
        assert_eq!(says(Some(BlockId::new([0xab; 32]))), "prevotes block abababab (height 7, round 2)");
        assert_eq!(says(None), "prevotes no block (height 7, round 2)");
    }
}
