//! Annotations: read from their table.

use chrono::NaiveDate;
use tallybook_ingest::Tables;

use crate::engine::coverage::known_day;
use crate::result::Annotation;

/// Reads the annotations that touch a range of days.
pub(crate) fn annotations(tables: &Tables, (from, last): (NaiveDate, NaiveDate)) -> Vec<Annotation> {
    let Some(table) = &tables.annotations else { return Vec::new() };
    let (Some(on), Some(text)) = (table.column("on"), table.labels("text")) else { return Vec::new() };
    let [mut days, mut texts, mut ends, mut metrics] = [const { Vec::new() }; 4];
    let mut found = Vec::new();
    for chunk in 0..table.chunk_count() {
        on.decode(chunk, &mut days);
        text.codes.decode(chunk, &mut texts);
        if let Some(column) = table.column("until") {
            column.decode(chunk, &mut ends);
        }
        if let Some(labels) = table.labels("metric") {
            labels.codes.decode(chunk, &mut metrics);
        }
        for row in 0..days.len() {
            let (Some(on), Some(text)) = (known_day(days[row]), text.label(texts[row])) else { continue };
            let until = ends.get(row).copied().and_then(known_day);
            if on <= last && until.unwrap_or(on) >= from {
                let metric = metrics.get(row).and_then(|&code| table.labels("metric")?.label(code));
                found.push(Annotation { on, until, text: text.to_owned(), metric: metric.map(str::to_owned) });
            }
        }
    }
    found.sort_by(|a, b| (a.on, &a.text).cmp(&(b.on, &b.text)));
    found
}
