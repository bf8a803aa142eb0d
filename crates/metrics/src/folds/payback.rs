//! What customers have brought by each month of their own life, by when they came.

use std::any::Any;
use std::sync::Arc;

use super::{Grid, same_kind};
use crate::engine::histories::{CustomerHistory, Fold};
use crate::engine::timeline::{Timeline, WindowId};

/// Seconds of a month: a twelfth of 365.25 days.
pub const MONTH: i64 = 2_629_800;

/// Revenue by the moment of the first order and by age.
///
/// Age 0 is the first order alone, age k what follows it in the k-th month of 30.4375 days, its last moment included. Cells are complete as far
/// as the data go: which ages can be read is for the reader to say.
#[derive(Debug)]
pub struct Payback {
    timeline: Arc<Timeline>,
    /// How many ages are kept.
    ages: usize,
    /// By slot of the first order and age.
    cells: Grid<i128>,
}

impl Payback {
    /// The key under which the fold is shared.
    pub fn key(months: u16) -> String {
        format!("payback {months}")
    }

    /// Prepares the fold for so many months after the first order.
    pub fn new(timeline: &Arc<Timeline>, months: u16, segments: usize) -> Self {
        let ages = usize::from(months) + 1;
        Self { timeline: Arc::clone(timeline), ages, cells: Grid::new(timeline.slot_count() * ages, segments) }
    }

    /// Gives what the customers who came in a window had brought by each age, in minor units.
    pub fn brought(&self, window: WindowId, segment: usize) -> Vec<i128> {
        let mut sum = 0;
        let at = |age: usize| -> i128 {
            self.timeline.slots(window).map(|slot| self.cells.at(slot * self.ages + age, segment)).sum()
        };
        let mut add = |age| {
            sum += at(age);
            sum
        };
        (0..self.ages).map(&mut add).collect()
    }
}

impl Fold for Payback {
    fn new_empty(&self) -> Box<dyn Fold> {
        Box::new(Self { timeline: Arc::clone(&self.timeline), ages: self.ages, cells: self.cells.empty_like() })
    }

    fn update(&mut self, history: &CustomerHistory<'_>) {
        let Some(first) = history.orders.first() else { return };
        let Some(slot) = self.timeline.slot_at(first.at) else { return };
        let orders = history.orders.iter().map(|order| (order.at, i128::from(order.amount)));
        let refunds = history.refunds.iter().map(|refund| (refund.at, -i128::from(refund.amount)));
        for (at, amount) in orders.chain(refunds) {
            let since = at.saturating_sub(first.at).max(0);
            let age = usize::try_from(since.saturating_add(MONTH - 1) / MONTH).unwrap_or(usize::MAX);
            if age < self.ages {
                for &segment in history.segments {
                    *self.cells.at_mut(slot * self.ages + age, segment) += amount;
                }
            }
        }
    }

    fn merge(&mut self, other: &dyn Any) {
        let Some(other) = same_kind::<Self>(other) else { return };
        self.cells.merge(&other.cells, |sum, part| *sum += part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::histories::{Event, Refund};
    use crate::engine::timeline::Windows;
    use tallybook_calendar::{Calendar, FiscalYear};

    #[test]
    fn ages_by_hand() {
        let calendar = Calendar {
            zone: chrono_tz::Europe::Berlin,
            week_start: chrono::Weekday::Mon,
            fiscal: FiscalYear::default(),
        };
        let day = |text: &str| text.parse().expect("a day");
        let january = calendar.window(day("2026-01-01"), day("2026-02-01"));
        let mut windows = Windows::default();
        let id = windows.add(january);
        let mut fold = Payback::new(&Arc::new(Timeline::new(windows)), 2, 1);
        let came = january.start + 5;
        // Two orders at once; one at the last moment of the first month, one in the second, one after all months; 3 given back at once.
        let orders = [(0, 10), (0, 20), (MONTH, 5), (MONTH + 1, 7), (2 * MONTH + 1, 100)];
        let orders = orders.map(|(after, amount)| Event { at: came + after, amount });
        let refunds = [Refund { at: came + 1, amount: 3, ordered_at: came }];
        let mut see = |orders: &[Event], refunds: &[Refund]| {
            fold.update(&CustomerHistory { customer: 0, segments: &[0], orders, refunds, signed_up_at: None });
        };
        see(&orders, &refunds);
        see(&[Event { at: january.start, amount: 1 }], &[]);
        // Those who came in another month are no matter.
        see(&[Event { at: january.end, amount: 1000 }], &[]);
        see(&[Event { at: january.start - 1, amount: 1000 }, Event { at: came, amount: 1000 }], &[]);
        assert_eq!(fold.brought(id, 0), [31, 33, 40]);
    }
}
