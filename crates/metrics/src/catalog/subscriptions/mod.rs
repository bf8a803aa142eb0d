//! Subscriptions: recurring revenue.

pub(super) mod arpa;
mod complement;
pub(super) mod expansion_revenue;
pub(super) mod gross_mrr_churn;
pub(super) mod grr;
pub(super) mod mrr;
pub(super) mod mrr_movements;
pub(super) mod net_mrr_churn;
pub(super) mod nrr;
pub(super) mod quick_ratio;
