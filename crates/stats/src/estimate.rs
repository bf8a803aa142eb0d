//! What a metric computes for one period and segment: sufficient statistics, from which value, interval and change follow.

mod interval;

use crate::{Interval, Method, Z95};

/// An estimate with what is needed to judge it.
///
/// The kinds are few on purpose: each names the one way in which its interval, and the interval of a difference of two, is
/// computed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Estimate {
    /// A sum over events that arrive independently: a compound Poisson total, whose variance is the sum of squares.
    Total {
        /// The exact sum.
        sum: i128,
        /// The sum of the squared summands.
        squares: u128,
        /// How many summands.
        n: u64,
    },
    /// The same of numbers that are not kept as whole ones, with the variance that the sum of squares gives.
    Sum {
        /// The sum.
        sum: f64,
        /// The sum of the squared summands.
        squares: f64,
        /// How many summands.
        n: u64,
    },
    /// A value made of others' values, with the variance that theirs give it where they are taken for independent.
    Derived {
        /// The value.
        value: f64,
        /// Its variance; none where one of the others has none.
        variance: Option<f64>,
        /// The least n of the others.
        n: u64,
    },
    /// A count of events that arrive independently.
    Count(u64),
    /// A share: k of n.
    Proportion {
        /// Those that have it.
        k: u64,
        /// All.
        n: u64,
    },
    /// A share of some less a share of others, in points: promoters less detractors.
    NetShare {
        /// Those for it.
        up: u64,
        /// Those against it.
        down: u64,
        /// All.
        n: u64,
    },
    /// The same of weighted answers.
    WeightedNet {
        /// Share of those for it.
        up: f64,
        /// Share of those against it.
        down: f64,
        /// How many answers.
        n: u64,
        /// How many plain answers would be as precise.
        effective: f64,
    },
    /// A value that brings its own interval.
    Bounded {
        /// The value.
        value: f64,
        /// Its interval.
        interval: Interval,
        /// How many units it rests on.
        n: u64,
        /// How the interval was computed.
        method: Method,
    },
    /// A share of weighted answers, or of an amount, with the number of plain answers that would be as precise.
    WeightedShare {
        /// The share.
        share: f64,
        /// How many answers.
        n: u64,
        /// That number.
        effective: f64,
    },
    /// A mean of n values.
    Mean {
        /// The mean.
        mean: f64,
        /// The variance of the values (divisor n - 1).
        variance: f64,
        /// How many values.
        n: u64,
    },
    /// A ratio of two sums over the same n units, by the delta method.
    Ratio {
        /// The ratio.
        ratio: f64,
        /// Its variance.
        variance: f64,
        /// How many units.
        n: u64,
    },
    /// A fixed amount over a random count, such as spend a new customer.
    PerCount {
        /// The amount.
        amount: i128,
        /// The count.
        count: u64,
    },
    /// A random count over a fixed base, such as growth of a customer base.
    PerBase {
        /// The count.
        count: u64,
        /// The base.
        base: u64,
    },
    /// A quantile, with order statistics as its interval.
    Quantile {
        /// The quantile.
        value: f64,
        /// The order statistics around it.
        interval: Option<(f64, f64)>,
        /// How many values.
        n: u64,
    },
    /// A prediction of a fitted model, with the standard error that its parameters give it.
    Predicted {
        /// The prediction, of something that is not negative.
        value: f64,
        /// Its standard error; none where the fit has none.
        error: Option<f64>,
        /// How many customers it is about.
        n: u64,
        /// What it is.
        of: Predicted,
        /// How its standard error was computed.
        method: Method,
    },
    /// A share of customers who live longer than a time, from a survival curve that brings its own interval.
    Survival {
        /// The share.
        value: f64,
        /// Lower end of its interval.
        low: f64,
        /// Upper end.
        high: f64,
        /// How many customers the curve is of.
        n: u64,
    },
    /// A value that comes without an interval, because what it would take is not kept.
    Bare {
        /// The value.
        value: f64,
        /// What it rests on.
        n: u64,
    },
    /// The relative change of one total against another, on the log scale.
    Growth {
        /// The total.
        now: i128,
        /// Its sum of squares.
        now_squares: u128,
        /// The total it is compared with.
        then: i128,
        /// Its sum of squares.
        then_squares: u128,
        /// Summands of the total.
        n: u64,
    },
}

/// What is predicted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Predicted {
    /// A sum over customers.
    Total,
    /// A mean over customers.
    Mean,
    /// A share of customers, between 0 and 1.
    Share,
}

impl Estimate {
    /// Gives the value in the metric's base unit; nothing where a denominator is zero.
    pub fn value(&self) -> Option<f64> {
        let quotient = |a: f64, b: f64| (b != 0.0).then(|| a / b);
        match *self {
            Self::Total { sum, .. } => Some(sum as f64),
            Self::Count(count) => Some(count as f64),
            Self::Sum { sum, .. } => Some(sum),
            Self::Derived { value, .. } => value.is_finite().then_some(value),
            Self::Proportion { k, n } => quotient(k as f64, n as f64),
            Self::WeightedNet { up, down, .. } => Some(100.0 * (up - down)),
            Self::NetShare { up, down, n } => quotient(100.0 * (up as f64 - down as f64), n as f64),
            Self::Mean { mean: value, n, .. }
            | Self::WeightedShare { share: value, n, .. }
            | Self::Bounded { value, n, .. }
            | Self::Ratio { ratio: value, n, .. }
            | Self::Bare { value, n }
            | Self::Predicted { value, n, .. }
            | Self::Survival { value, n, .. }
            | Self::Quantile { value, n, .. } => (n > 0 && value.is_finite()).then_some(value),
            Self::PerCount { amount, count } => quotient(amount as f64, count as f64),
            Self::PerBase { count, base } => quotient(count as f64, base as f64),
            Self::Growth { now, then, .. } => (then > 0).then(|| (now - then) as f64 / then as f64),
        }
    }

    /// Gives the same in other units, with its interval.
    #[must_use]
    pub fn scaled(self, factor: f64) -> Self {
        #[allow(clippy::float_cmp, reason = "one means that nothing is to be done")]
        if factor == 1.0 {
            return self;
        }
        match self {
            Self::Derived { value, variance, n } => Self::Derived {
                value: value * factor,
                variance: variance.map(|variance| variance * factor * factor),
                n,
            },
            other => match other.value() {
                None => other,
                Some(value) => {
                    let half = other.interval().map(|(interval, _)| (interval.high - interval.low) / 2.0 / Z95);
                    let variance = half.map(|error| (error * factor).powi(2));
                    Self::Derived { value: value * factor, variance, n: other.n() }
                }
            },
        }
    }

    /// Gives the value as an exact integer, for sums and counts.
    pub fn exact(&self) -> Option<i64> {
        match *self {
            Self::Total { sum, .. } => i64::try_from(sum).ok(),
            Self::Count(count) => i64::try_from(count).ok(),
            _ => None,
        }
    }

    /// Counts the successes of a proportion.
    pub const fn successes(&self) -> Option<u64> {
        match *self {
            Self::Proportion { k, .. } => Some(k),
            _ => None,
        }
    }

    /// Counts what the estimate rests on.
    pub const fn n(&self) -> u64 {
        match *self {
            Self::Total { n, .. }
            | Self::Sum { n, .. }
            | Self::Derived { n, .. }
            | Self::Proportion { n, .. }
            | Self::NetShare { n, .. }
            | Self::WeightedShare { n, .. }
            | Self::WeightedNet { n, .. }
            | Self::Bounded { n, .. }
            | Self::Mean { n, .. }
            | Self::Ratio { n, .. }
            | Self::Quantile { n, .. }
            | Self::Bare { n, .. }
            | Self::Predicted { n, .. }
            | Self::Survival { n, .. }
            | Self::Growth { n, .. } => n,
            Self::Count(count) | Self::PerCount { count, .. } => count,
            Self::PerBase { base, .. } => base,
        }
    }

    /// Tells whether the estimate is hidden below the pipeline's least n: whatever is an average or a share, while sums and counts
    /// speak for themselves.
    pub const fn needs_least_n(&self) -> bool {
        !matches!(
            self,
            Self::Total { .. }
                | Self::Sum { .. }
                | Self::Count(_)
                | Self::Growth { .. }
                | Self::Predicted { of: Predicted::Total, .. }
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Sums, Undefined};

    fn interval(estimate: Estimate) -> (f64, f64) {
        let (interval, _) = estimate.interval().expect("an interval");
        (interval.low, interval.high)
    }

    #[test]
    fn mean_by_hand() {
        // 2, 4, 6: mean 4, variance 4, standard error 1.1547, t with 2 degrees of freedom 4.3027 -> half-width 4.968.
        let mut sums = Sums::default();
        for value in [2, 4, 6] {
            sums.add(value);
        }
        let mean = sums.mean("values").expect("three values");
        let (low, high) = interval(mean);
        assert!((low - (4.0 - 4.968_28)).abs() < 1e-4 && (high - 8.968_28).abs() < 1e-4, "{low} {high}");
    }

    #[test]
    fn totals_by_hand() {
        // 30 + 40 = 70, sum of squares 2500: 70 + sqrt(2500 / 2) x (0.2246 - 2) and (7.2206 - 2), by Byar's limits for two.
        let mut sums = Sums::default();
        for value in [30, 40] {
            sums.add(value);
        }
        let (low, high) = interval(sums.total());
        assert!((low - 7.23).abs() < 0.01 && (high - 254.58).abs() < 0.05, "{low} {high}");
        assert_eq!(sums.total().exact(), Some(70));
    }

    #[test]
    fn nothing_is_undefined_and_never_zero() {
        assert_eq!(Estimate::Proportion { k: 0, n: 0 }.value(), None);
        assert_eq!(Estimate::PerCount { amount: 500, count: 0 }.value(), None);
        assert_eq!(Estimate::Growth { now: 5, now_squares: 25, then: 0, then_squares: 0, n: 1 }.value(), None);
        assert_eq!(Sums::default().mean("orders"), Err(Undefined::Because("no orders".into())));
    }
}
