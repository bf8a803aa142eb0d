//! Bounds on the lists of a source.

use crate::bounds::{MAX_DIMENSIONS, MAX_ENTRIES, MAX_EXCLUSIONS, MAX_HEADER, MAX_PATH_BYTES};
use crate::config::SourceConfig;
use crate::error::IngestError;
use crate::schema::TableKind;

/// Checks that no list of a source is too long, nor its path.
pub(crate) fn check_lists(table: TableKind, config: &SourceConfig) -> Result<(), IngestError> {
    let header = config.csv.header.as_ref().map_or(0, Vec::len);
    let lists = [
        ("dimensions", config.dimensions.len(), MAX_DIMENSIONS),
        ("numbers", config.numbers.len(), MAX_DIMENSIONS),
        ("exclude", config.exclude.len(), MAX_EXCLUSIONS),
        ("skip", config.skip.len(), MAX_ENTRIES),
        ("cancelled", config.cancelled.len(), MAX_ENTRIES),
        ("solved", config.solved.len(), MAX_ENTRIES),
        ("amount_includes", config.amount_includes.len(), MAX_ENTRIES),
        ("csv.null_values", config.csv.null_values.len(), MAX_ENTRIES),
        ("csv.header", header, MAX_HEADER),
    ];
    if let Some((option, count, most)) = lists.into_iter().find(|(_, count, most)| count > most) {
        return Err(IngestError::TooManyEntries { table, option, count, most });
    }
    let long = |text: &&String| text.len() > MAX_PATH_BYTES;
    match [&config.path].into_iter().chain(&config.skip).find(long) {
        Some(text) => Err(IngestError::LongPath { table, bytes: text.len() }),
        None => Ok(()),
    }
}
