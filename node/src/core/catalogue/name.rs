//! Codes of sites and assets, and names of metrics: text that is checked once, where it enters.

use protocol::Invalid;
use protocol::limits::CODE_BYTES_MAX;
use serde::{Deserialize, Serialize};
use std::borrow::Borrow;
use std::fmt;

macro_rules! checked_text {
    ($(#[$doc:meta])* $name:ident, $field:literal, $expected:literal, $allowed:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks the text.
            pub fn new(text: &str) -> Result<Self, Invalid> {
                let allowed: fn(u8) -> bool = $allowed;
                if text.is_empty() || text.len() > CODE_BYTES_MAX || !text.bytes().all(allowed) {
                    return Err(Invalid::Text { field: $field, expected: $expected, found: text.len() });
                }
                Ok(Self(text.to_owned()))
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = Invalid;

            fn try_from(text: String) -> Result<Self, Invalid> {
                Self::new(&text)
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

checked_text! {
    /// Code of a site or an asset: 1 to 64 bytes of `A-Z 0-9 _ -`.
    Code, "code", "1 to 64 bytes of A-Z, 0-9, _ and -",
    |byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-'
}
checked_text! {
    /// Name of a metric: 1 to 64 bytes of `a-z 0-9 _`.
    MetricName, "metric", "1 to 64 bytes of a-z, 0-9 and _",
    |byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'
}
