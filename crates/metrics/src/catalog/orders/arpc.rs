//! Average revenue per customer.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::declare::{Area, Direction, Info, Measure, Unit};
use crate::engine::order_value::OrderValue;
use crate::metric::{Cell, Metric, Need, Requests, Results};
use tallybook_stats::Outcome;

pub(in crate::catalog) const INFO: Info = Info {
    id: "arpc",
    title: "Average revenue per customer",
    area: Area::Orders,
    unit: Unit::Money,
    good: Direction::Up,
    definition: "Revenue of the period for each customer active in it.",
    formula: "revenue of active customers / active customers",
    source: "Farris et al. (2010), Marketing Metrics, ch. 5",
    interval: "Student's t over customers",
    traps: &["per customer with an order in the period, not per customer ever won"],
    options: &[],
    example: "{}",
};

/// Revenue of the period for each customer active in it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::catalog) struct Arpc {}

impl Metric for Arpc {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn measures(&self) -> Vec<Measure> {
        vec![Measure::headline(Unit::Money)]
    }

    fn policy(&self, value: &OrderValue) -> String {
        value.describe()
    }

    fn needs(&self) -> Vec<Need> {
        vec![Need::orders()]
    }

    fn request(&self, requests: &mut Requests<'_>) {
        requests.activity();
    }

    fn outcome(&self, results: &Results, _measure: &str, cell: &Cell) -> Outcome {
        results.activity(&cell.window, cell.segment).revenue.mean("active customers")
    }
}
