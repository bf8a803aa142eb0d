//! Control charts of series of figures.

use tallybook_stats::control_chart;

use crate::declare::Unit;
use crate::result::{Control, Figure};

/// Makes the control chart of a series of figures, oldest first; nothing where it is too short.
pub(crate) fn control(series: &[&Figure]) -> Option<Control> {
    let first = series.first()?;
    let values: Vec<Option<f64>> = series.iter().map(|figure| figure.reading.value).collect();
    let bounds = match first.unit {
        Unit::Share => (Some(0.0), Some(1.0)),
        Unit::Points => (Some(-100.0), Some(100.0)),
        Unit::Money | Unit::Count | Unit::Number | Unit::Duration | Unit::Months => (Some(0.0), None),
        Unit::Change => (None, None),
    };
    Some(Control {
        metric: first.metric.clone(),
        measure: first.measure.clone(),
        periods: series.iter().map(|figure| figure.period.clone()).collect(),
        chart: control_chart(&values, bounds)?,
    })
}
