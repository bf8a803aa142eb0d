//! New customers.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::declare::{Area, Direction, Info, Measure, Unit};
use crate::engine::order_value::OrderValue;
use crate::metric::{Cell, Metric, Need, Requests, Results};
use tallybook_stats::{Estimate, Outcome, Undefined};

pub(in crate::catalog) const INFO: Info = Info {
    id: "customers_new",
    title: "New customers",
    area: Area::Acquisition,
    unit: Unit::Count,
    good: Direction::Up,
    definition: "Customers whose first order ever falls into the period.",
    formula: "count of customers by first order",
    source: "Farris et al. (2010), Marketing Metrics, ch. 5",
    interval: "Poisson (Byar's approximation to the exact interval)",
    traps: &["the first order ever, not the first in the period: the data must reach back before it"],
    options: &[],
    example: "{}",
};

/// Customers whose first order ever falls into the period.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::catalog) struct CustomersNew {}

impl Metric for CustomersNew {
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

    fn accumulates(&self, _measure: &str) -> bool {
        true
    }

    fn request(&self, requests: &mut Requests<'_>) {
        requests.firsts(false);
    }

    fn outcome(&self, results: &Results, _measure: &str, cell: &Cell) -> Outcome {
        let window = results.timeline.find(&cell.window);
        let firsts = results.firsts(false).zip(window).ok_or_else(|| Undefined::because("no orders"))?;
        Ok(Estimate::Count(firsts.0.new_in(firsts.1, cell.segment)))
    }
}
