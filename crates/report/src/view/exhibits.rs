//! Views of exhibits: tables and curves that a metric shows besides its figures.

use tallybook_metrics::result::{Body, Exhibit, ExhibitRow, ExhibitTable, Quantity};

use crate::format::{Formatter, NOT_AVAILABLE, visible};
use crate::svg::{LOOKS, curves_chart};
use crate::view::{CurveKey, ExhibitRowView, ExhibitView};

/// Columns of a table that fit in half the width of a page.
const NARROW: usize = 5;

/// Rows of a table that are listed; the others are counted.
const LISTED: usize = 24;

/// Makes the view of an exhibit.
pub(super) fn exhibit(exhibit: &Exhibit, format: &Formatter) -> ExhibitView {
    let mut view = ExhibitView {
        key: format!("{}-{}", exhibit.metric, exhibit.key),
        title: exhibit.title.clone(),
        remarks: exhibit.remarks.clone(),
        wide: false,
        names: String::new(),
        columns: Vec::new(),
        rows: Vec::new(),
        rest: String::new(),
        chart: None,
        keys: Vec::new(),
    };
    match &exhibit.body {
        Body::Table(table) => {
            view.wide = table.columns.len() > NARROW;
            fill(&mut view, table, format);
        }
        Body::Curves(curves) => {
            let label = |value: f64, span: f64| format.tick(curves.unit, value, span);
            view.chart = curves_chart(&exhibit.title, curves, &label);
            // In text, and for those who cannot see it: where each curve stands at some points of the axis.
            let table = sampled(curves);
            fill(&mut view, &table, format);
            let key = |(look, curve): (usize, &tallybook_metrics::result::Curve)| CurveKey {
                class: format!("c{}", look.min(LOOKS - 1)),
                name: visible(&curve.name),
            };
            view.keys = curves.curves.iter().enumerate().map(key).collect();
        }
    }
    view
}

fn fill(view: &mut ExhibitView, table: &ExhibitTable, format: &Formatter) {
    let more = table.rows.len().saturating_sub(LISTED);
    // Of what follows on each other in time the last rows count, of all else the first.
    let skipped = if table.by_time { more } else { 0 };
    view.names.clone_from(&table.names);
    view.columns.clone_from(&table.columns);
    view.rows = table
        .rows
        .iter()
        .skip(skipped)
        .take(LISTED)
        .map(|row| ExhibitRowView {
            name: visible(&row.name),
            cells: row.cells.iter().map(|quantity| text(quantity, format)).collect(),
        })
        .collect();
    if more > 0 {
        let which = if table.by_time { "earlier" } else { "more" };
        let rows = if more == 1 { "row is" } else { "rows are" };
        view.rest = format!("{more} {which} {rows} in figures.json");
    }
}

fn text(quantity: &Quantity, format: &Formatter) -> String {
    match quantity {
        Quantity::Value { value, unit, margin } => format.value(*unit, *value, *margin),
        Quantity::Range { low, high, unit } => {
            let margin = Some((high - low) / 2.0);
            format!("{} to {}", format.value(*unit, *low, margin), format.value(*unit, *high, margin))
        }
        Quantity::Text(text) => text.clone(),
        Quantity::Missing => NOT_AVAILABLE.to_owned(),
    }
}

/// Reads curves off at about eight places of their axis.
fn sampled(curves: &tallybook_metrics::result::Curves) -> ExhibitTable {
    let longest = curves.curves.iter().max_by_key(|curve| curve.points.len());
    let points = longest.map_or(&[][..], |curve| &curve.points);
    let step = points.len().div_ceil(8).max(1);
    let mut at: Vec<f64> = points.iter().rev().step_by(step).map(|point| point.x).collect();
    at.reverse();
    at.dedup();
    let read = |curve: &tallybook_metrics::result::Curve, x: f64| {
        let last = curve.points.last().filter(|last| last.x >= x)?;
        let before = curve.points.iter().take_while(|point| point.x <= x).last();
        Some(before.unwrap_or(last).y)
    };
    let row = |x: f64| ExhibitRow {
        name: if x.fract() == 0.0 { format!("{x:.0}") } else { format!("{x:.1}") },
        cells: curves
            .curves
            .iter()
            .map(|curve| read(curve, x).map_or(Quantity::Missing, |y| Quantity::about(curves.unit, y, 0.005)))
            .collect(),
    };
    ExhibitTable {
        names: curves.axis.clone(),
        columns: curves.curves.iter().map(|curve| visible(&curve.name)).collect(),
        rows: at.into_iter().map(row).collect(),
        by_time: false,
    }
}
