//! Resolution time.

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
    id: "resolution_time",
    title: "Resolution time",
    area: Area::Service,
    unit: Unit::Duration,
    good: Direction::Down,
    definition: "How long it took to solve the tickets opened in the period, in the middle of them; beside it the 90th percentile and the tickets not solved yet.",
    formula: "median of solution - opening over solved tickets",
    source: "Koole (2013), Call Center Optimization, ch. 3; Conover (1999), Practical Nonparametric Statistics, 3.2, for the interval",
    interval: "order statistics (quantiles), Student's t (mean), Poisson (counts)",
    traps: &[
        "tickets that are not solved yet are the long ones: a recent period looks quicker than it will",
        "first solution and last differ where tickets are opened again",
        "a mean follows a few tickets that were forgotten; the median does not",
    ],
    options: &[
        OptionInfo {
            name: "business_hours",
            default: "none",
            meaning: "opening hours and holidays: only time within them counts",
        },
        OptionInfo { name: "mean", default: "false", meaning: "show the mean too" },
        OptionInfo {
            name: "until",
            default: "first",
            meaning: "`first`: when it was solved first; `full`: when it was resolved at last",
        },
    ],
    example: "{until: full}",
};

/// How long customers wait for a solution.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::catalog) struct ResolutionTime {
    /// Opening hours: only time within them counts.
    #[serde(default)]
    business_hours: Option<BusinessHours>,
    /// Show the mean too.
    #[serde(default)]
    mean: bool,
    /// Until when a ticket takes.
    #[serde(default)]
    until: Until,
}

/// Until when a ticket takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Until {
    /// When it was solved first.
    #[default]
    First,
    /// When it was resolved at last.
    Full,
}

impl ResolutionTime {
    const fn stretch(&self) -> Stretch {
        Stretch {
            seconds: "resolution_time.seconds",
            open: "resolution_time.open",
            inputs: match self.until {
                Until::First => &["opened_at", "solved_at"],
                Until::Full => &["opened_at", "resolved_at"],
            },
            waiting: ("unsolved", "not solved yet"),
        }
    }
}

impl Metric for ResolutionTime {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn measures(&self) -> Vec<Measure> {
        self.stretch().measures(self.mean)
    }

    fn policy(&self, _: &OrderValue) -> String {
        let until = match self.until {
            Until::First => "first solution",
            Until::Full => "last resolution",
        };
        format!("until the {until}, in {}", hours_policy(self.business_hours.as_ref()))
    }

    fn needs(&self) -> Vec<Need> {
        let end = match self.until {
            Until::First => "solved_at",
            Until::Full => "resolved_at",
        };
        vec![Need::of(TableKind::Tickets, &[end], &[])]
    }

    fn is_settled(&self, measure: &str) -> bool {
        measure != "unsolved"
    }

    fn request(&self, requests: &mut Requests<'_>) {
        self.stretch().request(requests, self.business_hours.as_ref());
    }

    fn outcome(&self, results: &Results, measure: &str, cell: &Cell) -> Outcome {
        self.stretch().outcome(results, measure, cell)
    }
}
