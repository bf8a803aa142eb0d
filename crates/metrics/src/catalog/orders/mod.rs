//! Orders and revenue.

pub(super) mod aov;
pub(super) mod arpc;
pub(super) mod customers_active;
pub(super) mod customers_returning;
#[allow(clippy::module_inception, reason = "a metric has the name of its identifier")]
pub(super) mod orders;
pub(super) mod orders_per_customer;
pub(super) mod repeat_rate;
pub(super) mod revenue;
pub(super) mod revenue_growth;
