//! Net promoter score.

use schemars::JsonSchema;
use serde::Deserialize;

use super::answers::{Answer, Promoters, Scale};
use crate::declare::{Area, Direction, Info, Measure, OptionInfo, Unit};
use crate::engine::order_value::OrderValue;
use crate::metric::{Cell, Metric, Need, Requests, Results};
use tallybook_stats::Outcome;

pub(in crate::catalog) const INFO: Info = Info {
    id: "nps",
    title: "Net promoter score",
    area: Area::Voice,
    unit: Unit::Points,
    good: Direction::Up,
    definition: "How many more of those who answered in the period would recommend the company (9 or 10 of 10) than would not (0 to 6), in points of a hundred.",
    formula: "100 x (promoters - detractors) / answers",
    source: "Reichheld (2003), \"The One Number You Need to Grow\", Harvard Business Review 81 (12), 46-54; Rocks (2016), The American Statistician 70, 365-372",
    interval: "normal, with se = sqrt((p + d - (p - d)^2) / n), after adding 3/4 of a promoter and of a detractor and three answers in all; Kish's effective number of answers for weights; Wilson for the shares",
    traps: &[
        "a score of 11 is no promoter: what is not from 0 to 10 is quarantined",
        "only those who answer are heard: see the response rate",
        "a difference of a few points between two hundred answers is chance",
    ],
    options: &[OptionInfo { name: "weighted", default: "false", meaning: "count each answer with its weight" }],
    example: "{weighted: true}",
};

/// Promoters less detractors.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::catalog) struct Nps {
    /// Count each answer with its weight.
    #[serde(default)]
    weighted: bool,
}

impl Nps {
    const fn promoters(&self) -> Promoters {
        let kind = "nps";
        let weighted = self.weighted;
        Promoters {
            up: Answer { kind, columns: ("nps.up", "nps.up_weighted"), weighted },
            down: Answer { kind, columns: ("nps.down", "nps.down_weighted"), weighted },
        }
    }
}

impl Metric for Nps {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn measures(&self) -> Vec<Measure> {
        vec![
            Measure::headline(Unit::Points),
            Measure { key: "promoters", suffix: "promoters", unit: Unit::Share },
            Measure { key: "detractors", suffix: "detractors", unit: Unit::Share },
        ]
    }

    fn good(&self, measure: &str) -> Direction {
        if measure == "detractors" { Direction::Down } else { INFO.good }
    }

    fn policy(&self, _: &OrderValue) -> String {
        if self.weighted { "answers by their weight".to_owned() } else { "each answer counts once".to_owned() }
    }

    fn needs(&self) -> Vec<Need> {
        vec![Scale { from: 0, to: 10 }.need("nps", self.weighted)]
    }

    fn request(&self, requests: &mut Requests<'_>) {
        self.promoters().request(requests);
    }

    fn outcome(&self, results: &Results, measure: &str, cell: &Cell) -> Outcome {
        let promoters = self.promoters();
        match measure {
            "promoters" => promoters.up.share(results, cell),
            "detractors" => promoters.down.share(results, cell),
            _ => promoters.net(results, cell),
        }
    }
}
