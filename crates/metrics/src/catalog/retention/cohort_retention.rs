//! Cohort retention.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::catalog::cohort_view::{CohortView, retention, revenue_retention};
use crate::catalog::options::{MAX_AGES, MAX_DAYS};
use crate::declare::{Area, Direction, Info, Measure, OptionInfo, Unit};
use crate::engine::order_value::OrderValue;
use crate::folds::cohorts::{Ages, CohortGrain, CohortStart};
use crate::metric::{Cell, Metric, Need, Requests, Results};
use crate::result::CohortTable;
use tallybook_ingest::TableKind;
use tallybook_stats::Outcome;

pub(in crate::catalog) const INFO: Info = Info {
    id: "cohort_retention",
    title: "Cohort retention",
    area: Area::Retention,
    unit: Unit::Share,
    good: Direction::Up,
    definition: "The share of the newest mature cohort that was active at an age; in detail, of every cohort at every age, with revenue retention beside it.",
    formula: "customers of the cohort active at age k / customers of the cohort",
    source: "Fader & Hardie (2009); calendar cohorts as in Croll & Yoskovitz (2013), Lean Analytics",
    interval: "Wilson",
    traps: &[
        "a cell whose time is not over is immature: blank, never 0",
        "age 0 is the cohort's own period, in which by first order everyone is active",
        "the total of an age is over mature cells only, weighted by size",
    ],
    options: &[
        OptionInfo { name: "grain", default: "month", meaning: "cohorts by `week`, `month` or `quarter`" },
        OptionInfo { name: "start", default: "first_order", meaning: "a customer joins at `first_order` or `sign_up`" },
        OptionInfo { name: "ages", default: "12", meaning: "ages shown at the most" },
        OptionInfo { name: "headline_age", default: "1", meaning: "the age of the headline figure" },
        OptionInfo {
            name: "unbounded",
            default: "false",
            meaning: "counts a customer as active at an age when active then or later",
        },
        OptionInfo {
            name: "days",
            default: "none",
            meaning: "ages as days since the customer's own start (n-day retention): [1, 7, 30]",
        },
        OptionInfo {
            name: "brackets",
            default: "none",
            meaning: "ages as brackets of such days, both ends in: [[1, 7], [8, 30]]",
        },
    ],
    example: "{grain: week, ages: 8, headline_age: 4}",
};

const REVENUE: &str = "revenue";

/// The retention of cohorts.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(try_from = "CohortOptions")]
pub(in crate::catalog) struct CohortRetention(CohortOptions);

/// Options of metrics over cohorts.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::catalog) struct CohortOptions {
    /// Length of cohort periods.
    #[serde(default)]
    grain: CohortGrain,
    /// When a customer joins a cohort.
    #[serde(default)]
    start: CohortStart,
    /// Ages shown at the most.
    #[serde(default = "twelve", deserialize_with = "crate::catalog::options::ages")]
    #[schemars(range(min = 1, max = 520))]
    ages: u16,
    /// The age of the headline figure.
    #[serde(default = "one")]
    headline_age: u16,
    /// Counts a customer as active at an age when active then or later.
    #[serde(default)]
    unbounded: bool,
    /// Ages as days since the customer's own start.
    #[serde(default)]
    days: Vec<u32>,
    /// Ages as brackets of such days.
    #[serde(default)]
    brackets: Vec<(u32, u32)>,
}

const fn twelve() -> u16 {
    12
}

const fn one() -> u16 {
    1
}

impl TryFrom<CohortOptions> for CohortRetention {
    type Error = String;

    fn try_from(options: CohortOptions) -> Result<Self, String> {
        options.checked().map(Self)
    }
}

impl CohortOptions {
    /// Checks what cannot be said by types.
    pub(in crate::catalog) fn checked(self) -> Result<Self, String> {
        if !self.days.is_empty() && !self.brackets.is_empty() {
            return Err("give `days` or `brackets`, not both".into());
        }
        if self.brackets.iter().any(|(from, to)| to < from) {
            return Err("a bracket of days ends before it begins".into());
        }
        if self.brackets.windows(2).any(|pair| pair[1].0 <= pair[0].1) || !self.days.is_sorted_by(|a, b| a < b) {
            return Err("days must ascend and brackets must not overlap".into());
        }
        let brackets = self.day_ages();
        if brackets.len() > usize::from(MAX_AGES) {
            return Err(format!("{} ages are more than {MAX_AGES}, the most that a table has", brackets.len()));
        }
        if let Some((_, day)) = brackets.iter().find(|(_, day)| *day > MAX_DAYS) {
            return Err(format!("day {day} is past {MAX_DAYS}, the last that is looked at"));
        }
        let ages = if self.day_ages().is_empty() { usize::from(self.ages) } else { self.day_ages().len() };
        if usize::from(self.headline_age) > ages {
            return Err(format!("`headline_age` is {}, past the {ages} ages shown", self.headline_age));
        }
        Ok(self)
    }

    fn day_ages(&self) -> Vec<(u32, u32)> {
        self.days.iter().map(|&day| (day, day)).chain(self.brackets.iter().copied()).collect()
    }

    pub(in crate::catalog) fn view(&self) -> CohortView {
        let days = self.day_ages();
        let (ages, shown) = if days.is_empty() {
            // Age 0 comes on top of the ages asked for.
            (Ages::Periods, usize::from(self.ages) + 1)
        } else {
            let count = days.len();
            (Ages::Days(days), count)
        };
        CohortView { grain: self.grain, start: self.start, ages, unbounded: self.unbounded, shown }
    }

    /// Position of the headline's age.
    pub(in crate::catalog) fn headline(&self) -> usize {
        let age = usize::from(self.headline_age);
        if self.day_ages().is_empty() { age } else { age.saturating_sub(1) }
    }

    pub(in crate::catalog) fn policy(&self) -> String {
        let view = self.view();
        format!("{}; headline at {}", view.describe(), view.age_name(self.headline()))
    }

    pub(in crate::catalog) fn needs(&self) -> Vec<Need> {
        let customers = Need::of(TableKind::Customers, &["signed_up_at"], &[]);
        match self.start {
            CohortStart::FirstOrder => vec![Need::orders()],
            CohortStart::SignUp => vec![Need::orders(), customers],
        }
    }
}

impl Metric for CohortRetention {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn measures(&self) -> Vec<Measure> {
        vec![Measure::headline(Unit::Share), Measure { key: REVENUE, suffix: "revenue", unit: Unit::Share }]
    }

    fn policy(&self, _: &OrderValue) -> String {
        self.0.policy()
    }

    fn needs(&self) -> Vec<Need> {
        self.0.needs()
    }

    fn stands_alone(&self, _measure: &str) -> bool {
        false
    }

    fn request(&self, requests: &mut Requests<'_>) {
        self.0.view().request(requests);
    }

    fn outcome(&self, results: &Results, measure: &str, cell: &Cell) -> Outcome {
        let read = if measure == REVENUE { revenue_retention } else { retention };
        self.0.view().newest(results, self.0.headline(), cell, read)
    }

    fn cohorts(&self, results: &Results, measure: &str, cell: &Cell) -> Option<CohortTable> {
        let read = if measure == REVENUE { revenue_retention } else { retention };
        self.0.view().table(results, cell, Unit::Share, read)
    }
}
