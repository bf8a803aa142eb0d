//! Columns that a pipeline computes from a table's own by SQL, once its rows are checked.

use std::collections::BTreeMap;

use chrono::{DateTime, Offset, TimeZone};
use chrono_tz::Tz;
use polars::prelude::*;

use crate::error::IngestError;
use crate::packed_column::{MAX_ABS, MISSING, PackedColumn};
use crate::schema::{CellKind, NUMBER_SCALE, TableKind};
use crate::source::sql::sql_expression;
use crate::source::{Mapped, Source};
use crate::table::{Table, Tables};

/// A column to compute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlColumn {
    /// Its name in the table.
    pub name: &'static str,
    /// SQL over the table's columns: money in units of the currency, moments as local times of the pipeline's zone, labels as texts.
    pub sql: String,
    /// What it holds.
    pub kind: SqlColumnKind,
}

/// What a computed column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SqlColumnKind {
    /// Whether a condition holds, as 1 or 0; 0 where it cannot be told.
    Flag,
    /// A number in millionths; a stretch of time is its seconds. Missing where SQL has no value.
    Number,
    /// An amount in units of the currency, kept in its smallest units; missing likewise.
    Money,
}

/// What the columns of a table are in SQL.
#[derive(Debug, Clone, Copy)]
pub struct InSql {
    /// Zone of local times.
    pub zone: Tz,
    /// Decimals that money is counted with.
    pub decimals: u32,
}

impl InSql {
    fn units(self) -> f64 {
        10_f64.powi(i32::try_from(self.decimals).unwrap_or(0))
    }
}

impl SqlColumn {
    /// Names the columns that it reads.
    pub fn columns(&self, table: TableKind) -> Result<Vec<String>, IngestError> {
        let expression = self.expression(table)?;
        let names = (&expression).into_iter().filter_map(|part| match part {
            Expr::Column(name) => Some(name.to_string()),
            _ => None,
        });
        let mut names: Vec<String> = names.collect();
        names.sort();
        names.dedup();
        Ok(names)
    }

    fn fail(&self, table: TableKind) -> impl Fn(PolarsError) -> IngestError {
        let (place, sql) = (self.name.to_owned(), self.sql.clone());
        move |source| IngestError::Sql { table, place: place.clone(), sql: sql.clone(), source: Box::new(source) }
    }

    fn expression(&self, table: TableKind) -> Result<Expr, IngestError> {
        sql_expression(table, self.name, &self.sql)
    }

    /// Checks the expression against what each of some sources of a table supplies, on no rows.
    ///
    /// It is tried once for all sources whose columns hold the same.
    pub fn check<'a>(&self, sources: impl IntoIterator<Item = &'a Source>) -> Result<(), IngestError> {
        let mut names: Option<Vec<String>> = None;
        let mut tried: Vec<Vec<DataType>> = Vec::new();
        for source in sources {
            let names = match &mut names {
                Some(names) => names,
                none => none.insert(self.columns(source.table().made())?),
            };
            let types = Self::types(names, source)?;
            if !tried.contains(&types) {
                self.try_on(names, &types, source)?;
                tried.push(types);
            }
        }
        Ok(())
    }

    /// Gives the types of the columns that it reads, all of which a source must supply.
    fn types(names: &[String], source: &Source) -> Result<Vec<DataType>, IngestError> {
        let table = source.table().made();
        let kind_of = |name: &str| {
            let mapped = source.mapped.iter().find(|mapped| mapped.name == name).map(Mapped::cell);
            mapped.filter(|kind| *kind == CellKind::Number).or_else(|| column_kind(table, name))
        };
        if let Some(column) = names.iter().find(|name| kind_of(name).is_none() || !source.has_column(name)) {
            let present = source
                .columns()
                .map(|(name, _)| name.to_owned())
                .filter(|name| kind_of(name).is_some() && source.has_column(name));
            return Err(IngestError::NoSuchColumn { table, column: column.clone(), present: present.collect() });
        }
        Ok(names.iter().filter_map(|name| kind_of(name).map(column_type)).collect())
    }

    /// Runs the expression on no rows of such columns, and looks at what it gives.
    fn try_on(&self, names: &[String], types: &[DataType], source: &Source) -> Result<(), IngestError> {
        let table = source.table().made();
        let empty = names.iter().zip(types).map(|(name, dtype)| Column::new_empty(name.as_str().into(), dtype));
        let empty = DataFrame::new(0, empty.collect()).map_err(self.fail(table))?;
        let dtype = source.try_sql(&self.sql, self.name, empty.lazy())?;
        let fits = match self.kind {
            SqlColumnKind::Flag => dtype == DataType::Boolean,
            SqlColumnKind::Number => is_number(&dtype) || matches!(dtype, DataType::Duration(_) | DataType::Boolean),
            SqlColumnKind::Money => is_number(&dtype),
        };
        if fits {
            return Ok(());
        }
        let (place, sql, dtype) = (self.name.to_owned(), self.sql.clone(), dtype.to_string());
        Err(match self.kind {
            SqlColumnKind::Flag => IngestError::NotACondition { table, place, sql, dtype },
            SqlColumnKind::Number | SqlColumnKind::Money => IngestError::NotAValue { table, place, sql, dtype },
        })
    }

    /// Turns the result of a chunk into integers; `None` where a value is larger than a table can hold.
    fn read(&self, result: &Series, units: f64) -> PolarsResult<Option<Vec<i64>>> {
        let scaled = |value: Option<f64>, scale: f64| match value.filter(|value| value.is_finite()) {
            None => Some(MISSING),
            Some(value) if (value * scale).abs() <= MAX_ABS as f64 => {
                #[allow(clippy::cast_possible_truncation, reason = "within the bounds of what a table holds")]
                let whole = (value * scale).round_ties_even() as i64;
                Some(whole)
            }
            Some(_) => None,
        };
        if self.kind == SqlColumnKind::Flag {
            return Ok(Some(result.bool()?.iter().map(|mark| i64::from(mark == Some(true))).collect()));
        }
        let scale = if self.kind == SqlColumnKind::Money { units } else { NUMBER_SCALE as f64 };
        let per_unit = match result.dtype() {
            DataType::Duration(TimeUnit::Nanoseconds) => 1e9,
            DataType::Duration(TimeUnit::Microseconds) => 1e6,
            DataType::Duration(TimeUnit::Milliseconds) => 1e3,
            _ => 1.0,
        };
        let numbers = result.to_physical_repr().cast(&DataType::Float64)?;
        Ok(numbers.f64()?.iter().map(|value| scaled(value, scale / per_unit)).collect())
    }
}

fn is_number(dtype: &DataType) -> bool {
    dtype.is_integer() || dtype.is_float() || matches!(dtype, DataType::Decimal(..) | DataType::Null)
}

/// What the cells of a column are; nothing for those that SQL does not see: identifiers, and what only others are made of.
fn column_kind(table: TableKind, name: &str) -> Option<CellKind> {
    let declared = table.column(name).map(|column| column.cell);
    match declared {
        Some(CellKind::RowId | CellKind::Customer | CellKind::Key | CellKind::Decimal) => None,
        Some(kind) => Some(kind),
        None => Some(CellKind::Label),
    }
}

fn column_type(kind: CellKind) -> DataType {
    match kind {
        CellKind::Time => DataType::Datetime(TimeUnit::Microseconds, None),
        CellKind::Day => DataType::Date,
        CellKind::Whole => DataType::Int64,
        CellKind::Flag => DataType::Boolean,
        CellKind::Money | CellKind::Number | CellKind::Rate => DataType::Float64,
        CellKind::Label | CellKind::RowId | CellKind::Customer | CellKind::Key | CellKind::Decimal => DataType::String,
    }
}

impl Tables {
    /// Computes columns of a table and adds them to it.
    ///
    /// # Errors
    /// Fails where an expression fails on the rows, which it did not on none.
    pub fn compute(&mut self, kind: TableKind, computed: &[&SqlColumn], in_sql: InSql) -> Result<(), IngestError> {
        let Some(table) = self.get_mut(kind) else { return Ok(()) };
        let mut done: Vec<PackedColumn> = vec![PackedColumn::default(); computed.len()];
        let mut expressions = Vec::new();
        let mut names = Vec::new();
        for (index, own) in computed.iter().enumerate() {
            expressions.push(own.expression(kind)?.alias(result_name(index)));
            names.extend(own.columns(kind)?);
        }
        names.sort();
        names.dedup();
        for chunk in 0..table.chunk_count() {
            let rows = table.chunk_len(chunk);
            let columns = names.iter().map(|name| sql_column(table, name, chunk, in_sql)).collect();
            let first = computed.first().map(|own| own.fail(kind));
            let fail = |error| {
                first.as_ref().map_or_else(|| IngestError::NoRows { table: kind, path: "".into() }, |fail| fail(error))
            };
            let frame = DataFrame::new(rows, columns).map_err(fail)?;
            for (index, (own, out)) in computed.iter().zip(&mut done).enumerate() {
                let result =
                    frame.clone().lazy().select([expressions[index].clone()]).collect().map_err(own.fail(kind))?;
                let column =
                    result.column(&result_name(index)).map_err(own.fail(kind))?.as_materialized_series().clone();
                // An expression without a column has one value for all rows.
                let column = if column.len() == 1 && rows != 1 { column.new_from_index(0, rows) } else { column };
                let values = own.read(&column, in_sql.units()).map_err(own.fail(kind))?;
                let values = values.ok_or_else(|| IngestError::ComputedOutOfRange {
                    table: kind,
                    place: own.name.to_owned(),
                    sql: own.sql.clone(),
                })?;
                out.push_chunk(&values);
            }
        }
        for (own, column) in computed.iter().zip(done) {
            table.add_column(own.name, column);
        }
        Ok(())
    }
}

fn result_name(index: usize) -> String {
    format!("__computed_{index}")
}

/// A column of a chunk as SQL sees it.
fn sql_column(table: &Table, name: &str, chunk: usize, in_sql: InSql) -> Column {
    let mut values = Vec::new();
    let label = PlSmallStr::from(name);
    if let Some(labels) = table.labels(name) {
        labels.codes.decode(chunk, &mut values);
        let texts: StringChunked = values.iter().map(|&code| labels.label(code)).collect();
        return texts.with_name(label).into_series().into();
    }
    let kind = column_kind(table.kind(), name).filter(|kind| *kind != CellKind::Label).unwrap_or(CellKind::Number);
    match table.column(name) {
        Some(column) => column.decode(chunk, &mut values),
        None => values.resize(table.chunk_len(chunk), MISSING),
    }
    let known = |value: &i64| (*value != MISSING).then_some(*value);
    let scale = if kind == CellKind::Money { in_sql.units() } else { NUMBER_SCALE as f64 };
    match kind {
        CellKind::Time => {
            let mut offsets: BTreeMap<i64, i64> = BTreeMap::new();
            let mut local = |at: i64| (at + offset(at, in_sql.zone, &mut offsets)) * 1_000_000;
            let ticks: Int64Chunked = values.iter().map(|value| known(value).map(&mut local)).collect();
            ticks.with_name(label).into_datetime(TimeUnit::Microseconds, None).into_series().into()
        }
        CellKind::Day => {
            let days = values.iter().map(|value| known(value).and_then(|day| i32::try_from(day).ok()));
            let days: Int32Chunked = days.collect();
            days.with_name(label).into_date().into_series().into()
        }
        CellKind::Whole => {
            let whole: Int64Chunked = values.iter().map(known).collect();
            whole.with_name(label).into_series().into()
        }
        CellKind::Flag => {
            let flags: BooleanChunked = values.iter().map(|value| known(value).map(|flag| flag == 1)).collect();
            flags.with_name(label).into_series().into()
        }
        _ => {
            let numbers = values.iter().map(|value| known(value).map(|units| units as f64 / scale));
            let numbers: Float64Chunked = numbers.collect();
            numbers.with_name(label).into_series().into()
        }
    }
}

/// Seconds east of UTC at a moment; looked up once a quarter of an hour, within which no zone changes.
fn offset(at: i64, zone: Tz, known: &mut BTreeMap<i64, i64>) -> i64 {
    *known.entry(at.div_euclid(900)).or_insert_with(|| {
        DateTime::from_timestamp(at, 0)
            .map_or(0, |time| i64::from(zone.offset_from_utc_datetime(&time.naive_utc()).fix().local_minus_utc()))
    })
}
