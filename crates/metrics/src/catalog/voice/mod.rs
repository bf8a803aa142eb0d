//! Voice of the customer: surveys.

mod answers;
pub(super) mod ces;
pub(super) mod csat;
pub(super) mod enps;
pub(super) mod feedback_loop_closure;
pub(super) mod nps;
pub(super) mod response_rate;
pub(super) mod sentiment;
