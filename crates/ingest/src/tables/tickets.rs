//! Updates of tickets folded to tickets.

use std::collections::BTreeMap;

use crate::packed_column::MISSING;
use crate::schema::TableKind;
use crate::source::Source;
use crate::table::Table;

/// Gathers the updates of tickets and folds them, ticket by ticket, in the order of time.
///
/// The earliest opening and first response count, the first time it was solved and the last. Counts that the updates carry are so far: the
/// greatest counts. Seconds of work are summed. A label is that of the latest update that has one. What is not mapped is taken
/// from the states: a ticket is solved when its state first becomes one that means so, reopened each time it leaves such a
/// state, and resolved at the last time it came to one, if it is still there.
#[derive(Debug)]
pub(crate) struct TicketLog {
    columns: Vec<(String, Fold, Vec<i64>)>,
    tickets: Vec<i64>,
    times: Vec<i64>,
    /// What the state of each update means; nothing where it has none.
    states: Vec<Option<TicketState>>,
    /// By the number of a state, whether it means solved; filled in as states appear.
    has_status: bool,
    labels: Vec<String>,
}

/// What becomes of the values of a ticket's updates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fold {
    Least,
    Greatest,
    Sum,
    Latest,
}

const FOLDS: [(&str, Fold); 12] = [
    ("customer_id", Fold::Latest),
    ("opened_at", Fold::Least),
    ("first_response_at", Fold::Least),
    ("solved_at", Fold::Least),
    ("resolved_at", Fold::Greatest),
    ("reopened_count", Fold::Greatest),
    ("contacts", Fold::Greatest),
    ("handle_seconds", Fold::Sum),
    ("talk_seconds", Fold::Sum),
    ("hold_seconds", Fold::Sum),
    ("wrap_seconds", Fold::Sum),
    ("sla_due_at", Fold::Latest),
];

/// What a state of a ticket means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TicketState {
    Open,
    Solved,
    Cancelled,
}

/// What the states of a ticket say.
#[derive(Debug, Clone, Copy, Default)]
struct Course {
    solved: Option<i64>,
    resolved: Option<i64>,
    reopened: i64,
    closed: bool,
}

impl TicketLog {
    pub(crate) fn new(source: &Source) -> Self {
        let labels = source.label_names();
        let flag = [("sla_met", Fold::Least)];
        let folded = FOLDS.into_iter().chain(flag).filter(|(name, _)| source.maps(name));
        let folded = folded.map(|(name, fold)| (name.to_owned(), fold, Vec::new()));
        let kept = labels.iter().map(|name| (name.clone(), Fold::Latest, Vec::new()));
        Self {
            columns: folded.chain(kept).collect(),
            tickets: Vec::new(),
            times: Vec::new(),
            states: Vec::new(),
            has_status: source.maps("status"),
            labels,
        }
    }

    /// Adds updates; `values` gives the columns of the batch, `meaning` tells by the number of a state what it means.
    pub(crate) fn push<'a>(
        &mut self,
        rows: usize,
        values: impl Fn(&str) -> Option<&'a [i64]>,
        meaning: &[TicketState],
    ) {
        let take = |name: &str, out: &mut Vec<i64>| match values(name) {
            Some(values) => out.extend_from_slice(&values[..rows]),
            None => out.resize(out.len() + rows, MISSING),
        };
        take("ticket_id", &mut self.tickets);
        take("occurred_at", &mut self.times);
        for (name, _, column) in &mut self.columns {
            take(name, column);
        }
        let mut states = Vec::new();
        take("status", &mut states);
        self.states.extend(states.iter().map(|&state| meaning.get(usize::try_from(state).ok()?).copied()));
    }

    /// Gives the table of tickets, their number, and the number of updates of tickets that were cancelled in the end and are left out.
    pub(crate) fn finish(self) -> (Table, u64, u64) {
        let mut order: Vec<usize> = (0..self.tickets.len()).collect();
        order.sort_by_key(|&row| (self.tickets[row], self.times[row]));
        let always = ["opened_at", "updated_at"];
        let made: Vec<&str> = ["opened_at", "updated_at", "solved_at", "resolved_at", "reopened_count"]
            .into_iter()
            .filter(|name| always.contains(name) || self.has_status)
            .filter(|name| !self.columns.iter().any(|(own, ..)| own == name))
            .collect();
        let mut out: BTreeMap<String, Vec<i64>> = BTreeMap::new();
        let (mut tickets, mut left_out) = (0, 0);
        for updates in order.chunk_by(|a, b| self.tickets[*a] == self.tickets[*b]) {
            if updates.iter().rev().find_map(|&row| self.states[row]) == Some(TicketState::Cancelled) {
                left_out += updates.len() as u64;
                continue;
            }
            tickets += 1;
            for (name, fold, values) in &self.columns {
                let mut of_ticket = updates.iter().map(|&row| values[row]).filter(|value| *value != MISSING);
                let folded = match fold {
                    Fold::Least => of_ticket.min(),
                    Fold::Greatest => of_ticket.max(),
                    Fold::Sum => of_ticket.reduce(i64::saturating_add),
                    Fold::Latest => of_ticket.next_back(),
                };
                out.entry(name.clone()).or_default().push(folded.unwrap_or(MISSING));
            }
            let course = self.course(updates);
            for name in &made {
                let value = match *name {
                    "opened_at" => updates.first().map(|&row| self.times[row]),
                    "updated_at" => updates.last().map(|&row| self.times[row]),
                    "solved_at" => course.solved,
                    "resolved_at" => course.resolved,
                    _ => Some(course.reopened),
                };
                out.entry((*name).to_owned()).or_default().push(value.unwrap_or(MISSING));
            }
            put_in_order(&mut out, updates.first().map_or(MISSING, |&row| self.times[row]));
        }
        let columns: Vec<String> = out.keys().filter(|name| !self.labels.contains(name)).cloned().collect();
        let mut table = Table::new(TableKind::Tickets, columns, self.labels);
        table.push_chunk(tickets, |name| out.get(name).map_or(&[], Vec::as_slice));
        (table, tickets as u64, left_out)
    }

    fn course(&self, updates: &[usize]) -> Course {
        let mut course = Course::default();
        for &row in updates {
            match self.states[row] {
                Some(TicketState::Solved) if !course.closed => {
                    course.closed = true;
                    course.solved = course.solved.or(Some(self.times[row]));
                    course.resolved = Some(self.times[row]);
                }
                Some(TicketState::Open) if course.closed => {
                    course = Course { closed: false, resolved: None, reopened: course.reopened + 1, ..course };
                }
                _ => {}
            }
        }
        course
    }
}

/// Nothing of the ticket added last happens before it is opened, nor is it solved for the last time before the first. Updates tell only a part
/// each: what one of them dates earlier than another says the ticket was opened, came after the opening.
fn put_in_order(out: &mut BTreeMap<String, Vec<i64>>, first_update: i64) {
    let last = |out: &BTreeMap<String, Vec<i64>>, name: &str| {
        out.get(name).and_then(|column| column.last().copied()).filter(|at| *at != MISSING)
    };
    let later = ["first_response_at", "solved_at", "resolved_at"].map(|name| last(out, name));
    let opened = last(out, "opened_at").or(Some(first_update));
    let opened = opened.into_iter().chain(later.into_iter().flatten()).min().unwrap_or(MISSING);
    if let Some(own) = out.get_mut("opened_at").and_then(|column| column.last_mut()) {
        *own = opened;
    }
    let (solved, resolved) = (last(out, "solved_at"), last(out, "resolved_at"));
    if let (Some(solved), Some(resolved)) = (solved, resolved)
        && let Some(own) = out.get_mut("resolved_at").and_then(|column| column.last_mut())
    {
        *own = resolved.max(solved);
    }
}
