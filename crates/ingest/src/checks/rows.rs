//! Whether every row is accounted for.

use super::Check;
use crate::quarantine::SourceReport;
use crate::schema::TableKind;

/// What became of the rows of each source; orders and tickets that lack rows are not whole.
pub(super) fn accounted_for(accounts: &[SourceReport]) -> Vec<Check> {
    let of_account = |account: &SourceReport| {
        let table = account.table.map_or("source", TableKind::name);
        let detail = format!(
            "{} read = {} used + {} quarantined + {} left out; up to {:.1}% may be quarantined",
            account.read,
            account.used,
            account.quarantined_rows(),
            account.excluded.values().sum::<u64>(),
            account.max_quarantined * 100.0
        );
        let accounted = Check::pass(format!("{table} rows accounted for"), detail);
        whole(account).into_iter().chain([accounted])
    };
    accounts.iter().flat_map(of_account).collect()
}

/// A table that is made of others' rows lacks those that are quarantined.
fn whole(account: &SourceReport) -> Option<Check> {
    let rows = account.quarantined_rows();
    if account.made.is_none() || rows == 0 {
        return None;
    }
    Some(if account.table == Some(TableKind::OrderLines) {
        Check::degraded("orders are whole", format!("{rows} lines are quarantined, and their orders too small by them"))
    } else {
        Check::degraded("tickets are whole", format!("{rows} updates are quarantined, and their tickets lack them"))
    })
}
