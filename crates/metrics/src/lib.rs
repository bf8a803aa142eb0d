//! The catalogue of customer metrics, and the engine that computes them.
//!
//! A metric has one of two shapes. A *row metric* asks for sums over the rows of a table ([`engine::row_sums`]); a *customer metric* folds
//! over each customer's history ([`engine::histories`]). Whatever the metrics of a run ask for is gathered first, computed in one walk
//! over each table and one over the customers for all periods and segments at once ([`Job::run`]), and read out as [`result`]s.
//!
//! Folders stand in layers, and use only those above them in this list: [`declare`], [`result`], [`engine`], [`folds`],
//! [`subscriptions`], [`lifetime`], [`sentiment`], [`metric`], [`catalog`], `job`.
//!
//! Nothing here does I/O or reads a clock.

pub mod catalog;
pub mod declare;
pub mod engine;
pub mod folds;
mod job;
pub mod lifetime;
pub mod metric;
pub mod result;
pub mod sentiment;
pub mod subscriptions;

pub use job::{Job, ReportFigures};
