//! How far tables reach in time.

use chrono::NaiveDate;
use tallybook_calendar::Window;
pub use tallybook_ingest::checks::Coverage;
use tallybook_ingest::{MISSING, PackedColumn, Table, TableKind, Tables};
use tallybook_stats::Undefined;

/// The tables whose rows have a time.
pub(crate) fn dated(tables: &Tables) -> impl Iterator<Item = (TableKind, &Table)> {
    let own = tables.own.keys().map(|name| TableKind::Own(name));
    let kinds = TableKind::ALL.into_iter().filter(|kind| kind.made() == *kind && kind.clock().is_some()).chain(own);
    kinds.filter_map(|kind| Some((kind, tables.get(kind)?)))
}

/// The latest moment in any column of moments of a table, up to the moment of the run: what is dated later is a slip.
pub(crate) fn latest(table: &Table, now: i64) -> i64 {
    let clocks = ["opened_at", "first_response_at", "solved_at", "resolved_at", "updated_at"];
    let clocks = clocks.into_iter().chain(["submitted_at", "followed_up_at", "sent_at"]).chain(table.kind().clock());
    let end = [now.saturating_add(1)];
    clocks.filter_map(|name| Some(extremes(table.column(name)?, &end)[0]?.1)).max().unwrap_or(i64::MIN)
}

/// For each end, ascending, the least and the greatest value below it.
pub(crate) fn extremes(column: &PackedColumn, ends: &[i64]) -> Vec<Option<(i64, i64)>> {
    let mut values = Vec::new();
    // Of the values from the end before up to each.
    let mut found: Vec<Option<(i64, i64)>> = vec![None; ends.len()];
    for chunk in 0..column.chunk_count() {
        column.decode(chunk, &mut values);
        for &value in values.iter().filter(|value| **value != MISSING) {
            if let Some(slot) = found.get_mut(ends.partition_point(|end| *end <= value)) {
                *slot = Some(slot.map_or((value, value), |(first, last)| (first.min(value), last.max(value))));
            }
        }
    }
    for at in 1..found.len() {
        found[at] = joined(found[at - 1], found[at]);
    }
    found
}

/// The least and the greatest of two pairs of them.
pub(crate) fn joined(one: Option<(i64, i64)>, other: Option<(i64, i64)>) -> Option<(i64, i64)> {
    match (one, other) {
        (Some(one), Some(other)) => Some((one.0.min(other.0), one.1.max(other.1))),
        (one, other) => one.or(other),
    }
}

pub(crate) fn day(number: i64) -> NaiveDate {
    i32::try_from(number).ok().and_then(NaiveDate::from_epoch_days).unwrap_or(NaiveDate::MIN)
}

/// The day of a number of days since 1970, where it is one.
pub(crate) fn known_day(number: i64) -> Option<NaiveDate> {
    (number != MISSING).then(|| i32::try_from(number).ok().and_then(NaiveDate::from_epoch_days)).flatten()
}

pub(crate) fn reaches(coverage: Option<Coverage>, what: &str, window: &Window) -> Result<(), Undefined> {
    match coverage {
        None => Err(Undefined::because(format!("no rows in {what}"))),
        Some(coverage) if window.to <= coverage.first => {
            Err(Undefined::because(format!("{what} begin on {}", coverage.first)))
        }
        Some(coverage) if window.from > coverage.last => {
            Err(Undefined::because(format!("{what} end on {}", coverage.last)))
        }
        Some(_) => Ok(()),
    }
}
