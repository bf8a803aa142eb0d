//! Identifiers (of customers, of orders) to dense numbers.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

/// An identifier as a source gives it.
///
/// A text that is the plain decimal form of an integer is that integer: `123` in a CSV file and the number 123 in a
/// Parquet file are one customer, while `0123` and `+123` stay texts of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identifier<'a> {
    /// An integer.
    Integer(i64),
    /// Any other text.
    Text(&'a str),
}

impl<'a> Identifier<'a> {
    /// Reads a text identifier in its canonical form.
    pub fn parse(text: &'a str) -> Self {
        canonical_integer(text).map_or(Self::Text(text), Self::Integer)
    }
}

impl std::fmt::Display for Identifier<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Integer(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

fn canonical_integer(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = match digits.as_bytes() {
        [b'0'] => text.len() == 1,
        [b'1'..=b'9', rest @ ..] => digits.len() <= 19 && rest.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    if plain { text.parse().ok() } else { None }
}

/// Identifiers, each with a dense number in order of first appearance.
#[derive(Debug, Default)]
pub struct Identifiers {
    keys: Vec<Key>,
    text: String,
    table: HashTable<u32>,
    hasher: FixedState,
}

/// A stored identifier: an integer, or a range of the text arena.
#[derive(Debug, Clone, Copy)]
enum Key {
    Integer(i64),
    Text { start: u64, len: u32 },
}

impl Identifiers {
    /// Counts the identifiers.
    pub const fn len(&self) -> usize {
        self.keys.len()
    }

    /// Tells whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Gives the identifier behind a number.
    ///
    /// # Panics
    /// Where the number was not given out by [`Identifiers::intern`].
    pub fn identifier(&self, customer: u32) -> Identifier<'_> {
        resolve(&self.text, self.keys[customer as usize])
    }

    /// Gives the number of an identifier, taking the next free one when it is new.
    ///
    /// # Errors
    /// Fails past 4,294,967,295 identifiers.
    pub fn intern(&mut self, identifier: Identifier<'_>) -> Result<u32, TooManyIdentifiers> {
        let hash = hash(&self.hasher, identifier);
        let Self { keys, text, table, hasher } = self;
        let same = |&number: &u32| resolve(text, keys[number as usize]) == identifier;
        if let Some(&number) = table.find(hash, same) {
            return Ok(number);
        }
        let number = u32::try_from(keys.len()).ok().filter(|&number| number != u32::MAX).ok_or(TooManyIdentifiers)?;
        keys.push(match identifier {
            Identifier::Integer(integer) => Key::Integer(integer),
            Identifier::Text(new) => {
                let key = Key::Text { start: text.len() as u64, len: u32::try_from(new.len()).unwrap_or(u32::MAX) };
                text.push_str(new);
                key
            }
        });
        table.insert_unique(hash, number, |&other| self::hash(hasher, resolve(text, keys[other as usize])));
        Ok(number)
    }

    /// Finds the number of an identifier that is known already.
    pub fn find(&self, identifier: Identifier<'_>) -> Option<u32> {
        let same = |&number: &u32| resolve(&self.text, self.keys[number as usize]) == identifier;
        self.table.find(hash(&self.hasher, identifier), same).copied()
    }
}

fn hash(hasher: &FixedState, identifier: Identifier<'_>) -> u64 {
    match identifier {
        Identifier::Integer(integer) => hasher.hash_one(integer),
        Identifier::Text(text) => hasher.hash_one(text),
    }
}

fn resolve(text: &str, key: Key) -> Identifier<'_> {
    match key {
        Key::Integer(integer) => Identifier::Integer(integer),
        Key::Text { start, len } => {
            let start = usize::try_from(start).unwrap_or(usize::MAX);
            Identifier::Text(&text[start..start + len as usize])
        }
    }
}

/// There are more identifiers than a 32-bit number can count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("more than 4,294,967,295 identifiers")]
pub struct TooManyIdentifiers;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_and_their_plain_texts_are_one_customer() {
        let mut customers = Identifiers::default();
        let number = customers.intern(Identifier::Integer(123));
        assert_eq!(customers.intern(Identifier::parse("123")), number);
        for other in ["0123", "+123", "123 ", "12-3", "-0", "99999999999999999999"] {
            assert_eq!(Identifier::parse(other), Identifier::Text(other));
            assert_ne!(customers.intern(Identifier::parse(other)), number, "{other}");
        }
        assert_eq!(customers.find(Identifier::parse("-0")), Some(5));
        assert_eq!(customers.identifier(2).to_string(), "+123");
    }

    proptest! {
        #[test]
        fn every_identifier_gets_one_number(names in proptest::collection::vec("[a-c0-1]{0,3}", 0..200)) {
            let mut customers = Identifiers::default();
            let numbers: Vec<_> = names.iter().map(|name| customers.intern(Identifier::parse(name))).collect();
            for (name, number) in names.iter().zip(numbers) {
                prop_assert_eq!(customers.intern(Identifier::parse(name)), number);
                prop_assert_eq!(customers.identifier(number.unwrap_or(0)).to_string(), name.clone());
            }
            let distinct: std::collections::BTreeSet<_> = names.iter().collect();
            prop_assert_eq!(customers.len(), distinct.len());
        }
    }
}
