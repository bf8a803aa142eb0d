//! What the company wants to reach and what happened to it: targets, annotations, and the days of what happened.
//!
//! Each of these days shows in the tables: the carrier in tickets and surveys, the prices in subscriptions, the outage in tickets and
//! surveys, the campaign in orders.

use std::fmt::Write as _;

/// From this day on parcels to [`CARRIED`] go with another carrier, and arrive late.
pub(super) const CARRIER: &str = "2026-10-01";
pub(super) const CARRIED: [&str; 2] = ["AT", "CH"];
/// From this day on the planner's larger plans cost more.
pub(super) const PRICES: &str = "2026-10-12";
/// First day of an outage of order tracking.
pub(super) const OUTAGE: &str = "2026-11-09";
/// Days that it took.
pub(super) const OUTAGE_DAYS: i64 = 3;

pub(super) fn annotations() -> String {
    format!(
        "on,until,area,text\n\
         2025-10-14,2025-12-11,shop,Autumn campaign\n\
         {CARRIER},,shop,Another carrier for parcels to Austria and Switzerland\n\
         {PRICES},,planner,The planner's plus and pro plans cost more\n\
         2026-10-14,2026-12-11,shop,Autumn campaign\n\
         {OUTAGE},2026-11-11,shop,Outage of order tracking\n"
    )
}

/// Revenue of each quarter for each customer that the company has in the end, in cents: targets grow with the company.
const REVENUE: [(&str, &str, u32); 8] = [
    ("2025-01-01", "2025-03-31", 850),
    ("2025-04-01", "2025-06-30", 1450),
    ("2025-07-01", "2025-09-30", 2000),
    ("2025-10-01", "2025-12-31", 2900),
    ("2026-01-01", "2026-03-31", 2800),
    ("2026-04-01", "2026-06-30", 3100),
    ("2026-07-01", "2026-09-30", 3600),
    ("2026-10-01", "2026-12-31", 4200),
];

/// Levels that reports are held to: report, metric, first day, value, segment. Times are in seconds.
const LEVELS: &[(&str, &str, &str, f64, &str)] = &[
    ("weekly-kpis", "aov", "2025-01-01", 40.0, ""),
    ("weekly-kpis", "cac", "2025-01-01", 30.0, ""),
    ("saas-weekly", "churn_rate", "2025-01-01", 0.008, ""),
    ("support-weekly", "first_response_time", "2025-01-01", 7200.0, ""),
    ("support-weekly", "first_response_time", "2025-01-01", 900.0, "channel=chat"),
    ("support-weekly", "sla_attainment", "2025-01-01", 0.92, ""),
    ("support-weekly", "fcr", "2025-01-01", 0.65, ""),
    ("support-weekly", "csat", "2025-01-01", 0.7, ""),
    ("cx-monthly", "nps", "2025-01-01", 35.0, ""),
    ("cx-monthly", "nps", "2026-01-01", 40.0, ""),
    ("cx-monthly", "csat", "2025-01-01", 0.7, ""),
    ("cx-monthly", "response_rate", "2025-01-01", 0.35, ""),
    ("cx-monthly", "feedback_loop_closure", "2025-01-01", 0.8, ""),
    ("executive", "nps", "2025-01-01", 35.0, ""),
    ("executive", "nps", "2026-01-01", 40.0, ""),
    ("executive", "churn_rate", "2025-01-01", 0.035, ""),
    ("executive", "trial_to_paid", "2025-01-01", 0.5, ""),
    ("executive", "first_response_time", "2025-01-01", 7200.0, ""),
    ("executive", "sla_attainment", "2025-01-01", 0.92, ""),
    ("executive", "csat", "2025-01-01", 0.7, ""),
];

pub(super) fn targets(customers: u32) -> String {
    let mut text = "report,metric,starts_on,ends_on,value,segment\n".to_owned();
    let each = |cents: u32| u64::from(customers) * u64::from(cents) / 10_000 * 100;
    for report in ["weekly-kpis", "executive"] {
        for (from, last, cents) in REVENUE {
            let _ = writeln!(text, "{report},revenue,{from},{last},{},", each(cents));
        }
    }
    for report in ["saas-weekly", "executive"] {
        for (from, cents) in [("2026-01-01", 1000), ("2026-07-01", 1550), ("2026-10-01", 1850)] {
            let _ = writeln!(text, "{report},mrr,{from},,{},", each(cents));
        }
    }
    for (report, metric, from, value, segment) in LEVELS {
        let _ = writeln!(text, "{report},{metric},{from},,{value},{segment}");
    }
    text
}
