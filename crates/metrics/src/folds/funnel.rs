//! From one step to another: customers who took the first, and those of them who took the second in time.

use std::any::Any;
use std::sync::Arc;

use super::{Grid, same_kind};
use crate::engine::histories::{CustomerHistory, Fold};
use crate::engine::timeline::{Timeline, WindowId};
use tallybook_calendar::{Calendar, shift};

/// Seconds of a day.
const DAY: i64 = 86_400;

/// Where customers come from and what they are to reach.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Steps {
    /// The first step.
    pub from: FunnelStep,
    /// The second.
    pub to: FunnelStep,
    /// Days in which the second must follow on the first.
    pub within_days: u32,
}

/// A step of a customer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum FunnelStep {
    /// An event by its name.
    Event(String),
    /// Anything they do.
    Anything,
    /// Anything they do on a later day.
    LaterDay,
    /// The sign-up.
    SignUp,
}

impl Steps {
    /// The key under which the fold is shared.
    pub fn key(&self) -> String {
        format!("funnel {self:?}")
    }
}

/// Counts customers by the moment of their first step.
#[derive(Debug)]
pub struct Funnel {
    timeline: Arc<Timeline>,
    calendar: Calendar,
    from: Matched,
    to: Matched,
    within_days: u32,
    as_of: i64,
    cells: Grid<Passed>,
}

#[derive(Debug, Clone, Copy)]
enum Matched {
    Number(i64),
    Anything,
    LaterDay,
    SignUp,
}

/// Customers who took the first step in a window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Passed {
    /// All of them.
    pub entered: u64,
    /// Those whose time for the second step is over.
    pub mature: u64,
    /// Of those, customers who took it in time.
    pub passed: u64,
}

impl Passed {
    fn add(&mut self, other: &Self) {
        self.entered += other.entered;
        self.mature += other.mature;
        self.passed += other.passed;
    }
}

impl Funnel {
    /// Prepares the fold; `names` are the events by number, `as_of` is the latest moment that they tell of.
    pub fn new(
        steps: &Steps,
        names: &[String],
        timeline: &Arc<Timeline>,
        calendar: &Calendar,
        as_of: i64,
        segments: usize,
    ) -> Self {
        let matched = |step: &FunnelStep| match step {
            // An event that nobody ever did has a number that no event has.
            FunnelStep::Event(name) => {
                Matched::Number(names.iter().position(|own| own == name).map_or(-1, |at| at as i64))
            }
            FunnelStep::Anything => Matched::Anything,
            FunnelStep::LaterDay => Matched::LaterDay,
            FunnelStep::SignUp => Matched::SignUp,
        };
        Self {
            from: matched(&steps.from),
            to: matched(&steps.to),
            within_days: steps.within_days,
            timeline: Arc::clone(timeline),
            calendar: calendar.clone(),
            as_of,
            cells: Grid::new(timeline.slot_count(), segments),
        }
    }

    /// Gives the customers who took the first step in a window.
    pub fn over(&self, window: WindowId, segment: usize) -> Passed {
        let mut sum = Passed::default();
        self.timeline.slots(window).for_each(|slot| sum.add(self.cells.at(slot, segment)));
        sum
    }

    /// The moment until which the second step must be taken: so many times 24 hours, or the end of so many days after the day.
    fn deadline(&self, entered: i64) -> i64 {
        match self.to {
            Matched::LaterDay => {
                let day = shift(self.calendar.day_of(entered), i64::from(self.within_days) + 1);
                self.calendar.day_start(day)
            }
            _ => entered.saturating_add(i64::from(self.within_days) * DAY + 1),
        }
    }
}

impl Fold for Funnel {
    fn new_empty(&self) -> Box<dyn Fold> {
        Box::new(Self {
            timeline: Arc::clone(&self.timeline),
            calendar: self.calendar.clone(),
            cells: self.cells.empty_like(),
            ..*self
        })
    }

    fn update(&mut self, history: &CustomerHistory<'_>) {
        let entered = match self.from {
            Matched::SignUp => history.signed_up_at,
            Matched::Number(number) => history.orders.iter().find(|event| event.amount == number).map(|event| event.at),
            Matched::Anything | Matched::LaterDay => history.orders.first().map(|event| event.at),
        };
        let Some(entered) = entered else { return };
        let Some(slot) = self.timeline.slot_at(entered) else { return };
        let deadline = self.deadline(entered);
        let mature = deadline <= self.as_of.saturating_add(1);
        let earliest = match self.to {
            Matched::LaterDay => self.calendar.day_start(shift(self.calendar.day_of(entered), 1)),
            _ => entered,
        };
        let first = history.orders.partition_point(|event| event.at < earliest);
        let mut after = history.orders[first..].iter().take_while(|event| event.at < deadline);
        let passed = match self.to {
            Matched::Number(number) => after.any(|event| event.amount == number),
            _ => after.next().is_some(),
        };
        let own = Passed { entered: 1, mature: u64::from(mature), passed: u64::from(mature && passed) };
        for &segment in history.segments {
            self.cells.at_mut(slot, segment).add(&own);
        }
    }

    fn merge(&mut self, other: &dyn Any) {
        let Some(other) = same_kind::<Self>(other) else { return };
        self.cells.merge(&other.cells, Passed::add);
    }
}
