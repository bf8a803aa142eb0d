//! Customer growth.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::declare::{Area, Direction, Info, Measure, Unit};
use crate::engine::order_value::OrderValue;
use crate::metric::{Cell, Metric, Need, Requests, Results};
use tallybook_stats::{Estimate, Outcome, Undefined};

pub(in crate::catalog) const INFO: Info = Info {
    id: "customer_growth",
    title: "Customer growth",
    area: Area::Acquisition,
    unit: Unit::Change,
    good: Direction::Up,
    definition: "How much the number of customers ever won grew in the period.",
    formula: "(customers at end - customers at start) / customers at start",
    source: "Farris et al. (2010), Marketing Metrics, ch. 5",
    interval: "Poisson count of new customers over a fixed base",
    traps: &["customers ever won: those who stopped ordering are still in it; see churn"],
    options: &[],
    example: "{}",
};

/// How much the number of customers ever won grew in the period.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::catalog) struct CustomerGrowth {}

impl Metric for CustomerGrowth {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn measures(&self) -> Vec<Measure> {
        vec![Measure::headline(Unit::Change)]
    }

    fn policy(&self, _: &OrderValue) -> String {
        String::new()
    }

    fn needs(&self) -> Vec<Need> {
        vec![Need::orders()]
    }

    fn request(&self, requests: &mut Requests<'_>) {
        requests.firsts(false);
    }

    fn outcome(&self, results: &Results, _measure: &str, cell: &Cell) -> Outcome {
        let window = results.timeline.find(&cell.window);
        let (firsts, window) = results.firsts(false).zip(window).ok_or_else(|| Undefined::because("no orders"))?;
        let base = firsts.customers_before(window, cell.segment);
        if base == 0 {
            return Err(Undefined::because("no customers at the start"));
        }
        Ok(Estimate::PerBase { count: firsts.new_in(window, cell.segment), base })
    }
}
