//! Return rate.

use schemars::JsonSchema;
use serde::Deserialize;
use tallybook_ingest::TableKind;

use crate::catalog::options::{DayCount, days};
use crate::declare::{Area, Direction, Info, Measure, OptionInfo, Unit};
use crate::engine::order_value::OrderValue;
use crate::folds::funnel::{Funnel, FunnelStep, Steps};
use crate::metric::{Cell, Metric, Need, Requests, Results};
use tallybook_stats::{Estimate, Outcome, Undefined};

pub(in crate::catalog) const INFO: Info = Info {
    id: "return_rate",
    title: "Return rate",
    area: Area::Engagement,
    unit: Unit::Share,
    good: Direction::Up,
    definition: "The share of the customers first seen in the period who came back on a later day in time, of those whose time is over.",
    formula: "customers with an event on day 1 to N after the day of their first / customers first seen in the period whose day N is over",
    source: "Rodden, Hutchinson & Fu (2010), CHI 2010, 2395-2398 (HEART: retention); Croll & Yoskovitz (2013), Lean Analytics",
    interval: "Wilson",
    traps: &[
        "more of the same on the first day is no return; days are days in the pipeline's zone, and day N counts to its end",
        "who came only lately may still come back: until their days are over they do not count, and are shown apart",
        "first seen is first in the data: near their beginning, old customers look new",
    ],
    options: &[OptionInfo { name: "within_days", default: "7", meaning: "days after the first in which to come back" }],
    example: "{within_days: 30}",
};

/// Customers who came back.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::catalog) struct ReturnRate {
    /// Days after the first in which to come back.
    #[serde(default = "week")]
    within_days: DayCount,
}

const PENDING: &str = "pending";

const fn week() -> DayCount {
    DayCount(7)
}

impl ReturnRate {
    fn steps(&self) -> Steps {
        Steps { from: FunnelStep::Anything, to: FunnelStep::LaterDay, within_days: self.within_days.0 }
    }
}

impl Metric for ReturnRate {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn measures(&self) -> Vec<Measure> {
        vec![
            Measure::headline(Unit::Share),
            Measure { key: PENDING, suffix: "first seen, too early to tell", unit: Unit::Count },
        ]
    }

    fn good(&self, measure: &str) -> Direction {
        if measure == PENDING { Direction::Neither } else { INFO.good }
    }

    fn policy(&self, _: &OrderValue) -> String {
        format!("back on a later day within {}, by the day first seen", days(self.within_days))
    }

    fn needs(&self) -> Vec<Need> {
        vec![Need::of(TableKind::Events, &[], &[])]
    }

    fn is_settled(&self, measure: &str) -> bool {
        measure != "pending"
    }

    fn request(&self, requests: &mut Requests<'_>) {
        requests.funnel(&self.steps());
    }

    fn outcome(&self, results: &Results, measure: &str, cell: &Cell) -> Outcome {
        let found = results.fold::<Funnel>(&self.steps().key()).zip(results.timeline.find(&cell.window));
        let (funnel, window) = found.ok_or_else(|| Undefined::because("no events"))?;
        let seen = funnel.over(window, cell.segment);
        if measure == PENDING {
            return Ok(Estimate::Count(seen.entered - seen.mature));
        }
        match (seen.entered, seen.mature) {
            (0, _) => Err(Undefined::because("no customers first seen in the period")),
            (_, 0) => {
                let wait = format!("no customer first seen has had their {} yet", days(self.within_days));
                Err(Undefined::Immature(wait))
            }
            (_, mature) => Ok(Estimate::Proportion { k: seen.passed, n: mature }),
        }
    }
}
