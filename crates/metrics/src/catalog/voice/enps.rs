//! Employee net promoter score.

use schemars::JsonSchema;
use serde::Deserialize;

use super::answers::{Answer, Promoters, Scale};
use crate::declare::{Area, Direction, Info, Measure, Unit};
use crate::engine::order_value::OrderValue;
use crate::metric::{Cell, Metric, Need, Requests, Results};
use tallybook_stats::{Outcome, Undefined};

pub(in crate::catalog) const INFO: Info = Info {
    id: "enps",
    title: "Employee net promoter score",
    area: Area::Voice,
    unit: Unit::Points,
    good: Direction::Up,
    definition: "How many more employees who answered in the period would recommend the company as a place to work (9 or 10 of 10) than would not (0 to 6), in points of a hundred.",
    formula: "100 x (promoters - detractors) / answers",
    source: "Reichheld & Markey (2011), The Ultimate Question 2.0, ch. 7",
    interval: "normal, with se = sqrt((p + d - (p - d)^2) / n), after adding 3/4 of a promoter and of a detractor and three answers in all",
    traps: &[
        "fewer than five answers are never shown, whatever `min_n` says: employees must not be told apart",
        "where one part of a dimension is too small, no part is shown: the others would give it away",
        "a score of 11 is no promoter: what is not from 0 to 10 is quarantined",
    ],
    options: &[],
    example: "{}",
};

/// Answers below which nothing is shown.
const ANONYMOUS: u64 = 5;

/// Promoters less detractors among employees.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::catalog) struct Enps {}

const PROMOTERS: Promoters = Promoters {
    up: Answer { kind: "enps", columns: ("enps.up", "enps.up_weighted"), weighted: false },
    down: Answer { kind: "enps", columns: ("enps.down", "enps.down_weighted"), weighted: false },
};

impl Metric for Enps {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn measures(&self) -> Vec<Measure> {
        vec![Measure::headline(Unit::Points)]
    }

    fn policy(&self, _: &OrderValue) -> String {
        format!("not shown below {ANONYMOUS} answers")
    }

    fn needs(&self) -> Vec<Need> {
        vec![Scale { from: 0, to: 10 }.need("enps", false)]
    }

    fn request(&self, requests: &mut Requests<'_>) {
        PROMOTERS.request(requests);
    }

    fn outcome(&self, results: &Results, _measure: &str, cell: &Cell) -> Outcome {
        let n = |segment| PROMOTERS.up.counts(results, &Cell { segment, ..*cell }).1;
        let few = |n: &u64| (1..ANONYMOUS).contains(n);
        // Where one part of a dimension is hidden, the others would give it away.
        let beside = results.segments.dimension_of(cell.segment).and_then(|own| own.positions().map(n).find(few));
        match Some(n(cell.segment)).filter(few).or(beside) {
            Some(n) => Err(Undefined::TooFew { n, least: ANONYMOUS }),
            None => PROMOTERS.net(results, cell),
        }
    }
}
