//! How intervals are computed, by name.

/// How an interval was computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Compound Poisson: a sum over independent arrivals.
    CompoundPoisson,
    /// Byar's approximation to the exact Poisson interval.
    Poisson,
    /// Wilson score.
    Wilson,
    /// Newcombe's hybrid score for a difference of proportions.
    Newcombe,
    /// Normal interval of a difference of two shares of the same sample.
    Trinomial,
    /// Student's t.
    T,
    /// Delta method on a ratio of sums.
    Delta,
    /// Order statistics.
    OrderStatistics,
    /// Models fitted to resamples of the customers.
    Bootstrap,
    /// Greenwood's variance on the scale of ln(-ln S).
    LogLog,
    /// Recovery of variance estimates from the intervals of two estimates, for their difference.
    Mover,
}

impl Method {
    /// Names the method for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CompoundPoisson => "compound Poisson",
            Self::Poisson => "Poisson (Byar)",
            Self::Wilson => "Wilson",
            Self::Newcombe => "Newcombe",
            Self::Trinomial => "normal, of a difference of shares",
            Self::T => "Student's t",
            Self::Delta => "delta method",
            Self::OrderStatistics => "order statistics",
            Self::Bootstrap => "bootstrap",
            Self::LogLog => "Greenwood, log-log",
            Self::Mover => "MOVER",
        }
    }
}
