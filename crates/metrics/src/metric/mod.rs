//! What a metric is: typed options, what it asks of the data, and how it reads the answers.

mod formula;
mod requests;
mod results;

use std::fmt::Debug;

use tallybook_calendar::{Period, Window};
use tallybook_ingest::{SqlColumn, TableKind};
use tallybook_stats::Outcome;

pub use formula::Formula;
pub use requests::{FoldContext, MakeFold, Requests};
pub use results::Results;

use crate::declare::{Direction, Info, Measure};
use crate::engine::order_value::OrderValue;
use crate::lifetime::{ModelCard, Score};
use crate::result::{CohortTable, Exhibit};

/// A table and the columns of it that a metric reads besides the required ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// The table; `orders` is also satisfied by `order_lines`.
    pub table: TableKind,
    /// Columns without which the metric cannot be computed.
    pub columns: Vec<&'static str>,
    /// Columns that are used where they are there.
    pub optional: Vec<&'static str>,
    /// The least and the greatest score of a kind of survey, where it reads one; others are quarantined.
    pub scale: Option<(&'static str, i64, i64)>,
    /// Columns that are computed by SQL before it reads them, each with the option that gives it.
    pub computed: Vec<(&'static str, SqlColumn)>,
}

impl Need {
    /// Needs a table and some columns of it.
    pub fn of(table: TableKind, columns: &[&'static str], optional: &[&'static str]) -> Self {
        Self { table, columns: columns.to_vec(), optional: optional.to_vec(), scale: None, computed: Vec::new() }
    }

    /// Needs subscriptions.
    pub fn subscriptions() -> Self {
        Self::of(TableKind::Subscriptions, &["mrr"], &["ended_at", "trial_ended_at"])
    }

    /// Needs orders, and whatever the worth of an order is made of.
    pub fn orders() -> Self {
        Self::of(TableKind::Orders, &[], &["discount", "tax", "shipping", "refund_amount", "refunded_at"])
    }
}

/// A metric with its options.
pub trait Metric: Debug + Send + Sync {
    /// Gives the declaration.
    fn info(&self) -> &'static Info;

    /// Gives the measures, the headline first.
    fn measures(&self) -> Vec<Measure>;

    /// Says which policies its options chose, for the report; empty where there is nothing to say.
    fn policy(&self, value: &OrderValue) -> String;

    /// Says what it reads.
    fn needs(&self) -> Vec<Need>;

    /// Asks for what it will read: windows, sums over rows, folds over customers.
    fn request(&self, requests: &mut Requests<'_>);

    /// Reads one measure for one window and segment.
    fn outcome(&self, results: &Results, measure: &str, cell: &Cell) -> Outcome;

    /// Reads a measure's cohort table as of the end of a window; most metrics have none.
    fn cohorts(&self, results: &Results, measure: &str, cell: &Cell) -> Option<CohortTable> {
        let _ = (results, measure, cell);
        None
    }

    /// Says which way is good for a measure, where that is not the metric's.
    fn good(&self, measure: &str) -> Direction {
        let _ = measure;
        self.info().good
    }

    /// Tells whether each period's value of a measure rests on what happened in it alone. One that looks back over others, or has piled up,
    /// moves slowly, and one of what is open still is always highest in the end: limits would take that for a signal, so it has none.
    fn stands_alone(&self, measure: &str) -> bool {
        self.is_settled(measure)
    }

    /// Tells whether a measure's value of a past period stays as it was. What counts what is still open is always most in the latest period,
    /// so that no change of it means anything.
    fn is_settled(&self, measure: &str) -> bool {
        let _ = measure;
        true
    }

    /// Tells whether a measure adds up over time, so that a target for a quarter is reached week by week.
    fn accumulates(&self, measure: &str) -> bool {
        let _ = measure;
        false
    }

    /// Gives the arithmetic by which it comes from other metrics' values; most metrics come from data.
    fn formula(&self) -> Option<&Formula> {
        None
    }

    /// Says which of its options do not go together.
    fn contradiction(&self) -> Option<&'static str> {
        None
    }

    /// Tells whether a measure is too costly to be computed for the periods of a series: there is then only the reported one, and what it is
    /// compared with.
    fn without_series(&self, measure: &str) -> bool {
        let _ = measure;
        false
    }

    /// Gives what it has besides figures for a reported period; most metrics have nothing.
    fn extras(&self, results: &Results, report: &Period, cell: &Cell) -> Extras {
        let _ = (results, report, cell);
        Extras::default()
    }
}

/// What a metric has besides figures.
#[derive(Debug, Default)]
pub struct Extras {
    /// What it shows.
    pub exhibits: Vec<Exhibit>,
    /// The lifetime model that it fitted.
    pub model: Option<ModelCard>,
    /// Scores of each customer, where they were asked for.
    pub scores: Vec<Score>,
}

/// For what a measure is asked.
#[derive(Debug, Clone, Copy)]
pub struct Cell {
    /// The period's window.
    pub window: Window,
    /// The window of the period before.
    pub previous: Window,
    /// The window a year before, where there is one.
    pub year_before: Option<Window>,
    /// The segment, by its position among [`crate::engine::segments::Segments`].
    pub segment: usize,
}

/// A period that figures are wanted for, with what it is compared with.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The period.
    pub period: Period,
    /// Windows of the period, the one before and the one a year before.
    pub window: Window,
    /// The period before.
    pub previous: Window,
    /// The period a year before, where there is one.
    pub year_before: Option<Window>,
}
