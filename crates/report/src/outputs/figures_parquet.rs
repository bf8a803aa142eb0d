//! Figures as a flat table, one row a figure, for `figures.parquet`.

use polars::prelude::*;
use tallybook_metrics::result::Figure;

use crate::error::ReportError;

/// Writes figures as Parquet.
///
/// Columns: metric, measure, period, from, last, dimension, segment, cohort, `cohort_size`, age, unit, value, exact, k, n, low, high,
/// method, state, reason.
pub fn to_parquet(figures: &[Figure]) -> Result<Vec<u8>, ReportError> {
    let fail = |source| ReportError::Parquet { source: Box::new(source) };
    let mut frame = frame(figures).map_err(fail)?;
    let mut bytes = Vec::new();
    ParquetWriter::new(&mut bytes).with_compression(ParquetCompression::Snappy).finish(&mut frame).map_err(fail)?;
    Ok(bytes)
}

fn frame(figures: &[Figure]) -> PolarsResult<DataFrame> {
    let texts = |name: &str, pick: &dyn Fn(&Figure) -> Option<String>| {
        Column::new(name.into(), figures.iter().map(pick).collect::<Vec<Option<String>>>())
    };
    let floats = |name: &str, pick: &dyn Fn(&Figure) -> Option<f64>| {
        Column::new(name.into(), figures.iter().map(pick).collect::<Vec<Option<f64>>>())
    };
    let integers = |name: &str, pick: &dyn Fn(&Figure) -> Option<i64>| {
        Column::new(name.into(), figures.iter().map(pick).collect::<Vec<Option<i64>>>())
    };
    let whole = |value: Option<u64>| value.and_then(|value| i64::try_from(value).ok());
    let days = |name: &str, pick: &dyn Fn(&Figure) -> i32| -> PolarsResult<Column> {
        Column::new(name.into(), figures.iter().map(pick).collect::<Vec<i32>>()).cast(&DataType::Date)
    };
    DataFrame::new(
        figures.len(),
        vec![
            texts("metric", &|figure| Some(figure.metric.clone())),
            texts("measure", &|figure| Some(figure.measure.clone())),
            texts("period", &|figure| Some(figure.period.clone())),
            days("from", &|figure| figure.from.to_epoch_days())?,
            days("last", &|figure| figure.last.to_epoch_days())?,
            texts("dimension", &|figure| figure.segment.as_ref().map(|segment| segment.dimension.clone())),
            texts("segment", &|figure| figure.segment.as_ref().map(|segment| segment.value.clone())),
            texts("cohort", &|figure| figure.cohort.as_ref().map(|cell| cell.cohort.clone())),
            integers("cohort_size", &|figure| whole(figure.cohort.as_ref().map(|cell| cell.size))),
            integers("age", &|figure| whole(figure.cohort.as_ref().map(|cell| cell.age as u64))),
            texts("unit", &|figure| Some(unit_name(figure).to_owned())),
            floats("value", &|figure| figure.reading.value),
            integers("exact", &|figure| figure.reading.exact),
            integers("k", &|figure| whole(figure.reading.k)),
            integers("n", &|figure| whole(figure.reading.n)),
            floats("low", &|figure| figure.reading.low),
            floats("high", &|figure| figure.reading.high),
            texts("method", &|figure| figure.reading.method.map(|method| method.name().to_owned())),
            texts("state", &|figure| Some(figure.reading.state.name().to_owned())),
            texts("reason", &|figure| figure.reading.reason.clone()),
        ],
    )
}

const fn unit_name(figure: &Figure) -> &'static str {
    use tallybook_metrics::declare::Unit;
    match figure.unit {
        Unit::Money => "minor units",
        Unit::Count => "count",
        Unit::Share => "share",
        Unit::Change => "relative change",
        Unit::Number => "number",
        Unit::Points => "points",
        Unit::Duration => "seconds",
        Unit::Months => "months",
    }
}
