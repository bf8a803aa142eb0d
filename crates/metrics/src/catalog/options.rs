//! Types of options that several metrics have.

use serde::Deserialize;
use serde::de::{self, Deserializer};

use crate::result::counted;

/// A share that must lie in 0 < x <= 1, such as a gross margin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::catalog) struct Fraction(pub(in crate::catalog) f64);

impl<'de> Deserialize<'de> for Fraction {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = f64::deserialize(deserializer)?;
        if value > 0.0 && value <= 1.0 {
            return Ok(Self(value));
        }
        Err(de::Error::custom(format!("{value} is not a share between 0 and 1, such as 0.6")))
    }
}

impl schemars::JsonSchema for Fraction {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Fraction".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "number", "exclusiveMinimum": 0, "maximum": 1 })
    }
}

/// Writes a number of days: `1 day`, `90 days`.
pub(in crate::catalog) fn days(count: DayCount) -> String {
    counted(f64::from(count.0), "day")
}

/// What a customer's life is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::catalog) enum LifeBasis {
    /// Purchases, which end unseen.
    #[default]
    Purchases,
    /// Subscriptions, from the beginning of one to its end.
    Contracts,
}

/// A rate a year: 0 to 10.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::catalog) struct Rate(pub(in crate::catalog) f64);

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = f64::deserialize(deserializer)?;
        if (0.0..=10.0).contains(&value) {
            return Ok(Self(value));
        }
        Err(de::Error::custom(format!("{value} is not a rate a year, such as 0.1 for 10%")))
    }
}

impl schemars::JsonSchema for Rate {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Rate".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "number", "minimum": 0, "maximum": 10 })
    }
}

/// A number of resamples: none, or as many as give a standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::catalog) struct Draws(pub(in crate::catalog) u32);

impl<'de> Deserialize<'de> for Draws {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let draws = u32::deserialize(deserializer)?;
        if draws == 0 || (20..=2000).contains(&draws) {
            return Ok(Self(draws));
        }
        Err(de::Error::custom(format!("{draws} resamples is neither 0 nor between 20 and 2000")))
    }
}

impl schemars::JsonSchema for Draws {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Draws".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "integer", "minimum": 0, "maximum": 2000 })
    }
}

/// The most ages of a cohort table.
pub(in crate::catalog) const MAX_AGES: u16 = 520;

/// Reads a number of ages of a cohort table, or an age: up to [`MAX_AGES`].
pub(in crate::catalog) fn ages<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    let ages = u16::deserialize(deserializer)?;
    if ages <= MAX_AGES {
        return Ok(ages);
    }
    Err(de::Error::custom(format!("{ages} is more than {MAX_AGES}, the most ages that a table has")))
}

/// Reads a number of days, from none up to a year.
pub(in crate::catalog) fn days_of_a_year<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    let days = u16::deserialize(deserializer)?;
    if days <= 366 {
        return Ok(days);
    }
    Err(de::Error::custom(format!("{days} days is not between 0 and 366")))
}

/// The most days that an option may name: ten years.
pub(in crate::catalog) const MAX_DAYS: u32 = 3660;

/// A number of days of at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::catalog) struct DayCount(pub(in crate::catalog) u32);

impl<'de> Deserialize<'de> for DayCount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let days = u32::deserialize(deserializer)?;
        if (1..=MAX_DAYS).contains(&days) {
            return Ok(Self(days));
        }
        Err(de::Error::custom(format!("{days} days is not between 1 and {MAX_DAYS}")))
    }
}

impl schemars::JsonSchema for DayCount {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "DayCount".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "integer", "minimum": 1, "maximum": 3660 })
    }
}
