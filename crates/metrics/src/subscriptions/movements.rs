//! Monthly recurring revenue over a window: where it stood, where it stands, and which movements led from one to the other.

use super::{Contracts, Paid};
use tallybook_calendar::Window;
use tallybook_stats::{Estimate, Method, Outcome, PairSums, Sums};
use tallybook_stats::{Interval, compound_interval, poisson_interval};

/// Movements of recurring revenue in a window, account by account: an account is a customer with all their subscriptions.
///
/// Revenue stands at a moment as the subscriptions do that began before it and have not ended before it; what happens at the first moment of a
/// period belongs to that period. An account moves by the difference of where it stood before the window and at its end: what
/// comes and goes within the window is no movement. The five movements sum exactly to closing less opening.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Movements {
    /// Revenue of each account before the window.
    pub opening: Sums,
    /// Revenue of each account at its end.
    pub closing: Sums,
    /// Of accounts that never paid before.
    pub new: Sums,
    /// More revenue of accounts that stay.
    pub expansion: Sums,
    /// Less revenue of accounts that stay, as a positive amount.
    pub contraction: Sums,
    /// Of accounts that pay nothing any more, as a positive amount.
    pub churn: Sums,
    /// Of accounts that paid once, not before the window, and do again.
    pub reactivation: Sums,
    /// Of the opening accounts: revenue at the end, set against what it was.
    now: PairSums,
    /// The same, up to what it was.
    kept: PairSums,
    /// Accounts that paid neither before the window nor at its end, but in between.
    pub passed: u64,
    /// Accounts before the window that paid, or had paid once and had a row that costs nothing.
    pub customers: u64,
    /// Those of them that have neither at its end.
    pub cancelled: u64,
}

impl Movements {
    fn update(&mut self, before: i64, now: i64, known: bool) {
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
    ///
    /// # Formula
    /// What they kept and what they pay more, each with its interval, and the two put together by MOVER.
    pub fn net_retention(&self) -> Outcome {
        let kept = self.gross_retention()?;
        let opening = self.opening.sum as f64;
        let more = (self.now.x.sum - self.kept.x.sum) as f64 / opening;
        // Where nobody expanded, up to as many accounts of the usual size might have as a count of none allows.
        let of = if self.expansion.n == 0 {
            let size = (self.opening.squares as f64 / self.opening.n as f64).sqrt();
            Interval { low: 0.0, high: poisson_interval(0).high * size }
        } else {
            compound_interval(more * opening, self.expansion.squares as f64, self.expansion.n)
        };
        let (Some(share), Some((interval, _))) = (kept.value(), kept.interval()) else { return Ok(kept) };
        let low = (share - interval.low).hypot(more - (of.low / opening).max(0.0));
        let high = (interval.high - share).hypot(of.high / opening - more);
        let value = share + more;
        let interval = Interval { low: value - low, high: value + high };
        Ok(Estimate::Bounded { value, interval, n: self.opening.n, method: Method::Mover })
    }

    /// Computes gross revenue retention: the same, without what any of them pays more.
    pub fn gross_retention(&self) -> Outcome {
        self.kept.share(NO_OPENING)
    }
}

const NO_OPENING: &str = "no recurring revenue before the period";

impl Contracts {
    /// Computes the movements of a window by segment.
    pub fn movements(&self, window: &Window) -> Vec<Movements> {
        let mut movements = vec![Movements::default(); self.segments()];
        self.each_account(|account| {
            let runs = |row: &Paid, moment: i64| row.from < moment && row.to >= moment;
            let at = |moment| {
                let running = account.rows.iter().filter(|row| runs(row, moment));
                running.fold(0_i64, |sum, row| sum.saturating_add(row.mrr))
            };
            let free = |moment| account.free.iter().any(|row| runs(row, moment));
            let known = account.rows.iter().any(|row| row.from < window.start);
            let between = account.rows.iter().any(|row| (window.start..window.end).contains(&row.from));
            let (before, now) = (at(window.start), at(window.end));
            let customer = before > 0 || (known && free(window.start));
            let cancelled = customer && now == 0 && !free(window.end);
            for &segment in account.segments {
                let own = &mut movements[segment];
                own.update(before, now, known);
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
    use tallybook_stats::Undefined;

    fn moved(accounts: &[(i64, i64, bool)]) -> Movements {
        let mut movements = Movements::default();
        for &(before, now, known) in accounts {
            movements.update(before, now, known);
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
    fn gross_retention_by_hand() {
        // 10 of 10 and 20 of 30: 0.75; the variance of the ratio is 12.5 / 1600 x 2 = 1/64, so 0.1875 x 64 = 12 answers would be as precise,
        // but Kish has 40^2 / 1000 = 1.6.
        let Ok(Estimate::WeightedShare { share, n, effective }) =
            moved(&[(10, 10, true), (30, 20, true)]).gross_retention()
        else {
            panic!("a share");
        };
        assert!((share - 0.75).abs() < 1e-12 && (effective - 1.6).abs() < 1e-12 && n == 2, "{effective}");
    }

    #[test]
    fn net_retention_has_both_sides() {
        let movements = moved(&[(100, 100, true), (100, 150, true), (100, 0, true), (100, 100, true)]);
        let net =
            movements.net_retention().ok().and_then(|own| Some((own.value()?, own.interval()?.0))).expect("a value");
        assert!((net.0 - 0.875).abs() < 1e-12 && net.1.low < 0.75 && net.1.high > 1.0, "{net:?}");
    }

    /// Histories of a customer: subscriptions that overlap, follow on each other on the day, come back, and begin or end with a month.
    fn histories() -> impl Strategy<Value = Vec<(i64, Option<i64>, i64)>> {
        let day = || prop_oneof![3 => 0_i64..120, 1 => prop_oneof![Just(0_i64), Just(31), Just(59), Just(90)]];
        let row = (day(), proptest::option::of(day()), 1_i64..500);
        proptest::collection::vec(row, 0..6)
    }

    /// A row of a subscriptions table: customer, day and seconds of the beginning, of the end, price, and the day on which a trial ends.
    type RandomRow = (u32, (i64, i64), Option<(i64, i64)>, i64, Option<i64>);

    /// Rows of a subscriptions table: they overlap, are
    /// upgraded on the day, cost nothing at times, come back, and begin or end at the first and last moments of months.
    fn table_rows() -> impl Strategy<Value = Vec<RandomRow>> {
        let day =
            || prop_oneof![3 => 0_i64..120, 2 => prop_oneof![Just(31_i64), Just(59), Just(66), Just(67), Just(90)]];
        let moment = move || (day(), prop_oneof![3 => Just(0_i64), 1 => Just(-1), 1 => Just(1), 1 => 0_i64..86_400]);
        let price = prop_oneof![1 => Just(0_i64), 4 => 1_i64..500];
        let row = (0_u32..6, moment(), proptest::option::of(moment()), price, proptest::option::weighted(0.2, day()));
        proptest::collection::vec(row, 1..30)
    }

    proptest! {
        /// The whole way from a table: where revenue stands at the end of each month is what the rows say by themselves, and the movements
        /// lead from one month's end to the next.
        #[test]
        fn movements_lead_from_month_to_month(rows in table_rows()) {
            use tallybook_ingest::{Identifier, MISSING, Table, TableKind, Tables};
            let calendar = tallybook_calendar::Calendar {
                zone: chrono_tz::America::New_York,
                week_start: chrono::Weekday::Mon,
                fiscal: tallybook_calendar::FiscalYear::default(),
            };
            let first: chrono::NaiveDate = "2026-01-01".parse().expect("a day");
            let at = |day: i64| calendar.day_start(tallybook_calendar::shift(first, day));
            let names = ["customer_id", "started_at", "ended_at", "mrr", "trial_ended_at"];
            let mut columns: Vec<Vec<i64>> = vec![Vec::new(); names.len()];
            for &(customer, from, to, mrr, trial) in &rows {
                let moment = |(day, seconds): (i64, i64)| at(day) + seconds;
                let cells = [i64::from(customer), moment(from), to.map_or(MISSING, moment), mrr, trial.map_or(MISSING, at)];
                // What ends before it begins never reaches the table.
                if cells[2] == MISSING || cells[2] >= cells[1] {
                    columns.iter_mut().zip(cells).for_each(|(column, cell)| column.push(cell));
                }
            }
            let mut table = Table::new(TableKind::Subscriptions, names.map(str::to_owned), []);
            let position = |name: &str| names.iter().position(|own| *own == name).unwrap_or(0);
            table.push_chunk(columns[0].len(), |name| columns[position(name)].as_slice());
            let mut tables = Tables { subscriptions: Some(table), ..Tables::default() };
            for customer in 0..6 {
                tables.customers.intern(Identifier::Integer(customer)).expect("few customers");
            }
            let segments = crate::engine::segments::Segments::new(&[], &tables);
            let Some(contracts) = Contracts::new(&tables, &segments, &calendar) else { return Ok(()) };
            let stands = |moment: i64| -> i128 {
                (0..columns[0].len())
                    .filter(|&row| {
                        let from = columns[1][row].max(columns[4][row]);
                        let to = if columns[2][row] == MISSING { i64::MAX } else { columns[2][row] };
                        from < moment && to >= moment && to > from
                    })
                    .map(|row| i128::from(columns[3][row]))
                    .sum()
            };
            for cut in [0, 31, 59, 90, 120].map(|day| tallybook_calendar::shift(first, day)).windows(2) {
                let window = calendar.window(cut[0], cut[1]);
                let movements = contracts.movements(&window)[0];
                prop_assert_eq!(movements.opening.sum, stands(window.start));
                prop_assert_eq!(movements.closing.sum, stands(window.end));
                let up = movements.new.sum + movements.expansion.sum + movements.reactivation.sum;
                let down = movements.contraction.sum + movements.churn.sum;
                prop_assert_eq!(movements.closing.sum - movements.opening.sum, up - down);
            }
        }

        #[test]
        fn months_follow_on_each_other(customers in proptest::collection::vec(histories(), 1..12)) {
            let calendar = tallybook_calendar::Calendar {
                zone: chrono_tz::America::New_York,
                week_start: chrono::Weekday::Mon,
                fiscal: tallybook_calendar::FiscalYear::default(),
            };
            let first: chrono::NaiveDate = "2026-01-01".parse().expect("a day");
            let at = |day: i64| calendar.day_start(tallybook_calendar::shift(first, day));
            let mut rows = Vec::new();
            for (customer, histories) in (0..).zip(&customers) {
                let valid = histories.iter().filter(|(from, to, _)| to.is_none_or(|to| to > *from));
                rows.extend(valid.map(|&(from, to, mrr)| (customer, at(from), to.map_or(i64::MAX, at), mrr)));
            }
            let Some(contracts) = Contracts::of_rows(rows, &calendar) else { return Ok(()) };
            // January to April, across the change to summer time.
            let cuts = [0, 31, 59, 90, 120].map(|day| tallybook_calendar::shift(first, day));
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
