//! Gross MRR churn.

use schemars::JsonSchema;
use serde::Deserialize;

use super::complement::complement;
use crate::declare::{Area, Direction, Info, Measure, Unit};
use crate::engine::order_value::OrderValue;
use crate::metric::{Cell, Metric, Need, Requests, Results};
use tallybook_stats::Outcome;

pub(in crate::catalog) const INFO: Info = Info {
    id: "gross_mrr_churn",
    title: "Gross MRR churn",
    area: Area::Subscriptions,
    unit: Unit::Share,
    good: Direction::Down,
    definition: "The share of the recurring revenue before the period that churn and contraction took away.",
    formula: "(churn + contraction) / mrr before the period",
    source: "Skok (2013), \"SaaS Metrics 2.0\"; Farris et al. (2010), Marketing Metrics, ch. 5",
    interval: "Wilson, with the number of accounts of equal size that would be as precise",
    traps: &[
        "expansion does not make up for losses here; net churn counts it",
        "trials and free plans are not recurring revenue",
        "what happens at the first moment of a period belongs to that period",
        "an account is a customer with all their subscriptions: moving between plans is no loss and no gain of a customer",
    ],
    options: &[],
    example: "{}",
};

/// Recurring revenue lost, over what it was.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::catalog) struct GrossMrrChurn {}

impl Metric for GrossMrrChurn {
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
        complement(movements.gross_retention())
    }
}
