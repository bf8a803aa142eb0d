//! Rows that do not fit: why, where, and how they are written out.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write;
use std::path::PathBuf;

use serde::Serialize;

use crate::schema::TableKind;

/// Why a row was quarantined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// A required cell is empty.
    Missing,
    /// A cell that should hold a number does not.
    NotANumber,
    /// An amount has more decimals than the currency.
    TooManyDecimals,
    /// A number is too large to be an amount.
    OutOfRange,
    /// A discount or refund below zero.
    Negative,
    /// A cell that should hold a timestamp does not.
    NotATime,
    /// A local time that the clock of the zone never showed.
    InClockGap,
    /// A range of days that ends before it begins.
    EndsBeforeItBegins,
    /// The identifier was seen on an earlier row.
    Duplicate,
    /// The amounts are in another currency than the pipeline's.
    OtherCurrency,
    /// No exchange rate of the day, or of the days before, to the pipeline's currency.
    NoRate,
    /// A number that should be whole is not.
    NotWhole,
    /// A cell that should say yes or no does not.
    NotAFlag,
    /// A score that its kind of survey does not have.
    OffScale,
    /// A kind of survey that is not known.
    UnknownKind,
    /// An interval that is not a number of days, weeks, months or years.
    NotAnInterval,
    /// The record has another number of cells than the header.
    Ragged,
    /// The line is not a JSON object.
    NotJson,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "is missing",
            Self::NotANumber => "is not a number",
            Self::TooManyDecimals => "has more decimals than the currency",
            Self::OutOfRange => "is out of the range that makes sense",
            Self::Negative => "is negative",
            Self::NotATime => "is not a time in the expected format",
            Self::InClockGap => "is a local time that the clock never showed",
            Self::EndsBeforeItBegins => "ends before it begins",
            Self::Duplicate => "was seen on an earlier row",
            Self::OtherCurrency => "is another currency than the pipeline's",
            Self::NoRate => "has no exchange rate in fx on its day or the ten days before",
            Self::NotWhole => "is not a whole number",
            Self::NotAFlag => "is neither yes nor no",
            Self::OffScale => "is not on the scale of its kind of survey",
            Self::UnknownKind => "is none of nps, csat, ces, enps",
            Self::NotAnInterval => "is not a day, week, month, quarter, year or a number of them",
            Self::Ragged => "has another number of cells than the header",
            Self::NotJson => "is not a JSON object",
        })
    }
}

/// A quarantined row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuarantinedRow {
    /// Index into [`SourceReport::files`].
    pub file: usize,
    /// The record's number in its file, from 1, header not counted.
    pub row: u64,
    /// The line on which it begins, from 1, for text files.
    pub line: Option<u64>,
    /// The canonical column that does not fit.
    pub column: String,
    /// Why.
    pub reason: Reason,
    /// The cell as the source gives it.
    pub value: String,
    /// The whole row as the source gives it, as a JSON array of texts.
    pub record: String,
}

/// What became of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileReport {
    /// The file.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// Records in it.
    pub rows: u64,
}

/// What became of the rows of one source. Every row is accounted for:
/// `read` = `used` + quarantined + excluded.
#[derive(Debug, Clone, Default)]
pub struct SourceReport {
    /// The canonical table.
    pub table: Option<TableKind>,
    /// The files, in the order in which they were read.
    pub files: Vec<FileReport>,
    /// Records read.
    pub read: u64,
    /// Records that entered the canonical table.
    pub used: u64,
    /// Rows of the table that is made of this one: orders of lines, tickets of updates.
    pub made: Option<u64>,
    /// Records that do not fit, by column and reason.
    pub quarantined: BTreeMap<(String, Reason), u64>,
    /// Records left out on purpose, by the reason that the pipeline gives.
    pub excluded: BTreeMap<String, u64>,
    /// The records that do not fit.
    pub rows: Vec<QuarantinedRow>,
    /// The latest moment in the table's time column, in seconds since 1970 UTC.
    pub latest: Option<i64>,
    /// Share of rows that may be quarantined.
    pub max_quarantined: f64,
}

/// The header of the CSV files of quarantined rows.
pub const QUARANTINE_HEADER: [&str; 7] = ["file", "line", "row", "column", "reason", "value", "record"];

impl SourceReport {
    /// Counts the quarantined records.
    pub fn quarantined_rows(&self) -> u64 {
        self.quarantined.values().sum()
    }

    /// Tells whether more rows are quarantined than the source allows.
    pub fn exceeds_quarantine(&self) -> bool {
        self.quarantined_rows() as f64 > self.max_quarantined * self.read as f64
    }

    /// Writes the quarantined rows as CSV: file, line, row, column, reason, value, record.
    ///
    /// Cells that a spreadsheet would run as a formula are defused with an apostrophe.
    pub fn write_quarantine(&self, out: impl Write) -> Result<(), csv::Error> {
        let mut writer = csv::Writer::from_writer(out);
        writer.write_record(QUARANTINE_HEADER)?;
        for row in &self.rows {
            let file = self.files.get(row.file).and_then(|file| file.path.file_name());
            let file = file.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let line = row.line.map(|line| line.to_string()).unwrap_or_default();
            let cells = [
                file,
                line,
                row.row.to_string(),
                row.column.clone(),
                row.reason.to_string(),
                row.value.clone(),
                row.record.clone(),
            ];
            writer.write_record(cells.map(defused))?;
        }
        writer.flush()?;
        Ok(())
    }
}

fn defused(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quarantined_sums_match() {
        let report = SourceReport {
            read: 10,
            max_quarantined: 0.1,
            quarantined: BTreeMap::from([(("amount".to_owned(), Reason::Missing), 1)]),
            ..SourceReport::default()
        };
        assert!(!report.exceeds_quarantine());
        assert!(SourceReport { max_quarantined: 0.09, ..report }.exceeds_quarantine());
    }
}
