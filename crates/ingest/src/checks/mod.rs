//! The gate: what was checked of a run's data, and what came of it.
//!
//! Each check is made for one reported period, from what became of the rows ([`SourceReport`]) and the days that the tables reach over.

mod arrival;
mod held;
mod rows;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use tallybook_calendar::{Calendar, Period};

pub use held::Held;

use crate::quarantine::SourceReport;
use crate::schema::TableKind;

/// Whether a report can be trusted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trust {
    /// The verdict.
    pub state: TrustState,
    /// The checks.
    pub checks: Vec<Check>,
}

/// The verdict on a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrustState {
    /// All checks passed.
    Pass,
    /// Published, with figures that need care.
    Degraded,
    /// Not published.
    Held,
}

impl TrustState {
    /// Gives the word shown.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Degraded => "DEGRADED",
            Self::Held => "HELD",
        }
    }
}

/// One check of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What was checked.
    pub name: String,
    /// What came of it.
    pub state: TrustState,
    /// In words.
    pub detail: String,
}

impl Check {
    fn pass(name: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { name: name.into(), state: TrustState::Pass, detail: detail.into() }
    }

    fn degraded(name: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { state: TrustState::Degraded, ..Self::pass(name, detail) }
    }
}

/// The days of which a table has rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coverage {
    /// The first.
    pub first: NaiveDate,
    /// The last.
    pub last: NaiveDate,
}

/// What the checks of a reported period look at.
#[derive(Debug, Clone, Copy)]
pub struct Checked<'a> {
    /// The period.
    pub period: &'a Period,
    /// The calendar of the pipeline.
    pub calendar: &'a Calendar,
    /// What became of the rows of each source.
    pub accounts: &'a [SourceReport],
    /// Days of which each table has rows, as far as the period's end.
    pub coverage: &'a BTreeMap<TableKind, Coverage>,
    /// What targets name and the report does not have, with how many targets name each.
    pub unmatched_targets: &'a BTreeMap<String, u64>,
}

impl Trust {
    /// Makes the checks of a reported period.
    pub fn of(checked: &Checked<'_>) -> Self {
        let mut checks = arrival::reach_the_end(checked);
        checks.extend(arrival::subscriptions_are_new(checked));
        checks.extend(targets_are_known(checked));
        checks.extend(rows::accounted_for(checked.accounts));
        Self { state: checks.iter().map(|check| check.state).max().unwrap_or(TrustState::Pass), checks }
    }

    /// Finds the check that gave the verdict, where that is not the best one.
    pub fn worst(&self) -> Option<&Check> {
        self.checks.iter().find(|check| check.state == self.state && check.state != TrustState::Pass)
    }
}

/// Targets are of what is in the report.
fn targets_are_known(checked: &Checked<'_>) -> Option<Check> {
    if checked.unmatched_targets.is_empty() {
        return None;
    }
    let named: Vec<String> = checked.unmatched_targets.keys().map(|name| format!("`{name}`")).collect();
    let detail = format!("there are targets for {}, of which the report has no figures", named.join(", "));
    Some(Check::degraded("targets are of what is in the report", detail))
}
