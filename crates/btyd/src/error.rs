//! Errors: inputs that mean nothing, said with the value that was given.

/// An input that cannot be worked with.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// A parameter outside its range.
    #[error("{model}: parameter {parameter} is {value}; it must be a positive, finite number")]
    Parameter {
        /// The model.
        model: &'static str,
        /// The parameter.
        parameter: &'static str,
        /// What was given.
        value: f64,
    },
    /// A purchase history that cannot be.
    #[error(
        "a history of {frequency} repeat purchases with recency {recency} and age {age}: recency must lie between 0 and the age, \
         and be 0 where nothing was repeated"
    )]
    History {
        /// Repeat purchases.
        frequency: u32,
        /// Time from the first purchase to the last.
        recency: f64,
        /// Time from the first purchase to the end of observation.
        age: f64,
    },
    /// A customer's spend that the Gamma-Gamma model cannot take.
    #[error("a mean spend of {mean} over {frequency} purchases: both must be positive")]
    Spend {
        /// Purchases that the mean is over.
        frequency: u32,
        /// The mean.
        mean: f64,
    },
    /// A weight that is no number of customers.
    #[error("a weight of {0}; weights are positive and finite")]
    Weight(f64),
    /// A horizon or a rate that gives no finite value.
    #[error("a horizon of {horizon} at a discount rate of {rate}: without end there must be a positive rate")]
    Horizon {
        /// The horizon, in units of time.
        horizon: f64,
        /// The continuous rate a unit of time.
        rate: f64,
    },
    /// A duration that is not positive.
    #[error("a duration of {0}; durations are finite and not negative")]
    Duration(f64),
    /// Nothing to fit.
    #[error("no customers to fit")]
    Empty,
}
