//! Periods: days, weeks, months, quarters, years, fiscal periods and any range of days.

use chrono::{Datelike, Days, Months, NaiveDate, Weekday};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Calendar, YEARS, shift};

/// The most periods that one run reports.
pub const MAX_PERIODS: usize = 5_000;

/// The length of the periods that a report is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Grain {
    /// A calendar day.
    Day,
    /// A week, from the pipeline's first day of the week.
    Week,
    /// A calendar month.
    Month,
    /// A calendar quarter.
    Quarter,
    /// A calendar year.
    Year,
    /// A period of a 4-4-5 fiscal year.
    FiscalPeriod,
    /// Any range of days; only by `--from` and `--to`.
    #[serde(skip)]
    Custom,
}

impl Grain {
    /// Gives the word for one period.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
            Self::FiscalPeriod => "fiscal period",
            Self::Custom => "range",
        }
    }
}

/// A period: a run of local days with a label.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Period {
    /// First day.
    pub from: NaiveDate,
    /// The day after the last.
    pub to: NaiveDate,
    /// How long it is.
    #[serde(with = "grain_name")]
    pub grain: Grain,
    /// Its name: `2026-W46`, `2026-11`, `2026-Q4`, `FY2026-P10`.
    pub label: String,
}

/// `Custom` cannot be asked for in a pipeline, yet figures of a custom range must be written and read.
mod grain_name {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::Grain;

    const ALL: [Grain; 7] =
        [Grain::Day, Grain::Week, Grain::Month, Grain::Quarter, Grain::Year, Grain::FiscalPeriod, Grain::Custom];

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
    pub(super) fn serialize<S: Serializer>(grain: &Grain, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(grain.noun())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Grain, D::Error> {
        let noun = String::deserialize(deserializer)?;
        let found = ALL.into_iter().find(|grain| grain.noun() == noun);
        found.ok_or_else(|| serde::de::Error::custom(format!("`{noun}` is not a kind of period")))
    }
}

/// A period that cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PeriodError {
    /// The label is not one of the grain's.
    #[error("`{label}` is not a {} such as {example}", grain.noun())]
    Label {
        /// The label.
        label: String,
        /// The grain asked for.
        grain: Grain,
        /// A label of that grain.
        example: &'static str,
    },
    /// The year has no such week.
    #[error("{year} has no week {week}: it has {weeks}")]
    NoSuchWeek {
        /// The year.
        year: i32,
        /// The week asked for.
        week: u32,
        /// How many it has.
        weeks: u32,
    },
    /// A period that lies, or reaches, outside the years that are counted with.
    #[error("{what} is not within the years {} to {}", YEARS.start, YEARS.end - 1)]
    OutOfRange {
        /// The day or the label.
        what: String,
    },
    /// A range of days that holds more periods than are reported at once.
    #[error("{from} to {to} holds more than {} {}s, the most that are reported at once", MAX_PERIODS, grain.noun())]
    TooMany {
        /// First day.
        from: NaiveDate,
        /// Last day.
        to: NaiveDate,
        /// How long the periods are.
        grain: Grain,
    },
    /// A range that ends before it begins.
    #[error("the range ends on {to}, before it begins on {from}")]
    Backwards {
        /// First day.
        from: NaiveDate,
        /// Last day.
        to: NaiveDate,
    },
}

impl Period {
    /// Makes a range of days, both ends included.
    pub fn custom(from: NaiveDate, last: NaiveDate) -> Result<Self, PeriodError> {
        if last < from {
            return Err(PeriodError::Backwards { from, to: last });
        }
        Ok(Self { from, to: shift(last, 1), grain: Grain::Custom, label: format!("{from}..{last}") })
    }

    /// Makes a range of days, both ends included and within [`YEARS`].
    ///
    /// # Errors
    /// Fails where a day is not within them, or the range ends before it begins.
    pub fn within_years(from: NaiveDate, last: NaiveDate) -> Result<Self, PeriodError> {
        match [from, last].into_iter().find(|day| !YEARS.contains(&day.year())) {
            Some(day) => Err(PeriodError::OutOfRange { what: day.to_string() }),
            None => Self::custom(from, last),
        }
    }

    /// Makes a range of days, the second of which is not in it.
    pub(super) fn of_days(from: NaiveDate, to: NaiveDate) -> Self {
        Self { from, to, grain: Grain::Custom, label: format!("{from}..{}", shift(to, -1)) }
    }

    /// Gives the last day.
    pub fn last(&self) -> NaiveDate {
        shift(self.to, -1)
    }

    /// Counts the days.
    pub fn days(&self) -> i64 {
        (self.to - self.from).num_days()
    }
}

impl Calendar {
    /// Gives the whole periods of a grain in a range of days, both ends included, oldest first.
    ///
    /// # Errors
    /// Fails where the range is not within [`YEARS`], ends before it begins, or holds more than [`MAX_PERIODS`] periods.
    pub fn periods_within(&self, grain: Grain, from: NaiveDate, last: NaiveDate) -> Result<Vec<Period>, PeriodError> {
        let range = Period::within_years(from, last)?;
        let mut period = self.period_of(grain, from);
        if period.from < from {
            period = self.next(&period);
        }
        let mut periods = Vec::new();
        while period.to <= range.to {
            if periods.len() == MAX_PERIODS {
                return Err(PeriodError::TooMany { from, to: last, grain });
            }
            let next = self.next(&period);
            let moves = next.to > period.to;
            periods.push(period);
            if !moves {
                break;
            }
            period = next;
        }
        Ok(periods)
    }

    /// Gives the period of a grain that holds a day; a custom range is that day alone.
    pub fn period_of(&self, grain: Grain, day: NaiveDate) -> Period {
        let (from, to, label) = match grain {
            Grain::Day => (day, shift(day, 1), day.to_string()),
            Grain::Week => {
                let from = self.week_of(day);
                let (year, week) = self.week_label(from);
                (from, shift(from, 7), format!("{year}-W{week:02}"))
            }
            Grain::Month => {
                let from = first_of_month(day, 1);
                (from, add_months(from, 1), from.format("%Y-%m").to_string())
            }
            Grain::Quarter => {
                let from = first_of_month(day, 3);
                (from, add_months(from, 3), format!("{}-Q{}", from.year(), from.month0() / 3 + 1))
            }
            Grain::Year => {
                let from = first_of_month(day, 12);
                (from, add_months(from, 12), from.year().to_string())
            }
            Grain::FiscalPeriod => {
                let (year, number, from, to) = self.fiscal.period_of(day, self.week_start);
                (from, to, format!("FY{year}-P{number:02}"))
            }
            Grain::Custom => (day, shift(day, 1), format!("{day}..{day}")),
        };
        Period { from, to, grain, label }
    }

    /// Gives the period before; for a custom range, as many days just before it.
    pub fn previous(&self, period: &Period) -> Period {
        match period.grain {
            Grain::Custom => Period::of_days(shift(period.from, -period.days()), period.from),
            grain => self.period_of(grain, shift(period.from, -1)),
        }
    }

    /// Gives the period after; for a custom range, as many days just after it.
    pub fn next(&self, period: &Period) -> Period {
        match period.grain {
            Grain::Custom => Period::of_days(period.to, shift(period.to, period.days())),
            grain => self.period_of(grain, period.to),
        }
    }

    /// Gives the last period that is over at a moment.
    pub fn last_completed(&self, grain: Grain, now: i64) -> Period {
        let current = self.period_of(grain, self.day_of(now));
        if self.day_start(current.to) <= now { current } else { self.previous(&current) }
    }

    /// Reads the label of a period.
    ///
    /// # Errors
    /// Fails where the label is not one of the grain's, or the period is not within [`YEARS`].
    pub fn parse(&self, grain: Grain, label: &str) -> Result<Period, PeriodError> {
        let period = self.parse_any(grain, label)?;
        let inside = YEARS.contains(&period.from.year()) && YEARS.contains(&period.last().year());
        inside.then_some(period).ok_or_else(|| PeriodError::OutOfRange { what: label.to_owned() })
    }

    fn parse_any(&self, grain: Grain, label: &str) -> Result<Period, PeriodError> {
        let example = match grain {
            Grain::Day => "2026-11-16",
            Grain::Week => "2026-W46",
            Grain::Month => "2026-11",
            Grain::Quarter => "2026-Q4",
            Grain::Year => "2026",
            Grain::FiscalPeriod => "FY2026-P10",
            Grain::Custom => "2026-08-01..2026-10-31",
        };
        let wrong = || PeriodError::Label { label: label.to_owned(), grain, example };
        let day = |text: &str| text.parse::<NaiveDate>().ok();
        match grain {
            Grain::Week => {
                let (year, week) = label.split_once("-W").ok_or_else(wrong)?;
                let (year, week) = (year.parse::<i32>().map_err(|_| wrong())?, week.parse().map_err(|_| wrong())?);
                self.week(year, week)?.ok_or_else(wrong)
            }
            Grain::Custom => {
                let (from, last) = label.split_once("..").ok_or_else(wrong)?;
                Period::custom(day(from).ok_or_else(wrong)?, day(last).ok_or_else(wrong)?)
            }
            Grain::FiscalPeriod => {
                let (year, number) =
                    label.strip_prefix("FY").and_then(|rest| rest.split_once("-P")).ok_or_else(wrong)?;
                let (year, number) =
                    (year.parse::<i32>().map_err(|_| wrong())?, number.parse::<u32>().map_err(|_| wrong())?);
                let mut period = self.period_of(grain, self.fiscal.start(year, self.week_start));
                for _ in 1..number.clamp(1, 12) {
                    period = self.next(&period);
                }
                Some(period).filter(|_| (1..=12).contains(&number)).ok_or_else(wrong)
            }
            Grain::Day | Grain::Month | Grain::Quarter | Grain::Year => {
                let first = match grain {
                    Grain::Day => day(label),
                    Grain::Month => day(&format!("{label}-01")),
                    Grain::Year => day(&format!("{label}-01-01")),
                    _ => label.split_once("-Q").and_then(|(year, quarter)| {
                        let month = quarter.parse::<u32>().ok().filter(|quarter| (1..=4).contains(quarter))? * 3 - 2;
                        NaiveDate::from_ymd_opt(year.parse().ok()?, month, 1)
                    }),
                };
                let period = self.period_of(grain, first.ok_or_else(wrong)?);
                Some(period).filter(|period| period.label == label).ok_or_else(wrong)
            }
        }
    }

    /// Gives a numbered week of a year.
    pub(super) fn week(&self, year: i32, week: u32) -> Result<Option<Period>, PeriodError> {
        let Some(fourth) = NaiveDate::from_ymd_opt(year, 1, 4) else { return Ok(None) };
        if week == 0 || week > 53 {
            return Ok(None);
        }
        let from = shift(self.week_of(fourth), 7 * (i64::from(week) - 1));
        let (labelled, _) = self.week_label(from);
        if labelled != year {
            return Err(PeriodError::NoSuchWeek { year, week, weeks: 52 });
        }
        Ok(Some(self.period_of(Grain::Week, from)))
    }

    fn week_of(&self, day: NaiveDate) -> NaiveDate {
        let back = (7 + day.weekday().num_days_from_monday() - self.week_start.num_days_from_monday()) % 7;
        day.checked_sub_days(Days::new(u64::from(back))).unwrap_or(day)
    }

    /// Names a week by the ISO 8601 rule, whatever day it begins on: it belongs to the year that holds its fourth day.
    fn week_label(&self, from: NaiveDate) -> (i32, u32) {
        let fourth = shift(from, 3);
        if self.week_start == Weekday::Mon {
            let iso = fourth.iso_week();
            return (iso.year(), iso.week());
        }
        (fourth.year(), fourth.ordinal0() / 7 + 1)
    }
}

/// The first day of the run of `months` months that holds a day, counted from January.
fn first_of_month(day: NaiveDate, months: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(day.year(), day.month0() / months * months + 1, 1).unwrap_or(day)
}

pub(super) fn add_months(day: NaiveDate, months: i32) -> NaiveDate {
    let distance = Months::new(months.unsigned_abs());
    let moved = if months < 0 { day.checked_sub_months(distance) } else { day.checked_add_months(distance) };
    moved.unwrap_or(day)
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;
    use proptest::prelude::*;

    use super::*;
    use crate::FiscalYear;

    fn calendar(week_start: Weekday) -> Calendar {
        Calendar { zone: Tz::Europe__Berlin, week_start, fiscal: FiscalYear::default() }
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    fn seconds(text: &str) -> i64 {
        chrono::DateTime::parse_from_rfc3339(text).expect("a moment").timestamp()
    }

    #[test]
    fn iso_weeks_at_the_turn_of_the_year() {
        let calendar = calendar(Weekday::Mon);
        // ISO 8601: 2026 has 53 weeks; 2027-01-03 is still in the last of them.
        for (date, label) in [
            ("2025-12-28", "2025-W52"),
            ("2025-12-29", "2026-W01"),
            ("2026-11-15", "2026-W46"),
            ("2027-01-03", "2026-W53"),
            ("2027-01-04", "2027-W01"),
        ] {
            assert_eq!(calendar.period_of(Grain::Week, day(date)).label, label);
        }
        assert_eq!(calendar.parse(Grain::Week, "2026-W53").expect("53 weeks").from, day("2026-12-28"));
        assert_eq!(
            calendar.parse(Grain::Week, "2025-W53"),
            Err(PeriodError::NoSuchWeek { year: 2025, week: 53, weeks: 52 })
        );
    }

    #[test]
    fn labels_that_are_none() {
        let calendar = calendar(Weekday::Mon);
        for (grain, label) in [
            (Grain::Week, "2026-46"),
            (Grain::Week, "2026-W00"),
            (Grain::Month, "2026-13"),
            (Grain::Month, "2026-11-02"),
            (Grain::Quarter, "2026-Q5"),
            (Grain::Day, "16.11.2026"),
            (Grain::FiscalPeriod, "FY2026-P13"),
        ] {
            assert!(matches!(calendar.parse(grain, label), Err(PeriodError::Label { .. })), "{label}");
        }
    }

    #[test]
    fn periods_end_with_the_years_that_are_counted_with() {
        let calendar = calendar(Weekday::Mon);
        let wrong = |what: &str| PeriodError::OutOfRange { what: what.to_owned() };
        for (grain, label) in [
            (Grain::Week, "262142-W52"),
            (Grain::Year, "9999"),
            (Grain::Day, "1899-12-31"),
            (Grain::FiscalPeriod, "FY2147483647-P12"),
            (Grain::FiscalPeriod, "FY-2147483648-P01"),
        ] {
            assert_eq!(calendar.parse(grain, label), Err(wrong(label)), "{label}");
        }
        assert_eq!(calendar.parse(Grain::Year, "2199").map(|year| year.to), Ok(day("2200-01-01")));
        let within = |from: NaiveDate, last: NaiveDate| calendar.periods_within(Grain::Day, from, last);
        assert_eq!(within(NaiveDate::MAX, NaiveDate::MAX), Err(wrong(&NaiveDate::MAX.to_string())));
        // 13 years of 365 days, three of them with one more, and 252 days of the next: 5,000 in all.
        let (from, last) = (day("2001-01-01"), day("2014-09-09"));
        assert_eq!(within(from, last).map(|periods| periods.len()), Ok(MAX_PERIODS));
        let last = shift(last, 1);
        assert_eq!(within(from, last), Err(PeriodError::TooMany { from, to: last, grain: Grain::Day }));
    }

    #[test]
    fn the_last_completed_week_is_over() {
        let calendar = calendar(Weekday::Mon);
        // Monday 2026-11-16 00:00 in Berlin is 2026-11-15 23:00 UTC.
        let last = |now| calendar.last_completed(Grain::Week, seconds(now)).label;
        assert_eq!(last("2026-11-15T22:59:59Z"), "2026-W45");
        assert_eq!(last("2026-11-15T23:00:00Z"), "2026-W46");
        assert_eq!(calendar.last_completed(Grain::Month, seconds("2026-11-30T23:00:00Z")).label, "2026-11");
    }

    proptest! {
        #[test]
        fn periods_tile_the_calendar_and_labels_read_back(
            offset in -20_000_i64..40_000,
            start in prop_oneof![Just(Weekday::Mon), Just(Weekday::Wed), Just(Weekday::Sun)],
            grain in prop_oneof![
                Just(Grain::Day), Just(Grain::Week), Just(Grain::Month), Just(Grain::Quarter), Just(Grain::Year),
                Just(Grain::FiscalPeriod),
            ],
        ) {
            let calendar = calendar(start);
            let date = shift(day("1970-01-01"), offset);
            let period = calendar.period_of(grain, date);
            prop_assert!(period.from <= date && date < period.to);
            prop_assert_eq!(calendar.next(&period).from, period.to);
            prop_assert_eq!(calendar.previous(&period).to, period.from);
            prop_assert_eq!(calendar.parse(grain, &period.label), Ok(period));
        }
    }
}
