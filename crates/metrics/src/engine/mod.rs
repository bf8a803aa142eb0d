//! The engine: time cut into slots, customers and rows sorted into segments, and the walks over tables and histories.

pub mod comments;
pub mod coverage;
pub mod histories;
pub mod order_value;
pub(crate) mod row_function;
pub mod row_sums;
pub mod segments;
pub mod sessions;
pub mod timeline;
