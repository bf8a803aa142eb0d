//! Answers to surveys: work that metrics of the customer's voice share.

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::{self, Deserializer};
use tallybook_ingest::{MISSING, NUMBER_SCALE, TableKind};

use crate::engine::row_function::RowValue;
use crate::engine::row_sums::Reduction;
use crate::metric::{Cell, Need, Requests, Results};
use tallybook_stats::{Estimate, Outcome, PairSums, Undefined};

/// Answers of a kind by the moment they were given.
fn answers(kind: &str, value: &'static str) -> Reduction {
    Reduction {
        only: Some(("kind", vec![kind.to_owned()])),
        ..Reduction::sum(TableKind::Surveys, "submitted_at", value)
    }
}

/// The same, each with its weight below the line.
fn weighed(kind: &str, value: &'static str, weight: &'static str) -> Reduction {
    Reduction { over: vec![(weight, 1)], ..answers(kind, value) }
}

/// A scale of whole scores, from the least to the greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::catalog) struct Scale {
    /// The least score.
    pub(in crate::catalog) from: i64,
    /// The greatest score.
    pub(in crate::catalog) to: i64,
}

impl<'de> Deserialize<'de> for Scale {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Written {
            from: i64,
            to: i64,
        }
        let Written { from, to } = Written::deserialize(deserializer)?;
        if (-1000..to).contains(&from) && to <= 1000 {
            return Ok(Self { from, to });
        }
        Err(de::Error::custom(format!("a scale from {from} to {to} has no scores; write {{from: 1, to: 5}}")))
    }
}

impl Scale {
    pub(in crate::catalog) fn need(self, kind: &'static str, weighted: bool) -> Need {
        let columns: &[&str] = if weighted { &["weight"] } else { &[] };
        Need { scale: Some((kind, self.from, self.to)), ..Need::of(TableKind::Surveys, columns, &[]) }
    }
}

/// A value of each answer of a kind: of its score, in units of the scale's parts, or 1 and 0 for a share.
#[derive(Debug, Clone, Copy)]
pub(in crate::catalog) struct Answer {
    pub(in crate::catalog) kind: &'static str,
    /// Names of the computed columns: the value, the value times its weight.
    pub(in crate::catalog) columns: (&'static str, &'static str),
    /// Whether answers have weights.
    pub(in crate::catalog) weighted: bool,
}

const SCORE: &[&str] = &["score", "weight"];

impl Answer {
    /// Asks for the value of each answer; `value` takes the score.
    pub(in crate::catalog) fn request(&self, requests: &mut Requests<'_>, value: fn(f64, Parts) -> i64, parts: Parts) {
        let (plain, times_weight) = self.columns;
        requests.compute(TableKind::Surveys, plain, SCORE, move |_, _| -> RowValue {
            Box::new(move |cells| if cells[0] == MISSING { MISSING } else { value(score(cells[0]), parts) })
        });
        if !self.weighted {
            requests.reduction(answers(self.kind, plain));
            return;
        }
        requests.compute(TableKind::Surveys, times_weight, SCORE, move |_, _| -> RowValue {
            Box::new(move |cells| match (cells[0], cells[1]) {
                (MISSING, _) | (_, MISSING) => MISSING,
                (own, weight) => value(score(own), parts).saturating_mul(weight),
            })
        });
        requests.reduction(weighed(self.kind, times_weight, "weight"));
    }

    /// Reads the share of answers with a value of 1.
    pub(in crate::catalog) fn share(&self, results: &Results, cell: &Cell) -> Outcome {
        if self.weighted {
            return self.pair(results, cell).share("no answers with a weight");
        }
        results.sums(&answers(self.kind, self.columns.0), &cell.window, cell.segment).share("answers")
    }

    /// Reads the mean of values in so many parts of one.
    pub(in crate::catalog) fn mean(&self, results: &Results, cell: &Cell, parts: i64) -> Outcome {
        if self.weighted {
            return self.pair(results, cell).ratio(1.0 / parts as f64, "no answers with a weight");
        }
        results.sums(&answers(self.kind, self.columns.0), &cell.window, cell.segment).mean_of(parts, "answers")
    }

    fn pair(&self, results: &Results, cell: &Cell) -> PairSums {
        results.pair(&weighed(self.kind, self.columns.1, "weight"), &cell.window, cell.segment)
    }

    /// Counts the answers with a value of 1, and all.
    pub(in crate::catalog) fn counts(&self, results: &Results, cell: &Cell) -> (u64, u64) {
        let sums = results.sums(&answers(self.kind, self.columns.0), &cell.window, cell.segment);
        (u64::try_from(sums.sum).unwrap_or(0), sums.n)
    }
}

/// Numbers that the value of a score depends on.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::catalog) struct Parts {
    pub(in crate::catalog) low: f64,
    pub(in crate::catalog) high: f64,
}

fn score(units: i64) -> f64 {
    units as f64 / NUMBER_SCALE as f64
}

/// Promoters and detractors of a kind of survey from 0 to 10.
#[derive(Debug, Clone, Copy)]
pub(in crate::catalog) struct Promoters {
    pub(in crate::catalog) up: Answer,
    pub(in crate::catalog) down: Answer,
}

impl Promoters {
    pub(in crate::catalog) fn request(&self, requests: &mut Requests<'_>) {
        let parts = Parts { low: 6.0, high: 9.0 };
        self.up.request(requests, |score, parts| i64::from(score >= parts.high), parts);
        self.down.request(requests, |score, parts| i64::from(score <= parts.low), parts);
    }

    pub(in crate::catalog) fn net(&self, results: &Results, cell: &Cell) -> Outcome {
        if self.up.weighted {
            let (up, down) = (self.up.pair(results, cell), self.down.pair(results, cell));
            if up.y.sum == 0 {
                return Err(Undefined::because("no answers with a weight"));
            }
            let weight = up.y.sum as f64;
            return Ok(Estimate::WeightedNet {
                up: up.x.sum as f64 / weight,
                down: down.x.sum as f64 / weight,
                n: up.y.n,
                effective: weight * weight / up.y.squares as f64,
            });
        }
        let ((up, n), (down, _)) = (self.up.counts(results, cell), self.down.counts(results, cell));
        if n == 0 {
            return Err(Undefined::because("no answers"));
        }
        Ok(Estimate::NetShare { up, down, n })
    }
}
