//! Records whose signatures travel beside them: of one kind several parties sign the same bytes.

/// Gives a record `sign` and `verify` for one purpose, over the bytes that a function makes of it.
macro_rules! signed_beside {
    ($record:ty, $domain:expr, $bytes:expr) => {
        impl $record {
            /// Signs it for one hive.
            pub fn sign(
                &self,
                key: &$crate::crypto::SigningKey,
                chain: &$crate::ids::ChainId,
            ) -> $crate::crypto::Signature {
                key.sign($domain, chain, &$bytes(self))
            }

            /// Checks one signature; refuses one of another key, another hive or other bytes.
            pub fn verify(
                &self,
                key: &$crate::crypto::PublicKey,
                chain: &$crate::ids::ChainId,
                signature: &$crate::crypto::Signature,
            ) -> Result<(), $crate::error::SignatureError> {
                key.verify($domain, chain, &$bytes(self), signature)
            }
        }
    };
}
pub(crate) use signed_beside;
