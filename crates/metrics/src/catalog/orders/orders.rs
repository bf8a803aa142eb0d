//! Orders.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::catalog::revenue;
use crate::declare::{Area, Direction, Info, Measure, Unit};
use crate::engine::order_value::OrderValue;
use crate::metric::{Cell, Metric, Need, Requests, Results};
use tallybook_stats::{Estimate, Outcome};

pub(in crate::catalog) const INFO: Info = Info {
    id: "orders",
    title: "Orders",
    area: Area::Orders,
    unit: Unit::Count,
    good: Direction::Up,
    definition: "Orders placed in the period.",
    formula: "count of orders",
    source: "count",
    interval: "Poisson (Byar's approximation to the exact interval)",
    traps: &["duplicates and cancelled orders are not counted", "zero-value orders are"],
    options: &[],
    example: "{}",
};

/// The number of orders.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::catalog) struct Orders {}

impl Metric for Orders {
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
        requests.reduction(revenue::placed());
    }

    fn outcome(&self, results: &Results, _measure: &str, cell: &Cell) -> Outcome {
        Ok(Estimate::Count(results.sums(&revenue::placed(), &cell.window, cell.segment).n))
    }
}
