//! A list that knows its maximum: the decoder stops at the first item too many and never reserves by a claimed
//! length.

use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::marker::PhantomData;

use crate::error::Invalid;

/// At most `MAX` items.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Bounded<T, const MAX: usize>(Vec<T>);

impl<T, const MAX: usize> Default for Bounded<T, MAX> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T, const MAX: usize> Bounded<T, MAX> {
    /// Wraps the items; refuses more than `MAX`.
    pub fn new(items: Vec<T>) -> Result<Self, Invalid> {
        if items.len() > MAX {
            return Err(Invalid::Count { field: "items", min: 0, max: MAX, found: items.len() });
        }
        Ok(Self(items))
    }

    /// The items.
    pub fn as_slice(&self) -> &[T] {
        &self.0
    }

    /// Takes the items out.
    pub fn into_vec(self) -> Vec<T> {
        self.0
    }
}

impl<T, const MAX: usize> std::ops::Deref for Bounded<T, MAX> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<'a, T, const MAX: usize> IntoIterator for &'a Bounded<T, MAX> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<T: Serialize, const MAX: usize> Serialize for Bounded<T, MAX> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>, const MAX: usize> Deserialize<'de> for Bounded<T, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ListVisitor::<T, MAX>(PhantomData)).map(Self)
    }
}

/// Reads a plain list of at most `MAX` items in the same way, for fields that are checked elsewhere:
/// `#[serde(deserialize_with = "protocol::bounded::list::<_, _, 8>")]`. A derived one reserves up to 1 MiB for what a
/// few bytes claim.
pub fn list<'de, D, T, const MAX: usize>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Bounded::<T, MAX>::deserialize(deserializer).map(Bounded::into_vec)
}

/// The same for a list of lists, of at most `INNER` items each.
pub fn lists<'de, D, T, const MAX: usize, const INNER: usize>(
    deserializer: D,
) -> Result<Vec<Vec<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let lists = Bounded::<Bounded<T, INNER>, MAX>::deserialize(deserializer)?;
    Ok(lists.into_vec().into_iter().map(Bounded::into_vec).collect())
}

struct ListVisitor<T, const MAX: usize>(PhantomData<T>);

impl<'de, T: Deserialize<'de>, const MAX: usize> Visitor<'de> for ListVisitor<T, MAX> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list of at most {MAX} items")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<T>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            if items.len() == MAX {
                return Err(A::Error::custom(format_args!("more than {MAX} items")));
            }
            items.push(item);
        }
        Ok(items)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{decode, encode};

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Plain(
        #[serde(deserialize_with = "list::<_, _, 2>")] Vec<u8>,
        #[serde(deserialize_with = "lists::<_, _, 2, 1>")] Vec<Vec<u8>>,
    );

    #[test]
    fn plain_lists_end_where_they_must() {
        let border = Plain(vec![1, 2], vec![vec![3], vec![]]);
        assert_eq!(decode::<Plain>(&encode(&border), 99), Ok(border));
        for beyond in [
            Plain(vec![1, 2, 3], vec![]),
            Plain(vec![], vec![vec![], vec![], vec![]]),
            Plain(vec![], vec![vec![4, 5]]),
        ] {
            assert!(decode::<Plain>(&encode(&beyond), 99).is_err(), "{beyond:?}");
        }
    }

    #[test]
    fn what_is_no_list_is_refused() {
        assert!(decode::<Bounded<u8, 4>>(&encode(&7u8), 99).is_err());
        assert!(Bounded::<u8, 1>::new(vec![1, 2]).is_err());
        assert_eq!(Bounded::<u8, 1>::default().as_slice(), [0u8; 0]);
        assert_eq!((&Bounded::<u8, 2>::new(vec![1, 2]).unwrap()).into_iter().sum::<u8>(), 3);
    }
}
