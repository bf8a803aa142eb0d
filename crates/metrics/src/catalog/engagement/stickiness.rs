//! Stickiness.

use schemars::JsonSchema;
use serde::Deserialize;
use tallybook_ingest::TableKind;

use super::mau::{MAU_WINDOW, MauWindow};
use crate::catalog::active_events::{ACTIVE_EVENTS, ActiveEvents, active_in, length};
use crate::declare::{Area, Direction, Info, Measure, Unit};
use crate::engine::order_value::OrderValue;
use crate::metric::{Cell, Metric, Need, Requests, Results};
use tallybook_stats::Outcome;

pub(in crate::catalog) const INFO: Info = Info {
    id: "stickiness",
    title: "Stickiness",
    area: Area::Engagement,
    unit: Unit::Share,
    good: Direction::Up,
    definition: "Daily active customers, as the mean over the month that ends with the period, over its monthly active customers: the share of days on which a customer of the month is active.",
    formula: "mean DAU / MAU = mean over the month's customers of (days active / days of the month)",
    source: "Facebook (2012), Form S-1: daily as a share of monthly active users; Croll & Yoskovitz (2013), Lean Analytics",
    interval: "t over the customers of the month",
    traps: &[
        "both sides are of the same days: a month's customers under one day's would be another figure every weekday",
        "it cannot fall below one day of the month, and is 1 on the first day of a calendar month: compare windows of one length",
        "new customers were not there on all days, so growth alone lowers it",
    ],
    options: &[MAU_WINDOW, ACTIVE_EVENTS],
    example: "{window: 30_days}",
};

/// Mean daily over monthly active customers.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::catalog) struct Stickiness {
    /// What a month is.
    #[serde(default)]
    window: MauWindow,
    /// Names of the events that make a customer active.
    #[serde(default)]
    active_events: ActiveEvents,
}

impl Metric for Stickiness {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn measures(&self) -> Vec<Measure> {
        vec![Measure::headline(Unit::Share)]
    }

    fn policy(&self, _: &OrderValue) -> String {
        format!("over {}, {}", self.window.described(), self.active_events.described())
    }

    fn needs(&self) -> Vec<Need> {
        vec![Need::of(TableKind::Events, &[], &[])]
    }

    fn stands_alone(&self, _measure: &str) -> bool {
        false
    }

    fn request(&self, requests: &mut Requests<'_>) {
        let (calendar, wanted) = (requests.calendar, requests.wanted);
        let months = wanted.iter().map(|wanted| self.window.of(calendar, &wanted.window));
        requests.actives(&self.active_events.rule(None), months);
    }

    fn outcome(&self, results: &Results, _measure: &str, cell: &Cell) -> Outcome {
        let month = self.window.of(&results.calendar, &cell.window);
        results.covered_whole_by(TableKind::Events, &month)?;
        let active = active_in(results, &self.active_events.rule(None), &month, cell.segment)?;
        active.days.mean_of(length(&month), "active customers")
    }
}
