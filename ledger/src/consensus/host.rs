//! Our answers to the core's effects (section 3.2 of the ledger's README). The core is resumed at once; what has to
//! happen in the world is collected in the [`Turn`] and carried out behind its sync.

use arc_malachitebft_core_consensus::{
    ConsensusMsg, Effect, Input, LivenessMsg, MisbehaviorEvidence, Resumable, Resume, SignedConsensusMsg,
};
use arc_malachitebft_core_types::{NilOrVal, SignedMessage, Vote as _, VoteType};
use arc_malachitebft_signing::VerifierExt;
use futures::FutureExt;
use protocol::consensus::Round;
use protocol::limits::BODIES_KEPT_MAX;
use protocol::{
    Address, BlockId, Bytes, Certificate, ChainId, Evidence, Message, PublicKey, SignedProposal, SignedVote,
    SigningKey, Tick,
};
use std::collections::{BTreeMap, BTreeSet};

use super::context::{Hive, Proposal, Vote};
use super::record::entry_of;
use super::timers::Timers;
use super::wire;
use crate::chain::Candidate;
use crate::planted::{Bug, Planted};
use crate::record::vote_record;

type HiveEffect = Effect<Hive>;
type HiveError = arc_malachitebft_core_consensus::Error<Hive>;

/// What one input led to.
#[derive(Debug, Default)]
pub(super) struct Turn {
    /// Framed records of the vote log.
    pub(super) records: Vec<Vec<u8>>,
    /// Messages to every other authority, in order.
    pub(super) messages: Vec<Message>,
    /// One of them is signed by us and not on disk before the records are synced.
    pub(super) signed: bool,
    /// The height is decided.
    pub(super) decision: Option<Certificate>,
    /// Double signing that came to light.
    pub(super) evidence: Vec<Evidence>,
    /// Signatures that did not hold.
    pub(super) bad_signatures: usize,
    /// Why recovered records do not lead to the votes that stand among them.
    pub(super) divergence: Option<String>,
}

/// A block body of the height in progress.
#[derive(Debug)]
pub(super) struct Body {
    pub(super) bytes: Bytes<{ protocol::limits::BLOCK_BYTES_MAX }>,
    /// What it would change; `None` if it breaks the rules.
    pub(super) candidate: Option<Candidate>,
}

#[derive(Debug)]
pub(super) struct Host {
    pub(super) chain: ChainId,
    pub(super) key: SigningKey,
    pub(super) now: Tick,
    pub(super) timers: Timers,
    pub(super) round: Round,
    /// Authorities that have been out of reach for long.
    pub(super) absent: BTreeSet<Address>,
    /// Whether the proposer of this round is one of them.
    pub(super) is_proposer_absent: bool,
    /// A block is wanted from us in this round.
    pub(super) wanted: Option<Round>,
    /// Recovered records are being fed: nothing of it is recorded again.
    pub(super) replaying: bool,
    pub(super) bodies: BTreeMap<BlockId, Body>,
    /// Bodies that stand in the vote log.
    pub(super) recorded: BTreeSet<BlockId>,
    /// Blocks that their proposer signed for or that have a polka: anybody may bring their bodies.
    pub(super) vouched: BTreeSet<BlockId>,
    pub(super) planted: Planted,
    /// Proposals seen by round; kept for a planted bug alone.
    pub(super) proposed: BTreeMap<Round, BlockId>,
    pub(super) turn: Turn,
}

impl Host {
    pub(super) fn address(&self) -> Address {
        self.key.address()
    }

    /// Carries one effect out, or notes it, and answers the core.
    #[expect(
        clippy::result_large_err,
        reason = "the type that the library's macro asks for; it is never an error"
    )]
    pub(super) fn effect(&mut self, effect: HiveEffect) -> Result<Resume<Hive>, HiveError> {
        Ok(match effect {
            Effect::CancelAllTimeouts(r) => {
                self.timers.cancel_all();
                r.resume_with(())
            }
            Effect::CancelTimeout(timeout, r) => {
                self.timers.cancel(timeout);
                r.resume_with(())
            }
            Effect::ScheduleTimeout(timeout, r) => {
                self.timers.schedule(self.now, timeout, self.is_proposer_absent);
                r.resume_with(())
            }
            Effect::StartRound(_, round, proposer, _, r) => {
                self.round = wire::round_out(round);
                self.is_proposer_absent = self.absent.contains(&proposer.0);
                r.resume_with(())
            }
            Effect::GetValue(_, round, _, r) => {
                self.wanted = Some(wire::round_out(round));
                r.resume_with(())
            }
            Effect::PublishConsensusMsg(message, r) => {
                self.publish(match &message {
                    SignedConsensusMsg::Vote(vote) => Message::Vote(wire::vote_out(vote)),
                    SignedConsensusMsg::Proposal(proposal) => Message::Proposal(wire::proposal_out(proposal)),
                });
                r.resume_with(())
            }
            Effect::PublishLivenessMsg(message, r) => {
                self.publish_again(match &message {
                    LivenessMsg::Vote(vote) => Message::Vote(wire::vote_out(vote)),
                    LivenessMsg::PolkaCertificate(certificate) => {
                        Message::Polka(wire::polka_out(certificate))
                    }
                    LivenessMsg::SkipRoundCertificate(certificate) => {
                        Message::Round(wire::round_certificate_out(certificate))
                    }
                });
                r.resume_with(())
            }
            Effect::RepublishVote(vote, r) => {
                self.publish_again(Message::Vote(wire::vote_out(&vote)));
                r.resume_with(())
            }
            Effect::RepublishRoundCertificate(certificate, r) => {
                self.publish_again(Message::Round(wire::round_certificate_out(&certificate)));
                r.resume_with(())
            }
            Effect::RestreamProposal(_, round, _, _, value, r) => {
                if !self.planted.is(Bug::NoRebroadcast) {
                    self.stream_body(wire::round_out(round), &value);
                }
                r.resume_with(())
            }
            Effect::WalAppend(_, input, r) => {
                self.record(&input);
                r.resume_with(())
            }
            Effect::SignVote(vote, r) => r.resume_with(self.sign_vote(vote)),
            Effect::SignProposal(proposal, r) => r.resume_with(self.sign_proposal(proposal)),
            Effect::VerifySignature(message, key, r) => r.resume_with(self.verify(message, &key)),
            Effect::VerifyCommitCertificate(certificate, set, thresholds, r) => {
                let check = self.verifier();
                let verdict = check.verify_commit_certificate(&Hive, &certificate, &set, thresholds);
                r.resume_with(ready(verdict))
            }
            Effect::VerifyExtendedCommitCertificate(certificate, set, thresholds, policy, r) => {
                let check = self.verifier();
                let verdict =
                    check.verify_extended_commit_certificate(&Hive, &certificate, &set, thresholds, policy);
                r.resume_with(ready(verdict))
            }
            Effect::VerifyPolkaCertificate(certificate, set, thresholds, r) => {
                let check = self.verifier();
                r.resume_with(ready(check.verify_polka_certificate(&Hive, &certificate, &set, thresholds)))
            }
            Effect::VerifyRoundCertificate(certificate, set, thresholds, r) => {
                let check = self.verifier();
                r.resume_with(ready(check.verify_round_certificate(&Hive, &certificate, &set, thresholds)))
            }
            Effect::Decide(certificate, _, r) => {
                self.turn.decision = Some(wire::certificate_out(&certificate));
                r.resume_with(())
            }
            Effect::Finalize(_, _, evidence, r) => {
                self.turn.evidence.extend(evidence_of(&evidence));
                r.resume_with(())
            }
            // Catch-up goes past the core: a certified block is checked and committed by the chain.
            Effect::CertVerifiedSyncValue(_, _, r) => r.resume_with(()),
            Effect::CertRejectedSyncValue(_, _, _, r) => r.resume_with(()),
            Effect::ExtendVote(_, _, _, _, r) => r.resume_with(None),
            Effect::VerifyVoteExtension(_, _, _, _, _, _, r) => r.resume_with(Ok(())),
        })
    }

    /// Sends a body beside its proposal.
    pub(super) fn stream_body(&mut self, round: Round, block: &BlockId) {
        let Some(Body { bytes, candidate: Some(candidate) }) = self.bodies.get(block) else { return };
        let height = candidate.block.header.height;
        let body = protocol::message::Body { height, round, block: bytes.clone() };
        self.turn.messages.push(Message::Body(body));
    }

    fn publish(&mut self, message: Message) {
        self.turn.messages.push(message);
        self.turn.signed = true;
    }

    fn publish_again(&mut self, message: Message) {
        if !self.planted.is(Bug::NoRebroadcast) {
            self.publish(message);
        }
    }

    fn record(&mut self, input: &Input<Hive>) {
        // The core records what it has verified.
        let vouched = match input {
            Input::Proposal(proposal) => Some(proposal.value.0),
            Input::PolkaCertificate(certificate) => Some(certificate.value_id),
            Input::StartHeight(..)
            | Input::Vote(_)
            | Input::RoundCertificate(_)
            | Input::Propose(_)
            | Input::ProposedValue(..)
            | Input::TimeoutElapsed(_)
            | Input::SyncValueResponse(_) => None,
        };
        self.vouched.extend(vouched.filter(|_| self.vouched.len() < BODIES_KEPT_MAX));
        if self.planted.is(Bug::NoLock)
            && let Input::Proposal(proposal) = input
        {
            self.proposed.insert(wire::round_out(proposal.round), proposal.value.0);
        }
        if self.replaying {
            return;
        }
        let forgets_bodies = self.planted.is(Bug::BodyNotLogged);
        let (bodies, recorded) = (&self.bodies, &mut self.recorded);
        let entry = entry_of(input, |block| {
            let body = bodies.get(block).expect("invariant: a value is judged with its body at hand");
            (recorded.insert(*block) && !forgets_bodies).then(|| body.bytes.clone())
        });
        if let Some(entry) = entry {
            self.turn.records.push(vote_record(&entry.to_bytes()));
        }
    }

    fn sign_vote(&self, vote: Vote) -> SignedMessage<Hive, Vote> {
        assert_eq!(vote.validator_address().0, self.address(), "invariant: we sign our own votes only");
        let vote = if self.planted.is(Bug::NoLock) { self.unlocked(vote) } else { vote };
        let signed = wire::plain_vote_out(&vote).sign(&self.key, &self.chain);
        SignedMessage::new(vote, signed.signature)
    }

    /// A prevote against a proposal that holds becomes one for it: what a forgotten lock leads to.
    fn unlocked(&self, vote: Vote) -> Vote {
        let proposed = self.proposed.get(&wire::round_out(vote.round));
        let valid = proposed.filter(|id| self.bodies.get(id).is_some_and(|body| body.candidate.is_some()));
        match (vote.kind, &vote.value, valid) {
            (VoteType::Prevote, NilOrVal::Nil, Some(id)) => Vote { value: NilOrVal::Val(*id), ..vote },
            _ => vote,
        }
    }

    fn sign_proposal(&self, proposal: Proposal) -> SignedMessage<Hive, Proposal> {
        assert_eq!(proposal.address.0, self.address(), "invariant: we sign our own proposals only");
        let signed = wire::plain_proposal_out(&proposal).sign(&self.key, &self.chain);
        SignedMessage::new(proposal, signed.signature)
    }

    fn verify(&mut self, message: SignedMessage<Hive, ConsensusMsg<Hive>>, key: &PublicKey) -> bool {
        let holds = match message.message {
            ConsensusMsg::Vote(vote) => {
                let signed = SignedVote { vote: wire::plain_vote_out(&vote), signature: message.signature };
                signed.verify(key, &self.chain).is_ok()
            }
            ConsensusMsg::Proposal(proposal) => {
                let proposal = wire::plain_proposal_out(&proposal);
                let signed = SignedProposal { proposal, signature: message.signature };
                signed.verify(key, &self.chain).is_ok()
            }
        };
        self.turn.bad_signatures += usize::from(!holds);
        holds
    }

    fn verifier(&self) -> Verifier {
        Verifier { chain: self.chain }
    }
}

/// The library's certificate checks over our strict verification.
#[derive(Debug)]
struct Verifier {
    chain: ChainId,
}

#[async_trait::async_trait]
impl arc_malachitebft_signing::Verifier<Hive> for Verifier {
    async fn verify_signed_vote(
        &self,
        vote: &Vote,
        signature: &protocol::Signature,
        key: &PublicKey,
    ) -> Result<arc_malachitebft_signing::VerificationResult, arc_malachitebft_signing::Error> {
        let signed = SignedVote { vote: wire::plain_vote_out(vote), signature: *signature };
        Ok(arc_malachitebft_signing::VerificationResult::from_bool(signed.verify(key, &self.chain).is_ok()))
    }

    async fn verify_signed_proposal(
        &self,
        proposal: &Proposal,
        signature: &protocol::Signature,
        key: &PublicKey,
    ) -> Result<arc_malachitebft_signing::VerificationResult, arc_malachitebft_signing::Error> {
        let signed = SignedProposal { proposal: wire::plain_proposal_out(proposal), signature: *signature };
        Ok(arc_malachitebft_signing::VerificationResult::from_bool(signed.verify(key, &self.chain).is_ok()))
    }

    async fn verify_signed_vote_extension(
        &self,
        _: &arc_malachitebft_core_types::VoteExtensionScope<Hive>,
        _: &bytes::Bytes,
        _: &protocol::Signature,
        _: &PublicKey,
    ) -> Result<arc_malachitebft_signing::VerificationResult, arc_malachitebft_signing::Error> {
        Ok(arc_malachitebft_signing::VerificationResult::Invalid)
    }

    async fn verify_validator_proof(
        &self,
        _: &arc_malachitebft_core_types::ValidatorProof<Hive>,
    ) -> Result<arc_malachitebft_signing::VerificationResult, arc_malachitebft_signing::Error> {
        Ok(arc_malachitebft_signing::VerificationResult::Invalid)
    }
}

/// Our verifier never waits, so the library's futures are ready at once.
fn ready<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("invariant: verification never waits")
}

/// Each pair in the order that the ledger asks for: the lower block first.
fn evidence_of(found: &MisbehaviorEvidence<Hive>) -> Vec<Evidence> {
    let votes = (&found.votes).into_iter().flat_map(|(_, pairs)| pairs).map(|(first, second)| {
        let (mut first, mut second) = (wire::vote_out(first), wire::vote_out(second));
        if first.vote.block > second.vote.block {
            std::mem::swap(&mut first, &mut second);
        }
        Evidence::Votes(first, second)
    });
    let proposals = (&found.proposals).into_iter().flat_map(|(_, pairs)| pairs).map(|(first, second)| {
        let (mut first, mut second) = (wire::proposal_out(first), wire::proposal_out(second));
        let order = |signed: &SignedProposal| (signed.proposal.block, signed.proposal.pol_round);
        if order(&first) > order(&second) {
            std::mem::swap(&mut first, &mut second);
        }
        Evidence::Proposals(first, second)
    });
    votes.chain(proposals).collect()
}
