//! Reads a company's exports into checked canonical tables.
//!
//! A [`Source`] is decided from its configuration and its files' headers alone ([`Source::open`]); [`load`] then reads the
//! rows. polars scans the files and evaluates the mapping, lazily and in its streaming engine; each batch is turned into exact
//! integers (minor units of money, seconds since 1970 UTC, numbered customers and labels) and every row is either used,
//! excluded by a rule of the pipeline, or quarantined with the column and the reason.
//!
//! Nothing outside this crate sees polars: a canonical [`Table`] is a set of compact integer columns.

mod bounds;
pub mod checks;
pub mod config;
mod error;
mod formats;
mod load;
mod packed_column;
mod parse;
mod quarantine;
mod schema;
mod source;
mod sql_column;
mod table;
mod tables;

pub use bounds::{
    MAX_ANY_DEPTH, MAX_DIMENSIONS, MAX_ENTRIES, MAX_EXCLUSIONS, MAX_HEADER, MAX_PATH_BYTES, MAX_SKIP_LINES,
    MAX_SQL_BYTES, MAX_SQL_OPERATORS, SqlBound, check_sql_bounds,
};
pub use config::SourceConfig;
pub use error::IngestError;
pub use load::{Progress, load};
pub use packed_column::{MAX_ABS, MISSING, PackedColumn};
pub use parse::identifiers::{Identifier, Identifiers, TooManyIdentifiers};
pub use quarantine::{FileReport, QUARANTINE_HEADER, QuarantinedRow, Reason, SourceReport};
pub use schema::{CellKind, ColumnDecl, NUMBER_SCALE, OwnName, TableKind};
pub use source::locate::{Roots, SourceFile};
pub use source::presets::PRESETS;
pub use source::{Conventions, DERIVED, Source, folder_of};
pub use sql_column::{InSql, SqlColumn, SqlColumnKind};
pub use table::{Attributes, Labels, NO_LABEL, Table, Tables};
pub use tables::fx::currency_decimals;
