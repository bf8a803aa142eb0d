//! The revenue policy of a pipeline: what an order is worth, and when a refund counts.
//!
//! All metrics about money share it, so that average order value, revenue and lifetime value speak of the same money.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What revenue means in a pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RevenuePolicy {
    /// Whether discounts and refunds are taken off.
    pub basis: Basis,
    /// Whether tax counts as revenue.
    pub include_tax: bool,
    /// Whether shipping counts as revenue.
    pub include_shipping: bool,
    /// The day on which a refund is taken off.
    pub refunds_by: RefundDate,
}

impl Default for RevenuePolicy {
    fn default() -> Self {
        Self { basis: Basis::Net, include_tax: false, include_shipping: false, refunds_by: RefundDate::RefundDate }
    }
}

/// Whether discounts and refunds are taken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Orders at list price.
    Gross,
    /// Orders less discounts and refunds.
    Net,
}

/// The day on which a refund is taken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefundDate {
    /// The day of the refund: past periods stay as they were reported.
    RefundDate,
    /// The day of the order: past periods shrink as refunds come in.
    OrderDate,
}

/// What the source's `amount` already contains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct AmountContent {
    /// Tax.
    pub tax: bool,
    /// Shipping.
    pub shipping: bool,
    /// It is already reduced by the discount.
    pub after_discount: bool,
}

/// A sum of money columns with whole coefficients, such as amount - discount.
pub type Terms = Vec<(&'static str, i64)>;

/// What an order is worth under a policy, given the columns that the source supplies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderValue {
    /// The worth of an order when it is placed.
    pub placed: Terms,
    /// Whether refunds are taken off at their own date, as separate movements.
    pub refunds_apart: bool,
    /// Whether refunds are taken off at all.
    pub refunds: bool,
    policy: RevenuePolicy,
}

impl OrderValue {
    /// Decides the worth of an order.
    pub fn new(policy: RevenuePolicy, content: AmountContent, supplied: impl Fn(&str) -> bool) -> Self {
        let mut placed: Terms = vec![("amount", 1)];
        for (column, contained, wanted) in
            [("tax", content.tax, policy.include_tax), ("shipping", content.shipping, policy.include_shipping)]
        {
            match (contained, wanted) {
                (true, false) => placed.push((column, -1)),
                (false, true) => placed.push((column, 1)),
                _ => {}
            }
        }
        match (policy.basis, content.after_discount) {
            (Basis::Net, false) => placed.push(("discount", -1)),
            (Basis::Gross, true) => placed.push(("discount", 1)),
            _ => {}
        }
        placed.retain(|(column, _)| supplied(column));
        let refunds = policy.basis == Basis::Net && supplied("refund_amount");
        let refunds_apart = refunds && policy.refunds_by == RefundDate::RefundDate && supplied("refunded_at");
        if refunds && !refunds_apart {
            placed.push(("refund_amount", -1));
        }
        Self { placed, refunds_apart, refunds, policy }
    }

    /// Name of the column that holds the worth of an order when it is placed: the sum of [`OrderValue::placed`], computed once when the
    /// table is made.
    pub const PLACED: &'static str = tallybook_ingest::DERIVED;

    /// Gives the worth of an order with whatever was refunded of it since.
    pub fn after_refunds(&self) -> Terms {
        let mut terms = vec![(Self::PLACED, 1)];
        if self.refunds_apart {
            terms.push(("refund_amount", -1));
        }
        terms
    }

    /// Names the columns that are read.
    pub fn columns(&self) -> impl Iterator<Item = &'static str> {
        let apart = self.refunds_apart.then_some(["refund_amount", "refunded_at"]);
        self.placed.iter().map(|(column, _)| *column).chain(apart.into_iter().flatten())
    }

    /// Says in words what revenue is, for the report.
    pub fn describe(&self) -> String {
        let basis = match (self.policy.basis, self.refunds) {
            (Basis::Gross, _) => "gross of discounts and refunds",
            (Basis::Net, true) => "net of discounts and refunds",
            (Basis::Net, false) => "net of discounts; the source has no refunds",
        };
        let part = |name: &str, included: bool| format!("{name} {}", if included { "included" } else { "excluded" });
        let mut words = vec![
            basis.to_owned(),
            part("tax", self.policy.include_tax),
            part("shipping", self.policy.include_shipping),
        ];
        if self.refunds {
            let date = if self.refunds_apart { "date of the refund" } else { "date of the order" };
            words.push(format!("refunds by {date}"));
        }
        words.push("cancelled orders left out".to_owned());
        words.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: fn(&str) -> bool = |_| true;

    #[test]
    fn net_by_refund_date_is_the_default() {
        let value = OrderValue::new(RevenuePolicy::default(), AmountContent::default(), ALL);
        assert_eq!(value.placed, [("amount", 1), ("discount", -1)]);
        assert!(value.refunds_apart);
        assert_eq!(value.after_refunds(), [("placed", 1), ("refund_amount", -1)]);
    }

    #[test]
    fn without_refund_dates_refunds_fall_on_the_order() {
        let value =
            OrderValue::new(RevenuePolicy::default(), AmountContent::default(), |column| column != "refunded_at");
        assert_eq!(value.placed, [("amount", 1), ("discount", -1), ("refund_amount", -1)]);
        assert!(!value.refunds_apart);
        assert!(value.describe().contains("refunds by date of the order"));
    }

    #[test]
    fn a_total_with_tax_and_shipping_is_taken_apart() {
        let content = AmountContent { tax: true, shipping: true, after_discount: true };
        let policy = RevenuePolicy { include_shipping: true, ..RevenuePolicy::default() };
        let value = OrderValue::new(policy, content, ALL);
        assert_eq!(value.placed, [("amount", 1), ("tax", -1)]);
        let gross = OrderValue::new(RevenuePolicy { basis: Basis::Gross, ..policy }, content, ALL);
        assert_eq!(gross.placed, [("amount", 1), ("tax", -1), ("discount", 1)]);
        assert!(!gross.refunds);
    }
}
