//! The interval of an estimate: each kind has one method.

use super::{Estimate, Predicted};
use crate::{
    Interval, Method, Z95, compound_interval, net_share_interval, poisson_interval, student_quantile, wilson,
    wilson_interval,
};

impl Estimate {
    /// Computes the 95% interval.
    pub fn interval(&self) -> Option<(Interval, Method)> {
        let value = self.value()?;
        Some(match *self {
            Self::Total { squares, n, .. } if n > 0 => {
                (compound_interval(value, squares as f64, n), Method::CompoundPoisson)
            }
            Self::Sum { squares, n, .. } if n > 0 => (compound_interval(value, squares, n), Method::CompoundPoisson),
            Self::Derived { variance: Some(variance), .. } => {
                (Interval::around(value, Z95 * variance.sqrt()), Method::Delta)
            }
            Self::Count(count) => (poisson_interval(count), Method::Poisson),
            Self::Proportion { k, n } => (wilson_interval(k, n)?, Method::Wilson),
            Self::WeightedShare { share, effective, .. } => (wilson(share, effective)?, Method::Wilson),
            Self::NetShare { up, down, n } => {
                let share = |count: u64| count as f64 / n as f64;
                (net_share_interval(share(up), share(down), n as f64)?, Method::Trinomial)
            }
            Self::WeightedNet { up, down, effective, .. } => {
                (net_share_interval(up, down, effective)?, Method::Trinomial)
            }
            Self::Bounded { interval, method, .. } => (interval, method),
            Self::Mean { variance, n, .. } if n > 1 => {
                (Interval::around(value, student_quantile(n - 1) * (variance / n as f64).sqrt()), Method::T)
            }
            Self::Ratio { variance, n, .. } if n > 1 => {
                (Interval::around(value, student_quantile(n - 1) * variance.sqrt()), Method::Delta)
            }
            Self::Survival { low, high, .. } => (Interval { low, high }, Method::LogLog),
            Self::Predicted { error: Some(error), of, method, .. } => (predicted_interval(value, error, of)?, method),
            Self::PerCount { amount, count } => {
                let of = poisson_interval(count);
                if of.low <= 0.0 || amount < 0 {
                    return None;
                }
                (Interval { low: amount as f64 / of.high, high: amount as f64 / of.low }, Method::Poisson)
            }
            Self::PerBase { count, base } => {
                let of = poisson_interval(count);
                (Interval { low: of.low / base as f64, high: of.high / base as f64 }, Method::Poisson)
            }
            Self::Quantile { interval: Some((low, high)), .. } => (Interval { low, high }, Method::OrderStatistics),
            Self::Growth { now, now_squares, then, then_squares, .. } if now > 0 && then > 0 => {
                let relative = |total: i128, squares: u128| squares as f64 / (total as f64 * total as f64);
                let error = (relative(now, now_squares) + relative(then, then_squares)).sqrt();
                let ratio = now as f64 / then as f64;
                let at = |z: f64| ratio * (z * error).exp() - 1.0;
                (Interval { low: at(-Z95), high: at(Z95) }, Method::Delta)
            }
            _ => return None,
        })
    }
}

/// The interval of a prediction, on the logarithm, or the logit of a share: neither leaves the range of what is predicted.
fn predicted_interval(value: f64, error: f64, of: Predicted) -> Option<Interval> {
    match of {
        Predicted::Total | Predicted::Mean if value > 0.0 => {
            let factor = (Z95 * error / value).exp();
            Some(Interval { low: value / factor, high: value * factor })
        }
        Predicted::Share if value > 0.0 && value < 1.0 => {
            let factor = (Z95 * error / (value * (1.0 - value))).exp();
            let at = |odds: f64| odds / (1.0 + odds);
            let odds = value / (1.0 - value);
            Some(Interval { low: at(odds / factor), high: at(odds * factor) })
        }
        _ => None,
    }
}
