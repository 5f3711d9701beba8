//! Transactions about assemblies and polls as the page shows them: what everybody may know, hashes and heights.

use std::collections::BTreeMap;

use protocol::assembly::{AssemblyAction, ItemResult, JointQuestion};

/// Kind and fields of a transaction about assemblies.
pub(super) fn fields(action: &AssemblyAction) -> (&'static str, BTreeMap<String, String>) {
    let (kind, parts) = match action {
        AssemblyAction::Announce(opening) => (
            "assembly.announce",
            vec![
                ("assembly", opening.id().to_string()),
                ("building", opening.building.to_string()),
                ("number", opening.number.to_string()),
                ("law", opening.law.name().to_owned()),
                ("roll", opening.roll.to_string()),
                ("owners", opening.owners.to_string()),
                ("votes", opening.votes.to_string()),
                ("items", opening.items.len().to_string()),
                ("opens", opening.opens.to_string()),
                ("closes", opening.closes.to_string()),
            ],
        ),
        AssemblyAction::Commit(brought) => {
            let commitments: Vec<String> = brought.commitments.iter().map(ToString::to_string).collect();
            (
                "assembly.commit",
                vec![("vote", brought.vote.to_string()), ("commitments", commitments.join(" "))],
            )
        }
        AssemblyAction::EnterPaper(entry) => (
            "assembly.paper",
            vec![("assembly", entry.assembly.to_string()), ("commitment", entry.commitment.to_string())],
        ),
        AssemblyAction::Conclude(signed) => {
            let conclusion = &signed.conclusion;
            let outcome = |result: &ItemResult| match result {
                ItemResult::Counted(record) => format!("{} {}", record.item, record.outcome.name()),
                ItemResult::NotPut(item) => format!("{item} not-put"),
            };
            let outcomes: Vec<String> = conclusion.results.iter().map(outcome).collect();
            (
                "assembly.conclude",
                vec![("assembly", conclusion.assembly.to_string()), ("outcomes", outcomes.join(", "))],
            )
        }
        AssemblyAction::Minutes(signed) => (
            "assembly.minutes",
            vec![
                ("assembly", signed.notice.assembly.to_string()),
                ("minutes", signed.notice.minutes.to_string()),
                ("version", signed.notice.version.to_string()),
            ],
        ),
        AssemblyAction::Accuse(promise) => (
            "assembly.broken_promise",
            vec![
                ("vote", promise.promise.assembly.to_string()),
                ("commitment", promise.promise.commitment.to_string()),
                ("by", promise.promise.by.to_string()),
                ("node", promise.promise.node.to_string()),
            ],
        ),
        AssemblyAction::AnnouncePoll(notice) => (
            "assembly.announce_poll",
            vec![
                ("poll", notice.poll.to_string()),
                ("building", notice.building.to_string()),
                ("opens", notice.opens.to_string()),
                ("closes", notice.closes.to_string()),
            ],
        ),
        AssemblyAction::ConcludePoll(record) => (
            "assembly.conclude_poll",
            vec![("poll", record.poll.to_string()), ("voters", record.voters.to_string())],
        ),
    };
    (kind, parts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// What a question to several buildings is, for whoever reads the proposal.
pub(super) fn question(question: &JointQuestion) -> [(&'static str, String); 2] {
    [("action", "ask_jointly".to_owned()), ("question", question.id().to_string())]
}
