//! Retention, churn and lifetime.

pub(super) mod churn_rate;
pub(super) mod clv;
mod clv_tables;
pub(super) mod cohort_churn;
pub(super) mod cohort_retention;
pub(super) mod inactivity_churn;
pub(super) mod renewal_rate;
pub(super) mod retention_rate;
pub(super) mod rfm_segments;
pub(super) mod survival;
