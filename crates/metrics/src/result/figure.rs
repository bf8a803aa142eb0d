//! Figures: the typed results of a run. Every report is a function of them alone.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::declare::Unit;
use crate::result::TargetReading;
use tallybook_stats::{Difference, Estimate, Method, Outcome, Undefined};

/// One value with everything that is needed to show and to judge it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// Identifier of the metric.
    pub metric: String,
    /// Which of the metric's measures: `value` is the headline.
    pub measure: String,
    /// Label of the period.
    pub period: String,
    /// First day of the period.
    pub from: NaiveDate,
    /// Last day of the period.
    pub last: NaiveDate,
    /// The segment; the total has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment: Option<Segment>,
    /// The cell of a cohort table; other figures have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cohort: Option<CohortCell>,
    /// What the value is.
    pub unit: Unit,
    /// The value and its judgement.
    #[serde(flatten)]
    pub reading: Reading,
    /// Comparisons with other periods.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// What it should be, where a target says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<TargetReading>,
}

/// A value of a dimension.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Segment {
    /// The dimension.
    pub dimension: String,
    /// Its value.
    pub value: String,
}

/// Where a figure stands in a cohort table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CohortCell {
    /// Label of the cohort's period; `total` for the size-weighted total over mature cells.
    pub cohort: String,
    /// Customers in the cohort; in all cohorts for the total.
    pub size: u64,
    /// Whether the cohort's period is over.
    pub complete: bool,
    /// Position of the age.
    pub age: usize,
    /// Name of the age, such as `month 3`.
    pub age_name: String,
}

/// Label of the total row of a cohort table.
pub const COHORT_TOTAL: &str = "total";

/// A value, what it rests on, its 95% interval and its state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// The value in base units: minor units of money, fractions of one.
    pub value: Option<f64>,
    /// The same as an exact integer, for sums and counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exact: Option<i64>,
    /// Successes of a proportion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub k: Option<u64>,
    /// What the value rests on: orders, customers.
    pub n: Option<u64>,
    /// Lower end of the interval.
    pub low: Option<f64>,
    /// Upper end of the interval.
    pub high: Option<f64>,
    /// How the interval was computed.
    pub method: Option<Method>,
    /// Whether the value can be used.
    pub state: State,
    /// Why it cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Whether a value can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It stands.
    Final,
    /// The time in which it can be observed is not over.
    Immature,
    /// It rests on too few to be shown.
    Suppressed,
    /// There is none.
    Undefined,
}

impl State {
    /// Names the state.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Final => "final",
            Self::Immature => "immature",
            Self::Suppressed => "suppressed",
            Self::Undefined => "undefined",
        }
    }
}

/// What a figure is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Against {
    /// The period before.
    Previous,
    /// The period a year before.
    YearBefore,
}

/// A comparison with another period.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// With what.
    pub against: Against,
    /// Label of the other period; nothing where there is no such period.
    pub period: Option<String>,
    /// The value then.
    pub base: Option<f64>,
    /// Now minus then.
    pub absolute: Option<f64>,
    /// That over the size of then.
    pub relative: Option<f64>,
    /// Lower end of the 95% interval of the difference.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
    /// How the interval was computed.
    pub method: Option<Method>,
    /// Why there is no comparison.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Reading {
    /// Turns an outcome into a reading; averages and shares of fewer than `min_n` are suppressed.
    pub fn new(outcome: &Outcome, min_n: u64) -> Self {
        match outcome {
            Err(Undefined::Because(reason)) => Self::without(State::Undefined, reason.clone(), None),
            Err(Undefined::Immature(reason)) => Self::without(State::Immature, reason.clone(), None),
            Err(Undefined::TooFew { n, least }) => {
                Self::without(State::Suppressed, format!("n = {n} is below {least}"), Some(*n))
            }
            Ok(estimate) if estimate.needs_least_n() && estimate.n() < min_n => {
                let n = estimate.n();
                Self::without(State::Suppressed, format!("n = {n} is below {min_n}"), Some(n))
            }
            Ok(estimate) => match estimate.value() {
                None => Self::without(State::Undefined, "the denominator is zero".to_owned(), Some(estimate.n())),
                Some(value) => Self::of(value, estimate),
            },
        }
    }

    fn of(value: f64, estimate: &Estimate) -> Self {
        let interval = estimate.interval();
        Self {
            value: Some(value),
            exact: estimate.exact(),
            k: estimate.successes(),
            n: Some(estimate.n()),
            low: interval.map(|(interval, _)| interval.low),
            high: interval.map(|(interval, _)| interval.high),
            method: interval.map(|(_, method)| method),
            state: State::Final,
            reason: None,
        }
    }

    const fn without(state: State, reason: String, n: Option<u64>) -> Self {
        Self { value: None, exact: None, k: None, n, low: None, high: None, method: None, state, reason: Some(reason) }
    }
}

impl Change {
    /// Compares two outcomes; a side that is not shown cannot be compared.
    pub fn new(against: Against, period: Option<String>, now: &Outcome, then: &Outcome, min_n: u64) -> Self {
        let (shown, base) = (Reading::new(now, min_n), Reading::new(then, min_n));
        let empty = Self {
            against,
            period,
            base: base.value,
            absolute: None,
            relative: None,
            low: None,
            high: None,
            method: None,
            reason: None,
        };
        if let Some(reason) = shown.reason.or(base.reason) {
            return Self { reason: Some(reason), ..empty };
        }
        let difference = match (now, then) {
            (Ok(now), Ok(then)) => now.difference(then),
            _ => None,
        };
        let Some(Difference { absolute, relative, interval }) = difference else { return empty };
        Self {
            absolute: Some(absolute),
            relative,
            low: interval.map(|(interval, _)| interval.low),
            high: interval.map(|(interval, _)| interval.high),
            method: interval.map(|(_, method)| method),
            ..empty
        }
    }

    /// Tells whether the interval of the difference leaves out zero.
    pub fn is_significant(&self) -> bool {
        matches!((self.low, self.high), (Some(low), Some(high)) if low > 0.0 || high < 0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states() {
        let small = Reading::new(&Ok(Estimate::Proportion { k: 3, n: 9 }), 10);
        assert_eq!((small.state, small.value, small.k, small.n), (State::Suppressed, None, None, Some(9)));
        assert_eq!(small.reason.as_deref(), Some("n = 9 is below 10"));
        let count = Reading::new(&Ok(Estimate::Count(3)), 10);
        assert_eq!((count.state, count.exact), (State::Final, Some(3)));
        let zero = Reading::new(&Ok(Estimate::Proportion { k: 0, n: 0 }), 0);
        assert_eq!((zero.state, zero.value), (State::Undefined, None));
    }

    #[test]
    fn a_suppressed_side_gives_no_change() {
        let (big, small) = (Ok(Estimate::Proportion { k: 30, n: 90 }), Ok(Estimate::Proportion { k: 3, n: 9 }));
        let change = Change::new(Against::Previous, Some("2026-W45".into()), &big, &small, 10);
        assert_eq!((change.absolute, change.base), (None, None));
        assert_eq!(change.reason.as_deref(), Some("n = 9 is below 10"));
    }
}
