//! Fitting purchase models, and judging the fits.

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand_distr::{Distribution, Gamma};
use rayon::prelude::*;
use serde::Serialize;

use crate::findings::{Finding, Verdict};
use crate::history::{Row, Sample};
use crate::matrix::{Matrix, product};
use crate::newton::{Derivatives, Maximum, delta, maximise};
use crate::purchase::Family;

/// What is asked of a fit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Demands {
    /// Customers with a repeat purchase, or for spend with any, that it takes.
    pub least_repeaters: f64,
    /// Standard errors by which one customer may move an estimate.
    pub most_influence: f64,
    /// Correlation of spend and frequency up to which they pass for independent.
    pub most_correlation: f64,
}

impl Default for Demands {
    /// Thirty repeaters, two standard errors, a correlation of 0.3.
    fn default() -> Self {
        Self { least_repeaters: 30.0, most_influence: 2.0, most_correlation: 0.3 }
    }
}

/// A fitted purchase model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fit<M> {
    /// The model at the maximum.
    pub model: M,
    /// The log-likelihood there.
    pub log_likelihood: f64,
    /// Standard errors of the parameters, from the observed information; none where it is singular.
    pub standard_errors: Option<[f64; 4]>,
    /// Covariance of the *logarithms* of the parameters.
    pub covariance_of_logarithms: Option<Matrix<4>>,
    /// How many customers.
    pub customers: f64,
    /// How many of them have bought more than once.
    pub repeaters: f64,
    /// Evaluations of the likelihood over the whole sample.
    pub evaluations: u32,
    /// What there is to object.
    pub findings: Vec<Finding>,
}

/// Evaluations at the most, for a start and for the final climb.
const MOST: u32 = 200;
/// Relative difference in log-likelihood up to which two climbs have come to the same top.
const SAME_TOP: f64 = 1e-9;
/// Rows above which a compressed sample serves for the starts.
const MANY: usize = 500;
/// Rows above which it also serves to look for customers of great influence.
const LARGE: usize = 20_000;
/// Standard error of a parameter's logarithm above which the data do not bound it: a factor of twenty either way.
pub(crate) const UNBOUNDED: f64 = 3.0;

fn evaluate<M: Family>(sample: &Sample, logarithms: &[f64; 4]) -> Derivatives<4> {
    let parameters = logarithms.map(f64::exp);
    let Ok(model) = M::new(parameters) else { return Derivatives { value: f64::NAN, ..Derivatives::ZERO } };
    let mut sum = Derivatives::ZERO;
    for part in sample.map(|frequency, rows| model.derivatives(frequency, rows)) {
        sum.add(&part);
    }
    sum.by_logarithms(&parameters)
}

impl<M: Family> Fit<M> {
    /// Fits a model by maximum likelihood.
    ///
    /// The search runs over the logarithms of the parameters, from several starts until two come to the same top, with Newton steps on the
    /// exact second derivatives; for large samples the starts are tried on cells of like customers, and only the last steps walk over all
    /// of them. The result is the maximum of the whole sample's likelihood either way. Nothing is penalised. See [`Fit::findings`] before using the model.
    ///
    /// ```
    /// use tallybook_btyd::{BgNbd, Demands, Fit, History, Sample};
    /// # let customers = [(0, 0.0, 38.0), (1, 12.0, 38.0), (2, 30.4, 38.9), (7, 29.4, 38.9), (0, 0.0, 30.0)];
    /// let histories = customers.map(|(x, recency, age)| History::new(x, recency, age));
    /// let sample = Sample::new(histories.into_iter().collect::<Result<Vec<_>, _>>()?)?;
    /// let fit = Fit::<BgNbd>::of(&sample, &Demands::default());
    /// assert_eq!(fit.findings[0].to_string(), "only 3 customers have bought more than once; it takes 30");
    /// # Ok::<(), tallybook_btyd::Error>(())
    /// ```
    pub fn of(sample: &Sample, demands: &Demands) -> Self {
        let (mut exposure, mut purchases) = (0.0, 0.0);
        sample.for_each(|frequency, row| {
            exposure += row.weight * row.age;
            purchases += row.weight * f64::from(frequency);
        });
        let customers = sample.customers();
        let age = (exposure / customers).max(f64::MIN_POSITIVE);
        let rate = (purchases / exposure).max(0.01 / customers / age);
        let small = (sample.rows() > MANY).then(|| sample.compressed());
        let small = small.as_ref().unwrap_or(sample);
        let (start, mut maximum) = search(M::starts(rate, age), |at| evaluate::<M>(small, at));
        if !std::ptr::eq(small, sample) && maximum.converged {
            maximum = maximise(maximum.at, MOST, |at| evaluate::<M>(sample, at));
        }
        Self::judged(sample, small, start, &maximum, demands)
    }

    /// Climbs from known parameters, for samples that are alike.
    fn from_here(sample: &Sample, start: &[f64; 4]) -> Option<M> {
        let maximum = maximise(start.map(f64::ln), MOST, |at| evaluate::<M>(sample, at));
        maximum.converged.then(|| M::new(maximum.at.map(f64::exp)).ok()).flatten()
    }

    fn judged(sample: &Sample, small: &Sample, start: [f64; 4], maximum: &Maximum<4>, demands: &Demands) -> Self {
        let parameters = maximum.at.map(|at| at.exp().clamp(f64::MIN_POSITIVE, f64::MAX));
        let repeaters = sample.repeaters();
        let covariance = maximum.covariance();
        let mut findings = Vec::new();
        if repeaters == 0.0 {
            findings.push(Finding::NoRepeats);
        } else if repeaters < demands.least_repeaters {
            findings.push(Finding::TooFewRepeaters { repeaters, least: demands.least_repeaters });
        }
        if findings.is_empty() {
            findings.extend(boundary(&M::PARAMETERS, start, maximum));
        }
        let mut fit = Self {
            model: M::nearest(parameters),
            log_likelihood: maximum.derivatives.value,
            standard_errors: covariance.map(|covariance| errors(&parameters, &covariance)),
            covariance_of_logarithms: covariance,
            customers: sample.customers(),
            repeaters,
            evaluations: maximum.evaluations,
            findings,
        };
        if fit.verdict() != Verdict::Unusable {
            let among = if sample.rows() > LARGE { small } else { sample };
            fit.findings.extend(fit.influence(among, demands.most_influence));
        }
        fit
    }

    /// Finds the customer without whom a parameter would move most, by one Newton step.
    fn influence(&self, sample: &Sample, most: f64) -> Option<Finding> {
        let covariance = self.covariance_of_logarithms?;
        let parameters = self.model.parameters();
        let moves = sample.map(|frequency, rows| {
            let mut worst = (0.0, 0, frequency);
            for row in rows {
                let alone = Row { weight: 1.0, ..*row };
                let gradient = self.model.derivatives(frequency, &[alone]).by_logarithms(&parameters).gradient;
                for (i, row) in covariance.iter().enumerate() {
                    let step: f64 = row.iter().zip(gradient).map(|(entry, slope)| entry * slope).sum();
                    let errors = step.abs() / covariance[i][i].sqrt();
                    if errors > worst.0 {
                        worst = (errors, i, frequency);
                    }
                }
            }
            worst
        });
        let (standard_errors, parameter, frequency) =
            moves.into_iter().fold((0.0, 0, 0), |worst, next| if next.0 > worst.0 { next } else { worst });
        let parameter = M::PARAMETERS[parameter].to_owned();
        (standard_errors > most).then_some(Finding::OneCustomer { parameter, standard_errors, frequency })
    }

    /// Tells how far the fit can be relied on.
    pub fn verdict(&self) -> Verdict {
        Finding::overall(&self.findings)
    }

    /// Computes functions of the model with their standard errors by the delta method; nothing where the information is singular.
    ///
    /// The functions are computed twice for each parameter, so give all that is wanted at once.
    pub fn with_errors(&self, f: impl Fn(&M) -> Vec<f64>) -> Option<Vec<(f64, f64)>> {
        let covariance = self.covariance_of_logarithms?;
        let values = f(&self.model);
        let at = |parameters: &[f64; 4]| M::new(*parameters).map_or_else(|_| values.clone(), |model| f(&model));
        let errors = delta(&self.model.parameters(), &covariance, values.len(), at);
        Some(values.into_iter().zip(errors).collect())
    }

    /// Fits the model to resamples of the customers, in parallel.
    ///
    /// Each draw gives every customer an exponential weight (Rubin's Bayesian bootstrap), so that none is ever without a repeat purchase; rows
    /// that stand for several customers get the sum of theirs. A draw whose search does not converge is left out. The same seed gives the
    /// same draws. Source: Rubin (1981), The Annals of Statistics 9(1), 130-134.
    pub fn bootstrap(&self, sample: &Sample, draws: u32, seed: u64) -> Vec<M> {
        let start = self.model.parameters();
        let draw = |number: u32| {
            let mut rng =
                StdRng::seed_from_u64(seed.wrapping_add(u64::from(number).wrapping_mul(0x9E37_79B9_7F4A_7C15)));
            let weighted =
                sample.reweighted(|weight| Gamma::new(weight, 1.0).map_or(weight, |gamma| gamma.sample(&mut rng)));
            Self::from_here(&weighted, &start)
        };
        (0..draws).into_par_iter().filter_map(draw).collect()
    }

    /// Computes the covariance of the parameters themselves; nothing where the information is singular.
    pub fn covariance(&self) -> Option<Matrix<4>> {
        let mut covariance = self.covariance_of_logarithms?;
        let parameters = self.model.parameters();
        for (row, one) in covariance.iter_mut().zip(parameters) {
            row.iter_mut().zip(parameters).for_each(|(entry, other)| *entry *= one * other);
        }
        Some(covariance)
    }

    /// Computes the standard error of a linear combination of the logarithms of the parameters.
    pub fn error_of_logarithms(&self, combination: &[f64; 4]) -> Option<f64> {
        let covariance = self.covariance_of_logarithms?;
        Some(product(combination, &covariance, combination).sqrt())
    }
}

/// Climbs from several starts until two of them come to the same top, or all have been tried; gives the highest, with its start.
pub(crate) fn search<const N: usize>(
    starts: Vec<[f64; N]>,
    evaluate: impl Fn(&[f64; N]) -> Derivatives<N>,
) -> ([f64; N], Maximum<N>) {
    let mut best: Option<([f64; N], Maximum<N>)> = None;
    for start in starts {
        let start = start.map(f64::ln);
        let next = maximise(start, MOST, &evaluate);
        let Some((_, top)) = &best else {
            best = Some((start, next));
            continue;
        };
        let (here, there) = (next.derivatives.value, top.derivatives.value);
        let agree = next.converged && top.converged && (here - there).abs() <= SAME_TOP * there.abs();
        if next.converged && (!top.converged || here > there) || (!top.converged && !there.is_finite()) {
            best = Some((start, next));
        }
        if agree {
            break;
        }
    }
    best.unwrap_or_else(|| ([0.0; N], maximise([0.0; N], 1, &evaluate)))
}

/// Standard errors of parameters from the covariance of their logarithms.
pub(crate) fn errors<const N: usize>(parameters: &[f64; N], covariance: &Matrix<N>) -> [f64; N] {
    let mut out = *parameters;
    out.iter_mut().enumerate().for_each(|(i, value)| *value *= covariance[i][i].sqrt());
    out
}

/// Says where a search ran to an end of the parameters' range, or did not end at all.
pub(crate) fn boundary<const N: usize>(names: &[&str; N], start: [f64; N], maximum: &Maximum<N>) -> Option<Finding> {
    let moved = |i: usize| maximum.at[i] - start[i];
    let at = |i: usize| Finding::Boundary {
        parameter: names[i].to_owned(),
        value: maximum.at[i].exp(),
        to_zero: moved(i) < 0.0,
    };
    let farthest = (0..N).max_by(|&i, &j| moved(i).abs().total_cmp(&moved(j).abs())).unwrap_or(0);
    match maximum.covariance().filter(|_| maximum.converged) {
        Some(covariance) => {
            let widest = (0..N).max_by(|&i, &j| covariance[i][i].total_cmp(&covariance[j][j])).unwrap_or(0);
            (covariance[widest][widest].sqrt() > UNBOUNDED)
                .then(|| at(if moved(farthest).abs() > 6.0 { farthest } else { widest }))
        }
        None if moved(farthest).abs() > 6.0 || maximum.converged => Some(at(farthest)),
        None => Some(Finding::NotConverged { evaluations: maximum.evaluations }),
    }
}
