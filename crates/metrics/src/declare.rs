//! The declaration of a metric: everything that people read about it comes from here.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
    #[serde(rename = "own")]
    Custom,
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
        Self::Custom,
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
            Self::Custom => "Own metrics",
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
