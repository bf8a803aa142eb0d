//! Ticket volume.

use schemars::JsonSchema;
use serde::Deserialize;
use tallybook_ingest::TableKind;

use crate::declare::{Area, Direction, Info, Measure, Unit};
use crate::engine::order_value::OrderValue;
use crate::engine::row_sums::{Clock, Reduction};
use crate::metric::{Cell, Metric, Need, Requests, Results};
use tallybook_stats::{Estimate, Outcome};

pub(in crate::catalog) const INFO: Info = Info {
    id: "ticket_volume",
    title: "Tickets opened",
    area: Area::Service,
    unit: Unit::Count,
    good: Direction::Down,
    definition: "Tickets opened in the period.",
    formula: "count of tickets by opening",
    source: "Cleveland (2012), Call Center Management on Fast Forward, ch. 4",
    interval: "Poisson (Byar's approximation to the exact interval)",
    traps: &["more customers open more tickets: set it against orders or customers with a metric of your own"],
    options: &[],
    example: "{}",
};

/// Tickets opened.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::catalog) struct TicketVolume {}

const OPENED: Reduction = Reduction::rows(TableKind::Tickets, Clock::At("opened_at"));

impl Metric for TicketVolume {
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
        vec![Need::of(TableKind::Tickets, &[], &[])]
    }

    fn accumulates(&self, _measure: &str) -> bool {
        true
    }

    fn request(&self, requests: &mut Requests<'_>) {
        requests.reduction(OPENED);
    }

    fn outcome(&self, results: &Results, _measure: &str, cell: &Cell) -> Outcome {
        Ok(Estimate::Count(results.sums(&OPENED, &cell.window, cell.segment).n))
    }
}
