//! Feedback loop closure.

use schemars::JsonSchema;
use serde::Deserialize;
use tallybook_ingest::{MISSING, TableKind};

use crate::catalog::pending::matured_share;

use crate::declare::{Area, Direction, Info, Measure, OptionInfo, Unit};
use crate::engine::order_value::OrderValue;
use crate::engine::row_function::RowValue;
use crate::engine::row_sums::Reduction;
use crate::metric::{Cell, Metric, Need, Requests, Results};
use crate::result::counted;
use tallybook_stats::{Estimate, Outcome};

pub(in crate::catalog) const INFO: Info = Info {
    id: "feedback_loop_closure",
    title: "Feedback loop closure",
    area: Area::Voice,
    unit: Unit::Share,
    good: Direction::Up,
    definition: "The share of the answers given in the period that called for a follow-up and were followed up in time.",
    formula: "followed up within the hours / calling for a follow-up, once the hours are over",
    source: "Reichheld & Markey (2011), The Ultimate Question 2.0, ch. 6",
    interval: "Wilson",
    traps: &[
        "answers whose hours are not over are in neither number, even where someone was quick: they are counted beside",
        "a follow-up that came late is none",
    ],
    options: &[OptionInfo { name: "within_hours", default: "48", meaning: "hours within which someone must get back" }],
    example: "{within_hours: 24}",
};

/// Answers that were followed up.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::catalog) struct FeedbackLoopClosure {
    /// Hours within which someone must get back.
    #[serde(default = "two_days")]
    #[schemars(range(min = 1))]
    within_hours: u16,
}

const fn two_days() -> u16 {
    48
}

const INPUTS: &[&str] = &["submitted_at", "follow_up_required", "followed_up_at"];
const CLOSED: &str = "feedback_loop_closure.closed";
const PENDING: &str = "feedback_loop_closure.pending";

fn by_answer(column: &'static str) -> Reduction {
    Reduction::sum(TableKind::Surveys, "submitted_at", column)
}

impl Metric for FeedbackLoopClosure {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn measures(&self) -> Vec<Measure> {
        vec![Measure::headline(Unit::Share), Measure { key: "pending", suffix: "hours not over", unit: Unit::Count }]
    }

    fn good(&self, measure: &str) -> Direction {
        if measure == Measure::HEADLINE { INFO.good } else { Direction::Neither }
    }

    fn policy(&self, _: &OrderValue) -> String {
        format!("within {}", counted(f64::from(self.within_hours), "hour"))
    }

    fn needs(&self) -> Vec<Need> {
        vec![Need::of(TableKind::Surveys, &["follow_up_required", "followed_up_at"], &[])]
    }

    fn contradiction(&self) -> Option<&'static str> {
        (self.within_hours == 0).then_some("`within_hours` is at least 1")
    }

    fn is_settled(&self, measure: &str) -> bool {
        measure != "pending"
    }

    fn request(&self, requests: &mut Requests<'_>) {
        let within = i64::from(self.within_hours) * 3600;
        requests.compute(TableKind::Surveys, CLOSED, INPUTS, move |_, as_of| -> RowValue {
            Box::new(move |cells| match (cells[0], cells[1], cells[2]) {
                (MISSING, ..) => MISSING,
                (answered, 1, followed) if answered + within <= as_of => {
                    i64::from(followed != MISSING && followed <= answered + within)
                }
                _ => MISSING,
            })
        });
        requests.compute(TableKind::Surveys, PENDING, INPUTS, move |_, as_of| -> RowValue {
            Box::new(move |cells| match (cells[0], cells[1]) {
                (answered, 1) if answered != MISSING && answered + within > as_of => 1,
                _ => MISSING,
            })
        });
        requests.reduction(by_answer(CLOSED));
        requests.reduction(by_answer(PENDING));
    }

    fn outcome(&self, results: &Results, measure: &str, cell: &Cell) -> Outcome {
        let pending = results.sums(&by_answer(PENDING), &cell.window, cell.segment).n;
        if measure == "pending" {
            return Ok(Estimate::Count(pending));
        }
        let closed = results.sums(&by_answer(CLOSED), &cell.window, cell.segment);
        let wait = format!("for no answer the {} are over", counted(f64::from(self.within_hours), "hour"));
        matured_share(&closed, pending, "answers that call for a follow-up", &wait)
    }
}
