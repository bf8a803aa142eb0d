//! Reads sources into canonical tables: batch by batch, every row used, excluded or quarantined.

mod collect;
mod duplicates;

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use polars::prelude::*;

use crate::error::IngestError;
use crate::formats::prepared::Prepared;
use crate::formats::scan::polars_error;
use crate::load::collect::{Collector, KnownSoFar};
use crate::load::duplicates::Seen;
use crate::quarantine::SourceReport;
use crate::schema::TableKind;
use crate::source::Source;
use crate::source::locate::SourceFile;
use crate::table::{Attributes, Table, Tables};
use crate::tables::fx::Rates;
use crate::tables::row_checks::Pairs;

/// Rows a batch.
const BATCH: usize = 1 << 17;

/// What is told while a file is read: the table, the records of the file taken so far, and all of them.
pub type Progress = Arc<dyn Fn(TableKind, u64, u64) + Send + Sync>;

/// Reads all sources into canonical tables; `progress` is told how far it is.
///
/// # Errors
/// Fails where a file as a whole cannot be read. Rows that do not fit are in the reports instead.
pub fn load(sources: &[Source], progress: &Progress) -> Result<(Tables, Vec<SourceReport>), IngestError> {
    let mut tables = Tables::default();
    let mut reports = Vec::new();
    let mut attributes: Option<Table> = None;
    let mut rates: Option<Arc<Rates>> = None;
    let mut known: BTreeMap<TableKind, (Seen, Pairs)> = BTreeMap::new();
    let mut ordered: Vec<&Source> = sources.iter().collect();
    ordered.sort_by_key(|source| TableKind::ALL.iter().position(|kind| *kind == source.table).unwrap_or(usize::MAX));
    for source in ordered {
        let (seen, pairs) = known.remove(&source.table).unwrap_or_default();
        let known_so_far = KnownSoFar { customers: std::mem::take(&mut tables.customers), seen, pairs };
        let collector = Collector::new(source.clone(), known_so_far, rates.clone());
        let (table, report, now_known) = read(source, collector, progress)?;
        tables.customers = now_known.customers;
        known.insert(source.table, (now_known.seen, now_known.pairs));
        match (source.table, &mut attributes) {
            (TableKind::Fx, _) => {
                let mut all = rates.as_deref().cloned().unwrap_or_default();
                all.extend(&Rates::new(&table, &source.currency));
                rates = Some(Arc::new(all));
            }
            (TableKind::Customers, Some(own)) => own.append(&table),
            (TableKind::Customers, none) => *none = Some(table),
            (kind, _) => tables.take_in(kind, table),
        }
        reports.push(report);
    }
    if let Some(table) = attributes {
        tables.attributes = Attributes::from_table(&table, tables.customers.len());
    }
    Ok((tables, reports))
}

fn read(
    source: &Source,
    collector: Collector,
    progress: &Progress,
) -> Result<(Table, SourceReport, KnownSoFar), IngestError> {
    let shared = Arc::new(Mutex::new(collector));
    for (index, file) in source.files.iter().enumerate() {
        lock(&shared).begin_file(index, file)?;
        let prepared = Prepared::new(&file.path, file.format, &source.dialect)?;
        lock(&shared).set_aside(&prepared, source)?;
        for (offset, rows) in prepared.stretches() {
            let frame = prepared.scan().map_err(|error| polars_error(&file.path, error))?;
            let frame = if rows == prepared.records() {
                frame
            } else {
                frame.slice(offset, IdxSize::try_from(rows).unwrap_or(IdxSize::MAX))
            };
            run(source, frame, (file, prepared.records()), &shared, progress)?;
        }
        lock(&shared).end_file(prepared.records())?;
    }
    // The engine may still hold the callback, and so the collector, for a moment after the query: take it by its content.
    let collector = std::mem::replace(&mut *lock(&shared), Collector::new(source.clone(), KnownSoFar::default(), None));
    collector.finish()
}

/// A panic in the callback would have been turned into an error of the query by then; what is in the lock is whole.
fn lock(shared: &Arc<Mutex<Collector>>) -> std::sync::MutexGuard<'_, Collector> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn run(
    source: &Source,
    frame: LazyFrame,
    (file, records): (&SourceFile, u64),
    shared: &Arc<Mutex<Collector>>,
    progress: &Progress,
) -> Result<(), IngestError> {
    let fail = |error| polars_error(&file.path, error);
    let (sink, progress, table) = (Arc::clone(shared), Arc::clone(progress), source.table);
    let callback = PlanCallback::new(move |batch: DataFrame| {
        let mut collector = lock(&sink);
        let stop = collector.take(&batch);
        progress(table, collector.taken, records);
        Ok(stop)
    });
    let expressions = source.expressions()?;
    let selected = if expressions.is_empty() { frame } else { frame.select(expressions) };
    selected
        .sink_batches(callback, true, NonZeroUsize::new(BATCH))
        .and_then(|frame| frame.collect_with_engine(Engine::Streaming))
        .map_err(fail)?;
    match lock(shared).failure.take() {
        Some(failure) => Err(failure),
        None => Ok(()),
    }
}
