//! What customers who are logged in do in the shop, since it is recorded: sessions with and without a purchase.

use std::fmt::Write as _;

use super::random::Random;
use super::shop::Customer;
use super::{DAY, export, stamp, start_of, whole};

/// The Monday on which recording began.
const BEGUN: &str = "2026-06-01";

/// A step of a session: moment, customer, name.
type Event = (i64, usize, &'static str);

/// Gives the table as CSV.
pub(super) fn events(customers: &[Customer]) -> String {
    let mut sessions: Vec<Vec<Event>> =
        customers.iter().enumerate().flat_map(|(at, customer)| sessions(at, customer)).collect();
    let (begun, end) = (start_of(BEGUN), export());
    sessions.retain(|session| session.first().is_some_and(|first| first.0 >= begun));
    sessions.sort();
    let mut rows: Vec<(Event, usize)> = sessions
        .into_iter()
        .enumerate()
        .flat_map(|(number, session)| session.into_iter().map(move |event| (event, number + 1)))
        .filter(|((at, ..), _)| *at < end)
        .collect();
    rows.sort_unstable();
    let mut text = "customer_id,occurred_at,name,session_id\n".to_owned();
    for (row, ((at, customer, name), session)) in rows.into_iter().enumerate() {
        // Some browsers keep nothing, and the customer is lost on the way.
        let id = if row % 600 == 500 { "" } else { &customers[customer].id };
        let _ = writeln!(text, "{id},{},{name},s{session}", stamp(at));
    }
    text
}

/// A customer's sessions: one before each order, and others in which nothing is bought until they lose interest.
fn sessions(at: usize, customer: &Customer) -> Vec<Vec<Event>> {
    let mut random = Random::apart(4, at);
    let mut sessions = Vec::new();
    let pause = |random: &mut Random, minutes: f64| 5 + whole(random.exponential() * minutes * 60.0);
    for &order in &customer.orders {
        let mut session = vec![(order, at, "purchase")];
        let mut before = order;
        let viewed = random.chance(0.1);
        let steps =
            [("checkout", true, 2.0), ("add_to_cart", true, 3.0), ("product_view", viewed, 3.0), ("visit", true, 1.0)];
        for (name, taken, minutes) in steps {
            before -= pause(&mut random, minutes);
            if taken {
                session.push((before, at, name));
            }
        }
        session.reverse();
        sessions.push(session);
    }
    let last = customer.orders.last().copied().unwrap_or(customer.signed_up) + 45 * DAY;
    let mut when = customer.signed_up;
    loop {
        when += whole(random.exponential() * 21.0 * DAY as f64);
        if when > last {
            return sessions;
        }
        let mut session = vec![(when, at, "visit")];
        let mut later = when;
        for (name, chance) in [("product_view", 0.5), ("add_to_cart", 0.45), ("checkout", 0.3)] {
            if !random.chance(chance) {
                break;
            }
            later += pause(&mut random, 3.0);
            session.push((later, at, name));
        }
        sessions.push(session);
    }
}
