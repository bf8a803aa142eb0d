//! Whether the data are there to the end of the period.

use super::{Check, Checked};
use crate::schema::TableKind;

/// Each table that was supplied has rows to the period's end.
pub(super) fn reach_the_end(checked: &Checked<'_>) -> Vec<Check> {
    let mut supplied: Vec<TableKind> =
        checked.accounts.iter().filter_map(|account| Some(account.table?.made())).collect();
    supplied.sort_unstable();
    supplied.dedup();
    supplied.retain(|table| table.clock().is_some() && *table != TableKind::Subscriptions);
    let last = checked.period.last();
    let check = |table: TableKind| {
        let name = format!("data of {table} to the period's end");
        match checked.coverage.get(&table) {
            None => Check::degraded(name, format!("there are no {table} up to {last}")),
            Some(coverage) if coverage.last < last => {
                Check::degraded(name, format!("{table} end on {}, the period on {last}", coverage.last))
            }
            Some(coverage) => Check::pass(name, format!("latest day {}", coverage.last)),
        }
    };
    supplied.into_iter().map(check).collect()
}

/// Subscriptions run on without rows, so they are told to be old by the latest that began.
pub(super) fn subscriptions_are_new(checked: &Checked<'_>) -> Vec<Check> {
    let of_subscriptions = checked.accounts.iter().filter(|account| account.table == Some(TableKind::Subscriptions));
    let name = "subscriptions are up to date";
    of_subscriptions
        .map(|account| match account.latest.map(|at| checked.calendar.day_of(at)) {
            Some(day) if day < checked.period.from => {
                Check::degraded(name, format!("none began after {day}, before the period did"))
            }
            Some(day) => Check::pass(name, format!("the latest began on {day}")),
            None => Check::pass(name, "there are none"),
        })
        .collect()
}
