//! Checked canonical tables, in memory.

use std::collections::{BTreeMap, HashMap};

use crate::packed_column::{MISSING, PackedColumn};
use crate::parse::identifiers::Identifiers;
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
    columns: BTreeMap<String, PackedColumn>,
    labels: BTreeMap<String, Labels>,
}

/// A column of labels: numbers into a dictionary, in order of first appearance.
#[derive(Debug, Clone, Default)]
pub struct Labels {
    /// The labels by number.
    pub dictionary: Vec<String>,
    /// The number of each row's label.
    pub codes: PackedColumn,
}

impl Labels {
    /// Gives the label of a number; nothing for a missing one.
    pub fn label(&self, code: i64) -> Option<&str> {
        self.dictionary.get(usize::try_from(code).ok()?).map(String::as_str)
    }
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
            columns: columns.into_iter().map(|name| (name, PackedColumn::default())).collect(),
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
    pub fn column(&self, name: &str) -> Option<&PackedColumn> {
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

    /// Appends the rows of another table of the same kind; a column that one of them lacks is missing there.
    pub(crate) fn append(&mut self, other: &Self) {
        for name in other.columns.keys().filter(|name| !self.columns.contains_key(*name)).cloned().collect::<Vec<_>>() {
            let column = self.missing(self.kind.nothing(&name));
            self.columns.insert(name, column);
        }
        for name in other.labels.keys().filter(|name| !self.labels.contains_key(*name)).cloned().collect::<Vec<_>>() {
            self.labels.insert(name, Labels { dictionary: Vec::new(), codes: self.missing(MISSING) });
        }
        let mut numbers: BTreeMap<String, Vec<i64>> = BTreeMap::new();
        for (name, own) in &mut self.labels {
            let Some(labels) = other.labels.get(name) else { continue };
            let mut known: HashMap<String, i64> =
                own.dictionary.iter().enumerate().map(|(number, label)| (label.clone(), number as i64)).collect();
            let mut number = |label: &String| {
                *known.entry(label.clone()).or_insert_with(|| {
                    own.dictionary.push(label.clone());
                    own.dictionary.len() as i64 - 1
                })
            };
            numbers.insert(name.clone(), labels.dictionary.iter().map(&mut number).collect());
        }
        let mut values: BTreeMap<String, Vec<i64>> = BTreeMap::new();
        for chunk in 0..other.chunk_count() {
            let rows = other.chunk_len(chunk);
            for name in self.columns.keys().chain(self.labels.keys()) {
                let out = values.entry(name.clone()).or_default();
                match (other.columns.get(name), other.labels.get(name)) {
                    (Some(column), _) => column.decode(chunk, out),
                    (None, Some(labels)) => {
                        labels.codes.decode(chunk, out);
                        let numbers = &numbers[name];
                        for code in out.iter_mut() {
                            *code = usize::try_from(*code)
                                .ok()
                                .and_then(|code| numbers.get(code).copied())
                                .unwrap_or(MISSING);
                        }
                    }
                    (None, None) => {
                        out.clear();
                        out.resize(rows, self.kind.nothing(name));
                    }
                }
            }
            self.push_chunk(rows, |name| values.get(name).map_or(&[], Vec::as_slice));
        }
    }

    /// A column of nothing, as long as the table.
    fn missing(&self, nothing: i64) -> PackedColumn {
        let mut column = PackedColumn::default();
        self.chunks.iter().for_each(|&rows| column.push_chunk(&vec![nothing; rows]));
        column
    }

    /// Adds a column that was computed from others.
    pub fn add_column(&mut self, name: &str, column: PackedColumn) {
        debug_assert_eq!(column.chunk_count(), self.chunk_count());
        self.columns.insert(name.to_owned(), column);
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
    /// Tickets, whether supplied as such or as their updates.
    pub tickets: Option<Table>,
    /// Answers to surveys, and surveys that were sent.
    pub surveys: Option<Table>,
    /// What customers did.
    pub events: Option<Table>,
    /// What metrics should reach.
    pub targets: Option<Table>,
    /// What happened that may explain figures.
    pub annotations: Option<Table>,
    /// Tables of the pipeline's own, by their names.
    pub own: BTreeMap<&'static str, Table>,
}

impl Tables {
    /// Gives a table by its kind, in the form in which it is kept: orders for lines, tickets for updates.
    pub fn get(&self, kind: TableKind) -> Option<&Table> {
        match kind {
            TableKind::Orders | TableKind::OrderLines => self.orders.as_ref(),
            TableKind::Spend => self.spend.as_ref(),
            TableKind::Subscriptions => self.subscriptions.as_ref(),
            TableKind::Tickets | TableKind::TicketEvents => self.tickets.as_ref(),
            TableKind::Surveys => self.surveys.as_ref(),
            TableKind::Events => self.events.as_ref(),
            TableKind::Targets => self.targets.as_ref(),
            TableKind::Annotations => self.annotations.as_ref(),
            TableKind::Own(name) => self.own.get(name),
            TableKind::Customers | TableKind::Fx => None,
        }
    }

    /// Gives a table to change, likewise.
    pub fn get_mut(&mut self, kind: TableKind) -> Option<&mut Table> {
        match kind {
            TableKind::Orders | TableKind::OrderLines => self.orders.as_mut(),
            TableKind::Spend => self.spend.as_mut(),
            TableKind::Subscriptions => self.subscriptions.as_mut(),
            TableKind::Tickets | TableKind::TicketEvents => self.tickets.as_mut(),
            TableKind::Surveys => self.surveys.as_mut(),
            TableKind::Events => self.events.as_mut(),
            TableKind::Targets => self.targets.as_mut(),
            TableKind::Annotations => self.annotations.as_mut(),
            TableKind::Own(name) => self.own.get_mut(name),
            TableKind::Customers | TableKind::Fx => None,
        }
    }

    /// Takes in a table that was read; another one of the same kind is added to it.
    pub(crate) fn take_in(&mut self, kind: TableKind, table: Table) {
        if let Some(own) = self.get_mut(kind) {
            own.append(&table);
            return;
        }
        match kind {
            TableKind::Orders | TableKind::OrderLines => self.orders = Some(table),
            TableKind::Spend => self.spend = Some(table),
            TableKind::Subscriptions => self.subscriptions = Some(table),
            TableKind::Tickets | TableKind::TicketEvents => self.tickets = Some(table),
            TableKind::Surveys => self.surveys = Some(table),
            TableKind::Events => self.events = Some(table),
            TableKind::Targets => self.targets = Some(table),
            TableKind::Annotations => self.annotations = Some(table),
            TableKind::Own(name) => {
                self.own.insert(name, table);
            }
            TableKind::Customers | TableKind::Fx => {}
        }
    }
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
        let mut spread = |column: &PackedColumn| {
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
