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
/// Moments are ascending, so the moments for which an order lies in the window before (or after) are a run of them. Between the ends of a
/// customer's runs nothing changes from one moment to the next: sums are kept as differences at those ends and added up when they are read,
/// so that a customer costs as much as their orders, not as there are moments.
#[derive(Debug)]
pub struct Inactivity {
    /// The moments' windows: before, after.
    pairs: Vec<(Window, Window)>,
    /// Cuts at all ends of windows, and for each stretch the pairs whose window before (after) holds it.
    cuts: Cuts,
    before: Vec<Range<usize>>,
    after: Vec<Range<usize>>,
    /// Differences to the pair before; one row more than pairs.
    steps: Grid<Step>,
    /// Of the customer at hand: where something changes, and how.
    ends: Vec<End>,
}

/// A change of a customer's state between one pair and the next.
#[derive(Debug, Clone, Copy)]
struct End {
    pair: usize,
    before: i32,
    after: i32,
    revenue: i128,
}

/// A change of the sums between one pair and the next.
#[derive(Debug, Clone, Copy, Default)]
struct Step {
    n: i64,
    sum: i128,
    squares: i128,
    lost: i64,
    lost_sum: i128,
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
        let steps = Grid::new(pairs.len() + 1, segments);
        Self { cuts: Cuts::new(ends), before, after, steps, ends: Vec::new(), pairs }
    }

    /// Gives what became of the customers of a window before.
    pub fn cell(&self, before: &Window, segment: usize) -> Option<Cell> {
        let position = self.pairs.iter().position(|pair| pair.0 == *before)?;
        let mut sums = Step::default();
        for pair in 0..=position {
            sums.add(self.steps.at(pair, segment));
        }
        let count = |number: i64| u64::try_from(number).unwrap_or(0);
        Some(Cell {
            revenue: Moments { n: count(sums.n), sum: sums.sum, squares: sums.squares.unsigned_abs() },
            lost: count(sums.lost),
            lost_revenue: sums.lost_sum,
        })
    }
}

impl Step {
    fn add(&mut self, other: &Self) {
        self.n += other.n;
        self.sum += other.sum;
        self.squares += other.squares;
        self.lost += other.lost;
        self.lost_sum += other.lost_sum;
    }
}

impl Fold for Inactivity {
    fn fresh(&self) -> Box<dyn Fold> {
        Box::new(Self {
            pairs: self.pairs.clone(),
            cuts: self.cuts.clone(),
            before: self.before.clone(),
            after: self.after.clone(),
            steps: self.steps.empty_like(),
            ends: Vec::new(),
        })
    }

    fn observe(&mut self, history: &History<'_>) {
        self.ends.clear();
        for order in history.orders {
            let Some(stretch) = self.cuts.find(order.at) else { continue };
            push_run(&mut self.ends, &self.before[stretch], 1, 0, i128::from(order.amount));
            push_run(&mut self.ends, &self.after[stretch], 0, 1, 0);
        }
        if self.ends.is_empty() {
            return;
        }
        for refund in history.refunds {
            if let Some(stretch) = self.cuts.find(refund.at) {
                push_run(&mut self.ends, &self.before[stretch], 0, 0, -i128::from(refund.amount));
            }
        }
        self.ends.sort_unstable_by_key(|end| end.pair);
        let (mut before, mut after, mut revenue) = (0, 0, 0_i128);
        let mut ends = self.ends.iter().peekable();
        while let Some(end) = ends.next() {
            (before, after, revenue) = (before + end.before, after + end.after, revenue + end.revenue);
            let Some(next) = ends.peek().map(|next| next.pair).filter(|next| *next > end.pair) else { continue };
            if before == 0 {
                continue;
            }
            // From this pair up to the next end, the customer is in one state.
            let squares = i128::try_from(revenue.unsigned_abs().saturating_pow(2)).unwrap_or(i128::MAX / 4);
            let lost = i64::from(after == 0);
            let lost_sum = if after == 0 { revenue } else { 0 };
            for &segment in history.segments {
                self.steps.at_mut(end.pair, segment).add(&Step { n: 1, sum: revenue, squares, lost, lost_sum });
                let over = Step { n: -1, sum: -revenue, squares: -squares, lost: -lost, lost_sum: -lost_sum };
                self.steps.at_mut(next, segment).add(&over);
            }
        }
    }

    fn absorb(&mut self, other: &dyn Any) {
        let Some(other) = same_kind::<Self>(other) else { return };
        self.steps.absorb(&other.steps, Step::add);
    }
}

fn push_run(ends: &mut Vec<End>, run: &Range<usize>, before: i32, after: i32, revenue: i128) {
    if !run.is_empty() {
        ends.push(End { pair: run.start, before, after, revenue });
        ends.push(End { pair: run.end, before: -before, after: -after, revenue: -revenue });
    }
}
