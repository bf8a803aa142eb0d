//! What a fit has to say about itself.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How far a fit can be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Converged, with nothing to object.
    Sound,
    /// Converged, but something asks for care.
    Doubtful,
    /// Its numbers mean nothing and are not to be used.
    Unusable,
}

/// Something that a fit found out about itself or its data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "finding", rename_all = "snake_case")]
pub enum Finding {
    /// Nobody has bought twice: nothing can be told apart.
    NoRepeats,
    /// Too few have bought twice.
    TooFewRepeaters {
        /// How many have.
        repeaters: f64,
        /// How many it takes.
        least: f64,
    },
    /// Too few have been lost.
    TooFewLost {
        /// How many have.
        lost: f64,
        /// How many it takes.
        least: f64,
    },
    /// Customers have nothing else to tell than that all spend the same.
    ConstantSpend,
    /// The search ended without reaching a maximum.
    NotConverged {
        /// Evaluations of the likelihood.
        evaluations: u32,
    },
    /// The likelihood rises, or stays level, towards an end of a parameter's range.
    Boundary {
        /// The parameter.
        parameter: String,
        /// Where the search left it.
        value: f64,
        /// Towards zero, or without end.
        to_zero: bool,
    },
    /// One customer moves a parameter by more than sampling does.
    OneCustomer {
        /// The parameter.
        parameter: String,
        /// How many standard errors the estimate would move without the customer.
        standard_errors: f64,
        /// The customer's repeat purchases.
        frequency: u32,
    },
    /// The mean spend of the population is without end: q is at most 1.
    MeanUndefined {
        /// The parameter q.
        q: f64,
    },
    /// Spend depends on frequency, which the model says it does not.
    SpendFollowsFrequency {
        /// Their correlation.
        correlation: f64,
    },
}

impl Finding {
    /// Tells what the finding means for the fit.
    pub const fn verdict(&self) -> Verdict {
        match self {
            Self::NoRepeats
            | Self::TooFewRepeaters { .. }
            | Self::TooFewLost { .. }
            | Self::ConstantSpend
            | Self::NotConverged { .. }
            | Self::MeanUndefined { .. }
            | Self::Boundary { .. } => Verdict::Unusable,
            Self::OneCustomer { .. } | Self::SpendFollowsFrequency { .. } => Verdict::Doubtful,
        }
    }

    /// Gives the verdict on a fit with some findings.
    pub fn overall(findings: &[Self]) -> Verdict {
        findings.iter().map(Self::verdict).max().unwrap_or(Verdict::Sound)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRepeats => write!(f, "no customer has bought on more than one day"),
            Self::TooFewRepeaters { repeaters, least } => {
                let (who, have) =
                    if (repeaters - 1.0).abs() < 0.5 { ("customer", "has") } else { ("customers", "have") };
                write!(f, "only {repeaters} {who} {have} bought more than once; it takes {least}")
            }
            Self::TooFewLost { lost, least } => {
                let were = if (lost - 1.0).abs() < 0.5 { "customer was" } else { "customers were" };
                write!(f, "only {lost} {were} lost; it takes {least}")
            }
            Self::ConstantSpend => write!(f, "all customers spend the same"),
            Self::NotConverged { evaluations } => {
                write!(f, "no maximum was reached in {evaluations} evaluations of the likelihood")
            }
            Self::Boundary { parameter, to_zero, .. } => {
                let end = if *to_zero { "zero" } else { "infinity" };
                write!(f, "the data do not bound {parameter} away from {end}")
            }
            Self::OneCustomer { parameter, standard_errors, frequency } => write!(
                f,
                "one customer with {frequency} repeat purchase{} moves {parameter} by {standard_errors:.1} standard errors",
                if *frequency == 1 { "" } else { "s" }
            ),
            Self::MeanUndefined { q } => {
                write!(f, "the mean spend has no finite expectation (q = {q:.3} is at most 1)")
            }
            Self::SpendFollowsFrequency { correlation } => {
                write!(f, "spend is not independent of frequency (correlation {correlation:.2})")
            }
        }
    }
}
