//! The files of a report.

use std::collections::BTreeMap;

use tallybook_ingest::{Identifiers, SourceReport, TableKind};
use tallybook_metrics::metric::Extras;
use tallybook_report::{Document, scores_to_parquet, to_parquet};

use super::model::{MODEL, json};
use crate::error::CliError;
use crate::pipeline::OutputFormat;
use crate::plan::Plan;
use crate::publish::Edition;

/// Makes the files of one report.
pub(super) fn edition(
    plan: &Plan,
    document: &Document,
    extras: &Extras,
    customers: &Identifiers,
    accounts: &[SourceReport],
) -> Result<Edition, CliError> {
    let mut edition = Edition::new(&document.period.label);
    let template = &plan.pipeline.config.report.template;
    if plan.formats.contains(&OutputFormat::Html) {
        edition.add_page("report.html", plan.templates.render(&format!("{template}.html"), document)?.into_bytes());
    }
    if plan.formats.contains(&OutputFormat::Markdown) {
        edition.add_page("report.md", plan.templates.render(&format!("{template}.md"), document)?.into_bytes());
    }
    edition.add_page("figures.json", document.to_json()?.into_bytes());
    if plan.formats.contains(&OutputFormat::Parquet) {
        edition.add("figures.parquet", to_parquet(&document.figures)?);
    }
    add_quarantine(&mut edition, accounts)?;
    if let Some(model) = &extras.model {
        edition.add(MODEL, json(model)?);
    }
    if !extras.scores.is_empty() {
        edition.add_private("clv-scores.parquet", scores_to_parquet(&extras.scores, customers)?);
    }
    Ok(edition)
}

/// Adds the quarantined rows of each source.
pub(super) fn add_quarantine(edition: &mut Edition, accounts: &[SourceReport]) -> Result<(), CliError> {
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for account in accounts.iter().filter(|account| !account.rows.is_empty()) {
        let table = account.table.map_or("source", TableKind::name);
        let name = (1..).map(|number| match number {
            1 => format!("quarantine-{table}.csv"),
            _ => format!("quarantine-{table}-{number}.csv"),
        });
        let Some(name) = name.take(accounts.len()).find(|name| !files.contains_key(name)) else { continue };
        let mut bytes = Vec::new();
        account
            .write_quarantine(&mut bytes)
            .map_err(|error| CliError::could_not_run("cannot write the quarantined rows").because(&error))?;
        files.insert(name, bytes);
    }
    for (name, bytes) in files {
        edition.add_private(&name, bytes);
    }
    Ok(())
}
