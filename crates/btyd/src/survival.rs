//! Survival of customers: the Kaplan-Meier curve and the log-rank test.

use serde::{Deserialize, Serialize};
use statrs::function::gamma::gamma_ur;

use crate::error::Error;

/// The 97.5% quantile of the standard normal distribution.
const Z95: f64 = 1.959_963_984_540_054;

/// How long customers were seen, and whether that was all of their life.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Life {
    /// How long.
    pub duration: f64,
    /// Whether it ended then; else the customer was still there when observation ended.
    pub ended: bool,
    /// How many customers.
    pub customers: f64,
}

/// One step of a survival curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// When.
    pub time: f64,
    /// Customers who were still there just before.
    pub at_risk: f64,
    /// Customers lost at that time.
    pub ended: f64,
    /// Share of customers who live longer.
    pub survival: f64,
    /// Ends of its 95% interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// A Kaplan-Meier curve.
///
/// # Formula
/// S(t) = product over times of (1 - d/n). The interval is on the scale of ln(-ln S), with Greenwood's variance: S^exp(±z σ) with
/// σ = sqrt(sum d / (n (n-d))) / |ln S|, which stays within 0..1.
/// Source: Kaplan & Meier (1958), JASA 53, 457-481; Kalbfleisch & Prentice (2002), The Statistical Analysis of Failure Time Data, 1.4.
///
/// ```
/// use tallybook_btyd::{KaplanMeier, Life};
/// let lives = [(2.0, true), (3.0, false), (5.0, true)];
/// let curve = KaplanMeier::of(lives.map(|(duration, ended)| Life { duration, ended, customers: 1.0 }))?;
/// assert!((curve.at(2.0) - 2.0 / 3.0).abs() < 1e-12);
/// assert_eq!(curve.median().map(|median| median.time), Some(5.0));
/// # Ok::<(), tallybook_btyd::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KaplanMeier {
    /// The steps, by time.
    pub steps: Vec<Step>,
    /// The longest time that anyone was seen: beyond it the curve says nothing.
    pub seen: f64,
    /// How many customers.
    pub customers: f64,
    /// How many of them were lost.
    pub ended: f64,
    /// Times at which customers ceased to be seen, lost or not, with how many had been seen until then or longer.
    #[serde(skip)]
    exits: Vec<(f64, f64)>,
}

/// The time by which half of the customers are lost.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Median {
    /// When.
    pub time: f64,
    /// Ends of its 95% interval; the lower is reached whenever the median is, the upper may lie beyond what was seen.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
}

fn sorted(lives: impl IntoIterator<Item = Life>) -> Result<Vec<Life>, Error> {
    let mut lives: Vec<Life> = lives.into_iter().collect();
    for life in &lives {
        if !(life.duration >= 0.0 && life.duration.is_finite()) {
            return Err(Error::Duration(life.duration));
        }
        if !(life.customers > 0.0 && life.customers.is_finite()) {
            return Err(Error::Weight(life.customers));
        }
    }
    lives.sort_by(|a, b| a.duration.total_cmp(&b.duration));
    if lives.is_empty() { Err(Error::Empty) } else { Ok(lives) }
}

impl KaplanMeier {
    /// Computes the curve.
    ///
    /// # Errors
    /// [`Error::Duration`] and [`Error::Weight`] for numbers that cannot be, [`Error::Empty`] where there is no customer.
    pub fn of(lives: impl IntoIterator<Item = Life>) -> Result<Self, Error> {
        let lives = sorted(lives)?;
        let customers: f64 = lives.iter().map(|life| life.customers).sum();
        let (mut at_risk, mut survival, mut variance, mut all) = (customers, 1.0, 0.0, 0.0);
        let mut steps = Vec::new();
        let mut exits = Vec::new();
        for same in lives.chunk_by(|a, b| a.duration.total_cmp(&b.duration).is_eq()) {
            let ended: f64 = same.iter().filter(|life| life.ended).map(|life| life.customers).sum();
            exits.push((same[0].duration, at_risk));
            if ended > 0.0 {
                // Those seen until exactly then were still there when the others left.
                let stays = ((at_risk - ended) / at_risk).max(0.0);
                survival = if at_risk - ended <= 1e-9 * at_risk { 0.0 } else { survival * stays };
                variance += ended / (at_risk * (at_risk - ended));
                let (low, high) = if survival > 0.0 && survival < 1.0 {
                    let spread = Z95 * f64::sqrt(variance) / f64::ln(survival).abs();
                    (survival.powf(spread.exp()), survival.powf((-spread).exp()))
                } else {
                    (0.0, steps.last().map_or(1.0, |step: &Step| step.high))
                };
                steps.push(Step { time: same[0].duration, at_risk, ended, survival, low, high });
                all += ended;
            }
            at_risk -= same.iter().map(|life| life.customers).sum::<f64>();
        }
        let seen = lives.last().map_or(0.0, |life| life.duration);
        Ok(Self { steps, seen, customers, ended: all, exits })
    }

    /// Counts the customers who were seen until a time or longer.
    pub fn at_risk(&self, time: f64) -> f64 {
        let next = self.exits.partition_point(|(exit, _)| *exit < time);
        self.exits.get(next).map_or(0.0, |(_, at_risk)| *at_risk)
    }

    /// Gives the share of customers who live longer than a time.
    pub fn at(&self, time: f64) -> f64 {
        let past = self.steps.partition_point(|step| step.time <= time);
        past.checked_sub(1).map_or(1.0, |last| self.steps[last].survival)
    }

    /// Gives the time by which half of the customers are lost; nothing where it has not come yet.
    ///
    /// Its interval are the times at which the curve's interval leaves one half (Brookmeyer & Crowley 1982, Biometrics 38, 29-41).
    pub fn median(&self) -> Option<Median> {
        let first = |below: &dyn Fn(&Step) -> f64| self.steps.iter().find(|s| below(s) <= 0.5).map(|s| s.time);
        let time = first(&|step| step.survival)?;
        Some(Median { time, low: first(&|step| step.low), high: first(&|step| step.high) })
    }

    /// Computes the mean life within a time: the area under the curve.
    pub fn mean_within(&self, time: f64) -> f64 {
        let (mut area, mut from, mut height) = (0.0, 0.0, 1.0);
        for step in self.steps.iter().take_while(|step| step.time < time) {
            area += height * (step.time - from);
            (from, height) = (step.time, step.survival);
        }
        area + height * (time - from)
    }
}

/// A log-rank test of whether groups live equally long.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LogRank {
    /// The statistic.
    pub chi_squared: f64,
    /// Its degrees of freedom: groups with anyone in them, less one.
    pub degrees: u32,
    /// The probability of as large a statistic where there is no difference.
    pub p: f64,
}

/// Tests whether groups live equally long; nothing where fewer than two groups can be told apart.
///
/// # Formula
/// With d of n lost at a time, group g expects `d n_g / n`; chi squared is u' V^-1 u over all groups but one, with u the sums of
/// observed minus expected and V their hypergeometric covariance. Source: Mantel (1966), Cancer Chemotherapy Reports 50, 163-170.
///
/// # Errors
/// As [`KaplanMeier::of`]; an empty group is passed over.
pub fn log_rank(groups: &[Vec<Life>]) -> Result<Option<LogRank>, Error> {
    let groups: Vec<Vec<Life>> = groups
        .iter()
        .filter(|group| !group.is_empty())
        .map(|group| sorted(group.iter().copied()))
        .collect::<Result<_, _>>()?;
    let Some(last) = groups.len().checked_sub(1).filter(|&last| last > 0) else { return Ok(None) };
    let mut at_risk: Vec<f64> = groups.iter().map(|group| group.iter().map(|life| life.customers).sum()).collect();
    let mut next = vec![0; groups.len()];
    let mut excess = vec![0.0; last];
    let mut covariance = vec![vec![0.0; last]; last];
    loop {
        let due = groups.iter().zip(&next).filter_map(|(group, &at)| group.get(at)).map(|life| life.duration);
        let Some(time) = due.min_by(f64::total_cmp) else { break };
        let (mut ended, mut gone) = (vec![0.0; groups.len()], vec![0.0; groups.len()]);
        for (g, group) in groups.iter().enumerate() {
            while let Some(life) = group.get(next[g]).filter(|life| life.duration.total_cmp(&time).is_eq()) {
                ended[g] += if life.ended { life.customers } else { 0.0 };
                gone[g] += life.customers;
                next[g] += 1;
            }
        }
        let (d, n): (f64, f64) = (ended.iter().sum(), at_risk.iter().sum());
        if d > 0.0 {
            let spread = if n > 1.0 { d * (n - d) / (n * n * (n - 1.0)) } else { 0.0 };
            for i in 0..last {
                excess[i] += ended[i] - d * at_risk[i] / n;
                for j in 0..last {
                    let own = if i == j { n } else { 0.0 };
                    covariance[i][j] += spread * at_risk[i] * (own - at_risk[j]);
                }
            }
        }
        at_risk.iter_mut().zip(gone).for_each(|(at_risk, gone)| *at_risk -= gone);
    }
    let Some(solved) = eliminate(covariance, &excess) else { return Ok(None) };
    let chi_squared: f64 = solved.iter().zip(&excess).map(|(a, b)| a * b).sum();
    let degrees = u32::try_from(last).unwrap_or(u32::MAX);
    let p = if chi_squared > 0.0 { gamma_ur(f64::from(degrees) / 2.0, chi_squared / 2.0) } else { 1.0 };
    Ok(Some(LogRank { chi_squared, degrees, p }))
}

/// Solves a small positive definite system; nothing where it is singular.
fn eliminate(mut matrix: Vec<Vec<f64>>, right: &[f64]) -> Option<Vec<f64>> {
    let n = right.len();
    let mut x = right.to_vec();
    for i in 0..n {
        let pivot = matrix[i][i];
        if pivot <= 1e-12 || pivot.is_nan() {
            return None;
        }
        for j in i + 1..n {
            let factor = matrix[j][i] / pivot;
            let (above, below) = matrix.split_at_mut(j);
            below[0][i..].iter_mut().zip(&above[i][i..]).for_each(|(entry, pivot)| *entry -= factor * pivot);
            x[j] -= factor * x[i];
        }
    }
    for i in (0..n).rev() {
        let known: f64 = (i + 1..n).map(|k| matrix[i][k] * x[k]).sum();
        x[i] = (x[i] - known) / matrix[i][i];
    }
    Some(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Remission of leukaemia patients in weeks (Freireich et al. 1963, Blood 21, 699-716), the textbook example.
    fn freireich() -> [Vec<Life>; 2] {
        let life = |(duration, ended): (f64, bool)| Life { duration, ended, customers: 1.0 };
        let treated = [6.0, 6.0, 6.0, 7.0, 10.0, 13.0, 16.0, 22.0, 23.0].map(|t| life((t, true)));
        let censored = [6.0, 9.0, 10.0, 11.0, 17.0, 19.0, 20.0, 25.0, 32.0, 32.0, 34.0, 35.0].map(|t| life((t, false)));
        let placebo = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23];
        [treated.into_iter().chain(censored).collect(), placebo.map(|t| life((f64::from(t), true))).to_vec()]
    }

    #[test]
    fn the_textbook_curve() {
        // Survival and log-log intervals as published for the 6-MP group (Kleinbaum & Klein, Survival Analysis, ch. 2; Stata `sts list`).
        let expected = [
            (6.0, 0.8571, 0.6197, 0.9516),
            (7.0, 0.8067, 0.5631, 0.9228),
            (10.0, 0.7529, 0.5032, 0.8894),
            (13.0, 0.6902, 0.4316, 0.8491),
            (16.0, 0.6275, 0.3675, 0.8049),
            (22.0, 0.5378, 0.2678, 0.7468),
            (23.0, 0.4482, 0.1881, 0.6801),
        ];
        let curve = KaplanMeier::of(freireich()[0].clone()).expect("lives");
        assert_eq!(curve.steps.len(), expected.len());
        for (step, (time, survival, low, high)) in curve.steps.iter().zip(expected) {
            assert!((step.time - time).abs() < 1e-12);
            let close = |a: f64, b: f64| (a - b).abs() < 5.1e-5;
            assert!(close(step.survival, survival) && close(step.low, low) && close(step.high, high), "{step:?}");
        }
        let median = curve.median().expect("reached");
        assert_eq!((median.time, median.low, median.high), (23.0, Some(13.0), None));
        // Seen for 10 weeks or longer: 21 less three lost and one censored at 6, one lost at 7, one censored at 9.
        assert!((curve.at_risk(10.0) - 15.0).abs() < 1e-12 && curve.at_risk(36.0) == 0.0);
        assert!((curve.ended - 9.0).abs() < 1e-12 && (curve.seen - 35.0).abs() < 1e-12);
        // 6 + .8571 x 1 + .8067 x 3 = 9.2773 weeks within the first ten.
        assert!((curve.mean_within(10.0) - 9.2773).abs() < 1e-3);
    }

    #[test]
    fn the_textbook_test() {
        // Chi squared 16.79 with one degree of freedom, p = 4.2e-5 (ibid.; R's survdiff).
        let test = log_rank(&freireich()).expect("lives").expect("two groups");
        assert!((test.chi_squared - 16.793).abs() < 5e-4 && test.degrees == 1, "{test:?}");
        assert!((test.p - 4.17e-5).abs() < 1e-7, "{test:?}");
    }

    #[test]
    fn all_lost_and_none_lost() {
        let life = |ended| Life { duration: 3.0, ended, customers: 4.0 };
        let all = KaplanMeier::of([life(true)]).expect("lives");
        assert_eq!((all.at(2.9), all.at(3.0)), (1.0, 0.0));
        let none = KaplanMeier::of([life(false)]).expect("lives");
        assert!(none.steps.is_empty() && none.median().is_none());
        assert_eq!(KaplanMeier::of([]).err(), Some(Error::Empty));
        assert_eq!(log_rank(&[vec![life(true)], vec![]]), Ok(None));
        assert_eq!(KaplanMeier::of([Life { duration: -1.0, ..life(true) }]).err(), Some(Error::Duration(-1.0)));
    }
}
