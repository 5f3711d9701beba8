//! Joining: an authority's operator hands out an invitation, once, for a limited time; the newcomer makes its key on
//! its own device and proves that it owns it.

use std::fmt;

use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use crate::bounded::Bounded;
use crate::bytes::Bytes;
use crate::codec::{decode, encode};
use crate::crypto::{Domain, PublicKey, Signature, SigningKey};
use crate::error::{DecodeError, SignatureError};
use crate::genesis::Genesis;
use crate::ids::{BlockId, ChainId, Digest, Height};
use crate::limits::{ADDRESS_TEXT_BYTES_MAX, INVITATION_ADDRESSES_MAX, JOIN_FRAME_BYTES_MAX};
use crate::membership::Role;
use crate::time::UnixMs;

/// What an authority grants: one admission. This part goes to the ledger; it names the secret only by its hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Grant {
    /// The hive.
    pub chain: ChainId,
    /// blake3 of the invitation's secret. Counts once.
    pub nonce: Digest,
    /// The highest role the newcomer may ever be given.
    pub role: Role,
    /// Last moment of validity, on the hive's clock; at most 24 h after issue.
    pub expires: UnixMs,
    /// A final height the newcomer may trust.
    pub height: Height,
    /// The block at that height.
    pub block: BlockId,
}

impl Grant {
    /// What inviter and newcomer sign.
    pub fn digest(&self) -> Digest {
        Digest::new(*blake3::hash(&encode(self)).as_bytes())
    }

    /// Signs the grant as its inviter.
    pub fn sign(&self, key: &SigningKey) -> Signature {
        key.sign(Domain::Invitation, &self.chain, self.digest().as_bytes())
    }

    /// Checks the inviter's signature.
    pub fn verify(&self, inviter: &PublicKey, signature: &Signature) -> Result<(), SignatureError> {
        inviter.verify(Domain::Invitation, &self.chain, self.digest().as_bytes(), signature)
    }

    /// Signs the grant as its newcomer: proof that it owns its key.
    pub fn prove(&self, key: &SigningKey) -> Signature {
        key.sign(Domain::Join, &self.chain, self.digest().as_bytes())
    }

    /// Checks the newcomer's proof.
    pub fn verify_proof(&self, member: &PublicKey, proof: &Signature) -> Result<(), SignatureError> {
        member.verify(Domain::Join, &self.chain, self.digest().as_bytes(), proof)
    }
}

/// A grant with its inviter's signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct SignedInvitation {
    /// What is granted.
    pub grant: Grant,
    /// By whom.
    pub inviter: PublicKey,
    /// The inviter's signature over the grant.
    pub signature: Signature,
}

/// A place in the hive's history that a newcomer takes on trust from its invitation. Whoever holds keys of former
/// authorities can write another history, but none that leads through here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Checkpoint {
    /// A height that was final at the inviter.
    pub height: Height,
    /// The block at that height.
    pub block: BlockId,
    /// [`crate::AuthoritySet::hash`] of the set that decides the block after it; the invitations of earlier releases
    /// do not name it.
    pub authorities: Option<Digest>,
}

/// What invitations of this release tell beside what those before them told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Particulars {
    /// [`crate::AuthoritySet::hash`] of the set that decides the block after the grant's.
    pub authorities: Digest,
    /// Epoch of the network key.
    pub epoch: u64,
    /// SHA-256 of the certificate of the inviter's page, if it shows one on the building's network.
    pub page: Option<Digest>,
}

/// What is handed to the newcomer, as text or QR code. Whoever holds it may use it, once: keep it secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Invitation {
    /// The signed grant.
    pub signed: SignedInvitation,
    /// The secret whose hash is the grant's nonce.
    pub secret: Digest,
    /// The hive's pre-shared network key.
    pub swarm_key: Digest,
    /// Where members listen, as multiaddrs with peer ids.
    pub addresses: Bounded<Bytes<ADDRESS_TEXT_BYTES_MAX>, INVITATION_ADDRESSES_MAX>,
    /// Missing in invitations of earlier releases.
    pub particulars: Option<Particulars>,
}

impl Serialize for Invitation {
    /// The form of earlier releases, with the particulars behind it where there are any.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { signed, secret, swarm_key, addresses, particulars } = self;
        match particulars {
            None => (signed, secret, swarm_key, addresses).serialize(serializer),
            Some(particulars) => (signed, secret, swarm_key, addresses, particulars).serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Invitation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Parts)
    }
}

/// Reads either form.
struct Parts;

impl<'de> Visitor<'de> for Parts {
    type Value = Invitation;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the 4 or 5 parts of an invitation")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Invitation, A::Error> {
        let missing = |at: usize| A::Error::invalid_length(at, &Self);
        Ok(Invitation {
            signed: parts.next_element()?.ok_or_else(|| missing(0))?,
            secret: parts.next_element()?.ok_or_else(|| missing(1))?,
            swarm_key: parts.next_element()?.ok_or_else(|| missing(2))?,
            addresses: parts.next_element()?.ok_or_else(|| missing(3))?,
            particulars: parts.next_element()?,
        })
    }
}

/// Prefix of an invitation as text.
const TEXT_PREFIX: &str = "symbiose1:";

impl Invitation {
    /// The nonce that belongs to a secret.
    pub fn nonce_of(secret: &Digest) -> Digest {
        Digest::of("symbiose invitation nonce v1", &[secret.as_bytes()])
    }

    /// What the newcomer takes on trust.
    pub fn checkpoint(&self) -> Checkpoint {
        let Grant { height, block, .. } = self.signed.grant;
        Checkpoint { height, block, authorities: self.particulars.map(|particulars| particulars.authorities) }
    }

    /// The invitation as one word of text.
    pub fn to_text(&self) -> String {
        use std::fmt::Write as _;
        let mut text = String::from(TEXT_PREFIX);
        for byte in encode(self) {
            write!(text, "{byte:02x}").expect("invariant: a String takes every character");
        }
        text
    }

    /// Reads the text back.
    pub fn from_text(text: &str) -> Result<Self, DecodeError> {
        let malformed =
            |detail: &str| DecodeError::Malformed { expected: "Invitation", detail: detail.to_owned() };
        let hex =
            text.trim().strip_prefix(TEXT_PREFIX).ok_or_else(|| malformed("it starts with `symbiose1:`"))?;
        if hex.len() > 2 * JOIN_FRAME_BYTES_MAX {
            return Err(DecodeError::TooLong { limit: 2 * JOIN_FRAME_BYTES_MAX, found: hex.len() });
        }
        // One spelling only: capitals, and the signs that a number may have, are no digits here.
        let digit = |byte: u8| char::from(byte).to_digit(16).filter(|_| !byte.is_ascii_uppercase());
        let pair = |pair: &[u8]| match pair {
            [high, low] => u8::try_from(digit(*high)? * 16 + digit(*low)?).ok(),
            _ => None,
        };
        let bytes: Option<Vec<u8>> = hex.as_bytes().chunks(2).map(pair).collect();
        let bytes = bytes.ok_or_else(|| malformed("small hexadecimal digits in pairs follow the prefix"))?;
        decode(&bytes, JOIN_FRAME_BYTES_MAX)
    }
}

impl fmt::Debug for Invitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Invitation({:?}, expires {})", self.signed.grant.nonce, self.signed.grant.expires)
    }
}

/// A newcomer asks a member to be let in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct JoinRequest {
    /// The signed grant of its invitation.
    pub signed: SignedInvitation,
    /// The invitation's secret.
    pub secret: Digest,
    /// The newcomer's key.
    pub member: PublicKey,
    /// Its proof over the grant.
    pub proof: Signature,
}

/// Why a newcomer was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum JoinRefusal {
    /// The invitation is for another hive.
    OtherHive,
    /// Its inviter is not an authority, or the signature or secret does not hold.
    NotInvited,
    /// It was used before.
    Used,
    /// It has expired.
    Expired,
    /// The key is a member already.
    AlreadyMember,
    /// The hive is full.
    Full,
    /// The member that was asked cannot write to the ledger now.
    NotNow,
}

/// The answer to a join request. The swarm learns of an accepted newcomer from the ledger; the newcomer should try to
/// connect until it is let in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum JoinResponse {
    /// The admission is on its way to the ledger; this is the hive's founding document.
    Accepted(Genesis),
    /// Not let in.
    Refused(JoinRefusal),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SigningKey, UnixMs};

    fn invitation() -> Invitation {
        let inviter = SigningKey::from_seed(&[1; 32]);
        let grant = Grant {
            chain: ChainId::new([2; 32]),
            nonce: Invitation::nonce_of(&Digest::new([3; 32])),
            role: Role::Follower,
            expires: UnixMs(1_000),
            height: Height(1),
            block: BlockId::new([4; 32]),
        };
        let signature = grant.sign(&inviter);
        Invitation {
            signed: SignedInvitation { grant, inviter: inviter.public(), signature },
            secret: Digest::new([3; 32]),
            swarm_key: Digest::new([5; 32]),
            addresses: Bounded::default(),
            particulars: None,
        }
    }

    #[test]
    fn invitations_with_and_without_particulars_read_back() {
        let particulars = Particulars { authorities: Digest::new([6; 32]), epoch: 2, page: None };
        let full = Invitation { particulars: Some(particulars), ..invitation() };
        let plain = invitation();
        assert_eq!(Invitation::from_text(&full.to_text()), Ok(full.clone()));
        assert_eq!(full.checkpoint().authorities, Some(Digest::new([6; 32])));
        assert_eq!(plain.checkpoint().authorities, None);
        assert_ne!(full.to_text(), plain.to_text());
    }

    #[test]
    fn a_text_has_one_spelling() {
        let text = invitation().to_text();
        assert_eq!(Invitation::from_text(&format!(" {text}\n")), Ok(invitation()));
        let digit = text.rfind(|c: char| c.is_ascii_lowercase()).unwrap();
        let capital = [&text[..digit], &text[digit..].to_ascii_uppercase()].concat();
        let signed = text.replacen(":8", ":+", 1);
        let odd = text[..text.len() - 1].to_owned();
        for other in [capital, signed, odd, text.replacen("symbiose1:", "symbiose2:", 1), format!("{text}é0")]
        {
            assert!(Invitation::from_text(&other).is_err(), "{other}");
        }
        let long = format!("symbiose1:{}", "0".repeat(2 * JOIN_FRAME_BYTES_MAX + 2));
        assert!(matches!(Invitation::from_text(&long), Err(DecodeError::TooLong { .. })));
    }

    #[test]
    fn secrets_are_not_shown() {
        let shown = format!("{:?}", invitation());
        assert!(shown.starts_with("Invitation(") && !shown.contains("0303"), "{shown}");
    }
}
