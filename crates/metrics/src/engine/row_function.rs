//! Columns that are made of others of the same row, once for all who ask.

use tallybook_ingest::{MISSING, PackedColumn, Table};

/// A column that is computed from others of the same row, once for all metrics and periods.
pub(crate) struct RowFunction {
    /// The columns that it is computed from; an absent one is missing.
    pub(crate) inputs: &'static [&'static str],
    /// Makes the function of a row, given the table and the latest moment that it tells of.
    pub(crate) make: MakeRow,
}

/// Makes the function of a row.
pub(crate) type MakeRow = Box<dyn FnOnce(&Table, i64) -> RowValue>;

/// A function of the cells of a row; `MISSING` where the row has no value.
pub(crate) type RowValue = Box<dyn Fn(&[i64]) -> i64 + Send + Sync>;

/// Computes a column from others of a table.
pub(crate) fn compute(table: &Table, computation: RowFunction, as_of: i64) -> PackedColumn {
    let value = (computation.make)(table, as_of);
    let mut inputs: Vec<Vec<i64>> = vec![Vec::new(); computation.inputs.len()];
    let (mut out, mut values, mut cells) = (PackedColumn::default(), Vec::new(), Vec::new());
    for chunk in 0..table.chunk_count() {
        for (name, values) in computation.inputs.iter().zip(&mut inputs) {
            values.clear();
            if let Some(column) = table.column(name).or_else(|| table.labels(name).map(|labels| &labels.codes)) {
                column.decode(chunk, values);
            } else {
                values.resize(table.chunk_len(chunk), MISSING);
            }
        }
        values.clear();
        for row in 0..table.chunk_len(chunk) {
            cells.clear();
            cells.extend(inputs.iter().map(|column| column[row]));
            values.push(value(&cells));
        }
        out.push_chunk(&values);
    }
    out
}
