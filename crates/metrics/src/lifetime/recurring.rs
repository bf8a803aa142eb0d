//! Monthly recurring revenue over a window: where it stood, where it stands, and which movements led from one to the other.

use super::contracts::{Contracts, Paid};
use crate::calendar::Window;
use crate::estimate::{Estimate, Moments, Outcome, Pair};

/// Movements of recurring revenue in a window, account by account: an account is a customer with all their subscriptions.
///
/// Revenue stands at a moment as the subscriptions do that began before it and have not ended before it; what happens at the first moment of a
/// period belongs to that period. An account moves by the difference of where it stood before the window and at its end: what
/// comes and goes within the window is no movement. The five movements sum exactly to closing less opening.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Movements {
    /// Revenue of each account before the window.
    pub opening: Moments,
    /// Revenue of each account at its end.
    pub closing: Moments,
    /// Of accounts that never paid before.
    pub new: Moments,
    /// More revenue of accounts that stay.
    pub expansion: Moments,
    /// Less revenue of accounts that stay, as a positive amount.
    pub contraction: Moments,
    /// Of accounts that pay nothing any more, as a positive amount.
    pub churn: Moments,
    /// Of accounts that paid once, not before the window, and do again.
    pub reactivation: Moments,
    /// Of the opening accounts: revenue at the end, set against what it was.
    now: Pair,
    /// The same, up to what it was.
    kept: Pair,
    /// Accounts that paid neither before the window nor at its end, but in between.
    pub passed: u64,
    /// Accounts before the window that paid, or had paid once and had a row that costs nothing.
    pub customers: u64,
    /// Those of them that have neither at its end.
    pub cancelled: u64,
}

impl Movements {
    fn observe(&mut self, before: i64, now: i64, known: bool) {
        if before > 0 {
            self.opening.add(before);
            self.now.add(now, before);
            self.kept.add(now.min(before), before);
        }
        if now > 0 {
            self.closing.add(now);
        }
        match (before, now) {
            (0, 0) => {}
            (0, _) if known => self.reactivation.add(now),
            (0, _) => self.new.add(now),
            (_, 0) => self.churn.add(before),
            _ if now > before => self.expansion.add(now - before),
            _ if now < before => self.contraction.add(before - now),
            _ => {}
        }
    }

    /// Gives the movement as a whole: closing less opening.
    pub const fn net(&self) -> i128 {
        self.closing.sum - self.opening.sum
    }

    /// Gives the movement as a whole with what its interval rests on: the squares of what each account moved by.
    pub const fn change(&self) -> Estimate {
        let parts = [self.new, self.expansion, self.contraction, self.churn, self.reactivation];
        let (mut squares, mut n, mut at) = (0, 0, 0);
        while at < parts.len() {
            squares += parts[at].squares;
            n += parts[at].n;
            at += 1;
        }
        Estimate::Total { sum: self.net(), squares, n }
    }

    /// Computes net revenue retention: what the opening accounts pay now over what they paid.
    pub fn net_retention(&self) -> Outcome {
        self.now.ratio(1.0, NO_OPENING)
    }

    /// Computes gross revenue retention: the same, without what any of them pays more.
    pub fn gross_retention(&self) -> Outcome {
        self.kept.ratio(1.0, NO_OPENING)
    }
}

const NO_OPENING: &str = "no recurring revenue before the period";

impl Contracts {
    /// Computes the movements of a window by segment.
    pub fn movements(&self, window: &Window) -> Vec<Movements> {
        let mut movements = vec![Movements::default(); self.segments()];
        self.each_account(|account| {
            let runs = |row: &Paid, moment: i64| row.from < moment && row.to >= moment;
            let at = |moment| account.rows.iter().filter(|row| runs(row, moment)).map(|row| row.mrr).sum();
            let free = |moment| account.free.iter().any(|row| runs(row, moment));
            let known = account.rows.iter().any(|row| row.from < window.start);
            let between = account.rows.iter().any(|row| (window.start..window.end).contains(&row.from));
            let (before, now): (i64, i64) = (at(window.start), at(window.end));
            let customer = before > 0 || (known && free(window.start));
            let cancelled = customer && now == 0 && !free(window.end);
            for &segment in account.segments {
                let own = &mut movements[segment];
                own.observe(before, now, known);
                own.passed += u64::from(before == 0 && now == 0 && between);
                own.customers += u64::from(customer);
                own.cancelled += u64::from(cancelled);
            }
        });
        movements
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::estimate::Undefined;

    fn moved(accounts: &[(i64, i64, bool)]) -> Movements {
        let mut movements = Movements::default();
        for &(before, now, known) in accounts {
            movements.observe(before, now, known);
        }
        movements
    }

    fn value(outcome: Outcome) -> f64 {
        outcome.ok().and_then(|estimate| estimate.value()).expect("defined")
    }

    /// The oracle of the catalogue: start 100, churn 10, contraction 10, expansion 10.
    #[test]
    fn the_oracle() {
        let movements = moved(&[(10, 0, true), (20, 10, true), (30, 40, true), (40, 40, true)]);
        assert_eq!((movements.opening.sum, movements.closing.sum), (100, 90));
        assert_eq!((movements.churn.sum, movements.contraction.sum, movements.expansion.sum), (10, 10, 10));
        // Gross churn 20%, net churn 10%: retention 80% and 90%.
        assert!((value(movements.gross_retention()) - 0.8).abs() < 1e-12);
        assert!((value(movements.net_retention()) - 0.9).abs() < 1e-12);
    }

    #[test]
    fn new_and_back_are_told_apart() {
        let movements = moved(&[(0, 15, false), (0, 25, true), (0, 0, true)]);
        assert_eq!((movements.new.sum, movements.reactivation.sum, movements.opening.n), (15, 25, 0));
        assert_eq!(movements.net_retention(), Err(Undefined::because("no recurring revenue before the period")));
    }

    #[test]
    fn the_variance_by_hand() {
        // x = 10, 30 and y = 10, 20: r = 30/40; residuals 2.5 and -2.5; variance 12.5 / 1600 x 2.
        let Ok(Estimate::Ratio { ratio, variance, n }) = moved(&[(10, 10, true), (30, 20, true)]).gross_retention()
        else {
            panic!("a ratio");
        };
        assert!((ratio - 0.75).abs() < 1e-12 && (variance - 0.015_625).abs() < 1e-12 && n == 2, "{variance}");
    }

    /// June 2026 of one customer with paid and free rows: passed through, customers, cancelled; and opening and churn, as counts.
    fn june(paid: &[(&str, Option<&str>)], free: &[(&str, Option<&str>)]) -> (u64, u64, u64, u64, u64) {
        let calendar = crate::calendar::Calendar {
            zone: chrono_tz::Europe::Berlin,
            week_start: chrono::Weekday::Mon,
            fiscal: crate::calendar::FiscalYear::default(),
        };
        let day = |text: &str| text.parse::<chrono::NaiveDate>().expect("a day");
        let at = |text: &str| calendar.day_start(day(text));
        let row = |(from, to): (&str, Option<&str>), mrr| Paid {
            customer: 3,
            from: at(from),
            to: to.map_or(i64::MAX, at),
            mrr,
            term: None,
            subscription: 0,
        };
        let paid = paid.iter().map(|&own| row(own, 10)).collect();
        // Free rows of those before and after the customer in the table are not the customer's.
        let others = [1, 9].map(|customer| Paid { customer, ..row(("2026-01-01", None), 0) });
        let free = free.iter().map(|&own| row(own, 0)).chain(others).collect();
        let contracts = Contracts::of_paid(paid, free, Vec::new(), &calendar).expect("paid rows");
        let moved = contracts.movements(&calendar.window(day("2026-06-01"), day("2026-07-01")))[0];
        (moved.passed, moved.customers, moved.cancelled, moved.opening.n, moved.churn.n)
    }

    #[test]
    fn passing_through() {
        let through = [("2026-06-01", Some("2026-06-30"))];
        assert_eq!(june(&through, &[]), (1, 0, 0, 0, 0));
        // Back and gone again; ended as July begins, which is July's; there before.
        assert_eq!(june(&[("2026-01-01", Some("2026-03-01")), through[0]], &[]), (1, 0, 0, 0, 0));
        assert_eq!(june(&[("2026-06-01", Some("2026-07-01"))], &[]), (0, 0, 0, 0, 0));
        assert_eq!(june(&[("2026-05-01", Some("2026-06-30"))], &[]), (0, 1, 1, 1, 1));
        // Ended as June begins, which is June's.
        assert_eq!(june(&[("2026-05-01", Some("2026-06-01"))], &[]), (0, 1, 1, 1, 1));
    }

    #[test]
    fn free_plans_keep_a_customer() {
        let paid = [("2026-01-01", Some("2026-06-10"))];
        assert_eq!(june(&paid, &[("2026-06-10", None)]), (0, 1, 0, 1, 1));
        // Until that ends too; and one who left in spring and has had a free plan since is a customer without revenue.
        assert_eq!(june(&paid, &[("2026-06-10", Some("2026-06-20"))]), (0, 1, 1, 1, 1));
        let spring = [("2026-01-01", Some("2026-04-01"))];
        assert_eq!(june(&spring, &[("2026-04-01", None)]), (0, 1, 0, 0, 0));
        assert_eq!(june(&spring, &[("2026-04-01", Some("2026-06-05"))]), (0, 1, 1, 0, 0));
        assert_eq!(june(&spring, &[]), (0, 0, 0, 0, 0));
        // A free plan before the first payment makes no customer.
        assert_eq!(june(&[("2026-06-10", None)], &[("2026-01-01", Some("2026-06-10"))]), (0, 0, 0, 0, 0));
    }

    /// Histories of a customer: subscriptions that overlap, follow on each other on the day, come back, and begin or end with a month.
    fn histories() -> impl Strategy<Value = Vec<(i64, Option<i64>, i64)>> {
        let day = || prop_oneof![3 => 0_i64..120, 1 => prop_oneof![Just(0_i64), Just(31), Just(59), Just(90)]];
        let row = (day(), proptest::option::of(day()), 1_i64..500);
        proptest::collection::vec(row, 0..6)
    }

    proptest! {
        #[test]
        fn months_follow_on_each_other(customers in proptest::collection::vec(histories(), 1..12)) {
            let calendar = crate::calendar::Calendar {
                zone: chrono_tz::America::New_York,
                week_start: chrono::Weekday::Mon,
                fiscal: crate::calendar::FiscalYear::default(),
            };
            let first: chrono::NaiveDate = "2026-01-01".parse().expect("a day");
            let at = |day: i64| calendar.day_start(crate::calendar::shift(first, day));
            let mut rows = Vec::new();
            for (customer, histories) in (0..).zip(&customers) {
                let valid = histories.iter().filter(|(from, to, _)| to.is_none_or(|to| to > *from));
                rows.extend(valid.map(|&(from, to, mrr)| (customer, at(from), to.map_or(i64::MAX, at), mrr)));
            }
            let Some(contracts) = Contracts::of_rows(rows, &calendar) else { return Ok(()) };
            // January to April, across the change to summer time.
            let cuts = [0, 31, 59, 90, 120].map(|day| crate::calendar::shift(first, day));
            let mut before = 0;
            for cut in cuts.windows(2) {
                let movements = contracts.movements(&calendar.window(cut[0], cut[1]))[0];
                prop_assert_eq!(movements.opening.sum, before);
                let up = movements.new.sum + movements.expansion.sum + movements.reactivation.sum;
                let down = movements.contraction.sum + movements.churn.sum;
                prop_assert_eq!(movements.closing.sum, before + up - down);
                before = movements.closing.sum;
            }
        }

        #[test]
        fn movements_sum_to_the_change(
            accounts in proptest::collection::vec((0_i64..1000, 0_i64..1000, any::<bool>()), 0..50),
        ) {
            let m = moved(&accounts);
            let up = m.new.sum + m.expansion.sum + m.reactivation.sum;
            prop_assert_eq!(up - m.contraction.sum - m.churn.sum, m.net());
            if let (Ok(gross), Ok(net)) = (m.gross_retention(), m.net_retention()) {
                prop_assert!(gross.value() <= net.value() && gross.value() <= Some(1.0));
            }
        }
    }
}
