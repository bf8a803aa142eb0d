//! The pipeline file: read, interpolated, checked for form. This is the only module that knows YAML.

mod interpolate;
mod locate;
mod metrics;
mod presets;
mod structure;

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de};
use tallybook_calendar::did_you_mean;
use tallybook_calendar::{FiscalYear, Grain, WeekStart, YearBefore};
use tallybook_ingest::{SourceConfig, TableKind, currency_decimals};
use tallybook_metrics::engine::order_value::RevenuePolicy;
use tallybook_report::Locale;

use crate::error::{CliError, Place};

pub(crate) use locate::YamlStep;
pub(crate) use metrics::MetricEntry;

/// The largest pipeline file that is read, also with its variables filled in.
const MAX_BYTES: usize = 1 << 20;

/// The most metrics of a pipeline.
pub(crate) const MAX_METRICS: usize = 500;

/// The most dimensions that figures are broken down by.
pub(crate) const MAX_SEGMENTS: usize = 20;

/// The most tables of a pipeline's own, and the most folders that sources may be read from.
pub(crate) const MAX_TABLES: usize = 100;

/// The most sources of one table.
const MAX_SOURCES: usize = 1_000;

/// A pipeline as written.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Version of the pipeline format.
    #[serde(default = "one", rename = "version")]
    pub(crate) _version: Version,
    /// Name of the pipeline; names its folder of reports.
    pub(crate) name: Name,
    /// Title of the report.
    pub(crate) title: String,
    /// The company.
    pub(crate) company: String,
    /// IANA time zone in which days, weeks and months begin.
    pub(crate) timezone: Zone,
    /// ISO 4217 code of the currency of all amounts.
    pub(crate) currency: CurrencyCode,
    /// Decimals that amounts are counted with; the currency's own when left out.
    #[serde(default)]
    #[schemars(range(max = 6))]
    pub(crate) currency_decimals: Option<u8>,
    /// The periods that are reported on.
    #[serde(default)]
    pub(crate) period: PeriodConfig,
    /// What revenue means.
    #[serde(default)]
    pub(crate) revenue: RevenuePolicy,
    /// Folders that sources may be read from, relative to this file.
    #[serde(default = "parent")]
    pub(crate) data_roots: Vec<PathBuf>,
    /// Where the canonical tables come from.
    #[serde(default, deserialize_with = "tallybook_ingest::config::unique_keys")]
    pub(crate) sources: BTreeMap<TableKind, SourceList>,
    /// Tables of the pipeline's own, which only metrics of its own read.
    #[serde(default, deserialize_with = "tallybook_ingest::config::unique_keys")]
    pub(crate) tables: BTreeMap<Name, SourceList>,
    /// Dimensions that figures are broken down by.
    #[serde(default)]
    pub(crate) segments: Vec<String>,
    /// The metrics: identifiers, or an identifier with options.
    pub(crate) metrics: Vec<MetricEntry>,
    /// Averages and shares that rest on fewer are not shown.
    #[serde(default = "ten")]
    pub(crate) min_n: u64,
    /// Which measures get limits of usual variation, and so signals.
    #[serde(default)]
    pub(crate) limits: Limits,
    /// What is made of the figures.
    #[serde(default)]
    pub(crate) report: ReportConfig,
}

/// Which measures get limits of usual variation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Limits {
    /// Those whose periods stand for themselves.
    #[default]
    StandingAlone,
    /// All, also those whose slow drift is then taken for signals.
    AllMeasures,
}

const fn one() -> Version {
    Version
}

const fn ten() -> u64 {
    10
}

fn parent() -> Vec<PathBuf> {
    vec![PathBuf::from("..")]
}

/// One source of a table, or several whose rows are put together.
#[derive(Debug, Clone)]
pub(crate) struct SourceList(pub(crate) Vec<SourceConfig>);

impl<'de> Deserialize<'de> for SourceList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMore;

        impl<'de> de::Visitor<'de> for OneOrMore {
            type Value = SourceList;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a source, or a list of sources")
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<SourceList, A::Error> {
                let source = SourceConfig::deserialize(de::value::MapAccessDeserializer::new(map))?;
                Ok(SourceList(vec![presets::fill(source).map_err(de::Error::custom)?]))
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<SourceList, A::Error> {
                let mut sources = Vec::new();
                while let Some(source) = seq.next_element::<SourceConfig>()? {
                    if sources.len() == MAX_SOURCES {
                        return Err(de::Error::custom(format!("a table has {MAX_SOURCES} sources at the most")));
                    }
                    sources.push(presets::fill(source).map_err(de::Error::custom)?);
                }
                if sources.is_empty() {
                    return Err(de::Error::custom("a list of no sources"));
                }
                Ok(SourceList(sources))
            }
        }

        deserializer.deserialize_any(OneOrMore)
    }
}

impl JsonSchema for SourceList {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Sources".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let source = generator.subschema_for::<SourceConfig>();
        schemars::json_schema!({ "anyOf": [source, { "type": "array", "items": source, "minItems": 1 }] })
    }
}

/// The periods that are reported on.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct PeriodConfig {
    /// Length of the periods.
    pub(crate) grain: Grain,
    /// First day of the week.
    pub(crate) week_starts: WeekStart,
    /// Periods in a series, the reported one included.
    #[schemars(range(min = 2, max = 520))]
    pub(crate) history: SeriesLength,
    /// Which period of the year before each is compared with; by default `364d` for days and weeks, `same_date` for others.
    pub(crate) year_before: Option<YearBefore>,
    /// How fiscal years run, for the grain `fiscal_period`.
    pub(crate) fiscal: FiscalYear,
}

impl Default for PeriodConfig {
    fn default() -> Self {
        Self {
            grain: Grain::Week,
            week_starts: WeekStart::Monday,
            history: SeriesLength(26),
            year_before: None,
            fiscal: FiscalYear::default(),
        }
    }
}

/// What is made of the figures.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ReportConfig {
    /// The files written beside `figures.json`.
    pub(crate) formats: Vec<OutputFormat>,
    /// Template without its ending: `weekly` means `weekly.html` and `weekly.md`.
    pub(crate) template: String,
    /// A folder of templates that override the built-in ones, relative to this file.
    pub(crate) templates: Option<PathBuf>,
    /// How numbers and dates are written.
    pub(crate) locale: Locale,
    /// The folder of reports, relative to this file.
    pub(crate) output: PathBuf,
}

impl Default for ReportConfig {
    fn default() -> Self {
        Self {
            formats: vec![OutputFormat::Html, OutputFormat::Markdown, OutputFormat::Parquet],
            template: "weekly".to_owned(),
            templates: None,
            locale: Locale::default(),
            output: PathBuf::from("../reports"),
        }
    }
}

/// A file of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OutputFormat {
    /// A self-contained page.
    Html,
    /// Text with tables.
    Markdown,
    /// The figures as a flat table.
    Parquet,
    /// The figures with everything a report is made from; always written.
    Json,
}

/// Reads a scalar and checks it where it is read, so that an error has its place.
fn checked<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    expected: &'static str,
    check: impl Fn(&str) -> Result<T, String>,
) -> Result<T, D::Error> {
    struct Scalar<F>(F, &'static str);

    impl<T, F: Fn(&str) -> Result<T, String>> de::Visitor<'_> for Scalar<F> {
        type Value = T;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str(self.1)
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
            (self.0)(text).map_err(E::custom)
        }

        fn visit_u64<E: de::Error>(self, number: u64) -> Result<T, E> {
            self.visit_str(&number.to_string())
        }

        fn visit_i64<E: de::Error>(self, number: i64) -> Result<T, E> {
            self.visit_str(&number.to_string())
        }
    }

    deserializer.deserialize_any(Scalar(check, expected))
}

/// Version 1 of the pipeline format, the only one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Version;

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        checked(deserializer, "1", |text| match text {
            "1" => Ok(Self),
            other => Err(format!("version {other} of the pipeline format is not known; this program reads 1")),
        })
    }
}

impl JsonSchema for Version {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Version".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "const": 1 })
    }
}

impl serde::Serialize for Version {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(1)
    }
}

/// Periods in a series: 2 to 520.
#[derive(Debug, Clone, Copy, serde::Serialize, JsonSchema)]
pub(crate) struct SeriesLength(pub(crate) u16);

impl<'de> Deserialize<'de> for SeriesLength {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        checked(deserializer, "a number of periods", |text| match text.parse() {
            Ok(periods @ 2..=520) => Ok(Self(periods)),
            _ => Err(format!("a history of {text} periods is not between 2 and 520")),
        })
    }
}

/// A name that can be a folder: letters, digits, `-`, `_` and `.`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, JsonSchema)]
#[schemars(transparent)]
pub(crate) struct Name(pub(crate) String);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        checked(deserializer, "a name", |name| {
            let sound = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            if !name.is_empty() && name.len() <= 100 && name.chars().all(sound) && !name.starts_with('.') {
                return Ok(Self(name.to_owned()));
            }
            Err(format!("`{name}` cannot name a folder: use letters, digits, `-` and `_`"))
        })
    }
}

/// An IANA time zone.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Zone(pub(crate) chrono_tz::Tz);

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        checked(deserializer, "a time zone", |name| {
            name.parse().map(Self).map_err(|_| {
                match did_you_mean(name, chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name())) {
                    Some(guess) => format!("unknown time zone `{name}`; did you mean `{guess}`?"),
                    None => format!("unknown time zone `{name}`; give an IANA name such as Europe/Berlin"),
                }
            })
        })
    }
}

impl JsonSchema for Zone {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "TimeZone".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "description": "IANA time zone", "examples": ["Europe/Berlin", "America/New_York", "UTC"] })
    }
}

/// An ISO 4217 currency code.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(transparent)]
pub(crate) struct CurrencyCode(#[schemars(regex(pattern = "^[A-Z]{3}$"))] pub(crate) String);

impl<'de> Deserialize<'de> for CurrencyCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        checked(deserializer, "a currency code", |code| {
            if code.len() == 3 && code.chars().all(|c| c.is_ascii_uppercase()) {
                return Ok(Self(code.to_owned()));
            }
            Err(format!("`{code}` is not an ISO 4217 code such as EUR"))
        })
    }
}

impl CurrencyCode {
    /// Decimals of the currency's minor unit (ISO 4217, as of 2026).
    pub(crate) fn decimals(&self) -> u32 {
        currency_decimals(&self.0)
    }
}

/// A pipeline file that was read, with its text for messages.
#[derive(Debug)]
pub(crate) struct PipelineFile {
    pub(crate) path: PathBuf,
    /// The text as it stands in the file: environment variables are not filled in.
    pub(crate) text: String,
    pub(crate) config: Config,
}

impl PipelineFile {
    /// Reads a pipeline file; `variable` looks up environment variables.
    pub(crate) fn read(path: &Path, variable: impl Fn(&str) -> Option<String>) -> Result<Self, CliError> {
        let fail = |source| CliError::could_not_run(format!("cannot read {}", path.display())).because(&source);
        let file = std::fs::File::open(path).map_err(fail)?;
        let mut bytes = Vec::new();
        // What is no regular file need not have an end.
        file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(fail)?;
        if bytes.len() > MAX_BYTES {
            let message = format!("{} is larger than 1 MiB, the most that a pipeline file may have", path.display());
            return Err(CliError::could_not_run(message));
        }
        let not_text = |error| fail(io::Error::new(io::ErrorKind::InvalidData, error));
        let text = String::from_utf8(bytes).map_err(not_text)?;
        let filled = interpolate::fill(&text, variable).map_err(|unset| {
            let place = Place::new(path, &text, unset.line, unset.column);
            CliError::could_not_run(unset.to_string()).at(place).hint("write ${NAME:-default} to give it a default")
        })?;
        structure::check(&filled).map_err(|deep| {
            CliError::could_not_run(deep.problem.to_string()).at(Place::new(path, &text, deep.line, 1))
        })?;
        match serde_yaml::from_str(&filled) {
            Ok(config) => Ok(Self { path: path.to_owned(), text, config }),
            Err(error) => Err(explain(path, &text, &error)),
        }
    }

    /// Finds where something stands in the file.
    pub(crate) fn place(&self, steps: &[YamlStep<'_>]) -> Option<Place> {
        let (line, column) = locate::locate(&self.text, steps)?;
        Some(Place::new(&self.path, &self.text, line, column))
    }
}

/// Turns an error of the YAML reader into one with a place and, where there is one, a guess.
fn explain(path: &Path, text: &str, error: &serde_yaml::Error) -> CliError {
    let full = error.to_string();
    let whole = full.split(" at line ").next().unwrap_or(&full);
    let (path_in_file, message) = split_path(whole);
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let unknown = ["unknown field", "unknown variant"].iter().any(|kind| message.contains(kind));
    let (short, guess) = match quoted.split_first() {
        Some((given, known)) if unknown => {
            let short = message.split(", expected").next().unwrap_or(message);
            let hint = match did_you_mean(given, known.iter().copied()) {
                Some(guess) => format!("did you mean `{guess}`?"),
                None if known.is_empty() => "it has no options".to_owned(),
                None => format!("known here: {}", known.join(", ")),
            };
            (short, Some(hint))
        }
        _ => (message, None),
    };
    let prefix = path_in_file.map(|path| format!("{path}: ")).unwrap_or_default();
    let mut report = CliError::could_not_run(format!("{prefix}{short}"));
    let field = quoted.first().copied().filter(|_| unknown);
    if let Some((line, column)) = path_in_file.and_then(|path| option_place(text, path, field)) {
        report = report.at(Place::new(path, text, line, column));
    } else if let Some(location) = error.location() {
        report = report.at(Place::new(path, text, location.line(), location.column()));
    } else {
        report = report.context(format!("in {}", path.display()));
    }
    match guess {
        Some(hint) => report.hint(hint),
        None => report,
    }
}

/// Splits off the path that the YAML reader puts before a message; one that was added at several levels is given once.
fn split_path(message: &str) -> (Option<&str>, &str) {
    let is_path = |part: &str| !part.is_empty() && !part.contains([' ', '`']);
    let (mut path, mut rest) = (None, message);
    while let Some((part, after)) = rest.split_once(": ").filter(|(part, _)| is_path(part)) {
        (path, rest) = (Some(part), after);
    }
    (path, rest)
}

/// Finds where a metric's option stands: what a metric reads itself has the place of the whole entry only.
fn option_place(text: &str, path: &str, field: Option<&str>) -> Option<(usize, usize)> {
    let (index, rest) = path.strip_prefix("metrics[")?.split_once("].")?;
    let keys: Vec<&str> = rest.split('.').chain(field).collect();
    let mut steps = vec![YamlStep::Key("metrics"), YamlStep::Item(index.parse().ok()?)];
    steps.extend(keys.iter().map(|key| YamlStep::Key(key)));
    let (line, column) = locate::locate(text, &steps)?;
    let Some(field) = field else { return Some((line, column)) };
    // An unknown key is marked itself, not its value.
    let row: String = text.lines().nth(line - 1)?.chars().take(column - 1).collect();
    let column = row.rfind(field).map_or(column, |at| row[..at].chars().count() + 1);
    Some((line, column))
}
