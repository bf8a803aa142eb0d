//! Trials of subscriptions, and which of them became paid.

use super::{Contracts, Paid};
use tallybook_calendar::Window;

/// A trial of a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::subscriptions) struct Trial {
    pub(super) customer: u32,
    pub(super) started: i64,
    /// When it ended or will end, where that is known.
    pub(super) ended: Option<i64>,
    /// When the customer began to pay for the first time since.
    pub(super) paid_at: Option<i64>,
}

/// Trials that began in a window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Trials {
    /// Those that are over, with the days after them in which they may become paid.
    pub mature: u64,
    /// Those of them that did.
    pub paid: u64,
    /// Those for which it is too early to say, whether they are paid for by now or not.
    pub pending: u64,
}

/// Brings together what several rows say of one trial, and finds when each was paid for; paid rows are sorted by customer and beginning.
///
/// A subscription has a row for each price, all with the same trial; of several ends the latest counts. What pays already as the trial begins is
/// another subscription.
pub(super) fn of(mut trials: Vec<Trial>, paid: &[Paid]) -> Vec<Trial> {
    trials.sort_unstable();
    trials.dedup_by(|row, kept| {
        let same = (row.customer, row.started) == (kept.customer, kept.started);
        kept.ended = if same { row.ended.max(kept.ended) } else { kept.ended };
        same
    });
    for trial in &mut trials {
        let since = paid.partition_point(|row| (row.customer, row.from) < (trial.customer, trial.started));
        trial.paid_at = paid.get(since).filter(|row| row.customer == trial.customer).map(|row| row.from);
    }
    trials
}

impl Contracts {
    /// Counts by segment the trials that began in a window, or those whose time was over in it, by what had become of them some days after
    /// their end.
    ///
    /// A trial counts once those days are over, and not before, even where it is paid for already: those that convert are known sooner than
    /// those that do not, and to count them at once would be to count them alone. Days are the calendar's, at the time of day
    /// at which the trial ended.
    pub fn trials(&self, window: &Window, within_days: u32, as_of: i64, when_known: bool) -> Vec<Trials> {
        let mut counts = vec![Trials::default(); self.segments()];
        for (trial, segments) in &self.trials {
            let over = trial.ended.map(|ended| self.later(ended, within_days));
            let counts_at = if when_known { over } else { Some(trial.started) };
            if !counts_at.is_some_and(|at| (window.start..window.end).contains(&at)) {
                continue;
            }
            let deadline = over.filter(|&by| by <= as_of);
            let paid = deadline.is_some_and(|by| trial.paid_at.is_some_and(|at| at <= by));
            for &segment in segments {
                let own = &mut counts[segment];
                own.mature += u64::from(deadline.is_some());
                own.pending += u64::from(deadline.is_none());
                own.paid += u64::from(paid);
            }
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;
    use tallybook_calendar::Calendar;

    fn calendar() -> Calendar {
        Calendar {
            zone: chrono_tz::Europe::Berlin,
            week_start: chrono::Weekday::Mon,
            fiscal: tallybook_calendar::FiscalYear::default(),
        }
    }

    fn at(text: &str) -> i64 {
        calendar().day_start(text.parse::<NaiveDate>().expect("a day"))
    }

    /// Trials begun in March 2026 with 10 days to become paid, as known on a day: mature, paid, pending.
    fn stand(trials: &[(u32, &str, Option<&str>)], paid: &[(u32, &str)], known: &str) -> (u64, u64, u64) {
        let trial = |&(customer, started, ended): &(u32, &str, Option<&str>)| Trial {
            customer,
            started: at(started),
            ended: ended.map(at),
            paid_at: None,
        };
        let row = |&(customer, from): &(u32, &str)| Paid {
            customer,
            from: at(from),
            to: i64::MAX,
            mrr: 10,
            term: None,
            subscription: 0,
        };
        let trials = trials.iter().map(trial).collect();
        let contracts = Contracts::of_paid(paid.iter().map(row).collect(), Vec::new(), trials, &calendar());
        let window = calendar().window("2026-03-01".parse().expect("a day"), "2026-04-01".parse().expect("a day"));
        let found = contracts.expect("paid rows").trials(&window, 10, at(known), false)[0];
        (found.mature, found.paid, found.pending)
    }

    #[test]
    fn a_trial_may_count_when_it_is_known() {
        let trial =
            |customer, started, ended| Trial { customer, started: at(started), ended: Some(at(ended)), paid_at: None };
        let paid =
            |customer, from| Paid { customer, from: at(from), to: i64::MAX, mrr: 10, term: None, subscription: 0 };
        // Begun in February, over on 8 March with the ten days; begun in March, over on 4 April.
        let trials = vec![trial(1, "2026-02-10", "2026-02-26"), trial(2, "2026-03-10", "2026-03-25")];
        let contracts =
            Contracts::of_paid(vec![paid(1, "2026-02-26")], Vec::new(), trials, &calendar()).expect("paid rows");
        let march = calendar().window("2026-03-01".parse().expect("a day"), "2026-04-01".parse().expect("a day"));
        let found = contracts.trials(&march, 10, at("2026-06-01"), true)[0];
        assert_eq!((found.mature, found.paid, found.pending), (1, 1, 0));
    }

    #[test]
    fn a_trial_counts_when_its_days_are_over() {
        // Customer 9 pays, and is there because a table without anyone who pays is no table of contracts.
        let paid = [(1, "2026-03-15"), (9, "2026-01-01")];
        let trials = [(1, "2026-03-01", Some("2026-03-15"))];
        // Paid for on 15 March, which is not looked at until the 25th.
        assert_eq!(stand(&trials, &paid, "2026-03-24"), (0, 0, 1));
        assert_eq!(stand(&trials, &paid, "2026-03-25"), (1, 1, 0));
        // A trial without an end is not over, one of February is no trial of March.
        assert_eq!(stand(&[(1, "2026-03-01", None)], &paid, "2026-06-01"), (0, 0, 1));
        assert_eq!(stand(&[(1, "2026-02-28", Some("2026-03-15"))], &paid, "2026-06-01"), (0, 0, 0));
    }

    #[test]
    fn days_are_the_calendars() {
        // Ten days from midnight of the 25th to midnight of 4 April, across the night of 29 March that lacks an hour.
        let trials = [(1, "2026-03-10", Some("2026-03-25"))];
        assert_eq!(stand(&trials, &[(1, "2026-04-04")], "2026-06-01"), (1, 1, 0));
        assert_eq!(stand(&trials, &[(1, "2026-04-05")], "2026-06-01"), (1, 0, 0));
    }

    #[test]
    fn one_trial_in_several_rows_and_what_was_paid_before() {
        // Two prices of one subscription repeat its trial, extended by a week; another subscription was paid for all the while.
        let trials = [(1, "2026-03-02", Some("2026-03-16")), (1, "2026-03-02", Some("2026-03-23"))];
        assert_eq!(stand(&trials, &[(1, "2026-01-01")], "2026-06-01"), (1, 0, 0));
        assert_eq!(stand(&trials, &[(1, "2026-01-01"), (1, "2026-04-01")], "2026-06-01"), (1, 1, 0));
        // Paid for before the trial was over.
        assert_eq!(stand(&trials, &[(1, "2026-03-05")], "2026-06-01"), (1, 1, 0));
    }
}
