//! The Gamma-Gamma model of what a purchase is worth.

use std::collections::BTreeMap;

use rand::{Rng, SeedableRng, rngs::StdRng};
use rand_distr::{Distribution, Gamma};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::findings::{Finding, Verdict};
use crate::fit::{Demands, boundary, errors, search};
use crate::matrix::Matrix;
use crate::newton::{Derivatives, Maximum, delta, maximise};
use crate::special::{digamma, ln_gamma, trigamma};

/// The Gamma-Gamma model: a customer's purchases are worth Gamma(p, ν) each, with ν ~ Gamma(q, γ), whatever their frequency.
///
/// Source: Fader & Hardie (2013), "The Gamma-Gamma Model of Monetary Value".
///
/// ```
/// use tallybook_btyd::GammaGamma;
/// let model = GammaGamma::new(6.24957227, 3.74422467, 15.44352096)?;
/// // A customer whose two repeat purchases were worth 22.35 on average, and one without any.
/// assert!((model.expected_spend(2, 22.35) - 24.65).abs() < 0.01);
/// assert!(model.mean().is_some_and(|mean| (mean - 35.17).abs() < 0.01));
/// # Ok::<(), tallybook_btyd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct GammaGamma {
    /// Shape of the values of one customer's purchases.
    pub p: f64,
    /// Shape of the customers' rates.
    pub q: f64,
    /// Rate of the customers' rates: an amount of money.
    pub gamma: f64,
}

impl GammaGamma {
    /// Names of the parameters, in their order.
    pub const PARAMETERS: [&'static str; 3] = ["p", "q", "gamma"];

    /// Makes a model of three positive parameters.
    ///
    /// # Errors
    /// [`Error::Parameter`] where one is not positive and finite.
    pub fn new(p: f64, q: f64, gamma: f64) -> Result<Self, Error> {
        let wrong = [p, q, gamma].into_iter().zip(Self::PARAMETERS).find(|(v, _)| !(*v > 0.0 && v.is_finite()));
        match wrong {
            Some((value, parameter)) => Err(Error::Parameter { model: "Gamma-Gamma", parameter, value }),
            None => Ok(Self { p, q, gamma }),
        }
    }

    /// Computes the mean spend a purchase over all customers, p γ / (q - 1); nothing where q is at most 1, where it has no finite expectation.
    pub fn mean(&self) -> Option<f64> {
        (self.q > 1.0).then(|| self.p * self.gamma / (self.q - 1.0))
    }

    /// Computes the mean spend a purchase expected of a customer whose `frequency` purchases were worth `mean` on average.
    ///
    /// # Formula
    /// p (γ + x m) / (p x + q - 1): the population's mean and the customer's own, weighted. Not a number where p x + q is at most 1.
    pub fn expected_spend(&self, frequency: u32, mean: f64) -> f64 {
        let x = f64::from(frequency);
        let weight = self.p * x + self.q - 1.0;
        if weight > 0.0 { self.p * (self.gamma + x * mean) / weight } else { f64::NAN }
    }

    /// Computes the log-likelihood of the mean of a customer's purchases.
    ///
    /// # Formula
    /// ln Γ(px+q) - ln Γ(px) - ln Γ(q) + q ln γ + (px-1) ln m + px ln x - (px+q) ln(γ + x m).
    pub fn log_likelihood(&self, frequency: u32, mean: f64) -> f64 {
        let total = f64::from(frequency) * mean;
        self.derivatives(frequency, &Totals::of(frequency, &[total], None)).value
    }

    fn derivatives(&self, frequency: u32, totals: &Totals<'_>) -> Derivatives<3> {
        let Self { p, q, gamma } = *self;
        let x = f64::from(frequency);
        let (px, shape) = (p * x, p * x + q);
        let Totals { n, ln_sums, ln_means, .. } = *totals;
        let [mut ln, mut first, mut second] = [0.0; 3];
        totals.each(|total, weight| {
            let inverse = 1.0 / (gamma + total);
            ln += weight * (gamma + total).ln();
            first += weight * inverse;
            second += weight * inverse * inverse;
        });
        let value =
            n * (ln_gamma(shape) - ln_gamma(px) - ln_gamma(q) + q * gamma.ln()) + px * ln_sums - ln_means - shape * ln;
        let common = n * digamma(shape) - ln;
        let gradient = [
            x * (common - n * digamma(px) + ln_sums),
            common - n * digamma(q) + n * gamma.ln(),
            n * q / gamma - shape * first,
        ];
        let curve = n * trigamma(shape);
        let mut hessian = [[0.0; 3]; 3];
        hessian[0][0] = x * x * (curve - n * trigamma(px));
        hessian[0][1] = x * curve;
        hessian[0][2] = -x * first;
        hessian[1][1] = curve - n * trigamma(q);
        hessian[1][2] = n / gamma - first;
        hessian[2][2] = -n * q / (gamma * gamma) + shape * second;
        Derivatives { value, gradient, hessian }.mirrored()
    }

    /// Draws the mean of a customer's purchases.
    pub fn simulate<R: Rng + ?Sized>(&self, frequency: u32, rng: &mut R) -> f64 {
        let x = f64::from(frequency);
        let rate = Gamma::new(self.q, 1.0 / self.gamma).map_or(1.0, |gamma| gamma.sample(rng));
        Gamma::new(self.p * x, 1.0 / rate).map_or(0.0, |gamma| gamma.sample(rng)) / x
    }
}

/// The totals of customers of one frequency, with the sums that no parameter enters.
struct Totals<'a> {
    n: f64,
    /// Sum of ln(x m).
    ln_sums: f64,
    /// Sum of ln m.
    ln_means: f64,
    values: &'a [f64],
    weights: Option<&'a [f64]>,
}

impl<'a> Totals<'a> {
    fn of(frequency: u32, values: &'a [f64], weights: Option<&'a [f64]>) -> Self {
        let mut out = Self { n: 0.0, ln_sums: 0.0, ln_means: 0.0, values, weights };
        let (mut n, mut sum) = (0.0, 0.0);
        out.each(|total, weight| {
            n += weight;
            sum += weight * total.ln();
        });
        out.n = n;
        out.ln_sums = sum;
        out.ln_means = sum - n * f64::from(frequency).ln();
        out
    }

    fn each(&self, mut see: impl FnMut(f64, f64)) {
        match self.weights {
            Some(weights) => self.values.iter().zip(weights).for_each(|(total, weight)| see(*total, *weight)),
            None => self.values.iter().for_each(|total| see(*total, 1.0)),
        }
    }
}

/// What many customers spent: by frequency, in eight bytes each.
#[derive(Debug, Clone)]
pub struct SpendSample {
    groups: Vec<SpendGroup>,
}

#[derive(Debug, Clone)]
struct SpendGroup {
    frequency: u32,
    totals: Vec<f64>,
    /// One customer a row where there are none.
    weights: Option<Vec<f64>>,
}

/// Customers that are worked on at once.
const CHUNK: usize = 8192;

impl SpendSample {
    /// Gathers customers: over how many purchases, and how much they spent on them in all.
    ///
    /// Purchases are those that the mean is over: repeat purchases, where the first is left out as it is for the purchase models.
    /// Customers without any have nothing to tell and are passed over.
    ///
    /// # Errors
    /// [`Error::Spend`] where a customer's total is not positive and finite.
    pub fn from_totals(customers: impl IntoIterator<Item = (u32, f64)>) -> Result<Self, Error> {
        let mut groups: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
        for (frequency, total) in customers.into_iter().filter(|(frequency, _)| *frequency > 0) {
            if !(total > 0.0 && total.is_finite()) {
                return Err(Error::Spend { frequency, mean: total / f64::from(frequency) });
            }
            groups.entry(frequency).or_default().push(total);
        }
        let groups = groups.into_iter().map(|(frequency, totals)| SpendGroup { frequency, totals, weights: None });
        Ok(Self { groups: groups.collect() })
    }

    /// Gathers weighted customers: purchases, their mean and the weight.
    ///
    /// # Errors
    /// [`Error::Spend`] and [`Error::Weight`] where a number is not positive and finite.
    pub fn weighted(customers: impl IntoIterator<Item = (u32, f64, f64)>) -> Result<Self, Error> {
        let mut groups: BTreeMap<u32, (Vec<f64>, Vec<f64>)> = BTreeMap::new();
        for (frequency, mean, weight) in customers.into_iter().filter(|(frequency, ..)| *frequency > 0) {
            if !(mean > 0.0 && mean.is_finite()) {
                return Err(Error::Spend { frequency, mean });
            }
            if !(weight > 0.0 && weight.is_finite()) {
                return Err(Error::Weight(weight));
            }
            let group = groups.entry(frequency).or_default();
            group.0.push(mean * f64::from(frequency));
            group.1.push(weight);
        }
        let make = |(frequency, (totals, weights))| SpendGroup { frequency, totals, weights: Some(weights) };
        Ok(Self { groups: groups.into_iter().map(make).collect() })
    }

    /// Counts the customers.
    pub fn customers(&self) -> f64 {
        self.groups.iter().map(SpendGroup::weight).sum()
    }

    /// Computes the mean spend a purchase over all purchases: the pooled mean, which assumes nothing.
    pub fn pooled_mean(&self) -> Option<f64> {
        let (mut spent, mut purchases) = (0.0, 0.0);
        self.for_each(|frequency, total, weight| {
            spent += weight * total;
            purchases += weight * f64::from(frequency);
        });
        (purchases > 0.0).then(|| spent / purchases)
    }

    /// Shows purchases, total and weight of every customer.
    fn for_each(&self, mut see: impl FnMut(u32, f64, f64)) {
        for group in &self.groups {
            for (i, total) in group.totals.iter().enumerate() {
                see(group.frequency, *total, group.weights.as_ref().map_or(1.0, |weights| weights[i]));
            }
        }
    }

    fn rows(&self) -> usize {
        self.groups.iter().map(|group| group.totals.len()).sum()
    }

    /// Cuts the customers into chunks with the sums that no parameter enters.
    fn chunks(&self) -> Vec<(u32, Totals<'_>)> {
        let pieces: Vec<(&SpendGroup, usize)> = self
            .groups
            .iter()
            .flat_map(|group| (0..group.totals.len()).step_by(CHUNK).map(move |at| (group, at)))
            .collect();
        pieces
            .into_par_iter()
            .map(|(group, from)| {
                let range = from..(from + CHUNK).min(group.totals.len());
                let weights = group.weights.as_ref().map(|weights| &weights[range.clone()]);
                (group.frequency, Totals::of(group.frequency, &group.totals[range], weights))
            })
            .collect()
    }

    /// Brings like totals together: steps of a hundredth in their logarithm, at geometric means.
    fn compressed(&self) -> Self {
        let compress = |group: &SpendGroup| {
            let mut cells: BTreeMap<i64, (f64, f64)> = BTreeMap::new();
            for (i, total) in group.totals.iter().enumerate() {
                let weight = group.weights.as_ref().map_or(1.0, |weights| weights[i]);
                let ln = total.ln();
                #[allow(clippy::cast_possible_truncation, reason = "logarithms of finite numbers are below a thousand")]
                let cell = cells.entry((ln * 100.0).floor() as i64).or_default();
                cell.0 += weight;
                cell.1 += weight * ln;
            }
            let (totals, weights) = cells.values().map(|(weight, ln)| ((ln / weight).exp(), *weight)).unzip();
            SpendGroup { frequency: group.frequency, totals, weights: Some(weights) }
        };
        Self { groups: self.groups.par_iter().map(compress).collect() }
    }

    fn reweighted(&self, mut weight: impl FnMut(f64) -> f64) -> Self {
        let groups = self.groups.iter().map(|group| {
            let own = |i: usize| group.weights.as_ref().map_or(1.0, |weights| weights[i]);
            let weights = (0..group.totals.len()).map(|i| weight(own(i)).max(f64::MIN_POSITIVE)).collect();
            SpendGroup { weights: Some(weights), ..group.clone() }
        });
        Self { groups: groups.collect() }
    }
}

impl SpendGroup {
    fn weight(&self) -> f64 {
        self.weights.as_ref().map_or(self.totals.len() as f64, |weights| weights.iter().sum())
    }
}

/// A fitted Gamma-Gamma model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SpendFit {
    /// The model at the maximum.
    pub model: GammaGamma,
    /// The log-likelihood there.
    pub log_likelihood: f64,
    /// Standard errors of the parameters; none where the information is singular.
    pub standard_errors: Option<[f64; 3]>,
    /// Covariance of the *logarithms* of the parameters.
    pub covariance_of_logarithms: Option<Matrix<3>>,
    /// Customers with a purchase that counts.
    pub customers: f64,
    /// Correlation of a customer's mean spend with the frequency.
    pub correlation: Option<f64>,
    /// What there is to object.
    pub findings: Vec<Finding>,
}

const LARGE: usize = 50_000;
const MOST: u32 = 200;
/// Relative spread of mean spend below which it passes for constant.
const SPREAD: f64 = 1e-6;

fn evaluate(chunks: &[(u32, Totals<'_>)], logarithms: &[f64; 3]) -> Derivatives<3> {
    let parameters = logarithms.map(f64::exp);
    let [p, q, gamma] = parameters;
    let model = GammaGamma { p, q, gamma };
    let part = |(frequency, totals): &(u32, Totals<'_>)| model.derivatives(*frequency, totals);
    let parts: Vec<_> =
        if chunks.len() < 8 { chunks.iter().map(part).collect() } else { chunks.par_iter().map(part).collect() };
    let mut sum = Derivatives::ZERO;
    for part in &parts {
        sum.add(part);
    }
    sum.by_logarithms(&parameters)
}

fn climb(sample: &SpendSample, start: [f64; 3]) -> Maximum<3> {
    let chunks = sample.chunks();
    maximise(start, MOST, |at| evaluate(&chunks, at))
}

impl SpendFit {
    /// Fits the model by maximum likelihood, as [`crate::Fit::of`] fits purchase models.
    pub fn of(sample: &SpendSample, demands: &Demands) -> Self {
        let mean = sample.pooled_mean().unwrap_or(1.0);
        let customers = sample.customers();
        let mut findings = Vec::new();
        if customers == 0.0 {
            findings.push(Finding::NoRepeats);
        } else if customers < demands.least_repeaters {
            findings.push(Finding::TooFewRepeaters { repeaters: customers, least: demands.least_repeaters });
        }
        let (correlation, spread) = moments(sample);
        if customers > 0.0 && spread < SPREAD {
            findings.push(Finding::ConstantSpend);
        }
        if let Some(correlation) = correlation.filter(|correlation| correlation.abs() > demands.most_correlation) {
            findings.push(Finding::SpendFollowsFrequency { correlation });
        }
        let start = |p: f64, q: f64| [p, q, mean * (q - 1.0) / p];
        if Finding::overall(&findings) == Verdict::Unusable {
            let model = GammaGamma { p: 1.0, q: 2.0, gamma: mean };
            return Self {
                model,
                log_likelihood: f64::NAN,
                standard_errors: None,
                covariance_of_logarithms: None,
                customers,
                correlation,
                findings,
            };
        }
        let small = (sample.rows() > LARGE).then(|| sample.compressed());
        let small = small.as_ref().unwrap_or(sample);
        let chunks = small.chunks();
        let starts = vec![start(4.0, 3.0), start(1.0, 2.0), start(20.0, 6.0)];
        let (start, mut maximum) = search(starts, |at| evaluate(&chunks, at));
        if !std::ptr::eq(small, sample) && maximum.converged {
            maximum = climb(sample, maximum.at);
        }
        findings.extend(boundary(&GammaGamma::PARAMETERS, start, &maximum));
        let parameters = maximum.at.map(|at| at.exp().clamp(f64::MIN_POSITIVE, f64::MAX));
        let [p, q, gamma] = parameters;
        let model = GammaGamma { p, q, gamma };
        if q <= 1.0 {
            findings.push(Finding::MeanUndefined { q });
        }
        let covariance = maximum.covariance();
        let mut fit = Self {
            model,
            log_likelihood: maximum.derivatives.value,
            standard_errors: covariance.map(|covariance| errors(&parameters, &covariance)),
            covariance_of_logarithms: covariance,
            customers,
            correlation,
            findings,
        };
        if fit.verdict() != Verdict::Unusable {
            fit.findings.extend(fit.influence(small, demands.most_influence));
        }
        fit
    }

    fn influence(&self, sample: &SpendSample, most: f64) -> Option<Finding> {
        let covariance = self.covariance_of_logarithms?;
        let parameters = [self.model.p, self.model.q, self.model.gamma];
        let mut worst = (0.0, 0, 0);
        sample.for_each(|frequency, total, _| {
            let own = self.model.derivatives(frequency, &Totals::of(frequency, &[total], None));
            let gradient = own.by_logarithms(&parameters).gradient;
            for (i, row) in covariance.iter().enumerate() {
                let step: f64 = row.iter().zip(gradient).map(|(entry, slope)| entry * slope).sum();
                let errors = step.abs() / covariance[i][i].sqrt();
                if errors > worst.0 {
                    worst = (errors, i, frequency);
                }
            }
        });
        let (standard_errors, parameter, frequency) = worst;
        let parameter = GammaGamma::PARAMETERS[parameter].to_owned();
        (standard_errors > most).then_some(Finding::OneCustomer { parameter, standard_errors, frequency })
    }

    /// Tells how far the fit can be relied on.
    pub fn verdict(&self) -> Verdict {
        Finding::overall(&self.findings)
    }

    /// Computes functions of the model with their standard errors by the delta method; nothing where the information is singular.
    pub fn with_errors(&self, f: impl Fn(&GammaGamma) -> Vec<f64>) -> Option<Vec<(f64, f64)>> {
        let covariance = self.covariance_of_logarithms?;
        let values = f(&self.model);
        let GammaGamma { p, q, gamma } = self.model;
        let at = |&[p, q, gamma]: &[f64; 3]| f(&GammaGamma { p, q, gamma });
        let errors = delta(&[p, q, gamma], &covariance, values.len(), at);
        Some(values.into_iter().zip(errors).collect())
    }

    /// Fits the model to resamples of the customers, as [`crate::Fit::bootstrap`] does.
    pub fn bootstrap(&self, sample: &SpendSample, draws: u32, seed: u64) -> Vec<GammaGamma> {
        let start = [self.model.p, self.model.q, self.model.gamma].map(f64::ln);
        let draw = |number: u32| {
            let mut rng =
                StdRng::seed_from_u64(seed.wrapping_add(u64::from(number).wrapping_mul(0x9E37_79B9_7F4A_7C15)));
            let weighted =
                sample.reweighted(|weight| Gamma::new(weight, 1.0).map_or(weight, |gamma| gamma.sample(&mut rng)));
            let maximum = climb(&weighted, start);
            let [p, q, gamma] = maximum.at.map(f64::exp);
            maximum.converged.then_some(GammaGamma { p, q, gamma })
        };
        (0..draws).into_par_iter().filter_map(draw).collect()
    }
}

/// The correlation of frequency and mean spend over customers, and the relative spread of mean spend.
fn moments(sample: &SpendSample) -> (Option<f64>, f64) {
    let (mut n, mut x1, mut m1) = (0.0, 0.0, 0.0);
    sample.for_each(|frequency, total, weight| {
        let x = f64::from(frequency);
        n += weight;
        x1 += weight * x;
        m1 += weight * total / x;
    });
    let (x_mean, m_mean) = (x1 / n, m1 / n);
    let (mut xx, mut xm, mut mm) = (0.0, 0.0, 0.0);
    sample.for_each(|frequency, total, weight| {
        let (x, m) = (f64::from(frequency) - x_mean, total / f64::from(frequency) - m_mean);
        xx += weight * x * x;
        xm += weight * x * m;
        mm += weight * m * m;
    });
    let spread = (mm / n).sqrt() / m_mean;
    ((xx > 0.0 && mm > 0.0).then(|| xm / (xx * mm).sqrt()), spread)
}
