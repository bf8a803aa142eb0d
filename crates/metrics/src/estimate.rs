//! What a metric computes for one period and segment: sufficient statistics, from which value, interval and change follow.

pub use crate::method::Method;
pub use crate::moments::{Moments, Pair};
use crate::stats::{
    Interval, Z95, compound_interval, net_share_interval, poisson_interval, student_quantile, wilson, wilson_interval,
};

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

/// The difference of two estimates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Difference {
    /// This minus that, in the metric's unit.
    pub absolute: f64,
    /// That difference over the size of that; none where that is zero.
    pub relative: Option<f64>,
    /// 95% interval of the absolute difference.
    pub interval: Option<(Interval, Method)>,
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
            // On the logarithm, or the logit of a share: neither leaves the range of what is predicted.
            Self::Predicted { error: Some(error), of: Predicted::Total | Predicted::Mean, method, .. }
                if value > 0.0 =>
            {
                let factor = (Z95 * error / value).exp();
                (Interval { low: value / factor, high: value * factor }, method)
            }
            Self::Predicted { error: Some(error), of: Predicted::Share, method, .. } if value > 0.0 && value < 1.0 => {
                let factor = (Z95 * error / (value * (1.0 - value))).exp();
                let at = |odds: f64| odds / (1.0 + odds);
                let odds = value / (1.0 - value);
                (Interval { low: at(odds / factor), high: at(odds * factor) }, method)
            }
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

    /// Compares with an estimate of the same metric in another period.
    ///
    /// # Formula
    /// With the intervals (l1, u1) and (l2, u2) of a and b: (a - b) - sqrt((a - l1)^2 + (u2 - b)^2) to
    /// (a - b) + sqrt((u1 - a)^2 + (b - l2)^2), which for two proportions is Newcombe's method. It keeps the asymmetry of intervals near
    /// zero, where a normal difference would find changes in handfuls of events. The periods are treated as independent; where the same
    /// customers are in both, the interval is on the wide side.
    /// Source: Zou & Donner (2008), Statistics in Medicine 27, 1693-1702 (MOVER); Newcombe (1998) for proportions.
    pub fn difference(&self, other: &Self) -> Option<Difference> {
        let (this, that) = (self.value()?, other.value()?);
        let absolute = this - that;
        let relative = (that != 0.0).then(|| absolute / that.abs());
        // Growth of neighbours rests on one total that both have in common.
        let apart = !matches!((self, other), (Self::Growth { .. }, Self::Growth { .. }));
        let interval = self.interval().zip(other.interval()).filter(|_| apart).map(|((one, method), (two, _))| {
            let low = absolute - (this - one.low).hypot(two.high - that);
            let high = absolute + (one.high - this).hypot(that - two.low);
            let method = if method == Method::Wilson { Method::Newcombe } else { Method::Mover };
            (Interval { low, high }, method)
        });
        Some(Difference { absolute, relative, interval })
    }
}

/// Why there is no estimate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Undefined {
    /// Nothing to count, or a denominator of zero: said in words.
    Because(String),
    /// The time in which it can be observed is not over.
    Immature(String),
    /// It would rest on so few that they could be told apart.
    TooFew {
        /// How many there are.
        n: u64,
        /// How many there must be.
        least: u64,
    },
}

impl Undefined {
    /// Says why there is no value.
    pub fn because(reason: impl Into<String>) -> Self {
        Self::Because(reason.into())
    }
}

/// An estimate, or why there is none.
pub type Outcome = Result<Estimate, Undefined>;

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(estimate: Estimate) -> (f64, f64) {
        let (interval, _) = estimate.interval().expect("an interval");
        (interval.low, interval.high)
    }

    #[test]
    fn mean_by_hand() {
        // 2, 4, 6: mean 4, variance 4, standard error 1.1547, t with 2 degrees of freedom 4.3027 -> half-width 4.968.
        let mut moments = Moments::default();
        for value in [2, 4, 6] {
            moments.add(value);
        }
        let mean = moments.mean("values").expect("three values");
        let (low, high) = interval(mean);
        assert!((low - (4.0 - 4.968_28)).abs() < 1e-4 && (high - 8.968_28).abs() < 1e-4, "{low} {high}");
    }

    #[test]
    fn totals_by_hand() {
        // 30 + 40 = 70, sum of squares 2500: 70 + sqrt(2500 / 2) x (0.2246 - 2) and (7.2206 - 2), by Byar's limits for two.
        let mut moments = Moments::default();
        for value in [30, 40] {
            moments.add(value);
        }
        let (low, high) = interval(moments.total());
        assert!((low - 7.23).abs() < 0.01 && (high - 254.58).abs() < 0.05, "{low} {high}");
        assert_eq!(moments.total().exact(), Some(70));
    }

    #[test]
    fn nothing_is_undefined_and_never_zero() {
        assert_eq!(Estimate::Proportion { k: 0, n: 0 }.value(), None);
        assert_eq!(Estimate::PerCount { amount: 500, count: 0 }.value(), None);
        assert_eq!(Estimate::Growth { now: 5, now_squares: 25, then: 0, then_squares: 0, n: 1 }.value(), None);
        assert_eq!(Moments::default().mean("orders"), Err(Undefined::Because("no orders".into())));
    }

    #[test]
    fn differences() {
        // Counts 100 (81.362 to 121.628) and 64 (49.285 to 81.728): 36 less sqrt(18.638^2 + 17.728^2), plus sqrt(21.628^2 + 14.715^2).
        let difference = Estimate::Count(100).difference(&Estimate::Count(64)).expect("defined");
        let (interval, method) = difference.interval.expect("an interval");
        assert!((interval.low - 10.277).abs() < 0.01 && (interval.high - 62.159).abs() < 0.01, "{interval:?}");
        assert_eq!((method, difference.relative), (Method::Mover, Some(0.5625)));
        // One event after seven is no news.
        let few = Estimate::Count(1).difference(&Estimate::Count(7)).and_then(|difference| difference.interval);
        assert!(few.is_some_and(|(interval, _)| interval.high > 0.0));
        // Newcombe (1998), Statistics in Medicine 17, 873-890, table II, method 10: 56/70 - 48/80 -> 0.0524 to 0.3339.
        let shares = Estimate::Proportion { k: 56, n: 70 }.difference(&Estimate::Proportion { k: 48, n: 80 });
        let (interval, method) = shares.and_then(|difference| difference.interval).expect("an interval");
        assert!((interval.low - 0.0524).abs() < 5e-5 && (interval.high - 0.3339).abs() < 5e-5, "{interval:?}");
        assert_eq!(method, Method::Newcombe);
    }
}
