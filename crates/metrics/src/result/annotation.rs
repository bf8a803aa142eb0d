//! What happened in the days that are shown.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// Something that happened and may explain figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Annotation {
    /// The first day.
    pub on: NaiveDate,
    /// The last day, where it took more than one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
    /// What happened.
    pub text: String,
    /// The metric that it is about; all where it names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<String>,
}
