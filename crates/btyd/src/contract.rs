//! The shifted-beta-geometric model of contracts that are renewed or not.

use rand::{Rng, RngExt};
use rand_distr::{Beta, Distribution};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::findings::{Finding, Verdict};
use crate::fit::{Demands, boundary, errors};
use crate::matrix::Matrix;
use crate::newton::{Derivatives, delta, maximise};
use crate::quadrature::beta_expectation;
use crate::special::{digamma, ln_gamma, trigamma};

/// The shifted-beta-geometric model: at each renewal a customer leaves with a probability θ ~ Beta(α, β) of their own.
///
/// Source: Fader & Hardie (2007), "How to Project Customer Retention", Journal of Interactive Marketing 21(1), 76-90; for several cohorts
/// Fader & Hardie (2007), "Fitting the sBG Model to Multi-Cohort Data".
///
/// ```
/// use tallybook_btyd::ShiftedBetaGeometric;
/// let model = ShiftedBetaGeometric::new(0.66808835, 3.80609496)?;
/// // Retention grows with tenure: those who leave easily have left.
/// assert!(model.retention(1) < model.retention(5));
/// # Ok::<(), tallybook_btyd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ShiftedBetaGeometric {
    /// First shape.
    pub alpha: f64,
    /// Second shape.
    pub beta: f64,
}

/// Customers who have renewed a number of times, and then left or not.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contracts {
    /// Renewals made.
    pub renewals: u32,
    /// Whether they let the next one pass; else the next one is not due yet.
    pub left: bool,
    /// How many customers.
    pub customers: f64,
}

impl Contracts {
    /// Lays out a cohort from those lost at each renewal and those who are left after the last of them.
    pub fn of_cohort(lost: &[f64], kept: f64) -> Vec<Self> {
        let lost_at = |(renewals, &customers): (u32, &f64)| Self { renewals, left: true, customers };
        let last = u32::try_from(lost.len()).unwrap_or(u32::MAX);
        let kept = Self { renewals: last, left: false, customers: kept };
        (0..).zip(lost).map(lost_at).chain([kept]).filter(|row| row.customers > 0.0).collect()
    }
}

impl ShiftedBetaGeometric {
    /// Names of the parameters, in their order.
    pub const PARAMETERS: [&'static str; 2] = ["alpha", "beta"];

    /// Makes a model of two positive parameters.
    ///
    /// # Errors
    /// [`Error::Parameter`] where one is not positive and finite.
    pub fn new(alpha: f64, beta: f64) -> Result<Self, Error> {
        let wrong = [alpha, beta].into_iter().zip(Self::PARAMETERS).find(|(v, _)| !(*v > 0.0 && v.is_finite()));
        match wrong {
            Some((value, parameter)) => Err(Error::Parameter { model: "sBG", parameter, value }),
            None => Ok(Self { alpha, beta }),
        }
    }

    /// Computes the share of customers who make at least `renewals` renewals: B(α, β+n) / B(α, β).
    pub fn survival(&self, renewals: u32) -> f64 {
        let (Self { alpha, beta }, n) = (*self, f64::from(renewals));
        (ln_gamma(beta + n) - ln_gamma(beta) + ln_gamma(alpha + beta) - ln_gamma(alpha + beta + n)).exp()
    }

    /// Computes the share of those who come to their `renewal`-th renewal, counted from one, who make it: (β+n-1) / (α+β+n-1).
    pub fn retention(&self, renewal: u32) -> f64 {
        let before = f64::from(renewal.max(1) - 1);
        (self.beta + before) / (self.alpha + self.beta + before)
    }

    /// Computes the renewals ahead of a customer who has made some, discounted by 1 / (1 + `rate`) each: the discounted expected residual
    /// lifetime (DERL). `ahead` bounds them; without a bound the sum is infinite at α <= 1 and no rate.
    ///
    /// # Formula
    /// Sum over k >= 1 of S(n+k) / S(n) / (1+d)^k; without end its mean over θ ~ Beta(α, β+n) of (1-θ) / (θ + d).
    /// Source: Fader & Hardie (2010), "Customer-Base Valuation in a Contractual Setting", Marketing Science 29(1), 85-93.
    pub fn residual_renewals(&self, renewals: u32, ahead: Option<u32>, rate: f64) -> f64 {
        let Some(ahead) = ahead else {
            if rate <= 0.0 {
                let (alpha, n) = (self.alpha, f64::from(renewals));
                return if alpha > 1.0 { (self.beta + n) / (alpha - 1.0) } else { f64::INFINITY };
            }
            return beta_expectation(self.alpha, self.beta + f64::from(renewals), |leaves, stays| {
                stays / (leaves + rate)
            });
        };
        let (mut stays, mut sum) = (1.0, 0.0);
        for k in 1..=ahead {
            stays *= self.retention(renewals.saturating_add(k)) / (1.0 + rate);
            sum += stays;
            if stays < 1e-17 * sum {
                break;
            }
        }
        sum
    }

    fn derivatives(&self, rows: &[Contracts]) -> Derivatives<2> {
        let Self { alpha, beta } = *self;
        let both = alpha + beta;
        let mut sum = Derivatives::ZERO;
        for row in rows {
            let (n, weight) = (f64::from(row.renewals), row.customers);
            // Leaving at the next: α Γ(β+n) / Γ(α+β+n+1); staying: Γ(β+n) / Γ(α+β+n); over Γ(β) / Γ(α+β).
            let (left, end) = if row.left { (1.0, both + n + 1.0) } else { (0.0, both + n) };
            let value = ln_gamma(beta + n) - ln_gamma(beta) + ln_gamma(both) - ln_gamma(end) + left * alpha.ln();
            let shared = digamma(both) - digamma(end);
            let curve = trigamma(both) - trigamma(end);
            let own = Derivatives {
                value: weight * value,
                gradient: [weight * (shared + left / alpha), weight * (shared + digamma(beta + n) - digamma(beta))],
                hessian: [
                    [weight * (curve - left / (alpha * alpha)), weight * curve],
                    [weight * curve, weight * (curve + trigamma(beta + n) - trigamma(beta))],
                ],
            };
            sum.add(&own);
        }
        sum
    }

    /// Computes the log-likelihood of contracts.
    pub fn log_likelihood(&self, rows: &[Contracts]) -> f64 {
        self.derivatives(rows).value
    }

    /// Draws how many renewals a customer makes, up to a bound.
    pub fn simulate<R: Rng + ?Sized>(&self, most: u32, rng: &mut R) -> Contracts {
        let leaves = Beta::new(self.alpha, self.beta).map_or(0.0, |beta| beta.sample(rng));
        let mut renewals = 0;
        while renewals < most {
            if rng.random::<f64>() < leaves {
                return Contracts { renewals, left: true, customers: 1.0 };
            }
            renewals += 1;
        }
        Contracts { renewals, left: false, customers: 1.0 }
    }
}

/// α + β of a model in which customers do not differ.
const SAME: f64 = 1e9;

/// A fitted shifted-beta-geometric model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ContractFit {
    /// The model at the maximum.
    pub model: ShiftedBetaGeometric,
    /// The log-likelihood there.
    pub log_likelihood: f64,
    /// Standard errors of the parameters; none where the information is singular.
    pub standard_errors: Option<[f64; 2]>,
    /// Covariance of the *logarithms* of the parameters.
    pub covariance_of_logarithms: Option<Matrix<2>>,
    /// How many customers.
    pub customers: f64,
    /// What there is to object.
    pub findings: Vec<Finding>,
}

impl ContractFit {
    /// Fits the model by maximum likelihood to customers of any cohorts, observed for any time each.
    pub fn of(rows: &[Contracts], demands: &Demands) -> Self {
        let customers: f64 = rows.iter().map(|row| row.customers).sum();
        let lost = rows.iter().filter(|row| row.left).fold(0.0, |lost, row| lost + row.customers);
        let renewed: f64 = rows.iter().map(|row| row.customers * f64::from(row.renewals)).sum();
        let mut findings = Vec::new();
        if lost < demands.least_repeaters {
            findings.push(Finding::TooFewLost { lost, least: demands.least_repeaters });
        }
        // Losses a renewal due, as the first guess of the mean of θ.
        let share = (lost / (lost + renewed)).clamp(1e-6, 1.0 - 1e-6);
        let start = if share.is_nan() { [0.0, 0.0] } else { [share.ln(), (1.0 - share).ln()] };
        let maximum = maximise(start, 200, |logarithms| {
            let [alpha, beta] = logarithms.map(f64::exp);
            ShiftedBetaGeometric { alpha, beta }.derivatives(rows).by_logarithms(&[alpha, beta])
        });
        findings.extend(boundary(&ShiftedBetaGeometric::PARAMETERS, start, &maximum));
        let parameters = maximum.at.map(|at| at.exp().clamp(f64::MIN_POSITIVE, f64::MAX));
        let covariance = maximum.covariance();
        Self {
            model: ShiftedBetaGeometric { alpha: parameters[0], beta: parameters[1] },
            log_likelihood: maximum.derivatives.value,
            standard_errors: covariance.map(|covariance| errors(&parameters, &covariance)),
            covariance_of_logarithms: covariance,
            customers,
            findings,
        }
    }

    /// Fits a constant rate of leaving, the same for all: what is left of the model where customers do not differ, and its parameters grow
    /// without end. Nothing where nobody left, or nobody renewed.
    ///
    /// It is the model with α + β so large that θ does not vary, with the covariance of lost / (lost + renewed).
    pub fn constant(rows: &[Contracts]) -> Option<Self> {
        let lost = rows.iter().filter(|row| row.left).fold(0.0, |lost, row| lost + row.customers);
        let renewed: f64 = rows.iter().map(|row| row.customers * f64::from(row.renewals)).sum();
        let due = lost + renewed;
        if lost <= 0.0 || renewed <= 0.0 {
            return None;
        }
        let (leaves, stays) = (lost / due, renewed / due);
        let model = ShiftedBetaGeometric { alpha: leaves * SAME, beta: stays * SAME };
        let variance = leaves * stays / due;
        let cross = -variance / (leaves * stays);
        Some(Self {
            model,
            log_likelihood: lost * leaves.ln() + renewed * stays.ln(),
            standard_errors: None,
            covariance_of_logarithms: Some([
                [variance / (leaves * leaves), cross],
                [cross, variance / (stays * stays)],
            ]),
            customers: rows.iter().map(|row| row.customers).sum(),
            findings: Vec::new(),
        })
    }

    /// Tells how far the fit can be relied on.
    pub fn verdict(&self) -> Verdict {
        Finding::overall(&self.findings)
    }

    /// Computes functions of the model with their standard errors by the delta method; nothing where the information is singular.
    pub fn with_errors(&self, f: impl Fn(&ShiftedBetaGeometric) -> Vec<f64>) -> Option<Vec<(f64, f64)>> {
        let covariance = self.covariance_of_logarithms?;
        let values = f(&self.model);
        let at = |&[alpha, beta]: &[f64; 2]| f(&ShiftedBetaGeometric { alpha, beta });
        let errors = delta(&[self.model.alpha, self.model.beta], &covariance, values.len(), at);
        Some(values.into_iter().zip(errors).collect())
    }
}
