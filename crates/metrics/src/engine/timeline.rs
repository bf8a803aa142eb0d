//! All windows of a run on one line of time, so that one pass over the data serves every period at once.
//!
//! Windows overlap (a week, the 90 days before it, the month it lies in). Their ends cut time into disjoint slots; every window is a
//! run of whole slots. Rows are sorted into slots, and whatever adds up is summed over a window's slots afterwards.

use std::collections::HashMap;
use std::ops::Range;

use tallybook_calendar::{Window, epoch_day};

/// The number of a window in a [`Timeline`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WindowId(usize);

impl WindowId {
    /// Gives the position of the window.
    pub const fn index(self) -> usize {
        self.0
    }
}

/// The windows that a run needs, gathered before the timeline is laid out.
#[derive(Debug, Default)]
pub struct Windows {
    windows: Vec<Window>,
    numbers: HashMap<Window, WindowId>,
}

impl Windows {
    /// Adds a window; the same one again keeps its number.
    pub fn add(&mut self, window: Window) -> WindowId {
        *self.numbers.entry(window).or_insert_with(|| {
            self.windows.push(window);
            WindowId(self.windows.len() - 1)
        })
    }
}

/// Windows and the slots they are made of.
#[derive(Debug)]
pub struct Timeline {
    windows: Vec<Window>,
    numbers: HashMap<Window, WindowId>,
    slots: Vec<Range<usize>>,
    of_slot: Vec<Vec<WindowId>>,
    instants: Cuts,
    days: Cuts,
}

impl Timeline {
    /// Lays out the slots of all windows.
    pub fn new(windows: Windows) -> Self {
        let Windows { windows, numbers } = windows;
        let mut cuts: Vec<(i64, i64)> = windows
            .iter()
            .flat_map(|window| [(window.start, epoch_day(window.from)), (window.end, epoch_day(window.to))])
            .collect();
        cuts.sort_unstable();
        cuts.dedup();
        let instants = Cuts::new(cuts.iter().map(|cut| cut.0).collect());
        let days = Cuts::new(cuts.iter().map(|cut| cut.1).collect());
        let position = |cut: (i64, i64)| cuts.binary_search(&cut).unwrap_or_else(|position| position);
        let slots: Vec<Range<usize>> = windows
            .iter()
            .map(|window| {
                position((window.start, epoch_day(window.from)))..position((window.end, epoch_day(window.to)))
            })
            .collect();
        let mut of_slot = vec![Vec::new(); cuts.len().saturating_sub(1)];
        for (number, range) in slots.iter().enumerate() {
            for slot in range.clone() {
                of_slot[slot].push(WindowId(number));
            }
        }
        Self { windows, numbers, slots, of_slot, instants, days }
    }

    /// Counts the slots.
    pub fn slot_count(&self) -> usize {
        self.of_slot.len()
    }

    /// Gives all windows, in the order of their numbers.
    pub fn windows(&self) -> &[Window] {
        &self.windows
    }

    /// Gives the window of a number.
    pub fn window(&self, id: WindowId) -> Window {
        self.windows[id.0]
    }

    /// Finds the number of a window.
    pub fn find(&self, window: &Window) -> Option<WindowId> {
        self.numbers.get(window).copied()
    }

    /// Gives the slots of a window.
    pub fn slots(&self, id: WindowId) -> Range<usize> {
        self.slots[id.0].clone()
    }

    /// Gives the windows that a slot belongs to.
    pub fn windows_of(&self, slot: usize) -> &[WindowId] {
        &self.of_slot[slot]
    }

    /// Finds the slot of a moment, in seconds since 1970 UTC.
    #[inline]
    pub fn slot_at(&self, seconds: i64) -> Option<usize> {
        self.instants.find(seconds)
    }

    /// Tells whether the first slot begins after a moment.
    pub fn starts_after(&self, seconds: i64) -> bool {
        self.instants.cuts().first().is_some_and(|&first| seconds < first)
    }

    /// Finds the slot of a calendar day, in days since 1970-01-01.
    #[inline]
    pub fn slot_on(&self, day: i64) -> Option<usize> {
        self.days.find(day)
    }
}

/// Sorted cuts with a table that finds the stretch between two of them in constant time.
#[derive(Debug, Clone)]
pub struct Cuts {
    sorted: Vec<i64>,
    /// For each step of the line, the last cut at or before its start.
    table: Vec<u32>,
    /// Steps are 2^shift long.
    shift: u32,
}

impl Cuts {
    const STEPS: u64 = 1 << 12;

    /// Prepares cuts, which must be ascending; of equal ones nothing lies between.
    pub fn new(cuts: Vec<i64>) -> Self {
        let (Some(&first), Some(&last)) = (cuts.first(), cuts.last()) else {
            return Self { sorted: cuts, table: Vec::new(), shift: 0 };
        };
        let span = last.abs_diff(first);
        let shift = (span / Self::STEPS).max(1).ilog2();
        let steps = usize::try_from(span >> shift).unwrap_or(0) + 1;
        let mut table = Vec::with_capacity(steps);
        let mut at = 0;
        for step in 0..steps {
            let start = first + ((step as i64) << shift);
            while at + 1 < cuts.len() && cuts[at + 1] <= start {
                at += 1;
            }
            table.push(u32::try_from(at).unwrap_or(u32::MAX));
        }
        Self { sorted: cuts, table, shift }
    }

    /// Finds i such that the value lies from cut i up to, but not at, cut i + 1; nothing outside the first and the last cut.
    #[inline]
    pub fn find(&self, value: i64) -> Option<usize> {
        let (&first, &last) = (self.sorted.first()?, self.sorted.last()?);
        if value < first || value >= last {
            return None;
        }
        let step = usize::try_from((value - first) >> self.shift).ok()?;
        let mut at = self.table[step] as usize;
        while self.sorted[at + 1] <= value {
            at += 1;
        }
        Some(at)
    }

    /// Gives the cuts.
    pub fn cuts(&self) -> &[i64] {
        &self.sorted
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use tallybook_calendar::{Calendar, FiscalYear};

    proptest! {
        #[test]
        fn cuts_find_what_a_search_finds(
            cuts in proptest::collection::btree_set(-4_000_000_000_i64..4_000_000_000, 0..40),
            values in proptest::collection::vec(-5_000_000_000_i64..5_000_000_000, 0..50),
        ) {
            let sorted: Vec<i64> = cuts.into_iter().collect();
            let table = Cuts::new(sorted.clone());
            for value in values.into_iter().chain(sorted.iter().copied()) {
                let after = sorted.partition_point(|&cut| cut <= value);
                let expected = (after > 0 && after < sorted.len()).then(|| after - 1);
                prop_assert_eq!(table.find(value), expected);
            }
        }
    }

    #[test]
    fn overlapping_windows_share_slots() {
        let calendar = Calendar {
            zone: chrono_tz::Europe::Berlin,
            week_start: chrono::Weekday::Mon,
            fiscal: FiscalYear::default(),
        };
        let day = |text: &str| text.parse().expect("a day");
        let mut windows = Windows::default();
        let week = windows.add(calendar.window(day("2026-11-09"), day("2026-11-16")));
        let month = windows.add(calendar.window(day("2026-11-01"), day("2026-12-01")));
        assert_eq!(windows.add(calendar.window(day("2026-11-09"), day("2026-11-16"))), week);
        let timeline = Timeline::new(windows);
        assert_eq!(timeline.slot_count(), 3);
        let slot = timeline.slot_at(calendar.day_start(day("2026-11-10"))).expect("inside");
        assert_eq!(timeline.windows_of(slot), [week, month]);
        assert_eq!(timeline.slots(month), 0..3);
        let last_second = calendar.day_start(day("2026-11-16")) - 1;
        assert_eq!(timeline.slot_at(last_second), Some(slot));
        assert_eq!(timeline.slot_on(epoch_day(day("2026-11-16"))), Some(slot + 1));
        assert_eq!(timeline.slot_at(calendar.day_start(day("2026-12-01"))), None);
    }
}
