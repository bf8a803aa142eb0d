//! Segments: the total, and every value of every dimension that figures are broken down by.

use std::collections::{BTreeMap, HashMap};

use tallybook_ingest::{Labels, MISSING, NO_LABEL, Table, TableKind, Tables};

/// Name of the segment of rows or customers without a label.
pub const NO_VALUE: &str = "(none)";
/// Name of the segment that gathers the values beyond [`MAX_VALUES`].
pub const OTHER: &str = "(other)";
/// Values of a dimension that are kept apart: the most frequent ones.
pub const MAX_VALUES: usize = 60;

/// The position of the total among segments.
pub const TOTAL: usize = 0;

/// Tables whose rows fall into segments.
const SORTED: [TableKind; 6] = [
    TableKind::Orders,
    TableKind::Subscriptions,
    TableKind::Tickets,
    TableKind::Surveys,
    TableKind::Events,
    TableKind::Spend,
];

/// All segments of a run: the total first, then the values of each dimension.
#[derive(Debug)]
pub struct Segments {
    dimensions: Vec<Dimension>,
    count: usize,
}

/// One dimension: its values, and how rows and customers fall into them.
#[derive(Debug)]
pub struct Dimension {
    /// Its name.
    pub name: String,
    /// Its values.
    pub values: Vec<String>,
    /// Position of its first value among the segments.
    first: usize,
    /// For each table that carries the dimension: segment by label number, the last entry for rows without a label.
    tables: BTreeMap<TableKind, Vec<u32>>,
    /// Segment by customer.
    customers: Vec<u32>,
    /// Whether customers have a value of their own, or one that follows from what they did.
    of_customers: bool,
    /// Whether a customer's value is its first order's, for want of one in the `customers` table.
    pub by_first_order: bool,
}

impl Segments {
    /// Sorts rows and customers into the values of the named dimensions.
    pub fn new(names: &[String], tables: &Tables) -> Self {
        let mut segments = Self { dimensions: Vec::new(), count: 1 };
        for name in names {
            let dimension = Dimension::new(name, tables, segments.count);
            segments.count += dimension.values.len();
            segments.dimensions.push(dimension);
        }
        segments
    }

    /// Counts the segments, the total included.
    pub const fn count(&self) -> usize {
        self.count
    }

    /// Gives the dimensions.
    pub fn dimensions(&self) -> &[Dimension] {
        &self.dimensions
    }

    /// Names a segment: dimension and value; nothing for the total.
    pub fn name(&self, segment: usize) -> Option<(&str, &str)> {
        self.dimensions.iter().find_map(|dimension| {
            let value = dimension.values.get(segment.checked_sub(dimension.first)?)?;
            Some((dimension.name.as_str(), value.as_str()))
        })
    }

    /// Gives the dimension that a segment is a value of; nothing for the total.
    pub fn dimension_of(&self, segment: usize) -> Option<&Dimension> {
        let holds =
            |dimension: &&Dimension| (dimension.first..dimension.first + dimension.values.len()).contains(&segment);
        self.dimensions.iter().find(holds)
    }

    /// Gives the segments of a customer, the total first.
    pub fn of_customer(&self, customer: u32, out: &mut Vec<usize>) {
        out.clear();
        out.push(TOTAL);
        out.extend(self.dimensions.iter().map(|dimension| dimension.customers[customer as usize] as usize));
    }
}

impl Dimension {
    fn new(name: &str, tables: &Tables, first: usize) -> Self {
        let attribute = tables.attributes.labels.get(name);
        let kinds = SORTED.into_iter().chain(tables.own.keys().map(|name| TableKind::Own(name)));
        let carrying: Vec<(TableKind, &Table, &Labels)> = kinds
            .filter_map(|kind| {
                let table = tables.get(kind)?;
                Some((kind, table, table.labels(name)?))
            })
            .collect();
        let mut values = LabelCounts::default();
        let counted = |kind: TableKind| kind != TableKind::Spend;
        carrying.iter().filter(|(kind, ..)| counted(*kind)).for_each(|(_, _, labels)| values.count(labels));
        if let Some((dictionary, codes)) = attribute {
            let mut counts = vec![0; dictionary.len()];
            for &code in codes.iter().filter(|code| **code != NO_LABEL) {
                counts[code as usize] += 1;
            }
            dictionary.iter().zip(counts).for_each(|(label, count)| values.add(label, count));
        }
        for (_, _, labels) in carrying.iter().filter(|(kind, ..)| !counted(*kind)) {
            labels.dictionary.iter().for_each(|label| values.add(label, 0));
        }
        let names = values.ranked();
        let segment = |label: Option<&String>| segment_of(&names, label, first);
        let map = |labels: &Labels| -> Vec<u32> {
            labels.dictionary.iter().map(|label| segment(Some(label))).chain([segment(None)]).collect()
        };
        let by_table: BTreeMap<TableKind, Vec<u32>> =
            carrying.iter().map(|(kind, _, labels)| (*kind, map(labels))).collect();
        // A customer's value, for want of one of their own, is that of the first thing they did.
        let telling = [TableKind::Orders, TableKind::Subscriptions, TableKind::Events].into_iter().find_map(|kind| {
            let (_, table, _) = carrying.iter().find(|(own, ..)| *own == kind)?;
            Some((*table, kind.clock()?, by_table.get(&kind)?))
        });
        let missing = segment(None);
        let customers = match (attribute, telling) {
            (Some((dictionary, codes)), _) => {
                let by_code: Vec<u32> = dictionary.iter().map(|label| segment(Some(label))).collect();
                let known = codes.iter().map(|&code| by_code.get(code as usize).copied().unwrap_or(missing));
                let mut customers: Vec<u32> = known.collect();
                customers.resize(tables.customers.len(), missing);
                customers
            }
            (None, Some((table, clock, map))) => {
                first_labels((table, clock), name, map, tables.customers.len(), missing)
            }
            (None, None) => vec![missing; tables.customers.len()],
        };
        Self {
            name: name.to_owned(),
            by_first_order: attribute.is_none() && by_table.contains_key(&TableKind::Orders),
            of_customers: attribute.is_some() || telling.is_some(),
            tables: by_table,
            first,
            customers,
            values: names,
        }
    }

    /// Gives the segment of each row of a chunk, from its label or its customer; nothing where the table can be sorted by neither.
    pub(crate) fn of_rows(
        &self,
        table: &Table,
        chunk: usize,
        customers: Option<&[i64]>,
        scratch: &mut Vec<i64>,
        out: &mut Vec<u32>,
    ) -> bool {
        out.clear();
        if let (Some(map), Some(labels)) = (self.tables.get(&table.kind()), table.labels(&self.name)) {
            labels.codes.decode(chunk, scratch);
            out.extend(scratch.iter().map(|&code| map_code(map, code)));
            return true;
        }
        let Some(customers) = customers.filter(|_| self.of_customers) else { return false };
        let none = u32::try_from(self.first + self.values.len() - 1).unwrap_or(u32::MAX);
        out.extend(customers.iter().map(|&customer| {
            usize::try_from(customer).ok().and_then(|customer| self.customers.get(customer)).copied().unwrap_or(none)
        }));
        true
    }

    /// Tells whether what is computed from a table can be broken down by the dimension.
    pub fn sorts(&self, table: TableKind) -> bool {
        self.tables.contains_key(&table) || (self.of_customers && table != TableKind::Spend)
    }

    /// Gives the positions of its values among the segments.
    pub const fn positions(&self) -> std::ops::Range<usize> {
        self.first..self.first + self.values.len()
    }

    /// Tells whether spend carries the dimension.
    pub fn on_spend(&self) -> bool {
        self.tables.contains_key(&TableKind::Spend)
    }
}

/// Label numbers to segments; the last entry is for rows without a label.
fn map_code(map: &[u32], code: i64) -> u32 {
    let position = if code == MISSING { map.len() - 1 } else { usize::try_from(code).unwrap_or(0) };
    map[position]
}

fn segment_of(names: &[String], label: Option<&String>, first: usize) -> u32 {
    let find = |wanted: &str| names.iter().position(|name| name == wanted);
    let position = match label {
        Some(label) => find(label).or_else(|| find(OTHER)),
        None => find(NO_VALUE),
    };
    u32::try_from(first + position.unwrap_or(names.len() - 1)).unwrap_or(u32::MAX)
}

/// The values of a dimension with their frequencies.
#[derive(Debug, Default)]
struct LabelCounts {
    order: Vec<String>,
    counts: HashMap<String, u64>,
}

impl LabelCounts {
    fn add(&mut self, label: &str, count: u64) {
        if !self.counts.contains_key(label) {
            self.order.push(label.to_owned());
        }
        *self.counts.entry(label.to_owned()).or_default() += count;
    }

    fn count(&mut self, labels: &Labels) {
        let mut counts = vec![0; labels.dictionary.len()];
        let mut codes = Vec::new();
        for chunk in 0..labels.codes.chunk_count() {
            labels.codes.decode(chunk, &mut codes);
            for &code in codes.iter().filter(|code| **code != MISSING) {
                counts[usize::try_from(code).unwrap_or(0)] += 1;
            }
        }
        labels.dictionary.iter().zip(counts).for_each(|(label, count)| self.add(label, count));
    }

    /// The most frequent values, then `(other)` where there are more, then `(none)`.
    fn ranked(self) -> Vec<String> {
        let Self { mut order, counts } = self;
        order.sort_by(|a, b| counts[b].cmp(&counts[a]).then_with(|| a.cmp(b)));
        let others = order.len() > MAX_VALUES;
        order.truncate(MAX_VALUES);
        if others {
            order.push(OTHER.to_owned());
        }
        order.push(NO_VALUE.to_owned());
        order
    }
}

/// The label of each customer's first order or subscription; of several at one moment, the first in the file.
fn first_labels((table, clock): (&Table, &str), name: &str, map: &[u32], customers: usize, missing: u32) -> Vec<u32> {
    let mut first = vec![(i64::MAX, missing); customers];
    let (Some(owners), Some(times), Some(labels)) =
        (table.column("customer_id"), table.column(clock), table.labels(name))
    else {
        return vec![missing; customers];
    };
    let (mut owner, mut time, mut code) = (Vec::new(), Vec::new(), Vec::new());
    for chunk in 0..table.chunk_count() {
        owners.decode(chunk, &mut owner);
        times.decode(chunk, &mut time);
        labels.codes.decode(chunk, &mut code);
        for ((&owner, &time), &code) in owner.iter().zip(&time).zip(&code) {
            if let Some(slot) = usize::try_from(owner).ok().and_then(|owner| first.get_mut(owner))
                && time < slot.0
            {
                *slot = (time, map_code(map, code));
            }
        }
    }
    first.into_iter().map(|(_, segment)| segment).collect()
}
