//! Average handle time.

use schemars::JsonSchema;
use serde::Deserialize;
use tallybook_ingest::{MISSING, NUMBER_SCALE, TableKind};

use crate::declare::{Area, Direction, Info, Measure, Unit};
use crate::engine::order_value::OrderValue;
use crate::engine::row_function::RowValue;
use crate::engine::row_sums::Reduction;
use crate::metric::{Cell, Metric, Need, Requests, Results};
use tallybook_stats::Outcome;

pub(in crate::catalog) const INFO: Info = Info {
    id: "aht",
    title: "Average handle time",
    area: Area::Service,
    unit: Unit::Duration,
    good: Direction::Down,
    definition: "Time worked on a ticket opened in the period, on average: talk, hold and the work after it.",
    formula: "sum of (talk + hold + work after contact) / tickets handled",
    source: "Cleveland (2012), Call Center Management on Fast Forward, ch. 3; Koole (2013), Call Center Optimization, ch. 3",
    interval: "Student's t",
    traps: &[
        "tickets that nobody worked on, or whose work is not known, are not handled: they are in neither number",
        "shorter is not better where customers come back",
    ],
    options: &[],
    example: "{}",
};

/// Work on a ticket.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::catalog) struct Aht {}

const HANDLED: &str = "aht.handled";

fn handled() -> Reduction {
    Reduction::sum(TableKind::Tickets, "opened_at", HANDLED)
}

impl Metric for Aht {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn measures(&self) -> Vec<Measure> {
        vec![Measure::headline(Unit::Duration)]
    }

    fn policy(&self, _: &OrderValue) -> String {
        String::new()
    }

    fn needs(&self) -> Vec<Need> {
        vec![Need::of(TableKind::Tickets, &["handle_seconds"], &["talk_seconds", "hold_seconds", "wrap_seconds"])]
    }

    fn request(&self, requests: &mut Requests<'_>) {
        let inputs = &["handle_seconds", "talk_seconds", "hold_seconds", "wrap_seconds"];
        requests.compute(TableKind::Tickets, HANDLED, inputs, |_, _| -> RowValue {
            Box::new(|cells| {
                let parts = cells[1..].iter().filter(|part| **part != MISSING);
                let whole =
                    if cells[0] == MISSING { parts.copied().reduce(i64::saturating_add) } else { Some(cells[0]) };
                whole.filter(|seconds| *seconds > 0).unwrap_or(MISSING)
            })
        });
        requests.reduction(handled());
    }

    fn outcome(&self, results: &Results, _measure: &str, cell: &Cell) -> Outcome {
        results.sums(&handled(), &cell.window, cell.segment).mean_of(NUMBER_SCALE, "handled tickets")
    }
}
