//! Formats: files made readable for polars, checked before it reads them.

pub(crate) mod clean_copy;
pub(crate) mod delimited;
pub(crate) mod ndjson;
pub(crate) mod prepared;
pub(crate) mod records;
pub(crate) mod scan;
