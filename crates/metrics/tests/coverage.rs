//! Intervals by simulation: a 95% interval holds the true value in about 95 of 100 data sets.
//!
//! Each test draws 4,000 data sets from a known truth with a fixed seed and counts how often the interval holds it. With that many, the
//! count itself is known to within 0.7 percentage points (two standard errors).
#![allow(clippy::expect_used, reason = "a test that cannot go on has failed")]

use tallybook_ingest::{Identifier, Table, TableKind, Tables};
use tallybook_metrics::calendar::{Calendar, FiscalYear, Grain, Period, YearBefore};
use tallybook_metrics::estimate::{Estimate, Moments};
use tallybook_metrics::revenue::{AmountContent, OrderValue, RevenuePolicy};
use tallybook_metrics::stats::{Interval, select_quantile};
use tallybook_metrics::{Job, catalog};

const DRAWS: u32 = 4_000;

/// `SplitMix64` (Steele, Lea & Flood, 2014).
struct Random(u64);

impl Random {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Counts the arrivals of a Poisson process in one unit of time.
    fn poisson(&mut self, mean: f64) -> u64 {
        let (mut count, mut time) = (0, 0.0);
        loop {
            time -= (1.0 - self.unit()).ln() / mean;
            if time > 1.0 {
                return count;
            }
            count += 1;
        }
    }

    /// An order in cents: log-normal with a mean of 4,000 exp(0.125) and a median of 4,000.
    fn amount(&mut self) -> i64 {
        let normal = (-2.0 * (1.0 - self.unit()).ln()).sqrt() * (std::f64::consts::TAU * self.unit()).cos();
        #[allow(clippy::cast_possible_truncation, reason = "a few thousand cents")]
        let cents = (4_000.0 * (0.5 * normal).exp()).round() as i64;
        cents
    }

    fn orders(&mut self, mean: f64) -> Moments {
        let mut moments = Moments::default();
        for _ in 0..self.poisson(mean) {
            moments.add(self.amount());
        }
        moments
    }
}

fn mean_amount() -> f64 {
    4_000.0 * 0.125_f64.exp()
}

/// Share of data sets whose interval holds the truth.
fn coverage(seed: u64, truth: f64, mut draw: impl FnMut(&mut Random) -> Option<Interval>) -> f64 {
    let mut random = Random(seed);
    let held = (0..DRAWS)
        .filter(|_| draw(&mut random).is_some_and(|interval| interval.low <= truth && truth <= interval.high));
    f64::from(u32::try_from(held.count()).expect("few")) / f64::from(DRAWS)
}

fn of(estimate: Estimate) -> Option<Interval> {
    estimate.interval().map(|(interval, _)| interval)
}

fn assert_near(name: &str, coverage: f64) {
    assert!((0.93..=0.97).contains(&coverage), "{name}: {coverage}");
}

#[test]
fn totals_counts_and_means() {
    for mean in [60.0, 400.0] {
        let total = coverage(1, mean * mean_amount(), |random| of(random.orders(mean).total()));
        assert_near("total", total);
        let count = coverage(2, mean, |random| of(Estimate::Count(random.poisson(mean))));
        assert_near("count", count);
        let average = coverage(3, mean_amount(), |random| of(random.orders(mean).mean("orders").ok()?));
        assert_near("mean", average);
    }
}

#[test]
fn proportions() {
    for (p, n) in [(0.15, 120_u64), (0.5, 60)] {
        let wilson = coverage(4, p, |random| {
            let k = (0..n).filter(|_| random.unit() < p).count() as u64;
            of(Estimate::Proportion { k, n })
        });
        assert_near("proportion", wilson);
    }
}

#[test]
fn medians() {
    // Whole ranks hold the median with at least 95%: 96.2% for 40 values, 95.6% for 301 (binomial).
    for n in [40, 301] {
        let median = coverage(5, 4_000.0, |random| {
            let mut values: Vec<i64> = (0..n).map(|_| random.amount()).collect();
            let (_, interval) = select_quantile(&mut values, 500)?;
            interval.map(|(low, high)| Interval { low: low as f64, high: high as f64 })
        });
        assert!((0.94..=0.972).contains(&median), "median of {n}: {median}");
    }
}

#[test]
fn differences_and_growth() {
    let difference =
        |a: Estimate, b: Estimate| a.difference(&b).and_then(|difference| difference.interval).map(|i| i.0);
    // Few events, where a normal difference fails; and many.
    for (now, then) in [(4.0, 6.0), (70.0, 55.0)] {
        let counts = coverage(6, now - then, |random| {
            difference(Estimate::Count(random.poisson(now)), Estimate::Count(random.poisson(then)))
        });
        assert!((0.93..=0.985).contains(&counts), "difference of counts {now} and {then}: {counts}");
    }
    let totals = coverage(7, 20.0 * mean_amount(), |random| {
        difference(random.orders(120.0).total(), random.orders(100.0).total())
    });
    assert_near("difference of totals", totals);
    let growth = coverage(8, 0.2, |random| {
        let (now, then) = (random.orders(120.0), random.orders(100.0));
        of(Estimate::Growth {
            now: now.sum,
            now_squares: now.squares,
            then: then.sum,
            then_squares: then.squares,
            n: now.n,
        })
    });
    assert_near("growth", growth);
}

#[test]
fn cost_over_a_count() {
    let cac =
        coverage(9, 100_000.0 / 25.0, |random| of(Estimate::PerCount { amount: 100_000, count: random.poisson(25.0) }));
    assert_near("cost over a count", cac);
}

/// The formula of lifetime value: revenue over customers lost, by the delta method.
#[test]
fn ratio_of_revenue_to_customers_lost() {
    const CUSTOMERS: u32 = 500;
    let truth = mean_amount() / 0.35;
    let ratio = coverage(10, truth, |random| {
        let (mut sum, mut squares, mut cross, mut lost) = (0.0, 0.0, 0.0, 0.0);
        for _ in 0..CUSTOMERS {
            let amount = random.amount() as f64;
            let gone = f64::from(u8::from(random.unit() < 0.35));
            sum += amount;
            squares += amount * amount;
            cross += amount * gone;
            lost += gone;
        }
        let ratio = sum / lost;
        let variance = (squares - 2.0 * ratio * cross + ratio * ratio * lost) / (lost * lost);
        of(Estimate::Ratio { ratio, variance, n: u64::from(CUSTOMERS) })
    });
    assert_near("ratio", ratio);
}

/// A company whose customers come evenly over 400 days, live exponentially (mean 120 days) and buy about every ten days while they do;
/// orders as (customer, second, cents), observed for 500 days. Customers come at noon of a day and buy at noon.
fn company(random: &mut Random, customers: u32, seen: f64) -> Vec<(i64, i64, i64)> {
    let mut orders = Vec::new();
    for customer in 0..i64::from(customers) {
        let came = (random.unit() * 400.0).floor();
        let leaves = -120.0 * (1.0 - random.unit()).ln();
        let mut at = 0.0_f64;
        while at <= leaves && came + at < seen {
            #[allow(clippy::cast_possible_truncation, reason = "some hundreds of days")]
            let day = (came + at).floor() as i64;
            orders.push((customer, BEGIN + day * 86_400 + 43_200, random.amount()));
            at -= 10.0 * (1.0 - random.unit()).ln();
        }
    }
    orders
}

/// 2024-01-01 in UTC.
const BEGIN: i64 = 1_704_067_200;

fn tables(orders: &[(i64, i64, i64)]) -> Tables {
    let columns = ["customer_id", "ordered_at", OrderValue::PLACED];
    let mut table = Table::new(TableKind::Orders, columns.map(str::to_owned), []);
    let owners: Vec<i64> = orders.iter().map(|order| order.0).collect();
    let times: Vec<i64> = orders.iter().map(|order| order.1).collect();
    let amounts: Vec<i64> = orders.iter().map(|order| order.2).collect();
    table.push_chunk(orders.len(), |name| match name {
        "customer_id" => &owners,
        "ordered_at" => &times,
        _ => &amounts,
    });
    let mut tables = Tables { orders: Some(table), ..Tables::default() };
    for owner in 0..=owners.iter().copied().max().unwrap_or(0) {
        tables.customers.intern(Identifier::Integer(owner)).expect("few customers");
    }
    tables
}

/// Without a contract a loss shows only in silence; what is cut off at the period's end must not pass for survival.
#[test]
fn survival_without_a_contract() {
    // The truth from histories that are not cut off: the share whose last purchase is more than 100 days after the first.
    let mut random = Random(11);
    let mut ends = std::collections::BTreeMap::new();
    for (customer, at, _) in company(&mut random, 200_000, f64::INFINITY) {
        let life: &mut (i64, i64) = ends.entry(customer).or_insert((at, at));
        life.1 = life.1.max(at);
    }
    let truth = ends.values().filter(|(first, last)| last - first > 100 * 86_400).count() as f64 / ends.len() as f64;

    let entry = catalog::find("survival").expect("in the catalogue");
    let options = serde_json::json!({ "at_days": 100, "gone_after_days": 90 });
    let metric = entry.configure(options).expect("valid");
    let calendar = Calendar { zone: chrono_tz::UTC, week_start: chrono::Weekday::Mon, fiscal: FiscalYear::default() };
    let day = |days: i64| chrono::DateTime::from_timestamp(BEGIN + days * 86_400, 0).expect("a day").date_naive();
    let report = Period::custom(day(490), day(499)).expect("ten days");
    let value = OrderValue::new(RevenuePolicy::default(), AmountContent::default(), |_| false);
    let companies = 400;
    let held = (0..companies)
        .filter(|_| {
            let tables = tables(&company(&mut random, 300, 500.0));
            let job = Job {
                metrics: &[metric.as_ref()],
                calendar: &calendar,
                grain: Grain::Week,
                value: &value,
                dimensions: &[],
                year_before: YearBefore::default_for(Grain::Week),
                history: 1,
                reports: std::slice::from_ref(&report),
                min_n: 10,
                money_units: 100.0,
                now: i64::MAX,
            };
            let figures = job.run(&tables).remove(0).figures;
            let figure = figures.iter().find(|figure| figure.measure == "value").expect("the headline");
            let (low, high) = figure.reading.low.zip(figure.reading.high).expect("an interval");
            low <= truth && truth <= high
        })
        .count();
    // With 400 companies the share is known to within two percentage points.
    let held = held as f64 / f64::from(companies);
    assert!((0.925..=0.98).contains(&held), "{held} of {truth}");
}
