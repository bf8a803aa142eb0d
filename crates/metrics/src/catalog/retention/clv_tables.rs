//! Predictions as tables: by the values of a dimension, and by the month of the first purchase.

use chrono::NaiveDate;

use crate::declare::Unit;
use crate::engine::segments::TOTAL;
use crate::lifetime::{Known, Valuation, Worth};
use crate::metric::Results;
use crate::result::{Body, Exhibit, ExhibitRow, ExhibitTable, Quantity};
use tallybook_stats::Z95;

/// Lists what customers are worth by the values of a dimension, the greatest value first.
pub(super) fn by_dimension(valuation: &Valuation, results: &Results, dimension: &str, metric: &str) -> Exhibit {
    let own = (TOTAL + 1..results.segments.count()).filter_map(|segment| {
        let (_, name) = results.segments.name(segment).filter(|(name, _)| *name == dimension)?;
        let worth = valuation.segments.get(segment).filter(|worth| worth.customers > 0)?;
        Some((name.to_owned(), *worth))
    });
    let mut rows: Vec<(String, Worth)> = own.collect();
    rows.sort_by(|a, b| b.1.value.value.total_cmp(&a.1.value.value));
    let table = table(dimension, &rows, results.min_n, false);
    exhibit(metric, &format!("by_{dimension}"), format!("Predicted, by {dimension}"), table)
}

/// Lists what customers are worth by the month of their first purchase.
pub(super) fn by_cohort(valuation: &Valuation, results: &Results, metric: &str) -> Exhibit {
    let named = |(month, worth): &(NaiveDate, Worth)| (month.format("%Y-%m").to_string(), *worth);
    let rows: Vec<(String, Worth)> = valuation.cohorts.iter().map(named).collect();
    let table = table("first purchase", &rows, results.min_n, true);
    exhibit(metric, "cohorts", "Predicted, by month of the first purchase".to_owned(), table)
}

fn exhibit(metric: &str, key: &str, title: String, table: ExhibitTable) -> Exhibit {
    Exhibit { metric: metric.to_owned(), key: key.to_owned(), title, remarks: Vec::new(), body: Body::Table(table) }
}

fn table(names: &str, rows: &[(String, Worth)], min_n: u64, by_time: bool) -> ExhibitTable {
    let row = |(name, worth): &(String, Worth)| ExhibitRow { name: name.clone(), cells: cells(worth, min_n) };
    let columns = ["customers", "expected alive", "purchases a customer", "value a customer", "value"];
    ExhibitTable {
        names: names.to_owned(),
        columns: columns.map(str::to_owned).to_vec(),
        rows: rows.iter().map(row).collect(),
        by_time,
    }
}

fn cells(worth: &Worth, min_n: u64) -> Vec<Quantity> {
    let customers = Quantity::count(worth.customers);
    if worth.customers < min_n {
        return std::iter::once(customers).chain(std::iter::repeat_n(Quantity::too_few(), 4)).collect();
    }
    let n = worth.customers as f64;
    let margin = |known: Known| known.error.map_or(known.value / 1000.0, |error| Z95 * error);
    let mean = |unit, known: Known| Quantity::about(unit, known.value / n, margin(known) / n);
    vec![
        customers,
        mean(Unit::Share, worth.alive),
        mean(Unit::Number, worth.purchases),
        mean(Unit::Money, worth.value),
        Quantity::about(Unit::Money, worth.value.value, margin(worth.value)),
    ]
}
