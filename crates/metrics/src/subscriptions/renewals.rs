//! Renewals: contracts whose term ends in a window, and what of them went on.

use super::{Account, Contracts, Paid};
use tallybook_calendar::Window;
use tallybook_stats::PairSums;

/// Contracts that were up for renewal in a window.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Renewed {
    /// Those whose term, and the days of grace after it, are over.
    pub up: u64,
    /// Those of them that were renewed.
    pub renewed: u64,
    /// Those whose term is over and whose days of grace are not.
    pub pending: u64,
    /// Of those up, a contract each: revenue that goes on, up to what it was, set against what it was.
    pub value: PairSums,
}

/// What became of one contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Its days of grace are not over.
    Pending,
    /// So much of its revenue goes on; nothing where it was not renewed.
    Kept(i64),
}

impl Contracts {
    /// Counts by segment the contracts whose term ends in a window, and those of them that were renewed.
    ///
    /// A contract is a subscription with a term; the rows of its prices within the term are one contract, at the last price. It is renewed
    /// if, at the moment that its term and the days of grace are over, its own row runs on, or a row does that began after it: of the same
    /// subscription, or of another one whose own term, if it has one, ends later. So an early renewal counts when the first term would have ended,
    /// a contract of several years when they are over, and what merely runs beside is no renewal. Revenue that goes on is counted for one
    /// contract only. What comes to pass up to `as_of`, or within the window, is known.
    pub fn renewals(&self, window: &Window, grace_days: u32, as_of: i64) -> Vec<Renewed> {
        let mut sums = vec![Renewed::default(); self.segments()];
        let over = |term: i64| {
            let moment = self.later(term, grace_days);
            (moment < window.end || moment <= as_of).then_some(moment)
        };
        self.each_account(|account| {
            for (mrr, fate) in fates(account, window, over) {
                for &segment in account.segments {
                    sums[segment].add(mrr, fate);
                }
            }
        });
        sums
    }
}

impl Renewed {
    fn add(&mut self, mrr: i64, fate: Fate) {
        match fate {
            Fate::Pending => self.pending += 1,
            Fate::Kept(kept) => {
                self.up += 1;
                self.renewed += u64::from(kept > 0);
                self.value.add(kept, mrr);
            }
        }
    }
}

/// Gives the revenue and the fate of each contract of a customer that is up for renewal in a window.
fn fates(account: &Account<'_>, window: &Window, over: impl Fn(i64) -> Option<i64>) -> Vec<(i64, Fate)> {
    let rows = account.rows;
    let term = |row: &Paid| row.term.filter(|&term| term > row.from);
    let due = |row: &Paid| term(row).filter(|at| (window.start..window.end).contains(at));
    let mut contracts: Vec<(i64, usize)> =
        rows.iter().enumerate().filter_map(|(at, row)| Some((due(row)?, at))).collect();
    // A later price of the same subscription and term stands for the earlier ones.
    let same = |one: &Paid, other: &Paid| one.subscription == other.subscription && term(one) == term(other);
    contracts.retain(|&(_, at)| !rows[at + 1..].iter().any(|later| same(&rows[at], later)));
    contracts.sort_unstable();
    let mut unclaimed: Vec<i64> = rows.iter().map(|row| row.mrr).collect();
    let mut fates = Vec::with_capacity(contracts.len());
    for (ends, at) in contracts {
        let own = rows[at];
        let Some(moment) = over(ends) else {
            fates.push((own.mrr, Fate::Pending));
            continue;
        };
        let runs = |row: &Paid| row.from <= moment && row.to > moment;
        let mut kept = if runs(&own) { own.mrr } else { 0 };
        for (row, unclaimed) in rows.iter().zip(&mut unclaimed) {
            let follows = row.subscription == own.subscription || term(row).is_none_or(|other| other > ends);
            if row.from > own.from && follows && runs(row) {
                let more = (*unclaimed).min(own.mrr - kept);
                kept += more;
                *unclaimed -= more;
            }
        }
        fates.push((own.mrr, Fate::Kept(kept)));
    }
    fates
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;
    use tallybook_calendar::Calendar;

    /// A row: subscription, first day, day of the end, day of the term's end, revenue.
    type Row = (i64, &'static str, Option<&'static str>, Option<&'static str>, i64);

    /// Renewals in June 2026 of one customer, of which nothing later than that is known: up, renewed, pending, revenue kept and up.
    fn june(rows: &[Row], grace_days: u32) -> (u64, u64, u64, i128, i128) {
        let calendar = Calendar {
            zone: chrono_tz::Europe::Berlin,
            week_start: chrono::Weekday::Mon,
            fiscal: tallybook_calendar::FiscalYear::default(),
        };
        let day = |text: &str| text.parse::<NaiveDate>().expect("a day");
        let at = |text: &str| calendar.day_start(day(text));
        let row = |&(subscription, from, to, term, mrr): &Row| Paid {
            customer: 7,
            from: at(from),
            to: to.map_or(i64::MAX, at),
            mrr,
            term: term.map(at),
            subscription,
        };
        let rows = rows.iter().map(row).collect();
        let contracts = Contracts::of_paid(rows, Vec::new(), Vec::new(), &calendar).expect("rows");
        let window = calendar.window(day("2026-06-01"), day("2026-07-01"));
        let found = contracts.renewals(&window, grace_days, i64::MIN)[0];
        (found.up, found.renewed, found.pending, found.value.x.sum, found.value.y.sum)
    }

    #[test]
    fn running_on_and_ending() {
        let term = Some("2026-06-10");
        assert_eq!(june(&[(1, "2025-06-10", None, term, 100)], 0), (1, 1, 0, 100, 100));
        // Ended with the term, before it, and on the day after.
        assert_eq!(june(&[(1, "2025-06-10", term, term, 100)], 0), (1, 0, 0, 0, 100));
        assert_eq!(june(&[(1, "2025-06-10", Some("2026-03-01"), term, 100)], 0), (1, 0, 0, 0, 100));
        assert_eq!(june(&[(1, "2025-06-10", Some("2026-06-11"), term, 100)], 0), (1, 1, 0, 100, 100));
        assert_eq!(june(&[(1, "2025-06-10", Some("2026-06-11"), term, 100)], 7), (1, 0, 0, 0, 100));
        // The first moment of June is in it, that of July is not.
        assert_eq!(june(&[(1, "2025-06-01", None, Some("2026-06-01"), 100)], 0).0, 1);
        assert_eq!(june(&[(1, "2025-07-01", None, Some("2026-07-01"), 100)], 0).0, 0);
    }

    #[test]
    fn what_follows() {
        let first = (1, "2025-06-10", Some("2026-06-10"), Some("2026-06-10"), 100);
        // The same subscription at another price, another one at once, and one within the days of grace.
        let cheaper = (1, "2026-06-10", None, Some("2027-06-10"), 80);
        assert_eq!(june(&[first, cheaper], 0), (1, 1, 0, 80, 100));
        assert_eq!(june(&[first, (2, "2026-06-10", None, None, 130)], 0), (1, 1, 0, 100, 100));
        assert_eq!(june(&[first, (2, "2026-06-15", None, None, 130)], 0), (1, 0, 0, 0, 100));
        assert_eq!(june(&[first, (2, "2026-06-15", None, None, 130)], 7), (1, 1, 0, 100, 100));
        // Grace that reaches out of what is known.
        assert_eq!(june(&[first], 21), (0, 0, 1, 0, 0));
    }

    #[test]
    fn early_renewals_and_prices_within_a_term() {
        // Renewed in March for two years: counted in June, when the first term would have ended, and not in 2026 again.
        let early = [
            (1, "2025-06-10", Some("2026-03-01"), Some("2026-06-10"), 100),
            (1, "2026-03-01", None, Some("2028-03-01"), 120),
        ];
        assert_eq!(june(&early, 0), (1, 1, 0, 100, 100));
        assert_eq!(june(&early[1..], 0), (0, 0, 0, 0, 0));
        // Another price within the term is the same contract.
        let dearer = [
            (1, "2025-06-10", Some("2026-03-01"), Some("2026-06-10"), 100),
            (1, "2026-03-01", Some("2026-06-10"), Some("2026-06-10"), 120),
        ];
        assert_eq!(june(&dearer, 0), (1, 0, 0, 0, 120));
    }

    #[test]
    fn what_runs_beside_is_no_renewal() {
        let lost = (1, "2025-06-10", Some("2026-06-10"), Some("2026-06-10"), 100);
        // Begun before it, or up for renewal itself.
        assert_eq!(june(&[lost, (2, "2025-01-01", None, None, 50)], 0), (1, 0, 0, 0, 100));
        let both = [lost, (2, "2025-08-01", None, Some("2026-06-10"), 50)];
        assert_eq!(june(&both, 0), (2, 1, 0, 50, 150));
        // Two contracts that become one, at the price of one and a half.
        let second = (2, "2025-06-20", Some("2026-06-10"), Some("2026-06-20"), 100);
        let merged = [lost, second, (3, "2026-06-10", None, Some("2027-06-10"), 150)];
        assert_eq!(june(&merged, 0), (2, 2, 0, 150, 200));
        // And at the price of one.
        let merged = [lost, second, (3, "2026-06-10", None, Some("2027-06-10"), 100)];
        assert_eq!(june(&merged, 0), (2, 1, 0, 100, 200));
    }
}
