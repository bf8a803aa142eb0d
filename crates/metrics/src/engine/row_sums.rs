//! Row metrics: sums, sums of squares and quantiles over the rows of a table, by slot and segment.
//!
//! Metrics ask for [`Reduction`]s; equal ones are computed once. One pass over a table serves all of them, for all periods and all
//! segments. What comes out is a small table of sufficient statistics, which any other engine could have produced.

use std::collections::BTreeMap;

use rayon::prelude::*;
use tallybook_ingest::{MISSING, PackedColumn, Table, TableKind};

use crate::engine::segments::{Segments, TOTAL};
use crate::engine::timeline::{Timeline, WindowId};
use tallybook_stats::select_quantile;
use tallybook_stats::{PairSums, Sums};

/// The column that says when a row counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Clock {
    /// When the order was placed.
    OrderedAt,
    /// When the refund was made; where that is unknown, when the order was placed.
    RefundedAt,
    /// The day of the spending.
    SpentOn,
    /// A column of moments; a row without one does not count.
    At(&'static str),
}

/// What is summed up over rows.
///
/// A row of which a summand is missing does not count. Absent columns are all zero.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reduction {
    /// The table.
    pub table: TableKind,
    /// When a row counts.
    pub clock: Clock,
    /// The value of a row: a sum of columns with coefficients; 1 where there are none.
    pub terms: Vec<(&'static str, i64)>,
    /// What the value is set against, likewise: a weight, the other side of a ratio; nothing where there is none.
    pub over: Vec<(&'static str, i64)>,
    /// Whether rows with a value of zero are left out.
    pub nonzero: bool,
    /// Only rows whose label in a column is one of these, without regard to case.
    pub only: Option<(&'static str, Vec<String>)>,
    /// Only rows with 1 in a column.
    pub filter: Option<&'static str>,
    /// Quantiles that are needed too, in thousandths, ascending.
    pub quantiles: Vec<u16>,
    /// Whether rows before the first window are needed too, for what has piled up by a moment.
    pub pile: bool,
}

impl Reduction {
    /// Counts the rows of a table.
    pub const fn rows(table: TableKind, clock: Clock) -> Self {
        Self {
            table,
            clock,
            terms: Vec::new(),
            over: Vec::new(),
            nonzero: false,
            only: None,
            filter: None,
            quantiles: Vec::new(),
            pile: false,
        }
    }

    /// Sums a column over the rows of a table, by a column of moments.
    pub fn sum(table: TableKind, clock: &'static str, column: &'static str) -> Self {
        Self { terms: vec![(column, 1)], ..Self::rows(table, Clock::At(clock)) }
    }

    /// The same without quantiles.
    pub(crate) fn plain(&self) -> Self {
        Self { quantiles: Vec::new(), ..self.clone() }
    }
}

/// The median, in thousandths.
pub const MEDIAN: u16 = 500;

/// A quantile, its order-statistics interval, and the number of values behind it.
pub type Quantile = (f64, Option<(i64, i64)>, u64);

/// The sums of one reduction.
#[derive(Debug, Clone)]
pub struct RowSums {
    segments: usize,
    cells: Vec<Sums>,
    /// Of what values are set against, and the products; empty where they are set against nothing.
    pairs: Vec<PairSums>,
    quantiles: BTreeMap<(WindowId, usize, u16), Quantile>,
}

impl RowSums {
    /// Gives the sums over a window and a segment.
    pub fn over(&self, timeline: &Timeline, window: WindowId, segment: usize) -> Sums {
        let mut sum = Sums::default();
        for slot in timeline.slots(window) {
            sum.merge(&self.cells[slot * self.segments + segment]);
        }
        sum
    }

    /// Gives the sums over a window and a segment of values and what they are set against.
    pub fn pair(&self, timeline: &Timeline, window: WindowId, segment: usize) -> PairSums {
        let mut sum = PairSums::default();
        for slot in timeline.slots(window) {
            if let Some(part) = self.pairs.get(slot * self.segments + segment) {
                sum.merge(part);
            }
        }
        sum
    }

    /// Gives the sums over everything before the end of a window.
    pub fn up_to(&self, timeline: &Timeline, window: WindowId, segment: usize) -> Sums {
        let mut sum = Sums::default();
        for slot in (0..timeline.slots(window).end).chain([timeline.slot_count()]) {
            if let Some(part) = self.cells.get(slot * self.segments + segment) {
                sum.merge(part);
            }
        }
        sum
    }

    /// Gives a quantile over a window and a segment.
    pub fn quantile(&self, window: WindowId, segment: usize, thousandths: u16) -> Option<Quantile> {
        self.quantiles.get(&(window, segment, thousandths)).copied()
    }
}

/// Rows of a group of chunks that lie in some slot, for one reduction.
struct Partial {
    cells: Vec<Sums>,
    pairs: Vec<PairSums>,
    /// By slot; empty where no quantile is wanted.
    kept: Vec<Kept>,
}

/// The rows of one slot behind quantiles: their values, and their segment in each dimension (0, the total, where the table lacks it).
struct Kept {
    values: QuantileValues,
    segments: Vec<Vec<u16>>,
}

/// Values in four bytes each, as nearly all amounts are, or in eight from the first one on that is too large.
enum QuantileValues {
    Narrow(Vec<i32>),
    Wide(Vec<i64>),
}

impl QuantileValues {
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

/// The windows for which quantiles are read. A quantile needs the values of all rows, so it is had only where it is asked for.
#[derive(Debug)]
pub(crate) struct QuantileWindows {
    windows: Vec<WindowId>,
    /// Whether a slot lies in one of them.
    slots: Vec<bool>,
}

impl QuantileWindows {
    pub(crate) fn new(timeline: &Timeline, windows: Vec<WindowId>) -> Self {
        let mut slots = vec![false; timeline.slot_count()];
        windows.iter().flat_map(|&window| timeline.slots(window)).for_each(|slot| slots[slot] = true);
        Self { windows, slots }
    }
}

/// Chunks a task: large enough to be worth a task, small enough that two cores share the work.
const GROUP: usize = 8;

/// Computes reductions over one table; `computed` are columns that were made of the table's own.
pub(crate) fn reduce(
    table: &Table,
    computed: &BTreeMap<&'static str, PackedColumn>,
    reductions: &[&Reduction],
    timeline: &Timeline,
    segments: &Segments,
    quantile_windows: &QuantileWindows,
) -> Vec<RowSums> {
    let groups: Vec<_> = (0..table.chunk_count()).step_by(GROUP).collect();
    let partials: Vec<Vec<Partial>> = groups
        .into_par_iter()
        .map(|start| {
            let end = (start + GROUP).min(table.chunk_count());
            let mut partials: Vec<Partial> = reductions
                .iter()
                .map(|reduction| {
                    let cells = timeline.slot_count() * segments.count();
                    let pairs = if reduction.over.is_empty() { 0 } else { cells };
                    Partial {
                        // One slot more for what lies before all of them.
                        cells: vec![Sums::default(); cells + segments.count()],
                        pairs: vec![PairSums::default(); pairs],
                        kept: Vec::new(),
                    }
                })
                .collect();
            let mut rows = RowBatch::default();
            for chunk in start..end {
                rows.reduce_chunk(
                    &TableChunk { table, computed, number: chunk, timeline, segments, quantile_windows },
                    reductions,
                    &mut partials,
                );
            }
            partials
        })
        .collect();
    let merged = |(index, reduction): (usize, &&Reduction)| {
        merge(index, reduction, &partials, timeline, segments, quantile_windows)
    };
    reductions.iter().enumerate().map(merged).collect()
}

fn merge(
    index: usize,
    reduction: &Reduction,
    partials: &[Vec<Partial>],
    timeline: &Timeline,
    segments: &Segments,
    wanted: &QuantileWindows,
) -> RowSums {
    let mut cells = vec![Sums::default(); (timeline.slot_count() + 1) * segments.count()];
    let mut pairs = vec![PairSums::default(); partials.first().map_or(0, |partial| partial[index].pairs.len())];
    for partial in partials {
        for (cell, part) in cells.iter_mut().zip(&partial[index].cells) {
            cell.merge(part);
        }
        for (pair, part) in pairs.iter_mut().zip(&partial[index].pairs) {
            pair.merge(part);
        }
    }
    let mut quantiles = BTreeMap::new();
    if !reduction.quantiles.is_empty() {
        let parts: Vec<&[Kept]> = partials.iter().map(|partial| partial[index].kept.as_slice()).collect();
        quantiles = quantiles_of(&parts, timeline, segments, &wanted.windows, &reduction.quantiles);
    }
    RowSums { segments: segments.count(), cells, pairs, quantiles }
}

/// A quantile with its window, segment and thousandths.
type Found = ((WindowId, usize, u16), Quantile);

/// Quantiles of every wanted window and segment: the window's rows, dealt out to the values of each dimension.
fn quantiles_of(
    parts: &[&[Kept]],
    timeline: &Timeline,
    segments: &Segments,
    windows: &[WindowId],
    wanted: &[u16],
) -> BTreeMap<(WindowId, usize, u16), Quantile> {
    let found: Vec<Vec<Found>> = windows
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
            let quantiles = values.iter_mut().enumerate().flat_map(|(segment, values)| {
                let n = values.len() as u64;
                let of = wanted.iter().filter_map(move |&thousandths| {
                    let (value, interval) = select_quantile(values, thousandths)?;
                    Some(((window, segment, thousandths), (value, interval, n)))
                });
                of.collect::<Vec<_>>()
            });
            quantiles.collect()
        })
        .collect();
    found.into_iter().flatten().collect()
}

/// A chunk of a table, with what its rows are sorted by.
struct TableChunk<'a> {
    table: &'a Table,
    computed: &'a BTreeMap<&'static str, PackedColumn>,
    number: usize,
    timeline: &'a Timeline,
    segments: &'a Segments,
    quantile_windows: &'a QuantileWindows,
}

/// Scratch space for the rows of a chunk.
#[derive(Default)]
struct RowBatch {
    columns: BTreeMap<&'static str, Vec<i64>>,
    scratch: Vec<i64>,
    values: Vec<i64>,
    over: Vec<i64>,
    /// Rows in some slot, with that slot.
    inside: Vec<(u32, u32)>,
    segment: Vec<u32>,
}

impl RowBatch {
    fn reduce_chunk(&mut self, place: &TableChunk<'_>, reductions: &[&Reduction], partials: &mut [Partial]) {
        let &TableChunk { timeline, segments, quantile_windows, table, number: chunk, .. } = place;
        self.columns.clear();
        let width = segments.count();
        let shown = |slot: u32| quantile_windows.slots.get(slot as usize).copied().unwrap_or(false);
        for (reduction, partial) in reductions.iter().zip(partials) {
            self.place(place, reduction);
            evaluate(place, &reduction.terms, 1, &mut self.columns, &mut self.values);
            evaluate(place, &reduction.over, 0, &mut self.columns, &mut self.over);
            let Self { values, over, inside, .. } = self;
            inside.retain(|&(row, _)| {
                let (value, over) = (values[row as usize], over[row as usize]);
                value != MISSING && over != MISSING && (!reduction.nonzero || value != 0)
            });
            partial.add(inside, values, over, width, |_| TOTAL);
            if !reduction.quantiles.is_empty() {
                let empty = || Kept {
                    values: QuantileValues::Narrow(Vec::new()),
                    segments: vec![Vec::new(); segments.dimensions().len()],
                };
                partial.kept.resize_with(timeline.slot_count(), empty);
                for &(row, slot) in inside.iter().filter(|(_, slot)| shown(*slot)) {
                    partial.kept[slot as usize].values.push(values[row as usize]);
                }
            }
            for (position, dimension) in segments.dimensions().iter().enumerate() {
                let customers = table.column("customer_id").map(|_| decode(&mut self.columns, place, "customer_id"));
                let customers = customers.map(|customers| customers.as_slice());
                let known = dimension.of_rows(table, chunk, customers, &mut self.scratch, &mut self.segment);
                let Self { values, over, inside, segment, .. } = self;
                if known {
                    partial.add(inside, values, over, width, |row| segment[row as usize] as usize);
                }
                if !reduction.quantiles.is_empty() {
                    let of_row = |row: u32| if known { short(segment[row as usize]) } else { 0 };
                    for &(row, slot) in inside.iter().filter(|(_, slot)| shown(*slot)) {
                        partial.kept[slot as usize].segments[position].push(of_row(row));
                    }
                }
            }
        }
    }

    /// Finds the rows that lie in some slot, and pass the reduction's filter.
    fn place(&mut self, place: &TableChunk<'_>, reduction: &Reduction) {
        let &TableChunk { table, number: chunk, timeline, .. } = place;
        self.inside.clear();
        let rows = table.chunk_len(chunk);
        let numbered =
            |row: usize, slot: usize| (u32::try_from(row).unwrap_or(u32::MAX), u32::try_from(slot).unwrap_or(u32::MAX));
        match reduction.clock {
            Clock::OrderedAt | Clock::At(_) => {
                let column = if let Clock::At(column) = reduction.clock { column } else { "ordered_at" };
                let times = decode(&mut self.columns, place, column);
                // What lies before all slots has one of its own, past the last.
                let before = |at: i64| {
                    (reduction.pile && at != MISSING && timeline.starts_after(at)).then(|| timeline.slot_count())
                };
                let slot = |at: i64| timeline.slot_at(at).or_else(|| before(at));
                let placed = times.iter().enumerate().filter_map(|(row, &at)| Some(numbered(row, slot(at)?)));
                self.inside.extend(placed);
            }
            Clock::RefundedAt => {
                let ordered = decode(&mut self.columns, place, "ordered_at").clone();
                let refunded = decode(&mut self.columns, place, "refunded_at");
                for (row, (&refunded, &ordered)) in refunded.iter().zip(&ordered).enumerate() {
                    let at = if refunded == MISSING { ordered } else { refunded };
                    self.inside.extend(timeline.slot_at(at).map(|slot| numbered(row, slot)));
                }
            }
            Clock::SpentOn => {
                let days = decode(&mut self.columns, place, "spent_on");
                let placed =
                    days.iter().enumerate().filter_map(|(row, &day)| Some(numbered(row, timeline.slot_on(day)?)));
                self.inside.extend(placed);
            }
        }
        if let Some(filter) = reduction.filter {
            let marks = decode(&mut self.columns, place, filter);
            self.inside.retain(|&(row, _)| marks[row as usize] == 1);
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
}

impl Partial {
    /// Adds rows to the sums of their slots and the segments that they belong to.
    fn add(
        &mut self,
        inside: &[(u32, u32)],
        values: &[i64],
        over: &[i64],
        width: usize,
        segment: impl Fn(u32) -> usize,
    ) {
        for &(row, slot) in inside {
            let cell = slot as usize * width + segment(row);
            self.cells[cell].add(values[row as usize]);
            if let Some(pair) = self.pairs.get_mut(cell) {
                pair.add(values[row as usize], over[row as usize]);
            }
        }
    }
}

/// Computes a sum of columns for every row; `nothing` where there are no columns.
fn evaluate(
    place: &TableChunk<'_>,
    terms: &[(&'static str, i64)],
    nothing: i64,
    columns: &mut BTreeMap<&'static str, Vec<i64>>,
    out: &mut Vec<i64>,
) {
    out.clear();
    out.resize(place.table.chunk_len(place.number), if terms.is_empty() { nothing } else { 0 });
    for &(name, coefficient) in terms {
        let column = decode(columns, place, name);
        for (value, &part) in out.iter_mut().zip(column.iter()) {
            if part == MISSING {
                *value = MISSING;
            } else if *value != MISSING {
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
    place: &TableChunk<'_>,
    name: &'static str,
) -> &'a mut Vec<i64> {
    columns.entry(name).or_insert_with(|| {
        let mut values = Vec::new();
        match place.computed.get(name).or_else(|| place.table.column(name)) {
            Some(column) => column.decode(place.number, &mut values),
            None => values.resize(place.table.chunk_len(place.number), 0),
        }
        values
    })
}
