//! `tallybook demo`: a synthetic company with two years of data and a little dirt, and its pipeline.
//!
//! The company is a pure function of the number of customers. Purchases follow a BG/NBD process (Poisson while alive, a coin after each
//! purchase), spending a log-normal; customers, seasons and costs grow over the two years. All random numbers come from one small
//! generator, so that the files do not change from one version to the next.

use std::fmt::Write as _;
use std::path::Path;

use chrono::{DateTime, NaiveDate};

use super::{print, write_new};
use crate::error::CliError;
use crate::plan::shown;

/// The pipeline of the demo company.
const PIPELINE: &str = include_str!("../../../../pipelines/weekly-kpis.yaml");

/// The Monday on which the demo company's data were exported.
const EXPORTED: &str = "2026-11-16";
/// Days of data.
const DAYS: i64 = 728;
const DAY: i64 = 86_400;

/// Writes the company and, unless told otherwise, runs its pipeline.
pub(super) fn demo(folder: &Path, customers: u32, no_run: bool) -> Result<(), CliError> {
    let pipeline = folder.join("pipelines/weekly-kpis.yaml");
    if pipeline.exists() {
        let message = format!("{} is there already", shown(&pipeline));
        return Err(CliError::could_not_run(message).hint("name another folder"));
    }
    for (name, text) in Company::new(customers).files() {
        write_new(&folder.join("pipelines/demo-data").join(name), text.as_bytes(), false)?;
    }
    write_new(&pipeline, PIPELINE.as_bytes(), false)?;
    if no_run {
        return print(&format!("{}\n", shown(&pipeline)));
    }
    let when = crate::args::When { as_of: Some(EXPORTED.to_owned()), ..Default::default() };
    super::run(&pipeline, &crate::plan::Overrides { when, ..Default::default() }, 0, false)
}

/// The `SplitMix64` generator (Steele, Lea & Flood, 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number in 0 <= x < 1.
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    fn exponential(&mut self) -> f64 {
        -(1.0 - self.unit()).ln()
    }

    /// Standard normal, by the sum of twelve uniforms: close enough for a demo.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }

    fn pick<'a>(&mut self, weighted: &[(&'a str, f64)]) -> &'a str {
        let mut at = self.unit() * weighted.iter().map(|(_, weight)| weight).sum::<f64>();
        for (name, weight) in weighted {
            at -= weight;
            if at < 0.0 {
                return name;
            }
        }
        weighted[0].0
    }
}

const CHANNELS: [(&str, f64); 6] = [
    ("organic", 0.24),
    ("paid_search", 0.22),
    ("paid_social", 0.22),
    ("email", 0.12),
    ("referral", 0.08),
    ("direct", 0.12),
];
const COUNTRIES: [(&str, f64); 5] = [("DE", 0.46), ("AT", 0.14), ("CH", 0.12), ("FR", 0.16), ("NL", 0.12)];

/// The tables of the demo company, as CSV.
struct Company {
    customers: String,
    orders: String,
    spend: String,
    subscriptions: String,
    tickets: String,
    surveys: String,
    events: String,
}

impl Company {
    fn new(customers: u32) -> Self {
        let mut company = Self {
            customers: "customer_id,signed_up_at,channel,country\n".to_owned(),
            orders: String::new(),
            spend: "spent_on,channel,kind,amount\n".to_owned(),
            subscriptions: "subscription_id,customer_id,started_at,ended_at,plan,mrr\n".to_owned(),
            tickets: "ticket_id,customer_id,opened_at,first_response_at,solved_at,reopened_count,contacts,channel\n"
                .to_owned(),
            surveys: "response_id,customer_id,submitted_at,kind,score\n".to_owned(),
            events: "customer_id,occurred_at,name\n".to_owned(),
        };
        let end = start_of(EXPORTED);
        let begin = end - DAYS * DAY;
        let mut orders = Vec::new();
        for number in 0..customers {
            company.customer(number, begin, end, &mut orders);
        }
        company.write_orders(orders);
        company.write_spend(customers, begin);
        company
    }

    fn files(&self) -> [(&'static str, &str); 7] {
        [
            ("customers.csv", &self.customers),
            ("orders.csv", &self.orders),
            ("spend.csv", &self.spend),
            ("subscriptions.csv", &self.subscriptions),
            ("tickets.csv", &self.tickets),
            ("surveys.csv", &self.surveys),
            ("events.csv", &self.events),
        ]
    }

    /// One customer's life: sign-up, orders, and what they leave in the other tables.
    fn customer(&mut self, number: u32, begin: i64, end: i64, orders: &mut Vec<Order>) {
        let mut random = Random(u64::from(number) + 1);
        let id = format!("C{:05}", number + 1);
        // More customers are won in the second year than in the first.
        let signed_up = begin + whole((end - begin - DAY) as f64 * random.unit().powf(0.8));
        let (channel, country) = (random.pick(&CHANNELS), random.pick(&COUNTRIES));
        let _ = writeln!(self.customers, "{id},{},{channel},{country}", stamp(signed_up));
        let mut at = signed_up + whole(random.exponential() * 0.6 * DAY as f64);
        let rate = (0.35 + 0.5 * random.exponential()) / 30.0;
        let leave = 0.06 + 0.28 * random.unit() * random.unit();
        let level = (3.6 + 0.45 * random.normal()).exp();
        let mut bought = 0;
        while at < end && bought < 200 {
            bought += 1;
            let gross = whole((level * (0.35 * random.normal()).exp()).max(3.0) * 100.0);
            let discount =
                if random.chance(0.25) { gross * [5, 10, 15, 20][(random.next() % 4) as usize] / 100 } else { 0 };
            let refunded = if random.chance(0.04) {
                Some((gross - discount, at + whole(random.exponential() * 6.0 * DAY as f64)))
            } else {
                None
            };
            let through = if random.chance(0.6) { channel } else { random.pick(&CHANNELS) };
            orders.push(Order {
                at,
                customer: id.clone(),
                gross,
                discount,
                refund: refunded.filter(|(_, when)| *when < end),
                cancelled: random.chance(0.015),
                channel: through,
            });
            self.after_order(&mut random, &id, at, end, orders.len());
            if random.chance(leave) {
                break;
            }
            let season = if (300..358).contains(&((at / DAY) % 365)) { 1.6 } else { 1.0 };
            at += whole(random.exponential() / (rate * season) * DAY as f64) + 600;
        }
        if random.chance(0.12) {
            let (plan, price) = [("basic", 900), ("plus", 1900), ("pro", 4900)][(random.next() % 3) as usize];
            let stop = signed_up + whole(random.exponential() * 260.0 * DAY as f64);
            let ended = if stop < end { stamp(stop) } else { String::new() };
            let _ = writeln!(
                self.subscriptions,
                "S{:05},{id},{},{ended},{plan},{}",
                number + 1,
                stamp(signed_up),
                money(price)
            );
        }
    }

    fn after_order(&mut self, random: &mut Random, id: &str, at: i64, end: i64, order: usize) {
        if random.chance(0.12) {
            let opened = at + whole(random.exponential() * 3.0 * DAY as f64);
            let answered = opened + whole(random.exponential() * 5.0 * 3600.0) + 120;
            let solved = answered + whole(random.exponential() * 20.0 * 3600.0);
            let text = |moment: i64| if moment < end { stamp(moment) } else { String::new() };
            if opened < end {
                let contacts = 1 + whole(random.exponential() * 0.7);
                let reopened = u32::from(random.chance(0.05));
                let through = random.pick(&[("email", 0.6), ("chat", 0.3), ("phone", 0.1)]);
                let _ = writeln!(
                    self.tickets,
                    "T{order:06},{id},{},{},{},{reopened},{contacts},{through}",
                    stamp(opened),
                    text(answered),
                    text(solved)
                );
            }
        }
        if random.chance(0.08) {
            let when = at + whole(random.exponential() * 5.0 * DAY as f64);
            let score = if random.chance(0.55) { 9 + random.next() % 2 } else { random.next() % 9 };
            if when < end {
                let _ = writeln!(self.surveys, "R{order:06},{id},{},nps,{score}", stamp(when));
            }
        }
        for name in ["visit", "view", "cart"] {
            if random.chance(0.3) {
                let _ = writeln!(self.events, "{id},{},{name}", stamp(at - whole(random.exponential() * 1800.0)));
            }
        }
    }

    /// Writes the orders by time, with a little of the dirt that exports have.
    fn write_orders(&mut self, mut orders: Vec<Order>) {
        orders.sort_by(|a, b| (a.at, &a.customer).cmp(&(b.at, &b.customer)));
        let mut random = Random(0xD1A7);
        let text = &mut self.orders;
        text.push_str("order_id,customer_id,ordered_at,amount,discount,refund_amount,refunded_at,status,channel\n");
        for (number, order) in orders.iter().enumerate() {
            let customer = if random.chance(0.0008) { "" } else { &order.customer };
            let amount = if random.chance(0.0005) { "n/a".to_owned() } else { money(order.gross) };
            let (refund, refunded_at) =
                order.refund.map_or((String::new(), String::new()), |(sum, at)| (money(sum), stamp(at)));
            let status = if order.cancelled { "cancelled" } else { "paid" };
            let row = format!(
                "O{:06},{customer},{},{amount},{},{refund},{refunded_at},{status},{}\n",
                number + 1,
                stamp(order.at),
                if order.discount == 0 { String::new() } else { money(order.discount) },
                order.channel
            );
            text.push_str(&row);
            if random.chance(0.002) {
                text.push_str(&row);
            }
        }
    }

    fn write_spend(&mut self, customers: u32, begin: i64) {
        let mut random = Random(0x5BED);
        let daily = f64::from(customers) / DAYS as f64;
        for day in 0..DAYS {
            let date = stamp(begin + day * DAY);
            let grown = 0.7 + 0.6 * day as f64 / DAYS as f64;
            for (channel, cost) in [("paid_search", 38.0), ("paid_social", 47.0), ("email", 4.0), ("referral", 14.0)] {
                let share = CHANNELS.iter().find(|(name, _)| *name == channel).map_or(0.0, |(_, share)| *share);
                let amount = whole(daily * share * cost * grown * (0.2 * random.normal()).exp() * 100.0);
                let _ = writeln!(self.spend, "{},{channel},ads,{}", &date[..10], money(amount));
            }
            if day % 7 == 0 {
                let _ = writeln!(self.spend, "{},,tools,{}", &date[..10], money(whole(daily * 7.0 * 90.0)));
            }
        }
    }
}

struct Order {
    at: i64,
    customer: String,
    gross: i64,
    discount: i64,
    refund: Option<(i64, i64)>,
    cancelled: bool,
    channel: &'static str,
}

/// Cuts off the fraction.
#[allow(clippy::cast_possible_truncation, reason = "a cast saturates, and nothing here comes near the ends")]
fn whole(value: f64) -> i64 {
    value as i64
}

fn start_of(day: &str) -> i64 {
    day.parse::<NaiveDate>().map_or(0, |day| i64::from(day.to_epoch_days()) * DAY)
}

fn stamp(seconds: i64) -> String {
    DateTime::from_timestamp(seconds, 0).map(|time| time.format("%Y-%m-%dT%H:%M:%SZ").to_string()).unwrap_or_default()
}

fn money(cents: i64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}
