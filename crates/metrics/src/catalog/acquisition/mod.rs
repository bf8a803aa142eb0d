//! Acquisition: winning customers, and what it costs.

pub(super) mod cac;
pub(super) mod cac_payback;
pub(super) mod conversion_rate;
pub(super) mod customer_growth;
pub(super) mod customers_new;
pub(super) mod ltv_cac;
pub(super) mod trial_to_paid;
