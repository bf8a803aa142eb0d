//! The document of a report: its figures with everything that is said about them.

use std::path::{Path, PathBuf};

use tallybook_calendar::Grain;
use tallybook_ingest::checks::{Checked, Trust};
use tallybook_ingest::{Reason, SourceReport, TableKind};
use tallybook_metrics::ReportFigures;
use tallybook_metrics::metric::{Extras, Metric};
use tallybook_report::{Document, FORMAT_VERSION, MeasureNote, MetricNote, SourceNote};

use super::model::add_drift;
use crate::error::CliError;
use crate::paths::shown;
use crate::plan::Plan;
use crate::publish::Publisher;

/// Makes the document of a report; gives what the metrics have besides it too.
pub(super) fn document(
    plan: &Plan,
    metrics: &[&dyn Metric],
    mut figures: ReportFigures,
    accounts: &[SourceReport],
    publisher: &Publisher,
) -> Result<(Document, Extras), CliError> {
    let mut extras = std::mem::take(&mut figures.extras);
    let mut exhibits = std::mem::take(&mut extras.exhibits);
    add_drift(&mut exhibits, publisher, extras.model.as_ref())?;
    let config = &plan.pipeline.config;
    let document = Document {
        format: FORMAT_VERSION,
        program: concat!("tallybook ", env!("CARGO_PKG_VERSION")).to_owned(),
        pipeline: config.name.0.clone(),
        title: config.title.clone(),
        company: config.company.clone(),
        timezone: plan.calendar.zone.name().to_owned(),
        currency: plan.currency.clone(),
        locale: config.report.locale,
        previous: figures.previous.clone(),
        year_before: figures.year_before.as_ref().ok().cloned(),
        year_before_reason: figures.year_before.as_ref().err().cloned(),
        year_before_policy: plan.year_before.name().to_owned(),
        min_n: config.min_n,
        trust: trust(plan, &figures, accounts),
        metrics: metrics.iter().map(|metric| metric_note(plan, *metric)).collect(),
        sources: accounts.iter().map(|account| source_note(plan, account)).collect(),
        orders_inside: figures.orders_inside,
        orders_outside: figures.orders_outside,
        notes: notes(metrics, &figures, accounts),
        configuration: plan.configuration.clone(),
        command: command(plan, &figures),
        period: figures.period,
        figures: figures.figures,
        controls: figures.controls,
        decompositions: figures.decompositions,
        annotations: figures.annotations,
        exhibits,
    };
    Ok((document, extras))
}

/// Says why a report needs care, where it does.
pub(super) fn warning(document: &Document) -> Option<String> {
    let check = document.trust.worst()?;
    let label = &document.period.label;
    Some(format!("{} {label}: {}: {}", document.trust.state.word(), check.name, check.detail))
}

fn trust(plan: &Plan, figures: &ReportFigures, accounts: &[SourceReport]) -> Trust {
    Trust::of(&Checked {
        period: &figures.period,
        calendar: &plan.calendar,
        accounts,
        coverage: &figures.coverage,
        unmatched_targets: &figures.unmatched_targets,
    })
}

/// Says how figures are broken down, and what is about nothing in the report.
fn notes(metrics: &[&dyn Metric], figures: &ReportFigures, accounts: &[SourceReport]) -> Vec<String> {
    let by_first_order = figures.by_first_order.iter().map(|dimension| {
        format!("Customers are sorted by {dimension} of their first order: the customers table has none.")
    });
    let known = |id: &str| metrics.iter().any(|metric| metric.info().id == id);
    let unexplained = figures.annotations.iter().filter_map(|annotation| {
        let id = annotation.metric.as_deref().filter(|id| !known(id))?;
        Some(format!("The annotation of {} is about {id}, which is not among the metrics.", annotation.on))
    });
    let mut unexplained: Vec<String> = unexplained.collect();
    if accounts.iter().any(|account| account.table == Some(TableKind::Fx)) {
        unexplained.push(
            "Amounts in other currencies are changed by the rate of their own day, or of the latest of the ten days before.".to_owned(),
        );
    }
    by_first_order.chain(unexplained).collect()
}

/// Gives the command that makes a report again.
fn command(plan: &Plan, figures: &ReportFigures) -> String {
    let period = &figures.period;
    let when = match period.grain {
        Grain::Custom => format!("--from {} --to {}", period.from, period.last()),
        _ => format!("--period {}", period.label),
    };
    // The file and its folder: a longer path says where someone's home is, and differs from machine to machine.
    let parts: Vec<_> = plan.pipeline.path.iter().collect();
    let short: PathBuf = parts[parts.len().saturating_sub(2)..].iter().collect();
    format!("tallybook run {} {when}", shown(&short))
}

fn metric_note(plan: &Plan, metric: &dyn Metric) -> MetricNote {
    let info = metric.info();
    MetricNote {
        id: info.id.to_owned(),
        title: info.title.to_owned(),
        area: info.area,
        good: info.good,
        definition: info.definition.to_owned(),
        formula: info.formula.to_owned(),
        source: info.source.to_owned(),
        interval: info.interval.to_owned(),
        policy: metric.policy(&plan.value),
        measures: metric
            .measures()
            .into_iter()
            .map(|measure| MeasureNote {
                key: measure.key.to_owned(),
                good: metric.good(measure.key),
                suffix: measure.suffix.to_owned(),
                unit: measure.unit,
            })
            .collect(),
    }
}

fn source_note(plan: &Plan, account: &SourceReport) -> SourceNote {
    let file_name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
    let reason = |(column, reason): &(String, Reason)| format!("{column} {reason}");
    SourceNote {
        table: account.table.map_or("", TableKind::name).to_owned(),
        files: account.files.iter().filter_map(|file| file_name(&file.path)).collect(),
        read: account.read,
        used: account.used,
        made: account.made,
        quarantined: account.quarantined.iter().map(|(key, count)| (reason(key), *count)).collect(),
        excluded: account.excluded.iter().map(|(reason, count)| (reason.clone(), *count)).collect(),
        latest: account.latest.map(|at| plan.calendar.day_of(at)),
    }
}
