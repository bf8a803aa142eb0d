//! Renders figures as HTML, Markdown, JSON and Parquet.
//!
//! A [`Document`] holds all that a report is made from. Templates see [`view`]s of it, in which every number is a text already, made
//! by the one [`Formatter`]: HTML and Markdown show the same strings.

pub mod charts;
mod document;
mod error;
mod format;
mod render;
mod scores;
mod table;
pub mod view;

pub use document::{Check, Document, FORMAT_VERSION, MeasureNote, MetricNote, SourceNote, Trust, TrustState};
pub use error::ReportError;
pub use format::{Currency, Formatter, Locale, NOT_AVAILABLE};
pub use render::Templates;
pub use scores::scores_to_parquet;
pub use table::to_parquet;
