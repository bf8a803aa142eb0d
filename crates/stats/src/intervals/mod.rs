//! Interval methods. Each is a pure function with its formula and source; estimates choose among them.

mod order;
mod poisson;
mod proportion;
mod student;

pub use order::{median_ranks, quantile_ranks, select_quantile};
pub use poisson::{compound_interval, poisson_interval};
pub use proportion::{net_share_interval, wilson, wilson_interval};
pub use student::student_quantile;

/// The 97.5% quantile of the standard normal distribution: the half-width of a 95% interval in standard errors.
pub const Z95: f64 = 1.959_963_984_540_054;

/// A two-sided confidence interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Interval {
    /// Makes the interval of a value and a half-width.
    pub fn around(value: f64, half_width: f64) -> Self {
        Self { low: value - half_width, high: value + half_width }
    }
}
