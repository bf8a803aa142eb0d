//! Average revenue per account.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::declare::{Area, Direction, Info, Measure, Unit};
use crate::engine::order_value::OrderValue;
use crate::metric::{Cell, Metric, Need, Requests, Results};
use tallybook_stats::Outcome;

pub(in crate::catalog) const INFO: Info = Info {
    id: "arpa",
    title: "Average revenue per account",
    area: Area::Subscriptions,
    unit: Unit::Money,
    good: Direction::Up,
    definition: "Monthly recurring revenue at the end of the period for each account that pays it.",
    formula: "mrr / paying accounts",
    source: "Skok (2013), \"SaaS Metrics 2.0\"; Farris et al. (2010), Marketing Metrics, ch. 5",
    interval: "Student's t over accounts",
    traps: &[
        "trials and free plans are not recurring revenue",
        "what happens at the first moment of a period belongs to that period",
        "an account is a customer with all their subscriptions: moving between plans is no loss and no gain of a customer",
    ],
    options: &[],
    example: "{}",
};

/// Recurring revenue an account.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::catalog) struct Arpa {}

impl Metric for Arpa {
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

    fn stands_alone(&self, _measure: &str) -> bool {
        false
    }

    fn request(&self, requests: &mut Requests<'_>) {
        requests.contracts();
    }

    fn outcome(&self, results: &Results, _measure: &str, cell: &Cell) -> Outcome {
        let movements = results.movements(&cell.window, cell.segment)?;
        movements.closing.mean("paying accounts")
    }
}
