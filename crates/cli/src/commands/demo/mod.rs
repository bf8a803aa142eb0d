//! `tallybook demo`: a synthetic company with two years of data and a little dirt, and its pipelines.
//!
//! The company is a pure function of the number of customers: a shop, a planner that is subscribed to, a service desk, surveys and the
//! shop's events. All random numbers come from one small generator, so that the files do not change from one version to the next.
//!
//! Some things happen in it that reports should find: see [`goals`].

mod comments;
mod events;
mod goals;
mod random;
mod shop;
mod subscriptions;
mod surveys;
mod tickets;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDate};

use self::shop::Shop;
use super::print;
use crate::error::CliError;
use crate::paths::shown;
use crate::publish::create_file;

/// The pipelines of the demo company; the first is the one that is run.
const PIPELINES: [(&str, &str); 5] = [
    ("weekly-kpis.yaml", include_str!("../../../../../pipelines/weekly-kpis.yaml")),
    ("saas-weekly.yaml", include_str!("../../../../../pipelines/saas-weekly.yaml")),
    ("support-weekly.yaml", include_str!("../../../../../pipelines/support-weekly.yaml")),
    ("cx-monthly.yaml", include_str!("../../../../../pipelines/cx-monthly.yaml")),
    ("executive.yaml", include_str!("../../../../../pipelines/executive.yaml")),
];

/// The Monday on which the demo company's data were exported.
const EXPORTED: &str = "2026-11-16";
/// Days of data.
const DAYS: i64 = 728;
const DAY: i64 = 86_400;
const HOUR: i64 = 3600;

/// Writes the company and, unless told otherwise, runs its first pipeline.
pub(super) fn demo(folder: &Path, customers: u32, no_run: bool) -> Result<(), CliError> {
    let folder = folder.join("pipelines");
    let pipelines = PIPELINES.map(|(name, text)| (folder.join(name), text));
    if let Some((path, _)) = pipelines.iter().find(|(path, _)| path.exists()) {
        let message = format!("{} is there already", shown(path));
        return Err(CliError::could_not_run(message).hint("name another folder"));
    }
    for (name, text) in company(customers) {
        create_file(&folder.join("demo-data").join(name), text.as_bytes())?;
    }
    for (path, text) in &pipelines {
        create_file(path, text.as_bytes())?;
    }
    let [first, others @ ..] = pipelines.map(|(path, _)| path);
    if no_run {
        return print(&format!("{}\n{}", shown(&first), lines(&others)));
    }
    let when = crate::args::When { as_of: Some(EXPORTED.to_owned()), ..Default::default() };
    super::run(&first, &crate::plan::Overrides { when, ..Default::default() }, 0, false)?;
    // Advice to people, and no part of what could be piped.
    let _ = write!(
        std::io::stderr().lock(),
        "There are more pipelines, for `tallybook run PIPELINE --as-of {EXPORTED}`:\n{}",
        lines(&others)
    );
    Ok(())
}

fn lines(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| shown(path) + "\n").collect()
}

/// The tables of the demo company, as CSV.
fn company(customers: u32) -> [(&'static str, String); 9] {
    let shop = Shop::new(customers);
    let (tickets_csv, tickets) = tickets::tickets(&shop.customers);
    [
        ("subscriptions.csv", subscriptions::subscriptions(&shop.customers)),
        ("surveys.csv", surveys::surveys(&shop.customers, &tickets)),
        ("events.csv", events::events(&shop.customers)),
        ("targets.csv", goals::targets(customers)),
        ("annotations.csv", goals::annotations()),
        ("tickets.csv", tickets_csv),
        ("customers.csv", shop.customers_csv),
        ("orders.csv", shop.orders_csv),
        ("spend.csv", shop.spend_csv),
    ]
}

/// The moment at which the data end.
fn export() -> i64 {
    start_of(EXPORTED)
}

/// Cuts off the fraction.
#[allow(clippy::cast_possible_truncation, reason = "a cast saturates, and nothing here comes near the ends")]
fn whole(value: f64) -> i64 {
    value as i64
}

fn start_of(day: &str) -> i64 {
    day.parse::<NaiveDate>().map_or(0, |day| i64::from(day.to_epoch_days()) * DAY)
}

/// A moment in UTC.
fn stamp(seconds: i64) -> String {
    written(seconds, "%Y-%m-%dT%H:%M:%SZ")
}

/// A moment as `chrono` writes it by a pattern.
fn written(seconds: i64, pattern: &str) -> String {
    DateTime::from_timestamp(seconds, 0).map(|time| time.format(pattern).to_string()).unwrap_or_default()
}

fn money(cents: i64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}
