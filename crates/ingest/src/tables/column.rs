//! The columns of a batch: values by canonical name, and columns computed from them.

use std::collections::BTreeMap;

use crate::parse::cells::Dictionary;
use crate::parse::number::Decimal;
use crate::source::{Derived, Mapped};

/// A mapped column with its values in the batch at hand.
pub(crate) struct Column {
    pub(crate) mapped: Mapped,
    pub(crate) values: Vec<i64>,
    pub(crate) decimals: Vec<Decimal>,
    pub(crate) dictionary: Dictionary,
}

/// Computes the derived columns of a batch.
pub(crate) fn derive<'a>(
    derived: &[Derived],
    rows: usize,
    values: impl Fn(&str) -> Option<&'a [i64]>,
    out: &mut BTreeMap<String, Vec<i64>>,
) {
    for Derived { name, terms } in derived {
        let sums = out.entry(name.clone()).or_default();
        sums.clear();
        sums.resize(rows, 0);
        for (column, factor) in terms {
            let parts = values(column).unwrap_or(&[]);
            sums.iter_mut().zip(parts).for_each(|(sum, part)| *sum += factor * part);
        }
    }
}
