//! The service desk: tickets about orders, answered in business hours, and a week in which it all gets too much.
//!
//! Times are what clocks in Berlin show, without an offset, as help desks export them.

use super::goals::{CARRIED, CARRIER, OUTAGE, OUTAGE_DAYS};
use super::random::Random;
use super::shop::Customer;
use super::{DAY, HOUR, export, start_of, whole, written};

/// Weekdays on which the desk is closed.
#[rustfmt::skip]
const HOLIDAYS: [&str; 19] = [
    "2024-12-24", "2024-12-25", "2024-12-26", "2025-01-01", "2025-04-18", "2025-04-21", "2025-05-01",
    "2025-05-29", "2025-06-09", "2025-10-03", "2025-12-24", "2025-12-25", "2025-12-26", "2026-01-01",
    "2026-04-03", "2026-04-06", "2026-05-01", "2026-05-14", "2026-05-25",
];
const OPENS: i64 = 9 * HOUR;
const CLOSES: i64 = 17 * HOUR;

const TOPICS: [(&str, f64); 5] =
    [("delivery", 0.34), ("product", 0.26), ("returns", 0.18), ("billing", 0.14), ("account", 0.08)];
const CHANNELS: [(&str, f64); 3] = [("email", 0.72), ("chat", 0.18), ("phone", 0.1)];
const PRIORITIES: [(&str, f64); 4] = [("low", 0.2), ("normal", 0.58), ("high", 0.17), ("urgent", 0.05)];

/// A ticket, as surveys need to know it.
pub(super) struct Ticket {
    /// Position of the customer.
    pub(super) customer: usize,
    /// When it was solved, if it was by the export.
    pub(super) solved: i64,
    /// Whether there is reason to complain: it took longer than agreed or several contacts, or everyone was busy.
    pub(super) troubled: bool,
}

/// Who asks what, and how.
struct Question {
    customer: usize,
    opened: i64,
    topic: &'static str,
    channel: &'static str,
    priority: &'static str,
}

/// Gives the table as CSV and, of the tickets that are solved, what became of them.
pub(super) fn tickets(customers: &[Customer]) -> (String, Vec<Ticket>) {
    let mut questions: Vec<Question> = customers.iter().enumerate().flat_map(|(at, own)| questions(at, own)).collect();
    questions.retain(|question| question.opened < export());
    questions.sort_by_key(|question| (question.opened, question.customer));
    let mut random = Random::new(0x7_1C4E);
    let hours = Hours::new();
    let mut solved = Vec::new();
    let mut text =
        "ticket_id,customer_id,country,opened_at,first_response_at,solved_at,resolved_at,reopened_count,contacts,\
                    handle_seconds,sla_due_at,status,priority,channel,topic\n"
            .to_owned();
    for (number, question) in questions.iter().enumerate() {
        let Customer { id, country, .. } = &customers[question.customer];
        let (cells, ticket) = answered(question, &hours, number % 400 == 250, &mut random);
        let row = format!("T{:05},{id},{country},{cells}\n", number + 1);
        text.push_str(&row);
        // The export says some tickets twice.
        if number % 500 == 300 {
            text.push_str(&row);
        }
        solved.extend(ticket);
    }
    (text, solved)
}

/// What a customer asks: after some orders, more where parcels come late, and most of all during the outage.
fn questions(at: usize, customer: &Customer) -> Vec<Question> {
    let mut random = Random::apart(2, at);
    let mut questions = Vec::new();
    let (carrier, outage) = (start_of(CARRIER), start_of(OUTAGE));
    let mut ask = |random: &mut Random, day: i64, topic, channel, priority| {
        let opened = moment(random, day, channel);
        questions.push(Question { customer: at, opened, topic, channel, priority });
    };
    for &order in &customer.orders {
        let day = order / DAY + 1 + whole(random.exponential() * 3.0);
        if random.chance(0.36) {
            let (topic, channel) = (random.pick(&TOPICS), random.pick(&CHANNELS));
            let priority = random.pick(&PRIORITIES);
            ask(&mut random, day, topic, channel, priority);
        }
        if order >= carrier && CARRIED.contains(&customer.country) && random.chance(0.2) {
            let channel = random.pick(&CHANNELS);
            ask(&mut random, day + 4, "delivery", channel, "normal");
        }
        if (outage - 12 * DAY..outage + DAY).contains(&order) && random.chance(0.2) {
            let day = outage / DAY + whole(random.unit() * OUTAGE_DAYS as f64);
            let channel = random.pick(&[("email", 0.86), ("chat", 0.1), ("phone", 0.04)]);
            ask(&mut random, day, "delivery", channel, "normal");
        }
    }
    questions
}

/// A time of a day at which people write; calls are made while someone is there.
fn moment(random: &mut Random, mut day: i64, channel: &str) -> i64 {
    // 1970 began on a Thursday.
    let weekend = |day: i64| (day + 3) % 7 > 4;
    let calls = channel == "phone";
    while weekend(day) && (calls || random.chance(0.4)) {
        day += 1;
    }
    let (from, hours) = if calls { (OPENS, 7.9) } else { (7 * HOUR, 15.5) };
    day * DAY + from + whole(f64::midpoint(random.unit(), random.unit()) * hours * HOUR as f64)
}

/// What became of a question: the cells of the row after the customer. The clock of one chat window is slow.
fn answered(question: &Question, hours: &Hours, slow: bool, random: &mut Random) -> (String, Option<Ticket>) {
    let Question { customer, opened, topic, channel, priority } = *question;
    let outage = start_of(OUTAGE);
    let busy = if (outage..outage + (OUTAGE_DAYS + 1) * DAY).contains(&opened) { 3.0 } else { 1.0 };
    let (wait, work, talk) = match channel {
        "phone" => (0.02, 0.4, 360.0),
        "chat" => (0.15 * busy, 0.8 * busy, 480.0),
        _ => (2.6 * busy, 4.5 * busy, 300.0),
    };
    let (haste, due) = match priority {
        "urgent" => (0.4, 6),
        "high" => (0.7, 12),
        "normal" => (1.0, 20),
        _ => (1.3, 32),
    };
    let spam = random.chance(0.012);
    let contacts = 1 + whole(random.exponential() * 0.72);
    let lasting = |random: &mut Random, hours: f64| whole(random.exponential() * hours * HOUR as f64);
    let answered = hours.add(opened, 60 + lasting(random, wait * haste));
    let solved = hours.add(answered, 120 + lasting(random, work * haste * contacts as f64));
    let reopened = random.chance(0.06);
    let resolved = if reopened { hours.add(solved, HOUR + lasting(random, 9.0)) } else { solved };
    let worked = whole(contacts as f64 * talk * (0.5 * random.normal()).exp());
    let due = hours.add(opened, due * HOUR);
    let response = if slow { opened - 90 } else { answered };

    let known = |moment: i64| !spam && moment < export();
    let cell = |moment: i64| if known(moment) { local(moment) } else { String::new() };
    let status = match (spam, known(answered), known(resolved)) {
        (true, ..) => "cancelled",
        (_, false, _) => "new",
        (_, _, false) => "open",
        _ if resolved + 7 * DAY < export() => "closed",
        _ => "solved",
    };
    let effort = if known(answered) { worked.to_string() } else { String::new() };
    let row = format!(
        "{},{},{},{},{},{contacts},{effort},{},{status},{priority},{channel},{topic}",
        local(opened),
        cell(response),
        cell(solved),
        cell(resolved),
        i32::from(reopened && known(solved)),
        local(due)
    );
    let ticket = Ticket { customer, solved, troubled: resolved > due || contacts > 2 || busy > 1.0 };
    (row, known(solved).then_some(ticket))
}

fn local(seconds: i64) -> String {
    written(seconds, "%Y-%m-%d %H:%M:%S")
}

/// The desk's opening hours: Monday to Friday, but for holidays.
struct Hours {
    holidays: [i64; HOLIDAYS.len()],
}

impl Hours {
    fn new() -> Self {
        Self { holidays: HOLIDAYS.map(|day| start_of(day) / DAY) }
    }

    /// The moment at which so many seconds of open time have passed.
    fn add(&self, from: i64, mut seconds: i64) -> i64 {
        let (mut day, mut time) = (from / DAY, (from % DAY).max(OPENS));
        loop {
            let open = (day + 3) % 7 <= 4 && !self.holidays.contains(&day);
            let left = if open { CLOSES - time } else { 0 };
            if seconds < left {
                return day * DAY + time + seconds;
            }
            seconds -= left.max(0);
            (day, time) = (day + 1, OPENS);
        }
    }
}
