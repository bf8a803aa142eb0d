//! One less a ratio: churn from retention.

use tallybook_stats::{Estimate, Interval, Outcome};

/// Takes one less a ratio, with its interval.
pub(in crate::catalog) fn complement(retention: Outcome) -> Outcome {
    retention.map(|estimate| match estimate {
        Estimate::Ratio { ratio, variance, n } => Estimate::Ratio { ratio: 1.0 - ratio, variance, n },
        Estimate::WeightedShare { share, n, effective } => Estimate::WeightedShare { share: 1.0 - share, n, effective },
        Estimate::Bounded { value, interval, n, method } => Estimate::Bounded {
            value: 1.0 - value,
            interval: Interval { low: 1.0 - interval.high, high: 1.0 - interval.low },
            n,
            method,
        },
        other => other,
    })
}
