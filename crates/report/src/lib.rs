//! Renders figures as HTML, Markdown, JSON and Parquet.
//!
//! A [`Document`] holds all that a report is made from. Templates see [`view`]s of it, in which every number is a text already, made
//! by the one [`Formatter`]: HTML and Markdown show the same strings.

mod document;
mod error;
mod format;
mod outputs;
pub mod svg;
pub mod view;

pub use document::{Document, FORMAT_VERSION, MeasureNote, MetricNote, SourceNote};
pub use error::ReportError;
pub use format::{Currency, Formatter, Locale, NOT_AVAILABLE};
pub use outputs::{Templates, scores_to_parquet, to_parquet};
