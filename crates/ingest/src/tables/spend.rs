//! Acquisition cost: amounts of a day, or of a range of days over which they are spread.

use crate::packed_column::MISSING;
use crate::parse::cells::RowVerdict;
use crate::quarantine::Reason;
use crate::schema::{CellKind, TableKind};
use crate::table::Table;
use crate::tables::column::Column;

/// Days over which one amount of spend may be spread: ten years.
const MAX_SPREAD: i64 = 3_660;

/// Every amount has a day, or a range of days that can be.
pub(crate) fn check_spend_range<'a>(find: &impl Fn(&str) -> Option<&'a Column>, verdicts: &mut [RowVerdict]) {
    let cell = |name: &str, row: usize| find(name).map_or(MISSING, |column| column.values[row]);
    for (row, verdict) in verdicts.iter_mut().enumerate().filter(|(_, verdict)| **verdict == RowVerdict::Use) {
        if cell("spent_on", row) != MISSING {
            continue;
        }
        let (from, to) = (cell("spent_from", row), cell("spent_to", row));
        if from == MISSING || to == MISSING {
            let column = if find("spent_on").is_some() { "spent_on" } else { "spent_from" };
            *verdict = RowVerdict::rejected(TableKind::Spend, column, Reason::Missing);
        } else if to < from {
            *verdict = RowVerdict::rejected(TableKind::Spend, "spent_to", Reason::EndsBeforeItBegins);
        } else if to - from >= MAX_SPREAD {
            *verdict = RowVerdict::rejected(TableKind::Spend, "spent_to", Reason::OutOfRange);
        }
    }
}

/// Spreads amounts over their days; the minor units that do not divide evenly go to the first days of the range.
pub(crate) fn emit_spend(table: &mut Table, columns: &[Column], used: usize) {
    let cell = |name: &str, row: usize| {
        columns.iter().find(|column| column.mapped.name == name).map_or(MISSING, |column| column.values[row])
    };
    let labels: Vec<&Column> = columns
        .iter()
        .filter(|column| column.mapped.cell() == CellKind::Label && table.labels(&column.mapped.name).is_some())
        .collect();
    let (mut days, mut amounts) = (Vec::new(), Vec::new());
    let mut codes: Vec<Vec<i64>> = vec![Vec::new(); labels.len()];
    for row in 0..used {
        let on = cell("spent_on", row);
        let (from, to) = if on == MISSING { (cell("spent_from", row), cell("spent_to", row)) } else { (on, on) };
        let amount = cell("amount", row);
        let count = to - from + 1;
        let (each, rest) = (amount.div_euclid(count), amount.rem_euclid(count));
        for (index, day) in (from..=to).enumerate() {
            days.push(day);
            amounts.push(each + i64::from((index as i64) < rest));
            for (codes, column) in codes.iter_mut().zip(&labels) {
                codes.push(column.values[row]);
            }
        }
    }
    table.push_chunk(days.len(), |name| match name {
        "spent_on" => &days,
        "amount" => &amounts,
        other => {
            labels.iter().position(|column| column.mapped.name == other).map_or(&[], |index| codes[index].as_slice())
        }
    });
}
