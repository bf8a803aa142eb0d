//! Sentiment of comments.

use schemars::JsonSchema;
use serde::Deserialize;
use tallybook_ingest::{MISSING, TableKind};

use super::response_rate::Kind;
use crate::estimate::Outcome;
use crate::metric::{
    Area, Cell, Direction, Info, Measure, Metric, Need, OptionInfo, Requests, Results, RowFunction, Unit,
};
use crate::reduction::Reduction;
use crate::revenue::OrderValue;
use crate::sentiment::{LANGUAGE, Sentiment as Class, classify};

pub(super) const INFO: Info = Info {
    id: "sentiment",
    title: "Sentiment of comments",
    area: Area::Voice,
    unit: Unit::Share,
    good: Direction::Up,
    definition: "The share of the comments given in the period that speak well, by a list of English words with negation; beside it those that speak ill and those that do neither.",
    formula: "positive comments / comments",
    source: "after Hutto & Gilbert (2014), \"VADER\", Proceedings of ICWSM 8, with a word list of its own",
    interval: "Wilson",
    traps: &[
        "English only: comments in other languages come out neutral",
        "complaints that name facts and no feeling come out neutral: of 24 complaints kept apart for a test, 14 were found",
        "irony is read as praise",
    ],
    options: &[OptionInfo {
        name: "kind",
        default: "all",
        meaning: "only comments on surveys of this kind: nps, csat or ces",
    }],
    example: "{}",
};

/// What comments sound like.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Sentiment {
    /// Only comments on surveys of this kind.
    #[serde(default)]
    kind: Option<Kind>,
}

const CLASSES: [(&str, &str, Class); 3] = [
    (Measure::HEADLINE, "sentiment.positive", Class::Positive),
    ("neutral", "sentiment.neutral", Class::Neutral),
    ("negative", "sentiment.negative", Class::Negative),
];

impl Sentiment {
    /// What employees write is not for a report on customers, and could tell who they are.
    fn kinds(&self) -> Vec<String> {
        let customers = [Kind::Nps, Kind::Csat, Kind::Ces];
        let kinds = self.kind.map_or_else(|| customers.to_vec(), |kind| vec![kind]);
        kinds.into_iter().map(|kind| kind.name().to_owned()).collect()
    }

    fn of(&self, column: &'static str) -> Reduction {
        Reduction { only: Some(("kind", self.kinds())), ..Reduction::sum(TableKind::Surveys, "submitted_at", column) }
    }
}

impl Metric for Sentiment {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn measures(&self) -> Vec<Measure> {
        vec![
            Measure::headline(Unit::Share),
            Measure { key: "neutral", suffix: "neutral", unit: Unit::Share },
            Measure { key: "negative", suffix: "negative", unit: Unit::Share },
        ]
    }

    fn good(&self, measure: &str) -> Direction {
        match measure {
            "neutral" => Direction::Neither,
            "negative" => Direction::Down,
            _ => INFO.good,
        }
    }

    fn policy(&self, _: &OrderValue) -> String {
        format!("comments in {LANGUAGE} on {}; no comment is shown", self.kinds().join(", "))
    }

    fn needs(&self) -> Vec<Need> {
        vec![Need::of(TableKind::Surveys, &["comment"], &[])]
    }

    fn contradiction(&self) -> Option<&'static str> {
        (self.kind == Some(Kind::Enps)).then_some("what employees write is not for a report on customers")
    }

    fn request(&self, requests: &mut Requests<'_>) {
        for (_, column, wanted) in CLASSES {
            requests.compute(TableKind::Surveys, column, &["comment"], move |table, _| -> RowFunction {
                // Each different comment is read once.
                let comments = table.labels("comment").map(|labels| labels.dictionary.as_slice()).unwrap_or_default();
                let marks: Vec<i64> = comments
                    .iter()
                    .map(|comment| classify(comment).map_or(MISSING, |class| i64::from(class == wanted)))
                    .collect();
                Box::new(move |cells| {
                    usize::try_from(cells[0]).ok().and_then(|number| marks.get(number).copied()).unwrap_or(MISSING)
                })
            });
            requests.reduction(self.of(column));
        }
    }

    fn outcome(&self, results: &Results, measure: &str, cell: &Cell) -> Outcome {
        let column = CLASSES.iter().find(|(key, ..)| *key == measure).map_or(CLASSES[0].1, |(_, column, _)| column);
        results.sums(&self.of(column), &cell.window, cell.segment).share("comments")
    }
}
