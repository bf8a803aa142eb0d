//! Who was active in windows of days, and on how many of them.

use std::any::Any;

use super::{Grid, same_kind};
use crate::engine::histories::{CustomerHistory, Fold};
use crate::engine::timeline::Cuts;
use tallybook_calendar::{Calendar, Window, shift};
use tallybook_stats::Sums;

/// Customers active in each of many windows of whole days, with the number of days on which each was.
#[derive(Debug)]
pub struct Actives {
    /// Ascending.
    windows: Vec<Window>,
    /// Cuts at the beginnings of days.
    days: Cuts,
    /// Numbers of the events that count as active; all where there are none.
    active: Option<Vec<i64>>,
    /// Number of the event that is the goal.
    goal: Option<i64>,
    cells: Grid<ActiveCell>,
    /// Days of the customer at hand: active, and those on which the goal was reached.
    own: (Vec<i64>, Vec<i64>),
}

/// Customers active in a window.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ActiveCell {
    /// A summand a customer: the days on which they were active.
    pub days: Sums,
    /// Of them, customers who reached the goal.
    pub goal: u64,
}

/// What counts as active, and what is the goal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct ActiveRule {
    /// Names of the events that count as active; all where there are none.
    pub events: Vec<String>,
    /// Name of the event that is the goal.
    pub goal: Option<String>,
}

impl ActiveRule {
    /// The key under which the fold is shared.
    pub fn key(&self) -> String {
        format!("actives {:?} {:?}", self.events, self.goal)
    }
}

impl Actives {
    /// Prepares the fold; `names` are the events by number.
    pub fn new(
        rule: &ActiveRule,
        mut windows: Vec<Window>,
        names: &[String],
        calendar: &Calendar,
        segments: usize,
    ) -> Self {
        windows.sort_unstable();
        windows.dedup();
        let number = |name: &String| names.iter().position(|own| own == name).map_or(-1, |at| at as i64);
        let first = windows.iter().map(|window| window.from).min();
        let last = windows.iter().map(|window| window.to).max();
        let mut days: Vec<i64> = match first.zip(last) {
            Some((first, last)) => {
                (0..=(last - first).num_days()).map(|day| calendar.day_start(shift(first, day))).collect()
            }
            None => Vec::new(),
        };
        days.dedup();
        Self {
            days: Cuts::new(days),
            active: (!rule.events.is_empty()).then(|| rule.events.iter().map(number).collect()),
            goal: rule.goal.as_ref().map(number),
            cells: Grid::new(windows.len(), segments),
            windows,
            own: Default::default(),
        }
    }

    /// Gives the customers active in a window that was asked for.
    pub fn cell(&self, window: &Window, segment: usize) -> Option<ActiveCell> {
        let position = self.windows.binary_search(window).ok()?;
        Some(*self.cells.at(position, segment))
    }
}

impl Fold for Actives {
    fn new_empty(&self) -> Box<dyn Fold> {
        Box::new(Self {
            windows: self.windows.clone(),
            days: self.days.clone(),
            active: self.active.clone(),
            goal: self.goal,
            cells: self.cells.empty_like(),
            own: Default::default(),
        })
    }

    fn update(&mut self, history: &CustomerHistory<'_>) {
        let (active, reached) = &mut self.own;
        active.clear();
        reached.clear();
        for event in history.orders {
            let Some(day) = self.days.find(event.at) else { continue };
            let start = self.days.cuts()[day];
            if self.active.as_ref().is_none_or(|active| active.contains(&event.amount)) && active.last() != Some(&start)
            {
                active.push(start);
            }
            if self.goal == Some(event.amount) && reached.last() != Some(&start) {
                reached.push(start);
            }
        }
        let Some((&first, &last)) = active.first().zip(active.last()) else { return };
        let within = |days: &[i64], window: &Window| {
            days.partition_point(|&day| day < window.end) - days.partition_point(|&day| day < window.start)
        };
        for (position, window) in self.windows.iter().enumerate() {
            if window.start > last {
                break;
            }
            if window.end <= first {
                continue;
            }
            let days = within(active, window);
            if days == 0 {
                continue;
            }
            let goal = u64::from(within(reached, window) > 0);
            for &segment in history.segments {
                let cell = self.cells.at_mut(position, segment);
                cell.days.add(days as i64);
                cell.goal += goal;
            }
        }
    }

    fn merge(&mut self, other: &dyn Any) {
        let Some(other) = same_kind::<Self>(other) else { return };
        self.cells.merge(&other.cells, |cell, part| {
            cell.days.merge(&part.days);
            cell.goal += part.goal;
        });
    }
}
