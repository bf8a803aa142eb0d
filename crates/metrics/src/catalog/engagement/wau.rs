//! Weekly active customers.

use schemars::JsonSchema;
use serde::Deserialize;
use tallybook_ingest::TableKind;

use crate::catalog::active_events::{ACTIVE_EVENTS, ActiveEvents, active_in};
use crate::declare::{Area, Direction, Info, Measure, Unit};
use crate::engine::order_value::OrderValue;
use crate::metric::{Cell, Metric, Need, Requests, Results};
use tallybook_calendar::{Calendar, Window};
use tallybook_stats::{Estimate, Outcome};

pub(in crate::catalog) const INFO: Info = Info {
    id: "wau",
    title: "Weekly active customers",
    area: Area::Engagement,
    unit: Unit::Count,
    good: Direction::Up,
    definition: "Distinct customers active in the 7 days that end with the period.",
    formula: "count of distinct customers active in the 7 days up to the end of the period",
    source: "Rodden, Hutchinson & Fu (2010), CHI 2010, 2395-2398: seven-day active users",
    interval: "Poisson (Byar's approximation to the exact interval)",
    traps: &[
        "in a report by month it is the last week of the month only",
        "the seven days must lie within the data: a week in which they begin has no figure",
    ],
    options: &[ACTIVE_EVENTS],
    example: "{active_events: [login, search]}",
};

/// Customers active in a week.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::catalog) struct Wau {
    /// Names of the events that make a customer active.
    #[serde(default)]
    active_events: ActiveEvents,
}

/// The seven days that end with a window.
fn week(calendar: &Calendar, window: &Window) -> Window {
    calendar.days_up_to(window.to, 7)
}

impl Metric for Wau {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn measures(&self) -> Vec<Measure> {
        vec![Measure::headline(Unit::Count)]
    }

    fn policy(&self, _: &OrderValue) -> String {
        format!("the 7 days that end with the period, {}", self.active_events.described())
    }

    fn needs(&self) -> Vec<Need> {
        vec![Need::of(TableKind::Events, &[], &[])]
    }

    fn stands_alone(&self, _measure: &str) -> bool {
        false
    }

    fn request(&self, requests: &mut Requests<'_>) {
        let (calendar, wanted) = (requests.calendar, requests.wanted);
        let weeks = wanted.iter().map(|wanted| week(calendar, &wanted.window));
        requests.actives(&self.active_events.rule(None), weeks);
    }

    fn outcome(&self, results: &Results, _measure: &str, cell: &Cell) -> Outcome {
        let week = week(&results.calendar, &cell.window);
        results.covered_whole_by(TableKind::Events, &week)?;
        let active = active_in(results, &self.active_events.rule(None), &week, cell.segment)?;
        Ok(Estimate::Count(active.days.n))
    }
}
