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
    kept: Kept,
}

/// The rows behind medians: slot and value, and the segment in each dimension (0, the total, where the table lacks it).
struct Kept {
    slots: Vec<u32>,
    values: Vec<i64>,
    segments: Vec<Vec<u32>>,
}

impl Kept {
    fn new(dimensions: usize) -> Self {
        Self { slots: Vec::new(), values: Vec::new(), segments: vec![Vec::new(); dimensions] }
    }

    /// Brings the rows of all groups together by slot; gives where each slot begins.
    fn by_slot(parts: &[&Self], slots: usize, dimensions: usize) -> (Self, Vec<usize>) {
        let mut starts = vec![0; slots + 1];
        for &slot in parts.iter().flat_map(|part| &part.slots) {
            starts[slot as usize + 1] += 1;
        }
        for slot in 0..slots {
            starts[slot + 1] += starts[slot];
        }
        let rows = starts[slots];
        let mut sorted =
            Self { slots: Vec::new(), values: vec![0; rows], segments: vec![vec![0; rows]; dimensions] };
        let mut next = starts.clone();
        for part in parts {
            for (row, &slot) in part.slots.iter().enumerate() {
                let position = next[slot as usize];
                next[slot as usize] += 1;
                sorted.values[position] = part.values[row];
                for (to, from) in sorted.segments.iter_mut().zip(&part.segments) {
                    to[position] = from[row];
                }
            }
        }
        (sorted, starts)
    }
}

/// Chunks a task: large enough to be worth a task, small enough that two cores share the work.
const GROUP: usize = 8;

/// Computes reductions over one table.
pub(crate) fn reduce(table: &Table, reductions: &[&Reduction], timeline: &Timeline, segments: &Segments) -> Vec<Sums> {
    let groups: Vec<_> = (0..table.chunk_count()).step_by(GROUP).collect();
    let partials: Vec<Vec<Partial>> = groups
        .into_par_iter()
        .map(|start| {
            let end = (start + GROUP).min(table.chunk_count());
            let mut partials: Vec<Partial> = reductions
                .iter()
                .map(|_| Partial {
                    cells: vec![Moments::default(); timeline.slot_count() * segments.count()],
                    kept: Kept::new(segments.dimensions().len()),
                })
                .collect();
            let mut rows = Rows::default();
            for chunk in start..end {
                rows.reduce_chunk(table, chunk, reductions, timeline, segments, &mut partials);
            }
            partials
        })
        .collect();
    reductions.iter().enumerate().map(|(index, reduction)| merge(index, reduction, &partials, timeline, segments)).collect()
}

fn merge(
    index: usize,
    reduction: &Reduction,
    partials: &[Vec<Partial>],
    timeline: &Timeline,
    segments: &Segments,
) -> Sums {
    let mut cells = vec![Moments::default(); timeline.slot_count() * segments.count()];
    for partial in partials {
        for (cell, part) in cells.iter_mut().zip(&partial[index].cells) {
            cell.absorb(part);
        }
    }
    let mut medians = BTreeMap::new();
    if reduction.median {
        let parts: Vec<&Kept> = partials.iter().map(|partial| &partial[index].kept).collect();
        let (kept, starts) = Kept::by_slot(&parts, timeline.slot_count(), segments.dimensions().len());
        medians = medians_of(&kept, &starts, timeline, segments);
    }
    Sums { segments: segments.count(), cells, medians }
}

/// Medians of every window and segment: a window's rows are a run of the sorted ones, dealt out to the values of each dimension.
fn medians_of(
    kept: &Kept,
    starts: &[usize],
    timeline: &Timeline,
    segments: &Segments,
) -> BTreeMap<(WindowId, usize), Median> {
    let numbered: Vec<WindowId> = timeline.windows().iter().filter_map(|window| timeline.find(window)).collect();
    let found: Vec<Vec<((WindowId, usize), Median)>> = numbered
        .into_par_iter()
        .map(|window| {
            let slots = timeline.slots(window);
            let rows = starts[slots.start]..starts[slots.end];
            let mut values: Vec<Vec<i64>> = vec![Vec::new(); segments.count()];
            values[TOTAL].extend_from_slice(&kept.values[rows.clone()]);
            for of_row in &kept.segments {
                for row in rows.clone().filter(|&row| of_row[row] as usize != TOTAL) {
                    values[of_row[row] as usize].push(kept.values[row]);
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
    fn reduce_chunk(
        &mut self,
        table: &Table,
        chunk: usize,
        reductions: &[&Reduction],
        timeline: &Timeline,
        segments: &Segments,
        partials: &mut [Partial],
    ) {
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
                partial.kept.slots.extend(self.inside.iter().map(|&(_, slot)| slot));
                partial.kept.values.extend(self.inside.iter().map(|&(row, _)| self.values[row as usize]));
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
                    let total = u32::try_from(TOTAL).unwrap_or(0);
                    let of_row = |row: u32| if known { self.segment[row as usize] } else { total };
                    partial.kept.segments[position].extend(self.inside.iter().map(|&(row, _)| of_row(row)));
                }
            }
        }
    }

    /// Finds the rows that lie in some slot, and pass the reduction's filter.
    fn place(&mut self, table: &Table, chunk: usize, reduction: &Reduction, timeline: &Timeline) {
        self.inside.clear();
        let rows = table.chunk_len(chunk);
        let numbered = |row: usize, slot: usize| (u32::try_from(row).unwrap_or(u32::MAX), u32::try_from(slot).unwrap_or(u32::MAX));
        match reduction.clock {
            Clock::OrderedAt => {
                let times = decode(&mut self.columns, table, chunk, "ordered_at");
                let placed = times.iter().enumerate().filter_map(|(row, &at)| Some(numbered(row, timeline.slot_at(at)?)));
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
                let placed = days.iter().enumerate().filter_map(|(row, &day)| Some(numbered(row, timeline.slot_on(day)?)));
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
