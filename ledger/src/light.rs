//! What a phone or a neighbour can check without a node: a transaction is in the log of a final block, a ballot is in
//! such a transaction.

use protocol::assembly::{AssemblyId, BallotError, Receipt, SignedPromise};
use protocol::block::CertificateError;
use protocol::{AuthoritySet, BlockHeader, Bounded, Certificate, Digest, Height, Invalid, Transaction};
use thiserror::Error;

use crate::log::{ProofError, verify_inclusion};

/// Why a proof does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LightError {
    /// The certificate is for another block.
    #[error("the certificate is for another block than the header")]
    OtherBlock,
    /// The authority set is not the one the header names.
    #[error("the header names the authority set {expected:?}, this is {found:?}")]
    Authorities {
        /// The header's.
        expected: Digest,
        /// The hash of the set given.
        found: Digest,
    },
    /// The certificate does not make the block final.
    #[error("the certificate does not hold: {0}")]
    Certificate(#[from] CertificateError),
    /// The transaction is not where the proof says.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// The transaction brings another ballot.
    #[error("the transaction does not bring this ballot")]
    OtherBallot,
    /// The promise is of another ballot.
    #[error("the promise is of another ballot")]
    OtherPromise,
    /// The promise's heights or its signature do not hold.
    #[error("the promise does not hold: {0}")]
    Promise(#[from] BallotError),
}

/// What a receipt shows that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    /// The ballot's block is at this height or before it. Not above the last height of the vote: it came in time.
    pub height: Height,
    /// Whether this shows that it stood in a block as early as the node promised; none where the receipt carries no
    /// promise.
    pub is_kept: Option<bool>,
}

/// A transaction, its place in the log, and the final block that commits to the log.
#[derive(Debug, Clone)]
pub struct Inclusion<'a> {
    /// The transaction.
    pub transaction: &'a Transaction,
    /// Its place in the log, from 0.
    pub index: u64,
    /// Hashes beside the path, leaf first.
    pub path: &'a [[u8; 32]],
    /// Header of a block at or after the one it stands in.
    pub header: &'a BlockHeader,
    /// Proof that the block is final.
    pub certificate: &'a Certificate,
}

/// Checks a transaction against an authority set that is trusted already.
pub fn verify(inclusion: &Inclusion<'_>, trusted: &AuthoritySet) -> Result<(), LightError> {
    let Inclusion { transaction, index, path, header, certificate } = inclusion;
    if certificate.block != header.id() || certificate.height != header.height {
        return Err(LightError::OtherBlock);
    }
    let (expected, found) = (header.authorities, trusted.hash());
    if expected != found {
        return Err(LightError::Authorities { expected, found });
    }
    certificate.verify(&header.chain, trusted)?;
    verify_inclusion(&header.log_root, header.log_size, *index, &transaction.id(), path)?;
    Ok(())
}

/// The receipt of a ballot, small enough for a phone: no more signatures than a quorum.
pub fn receipt(
    inclusion: &Inclusion<'_>,
    ballot: (AssemblyId, Digest),
    quorum: usize,
    promise: Option<SignedPromise>,
) -> Result<Receipt, Invalid> {
    let Inclusion { transaction, index, path, header, certificate } = *inclusion;
    let signatures = certificate.signatures.iter().take(quorum).cloned().collect();
    let (vote, commitment) = ballot;
    Ok(Receipt {
        vote,
        commitment,
        transaction: transaction.clone(),
        index,
        path: Bounded::new(path.iter().copied().map(Digest::new).collect())?,
        header: header.clone(),
        certificate: Certificate { signatures: Bounded::new(signatures)?, ..certificate.clone() },
        promise,
    })
}

/// Checks a ballot's receipt against an authority set that is trusted already.
pub fn verify_ballot(receipt: &Receipt, trusted: &AuthoritySet) -> Result<Shown, LightError> {
    if !receipt.is_of_its_transaction() {
        return Err(LightError::OtherBallot);
    }
    let path: Vec<[u8; 32]> = receipt.path.iter().map(|hash| *hash.as_bytes()).collect();
    let Receipt { transaction, index, header, certificate, .. } = receipt;
    let inclusion = Inclusion { transaction, index: *index, path: &path, header, certificate };
    verify(&inclusion, trusted)?;
    let height = header.height;
    let Some(signed) = &receipt.promise else { return Ok(Shown { height, is_kept: None }) };
    if (signed.promise.assembly, signed.promise.commitment) != (receipt.vote, receipt.commitment) {
        return Err(LightError::OtherPromise);
    }
    signed.verify(&header.chain)?;
    Ok(Shown { height, is_kept: Some(height <= signed.promise.by) })
}
