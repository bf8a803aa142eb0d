//! Exact sums, from which estimates are made.

use crate::{Estimate, Outcome, Undefined};

/// Sums of a value over rows or customers: what a mean, a total or a ratio needs.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Sums {
    /// How many.
    pub n: u64,
    /// The exact sum.
    pub sum: i128,
    /// The exact sum of squares. Exact sums make results independent of the order of addition.
    pub squares: u128,
}

impl Sums {
    /// Takes a sum of ones and zeros as the share of ones; undefined without any value.
    pub fn share(&self, of_what: &str) -> Outcome {
        if self.n == 0 {
            return Err(Undefined::Because(format!("no {of_what}")));
        }
        Ok(Estimate::Proportion { k: u64::try_from(self.sum).unwrap_or(0), n: self.n })
    }

    /// Adds a value. Squares beyond what 128 bits hold stay at the most that they do: intervals are then without meaning, sums are exact.
    pub fn add(&mut self, value: i64) {
        self.n += 1;
        self.sum += i128::from(value);
        self.squares = self.squares.saturating_add(u128::from(value.unsigned_abs()).pow(2));
    }

    /// Adds other sums.
    pub fn merge(&mut self, other: &Self) {
        self.n += other.n;
        self.sum += other.sum;
        self.squares = self.squares.saturating_add(other.squares);
    }

    /// Takes the sum as a total.
    pub const fn total(&self) -> Estimate {
        Estimate::Total { sum: self.sum, squares: self.squares, n: self.n }
    }

    /// Takes the mean of values that are kept in parts of one; undefined without any value.
    pub fn mean_of(&self, parts: i64, of_what: &str) -> Outcome {
        let scale = parts as f64;
        self.mean(of_what).map(|estimate| match estimate {
            Estimate::Mean { mean, variance, n } => {
                Estimate::Mean { mean: mean / scale, variance: variance / (scale * scale), n }
            }
            other => other,
        })
    }

    /// Takes the mean; undefined without any value.
    pub fn mean(&self, of_what: &str) -> Outcome {
        if self.n == 0 {
            return Err(Undefined::Because(format!("no {of_what}")));
        }
        let (n, sum) = (self.n as f64, self.sum as f64);
        let variance = if self.n > 1 { ((self.squares as f64 - sum * sum / n) / (n - 1.0)).max(0.0) } else { 0.0 };
        Ok(Estimate::Mean { mean: sum / n, variance, n: self.n })
    }
}

/// Sums over rows of a value x and of what it is set against, y: what a ratio of their sums needs.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct PairSums {
    /// The value.
    pub x: Sums,
    /// What it is set against: a weight, the other side of a ratio.
    pub y: Sums,
    /// The exact sum of the products.
    pub xy: i128,
}

impl PairSums {
    /// Adds a row.
    pub fn add(&mut self, x: i64, y: i64) {
        self.x.add(x);
        self.y.add(y);
        self.xy = self.xy.saturating_add(i128::from(x) * i128::from(y));
    }

    /// Adds other sums.
    pub fn merge(&mut self, other: &Self) {
        self.x.merge(&other.x);
        self.y.merge(&other.y);
        self.xy = self.xy.saturating_add(other.xy);
    }

    /// Takes the share of weight or of an amount, where each x is between nothing and its y.
    ///
    /// The interval is Wilson's for as many plain answers as are as precise: (sum of y)^2 / sum of y^2, or r (1 - r) over the variance of the
    /// ratio where that is fewer.
    /// Source: Kish (1965), Survey Sampling, 8.2; Korn & Graubard (1998), Survey Methodology 24, 193-201.
    pub fn share(&self, nothing: &str) -> Outcome {
        let Estimate::Ratio { ratio, variance, n } = self.ratio(1.0, nothing)? else {
            return Err(Undefined::because(nothing));
        };
        let kish = (self.y.sum as f64).powi(2) / self.y.squares as f64;
        let own = ratio * (1.0 - ratio) / variance;
        let effective = if own.is_finite() && own > 0.0 { kish.min(own) } else { kish };
        Ok(Estimate::WeightedShare { share: ratio, n, effective })
    }

    /// Takes the ratio r = sum(x) / sum(y), times a scale; undefined where nothing is below the line.
    ///
    /// # Formula
    /// Variance by the delta method: sum((x - r y)^2) / sum(y)^2 x n / (n - 1). With weights w and values v, x = w v and y = w, this
    /// is the linearised variance of a weighted mean.
    /// Source: Cochran (1977), Sampling Techniques, 3rd ed., 2.11 and 6.4.
    pub fn ratio(&self, scale: f64, nothing: &str) -> Outcome {
        if self.y.sum == 0 {
            return Err(Undefined::because(nothing));
        }
        let (below, n) = (self.y.sum as f64, self.y.n as f64);
        let ratio = self.x.sum as f64 / below;
        let squares = self.x.squares as f64 - 2.0 * ratio * self.xy as f64 + ratio * ratio * self.y.squares as f64;
        let spread = if self.y.n > 1 { n / (n - 1.0) } else { 0.0 };
        let variance = squares.max(0.0) / (below * below) * spread;
        Ok(Estimate::Ratio { ratio: ratio * scale, variance: variance * scale * scale, n: self.y.n })
    }
}
