//! Too many quarantined rows hold a report back; the rows are written out all the same.

use tallybook_ingest::SourceReport;
use tallybook_ingest::checks::Held;

use crate::error::CliError;
use crate::paths::shown;
use crate::plan::Plan;
use crate::publish::{Edition, HELD, Publisher};

/// Refuses to go on where a source holds the report back.
pub(super) fn refuse(plan: &Plan, publisher: &mut Publisher, accounts: &[SourceReport]) -> Result<(), CliError> {
    let Some(Held { table, reason }) = Held::of(accounts) else { return Ok(()) };
    let mut edition = Edition::new(HELD);
    super::edition::add_quarantine(&mut edition, accounts)?;
    let written = publisher.publish(&edition)?;
    Err(CliError::held(format!("HELD: {reason}"))
        .hint(format!("the rows are in {}; the last good report stays in {}", shown(&written), shown(&plan.output)))
        .hint(format!("leave rows out on purpose with `sources.{table}.exclude`, or raise `max_quarantined`")))
}
