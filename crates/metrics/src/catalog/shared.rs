//! Work that several metrics share: money by the pipeline's policy, and views of cohorts.

use serde::Deserialize;
use serde::de::{self, Deserializer};
use tallybook_ingest::TableKind;

use crate::calendar::Grain;
use crate::estimate::{Estimate, Moments, Outcome, Undefined};
use crate::exhibit::counted;
use crate::folds::cohorts::{Ages, CohortGrain, CohortStart, Cohorts};
use crate::metric::{Cell, CohortRow, CohortTable, Requests, Results, Unit};
use crate::reduction::{Clock, Reduction};
use crate::revenue::OrderValue;
use crate::stats::Interval;

/// The worth of orders on the day they are placed.
pub(super) fn placed() -> Reduction {
    Reduction { terms: vec![(OrderValue::PLACED, 1)], ..Reduction::rows(TableKind::Orders, Clock::OrderedAt) }
}

/// Refunds on the day they are made, where the policy counts them then.
pub(super) fn refunds(value: &OrderValue) -> Option<Reduction> {
    let made = || Reduction {
        terms: vec![("refund_amount", 1)],
        nonzero: true,
        ..Reduction::rows(TableKind::Orders, Clock::RefundedAt)
    };
    value.refunds_apart.then(made)
}

/// Asks for revenue by the pipeline's policy.
pub(super) fn request_revenue(requests: &mut Requests<'_>) {
    requests.reduction(placed());
    if let Some(refunds) = refunds(requests.value) {
        requests.reduction(refunds);
    }
}

/// Reads revenue: the worth of the orders placed, less the refunds made.
pub(super) fn revenue(results: &Results, window: &crate::calendar::Window, segment: usize) -> Moments {
    let mut revenue = results.sums(&placed(), window, segment);
    if let Some(refunds) = refunds(&results.value) {
        let refunded = results.sums(&refunds, window, segment);
        revenue.sum -= refunded.sum;
        revenue.squares += refunded.squares;
    }
    revenue
}

/// A share that must lie in 0 < x <= 1, such as a gross margin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Fraction(pub(super) f64);

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
pub(super) fn days(count: DayCount) -> String {
    counted(f64::from(count.0), "day")
}

/// What a customer's life is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum LifeBasis {
    /// Purchases, which end unseen.
    #[default]
    Purchases,
    /// Subscriptions, from the beginning of one to its end.
    Contracts,
}

/// One less a ratio: churn from retention.
pub(super) fn complement(retention: Outcome) -> Outcome {
    retention.map(|estimate| match estimate {
        Estimate::Ratio { ratio, variance, n } => Estimate::Ratio { ratio: 1.0 - ratio, variance, n },
        Estimate::WeightedShare { share, n, effective } => Estimate::WeightedShare { share: 1.0 - share, n, effective },
        Estimate::Bounded { value, interval, n, method } => Estimate::Bounded {
            value: 1.0 - value,
            interval: Interval { low: 1.0 - interval.high, high: 1.0 - interval.low },
            n,
            method,
        },
        other => other,
    })
}

/// A rate a year: 0 to 10.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rate(pub(super) f64);

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
pub(super) struct Draws(pub(super) u32);

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

/// A number of days of at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DayCount(pub(super) u32);

impl<'de> Deserialize<'de> for DayCount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let days = u32::deserialize(deserializer)?;
        if (1..=3660).contains(&days) {
            return Ok(Self(days));
        }
        Err(de::Error::custom(format!("{days} days is not between 1 and 3660")))
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

/// How a metric looks at cohorts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CohortView {
    pub(super) grain: CohortGrain,
    pub(super) start: CohortStart,
    pub(super) ages: Ages,
    /// Whether a customer counts as active at an age when they are active then or later.
    pub(super) unbounded: bool,
    /// Ages shown at the most.
    pub(super) shown: usize,
}

/// A cohort and an age of it, with the counts behind a cell.
pub(super) struct CohortCell<'a> {
    pub(super) cohorts: &'a Cohorts,
    pub(super) cohort: usize,
    pub(super) age: usize,
    pub(super) segment: usize,
    pub(super) active: u64,
    pub(super) size: u64,
}

impl CohortView {
    /// Cut-offs are the same for all metrics of a run, so whether there are any is enough to tell folds apart.
    fn key(&self) -> String {
        Cohorts::key(self.grain, self.start, &self.ages, self.shown, self.unbounded)
    }

    /// Cut-offs are needed only where later activity counts for earlier ages.
    fn cutoffs(&self, ends: impl Iterator<Item = i64>) -> Vec<i64> {
        let mut cutoffs: Vec<i64> = if self.unbounded { ends.collect() } else { Vec::new() };
        cutoffs.sort_unstable();
        cutoffs.dedup();
        cutoffs
    }

    pub(super) fn request(&self, requests: &mut Requests<'_>) {
        let cutoffs = self.cutoffs(requests.wanted.iter().map(|wanted| wanted.window.end));
        let view = self.clone();
        requests.fold(&self.key(), move |context| {
            Box::new(Cohorts::new(
                &context.calendar,
                view.grain,
                view.start,
                view.ages,
                view.shown,
                context.span,
                cutoffs,
                context.segments,
            ))
        });
    }

    fn fold<'a>(&self, results: &'a Results) -> Option<&'a Cohorts> {
        results.fold(&self.key())
    }

    /// Computes a table as of the end of a window; `read` turns the counts of a mature cell into an outcome.
    pub(super) fn table(
        &self,
        results: &Results,
        cell: &Cell,
        unit: Unit,
        read: impl Fn(&[CohortCell<'_>]) -> Outcome,
    ) -> Option<CohortTable> {
        let cohorts = self.fold(results)?;
        let by = cell.window.to;
        let count = cohorts.periods().iter().filter(|period| period.from < by).count();
        let ages = cohorts.age_count().min(self.shown).min(if self.ages == Ages::Periods { count } else { usize::MAX });
        let at = |cohort, age| self.cell(cohorts, cohort, age, cell);
        let rows: Vec<CohortRow> = (0..count)
            .map(|cohort| CohortRow {
                cohort: cohorts.periods()[cohort].clone(),
                size: cohorts.size(cohort, cell.segment),
                complete: cohorts.periods()[cohort].to <= by,
                cells: (0..ages)
                    .map(|age| match self.mature(cohorts, cohort, age, cell) {
                        Ok(()) => read(&[at(cohort, age)]),
                        Err(undefined) => Err(undefined),
                    })
                    .collect(),
            })
            .filter(|row| row.size > 0)
            .collect();
        let total = (0..ages)
            .map(|age| {
                let mature: Vec<CohortCell<'_>> = (0..count)
                    .filter(|&cohort| self.mature(cohorts, cohort, age, cell).is_ok())
                    .map(|cohort| at(cohort, age))
                    .collect();
                if mature.is_empty() {
                    Err(Undefined::Immature("no cohort is that old yet".into()))
                } else {
                    read(&mature)
                }
            })
            .collect();
        Some(CohortTable { unit, ages: (0..ages).map(|age| self.age_name(age)).collect(), rows, total })
    }

    /// Reads the newest cohort that is mature at an age.
    pub(super) fn newest(
        &self,
        results: &Results,
        age: usize,
        cell: &Cell,
        read: impl Fn(&[CohortCell<'_>]) -> Outcome,
    ) -> Outcome {
        let cohorts = self.fold(results).ok_or_else(|| Undefined::because("no orders"))?;
        if age >= cohorts.age_count() {
            return Err(Undefined::Immature(format!("no cohort has reached {} yet", self.age_name(age))));
        }
        let newest = (0..cohorts.periods().len())
            .rev()
            .find(|&cohort| self.mature(cohorts, cohort, age, cell).is_ok() && cohorts.size(cohort, cell.segment) > 0);
        let cohort =
            newest.ok_or_else(|| Undefined::Immature(format!("no cohort has completed {} yet", self.age_name(age))))?;
        read(&[self.cell(cohorts, cohort, age, cell)])
    }

    /// Reads all cohorts that are mature at an age, together.
    pub(super) fn pooled(
        &self,
        results: &Results,
        age: usize,
        cell: &Cell,
        read: impl Fn(&[CohortCell<'_>]) -> Outcome,
    ) -> Outcome {
        let cohorts = self.fold(results).ok_or_else(|| Undefined::because("no orders"))?;
        let mature: Vec<CohortCell<'_>> = (0..cohorts.periods().len())
            .filter(|&cohort| age < cohorts.age_count() && self.mature(cohorts, cohort, age, cell).is_ok())
            .map(|cohort| self.cell(cohorts, cohort, age, cell))
            .filter(|counts| counts.size > 0)
            .collect();
        if mature.is_empty() {
            return Err(Undefined::Immature(format!("no cohort has completed {} yet", self.age_name(age))));
        }
        read(&mature)
    }

    fn cell<'a>(&self, cohorts: &'a Cohorts, cohort: usize, age: usize, cell: &Cell) -> CohortCell<'a> {
        let active = if self.unbounded {
            cohorts.active_from(cell.window.end, cohort, age, cell.segment)
        } else {
            cohorts.cell(cohort, age, cell.segment).active
        };
        let size = cohorts.size(cohort, cell.segment);
        CohortCell { cohorts, cohort, age, segment: cell.segment, active, size }
    }

    /// Tells whether a cell can be read at the end of a window.
    fn mature(&self, cohorts: &Cohorts, cohort: usize, age: usize, cell: &Cell) -> Result<(), Undefined> {
        if cohorts.is_mature(cohort, age, cell.window.to) {
            return Ok(());
        }
        let name = &cohorts.periods()[cohort].label;
        Err(Undefined::Immature(format!("{} of {name} is not over", self.age_name(age))))
    }

    /// Names an age.
    pub(super) fn age_name(&self, age: usize) -> String {
        match &self.ages {
            Ages::Periods => format!("{} {age}", Grain::from(self.grain).noun()),
            Ages::Days(brackets) => match brackets.get(age) {
                Some((from, to)) if from == to => format!("day {from}"),
                Some((from, to)) => format!("days {from} to {to}"),
                None => format!("age {age}"),
            },
        }
    }

    /// Says in words what a cohort is.
    pub(super) fn describe(&self) -> String {
        let start = match self.start {
            CohortStart::FirstOrder => "first order",
            CohortStart::SignUp => "sign-up",
        };
        let active = if self.unbounded { "active at that age or later" } else { "active at that age" };
        format!("cohorts by {} of {start}, {active}", Grain::from(self.grain).noun())
    }
}

/// Sums customers' cumulative revenue over cells of one age.
pub(super) fn cumulative_revenue(cells: &[CohortCell<'_>]) -> Moments {
    let mut moments = Moments::default();
    for counts in cells {
        moments.n += counts.size;
        let mut squares = 0;
        for age in 0..=counts.age {
            let cell = counts.cohorts.cell(counts.cohort, age, counts.segment);
            moments.sum += cell.revenue;
            squares += cell.squares_step;
        }
        moments.squares += squares.unsigned_abs();
    }
    moments
}

/// The share of customers active, over cells of one age.
pub(super) fn retention(cells: &[CohortCell<'_>]) -> Outcome {
    let (k, n) = cells.iter().fold((0, 0), |(k, n), counts| (k + counts.active, n + counts.size));
    if n == 0 {
        return Err(Undefined::because("no customers in the cohort"));
    }
    Ok(Estimate::Proportion { k, n })
}

/// The share of customers not active, over cells of one age.
pub(super) fn churn(cells: &[CohortCell<'_>]) -> Outcome {
    match retention(cells)? {
        Estimate::Proportion { k, n } => Ok(Estimate::Proportion { k: n - k, n }),
        other => Ok(other),
    }
}

/// Revenue at an age over revenue at age 0, over cells of one age.
pub(super) fn revenue_retention(cells: &[CohortCell<'_>]) -> Outcome {
    let at = |counts: &CohortCell<'_>, age| counts.cohorts.cell(counts.cohort, age, counts.segment).revenue;
    let (now, first) = cells
        .iter()
        .fold((0_i128, 0_i128), |(now, first), counts| (now + at(counts, counts.age), first + at(counts, 0)));
    if first <= 0 {
        return Err(Undefined::because("no revenue at age 0"));
    }
    let n = cells.iter().map(|counts| counts.size).sum();
    Ok(Estimate::Bare { value: now as f64 / first as f64, n })
}
