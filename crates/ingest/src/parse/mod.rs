//! Cells: texts and typed values read as exact integers.

pub(crate) mod cells;
pub(crate) mod identifiers;
pub(crate) mod number;
pub(crate) mod time;
