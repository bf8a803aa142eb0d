//! Targets beside figures.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// A target beside a figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TargetReading {
    /// What it should be, in the figure's unit: of the period, or of the whole range where there is one.
    pub value: f64,
    /// First day of a range over which it adds up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<NaiveDate>,
    /// Last day of that range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<NaiveDate>,
    /// What was reached from the first day of the range to the end of the period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_date: Option<f64>,
    /// What should have been reached by then, day by day alike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<f64>,
    /// Whether it is reached, or on the way to be; nothing where no way is good.
    pub met: Option<bool>,
}
