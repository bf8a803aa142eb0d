//! The plan of a run: everything that can be decided before a data file is read, and nothing that could still be wrong.

mod checks;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;

use chrono::{DateTime, Datelike};
use sha2::{Digest, Sha256};
use tallybook_calendar::{Calendar, Grain, Period, PeriodError, YEARS, YearBefore};
use tallybook_ingest::config::AmountPart;
use tallybook_ingest::{Conventions, InSql, Roots, Source, SourceConfig, SqlColumn, TableKind, Tables, folder_of};
use tallybook_metrics::Job;
use tallybook_metrics::engine::order_value::{AmountContent, OrderValue};
use tallybook_metrics::metric::{Metric, Need};
use tallybook_report::{Currency, Templates};

use crate::args::When;
use crate::error::CliError;
use crate::pipeline::{Limits, OutputFormat, PipelineFile, YamlStep};
use crate::publish::Home;

use checks::{SourcePlace, at, check_counts, check_needs, check_own, check_revenue, check_segments, placed};

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
        let year_before = year_before(&pipeline)?;
        let now = match &overrides.when.as_of {
            Some(text) => moment(&calendar, text)?,
            None => now,
        };
        let reports = periods(&calendar, grain, &overrides.when, now)?;
        let currency = Currency {
            code: config.currency.0.clone(),
            decimals: config.currency_decimals.map_or(config.currency.decimals(), u32::from),
        };
        if currency.decimals > 6 {
            let error = CliError::could_not_run("amounts are counted with at most 6 decimals");
            return Err(at(&pipeline, &[YamlStep::Key("currency_decimals")], error));
        }
        if config.metrics.is_empty() {
            let error = CliError::could_not_run("no metrics: there is nothing to report");
            return Err(at(&pipeline, &[YamlStep::Key("metrics")], error.hint("`tallybook metrics` lists them all")));
        }
        check_counts(&pipeline)?;
        let mut sources = open_sources(&pipeline, &conventions(&pipeline, &calendar, &currency))?;
        check_one_of_two(&pipeline)?;
        check_revenue(&pipeline, &sources)?;
        let value = order_value(&pipeline, &sources);
        set_scales(&pipeline, &mut sources);
        check_needs(&pipeline, &sources)?;
        check_own(&pipeline, &sources)?;
        check_segments(&pipeline, &sources)?;
        keep_columns(&pipeline, &mut sources, &value);
        let formats: BTreeSet<OutputFormat> = match overrides.formats.as_slice() {
            [] => config.report.formats.iter().copied().collect(),
            given => given.iter().copied().collect(),
        };
        let templates = templates(&pipeline, &formats)?;
        let output = Home::of(&pipeline, overrides.out.as_deref())?.folder;
        let configuration = digest(&pipeline.text);
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

    /// Names the reported periods.
    pub(crate) fn labels(&self) -> Vec<&str> {
        self.reports.iter().map(|period| period.label.as_str()).collect()
    }

    /// Adds the columns that metrics have computed by SQL.
    pub(crate) fn add_sql_columns(&self, tables: &mut Tables) -> Result<(), CliError> {
        let mut columns: BTreeMap<TableKind, Vec<SqlColumn>> = BTreeMap::new();
        for need in self.pipeline.config.metrics.iter().flat_map(|entry| entry.0.needs()) {
            columns.entry(need.table).or_default().extend(need.computed.into_iter().map(|(_, column)| column));
        }
        let view = InSql { zone: self.calendar.zone, decimals: self.currency.decimals };
        for (table, columns) in columns.iter().filter(|(_, columns)| !columns.is_empty()) {
            tables.compute(*table, &columns.iter().collect::<Vec<_>>(), view)?;
        }
        Ok(())
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
            limits_on_all: self.pipeline.config.limits == Limits::AllMeasures,
            money_units: 10_f64.powi(i32::try_from(self.currency.decimals).unwrap_or(2)),
            now: self.now,
        }
    }
}

/// What all sources have in common.
fn conventions(pipeline: &PipelineFile, calendar: &Calendar, currency: &Currency) -> Conventions {
    Conventions {
        roots: Roots { base: folder_of(&pipeline.path), allowed: pipeline.config.data_roots.clone() },
        zone: calendar.zone,
        currency: currency.code.clone(),
        decimals: currency.decimals,
    }
}

/// Decides which period of the year before each is compared with.
fn year_before(pipeline: &PipelineFile) -> Result<YearBefore, CliError> {
    let config = &pipeline.config;
    let grain = config.period.grain;
    let year_before = config.period.year_before.unwrap_or(YearBefore::default_for(grain));
    if year_before == YearBefore::IsoWeek && grain != Grain::Week {
        let message = format!("`iso_week` compares weeks, and the periods are {}s", grain.noun());
        return Err(at(
            pipeline,
            &[YamlStep::Key("period"), YamlStep::Key("year_before")],
            CliError::could_not_run(message),
        ));
    }
    Ok(year_before)
}

/// A table comes whole, or as what it is made of.
fn check_one_of_two(pipeline: &PipelineFile) -> Result<(), CliError> {
    let sources = &pipeline.config.sources;
    for (one, other) in [(TableKind::Orders, TableKind::OrderLines), (TableKind::Tickets, TableKind::TicketEvents)] {
        if [one, other].iter().all(|table| sources.contains_key(table)) {
            let message = format!("give `{one}` or `{other}`, not both: each is the table of {one}");
            return Err(at(pipeline, &[YamlStep::Key("sources")], CliError::could_not_run(message)));
        }
    }
    Ok(())
}

/// Tells sources which scores the metrics take.
fn set_scales(pipeline: &PipelineFile, sources: &mut [Source]) {
    for need in pipeline.config.metrics.iter().flat_map(|entry| entry.0.needs()) {
        let Some((kind, least, greatest)) = need.scale else { continue };
        let own = sources.iter_mut().filter(|source| source.table() == need.table);
        own.for_each(|source| source.set_scale(kind, least, greatest));
    }
}

/// Loads the templates, and checks that there is one for each page.
fn templates(pipeline: &PipelineFile, formats: &BTreeSet<OutputFormat>) -> Result<Templates, CliError> {
    let config = &pipeline.config;
    let base = folder_of(&pipeline.path);
    let template_folder = config.report.templates.as_ref().map(|folder| base.join(folder));
    let templates = Templates::load(template_folder.as_deref())?;
    for (format, ending) in [(OutputFormat::Html, "html"), (OutputFormat::Markdown, "md")] {
        if formats.contains(&format) {
            templates.check(&format!("{}.{ending}", config.report.template)).map_err(|error| {
                at(pipeline, &[YamlStep::Key("report"), YamlStep::Key("template")], CliError::from(error))
            })?;
        }
    }
    Ok(templates)
}

/// SHA-256 of a text, shortened.
fn digest(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().take(6).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

const fn is_orders(table: TableKind) -> bool {
    matches!(table, TableKind::Orders | TableKind::OrderLines)
}

/// Opens all sources, as far as their headers.
fn open_sources(pipeline: &PipelineFile, conventions: &Conventions) -> Result<Vec<Source>, CliError> {
    let mut sources = Vec::new();
    let mut own = pipeline.config.tables.keys();
    if let Some(name) = own.find(|name| !matches!(TableKind::named(&name.0), TableKind::Own(_))) {
        let error = CliError::could_not_run(format!("`{}` is a canonical table: put it under `sources`", name.0));
        return Err(at(pipeline, &[YamlStep::Key("tables"), YamlStep::Key(&name.0)], error));
    }
    for (table, list) in written(&pipeline.config) {
        checks::one_table(pipeline, table, list)?;
        for (index, source) in list.iter().enumerate() {
            let place = SourcePlace { table, index: (list.len() > 1).then_some(index) };
            if !(0.0..=1.0).contains(&source.max_quarantined) {
                let error = CliError::could_not_run("`max_quarantined` is a share between 0 and 1, such as 0.05");
                return Err(place.at(pipeline, &[YamlStep::Key("max_quarantined")], error));
            }
            let opened = Source::open(table, source, conventions);
            sources.push(opened.map_err(|error| placed(pipeline, place, source, error))?);
        }
    }
    Ok(sources)
}

/// The sources as written, with the tables that they are of.
fn written(config: &crate::pipeline::Config) -> impl Iterator<Item = (TableKind, &[SourceConfig])> {
    let canonical = config.sources.iter().map(|(table, list)| (*table, list.0.as_slice()));
    canonical.chain(config.tables.iter().map(|(name, list)| (TableKind::named(&name.0), list.0.as_slice())))
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
        column == "amount" || sources.iter().any(|source| is_orders(source.table()) && source.supplies(column))
    })
}

/// Columns from which others are computed.
fn computed_from(need: &Need) -> Vec<String> {
    need.computed.iter().flat_map(|(_, computed)| computed.columns(need.table).unwrap_or_default()).collect()
}

/// Sources read only what the metrics ask for.
fn keep_columns(pipeline: &PipelineFile, sources: &mut [Source], value: &OrderValue) {
    // What is asked of each table, gathered once for all of its sources: columns, columns to compute from, columns if they are there.
    let mut asked: BTreeMap<TableKind, [BTreeSet<String>; 3]> = BTreeMap::new();
    for need in pipeline.config.metrics.iter().flat_map(|entry| entry.0.needs()) {
        let [columns, computed, optional] = asked.entry(need.table).or_default();
        columns.extend(need.columns.iter().map(|column| (*column).to_owned()));
        computed.extend(computed_from(&need));
        optional.extend(need.optional.iter().map(|column| (*column).to_owned()));
    }
    for source in sources {
        let mut wanted: BTreeSet<String> = pipeline.config.segments.iter().cloned().collect();
        let [columns, computed, optional] = asked.get(&source.table().made()).cloned().unwrap_or_default();
        let computed: Vec<String> = computed.into_iter().collect();
        wanted.extend(columns);
        source.keep_labels(&computed);
        wanted.extend(computed.iter().cloned());
        // What an order is worth has columns of its own, below.
        if !is_orders(source.table()) {
            wanted.extend(optional);
        }
        if is_orders(source.table()) {
            wanted.extend(value.columns().map(str::to_owned));
        }
        source.keep_only(&wanted);
        if is_orders(source.table()) {
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
            let periods = calendar.periods_within(grain, from, to).map_err(|error| match error {
                PeriodError::TooMany { .. } => wrong(&error).hint("report a shorter range at a time"),
                error => wrong(&error),
            })?;
            if periods.is_empty() {
                let message = format!("no whole {} lies between {from} and {to}", grain.noun());
                return Err(CliError::could_not_run(message));
            }
            periods
        }
        (Some(from), Some(to), _) => vec![Period::within_years(from, to).map_err(|error| wrong(&error))?],
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
    if let Some(day) = text.parse::<chrono::NaiveDate>().ok().filter(|day| YEARS.contains(&day.year())) {
        return Ok(calendar.day_start(day));
    }
    let time = DateTime::parse_from_rfc3339(text).ok().filter(|time| YEARS.contains(&time.year()));
    time.map(|time| time.timestamp()).ok_or_else(|| {
        CliError::could_not_run(format!(
            "`{text}` is neither a day such as 2026-11-16 nor a timestamp such as 2026-11-16T06:00:00Z"
        ))
    })
}
