//! Gross revenue retention.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::declare::{Area, Direction, Info, Measure, Unit};
use crate::engine::order_value::OrderValue;
use crate::metric::{Cell, Metric, Need, Requests, Results};
use tallybook_stats::Outcome;

pub(in crate::catalog) const INFO: Info = Info {
    id: "grr",
    title: "Gross revenue retention",
    area: Area::Subscriptions,
    unit: Unit::Share,
    good: Direction::Up,
    definition: "What the accounts before the period still pay at its end, each at most what it paid before, over what they paid.",
    formula: "sum of min(now, before) / sum of before, over the opening accounts",
    source: "Skok (2013), \"SaaS Metrics 2.0\"; Farris et al. (2010), Marketing Metrics, ch. 5",
    interval: "Wilson, with the number of accounts of equal size that would be as precise",
    traps: &[
        "never above 100%: that is net retention",
        "trials and free plans are not recurring revenue",
        "what happens at the first moment of a period belongs to that period",
        "an account is a customer with all their subscriptions: moving between plans is no loss and no gain of a customer",
    ],
    options: &[],
    example: "{}",
};

/// Recurring revenue kept of the opening accounts.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::catalog) struct Grr {}

impl Metric for Grr {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn measures(&self) -> Vec<Measure> {
        vec![Measure::headline(Unit::Share)]
    }

    fn policy(&self, _: &OrderValue) -> String {
        String::new()
    }

    fn needs(&self) -> Vec<Need> {
        vec![Need::subscriptions()]
    }

    fn request(&self, requests: &mut Requests<'_>) {
        requests.contracts();
    }

    fn outcome(&self, results: &Results, _measure: &str, cell: &Cell) -> Outcome {
        let movements = results.movements(&cell.window, cell.segment)?;
        movements.gross_retention()
    }
}
