//! The web shop: customers, their orders, and what it cost to win them.
//!
//! Purchases follow a BG/NBD process (Poisson while alive, a coin after each purchase), spending a log-normal; customers, seasons and costs
//! grow over the two years.

use std::fmt::Write as _;

use super::random::Random;
use super::{DAY, DAYS, export, money, stamp, whole};

const CHANNELS: [(&str, f64); 6] = [
    ("organic", 0.24),
    ("paid_search", 0.22),
    ("paid_social", 0.22),
    ("email", 0.12),
    ("referral", 0.08),
    ("direct", 0.12),
];
const COUNTRIES: [(&str, f64); 5] = [("DE", 0.46), ("AT", 0.14), ("CH", 0.12), ("FR", 0.16), ("NL", 0.12)];

/// A customer, as the other tables need to know them.
pub(super) struct Customer {
    pub(super) id: String,
    pub(super) signed_up: i64,
    pub(super) country: &'static str,
    /// When they ordered, in order of time.
    pub(super) orders: Vec<i64>,
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

/// The shop's tables, as CSV, and its customers.
pub(super) struct Shop {
    pub(super) customers_csv: String,
    pub(super) orders_csv: String,
    pub(super) spend_csv: String,
    pub(super) customers: Vec<Customer>,
}

impl Shop {
    pub(super) fn new(customers: u32) -> Self {
        let mut shop = Self {
            customers_csv: "customer_id,signed_up_at,channel,country\n".to_owned(),
            orders_csv: "order_id,customer_id,ordered_at,amount,discount,refund_amount,refunded_at,status,channel\n"
                .to_owned(),
            spend_csv: "spent_on,channel,kind,amount\n".to_owned(),
            customers: Vec::new(),
        };
        let end = export();
        let begin = end - DAYS * DAY;
        let mut orders = Vec::new();
        for number in 0..customers {
            shop.customer(number, begin, end, &mut orders);
        }
        shop.write_orders(orders);
        shop.write_spend(customers, begin);
        shop
    }

    /// One customer's life: sign-up and orders.
    fn customer(&mut self, number: u32, begin: i64, end: i64, orders: &mut Vec<Order>) {
        let mut random = Random::new(u64::from(number) + 1);
        let id = format!("C{:05}", number + 1);
        // More customers are won in the second year than in the first.
        let signed_up = begin + whole((end - begin - DAY) as f64 * random.unit().powf(0.8));
        let (channel, country) = (random.pick(&CHANNELS), random.pick(&COUNTRIES));
        let _ = writeln!(self.customers_csv, "{id},{},{channel},{country}", stamp(signed_up));
        let mut customer = Customer { id, signed_up, country, orders: Vec::new() };
        let mut at = signed_up + whole(random.exponential() * 0.6 * DAY as f64);
        let rate = (0.35 + 0.5 * random.exponential()) / 30.0;
        let leave = 0.06 + 0.28 * random.unit() * random.unit();
        let level = (3.6 + 0.45 * random.normal()).exp();
        while at < end && customer.orders.len() < 200 {
            customer.orders.push(at);
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
                customer: customer.id.clone(),
                gross,
                discount,
                refund: refunded.filter(|(_, when)| *when < end),
                cancelled: random.chance(0.015),
                channel: through,
            });
            pass_over(&mut random, at, end);
            if random.chance(leave) {
                break;
            }
            let season = if (300..358).contains(&((at / DAY) % 365)) { 1.6 } else { 1.0 };
            at += whole(random.exponential() / (rate * season) * DAY as f64) + 600;
        }
        self.customers.push(customer);
    }

    /// Writes the orders by time, with a little of the dirt that exports have.
    fn write_orders(&mut self, mut orders: Vec<Order>) {
        orders.sort_by(|a, b| (a.at, &a.customer).cmp(&(b.at, &b.customer)));
        let mut random = Random::new(0xD1A7);
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
            self.orders_csv.push_str(&row);
            if random.chance(0.002) {
                self.orders_csv.push_str(&row);
            }
        }
    }

    fn write_spend(&mut self, customers: u32, begin: i64) {
        let mut random = Random::new(0x5BED);
        let daily = f64::from(customers) / DAYS as f64;
        for day in 0..DAYS {
            let date = stamp(begin + day * DAY);
            let grown = 0.7 + 0.6 * day as f64 / DAYS as f64;
            for (channel, cost) in [("paid_search", 38.0), ("paid_social", 47.0), ("email", 4.0), ("referral", 14.0)] {
                let share = CHANNELS.iter().find(|(name, _)| *name == channel).map_or(0.0, |(_, share)| *share);
                let amount = whole(daily * share * cost * grown * (0.2 * random.normal()).exp() * 100.0);
                let _ = writeln!(self.spend_csv, "{},{channel},ads,{}", &date[..10], money(amount));
            }
            if day % 7 == 0 {
                let _ = writeln!(self.spend_csv, "{},,tools,{}", &date[..10], money(whole(daily * 7.0 * 90.0)));
            }
        }
    }
}

/// Passes over the numbers that stand between two orders of a customer and that nothing is made of.
///
/// Tests and documents quote figures of these orders, which would be others if the numbers were used otherwise.
fn pass_over(random: &mut Random, at: i64, end: i64) {
    if random.chance(0.12) {
        let later = at + whole(random.exponential() * 3.0 * DAY as f64);
        let more = if later < end { 5 } else { 2 };
        for _ in 0..more {
            random.next();
        }
    }
    if random.chance(0.08) {
        for _ in 0..3 {
            random.next();
        }
    }
    for _ in 0..3 {
        if random.chance(0.3) {
            random.next();
        }
    }
}
