//! Row identifiers met so far, to find duplicates.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use crate::parse::identifiers::Identifier;

/// A set of row identifiers.
///
/// Exports are mostly in the order of their identifiers. While integer identifiers only grow, they are kept as runs of neighbours,
/// where a look-up is rarely needed at all; what arrives out of order goes into a hash table. Texts are kept as 64-bit hashes:
/// among 100 million of them, the chance that any two different ones are taken for duplicates is 1 in 3,700.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// First and last of each run, ascending.
    runs: Vec<(i64, i64)>,
    integers: HashTable<i64>,
    texts: HashTable<u64>,
    hasher: FixedState,
}

impl Seen {
    /// Adds an identifier; false where it was there already.
    pub(crate) fn insert(&mut self, identifier: Identifier<'_>) -> bool {
        match identifier {
            Identifier::Integer(number) => self.insert_integer(number),
            Identifier::Text(text) => {
                let hash = self.hasher.hash_one(text);
                let vacant = self.texts.find(hash, |&other| other == hash).is_none();
                if vacant {
                    self.texts.insert_unique(hash, hash, |&other| other);
                }
                vacant
            }
        }
    }

    fn insert_integer(&mut self, number: i64) -> bool {
        match self.runs.last_mut() {
            // A number in the hash table is smaller than the last of the runs.
            None => {
                self.runs.push((number, number));
                return true;
            }
            Some((_, last)) if number > *last => {
                if number - 1 == *last {
                    *last = number;
                } else {
                    self.runs.push((number, number));
                }
                return true;
            }
            Some(_) => {}
        }
        let run = self.runs.partition_point(|(first, _)| *first <= number);
        if run > 0 && number <= self.runs[run - 1].1 {
            return false;
        }
        let hash = self.hasher.hash_one(number);
        let vacant = self.integers.find(hash, |&other| other == number).is_none();
        if vacant {
            let hasher = &self.hasher;
            self.integers.insert_unique(hash, number, |&other| hasher.hash_one(other));
        }
        vacant
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn behaves_like_a_set(names in proptest::collection::vec("[ab]?-?[0-9]{1,2}", 0..300)) {
            let mut seen = Seen::default();
            let mut set = BTreeSet::new();
            for name in &names {
                prop_assert_eq!(seen.insert(Identifier::parse(name)), set.insert(name));
            }
        }
    }
}
