//! The account of rows: which were used, which left out, and which do not fit, with their place in their file.

use polars::prelude::*;

use super::{Collector, MAX_QUARANTINED};
use crate::config::Format;
use crate::error::IngestError;
use crate::formats::delimited;
use crate::formats::ndjson;
use crate::formats::prepared::Prepared;
use crate::formats::records::{fetch_parquet, json_array, original_row, text_of};
use crate::formats::scan::polars_error;
use crate::parse::cells::RowVerdict;
use crate::quarantine::{QuarantinedRow, Reason};
use crate::schema::TableKind;
use crate::source::Source;

impl Collector {
    /// Quarantines the records that polars will not see.
    pub(crate) fn set_aside(&mut self, prepared: &Prepared, source: &Source) -> Result<(), IngestError> {
        let mut rows = Vec::new();
        match prepared {
            Prepared::Csv(csv) => {
                for ragged in &csv.ragged {
                    let found = format!("{} cells instead of {}", ragged.cells.len(), csv.header.len());
                    rows.push((ragged.row, ragged.line, Reason::Ragged, found, json_array(&ragged.cells)));
                }
            }
            Prepared::Ndjson(ndjson) => {
                for (row, line, text) in &ndjson.broken {
                    rows.push((*row, *line, Reason::NotJson, String::new(), text.clone()));
                }
            }
            Prepared::Parquet { .. } => {}
        }
        for (row, line, reason, value, record) in rows {
            self.missing_rows.push(row);
            self.report.read += 1;
            *self.report.quarantined.entry(("row".to_owned(), reason)).or_default() += 1;
            self.report.rows.push(QuarantinedRow {
                file: self.file,
                row,
                line: Some(line),
                column: "row".to_owned(),
                reason,
                value,
                record,
            });
        }
        self.refuse_wrong_mapping(source.table)
    }

    pub(super) fn record_verdicts(&mut self, batch: &DataFrame) -> Result<(), IngestError> {
        self.report.read += batch.height() as u64;
        for row in 0..self.verdicts.len() {
            let (column, reason) = match &self.verdicts[row] {
                RowVerdict::Use => {
                    self.report.used += 1;
                    continue;
                }
                RowVerdict::Excluded(rule) => {
                    let rule = self.source.exclusions.get(usize::from(*rule));
                    let reason = rule.map_or_else(|| self.source.table.cancelled(), |rule| &rule.reason);
                    *self.report.excluded.entry(reason.to_owned()).or_default() += 1;
                    continue;
                }
                RowVerdict::Rejected(column, reason) => {
                    (self.source.column_at(*column).unwrap_or("row").to_owned(), *reason)
                }
            };
            let cell = batch.column(&column).ok().and_then(|cells| cells.get(row).ok().map(|value| text_of(&value)));
            *self.report.quarantined.entry((column.clone(), reason)).or_default() += 1;
            self.report.rows.push(QuarantinedRow {
                file: self.file,
                row: self.taken + row as u64 + 1,
                line: None,
                column,
                reason,
                value: cell.unwrap_or_default(),
                record: String::new(),
            });
        }
        self.refuse_wrong_mapping(self.source.table)
    }

    fn refuse_wrong_mapping(&self, table: TableKind) -> Result<(), IngestError> {
        match self.report.rows.last() {
            Some(last) if self.report.rows.len() > MAX_QUARANTINED => Err(IngestError::TooManyQuarantined {
                table,
                limit: MAX_QUARANTINED,
                path: self.path.clone(),
                row: last.row,
                column: last.column.clone(),
                reason: last.reason.to_string(),
            }),
            _ => Ok(()),
        }
    }

    pub(crate) fn end_file(&mut self, expected: u64) -> Result<(), IngestError> {
        if self.taken != expected {
            return Err(IngestError::RowCount { path: self.path.clone(), expected, found: self.taken });
        }
        let file = self.file;
        if let Some(report) = self.report.files.get_mut(file) {
            report.rows = expected + self.missing_rows.len() as u64;
        }
        // Number the records as they stand in the file, ragged ones included.
        let missing = &self.missing_rows;
        for quarantined in self.report.rows.iter_mut().filter(|row| row.file == file && row.line.is_none()) {
            quarantined.row = original_row(quarantined.row, missing);
        }
        self.report.rows.sort_by_key(|quarantined| (quarantined.file, quarantined.row));
        self.fill_records(file)
    }

    /// Looks up the line and the whole record of each row that was quarantined in the file at hand.
    fn fill_records(&mut self, file: usize) -> Result<(), IngestError> {
        let source_file = &self.source.files[file];
        let open = |row: &QuarantinedRow| row.file == file && row.record.is_empty();
        let wanted: Vec<u64> = self.report.rows.iter().filter(|row| open(row)).map(|row| row.row).collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let found: Vec<(Option<u64>, String)> = match source_file.format {
            Format::Csv => delimited::fetch(&source_file.path, &self.source.dialect, &wanted)?
                .into_iter()
                .map(|(line, cells)| (Some(line), json_array(&cells)))
                .collect(),
            Format::Ndjson => {
                ndjson::fetch(&source_file.path, &wanted)?.into_iter().map(|(line, text)| (Some(line), text)).collect()
            }
            Format::Parquet => {
                let rows = fetch_parquet(&source_file.path, &wanted);
                rows.map_err(|error| polars_error(&source_file.path, error))?
                    .into_iter()
                    .map(|text| (None, text))
                    .collect()
            }
        };
        let pending = self.report.rows.iter_mut().filter(|row| open(row));
        for (row, (line, record)) in pending.zip(found) {
            (row.line, row.record) = (line, record);
        }
        Ok(())
    }
}
