//! What the change of a headline is made of.

use serde::{Deserialize, Serialize};
use tallybook_stats::Decomposition;

use crate::declare::Unit;

/// What drove the change of a metric's headline against the period before, by a dimension.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SegmentDecomposition {
    /// The metric.
    pub metric: String,
    /// The dimension.
    pub dimension: String,
    /// Label of the period before.
    pub against: String,
    /// What its values are.
    pub unit: Unit,
    /// The effects, which sum to the change.
    #[serde(flatten)]
    pub decomposition: Decomposition,
}
