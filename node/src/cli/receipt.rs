//! `verify`: a receipt against a hive's genesis, without any node. Either a transaction's (JSON, what
//! `/api/v1/ledger/transactions/{id}/proof` answers) or a ballot's (CBOR, what the page gives whoever voted).

use std::path::PathBuf;

use clap::Args;
use ledger::light::{Inclusion, verify, verify_ballot};
use protocol::assembly::Receipt as BallotReceipt;
use protocol::consensus::Round;
use protocol::hex::unhex;
use protocol::limits::{BLOCK_HEADER_BYTES_MAX, TRANSACTION_BYTES_MAX};
use protocol::{
    BlockHeader, Bounded, Certificate, CertificateSignature, Digest, Genesis, Height, Invalid, Transaction,
    decode,
};
use serde_json::json;
use web::view::{CertificateView, ProofView};

use super::init::read_genesis;
use super::say::Say;
use super::{Exit, Failed};
use crate::shell::store::file;

/// A receipt is far shorter, bytes.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

#[derive(Debug, Args)]
pub(super) struct Receipt {
    /// The receipt: JSON of a transaction, or CBOR of a ballot.
    receipt: PathBuf,
    /// The hive's genesis. Its authorities are trusted, as long as the hive has not changed them.
    #[arg(long, default_value = "genesis.cbor")]
    genesis: PathBuf,
}

impl Receipt {
    pub(super) fn run(&self, say: &Say) -> Result<(), Failed> {
        let genesis = read_genesis(&self.genesis)?;
        let bytes =
            file::read(&self.receipt, FILE_BYTES_MAX).map_err(|error| Failed::new(Exit::Usage, error))?;
        // JSON begins with a brace, a list in CBOR never does.
        let is_json = bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
        if is_json { of_transaction(&bytes, &genesis, say) } else { of_ballot(&bytes, &genesis, say) }
    }
}

fn of_transaction(bytes: &[u8], genesis: &Genesis, say: &Say) -> Result<(), Failed> {
    let proof: ProofView = serde_json::from_slice(bytes).map_err(|error| unreadable(&error.to_string()))?;
    let parts = Parts::read(&proof).map_err(|error| unreadable(&error))?;
    check_hive(&parts.header, genesis)?;
    let inclusion = Inclusion {
        transaction: &parts.transaction,
        index: proof.leaf_index,
        path: &parts.path,
        header: &parts.header,
        certificate: &parts.certificate,
    };
    verify(&inclusion, genesis.authorities()).map_err(|error| refused(&error))?;
    let (id, height) = (parts.transaction.id(), parts.header.height);
    say.answer(&json!({ "ok": true, "transaction": id.to_string(), "height": height.0 }), || {
        format!("Transaction {id} is in the ledger of hive {}, proven by block {height}.", genesis.chain())
    });
    Ok(())
}

fn of_ballot(bytes: &[u8], genesis: &Genesis, say: &Say) -> Result<(), Failed> {
    let receipt = BallotReceipt::from_bytes(bytes).map_err(|error| unreadable(&error.to_string()))?;
    check_hive(&receipt.header, genesis)?;
    let shown = verify_ballot(&receipt, genesis.authorities()).map_err(|error| refused(&error))?;
    let (vote, commitment, tracker) = (receipt.vote, receipt.commitment, receipt.tracker());
    let answer = json!({
        "ok": true,
        "assembly": vote.to_string(),
        "ballot": commitment.to_string(),
        "tracker": tracker.to_string(),
        "transaction": receipt.transaction.id().to_string(),
        "height": shown.height.0,
        "promise_kept": shown.is_kept,
    });
    say.answer(&answer, || {
        let promise = match shown.is_kept {
            Some(true) => " It came as early as the node promised.",
            Some(false) => " Whether it came as early as the node promised is not shown by this block.",
            None => "",
        };
        format!(
            "Ballot \"{tracker}\" of assembly {vote} is in the ledger of hive {}, proven by block {}.{promise}",
            genesis.chain(),
            shown.height
        )
    });
    Ok(())
}

fn check_hive(header: &BlockHeader, genesis: &Genesis) -> Result<(), Failed> {
    if header.chain == genesis.chain() {
        return Ok(());
    }
    Err(Failed::new(Exit::Refused, "the receipt is of another hive"))
}

fn unreadable(detail: &str) -> Failed {
    Failed::failure(format!("the receipt cannot be read: {detail}"))
}

fn refused(error: &ledger::light::LightError) -> Failed {
    Failed::new(Exit::Refused, format!("the receipt does not hold: {error}"))
}

struct Parts {
    transaction: Transaction,
    path: Vec<[u8; 32]>,
    header: BlockHeader,
    certificate: Certificate,
}

impl Parts {
    fn read(proof: &ProofView) -> Result<Self, String> {
        let transaction =
            decode(&bytes(&proof.leaf)?, TRANSACTION_BYTES_MAX).map_err(|error| error.to_string())?;
        let header =
            decode(&bytes(&proof.header)?, BLOCK_HEADER_BYTES_MAX).map_err(|error| error.to_string())?;
        let path = proof.path.iter().map(|hash| hash.parse::<Digest>().map(|hash| *hash.as_bytes()));
        let path = path.collect::<Result<_, _>>().map_err(|error: Invalid| error.to_string())?;
        let certificate = certificate(&proof.certificate).map_err(|error| error.to_string())?;
        Ok(Self { transaction, path, header, certificate })
    }
}

fn certificate(view: &CertificateView) -> Result<Certificate, Invalid> {
    let signatures = view.signatures.iter().map(|signature| {
        Ok(CertificateSignature {
            address: signature.authority.parse()?,
            signature: signature.signature.parse()?,
        })
    });
    Ok(Certificate {
        height: Height(view.height),
        round: Round(view.round),
        block: view.block.parse()?,
        signatures: Bounded::new(signatures.collect::<Result<_, Invalid>>()?)?,
    })
}

fn bytes(digits: &str) -> Result<Vec<u8>, String> {
    unhex(digits).ok_or_else(|| "expected hexadecimal digits in pairs".to_owned())
}
