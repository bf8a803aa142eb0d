//! Predictions by group, with their standard errors.

use std::collections::HashMap;

use chrono::NaiveDate;
use foldhash::fast::FixedState;
use rayon::prelude::*;
use tallybook_btyd::{AnyFit, Error, GammaGamma, Outlook, PurchaseModel, Spend};

use super::{Assumptions, Known, SpendChoice, WEEK, Worth, history, sample, spend_sample};
use crate::engine::segments::Segments;
use crate::folds::purchases::{CustomerSummary, RfSummary};
use tallybook_calendar::shift;

/// To which groups each customer belongs: segments first, then months of the first purchase.
pub(super) struct Groups<'a> {
    segments: &'a Segments,
    /// First days of the months, ascending.
    pub(super) months: Vec<NaiveDate>,
    /// By age in days, the month's position.
    by_age: Vec<usize>,
}

impl<'a> Groups<'a> {
    pub(super) fn new(customers: &[CustomerSummary], on: NaiveDate, segments: &'a Segments) -> Self {
        use chrono::Datelike;
        let oldest = customers.iter().map(|own| own.alike.age).max().unwrap_or(0);
        let month = |age: u16| {
            let first = shift(on, -i64::from(age));
            first.with_day(1).unwrap_or(first)
        };
        let mut months: Vec<NaiveDate> = (0..=oldest).map(month).collect();
        months.reverse();
        months.dedup();
        let by_age = (0..=oldest).map(|age| months.partition_point(|own| *own < month(age))).collect();
        Self { segments, months, by_age }
    }

    fn count(&self) -> usize {
        self.segments.count() + self.months.len()
    }

    /// Lists the groups of a customer.
    fn of(&self, own: &CustomerSummary, out: &mut Vec<usize>) {
        self.segments.of_customer(own.customer, out);
        out.push(self.segments.count() + self.by_age[usize::from(own.alike.age)]);
    }
}

/// Something that depends on frequency and age alone, computed once for each pair of them that occurs.
pub(super) struct ByPair<T> {
    /// By frequency and age, the position of the value.
    numbers: Vec<Vec<u32>>,
    values: Vec<T>,
}

impl<T: Send> ByPair<T> {
    /// Computes the values, in parallel.
    pub(super) fn new(pairs: impl Iterator<Item = (u16, u16)>, compute: impl Fn(u32, f64) -> T + Sync) -> Self {
        const NONE: u32 = u32::MAX;
        let mut numbers: Vec<Vec<u32>> = Vec::new();
        let mut known = Vec::new();
        for (frequency, age) in pairs {
            let (row, column) = (usize::from(frequency), usize::from(age));
            if row >= numbers.len() {
                numbers.resize(row + 1, Vec::new());
            }
            if column >= numbers[row].len() {
                numbers[row].resize(column + 1, NONE);
            }
            if numbers[row][column] == NONE {
                numbers[row][column] = u32::try_from(known.len()).unwrap_or(NONE);
                known.push((frequency, age));
            }
        }
        let compute = |&(frequency, age): &(u16, u16)| compute(u32::from(frequency), f64::from(age) / WEEK);
        let values = known.par_iter().with_min_len(16).map(compute).collect();
        Self { numbers, values }
    }

    pub(super) fn at(&self, frequency: u16, age: u16) -> &T {
        &self.values[self.numbers[usize::from(frequency)][usize::from(age)] as usize]
    }
}

/// Customers of a group who are nearly alike.
struct Coarse {
    group: usize,
    alike: RfSummary,
    customers: f64,
    repeat_spend: f64,
}

/// Days to which the times of nearly alike customers are rounded. Relative errors, which is all that is computed from them, are as good.
const ROUNDED: u16 = 28;

fn coarse(customers: &[CustomerSummary], groups: &Groups<'_>) -> Vec<Coarse> {
    let mut cells: HashMap<(u32, u16, u16, u16), (f64, f64), FixedState> = HashMap::default();
    let mut own = Vec::new();
    for customer in customers {
        groups.of(customer, &mut own);
        let RfSummary { frequency, recency, age, .. } = customer.alike;
        for &group in &own {
            let group = u32::try_from(group).unwrap_or(u32::MAX);
            let cell = cells.entry((group, frequency, recency / ROUNDED, age / ROUNDED)).or_default();
            cell.0 += 1.0;
            cell.1 += customer.repeat_spend as f64;
        }
    }
    let mut cells: Vec<_> = cells.into_iter().collect();
    cells.sort_unstable_by_key(|(key, _)| *key);
    let middle = |step: u16| step * ROUNDED + ROUNDED / 2;
    cells
        .into_iter()
        .map(|((group, frequency, recency, age), (customers, repeat_spend))| Coarse {
            group: group as usize,
            alike: RfSummary {
                frequency,
                recency: if frequency == 0 { 0 } else { middle(recency).min(middle(age)) },
                age: middle(age),
                future: 0,
            },
            customers,
            repeat_spend,
        })
        .collect()
}

/// Sums of alive, purchases and value.
type AliveSums = [f64; 3];

/// What a prediction is made with.
struct Predictor<'a> {
    model: &'a dyn PurchaseModel,
    spend: Spend,
    outlook: Outlook,
    plain: Outlook,
    margin: f64,
}

impl Predictor<'_> {
    /// Purchases ahead of those who are alive, plain and discounted, for some frequencies and ages.
    fn residuals(&self, pairs: impl Iterator<Item = (u16, u16)>) -> ByPair<(f64, f64)> {
        let residual = |frequency, age, outlook| self.model.residual_if_alive(frequency, age, outlook);
        ByPair::new(pairs, |frequency, age| {
            (residual(frequency, age, &self.plain), residual(frequency, age, &self.outlook))
        })
    }

    /// The same for nearly alike customers.
    fn coarse_residuals(&self, cells: &[Coarse]) -> ByPair<(f64, f64)> {
        self.residuals(cells.iter().map(|cell| (cell.alike.frequency, cell.alike.age)))
    }

    /// Predicts for a customer.
    fn one(&self, alike: RfSummary, repeat_spend: f64, residuals: &ByPair<(f64, f64)>) -> AliveSums {
        let alive = history(alike).map_or(0.0, |history| self.model.probability_alive(&history));
        let (purchases, discounted) = residuals.at(alike.frequency, alike.age);
        let spend = self.spend.expected(u32::from(alike.frequency), repeat_spend);
        [alive, alive * purchases, alive * discounted * spend * self.margin]
    }

    /// Predicts for nearly alike customers, by group.
    fn coarse(&self, cells: &[Coarse], groups: usize, residuals: &ByPair<(f64, f64)>) -> Vec<f64> {
        // Expected spend is linear in what was spent, so the mean customer of a cell stands for all of them.
        let one = |cell: &Coarse| self.one(cell.alike, cell.repeat_spend / cell.customers, residuals);
        let predicted: Vec<AliveSums> = cells.par_iter().with_min_len(256).map(one).collect();
        let mut sums = vec![0.0; 3 * groups];
        for (cell, own) in cells.iter().zip(predicted) {
            for (at, value) in own.into_iter().enumerate() {
                sums[3 * cell.group + at] += cell.customers * value;
            }
        }
        sums
    }
}

/// Relative standard errors by the delta method, from both models' parameters; nothing where the information of one is singular.
fn by_delta(
    cells: &[Coarse],
    groups: usize,
    fit: &AnyFit,
    spend: &SpendChoice,
    predictor: &Predictor<'_>,
) -> Option<Vec<f64>> {
    let by_purchases = fit.with_errors(&|model| {
        let predictor = Predictor { model, ..*predictor };
        predictor.coarse(cells, groups, &predictor.coarse_residuals(cells))
    })?;
    let by_spend = match spend.spend {
        // Only values depend on it, and they in proportion.
        Spend::Pooled { .. } => (0..by_purchases.len())
            .map(|at| (0.0, if at % 3 == 2 { by_purchases[at].0 * spend.pooled_error } else { 0.0 }))
            .collect(),
        Spend::GammaGamma(_) => {
            let residuals = predictor.coarse_residuals(cells);
            spend.fit.with_errors(|model: &GammaGamma| {
                Predictor { spend: Spend::GammaGamma(*model), ..*predictor }.coarse(cells, groups, &residuals)
            })?
        }
    };
    let relative = |((value, purchases), (_, spend)): ((f64, f64), (f64, f64))| {
        if value == 0.0 { 0.0 } else { purchases.hypot(spend) / value }
    };
    Some(by_purchases.into_iter().zip(by_spend).map(relative).collect())
}

/// The seed of resampling: the same customers give the same figures.
const SEED: u64 = 1987;

/// Relative standard errors from both models fitted to resamples of the customers: the standard deviation of the logarithm over draws, which
/// does not hold the models for right.
fn resampled(
    customers: &[CustomerSummary],
    cells: &[Coarse],
    groups: usize,
    fit: &AnyFit,
    spend: &SpendChoice,
    predictor: &Predictor<'_>,
    draws: u32,
) -> Result<Vec<f64>, Error> {
    let models = fit.bootstrap(&sample(customers)?, draws, SEED);
    let spends = match spend.spend {
        Spend::Pooled { .. } => vec![spend.spend; models.len()],
        Spend::GammaGamma(_) => {
            let drawn = spend.fit.bootstrap(&spend_sample(customers)?, draws, SEED + 1);
            drawn.into_iter().map(Spend::GammaGamma).collect()
        }
    };
    let pooled = if matches!(spend.spend, Spend::Pooled { .. }) { spend.pooled_error } else { 0.0 };
    let predict = |(model, spend): (&dyn PurchaseModel, &Spend)| {
        let predictor = Predictor { model, spend: *spend, ..*predictor };
        predictor.coarse(cells, groups, &predictor.coarse_residuals(cells))
    };
    let drawn: Vec<Vec<f64>> = models.iter().map(AsRef::as_ref).zip(&spends).map(predict).collect();
    let spread = |at: usize| {
        let logarithms: Vec<f64> = drawn.iter().map(|draw| draw[at].ln()).filter(|ln| ln.is_finite()).collect();
        let n = logarithms.len() as f64;
        let mean = logarithms.iter().sum::<f64>() / n;
        let variance = logarithms.iter().map(|ln| (ln - mean).powi(2)).sum::<f64>() / (n - 1.0);
        let own = if variance.is_finite() { variance.sqrt() } else { 0.0 };
        if at % 3 == 2 { own.hypot(pooled) } else { own }
    };
    Ok((0..3 * groups).map(spread).collect())
}

/// Customers that are predicted at once. A fixed number, so that sums do not depend on the machine.
const BATCH: usize = 1 << 14;

/// Predicts for every group: what its customers are worth, with standard errors.
pub(super) fn worths(
    customers: &[CustomerSummary],
    groups: &Groups<'_>,
    fit: &AnyFit,
    spend: &SpendChoice,
    assumptions: &Assumptions,
) -> Result<Vec<Worth>, Error> {
    let predictor = Predictor {
        model: fit.model(),
        spend: spend.spend,
        outlook: assumptions.outlook()?,
        plain: Outlook::new(assumptions.horizon(), 0.0)?,
        margin: assumptions.margin,
    };
    let residuals = predictor.residuals(customers.iter().map(|own| (own.alike.frequency, own.alike.age)));
    let batch = |batch: &[CustomerSummary]| {
        let mut sums = vec![(0_u64, [0.0; 3]); groups.count()];
        let mut own = Vec::new();
        for customer in batch {
            let predicted = predictor.one(customer.alike, customer.repeat_spend as f64, &residuals);
            groups.of(customer, &mut own);
            for &group in &own {
                sums[group].0 += 1;
                sums[group].1.iter_mut().zip(predicted).for_each(|(sum, value)| *sum += value);
            }
        }
        sums
    };
    let mut totals = vec![(0_u64, [0.0; 3]); groups.count()];
    for batch in customers.par_chunks(BATCH).map(batch).collect::<Vec<_>>() {
        for (total, part) in totals.iter_mut().zip(batch) {
            total.0 += part.0;
            total.1.iter_mut().zip(part.1).for_each(|(sum, value)| *sum += value);
        }
    }
    let cells = coarse(customers, groups);
    let errors = if assumptions.draws > 0 {
        Some(resampled(customers, &cells, groups.count(), fit, spend, &predictor, assumptions.draws)?)
    } else {
        by_delta(&cells, groups.count(), fit, spend, &predictor)
    };
    // Relative errors, of nearly alike customers, hold for the customers themselves.
    let known = |group: usize, at: usize, value: f64| Known {
        value,
        error: errors.as_ref().map(|errors| errors[3 * group + at] * value),
    };
    let worth = |(group, (customers, [alive, purchases, value])): (usize, (u64, AliveSums))| Worth {
        customers,
        alive: known(group, 0, alive),
        purchases: known(group, 1, purchases),
        value: known(group, 2, value),
    };
    Ok(totals.into_iter().enumerate().map(worth).collect())
}
