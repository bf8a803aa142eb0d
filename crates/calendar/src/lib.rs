//! The calendar: periods, the windows they cover, and what they are compared with.
//!
//! A [`Period`] is a run of local calendar days with a label; a [`Window`] is the half-open stretch of time it covers in a zone.
//! Whole days are counted on the local calendar, so a week across a clock change has 167 or 169 hours and is one week still.

mod compare;
mod fiscal;
mod hours;
mod period;
mod spelling;

use chrono::{DateTime, Days, NaiveDate, Offset, TimeZone, Weekday};
use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use compare::{Comparison, YearBefore};
pub use fiscal::FiscalYear;
pub use hours::{BusinessHours, OpeningHours};
pub use period::{Grain, MAX_PERIODS, Period, PeriodError};
pub use spelling::did_you_mean;

/// Years that are counted with: days outside them, from a command line or a pipeline file, are slips of the pen.
pub const YEARS: std::ops::Range<i32> = 1900..2200;

/// A half-open stretch of whole local days: `from` is in it, `to` is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Window {
    /// First day.
    pub from: NaiveDate,
    /// The day after the last.
    pub to: NaiveDate,
    /// First moment, in seconds since 1970 UTC.
    pub start: i64,
    /// First moment after it.
    pub end: i64,
}

/// Days of the week, as a pipeline file names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum WeekStart {
    #[default]
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl From<WeekStart> for Weekday {
    fn from(start: WeekStart) -> Self {
        match start {
            WeekStart::Monday => Self::Mon,
            WeekStart::Tuesday => Self::Tue,
            WeekStart::Wednesday => Self::Wed,
            WeekStart::Thursday => Self::Thu,
            WeekStart::Friday => Self::Fri,
            WeekStart::Saturday => Self::Sat,
            WeekStart::Sunday => Self::Sun,
        }
    }
}

/// The calendar of a pipeline.
#[derive(Debug, Clone)]
pub struct Calendar {
    /// The zone in which days begin.
    pub zone: Tz,
    /// The day on which weeks begin.
    pub week_start: Weekday,
    /// How fiscal years run, where they are used.
    pub fiscal: FiscalYear,
}

impl Calendar {
    /// Gives the local day of a moment.
    pub fn day_of(&self, seconds: i64) -> NaiveDate {
        DateTime::from_timestamp(seconds, 0).map_or(NaiveDate::MIN, |utc| utc.with_timezone(&self.zone).date_naive())
    }

    /// Gives the first moment of a local day, in seconds since 1970 UTC.
    ///
    /// That is midnight, except where clocks were put forward at midnight: there the day began later.
    pub fn day_start(&self, day: NaiveDate) -> i64 {
        let midnight = day.and_time(chrono::NaiveTime::MIN);
        let quarters = (0..=96).map(|quarter| midnight + chrono::Duration::minutes(15 * quarter));
        for local in quarters {
            if let Some(offset) = self.zone.offset_from_local_datetime(&local).earliest() {
                return local.and_utc().timestamp() - i64::from(offset.fix().local_minus_utc());
            }
        }
        // No zone has skipped more than a day.
        midnight.and_utc().timestamp()
    }

    /// Gives the window of the days from `from` up to but not including `to`.
    pub fn window(&self, from: NaiveDate, to: NaiveDate) -> Window {
        Window { from, to, start: self.day_start(from), end: self.day_start(to) }
    }

    /// Gives the window of a period.
    pub fn window_of(&self, period: &Period) -> Window {
        self.window(period.from, period.to)
    }

    /// Gives the window of a number of days that ends where another ends.
    pub fn days_up_to(&self, to: NaiveDate, days: u32) -> Window {
        self.window(shift(to, -i64::from(days)), to)
    }
}

/// Moves a day; the calendar's ends are beyond any data.
pub fn shift(day: NaiveDate, days: i64) -> NaiveDate {
    let distance = Days::new(days.unsigned_abs());
    let moved = if days < 0 { day.checked_sub_days(distance) } else { day.checked_add_days(distance) };
    moved.unwrap_or(day)
}

/// Days from 1970-01-01 to a day.
pub fn epoch_day(day: NaiveDate) -> i64 {
    i64::from(day.to_epoch_days())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar(zone: Tz) -> Calendar {
        Calendar { zone, week_start: Weekday::Mon, fiscal: FiscalYear::default() }
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    #[test]
    fn weeks_across_clock_changes() {
        let berlin = calendar(chrono_tz::Europe::Berlin);
        let hours = |from: &str, to: &str| {
            let window = berlin.window(day(from), day(to));
            (window.end - window.start) / 3600
        };
        assert_eq!(hours("2026-03-23", "2026-03-30"), 167);
        assert_eq!(hours("2026-10-19", "2026-10-26"), 169);
        assert_eq!(hours("2026-11-09", "2026-11-16"), 168);
    }

    #[test]
    fn a_day_begins_when_the_clock_says_so() {
        // Beirut: 2022-03-27 began at 01:00 local time, which is 22:00 UTC.
        assert_eq!(calendar(chrono_tz::Asia::Beirut).day_start(day("2022-03-27")), 1_648_332_000);
        // Samoa skipped 2011-12-30 altogether: that day and the next begin together.
        let apia = calendar(chrono_tz::Pacific::Apia);
        assert_eq!(apia.day_start(day("2011-12-30")), apia.day_start(day("2011-12-31")));
    }
}
