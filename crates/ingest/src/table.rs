//! Checked canonical tables, in memory.

use std::collections::BTreeMap;

use crate::identifiers::Identifiers;
use crate::ints::{Ints, MISSING};
use crate::schema::TableKind;

/// A checked canonical table: typed columns of equal length, with the same chunk boundaries.
///
/// Times are seconds since 1970-01-01 UTC; days are days since 1970-01-01; money is minor units; customers and labels
/// are dense numbers.
#[derive(Debug, Clone)]
pub struct Table {
    kind: TableKind,
    rows: usize,
    chunks: Vec<usize>,
    columns: BTreeMap<String, Ints>,
    labels: BTreeMap<String, Labels>,
}

/// A column of labels: numbers into a dictionary, in order of first appearance.
#[derive(Debug, Clone, Default)]
pub struct Labels {
    /// The labels by number.
    pub dictionary: Vec<String>,
    /// The number of each row's label.
    pub codes: Ints,
}

impl Table {
    /// Makes an empty table with the named columns.
    pub fn new(
        kind: TableKind,
        columns: impl IntoIterator<Item = String>,
        labels: impl IntoIterator<Item = String>,
    ) -> Self {
        Self {
            kind,
            rows: 0,
            chunks: Vec::new(),
            columns: columns.into_iter().map(|name| (name, Ints::default())).collect(),
            labels: labels.into_iter().map(|name| (name, Labels::default())).collect(),
        }
    }

    /// Which canonical table this is.
    pub const fn kind(&self) -> TableKind {
        self.kind
    }

    /// Counts the rows.
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// Counts the chunks.
    pub const fn chunk_count(&self) -> usize {
        self.chunks.len()
    }

    /// Counts the rows of a chunk.
    pub fn chunk_len(&self, chunk: usize) -> usize {
        self.chunks[chunk]
    }

    /// Gives a column of numbers, times, days, amounts or customers.
    pub fn column(&self, name: &str) -> Option<&Ints> {
        self.columns.get(name)
    }

    /// Gives a column of labels.
    pub fn labels(&self, name: &str) -> Option<&Labels> {
        self.labels.get(name)
    }

    /// Appends rows: for each column of the table a slice of equal length, `MISSING` for a missing value.
    ///
    /// Label columns take numbers into the dictionary that the caller keeps and hands over with
    /// [`Table::set_dictionary`].
    pub fn push_chunk<'a>(&mut self, rows: usize, mut values: impl FnMut(&str) -> &'a [i64]) {
        if rows == 0 {
            return;
        }
        let labels = self.labels.iter_mut().map(|(name, labels)| (name, &mut labels.codes));
        for (name, column) in self.columns.iter_mut().chain(labels) {
            let slice = values(name);
            debug_assert_eq!(slice.len(), rows, "{name}");
            column.push_chunk(slice);
        }
        self.rows += rows;
        self.chunks.push(rows);
    }

    /// Sets the dictionary of a label column.
    pub fn set_dictionary(&mut self, name: &str, dictionary: Vec<String>) {
        if let Some(labels) = self.labels.get_mut(name) {
            labels.dictionary = dictionary;
        }
    }
}

/// The canonical tables of a run, with the customers they speak of.
#[derive(Debug, Default)]
pub struct Tables {
    /// Every customer that any table names.
    pub customers: Identifiers,
    /// The `customers` table, one entry a customer number; empty where no source supplies it.
    pub attributes: Attributes,
    /// Orders, whether supplied as such or as lines.
    pub orders: Option<Table>,
    /// Acquisition cost.
    pub spend: Option<Table>,
    /// Subscriptions, a row a price period.
    pub subscriptions: Option<Table>,
}

/// What the `customers` table says of each customer, by customer number.
#[derive(Debug, Clone, Default)]
pub struct Attributes {
    /// Whether a source supplies the table.
    pub supplied: bool,
    /// Seconds since 1970 of the sign-up, `MISSING` where the customer is not in the table.
    pub signed_up_at: Vec<i64>,
    /// Label columns: the dictionary, and the number of each customer's label.
    pub labels: BTreeMap<String, (Vec<String>, Vec<u32>)>,
}

/// Stands for a missing label among the numbers of [`Attributes`].
pub const NO_LABEL: u32 = u32::MAX;

impl Attributes {
    /// Spreads a `customers` table over customer numbers; customers past its end are missing.
    pub fn from_table(table: &Table, customers: usize) -> Self {
        let mut attributes = Self { supplied: true, ..Self::default() };
        let Some(owner) = table.column("customer_id") else { return attributes };
        let mut owners = Vec::new();
        let mut values = Vec::new();
        let mut spread = |column: &Ints| {
            let mut by_customer = vec![MISSING; customers];
            for chunk in 0..table.chunk_count() {
                owner.decode(chunk, &mut owners);
                column.decode(chunk, &mut values);
                for (&owner, &value) in owners.iter().zip(&values) {
                    if let Some(slot) = usize::try_from(owner).ok().and_then(|owner| by_customer.get_mut(owner)) {
                        *slot = value;
                    }
                }
            }
            by_customer
        };
        if let Some(column) = table.column("signed_up_at") {
            attributes.signed_up_at = spread(column);
        }
        for (name, labels) in &table.labels {
            let codes = spread(&labels.codes);
            let codes = codes.into_iter().map(|code| u32::try_from(code).unwrap_or(NO_LABEL)).collect();
            attributes.labels.insert(name.clone(), (labels.dictionary.clone(), codes));
        }
        attributes
    }
}
