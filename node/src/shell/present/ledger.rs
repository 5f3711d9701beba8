//! Blocks, transactions and proofs as the page shows them. Names come from the picture, everything else from the block.

use protocol::hex::hex;
use std::collections::BTreeMap;

use ledger::input::StoredBlock;
use protocol::membership::Evidence;
use protocol::{Action, Address, Block, BlockId, Certificate, Payload, Transaction, encode};
use web::Time;
use web::view::{
    BlockSummary, BlockView, CertificateView, MemberView, Picture, ProofView, SignatureView, TransactionView,
};

use super::settlements;

pub(crate) fn summary(block: &Block, id: BlockId) -> BlockSummary {
    let header = &block.header;
    BlockSummary {
        id: header.height.to_string(),
        height: header.height.0,
        block: id.to_string(),
        state: header.state.to_string(),
        time: Time::from(header.time),
        transactions: u32::try_from(block.transactions.len()).unwrap_or(u32::MAX),
        proposer: header.proposer.to_string(),
    }
}

pub(crate) fn block(picture: &Picture, stored: &StoredBlock) -> BlockView {
    let header = &stored.block.header;
    let transactions = (0u32..).zip(&stored.block.transactions);
    BlockView {
        id: header.height.to_string(),
        height: header.height.0,
        block: stored.certificate.block.to_string(),
        previous: header.previous.to_string(),
        state: header.state.to_string(),
        time: Time::from(header.time),
        proposer: header.proposer.to_string(),
        round: stored.certificate.round.0,
        log_root: header.log_root.to_string(),
        log_size: header.log_size,
        transactions: transactions.map(|(index, one)| transaction(picture, stored, index, one)).collect(),
        certificate: certificate(picture, &stored.certificate),
    }
}

pub(crate) fn transaction(
    picture: &Picture,
    stored: &StoredBlock,
    index: u32,
    transaction: &Transaction,
) -> TransactionView {
    let author = Address::of(&transaction.body.author).to_string();
    let header = &stored.block.header;
    let (kind, fields) = payload(&transaction.body.payload);
    TransactionView {
        id: transaction.id().to_string(),
        height: Some(header.height.0),
        index: Some(index),
        kind: kind.to_owned(),
        author_name: member(picture, &author).map(|member| member.name.clone()),
        author,
        sequence: transaction.body.sequence.0,
        size_bytes: u32::try_from(encode(transaction).len()).unwrap_or(u32::MAX),
        fields,
        time: Some(Time::from(header.time)),
    }
}

/// A transaction, its number in the log, the path to the root, and the block whose header commits to that root.
pub(crate) fn proof(
    picture: &Picture,
    transaction: &Transaction,
    leaf_index: u64,
    path: &[[u8; 32]],
    committing: &StoredBlock,
) -> ProofView {
    let header = &committing.block.header;
    ProofView {
        id: transaction.id().to_string(),
        leaf: hex(&encode(transaction)),
        leaf_index,
        log_size: header.log_size,
        log_root: header.log_root.to_string(),
        path: path.iter().map(|hash| hex(hash)).collect(),
        height: header.height.0,
        header: hex(&encode(header)),
        certificate: certificate(picture, &committing.certificate),
    }
}

fn certificate(picture: &Picture, certificate: &Certificate) -> CertificateView {
    let signatures = certificate.signatures.iter().map(|signature| {
        let authority = signature.address.to_string();
        let known = member(picture, &authority);
        SignatureView {
            name: known.map(|member| member.name.clone()),
            public_key: known.map(|member| member.public_key.clone()).unwrap_or_default(),
            signature: signature.signature.to_string(),
            authority,
        }
    });
    CertificateView {
        height: certificate.height.0,
        round: certificate.round.0,
        block: certificate.block.to_string(),
        signatures: signatures.collect(),
    }
}

fn member<'a>(picture: &'a Picture, address: &str) -> Option<&'a MemberView> {
    picture.members.iter().find(|member| member.id == address)
}

/// Kind and fields of what a transaction asks for.
fn payload(payload: &Payload) -> (&'static str, BTreeMap<String, String>) {
    match payload {
        Payload::Admit(admit) => {
            let parts = [
                ("member", Address::of(&admit.member).to_string()),
                ("public_key", admit.member.to_string()),
                ("inviter", Address::of(&admit.inviter).to_string()),
                ("role_max", admit.grant.role.name().to_owned()),
                ("invitation", admit.grant.nonce.to_string()),
                ("expires", admit.grant.expires.to_string()),
            ];
            ("membership.admit", fields(parts))
        }
        Payload::Propose(action) => ("membership.propose", fields(self::action(action))),
        Payload::Approve(number) => ("membership.approve", fields([("proposal", number.to_string())])),
        Payload::Evidence(evidence) => {
            let what = match evidence.as_ref() {
                Evidence::Votes(..) => "two votes",
                Evidence::Proposals(..) => "two proposals",
            };
            let parts = [("culprit", evidence.culprit().to_string()), ("what", what.to_owned())];
            ("membership.evidence", fields(parts))
        }
        Payload::OpenWorkOrder(open) => {
            let parts = [
                ("reference", open.reference.to_string()),
                ("asset", open.asset.to_string()),
                ("asset_kind", open.kind.to_string()),
                ("policy", open.policy.to_string()),
                ("severity", open.severity.to_string()),
                ("commitment", open.commitment.to_string()),
            ];
            ("maintenance.open", fields(parts))
        }
        Payload::AdvanceWorkOrder(advance) => {
            let parts = [
                ("work_order", advance.id.to_string()),
                ("status", advance.status.to_string()),
                ("commitment", advance.commitment.to_string()),
            ];
            ("maintenance.advance", fields(parts))
        }
        Payload::Cosign(nonce) => ("membership.cosign", fields([("invitation", nonce.to_string())])),
        Payload::RevokeInvitation(nonce) => {
            ("membership.revoke_invitation", fields([("invitation", nonce.to_string())]))
        }
        Payload::ChangeKey(change) => {
            let parts = [("member", change.member.to_string()), ("public_key", change.key.to_string())];
            ("membership.change_key", fields(parts))
        }
        Payload::NameNetworkKey(named) => {
            let parts = [("epoch", named.epoch.to_string()), ("hash", named.hash.to_string())];
            ("membership.network_key", fields(parts))
        }
        Payload::CommitDay(commitment) => {
            let parts =
                [("day", commitment.day.to_string()), ("commitment", commitment.commitment.to_string())];
            ("energy.commit_day", fields(parts))
        }
        Payload::Settle(signed) => settlements::fields(&signed.settlement),
        Payload::Token(action) => super::token::fields(action),
        Payload::Assembly(action) => super::assembly::fields(action),
        Payload::Aggregate(record) => super::aggregates::fields(record),
        Payload::Coefficients(given) => {
            let (from, last) = given.slots().into_inner();
            let parts = [
                ("from_slot", from.to_string()),
                ("last_slot", last.to_string()),
                ("members", given.members().to_string()),
            ];
            ("energy.coefficients", fields(parts))
        }
        Payload::Dispute(dispute) => {
            let parts = [
                ("slot", dispute.slot.to_string()),
                ("version", dispute.version.to_string()),
                ("reason", dispute.reason.name().to_owned()),
            ];
            ("energy.dispute", fields(parts))
        }
    }
}

fn action(action: &Action) -> [(&'static str, String); 2] {
    let (what, about) = match action {
        Action::AddAuthority(member) => ("add_authority", member.to_string()),
        Action::RemoveAuthority(member) => ("remove_authority", member.to_string()),
        Action::RevokeMember(member) => ("revoke_member", member.to_string()),
        Action::Exclude(member) => ("exclude", member.to_string()),
        Action::ChangeKey(change) => ("change_key", change.member.to_string()),
        Action::AskCosignatures(asks) => {
            return [("action", "ask_cosignatures".to_owned()), ("asks", asks.to_string())];
        }
        Action::Energy(action) => {
            return [("action", "energy".to_owned()), ("decision", action.to_string())];
        }
        Action::AskJointly(question) => return super::assembly::question(question),
        Action::Aggregate(action) => {
            return [("action", "aggregate".to_owned()), ("decision", action.to_string())];
        }
    };
    [("action", what.to_owned()), ("member", about)]
}

pub(super) fn fields<const N: usize>(parts: [(&'static str, String); N]) -> BTreeMap<String, String> {
    parts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
