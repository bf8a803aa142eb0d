//! Who was active in each window, with how many orders and how much revenue.

use std::any::Any;
use std::sync::Arc;

use super::{Grid, same_kind};
use crate::engine::histories::{CustomerHistory, Fold};
use crate::engine::timeline::{Timeline, WindowId};
use tallybook_stats::Sums;

/// Orders and revenue a customer and window. A customer is active in a window in which they placed an order.
#[derive(Debug)]
pub struct Activity {
    timeline: Arc<Timeline>,
    /// For each slot, the rows of the grid that it counts towards.
    rows_of_slot: Vec<Vec<u32>>,
    row_of_window: Vec<Option<u32>>,
    cells: Grid<ActivityCell>,
    /// Sums of the customer at hand, by row.
    open: Vec<(u32, ActivityCell)>,
}

/// What active customers did in a window: each summand is one customer.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ActivityCell {
    /// Orders a customer.
    pub orders: Sums,
    /// Revenue a customer, less refunds that fall into the window.
    pub revenue: Sums,
    /// Customers whose first order ever falls into the window.
    pub new: u64,
}

impl Activity {
    /// The key under which the fold is shared.
    pub const KEY: &'static str = "activity";

    /// Prepares the fold for some windows.
    pub fn new(timeline: &Arc<Timeline>, windows: &[WindowId], segments: usize) -> Self {
        let mut row_of_window = vec![None; timeline.windows().len()];
        let mut rows_of_slot = vec![Vec::new(); timeline.slot_count()];
        for (row, &window) in (0_u32..).zip(windows) {
            row_of_window[window.index()] = Some(row);
            for slot in timeline.slots(window) {
                rows_of_slot[slot].push(row);
            }
        }
        Self {
            timeline: Arc::clone(timeline),
            rows_of_slot,
            row_of_window,
            cells: Grid::new(windows.len(), segments),
            open: Vec::new(),
        }
    }

    /// Gives what happened in a window that the fold was prepared for.
    pub fn cell(&self, window: WindowId, segment: usize) -> ActivityCell {
        let row = self.row_of_window[window.index()];
        row.map_or_else(ActivityCell::default, |row| *self.cells.at(row as usize, segment))
    }
}

impl Fold for Activity {
    fn new_empty(&self) -> Box<dyn Fold> {
        Box::new(Self {
            timeline: Arc::clone(&self.timeline),
            rows_of_slot: self.rows_of_slot.clone(),
            row_of_window: self.row_of_window.clone(),
            cells: self.cells.empty_like(),
            open: Vec::new(),
        })
    }

    fn update(&mut self, history: &CustomerHistory<'_>) {
        self.open.clear();
        for (position, order) in history.orders.iter().enumerate() {
            let Some(slot) = self.timeline.slot_at(order.at) else { continue };
            for &row in &self.rows_of_slot[slot] {
                // Orders come by time, so an open window is among the last ones.
                let known = self.open.iter().rposition(|(open, _)| *open == row);
                let position_open = known.unwrap_or_else(|| {
                    self.open.push((row, ActivityCell::default()));
                    self.open.len() - 1
                });
                let cell = &mut self.open[position_open].1;
                cell.orders.n += 1;
                cell.revenue.sum += i128::from(order.amount);
                cell.new |= u64::from(position == 0);
            }
        }
        for refund in history.refunds {
            let Some(slot) = self.timeline.slot_at(refund.at) else { continue };
            for &row in &self.rows_of_slot[slot] {
                if let Some((_, cell)) = self.open.iter_mut().rfind(|(open, _)| *open == row) {
                    cell.revenue.sum -= i128::from(refund.amount);
                }
            }
        }
        for (row, sums) in &self.open {
            for &segment in history.segments {
                let cell = self.cells.at_mut(*row as usize, segment);
                cell.orders.merge(&one(i128::from(sums.orders.n)));
                cell.revenue.merge(&one(sums.revenue.sum));
                cell.new += sums.new;
            }
        }
    }

    fn merge(&mut self, other: &dyn Any) {
        let Some(other) = same_kind::<Self>(other) else { return };
        self.cells.merge(&other.cells, |cell, part| {
            cell.orders.merge(&part.orders);
            cell.revenue.merge(&part.revenue);
            cell.new += part.new;
        });
    }
}

/// The moments of a single value.
fn one(value: i128) -> Sums {
    Sums { n: 1, sum: value, squares: value.unsigned_abs().saturating_pow(2) }
}
