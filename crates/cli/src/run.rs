//! A run, one line a stage: plan -> tables -> figures -> documents -> files -> published.

use std::collections::BTreeMap;
use std::path::PathBuf;

use tallybook_ingest::{Reason, SourceReport, TableKind, load};
use tallybook_metrics::ReportFigures;
use tallybook_metrics::lifetime::{ModelCard, drift};
use tallybook_metrics::metric::{Extras, Metric};
use tallybook_report::{
    Check, Document, FORMAT_VERSION, MeasureNote, MetricNote, SourceNote, Trust, TrustState, scores_to_parquet,
    to_parquet,
};

use crate::error::CliError;
use crate::paths::shown;
use crate::pipeline::OutputFormat;
use crate::plan::Plan;
use crate::progress::Progress;
use crate::publish::{Edition, HELD, Publisher};

/// The file of the fitted lifetime model.
const MODEL: &str = "clv-model.json";

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
    publisher.claim(&plan.reports.iter().map(|period| period.label.as_str()).collect::<Vec<_>>())?;
    let reader = progress.reader();
    let (mut tables, accounts) = load(&plan.sources, &reader)?;
    refuse_if_held(plan, publisher, &accounts)?;
    progress.stage("computing");
    for (table, computed) in plan.computed() {
        tables.compute(table, &computed.iter().collect::<Vec<_>>(), plan.in_sql())?;
    }
    let metrics = plan.metrics();
    let figures = plan.job(&metrics).run(&tables);
    progress.stage("rendering");
    let mut pages = Vec::new();
    for mut figures in figures {
        let Extras { exhibits, model, scores } = std::mem::take(&mut figures.extras);
        let mut document = document(plan, &metrics, figures, &accounts);
        document.exhibits = exhibits;
        if let Some(model) = &model {
            let before = earlier_model(publisher, model)?;
            // Beside the parameters of today.
            let fit = document.exhibits.iter().position(|exhibit| exhibit.key == "model");
            let place = fit.map_or(document.exhibits.len(), |fit| fit + 1);
            document.exhibits.splice(place..place, before.map(|before| drift(&before, model, "clv")));
        }
        let mut edition = edition(plan, &document, &accounts)?;
        if let Some(model) = &model {
            edition.add(MODEL, json(model)?);
        }
        if !scores.is_empty() {
            edition.add_private("clv-scores.parquet", scores_to_parquet(&scores, &tables.customers)?);
        }
        let trust = &document.trust;
        let failed = trust.checks.iter().find(|check| check.state == trust.state && check.state != TrustState::Pass);
        let label = &document.period.label;
        let warning = failed.map(|check| format!("{} {label}: {}: {}", trust.state.word(), check.name, check.detail));
        pages.push(Published { page: publisher.publish(&edition)?, warning });
    }
    publisher.remove(HELD)?;
    progress.finish();
    Ok(pages)
}

/// Finds the model of the latest edition before a period, where there is one that can still be read.
fn earlier_model(publisher: &Publisher, model: &ModelCard) -> Result<Option<ModelCard>, CliError> {
    let cards = publisher.read_all(MODEL)?;
    let cards = cards.iter().filter_map(|bytes| ModelCard::from_json(bytes));
    Ok(cards.filter(|card| card.last < model.last).max_by_key(|card| card.last))
}

fn json(model: &ModelCard) -> Result<Vec<u8>, CliError> {
    let mut bytes = serde_json::to_vec_pretty(model)
        .map_err(|error| CliError::could_not_run("cannot write the lifetime model").because(&error))?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Too many quarantined rows hold the report back; the rows are written out all the same.
fn refuse_if_held(plan: &Plan, publisher: &mut Publisher, accounts: &[SourceReport]) -> Result<(), CliError> {
    let Some(worst) = accounts.iter().find(|account| account.exceeds_quarantine()) else { return Ok(()) };
    let mut edition = Edition::new(HELD);
    add_quarantine(&mut edition, accounts)?;
    let written = publisher.publish(&edition)?;
    let table = worst.table.map_or("source", TableKind::name);
    let share = worst.quarantined_rows() as f64 / worst.read as f64 * 100.0;
    let most = worst.quarantined.iter().max_by_key(|(_, count)| **count);
    let most = most.map(|((column, reason), count)| format!("mostly `{column}` {reason} (rows: {count})"));
    Err(CliError::held(format!(
        "HELD: {} of {} rows of `{table}` do not fit ({share:.1}%, allowed are {:.1}%), {}",
        worst.quarantined_rows(),
        worst.read,
        worst.max_quarantined * 100.0,
        most.unwrap_or_default()
    ))
    .hint(format!("the rows are in {}; the last good report stays in {}", shown(&written), shown(&plan.output)))
    .hint(format!("leave rows out on purpose with `sources.{table}.exclude`, or raise `max_quarantined`")))
}

fn document(plan: &Plan, metrics: &[&dyn Metric], figures: ReportFigures, accounts: &[SourceReport]) -> Document {
    let config = &plan.pipeline.config;
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
    Document {
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
        metrics: metrics.iter().map(|metric| note(plan, *metric)).collect(),
        sources: accounts.iter().map(|account| source_note(plan, account)).collect(),
        orders_inside: figures.orders_inside,
        orders_outside: figures.orders_outside,
        notes: by_first_order.chain(unexplained).collect(),
        configuration: plan.configuration.clone(),
        command: command(plan, &figures),
        period: figures.period,
        figures: figures.figures,
        controls: figures.controls,
        driven: figures.driven,
        annotations: figures.annotations,
        exhibits: Vec::new(),
    }
}

fn command(plan: &Plan, figures: &ReportFigures) -> String {
    use tallybook_calendar::Grain;
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

/// The checks of a run: whether data reach to the end of the period, and whether rows had to be set aside.
fn trust(plan: &Plan, figures: &ReportFigures, accounts: &[SourceReport]) -> Trust {
    let mut checks = Vec::new();
    let mut supplied: Vec<TableKind> = accounts.iter().filter_map(|account| Some(account.table?.made())).collect();
    supplied.sort_unstable();
    supplied.dedup();
    for table in supplied {
        if table.clock().is_none() || table == TableKind::Subscriptions {
            continue;
        }
        let ends = match figures.reach.get(&table) {
            None => Err(format!("there are no {table} up to {}", figures.period.last())),
            Some(coverage) if coverage.last < figures.period.last() => {
                Err(format!("{table} end on {}, the period on {}", coverage.last, figures.period.last()))
            }
            Some(coverage) => Ok(format!("latest day {}", coverage.last)),
        };
        checks.push(Check {
            name: format!("data of {table} to the period's end"),
            state: if ends.is_err() { TrustState::Degraded } else { TrustState::Pass },
            detail: ends.unwrap_or_else(|problem| problem),
        });
    }
    for account in accounts.iter().filter(|account| account.table == Some(TableKind::Subscriptions)) {
        let latest = account.latest.map(|at| plan.calendar.day_of(at));
        let old = latest.filter(|latest| *latest < figures.period.from);
        checks.push(Check {
            name: "subscriptions are up to date".to_owned(),
            state: if old.is_some() { TrustState::Degraded } else { TrustState::Pass },
            detail: match (old, latest) {
                (Some(day), _) => format!("none began after {day}, before the period did"),
                (None, Some(day)) => format!("the latest began on {day}"),
                (None, None) => "there are none".to_owned(),
            },
        });
    }
    if !figures.unmatched_targets.is_empty() {
        let named: Vec<String> = figures.unmatched_targets.keys().map(|name| format!("`{name}`")).collect();
        checks.push(Check {
            name: "targets are of what is in the report".to_owned(),
            state: TrustState::Degraded,
            detail: format!("there are targets for {}, of which the report has no figures", named.join(", ")),
        });
    }
    for account in accounts {
        let table = account.table.map_or("source", TableKind::name);
        if account.made.is_some() && account.quarantined_rows() > 0 {
            let rows = account.quarantined_rows();
            let (name, detail) = if account.table == Some(TableKind::OrderLines) {
                ("orders are whole", format!("{rows} lines are quarantined, and their orders too small by them"))
            } else {
                ("tickets are whole", format!("{rows} updates are quarantined, and their tickets lack them"))
            };
            checks.push(Check { name: name.to_owned(), state: TrustState::Degraded, detail });
        }
        checks.push(Check {
            name: format!("{table} rows accounted for"),
            state: TrustState::Pass,
            detail: format!(
                "{} read = {} used + {} quarantined + {} left out; up to {:.1}% may be quarantined",
                account.read,
                account.used,
                account.quarantined_rows(),
                account.excluded.values().sum::<u64>(),
                account.max_quarantined * 100.0
            ),
        });
    }
    Trust { state: checks.iter().map(|check| check.state).max().unwrap_or(TrustState::Pass), checks }
}

fn note(plan: &Plan, metric: &dyn Metric) -> MetricNote {
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
    let file_name = |path: &std::path::Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
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

/// Makes the files of one report.
fn edition(plan: &Plan, document: &Document, accounts: &[SourceReport]) -> Result<Edition, CliError> {
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
    Ok(edition)
}

fn add_quarantine(edition: &mut Edition, accounts: &[SourceReport]) -> Result<(), CliError> {
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
