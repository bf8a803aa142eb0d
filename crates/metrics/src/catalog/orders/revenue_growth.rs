//! Revenue growth.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::catalog::revenue;
use crate::declare::{Area, Direction, Info, Measure, Unit};
use crate::engine::order_value::OrderValue;
use crate::metric::{Cell, Metric, Need, Requests, Results};
use tallybook_calendar::Window;
use tallybook_stats::{Estimate, Outcome, Undefined};

pub(in crate::catalog) const INFO: Info = Info {
    id: "revenue_growth",
    title: "Revenue growth",
    area: Area::Orders,
    unit: Unit::Change,
    good: Direction::Up,
    definition: "How much revenue grew against the period before; beside it, against the period a year before.",
    formula: "(revenue - revenue before) / revenue before",
    source: "standard relative change; the year before by the pipeline's comparison policy",
    interval: "delta method on the logarithm of the ratio of two compound Poisson totals",
    traps: &[
        "undefined where the revenue before is zero or negative, not infinite",
        "weeks are compared with whole weeks",
    ],
    options: &[],
    example: "{}",
};

const YEAR_BEFORE: &str = "year_before";

/// The growth of revenue.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::catalog) struct RevenueGrowth {}

impl Metric for RevenueGrowth {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn measures(&self) -> Vec<Measure> {
        let year_before = Measure { key: YEAR_BEFORE, suffix: "on the year before", unit: Unit::Change };
        vec![Measure::headline(Unit::Change), year_before]
    }

    fn policy(&self, value: &OrderValue) -> String {
        value.describe()
    }

    fn needs(&self) -> Vec<Need> {
        vec![Need::orders()]
    }

    fn stands_alone(&self, _measure: &str) -> bool {
        false
    }

    fn request(&self, requests: &mut Requests<'_>) {
        revenue::request_revenue(requests);
    }

    fn outcome(&self, results: &Results, measure: &str, cell: &Cell) -> Outcome {
        let base: Window = match measure {
            YEAR_BEFORE => {
                cell.year_before.ok_or_else(|| Undefined::because("there is no such period a year before"))?
            }
            _ => cell.previous,
        };
        results.covered(&base)?;
        let now = revenue::revenue(results, &cell.window, cell.segment);
        let then = revenue::revenue(results, &base, cell.segment);
        if then.sum <= 0 {
            return Err(Undefined::because("revenue before was not above zero"));
        }
        Ok(Estimate::Growth {
            now: now.sum,
            now_squares: now.squares,
            then: then.sum,
            then_squares: then.squares,
            n: now.n,
        })
    }
}
