//! Surveys: recommendation after deliveries, satisfaction and effort after tickets, effort after checkouts.

use std::fmt::Write as _;

use super::comments::comment;
use super::goals::{CARRIED, CARRIER};
use super::random::Random;
use super::shop::Customer;
use super::tickets::Ticket;
use super::{DAY, HOUR, export, start_of, whole, written};

/// A survey that was sent.
struct Survey {
    customer: usize,
    kind: &'static str,
    touchpoint: &'static str,
    sent: i64,
    /// How the customer takes it: 0 is usual, 1 a standard deviation better.
    mood: f64,
}

/// Gives the table as CSV.
pub(super) fn surveys(customers: &[Customer], tickets: &[Ticket]) -> String {
    // Some people are harder to please than others.
    let mut tempers: Vec<(Random, f64)> = (0..customers.len())
        .map(|at| {
            let mut random = Random::apart(3, at);
            let temper = random.normal();
            (random, temper)
        })
        .collect();
    let mut surveys = Vec::new();
    for (at, customer) in customers.iter().enumerate() {
        after_orders(at, customer, &mut tempers[at], &mut surveys);
    }
    for ticket in tickets {
        after_ticket(ticket, &mut tempers[ticket.customer], &mut surveys);
    }
    surveys.retain(|survey| survey.sent < export());
    surveys.sort_by_key(|survey| (survey.sent, survey.customer));
    let mut random = Random::new(0x5_0EE7);
    let mut text =
        "response_id,customer_id,country,kind,touchpoint,sent_at,submitted_at,score,comment,follow_up_required,\
                    followed_up_at\n"
            .to_owned();
    for (number, survey) in surveys.iter().enumerate() {
        let Survey { customer, kind, touchpoint, sent, .. } = *survey;
        let Customer { id, country, .. } = &customers[customer];
        let _ = write!(text, "R{:05},{id},{country},{kind},{touchpoint},{}", number + 1, minute(sent));
        text.push_str(&answer(survey, number % 300 == 200, &mut random).unwrap_or_else(|| ",,,,,\n".to_owned()));
    }
    text
}

/// Nobody is asked for a recommendation twice within five weeks.
fn after_orders(at: usize, customer: &Customer, (random, temper): &mut (Random, f64), surveys: &mut Vec<Survey>) {
    let carrier = start_of(CARRIER);
    let mut asked = 0;
    for &order in &customer.orders {
        let late = order >= carrier && CARRIED.contains(&customer.country);
        let mood = (0.6 * *temper + 0.8 * random.normal()) - if late { 1.6 } else { 0.0 };
        let sent = order + 6 * DAY + whole(random.unit() * 12.0 * HOUR as f64);
        if sent > asked + 35 * DAY && random.chance(0.8) {
            asked = sent;
            surveys.push(Survey { customer: at, kind: "nps", touchpoint: "delivery", sent, mood });
        }
        if random.chance(0.12) {
            let mood = 0.4 * *temper + 0.9 * random.normal();
            surveys.push(Survey { customer: at, kind: "ces", touchpoint: "checkout", sent: order + 600, mood });
        }
    }
}

fn after_ticket(ticket: &Ticket, (random, temper): &mut (Random, f64), surveys: &mut Vec<Survey>) {
    let mood = 0.5 * *temper + 0.85 * random.normal() - if ticket.troubled { 1.2 } else { 0.0 };
    let kind = random.pick(&[("csat", 0.85), ("ces", 0.1), ("", 0.05)]);
    if !kind.is_empty() {
        let sent = ticket.solved + 2 * HOUR;
        surveys.push(Survey { customer: ticket.customer, kind, touchpoint: "support", sent, mood });
    }
}

/// The cells of an answer, if there is one; now and then a form lets a wrong one through.
fn answer(survey: &Survey, wrong: bool, random: &mut Random) -> Option<String> {
    let Survey { kind, touchpoint, sent, mood, .. } = *survey;
    let rate = if kind == "nps" { 0.44 } else { 0.48 };
    let submitted = sent + 300 + whole(random.exponential() * 16.0 * HOUR as f64);
    if !random.chance(rate) || submitted >= export() {
        return None;
    }
    let (usual, spread, least, greatest) = match kind {
        "nps" => (9.25, 1.9, 0, 10),
        "csat" => (4.95, 0.95, 1, 5),
        _ => (5.9, 1.2, 1, 7),
    };
    let score = whole((usual + spread * mood).max(0.0)).clamp(least, greatest);
    let unhappy = match kind {
        "nps" => score <= 6,
        _ => score <= 2,
    };
    let back = submitted + HOUR + whole(random.exponential() * 26.0 * HOUR as f64);
    let followed = unhappy && random.chance(0.93) && back < export();
    let said = if random.chance(0.3) { comment(mood, touchpoint, random) } else { "" };
    // A key too many, a code for «no answer».
    let entered = match (wrong, kind) {
        (true, "nps") => 11,
        (true, _) => 99,
        _ => score,
    };
    Some(format!(
        ",{},{entered},{},{},{}\n",
        minute(submitted),
        quoted(said),
        if unhappy { "yes" } else { "no" },
        if followed { minute(back) } else { String::new() }
    ))
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

/// A moment as clocks in Berlin show it.
fn minute(seconds: i64) -> String {
    written(seconds, "%Y-%m-%d %H:%M")
}
