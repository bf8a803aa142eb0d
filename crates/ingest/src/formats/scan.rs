//! The few words that this crate exchanges with polars' scanners.

use std::path::Path;

use polars::prelude::*;

use crate::error::IngestError;

pub(crate) fn polars_error(path: &Path, source: PolarsError) -> IngestError {
    IngestError::Polars { path: path.to_owned(), source: Box::new(source) }
}

pub(crate) fn text_schema(header: &[String]) -> SchemaRef {
    Arc::new(header.iter().map(|name| Field::new(name.as_str().into(), DataType::String)).collect())
}

pub(crate) fn scan_parquet(path: &Path) -> PolarsResult<LazyFrame> {
    let args = ScanArgsParquet { glob: false, ..ScanArgsParquet::default() };
    LazyFrame::scan_parquet(polars_path(path), args)
}

pub(crate) fn polars_path(path: &Path) -> PlRefPath {
    PlRefPath::new(path.to_string_lossy().into_owned())
}
