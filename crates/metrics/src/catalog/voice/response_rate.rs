//! Response rate.

use schemars::JsonSchema;
use serde::Deserialize;
use tallybook_ingest::{MISSING, TableKind};

use crate::declare::{Area, Direction, Info, Measure, OptionInfo, Unit};
use crate::engine::order_value::OrderValue;
use crate::engine::row_function::RowValue;
use crate::engine::row_sums::Reduction;
use crate::metric::{Cell, Metric, Need, Requests, Results};
use tallybook_stats::Outcome;

pub(in crate::catalog) const INFO: Info = Info {
    id: "response_rate",
    title: "Response rate",
    area: Area::Voice,
    unit: Unit::Share,
    good: Direction::Up,
    definition: "The share of the surveys sent in the period that were answered.",
    formula: "answered / sent",
    source: "AAPOR (2016), Standard Definitions, 9th ed., response rate 1",
    interval: "Wilson",
    traps: &[
        "surveys that were not answered must be in the table: without them the rate is 100%",
        "surveys sent yesterday may be answered tomorrow: recent periods rise still",
    ],
    options: &[OptionInfo {
        name: "kind",
        default: "all",
        meaning: "only surveys of this kind: nps, csat, ces or enps",
    }],
    example: "{kind: nps}",
};

/// Surveys answered.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::catalog) struct ResponseRate {
    /// Only surveys of this kind.
    #[serde(default)]
    kind: Option<SurveyKind>,
}

/// A kind of survey.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::catalog) enum SurveyKind {
    /// Would you recommend us?
    Nps,
    /// How satisfied are you?
    Csat,
    /// How easy was it?
    Ces,
    /// Would you recommend us as a place to work?
    Enps,
}

impl SurveyKind {
    pub(in crate::catalog) const fn name(self) -> &'static str {
        match self {
            Self::Nps => "nps",
            Self::Csat => "csat",
            Self::Ces => "ces",
            Self::Enps => "enps",
        }
    }
}

const ANSWERED: &str = "response_rate.answered";

impl ResponseRate {
    fn answered(&self) -> Reduction {
        Reduction {
            only: self.kind.map(|kind| ("kind", vec![kind.name().to_owned()])),
            ..Reduction::sum(TableKind::Surveys, "sent_at", ANSWERED)
        }
    }
}

impl Metric for ResponseRate {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn measures(&self) -> Vec<Measure> {
        vec![Measure::headline(Unit::Share)]
    }

    fn policy(&self, _: &OrderValue) -> String {
        self.kind.map_or_else(|| "surveys of all kinds".to_owned(), |kind| format!("surveys of kind {}", kind.name()))
    }

    fn needs(&self) -> Vec<Need> {
        vec![Need::of(TableKind::Surveys, &["sent_at"], &[])]
    }

    fn request(&self, requests: &mut Requests<'_>) {
        requests.compute(TableKind::Surveys, ANSWERED, &["submitted_at"], |_, _| -> RowValue {
            Box::new(|cells| i64::from(cells[0] != MISSING))
        });
        requests.reduction(self.answered());
    }

    fn outcome(&self, results: &Results, _measure: &str, cell: &Cell) -> Outcome {
        results.sums(&self.answered(), &cell.window, cell.segment).share("surveys sent")
    }
}
