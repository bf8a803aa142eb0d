//! `tallybook check` and `tallybook plan`: what a run would do, before it does anything.

use std::fmt::Write;

use tallybook_calendar::{Period, Window};
use tallybook_report::{Currency, Formatter};

use crate::paths::shown;
use crate::plan::Plan;

/// Says that a pipeline is sound.
pub(super) fn checked(plan: &Plan) -> String {
    let files: usize = plan.sources.iter().map(|source| source.files().count()).sum();
    format!(
        "{} is sound (metrics: {}, sources: {}, files: {files})\n",
        shown(&plan.pipeline.path),
        plan.pipeline.config.metrics.len(),
        plan.sources.len()
    )
}

/// Prints the contract of a run.
pub(super) fn plan(plan: &Plan) -> String {
    let config = &plan.pipeline.config;
    let format = Formatter {
        locale: config.report.locale,
        currency: Currency { code: plan.currency.code.clone(), decimals: plan.currency.decimals },
    };
    let text = format!(
        "{} ({}), days of {}, amounts in {} with {} decimals\nreports go to {}\n\n",
        config.title,
        shown(&plan.pipeline.path),
        plan.calendar.zone.name(),
        plan.currency.code,
        plan.currency.decimals,
        shown(&plan.output)
    );
    text + &periods(plan, &format) + &metrics(plan) + &sources(plan)
}

/// The periods of a run, with what they are compared with.
fn periods(plan: &Plan, format: &Formatter) -> String {
    let mut text = String::new();
    text.push_str("Periods (first moment included, last excluded)\n");
    for report in &plan.reports {
        let mut line = |name: &str, period: &Period| {
            let window = plan.calendar.window_of(period);
            let _ = writeln!(text, "  {name:<12} {:<24} {}  {}", period.label, instants(&window), format.days(period));
        };
        line("report", report);
        line("previous", &plan.calendar.previous(report));
        match plan.calendar.year_before(report, plan.year_before) {
            Ok(period) => line("year before", &period),
            Err(reason) => _ = writeln!(text, "  {:<12} none: {reason}", "year before"),
        }
        let metrics = plan.metrics();
        let series = plan.job(&metrics).series(report);
        if let Some(first) = series.first() {
            let _ = writeln!(text, "  {:<12} {} periods, from {}", "series", series.len(), first.label);
        }
    }
    let _ = writeln!(text, "  comparison with the year before: {}", plan.year_before.name());
    text
}

/// The metrics, and the columns that they read.
fn metrics(plan: &Plan) -> String {
    let mut text = String::new();
    text.push_str("\nMetrics\n");
    for metric in plan.metrics() {
        let info = metric.info();
        let policy = metric.policy(&plan.value);
        let _ = writeln!(text, "  {:<20} {}", info.id, if policy.is_empty() { info.formula } else { &policy });
        for need in metric.needs() {
            let read: Vec<&str> = need
                .columns
                .iter()
                .chain(&need.optional)
                .copied()
                .filter(|column| plan.sources.iter().any(|source| source.supplies(column)))
                .collect();
            let extra = if read.is_empty() { String::new() } else { format!(" with {}", read.join(", ")) };
            let _ = writeln!(text, "  {:<20}   reads {}{extra}", "", need.table);
        }
    }
    if !plan.pipeline.config.segments.is_empty() {
        let _ = writeln!(text, "  broken down by {}", plan.pipeline.config.segments.join(", "));
    }
    text
}

/// The sources, and where their columns come from.
fn sources(plan: &Plan) -> String {
    let mut text = String::new();
    text.push_str("\nSources\n");
    for source in &plan.sources {
        let files: Vec<String> = source.files().map(shown).collect();
        let _ = writeln!(text, "  {} from {}", source.table(), files.join(", "));
        for (canonical, origin) in source.columns() {
            let _ = writeln!(text, "    {canonical:<16} <- {origin}");
        }
    }
    text
}

fn instants(window: &Window) -> String {
    let utc = |seconds: i64| {
        chrono::DateTime::from_timestamp(seconds, 0)
            .map(|time| time.format("%Y-%m-%dT%H:%MZ").to_string())
            .unwrap_or_default()
    };
    format!("{} .. {}", utc(window.start), utc(window.end))
}
