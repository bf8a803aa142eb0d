//! A file made readable for polars, whatever its format.

use std::path::{Path, PathBuf};

use polars::prelude::*;

use crate::config::Format;
use crate::error::IngestError;
use crate::formats::delimited::{self, Dialect};
use crate::formats::ndjson;
use crate::formats::scan::{polars_error, scan_parquet, text_schema};

/// Rows of a Parquet file that are decoded at once; at least a row group.
const STRETCH: u64 = 1 << 19;

/// A file made readable for polars.
pub(crate) enum Prepared {
    Csv(delimited::PreparedText),
    Parquet { path: PathBuf, records: u64, groups: Vec<u64> },
    Ndjson(ndjson::PreparedNdjson),
}

impl Prepared {
    pub(crate) fn new(path: &Path, format: Format, dialect: &Dialect) -> Result<Self, IngestError> {
        Ok(match format {
            Format::Csv => Self::Csv(delimited::prepare(path, dialect)?),
            Format::Ndjson => Self::Ndjson(ndjson::prepare(path)?),
            Format::Parquet => {
                let reader = std::fs::File::open(path)
                    .map_err(|error| IngestError::Io { path: path.to_owned(), source: error })?;
                let mut reader = ParquetReader::new(reader);
                let metadata = reader.get_metadata().map_err(|error| polars_error(path, error))?;
                let groups: Vec<u64> = metadata.row_groups.iter().map(|group| group.num_rows() as u64).collect();
                Self::Parquet { path: path.to_owned(), records: groups.iter().sum(), groups }
            }
        })
    }

    pub(crate) const fn records(&self) -> u64 {
        match self {
            Self::Csv(prepared) => prepared.records,
            Self::Ndjson(prepared) => prepared.records,
            Self::Parquet { records, .. } => *records,
        }
    }

    /// Runs of rows that are read one after the other: offset and length.
    ///
    /// The engine decodes Parquet as fast as it can and would hold most of a large file in memory while its rows are taken over, so it is
    /// given a few row groups at a time. Other formats come in small pieces anyway.
    pub(crate) fn stretches(&self) -> Vec<(i64, u64)> {
        let Self::Parquet { groups, .. } = self else { return vec![(0, self.records())] };
        let mut stretches = Vec::new();
        let (mut offset, mut held) = (0, 0);
        for (index, rows) in groups.iter().enumerate() {
            held += rows;
            if held >= STRETCH || index + 1 == groups.len() {
                stretches.push((offset, held));
                (offset, held) = (offset + held as i64, 0);
            }
        }
        stretches
    }

    pub(crate) fn scan(&self) -> PolarsResult<LazyFrame> {
        match self {
            Self::Csv(prepared) => LazyCsvReader::new_with_sources(prepared.text.sources())
                .with_schema(Some(text_schema(&prepared.header)))
                .with_has_header(prepared.has_header)
                .with_separator(prepared.separator)
                .with_quote_char(prepared.quote)
                .with_infer_schema_length(Some(0))
                .with_missing_is_null(true)
                .with_raise_if_empty(false)
                .with_glob(false)
                .finish(),
            Self::Ndjson(prepared) => ndjson::scan(prepared),
            Self::Parquet { path, .. } => scan_parquet(path),
        }
    }
}
