//! Customer metrics: a fold over each customer's history.
//!
//! Orders are brought together by customer once, in blocks of customers that are worked on in parallel; each fold then sees one
//! [`CustomerHistory`] after the other and adds to its own sums. Folds of different blocks are merged in the order of the blocks.

use std::any::Any;
use std::ops::Range;

use rayon::prelude::*;
use tallybook_ingest::{MISSING, PackedColumn, Table, Tables};

use crate::engine::order_value::OrderValue;
use crate::engine::segments::Segments;

/// An order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Event {
    /// When, in seconds since 1970 UTC.
    pub at: i64,
    /// What it is worth, in minor units.
    pub amount: i64,
}

/// A refund that counts at its own date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Refund {
    /// When it was made, in seconds since 1970 UTC.
    pub at: i64,
    /// How much was given back, in minor units.
    pub amount: i64,
    /// When the order was placed.
    pub ordered_at: i64,
}

/// All that is known of one customer.
#[derive(Debug, Clone, Copy)]
pub struct CustomerHistory<'a> {
    /// The customer's number.
    pub customer: u32,
    /// Segments that the customer belongs to, the total first.
    pub segments: &'a [usize],
    /// Orders, by time.
    pub orders: &'a [Event],
    /// Refunds that count at their own date, by time.
    pub refunds: &'a [Refund],
    /// When the customer signed up, where that is known.
    pub signed_up_at: Option<i64>,
}

/// Sums over customers that grow by one history at a time.
pub trait Fold: Any + Send + Sync {
    /// Makes an empty fold of the same kind.
    fn new_empty(&self) -> Box<dyn Fold>;
    /// Adds one customer.
    fn update(&mut self, history: &CustomerHistory<'_>);
    /// Adds the sums of another fold of the same kind.
    fn merge(&mut self, other: &dyn Any);
}

/// Orders that are brought together at once; 16 bytes each.
const BLOCK: usize = 4_000_000;

/// Parts of a block that are folded in parallel. A fixed number, so that results do not depend on the machine.
const PARTS: usize = 8;

/// The most blocks: each costs a walk over the compact columns.
const MAX_BLOCKS: usize = 16;

/// What histories are made of: the customer, the time and the amount of each row, and the refunds where they count apart.
struct CustomerRows<'a> {
    table: &'a Table,
    owner: &'a PackedColumn,
    time: &'a PackedColumn,
    amount: &'a PackedColumn,
    refunds: bool,
}

/// Shows every customer's orders to every fold.
pub(crate) fn fold_histories(
    tables: &Tables,
    value: &OrderValue,
    segments: &Segments,
    folds: Vec<Box<dyn Fold>>,
) -> Vec<Box<dyn Fold>> {
    let rows = tables.orders.as_ref().and_then(|table| {
        let (owner, time) = table.column("customer_id").zip(table.column("ordered_at"))?;
        let amount = table.column(OrderValue::PLACED)?;
        Some(CustomerRows { table, owner, time, amount, refunds: value.refunds_apart })
    });
    fold_rows(rows, tables, segments, folds)
}

/// Shows what every customer did to every fold, with the number of what was done as the amount.
pub(crate) fn fold_events(tables: &Tables, segments: &Segments, folds: Vec<Box<dyn Fold>>) -> Vec<Box<dyn Fold>> {
    let rows = tables.events.as_ref().and_then(|table| {
        let (owner, time) = table.column("customer_id").zip(table.column("occurred_at"))?;
        Some(CustomerRows { table, owner, time, amount: &table.labels("name")?.codes, refunds: false })
    });
    fold_rows(rows, tables, segments, folds)
}

fn fold_rows(
    rows: Option<CustomerRows<'_>>,
    tables: &Tables,
    segments: &Segments,
    folds: Vec<Box<dyn Fold>>,
) -> Vec<Box<dyn Fold>> {
    let Some(rows) = rows.filter(|_| !folds.is_empty()) else { return folds };
    let counts = rows_by_customer(&rows, tables.customers.len());
    let mut done: Vec<Vec<Box<dyn Fold>>> = Vec::new();
    for customers in blocks(&counts, BLOCK) {
        let block = Block::gather(&rows, customers, &counts);
        let parts: Vec<Vec<Box<dyn Fold>>> = block
            .parts()
            .into_par_iter()
            .map(|part| {
                let mut own: Vec<Box<dyn Fold>> = folds.iter().map(|fold| fold.new_empty()).collect();
                block.show(part, tables, segments, &mut own);
                own
            })
            .collect();
        done.extend(parts);
    }
    let mut folds = folds;
    for own in done {
        for (fold, part) in folds.iter_mut().zip(own) {
            let part: Box<dyn Any> = part;
            fold.merge(part.as_ref());
        }
    }
    folds
}

fn rows_by_customer(rows: &CustomerRows<'_>, customers: usize) -> Vec<u32> {
    let mut counts = vec![0_u32; customers];
    let mut owners = Vec::new();
    for chunk in 0..rows.table.chunk_count() {
        rows.owner.decode(chunk, &mut owners);
        for &owner in &owners {
            if let Some(count) = usize::try_from(owner).ok().and_then(|owner| counts.get_mut(owner)) {
                *count += 1;
            }
        }
    }
    counts
}

/// Cuts the customers into runs with about the same number of orders.
fn blocks(counts: &[u32], least: usize) -> Vec<Range<usize>> {
    let orders: usize = counts.iter().map(|&count| count as usize).sum();
    let target = (orders / MAX_BLOCKS).max(least);
    let (mut blocks, mut start, mut held) = (Vec::new(), 0, 0);
    for (customer, &count) in counts.iter().enumerate() {
        held += count as usize;
        if held >= target {
            blocks.push(start..customer + 1);
            (start, held) = (customer + 1, 0);
        }
    }
    if start < counts.len() {
        blocks.push(start..counts.len());
    }
    blocks
}

/// The orders of a run of customers, brought together by customer.
struct Block {
    customers: Range<usize>,
    /// Where each customer's orders begin; one more entry than customers.
    starts: Vec<usize>,
    orders: Vec<Event>,
    /// Customer and refund, by customer and time.
    refunds: Vec<(usize, Refund)>,
}

impl Block {
    fn gather(rows: &CustomerRows<'_>, customers: Range<usize>, counts: &[u32]) -> Self {
        let mut starts = Vec::with_capacity(customers.len() + 1);
        let mut total = 0;
        starts.push(0);
        for &count in &counts[customers.clone()] {
            total += count as usize;
            starts.push(total);
        }
        let mut next = starts.clone();
        let mut block = Self {
            customers: customers.clone(),
            starts,
            orders: vec![Event { at: 0, amount: 0 }; total],
            refunds: Vec::new(),
        };
        let (mut owners, mut times, mut amounts) = (Vec::new(), Vec::new(), Vec::new());
        for chunk in 0..rows.table.chunk_count() {
            rows.owner.decode(chunk, &mut owners);
            rows.time.decode(chunk, &mut times);
            rows.amount.decode(chunk, &mut amounts);
            for (row, &owner) in owners.iter().enumerate() {
                let owner = usize::try_from(owner).unwrap_or(usize::MAX);
                if customers.contains(&owner) {
                    let position = &mut next[owner - customers.start];
                    block.orders[*position] = Event { at: times[row], amount: amounts[row] };
                    *position += 1;
                }
            }
            if rows.refunds {
                block.gather_refunds(rows.table, chunk, &owners, &times);
            }
        }
        for pair in block.starts.windows(2) {
            let orders = &mut block.orders[pair[0]..pair[1]];
            if !orders.is_sorted() {
                orders.sort_unstable();
            }
        }
        block.refunds.sort_unstable();
        block
    }

    fn gather_refunds(&mut self, table: &Table, chunk: usize, owners: &[i64], ordered: &[i64]) {
        let (Some(amount), Some(at)) = (table.column("refund_amount"), table.column("refunded_at")) else { return };
        let (mut amounts, mut times) = (Vec::new(), Vec::new());
        amount.decode(chunk, &mut amounts);
        at.decode(chunk, &mut times);
        for (row, &amount) in amounts.iter().enumerate().filter(|(_, amount)| **amount != 0) {
            let owner = usize::try_from(owners[row]).unwrap_or(usize::MAX);
            if self.customers.contains(&owner) {
                let at = if times[row] == MISSING { ordered[row] } else { times[row] };
                self.refunds.push((owner, Refund { at, amount, ordered_at: ordered[row] }));
            }
        }
    }

    /// Cuts the block into runs of customers.
    fn parts(&self) -> Vec<Range<usize>> {
        let step = self.customers.len().div_ceil(PARTS).max(1);
        self.customers.clone().step_by(step).map(|start| start..(start + step).min(self.customers.end)).collect()
    }

    /// Shows the customers of a part to folds.
    fn show(&self, part: Range<usize>, tables: &Tables, segments: &Segments, folds: &mut [Box<dyn Fold>]) {
        let mut own = Vec::new();
        let mut refunds: Vec<Refund> = Vec::new();
        let mut refund = self.refunds.partition_point(|(owner, _)| *owner < part.start);
        for customer in part {
            let position = customer - self.customers.start;
            let number = u32::try_from(customer).unwrap_or(u32::MAX);
            segments.of_customer(number, &mut own);
            refunds.clear();
            while let Some(&(owner, event)) = self.refunds.get(refund).filter(|(owner, _)| *owner == customer) {
                debug_assert_eq!(owner, customer);
                refunds.push(event);
                refund += 1;
            }
            let signed_up_at = tables.attributes.signed_up_at.get(customer).copied();
            let history = CustomerHistory {
                customer: number,
                segments: &own,
                orders: &self.orders[self.starts[position]..self.starts[position + 1]],
                refunds: &refunds,
                signed_up_at: signed_up_at.filter(|&at| at != MISSING),
            };
            for fold in folds.iter_mut() {
                fold.update(&history);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn blocks_cover_every_customer_once(counts in proptest::collection::vec(0_u32..3_000_000, 0..60)) {
            let blocks = blocks(&counts, 2_000_000);
            let covered: Vec<usize> = blocks.iter().flat_map(Clone::clone).collect();
            prop_assert_eq!(covered, (0..counts.len()).collect::<Vec<_>>());
            prop_assert!(blocks.len() <= MAX_BLOCKS + 1);
        }
    }
}
