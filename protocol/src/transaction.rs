//! Transactions: what a member asks the ledger to record, signed, once.

use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use crate::aggregate::AggregateRecord;
use crate::assembly::AssemblyAction;
use crate::codec::{decode, encode};
use crate::crypto::{Domain, PublicKey, Signature, SigningKey};
use crate::energy::{Coefficients, DayCommitment, Dispute, SignedSettlement};
use crate::error::{DecodeError, SignatureError};
use crate::ids::{Address, ChainId, Digest, Height, Sequence, TransactionId};
use crate::limits::TRANSACTION_BYTES_MAX;
use crate::maintenance::{AdvanceWorkOrder, OpenWorkOrder};
use crate::membership::{Action, Admit, Evidence, KeyChange};
use crate::network_key::NameNetworkKey;
use crate::token::TokenAction;

/// What a transaction asks for, grouped by room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Payload {
    /// Membership: admits a newcomer. Authorities only.
    Admit(Admit),
    /// Membership: proposes a governed action; the proposer approves it. Authorities only.
    Propose(Action),
    /// Membership: approves an open proposal by number. Authorities only.
    Approve(u64),
    /// Membership: records that an authority signed twice. Authorities only.
    Evidence(Box<Evidence>),
    /// Maintenance: opens a work order.
    OpenWorkOrder(OpenWorkOrder),
    /// Maintenance: moves a work order of the author forward.
    AdvanceWorkOrder(AdvanceWorkOrder),
    /// Membership: signs an admission that waits for more authorities, by the invitation's nonce. Authorities only.
    Cosign(Digest),
    /// Membership: takes an unused invitation back, by its nonce. Authorities only.
    RevokeInvitation(Digest),
    /// Membership: the author goes on under another key. An authority's change is decided by the authorities.
    ChangeKey(KeyChange),
    /// Membership: names the hive's next network key by its hash. Authorities only.
    NameNetworkKey(NameNetworkKey),
    /// Energy: binds the author to its figures of a day.
    CommitDay(DayCommitment),
    /// Energy: what two settlement authorities found. Any member may bring it.
    Settle(Box<SignedSettlement>),
    /// Tokens: moves what the author holds, or what somebody lets it move.
    Token(TokenAction),
    /// Assemblies: announces one, brings commitments to ballots, says what the votes came to.
    Assembly(AssemblyAction),
    /// Energy: opens a slot that the author finds settled wrong, or that two desks do not agree on, to all desks.
    Dispute(Dispute),
    /// Private sums: what a building says of itself, and what two desks found.
    Aggregate(AggregateRecord),
    /// Energy: parts of the surplus that the author gives as the organiser the hive voted for.
    Coefficients(Coefficients),
}

/// The signed part of a transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct TransactionBody {
    /// Who signs.
    pub author: PublicKey,
    /// One more than the author's transaction before: no replay, no gap, no reorder.
    pub sequence: Sequence,
    /// The last height at which it may stand in a block.
    pub expires: Height,
    /// What it asks for.
    pub payload: Payload,
}

/// A transaction as it travels and is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Transaction {
    /// What is signed.
    pub body: TransactionBody,
    /// The author's signature over the canonical bytes of `body`.
    pub signature: Signature,
}

impl TransactionBody {
    /// Signs the body for one hive.
    pub fn sign(self, key: &SigningKey, chain: &ChainId) -> VerifiedTransaction {
        assert_eq!(self.author, key.public(), "invariant: a node signs with the key it names as author");
        let signature = key.sign(Domain::Transaction, chain, &encode(&self));
        VerifiedTransaction::sealed(Transaction { body: self, signature })
    }
}

impl Transaction {
    /// Reads one transaction; at most [`TRANSACTION_BYTES_MAX`] bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        decode(bytes, TRANSACTION_BYTES_MAX)
    }

    /// blake3 of the canonical bytes.
    pub fn id(&self) -> TransactionId {
        TransactionId::new(*blake3::hash(&encode(self)).as_bytes())
    }

    /// Takes the author's signature for granted: this node checked it before, or reads it from its own disk.
    pub fn assume_verified(self) -> VerifiedTransaction {
        VerifiedTransaction::sealed(self)
    }

    /// Checks the author's signature; the result remembers that it holds.
    pub fn verify(self, chain: &ChainId) -> Result<VerifiedTransaction, SignatureError> {
        self.body.author.verify(Domain::Transaction, chain, &encode(&self.body), &self.signature)?;
        Ok(VerifiedTransaction::sealed(self))
    }
}

/// A transaction whose signature holds for this hive, with its id and author's address worked out once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedTransaction {
    transaction: Transaction,
    id: TransactionId,
    author: Address,
    bytes: usize,
}

impl VerifiedTransaction {
    fn sealed(transaction: Transaction) -> Self {
        let bytes = encode(&transaction);
        let id = TransactionId::new(*blake3::hash(&bytes).as_bytes());
        let author = Address::of(&transaction.body.author);
        Self { transaction, id, author, bytes: bytes.len() }
    }

    /// The transaction.
    pub fn transaction(&self) -> &Transaction {
        &self.transaction
    }

    /// Its body.
    pub fn body(&self) -> &TransactionBody {
        &self.transaction.body
    }

    /// Its id.
    pub fn id(&self) -> TransactionId {
        self.id
    }

    /// Its author.
    pub fn author(&self) -> Address {
        self.author
    }

    /// Length of its canonical encoding, bytes.
    pub fn bytes_len(&self) -> usize {
        self.bytes
    }
}
