//! Order lines summed to orders.

use std::collections::BTreeMap;

use crate::config::Rounding;
use crate::packed_column::{MAX_ABS, MISSING};
use crate::parse::number::Decimal;
use crate::schema::TableKind;
use crate::source::{Derived, Source};
use crate::table::Table;
use crate::tables::column::derive;

/// Sums lines to orders by `order_id`.
///
/// An order is placed at the time of its earliest line and belongs to that line's customer and labels; amounts are summed
/// exactly and, where rounding is asked for, rounded once for the whole order.
#[derive(Debug)]
pub(crate) struct OrderLines {
    table: Table,
    derived: Vec<Derived>,
    /// Decimals of the sums, and of the currency.
    scale: u32,
    decimals: u32,
    money: Vec<String>,
    times: Vec<String>,
    labels: Vec<String>,
    /// Orders by the number of their identifier, which is in order of first appearance.
    orders: Vec<Option<Order>>,
}

#[derive(Debug, Clone)]
struct Order {
    customer: i64,
    ordered_at: i64,
    amount: i128,
    money: Vec<i128>,
    times: Vec<i64>,
    labels: Vec<i64>,
}

impl OrderLines {
    pub(crate) fn new(source: &Source) -> Self {
        let supplied = |names: &[&str]| -> Vec<String> {
            names.iter().filter(|name| source.supplies(name)).map(|name| (*name).to_owned()).collect()
        };
        let money = supplied(&["discount", "tax", "shipping", "refund_amount"]);
        let times = supplied(&["refunded_at"]);
        let labels = source.label_names();
        let fixed = ["customer_id", "ordered_at", "amount"].map(String::from);
        let derived = source.derived.iter().map(|derived| derived.name.clone());
        let columns = fixed.into_iter().chain(money.iter().cloned()).chain(times.iter().cloned());
        let columns = columns.filter(|name| !source.transient.contains(name)).chain(derived);
        Self {
            table: Table::new(TableKind::Orders, columns, labels.clone()),
            derived: source.derived.clone(),
            scale: source.line_decimals(),
            decimals: source.decimals,
            money,
            times,
            labels,
            orders: Vec::new(),
        }
    }

    /// Adds lines; `values` and `decimals` give the columns of the batch.
    pub(crate) fn push<'a>(
        &mut self,
        rows: usize,
        values: impl Fn(&str) -> Option<&'a [i64]>,
        decimals: impl Fn(&str) -> &'a [Decimal],
    ) {
        let column = |name: &str| values(name).unwrap_or(&[]);
        let columns = |names: &[String]| names.iter().map(|name| column(name)).collect::<Vec<_>>();
        let (ids, customers, placed) = (column("order_id"), column("customer_id"), column("ordered_at"));
        let (quantities, prices) = (decimals("quantity"), decimals("unit_price"));
        let (money, times, labels) = (columns(&self.money), columns(&self.times), columns(&self.labels));
        let pick = |columns: &[&[i64]], row: usize| columns.iter().map(|column| column[row]).collect::<Vec<i64>>();
        for row in 0..rows {
            // Both factors and their product were checked when the line was accepted.
            let amount = quantities[row]
                .times(prices[row])
                .and_then(|amount| amount.to_units(self.scale, Rounding::HalfEven))
                .map_or(0, i128::from);
            let line = Order {
                customer: customers[row],
                ordered_at: placed[row],
                amount,
                money: money.iter().map(|column| i128::from(column[row])).collect(),
                times: pick(&times, row),
                labels: pick(&labels, row),
            };
            let number = usize::try_from(ids[row]).unwrap_or(0);
            if number >= self.orders.len() {
                self.orders.resize(number + 1, None);
            }
            match &mut self.orders[number] {
                Some(order) => order.add(line),
                vacant => *vacant = Some(line),
            }
        }
    }

    /// Gives the table of orders and their number; on failure the number of the order whose sum is out of range.
    pub(crate) fn finish(mut self) -> Result<(Table, u64), usize> {
        // Numbers of orders all of whose lines were set aside stay vacant.
        let orders: Vec<(usize, Order)> =
            self.orders.into_iter().enumerate().filter_map(|(number, order)| Some((number, order?))).collect();
        let whole =
            |number: usize, sum: i128| i64::try_from(sum).ok().filter(|units| units.abs() <= MAX_ABS).ok_or(number);
        let mut columns: BTreeMap<String, Vec<i64>> = BTreeMap::new();
        let mut add = |name: &str, value: i64| columns.entry(name.to_owned()).or_default().push(value);
        for (number, order) in &orders {
            add("customer_id", order.customer);
            add("ordered_at", order.ordered_at);
            let amount = Decimal { mantissa: order.amount, scale: self.scale };
            add("amount", amount.to_units(self.decimals, Rounding::HalfEven).map_err(|_| *number)?);
            for (name, &sum) in self.money.iter().zip(&order.money) {
                add(name, whole(*number, sum)?);
            }
            for (name, &time) in self.times.iter().zip(&order.times) {
                add(name, time);
            }
            for (name, &label) in self.labels.iter().zip(&order.labels) {
                add(name, label);
            }
        }
        let mut derived = BTreeMap::new();
        derive(&self.derived, orders.len(), |name| columns.get(name).map(Vec::as_slice), &mut derived);
        let values = |name: &str| columns.get(name).or_else(|| derived.get(name));
        self.table.push_chunk(orders.len(), |name| values(name).map_or(&[], Vec::as_slice));
        Ok((self.table, orders.len() as u64))
    }
}

impl Order {
    fn add(&mut self, line: Self) {
        self.amount += line.amount;
        for (sum, value) in self.money.iter_mut().zip(&line.money) {
            *sum += value;
        }
        for (latest, &time) in self.times.iter_mut().zip(&line.times) {
            if time != MISSING {
                *latest = (*latest).max(time);
            }
        }
        if line.ordered_at < self.ordered_at {
            self.ordered_at = line.ordered_at;
            self.customer = line.customer;
            self.labels = line.labels;
        }
    }
}
