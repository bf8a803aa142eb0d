//! Single values by metric and measure, for templates that want no more than some.

use std::collections::BTreeMap;

use super::CellView;
use super::build::Views;
use crate::document::Document;

/// The measures of a document by metric and key, for templates that want a single figure.
pub fn figure_index(document: &Document) -> BTreeMap<String, BTreeMap<String, CellView>> {
    let views = Views::new(document);
    let mut index: BTreeMap<String, BTreeMap<String, CellView>> = BTreeMap::new();
    for metric in &document.metrics {
        for measure in &metric.measures {
            if let Some(figure) = views.reported(&metric.id, &measure.key) {
                let cell = views.cell(figure.unit, &figure.reading);
                index.entry(metric.id.clone()).or_default().insert(measure.key.clone(), cell);
            }
        }
    }
    index
}
