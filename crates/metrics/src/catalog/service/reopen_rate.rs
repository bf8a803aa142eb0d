//! Reopen rate.

use schemars::JsonSchema;
use serde::Deserialize;
use tallybook_ingest::{MISSING, TableKind};

use super::desk::{CLOSED_AT, request_closing};
use crate::declare::{Area, Direction, Info, Measure, Unit};
use crate::engine::order_value::OrderValue;
use crate::engine::row_function::RowValue;
use crate::engine::row_sums::Reduction;
use crate::metric::{Cell, Metric, Need, Requests, Results};
use tallybook_stats::Outcome;

pub(in crate::catalog) const INFO: Info = Info {
    id: "reopen_rate",
    title: "Reopen rate",
    area: Area::Service,
    unit: Unit::Share,
    good: Direction::Down,
    definition: "The share of the tickets closed in the period that had been opened again at least once.",
    formula: "closed tickets that were reopened / closed tickets",
    source: "Koole (2013), Call Center Optimization, ch. 3",
    interval: "Wilson",
    traps: &[
        "a ticket closed yesterday may be opened again tomorrow: recent periods rise still",
        "a ticket opened twice again counts once",
    ],
    options: &[],
    example: "{}",
};

/// Tickets that were not solved the first time.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::catalog) struct ReopenRate {}

const REOPENED: &str = "reopen_rate.reopened";

fn reopened() -> Reduction {
    Reduction::sum(TableKind::Tickets, CLOSED_AT, REOPENED)
}

impl Metric for ReopenRate {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn measures(&self) -> Vec<Measure> {
        vec![Measure::headline(Unit::Share)]
    }

    fn policy(&self, _: &OrderValue) -> String {
        String::new()
    }

    fn needs(&self) -> Vec<Need> {
        vec![Need::of(TableKind::Tickets, &["solved_at", "reopened_count"], &["resolved_at"])]
    }

    fn request(&self, requests: &mut Requests<'_>) {
        request_closing(requests);
        requests.compute(TableKind::Tickets, REOPENED, &["reopened_count"], |_, _| -> RowValue {
            Box::new(|cells| i64::from(cells[0] != MISSING && cells[0] > 0))
        });
        requests.reduction(reopened());
    }

    fn outcome(&self, results: &Results, _measure: &str, cell: &Cell) -> Outcome {
        results.sums(&reopened(), &cell.window, cell.segment).share("closed tickets")
    }
}
