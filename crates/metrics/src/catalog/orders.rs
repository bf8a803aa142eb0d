//! Orders.

use schemars::JsonSchema;
use serde::Deserialize;

use super::shared;
use crate::estimate::{Estimate, Outcome};
use crate::metric::{Area, Cell, Direction, Info, Measure, Metric, Need, Requests, Results, Unit};
use crate::revenue::OrderValue;

pub(super) const INFO: Info = Info {
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
pub(super) struct Orders {}

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
        requests.reduction(shared::placed());
    }

    fn outcome(&self, results: &Results, _measure: &str, cell: &Cell) -> Outcome {
        Ok(Estimate::Count(results.sums(&shared::placed(), &cell.window, cell.segment).n))
    }
}
