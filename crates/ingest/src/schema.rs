//! The canonical tables: what a source's columns are mapped onto.
//!
//! A table is a const declaration; readers, checks, the documentation and the JSON Schema are all driven by it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A canonical table that a source can supply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TableKind {
    /// One row an order.
    Orders,
    /// One row an order line; summed to orders by `order_id`.
    OrderLines,
    /// One row a customer.
    Customers,
    /// One row a day (or a range of days) of acquisition cost.
    Spend,
    /// One row a subscription, or a period of it at one price.
    Subscriptions,
}

impl TableKind {
    /// Every canonical table, in the order in which they are loaded: customers first, so that their
    /// attributes are known when orders arrive.
    pub const ALL: [Self; 5] = [Self::Customers, Self::Subscriptions, Self::Orders, Self::OrderLines, Self::Spend];

    /// Gives the name used in a pipeline file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::OrderLines => "order_lines",
            Self::Customers => "customers",
            Self::Spend => "spend",
            Self::Subscriptions => "subscriptions",
        }
    }

    /// Gives the declared columns of the table.
    pub const fn columns(self) -> &'static [ColumnDecl] {
        match self {
            Self::Orders => ORDERS,
            Self::OrderLines => ORDER_LINES,
            Self::Customers => CUSTOMERS,
            Self::Spend => SPEND,
            Self::Subscriptions => SUBSCRIPTIONS,
        }
    }

    /// Finds a declared column by its canonical name.
    pub fn column(self, name: &str) -> Option<&'static ColumnDecl> {
        self.columns().iter().find(|column| column.name == name)
    }
}

impl std::fmt::Display for TableKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// What the cells of a canonical column hold, and so how they are read and checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CellKind {
    /// An identifier whose rows must be unique.
    RowId,
    /// The customer: text or an integer; `123` as a number and as text are the same customer, `0123` is another.
    Customer,
    /// A moment: an instant with an offset, or a local time in the source's zone.
    Time,
    /// A calendar day.
    Day,
    /// An exact amount of money in the pipeline's currency.
    Money,
    /// An exact decimal number, for a quantity or a unit price.
    Decimal,
    /// A label: a channel, a country, a status.
    Label,
}

/// The declaration of one canonical column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ColumnDecl {
    /// Canonical name.
    pub name: &'static str,
    /// What its cells hold.
    pub cell: CellKind,
    /// Whether a source must map it.
    pub required: bool,
    /// What it means, for people.
    pub meaning: &'static str,
}

const fn required(name: &'static str, cell: CellKind, meaning: &'static str) -> ColumnDecl {
    ColumnDecl { name, cell, required: true, meaning }
}

const fn optional(name: &'static str, cell: CellKind, meaning: &'static str) -> ColumnDecl {
    ColumnDecl { name, cell, required: false, meaning }
}

const ORDERS: &[ColumnDecl] = &[
    required("order_id", CellKind::RowId, "identifier of the order; a second row with the same one is a duplicate"),
    required("customer_id", CellKind::Customer, "who ordered"),
    required("ordered_at", CellKind::Time, "when the order was placed"),
    required("amount", CellKind::Money, "value of the order; `amount_includes` says what is in it"),
    optional("discount", CellKind::Money, "discount granted, as a positive amount"),
    optional("tax", CellKind::Money, "tax of the order"),
    optional("shipping", CellKind::Money, "shipping charged"),
    optional("refund_amount", CellKind::Money, "refunded so far, as a positive amount"),
    optional("refunded_at", CellKind::Time, "when the refund was made"),
    optional("status", CellKind::Label, "state of the order; cancelled ones are left out"),
    optional("currency", CellKind::Label, "ISO 4217 code of the row's amounts"),
    optional("channel", CellKind::Label, "channel the order came through"),
    optional("country", CellKind::Label, "country of the order"),
];

const ORDER_LINES: &[ColumnDecl] = &[
    required("order_id", CellKind::Label, "identifier of the order that the line belongs to"),
    required("customer_id", CellKind::Customer, "who ordered"),
    required("ordered_at", CellKind::Time, "when the order was placed; the earliest line's counts"),
    required("quantity", CellKind::Decimal, "how many units"),
    required("unit_price", CellKind::Decimal, "price of a unit, in the pipeline's currency"),
    optional("discount", CellKind::Money, "discount on the line, as a positive amount"),
    optional("tax", CellKind::Money, "tax of the line"),
    optional("shipping", CellKind::Money, "shipping charged on the line"),
    optional("refund_amount", CellKind::Money, "refunded so far, as a positive amount"),
    optional("refunded_at", CellKind::Time, "when the refund was made"),
    optional("status", CellKind::Label, "state of the line; cancelled ones are left out"),
    optional("currency", CellKind::Label, "ISO 4217 code of the row's amounts"),
    optional("channel", CellKind::Label, "channel the order came through"),
    optional("country", CellKind::Label, "country of the order"),
];

const CUSTOMERS: &[ColumnDecl] = &[
    required("customer_id", CellKind::Customer, "identifier of the customer"),
    required("signed_up_at", CellKind::Time, "when the customer signed up"),
    optional("channel", CellKind::Label, "channel that won the customer"),
    optional("country", CellKind::Label, "country of the customer"),
    optional("plan", CellKind::Label, "plan the customer is on"),
];

const SPEND: &[ColumnDecl] = &[
    required("amount", CellKind::Money, "what was spent"),
    optional("spent_on", CellKind::Day, "the day it was spent on; or use spent_from and spent_to"),
    optional("spent_from", CellKind::Day, "first day of a range over which the amount is spread by day"),
    optional("spent_to", CellKind::Day, "last day of that range, included"),
    optional("channel", CellKind::Label, "channel it was spent on"),
    optional("kind", CellKind::Label, "kind of cost: ads, tools, people, ..."),
    optional("currency", CellKind::Label, "ISO 4217 code of the row's amounts"),
];

const SUBSCRIPTIONS: &[ColumnDecl] = &[
    required("subscription_id", CellKind::Label, "identifier of the subscription; it may have a row a price period"),
    required("customer_id", CellKind::Customer, "who subscribed"),
    required("started_at", CellKind::Time, "when the subscription, or the price, began"),
    required("mrr", CellKind::Money, "monthly recurring revenue of it"),
    optional("ended_at", CellKind::Time, "when it ended; empty while it runs"),
    optional("plan", CellKind::Label, "plan subscribed to"),
    optional("currency", CellKind::Label, "ISO 4217 code of the row's amounts"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn column_names_are_unique_and_explained() {
        for table in TableKind::ALL {
            for (index, column) in table.columns().iter().enumerate() {
                assert!(!column.meaning.is_empty(), "{table}.{}", column.name);
                let twin = table.columns()[..index].iter().any(|other| other.name == column.name);
                assert!(!twin, "{table}.{} is declared twice", column.name);
            }
        }
    }
}
