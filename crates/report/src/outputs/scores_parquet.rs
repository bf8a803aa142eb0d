//! Customers' scores as Parquet.

use polars::prelude::*;
use tallybook_ingest::Identifiers;
use tallybook_metrics::lifetime::Score;

use crate::error::ReportError;

/// Writes the scores of customers, one row each.
///
/// Columns: `customer_id`, frequency (repeat purchase occasions), `recency_days` (first to last), `age_days` (first to the end of the
/// period), spend, `probability_alive`, `expected_purchases`, `expected_spend` (a purchase) and clv. Money is in minor units.
pub fn scores_to_parquet(scores: &[Score], customers: &Identifiers) -> Result<Vec<u8>, ReportError> {
    let fail = |source| ReportError::Parquet { source: Box::new(source) };
    let counts = |name: &str, pick: fn(&Score) -> u16| {
        Column::new(name.into(), scores.iter().map(|score| u32::from(pick(score))).collect::<Vec<u32>>())
    };
    let numbers =
        |name: &str, pick: fn(&Score) -> f64| Column::new(name.into(), scores.iter().map(pick).collect::<Vec<f64>>());
    let names: Vec<String> = scores.iter().map(|score| customers.identifier(score.customer).to_string()).collect();
    let columns = vec![
        Column::new("customer_id".into(), names),
        counts("frequency", |score| score.alike.frequency),
        counts("recency_days", |score| score.alike.recency),
        counts("age_days", |score| score.alike.age),
        Column::new("spend".into(), scores.iter().map(|score| score.spend).collect::<Vec<i64>>()),
        numbers("probability_alive", |score| score.alive),
        numbers("expected_purchases", |score| score.purchases),
        numbers("expected_spend", |score| score.expected_spend),
        numbers("clv", |score| score.value),
    ];
    let mut frame = DataFrame::new(scores.len(), columns).map_err(fail)?;
    let mut bytes = Vec::new();
    ParquetWriter::new(&mut bytes).with_compression(ParquetCompression::Snappy).finish(&mut frame).map_err(fail)?;
    Ok(bytes)
}
