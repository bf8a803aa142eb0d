//! An estimate, or the reason why there is none: undefined is never zero.

use crate::Estimate;

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
