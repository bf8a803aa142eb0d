//! What holds a report back.

use crate::quarantine::SourceReport;
use crate::schema::TableKind;

/// More rows of a source are quarantined than it allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The table of the source.
    pub table: &'static str,
    /// What is wrong, in words.
    pub reason: String,
}

impl Held {
    /// Finds the first source that holds a report back.
    pub fn of(accounts: &[SourceReport]) -> Option<Self> {
        let account = accounts.iter().find(|account| account.exceeds_quarantine())?;
        let table = account.table.map_or("source", TableKind::name);
        let share = account.quarantined_rows() as f64 / account.read as f64 * 100.0;
        let most = account.quarantined.iter().max_by_key(|(_, count)| **count);
        let most = most.map(|((column, reason), count)| format!("mostly `{column}` {reason} (rows: {count})"));
        let reason = format!(
            "{} of {} rows of `{table}` do not fit ({share:.1}%, allowed are {:.1}%), {}",
            account.quarantined_rows(),
            account.read,
            account.max_quarantined * 100.0,
            most.unwrap_or_default()
        );
        Some(Self { table, reason })
    }
}
