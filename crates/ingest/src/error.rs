//! What can go wrong with a source as a whole. Single rows that do not fit are quarantined instead.

mod hints;

use std::path::PathBuf;

use polars::prelude::PolarsError;

use crate::bounds::{MAX_ANY_DEPTH, MAX_PATH_BYTES, SqlBound};
use crate::schema::TableKind;

/// A source that cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IngestError {
    /// No file is where the source says.
    #[error("source `{table}`: no file matches `{path}`")]
    NoFile {
        /// The source.
        table: TableKind,
        /// The path, glob or folder as resolved.
        path: String,
    },
    /// The glob is malformed.
    #[error("source `{table}`: `{path}` is not a valid glob")]
    Glob {
        /// The source.
        table: TableKind,
        /// The glob.
        path: String,
        /// Why.
        #[source]
        source: glob::PatternError,
    },
    /// The path leads out of the folder that sources may be read from.
    #[error("source `{table}`: {path} is outside the data root {root}")]
    OutsideRoot {
        /// The source.
        table: TableKind,
        /// The file.
        path: PathBuf,
        /// The declared root.
        root: PathBuf,
    },
    /// What a path, a folder or a pattern holds cannot be read.
    #[error("source `{table}`: {path} cannot be read")]
    Unreadable {
        /// The source.
        table: TableKind,
        /// What cannot be read.
        path: PathBuf,
        /// The same as the pipeline would write it.
        skip: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A folder holds both files and folders: whether those are meant too cannot be told.
    #[error("source `{table}`: {place} holds files, such as {file}, beside folders, such as {folder}")]
    FilesBesideFolders {
        /// The source.
        table: TableKind,
        /// The folder or pattern.
        place: PathBuf,
        /// The first file.
        file: String,
        /// The first folder.
        folder: String,
        /// The pattern that stands for all files below.
        all: String,
    },
    /// A clean copy of a file cannot be written.
    #[error("cannot write a clean copy of {path} to the temporary folder {folder}")]
    TemporaryFolder {
        /// The file that is read.
        path: PathBuf,
        /// The folder.
        folder: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The operating system refused.
    #[error("cannot read {path}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The format cannot be told from the file's name.
    #[error("source `{table}`: the format of {path} is not plain from its name")]
    UnknownFormat {
        /// The source.
        table: TableKind,
        /// The file.
        path: PathBuf,
    },
    /// The file has no bytes.
    #[error("{path} is empty: not even a header line")]
    EmptyFile {
        /// The file.
        path: PathBuf,
    },
    /// Every file of the source ends after its header.
    #[error("source `{table}` has no rows: {path} holds a header only")]
    NoRows {
        /// The source.
        table: TableKind,
        /// The file.
        path: PathBuf,
    },
    /// The bytes are not in the declared encoding.
    #[error("{path}, line {line}: byte 0x{byte:02X} is not UTF-8")]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: u64,
        /// The first offending byte.
        byte: u8,
    },
    /// The file begins with a UTF-16 byte order mark.
    #[error("{path} is written in UTF-16, which is not read")]
    Utf16 {
        /// The file.
        path: PathBuf,
    },
    /// A quoted cell is never closed.
    #[error("{path}, line {line}: a quote is opened and never closed")]
    OpenQuote {
        /// The file.
        path: PathBuf,
        /// Line on which the record begins, from 1.
        line: u64,
    },
    /// Two columns of the file have one name.
    #[error("{path}: the column `{column}` occurs twice in the header")]
    DuplicateHeader {
        /// The file.
        path: PathBuf,
        /// The name.
        column: String,
    },
    /// An option of the `csv` section is not one that can be used.
    #[error("source `{table}`: `csv.{option}` {problem}")]
    CsvOption {
        /// The source.
        table: TableKind,
        /// The option.
        option: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// A mapping names a column that the file does not have.
    #[error("source `{table}`: {path} has no column `{column}`, to which `{canonical}` is mapped")]
    MissingColumn {
        /// The source.
        table: TableKind,
        /// The file.
        path: PathBuf,
        /// The column asked for.
        column: String,
        /// The canonical column.
        canonical: String,
        /// Columns that the file has.
        present: Vec<String>,
    },
    /// A column that the table needs is mapped to nothing.
    #[error("source `{table}` needs `{canonical}` ({meaning}), and {path} has no column of that name")]
    UnmappedColumn {
        /// The source.
        table: TableKind,
        /// The file.
        path: PathBuf,
        /// The canonical column.
        canonical: String,
        /// What it means.
        meaning: &'static str,
        /// Columns that the file has.
        present: Vec<String>,
    },
    /// The pipeline names a canonical column that the table does not have.
    #[error("source `{table}`: `{column}` is not a column of this table")]
    UnknownCanonical {
        /// The source.
        table: TableKind,
        /// The name.
        column: String,
    },
    /// An expression names a column that the table does not have.
    #[error("table `{table}` has no column `{column}` to compute with")]
    NoSuchColumn {
        /// The table.
        table: TableKind,
        /// The column.
        column: String,
        /// Those that it has.
        present: Vec<String>,
    },
    /// An expression should give a number and does not.
    #[error("table `{table}`: {place}: `{sql}` gives {dtype}, not a number")]
    NotAValue {
        /// The table.
        table: TableKind,
        /// Where the expression stands.
        place: String,
        /// The expression.
        sql: String,
        /// What it gives.
        dtype: String,
    },
    /// Unit prices are not written in smallest units.
    #[error(
        "source `{table}`: `amounts_in: minor_units` is not for lines, whose unit prices are in units of the currency"
    )]
    MinorUnitsOfLines {
        /// The source.
        table: TableKind,
    },
    /// An expression gives a number that is too large to be kept.
    #[error("table `{table}`: {place}: `{sql}` gives numbers beyond 576,000,000,000, more than can be kept exactly")]
    ComputedOutOfRange {
        /// The table.
        table: TableKind,
        /// Where the expression stands.
        place: String,
        /// The expression.
        sql: String,
    },
    /// Columns of numbers are for tables of the pipeline's own.
    #[error(
        "source `{table}`: `numbers.{name}`: only tables of your own have columns of numbers besides the declared ones"
    )]
    NumbersOfOwn {
        /// The source.
        table: TableKind,
        /// The column.
        name: String,
    },
    /// A dimension has the name of something else.
    #[error("source `{table}`: a dimension cannot be named `{name}`, which is a column of the table itself")]
    DimensionName {
        /// The source.
        table: TableKind,
        /// The name.
        name: String,
    },
    /// Row numbers where they cannot stand.
    #[error("source `{table}`: `row_number` can only stand for `order_id` of `orders`, not for `{column}`")]
    RowNumber {
        /// The source.
        table: TableKind,
        /// The column.
        column: String,
    },
    /// `amount` is said to include a part that no column gives.
    #[error("source `{table}`: `{option}` needs the column `{column}` to take it off or to add it")]
    AmountPart {
        /// The source.
        table: TableKind,
        /// What the pipeline says.
        option: &'static str,
        /// The column that is missing.
        column: &'static str,
    },
    /// A SQL expression cannot be used.
    #[error("source `{table}`, `{place}`: the expression `{sql}` cannot be used")]
    Sql {
        /// The source.
        table: TableKind,
        /// Where it stands, such as `columns.amount`.
        place: String,
        /// The expression.
        sql: String,
        /// Why.
        #[source]
        source: Box<PolarsError>,
    },
    /// A SQL expression is longer or deeper than one may be.
    #[error("source `{table}`, `{place}`: {bound}")]
    SqlBound {
        /// The source.
        table: TableKind,
        /// Where it stands.
        place: String,
        /// What it does not keep.
        bound: SqlBound,
    },
    /// A list has more entries than one may have.
    #[error("source `{table}`: `{option}` has {count} entries; {most} is the most")]
    TooManyEntries {
        /// The source.
        table: TableKind,
        /// The option.
        option: &'static str,
        /// How many it has.
        count: usize,
        /// How many it may have.
        most: usize,
    },
    /// A path or pattern is longer than one may be.
    #[error("source `{table}`: a path of {bytes} bytes; {} is the most", MAX_PATH_BYTES)]
    LongPath {
        /// The source.
        table: TableKind,
        /// How many it has.
        bytes: usize,
    },
    /// A pattern has more `**` than one may have.
    #[error("source `{table}`: the pattern has {count} times `**`; {} is the most", MAX_ANY_DEPTH)]
    DeepPattern {
        /// The source.
        table: TableKind,
        /// How many it has.
        count: usize,
    },
    /// A file has fewer lines than are skipped.
    #[error("source `{table}`: `csv.skip_lines` is {skipped}, and {path} has {lines} lines")]
    SkippedPastEnd {
        /// The source.
        table: TableKind,
        /// The file.
        path: PathBuf,
        /// Lines to skip.
        skipped: usize,
        /// Lines that it has.
        lines: usize,
    },
    /// A SQL expression that looks at more than one row.
    #[error("source `{table}`, `{place}`: `{sql}` does not look at one row at a time")]
    NotRowByRow {
        /// The source.
        table: TableKind,
        /// Where it stands.
        place: String,
        /// The expression.
        sql: String,
    },
    /// A file holds what the engine cannot read.
    #[error("{path} cannot be read: {problem}")]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// What it says.
        problem: String,
    },
    /// A quoted cell goes on after its closing quote.
    #[error("{path}, line {line}: the quoted cell that begins here goes on after its closing quote")]
    BrokenQuote {
        /// The file.
        path: PathBuf,
        /// Line on which the cell begins, from 1.
        line: u64,
    },
    /// A condition that does not give true or false.
    #[error("source `{table}`, `{place}`: the expression `{sql}` gives {dtype}, not true or false")]
    NotACondition {
        /// The source.
        table: TableKind,
        /// Where it stands.
        place: String,
        /// The expression.
        sql: String,
        /// What it gives.
        dtype: String,
    },
    /// A format string is not understood.
    #[error("source `{table}`, `columns.{canonical}.format`: {problem}")]
    TimeFormat {
        /// The source.
        table: TableKind,
        /// The canonical column.
        canonical: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A column has a type from which the cells cannot be read.
    #[error("source `{table}`: `{canonical}` cannot be read from {dtype} values in {path}")]
    WrongType {
        /// The source.
        table: TableKind,
        /// The file.
        path: PathBuf,
        /// The canonical column.
        canonical: String,
        /// The type found.
        dtype: String,
    },
    /// Rows with the same identifier, where the source says that this is an error.
    #[error("source `{table}`: {column} repeats in {path}, row {row}: `{value}` (rows that repeat one: {count})")]
    DuplicateRows {
        /// The source.
        table: TableKind,
        /// The column.
        column: String,
        /// How many.
        count: u64,
        /// The file of the first.
        path: PathBuf,
        /// Its row, from 1.
        row: u64,
        /// The identifier.
        value: String,
    },
    /// The lines of one order add up to more than can be counted.
    #[error("source `{table}`: the lines of order `{order}` add up to more than can be counted")]
    OrderOutOfRange {
        /// The source.
        table: TableKind,
        /// The order.
        order: String,
    },
    /// So many rows do not fit that it cannot be dirt.
    #[error("source `{table}`: more than {limit} rows do not fit; the last: {path}, row {row}, `{column}` {reason}")]
    TooManyQuarantined {
        /// The source.
        table: TableKind,
        /// The bound.
        limit: usize,
        /// The file of the last one met.
        path: PathBuf,
        /// Its row, from 1.
        row: u64,
        /// The column.
        column: String,
        /// Why it does not fit.
        reason: String,
    },
    /// More identifiers than can be numbered.
    #[error("source `{table}`")]
    TooManyIdentifiers {
        /// The source.
        table: TableKind,
        /// Why.
        #[source]
        source: crate::parse::identifiers::TooManyIdentifiers,
    },
    /// The engine read another number of rows than the file holds.
    #[error("{path}: {expected} records were counted, {found} were read; the file is not used")]
    RowCount {
        /// The file.
        path: PathBuf,
        /// Records counted in the file.
        expected: u64,
        /// Rows that arrived.
        found: u64,
    },
    /// polars could not read the file.
    #[error("cannot read {path}")]
    Polars {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<PolarsError>,
    },
}
