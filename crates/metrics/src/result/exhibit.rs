//! Exhibits: what a metric shows besides its figures — a curve, a table, remarks. Data, like figures; reports draw them.

use serde::{Deserialize, Serialize};

use crate::declare::Unit;

/// Counts in words: `1 customer`, `2 customers`.
pub(crate) fn counted(count: f64, what: &str) -> String {
    format!("{count:.0} {what}{}", if (count - 1.0).abs() < 0.5 { "" } else { "s" })
}

/// Something a metric shows besides its figures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Exhibit {
    /// Identifier of the metric.
    pub metric: String,
    /// A key of its own among the metric's exhibits.
    pub key: String,
    /// Title.
    pub title: String,
    /// What is to be said of it, a sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
    /// What is shown.
    pub body: Body,
}

/// What an exhibit shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// A table.
    Table(ExhibitTable),
    /// Curves over a common axis.
    Curves(Curves),
}

/// A table: a name and some cells a row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExhibitTable {
    /// Heading of the names.
    pub names: String,
    /// Headings of the cells.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<ExhibitRow>,
    /// Whether rows follow on each other in time: a page that cannot show all shows the last ones, else the first.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_time: bool,
}

/// A row of a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExhibitRow {
    /// Its name.
    pub name: String,
    /// Its cells, one a column.
    pub cells: Vec<Quantity>,
}

/// A cell: a number with its unit, a text, or nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// A number.
    Value {
        /// In base units.
        value: f64,
        /// What it is.
        unit: Unit,
        /// Half the width of its interval, which says how many digits to show.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        margin: Option<f64>,
    },
    /// A number between two others.
    Range {
        /// The lower, in base units.
        low: f64,
        /// The upper.
        high: f64,
        /// What they are.
        unit: Unit,
    },
    /// A text.
    Text(String),
    /// Nothing.
    Missing,
}

impl Quantity {
    /// A number; nothing where it is not finite.
    pub const fn of(unit: Unit, value: f64) -> Self {
        if value.is_finite() { Self::Value { value, unit, margin: None } } else { Self::Missing }
    }

    /// A number that is known up to a margin.
    pub const fn about(unit: Unit, value: f64, margin: f64) -> Self {
        if value.is_finite() { Self::Value { value, unit, margin: Some(margin) } } else { Self::Missing }
    }

    /// What is shown instead of an average or a share of too few.
    pub fn too_few() -> Self {
        Self::Text("too few".to_owned())
    }

    /// A count.
    pub const fn count(value: u64) -> Self {
        Self::of(Unit::Count, value as f64)
    }

    /// An interval; nothing where an end is not finite.
    pub const fn range(unit: Unit, low: f64, high: f64) -> Self {
        if low.is_finite() && high.is_finite() { Self::Range { low, high, unit } } else { Self::Missing }
    }
}

/// Curves over a common axis.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Curves {
    /// What runs along the axis: `weeks after the calibration`.
    pub axis: String,
    /// What the curves show.
    pub unit: Unit,
    /// Whether values hold until the next point, as in a survival curve.
    pub steps: bool,
    /// The curves.
    pub curves: Vec<Curve>,
}

/// One curve.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// Its name.
    pub name: String,
    /// Its points, ascending along the axis.
    pub points: Vec<CurvePoint>,
}

/// A point of a curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// Where on the axis.
    pub x: f64,
    /// The value, in base units.
    pub y: f64,
    /// Ends of its interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<(f64, f64)>,
}
