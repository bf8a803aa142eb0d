//! Fiscal years of 52 or 53 whole weeks, in periods of 4, 4 and 5 of them.

use chrono::{Datelike, NaiveDate, Weekday};
use schemars::JsonSchema;
use serde::de::{self, Deserializer};
use serde::{Deserialize, Serialize};

use crate::shift;

/// How fiscal years run: each begins on the week start nearest to a day of the year, so that it has 52 or 53 whole weeks.
///
/// A year has twelve periods in four quarters; the 53rd week, where there is one, belongs to the last period. A year is
/// named after the calendar year in which that day lies (`FY2026` begins near 1 February 2026).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FiscalYear {
    /// Month of the day near which the year begins.
    #[serde(default = "one", deserialize_with = "month")]
    #[schemars(range(min = 1, max = 12))]
    pub starts_near_month: u32,
    /// Day of that month.
    #[serde(default = "one", deserialize_with = "day_of_month")]
    #[schemars(range(min = 1, max = 28))]
    pub starts_near_day: u32,
    /// Weeks of the three periods of a quarter.
    #[serde(default)]
    pub pattern: Pattern,
}

const fn one() -> u32 {
    1
}

fn month<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    up_to(12, u32::deserialize(deserializer)?)
}

fn day_of_month<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    up_to(28, u32::deserialize(deserializer)?)
}

fn up_to<E: de::Error>(last: u32, number: u32) -> Result<u32, E> {
    if (1..=last).contains(&number) {
        return Ok(number);
    }
    Err(E::custom(format!("{number} is not between 1 and {last}")))
}

/// Weeks of the three periods of a quarter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum Pattern {
    /// 4, 4 and 5 weeks.
    #[default]
    #[serde(rename = "4-4-5")]
    FourFourFive,
    /// 4, 5 and 4 weeks.
    #[serde(rename = "4-5-4")]
    FourFiveFour,
    /// 5, 4 and 4 weeks.
    #[serde(rename = "5-4-4")]
    FiveFourFour,
}

impl Default for FiscalYear {
    fn default() -> Self {
        Self { starts_near_month: 1, starts_near_day: 1, pattern: Pattern::default() }
    }
}

impl FiscalYear {
    /// Gives the first day of a fiscal year.
    pub(super) fn start(&self, year: i32, week_start: Weekday) -> NaiveDate {
        let near = NaiveDate::from_ymd_opt(year, self.starts_near_month, self.starts_near_day.min(28))
            .unwrap_or(NaiveDate::MIN);
        let back = i64::from((7 + near.weekday().num_days_from_monday() - week_start.num_days_from_monday()) % 7);
        // The nearest week start: up to three days back, or up to three forward.
        if back <= 3 { shift(near, -back) } else { shift(near, 7 - back) }
    }

    /// Gives year, number (1 to 12), first day and the day after the last of the period that holds a day.
    pub(super) fn period_of(&self, day: NaiveDate, week_start: Weekday) -> (i32, u32, NaiveDate, NaiveDate) {
        // A year begins at most three days before or after a day of its calendar year.
        let mut year = day.year() + 1;
        for _ in 0..2 {
            if self.start(year, week_start) > day {
                year -= 1;
            }
        }
        let (start, next) = (self.start(year, week_start), self.start(year + 1, week_start));
        let mut from = start;
        for number in 1..=12 {
            let weeks = self.weeks(number);
            let to = if number == 12 { next } else { shift(from, 7 * weeks) };
            if day < to {
                return (year, number, from, to);
            }
            from = to;
        }
        (year, 12, from, next)
    }

    const fn weeks(&self, number: u32) -> i64 {
        let weeks = match self.pattern {
            Pattern::FourFourFive => [4, 4, 5],
            Pattern::FourFiveFour => [4, 5, 4],
            Pattern::FiveFourFour => [5, 4, 4],
        };
        weeks[((number - 1) % 3) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_retail_calendar() {
        // National Retail Federation 4-5-4 calendar: weeks begin on Sunday, fiscal 2023 began on 2023-01-29 and had 53 weeks,
        // fiscal 2024 began on 2024-02-04, fiscal 2025 on 2025-02-02.
        let retail = FiscalYear { starts_near_month: 2, starts_near_day: 1, pattern: Pattern::FourFiveFour };
        let start = |year| retail.start(year, Weekday::Sun).to_string();
        assert_eq!([start(2023), start(2024), start(2025)], ["2023-01-29", "2024-02-04", "2025-02-02"]);
        let day = |text: &str| text.parse().expect("a day");
        let (year, number, from, to) = retail.period_of(day("2024-02-03"), Weekday::Sun);
        assert_eq!((year, number), (2023, 12));
        // January of fiscal 2023 has five weeks: 2023-12-31 to 2024-02-03.
        assert_eq!((from.to_string(), to.to_string()), ("2023-12-31".into(), "2024-02-04".into()));
    }
}
