//! First response time.

use schemars::JsonSchema;
use serde::Deserialize;
use tallybook_ingest::TableKind;

use super::desk::{Stretch, hours_policy};
use crate::declare::{Area, Direction, Info, Measure, OptionInfo, Unit};
use crate::engine::order_value::OrderValue;
use crate::metric::{Cell, Metric, Need, Requests, Results};
use tallybook_calendar::BusinessHours;
use tallybook_stats::Outcome;

pub(in crate::catalog) const INFO: Info = Info {
    id: "first_response_time",
    title: "First response time",
    area: Area::Service,
    unit: Unit::Duration,
    good: Direction::Down,
    definition: "How long it took until someone first answered the tickets opened in the period, in the middle of them; beside it the 90th percentile and the tickets not answered yet.",
    formula: "median of first response - opening over answered tickets",
    source: "Koole (2013), Call Center Optimization, ch. 3; Conover (1999), Practical Nonparametric Statistics, 3.2, for the interval",
    interval: "order statistics (quantiles), Student's t (mean), Poisson (counts)",
    traps: &[
        "tickets that no one answered yet are no quick ones: they are counted beside",
        "a mean follows a few tickets that were forgotten; the median does not",
        "a response before the opening is quarantined",
    ],
    options: &[
        OptionInfo {
            name: "business_hours",
            default: "none",
            meaning: "opening hours and holidays: only time within them counts",
        },
        OptionInfo { name: "mean", default: "false", meaning: "show the mean too" },
    ],
    example: "{mean: true}",
};

/// How long customers wait for a first answer.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::catalog) struct FirstResponseTime {
    /// Opening hours: only time within them counts.
    #[serde(default)]
    business_hours: Option<BusinessHours>,
    /// Show the mean too.
    #[serde(default)]
    mean: bool,
}

const STRETCH: Stretch = Stretch {
    seconds: "first_response_time.seconds",
    open: "first_response_time.open",
    inputs: &["opened_at", "first_response_at"],
    waiting: ("unanswered", "not answered yet"),
};

impl Metric for FirstResponseTime {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn measures(&self) -> Vec<Measure> {
        STRETCH.measures(self.mean)
    }

    fn policy(&self, _: &OrderValue) -> String {
        hours_policy(self.business_hours.as_ref())
    }

    fn needs(&self) -> Vec<Need> {
        vec![Need::of(TableKind::Tickets, &["first_response_at"], &[])]
    }

    fn is_settled(&self, measure: &str) -> bool {
        measure != "unanswered"
    }

    fn request(&self, requests: &mut Requests<'_>) {
        STRETCH.request(requests, self.business_hours.as_ref());
    }

    fn outcome(&self, results: &Results, measure: &str, cell: &Cell) -> Outcome {
        STRETCH.outcome(results, measure, cell)
    }
}
