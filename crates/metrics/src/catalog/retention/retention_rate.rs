//! Retention of customers with a contract.

use schemars::JsonSchema;
use serde::Deserialize;

use super::churn_rate::{PRESET, Preset};
use crate::declare::{Area, Direction, Info, Measure, Unit};
use crate::engine::order_value::OrderValue;
use crate::metric::{Cell, Metric, Need, Requests, Results};
use tallybook_stats::Outcome;

pub(in crate::catalog) const INFO: Info = Info {
    id: "retention_rate",
    title: "Retention rate",
    area: Area::Retention,
    unit: Unit::Share,
    good: Direction::Up,
    definition: "The share of the customers who paid just before the period who pay at its end.",
    formula: "1 - churn rate, on the same basis",
    source: "Farris et al. (2010), Marketing Metrics, ch. 5: customers retained over customers at risk",
    interval: "Wilson",
    traps: &[
        "customers won in the period are no part of it: more customers at the end than before say nothing of retention",
        "who leaves and comes back within the period was retained",
        "what happens at the first moment of a period belongs to that period",
    ],
    options: &[PRESET],
    example: "{preset: chartmogul}",
};

/// Retention of customers with a contract.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::catalog) struct RetentionRate {
    /// By whose definition.
    #[serde(default)]
    preset: Preset,
}

impl Metric for RetentionRate {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn measures(&self) -> Vec<Measure> {
        vec![Measure::headline(Unit::Share)]
    }

    fn stands_alone(&self, _measure: &str) -> bool {
        self.preset.stands_alone()
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

    fn outcome(&self, results: &Results, _measure: &str, cell: &Cell) -> Outcome {
        let logos = self.preset.logos(results, cell)?;
        self.preset.share(logos.customers - logos.churned, logos)
    }
}
