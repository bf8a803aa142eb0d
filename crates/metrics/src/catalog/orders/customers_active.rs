//! Active customers.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::declare::{Area, Direction, Info, Measure, Unit};
use crate::engine::order_value::OrderValue;
use crate::metric::{Cell, Metric, Need, Requests, Results};
use tallybook_stats::{Estimate, Outcome};

pub(in crate::catalog) const INFO: Info = Info {
    id: "customers_active",
    title: "Active customers",
    area: Area::Orders,
    unit: Unit::Count,
    good: Direction::Up,
    definition: "Customers with at least one order in the period.",
    formula: "count of distinct customers with an order",
    source: "Blattberg, Kim & Neslin (2008), Database Marketing, ch. 25",
    interval: "Poisson (Byar's approximation to the exact interval)",
    traps: &["counts of segments by first order do not change when a customer moves"],
    options: &[],
    example: "{}",
};

/// Customers with at least one order in the period.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::catalog) struct CustomersActive {}

impl Metric for CustomersActive {
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
        Ok(Estimate::Count(results.activity(&cell.window, cell.segment).orders.n))
    }
}
