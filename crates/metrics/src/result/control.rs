//! Control charts of measures.

use serde::{Deserialize, Serialize};
use tallybook_stats::ControlChart;

/// The control chart of a measure's series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Control {
    /// The metric.
    pub metric: String,
    /// The measure.
    pub measure: String,
    /// Labels of the series' periods, oldest first; signals are at positions among them.
    pub periods: Vec<String>,
    /// Limits and signals.
    #[serde(flatten)]
    pub chart: ControlChart,
}
