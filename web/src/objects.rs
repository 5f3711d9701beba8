//! JSON in which a structure is an object and nothing else: serde's derived code would also take an array of the fields'
//! values, at any depth, and a variant's number for its name, which no document of ours promises. What stands within a
//! variant tagged inside is read from serde's own copy: each field there that is more than a text or a number needs
//! [`within`].

use serde::de::{
    Deserialize, DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use std::fmt;

/// Reads one value and nothing behind it.
pub(crate) fn from_slice<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = T::deserialize(Objects(&mut reader))?;
    reader.end()?;
    Ok(value)
}

/// Reads a field of a variant that is tagged inside (`#[serde(deserialize_with = "within")]`) as everything around it.
pub(crate) fn within<'de, D: Deserializer<'de>, T: Deserialize<'de>>(reader: D) -> Result<T, D::Error> {
    T::deserialize(Objects(reader))
}

/// Any part of serde's machinery, with structures read as maps from here on down.
struct Objects<T>(T);

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Objects<D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_any(Objects(visitor))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_option(Objects(visitor))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_newtype_struct(name, Objects(visitor))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_map(Objects(visitor))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_enum(name, variants, Objects(visitor))
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_str(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map ignored_any
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Objects<V> {
    type Value = V::Value;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(to)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<V::Value, E> {
        self.0.visit_bool(value)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<V::Value, E> {
        self.0.visit_i64(value)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<V::Value, E> {
        self.0.visit_u64(value)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<V::Value, E> {
        self.0.visit_f64(value)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<V::Value, E> {
        self.0.visit_str(value)
    }

    fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<V::Value, E> {
        self.0.visit_borrowed_str(value)
    }

    fn visit_string<E: Error>(self, value: String) -> Result<V::Value, E> {
        self.0.visit_string(value)
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.0.visit_none()
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.0.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, reader: D) -> Result<V::Value, D::Error> {
        self.0.visit_some(Objects(reader))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, reader: D) -> Result<V::Value, D::Error> {
        self.0.visit_newtype_struct(Objects(reader))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<V::Value, A::Error> {
        self.0.visit_seq(Objects(seq))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(Objects(map))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, variant: A) -> Result<V::Value, A::Error> {
        self.0.visit_enum(Objects(variant))
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Objects<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<S::Value, D::Error> {
        self.0.deserialize(Objects(reader))
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Objects<A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.0.next_element_seed(Objects(seed))
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Objects<A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.0.next_key_seed(seed)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.0.next_value_seed(Objects(seed))
    }
}

impl<'de, A: EnumAccess<'de>> EnumAccess<'de> for Objects<A> {
    type Error = A::Error;
    type Variant = Objects<A::Variant>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self::Variant), A::Error> {
        let (value, variant) = self.0.variant_seed(seed)?;
        Ok((value, Objects(variant)))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Objects<A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.0.unit_variant()
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        self.0.newtype_variant_seed(Objects(seed))
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, A::Error> {
        self.0.tuple_variant(len, Objects(visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        self.0.struct_variant(fields, Objects(visitor))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Inner {
        a: Option<u8>,
        b: String,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Choice {
        Plain,
        With(Inner),
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Outer {
        one: Inner,
        many: Vec<Inner>,
        maybe: Option<Inner>,
        figure: f64,
        choice: Choice,
        pair: (u8, bool),
    }

    fn outer(one: &str, many: &str, maybe: &str, choice: &str) -> String {
        format!(
            r#"{{"one":{one},"many":[{many}],"maybe":{maybe},"figure":2,"choice":{choice},"pair":[1,true]}}"#
        )
    }

    const INNER: &str = r#"{"a":null,"b":"é\n"}"#;
    const LIST: &str = r#"[null,"x"]"#;

    #[test]
    fn everything_is_read_as_serde_reads_it() {
        for choice in [r#""plain""#, &format!(r#"{{"with":{INNER}}}"#)] {
            let text = outer(INNER, INNER, INNER, choice);
            let read: Outer = from_slice(text.as_bytes()).unwrap();
            assert_eq!(read, serde_json::from_str(&text).unwrap());
        }
        let text = outer(INNER, "", "null", r#""plain""#);
        assert_eq!(from_slice::<Outer>(text.as_bytes()).unwrap().maybe, None);
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(tag = "kind", rename_all = "snake_case")]
    enum Tagged {
        First,
    }

    #[test]
    fn a_number_names_no_variant() {
        let numbered = br#"[{"kind":0}]"#;
        assert!(from_slice::<Vec<Tagged>>(numbered).is_err());
        assert_eq!(from_slice::<Vec<Tagged>>(br#"[{"kind":"first"}]"#).unwrap(), [Tagged::First]);
    }

    /// In the bodies of this crate that have variants within variants: neither a number for a variant's name nor an array
    /// for a structure, however deep.
    #[test]
    fn variants_within_variants_are_read_as_strictly() {
        use crate::request::GovernanceAction;
        let fees = r#"{"building":1,"cabin":2,"substation":3,"region":4}"#;
        let charge = |what: &str, fees: &str| {
            format!(
                r#"{{"kind":"energy","what":{{"what":{what},"retail":5,"feed_in":1,"fees":{fees},"from_slot":9}}}}"#
            )
        };
        let share = |what: &str, rule: &str, factor: &str, weight: &str| {
            format!(
                r#"{{"kind":"energy","what":{{"what":{what},"from_slot":9,"rule":{{"rule":{rule},"factor":{factor},"weights":[{weight}]}}}}}}"#
            )
        };
        let settle =
            |desk: &str| format!(r#"{{"kind":"energy","what":{{"what":"settle","desks":[{desk}]}}}}"#);
        let (half, weight) = (r#"{"num":1,"den":2}"#, r#"{"member":"ab","weight":3}"#);
        let (fixed, desk) = (r#""static_fixed""#, r#"{"authority":"ab","operator":"x"}"#);
        for good in [charge(r#""charge""#, fees), share(r#""share""#, fixed, half, weight), settle(desk)] {
            from_slice::<GovernanceAction>(good.as_bytes()).unwrap_or_else(|error| panic!("{good}: {error}"));
        }
        for bad in [
            charge("1", fees),
            charge(r#""charge""#, "[1,2,3,4]"),
            share("0", fixed, half, weight),
            share(r#""share""#, "3", half, weight),
            share(r#""share""#, fixed, "[1,2]", weight),
            share(r#""share""#, fixed, half, r#"["ab",3]"#),
            settle(r#"["ab","x"]"#),
            charge(r#""charge""#, fees).replace(r#""energy""#, "6"),
        ] {
            assert!(from_slice::<GovernanceAction>(bad.as_bytes()).is_err(), "taken: {bad}");
        }
    }

    #[test]
    fn an_array_is_no_structure_at_any_depth() {
        let plain = r#""plain""#;
        for text in [
            outer(LIST, "", "null", plain),
            outer(INNER, LIST, "null", plain),
            outer(INNER, "", LIST, plain),
            outer(INNER, "", "null", &format!(r#"{{"with":{LIST}}}"#)),
        ] {
            serde_json::from_str::<Outer>(&text).expect("serde takes it");
            let error = from_slice::<Outer>(text.as_bytes()).unwrap_err();
            assert!(error.to_string().contains("sequence"), "{error}");
        }
        assert!(from_slice::<Inner>(LIST.as_bytes()).is_err());
        assert!(from_slice::<Inner>(format!("{INNER} 1").as_bytes()).is_err(), "nothing behind it");
    }
}
