//! Returning customers.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::declare::{Area, Direction, Info, Measure, Unit};
use crate::engine::order_value::OrderValue;
use crate::metric::{Cell, Metric, Need, Requests, Results};
use tallybook_stats::{Estimate, Outcome};

pub(in crate::catalog) const INFO: Info = Info {
    id: "customers_returning",
    title: "Returning customers",
    area: Area::Orders,
    unit: Unit::Count,
    good: Direction::Up,
    definition: "Customers with an order in the period whose first order ever was before it.",
    formula: "active customers - new customers",
    source: "Farris et al. (2010), Marketing Metrics, ch. 5",
    interval: "Poisson (Byar's approximation to the exact interval)",
    traps: &["a customer who orders twice in their first period is new, not returning"],
    options: &[],
    example: "{}",
};

/// Customers with an order in the period whose first order ever was before it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::catalog) struct CustomersReturning {}

impl Metric for CustomersReturning {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn measures(&self) -> Vec<Measure> {
        vec![Measure::headline(Unit::Count)]
    }

    fn policy(&self, _: &OrderValue) -> String {
        String::new()
    }

    fn needs(&self) -> Vec<Need> {
        vec![Need::orders()]
    }

    fn request(&self, requests: &mut Requests<'_>) {
        requests.activity();
    }

    fn outcome(&self, results: &Results, _measure: &str, cell: &Cell) -> Outcome {
        let activity = results.activity(&cell.window, cell.segment);
        Ok(Estimate::Count(activity.orders.n - activity.new))
    }
}
