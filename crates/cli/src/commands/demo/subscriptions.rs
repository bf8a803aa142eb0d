//! Subscriptions to the company's planner: trials, monthly contracts and terms, seats that come and go, and a price change.

use chrono::{DateTime, Months};

use super::goals::PRICES;
use super::random::Random;
use super::shop::Customer;
use super::{DAY, export, money, start_of, whole, written};

const TRIAL_DAYS: i64 = 14;

/// The plans, with the price of a seat a month before and after the change, in cents.
const PLANS: [(&str, i64, i64); 3] = [("basic", 900, 900), ("plus", 1900, 2100), ("pro", 4900, 5500)];

/// A row a price: of one subscription all with the same trial.
struct PriceRow {
    started: i64,
    ended: Option<i64>,
    plan: usize,
    mrr: i64,
    term: Option<i64>,
}

/// Gives the table as CSV, by beginning.
pub(super) fn subscriptions(customers: &[Customer]) -> String {
    let mut lines: Vec<(i64, String)> = Vec::new();
    for (at, customer) in customers.iter().enumerate() {
        let mut random = Random::apart(1, at);
        if !random.chance(0.72) {
            continue;
        }
        // Begins and ends are days.
        let begun = (customer.signed_up / DAY + whole(random.exponential() * 40.0)) * DAY;
        let (trial, paid) = if random.chance(0.12) { (None, begun) } else { (Some(begun), begun + TRIAL_DAYS * DAY) };
        for row in contract(&mut random, trial, paid).iter().filter(|row| row.started < export()) {
            let moment = |at: Option<i64>| at.map(day).unwrap_or_default();
            let line = format!(
                "S{:05},{},{},{},{},{},{},{},{}\n",
                at + 1,
                customer.id,
                day(row.started),
                moment(row.ended.filter(|&ended| ended < export())),
                moment(trial),
                moment(trial.map(|_| paid)),
                moment(row.term),
                PLANS[row.plan].0,
                money(row.mrr)
            );
            lines.push((row.started, line));
        }
    }
    lines.sort();
    let head =
        "subscription_id,customer_id,started_at,ended_at,trial_started_at,trial_ended_at,term_ends_at,plan,mrr\n";
    lines.into_iter().fold(head.to_owned(), |text, (_, line)| text + &line)
}

/// The rows of one subscription, which may begin with a trial and is paid for from a day on.
#[allow(clippy::too_many_lines, reason = "one life, told in the order of its random draws, which must not change")]
fn contract(random: &mut Random, trial: Option<i64>, paid: i64) -> Vec<PriceRow> {
    let mut plan = random.pick(&[(0, 0.45), (1, 0.38), (2, 0.17)]);
    let mut seats = 1 + whole(random.exponential() * 1.3);
    // Months from one decision to the next: some pay by the month, others are bound for a term.
    let bound = random.pick(&[(1, 0.4), (3, 0.42), (12, 0.18)]);
    let price = |plan: usize, seats: i64, at: i64| {
        let (_, before, after) = PLANS[plan];
        let list = seats * if at < start_of(PRICES) { before } else { after };
        if bound == 12 { list * 9 / 10 } else { list }
    };
    let term = |from: i64| (bound > 1).then(|| months_after(from, bound));
    let first =
        PriceRow { started: trial.unwrap_or(paid), ended: None, plan, mrr: price(plan, seats, paid), term: term(paid) };
    let mut rows = vec![first];
    if trial.is_some() && !random.chance(0.54) {
        rows[0].ended = Some(paid);
        rows[0].term = None;
        return rows;
    }
    // Most would stay for years, and a few are about to leave.
    let restless = 0.006 + 0.3 * random.unit().powi(8);
    let change = |rows: &mut Vec<PriceRow>, at: i64, plan: usize, mrr: i64, term: Option<i64>| {
        if let Some(last) = rows.last_mut() {
            last.ended = Some(at);
        }
        rows.push(PriceRow { started: at, ended: None, plan, mrr, term });
    };
    let mut from = paid;
    for month in 1.. {
        let at = months_after(paid, month);
        if at >= export() {
            break;
        }
        let mrr = rows.last().map_or(0, |last| last.mrr);
        let decides = month % bound == 0;
        // Contracts by the month get the new prices at once, others when they are renewed.
        let raised = start_of(PRICES);
        if bound == 1 && (from..at).contains(&raised) && price(plan, seats, raised) != mrr {
            change(&mut rows, raised, plan, price(plan, seats, raised), None);
        }
        from = at;
        let dearer = plan > 0 && (raised..raised + 60 * DAY).contains(&at);
        let leaves = restless * f64::from(bound).sqrt() * 1.4 * if dearer { 9.0 } else { 1.0 };
        if decides && random.chance(leaves) {
            if let Some(last) = rows.last_mut() {
                last.ended = Some(at);
            }
            if random.chance(0.12) {
                let back = at + 40 * DAY + whole(random.unit() * 60.0) * DAY;
                rows.push(PriceRow {
                    started: back,
                    ended: None,
                    plan,
                    mrr: price(plan, seats, back),
                    term: term(back),
                });
            }
            break;
        }
        let moved = random.pick(&[(0, 0.93), (1, 0.035), (2, 0.015), (-1, 0.02)]);
        seats = (seats + moved).max(1);
        if plan < 2 && random.chance(0.01) {
            plan += 1;
        }
        let until = if decides { term(at) } else { rows.last().and_then(|last| last.term) };
        // Within a term prices stay as they are agreed, unless something is bought.
        let due = price(plan, seats, at);
        let bought = rows.last().is_some_and(|last| last.plan != plan) || moved != 0;
        if (decides && (bound > 1 || due != mrr)) || (bought && due != mrr) {
            change(&mut rows, at, plan, due, until);
        }
    }
    rows
}

fn months_after(moment: i64, months: u32) -> i64 {
    let later = |time: DateTime<chrono::Utc>| time.checked_add_months(Months::new(months));
    DateTime::from_timestamp(moment, 0).and_then(later).map_or(moment, |time| time.timestamp())
}

fn day(moment: i64) -> String {
    written(moment, "%Y-%m-%d")
}
