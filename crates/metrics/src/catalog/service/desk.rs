//! The service desk: work that metrics of tickets share.

use tallybook_ingest::{MISSING, Table, TableKind};

use crate::declare::{Measure, Unit};
use crate::engine::row_function::RowValue;
use crate::engine::row_sums::{MEDIAN, Reduction};
use crate::metric::{Cell, Requests, Results};
use tallybook_calendar::{BusinessHours, OpeningHours};
use tallybook_stats::{Estimate, Outcome};

/// The ninetieth percentile, in thousandths.
const P90: u16 = 900;

/// A stretch of time in the life of a ticket, from its opening, and the tickets that have not come to its end.
#[derive(Debug, Clone, Copy)]
pub(in crate::catalog) struct Stretch {
    /// Name of the computed column of seconds.
    pub(in crate::catalog) seconds: &'static str,
    /// Name of the computed column that marks open ones.
    pub(in crate::catalog) open: &'static str,
    /// Columns of its end: the first that there is counts.
    pub(in crate::catalog) inputs: &'static [&'static str],
    /// Key and title of the measure that counts open ones.
    pub(in crate::catalog) waiting: (&'static str, &'static str),
}

impl Stretch {
    pub(in crate::catalog) fn measures(&self, mean: bool) -> Vec<Measure> {
        let mut measures = vec![
            Measure::headline(Unit::Duration),
            Measure { key: "p90", suffix: "90th percentile", unit: Unit::Duration },
        ];
        if mean {
            measures.push(Measure { key: "mean", suffix: "mean", unit: Unit::Duration });
        }
        let (key, suffix) = self.waiting;
        measures.push(Measure { key, suffix, unit: Unit::Count });
        measures
    }

    fn by_opening(&self) -> Reduction {
        Reduction { quantiles: vec![MEDIAN, P90], ..Reduction::sum(TableKind::Tickets, "opened_at", self.seconds) }
    }

    fn still_open(&self) -> Reduction {
        Reduction::sum(TableKind::Tickets, "opened_at", self.open)
    }

    pub(in crate::catalog) fn request(&self, requests: &mut Requests<'_>, hours: Option<&BusinessHours>) {
        let opening = hours.map(|hours| OpeningHours::new(hours, requests.calendar.zone));
        requests.compute(TableKind::Tickets, self.seconds, self.inputs, move |_, _| -> RowValue {
            Box::new(move |cells| {
                let (opened, end) = (cells[0], first_known(&cells[1..]));
                match &opening {
                    _ if end == MISSING || opened == MISSING => MISSING,
                    None => end - opened,
                    Some(hours) => hours.seconds_between(opened, end),
                }
            })
        });
        requests.compute(TableKind::Tickets, self.open, self.inputs, |_, _| -> RowValue {
            Box::new(|cells| if first_known(&cells[1..]) == MISSING { 1 } else { MISSING })
        });
        requests.reduction(self.by_opening());
        requests.reduction(self.still_open());
    }

    pub(in crate::catalog) fn outcome(&self, results: &Results, measure: &str, cell: &Cell) -> Outcome {
        let quantile = |thousandths| {
            results.quantile(&self.by_opening(), &cell.window, cell.segment, thousandths, "tickets that came to it")
        };
        match measure {
            Measure::HEADLINE => quantile(MEDIAN),
            "p90" => quantile(P90),
            "mean" => results.sums(&self.by_opening(), &cell.window, cell.segment).mean("tickets that came to it"),
            _ => Ok(Estimate::Count(results.sums(&self.still_open(), &cell.window, cell.segment).n)),
        }
    }
}

/// Gives the first cell that is not missing.
pub(in crate::catalog) fn first_known(cells: &[i64]) -> i64 {
    cells.iter().copied().find(|cell| *cell != MISSING).unwrap_or(MISSING)
}

/// Says in which hours a stretch is measured.
pub(in crate::catalog) fn hours_policy(hours: Option<&BusinessHours>) -> String {
    hours.map_or_else(|| "hours of the clock".to_owned(), BusinessHours::describe)
}

/// Name of the computed column of when a ticket was closed.
pub(in crate::catalog) const CLOSED_AT: &str = "tickets.closed_at";

/// Columns that say when a ticket was closed.
pub(in crate::catalog) const CLOSING: &[&str] = &["resolved_at", "solved_at", "reopened_count"];

/// Tells by the first three cells, in the order of [`CLOSING`], when a ticket was closed: when it was resolved at last, or else solved. One
/// that was solved, opened again and not resolved since is not closed, where the table says when tickets are resolved.
pub(in crate::catalog) fn closing(table: &Table) -> impl Fn(&[i64]) -> i64 + Copy + Send + Sync + use<> {
    let says = table.column("resolved_at").is_some();
    move |cells| match (cells[0], cells[2]) {
        (MISSING, MISSING | 0) => cells[1],
        (MISSING, _) if !says => cells[1],
        (resolved, _) => resolved,
    }
}

/// Asks when tickets were closed.
pub(in crate::catalog) fn request_closing(requests: &mut Requests<'_>) {
    requests.compute(TableKind::Tickets, CLOSED_AT, CLOSING, |table, _| -> RowValue { Box::new(closing(table)) });
}
