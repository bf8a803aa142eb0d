//! Canonical tables: checks of whole rows, and tables that are made of others.

pub(crate) mod column;
pub(crate) mod fx;
pub(crate) mod order_lines;
pub(crate) mod row_checks;
pub(crate) mod spend;
pub(crate) mod tickets;
