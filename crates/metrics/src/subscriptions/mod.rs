//! Subscriptions brought together by customer: lives of contracts, movements of recurring revenue, renewals and trials.

mod movements;
mod renewals;
mod trials;

use chrono::{Datelike, NaiveDate};
use tallybook_ingest::{MISSING, PackedColumn, Table, Tables};

pub use movements::Movements;
pub use renewals::Renewed;
use trials::Trial;
pub use trials::Trials;

use crate::engine::coverage::Coverage;
use crate::engine::segments::Segments;
use tallybook_calendar::{Calendar, Window, shift};

/// All subscriptions of a run, by customer.
#[derive(Debug)]
pub struct Contracts {
    /// Paid rows, by customer and beginning.
    rows: Vec<Paid>,
    /// Segments of each customer with a row, and where the customer's rows end.
    customers: Vec<(Vec<usize>, usize)>,
    /// Rows that cost nothing, of the same customers, likewise.
    free: Vec<Paid>,
    /// Trials with the segments of their customers, where the table tells of trials.
    trials: Vec<(Trial, Vec<usize>)>,
    calendar: Calendar,
    first: NaiveDate,
    segments: usize,
}

/// A paid row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Paid {
    pub(super) customer: u32,
    pub(super) from: i64,
    pub(super) to: i64,
    pub(super) mrr: i64,
    /// When its term ends, where that is known.
    pub(super) term: Option<i64>,
    /// The number of its subscription, which has a row for each price.
    pub(super) subscription: i64,
}

/// A customer with paid rows.
pub(super) struct Account<'a> {
    /// Segments of the customer, the total first.
    pub(super) segments: &'a [usize],
    /// Paid rows, by beginning.
    pub(super) rows: &'a [Paid],
    /// Rows that cost nothing.
    pub(super) free: &'a [Paid],
}

/// A contract as it stood at the end of a window.
#[derive(Debug, Clone, PartialEq)]
pub struct ContractLife<'a> {
    /// Segments of the customer, the total first.
    pub segments: &'a [usize],
    /// Days it has lasted.
    pub days: i64,
    /// Monthly renewals made.
    pub renewals: u32,
    /// Whether it had ended.
    pub left: bool,
    /// Monthly recurring revenue, in minor units; zero once it has ended.
    pub mrr: i64,
}

/// Seconds without a subscription after which a customer's next one is another contract: 31 days. Payments fail and are made good.
const BRIDGED: i64 = 31 * 86_400;

impl Contracts {
    /// Gathers the subscriptions of a run; nothing where there are none that are paid for.
    ///
    /// Rows without revenue (trials, free plans) are no contracts.
    pub(crate) fn new(tables: &Tables, segments: &Segments, calendar: &Calendar) -> Option<Self> {
        let Gathered { rows, free, trials } = Gathered::of(tables.subscriptions.as_ref()?);
        let first = calendar.day_of(rows.iter().map(|row| row.from).min()?);
        let segments_of = |customer: u32| {
            let mut sorted = Vec::new();
            segments.of_customer(customer, &mut sorted);
            sorted
        };
        let mut customers = Vec::new();
        let mut end = 0;
        for own in rows.chunk_by(|a, b| a.customer == b.customer) {
            end += own.len();
            customers.push((segments_of(own[0].customer), end));
        }
        let trials = trials::of(trials, &rows).into_iter().map(|trial| (trial, segments_of(trial.customer))).collect();
        Some(Self { rows, customers, free, trials, calendar: calendar.clone(), first, segments: segments.count() })
    }

    /// Gathers paid rows (customer, first and last second, revenue) of customers in no segment but the total.
    #[cfg(test)]
    pub(super) fn of_rows(rows: Vec<(u32, i64, i64, i64)>, calendar: &Calendar) -> Option<Self> {
        let paid = |(customer, from, to, mrr)| Paid { customer, from, to, mrr, term: None, subscription: 0 };
        Self::of_paid(rows.into_iter().map(paid).collect(), Vec::new(), Vec::new(), calendar)
    }

    /// Gathers rows that are paid for and rows that are not, and trials, likewise.
    #[cfg(test)]
    fn of_paid(mut rows: Vec<Paid>, mut free: Vec<Paid>, trials: Vec<Trial>, calendar: &Calendar) -> Option<Self> {
        rows.sort_unstable();
        free.sort_unstable();
        let trials = trials::of(trials, &rows).into_iter().map(|trial| (trial, vec![0])).collect();
        let first = calendar.day_of(rows.iter().map(|row| row.from).min()?);
        let mut end = 0;
        let customers = rows.chunk_by(|a, b| a.customer == b.customer).map(|own| {
            end += own.len();
            (vec![0], end)
        });
        let customers = customers.collect();
        Some(Self { rows, customers, free, trials, calendar: calendar.clone(), first, segments: 1 })
    }

    /// Tells how far the subscriptions reach: a table of them says nothing of when it was written, so without end.
    pub(crate) const fn coverage(&self) -> Coverage {
        Coverage { first: self.first, last: NaiveDate::MAX }
    }

    /// Shows each customer with paid rows.
    pub(super) fn each_account(&self, mut see: impl FnMut(&Account<'_>)) {
        let (mut start, mut free) = (0, self.free.as_slice());
        for (segments, end) in &self.customers {
            let rows = &self.rows[start..*end];
            let customer = rows[0].customer;
            free = &free[free.partition_point(|row| row.customer < customer)..];
            let own = free.partition_point(|row| row.customer == customer);
            see(&Account { segments, rows, free: &free[..own] });
            start = *end;
        }
    }

    /// Gives the moment some calendar days after another, at the same time of day.
    pub(super) fn later(&self, at: i64, days: u32) -> i64 {
        let day = self.calendar.day_of(at);
        self.calendar.day_start(shift(day, i64::from(days))) + (at - self.calendar.day_start(day))
    }

    /// Gives the contracts as they stood at the end of a window, from what had begun by then.
    ///
    /// Rows of one customer that overlap, follow on each other or leave a gap of at most 31 days are one contract; after a longer gap another
    /// one begins.
    pub fn at(&self, window: &Window) -> Vec<ContractLife<'_>> {
        let mut out = Vec::new();
        let mut start = 0;
        for (segments, end) in &self.customers {
            let mut open: Option<(i64, i64, i64)> = None;
            for row in self.rows[start..*end].iter().filter(|row| row.from <= window.end) {
                // What begins as the window ends is not there yet, unless it goes on from what ends then: another price.
                let goes_on = open.is_some_and(|(_, to, _)| to >= window.end);
                if row.from == window.end && !goes_on {
                    continue;
                }
                let mrr = if row.to > window.end { row.mrr } else { 0 };
                open = Some(match open {
                    Some((from, to, sum)) if row.from <= to.saturating_add(BRIDGED) => {
                        (from, to.max(row.to), sum.saturating_add(mrr))
                    }
                    other => {
                        out.extend(other.map(|life| self.life(segments, life, window)));
                        (row.from, row.to, mrr)
                    }
                });
            }
            out.extend(open.map(|life| self.life(segments, life, window)));
            start = *end;
        }
        out
    }

    fn life<'a>(&self, segments: &'a [usize], (from, to, mrr): (i64, i64, i64), window: &Window) -> ContractLife<'a> {
        // A contract that ends as the window does runs no longer.
        let left = to <= window.end;
        let (from, until) = (self.calendar.day_of(from), if left { self.calendar.day_of(to) } else { window.to });
        let renewals = renewals(from, until, left);
        ContractLife { segments, days: (until - from).num_days(), renewals, left, mrr }
    }

    /// Counts the contracts of a segment that run at the end of a window.
    pub(crate) fn running(&self, window: &Window, segment: usize) -> u64 {
        let runs = |life: &&ContractLife<'_>| !life.left && life.segments.contains(&segment);
        self.at(window).iter().filter(runs).count() as u64
    }

    /// Counts the segments.
    pub(crate) const fn segments(&self) -> usize {
        self.segments
    }
}

/// Monthly renewals made by a contract from one day until another.
///
/// A contract that runs has made one on each monthly day since it began. One that ended let the next one pass: ended within its first month, or on
/// the first monthly day, it made none.
fn renewals(from: NaiveDate, until: NaiveDate, left: bool) -> u32 {
    let months = (until.year() - from.year()) * 12 + until.month() as i32 - from.month() as i32;
    // The 31st renews on the last day of shorter months.
    let short = until.succ_opt().is_some_and(|next| next.month() != until.month());
    let reached = until.day() >= from.day() || short;
    let whole = if reached { months } else { months - 1 };
    let on_the_day = until.day() == from.day() || (short && from.day() > until.day());
    let made = match (left, on_the_day) {
        (true, true) => whole - 1,
        _ => whole,
    };
    u32::try_from(made.max(0)).unwrap_or(0)
}

/// The rows of the table.
#[derive(Default)]
struct Gathered {
    /// Those that are paid for, from when they are.
    rows: Vec<Paid>,
    /// Those that cost nothing.
    free: Vec<Paid>,
    trials: Vec<Trial>,
}

impl Gathered {
    fn of(table: &Table) -> Self {
        const NAMES: [&str; 7] =
            ["customer_id", "started_at", "mrr", "ended_at", "trial_started_at", "trial_ended_at", "term_ends_at"];
        let columns = NAMES.map(|name| table.column(name));
        let subscriptions = table.labels("subscription_id").map(|labels| &labels.codes);
        let mut gathered = Self::default();
        if columns[..3].iter().any(Option::is_none) {
            return gathered;
        }
        let (mut cells, mut numbers) = ([const { Vec::new() }; NAMES.len()], Vec::new());
        for chunk in 0..table.chunk_count() {
            let rows = table.chunk_len(chunk);
            let decode = |column: Option<&PackedColumn>, out: &mut Vec<i64>| match column {
                Some(column) => column.decode(chunk, out),
                None => out.resize(rows, MISSING),
            };
            columns.iter().zip(&mut cells).for_each(|(column, out)| decode(*column, out));
            decode(subscriptions, &mut numbers);
            for row in 0..rows {
                gathered.add(cells.each_ref().map(|column| column[row]), numbers[row]);
            }
        }
        gathered.rows.sort_unstable();
        // Whoever never paid is no customer yet.
        let Self { rows, free, .. } = &mut gathered;
        free.retain(|own| rows.binary_search_by_key(&own.customer, |row| row.customer).is_ok());
        free.sort_unstable();
        gathered
    }

    fn add(&mut self, [customer, start, mrr, end, trial, trial_end, term]: [i64; 7], subscription: i64) {
        let known = |at: i64| (at != MISSING).then_some(at);
        let Ok(customer) = u32::try_from(customer) else { return };
        let to = known(end).unwrap_or(i64::MAX);
        // A trial pays nothing; no end of one is the least of all numbers.
        let from = start.max(trial_end);
        let row = Paid { customer, from, to, mrr, term: known(term), subscription };
        if mrr > 0 && to > from {
            self.rows.push(row);
        }
        if mrr == 0 && to > start {
            self.free.push(Paid { from: start, ..row });
        }
        if let Some(started) = known(trial) {
            // Where no end of the trial is given, a row that pays nothing ends with it.
            let ended = known(trial_end).or_else(|| known(end).filter(|_| mrr == 0));
            self.trials.push(Trial { customer, started, ended, paid_at: None });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renewals_by_hand() {
        let day = |text: &str| text.parse().expect("a day");
        let made = |from, until, left| renewals(day(from), day(until), left);
        // Begun on 15 January: renewed on 15 February, and still running a month later on the morning of 15 March and after.
        assert_eq!(made("2026-01-15", "2026-02-14", false), 0);
        assert_eq!(made("2026-01-15", "2026-02-15", false), 1);
        assert_eq!(made("2026-01-15", "2026-03-20", false), 2);
        // Ended on 15 March: paid twice, so renewed once; on 3 March: the same two months were paid for.
        assert_eq!(made("2026-01-15", "2026-03-15", true), 1);
        assert_eq!(made("2026-01-15", "2026-03-03", true), 1);
        assert_eq!(made("2026-01-15", "2026-02-15", true), 0);
        assert_eq!(made("2026-01-15", "2026-01-20", true), 0);
        // The 31st renews on 28 February.
        assert_eq!(made("2026-01-31", "2026-02-28", false), 1);
        assert_eq!(made("2026-01-31", "2026-02-27", false), 0);
        assert_eq!(made("2026-01-31", "2026-02-28", true), 0);
        assert_eq!(made("2025-11-30", "2027-02-28", true), 14);
    }

    fn contracts(rows: &[(u32, &str, Option<&str>, i64)]) -> (Contracts, Window) {
        let calendar = Calendar {
            zone: chrono_tz::Europe::Berlin,
            week_start: chrono::Weekday::Mon,
            fiscal: tallybook_calendar::FiscalYear::default(),
        };
        let day = |text: &str| text.parse::<NaiveDate>().expect("a day");
        let at = |text: &str| calendar.day_start(day(text));
        let row = |&(customer, from, to, mrr): &(u32, &str, Option<&str>, i64)| {
            (customer, at(from), to.map_or(i64::MAX, at), mrr)
        };
        let contracts = Contracts::of_rows(rows.iter().map(row).collect(), &calendar).expect("rows");
        let window = calendar.window(day("2026-06-01"), day("2026-07-01"));
        (contracts, window)
    }

    /// Days, renewals, whether it has ended, and revenue of each contract at the end of June 2026.
    fn stand(rows: &[(u32, &str, Option<&str>, i64)]) -> Vec<(i64, u32, bool, i64)> {
        let (contracts, window) = contracts(rows);
        contracts.at(&window).iter().map(|life| (life.days, life.renewals, life.left, life.mrr)).collect()
    }

    #[test]
    fn a_contract_that_ends_with_the_period_has_ended() {
        // Begun on 1 June: the first renewal is due on 1 July, when one ends and the other goes on.
        assert_eq!(stand(&[(1, "2026-06-01", Some("2026-07-01"), 10)]), [(30, 0, true, 0)]);
        assert_eq!(stand(&[(1, "2026-06-01", Some("2026-07-02"), 10)]), [(30, 1, false, 10)]);
        // What begins then is not there yet, but another price from then on is no end.
        assert_eq!(stand(&[(1, "2026-07-01", None, 10)]), []);
        let dearer = [(1, "2026-06-01", Some("2026-07-01"), 10), (1, "2026-07-01", None, 15)];
        assert_eq!(stand(&dearer), [(30, 1, false, 15)]);
    }

    #[test]
    fn prices_overlaps_and_short_gaps_are_one_contract() {
        // Another price from the same day on; a second subscription beside it; nothing for 30 days and then again.
        let upgraded = [(1, "2026-05-01", Some("2026-06-10"), 10), (1, "2026-06-10", None, 15)];
        assert_eq!(stand(&upgraded), [(61, 2, false, 15)]);
        let beside =
            [(1, "2026-05-01", None, 10), (1, "2026-06-10", Some("2026-06-20"), 7), (1, "2026-06-20", None, 5)];
        assert_eq!(stand(&beside), [(61, 2, false, 15)]);
        let gap = [(1, "2026-04-01", Some("2026-05-01"), 10), (1, "2026-05-31", None, 10)];
        assert_eq!(stand(&gap), [(91, 3, false, 10)]);
        // Two months without one: the first contract was lost, and another won.
        let back = [(1, "2026-01-01", Some("2026-03-01"), 10), (1, "2026-05-01", None, 12)];
        assert_eq!(stand(&back), [(59, 1, true, 0), (61, 2, false, 12)]);
        // What comes after the period changes nothing: on 1 July it was not known that the customer would be back.
        let later = [(1, "2026-05-01", Some("2026-06-25"), 10), (1, "2026-07-05", None, 10)];
        assert_eq!(stand(&later), [(55, 1, true, 0)]);
    }
}
