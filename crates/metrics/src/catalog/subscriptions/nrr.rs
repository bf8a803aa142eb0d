//! Net revenue retention.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::declare::{Area, Direction, Info, Measure, Unit};
use crate::engine::order_value::OrderValue;
use crate::metric::{Cell, Metric, Need, Requests, Results};
use tallybook_stats::Outcome;

pub(in crate::catalog) const INFO: Info = Info {
    id: "nrr",
    title: "Net revenue retention",
    area: Area::Subscriptions,
    unit: Unit::Share,
    good: Direction::Up,
    definition: "What the accounts before the period pay at its end, over what they paid before; new accounts do not count.",
    formula: "sum of now / sum of before, over the opening accounts",
    source: "Skok (2013), \"SaaS Metrics 2.0\"; Farris et al. (2010), Marketing Metrics, ch. 5",
    interval: "MOVER of what was kept (Wilson) and of expansion (compound Poisson)",
    traps: &[
        "above 100% where expansion outweighs losses",
        "trials and free plans are not recurring revenue",
        "what happens at the first moment of a period belongs to that period",
        "an account is a customer with all their subscriptions: moving between plans is no loss and no gain of a customer",
    ],
    options: &[],
    example: "{}",
};

/// Recurring revenue of the opening accounts now, over what it was.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::catalog) struct Nrr {}

impl Metric for Nrr {
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
        movements.net_retention()
    }
}
