//! The canonical tables: what a source's columns are mapped onto.
//!
//! A table is a const declaration; readers, checks, the documentation and the JSON Schema are all driven by it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::packed_column::MISSING;

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
    /// One row a ticket: a case, an incident, a conversation.
    Tickets,
    /// One row an update of a ticket; folded to tickets by `ticket_id`.
    TicketEvents,
    /// One row an answer to a survey, or a survey sent.
    Surveys,
    /// One row something a customer did.
    Events,
    /// One row a value that a metric should reach.
    Targets,
    /// One row an exchange rate of a day.
    Fx,
    /// One row something that happened and may explain figures.
    Annotations,
    /// A table of the pipeline's own, under its name; only metrics of the pipeline's own read it.
    #[serde(skip)]
    #[schemars(skip)]
    Own(OwnName),
}

/// The name of a table of the pipeline's own, kept for as long as the program runs.
pub type OwnName = &'static str;

impl TableKind {
    /// Every canonical table, in the order in which they are loaded: exchange rates before amounts, customers before what they did.
    pub const ALL: [Self; 12] = [
        Self::Fx,
        Self::Customers,
        Self::Subscriptions,
        Self::Orders,
        Self::OrderLines,
        Self::Spend,
        Self::Tickets,
        Self::TicketEvents,
        Self::Surveys,
        Self::Events,
        Self::Targets,
        Self::Annotations,
    ];

    /// Gives the name used in a pipeline file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::OrderLines => "order_lines",
            Self::Customers => "customers",
            Self::Spend => "spend",
            Self::Subscriptions => "subscriptions",
            Self::Tickets => "tickets",
            Self::TicketEvents => "ticket_events",
            Self::Surveys => "surveys",
            Self::Events => "events",
            Self::Targets => "targets",
            Self::Fx => "fx",
            Self::Annotations => "annotations",
            Self::Own(name) => name,
        }
    }

    /// Gives the canonical table that is made of this one: lines become orders, updates tickets.
    #[must_use]
    pub const fn made(self) -> Self {
        match self {
            Self::OrderLines => Self::Orders,
            Self::TicketEvents => Self::Tickets,
            other => other,
        }
    }

    /// Gives what stands where a table has no cell: no amount is an amount of zero, anything else is missing.
    pub(crate) fn nothing(self, column: &str) -> i64 {
        if self.column(column).is_some_and(|column| column.cell == CellKind::Money) { 0 } else { MISSING }
    }

    /// Names what is left out because its status says so.
    pub(crate) const fn cancelled(self) -> &'static str {
        match self {
            Self::Orders | Self::OrderLines => "cancelled order",
            Self::Tickets | Self::TicketEvents => "cancelled ticket",
            _ => "cancelled",
        }
    }

    /// Gives the column that says when a row counts; a table of customers' attributes has none.
    pub const fn clock(self) -> Option<&'static str> {
        match self {
            Self::Orders | Self::OrderLines => Some("ordered_at"),
            Self::Spend => Some("spent_on"),
            Self::Subscriptions => Some("started_at"),
            Self::Tickets => Some("opened_at"),
            Self::TicketEvents | Self::Events => Some("occurred_at"),
            Self::Surveys => Some("submitted_at"),
            Self::Own(_) => Some("at"),
            Self::Customers | Self::Targets | Self::Fx | Self::Annotations => None,
        }
    }

    /// Finds a table by its name; any name that is not a canonical table's is one of the pipeline's own.
    pub fn named(name: &str) -> Self {
        let canonical = Self::ALL.into_iter().find(|kind| kind.name() == name);
        // Pipelines name few tables, and a run reads one pipeline.
        canonical.unwrap_or_else(|| Self::Own(Box::leak(name.to_owned().into_boxed_str())))
    }

    /// Gives the declared columns of the table.
    pub const fn columns(self) -> &'static [ColumnDecl] {
        match self {
            Self::Orders => ORDERS,
            Self::OrderLines => ORDER_LINES,
            Self::Customers => CUSTOMERS,
            Self::Spend => SPEND,
            Self::Subscriptions => SUBSCRIPTIONS,
            Self::Tickets => TICKETS,
            Self::TicketEvents => TICKET_EVENTS,
            Self::Surveys => SURVEYS,
            Self::Events => EVENTS,
            Self::Targets => TARGETS,
            Self::Fx => FX,
            Self::Annotations => ANNOTATIONS,
            Self::Own(_) => OWN,
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
    /// An identifier that is only ever compared: a session, a response.
    Key,
    /// A number, kept in millionths.
    Number,
    /// A whole number of zero or more.
    Whole,
    /// Yes or no, kept as 1 or 0.
    Flag,
    /// An exchange rate, kept in millionths of millionths.
    Rate,
}

/// Decimals of a rate, as [`CellKind::Rate`] keeps it.
pub(crate) const RATE_DECIMALS: u32 = 12;

/// Decimals of a [`CellKind::Number`].
pub(crate) const NUMBER_DECIMALS: u32 = 6;

/// Millionths in one, the scale of [`CellKind::Number`].
pub const NUMBER_SCALE: i64 = 10_i64.pow(NUMBER_DECIMALS);

/// The declaration of one canonical column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ColumnDecl {
    /// Canonical name.
    pub name: &'static str,
    /// What its cells hold.
    pub cell: CellKind,
    /// Whether a source must map it.
    pub required: bool,
    /// Whether a cell of it may be empty.
    pub blank: bool,
    /// What it means, for people.
    pub meaning: &'static str,
}

const fn required(name: &'static str, cell: CellKind, meaning: &'static str) -> ColumnDecl {
    ColumnDecl { name, cell, required: true, blank: false, meaning }
}

const fn optional(name: &'static str, cell: CellKind, meaning: &'static str) -> ColumnDecl {
    ColumnDecl { name, cell, required: false, blank: true, meaning }
}

/// A column that must be mapped, whose cells may be empty.
const fn mapped(name: &'static str, cell: CellKind, meaning: &'static str) -> ColumnDecl {
    ColumnDecl { name, cell, required: true, blank: true, meaning }
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
    optional("mrr", CellKind::Money, "monthly recurring revenue of it; or map amount and interval"),
    optional("amount", CellKind::Money, "price of a unit for one interval"),
    optional(
        "interval",
        CellKind::Label,
        "what the amount pays for: day, week, month, quarter, year, or several such as 3 months",
    ),
    optional("quantity", CellKind::Number, "units subscribed to, times the amount; 1 when left out"),
    optional("ended_at", CellKind::Time, "when it ended; empty while it runs"),
    optional("trial_started_at", CellKind::Time, "when its trial began"),
    optional("trial_ended_at", CellKind::Time, "when its trial ended or will end; it pays nothing before"),
    optional("term_ends_at", CellKind::Time, "when its term ends and it is up for renewal"),
    optional("plan", CellKind::Label, "plan subscribed to"),
    optional("currency", CellKind::Label, "ISO 4217 code of the row's amounts"),
];

const TICKETS: &[ColumnDecl] = &[
    required("ticket_id", CellKind::RowId, "identifier of the ticket; a second row with the same one is a duplicate"),
    required("opened_at", CellKind::Time, "when it was opened"),
    optional("customer_id", CellKind::Customer, "who opened it"),
    optional("first_response_at", CellKind::Time, "when someone first answered; empty while no one has"),
    optional("solved_at", CellKind::Time, "when it was solved first; empty while it is not"),
    optional("resolved_at", CellKind::Time, "when it was solved last or closed"),
    optional("reopened_count", CellKind::Whole, "how often it was opened again"),
    optional("contacts", CellKind::Whole, "how many contacts it took"),
    optional("handle_seconds", CellKind::Number, "seconds of work on it; or map talk, hold and wrap"),
    optional("talk_seconds", CellKind::Number, "seconds of talk"),
    optional("hold_seconds", CellKind::Number, "seconds on hold"),
    optional("wrap_seconds", CellKind::Number, "seconds of work after the contact"),
    optional("sla_due_at", CellKind::Time, "when it must be solved by agreement"),
    optional("sla_met", CellKind::Flag, "whether the agreement was kept, where only that is known"),
    optional("status", CellKind::Label, "state of the ticket; cancelled ones are left out"),
    optional("channel", CellKind::Label, "channel it came through"),
    optional("priority", CellKind::Label, "its priority"),
];

const TICKET_EVENTS: &[ColumnDecl] = &[
    required("ticket_id", CellKind::Label, "identifier of the ticket that the update belongs to"),
    required("occurred_at", CellKind::Time, "when it was updated"),
    optional("status", CellKind::Label, "state of the ticket after the update; `solved` lists those that mean solved"),
    optional("opened_at", CellKind::Time, "when the ticket was opened; its earliest update when left out"),
    optional("customer_id", CellKind::Customer, "who opened it"),
    optional("first_response_at", CellKind::Time, "when someone first answered; the earliest counts"),
    optional("solved_at", CellKind::Time, "when it was solved first; taken from status when left out"),
    optional("resolved_at", CellKind::Time, "when it was solved last or closed; taken from status when left out"),
    optional(
        "reopened_count",
        CellKind::Whole,
        "how often it was opened again so far; taken from status when left out",
    ),
    optional("contacts", CellKind::Whole, "how many contacts it took so far"),
    optional("handle_seconds", CellKind::Number, "seconds of work in this update"),
    optional("talk_seconds", CellKind::Number, "seconds of talk in this update"),
    optional("hold_seconds", CellKind::Number, "seconds on hold in this update"),
    optional("wrap_seconds", CellKind::Number, "seconds of work after the contact in this update"),
    optional("sla_due_at", CellKind::Time, "when it must be solved by agreement; the latest update's counts"),
    optional("sla_met", CellKind::Flag, "whether the agreement is kept so far; once broken it stays broken"),
    optional("channel", CellKind::Label, "channel it came through; the latest update's counts"),
    optional("priority", CellKind::Label, "its priority; the latest update's counts"),
];

const SURVEYS: &[ColumnDecl] = &[
    required("response_id", CellKind::Key, "identifier of the response, once for each kind"),
    mapped("submitted_at", CellKind::Time, "when it was answered; empty for a survey that was sent and not answered"),
    required("kind", CellKind::Label, "what was asked: nps, csat, ces or enps"),
    mapped("score", CellKind::Number, "the answer; empty for a survey that was not answered"),
    optional("customer_id", CellKind::Customer, "who answered"),
    optional("sent_at", CellKind::Time, "when the survey was sent"),
    optional("comment", CellKind::Label, "what was said in words"),
    optional("follow_up_required", CellKind::Flag, "whether someone has to get back to the customer"),
    optional("followed_up_at", CellKind::Time, "when someone did"),
    optional("weight", CellKind::Number, "weight of the answer in the population"),
];

const EVENTS: &[ColumnDecl] = &[
    required("customer_id", CellKind::Customer, "who did it"),
    required("occurred_at", CellKind::Time, "when"),
    required("name", CellKind::Label, "what was done"),
    optional("session_id", CellKind::Key, "the session in which it was done"),
    optional("channel", CellKind::Label, "channel it came through"),
];

const TARGETS: &[ColumnDecl] = &[
    required("metric", CellKind::Label, "the metric, as in the list of metrics; `metric.measure` for another measure"),
    required("starts_on", CellKind::Day, "first day of the target"),
    required("value", CellKind::Number, "what it should be: in currency, in points, a share as 0.85"),
    optional("ends_on", CellKind::Day, "last day of the target; until the next one begins when left out"),
    optional("segment", CellKind::Label, "the segment that it is for, as dimension=value; the total when left out"),
];

const FX: &[ColumnDecl] = &[
    required("on", CellKind::Day, "day of the rate"),
    required("from", CellKind::Label, "ISO 4217 code of the currency that is changed"),
    required("to", CellKind::Label, "ISO 4217 code of the currency it is changed to"),
    required("rate", CellKind::Rate, "units of `to` for one unit of `from`"),
];

const ANNOTATIONS: &[ColumnDecl] = &[
    required("on", CellKind::Day, "first day of what happened"),
    required("text", CellKind::Label, "what happened"),
    optional("until", CellKind::Day, "last day of it"),
    optional("metric", CellKind::Label, "the metric that it may explain; all when left out"),
];

const OWN: &[ColumnDecl] = &[
    required("at", CellKind::Time, "when the row counts"),
    optional("customer_id", CellKind::Customer, "the customer it is about"),
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
