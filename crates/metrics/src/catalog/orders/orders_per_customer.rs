//! Orders per customer.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::declare::{Area, Direction, Info, Measure, Unit};
use crate::engine::order_value::OrderValue;
use crate::metric::{Cell, Metric, Need, Requests, Results};
use tallybook_stats::Outcome;

pub(in crate::catalog) const INFO: Info = Info {
    id: "orders_per_customer",
    title: "Orders per customer",
    area: Area::Orders,
    unit: Unit::Number,
    good: Direction::Up,
    definition: "Orders placed in the period for each customer active in it.",
    formula: "orders / active customers",
    source: "Kumar & Reinartz (2018), Customer Relationship Management, ch. 5",
    interval: "Student's t over customers",
    traps: &["per active customer, so never below 1"],
    options: &[],
    example: "{}",
};

/// Orders placed in the period for each customer active in it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::catalog) struct OrdersPerCustomer {}

impl Metric for OrdersPerCustomer {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn measures(&self) -> Vec<Measure> {
        vec![Measure::headline(Unit::Number)]
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
        results.activity(&cell.window, cell.segment).orders.mean("active customers")
    }
}
