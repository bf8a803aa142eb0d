//! Cohort churn.

use schemars::JsonSchema;
use serde::Deserialize;

use super::cohort_retention::CohortOptions;
use crate::catalog::cohort_view::churn;
use crate::declare::{Area, Direction, Info, Measure, Unit};
use crate::engine::order_value::OrderValue;
use crate::metric::{Cell, Metric, Need, Requests, Results};
use crate::result::CohortTable;
use tallybook_stats::Outcome;

pub(in crate::catalog) const INFO: Info = Info {
    id: "cohort_churn",
    title: "Cohort churn",
    area: Area::Retention,
    unit: Unit::Share,
    good: Direction::Down,
    definition: "The share of the newest mature cohort that was not active at an age; in detail, of every cohort at every age.",
    formula: "1 - cohort retention",
    source: "as cohort retention",
    interval: "Wilson",
    traps: &[
        "not active at an age is not gone: customers skip periods and come back; `unbounded` counts only those who never did",
    ],
    options: super::cohort_retention::INFO.options,
    example: "{unbounded: true}",
};

/// The churn of cohorts.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(try_from = "CohortOptions")]
pub(in crate::catalog) struct CohortChurn(CohortOptions);

impl TryFrom<CohortOptions> for CohortChurn {
    type Error = String;

    fn try_from(options: CohortOptions) -> Result<Self, String> {
        options.checked().map(Self)
    }
}

impl Metric for CohortChurn {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn measures(&self) -> Vec<Measure> {
        vec![Measure::headline(Unit::Share)]
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

    fn outcome(&self, results: &Results, _measure: &str, cell: &Cell) -> Outcome {
        self.0.view().newest(results, self.0.headline(), cell, churn)
    }

    fn cohorts(&self, results: &Results, _measure: &str, cell: &Cell) -> Option<CohortTable> {
        self.0.view().table(results, cell, Unit::Share, churn)
    }
}
