//! Quick ratio.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::declare::{Area, Direction, Info, Measure, Unit};
use crate::engine::order_value::OrderValue;
use crate::metric::{Cell, Metric, Need, Requests, Results};
use tallybook_stats::{Estimate, Outcome, Undefined};

pub(in crate::catalog) const INFO: Info = Info {
    id: "quick_ratio",
    title: "Quick ratio",
    area: Area::Subscriptions,
    unit: Unit::Number,
    good: Direction::Up,
    definition: "How many times the recurring revenue won in the period covers what was lost in it.",
    formula: "(new + expansion + reactivation) / (churn + contraction)",
    source: "Mamoon Hamid (2015), \"The Quick Ratio\"",
    interval: "none: both sides rest on few large movements",
    traps: &[
        "undefined where nothing was lost, and not infinite",
        "trials and free plans are not recurring revenue",
        "what happens at the first moment of a period belongs to that period",
        "an account is a customer with all their subscriptions: moving between plans is no loss and no gain of a customer",
    ],
    options: &[],
    example: "{}",
};

/// Recurring revenue won over recurring revenue lost.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::catalog) struct QuickRatio {}

impl Metric for QuickRatio {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn measures(&self) -> Vec<Measure> {
        vec![Measure::headline(Unit::Number)]
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
        let won = movements.new.sum + movements.expansion.sum + movements.reactivation.sum;
        let lost = movements.churn.sum + movements.contraction.sum;
        if lost == 0 {
            return Err(Undefined::because("no recurring revenue was lost"));
        }
        let n = [movements.new, movements.expansion, movements.reactivation, movements.churn, movements.contraction];
        Ok(Estimate::Bare { value: won as f64 / lost as f64, n: n.iter().map(|part| part.n).sum() })
    }
}
