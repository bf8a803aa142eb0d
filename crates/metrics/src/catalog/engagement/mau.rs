//! Monthly active customers.

use schemars::JsonSchema;
use serde::Deserialize;
use tallybook_ingest::TableKind;

use crate::catalog::active_events::{ACTIVE_EVENTS, ActiveEvents, active_in};
use crate::declare::{Area, Direction, Info, Measure, OptionInfo, Unit};
use crate::engine::order_value::OrderValue;
use crate::metric::{Cell, Metric, Need, Requests, Results};
use tallybook_calendar::{Calendar, Grain, Window, shift};
use tallybook_stats::{Estimate, Outcome};

pub(in crate::catalog) const INFO: Info = Info {
    id: "mau",
    title: "Monthly active customers",
    area: Area::Engagement,
    unit: Unit::Count,
    good: Direction::Up,
    definition: "Distinct customers active in the 28 days (or 30, or the calendar month so far) that end with the period.",
    formula: "count of distinct customers active in the window",
    source: "Facebook (2012), Form S-1: monthly active users (30 days); Croll & Yoskovitz (2013), Lean Analytics",
    interval: "Poisson (Byar's approximation to the exact interval)",
    traps: &[
        "28 days hold four of every weekday: 30 days and calendar months do not, and move with the weekends in them",
        "the calendar month of a week that ends inside it is the month so far, which grows from the 1st on",
        "neighbouring weeks share most of their 28 days: the figure is smooth, and slow to show a change",
        "the window must lie within the data",
    ],
    options: &[MAU_WINDOW, ACTIVE_EVENTS],
    example: "{window: month, active_events: [login, search]}",
};

/// The option that says what a month is.
pub(in crate::catalog) const MAU_WINDOW: OptionInfo = OptionInfo {
    name: "window",
    default: "28_days",
    meaning: "`28_days` or `30_days` up to the period's end, or `month`: the calendar month of the period's last day, up to that day",
};

/// What a month is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
pub(in crate::catalog) enum MauWindow {
    /// The 28 days that end with the period.
    #[default]
    #[serde(rename = "28_days")]
    FourWeeks,
    /// The 30 days that end with the period.
    #[serde(rename = "30_days")]
    ThirtyDays,
    /// The calendar month of the period's last day, up to that day.
    #[serde(rename = "month")]
    Month,
}

impl MauWindow {
    /// Gives the month that ends with a window.
    pub(in crate::catalog) fn of(self, calendar: &Calendar, window: &Window) -> Window {
        match self {
            Self::FourWeeks => calendar.days_up_to(window.to, 28),
            Self::ThirtyDays => calendar.days_up_to(window.to, 30),
            Self::Month => calendar.window(calendar.period_of(Grain::Month, shift(window.to, -1)).from, window.to),
        }
    }

    /// Says in words what a month is.
    pub(in crate::catalog) const fn described(self) -> &'static str {
        match self {
            Self::FourWeeks => "the 28 days that end with the period",
            Self::ThirtyDays => "the 30 days that end with the period",
            Self::Month => "the calendar month of the period's last day, up to that day",
        }
    }
}

/// Customers active in a month.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::catalog) struct Mau {
    /// What a month is.
    #[serde(default)]
    window: MauWindow,
    /// Names of the events that make a customer active.
    #[serde(default)]
    active_events: ActiveEvents,
}

impl Metric for Mau {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn measures(&self) -> Vec<Measure> {
        vec![Measure::headline(Unit::Count)]
    }

    fn policy(&self, _: &OrderValue) -> String {
        format!("{}, {}", self.window.described(), self.active_events.described())
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
        Ok(Estimate::Count(active.days.n))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tallybook_calendar::FiscalYear;

    #[test]
    fn months_by_the_calendar() {
        let calendar = Calendar {
            zone: chrono_tz::Europe::Berlin,
            week_start: chrono::Weekday::Mon,
            fiscal: FiscalYear::default(),
        };
        let day = |text: &str| text.parse().expect("a day");
        let week = calendar.window(day("2026-03-23"), day("2026-03-30"));
        let begins = |window: MauWindow, of: &Window| {
            let month = window.of(&calendar, of);
            assert_eq!((month.to, month.end), (of.to, of.end));
            month.from
        };
        assert_eq!(begins(MauWindow::FourWeeks, &week), day("2026-03-02"));
        assert_eq!(begins(MauWindow::ThirtyDays, &week), day("2026-02-28"));
        assert_eq!(begins(MauWindow::Month, &week), day("2026-03-01"));
        // A month is itself, although the day after its last lies in the next.
        let march = calendar.window(day("2026-03-01"), day("2026-04-01"));
        assert_eq!(begins(MauWindow::Month, &march), day("2026-03-01"));
        // A week across the turn of a month is of the month in which it ends.
        let turn = calendar.window(day("2026-03-30"), day("2026-04-06"));
        assert_eq!(begins(MauWindow::Month, &turn), day("2026-04-01"));
    }
}
