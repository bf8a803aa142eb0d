//! Expansion revenue.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::declare::{Area, Direction, Info, Measure, Unit};
use crate::engine::order_value::OrderValue;
use crate::metric::{Cell, Metric, Need, Requests, Results};
use tallybook_stats::Outcome;

pub(in crate::catalog) const INFO: Info = Info {
    id: "expansion_revenue",
    title: "Expansion revenue",
    area: Area::Subscriptions,
    unit: Unit::Money,
    good: Direction::Up,
    definition: "Recurring revenue that accounts from before the period pay more at its end.",
    formula: "sum of (now - before) over opening accounts that pay more",
    source: "Skok (2013), \"SaaS Metrics 2.0\"; Farris et al. (2010), Marketing Metrics, ch. 5",
    interval: "compound Poisson (the sum over accounts that pay more)",
    traps: &[
        "trials and free plans are not recurring revenue",
        "what happens at the first moment of a period belongs to that period",
        "an account is a customer with all their subscriptions: moving between plans is no loss and no gain of a customer",
    ],
    options: &[],
    example: "{}",
};

/// Recurring revenue added by accounts that stay.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::catalog) struct ExpansionRevenue {}

impl Metric for ExpansionRevenue {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn measures(&self) -> Vec<Measure> {
        vec![Measure::headline(Unit::Money)]
    }

    fn policy(&self, _: &OrderValue) -> String {
        String::new()
    }

    fn needs(&self) -> Vec<Need> {
        vec![Need::subscriptions()]
    }

    fn accumulates(&self, _measure: &str) -> bool {
        true
    }

    fn request(&self, requests: &mut Requests<'_>) {
        requests.contracts();
    }

    fn outcome(&self, results: &Results, _measure: &str, cell: &Cell) -> Outcome {
        let movements = results.movements(&cell.window, cell.segment)?;
        Ok(movements.expansion.total())
    }
}
