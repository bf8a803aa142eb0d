//! Row metrics: sums, sums of squares and medians over the rows of a table, by slot and segment.
//!
//! Metrics ask for [`Reduction`]s; equal ones are computed once. One pass over a table serves all of them, for all periods and all
//! segments. What comes out is a small table of sufficient statistics, which any other engine could have produced.

use std::collections::BTreeMap;

use rayon::prelude::*;
use tallybook_ingest::{MISSING, Table, TableKind};

use crate::estimate::Moments;
use crate::segments::{Segments, TOTAL};
use crate::stats::select_median;
use crate::timeline::{Timeline, WindowId};

/// The column that says when a row counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Clock {
    /// When the order was placed.
    OrderedAt,
    /// When the refund was made; where that is unknown, when the order was placed.
    RefundedAt,
    /// The day of the spending.
    SpentOn,
}

/// What is summed up over rows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reduction {
    /// The table.
    pub table: TableKind,
    /// When a row counts.
    pub clock: Clock,
    /// The value of a row: a sum of columns with coefficients; 1 where there are none.
    pub terms: Vec<(&'static str, i64)>,
    /// Whether rows with a value of zero are left out.
    pub nonzero: bool,
    /// Only rows whose label in a column is one of these.
    pub only: Option<(&'static str, Vec<String>)>,
    /// Whether the median is needed too.
    pub median: bool,
}

/// A median, its order-statistics interval, and the number of values behind it.
pub type Median = (f64, Option<(i64, i64)>, u64);

/// The sums of one reduction.
#[derive(Debug, Clone)]
pub struct Sums {
    segments: usize,
    cells: Vec<Moments>,
    medians: BTreeMap<(WindowId, usize), Median>,
}

impl Sums {
    /// Gives the sums over a window and a segment.
    pub fn over(&self, timeline: &Timeline, window: WindowId, segment: usize) -> Moments {
        let mut sum = Moments::default();
        for slot in timeline.slots(window) {
            sum.absorb(&self.cells[slot * self.segments + segment]);
        }
        sum
    }

    /// Gives the median over a window and a segment.
    pub fn median(&self, window: WindowId, segment: usize) -> Option<Median> {
        self.medians.get(&(window, segment)).copied()
    }
}

/// Rows of a group of chunks that lie in some slot, for one reduction.
struct Partial {
    cells: Vec<Moments>,
    /// By slot; empty where no median is wanted.
    kept: Vec<Kept>,
}

/// The rows of one slot behind medians: their values, and their segment in each dimension (0, the total, where the table lacks it).
struct Kept {
    values: Values,
    segments: Vec<Vec<u16>>,
}

/// Values in four bytes each, as nearly all amounts are, or in eight from the first one on that is too large.
enum Values {
    Narrow(Vec<i32>),
    Wide(Vec<i64>),
}

impl Values {
    fn push(&mut self, value: i64) {
        match self {
            Self::Wide(values) => values.push(value),
            Self::Narrow(values) => match i32::try_from(value) {
                Ok(value) => values.push(value),
                Err(_) => *self = Self::Wide(values.iter().map(|&value| i64::from(value)).chain([value]).collect()),
            },
        }
    }

    fn get(&self, row: usize) -> i64 {
        match self {
            Self::Narrow(values) => i64::from(values[row]),
            Self::Wide(values) => values[row],
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Narrow(values) => values.len(),
            Self::Wide(values) => values.len(),
        }
    }
}

/// The windows for which medians are read. A median needs the values of all rows, so it is had only where it is asked for.
#[derive(Debug)]
pub(crate) struct MedianWindows {
    windows: Vec<WindowId>,
    /// Whether a slot lies in one of them.
    slots: Vec<bool>,
}

impl MedianWindows {
    pub(crate) fn new(timeline: &Timeline, windows: Vec<WindowId>) -> Self {
        let mut slots = vec![false; timeline.slot_count()];
        windows.iter().flat_map(|&window| timeline.slots(window)).for_each(|slot| slots[slot] = true);
        Self { windows, slots }
    }
}

/// Chunks a task: large enough to be worth a task, small enough that two cores share the work.
const GROUP: usize = 8;

/// Computes reductions over one table.
pub(crate) fn reduce(
    table: &Table,
    reductions: &[&Reduction],
    timeline: &Timeline,
    segments: &Segments,
    medians: &MedianWindows,
) -> Vec<Sums> {
    let groups: Vec<_> = (0..table.chunk_count()).step_by(GROUP).collect();
    let partials: Vec<Vec<Partial>> = groups
        .into_par_iter()
        .map(|start| {
            let end = (start + GROUP).min(table.chunk_count());
            let mut partials: Vec<Partial> = reductions
                .iter()
                .map(|_| Partial {
                    cells: vec![Moments::default(); timeline.slot_count() * segments.count()],
                    kept: Vec::new(),
                })
                .collect();
            let mut rows = Rows::default();
            for chunk in start..end {
                rows.reduce_chunk(
                    &Chunk { table, number: chunk, timeline, segments, medians },
                    reductions,
                    &mut partials,
                );
            }
            partials
        })
        .collect();
    let merged =
        |(index, reduction): (usize, &&Reduction)| merge(index, reduction, &partials, timeline, segments, medians);
    reductions.iter().enumerate().map(merged).collect()
}

fn merge(
    index: usize,
    reduction: &Reduction,
    partials: &[Vec<Partial>],
    timeline: &Timeline,
    segments: &Segments,
    wanted: &MedianWindows,
) -> Sums {
    let mut cells = vec![Moments::default(); timeline.slot_count() * segments.count()];
    for partial in partials {
        for (cell, part) in cells.iter_mut().zip(&partial[index].cells) {
            cell.absorb(part);
        }
    }
    let mut medians = BTreeMap::new();
    if reduction.median {
        let parts: Vec<&[Kept]> = partials.iter().map(|partial| partial[index].kept.as_slice()).collect();
        medians = medians_of(&parts, timeline, segments, &wanted.windows);
    }
    Sums { segments: segments.count(), cells, medians }
}

/// Medians of every wanted window and segment: the window's rows, dealt out to the values of each dimension.
fn medians_of(
    parts: &[&[Kept]],
    timeline: &Timeline,
    segments: &Segments,
    windows: &[WindowId],
) -> BTreeMap<(WindowId, usize), Median> {
    let found: Vec<Vec<((WindowId, usize), Median)>> = windows
        .par_iter()
        .map(|&window| {
            let mut values: Vec<Vec<i64>> = vec![Vec::new(); segments.count()];
            for kept in parts.iter().flat_map(|part| part.get(timeline.slots(window)).unwrap_or_default()) {
                values[TOTAL].extend((0..kept.values.len()).map(|row| kept.values.get(row)));
                for of_row in &kept.segments {
                    for (row, &segment) in of_row.iter().enumerate().filter(|(_, segment)| **segment != 0) {
                        values[segment as usize].push(kept.values.get(row));
                    }
                }
            }
            let medians = values.iter_mut().enumerate().filter_map(|(segment, values)| {
                let n = values.len() as u64;
                let (median, interval) = select_median(values)?;
                Some(((window, segment), (median, interval, n)))
            });
            medians.collect()
        })
        .collect();
    found.into_iter().flatten().collect()
}

/// A chunk of a table, with what its rows are sorted by.
struct Chunk<'a> {
    table: &'a Table,
    number: usize,
    timeline: &'a Timeline,
    segments: &'a Segments,
    medians: &'a MedianWindows,
}

/// Scratch space for the rows of a chunk.
#[derive(Default)]
struct Rows {
    columns: BTreeMap<&'static str, Vec<i64>>,
    scratch: Vec<i64>,
    values: Vec<i64>,
    /// Rows in some slot, with that slot.
    inside: Vec<(u32, u32)>,
    segment: Vec<u32>,
}

impl Rows {
    fn reduce_chunk(&mut self, place: &Chunk<'_>, reductions: &[&Reduction], partials: &mut [Partial]) {
        let &Chunk { table, number: chunk, timeline, segments, medians } = place;
        self.columns.clear();
        for (reduction, partial) in reductions.iter().zip(partials) {
            self.place(table, chunk, reduction, timeline);
            self.evaluate(table, chunk, reduction);
            if reduction.nonzero {
                let values = &self.values;
                self.inside.retain(|&(row, _)| values[row as usize] != 0);
            }
            let width = segments.count();
            for &(row, slot) in &self.inside {
                partial.cells[slot as usize * width + TOTAL].add(self.values[row as usize]);
            }
            if reduction.median {
                let empty = || Kept {
                    values: Values::Narrow(Vec::new()),
                    segments: vec![Vec::new(); segments.dimensions().len()],
                };
                partial.kept.resize_with(timeline.slot_count(), empty);
                for &(row, slot) in self.inside.iter().filter(|(_, slot)| medians.slots[*slot as usize]) {
                    partial.kept[slot as usize].values.push(self.values[row as usize]);
                }
            }
            for (position, dimension) in segments.dimensions().iter().enumerate() {
                let known = if table.kind() == TableKind::Spend {
                    dimension.of_spend(table, chunk, &mut self.scratch, &mut self.segment)
                } else {
                    let customers = decode(&mut self.columns, table, chunk, "customer_id");
                    dimension.of_orders(table, chunk, customers, &mut self.scratch, &mut self.segment);
                    true
                };
                if known {
                    for &(row, slot) in &self.inside {
                        let segment = self.segment[row as usize];
                        partial.cells[slot as usize * width + segment as usize].add(self.values[row as usize]);
                    }
                }
                if reduction.median {
                    let of_row = |row: u32| if known { short(self.segment[row as usize]) } else { 0 };
                    for &(row, slot) in self.inside.iter().filter(|(_, slot)| medians.slots[*slot as usize]) {
                        partial.kept[slot as usize].segments[position].push(of_row(row));
                    }
                }
            }
        }
    }

    /// Finds the rows that lie in some slot, and pass the reduction's filter.
    fn place(&mut self, table: &Table, chunk: usize, reduction: &Reduction, timeline: &Timeline) {
        self.inside.clear();
        let rows = table.chunk_len(chunk);
        let numbered =
            |row: usize, slot: usize| (u32::try_from(row).unwrap_or(u32::MAX), u32::try_from(slot).unwrap_or(u32::MAX));
        match reduction.clock {
            Clock::OrderedAt => {
                let times = decode(&mut self.columns, table, chunk, "ordered_at");
                let placed =
                    times.iter().enumerate().filter_map(|(row, &at)| Some(numbered(row, timeline.slot_at(at)?)));
                self.inside.extend(placed);
            }
            Clock::RefundedAt => {
                let ordered = decode(&mut self.columns, table, chunk, "ordered_at").clone();
                let refunded = decode(&mut self.columns, table, chunk, "refunded_at");
                for (row, (&refunded, &ordered)) in refunded.iter().zip(&ordered).enumerate() {
                    let at = if refunded == MISSING { ordered } else { refunded };
                    self.inside.extend(timeline.slot_at(at).map(|slot| numbered(row, slot)));
                }
            }
            Clock::SpentOn => {
                let days = decode(&mut self.columns, table, chunk, "spent_on");
                let placed =
                    days.iter().enumerate().filter_map(|(row, &day)| Some(numbered(row, timeline.slot_on(day)?)));
                self.inside.extend(placed);
            }
        }
        if let Some((column, wanted)) = &reduction.only {
            let allowed = table.labels(column).map(|labels| {
                labels.codes.decode(chunk, &mut self.scratch);
                labels.dictionary.iter().map(|label| wanted.iter().any(|wanted| wanted.eq_ignore_ascii_case(label)))
            });
            let allowed: Vec<bool> = allowed.map(Iterator::collect).unwrap_or_default();
            self.scratch.resize(rows, MISSING);
            let scratch = &self.scratch;
            self.inside.retain(|&(row, _)| {
                usize::try_from(scratch[row as usize]).is_ok_and(|code| allowed.get(code).copied().unwrap_or(false))
            });
        }
    }

    /// Computes the value of every row.
    fn evaluate(&mut self, table: &Table, chunk: usize, reduction: &Reduction) {
        self.values.clear();
        let start = i64::from(reduction.terms.is_empty());
        self.values.resize(table.chunk_len(chunk), start);
        for &(name, coefficient) in &reduction.terms {
            let column = decode(&mut self.columns, table, chunk, name);
            for (value, &part) in self.values.iter_mut().zip(column.iter()) {
                *value += coefficient * part;
            }
        }
    }
}

/// Slots and segments are few: thousands at the most, by the bounds on periods and values of a dimension.
fn short(number: u32) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}

/// Decodes a column of a chunk once, however many reductions read it; absent columns are all zero.
fn decode<'a>(
    columns: &'a mut BTreeMap<&'static str, Vec<i64>>,
    table: &Table,
    chunk: usize,
    name: &'static str,
) -> &'a mut Vec<i64> {
    columns.entry(name).or_insert_with(|| {
        let mut values = Vec::new();
        match table.column(name) {
            Some(column) => column.decode(chunk, &mut values),
            None => values.resize(table.chunk_len(chunk), 0),
        }
        values
    })
}
