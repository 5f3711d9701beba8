//! Who did the work: the public number of a company, with its check digits, so that nothing else fits in.

use serde::{Deserialize, Deserializer};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};
use std::fmt;
use std::str::FromStr;

use crate::bands::bands;
use crate::error::Invalid;
use crate::limits::CONTRACTOR_NUMBER_MAX;

bands! {
    /// The register that gave a number.
    Country {
        /// Kruispuntbank van Ondernemingen, Banque-Carrefour des Entreprises: ten digits.
        Belgium = "BE",
        /// SIREN: nine digits.
        France = "FR",
        /// Registre de commerce, section B: up to six digits.
        Luxembourg = "LU",
        /// Kamer van Koophandel: eight digits.
        Netherlands = "NL",
    }
}

/// A company by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize_tuple)]
pub struct Contractor {
    country: Country,
    number: u64,
}

impl Contractor {
    /// Checks the number by the rules of its register.
    pub fn new(country: Country, number: u64) -> Result<Self, Invalid> {
        if number <= CONTRACTOR_NUMBER_MAX && is_valid(country, number) {
            return Ok(Self { country, number });
        }
        let field = "company number, with its check digits";
        Err(Invalid::Range { field, max: CONTRACTOR_NUMBER_MAX, found: number })
    }

    /// The register.
    pub const fn country(&self) -> Country {
        self.country
    }
}

impl Country {
    const fn digits(self) -> usize {
        match self {
            Self::Belgium => 10,
            Self::France => 9,
            Self::Luxembourg => 6,
            Self::Netherlands => 8,
        }
    }
}

fn is_valid(country: Country, number: u64) -> bool {
    match country {
        Country::Belgium => {
            (1_000_000..2_000_000_000).contains(&number) && 97 - (number / 100) % 97 == number % 100
        }
        Country::France => (1_000_000..1_000_000_000).contains(&number) && luhn(number).is_multiple_of(10),
        Country::Luxembourg => (1..1_000_000).contains(&number),
        Country::Netherlands => (1_000_000..100_000_000).contains(&number),
    }
}

/// Sum of the digits where each second one from the right counts double (ISO/IEC 7812-1).
fn luhn(number: u64) -> u64 {
    let digits = std::iter::successors(Some(number), |rest| (*rest >= 10).then_some(rest / 10));
    let doubled = |digit: u64| if digit > 4 { digit * 2 - 9 } else { digit * 2 };
    let counted = |(place, rest): (usize, u64)| match place % 2 {
        0 => rest % 10,
        _ => doubled(rest % 10),
    };
    digits.enumerate().map(counted).sum()
}

impl fmt::Display for Contractor {
    /// `BE0202239951`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{:0width$}", self.country.name(), self.number, width = self.country.digits())
    }
}

impl FromStr for Contractor {
    type Err = Invalid;

    /// Two letters and the digits, with spaces, dots or hyphens between them or none.
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let wrong = Invalid::Text {
            field: "contractor",
            expected: "BE, FR, LU or NL and the company's number",
            found: text.len(),
        };
        if text.len() > 24 {
            return Err(wrong);
        }
        let kept: String = text.chars().filter(|letter| !matches!(letter, ' ' | '.' | '-')).collect();
        let (country, digits) = kept.split_at_checked(2).ok_or(wrong.clone())?;
        let country = Country::named(&country.to_ascii_uppercase()).ok_or(wrong.clone())?;
        let is_number = digits.len() <= country.digits() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let number = digits.parse().ok().filter(|_| is_number).ok_or(wrong)?;
        Self::new(country, number)
    }
}

impl<'de> Deserialize<'de> for Contractor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize_tuple)]
        struct Wire {
            country: Country,
            number: u64,
        }
        let Wire { country, number } = Wire::deserialize(deserializer)?;
        Self::new(country, number).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{decode, encode};

    #[test]
    fn numbers_are_those_of_the_registers() {
        for (text, shown) in [
            ("BE 0202.239.951", "BE0202239951"),
            ("be0417497106", "BE0417497106"),
            ("FR 552 081 317", "FR552081317"),
            ("LU 9539", "LU009539"),
            ("NL 33031431", "NL33031431"),
        ] {
            let contractor: Contractor = text.parse().unwrap();
            assert_eq!(contractor.to_string(), shown);
            assert_eq!(decode::<Contractor>(&encode(&contractor), 32), Ok(contractor));
        }
    }

    #[test]
    fn whatever_is_no_number_is_refused() {
        for text in [
            "",
            "BE",
            "Dupont",
            "BE0202239952",
            "FR552081318",
            "DE123456789",
            "BE 0475 12 34 56",
            "LU1234567",
            "NL+3303143",
            "é1",
        ] {
            assert!(text.parse::<Contractor>().is_err(), "{text}");
        }
        let forged = encode(&(Country::Belgium, 475_123_456u64));
        assert!(decode::<Contractor>(&forged, 32).is_err());
    }
}
