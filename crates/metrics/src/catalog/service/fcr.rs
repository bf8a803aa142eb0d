//! First-contact resolution.

use schemars::JsonSchema;
use serde::Deserialize;
use tallybook_ingest::{MISSING, TableKind};

use super::desk::closing;
use crate::catalog::options::{DayCount, days};
use crate::catalog::pending::matured_share;
use crate::declare::{Area, Direction, Info, Measure, OptionInfo, Unit};
use crate::engine::order_value::OrderValue;
use crate::engine::row_function::RowValue;
use crate::engine::row_sums::Reduction;
use crate::metric::{Cell, Metric, Need, Requests, Results};
use tallybook_stats::{Estimate, Outcome};

pub(in crate::catalog) const INFO: Info = Info {
    id: "fcr",
    title: "First-contact resolution",
    area: Area::Service,
    unit: Unit::Share,
    good: Direction::Up,
    definition: "The share of the tickets closed in the period that took one contact and were not opened again within the days in which they could be.",
    formula: "tickets with one contact and not reopened / tickets whose days are over",
    source: "Koole (2013), Call Center Optimization, ch. 3",
    interval: "Wilson",
    traps: &[
        "a ticket closed yesterday may be opened again tomorrow: until its days are over it does not count, and is shown apart",
        "where the contacts of a ticket are not known, only that it was not opened again counts",
        "a customer who gives up or opens another ticket looks like one who was helped",
    ],
    options: &[
        OptionInfo {
            name: "window_days",
            default: "7",
            meaning: "days in which a closed ticket could be opened again",
        },
        OptionInfo {
            name: "when_known",
            default: "false",
            meaning: "count a ticket in the period in which its days are over, rather than in the one in which it was closed",
        },
    ],
    example: "{window_days: 3}",
};

/// Tickets closed at the first contact.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::catalog) struct Fcr {
    /// Days in which a closed ticket could be opened again.
    #[serde(default = "week")]
    window_days: DayCount,
    /// Count a ticket in the period in which its days are over.
    #[serde(default)]
    when_known: bool,
}

const fn week() -> DayCount {
    DayCount(7)
}

const INPUTS: &[&str] = &["resolved_at", "solved_at", "reopened_count", "contacts"];
const CLOCK: &str = "fcr.counts_at";
const SHARE: &str = "fcr.first_contact";
const PENDING: &str = "fcr.pending";

impl Fcr {
    fn seconds(&self) -> i64 {
        i64::from(self.window_days.0) * 86_400
    }
}

impl Metric for Fcr {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn measures(&self) -> Vec<Measure> {
        vec![Measure::headline(Unit::Share), Measure { key: "pending", suffix: "too early to tell", unit: Unit::Count }]
    }

    fn good(&self, measure: &str) -> Direction {
        if measure == Measure::HEADLINE { INFO.good } else { Direction::Neither }
    }

    fn policy(&self, _: &OrderValue) -> String {
        let when = if self.when_known { "when they are over" } else { "when it was closed" };
        format!(
            "{} to be opened again; a ticket counts {when}; where contacts are not known, only whether it was opened again",
            days(self.window_days)
        )
    }

    fn needs(&self) -> Vec<Need> {
        vec![Need::of(TableKind::Tickets, &["solved_at", "reopened_count"], &["resolved_at", "contacts"])]
    }

    fn is_settled(&self, measure: &str) -> bool {
        measure != "pending"
    }

    fn request(&self, requests: &mut Requests<'_>) {
        let window = self.seconds();
        let delay = if self.when_known { window } else { 0 };
        requests.compute(TableKind::Tickets, CLOCK, INPUTS, move |table, _| -> RowValue {
            let closed_at = closing(table);
            Box::new(move |cells| match closed_at(cells) {
                MISSING => MISSING,
                closed => closed + delay,
            })
        });
        requests.compute(TableKind::Tickets, SHARE, INPUTS, move |table, as_of| -> RowValue {
            let closed_at = closing(table);
            Box::new(move |cells| match closed_at(cells) {
                MISSING => MISSING,
                closed if closed + window > as_of => MISSING,
                _ => {
                    let (reopened, contacts) = (cells[2], cells[3]);
                    i64::from((contacts == MISSING || contacts <= 1) && (reopened == MISSING || reopened == 0))
                }
            })
        });
        requests.compute(TableKind::Tickets, PENDING, INPUTS, move |table, as_of| -> RowValue {
            let closed_at = closing(table);
            Box::new(move |cells| match closed_at(cells) {
                closed if closed != MISSING && closed + window > as_of => 1,
                _ => MISSING,
            })
        });
        requests.reduction(Reduction::sum(TableKind::Tickets, CLOCK, SHARE));
        requests.reduction(Reduction::sum(TableKind::Tickets, CLOCK, PENDING));
    }

    fn outcome(&self, results: &Results, measure: &str, cell: &Cell) -> Outcome {
        let sums =
            |column| results.sums(&Reduction::sum(TableKind::Tickets, CLOCK, column), &cell.window, cell.segment);
        let pending = sums(PENDING).n;
        if measure == "pending" {
            return Ok(Estimate::Count(pending));
        }
        let wait = format!("no closed ticket has had its {} yet", days(self.window_days));
        matured_share(&sums(SHARE), pending, "closed tickets", &wait)
    }
}
