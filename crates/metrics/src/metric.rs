//! What a metric is: a declaration, typed options, what it asks of the data, and how it reads the answers.

use std::fmt::Debug;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tallybook_ingest::{Computed, TableKind};

use crate::calendar::{Period, Window};
use crate::derivation::Derivation;
use crate::estimate::Outcome;
use crate::exhibit::Exhibit;
use crate::lifetime::{ModelCard, Score};
pub(crate) use crate::requests::{Computation, RowFunction};
pub use crate::requests::{FoldContext, MakeFold, Requests};
pub use crate::results::{Comment, Coverage, Results};
use crate::revenue::OrderValue;

/// The declaration of a metric. Everything that people read about it comes from here.
#[derive(Debug)]
pub struct Info {
    /// Identifier: file name, YAML key and template key.
    pub id: &'static str,
    /// Title in reports.
    pub title: &'static str,
    /// Section of the report.
    pub area: Area,
    /// What its values are.
    pub unit: Unit,
    /// Which way is good.
    pub good: Direction,
    /// What it means, in one sentence.
    pub definition: &'static str,
    /// How it is computed.
    pub formula: &'static str,
    /// Where the definition comes from.
    pub source: &'static str,
    /// How its interval is computed.
    pub interval: &'static str,
    /// What is easily got wrong.
    pub traps: &'static [&'static str],
    /// Options with their defaults.
    pub options: &'static [OptionInfo],
    /// Options as they may stand in a pipeline file; run on empty tables by a test, where it must be undefined.
    pub example: &'static str,
}

/// An option of a metric, for people.
#[derive(Debug)]
pub struct OptionInfo {
    /// Name in the pipeline file.
    pub name: &'static str,
    /// Default, as it would be written there.
    pub default: &'static str,
    /// What it does.
    pub meaning: &'static str,
}

/// Sections of a report, in causal order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Area {
    /// Winning customers.
    Acquisition,
    /// Orders and revenue.
    Orders,
    /// Keeping customers.
    Retention,
    /// What customers are worth.
    Lifetime,
    /// Recurring revenue.
    Subscriptions,
    /// Serving customers.
    Service,
    /// What customers say.
    Voice,
    /// What customers do.
    Engagement,
    /// Metrics of the pipeline's own.
    Own,
}

impl Area {
    /// All areas, in the order of a report.
    pub const ALL: [Self; 9] = [
        Self::Acquisition,
        Self::Orders,
        Self::Retention,
        Self::Lifetime,
        Self::Subscriptions,
        Self::Service,
        Self::Voice,
        Self::Engagement,
        Self::Own,
    ];

    /// Gives the heading of the section.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Acquisition => "Acquisition",
            Self::Orders => "Orders and revenue",
            Self::Retention => "Retention and churn",
            Self::Lifetime => "Lifetime value",
            Self::Subscriptions => "Subscriptions",
            Self::Service => "Service",
            Self::Voice => "Voice of the customer",
            Self::Engagement => "Engagement",
            Self::Own => "Own metrics",
        }
    }
}

/// What a value is, in base units; formats follow from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Minor units of the pipeline's currency.
    Money,
    /// A count.
    Count,
    /// A share between 0 and 1, shown in percent.
    Share,
    /// A relative change, shown in percent with its sign.
    Change,
    /// A plain number.
    Number,
    /// Points between -100 and 100.
    Points,
    /// Seconds, shown in minutes, hours or days.
    Duration,
    /// Months.
    Months,
}

/// Which way is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// More is better.
    Up,
    /// Less is better.
    Down,
    /// Neither.
    Neither,
}

/// One of the values that a metric yields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measure {
    /// Key: `value` for the headline, else a word such as `median`.
    pub key: &'static str,
    /// What is added to the metric's title; nothing for the headline.
    pub suffix: &'static str,
    /// What its values are.
    pub unit: Unit,
}

impl Measure {
    /// The key of the headline measure.
    pub const HEADLINE: &'static str = "value";

    /// Makes a headline.
    pub const fn headline(unit: Unit) -> Self {
        Self { key: Self::HEADLINE, suffix: "", unit }
    }
}

/// A table and the columns of it that a metric reads besides the required ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// The table; `orders` is also satisfied by `order_lines`.
    pub table: TableKind,
    /// Columns without which the metric cannot be computed.
    pub columns: Vec<&'static str>,
    /// Columns that are used where they are there.
    pub optional: Vec<&'static str>,
    /// The least and the greatest score of a kind of survey, where it reads one; others are quarantined.
    pub scale: Option<(&'static str, i64, i64)>,
    /// Columns that are computed by SQL before it reads them, each with the option that gives it.
    pub computed: Vec<(&'static str, Computed)>,
}

impl Need {
    /// Needs a table and some columns of it.
    pub fn of(table: TableKind, columns: &[&'static str], optional: &[&'static str]) -> Self {
        Self { table, columns: columns.to_vec(), optional: optional.to_vec(), scale: None, computed: Vec::new() }
    }

    /// Needs subscriptions.
    pub fn subscriptions() -> Self {
        Self::of(TableKind::Subscriptions, &["mrr"], &["ended_at", "trial_ended_at"])
    }

    /// Needs orders, and whatever the worth of an order is made of.
    pub fn orders() -> Self {
        Self::of(TableKind::Orders, &[], &["discount", "tax", "shipping", "refund_amount", "refunded_at"])
    }
}

/// A metric with its options.
pub trait Metric: Debug + Send + Sync {
    /// Gives the declaration.
    fn info(&self) -> &'static Info;

    /// Gives the measures, the headline first.
    fn measures(&self) -> Vec<Measure>;

    /// Says which policies its options chose, for the report; empty where there is nothing to say.
    fn policy(&self, value: &OrderValue) -> String;

    /// Says what it reads.
    fn needs(&self) -> Vec<Need>;

    /// Asks for what it will read: windows, sums over rows, folds over customers.
    fn request(&self, requests: &mut Requests<'_>);

    /// Reads one measure for one window and segment.
    fn outcome(&self, results: &Results, measure: &str, cell: &Cell) -> Outcome;

    /// Reads a measure's cohort table as of the end of a window; most metrics have none.
    fn cohorts(&self, results: &Results, measure: &str, cell: &Cell) -> Option<CohortTable> {
        let _ = (results, measure, cell);
        None
    }

    /// Says which way is good for a measure, where that is not the metric's.
    fn good(&self, measure: &str) -> Direction {
        let _ = measure;
        self.info().good
    }

    /// Tells whether each period's value of a measure rests on what happened in it alone. One that looks back over others, or has piled up,
    /// moves slowly, and one of what is open still is always highest in the end: limits would take that for a signal, so it has none.
    fn stands_alone(&self, measure: &str) -> bool {
        self.is_settled(measure)
    }

    /// Tells whether a measure's value of a past period stays as it was. What counts what is still open is always most in the latest period,
    /// so that no change of it means anything.
    fn is_settled(&self, measure: &str) -> bool {
        let _ = measure;
        true
    }

    /// Tells whether a measure adds up over time, so that a target for a quarter is reached week by week.
    fn accumulates(&self, measure: &str) -> bool {
        let _ = measure;
        false
    }

    /// Gives the arithmetic by which it comes from other metrics' values; most metrics come from data.
    fn derivation(&self) -> Option<&Derivation> {
        None
    }

    /// Says which of its options do not go together.
    fn contradiction(&self) -> Option<&'static str> {
        None
    }

    /// Tells whether a measure is too costly to be computed for the periods of a series: there is then only the reported one, and what it is
    /// compared with.
    fn without_series(&self, measure: &str) -> bool {
        let _ = measure;
        false
    }

    /// Gives what it has besides figures for a reported period; most metrics have nothing.
    fn extras(&self, results: &Results, report: &Period, cell: &Cell) -> Extras {
        let _ = (results, report, cell);
        Extras::default()
    }
}

/// What a metric has besides figures.
#[derive(Debug, Default)]
pub struct Extras {
    /// What it shows.
    pub exhibits: Vec<Exhibit>,
    /// The lifetime model that it fitted.
    pub model: Option<ModelCard>,
    /// Scores of each customer, where they were asked for.
    pub scores: Vec<Score>,
}

/// For what a measure is asked.
#[derive(Debug, Clone, Copy)]
pub struct Cell {
    /// The period's window.
    pub window: Window,
    /// The window of the period before.
    pub previous: Window,
    /// The window a year before, where there is one.
    pub year_before: Option<Window>,
    /// The segment, by its position among [`crate::segments::Segments`].
    pub segment: usize,
}

/// A cohort table: one row a cohort, one column an age.
#[derive(Debug, Clone)]
pub struct CohortTable {
    /// What its cells are.
    pub unit: Unit,
    /// What an age is: `month`, `week`, `days 1 to 7`.
    pub ages: Vec<String>,
    /// The cohorts, oldest first.
    pub rows: Vec<CohortRow>,
    /// Size-weighted total over mature cells, by age.
    pub total: Vec<Outcome>,
}

/// A row of a cohort table.
#[derive(Debug, Clone)]
pub struct CohortRow {
    /// The cohort's period.
    pub cohort: Period,
    /// How many customers it has.
    pub size: u64,
    /// Whether its period is over, so that no one joins it any more.
    pub complete: bool,
    /// What it did, by age.
    pub cells: Vec<Outcome>,
}

/// A period that figures are wanted for, with what it is compared with.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The period.
    pub period: Period,
    /// Windows of the period, the one before and the one a year before.
    pub window: Window,
    /// The period before.
    pub previous: Window,
    /// The period a year before, where there is one.
    pub year_before: Option<Window>,
}
