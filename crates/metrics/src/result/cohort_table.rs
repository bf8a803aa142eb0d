//! Cohort tables.

use tallybook_calendar::Period;
use tallybook_stats::Outcome;

use crate::declare::Unit;

/// A cohort table: one row a cohort, one column an age.
#[derive(Debug, Clone)]
pub struct CohortTable {
    /// What its cells are.
    pub unit: Unit,
    /// What an age is: `month`, `week`, `days 1 to 7`.
    pub ages: Vec<String>,
    /// The cohorts, oldest first.
    pub rows: Vec<CohortRow>,
    /// Size-weighted total over mature cells, by age.
    pub total: Vec<Outcome>,
}

/// A row of a cohort table.
#[derive(Debug, Clone)]
pub struct CohortRow {
    /// The cohort's period.
    pub cohort: Period,
    /// How many customers it has.
    pub size: u64,
    /// Whether its period is over, so that no one joins it any more.
    pub complete: bool,
    /// What it did, by age.
    pub cells: Vec<Outcome>,
}
