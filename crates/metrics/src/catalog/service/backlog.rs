//! Backlog.

use schemars::JsonSchema;
use serde::Deserialize;
use tallybook_ingest::TableKind;

use super::desk::{CLOSED_AT, request_closing};
use crate::declare::{Area, Direction, Info, Measure, Unit};
use crate::engine::order_value::OrderValue;
use crate::engine::row_sums::{Clock, Reduction};
use crate::metric::{Cell, Metric, Need, Requests, Results};
use tallybook_stats::{Estimate, Outcome};

pub(in crate::catalog) const INFO: Info = Info {
    id: "backlog",
    title: "Backlog",
    area: Area::Service,
    unit: Unit::Count,
    good: Direction::Down,
    definition: "Tickets that were open at the end of the period.",
    formula: "tickets opened before the end - tickets closed before the end",
    source: "Cleveland (2012), Call Center Management on Fast Forward, ch. 6; Little (1961), Operations Research 9, 383-387",
    interval: "Poisson (Byar's approximation to the exact interval)",
    traps: &[
        "tickets that were open before the export begins are not in it",
        "a ticket is closed when it was resolved at last: in between it may have been closed and opened again",
    ],
    options: &[],
    example: "{}",
};

/// Tickets that are open.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::catalog) struct Backlog {}

const fn piled(clock: &'static str) -> Reduction {
    let mut reduction = Reduction::rows(TableKind::Tickets, Clock::At(clock));
    reduction.pile = true;
    reduction
}

impl Metric for Backlog {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn measures(&self) -> Vec<Measure> {
        vec![Measure::headline(Unit::Count)]
    }

    fn policy(&self, _: &OrderValue) -> String {
        String::new()
    }

    fn needs(&self) -> Vec<Need> {
        vec![Need::of(TableKind::Tickets, &["solved_at"], &["resolved_at"])]
    }

    fn stands_alone(&self, _measure: &str) -> bool {
        false
    }

    fn request(&self, requests: &mut Requests<'_>) {
        request_closing(requests);
        requests.reduction(piled("opened_at"));
        requests.reduction(piled(CLOSED_AT));
    }

    fn outcome(&self, results: &Results, _measure: &str, cell: &Cell) -> Outcome {
        let up_to_the_end = |clock| results.up_to(&piled(clock), &cell.window, cell.segment).n;
        Ok(Estimate::Count(up_to_the_end("opened_at").saturating_sub(up_to_the_end(CLOSED_AT))))
    }
}
