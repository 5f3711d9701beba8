//! Between the core's types and the wire's. From the wire everything is bounded already; towards the wire a nil round
//! where none may be is an error of ours.

use arc_malachitebft_core_types as core;
use core::{NilOrVal, RoundCertificateType, SignedMessage, VoteType};
use protocol::consensus::{PolkaCertificate, RoundCertificate, RoundCertificateKind, RoundSignature};
use protocol::{
    Bounded, Certificate, CertificateSignature, Height, Message, Round, SignedProposal, SignedVote, VoteKind,
};

use super::context::{At, Hive, Proposal, Value, Vote, Who};

pub(super) fn round_in(round: Round) -> core::Round {
    core::Round::new(round.0)
}

pub(super) fn round_out(round: core::Round) -> Round {
    Round(round.as_u32().expect("invariant: the core publishes messages of a round only"))
}

pub(super) fn kind_in(kind: VoteKind) -> VoteType {
    match kind {
        VoteKind::Prevote => VoteType::Prevote,
        VoteKind::Precommit => VoteType::Precommit,
    }
}

pub(super) fn kind_out(kind: VoteType) -> VoteKind {
    match kind {
        VoteType::Prevote => VoteKind::Prevote,
        VoteType::Precommit => VoteKind::Precommit,
    }
}

fn value_in(block: Option<protocol::BlockId>) -> NilOrVal<protocol::BlockId> {
    block.map_or(NilOrVal::Nil, NilOrVal::Val)
}

fn value_out(value: &NilOrVal<protocol::BlockId>) -> Option<protocol::BlockId> {
    match value {
        NilOrVal::Nil => None,
        NilOrVal::Val(block) => Some(*block),
    }
}

pub(super) fn vote_in(signed: &SignedVote) -> core::SignedVote<Hive> {
    let vote = &signed.vote;
    let vote = Vote {
        kind: kind_in(vote.kind),
        height: At(vote.height),
        round: round_in(vote.round),
        value: value_in(vote.block),
        address: Who(vote.address),
    };
    SignedMessage::new(vote, signed.signature)
}

pub(super) fn plain_vote_out(vote: &Vote) -> protocol::Vote {
    protocol::Vote {
        kind: kind_out(vote.kind),
        height: vote.height.0,
        round: round_out(vote.round),
        block: value_out(&vote.value),
        address: vote.address.0,
    }
}

pub(super) fn vote_out(signed: &core::SignedVote<Hive>) -> SignedVote {
    SignedVote { vote: plain_vote_out(&signed.message), signature: signed.signature }
}

pub(super) fn proposal_in(signed: &SignedProposal) -> core::SignedProposal<Hive> {
    let proposal = &signed.proposal;
    let proposal = Proposal {
        height: At(proposal.height),
        round: round_in(proposal.round),
        value: Value(proposal.block),
        pol_round: proposal.pol_round.map_or(core::Round::Nil, round_in),
        address: Who(proposal.address),
    };
    SignedMessage::new(proposal, signed.signature)
}

pub(super) fn plain_proposal_out(proposal: &Proposal) -> protocol::Proposal {
    protocol::Proposal {
        height: proposal.height.0,
        round: round_out(proposal.round),
        block: proposal.value.0,
        pol_round: proposal.pol_round.as_u32().map(Round),
        address: proposal.address.0,
    }
}

pub(super) fn proposal_out(signed: &core::SignedProposal<Hive>) -> SignedProposal {
    SignedProposal { proposal: plain_proposal_out(&signed.message), signature: signed.signature }
}

pub(super) fn polka_in(certificate: &PolkaCertificate) -> core::PolkaCertificate<Hive> {
    core::PolkaCertificate {
        height: At(certificate.height),
        round: round_in(certificate.round),
        value_id: certificate.block,
        polka_signatures: certificate
            .signatures
            .iter()
            .map(|(address, signature)| core::PolkaSignature::new(Who(*address), *signature))
            .collect(),
    }
}

pub(super) fn polka_out(certificate: &core::PolkaCertificate<Hive>) -> PolkaCertificate {
    let signatures = certificate.polka_signatures.iter().map(|s| (s.address.0, s.signature)).collect();
    PolkaCertificate {
        height: certificate.height.0,
        round: round_out(certificate.round),
        block: certificate.value_id,
        signatures: Bounded::new(signatures).expect("invariant: one signature per authority"),
    }
}

pub(super) fn round_certificate_in(certificate: &RoundCertificate) -> core::RoundCertificate<Hive> {
    core::RoundCertificate {
        height: At(certificate.height),
        round: round_in(certificate.round),
        cert_type: match certificate.kind {
            RoundCertificateKind::Precommit => RoundCertificateType::Precommit,
            RoundCertificateKind::Skip => RoundCertificateType::Skip,
        },
        round_signatures: certificate
            .signatures
            .iter()
            .map(|s| {
                core::RoundSignature::new(kind_in(s.kind), value_in(s.block), Who(s.address), s.signature)
            })
            .collect(),
    }
}

pub(super) fn round_certificate_out(certificate: &core::RoundCertificate<Hive>) -> RoundCertificate {
    let signatures = certificate
        .round_signatures
        .iter()
        .map(|s| RoundSignature {
            kind: kind_out(s.vote_type),
            block: value_out(&s.value_id),
            address: s.address.0,
            signature: s.signature,
        })
        .collect();
    RoundCertificate {
        height: certificate.height.0,
        round: round_out(certificate.round),
        kind: match certificate.cert_type {
            RoundCertificateType::Precommit => RoundCertificateKind::Precommit,
            RoundCertificateType::Skip => RoundCertificateKind::Skip,
        },
        signatures: Bounded::new(signatures).expect("invariant: one signature per authority"),
    }
}

/// The core may show a vote twice that it saw both alone and in a certificate; each authority stands once.
pub(super) fn certificate_out(certificate: &core::CommitCertificate<Hive>) -> Certificate {
    let mut signatures: Vec<CertificateSignature> = certificate
        .commit_signatures
        .iter()
        .map(|s| CertificateSignature { address: s.address.0, signature: s.signature })
        .collect();
    signatures.sort_by_key(|signature| signature.address);
    signatures.dedup_by_key(|signature| signature.address);
    Certificate {
        height: certificate.height.0,
        round: round_out(certificate.round),
        block: certificate.value_id,
        signatures: Bounded::new(signatures).expect("invariant: one signature per authority"),
    }
}

/// The height a consensus message is for; `None` for the others.
pub(crate) fn height_of(message: &Message) -> Option<Height> {
    match message {
        Message::Vote(signed) => Some(signed.vote.height),
        Message::Proposal(signed) => Some(signed.proposal.height),
        Message::Body(body) => Some(body.height),
        Message::Polka(certificate) => Some(certificate.height),
        Message::Round(certificate) => Some(certificate.height),
        Message::Status(_)
        | Message::SyncRequest(_)
        | Message::SyncResponse(_)
        | Message::NetworkKeyRequest(_)
        | Message::NetworkKey(_)
        | Message::QuestionTextRequest(_)
        | Message::QuestionText(_) => None,
    }
}
