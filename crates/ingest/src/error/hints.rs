//! What can be done about an error of a source.

use tallybook_calendar::did_you_mean;

use super::IngestError;
use crate::schema::TableKind;

impl IngestError {
    /// Says what the reader can do about it, where that is known.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoFile { .. } => Some("paths are relative to the pipeline file; a folder is read whole".into()),
            Self::Unreadable { table, skip, .. } => Some(left_out(*table, skip)),
            Self::FilesBesideFolders { table, folder, all, .. } => {
                Some(format!("to read all files below it, write `path: {all}`; {}", left_out(*table, folder)))
            }
            Self::TemporaryFolder { .. } => {
                Some("name another folder with TMPDIR; it needs room for the file without compression".into())
            }
            Self::Io { path, source } if source.kind() == std::io::ErrorKind::PermissionDenied => {
                Some(format!("make {} readable, or leave it out on purpose with `skip` on its source", path.display()))
            }
            Self::OutsideRoot { .. } => Some("list further folders under `data_roots` in the pipeline".into()),
            Self::UnknownFormat { .. } => Some("set `format: csv`, `parquet` or `ndjson` on the source".into()),
            Self::NotUtf8 { .. } => Some(
                "set `csv: {encoding: windows-1252}` (or iso-8859-1) on the source; `utf-8-lossy` replaces such bytes"
                    .into(),
            ),
            Self::Utf16 { .. } => Some("save or convert it as UTF-8".into()),
            Self::OpenQuote { .. } | Self::BrokenQuote { .. } => {
                Some("if the file does not use quotes, set `csv: {quote: none}`".into())
            }
            Self::DuplicateHeader { .. } => {
                Some("name the columns yourself with `csv: {header: [...], skip_lines: 1}`".into())
            }
            Self::MissingColumn { column, present, .. } => Some(columns_hint(column, present)),
            Self::UnmappedColumn { canonical, present, .. } => Some(format!(
                "add `columns: {{{canonical}: <column>}}` to the source; {}",
                columns_hint(canonical, present)
            )),
            Self::UnknownCanonical { table, column } => {
                let known: Vec<String> = table.columns().iter().map(|decl| decl.name.to_owned()).collect();
                let guess = did_you_mean(column, known.iter().map(String::as_str))
                    .map(|guess| format!("did you mean `{guess}`? "))
                    .unwrap_or_default();
                Some(format!("{guess}a column to break figures down by goes under `dimensions`"))
            }
            Self::Sql { source, .. } => {
                let text = source.to_string();
                (text.contains("string") || text.contains("str")).then(|| {
                    "columns of text files are texts in SQL: write CAST(x AS DECIMAL(18,4)) to compute with one".into()
                })
            }
            Self::SqlBound { .. } => {
                Some("write a list of values with IN (...); rows of many kinds can be several sources".into())
            }
            Self::TooManyQuarantined { .. } => Some("check the mapping and the formats of this source".into()),
            Self::DuplicateRows { .. } => Some("`duplicates: quarantine` would use the first of each".into()),
            _ => None,
        }
    }
}

/// Says how something is left out of a source on purpose.
fn left_out(table: TableKind, name: &str) -> String {
    format!("to leave it out on purpose, write `skip: [\"{name}\"]` under `{table}`")
}

fn columns_hint(wanted: &str, present: &[String]) -> String {
    const SHOWN: usize = 12;
    let hint = did_you_mean(wanted, present.iter().map(String::as_str))
        .map(|guess| format!("did you mean `{guess}`? "))
        .unwrap_or_default();
    let listed: Vec<&str> = present.iter().take(SHOWN).map(String::as_str).collect();
    let more = present.len().saturating_sub(SHOWN);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    hint + "the file has: " + &listed.join(", ") + &more
}
