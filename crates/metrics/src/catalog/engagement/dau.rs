//! Daily active customers.

use crate::catalog::active_events::{ACTIVE_EVENTS, ActiveEvents, active_in, length};
use schemars::JsonSchema;
use serde::Deserialize;
use tallybook_ingest::TableKind;

use crate::declare::{Area, Direction, Info, Measure, Unit};
use crate::engine::order_value::OrderValue;
use crate::metric::{Cell, Metric, Need, Requests, Results};
use tallybook_stats::{Estimate, Outcome, Undefined};

pub(in crate::catalog) const INFO: Info = Info {
    id: "dau",
    title: "Daily active customers",
    area: Area::Engagement,
    unit: Unit::Number,
    good: Direction::Up,
    definition: "Distinct customers active on a day, as the mean over the days of the period.",
    formula: "sum over customers of the days on which they were active / days of the period",
    source: "Facebook (2012), Form S-1: daily active users; Croll & Yoskovitz (2013), Lean Analytics",
    interval: "t, with the variance of a compound Poisson sum: sum over customers of squared days / squared days of the period",
    traps: &[
        "days are days in the pipeline's zone: what is done after midnight belongs to the next one",
        "what happens to customers, such as a mail that is sent to them, makes nobody active: name the events that do",
        "counts customers with an identifier: one person with two is counted twice",
    ],
    options: &[ACTIVE_EVENTS],
    example: "{active_events: [login, search]}",
};

/// Customers active on a day.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::catalog) struct Dau {
    /// Names of the events that make a customer active.
    #[serde(default)]
    active_events: ActiveEvents,
}

impl Metric for Dau {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn measures(&self) -> Vec<Measure> {
        vec![Measure::headline(Unit::Number)]
    }

    fn policy(&self, _: &OrderValue) -> String {
        self.active_events.described()
    }

    fn needs(&self) -> Vec<Need> {
        vec![Need::of(TableKind::Events, &[], &[])]
    }

    fn request(&self, requests: &mut Requests<'_>) {
        let wanted = requests.wanted;
        requests.actives(&self.active_events.rule(None), wanted.iter().map(|wanted| wanted.window));
    }

    fn outcome(&self, results: &Results, _measure: &str, cell: &Cell) -> Outcome {
        // Days before the data begin would count as days on which nobody came.
        results.covered_whole_by(TableKind::Events, &cell.window)?;
        let days = active_in(results, &self.active_events.rule(None), &cell.window, cell.segment)?.days;
        if days.n == 0 {
            return Err(Undefined::because("no active customers"));
        }
        let length = length(&cell.window) as f64;
        Ok(Estimate::Ratio {
            ratio: days.sum as f64 / length,
            variance: days.squares as f64 / (length * length),
            n: days.n,
        })
    }
}
