//! Intervals by simulation: a 95% interval holds the true value in about 95 of 100 data sets.
//!
//! Each test draws 4,000 data sets from a known truth with a fixed seed and counts how often the interval holds it. With that many, the
//! count itself is known to within 0.7 percentage points (two standard errors).
#![allow(clippy::expect_used, reason = "a test that cannot go on has failed")]

use chrono::NaiveDate;
use tallybook_calendar::{Calendar, FiscalYear, Grain, Period, YearBefore};
use tallybook_ingest::{Identifier, MISSING, NUMBER_SCALE, Table, TableKind, Tables};
use tallybook_metrics::engine::order_value::{AmountContent, OrderValue, RevenuePolicy};
use tallybook_metrics::{Job, catalog};
use tallybook_stats::{Estimate, Method, PairSums, Sums};
use tallybook_stats::{Interval, Z95, compound_interval, poisson_interval, select_quantile};

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

    fn normal(&mut self) -> f64 {
        (-2.0 * (1.0 - self.unit()).ln()).sqrt() * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// An order in cents: log-normal with a mean of 4,000 exp(0.125) and a median of 4,000.
    fn amount(&mut self) -> i64 {
        whole(4_000.0 * (0.5 * self.normal()).exp())
    }

    /// A log-normal value with a mean of 1 and a coefficient of variation.
    fn spread(&mut self, cv: f64) -> f64 {
        let variance = (cv * cv).ln_1p();
        (variance.sqrt() * self.normal() - variance / 2.0).exp()
    }

    fn orders(&mut self, mean: f64) -> Sums {
        let mut moments = Sums::default();
        for _ in 0..self.poisson(mean) {
            moments.add(self.amount());
        }
        moments
    }
}

#[allow(clippy::cast_possible_truncation, reason = "amounts and weights of some thousands")]
fn whole(value: f64) -> i64 {
    value.round() as i64
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
    let grown = |random: &mut Random| growth(&random.orders(120.0), &random.orders(100.0));
    assert_near("growth", coverage(8, 0.2, |random| of(grown(random))));
    // The growth of a period and of the one before it have a total in common, which a difference would take for two.
    let mut random = Random(8);
    assert_eq!(difference(grown(&mut random), grown(&mut random)), None);
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

/// A situation of which the truth is known. `docs/intervals.md` says of each how often its interval holds the truth.
struct Situation {
    kind: &'static str,
    what: String,
    truth: f64,
    holds: Holds,
    draw: Draw,
}

type Draw = Box<dyn Fn(&mut Random) -> Option<Interval>>;

/// How often an interval is to hold the truth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holds {
    /// In 93 to 97 of 100 data sets.
    AsSaid,
    /// In 93 or more: counts and ranks are whole, or two values have something in common.
    Often,
    /// In fewer than 93, or so close to them that a quick count cannot tell: the page says why.
    Seldom,
}

impl Situation {
    fn often_if(self, often: bool) -> Self {
        Self { holds: if often { Holds::Often } else { self.holds }, ..self }
    }

    fn seldom_if(self, seldom: bool) -> Self {
        Self { holds: if seldom { Holds::Seldom } else { self.holds }, ..self }
    }

    fn draw(&self, seed: u64, draws: u32) -> Seen {
        let mut random = Random(seed);
        let (mut below, mut above, mut given, mut width) = (0_u32, 0_u32, 0_u32, 0.0);
        for interval in (0..draws).filter_map(|_| (self.draw)(&mut random)) {
            given += 1;
            below += u32::from(self.truth < interval.low);
            above += u32::from(self.truth > interval.high);
            width += interval.high - interval.low;
        }
        let share = |count: u32| f64::from(count) / f64::from(given);
        Seen {
            held: share(given - below - above),
            below: share(below),
            above: share(above),
            width: width / f64::from(given),
            none: 1.0 - f64::from(given) / f64::from(draws),
        }
    }
}

/// What became of a situation's intervals.
struct Seen {
    held: f64,
    /// The truth was below the interval.
    below: f64,
    above: f64,
    width: f64,
    /// There was no interval; the others do not count these.
    none: f64,
}

fn one(
    kind: &'static str,
    what: String,
    truth: f64,
    draw: impl Fn(&mut Random) -> Option<Estimate> + 'static,
) -> Situation {
    Situation { kind, what, truth, holds: Holds::AsSaid, draw: Box::new(move |random| of(draw(random)?)) }
}

/// Two estimates of which the difference is taken.
fn two(
    kind: &'static str,
    what: String,
    truth: f64,
    draw: impl Fn(&mut Random) -> Option<(Estimate, Estimate)> + 'static,
) -> Situation {
    let draw = move |random: &mut Random| {
        let (this, that) = draw(random)?;
        this.difference(&that)?.interval.map(|(interval, _)| interval)
    };
    Situation { kind, what, truth, holds: Holds::AsSaid, draw: Box::new(draw) }
}

fn of_each(random: &mut Random, n: u64, value: impl Fn(&mut Random) -> i64) -> Sums {
    let mut moments = Sums::default();
    (0..n).for_each(|_| moments.add(value(random)));
    moments
}

/// Amounts of 50.00 on average.
fn amounts(random: &mut Random, n: u64, cv: f64) -> Sums {
    of_each(random, n, |random| whole(5_000.0 * random.spread(cv)))
}

/// The same, as many as arrive.
fn arrived(random: &mut Random, mean: f64, cv: f64) -> Sums {
    let n = random.poisson(mean);
    amounts(random, n, cv)
}

fn growth(now: &Sums, then: &Sums) -> Estimate {
    let (now_squares, then_squares) = (now.squares, then.squares);
    Estimate::Growth { now: now.sum, now_squares, then: then.sum, then_squares, n: now.n }
}

fn share(random: &mut Random, n: u64, p: f64) -> Estimate {
    Estimate::Proportion { k: (0..n).filter(|_| random.unit() < p).count() as u64, n }
}

/// 1 for a promoter, -1 for a detractor.
fn answer(random: &mut Random, (up, down): (f64, f64)) -> i64 {
    match random.unit() {
        at if at < up => 1,
        at if at < up + down => -1,
        _ => 0,
    }
}

fn net_share(random: &mut Random, n: u64, shares: (f64, f64)) -> Estimate {
    let (mut up, mut down) = (0, 0);
    for _ in 0..n {
        match answer(random, shares) {
            1 => up += 1,
            -1 => down += 1,
            _ => {}
        }
    }
    Estimate::NetShare { up, down, n }
}

/// A score from 1 to 5, of which most are high.
fn score(random: &mut Random) -> i64 {
    match random.unit() {
        at if at < 0.05 => 1,
        at if at < 0.10 => 2,
        at if at < 0.20 => 3,
        at if at < 0.55 => 4,
        _ => 5,
    }
}

const MEAN_SCORE: f64 = 0.05 + 0.05 * 2.0 + 0.10 * 3.0 + 0.35 * 4.0 + 0.45 * 5.0;

/// Answers with weights of 1,000 on average; a value may depend on how many times the mean its weight is.
fn weighted(random: &mut Random, n: u64, cv: f64, value: impl Fn(&mut Random, f64) -> i64) -> PairSums {
    let mut pair = PairSums::default();
    for _ in 0..n {
        let size = random.spread(cv);
        let weight = whole(1_000.0 * size);
        pair.add(weight * value(random, size), weight);
    }
    pair
}

fn weighted_share(random: &mut Random, n: u64, cv: f64, p: f64) -> Option<Estimate> {
    weighted(random, n, cv, |random, _| i64::from(random.unit() < p)).share("nothing").ok()
}

/// Answers from 0 to 10 with their weights, as (score, weight); the shares of promoters and detractors may depend on how many times
/// the mean a weight is.
fn ratings(random: &mut Random, n: u64, cv: f64, shares: impl Fn(f64) -> (f64, f64)) -> Vec<(i64, i64)> {
    let one = |_| {
        let size = random.spread(cv);
        (8 + 2 * answer(random, shares(size)), whole(1_000.0 * size))
    };
    (0..n).map(one).collect()
}

/// The net promoter score of weighted answers, put together as the metric does it, which is not public; a test below compares the two.
fn weighted_net(ratings: &[(i64, i64)]) -> Option<Estimate> {
    let weigh = |of: fn(i64) -> bool| {
        let mut pair = PairSums::default();
        for &(score, weight) in ratings {
            pair.add(weight * i64::from(of(score)), weight);
        }
        pair
    };
    let (up, down) = (weigh(|score| score >= 9), weigh(|score| score <= 6));
    let weight = Some(up.y.sum as f64).filter(|weight| *weight > 0.0)?;
    let effective = weight * weight / up.y.squares as f64;
    Some(Estimate::WeightedNet { up: up.x.sum as f64 / weight, down: down.x.sum as f64 / weight, n: up.y.n, effective })
}

/// What becomes of accounts: shares of them that leave, pay a fifth less, and pay more.
#[derive(Debug, Clone, Copy)]
struct Fates {
    leave: f64,
    contract: f64,
    expand: f64,
    /// By how many quarters of what they paid.
    quarters: i32,
    /// Accounts above the mean leave so many times as often as said.
    heavy: f64,
}

impl Fates {
    const fn new(leave: f64) -> Self {
        Self { leave, contract: 0.03, expand: 0.08, quarters: 1, heavy: 1.0 }
    }

    /// Gives the share of revenue that is kept, and that with what is paid more.
    fn retained(&self) -> (f64, f64) {
        let kept = 1.0 - self.leave * (1.0 - HEAVY + self.heavy * HEAVY) - self.contract / 5.0;
        (kept, kept + self.expand * f64::from(self.quarters) / 4.0)
    }

    /// Draws what accounts that paid 100.00 on average pay before a period and at its end.
    fn draw(self, random: &mut Random, n: u64, cv: f64) -> Vec<(i64, i64)> {
        let one = |_| {
            let size = random.spread(cv);
            let before = whole(10_000.0 * size);
            let leave = self.leave * if size > 1.0 { self.heavy } else { 1.0 };
            let now = match random.unit() {
                at if at < leave => 0,
                at if at < leave + self.contract => before * 4 / 5,
                at if at < leave + self.contract + self.expand => before * (4 + i64::from(self.quarters)) / 4,
                _ => before,
            };
            (before, now)
        };
        (0..n).map(one).collect()
    }
}

/// The share of all weight that those above the mean have, where weights are log-normal with a CV of 1: s^2 = ln 2, and Phi(s / 2).
const HEAVY: f64 = 0.661_396_5;

/// What accounts kept of their revenue.
fn kept(accounts: &[(i64, i64)]) -> Option<Estimate> {
    let mut pair = PairSums::default();
    for &(before, now) in accounts {
        pair.add(now.min(before), before);
    }
    pair.share("nothing").ok()
}

/// Net revenue retention, put together as the metric does it, whose way of adding accounts is not public; a test below compares the two.
fn net(accounts: &[(i64, i64)]) -> Option<Estimate> {
    let (mut before_all, mut expansion) = (Sums::default(), Sums::default());
    for &(before, now) in accounts {
        before_all.add(before);
        if now > before {
            expansion.add(now - before);
        }
    }
    let more = expansion.sum as f64;
    let opening = before_all.sum as f64;
    let added = if expansion.n == 0 {
        let size = (before_all.squares as f64 / before_all.n as f64).sqrt();
        Interval { low: 0.0, high: poisson_interval(0).high * size }
    } else {
        compound_interval(more, expansion.squares as f64, expansion.n)
    };
    let kept = kept(accounts)?;
    let (share, shares) = (kept.value()?, of(kept)?);
    let value = share + more / opening;
    let low = (share - shares.low).hypot((more - added.low.max(0.0)) / opening);
    let high = (shares.high - share).hypot((added.high - more) / opening);
    let interval = Interval { low: value - low, high: value + high };
    Some(Estimate::Bounded { value, interval, n: kept.n(), method: Method::Mover })
}

/// Revenue over customers lost: the formula of lifetime value, a ratio of sums over the same customers.
fn life_value(random: &mut Random, n: u32, lost: f64) -> Option<Estimate> {
    let mut pair = PairSums::default();
    (0..n).for_each(|_| pair.add(random.amount(), i64::from(random.unit() < lost)));
    pair.ratio(1.0, "nobody lost").ok()
}

/// Customers active on a day of four weeks, from the days that each of them came: 28/3 on average.
fn active_on_a_day(random: &mut Random, customers: f64) -> Estimate {
    let n = random.poisson(customers);
    let days = of_each(random, n, |random| {
        let often = random.unit().powi(2);
        (0..28).map(|_| i64::from(random.unit() < often)).sum()
    });
    Estimate::Ratio { ratio: days.sum as f64 / 28.0, variance: days.squares as f64 / (28.0 * 28.0), n: days.n }
}

/// A quantile of log-normal times with a median of 4,000, kept in steps.
fn quantile(random: &mut Random, n: u32, thousandths: u16, step: i64) -> Option<Estimate> {
    let mut values: Vec<i64> = (0..n).map(|_| (random.amount() + step / 2) / step * step).collect();
    let (value, interval) = select_quantile(&mut values, thousandths)?;
    let interval = interval.map(|(low, high)| (low as f64, high as f64));
    Some(Estimate::Quantile { value, interval, n: u64::from(n) })
}

/// A quotient of two values by the delta method from their half-widths, as arithmetic over metrics has it.
fn quotient(this: Estimate, that: Estimate) -> Option<Estimate> {
    let (above, below) = (this.value()?, that.value().filter(|value| *value != 0.0)?);
    let error = |estimate| of(estimate).map(|interval| (interval.high - interval.low) / 2.0 / Z95);
    let value = above / below;
    let variance = (error(this)? / below).powi(2) + (value * error(that)? / below).powi(2);
    Some(Estimate::Derived { value, variance: Some(variance), n: this.n().min(that.n()) })
}

fn sums_and_counts() -> Vec<Situation> {
    let mut all = Vec::new();
    // With how many amounts the interval is as said.
    for (cv, enough) in [(0.5, 0.0), (1.0, 30.0), (2.0, f64::INFINITY)] {
        for mean in [4.0, 10.0, 30.0, 100.0, 400.0] {
            let what = format!("{mean} amounts, CV {cv}");
            let total = one("Total", what, 5_000.0 * mean, move |random| Some(arrived(random, mean, cv).total()));
            all.push(total.seldom_if(mean < enough));
        }
    }
    for (up, down) in [(10.0, 10.0), (100.0, 100.0), (30.0, 10.0), (10.0, 30.0), (2.0, 10.0)] {
        let what = format!("{up} amounts less {down}, CV 1");
        let total = one("Total", what, 5_000.0 * (up - down), move |random| {
            let mut moved = arrived(random, up, 1.0);
            let lost = arrived(random, down, 1.0);
            moved.merge(&Sums { sum: -lost.sum, ..lost });
            Some(moved.total())
        });
        all.push(total.seldom_if(down > up));
    }
    for mean in [1.0, 4.0, 10.0, 30.0, 100.0, 400.0] {
        let count = one("Count", format!("{mean}"), mean, move |random| Some(Estimate::Count(random.poisson(mean))));
        all.push(count.often_if(mean < 30.0));
    }
    for mean in [4.0, 10.0, 25.0, 100.0] {
        let per_count = one("PerCount", format!("{mean} customers"), 100_000.0 / mean, move |random| {
            Some(Estimate::PerCount { amount: 100_000, count: random.poisson(mean) })
        });
        all.push(per_count.often_if(mean < 25.0));
    }
    for (mean, base) in [(5.0, 100), (60.0, 1_000)] {
        let per_base = one("PerBase", format!("{mean} over {base}"), mean / base as f64, move |random| {
            Some(Estimate::PerBase { count: random.poisson(mean), base })
        });
        all.push(per_base.often_if(mean < 25.0));
    }
    for (cv, enough) in [(0.5, 0.0), (1.0, 30.0), (2.0, f64::INFINITY)] {
        for then in [10.0, 30.0, 100.0] {
            let growth = one("Growth", format!("{} amounts after {then}, CV {cv}", 1.2 * then), 0.2, move |random| {
                Some(growth(&arrived(random, 1.2 * then, cv), &arrived(random, then, cv)))
            });
            all.push(growth.seldom_if(then < enough));
        }
    }
    for (above, below) in [(4.0, 100.0), (25.0, 100.0), (25.0, 10.0), (400.0, 400.0)] {
        let quotient = one("Derived", format!("count of {above} over one of {below}"), above / below, move |random| {
            quotient(Estimate::Count(random.poisson(above)), Estimate::Count(random.poisson(below)))
        });
        all.push(quotient.seldom_if(above < 10.0));
    }
    let average = one("Derived", "total of 100 amounts over their count, CV 1".into(), 5_000.0, |random| {
        let orders = arrived(random, 100.0, 1.0);
        quotient(orders.total(), Estimate::Count(orders.n))
    });
    all.push(average.often_if(true));
    all
}

fn shares() -> Vec<Situation> {
    let mut all = Vec::new();
    for (p, n) in [(0.5, 10), (0.5, 60), (0.5, 1_000), (0.9, 20), (0.15, 120), (0.02, 50), (0.02, 200), (0.02, 1_000)] {
        let share = one("Proportion", format!("p {p}, n {n}"), p, move |random| Some(share(random, n, p)));
        all.push(share.often_if(n == 10).seldom_if(p * (n as f64) < 5.0));
    }
    for (shares, often, enough) in [((0.5, 0.17), 0, 0), ((0.2, 0.2), 20, 0), ((0.9, 0.02), 50, 20)] {
        for n in [10, 20, 50, 200, 1_000] {
            let (what, truth) = (format!("p {}, d {}, n {n}", shares.0, shares.1), 100.0 * (shares.0 - shares.1));
            let net = one("NetShare", what, truth, move |random| Some(net_share(random, n, shares)));
            all.push(net.often_if(n <= often).seldom_if(n < enough));
        }
    }
    for cv in [0.5, 1.0, 2.0] {
        for (p, n) in [(0.8, 20), (0.8, 50), (0.8, 200), (0.8, 1_000), (0.95, 50), (0.95, 200)] {
            let what = format!("p {p}, n {n}, CV {cv}");
            let share = one("WeightedShare", what, p, move |random| weighted_share(random, n, cv, p));
            all.push(share.often_if(n < 1_000 || cv > 1.0));
        }
    }
    for n in [50, 200, 1_000] {
        let (what, truth) = (format!("p .6 of the heavy, .9 of the light, n {n}, CV 1"), 0.9 - 0.3 * HEAVY);
        all.push(one("WeightedShare", what, truth, move |random| {
            let p = |size: f64| if size > 1.0 { 0.6 } else { 0.9 };
            let pair = weighted(random, n, 1.0, |random, size| i64::from(random.unit() < p(size)));
            pair.share("nothing").ok()
        }));
    }
    for cv in [0.5, 1.0] {
        let all_alike = ((0.9, 0.02), 200, if cv < 1.0 { 0 } else { 50 });
        for (shares, often, enough) in [((0.5, 0.17), 0, 0), ((0.2, 0.2), 50, 0), all_alike] {
            for n in [20, 50, 200, 1_000] {
                let what = format!("p {}, d {}, n {n}, CV {cv}", shares.0, shares.1);
                let truth = 100.0 * (shares.0 - shares.1);
                let net =
                    one("WeightedNet", what, truth, move |random| weighted_net(&ratings(random, n, cv, |_| shares)));
                all.push(net.often_if(n <= often).seldom_if(n < enough));
            }
        }
    }
    for n in [50, 200, 1_000] {
        let what = format!("p .3, d .3 of the heavy, .6, .1 of the light, n {n}, CV 1");
        all.push(one("WeightedNet", what, 50.0 * (1.0 - HEAVY), move |random| {
            weighted_net(&ratings(random, n, 1.0, |size| if size > 1.0 { (0.3, 0.3) } else { (0.6, 0.1) }))
        }));
    }
    all
}

fn retention() -> Vec<Situation> {
    let mut all = Vec::new();
    let usual = Fates::new(0.03);
    let cases = [
        ("0.03 leave, CV 1", usual, 1.0),
        ("0.03 leave, CV 2", usual, 2.0),
        ("0.15 leave, CV 1", Fates::new(0.15), 1.0),
        ("0.15 of the light leave, 0.05 of the heavy, CV 1", Fates { heavy: 1.0 / 3.0, ..Fates::new(0.15) }, 1.0),
        ("0.15 of the light leave, 0.3 of the heavy, CV 1", Fates { heavy: 2.0, ..Fates::new(0.15) }, 1.0),
    ];
    for (name, fates, cv) in cases {
        for n in [30, 100, 300, 1_000] {
            let what = format!("gross revenue retention, {n} accounts, {name}");
            let (truth, _) = fates.retained();
            let kept = one("WeightedShare", what, truth, move |random| kept(&fates.draw(random, n, cv)));
            all.push(kept.often_if(fates.heavy <= 1.0));
        }
    }
    let few = ("0.03 leave, 0.02 expand, CV 1", Fates { expand: 0.02, ..usual }, 1.0);
    let many = ("0.03 leave, 0.5 expand, CV 1", Fates { expand: 0.5, ..usual }, 1.0);
    let treble = Fates { expand: 0.03, quarters: 8, ..usual };
    let alike = ("0.03 leave, 0.03 treble, CV 1", treble, 1.0);
    let unlike = ("0.03 leave, 0.03 treble, CV 2", treble, 2.0);
    for (name, fates, cv) in cases.into_iter().take(3).chain([few, many, alike, unlike]) {
        for n in [30, 100, 300, 1_000] {
            let what = format!("net revenue retention, {n} accounts, {name}");
            let (_, truth) = fates.retained();
            let net = one("Bounded", what, truth, move |random| net(&fates.draw(random, n, cv)));
            all.push(net.often_if(true).seldom_if(fates.quarters > 1));
        }
    }
    all
}

fn means() -> Vec<Situation> {
    let mut all = Vec::new();
    for (cv, enough) in [(0.5, 30), (1.0, 400), (2.0, u64::MAX)] {
        for n in [10, 30, 100, 400] {
            let mean = one("Mean", format!("{n} amounts, CV {cv}"), 5_000.0, move |random| {
                amounts(random, n, cv).mean("amounts").ok()
            });
            all.push(mean.seldom_if(n < enough));
        }
    }
    for n in [10, 30, 100] {
        let mean = one("Mean", format!("{n} scores of 1 to 5"), MEAN_SCORE, move |random| {
            of_each(random, n, score).mean("scores").ok()
        });
        all.push(mean.seldom_if(n < 100));
    }
    for n in [10, 40, 301, 1_201] {
        let median = one("Quantile", format!("median of {n}"), 4_000.0, move |random| quantile(random, n, 500, 1));
        all.push(median.often_if(n < 40));
    }
    // 1.2816 standard deviations of the logarithm above the median.
    let ninetieth = 4_000.0 * (0.5 * 1.281_551_565_544_6_f64).exp();
    for n in [40, 100, 400, 1_201] {
        let high = one("Quantile", format!("90% of {n}"), ninetieth, move |random| quantile(random, n, 900, 1));
        all.push(high.often_if(n < 100));
    }
    let steps = "median of 100, in steps of a quarter of it".into();
    all.push(one("Quantile", steps, 4_000.0, |random| quantile(random, 100, 500, 1_000)).often_if(true));
    all
}

fn ratios() -> Vec<Situation> {
    let mut all = Vec::new();
    for cv in [0.5, 1.0] {
        for n in [20, 50, 200, 1_000] {
            let score = one("Ratio", format!("weighted mean score, n {n}, CV {cv}"), MEAN_SCORE, move |random| {
                weighted(random, n, cv, |random, _| score(random)).ratio(1.0, "nothing").ok()
            });
            all.push(score.seldom_if(n < if cv < 1.0 { 200 } else { 1_000 }));
        }
    }
    for (n, lost) in [(100, 0.1), (100, 0.35), (500, 0.05), (500, 0.35)] {
        let what = format!("lifetime value, {n} customers, {lost} lost");
        all.push(one("Ratio", what, mean_amount() / lost, move |random| life_value(random, n, lost)));
    }
    for won in [25.0, 100.0] {
        let (what, truth) = (format!("lifetime value to cost, {won} won"), mean_amount() / 0.35 * won / 100_000.0);
        all.push(one("Ratio", what, truth, move |random| {
            let Some(Estimate::Ratio { ratio, variance, n }) = life_value(random, 500, 0.35) else { return None };
            let count = random.poisson(won);
            let cost = 100_000.0 / count as f64;
            let variance = variance / (cost * cost) + (ratio / cost).powi(2) / count as f64;
            Some(Estimate::Ratio { ratio: ratio / cost, variance, n: n.min(count) })
        }));
    }
    for customers in [10.0, 30.0, 300.0] {
        let what = format!("active on a day, {customers} customers");
        let active = one("Ratio", what, customers / 3.0, move |random| Some(active_on_a_day(random, customers)));
        all.push(active.seldom_if(customers < 30.0));
    }
    all
}

fn differences_of_sums_and_counts() -> Vec<Situation> {
    let mut all = Vec::new();
    for (cv, now, then) in [
        (0.5, 10.0, 10.0),
        (0.5, 120.0, 100.0),
        (1.0, 10.0, 10.0),
        (1.0, 120.0, 100.0),
        (2.0, 120.0, 100.0),
        (2.0, 120.0, 30.0),
    ] {
        let what = format!("{now} amounts after {then}, CV {cv}");
        let totals = two("Totals", what, 5_000.0 * (now - then), move |random| {
            Some((arrived(random, now, cv).total(), arrived(random, then, cv).total()))
        });
        all.push(totals);
    }
    for (now, then) in [(1.0, 1.0), (4.0, 6.0), (10.0, 10.0), (70.0, 55.0), (400.0, 400.0)] {
        let counts = two("Counts", format!("{now} after {then}"), now - then, move |random| {
            Some((Estimate::Count(random.poisson(now)), Estimate::Count(random.poisson(then))))
        });
        all.push(counts.often_if(now < 30.0));
    }
    let overlap = two("Counts", "100 after 100, of which 75 are in both".into(), 0.0, |random| {
        let both = random.poisson(75.0);
        Some((Estimate::Count(both + random.poisson(25.0)), Estimate::Count(both + random.poisson(25.0))))
    });
    all.push(overlap.often_if(true));
    for mean in [10.0, 25.0, 100.0] {
        let costs = two("PerCount", format!("{mean} customers after {mean}"), 0.0, move |random| {
            let cost = |random: &mut Random| Estimate::PerCount { amount: 100_000, count: random.poisson(mean) };
            Some((cost(random), cost(random)))
        });
        all.push(costs.often_if(mean < 25.0));
    }
    all.push(two("PerBase", "60 over 1000 after 55 over 940".into(), 0.06 - 55.0 / 940.0, |random| {
        let (now, then) = (random.poisson(60.0), random.poisson(55.0));
        Some((Estimate::PerBase { count: now, base: 1_000 }, Estimate::PerBase { count: then, base: 940 }))
    }));
    all.push(two("Derived", "counts of 25 over 100 and 25 over 100".into(), 0.0, |random| {
        let mut own = || quotient(Estimate::Count(random.poisson(25.0)), Estimate::Count(random.poisson(100.0)));
        own().zip(own())
    }));
    all
}

fn differences_of_shares() -> Vec<Situation> {
    let mut all = Vec::new();
    for (p, n, q, m) in
        [(0.5, 60, 0.4, 60), (0.15, 120, 0.1, 80), (0.9, 20, 0.8, 30), (0.02, 50, 0.02, 50), (0.02, 1_000, 0.03, 1_000)]
    {
        let shares = two("Proportions", format!("p {p} of {n}, {q} of {m}"), p - q, move |random| {
            Some((share(random, n, p), share(random, m, q)))
        });
        all.push(shares.often_if(p < 0.1 && n < 100));
    }
    for (shares, often) in [((0.5, 0.17), 0), ((0.9, 0.02), 200)] {
        for n in [20, 50, 200] {
            let what = format!("p {}, d {}, n {n} and {n}", shares.0, shares.1);
            let net = two("NetShares", what, 0.0, move |random| {
                Some((net_share(random, n, shares), net_share(random, n, shares)))
            });
            all.push(net.often_if(n < often));
        }
    }
    for (p, n) in [(0.8, 50), (0.8, 200), (0.95, 50)] {
        let shares = two("WeightedShares", format!("p {p}, n {n} and {n}, CV 1"), 0.0, move |random| {
            weighted_share(random, n, 1.0, p).zip(weighted_share(random, n, 1.0, p))
        });
        all.push(shares.often_if(p > 0.9));
    }
    for (shares, n) in [((0.5, 0.17), 50), ((0.5, 0.17), 200), ((0.9, 0.02), 50), ((0.9, 0.02), 200)] {
        let what = format!("p {}, d {}, n {n} and {n}, CV 1", shares.0, shares.1);
        let net = two("WeightedNets", what, 0.0, move |random| {
            let mut own = || weighted_net(&ratings(random, n, 1.0, |_| shares));
            own().zip(own())
        });
        all.push(net.often_if(shares.0 > 0.8));
    }
    // A bad period after a good one, too: skew does not cancel out.
    for (n, leave) in [(100, 0.03), (1_000, 0.03), (100, 0.15), (1_000, 0.15)] {
        let (now, then) = (Fates::new(leave), Fates::new(0.03));
        let what =
            move |kind: &str| format!("{kind} revenue retention, {n} accounts and {n}, {leave} leave after 0.03");
        let gross = two("WeightedShares", what("gross"), 0.03 - leave, move |random| {
            kept(&now.draw(random, n, 1.0)).zip(kept(&then.draw(random, n, 1.0)))
        });
        let net = two("Bounded", what("net"), 0.03 - leave, move |random| {
            net(&now.draw(random, n, 1.0)).zip(net(&then.draw(random, n, 1.0)))
        });
        all.extend([gross, net].map(|situation| situation.often_if(true)));
    }
    all
}

fn differences_of_means() -> Vec<Situation> {
    let mut all = Vec::new();
    for cv in [0.5, 1.0, 2.0] {
        for (n, m) in [(10, 10), (30, 60), (200, 200)] {
            let means = two("Means", format!("{n} amounts and {m}, CV {cv}"), 0.0, move |random| {
                let mean = |random: &mut Random, n| amounts(random, n, cv).mean("amounts").ok();
                mean(random, n).zip(mean(random, m))
            });
            all.push(means.often_if(n < 30));
        }
    }
    for (thousandths, name) in [(500, "median"), (900, "90%")] {
        for n in [40, 100, 400] {
            let quantiles = two("Quantiles", format!("{name} of {n} and {n}"), 0.0, move |random| {
                quantile(random, n, thousandths, 1).zip(quantile(random, n, thousandths, 1))
            });
            all.push(quantiles.often_if(true));
        }
    }
    for n in [50, 200] {
        let what = format!("weighted mean score, n {n} and {n}, CV 1");
        all.push(two("Ratios", what, 0.0, move |random| {
            let mut own = || weighted(random, n, 1.0, |random, _| score(random)).ratio(1.0, "nothing").ok();
            own().zip(own())
        }));
    }
    all.push(two("Ratios", "lifetime value, 500 customers and 500, 0.35 lost".into(), 0.0, |random| {
        life_value(random, 500, 0.35).zip(life_value(random, 500, 0.35))
    }));
    all
}

fn assert_situations(seed: u64, situations: &[Situation]) {
    for (seed, situation) in (seed..).zip(situations) {
        let (least, most) = match situation.holds {
            Holds::AsSaid => (0.93, 0.97),
            Holds::Often => (0.93, 1.0),
            Holds::Seldom => continue,
        };
        let held = situation.draw(seed, DRAWS).held;
        assert!((least..=most).contains(&held), "{}, {}: {held}", situation.kind, situation.what);
    }
}

#[test]
fn intervals_of_sums_and_counts() {
    assert_situations(100, &sums_and_counts());
}

#[test]
fn intervals_of_shares() {
    assert_situations(200, &shares());
}

#[test]
fn intervals_of_retention() {
    assert_situations(800, &retention());
}

#[test]
fn intervals_of_means() {
    assert_situations(300, &means());
}

#[test]
fn intervals_of_ratios() {
    assert_situations(400, &ratios());
}

#[test]
fn intervals_of_differences() {
    assert_situations(500, &differences_of_sums_and_counts());
    assert_situations(600, &differences_of_shares());
    assert_situations(700, &differences_of_means());
}

/// Writes what `docs/intervals.md` has: `TALLYBOOK_COVERAGE_TABLE=1 cargo test --test coverage all_situations -- --nocapture`.
#[test]
#[allow(clippy::print_stdout, clippy::print_stderr, reason = "a table to be read")]
fn coverage_of_all_situations() {
    if std::env::var_os("TALLYBOOK_COVERAGE_TABLE").is_none() {
        // A minute of simulation; the tests above draw less of the same.
        eprintln!("skipped: set TALLYBOOK_COVERAGE_TABLE=1 for the table of docs/intervals.md");
        return;
    }
    println!("| Kind | Situation | Held | Truth below | Truth above | Mean width | No interval |");
    println!("|---|---|---:|---:|---:|---:|---:|");
    let singles = [sums_and_counts(), shares(), retention(), means(), ratios()];
    let differences = [differences_of_sums_and_counts(), differences_of_shares(), differences_of_means()];
    for (seed, situation) in (1_000..).zip(singles.iter().chain(&differences).flatten()) {
        let Seen { held, below, above, width, none } = situation.draw(seed, 20_000);
        let [held, below, above, none] = [held, below, above, none].map(|share| format!("{:.1}%", 100.0 * share));
        println!("| {} | {} | {held} | {below} | {above} | {width:.4} | {none} |", situation.kind, situation.what);
    }
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

/// Makes a table of rows, with the names of their numbers; a label is the same in all of them.
fn table<const N: usize>(kind: TableKind, names: [&str; N], rows: &[[i64; N]], label: Option<(&str, &str)>) -> Table {
    let mut table = Table::new(kind, names.map(str::to_owned), label.map(|(name, _)| name.to_owned()));
    let columns: Vec<Vec<i64>> = (0..N).map(|at| rows.iter().map(|row| row[at]).collect()).collect();
    let first = vec![0; rows.len()];
    table.push_chunk(rows.len(), |name| {
        let at = names.iter().position(|own| *own == name);
        at.map_or(first.as_slice(), |at| columns[at].as_slice())
    });
    if let Some((name, value)) = label {
        table.set_dictionary(name, vec![value.to_owned()]);
    }
    table
}

fn with_customers(mut tables: Tables, last: i64) -> Tables {
    for owner in 0..=last {
        tables.customers.intern(Identifier::Integer(owner)).expect("few customers");
    }
    tables
}

fn tables(orders: &[(i64, i64, i64)]) -> Tables {
    let rows: Vec<[i64; 3]> = orders.iter().map(|&(owner, at, amount)| [owner, at, amount]).collect();
    let orders = table(TableKind::Orders, ["customer_id", "ordered_at", OrderValue::PLACED], &rows, None);
    let last = rows.iter().map(|row| row[0]).max().unwrap_or(0);
    with_customers(Tables { orders: Some(orders), ..Tables::default() }, last)
}

/// A day of the simulated companies.
fn day(days: i64) -> NaiveDate {
    chrono::DateTime::from_timestamp(BEGIN + days * 86_400, 0).expect("a day").date_naive()
}

/// Computes a metric's value for a range of days, with its interval.
fn computed(tables: &Tables, id: &str, options: serde_json::Value, report: &Period) -> Option<(f64, Interval)> {
    let metric = catalog::find(id).expect("in the catalogue").configure(options).expect("valid");
    let job = Job {
        metrics: &[metric.as_ref()],
        calendar: &Calendar { zone: chrono_tz::UTC, week_start: chrono::Weekday::Mon, fiscal: FiscalYear::default() },
        grain: Grain::Week,
        value: &OrderValue::new(RevenuePolicy::default(), AmountContent::default(), |_| false),
        dimensions: &[],
        year_before: YearBefore::default_for(Grain::Week),
        history: 1,
        reports: std::slice::from_ref(report),
        min_n: 10,
        limits_on_all: false,
        money_units: 100.0,
        now: i64::MAX,
    };
    let figures = job.run(tables).remove(0).figures;
    let reading = &figures.iter().find(|own| own.measure == "value" && own.period == report.label)?.reading;
    let (low, high) = reading.low.zip(reading.high)?;
    Some((reading.value?, Interval { low, high }))
}

/// What is put together above from parts is what the metrics compute.
#[test]
fn put_together_as_the_metrics_do() {
    let mut random = Random(12);
    let report = Period::custom(day(0), day(9)).expect("ten days");
    let same = |name: &str, estimate: Option<Estimate>, computed: Option<(f64, Interval)>| {
        let here = estimate.and_then(|own| Some((own.value()?, of(own)?))).expect("an interval");
        let there = computed.expect("an interval");
        let pairs = [(here.0, there.0), (here.1.low, there.1.low), (here.1.high, there.1.high)];
        assert!(pairs.iter().all(|(a, b)| (a - b).abs() < 1e-9), "{name}: {here:?} and {there:?}");
    };
    for expand in [0.0, 0.08] {
        let accounts = Fates { expand, ..Fates::new(0.1) }.draw(&mut random, 200, 1.0);
        // Every account pays one price until the fifth day, and another one then if it stays.
        let (from, then) = (BEGIN - 40 * 86_400, BEGIN + 4 * 86_400);
        let rows = (0..).zip(&accounts).flat_map(|(customer, &(before, now))| {
            let later = (now > 0).then_some([customer, then, MISSING, now]);
            [Some([customer, from, then, before]), later].into_iter().flatten()
        });
        let rows: Vec<[i64; 4]> = rows.collect();
        let names = ["customer_id", "started_at", "ended_at", "mrr"];
        let subscriptions = Some(table(TableKind::Subscriptions, names, &rows, None));
        let tables = with_customers(Tables { subscriptions, ..Tables::default() }, 199);
        let of_metric = |id: &str| computed(&tables, id, serde_json::json!({}), &report);
        same("grr", kept(&accounts), of_metric("grr"));
        same("nrr", net(&accounts), of_metric("nrr"));
    }
    let ratings = ratings(&mut random, 150, 1.0, |_| (0.5, 0.17));
    let rows: Vec<[i64; 3]> =
        ratings.iter().map(|&(score, weight)| [BEGIN + 86_400, score * NUMBER_SCALE, weight]).collect();
    let surveys = table(TableKind::Surveys, ["submitted_at", "score", "weight"], &rows, Some(("kind", "nps")));
    let tables = with_customers(Tables { surveys: Some(surveys), ..Tables::default() }, 0);
    let options = serde_json::json!({ "weighted": true });
    same("nps", weighted_net(&ratings), computed(&tables, "nps", options, &report));
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

    let report = Period::custom(day(490), day(499)).expect("ten days");
    let options = serde_json::json!({ "at_days": 100, "gone_after_days": 90 });
    let companies = 400;
    let held = (0..companies)
        .filter(|_| {
            let tables = tables(&company(&mut random, 300, 500.0));
            let (_, interval) = computed(&tables, "survival", options.clone(), &report).expect("an interval");
            interval.low <= truth && truth <= interval.high
        })
        .count();
    // With 400 companies the share is known to within two percentage points.
    let held = held as f64 / f64::from(companies);
    assert!((0.925..=0.98).contains(&held), "{held} of {truth}");
}
