//! Customer effort score.

use schemars::JsonSchema;
use serde::Deserialize;
use tallybook_ingest::NUMBER_SCALE;

use super::answers::{Answer, Parts, Scale};
use crate::declare::{Area, Direction, Info, Measure, OptionInfo, Unit};
use crate::engine::order_value::OrderValue;
use crate::metric::{Cell, Metric, Need, Requests, Results};
use tallybook_stats::Outcome;

pub(in crate::catalog) const INFO: Info = Info {
    id: "ces",
    title: "Customer effort score",
    area: Area::Voice,
    unit: Unit::Number,
    good: Direction::Up,
    definition: "How easy those who answered in the period found it, on average: the greatest score is easiest.",
    formula: "mean score",
    source: "Dixon, Freeman & Toman (2010), \"Stop Trying to Delight Your Customers\", Harvard Business Review 88 (7/8), 116-122",
    interval: "Student's t, delta method for weights; Wilson for the share",
    traps: &[
        "CES 1 asked how much effort it took, where the least score is best: `reversed` turns it round",
        "codes for «no answer» are not scores: what is off the scale is quarantined",
    ],
    options: &[
        OptionInfo { name: "reversed", default: "false", meaning: "the least score is easiest, as in CES 1" },
        OptionInfo { name: "scale", default: "{from: 1, to: 7}", meaning: "the least and the greatest score" },
        OptionInfo {
            name: "top_box",
            default: "none",
            meaning: "show the share of this many of the easiest scores too",
        },
        OptionInfo { name: "weighted", default: "false", meaning: "count each answer with its weight" },
    ],
    example: "{top_box: 2, reversed: true}",
};

/// Ease, on average.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::catalog) struct Ces {
    /// The least score is easiest.
    #[serde(default)]
    reversed: bool,
    /// The least and the greatest score.
    #[serde(default = "seven")]
    scale: Scale,
    /// Show the share of this many of the easiest scores too.
    #[serde(default)]
    top_box: Option<u16>,
    /// Count each answer with its weight.
    #[serde(default)]
    weighted: bool,
}

const fn seven() -> Scale {
    Scale { from: 1, to: 7 }
}

/// Thousandths of a score.
pub(in crate::catalog) fn thousandths(score: f64, _: Parts) -> i64 {
    #[allow(clippy::cast_possible_truncation, reason = "scores are small")]
    let parts = (score * 1000.0).round() as i64;
    parts
}

impl Ces {
    const fn ease(&self) -> Answer {
        Answer { kind: "ces", columns: ("ces.ease", "ces.ease_weighted"), weighted: self.weighted }
    }

    const fn easy(&self) -> Answer {
        Answer { kind: "ces", columns: ("ces.top", "ces.top_weighted"), weighted: self.weighted }
    }

    /// The sum of the ends of the scale where it is turned round, else nothing.
    fn turned(&self) -> f64 {
        if self.reversed { (self.scale.from + self.scale.to) as f64 } else { 0.0 }
    }
}

impl Metric for Ces {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn measures(&self) -> Vec<Measure> {
        let mut measures = vec![Measure::headline(Unit::Number)];
        measures.extend(self.top_box.map(|_| Measure { key: "top_box", suffix: "top box", unit: Unit::Share }));
        measures
    }

    fn policy(&self, _: &OrderValue) -> String {
        let Scale { from, to } = self.scale;
        let turned = if self.reversed { ", turned round" } else { "" };
        let weight = if self.weighted { ", answers by their weight" } else { "" };
        format!("scores from {from} to {to}{turned}{weight}")
    }

    fn needs(&self) -> Vec<Need> {
        vec![self.scale.need("ces", self.weighted)]
    }

    fn contradiction(&self) -> Option<&'static str> {
        let scores = self.scale.to - self.scale.from + 1;
        let wrong = |top: u16| top == 0 || i64::from(top) >= scores;
        self.top_box.is_some_and(wrong).then_some("`top_box` is at least 1 and fewer than the scale has scores")
    }

    fn request(&self, requests: &mut Requests<'_>) {
        let turned = self.turned();
        let ease =
            |score: f64, parts: Parts| thousandths(if parts.low > 0.0 { parts.low - score } else { score }, parts);
        self.ease().request(requests, ease, Parts { low: turned, high: 0.0 });
        if let Some(top) = self.top_box {
            let least = (self.scale.to + 1 - i64::from(top)) as f64;
            let easy = |score: f64, parts: Parts| {
                i64::from((if parts.low > 0.0 { parts.low - score } else { score }) >= parts.high)
            };
            self.easy().request(requests, easy, Parts { low: turned, high: least });
        }
    }

    fn outcome(&self, results: &Results, measure: &str, cell: &Cell) -> Outcome {
        if measure == Measure::HEADLINE {
            return self.ease().mean(results, cell, NUMBER_SCALE / 1000);
        }
        self.easy().share(results, cell)
    }
}
