//! When customers came, and when they came back.

use std::any::Any;
use std::sync::Arc;

use super::{Grid, same_kind};
use crate::engine::histories::{CustomerHistory, Fold};
use crate::engine::timeline::{Timeline, WindowId};
use tallybook_calendar::Calendar;

/// Customers by the time of their first and of their second order.
#[derive(Debug)]
pub struct Firsts {
    timeline: Arc<Timeline>,
    /// Where a second order must lie on another day than the first: the calendar that says so.
    by_day: Option<Calendar>,
    /// Row 0 is the time before the first slot; slot s is row s + 1; the time after the last slot is not counted.
    cells: Grid<FirstsCell>,
}

#[derive(Debug, Clone, Copy, Default)]
struct FirstsCell {
    first: u64,
    second: u64,
}

impl Firsts {
    /// The key under which the fold is shared.
    pub const fn key(by_day: bool) -> &'static str {
        if by_day { "firsts by day" } else { "firsts" }
    }

    /// Prepares the fold; with a calendar, orders on one local day count as one.
    pub fn new(timeline: &Arc<Timeline>, segments: usize, by_day: Option<Calendar>) -> Self {
        let cells = Grid::new(timeline.slot_count() + 1, segments);
        Self { timeline: Arc::clone(timeline), by_day, cells }
    }

    /// Counts the customers whose first order falls into a window.
    pub fn new_in(&self, window: WindowId, segment: usize) -> u64 {
        self.timeline.slots(window).map(|slot| self.cells.at(slot + 1, segment).first).sum()
    }

    /// Counts the customers with an order before a window begins.
    pub fn customers_before(&self, window: WindowId, segment: usize) -> u64 {
        (0..=self.timeline.slots(window).start).map(|row| self.cells.at(row, segment).first).sum()
    }

    /// Counts the customers with an order, and with a second one, before a window ends.
    pub fn up_to_end(&self, window: WindowId, segment: usize) -> (u64, u64) {
        (0..=self.timeline.slots(window).end).fold((0, 0), |(first, second), row| {
            let cell = self.cells.at(row, segment);
            (first + cell.first, second + cell.second)
        })
    }

    fn row(&self, at: i64) -> Option<usize> {
        match self.timeline.slot_at(at) {
            Some(slot) => Some(slot + 1),
            None => self.timeline.starts_after(at).then_some(0),
        }
    }
}

impl Fold for Firsts {
    fn new_empty(&self) -> Box<dyn Fold> {
        Box::new(Self {
            timeline: Arc::clone(&self.timeline),
            by_day: self.by_day.clone(),
            cells: self.cells.empty_like(),
        })
    }

    fn update(&mut self, history: &CustomerHistory<'_>) {
        let Some(first) = history.orders.first() else { return };
        let second = match &self.by_day {
            None => history.orders.get(1),
            Some(calendar) => {
                let day = calendar.day_of(first.at);
                history.orders.iter().find(|order| calendar.day_of(order.at) != day)
            }
        };
        if let Some(row) = self.row(first.at) {
            history.segments.iter().for_each(|&segment| self.cells.at_mut(row, segment).first += 1);
        }
        if let Some(row) = second.and_then(|second| self.row(second.at)) {
            history.segments.iter().for_each(|&segment| self.cells.at_mut(row, segment).second += 1);
        }
    }

    fn merge(&mut self, other: &dyn Any) {
        let Some(other) = same_kind::<Self>(other) else { return };
        self.cells.merge(&other.cells, |cell, part| {
            cell.first += part.first;
            cell.second += part.second;
        });
    }
}
