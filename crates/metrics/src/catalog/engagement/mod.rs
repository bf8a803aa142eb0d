//! Engagement: what customers do.

pub(super) mod dau;
pub(super) mod engagement_rate;
pub(super) mod goal_completion;
pub(super) mod mau;
pub(super) mod return_rate;
pub(super) mod stickiness;
pub(super) mod wau;
