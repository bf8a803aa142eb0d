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

impl Identifier<'_> {
    /// Gives a number that stands for the identifier where it is only ever compared: a hash of 58 bits.
    pub(crate) fn key(&self) -> i64 {
        let hasher = FixedState::default();
        let hash = match self {
            Self::Integer(integer) => hasher.hash_one(integer),
            Self::Text(text) => hasher.hash_one(text),
        };
        (hash >> 6) as i64
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
    texts: HashTable<u32>,
    integers: Integers,
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
    pub fn identifier(&self, number: u32) -> Identifier<'_> {
        resolve(&self.text, self.keys[number as usize])
    }

    /// Gives the number of an identifier, taking the next free one when it is new.
    ///
    /// # Errors
    /// Fails past 4,294,967,294 identifiers.
    pub fn intern(&mut self, identifier: Identifier<'_>) -> Result<u32, TooManyIdentifiers> {
        if let Some(number) = self.find(identifier) {
            return Ok(number);
        }
        let number = u32::try_from(self.keys.len()).ok().filter(|&number| number != NONE).ok_or(TooManyIdentifiers)?;
        match identifier {
            Identifier::Integer(integer) => {
                self.keys.push(Key::Integer(integer));
                self.integers.insert(integer, number);
            }
            Identifier::Text(new) => {
                let len = u32::try_from(new.len()).map_err(|_| TooManyIdentifiers)?;
                self.keys.push(Key::Text { start: self.text.len() as u64, len });
                self.text.push_str(new);
                let Self { keys, text, texts, hasher, .. } = self;
                let hash_of = |&other: &u32| match resolve(text, keys[other as usize]) {
                    Identifier::Text(text) => hasher.hash_one(text),
                    Identifier::Integer(integer) => hasher.hash_one(integer),
                };
                texts.insert_unique(hasher.hash_one(new), number, hash_of);
            }
        }
        Ok(number)
    }

    /// Finds the numbers of many integers at once; `missing` stands for those that are not known.
    ///
    /// A loop of nothing but look-ups lets the processor wait for many of them at a time.
    pub(crate) fn find_integers(&self, integers: impl Iterator<Item = i64>, missing: i64, out: &mut Vec<i64>) {
        let Integers::Places { base, places, .. } = &self.integers else {
            out.extend(integers.map(|integer| self.integers.find(integer).map_or(missing, i64::from)));
            return;
        };
        out.extend(integers.map(|integer| {
            let place = integer.checked_sub(*base).and_then(|place| usize::try_from(place).ok());
            match place.and_then(|place| places.get(place)) {
                Some(&number) if number != NONE => i64::from(number),
                _ => missing,
            }
        }));
    }

    /// Finds the number of an identifier that is known already.
    #[inline]
    pub fn find(&self, identifier: Identifier<'_>) -> Option<u32> {
        match identifier {
            Identifier::Integer(integer) => self.integers.find(integer),
            Identifier::Text(text) => {
                let same = |&number: &u32| resolve(&self.text, self.keys[number as usize]) == identifier;
                self.texts.find(self.hasher.hash_one(text), same).copied()
            }
        }
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

/// Marks an integer of a page that has no number.
const NONE: u32 = u32::MAX;

/// Numbers of integer identifiers.
///
/// A database hands out integers without large gaps, so their numbers are kept in one array from the least to the greatest, 4 bytes each,
/// where a hash table would miss the processor's cache at every order. Where most places would stay empty, a hash table it is.
#[derive(Debug)]
enum Integers {
    /// Numbers from `base` on.
    Places {
        base: i64,
        places: Vec<u32>,
        held: usize,
    },
    Table {
        table: HashTable<(i64, u32)>,
        hasher: FixedState,
    },
}

impl Default for Integers {
    fn default() -> Self {
        Self::Places { base: 0, places: Vec::new(), held: 0 }
    }
}

/// Places for each identifier, and altogether, that may stay empty before the array is given up.
const WASTE: u64 = 16;
const SPARE: u64 = 1 << 18;

impl Integers {
    #[inline]
    fn find(&self, integer: i64) -> Option<u32> {
        match self {
            Self::Places { base, places, .. } => {
                let place = usize::try_from(integer.checked_sub(*base)?).ok()?;
                places.get(place).copied().filter(|&number| number != NONE)
            }
            Self::Table { table, hasher } => {
                table.find(hasher.hash_one(integer), |(known, _)| *known == integer).map(|(_, number)| *number)
            }
        }
    }

    fn insert(&mut self, integer: i64, number: u32) {
        if let Self::Places { base, places, held } = self {
            if places.is_empty() {
                *base = integer;
            }
            let (first, last) = (integer.min(*base), integer.max(*base + (places.len() as i64 - 1).max(0)));
            let span = last.abs_diff(first) + 1;
            if span <= WASTE * (*held as u64 + 1) + SPARE {
                if integer < *base {
                    // Room for as many again below, so that descending identifiers do not move the array each time.
                    let low = first.saturating_sub(places.len() as i64);
                    let shift = usize::try_from(base.abs_diff(low)).unwrap_or(0);
                    places.splice(0..0, std::iter::repeat_n(NONE, shift));
                    *base = low;
                }
                let place = usize::try_from(integer.abs_diff(*base)).unwrap_or(0);
                if place >= places.len() {
                    places.resize(place + 1, NONE);
                }
                places[place] = number;
                *held += 1;
                return;
            }
            self.give_up_places();
        }
        if let Self::Table { table, hasher } = self {
            table.insert_unique(hasher.hash_one(integer), (integer, number), |(known, _)| hasher.hash_one(known));
        }
    }

    fn give_up_places(&mut self) {
        let hasher = FixedState::default();
        let mut table = HashTable::new();
        if let Self::Places { base, places, .. } = self {
            for (integer, &number) in (*base..).zip(places.iter()).filter(|(_, number)| **number != NONE) {
                table.insert_unique(hasher.hash_one(integer), (integer, number), |(known, _): &(i64, u32)| {
                    hasher.hash_one(known)
                });
            }
        }
        *self = Self::Table { table, hasher };
    }
}

/// There are more identifiers than a 32-bit number can count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("more than 4,294,967,294 identifiers")]
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

    #[test]
    fn scattered_integers_are_found_as_well_as_neighbours() {
        let mut identifiers = Identifiers::default();
        // Up, down, then all over the place.
        let near = (10..600).chain((-900..10).rev());
        let far = (1..600_i64).map(|n| n.wrapping_mul(0x1E37_79B9_7F4A_7C15));
        let integers: Vec<i64> = near.chain(far).collect();
        for (expected, &integer) in (0_u32..).zip(&integers) {
            assert_eq!(identifiers.intern(Identifier::Integer(integer)), Ok(expected));
        }
        assert!(matches!(identifiers.integers, Integers::Table { .. }));
        for (expected, &integer) in (0_u32..).zip(&integers) {
            assert_eq!(identifiers.find(Identifier::Integer(integer)), Some(expected));
        }
        assert_eq!(identifiers.find(Identifier::Integer(100_000)), None);
        // The two ends of the range are not neighbours.
        let mut ends = Identifiers::default();
        assert_eq!(ends.intern(Identifier::Integer(i64::MAX - 3)), Ok(0));
        assert_eq!(ends.intern(Identifier::Integer(i64::MAX)), Ok(1));
        let mut found = Vec::new();
        ends.find_integers([i64::MIN, i64::MAX, i64::MIN + 2].into_iter(), -1, &mut found);
        assert_eq!(found, [-1, 1, -1]);
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
