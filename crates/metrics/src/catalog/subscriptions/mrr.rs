//! Monthly recurring revenue.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::declare::{Area, Direction, Info, Measure, Unit};
use crate::engine::order_value::OrderValue;
use crate::metric::{Cell, Metric, Need, Requests, Results};
use tallybook_stats::{Estimate, Outcome};

pub(in crate::catalog) const INFO: Info = Info {
    id: "mrr",
    title: "Monthly recurring revenue",
    area: Area::Subscriptions,
    unit: Unit::Money,
    good: Direction::Up,
    definition: "Monthly revenue of the subscriptions that run at the end of the period; beside it, the accounts that pay it.",
    formula: "sum of mrr over subscriptions begun and not ended before the end of the period",
    source: "Skok (2013), \"SaaS Metrics 2.0\"; Farris et al. (2010), Marketing Metrics, ch. 5",
    interval: "compound Poisson (the sum over accounts), Poisson (accounts)",
    traps: &[
        "trials and free plans are not recurring revenue",
        "what happens at the first moment of a period belongs to that period",
        "an account is a customer with all their subscriptions: moving between plans is no loss and no gain of a customer",
    ],
    options: &[],
    example: "{}",
};

/// Recurring revenue at the end of the period.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::catalog) struct Mrr {}

impl Metric for Mrr {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn measures(&self) -> Vec<Measure> {
        vec![Measure::headline(Unit::Money), Measure { key: "accounts", suffix: "paying accounts", unit: Unit::Count }]
    }

    fn policy(&self, _: &OrderValue) -> String {
        String::new()
    }

    fn needs(&self) -> Vec<Need> {
        vec![Need::subscriptions()]
    }

    fn stands_alone(&self, _measure: &str) -> bool {
        false
    }

    fn request(&self, requests: &mut Requests<'_>) {
        requests.contracts();
    }

    fn outcome(&self, results: &Results, measure: &str, cell: &Cell) -> Outcome {
        let movements = results.movements(&cell.window, cell.segment)?;
        Ok(if measure == Measure::HEADLINE { movements.closing.total() } else { Estimate::Count(movements.closing.n) })
    }
}
