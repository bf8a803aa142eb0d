//! Views: what templates see. Every number in them is a text already; templates do no arithmetic.

mod build;
mod exhibits;
mod heat;
mod judged;
mod sentences;
mod single;

use serde::Serialize;

pub use single::figure_index;

/// A report page.
#[derive(Debug, Clone, Serialize)]
pub struct Page {
    /// Language of the page's words.
    pub lang: &'static str,
    /// Title of the report.
    pub title: String,
    /// The company.
    pub company: String,
    /// Name of the pipeline.
    pub pipeline: String,
    /// The period in words: `Mon 9 – Sun 15 Nov 2026`.
    pub period: String,
    /// The period's label: `2026-W46`.
    pub label: String,
    /// The word for such a period.
    pub noun: &'static str,
    /// The zone in which days begin.
    pub zone: String,
    /// The period before, in words.
    pub previous: String,
    /// The period a year before, in words, or why there is none.
    pub year_before: String,
    /// The last day of which there are orders, or other data where there are none.
    pub data_until: String,
    /// Whether the report can be trusted.
    pub trust: TrustView,
    /// What happened, in sentences.
    pub sentences: Vec<String>,
    /// The scorecard.
    pub groups: Vec<Group>,
    /// Whether any row of the scorecard has a target.
    pub has_targets: bool,
    /// What stands out.
    pub exceptions: Vec<ExceptionView>,
    /// What happened in the days that are shown.
    pub annotations: Vec<String>,
    /// The details.
    pub sections: Vec<Section>,
    /// What became of the rows.
    pub sources: Vec<SourceView>,
    /// How orders divide into the period and the rest.
    pub account: String,
    /// Notes on breakdowns.
    pub notes: Vec<String>,
    /// Hash of the configuration.
    pub configuration: String,
    /// The command that makes the page again.
    pub command: String,
    /// The program.
    pub program: String,
}

/// The trust strip.
#[derive(Debug, Clone, Serialize)]
pub struct TrustView {
    /// `pass`, `degraded` or `held`.
    pub class: &'static str,
    /// The word shown.
    pub word: &'static str,
    /// The check that says so.
    pub sentence: String,
    /// All checks.
    pub checks: Vec<CheckView>,
}

/// A check.
#[derive(Debug, Clone, Serialize)]
pub struct CheckView {
    /// Its class.
    pub class: &'static str,
    /// Its word.
    pub word: &'static str,
    /// What was checked.
    pub name: String,
    /// What came of it.
    pub detail: String,
}

/// A group of rows of the scorecard.
#[derive(Debug, Clone, Serialize)]
pub struct Group {
    /// Heading.
    pub title: &'static str,
    /// Rows.
    pub rows: Vec<Row>,
}

/// A row of the scorecard.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// Title of the metric, with its measure.
    pub title: String,
    /// Anchor of the details.
    pub anchor: String,
    /// Whether this is a further measure of the metric above.
    pub minor: bool,
    /// Value and judgement.
    pub cell: CellView,
    /// Change to the period before.
    pub previous: ChangeView,
    /// Change to the year before.
    pub year_before: ChangeView,
    /// What it should be; nothing where no target says.
    pub target: Option<TargetView>,
    /// How it stands out; nothing where it does not.
    pub signal: Option<SignalView>,
    /// Sparkline.
    pub spark: String,
    /// Sparkline in characters.
    pub spark_text: String,
}

/// A value with what it rests on.
#[derive(Debug, Clone, Serialize)]
pub struct CellView {
    /// The value.
    pub value: String,
    /// Its interval.
    pub interval: String,
    /// What it rests on.
    pub n: String,
    /// `final`, `immature`, `suppressed` or `undefined`.
    pub state: &'static str,
    /// Why there is no value.
    pub reason: String,
}

/// A change.
#[derive(Debug, Clone, Serialize)]
pub struct ChangeView {
    /// The change.
    pub text: String,
    /// An arrow where the change is beyond chance.
    pub arrow: &'static str,
    /// `good`, `bad`, `changed`, `level` or `none`.
    pub class: &'static str,
    /// What the class says, in words.
    pub meaning: &'static str,
    /// The interval, or why there is no change.
    pub detail: String,
}

/// A target beside a value.
#[derive(Debug, Clone, Serialize)]
pub struct TargetView {
    /// The target, or how much of the pace to it is kept.
    pub text: String,
    /// `good`, `bad` or `level`.
    pub class: &'static str,
    /// `reached`, `missed`, `on pace`, `behind`, or nothing where no way is good.
    pub meaning: &'static str,
    /// The target's range and how far it is reached; empty for one of a period.
    pub detail: String,
}

/// How a value stands out of its series.
#[derive(Debug, Clone, Serialize)]
pub struct SignalView {
    /// In short: `above its limits`.
    pub text: &'static str,
    /// `good`, `bad` or `changed`.
    pub class: &'static str,
    /// The class in words: `unusually good`, `unusually bad`, `unusual`.
    pub meaning: &'static str,
    /// The rule that it meets, in words.
    pub rule: &'static str,
}

/// A measure that stands out.
#[derive(Debug, Clone, Serialize)]
pub struct ExceptionView {
    /// Title of the metric, with its measure.
    pub title: String,
    /// Anchor of the details.
    pub anchor: String,
    /// What stands out.
    pub signal: SignalView,
    /// In a sentence, with the limits.
    pub sentence: String,
    /// Control chart.
    pub chart: Option<String>,
    /// What drove the change to the period before.
    pub drivers: Vec<DriverView>,
    /// What happened and may explain it.
    pub annotations: Vec<String>,
}

/// What drove a change, by the values of a dimension.
#[derive(Debug, Clone, Serialize)]
pub struct DriverView {
    /// The dimension.
    pub dimension: String,
    /// The period before.
    pub against: String,
    /// Names of the effects; none where the change is all there is.
    pub effects: Vec<String>,
    /// Rows, the largest change first.
    pub rows: Vec<DriverRowView>,
    /// The change as a whole.
    pub total: DriverRowView,
    /// What is not listed.
    pub rest: String,
    /// What the effects are.
    pub note: &'static str,
}

/// A row of a driver table.
#[derive(Debug, Clone, Serialize)]
pub struct DriverRowView {
    /// The value of the dimension.
    pub name: String,
    /// The period before.
    pub before: String,
    /// The period.
    pub now: String,
    /// The effects.
    pub effects: Vec<String>,
    /// Their sum.
    pub change: String,
}

/// A section of the details.
#[derive(Debug, Clone, Serialize)]
pub struct Section {
    /// Heading.
    pub title: &'static str,
    /// Whether any of its metrics has a table to show.
    pub has_tables: bool,
    /// Metrics.
    pub metrics: Vec<MetricView>,
}

/// A metric in detail.
#[derive(Debug, Clone, Serialize)]
pub struct MetricView {
    /// Identifier.
    pub id: String,
    /// Title.
    pub title: String,
    /// What it means.
    pub definition: String,
    /// How it is computed.
    pub formula: String,
    /// Which policies apply.
    pub policy: String,
    /// How its interval is computed.
    pub interval: String,
    /// Where the definition comes from.
    pub source: String,
    /// The headline value.
    pub cell: CellView,
    /// Line chart.
    pub chart: Option<String>,
    /// Whether the chart shows the year before.
    pub chart_year_before: bool,
    /// Whether the chart shows limits.
    pub chart_limits: bool,
    /// What drove the change to the period before, where that is beyond chance.
    pub drivers: Vec<DriverView>,
    /// Breakdowns.
    pub breakdowns: Vec<Breakdown>,
    /// Cohort tables.
    pub cohorts: Vec<CohortView>,
    /// What else it shows.
    pub exhibits: Vec<ExhibitView>,
}

/// An exhibit: a table, or a chart with a table of what it shows.
#[derive(Debug, Clone, Serialize)]
pub struct ExhibitView {
    /// A key of its own on the page.
    pub key: String,
    /// Title.
    pub title: String,
    /// Sentences about it.
    pub remarks: Vec<String>,
    /// Whether its table takes the whole width.
    pub wide: bool,
    /// Heading of the names.
    pub names: String,
    /// Headings of the cells.
    pub columns: Vec<String>,
    /// Rows.
    pub rows: Vec<ExhibitRowView>,
    /// What is not listed.
    pub rest: String,
    /// The chart.
    pub chart: Option<String>,
    /// Its curves.
    pub keys: Vec<CurveKey>,
}

/// A row of an exhibit's table.
#[derive(Debug, Clone, Serialize)]
pub struct ExhibitRowView {
    /// Its name.
    pub name: String,
    /// Its cells.
    pub cells: Vec<String>,
}

/// What a curve's look means.
#[derive(Debug, Clone, Serialize)]
pub struct CurveKey {
    /// The look.
    pub class: String,
    /// The curve.
    pub name: String,
}

/// A metric by the values of a dimension.
#[derive(Debug, Clone, Serialize)]
pub struct Breakdown {
    /// The dimension.
    pub dimension: String,
    /// Rows.
    pub rows: Vec<BreakdownRow>,
    /// What is not listed.
    pub rest: String,
}

/// A value of a dimension.
#[derive(Debug, Clone, Serialize)]
pub struct BreakdownRow {
    /// The value of the dimension.
    pub name: String,
    /// The figure.
    pub cell: CellView,
    /// What it should be; nothing where no target says.
    pub target: Option<TargetView>,
    /// Change to the period before.
    pub previous: ChangeView,
}

/// A cohort table.
#[derive(Debug, Clone, Serialize)]
pub struct CohortView {
    /// Title.
    pub title: String,
    /// Headings of the ages.
    pub ages: Vec<AgeView>,
    /// Rows, newest last.
    pub rows: Vec<CohortRowView>,
    /// The size-weighted total over mature cells.
    pub total: CohortRowView,
    /// Older cohorts that are not listed.
    pub rest: String,
}

/// The heading of an age.
#[derive(Debug, Clone, Serialize)]
pub struct AgeView {
    /// In short: `3`.
    pub short: String,
    /// In full: `month 3`.
    pub full: String,
}

/// A row of a cohort table.
#[derive(Debug, Clone, Serialize)]
pub struct CohortRowView {
    /// The cohort.
    pub name: String,
    /// Its size.
    pub size: String,
    /// Cells.
    pub cells: Vec<HeatCell>,
}

/// A cell of a cohort table.
#[derive(Debug, Clone, Serialize)]
pub struct HeatCell {
    /// The value; empty where it is immature.
    pub text: String,
    /// `h0` (lowest) to `h8`, `immature`, `suppressed` or `undefined`.
    pub class: String,
    /// In full, for a tooltip.
    pub detail: String,
}

/// What became of the rows of a source.
#[derive(Debug, Clone, Serialize)]
pub struct SourceView {
    /// The table.
    pub table: String,
    /// Files.
    pub files: String,
    /// Rows read.
    pub read: String,
    /// Rows used, and the orders made of them.
    pub used: String,
    /// Rows quarantined.
    pub quarantined: String,
    /// Rows excluded.
    pub excluded: String,
    /// Reasons with counts.
    pub reasons: Vec<String>,
    /// Day of the latest row.
    pub latest: String,
}
