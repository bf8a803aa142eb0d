//! Finds where something stands in a YAML file.
//!
//! `serde_yaml` keeps no positions in what it reads, but puts one on every error. So the file is read once more, down to the place
//! asked for, where reading fails on purpose; the error then says where that was.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, EnumAccess, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::structure;

/// A step down into a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum YamlStep<'a> {
    /// The value of a key.
    Key(&'a str),
    /// An item of a sequence.
    Item(usize),
}

/// Gives line and column, both from 1.
pub(super) fn locate(text: &str, steps: &[YamlStep<'_>]) -> Option<(usize, usize)> {
    // The text as written, with its variables, may be deeper than the one that was read.
    structure::check(text).ok()?;
    let error = Descend(steps).deserialize(serde_yaml::Deserializer::from_str(text)).err()?;
    let location = error.location().filter(|_| error.to_string().contains(HERE))?;
    Some((location.line(), location.column()))
}

const HERE: &str = "the place looked for";

struct Descend<'a>(&'a [YamlStep<'a>]);

impl<'de> DeserializeSeed<'de> for Descend<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Descend<'_> {
    fn arrive<E: Error>(&self) -> Result<(), E> {
        if self.0.is_empty() { Err(E::custom(HERE)) } else { Ok(()) }
    }
}

impl<'de> Visitor<'de> for Descend<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        self.arrive()
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        self.arrive()
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        self.arrive()
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        self.arrive()
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        self.arrive()
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.arrive()
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Some((YamlStep::Key(wanted), rest)) = self.0.split_first() else { return self.arrive() };
        while let Some(key) = map.next_key::<String>()? {
            if key == *wanted {
                map.next_value_seed(Descend(rest))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Some((YamlStep::Item(wanted), rest)) = self.0.split_first() else { return self.arrive() };
        for _ in 0..*wanted {
            if items.next_element::<IgnoredAny>()?.is_none() {
                return Ok(());
            }
        }
        items.next_element_seed(Descend(rest))?;
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_enum<A: EnumAccess<'de>>(self, _: A) -> Result<(), A::Error> {
        self.arrive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        let text = "sources:\n  orders:\n    columns:\n      amount: Totl\nmetrics:\n  - revenue\n  - aov: {exclude_zero: yes}\n";
        let at = |steps: &[YamlStep<'_>]| locate(text, steps);
        let columns = [YamlStep::Key("sources"), YamlStep::Key("orders"), YamlStep::Key("columns")];
        assert_eq!(at(&[&columns[..], &[YamlStep::Key("amount")]].concat()), Some((4, 15)));
        assert_eq!(at(&[YamlStep::Key("metrics"), YamlStep::Item(1)]), Some((7, 5)));
        assert_eq!(at(&[YamlStep::Key("metrics"), YamlStep::Item(2)]), None);
        assert_eq!(at(&[YamlStep::Key("nothing")]), None);
    }
}
