//! A run, one line a stage: claimed -> tables -> figures -> documents -> files -> published.

mod document;
mod edition;
mod held;
mod model;

use std::path::PathBuf;

use tallybook_ingest::load;

use crate::error::CliError;
use crate::plan::Plan;
use crate::progress::Progress;
use crate::publish::{HELD, Publisher};

/// A report that was published.
#[derive(Debug)]
pub(crate) struct Published {
    /// The file to open.
    pub(crate) page: PathBuf,
    /// Why it needs care, where it does.
    pub(crate) warning: Option<String>,
}

/// Runs a plan; gives the reports that were published.
pub(crate) fn run(plan: &Plan, publisher: &mut Publisher, progress: &Progress) -> Result<Vec<Published>, CliError> {
    publisher.claim(&plan.labels())?;
    let (mut tables, accounts) = load(&plan.sources, &progress.reader())?;
    held::refuse(plan, publisher, &accounts)?;
    progress.stage("computing");
    plan.add_sql_columns(&mut tables)?;
    let metrics = plan.metrics();
    let figures = plan.job(&metrics).run(&tables);
    progress.stage("rendering");
    let mut published = Vec::new();
    for figures in figures {
        let (document, extras) = document::document(plan, &metrics, figures, &accounts, publisher)?;
        let files = edition::edition(plan, &document, &extras, &tables.customers, &accounts)?;
        published.push(Published { page: publisher.publish(&files)?, warning: document::warning(&document) });
    }
    publisher.remove(HELD)?;
    progress.finish();
    Ok(published)
}
