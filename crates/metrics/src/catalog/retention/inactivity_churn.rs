//! Churn by inactivity.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::catalog::inactive_customers::{pair, request_pairs};
use crate::catalog::options::DayCount;
use crate::declare::{Area, Direction, Info, Measure, OptionInfo, Unit};
use crate::engine::order_value::OrderValue;
use crate::folds::inactivity::Inactivity;
use crate::metric::{Cell, Metric, Need, Requests, Results};
use tallybook_stats::{Estimate, Outcome, Undefined};

pub(in crate::catalog) const INFO: Info = Info {
    id: "inactivity_churn",
    title: "Inactivity churn",
    area: Area::Retention,
    unit: Unit::Share,
    good: Direction::Down,
    definition: "The share of customers active in the window before who placed no order in the window after, which ends with the period.",
    formula: "customers active before and not after / customers active before",
    source: "Blattberg, Kim & Neslin (2008), Database Marketing, ch. 24: churn without a contract",
    interval: "Wilson",
    traps: &[
        "silence is not proof of leaving: seasonal buyers come back",
        "the window after must be over, so the figure looks back that far",
    ],
    options: &[
        OptionInfo {
            name: "before_days",
            default: "90",
            meaning: "length of the window in which customers were active",
        },
        OptionInfo { name: "after_days", default: "90", meaning: "length of the window in which they were not" },
    ],
    example: "{before_days: 60, after_days: 60}",
};

/// Churn of customers without a contract.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::catalog) struct InactivityChurn {
    /// Length of the window in which customers were active.
    #[serde(default = "ninety")]
    before_days: DayCount,
    /// Length of the window in which they were not.
    #[serde(default = "ninety")]
    after_days: DayCount,
}

const fn ninety() -> DayCount {
    DayCount(90)
}

impl Metric for InactivityChurn {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn measures(&self) -> Vec<Measure> {
        vec![Measure::headline(Unit::Share)]
    }

    fn policy(&self, _: &OrderValue) -> String {
        format!("active in {} days, then not in {}", self.before_days.0, self.after_days.0)
    }

    fn needs(&self) -> Vec<Need> {
        vec![Need::orders()]
    }

    fn stands_alone(&self, _measure: &str) -> bool {
        false
    }

    fn request(&self, requests: &mut Requests<'_>) {
        request_pairs(requests, self.before_days, self.after_days);
    }

    fn outcome(&self, results: &Results, _measure: &str, cell: &Cell) -> Outcome {
        let (before, _) = pair(&results.calendar, self.before_days, self.after_days, &cell.window);
        results.covered_whole(&before)?;
        let key = Inactivity::key(self.before_days.0, self.after_days.0);
        let found = results.fold::<Inactivity>(&key).and_then(|fold| fold.cell(&before, cell.segment));
        match found {
            Some(found) if found.revenue.n > 0 => Ok(Estimate::Proportion { k: found.lost, n: found.revenue.n }),
            _ => Err(Undefined::because("no customers active in the window before")),
        }
    }
}
