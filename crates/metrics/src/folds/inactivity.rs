//! Who was active in one window and not in the next.

use std::any::Any;
use std::ops::Range;

use super::{Grid, same_kind};
use crate::engine::histories::{CustomerHistory, Fold};
use crate::engine::timeline::Cuts;
use tallybook_calendar::Window;
use tallybook_stats::Sums;

/// Customers active before a moment, and those of them that were not active after it, for many moments at once.
///
/// Sums are ascending, so the moments for which an order lies in the window before (or after) are a run of them. Between the ends of a
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
    steps: Grid<WindowChange>,
    /// Of the customer at hand: how something changes at each pair; one more than pairs.
    ends: Vec<End>,
}

/// A change of a customer's state between one pair and the next.
#[derive(Debug, Clone, Copy, Default)]
struct End {
    touched: bool,
    before: i32,
    after: i32,
    revenue: i128,
}

/// A change of the sums between one pair and the next.
#[derive(Debug, Clone, Copy, Default)]
struct WindowChange {
    n: i64,
    sum: i128,
    squares: i128,
    lost: i64,
    lost_sum: i128,
}

/// What became of the customers active in the window before.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct InactivityCell {
    /// Revenue in the window before, a summand a customer who was active in it.
    pub revenue: Sums,
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
        Self { cuts: Cuts::new(ends), before, after, steps, ends: vec![End::default(); pairs.len() + 1], pairs }
    }

    /// Gives what became of the customers of a window before.
    pub fn cell(&self, before: &Window, segment: usize) -> Option<InactivityCell> {
        let position = self.pairs.iter().position(|pair| pair.0 == *before)?;
        let mut sums = WindowChange::default();
        for pair in 0..=position {
            sums.add(self.steps.at(pair, segment));
        }
        let count = |number: i64| u64::try_from(number).unwrap_or(0);
        Some(InactivityCell {
            revenue: Sums { n: count(sums.n), sum: sums.sum, squares: sums.squares.unsigned_abs() },
            lost: count(sums.lost),
            lost_revenue: sums.lost_sum,
        })
    }
}

impl WindowChange {
    fn add(&mut self, other: &Self) {
        self.n += other.n;
        self.sum += other.sum;
        self.squares += other.squares;
        self.lost += other.lost;
        self.lost_sum += other.lost_sum;
    }

    fn take_off(&mut self, other: &Self) {
        self.n -= other.n;
        self.sum -= other.sum;
        self.squares -= other.squares;
        self.lost -= other.lost;
        self.lost_sum -= other.lost_sum;
    }
}

impl Fold for Inactivity {
    fn new_empty(&self) -> Box<dyn Fold> {
        Box::new(Self {
            pairs: self.pairs.clone(),
            cuts: self.cuts.clone(),
            before: self.before.clone(),
            after: self.after.clone(),
            steps: self.steps.empty_like(),
            ends: self.ends.clone(),
        })
    }

    fn update(&mut self, history: &CustomerHistory<'_>) {
        let mut reach: Option<(usize, usize)> = None;
        for order in history.orders {
            let Some(stretch) = self.cuts.find(order.at) else { continue };
            self.add_run(&mut reach, self.before[stretch].clone(), 1, 0, i128::from(order.amount));
            self.add_run(&mut reach, self.after[stretch].clone(), 0, 1, 0);
        }
        if reach.is_none() {
            return;
        }
        for refund in history.refunds {
            if let Some(stretch) = self.cuts.find(refund.at) {
                self.add_run(&mut reach, self.before[stretch].clone(), 0, 0, -i128::from(refund.amount));
            }
        }
        let (mut before, mut after, mut revenue) = (0, 0, 0_i128);
        let mut open: Option<WindowChange> = None;
        for pair in reach.into_iter().flat_map(|(first, last)| first..=last) {
            let end = std::mem::take(&mut self.ends[pair]);
            if !end.touched {
                continue;
            }
            (before, after, revenue) = (before + end.before, after + end.after, revenue + end.revenue);
            // Up to here the customer was in one state, from here in another.
            let state = (before > 0).then(|| WindowChange {
                n: 1,
                sum: revenue,
                squares: i128::try_from(revenue.unsigned_abs().saturating_pow(2)).unwrap_or(i128::MAX / 4),
                lost: i64::from(after == 0),
                lost_sum: if after == 0 { revenue } else { 0 },
            });
            for &segment in history.segments {
                let step = self.steps.at_mut(pair, segment);
                if let Some(old) = &open {
                    step.take_off(old);
                }
                if let Some(new) = &state {
                    step.add(new);
                }
            }
            open = state;
        }
    }

    fn merge(&mut self, other: &dyn Any) {
        let Some(other) = same_kind::<Self>(other) else { return };
        self.steps.merge(&other.steps, WindowChange::add);
    }
}

impl Inactivity {
    /// Notes what an order changes at the ends of its run of pairs.
    fn add_run(
        &mut self,
        reach: &mut Option<(usize, usize)>,
        run: Range<usize>,
        before: i32,
        after: i32,
        revenue: i128,
    ) {
        if run.is_empty() {
            return;
        }
        let (first, last) = reach.unwrap_or((run.start, run.end));
        *reach = Some((first.min(run.start), last.max(run.end)));
        for (pair, sign) in [(run.start, 1), (run.end, -1)] {
            let end = &mut self.ends[pair];
            end.touched = true;
            end.before += sign * before;
            end.after += sign * after;
            end.revenue += i128::from(sign) * revenue;
        }
    }
}
