//! Customer satisfaction.

use schemars::JsonSchema;
use serde::Deserialize;
use tallybook_ingest::NUMBER_SCALE;

use super::answers::{Answer, Parts, Scale};
use crate::declare::{Area, Direction, Info, Measure, OptionInfo, Unit};
use crate::engine::order_value::OrderValue;
use crate::metric::{Cell, Metric, Need, Requests, Results};
use tallybook_stats::Outcome;

pub(in crate::catalog) const INFO: Info = Info {
    id: "csat",
    title: "Customer satisfaction",
    area: Area::Voice,
    unit: Unit::Share,
    good: Direction::Up,
    definition: "The share of those who answered in the period who gave one of the top scores; beside it the mean score.",
    formula: "answers in the top box / answers",
    source: "Farris et al. (2010), Marketing Metrics, ch. 2; Wilson (1927) for the interval",
    interval: "Wilson, with Kish's effective number of answers for weights; Student's t for the mean",
    traps: &[
        "codes such as 0, 6 or 99 for «no answer» are not scores: what is off the scale is quarantined",
        "a mean of scores hides the unhappy; a share of the top box hides how unhappy they are",
    ],
    options: &[
        OptionInfo { name: "box", default: "2", meaning: "how many of the top scores count as satisfied" },
        OptionInfo { name: "scale", default: "{from: 1, to: 5}", meaning: "the least and the greatest score" },
        OptionInfo { name: "weighted", default: "false", meaning: "count each answer with its weight" },
    ],
    example: "{box: 1, scale: {from: 1, to: 7}}",
};

/// Answers in the top box.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::catalog) struct Csat {
    /// How many of the top scores count as satisfied.
    #[serde(default = "two", rename = "box")]
    top: u16,
    /// The least and the greatest score.
    #[serde(default = "five")]
    scale: Scale,
    /// Count each answer with its weight.
    #[serde(default)]
    weighted: bool,
}

const fn two() -> u16 {
    2
}

const fn five() -> Scale {
    Scale { from: 1, to: 5 }
}

impl Csat {
    const fn satisfied(&self) -> Answer {
        Answer { kind: "csat", columns: ("csat.top", "csat.top_weighted"), weighted: self.weighted }
    }

    const fn score(&self) -> Answer {
        Answer { kind: "csat", columns: ("csat.score", "csat.score_weighted"), weighted: self.weighted }
    }
}

impl Metric for Csat {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn measures(&self) -> Vec<Measure> {
        vec![Measure::headline(Unit::Share), Measure { key: "mean", suffix: "mean score", unit: Unit::Number }]
    }

    fn policy(&self, _: &OrderValue) -> String {
        let Scale { from, to } = self.scale;
        let weight = if self.weighted { ", answers by their weight" } else { "" };
        format!("scores from {from} to {to}, satisfied from {} on{weight}", to + 1 - i64::from(self.top))
    }

    fn needs(&self) -> Vec<Need> {
        vec![self.scale.need("csat", self.weighted)]
    }

    fn contradiction(&self) -> Option<&'static str> {
        let scores = self.scale.to - self.scale.from + 1;
        (self.top == 0 || i64::from(self.top) >= scores)
            .then_some("`box` is at least 1 and fewer than the scale has scores")
    }

    fn request(&self, requests: &mut Requests<'_>) {
        let parts = Parts { low: 0.0, high: (self.scale.to + 1 - i64::from(self.top)) as f64 };
        self.satisfied().request(requests, |score, parts| i64::from(score >= parts.high), parts);
        self.score().request(requests, super::ces::thousandths, Parts::default());
    }

    fn outcome(&self, results: &Results, measure: &str, cell: &Cell) -> Outcome {
        if measure == Measure::HEADLINE {
            return self.satisfied().share(results, cell);
        }
        self.score().mean(results, cell, NUMBER_SCALE / 1000)
    }
}
