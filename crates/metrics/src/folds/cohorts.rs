//! Cohorts of customers by the period in which they came, and what they did at each age.

use std::any::Any;

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Grid, same_kind};
use crate::engine::histories::{CustomerHistory, Fold};
use crate::engine::timeline::Cuts;
use tallybook_calendar::{Calendar, Grain, Period};

/// What makes a customer a member of a cohort.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CohortStart {
    /// The first order.
    #[default]
    FirstOrder,
    /// The sign-up, from the `customers` table.
    SignUp,
}

/// The length of cohort periods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CohortGrain {
    /// Weeks.
    Week,
    /// Calendar months.
    #[default]
    Month,
    /// Calendar quarters.
    Quarter,
}

impl From<CohortGrain> for Grain {
    fn from(grain: CohortGrain) -> Self {
        match grain {
            CohortGrain::Week => Self::Week,
            CohortGrain::Month => Self::Month,
            CohortGrain::Quarter => Self::Quarter,
        }
    }
}

/// How age is measured, and so what activity at an age means.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Ages {
    /// Whole cohort periods since the cohort's: age 0 is the cohort's own period.
    Periods,
    /// Days since the customer's own first day, in brackets of days, both ends included.
    Days(Vec<(u32, u32)>),
}

/// What a cohort did, by age.
///
/// Cells are complete whatever the report's date: a cell that is mature for a report holds the same numbers in every later one. What
/// depends on a report's date is only which cells are mature.
#[derive(Debug)]
pub struct Cohorts {
    periods: Vec<Period>,
    starts: Cuts,
    calendar: Calendar,
    start: CohortStart,
    ages: Ages,
    /// How many ages are kept.
    width: usize,
    /// Sums up to which «active on or after an age» is asked for.
    cutoffs: Vec<i64>,
    /// Customers by cohort.
    sizes: Grid<u64>,
    /// By cohort and age.
    cells: Grid<CohortSums>,
    /// By cut-off, cohort and greatest age at which a customer was active before the cut-off.
    last_active: Grid<u64>,
    /// Of the customer at hand: age, whether an order was placed, money moved.
    own: Vec<(usize, bool, i128)>,
}

/// What the members of a cohort did at one age.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct CohortSums {
    /// Customers who placed an order.
    pub active: u64,
    /// Revenue at that age.
    pub revenue: i128,
    /// How much the sum over customers of the square of their revenue up to an age is greater here than at the age before.
    pub squares_step: i128,
}

impl Cohorts {
    /// The key under which the fold is shared.
    pub fn key(grain: CohortGrain, start: CohortStart, ages: &Ages, width: usize, unbounded: bool) -> String {
        format!("cohorts {grain:?} {start:?} {ages:?} {width} {unbounded}")
    }

    /// Prepares the fold for the cohorts between two days, at the first `width` ages.
    #[allow(clippy::too_many_arguments, reason = "each is a dimension of the table")]
    pub fn new(
        calendar: &Calendar,
        grain: CohortGrain,
        start: CohortStart,
        ages: Ages,
        width: usize,
        span: (NaiveDate, NaiveDate),
        cutoffs: Vec<i64>,
        segments: usize,
    ) -> Self {
        let mut periods = vec![calendar.period_of(grain.into(), span.0)];
        while let Some(last) = periods.last().filter(|last| last.to <= span.1) {
            periods.push(calendar.next(last));
        }
        let mut cuts: Vec<i64> = periods.iter().map(|period| calendar.day_start(period.from)).collect();
        cuts.extend(periods.last().map(|last| calendar.day_start(last.to)));
        let count = periods.len();
        let width = match &ages {
            Ages::Periods => width.min(count),
            Ages::Days(brackets) => brackets.len(),
        };
        Self {
            starts: Cuts::new(cuts),
            calendar: calendar.clone(),
            start,
            sizes: Grid::new(count, segments),
            cells: Grid::new(count * width, segments),
            last_active: Grid::new(cutoffs.len() * count * width, segments),
            cutoffs,
            ages,
            width,
            periods,
            own: Vec::new(),
        }
    }

    /// Gives the cohort periods, oldest first.
    pub fn periods(&self) -> &[Period] {
        &self.periods
    }

    /// Counts the ages.
    pub const fn age_count(&self) -> usize {
        self.width
    }

    /// Counts the customers of a cohort.
    pub fn size(&self, cohort: usize, segment: usize) -> u64 {
        *self.sizes.at(cohort, segment)
    }

    /// Gives what a cohort did at an age.
    pub fn cell(&self, cohort: usize, age: usize, segment: usize) -> CohortSums {
        *self.cells.at(cohort * self.age_count() + age, segment)
    }

    /// Counts the customers of a cohort that were active at an age or later, before a cut-off.
    pub fn active_from(&self, cutoff: i64, cohort: usize, age: usize, segment: usize) -> u64 {
        let Some(position) = self.cutoffs.iter().position(|&known| known == cutoff) else { return 0 };
        let base = (position * self.periods.len() + cohort) * self.age_count();
        (age..self.age_count()).map(|age| *self.last_active.at(base + age, segment)).sum()
    }

    /// Tells whether everything that can happen in a cell has happened by a day (which is not in it any more).
    pub fn is_mature(&self, cohort: usize, age: usize, by: NaiveDate) -> bool {
        match &self.ages {
            Ages::Periods => self.periods.get(cohort + age).is_some_and(|period| period.to <= by),
            // The last day of the bracket of a customer who came on the cohort's last day.
            Ages::Days(brackets) => {
                tallybook_calendar::shift(self.periods[cohort].to, i64::from(brackets[age].1)) <= by
            }
        }
    }

    /// The age of a movement: position among the ages.
    fn age(&self, cohort: usize, began: i64, at: i64) -> Option<usize> {
        match &self.ages {
            Ages::Periods => self.starts.find(at)?.checked_sub(cohort),
            Ages::Days(brackets) => {
                let days = (self.calendar.day_of(at) - self.calendar.day_of(began)).num_days();
                let days = u32::try_from(days).ok()?;
                brackets.iter().position(|&(from, to)| (from..=to).contains(&days))
            }
        }
    }
}

impl Fold for Cohorts {
    fn new_empty(&self) -> Box<dyn Fold> {
        Box::new(Self {
            periods: self.periods.clone(),
            starts: self.starts.clone(),
            calendar: self.calendar.clone(),
            start: self.start,
            ages: self.ages.clone(),
            width: self.width,
            cutoffs: self.cutoffs.clone(),
            sizes: self.sizes.empty_like(),
            cells: self.cells.empty_like(),
            last_active: self.last_active.empty_like(),
            own: Vec::new(),
        })
    }

    fn update(&mut self, history: &CustomerHistory<'_>) {
        let began = match self.start {
            CohortStart::FirstOrder => history.orders.first().map(|order| order.at),
            CohortStart::SignUp => history.signed_up_at,
        };
        let Some((began, cohort)) = began.and_then(|at| Some((at, self.starts.find(at)?))) else { return };
        for &segment in history.segments {
            *self.sizes.at_mut(cohort, segment) += 1;
        }
        let mut own = std::mem::take(&mut self.own);
        own.clear();
        let orders = history.orders.iter().map(|order| (order.at, true, i128::from(order.amount)));
        let refunds = history.refunds.iter().map(|refund| (refund.at, false, -i128::from(refund.amount)));
        for (at, ordered, amount) in orders.chain(refunds) {
            let Some(age) = self.age(cohort, began, at).filter(|age| *age < self.width) else { continue };
            match own.iter_mut().rfind(|(known, ..)| *known == age) {
                Some((_, active, sum)) => (*active, *sum) = (*active || ordered, *sum + amount),
                None => own.push((age, ordered, amount)),
            }
        }
        own.sort_unstable_by_key(|(age, ..)| *age);
        self.add(cohort, history.segments, &own);
        self.add_last_active(cohort, began, history);
        self.own = own;
    }

    fn merge(&mut self, other: &dyn Any) {
        let Some(other) = same_kind::<Self>(other) else { return };
        self.sizes.merge(&other.sizes, |size, part| *size += part);
        self.last_active.merge(&other.last_active, |count, part| *count += part);
        self.cells.merge(&other.cells, |cell, part| {
            cell.active += part.active;
            cell.revenue += part.revenue;
            cell.squares_step += part.squares_step;
        });
    }
}

impl Cohorts {
    /// Adds a customer's movements, by ascending age.
    fn add(&mut self, cohort: usize, segments: &[usize], own: &[(usize, bool, i128)]) {
        let width = self.age_count();
        let (mut cumulative, mut square) = (0_i128, 0_i128);
        for &(age, active, amount) in own {
            cumulative += amount;
            let grown = i128::try_from(cumulative.unsigned_abs().saturating_pow(2)).unwrap_or(i128::MAX / 4);
            for &segment in segments {
                let cell = self.cells.at_mut(cohort * width + age, segment);
                cell.active += u64::from(active);
                cell.revenue += amount;
                cell.squares_step += grown - square;
            }
            square = grown;
        }
    }

    fn add_last_active(&mut self, cohort: usize, began: i64, history: &CustomerHistory<'_>) {
        let width = self.age_count();
        for position in 0..self.cutoffs.len() {
            let seen = history.orders.partition_point(|order| order.at < self.cutoffs[position]);
            let last = history.orders[..seen].iter().rev().find_map(|order| self.age(cohort, began, order.at));
            if let Some(age) = last {
                // Whoever was active at an age past the last one kept was active «then or later» at all of them.
                let row = (position * self.periods.len() + cohort) * width + age.min(width - 1);
                history.segments.iter().for_each(|&segment| *self.last_active.at_mut(row, segment) += 1);
            }
        }
    }
}
