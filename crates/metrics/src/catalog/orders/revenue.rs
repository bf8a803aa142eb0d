//! Revenue.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::catalog::revenue;
use crate::declare::{Area, Direction, Info, Measure, Unit};
use crate::engine::order_value::OrderValue;
use crate::metric::{Cell, Metric, Need, Requests, Results};
use tallybook_stats::Outcome;

pub(in crate::catalog) const INFO: Info = Info {
    id: "revenue",
    title: "Revenue",
    area: Area::Orders,
    unit: Unit::Money,
    good: Direction::Up,
    definition: "The worth of the orders placed in the period, less the refunds made in it.",
    formula: "sum of order amounts by the pipeline's revenue policy (basis, tax, shipping, date of refunds)",
    source: "IFRS 15 allocates refunds when they are made; the policy is the pipeline's",
    interval: "compound Poisson: the limits of the count of orders, times the root of their mean squared amount",
    traps: &["a cancelled order is not revenue", "refunds by their own date leave reported periods as they were"],
    options: &[],
    example: "{}",
};

/// The revenue of a period. The policy is shared by all metrics, in the pipeline's `revenue` section.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::catalog) struct Revenue {}

impl Metric for Revenue {
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

    fn accumulates(&self, _measure: &str) -> bool {
        true
    }

    fn request(&self, requests: &mut Requests<'_>) {
        revenue::request_revenue(requests);
    }

    fn outcome(&self, results: &Results, _measure: &str, cell: &Cell) -> Outcome {
        Ok(revenue::revenue(results, &cell.window, cell.segment).total())
    }
}
