//! Repeat rate.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::declare::{Area, Direction, Info, Measure, OptionInfo, Unit};
use crate::engine::order_value::OrderValue;
use crate::metric::{Cell, Metric, Need, Requests, Results};
use tallybook_stats::{Estimate, Outcome, Undefined};

pub(in crate::catalog) const INFO: Info = Info {
    id: "repeat_rate",
    title: "Repeat rate",
    area: Area::Retention,
    unit: Unit::Share,
    good: Direction::Up,
    definition: "The share of all customers up to the end of the period who have ordered at least twice.",
    formula: "customers with >= 2 orders by the end / customers with an order by the end",
    source: "Fader & Hardie (2009), Probability Models for Customer-Base Analysis",
    interval: "Wilson",
    traps: &[
        "young customers had little time to come back: read cohorts for a trend",
        "two orders on one day may be one purchase",
    ],
    options: &[OptionInfo {
        name: "per",
        default: "order",
        meaning: "`order`, or `day`: orders of one day count as one",
    }],
    example: "{per: day}",
};

/// What counts as coming back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Per {
    /// A second order.
    #[default]
    Order,
    /// An order on another day than the first.
    Day,
}

/// The repeat rate.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::catalog) struct RepeatRate {
    /// What counts as coming back.
    #[serde(default)]
    per: Per,
}

impl Metric for RepeatRate {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn measures(&self) -> Vec<Measure> {
        vec![Measure::headline(Unit::Share)]
    }

    fn policy(&self, _: &OrderValue) -> String {
        match self.per {
            Per::Order => "every order counts".to_owned(),
            Per::Day => "orders of one day count as one".to_owned(),
        }
    }

    fn needs(&self) -> Vec<Need> {
        vec![Need::orders()]
    }

    fn stands_alone(&self, _measure: &str) -> bool {
        false
    }

    fn request(&self, requests: &mut Requests<'_>) {
        requests.firsts(self.per == Per::Day);
    }

    fn outcome(&self, results: &Results, _measure: &str, cell: &Cell) -> Outcome {
        let window = results.timeline.find(&cell.window);
        let firsts = results.firsts(self.per == Per::Day).zip(window);
        let (n, k) = firsts.map_or((0, 0), |(firsts, window)| firsts.up_to_end(window, cell.segment));
        if n == 0 {
            return Err(Undefined::because("no customers"));
        }
        Ok(Estimate::Proportion { k, n })
    }
}
