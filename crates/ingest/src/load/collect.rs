//! Turns batches of one source into its canonical table: every row used, excluded or quarantined.

mod account;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use polars::prelude::*;

use crate::config::{Duplicates, Origin};
use crate::error::IngestError;
use crate::formats::scan::polars_error;
use crate::load::duplicates::Seen;
use crate::packed_column::MISSING;
use crate::parse::cells::{
    Cells, Dictionary, MoneyRules, NumberRules, RowVerdict, TimeRules, flags, keys, moments, money, number_reason,
    numbers,
};
use crate::parse::identifiers::{Identifier, Identifiers, TooManyIdentifiers};
use crate::parse::number::Decimal;
use crate::parse::time::LocalClock;
use crate::quarantine::{FileReport, Reason, SourceReport};
use crate::schema::{CellKind, TableKind};
use crate::source::locate::SourceFile;
use crate::source::{Mapped, Source, exclusion_name};
use crate::table::Table;
use crate::tables::column::{Column, derive};
use crate::tables::fx::Rates;
use crate::tables::order_lines::OrderLines;
use crate::tables::row_checks::{Pairs, check_rows};
use crate::tables::spend::emit_spend;
use crate::tables::tickets::{TicketLog, TicketState};

/// Quarantined rows whose details are kept. Past that it is not dirt but a wrong mapping.
const MAX_QUARANTINED: usize = 1_000_000;

/// Turns batches of one source into its canonical table.
pub(crate) struct Collector {
    source: Source,
    customers: Identifiers,
    columns: Vec<Column>,
    verdicts: Vec<RowVerdict>,
    seen: Seen,
    /// Pairs of numbers that may stand in the table once.
    pairs: Pairs,
    /// Rates into the pipeline's currency, where there are any.
    rates: Option<Arc<Rates>>,
    clock: LocalClock,
    output: Output,
    pub(crate) report: SourceReport,
    /// The file at hand, and its records taken so far.
    file: usize,
    path: std::path::PathBuf,
    pub(crate) taken: u64,
    /// Values of derived columns in the batch at hand.
    derived: BTreeMap<String, Vec<i64>>,
    /// Values of the batch at hand that are made of several cells of a row.
    made: BTreeMap<String, Vec<i64>>,
    /// Records of the file at hand that never reached polars, ascending.
    missing_rows: Vec<u64>,
    pub(crate) failure: Option<IngestError>,
}

/// What is known from one source of a table to the next.
#[derive(Debug, Default)]
pub(crate) struct KnownSoFar {
    /// Customers, of all tables.
    pub(crate) customers: Identifiers,
    /// Identifiers of the table's rows.
    pub(crate) seen: Seen,
    /// Pairs of numbers that may stand in the table once.
    pub(crate) pairs: Pairs,
}

enum Output {
    Table(Table),
    Lines(Box<OrderLines>),
    Log(Box<TicketLog>),
}

impl Collector {
    pub(crate) fn new(source: Source, known: KnownSoFar, rates: Option<Arc<Rates>>) -> Self {
        let columns: Vec<Column> = source
            .mapped
            .iter()
            .map(|mapped| Column {
                mapped: mapped.clone(),
                values: Vec::new(),
                decimals: Vec::new(),
                dictionary: Dictionary::default(),
            })
            .collect();
        let output = match source.table {
            TableKind::OrderLines => Output::Lines(Box::new(OrderLines::new(&source))),
            TableKind::TicketEvents => Output::Log(Box::new(TicketLog::new(&source))),
            _ => Output::Table(empty_table(&source)),
        };
        let report = SourceReport {
            table: Some(source.table),
            max_quarantined: source.max_quarantined,
            ..SourceReport::default()
        };
        Self {
            clock: LocalClock::new(source.zone),
            source,
            customers: known.customers,
            columns,
            verdicts: Vec::new(),
            seen: known.seen,
            pairs: known.pairs,
            rates,
            output,
            report,
            file: 0,
            path: std::path::PathBuf::new(),
            taken: 0,
            derived: BTreeMap::new(),
            made: BTreeMap::new(),
            missing_rows: Vec::new(),
            failure: None,
        }
    }

    pub(crate) fn begin_file(&mut self, index: usize, file: &SourceFile) -> Result<(), IngestError> {
        let bytes =
            std::fs::metadata(&file.path).map_err(|source| IngestError::Io { path: file.path.clone(), source })?.len();
        self.report.files.push(FileReport { path: file.path.clone(), bytes, rows: 0 });
        (self.file, self.path, self.taken) = (index, file.path.clone(), 0);
        self.missing_rows.clear();
        Ok(())
    }

    /// Takes one batch; true where the query should stop.
    pub(crate) fn take(&mut self, batch: &DataFrame) -> bool {
        if self.failure.is_some() {
            return true;
        }
        if let Err(failure) = self.convert(batch) {
            self.failure = Some(failure);
        }
        self.failure.is_some()
    }

    fn convert(&mut self, batch: &DataFrame) -> Result<(), IngestError> {
        let rows = batch.height();
        self.verdicts.clear();
        self.verdicts.resize(rows, RowVerdict::Use);
        self.apply_exclusions(batch)?;
        for index in 0..self.columns.len() {
            let kind = self.columns[index].mapped.cell();
            if !matches!(kind, CellKind::Customer | CellKind::RowId) {
                self.convert_column(batch, index)?;
            }
        }
        self.check_rows();
        // Identifiers last: only rows that are used may make a customer known or an order seen.
        for kind in [CellKind::Customer, CellKind::RowId] {
            for index in 0..self.columns.len() {
                if self.columns[index].mapped.cell() == kind {
                    self.convert_identifiers(batch, index)?;
                }
            }
        }
        self.record_verdicts(batch)?;
        self.emit(rows);
        self.taken += rows as u64;
        Ok(())
    }

    fn apply_exclusions(&mut self, batch: &DataFrame) -> Result<(), IngestError> {
        for index in 0..self.source.exclusions.len() {
            let column = batch.column(&exclusion_name(index)).map_err(|error| polars_error(&self.path, error))?;
            let marks = column.as_materialized_series().bool().map_err(|error| polars_error(&self.path, error))?;
            for (verdict, mark) in self.verdicts.iter_mut().zip(marks.iter()) {
                if mark == Some(true) && *verdict == RowVerdict::Use {
                    *verdict = RowVerdict::Excluded(u16::try_from(index).unwrap_or(u16::MAX));
                }
            }
        }
        Ok(())
    }

    #[allow(clippy::too_many_lines, reason = "one kind of cell after the other, each in a few lines")]
    fn convert_column(&mut self, batch: &DataFrame, index: usize) -> Result<(), IngestError> {
        let Self { source, columns, verdicts, clock, path, .. } = self;
        let Column { mapped, values, decimals, dictionary } = &mut columns[index];
        values.clear();
        match (&mapped.origin, mapped.cell()) {
            (Origin::RowNumber, _) => {
                values.extend((0..verdicts.len()).map(|row| (self.taken + row as u64) as i64));
                return Ok(());
            }
            (Origin::Value(value), CellKind::Label) => {
                values.resize(verdicts.len(), dictionary.number(value));
                return Ok(());
            }
            _ => {}
        }
        let mut storage = None;
        let cells = cells_of(batch, mapped, source.table, path, &mut storage)?;
        let told = source.position_of(&mapped.name);
        let mut reject = |row: usize, reason: Reason| {
            if verdicts[row] == RowVerdict::Use {
                verdicts[row] = RowVerdict::Rejected(told, reason);
            }
        };
        let null_values = &source.null_values;
        match mapped.cell() {
            CellKind::Money => {
                let rules = MoneyRules {
                    style: source.style,
                    null_values,
                    written: source.written_decimals,
                    rounding: source.rounding,
                };
                // What a subscription costs is never taken for nothing.
                let required = mapped.required() || source.table == TableKind::Subscriptions;
                money(&cells, &rules, required, values, reject);
            }
            kind @ (CellKind::Time | CellKind::Day) => {
                let rules = TimeRules {
                    format: &mapped.format,
                    null_values,
                    required: !mapped.blank(),
                    as_day: kind == CellKind::Day,
                };
                moments(&cells, clock, &rules, values, reject);
            }
            CellKind::Decimal => {
                decimals.clear();
                cells.each_decimal(source.style, null_values, |row, number| {
                    let found = number.ok_or(Reason::Missing).and_then(|number| number.map_err(number_reason));
                    decimals.push(found.unwrap_or_else(|reason| {
                        reject(row, reason);
                        Decimal { mantissa: 0, scale: 0 }
                    }));
                });
            }
            CellKind::Label => {
                cells.labels(dictionary, null_values, values);
                if !mapped.blank() {
                    values.iter().enumerate().filter(|(_, value)| **value == MISSING).for_each(|(row, _)| {
                        reject(row, Reason::Missing);
                    });
                }
            }
            kind @ (CellKind::Number | CellKind::Whole | CellKind::Rate) => {
                let rules = NumberRules { style: source.style, null_values, kind, blank: mapped.blank() };
                numbers(&cells, &rules, values, reject);
            }
            CellKind::Flag => flags(&cells, dictionary, null_values, values, reject),
            CellKind::Key => keys(&cells, null_values, mapped.blank(), values, reject),
            CellKind::Customer | CellKind::RowId => {}
        }
        Ok(())
    }

    fn check_rows(&mut self) {
        let Self { source, columns, verdicts, pairs, rates, made, .. } = self;
        check_rows(source, columns, verdicts, pairs, rates.as_deref(), made);
    }

    fn convert_identifiers(&mut self, batch: &DataFrame, index: usize) -> Result<(), IngestError> {
        let Self { source, customers, columns, verdicts, seen, path, .. } = self;
        let Column { mapped, values, .. } = &mut columns[index];
        values.clear();
        if mapped.origin == Origin::RowNumber {
            values.extend((0..verdicts.len()).map(|row| (self.taken + row as u64) as i64));
            return Ok(());
        }
        let kind = mapped.cell();
        let name = mapped.declared.map_or("", |declared| declared.name);
        let unique_customers = source.table == TableKind::Customers;
        let mut storage = None;
        let cells = cells_of(batch, mapped, source.table, path, &mut storage)?;
        let mut overflow: Option<TooManyIdentifiers> = None;
        if let Cells::Integer(numbers) = &cells
            && kind == CellKind::Customer
            && !unique_customers
            && numbers.null_count() == 0
        {
            let found = number_customers(numbers, customers, verdicts, values);
            return found.map_err(|source_error| too_many(source.table, source_error));
        }
        cells.each_identifier(&source.null_values, |row, identifier| {
            let verdict = &mut verdicts[row];
            let mut value = MISSING;
            if *verdict == RowVerdict::Use {
                match identifier {
                    None if mapped.blank() => {}
                    None => *verdict = RowVerdict::rejected(source.table, name, Reason::Missing),
                    Some(identifier) if kind == CellKind::RowId => {
                        value = 0;
                        if !seen.insert(identifier) {
                            *verdict = RowVerdict::rejected(source.table, name, Reason::Duplicate);
                        }
                    }
                    Some(identifier) => {
                        let known = customers.len();
                        match customers.intern(identifier) {
                            Ok(number) => {
                                value = i64::from(number);
                                if unique_customers && customers.len() == known {
                                    *verdict = RowVerdict::rejected(source.table, name, Reason::Duplicate);
                                }
                            }
                            Err(error) => overflow = Some(error),
                        }
                    }
                }
            }
            values.push(value);
        });
        overflow.map_or(Ok(()), |error| Err(too_many(source.table, error)))
    }

    /// Hands the used rows of the batch to the table.
    fn emit(&mut self, rows: usize) {
        let all_used = self.verdicts.iter().all(|verdict| *verdict == RowVerdict::Use);
        if !all_used {
            for column in &mut self.columns {
                retain_used(&mut column.values, &self.verdicts);
                retain_used(&mut column.decimals, &self.verdicts);
            }
            self.made.values_mut().for_each(|values| retain_used(values, &self.verdicts));
        }
        let used =
            if all_used { rows } else { self.verdicts.iter().filter(|verdict| **verdict == RowVerdict::Use).count() };
        let time = self.columns.iter().find(|column| is_clock(&column.mapped));
        let known = |at: &&i64| **at != MISSING;
        if let Some(latest) = time.and_then(|column| column.values.iter().filter(known).max()) {
            let latest = if self.source.table == TableKind::Spend { latest * 86_400 } else { *latest };
            self.report.latest = self.report.latest.max(Some(latest));
        }
        let Self { output, columns, source, derived, made, .. } = self;
        match output {
            Output::Table(table) if source.table == TableKind::Spend => emit_spend(table, columns, used),
            Output::Table(table) => {
                let values = |name: &str| {
                    columns.iter().find(|column| column.mapped.name == name).map(|column| column.values.as_slice())
                };
                derive(&source.derived, used, values, derived);
                table.push_chunk(used, |name| {
                    let own = values(name).or_else(|| derived.get(name).or_else(|| made.get(name)).map(Vec::as_slice));
                    own.unwrap_or(&[])
                });
            }
            Output::Lines(lines) => {
                let column = |name: &str| columns.iter().find(|column| column.mapped.name == name);
                let values = |name: &str| column(name).map(|column| column.values.as_slice());
                let decimals = |name: &str| column(name).map_or(&[][..], |column| column.decimals.as_slice());
                lines.push(used, values, decimals);
            }
            Output::Log(log) => {
                let column = |name: &str| columns.iter().find(|column| column.mapped.name == name);
                let meaning = |label: &String| match label.to_lowercase() {
                    state if source.solved.contains(&state) => TicketState::Solved,
                    state if source.cancelled.contains(&state) => TicketState::Cancelled,
                    _ => TicketState::Open,
                };
                let states: Vec<TicketState> = column("status")
                    .map(|column| column.dictionary.labels.iter().map(meaning).collect())
                    .unwrap_or_default();
                log.push(used, |name| column(name).map(|column| column.values.as_slice()), &states);
            }
        }
    }

    pub(crate) fn finish(mut self) -> Result<(Table, SourceReport, KnownSoFar), IngestError> {
        // No targets, no rates and nothing to remark are no fault.
        let may_be_empty = matches!(self.source.table, TableKind::Targets | TableKind::Fx | TableKind::Annotations);
        if self.report.read == 0 && !may_be_empty {
            let path = self.source.files.first().map(|file| file.path.clone()).unwrap_or_default();
            return Err(IngestError::NoRows { table: self.source.table, path });
        }
        let first = self.report.rows.iter().find(|row| row.reason == Reason::Duplicate);
        if let (Duplicates::Error, Some(first)) = (self.source.duplicates, first) {
            let count = self.report.quarantined.iter().filter(|((_, reason), _)| *reason == Reason::Duplicate);
            return Err(IngestError::DuplicateRows {
                table: self.source.table,
                column: first.column.clone(),
                count: count.map(|(_, count)| count).sum(),
                path: self.report.files[first.file].path.clone(),
                row: first.row,
                value: first.value.clone(),
            });
        }
        let mut table = match self.output {
            Output::Table(table) => table,
            Output::Lines(lines) => {
                let (table, orders) = lines.finish().map_err(|order| IngestError::OrderOutOfRange {
                    table: self.source.table,
                    order: self
                        .columns
                        .iter()
                        .find(|column| column.mapped.name == "order_id")
                        .map_or_else(String::new, |column| column.dictionary.labels[order].clone()),
                })?;
                self.report.made = Some(orders);
                table
            }
            Output::Log(log) => {
                let (table, tickets, left_out) = log.finish();
                self.report.made = Some(tickets);
                if left_out > 0 {
                    self.report.used -= left_out;
                    *self.report.excluded.entry(self.source.table.cancelled().to_owned()).or_default() += left_out;
                }
                table
            }
        };
        for column in self.columns {
            if column.mapped.cell() == CellKind::Label {
                table.set_dictionary(&column.mapped.name, column.dictionary.labels);
            }
        }
        Ok((table, self.report, KnownSoFar { customers: self.customers, seen: self.seen, pairs: self.pairs }))
    }
}

/// Takes the cells of a mapped column out of a batch.
fn cells_of<'a>(
    batch: &'a DataFrame,
    mapped: &Mapped,
    table: TableKind,
    path: &Path,
    storage: &'a mut Option<Series>,
) -> Result<Cells<'a>, IngestError> {
    let fail = |error| polars_error(path, error);
    let series = batch.column(&mapped.name).map_err(fail)?.as_materialized_series();
    let cells = Cells::of(series, mapped.cell() == CellKind::Label, storage).map_err(fail)?;
    cells.ok_or_else(|| IngestError::WrongType {
        table,
        path: path.to_owned(),
        canonical: mapped.name.clone(),
        dtype: series.dtype().to_string(),
    })
}

fn is_clock(mapped: &Mapped) -> bool {
    matches!(
        mapped.name.as_str(),
        "ordered_at"
            | "signed_up_at"
            | "spent_on"
            | "spent_to"
            | "started_at"
            | "opened_at"
            | "occurred_at"
            | "submitted_at"
            | "at"
    )
}

fn empty_table(source: &Source) -> Table {
    let spend = source.table == TableKind::Spend;
    let days = ["spent_on", "spent_from", "spent_to"];
    let mut columns: Vec<String> = source
        .mapped
        .iter()
        .filter(|mapped| !matches!(mapped.cell(), CellKind::Label | CellKind::RowId))
        .map(|mapped| mapped.name.clone())
        .filter(|name| !source.transient.contains(name))
        .filter(|name| !spend || !days.contains(&name.as_str()))
        .chain(source.derived.iter().map(|derived| derived.name.clone()))
        .collect();
    if source.table == TableKind::Subscriptions && !source.maps("mrr") {
        columns.push("mrr".to_owned());
    }
    if spend {
        columns.push("spent_on".to_owned());
    }
    Table::new(source.table, columns, source.label_names())
}

fn retain_used<T: Copy>(values: &mut Vec<T>, verdicts: &[RowVerdict]) {
    if values.len() == verdicts.len() {
        let mut verdicts = verdicts.iter();
        values.retain(|_| verdicts.next() == Some(&RowVerdict::Use));
    }
}

/// Numbers the customers of a batch of integers without gaps; those that are new get a number only where their row is used.
fn number_customers(
    numbers: &Int64Chunked,
    customers: &mut Identifiers,
    verdicts: &[RowVerdict],
    values: &mut Vec<i64>,
) -> Result<(), TooManyIdentifiers> {
    customers.find_integers(numbers.into_no_null_iter(), MISSING, values);
    for ((value, number), verdict) in values.iter_mut().zip(numbers.into_no_null_iter()).zip(verdicts) {
        if *value == MISSING && *verdict == RowVerdict::Use {
            *value = i64::from(customers.intern(Identifier::Integer(number))?);
        }
    }
    Ok(())
}

const fn too_many(table: TableKind, source: TooManyIdentifiers) -> IngestError {
    IngestError::TooManyIdentifiers { table, source }
}
