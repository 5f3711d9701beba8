//! Greetings, since version 2 of the wire: on each connection both sides say which run of a node they are, so that two
//! nodes which were started from one copied data folder find out about each other through any peer they share.
//!
//! The peer only carries. That another run is alive is proven by its signature over a number of the asker's, so no peer
//! can make it up, and a run that ended cannot give it: a restart never looks like a copy.

use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use crate::bounded::Bounded;
use crate::bytes::fixed_bytes;
use crate::crypto::{Domain, PublicKey, Signature, SigningKey};
use crate::error::SignatureError;
use crate::ids::ChainId;
use crate::limits::RUNS_TOLD_MAX;

fixed_bytes! {
    /// One run of a node: drawn by chance at each start, 16 bytes.
    Run, 16
}
fixed_bytes! {
    /// A number drawn by chance for one question, 16 bytes.
    Nonce, 16
}

/// A question to another run of one's own key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Question {
    /// The run that is asked.
    pub run: Run,
    /// What it has to sign.
    pub nonce: Nonce,
}

impl Question {
    /// run 16 · nonce 16 bytes.
    fn sign_bytes(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(self.run.as_bytes());
        bytes[16..].copy_from_slice(self.nonce.as_bytes());
        bytes
    }

    /// Says that this run is alive.
    pub fn answer(self, key: &SigningKey, chain: &ChainId) -> SignOfLife {
        let signature = key.sign(Domain::Run, chain, &self.sign_bytes());
        SignOfLife { question: self, signature }
    }
}

/// Proof that a run was alive when it was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct SignOfLife {
    /// What it answers.
    pub question: Question,
    /// Signature of the node's key.
    pub signature: Signature,
}

impl SignOfLife {
    /// Checks the signature.
    pub fn verify(&self, key: &PublicKey, chain: &ChainId) -> Result<(), SignatureError> {
        key.verify(Domain::Run, chain, &self.question.sign_bytes(), &self.signature)
    }
}

/// A message of the greeting stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Greeting {
    /// The run that speaks. First on every connection.
    Here(Run),
    /// The other runs of your key that are connected with me; none is good news.
    Others(Bounded<Run, RUNS_TOLD_MAX>),
    /// To be carried to another run of the sender's key.
    Question(Question),
    /// To be carried to the run that asked.
    Answer(SignOfLife),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_run_itself_can_give_a_sign_of_life() {
        let (key, chain) = (SigningKey::from_seed(&[7; 32]), ChainId::new([1; 32]));
        let question = Question { run: Run::new([2; 16]), nonce: Nonce::new([3; 16]) };
        let sign = question.answer(&key, &chain);
        assert_eq!(sign.verify(&key.public(), &chain), Ok(()));
        assert!(sign.verify(&key.public(), &ChainId::new([9; 32])).is_err());
        assert!(sign.verify(&SigningKey::from_seed(&[8; 32]).public(), &chain).is_err());
        let other = SignOfLife { question: Question { nonce: Nonce::new([4; 16]), ..question }, ..sign };
        assert!(other.verify(&key.public(), &chain).is_err(), "an answer to another question");
    }
}
