//! Purchase models: how often customers buy, and when they stop, where nobody says so.

mod beta_geometric;
mod pareto_nbd;

use std::fmt::Debug;

use rand::Rng;
use serde::{Deserialize, Serialize};

pub use beta_geometric::{BetaGeometric, BgNbd, MbgNbd};
pub use pareto_nbd::ParetoNbd;

use crate::error::Error;
use crate::history::{History, Row};
use crate::newton::Derivatives;

/// Days of a year, for rates a year: leap years included.
pub const DAYS_OF_A_YEAR: f64 = 365.25;

/// The time ahead that counts, and how it is discounted.
///
/// ```
/// use tallybook_btyd::Outlook;
/// // A year ahead in a model of weeks, at 10% a year.
/// let outlook = Outlook::of_days(365.0, 7.0, 0.10)?;
/// assert!((outlook.horizon() - 52.142857).abs() < 1e-6);
/// assert!((outlook.rate() - 1.1_f64.ln() * 7.0 / 365.25).abs() < 1e-15);
/// # Ok::<(), tallybook_btyd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Outlook {
    horizon: f64,
    rate: f64,
}

impl Outlook {
    /// Looks a horizon ahead, in the model's unit of time, at a continuous rate a unit. The horizon may be infinite where the rate is
    /// positive.
    ///
    /// # Errors
    /// [`Error::Horizon`] where either is negative or not a number, or where nothing makes the value finite.
    pub fn new(horizon: f64, rate: f64) -> Result<Self, Error> {
        let valid = horizon >= 0.0 && rate >= 0.0 && rate.is_finite() && (horizon.is_finite() || rate > 0.0);
        if valid { Ok(Self { horizon, rate }) } else { Err(Error::Horizon { horizon, rate }) }
    }

    /// Looks some calendar days ahead at a rate a year, in a model whose unit of time is `days` long.
    ///
    /// # Formula
    /// The rate a unit is ln(1 + annual) x days / 365.25: a year at it discounts by 1 / (1 + annual).
    ///
    /// # Errors
    /// As [`Outlook::new`].
    pub fn of_days(ahead: f64, days: f64, annual: f64) -> Result<Self, Error> {
        Self::new(ahead / days, annual.ln_1p() * days / DAYS_OF_A_YEAR)
    }

    /// How far ahead, in the model's unit of time.
    pub const fn horizon(&self) -> f64 {
        self.horizon
    }

    /// The continuous discount rate a unit of time.
    pub const fn rate(&self) -> f64 {
        self.rate
    }

    /// Where what is left is below rounding, seen from now.
    pub(crate) fn end(&self) -> f64 {
        if self.rate > 0.0 { self.horizon.min(42.0 / self.rate) } else { self.horizon }
    }
}

/// A customer drawn from a model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Simulated {
    /// What is seen at the end of observation.
    pub history: History,
    /// Whether the customer is alive then.
    pub alive: bool,
    /// Purchases in the time ahead.
    pub future: u32,
}

/// What a model of purchases by customers who leave unseen can tell.
///
/// All of them let each customer buy as a Poisson process while alive, with a rate of their own (gamma distributed); they differ in how
/// customers leave. Times are in one unit, the one in which the model was fitted.
pub trait PurchaseModel: Debug + Send + Sync {
    /// Gives the parameters, in the order of [`Family::PARAMETERS`].
    fn parameters(&self) -> [f64; 4];

    /// Computes the log-likelihood of customers of one frequency, with its derivatives by the parameters.
    fn derivatives(&self, frequency: u32, rows: &[Row]) -> Derivatives<4>;

    /// Computes the probability that a customer is alive at the end of observation.
    fn probability_alive(&self, history: &History) -> f64;

    /// Computes the expected purchases ahead, discounted, of a customer who is alive: it depends on frequency and age alone.
    ///
    /// With no rate this is the conditional expectation of transactions given life; with one, the discounted expected residual
    /// transactions (DERT) given life.
    fn residual_if_alive(&self, frequency: u32, age: f64, outlook: &Outlook) -> f64;

    /// Computes the probability that a customer who is alive buys nothing in the next `t`.
    fn probability_of_silence_if_alive(&self, frequency: u32, age: f64, t: f64) -> f64;

    /// Computes the probability that a new customer makes exactly `purchases` repeat purchases within `t`.
    fn probability_of(&self, purchases: u32, t: f64) -> f64;

    /// Computes the log-likelihood of one customer.
    ///
    /// The constant 1/x! is left out, as in the papers.
    fn log_likelihood(&self, history: &History) -> f64 {
        let row = Row { recency: history.recency(), age: history.age(), weight: 1.0 };
        self.derivatives(history.frequency(), &[row]).value
    }

    /// Computes the purchases expected of a customer in the time ahead, discounted at the outlook's rate.
    fn expected_residual(&self, history: &History, outlook: &Outlook) -> f64 {
        self.probability_alive(history) * self.residual_if_alive(history.frequency(), history.age(), outlook)
    }

    /// Computes the purchases expected of a customer in the next `t`: conditional expected transactions.
    fn expected_transactions(&self, history: &History, t: f64) -> f64 {
        self.expected_residual(history, &Outlook { horizon: t, rate: 0.0 })
    }

    /// Computes the repeat purchases expected of a new customer within `t`: E[X(t)].
    fn expected_by(&self, t: f64) -> f64 {
        self.expected_transactions(&History::NEW, t)
    }

    /// Computes the probability that a customer buys nothing in the next `t`, dead or alive.
    fn probability_of_silence(&self, history: &History, t: f64) -> f64 {
        let alive = self.probability_alive(history);
        let silent = self.probability_of_silence_if_alive(history.frequency(), history.age(), t);
        (1.0 - alive) + alive * silent
    }
}

/// A kind of purchase model, of which there is one for every four positive parameters.
pub trait Family: PurchaseModel + Copy + PartialEq {
    /// The model's name.
    const NAME: &'static str;
    /// Names of the parameters, in their order.
    const PARAMETERS: [&'static str; 4];
    /// Which parameters are times, and so grow with the unit.
    const TIMES: [bool; 4];

    /// Makes a model of four positive parameters.
    ///
    /// # Errors
    /// [`Error::Parameter`] where one is not positive and finite.
    fn new(parameters: [f64; 4]) -> Result<Self, Error>;

    /// Makes the model of the positive, finite numbers nearest to some, and of 1 for what is no number.
    fn nearest(parameters: [f64; 4]) -> Self;

    /// Gives parameters to begin a search from: several, for data in which customers of a mean age buy at a mean rate.
    fn starts(rate: f64, age: f64) -> Vec<[f64; 4]>;

    /// Draws a customer who is observed for `age`, and what they do in the time `ahead`.
    fn simulate<R: Rng + ?Sized>(&self, age: f64, ahead: f64, rng: &mut R) -> Simulated;
}

/// The positive, finite number nearest to another; 1 for what is none.
fn positive(number: f64) -> f64 {
    if number.is_nan() { 1.0 } else { number.clamp(f64::MIN_POSITIVE, f64::MAX) }
}

/// Checks parameters.
fn checked<M: Family>(parameters: [f64; 4]) -> Result<[f64; 4], Error> {
    let wrong = parameters.iter().zip(M::PARAMETERS).find(|(value, _)| !(**value > 0.0 && value.is_finite()));
    match wrong {
        Some((&value, parameter)) => Err(Error::Parameter { model: M::NAME, parameter, value }),
        None => Ok(parameters),
    }
}

/// ln P(X = k) of a negative binomial: the purchases within t of a customer whose rate is Gamma(shape, rate).
fn ln_negative_binomial(k: u32, shape: f64, rate: f64, t: f64) -> f64 {
    use crate::special::ln_gamma;
    let k = f64::from(k);
    let moved = if k > 0.0 { k * (t / (rate + t)).ln() } else { 0.0 };
    ln_gamma(shape + k) - ln_gamma(shape) - ln_gamma(k + 1.0) - shape * (t / rate).ln_1p() + moved
}
