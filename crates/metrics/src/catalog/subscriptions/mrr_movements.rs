//! MRR movements.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::declare::{Area, Direction, Info, Measure, Unit};
use crate::engine::order_value::OrderValue;
use crate::metric::{Cell, Metric, Need, Requests, Results};
use tallybook_stats::Outcome;

pub(in crate::catalog) const INFO: Info = Info {
    id: "mrr_movements",
    title: "MRR movements",
    area: Area::Subscriptions,
    unit: Unit::Money,
    good: Direction::Up,
    definition: "How much recurring revenue moved in the period, and by what: new accounts, expansion, contraction, churn and reactivation, which sum exactly to the change.",
    formula: "mrr at the end - mrr before = new + expansion + reactivation - contraction - churn",
    source: "Skok (2013), \"SaaS Metrics 2.0\"; Farris et al. (2010), Marketing Metrics, ch. 5",
    interval: "compound Poisson (the sum over accounts that moved)",
    traps: &[
        "what an account gains and loses within the period is no movement of it",
        "trials and free plans are not recurring revenue",
        "what happens at the first moment of a period belongs to that period",
        "an account is a customer with all their subscriptions: moving between plans is no loss and no gain of a customer",
    ],
    options: &[],
    example: "{}",
};

/// What moved recurring revenue.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::catalog) struct MrrMovements {}

impl Metric for MrrMovements {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn measures(&self) -> Vec<Measure> {
        vec![
            Measure::headline(Unit::Money),
            Measure { key: "new", suffix: "new", unit: Unit::Money },
            Measure { key: "expansion", suffix: "expansion", unit: Unit::Money },
            Measure { key: "contraction", suffix: "contraction", unit: Unit::Money },
            Measure { key: "churn", suffix: "churn", unit: Unit::Money },
            Measure { key: "reactivation", suffix: "reactivation", unit: Unit::Money },
        ]
    }

    fn good(&self, measure: &str) -> Direction {
        if ["churn", "contraction"].contains(&measure) { Direction::Down } else { INFO.good }
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

    fn outcome(&self, results: &Results, measure: &str, cell: &Cell) -> Outcome {
        let movements = results.movements(&cell.window, cell.segment)?;
        Ok(match measure {
            "new" => movements.new.total(),
            "expansion" => movements.expansion.total(),
            "contraction" => movements.contraction.total(),
            "churn" => movements.churn.total(),
            "reactivation" => movements.reactivation.total(),
            _ => movements.change(),
        })
    }
}
