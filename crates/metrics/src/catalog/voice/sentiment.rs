//! Sentiment of comments.

use schemars::JsonSchema;
use serde::Deserialize;
use tallybook_ingest::{MISSING, TableKind};

use super::response_rate::SurveyKind;
use crate::declare::{Area, Direction, Info, Measure, OptionInfo, Unit};
use crate::engine::comments::Comment;
use crate::engine::order_value::OrderValue;
use crate::engine::row_function::RowValue;
use crate::engine::row_sums::Reduction;
use crate::metric::{Cell, Extras, Metric, Need, Requests, Results};
use crate::result::{Body, Exhibit, ExhibitRow, ExhibitTable, Quantity};
use crate::sentiment::{LANGUAGE, Sentiment as Class, classify};
use tallybook_calendar::Period;
use tallybook_stats::Outcome;

pub(in crate::catalog) const INFO: Info = Info {
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
    options: &[
        OptionInfo {
            name: "kind",
            default: "nps, csat and ces",
            meaning: "only comments on surveys of this kind: nps, csat or ces",
        },
        OptionInfo {
            name: "quotes",
            default: "0",
            meaning: "how many of the latest good and bad comments to show, up to 20 of each: they may name people",
        },
    ],
    example: "{}",
};

/// What comments sound like.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::catalog) struct Sentiment {
    /// Only comments on surveys of this kind.
    #[serde(default)]
    kind: Option<SurveyKind>,
    /// How many of the latest good and bad comments to show.
    #[serde(default)]
    #[schemars(range(max = 20))]
    quotes: u8,
}

const CLASSES: [(&str, &str, Class); 3] = [
    (Measure::HEADLINE, "sentiment.positive", Class::Positive),
    ("neutral", "sentiment.neutral", Class::Neutral),
    ("negative", "sentiment.negative", Class::Negative),
];

impl Sentiment {
    /// What employees write is not for a report on customers, and could tell who they are.
    fn kinds(&self) -> Vec<String> {
        let customers = [SurveyKind::Nps, SurveyKind::Csat, SurveyKind::Ces];
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
        let shown = if self.quotes == 0 { "no comment is shown" } else { "the latest are shown as they were written" };
        format!("comments in {LANGUAGE} on {}; {shown}", self.kinds().join(", "))
    }

    fn needs(&self) -> Vec<Need> {
        vec![Need::of(TableKind::Surveys, &["comment"], &[])]
    }

    fn contradiction(&self) -> Option<&'static str> {
        match (self.kind, self.quotes) {
            (Some(SurveyKind::Enps), _) => Some("what employees write is not for a report on customers"),
            (_, 21..) => Some("`quotes` is at most 20"),
            _ => None,
        }
    }

    fn extras(&self, results: &Results, _: &Period, cell: &Cell) -> Extras {
        let kinds = self.kinds();
        let own = |comment: &&Comment| {
            (cell.window.start..cell.window.end).contains(&comment.at) && kinds.contains(&comment.kind)
        };
        let of = |wanted: Class, word: &'static str| {
            let found = results.comments.iter().filter(own).filter(move |own| classify(&own.text) == Some(wanted));
            found.take(usize::from(self.quotes)).map(move |comment| ExhibitRow {
                name: comment.text.clone(),
                cells: vec![Quantity::Text(word.to_owned())],
            })
        };
        let rows: Vec<ExhibitRow> = of(Class::Positive, "well").chain(of(Class::Negative, "ill")).collect();
        let exhibit = Exhibit {
            metric: INFO.id.to_owned(),
            key: "quotes".to_owned(),
            title: "What was said last".to_owned(),
            remarks: Vec::new(),
            body: Body::Table(ExhibitTable {
                names: "Comment".to_owned(),
                columns: vec!["It speaks".to_owned()],
                rows,
                by_time: false,
            }),
        };
        let shown = matches!(&exhibit.body, Body::Table(table) if !table.rows.is_empty());
        Extras { exhibits: shown.then_some(exhibit).into_iter().collect(), ..Extras::default() }
    }

    fn request(&self, requests: &mut Requests<'_>) {
        if self.quotes > 0 {
            requests.comments();
        }
        for (_, column, wanted) in CLASSES {
            requests.compute(TableKind::Surveys, column, &["comment"], move |table, _| -> RowValue {
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
