//! Cohorts as metrics look at them: which cells are mature, and what is read from them.

use tallybook_calendar::Grain;
use tallybook_stats::{Estimate, Outcome, Sums, Undefined};

use crate::declare::Unit;
use crate::folds::cohorts::{Ages, CohortGrain, CohortStart, Cohorts};
use crate::metric::{Cell, Requests, Results};
use crate::result::{CohortRow, CohortTable};

/// How a metric looks at cohorts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::catalog) struct CohortView {
    pub(in crate::catalog) grain: CohortGrain,
    pub(in crate::catalog) start: CohortStart,
    pub(in crate::catalog) ages: Ages,
    /// Whether a customer counts as active at an age when they are active then or later.
    pub(in crate::catalog) unbounded: bool,
    /// Ages shown at the most.
    pub(in crate::catalog) shown: usize,
}

/// A cohort and an age of it, with the counts behind a cell.
pub(in crate::catalog) struct CohortCounts<'a> {
    pub(in crate::catalog) cohorts: &'a Cohorts,
    pub(in crate::catalog) cohort: usize,
    pub(in crate::catalog) age: usize,
    pub(in crate::catalog) segment: usize,
    pub(in crate::catalog) active: u64,
    pub(in crate::catalog) size: u64,
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

    pub(in crate::catalog) fn request(&self, requests: &mut Requests<'_>) {
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
    pub(in crate::catalog) fn table(
        &self,
        results: &Results,
        cell: &Cell,
        unit: Unit,
        read: impl Fn(&[CohortCounts<'_>]) -> Outcome,
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
                let mature: Vec<CohortCounts<'_>> = (0..count)
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
    pub(in crate::catalog) fn newest(
        &self,
        results: &Results,
        age: usize,
        cell: &Cell,
        read: impl Fn(&[CohortCounts<'_>]) -> Outcome,
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
    pub(in crate::catalog) fn pooled(
        &self,
        results: &Results,
        age: usize,
        cell: &Cell,
        read: impl Fn(&[CohortCounts<'_>]) -> Outcome,
    ) -> Outcome {
        let cohorts = self.fold(results).ok_or_else(|| Undefined::because("no orders"))?;
        let mature: Vec<CohortCounts<'_>> = (0..cohorts.periods().len())
            .filter(|&cohort| age < cohorts.age_count() && self.mature(cohorts, cohort, age, cell).is_ok())
            .map(|cohort| self.cell(cohorts, cohort, age, cell))
            .filter(|counts| counts.size > 0)
            .collect();
        if mature.is_empty() {
            return Err(Undefined::Immature(format!("no cohort has completed {} yet", self.age_name(age))));
        }
        read(&mature)
    }

    fn cell<'a>(&self, cohorts: &'a Cohorts, cohort: usize, age: usize, cell: &Cell) -> CohortCounts<'a> {
        let active = if self.unbounded {
            cohorts.active_from(cell.window.end, cohort, age, cell.segment)
        } else {
            cohorts.cell(cohort, age, cell.segment).active
        };
        let size = cohorts.size(cohort, cell.segment);
        CohortCounts { cohorts, cohort, age, segment: cell.segment, active, size }
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
    pub(in crate::catalog) fn age_name(&self, age: usize) -> String {
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
    pub(in crate::catalog) fn describe(&self) -> String {
        let start = match self.start {
            CohortStart::FirstOrder => "first order",
            CohortStart::SignUp => "sign-up",
        };
        let active = if self.unbounded { "active at that age or later" } else { "active at that age" };
        format!("cohorts by {} of {start}, {active}", Grain::from(self.grain).noun())
    }
}

/// Sums customers' cumulative revenue over cells of one age.
pub(in crate::catalog) fn cumulative_revenue(cells: &[CohortCounts<'_>]) -> Sums {
    let mut moments = Sums::default();
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
pub(in crate::catalog) fn retention(cells: &[CohortCounts<'_>]) -> Outcome {
    let (k, n) = cells.iter().fold((0, 0), |(k, n), counts| (k + counts.active, n + counts.size));
    if n == 0 {
        return Err(Undefined::because("no customers in the cohort"));
    }
    Ok(Estimate::Proportion { k, n })
}

/// The share of customers not active, over cells of one age.
pub(in crate::catalog) fn churn(cells: &[CohortCounts<'_>]) -> Outcome {
    match retention(cells)? {
        Estimate::Proportion { k, n } => Ok(Estimate::Proportion { k: n - k, n }),
        other => Ok(other),
    }
}

/// Revenue at an age over revenue at age 0, over cells of one age.
pub(in crate::catalog) fn revenue_retention(cells: &[CohortCounts<'_>]) -> Outcome {
    let at = |counts: &CohortCounts<'_>, age| counts.cohorts.cell(counts.cohort, age, counts.segment).revenue;
    let (now, first) = cells
        .iter()
        .fold((0_i128, 0_i128), |(now, first), counts| (now + at(counts, counts.age), first + at(counts, 0)));
    if first <= 0 {
        return Err(Undefined::because("no revenue at age 0"));
    }
    let n = cells.iter().map(|counts| counts.size).sum();
    Ok(Estimate::Bare { value: now as f64 / first as f64, n })
}
