//! What a phone or a neighbour can check without a node: a transaction is in the log of a final block.

use protocol::block::CertificateError;
use protocol::{AuthoritySet, BlockHeader, Certificate, Digest, Transaction};
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
