//! The plan of a run: everything that can be decided before a data file is read, and nothing that could still be wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Component, Path, PathBuf};

use chrono::DateTime;
use sha2::{Digest, Sha256};
use tallybook_ingest::config::AmountPart;
use tallybook_ingest::{
    Computed, Conventions, InSql, IngestError, Roots, Source, SourceConfig, TableKind, did_you_mean, folder_of,
};
use tallybook_metrics::Job;
use tallybook_metrics::calendar::{Calendar, Grain, Period, PeriodError, YearBefore};
use tallybook_metrics::metric::{Metric, Need};
use tallybook_metrics::revenue::{AmountContent, Basis, OrderValue};
use tallybook_report::{Currency, Templates};

use crate::args::When;
use crate::error::CliError;
use crate::pipeline::{OutputFormat, PipelineFile, Step};

/// A run with all decisions taken.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) pipeline: PipelineFile,
    pub(crate) calendar: Calendar,
    pub(crate) year_before: YearBefore,
    /// The periods to report, oldest first.
    pub(crate) reports: Vec<Period>,
    pub(crate) sources: Vec<Source>,
    pub(crate) value: OrderValue,
    pub(crate) currency: Currency,
    pub(crate) templates: Templates,
    pub(crate) formats: BTreeSet<OutputFormat>,
    /// The moment of the run, in seconds since 1970 UTC.
    pub(crate) now: i64,
    /// The folder that the pipeline's reports go to.
    pub(crate) output: PathBuf,
    /// SHA-256 of the pipeline file, shortened.
    pub(crate) configuration: String,
}

/// What the command line says about a plan.
#[derive(Debug, Default)]
pub(crate) struct Overrides {
    pub(crate) when: When,
    pub(crate) out: Option<PathBuf>,
    pub(crate) formats: Vec<OutputFormat>,
}

impl Plan {
    /// Decides a run; `now` is the moment of it, in seconds since 1970 UTC.
    pub(crate) fn new(pipeline: PipelineFile, overrides: &Overrides, now: i64) -> Result<Self, CliError> {
        let config = &pipeline.config;
        let calendar = Calendar {
            zone: config.timezone.0,
            week_start: config.period.week_starts.into(),
            fiscal: config.period.fiscal,
        };
        let grain = config.period.grain;
        let year_before = config.period.year_before.unwrap_or(YearBefore::default_for(grain));
        if year_before == YearBefore::IsoWeek && grain != Grain::Week {
            let message = format!("`iso_week` compares weeks, and the periods are {}s", grain.noun());
            return Err(at(
                &pipeline,
                &[Step::Key("period"), Step::Key("year_before")],
                CliError::could_not_run(message),
            ));
        }
        let now = match &overrides.when.as_of {
            Some(text) => moment(&calendar, text)?,
            None => now,
        };
        let reports = periods(&calendar, grain, &overrides.when, now)?;
        let base = folder_of(&pipeline.path);
        let currency = Currency {
            code: config.currency.0.clone(),
            decimals: config.currency_decimals.map_or(config.currency.decimals(), u32::from),
        };
        let conventions = Conventions {
            roots: Roots { base: base.clone(), allowed: config.data_roots.clone() },
            zone: calendar.zone,
            currency: currency.code.clone(),
            decimals: currency.decimals,
        };
        if currency.decimals > 6 {
            let error = CliError::could_not_run("amounts are counted with at most 6 decimals");
            return Err(at(&pipeline, &[Step::Key("currency_decimals")], error));
        }
        if config.metrics.is_empty() {
            let error = CliError::could_not_run("no metrics: there is nothing to report");
            return Err(at(&pipeline, &[Step::Key("metrics")], error.hint("`tallybook metrics` lists them all")));
        }
        let mut sources = Vec::new();
        for (table, list) in written(config) {
            for (index, source) in list.iter().enumerate() {
                let place = SourcePlace { table, index: (list.len() > 1).then_some(index) };
                if !(0.0..=1.0).contains(&source.max_quarantined) {
                    let error = CliError::could_not_run("`max_quarantined` is a share between 0 and 1, such as 0.05");
                    return Err(place.at(&pipeline, &[Step::Key("max_quarantined")], error));
                }
                let opened = Source::open(table, source, &conventions);
                sources.push(opened.map_err(|error| placed(&pipeline, place, source, error))?);
            }
        }
        for (one, other) in [(TableKind::Orders, TableKind::OrderLines), (TableKind::Tickets, TableKind::TicketEvents)]
        {
            if [one, other].iter().all(|table| config.sources.contains_key(table)) {
                let message = format!("give `{one}` or `{other}`, not both: each is the table of {one}");
                return Err(at(&pipeline, &[Step::Key("sources")], CliError::could_not_run(message)));
            }
        }
        check_revenue(&pipeline, &sources)?;
        let value = order_value(&pipeline, &sources);
        for need in config.metrics.iter().flat_map(|entry| entry.0.needs()) {
            let Some((kind, least, greatest)) = need.scale else { continue };
            let own = sources.iter_mut().filter(|source| source.table() == need.table);
            own.for_each(|source| source.set_scale(kind, least, greatest));
        }
        check_needs(&pipeline, &sources)?;
        check_own(&pipeline, &sources)?;
        check_segments(&pipeline, &sources)?;
        keep_columns(&pipeline, &mut sources, &value);
        let template_folder = config.report.templates.as_ref().map(|folder| base.join(folder));
        let templates = Templates::load(template_folder.as_deref())?;
        let formats: BTreeSet<OutputFormat> = match overrides.formats.as_slice() {
            [] => config.report.formats.iter().copied().collect(),
            given => given.iter().copied().collect(),
        };
        for (format, ending) in [(OutputFormat::Html, "html"), (OutputFormat::Markdown, "md")] {
            if formats.contains(&format) {
                templates.check(&format!("{}.{ending}", config.report.template)).map_err(|error| {
                    at(&pipeline, &[Step::Key("report"), Step::Key("template")], CliError::from(error))
                })?;
            }
        }
        let output =
            plain(&overrides.out.clone().unwrap_or_else(|| base.join(&config.report.output)).join(&config.name.0));
        let digest = Sha256::digest(pipeline.text.as_bytes());
        let configuration = digest.iter().take(6).fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        });
        Ok(Self {
            pipeline,
            calendar,
            year_before,
            reports,
            sources,
            value,
            currency,
            templates,
            formats,
            now,
            output,
            configuration,
        })
    }

    /// The metrics, in the order of the pipeline file.
    pub(crate) fn metrics(&self) -> Vec<&dyn Metric> {
        self.pipeline.config.metrics.iter().map(|entry| entry.0.as_ref()).collect()
    }

    /// What is to be computed by SQL, by table.
    pub(crate) fn computed(&self) -> BTreeMap<TableKind, Vec<Computed>> {
        let mut computed: BTreeMap<TableKind, Vec<Computed>> = BTreeMap::new();
        for need in self.pipeline.config.metrics.iter().flat_map(|entry| entry.0.needs()) {
            let own = need.computed.into_iter().map(|(_, own)| own);
            computed.entry(need.table).or_default().extend(own);
        }
        computed.retain(|_, own| !own.is_empty());
        computed
    }

    /// How SQL sees the tables.
    pub(crate) const fn in_sql(&self) -> InSql {
        InSql { zone: self.calendar.zone, decimals: self.currency.decimals }
    }

    /// Gives the job to compute.
    pub(crate) fn job<'a>(&'a self, metrics: &'a [&'a dyn Metric]) -> Job<'a> {
        Job {
            metrics,
            calendar: &self.calendar,
            grain: self.pipeline.config.period.grain,
            value: &self.value,
            dimensions: &self.pipeline.config.segments,
            year_before: self.year_before,
            history: usize::from(self.pipeline.config.period.history.0),
            reports: &self.reports,
            min_n: self.pipeline.config.min_n,
            money_units: 10_f64.powi(i32::try_from(self.currency.decimals).unwrap_or(2)),
            now: self.now,
        }
    }
}

const fn is_orders(table: TableKind) -> bool {
    matches!(table, TableKind::Orders | TableKind::OrderLines)
}

fn at(pipeline: &PipelineFile, steps: &[Step<'_>], error: CliError) -> CliError {
    // The nearest part of the path that is written in the file.
    let place = (0..=steps.len()).rev().find_map(|length| pipeline.place(&steps[..length]));
    match place {
        Some(place) => error.at(place),
        None => error.context(format!("in {}", pipeline.path.display())),
    }
}

/// The sources as written, with the tables that they are of.
fn written(config: &crate::pipeline::Config) -> impl Iterator<Item = (TableKind, &[SourceConfig])> {
    let canonical = config.sources.iter().map(|(table, list)| (*table, list.0.as_slice()));
    canonical.chain(config.tables.iter().map(|(name, list)| (TableKind::named(&name.0), list.0.as_slice())))
}

/// Where the pipeline file speaks of a source.
#[derive(Debug, Clone, Copy)]
struct SourcePlace {
    table: TableKind,
    /// Its position where the table has several.
    index: Option<usize>,
}

impl SourcePlace {
    fn at(self, pipeline: &PipelineFile, steps: &[Step<'_>], error: CliError) -> CliError {
        let section = if matches!(self.table, TableKind::Own(_)) { "tables" } else { "sources" };
        let own = [Step::Key(section), Step::Key(self.table.name())];
        let item: Vec<Step<'_>> = self.index.map(Step::Item).into_iter().collect();
        at(pipeline, &[&own, item.as_slice(), steps].concat(), error)
    }
}

/// Puts an error of a source where the pipeline file speaks of it.
fn placed(pipeline: &PipelineFile, place: SourcePlace, written: &SourceConfig, error: IngestError) -> CliError {
    let below = |steps: &[Step<'_>], error: CliError| place.at(pipeline, steps, error);
    match &error {
        IngestError::MissingColumn { canonical, .. } | IngestError::TimeFormat { canonical, .. } => {
            let name = canonical.clone();
            let section = if written.dimensions.contains_key(&name) { "dimensions" } else { "columns" };
            if name == "timezone" {
                below(&[Step::Key("timezone")], error.into())
            } else {
                below(&[Step::Key(section), Step::Key(&name)], error.into())
            }
        }
        IngestError::DimensionName { name, .. } => {
            let name = name.clone();
            below(&[Step::Key("dimensions"), Step::Key(&name)], error.into())
        }
        IngestError::AmountPart { .. } => below(&[Step::Key("amount_includes")], error.into()),
        IngestError::RowNumber { column, .. } | IngestError::UnknownCanonical { column, .. } => {
            let name = column.clone();
            below(&[Step::Key("columns"), Step::Key(&name)], error.into())
        }
        IngestError::NoFile { .. } | IngestError::Glob { .. } | IngestError::OutsideRoot { .. } => {
            below(&[Step::Key("path")], error.into())
        }
        IngestError::CsvOption { option, .. } => {
            let option = *option;
            below(&[Step::Key("csv"), Step::Key(option)], error.into())
        }
        IngestError::Sql { place, .. }
        | IngestError::NotACondition { place, .. }
        | IngestError::NotRowByRow { place, .. } => {
            let place = place.clone();
            if let Some(name) = place.strip_prefix("columns.") {
                below(&[Step::Key("columns"), Step::Key(name), Step::Key("sql")], error.into())
            } else {
                let index = place.chars().filter(char::is_ascii_digit).collect::<String>().parse().unwrap_or(0);
                below(&[Step::Key("exclude"), Step::Item(index), Step::Key("when")], error.into())
            }
        }
        _ => below(&[], error.into()),
    }
}

fn order_value(pipeline: &PipelineFile, sources: &[Source]) -> OrderValue {
    let source = sources.iter().find(|source| is_orders(source.table()));
    let written = source.and_then(|source| pipeline.config.sources.get(&source.table())?.0.first());
    let content = written.map_or_else(AmountContent::default, |written| AmountContent {
        tax: written.amount_includes.contains(&AmountPart::Tax),
        shipping: written.amount_includes.contains(&AmountPart::Shipping),
        after_discount: written.amount_after_discount,
    });
    OrderValue::new(pipeline.config.revenue, content, |column| {
        column == "amount" || source.is_some_and(|source| source.supplies(column))
    })
}

/// What the revenue policy adds or takes off must be given by a column.
fn check_revenue(pipeline: &PipelineFile, sources: &[Source]) -> Result<(), CliError> {
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
    let steps = [Step::Key("revenue"), Step::Key(found.0)];
    Err(at(pipeline, &steps, error.hint(format!("map it under `sources.{}.columns`", source.table()))))
}

fn satisfies(source: &Source, need: &Need) -> bool {
    source.table().made() == need.table
}

/// Every metric has the tables and columns that it reads.
fn check_needs(pipeline: &PipelineFile, sources: &[Source]) -> Result<(), CliError> {
    for (index, entry) in pipeline.config.metrics.iter().enumerate() {
        let id = entry.0.info().id;
        let here = [Step::Key("metrics"), Step::Item(index)];
        if pipeline.config.metrics[..index].iter().any(|other| other.0.info().id == id) {
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
fn check_own(pipeline: &PipelineFile, sources: &[Source]) -> Result<(), CliError> {
    let metrics = &pipeline.config.metrics;
    for (index, entry) in metrics.iter().enumerate() {
        let here = [Step::Key("metrics"), Step::Item(index), Step::Key("own")];
        for need in entry.0.needs() {
            for (option, computed) in &need.computed {
                for source in sources.iter().filter(|source| satisfies(source, &need)) {
                    computed.check(source).map_err(|error| {
                        let hint = match &error {
                            IngestError::NoSuchColumn { column, present, .. } => {
                                did_you_mean(column, present.iter().map(String::as_str))
                                    .map(|guess| format!("did you mean `{guess}`?"))
                                    .or_else(|| Some(format!("known are: {}", present.join(", "))))
                            }
                            _ => None,
                        };
                        let error = at(pipeline, &here, CliError::from(error).context(format!("in its `{option}`")));
                        match hint {
                            Some(hint) => error.hint(hint),
                            None => error,
                        }
                    })?;
                }
            }
        }
        for (id, measure) in entry.0.derivation().map(|own| own.inputs()).unwrap_or_default() {
            let input = metrics.iter().find(|own| own.0.info().id == id);
            let problem = match input {
                None => Some(format!("`{id}` is not among the metrics of the pipeline")),
                Some(own) if own.0.derivation().is_some() => {
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

/// Every segment is a dimension that orders or customers carry.
fn check_segments(pipeline: &PipelineFile, sources: &[Source]) -> Result<(), CliError> {
    let known: BTreeSet<&str> = sources
        .iter()
        .filter(|source| source.table() != TableKind::Spend)
        .flat_map(Source::dimensions)
        .filter(|name| !["order_id", "ticket_id", "subscription_id", "comment"].contains(name))
        .collect();
    for (index, segment) in pipeline.config.segments.iter().enumerate() {
        let here = [Step::Key("segments"), Step::Item(index)];
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

/// Columns from which others are computed.
fn computed_from(need: &Need) -> Vec<String> {
    need.computed.iter().flat_map(|(_, computed)| computed.columns(need.table).unwrap_or_default()).collect()
}

/// Sources read only what the metrics ask for.
fn keep_columns(pipeline: &PipelineFile, sources: &mut [Source], value: &OrderValue) {
    for source in sources {
        let mut wanted: BTreeSet<String> = pipeline.config.segments.iter().cloned().collect();
        for need in pipeline.config.metrics.iter().flat_map(|entry| entry.0.needs()) {
            if satisfies(source, &need) {
                wanted.extend(need.columns.iter().map(|column| (*column).to_owned()));
                wanted.extend(computed_from(&need));
                // What an order is worth has columns of its own, below.
                if !is_orders(source.table()) {
                    wanted.extend(need.optional.iter().map(|column| (*column).to_owned()));
                }
            }
        }
        if is_orders(source.table()) {
            wanted.extend(value.columns().map(str::to_owned));
        }
        source.keep_only(&wanted);
        if is_orders(source.table()) {
            let needs = pipeline.config.metrics.iter().flat_map(|entry| entry.0.needs());
            let computed: Vec<String> =
                needs.filter(|need| satisfies(source, need)).flat_map(|need| computed_from(&need)).collect();
            let mut apart: Vec<&str> = computed.iter().map(String::as_str).collect();
            if value.refunds_apart {
                apart.push("refund_amount");
            }
            source.derive(value.placed.iter().copied(), &apart);
        }
    }
}

/// Chooses the periods to report.
fn periods(calendar: &Calendar, grain: Grain, when: &When, now: i64) -> Result<Vec<Period>, CliError> {
    let wrong = |error: &PeriodError| CliError::could_not_run(error.to_string());
    let reports = match (when.from, when.to, &when.period) {
        (Some(from), Some(to), _) if when.each => {
            let range = Period::custom(from, to).map_err(|error| wrong(&error))?;
            let mut period = calendar.period_of(grain, from);
            if period.from < from {
                period = calendar.next(&period);
            }
            let mut periods = Vec::new();
            while period.to <= range.to {
                let next = calendar.next(&period);
                periods.push(period);
                period = next;
            }
            if periods.is_empty() {
                let message = format!("no whole {} lies between {from} and {to}", grain.noun());
                return Err(CliError::could_not_run(message));
            }
            periods
        }
        (Some(from), Some(to), _) => vec![Period::custom(from, to).map_err(|error| wrong(&error))?],
        (_, _, Some(label)) => vec![calendar.parse(grain, label).map_err(|error| wrong(&error))?],
        _ => vec![calendar.last_completed(grain, now)],
    };
    // A period that is not over would be compared with whole ones.
    if let Some(open) = reports.iter().find(|period| calendar.day_start(period.to) > now) {
        let day = calendar.day_of(now);
        let error =
            CliError::could_not_run(format!("{} is not over: it ends on {}, and it is {day}", open.label, open.last()));
        return Err(error.hint("report a range up to yesterday with --from and --to, or set --as-of"));
    }
    Ok(reports)
}

fn moment(calendar: &Calendar, text: &str) -> Result<i64, CliError> {
    if let Ok(day) = text.parse() {
        return Ok(calendar.day_start(day));
    }
    DateTime::parse_from_rfc3339(text).map(|time| time.timestamp()).map_err(|_| {
        CliError::could_not_run(format!(
            "`{text}` is neither a day such as 2026-11-16 nor a timestamp such as 2026-11-16T06:00:00Z"
        ))
    })
}

/// A path without detours: `pipelines/../reports` is `reports`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(plain.components().next_back(), Some(Component::Normal(_))) => {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    plain
}

/// The name of a path as a user would write it.
pub(crate) fn shown(path: &Path) -> String {
    path.display().to_string()
}
