//! SLA attainment.

use schemars::JsonSchema;
use serde::Deserialize;
use tallybook_ingest::{MISSING, TableKind};

use super::desk::{CLOSED_AT, closing, request_closing};
use crate::declare::{Area, Direction, Info, Measure, Unit};
use crate::engine::order_value::OrderValue;
use crate::engine::row_function::RowValue;
use crate::engine::row_sums::Reduction;
use crate::metric::{Cell, Metric, Need, Requests, Results};
use tallybook_stats::{Estimate, Outcome};

pub(in crate::catalog) const INFO: Info = Info {
    id: "sla_attainment",
    title: "SLA attainment",
    area: Area::Service,
    unit: Unit::Share,
    good: Direction::Up,
    definition: "The share of the tickets closed in the period that were closed when the agreement says, or earlier; beside it, open tickets that fell due in the period.",
    formula: "met / (met + breached)",
    source: "Cleveland (2012), Call Center Management on Fast Forward, ch. 3",
    interval: "Wilson (share), Poisson (count)",
    traps: &[
        "open tickets that are overdue are in neither number until they are closed: they are counted beside",
        "open and overdue are tickets that are so today: the number of a past period shrinks as they are closed",
        "tickets without an agreement are in neither number",
        "where the table says itself whether the agreement was kept, that counts",
    ],
    options: &[],
    example: "{}",
};

/// Tickets closed in time.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::catalog) struct SlaAttainment {}

const INPUTS: &[&str] = &["resolved_at", "solved_at", "reopened_count", "sla_due_at", "sla_met"];
const MET: &str = "sla_attainment.met";
const OVERDUE: &str = "sla_attainment.overdue";

fn met() -> Reduction {
    Reduction::sum(TableKind::Tickets, CLOSED_AT, MET)
}

fn overdue() -> Reduction {
    Reduction::sum(TableKind::Tickets, "sla_due_at", OVERDUE)
}

impl Metric for SlaAttainment {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn measures(&self) -> Vec<Measure> {
        vec![
            Measure::headline(Unit::Share),
            Measure { key: "open_breached", suffix: "open and overdue", unit: Unit::Count },
        ]
    }

    fn good(&self, measure: &str) -> Direction {
        if measure == Measure::HEADLINE { INFO.good } else { Direction::Down }
    }

    fn policy(&self, _: &OrderValue) -> String {
        String::new()
    }

    fn needs(&self) -> Vec<Need> {
        vec![Need::of(TableKind::Tickets, &["solved_at", "sla_met"], &["resolved_at", "sla_due_at"])]
    }

    fn is_settled(&self, measure: &str) -> bool {
        measure != "open_breached"
    }

    fn request(&self, requests: &mut Requests<'_>) {
        request_closing(requests);
        requests.compute(TableKind::Tickets, MET, INPUTS, |table, _| -> RowValue {
            let closed_at = closing(table);
            Box::new(move |cells| match (closed_at(cells), cells[3], cells[4]) {
                (MISSING, ..) | (_, MISSING, MISSING) => MISSING,
                (closed, due, MISSING) => i64::from(closed <= due),
                (_, _, met) => met,
            })
        });
        requests.compute(TableKind::Tickets, OVERDUE, INPUTS, |table, as_of| -> RowValue {
            let closed_at = closing(table);
            Box::new(move |cells| match (closed_at(cells), cells[3]) {
                (MISSING, due) if due != MISSING && due < as_of => 1,
                _ => MISSING,
            })
        });
        requests.reduction(met());
        requests.reduction(overdue());
    }

    fn outcome(&self, results: &Results, measure: &str, cell: &Cell) -> Outcome {
        if measure == Measure::HEADLINE {
            return results.sums(&met(), &cell.window, cell.segment).share("closed tickets with an agreement");
        }
        Ok(Estimate::Count(results.sums(&overdue(), &cell.window, cell.segment).n))
    }
}
