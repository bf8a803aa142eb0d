//! What can go wrong when a report is made.

use std::path::PathBuf;

use polars::prelude::PolarsError;

/// A report that cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// A template is not sound, or asks for something that is not there.
    #[error("template `{name}` cannot be used")]
    Template {
        /// Its name.
        name: String,
        /// Why, with the place in it.
        #[source]
        source: Box<tera::Error>,
    },
    /// There is no such template.
    #[error("there is no template `{name}`; known are: {}", known.join(", "))]
    NoTemplate {
        /// The name asked for.
        name: String,
        /// The names known.
        known: Vec<String>,
    },
    /// A file cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file of figures is not one.
    #[error("{path} does not hold figures")]
    Document {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// A file of figures was written by another version.
    #[error("{path} has format {found}; this program reads format 1")]
    Version {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
    },
    /// Figures cannot be written as JSON.
    #[error("figures cannot be written as JSON")]
    Json {
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// Figures cannot be written as Parquet.
    #[error("figures cannot be written as Parquet")]
    Parquet {
        /// Why.
        #[source]
        source: Box<PolarsError>,
    },
}
