//! What a period is compared with: the one before, and the one a year before.

use chrono::Datelike;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::period::add_months;
use crate::{Calendar, Grain, Period, shift};

/// Which period of the year before stands against a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum YearBefore {
    /// 364 days earlier: the same weekdays. The default for days and weeks.
    #[serde(rename = "364d")]
    Days364,
    /// The week of the same number; a week 53 has none in a year of 52.
    #[serde(rename = "iso_week")]
    IsoWeek,
    /// The same dates. The default for months, quarters and years.
    #[serde(rename = "same_date")]
    SameDate,
}

impl YearBefore {
    /// Gives the policy that a grain has unless the pipeline names one.
    pub const fn default_for(grain: Grain) -> Self {
        match grain {
            Grain::Day | Grain::Week | Grain::FiscalPeriod => Self::Days364,
            Grain::Month | Grain::Quarter | Grain::Year | Grain::Custom => Self::SameDate,
        }
    }

    /// Gives the name used in a pipeline file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Days364 => "364d",
            Self::IsoWeek => "iso_week",
            Self::SameDate => "same_date",
        }
    }
}

/// A period to compare with, or the reason why there is none.
pub type Comparison = Result<Period, String>;

impl Calendar {
    /// Gives the period a year before another.
    ///
    /// A period that is not one of the grain's own (364 days before a month, the same dates as a week) is a range of days.
    pub fn year_before(&self, period: &Period, policy: YearBefore) -> Comparison {
        let (from, to) = match policy {
            YearBefore::IsoWeek if period.grain == Grain::Week => return self.same_week(period),
            YearBefore::Days364 => (shift(period.from, -364), shift(period.to, -364)),
            // A range of days has no number: the same dates stand in.
            YearBefore::SameDate | YearBefore::IsoWeek => (add_months(period.from, -12), add_months(period.to, -12)),
        };
        let natural = self.period_of(period.grain, from);
        if natural.from == from && natural.to == to { Ok(natural) } else { Ok(Period::of_days(from, to)) }
    }

    fn same_week(&self, period: &Period) -> Comparison {
        let number =
            period.label.split_once("-W").and_then(|(year, week)| Some((year.parse().ok()?, week.parse().ok()?)));
        let (year, week): (i32, u32) = number.unwrap_or((period.from.year(), 1));
        match self.week(year - 1, week) {
            Ok(Some(found)) => Ok(found),
            Ok(None) => Err(format!("there is no week {week}")),
            Err(error) => Err(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::Weekday;
    use chrono_tz::Tz;

    use super::*;
    use crate::FiscalYear;

    fn calendar() -> Calendar {
        Calendar { zone: Tz::Europe__Berlin, week_start: Weekday::Mon, fiscal: FiscalYear::default() }
    }

    fn against(grain: Grain, label: &str, policy: YearBefore) -> Result<String, String> {
        let period = calendar().parse(grain, label).expect("a period");
        calendar().year_before(&period, policy).map(|period| period.label)
    }

    #[test]
    fn weeks() {
        assert_eq!(against(Grain::Week, "2026-W46", YearBefore::Days364), Ok("2025-W46".into()));
        assert_eq!(against(Grain::Week, "2026-W46", YearBefore::IsoWeek), Ok("2025-W46".into()));
        assert_eq!(against(Grain::Week, "2026-W46", YearBefore::SameDate), Ok("2025-11-09..2025-11-15".into()));
        // 2026 has 53 weeks, 2025 has 52: 364 days before W53 lies 2025-W53's place, which is 2026-W01.
        assert_eq!(against(Grain::Week, "2026-W53", YearBefore::Days364), Ok("2026-W01".into()));
        assert_eq!(against(Grain::Week, "2026-W53", YearBefore::IsoWeek), Err("2025 has no week 53: it has 52".into()));
        // After a year of 53 weeks, the number of the week 364 days before is one higher.
        assert_eq!(against(Grain::Week, "2027-W10", YearBefore::Days364), Ok("2026-W11".into()));
    }

    #[test]
    fn months_and_ranges() {
        assert_eq!(against(Grain::Month, "2028-02", YearBefore::SameDate), Ok("2027-02".into()));
        assert_eq!(against(Grain::Quarter, "2026-Q4", YearBefore::SameDate), Ok("2025-Q4".into()));
        assert_eq!(
            against(Grain::Custom, "2026-08-01..2026-10-31", YearBefore::SameDate),
            Ok("2025-08-01..2025-10-31".into())
        );
        assert_eq!(against(Grain::Month, "2026-11", YearBefore::Days364), Ok("2025-11-02..2025-12-01".into()));
        assert_eq!(
            against(Grain::Custom, "2026-08-01..2026-10-31", YearBefore::IsoWeek),
            Ok("2025-08-01..2025-10-31".into())
        );
    }
}
