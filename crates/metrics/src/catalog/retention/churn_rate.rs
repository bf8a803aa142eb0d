//! Churn of customers with a contract.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::declare::{Area, Direction, Info, Measure, OptionInfo, Unit};
use crate::engine::order_value::OrderValue;
use crate::metric::{Cell, Metric, Need, Requests, Results};
use tallybook_stats::{Estimate, Outcome, Undefined};

pub(in crate::catalog) const INFO: Info = Info {
    id: "churn_rate",
    title: "Churn rate",
    area: Area::Retention,
    unit: Unit::Share,
    good: Direction::Down,
    definition: "The share of the customers who paid just before the period who pay no more at its end.",
    formula: "customers who paid before the period and do not at its end / customers who paid before it",
    source: "Farris et al. (2010), Marketing Metrics, ch. 5; ChartMogul help, articles 207340419 (churn rate formulas) and 15384089786524 (free customers); Stripe support, calculating-subscriber-churn-rate-in-billing",
    interval: "Wilson",
    traps: &[
        "a customer is lost when the last subscription ends, not with each one",
        "who joins and leaves within the period is not counted; by `stripe_30d` they are, above and below the line",
        "who leaves and comes back within the period was not lost",
        "what happens at the first moment of a period belongs to that period: what ends as July begins is churn of July",
        "by `chartmogul`, who moved from a paid plan to one that costs nothing is a customer still; otherwise they left",
        "Stripe counts a customer who leaves twice within the 30 days twice; here a customer counts once, and who came back in them counts as one who joined",
        "rates of months of different length, and of months and quarters, are not to be compared",
    ],
    options: &[PRESET],
    example: "{preset: stripe_30d}",
};

/// The option that says by whose definition.
pub(in crate::catalog) const PRESET: OptionInfo = OptionInfo {
    name: "preset",
    default: "start_of_period",
    meaning: "`start_of_period`; `chartmogul`: the same, but free plans keep a customer; `stripe_30d`: the 30 days that end with the period, over those who paid before them or began to within them",
};

const CHURNED: &str = "churned";
const CUSTOMERS: &str = "customers";

/// By whose definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::catalog) enum Preset {
    /// Customers before the period.
    #[default]
    StartOfPeriod,
    /// `ChartMogul`'s Standard Formula, and its default for customers of free plans.
    Chartmogul,
    /// Stripe's subscriber churn rate.
    #[serde(rename = "stripe_30d")]
    Stripe30d,
}

/// Customers, and those of them who left.
#[derive(Debug, Clone, Copy)]
pub(in crate::catalog) struct Logos {
    pub(in crate::catalog) churned: u64,
    pub(in crate::catalog) customers: u64,
}

impl Preset {
    /// Counts the customers of a period, and those who left.
    pub(in crate::catalog) fn logos(self, results: &Results, cell: &Cell) -> Result<Logos, Undefined> {
        let window = match self {
            Self::StartOfPeriod | Self::Chartmogul => cell.window,
            Self::Stripe30d => results.calendar.days_up_to(cell.window.to, 30),
        };
        let moved = results.movements(&window, cell.segment)?;
        let (churned, customers) = match self {
            Self::StartOfPeriod => (moved.churn.n, moved.opening.n),
            Self::Chartmogul => (moved.cancelled, moved.customers),
            Self::Stripe30d => {
                let joined = moved.new.n + moved.reactivation.n + moved.passed;
                (moved.churn.n + moved.passed, moved.opening.n + joined)
            }
        };
        Ok(Logos { churned, customers })
    }

    /// Takes some of the customers of a period as a share of all.
    pub(in crate::catalog) fn share(self, k: u64, of: Logos) -> Outcome {
        if of.customers > 0 {
            return Ok(Estimate::Proportion { k, n: of.customers });
        }
        Err(Undefined::because(match self {
            Self::StartOfPeriod | Self::Chartmogul => "no customer paid before the period",
            Self::Stripe30d => "no customer paid in the 30 days",
        }))
    }

    /// Tells whether the windows of neighbouring periods have nothing in common.
    pub(in crate::catalog) const fn stands_alone(self) -> bool {
        !matches!(self, Self::Stripe30d)
    }

    /// Says by whose definition.
    pub(in crate::catalog) const fn describe(self) -> &'static str {
        match self {
            Self::StartOfPeriod => "of the customers who paid just before the period",
            Self::Chartmogul => {
                "of the customers just before the period, by ChartMogul's Standard Formula: who moved to a free plan is a customer still"
            }
            Self::Stripe30d => {
                "by Stripe's formula, over the 30 days that end with the period: of those who paid before them or began to within them"
            }
        }
    }
}

/// Churn of customers with a contract.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::catalog) struct ChurnRate {
    /// By whose definition.
    #[serde(default)]
    preset: Preset,
}

impl Metric for ChurnRate {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn measures(&self) -> Vec<Measure> {
        vec![
            Measure::headline(Unit::Share),
            Measure { key: CHURNED, suffix: "customers lost", unit: Unit::Count },
            Measure { key: CUSTOMERS, suffix: "customers who could be lost", unit: Unit::Count },
        ]
    }

    fn good(&self, measure: &str) -> Direction {
        if measure == CUSTOMERS { Direction::Up } else { INFO.good }
    }

    fn stands_alone(&self, measure: &str) -> bool {
        // Those who could be lost have piled up.
        self.preset.stands_alone() && measure != CUSTOMERS
    }

    fn policy(&self, _: &OrderValue) -> String {
        self.preset.describe().to_owned()
    }

    fn needs(&self) -> Vec<Need> {
        vec![Need::subscriptions()]
    }

    fn request(&self, requests: &mut Requests<'_>) {
        requests.contracts();
    }

    fn outcome(&self, results: &Results, measure: &str, cell: &Cell) -> Outcome {
        let logos = self.preset.logos(results, cell)?;
        match measure {
            CHURNED => Ok(Estimate::Count(logos.churned)),
            CUSTOMERS => Ok(Estimate::Count(logos.customers)),
            _ => self.preset.share(logos.churned, logos),
        }
    }
}
