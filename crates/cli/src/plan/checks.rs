//! Checks of a plan: everything that can be wrong before a data file is read is said with its place in the pipeline file.

use std::collections::{BTreeMap, BTreeSet};

use tallybook_calendar::did_you_mean;
use tallybook_ingest::config::AmountPart;
use tallybook_ingest::{IngestError, Source, SourceConfig, TableKind};
use tallybook_metrics::declare::Area;
use tallybook_metrics::engine::order_value::Basis;
use tallybook_metrics::metric::Need;

use super::is_orders;
use crate::error::CliError;
use crate::pipeline::{MAX_METRICS, MAX_SEGMENTS, MAX_TABLES, MetricEntry, PipelineFile, YamlStep};

pub(super) fn at(pipeline: &PipelineFile, steps: &[YamlStep<'_>], error: CliError) -> CliError {
    // The nearest part of the path that is written in the file.
    let place = (0..=steps.len()).rev().find_map(|length| pipeline.place(&steps[..length]));
    match place {
        Some(place) => error.at(place),
        None => error.context(format!("in {}", pipeline.path.display())),
    }
}

/// Where the pipeline file speaks of a source.
#[derive(Debug, Clone, Copy)]
pub(super) struct SourcePlace {
    pub(super) table: TableKind,
    /// Its position where the table has several.
    pub(super) index: Option<usize>,
}

impl SourcePlace {
    pub(super) fn at(self, pipeline: &PipelineFile, steps: &[YamlStep<'_>], error: CliError) -> CliError {
        let section = if matches!(self.table, TableKind::Own(_)) { "tables" } else { "sources" };
        let own = [YamlStep::Key(section), YamlStep::Key(self.table.name())];
        let item: Vec<YamlStep<'_>> = self.index.map(YamlStep::Item).into_iter().collect();
        at(pipeline, &[&own, item.as_slice(), steps].concat(), error)
    }
}

/// Puts an error of a source where the pipeline file speaks of it.
pub(super) fn placed(
    pipeline: &PipelineFile,
    place: SourcePlace,
    written: &SourceConfig,
    error: IngestError,
) -> CliError {
    let below = |steps: &[YamlStep<'_>], error: CliError| place.at(pipeline, steps, error);
    match &error {
        IngestError::MissingColumn { canonical, .. } | IngestError::TimeFormat { canonical, .. } => {
            let name = canonical.clone();
            let section = if written.dimensions.contains_key(&name) { "dimensions" } else { "columns" };
            if name == "timezone" {
                below(&[YamlStep::Key("timezone")], error.into())
            } else {
                below(&[YamlStep::Key(section), YamlStep::Key(&name)], error.into())
            }
        }
        IngestError::DimensionName { name, .. } => {
            let name = name.clone();
            below(&[YamlStep::Key("dimensions"), YamlStep::Key(&name)], error.into())
        }
        IngestError::AmountPart { .. } => below(&[YamlStep::Key("amount_includes")], error.into()),
        IngestError::RowNumber { column, .. } | IngestError::UnknownCanonical { column, .. } => {
            let name = column.clone();
            below(&[YamlStep::Key("columns"), YamlStep::Key(&name)], error.into())
        }
        IngestError::NoFile { .. } | IngestError::Glob { .. } | IngestError::OutsideRoot { .. } => {
            below(&[YamlStep::Key("path")], error.into())
        }
        IngestError::LongPath { .. } | IngestError::DeepPattern { .. } => below(&[YamlStep::Key("path")], error.into()),
        IngestError::SkippedPastEnd { .. } => below(&[YamlStep::Key("csv"), YamlStep::Key("skip_lines")], error.into()),
        IngestError::TooManyEntries { option, .. } => {
            let option = *option;
            let steps: Vec<YamlStep<'_>> = option.split('.').map(YamlStep::Key).collect();
            below(&steps, error.into())
        }
        IngestError::CsvOption { option, .. } => {
            let option = *option;
            below(&[YamlStep::Key("csv"), YamlStep::Key(option)], error.into())
        }
        IngestError::Sql { place, .. }
        | IngestError::SqlBound { place, .. }
        | IngestError::NotACondition { place, .. }
        | IngestError::NotRowByRow { place, .. } => {
            let place = place.clone();
            if let Some(name) = place.strip_prefix("columns.") {
                below(&[YamlStep::Key("columns"), YamlStep::Key(name), YamlStep::Key("sql")], error.into())
            } else {
                let index = place.chars().filter(char::is_ascii_digit).collect::<String>().parse().unwrap_or(0);
                below(&[YamlStep::Key("exclude"), YamlStep::Item(index), YamlStep::Key("when")], error.into())
            }
        }
        _ => below(&[], error.into()),
    }
}

/// Several sources of a table are one table: what is folded row by row must come in one, and amounts mean the same in all.
pub(super) fn one_table(pipeline: &PipelineFile, table: TableKind, list: &[SourceConfig]) -> Result<(), CliError> {
    let [first, rest @ ..] = list else { return Ok(()) };
    let place = |index| SourcePlace { table, index: Some(index) };
    if !rest.is_empty() && table.made() != table {
        let message =
            format!("rows of `{table}` that belong together may stand in several files, but not in several sources");
        let error = CliError::could_not_run(message).hint("give one source whose path is a glob or a folder");
        return Err(place(1).at(pipeline, &[], error));
    }
    let content = |source: &SourceConfig| (source.amount_includes.clone(), source.amount_after_discount);
    match rest.iter().position(|other| table == TableKind::Orders && content(other) != content(first)) {
        Some(index) => {
            let message = "`amount_includes` and `amount_after_discount` are the same for all sources of `orders`";
            let error =
                CliError::could_not_run(message).hint("bring one of them to the other's terms: amount: {sql: \"...\"}");
            Err(place(index + 1).at(pipeline, &[], error))
        }
        None => Ok(()),
    }
}

/// What the revenue policy adds or takes off must be given by a column.
pub(super) fn check_revenue(pipeline: &PipelineFile, sources: &[Source]) -> Result<(), CliError> {
    let Some(source) = sources.iter().find(|source| is_orders(source.table())) else { return Ok(()) };
    let written = pipeline.config.sources.get(&source.table()).and_then(|list| list.0.first());
    let Some(written) = written else { return Ok(()) };
    let policy = &pipeline.config.revenue;
    let missing = |part: AmountPart, column: &str| !written.amount_includes.contains(&part) && !source.supplies(column);
    let found = if policy.include_tax && missing(AmountPart::Tax, "tax") {
        ("include_tax", "tax")
    } else if policy.include_shipping && missing(AmountPart::Shipping, "shipping") {
        ("include_shipping", "shipping")
    } else if policy.basis == Basis::Gross && written.amount_after_discount && !source.supplies("discount") {
        ("basis", "discount")
    } else {
        return Ok(());
    };
    let error = CliError::could_not_run(format!(
        "`revenue.{}` needs the column `{}` of the table `{}`",
        found.0,
        found.1,
        source.table()
    ));
    let steps = [YamlStep::Key("revenue"), YamlStep::Key(found.0)];
    Err(at(pipeline, &steps, error.hint(format!("map it under `sources.{}.columns`", source.table()))))
}

pub(super) fn satisfies(source: &Source, need: &Need) -> bool {
    source.table().made() == need.table
}

/// No list of the pipeline is longer than a report can be.
pub(super) fn check_counts(pipeline: &PipelineFile) -> Result<(), CliError> {
    let config = &pipeline.config;
    let counts = [
        ("metrics", config.metrics.len(), MAX_METRICS),
        ("segments", config.segments.len(), MAX_SEGMENTS),
        ("tables", config.tables.len(), MAX_TABLES),
        ("data_roots", config.data_roots.len(), MAX_TABLES),
    ];
    match counts.into_iter().find(|(_, count, most)| count > most) {
        Some((option, count, most)) => {
            let error = CliError::could_not_run(format!("`{option}` has {count} entries; {most} is the most"));
            Err(at(pipeline, &[YamlStep::Key(option)], error))
        }
        None => Ok(()),
    }
}

/// Every metric has the tables and columns that it reads.
pub(super) fn check_needs(pipeline: &PipelineFile, sources: &[Source]) -> Result<(), CliError> {
    let mut listed = BTreeSet::new();
    for (index, entry) in pipeline.config.metrics.iter().enumerate() {
        let id = entry.0.info().id;
        let here = [YamlStep::Key("metrics"), YamlStep::Item(index)];
        if !listed.insert(id) {
            return Err(at(pipeline, &here, CliError::could_not_run(format!("the metric `{id}` is listed twice"))));
        }
        for need in entry.0.needs() {
            let Some(source) = sources.iter().find(|source| satisfies(source, &need)) else {
                let error = CliError::could_not_run(format!("the metric `{id}` needs the table `{}`", need.table))
                    .hint(format!("add it under `sources`, or take `{id}` off the list"));
                return Err(at(pipeline, &here, error));
            };
            let lacks = |column: &&&str| !sources.iter().any(|own| satisfies(own, &need) && own.supplies(column));
            if let Some(column) = need.columns.iter().find(lacks) {
                let error = CliError::could_not_run(format!(
                    "the metric `{id}` needs the column `{column}` of the table `{}`",
                    source.table()
                ))
                .hint(format!("map it under `sources.{}.columns`", source.table()));
                return Err(at(pipeline, &here, error));
            }
        }
    }
    Ok(())
}

/// Whatever metrics compute by SQL is sound, and whatever they derive has its inputs.
pub(super) fn check_own(pipeline: &PipelineFile, sources: &[Source]) -> Result<(), CliError> {
    let metrics = &pipeline.config.metrics;
    let by_id: BTreeMap<&str, &MetricEntry> = metrics.iter().map(|entry| (entry.0.info().id, entry)).collect();
    for (index, entry) in metrics.iter().enumerate() {
        let here = [YamlStep::Key("metrics"), YamlStep::Item(index), YamlStep::Key("own")];
        for need in entry.0.needs() {
            // The one column that a metric of the pipeline's own names is when its rows count.
            let own = sources.iter().filter(|source| satisfies(source, &need) && entry.0.info().area == Area::Custom);
            for source in own {
                if let Some(clock) = need.columns.iter().find(|column| !source.is_moment(column)) {
                    let error =
                        CliError::could_not_run(format!("`at: {clock}` is no column of moments of `{}`", need.table));
                    return Err(at(pipeline, &here, error));
                }
            }
            for (option, computed) in &need.computed {
                let read = sources.iter().filter(|source| satisfies(source, &need));
                computed.check(read).map_err(|error| own_error(pipeline, &here, option, error))?;
            }
        }
        for (id, measure) in entry.0.formula().map(|own| own.inputs()).unwrap_or_default() {
            let input = by_id.get(id);
            let problem = match input {
                None => Some(format!("`{id}` is not among the metrics of the pipeline")),
                Some(own) if own.0.formula().is_some() => {
                    Some(format!("`{id}` is derived itself: derive from what it is derived from"))
                }
                Some(own) if !own.0.measures().iter().any(|known| known.key == measure) => {
                    Some(format!("`{id}` has no measure `{measure}`"))
                }
                Some(_) => None,
            };
            if let Some(problem) = problem {
                let error = CliError::could_not_run(format!("the metric `{}`: {problem}", entry.0.info().id));
                return Err(at(pipeline, &here, error));
            }
        }
    }
    Ok(())
}

/// Says what is wrong with the SQL of an option of a metric of the pipeline's own.
fn own_error(pipeline: &PipelineFile, here: &[YamlStep<'_>], option: &str, error: IngestError) -> CliError {
    let hint = match &error {
        IngestError::NoSuchColumn { column, present, .. } => did_you_mean(column, present.iter().map(String::as_str))
            .map(|guess| format!("did you mean `{guess}`?"))
            .or_else(|| Some(format!("known are: {}", present.join(", ")))),
        _ => None,
    };
    let error = at(pipeline, here, CliError::from(error).context(format!("in its `{option}`")));
    match hint {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

/// Every segment is a dimension that orders or customers carry.
pub(super) fn check_segments(pipeline: &PipelineFile, sources: &[Source]) -> Result<(), CliError> {
    let known: BTreeSet<&str> = sources
        .iter()
        .filter(|source| source.table() != TableKind::Spend)
        .flat_map(Source::dimensions)
        .filter(|name| !["order_id", "ticket_id", "subscription_id", "comment"].contains(name))
        .collect();
    for (index, segment) in pipeline.config.segments.iter().enumerate() {
        let here = [YamlStep::Key("segments"), YamlStep::Item(index)];
        if !known.contains(segment.as_str()) {
            let error = CliError::could_not_run(format!("nothing can be broken down by `{segment}`"));
            let error = match did_you_mean(segment, known.iter().copied()) {
                Some(guess) => error.hint(format!("did you mean `{guess}`?")),
                None if known.is_empty() => error.hint("map a column under `dimensions` of a source"),
                None => error.hint(format!("known are: {}", known.iter().copied().collect::<Vec<_>>().join(", "))),
            };
            return Err(at(pipeline, &here, error));
        }
        if pipeline.config.segments[..index].contains(segment) {
            return Err(at(
                pipeline,
                &here,
                CliError::could_not_run(format!("the segment `{segment}` is listed twice")),
            ));
        }
    }
    Ok(())
}
