//! The pipeline file: read, interpolated, checked for form. This is the only module that knows YAML.

mod interpolate;
mod locate;
mod metrics;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de};
use tallybook_ingest::{SourceConfig, TableKind, did_you_mean};
use tallybook_metrics::calendar::{FiscalYear, Grain, WeekStart, YearBefore};
use tallybook_metrics::revenue::RevenuePolicy;
use tallybook_report::Locale;

use crate::error::{CliError, Place};

pub(crate) use locate::Step;
pub(crate) use metrics::MetricEntry;

/// The largest pipeline file that is read.
const MAX_BYTES: u64 = 1 << 20;

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
    pub(crate) sources: BTreeMap<TableKind, SourceConfig>,
    /// Dimensions that figures are broken down by.
    #[serde(default)]
    pub(crate) segments: Vec<String>,
    /// The metrics: identifiers, or an identifier with options.
    pub(crate) metrics: Vec<MetricEntry>,
    /// Averages and shares that rest on fewer are not shown.
    #[serde(default = "ten")]
    pub(crate) min_n: u64,
    /// What is made of the figures.
    #[serde(default)]
    pub(crate) report: ReportConfig,
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
    pub(crate) history: History,
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
            history: History(26),
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

/// Version 1 of the pipeline format, the only one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Version;

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u64::deserialize(deserializer)? {
            1 => Ok(Self),
            other => Err(de::Error::custom(format!(
                "version {other} of the pipeline format is not known; this program reads 1"
            ))),
        }
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
pub(crate) struct History(pub(crate) u16);

impl<'de> Deserialize<'de> for History {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u16::deserialize(deserializer)? {
            periods @ 2..=520 => Ok(Self(periods)),
            other => Err(de::Error::custom(format!("a history of {other} periods is not between 2 and 520"))),
        }
    }
}

/// A name that can be a folder: letters, digits, `-`, `_` and `.`.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(transparent)]
pub(crate) struct Name(pub(crate) String);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let sound = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if !name.is_empty() && name.len() <= 100 && name.chars().all(sound) && !name.starts_with('.') {
            return Ok(Self(name));
        }
        Err(de::Error::custom(format!("`{name}` cannot name a folder: use letters, digits, `-` and `_`")))
    }
}

/// An IANA time zone.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Zone(pub(crate) chrono_tz::Tz);

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        name.parse().map(Self).map_err(|_| {
            let guess = did_you_mean(&name, chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()));
            de::Error::custom(match guess {
                Some(guess) => format!("unknown time zone `{name}`; did you mean `{guess}`?"),
                None => format!("unknown time zone `{name}`; give an IANA name such as Europe/Berlin"),
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
        let code = String::deserialize(deserializer)?;
        if code.len() == 3 && code.chars().all(|c| c.is_ascii_uppercase()) {
            return Ok(Self(code));
        }
        Err(de::Error::custom(format!("`{code}` is not an ISO 4217 code such as EUR")))
    }
}

impl CurrencyCode {
    /// Decimals of the currency's minor unit (ISO 4217, as of 2026).
    pub(crate) fn decimals(&self) -> u32 {
        match self.0.as_str() {
            "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "VND" | "VUV"
            | "XAF" | "XOF" | "XPF" => 0,
            "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
            _ => 2,
        }
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
        let size = std::fs::metadata(path).map_err(fail)?.len();
        if size > MAX_BYTES {
            return Err(CliError::could_not_run(format!("{} is larger than a pipeline file may be", path.display())));
        }
        let text = std::fs::read_to_string(path).map_err(fail)?;
        let filled = interpolate::fill(&text, variable).map_err(|unset| {
            let place = Place::new(path, &text, unset.line, unset.column);
            CliError::could_not_run(unset.to_string()).at(place).hint("write ${NAME:-default} to give it a default")
        })?;
        match serde_yaml::from_str(&filled) {
            Ok(config) => Ok(Self { path: path.to_owned(), text, config }),
            Err(error) => Err(explain(path, &text, &error)),
        }
    }

    /// Finds where something stands in the file.
    pub(crate) fn place(&self, steps: &[Step<'_>]) -> Option<Place> {
        let (line, column) = locate::locate(&self.text, steps)?;
        Some(Place::new(&self.path, &self.text, line, column))
    }
}

/// Turns an error of the YAML reader into one with a place and, where there is one, a guess.
fn explain(path: &Path, text: &str, error: &serde_yaml::Error) -> CliError {
    let full = error.to_string();
    let message = full.split(" at line ").next().unwrap_or(&full);
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let unknown = ["unknown field", "unknown variant"].iter().any(|kind| message.contains(kind));
    let (short, guess) = match quoted.split_first() {
        Some((given, known)) if unknown => {
            let short = message.split(", expected").next().unwrap_or(message);
            let hint = match did_you_mean(given, known.iter().copied()) {
                Some(guess) => format!("did you mean `{guess}`?"),
                None => format!("known here: {}", known.join(", ")),
            };
            (short, Some(hint))
        }
        _ => (message, None),
    };
    let mut report = CliError::could_not_run(short.to_owned());
    if let Some(location) = error.location() {
        report = report.at(Place::new(path, text, location.line(), location.column()));
    } else {
        report = report.context(format!("in {}", path.display()));
    }
    match guess {
        Some(hint) => report.hint(hint),
        None => report,
    }
}
