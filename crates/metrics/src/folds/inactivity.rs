//! Who was active in one window and not in the next.

use std::any::Any;
use std::ops::Range;

use super::{Grid, same_kind};
use crate::calendar::Window;
use crate::estimate::Moments;
use crate::history::{Fold, History};
use crate::timeline::Cuts;

/// Customers active before a moment, and those of them that were not active after it, for many moments at once.
///
/// Moments are ascending, so the moments for which an order lies in the window before are a run of them; a customer's runs are
/// collected as bits and counted once.
#[derive(Debug)]
pub struct Inactivity {
    /// The moments' windows: before, after.
    pairs: Vec<(Window, Window)>,
    /// Cuts at all ends of windows, and for each stretch the pairs whose window before (after) holds it.
    cuts: Cuts,
    before: Vec<Range<usize>>,
    after: Vec<Range<usize>>,
    cells: Grid<Cell>,
    /// Of the customer at hand: revenue before by pair, whether active before, whether active after.
    seen: Vec<Seen>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    before: bool,
    after: bool,
    revenue: i128,
}

/// What became of the customers active in the window before.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Cell {
    /// Revenue in the window before, a summand a customer who was active in it.
    pub revenue: Moments,
    /// Of these, customers not active in the window after.
    pub lost: u64,
    /// Sum over the lost ones of their revenue before: what ties churn to value.
    pub lost_revenue: i128,
}

impl Inactivity {
    /// The key under which the fold is shared.
    pub fn key(before_days: u32, after_days: u32) -> String {
        format!("inactivity {before_days}/{after_days}")
    }

    /// Prepares the fold for pairs of a window before and a window after, which must be ascending in time.
    pub fn new(mut pairs: Vec<(Window, Window)>, segments: usize) -> Self {
        pairs.sort_unstable();
        pairs.dedup();
        let mut ends: Vec<i64> =
            pairs.iter().flat_map(|(before, after)| [before.start, before.end, after.start, after.end]).collect();
        ends.sort_unstable();
        ends.dedup();
        let holding = |pick: fn(&(Window, Window)) -> Window| -> Vec<Range<usize>> {
            ends.iter()
                .map(|&at| {
                    let first = pairs.partition_point(|pair| pick(pair).end <= at);
                    let past = pairs.partition_point(|pair| pick(pair).start <= at);
                    first..past.max(first)
                })
                .collect()
        };
        let (before, after) = (holding(|pair| pair.0), holding(|pair| pair.1));
        let cells = Grid::new(pairs.len(), segments);
        let seen = vec![Seen::default(); pairs.len()];
        Self { cuts: Cuts::new(ends), before, after, cells, seen, pairs }
    }

    /// Gives what became of the customers of a window before.
    pub fn cell(&self, before: &Window, segment: usize) -> Option<Cell> {
        let position = self.pairs.iter().position(|pair| pair.0 == *before)?;
        Some(*self.cells.at(position, segment))
    }
}

impl Fold for Inactivity {
    fn fresh(&self) -> Box<dyn Fold> {
        Box::new(Self {
            pairs: self.pairs.clone(),
            cuts: self.cuts.clone(),
            before: self.before.clone(),
            after: self.after.clone(),
            cells: self.cells.empty_like(),
            seen: vec![Seen::default(); self.pairs.len()],
        })
    }

    fn observe(&mut self, history: &History<'_>) {
        let mut touched: Option<Range<usize>> = None;
        for order in history.orders {
            let Some(stretch) = self.cuts.find(order.at) else { continue };
            let (before, after) = (self.before[stretch].clone(), self.after[stretch].clone());
            for seen in &mut self.seen[before.clone()] {
                seen.before = true;
                seen.revenue += i128::from(order.amount);
            }
            for seen in &mut self.seen[after.clone()] {
                seen.after = true;
            }
            for range in [before, after].into_iter().filter(|range| !range.is_empty()) {
                touched = Some(match touched {
                    None => range,
                    Some(known) => known.start.min(range.start)..known.end.max(range.end),
                });
            }
        }
        let Some(touched) = touched else { return };
        for refund in history.refunds {
            if let Some(stretch) = self.cuts.find(refund.at) {
                let before = self.before[stretch].clone();
                self.seen[before].iter_mut().for_each(|seen| seen.revenue -= i128::from(refund.amount));
            }
        }
        for position in touched {
            let seen = std::mem::take(&mut self.seen[position]);
            if !seen.before {
                continue;
            }
            for &segment in history.segments {
                let cell = self.cells.at_mut(position, segment);
                cell.revenue.n += 1;
                cell.revenue.sum += seen.revenue;
                cell.revenue.squares += seen.revenue.unsigned_abs().saturating_pow(2);
                if !seen.after {
                    cell.lost += 1;
                    cell.lost_revenue += seen.revenue;
                }
            }
        }
        // Refunds may lie in pairs that no order touched.
        if !history.refunds.is_empty() {
            self.seen.iter_mut().for_each(|seen| *seen = Seen::default());
        }
    }

    fn absorb(&mut self, other: &dyn Any) {
        let Some(other) = same_kind::<Self>(other) else { return };
        self.cells.absorb(&other.cells, |cell, part| {
            cell.revenue.absorb(&part.revenue);
            cell.lost += part.lost;
            cell.lost_revenue += part.lost_revenue;
        });
    }
}
