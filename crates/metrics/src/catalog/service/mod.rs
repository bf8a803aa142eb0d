//! Service: tickets.

pub(super) mod aht;
pub(super) mod backlog;
mod desk;
pub(super) mod fcr;
pub(super) mod first_response_time;
pub(super) mod reopen_rate;
pub(super) mod resolution_time;
pub(super) mod sla_attainment;
pub(super) mod ticket_volume;
