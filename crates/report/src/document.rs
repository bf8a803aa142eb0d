//! The document of a run: all that a report is made from. `figures.json` is this document.

use std::path::Path;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use tallybook_calendar::Period;
use tallybook_ingest::checks::Trust;
use tallybook_metrics::declare::{Area, Direction, Unit};
use tallybook_metrics::result::Exhibit;
use tallybook_metrics::result::Figure;
use tallybook_metrics::result::{Annotation, Control, SegmentDecomposition};

use crate::error::ReportError;
use crate::format::{Currency, Locale};

/// The version of the document's shape.
pub const FORMAT_VERSION: u32 = 1;

/// Everything that a report is made from: rendering needs nothing else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// The version of the shape.
    pub format: u32,
    /// The program that computed it.
    pub program: String,
    /// Name of the pipeline.
    pub pipeline: String,
    /// Title of the report.
    pub title: String,
    /// The company.
    pub company: String,
    /// IANA zone in which days begin.
    pub timezone: String,
    /// What money is counted in.
    pub currency: Currency,
    /// How numbers are written.
    pub locale: Locale,
    /// The period.
    pub period: Period,
    /// The period before.
    pub previous: Period,
    /// The period a year before.
    pub year_before: Option<Period>,
    /// Why there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub year_before_reason: Option<String>,
    /// The comparison policy.
    pub year_before_policy: String,
    /// Averages and shares of fewer are suppressed.
    pub min_n: u64,
    /// Whether the report can be trusted, and the checks that say so.
    pub trust: Trust,
    /// The metrics, in the order of the report.
    pub metrics: Vec<MetricNote>,
    /// The sources and what became of their rows.
    pub sources: Vec<SourceNote>,
    /// Orders inside and outside the period.
    pub orders_inside: u64,
    /// Orders outside the period.
    pub orders_outside: u64,
    /// Notes on how figures are broken down.
    pub notes: Vec<String>,
    /// SHA-256 of the pipeline file, shortened.
    pub configuration: String,
    /// The command that makes this report again.
    pub command: String,
    /// The figures.
    pub figures: Vec<Figure>,
    /// Control charts of measures.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub controls: Vec<Control>,
    /// What the changes of headlines are made of.
    #[serde(default, rename = "driven", skip_serializing_if = "Vec::is_empty")]
    pub decompositions: Vec<SegmentDecomposition>,
    /// What happened in the days that are shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub annotations: Vec<Annotation>,
    /// What metrics show besides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exhibits: Vec<Exhibit>,
}

/// What is said of a metric.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetricNote {
    /// Identifier.
    pub id: String,
    /// Title.
    pub title: String,
    /// Section.
    pub area: Area,
    /// Which way is good.
    pub good: Direction,
    /// What it means.
    pub definition: String,
    /// How it is computed.
    pub formula: String,
    /// Where the definition comes from.
    pub source: String,
    /// How its interval is computed.
    pub interval: String,
    /// Which policies its options chose.
    pub policy: String,
    /// Its measures, the headline first.
    pub measures: Vec<MeasureNote>,
}

/// What is said of a measure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeasureNote {
    /// Key.
    pub key: String,
    /// Which way is good.
    pub good: Direction,
    /// What is added to the metric's title.
    pub suffix: String,
    /// What its values are.
    pub unit: Unit,
}

/// What became of the rows of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceNote {
    /// The canonical table.
    pub table: String,
    /// The files' names.
    pub files: Vec<String>,
    /// Rows read.
    pub read: u64,
    /// Rows used.
    pub used: u64,
    /// Orders or tickets made of the rows, for a table of lines or updates.
    #[serde(default, alias = "orders", skip_serializing_if = "Option::is_none")]
    pub made: Option<u64>,
    /// Rows that do not fit: what is wrong, and how many.
    pub quarantined: Vec<(String, u64)>,
    /// Rows left out on purpose: the reason, and how many.
    pub excluded: Vec<(String, u64)>,
    /// Day of the latest row.
    pub latest: Option<NaiveDate>,
}

impl Document {
    /// Writes the document as JSON, ending in a line break.
    pub fn to_json(&self) -> Result<String, ReportError> {
        let mut text = serde_json::to_string_pretty(self).map_err(|source| ReportError::Json { source })?;
        text.push('\n');
        Ok(text)
    }

    /// Reads a document that was written before.
    pub fn from_json(path: &Path, text: &str) -> Result<Self, ReportError> {
        let fail = |source| ReportError::Document { path: path.to_owned(), source };
        let document: Self = serde_json::from_str(text).map_err(fail)?;
        if document.format != FORMAT_VERSION {
            return Err(ReportError::Version { path: path.to_owned(), found: document.format });
        }
        Ok(document)
    }
}
