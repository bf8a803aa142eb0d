//! The catalogue of customer metrics, the calendar they are reported by, and the statistics behind them.
//!
//! A metric has one of two shapes. A *row metric* asks for sums over the rows of a table ([`reduction`]); a *customer metric* folds
//! over each customer's history ([`history`]). Whatever the metrics of a run ask for is gathered first, computed in one walk over each
//! table and one over the customers for all periods and segments at once ([`Job::run`]), and read out as [`figure`]s.
//!
//! Nothing here does I/O or reads a clock.

pub mod calendar;
pub mod catalog;
mod compute;
pub mod derivation;
pub mod drivers;
pub mod estimate;
pub mod exhibit;
pub mod figure;
pub mod folds;
pub mod history;
pub mod judge;
pub mod lifetime;
mod method;
pub mod metric;
mod moments;
mod reach;
pub mod reduction;
mod requests;
mod results;
pub mod revenue;
pub mod segments;
pub mod sentiment;
pub mod sessions;
pub mod signals;
pub mod stats;
pub mod timeline;

pub use compute::{Job, ReportFigures};
