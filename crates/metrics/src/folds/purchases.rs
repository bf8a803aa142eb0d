//! Purchase occasions: what lifetime models know of customers, as of the ends of some windows.

use std::any::Any;
use std::sync::Arc;

use chrono::NaiveDate;

use super::same_kind;
use crate::engine::histories::{CustomerHistory, Fold};
use crate::engine::timeline::Cuts;
use tallybook_calendar::{Calendar, Window, epoch_day, shift};

/// A moment at which customers are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cutoff {
    /// The first moment that is not seen any more.
    pub end: i64,
    /// The last day that is seen.
    pub last: NaiveDate,
    /// The same of a later time, up to which the purchases that follow are counted.
    pub ahead: Option<(i64, NaiveDate)>,
}

/// Customers alike in what lifetime models know of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RfSummary {
    /// Repeat purchase occasions: days with a positive net spend, without the first.
    pub frequency: u16,
    /// Days from the first occasion to the last.
    pub recency: u16,
    /// Days from the first occasion to the last day seen.
    pub age: u16,
    /// Occasions in the time ahead, where that is looked at.
    pub future: u16,
}

/// A customer at a cutoff.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CustomerSummary {
    /// The customer's number.
    pub customer: u32,
    /// What is known of them.
    pub alike: RfSummary,
    /// What their repeat occasions came to, in minor units.
    pub repeat_spend: i64,
}

/// All customers as they stood at a cutoff.
#[derive(Debug, Default)]
pub struct Snapshot {
    customers: Vec<CustomerSummary>,
    /// What all occasions of each customer came to, where that was asked for.
    spend: Vec<i64>,
    /// Occasions in each week ahead.
    weeks: Vec<u64>,
}

/// Purchase occasions by customer at some cutoffs.
///
/// An occasion is a day with a positive net spend: orders of one day are one occasion, refunds are netted against the day of their order, and a
/// day that nets to less than zero is taken off the latest occasions before it. The end of observation is the end of a window and
/// not the last purchase.
#[derive(Debug)]
pub struct Purchases {
    plan: Arc<Plan>,
    snapshots: Vec<Snapshot>,
    /// Days and net spend of the customer at hand.
    days: Vec<(i64, i64)>,
    /// What the customer at hand has spent up to each of them.
    sums: Vec<i64>,
}

#[derive(Debug)]
struct Plan {
    cutoffs: Vec<Cutoff>,
    /// For each cutoff, whether every customer is kept apart.
    each: Vec<bool>,
    /// Beginnings of days.
    starts: Cuts,
    /// The day that begins at the first of them.
    first: i64,
}

impl Cutoff {
    /// Looks at the end of a window.
    pub fn at_end(window: &Window) -> Self {
        Self { end: window.end, last: shift(window.to, -1), ahead: None }
    }

    /// Looks some days before the end of a window, and from there to its end.
    pub fn before(calendar: &Calendar, window: &Window, days: u32) -> Self {
        let to = shift(window.to, -i64::from(days));
        Self { end: calendar.day_start(to), last: shift(to, -1), ahead: Some((window.end, shift(window.to, -1))) }
    }
}

impl Purchases {
    /// The key under which the fold is shared.
    pub const KEY: &'static str = "purchases";

    /// Prepares the fold for some cutoffs; at those in `each` it keeps every customer apart as well.
    pub fn new(calendar: &Calendar, mut cutoffs: Vec<Cutoff>, span: (NaiveDate, NaiveDate), each: &[Cutoff]) -> Self {
        cutoffs.sort_unstable();
        cutoffs.dedup();
        let last =
            cutoffs.iter().flat_map(|cutoff| [Some(cutoff.last), cutoff.ahead.map(|ahead| ahead.1)]).flatten().max();
        let last = last.unwrap_or(span.1).max(span.0);
        let days = (last - span.0).num_days() + 1;
        // A day that a zone skipped begins with the next, and keeps its place: those after it are numbered by the calendar.
        let starts: Vec<i64> = (0..=days).map(|day| calendar.day_start(shift(span.0, day))).collect();
        let snapshots = cutoffs.iter().map(Snapshot::empty).collect();
        let each = cutoffs.iter().map(|cutoff| each.contains(cutoff)).collect();
        let plan = Plan { cutoffs, each, starts: Cuts::new(starts), first: epoch_day(span.0) };
        Self { plan: Arc::new(plan), snapshots, days: Vec::new(), sums: Vec::new() }
    }

    /// Gives the customers as they stood at a cutoff that was asked for.
    pub fn at(&self, cutoff: &Cutoff) -> Option<&Snapshot> {
        self.plan.cutoffs.binary_search(cutoff).ok().map(|position| &self.snapshots[position])
    }
}

impl Snapshot {
    fn empty(cutoff: &Cutoff) -> Self {
        let weeks =
            cutoff.ahead.map_or(0, |(_, last)| (last - cutoff.last).num_days().max(0).unsigned_abs().div_ceil(7));
        Self { weeks: vec![0; usize::try_from(weeks).unwrap_or(0)], ..Self::default() }
    }

    /// Gives all customers who have bought.
    pub fn customers(&self) -> &[CustomerSummary] {
        &self.customers
    }

    /// Gives what all occasions of each customer came to, in the order of the customers, where that was asked for.
    pub fn spend(&self) -> &[i64] {
        &self.spend
    }

    /// Counts occasions in each week ahead.
    pub fn weeks(&self) -> &[u64] {
        &self.weeks
    }
}

impl Plan {
    fn day(&self, at: i64) -> Option<i64> {
        self.starts.find(at).map(|day| self.first + day as i64)
    }

    /// Lists the days with positive net spend before a moment.
    fn occasions(&self, history: &CustomerHistory<'_>, end: i64, days: &mut Vec<(i64, i64)>) {
        days.clear();
        for order in history.orders.iter().take_while(|order| order.at < end) {
            let Some(day) = self.day(order.at) else { continue };
            match days.last_mut().filter(|last| last.0 == day) {
                Some(last) => last.1 += order.amount,
                None => days.push((day, order.amount)),
            }
        }
        for refund in history.refunds.iter().filter(|refund| refund.at < end) {
            let day = self.day(refund.ordered_at);
            if let Some(position) = day.and_then(|day| days.binary_search_by_key(&day, |own| own.0).ok()) {
                days[position].1 -= refund.amount;
            }
        }
        if days.iter().any(|(_, net)| *net <= 0) {
            let mut owed = 0;
            for (_, net) in days.iter_mut().rev() {
                let left = *net - owed;
                (*net, owed) = (left.max(0), (-left).max(0));
            }
            days.retain(|(_, net)| *net > 0);
        }
    }
}

fn narrow(number: i64) -> u16 {
    u16::try_from(number.max(0)).unwrap_or(u16::MAX)
}

impl Fold for Purchases {
    fn new_empty(&self) -> Box<dyn Fold> {
        let snapshots = self.plan.cutoffs.iter().map(Snapshot::empty).collect();
        Box::new(Self { plan: Arc::clone(&self.plan), snapshots, days: Vec::new(), sums: Vec::new() })
    }

    fn update(&mut self, history: &CustomerHistory<'_>) {
        let Self { plan, snapshots, days, sums } = self;
        // Where nothing is ever given back, what is known at a cutoff is the beginning of what is known at the last.
        let plain = history.refunds.is_empty() && history.orders.iter().all(|order| order.amount > 0);
        let latest = plan
            .cutoffs
            .iter()
            .flat_map(|cutoff| [Some(cutoff.end), cutoff.ahead.map(|ahead| ahead.0)])
            .flatten()
            .max();
        if plain {
            plan.occasions(history, latest.unwrap_or(i64::MIN), days);
            add_up(days, sums);
        }
        for ((cutoff, &each), snapshot) in plan.cutoffs.iter().zip(&plan.each).zip(snapshots) {
            if !plain {
                plan.occasions(history, cutoff.end, days);
                add_up(days, sums);
            }
            let from = epoch_day(cutoff.last);
            let seen = days.partition_point(|(day, _)| *day <= from);
            let Some(last) = seen.checked_sub(1) else { continue };
            let mut alike = RfSummary {
                frequency: narrow(last as i64),
                recency: narrow(days[last].0 - days[0].0),
                age: narrow(from - days[0].0),
                future: 0,
            };
            let (spend, repeat_spend) = (sums[last], sums[last] - sums[0]);
            if let Some((end, until)) = cutoff.ahead {
                if !plain {
                    plan.occasions(history, end, days);
                }
                let until = epoch_day(until);
                for (day, _) in days.iter().filter(|(day, _)| *day > from && *day <= until) {
                    alike.future = alike.future.saturating_add(1);
                    let week = usize::try_from((day - from - 1).div_euclid(7)).unwrap_or(0);
                    if let Some(count) = snapshot.weeks.get_mut(week) {
                        *count += 1;
                    }
                }
            }
            snapshot.customers.push(CustomerSummary { customer: history.customer, alike, repeat_spend });
            if each {
                snapshot.spend.push(spend);
            }
        }
    }

    fn merge(&mut self, other: &dyn Any) {
        let Some(other) = same_kind::<Self>(other) else { return };
        for (snapshot, part) in self.snapshots.iter_mut().zip(&other.snapshots) {
            snapshot.customers.extend_from_slice(&part.customers);
            snapshot.spend.extend_from_slice(&part.spend);
            snapshot.weeks.iter_mut().zip(&part.weeks).for_each(|(own, part)| *own += part);
        }
    }
}

fn add_up(days: &[(i64, i64)], sums: &mut Vec<i64>) {
    sums.clear();
    sums.extend(days.iter().scan(0_i64, |sum, (_, net)| {
        *sum = sum.saturating_add(*net);
        Some(*sum)
    }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::histories::{Event, Refund};

    fn calendar() -> Calendar {
        Calendar {
            zone: chrono_tz::Europe::Berlin,
            week_start: chrono::Weekday::Mon,
            fiscal: tallybook_calendar::FiscalYear::default(),
        }
    }

    fn date(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    fn at(text: &str) -> i64 {
        chrono::DateTime::parse_from_rfc3339(text).expect("a moment").timestamp()
    }

    fn cutoff(calendar: &Calendar, last: &str) -> Cutoff {
        Cutoff { end: calendar.day_start(shift(date(last), 1)), last: date(last), ahead: None }
    }

    fn alike(orders: &[(&str, i64)], refunds: &[(&str, i64, &str)], last: &str) -> Option<(RfSummary, i64)> {
        let calendar = calendar();
        let cutoff = cutoff(&calendar, last);
        let mut fold = Purchases::new(&calendar, vec![cutoff], (date("2026-01-01"), date("2026-12-31")), &[]);
        let orders: Vec<Event> = orders.iter().map(|&(when, amount)| Event { at: at(when), amount }).collect();
        let refunds: Vec<Refund> =
            refunds.iter().map(|&(when, amount, of)| Refund { at: at(when), amount, ordered_at: at(of) }).collect();
        let history =
            CustomerHistory { customer: 0, segments: &[0], orders: &orders, refunds: &refunds, signed_up_at: None };
        fold.update(&history);
        let found = fold.at(&cutoff).expect("asked for").customers().first();
        found.map(|own| (own.alike, own.repeat_spend))
    }

    #[allow(clippy::unnecessary_wraps, reason = "as what it is compared with")]
    fn expect(frequency: u16, recency: u16, age: u16, repeat_spend: i64) -> Option<(RfSummary, i64)> {
        Some((RfSummary { frequency, recency, age, future: 0 }, repeat_spend))
    }

    #[test]
    fn occasions_are_days_of_the_pipeline_zone() {
        // 22:30 UTC on 1 March is half past eleven in Berlin; half an hour past midnight is another day there.
        let orders = [("2026-03-01T09:00:00Z", 100), ("2026-03-01T22:30:00Z", 50), ("2026-03-01T23:30:00Z", 70)];
        assert_eq!(alike(&orders, &[], "2026-03-10"), expect(1, 1, 9, 70));
        // Summer time begins on 29 March: the day has 23 hours and is one day all the same.
        let orders = [("2026-03-28T12:00:00Z", 100), ("2026-03-30T12:00:00Z", 30)];
        assert_eq!(alike(&orders, &[], "2026-03-30"), expect(1, 2, 2, 30));
    }

    #[test]
    fn the_end_is_the_period_s_and_counts_to_its_last_moment() {
        let orders = [("2026-03-01T09:00:00Z", 100), ("2026-03-10T22:59:59Z", 50), ("2026-03-10T23:00:00Z", 70)];
        assert_eq!(alike(&orders, &[], "2026-03-10"), expect(1, 9, 9, 50));
        assert_eq!(alike(&orders, &[], "2026-02-28"), None);
    }

    #[test]
    fn a_day_that_nets_to_nothing_is_no_purchase() {
        let orders = [("2026-03-01T09:00:00Z", 100), ("2026-03-05T09:00:00Z", 50), ("2026-03-09T09:00:00Z", 20)];
        // The second order was refunded in full, later: it never counts once the refund is made.
        let refunds = [("2026-03-20T09:00:00Z", 50, "2026-03-05T09:00:00Z")];
        assert_eq!(alike(&orders, &refunds, "2026-03-19"), expect(2, 8, 18, 70));
        assert_eq!(alike(&orders, &refunds, "2026-03-20"), expect(1, 8, 19, 20));
        // A free order is no purchase occasion, and a customer with nothing else is no buyer.
        assert_eq!(alike(&[("2026-03-01T09:00:00Z", 0)], &[], "2026-03-09"), None);
    }

    #[test]
    fn a_credit_is_taken_off_the_latest_purchases_before_it() {
        let orders = [
            ("2026-03-01T09:00:00Z", 100),
            ("2026-03-05T09:00:00Z", 50),
            ("2026-03-09T09:00:00Z", 20),
            ("2026-03-11T09:00:00Z", -30),
            ("2026-03-15T09:00:00Z", 5),
        ];
        // 30 back: all of the 20 of 9 March, 10 of the 50 of 5 March; what was bought later stays.
        assert_eq!(alike(&orders, &[], "2026-03-20"), expect(2, 14, 19, 45));
    }

    #[test]
    fn a_day_that_a_zone_skipped_shifts_nothing() {
        // Samoa had no 30 December 2011; the new year's second day is four days after the 29th by the calendar all the same.
        let calendar = Calendar { zone: chrono_tz::Pacific::Apia, ..calendar() };
        let cutoff = cutoff(&calendar, "2012-01-05");
        let mut fold = Purchases::new(&calendar, vec![cutoff], (date("2011-12-01"), date("2012-01-05")), &[]);
        let noon = |day: &str| Event { at: calendar.day_start(date(day)) + 43_200, amount: 100 };
        let orders = [noon("2011-12-29"), noon("2012-01-02")];
        fold.update(&CustomerHistory {
            customer: 0,
            segments: &[0],
            orders: &orders,
            refunds: &[],
            signed_up_at: None,
        });
        let own = RfSummary { frequency: 1, recency: 4, age: 7, future: 0 };
        let found = fold.at(&cutoff).expect("asked for").customers();
        assert_eq!(found, [CustomerSummary { customer: 0, alike: own, repeat_spend: 100 }]);
    }

    #[test]
    fn purchases_ahead_are_counted_by_week() {
        let calendar = calendar();
        let ahead = cutoff(&calendar, "2026-03-31");
        let from = Cutoff { ahead: Some((ahead.end, ahead.last)), ..cutoff(&calendar, "2026-03-10") };
        let mut fold = Purchases::new(&calendar, vec![from], (date("2026-01-01"), date("2026-12-31")), &[]);
        let days = ["2026-03-01", "2026-03-11", "2026-03-17", "2026-03-18", "2026-03-31", "2026-04-01"];
        let orders: Vec<Event> =
            days.iter().map(|day| Event { at: at(&format!("{day}T10:00:00Z")), amount: 100 }).collect();
        fold.update(&CustomerHistory {
            customer: 0,
            segments: &[0],
            orders: &orders,
            refunds: &[],
            signed_up_at: None,
        });
        let snapshot = fold.at(&from).expect("asked for");
        assert_eq!(snapshot.weeks(), [2, 1, 1]);
        let own = RfSummary { frequency: 0, recency: 0, age: 9, future: 4 };
        assert_eq!(snapshot.customers(), [CustomerSummary { customer: 0, alike: own, repeat_spend: 0 }]);
    }
}
