//! Sessions: events brought together by session.

use std::collections::{BTreeSet, HashMap};

use tallybook_ingest::{MISSING, Tables};

use crate::engine::segments::Segments;
use tallybook_calendar::Window;

/// The most goals that a run may ask of sessions.
pub const MAX_GOALS: usize = 64;

/// The sessions of a run, by their beginning, with the goals that were reached in each.
#[derive(Debug)]
pub struct Sessions {
    goals: Vec<String>,
    by_start: Vec<Session>,
    /// Segments of the customers with a session.
    segments: HashMap<u32, Vec<usize>>,
    width: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Session {
    start: i64,
    customer: u32,
    /// A bit for each goal.
    reached: u64,
}

/// Sessions of a window and segment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reached {
    /// How many began in it.
    pub sessions: u64,
    /// In how many of them the goal was reached.
    pub reached: u64,
}

impl Sessions {
    /// Gathers the sessions; nothing where events have none. A session belongs to the moment of its first event and to the customer of it.
    pub(crate) fn new(tables: &Tables, segments: &Segments, goals: &BTreeSet<String>) -> Option<Self> {
        let table = tables.events.as_ref()?;
        let (key, time) = table.column("session_id").zip(table.column("occurred_at"))?;
        let (owner, names) = table.column("customer_id").zip(table.labels("name"))?;
        let goals: Vec<String> = goals.iter().take(MAX_GOALS).cloned().collect();
        let bit = |name: &String| goals.iter().position(|goal| goal == name).map_or(0, |at| 1_u64 << at);
        let bits: Vec<u64> = names.dictionary.iter().map(bit).collect();
        let mut numbers: HashMap<i64, usize> = HashMap::new();
        let mut sessions: Vec<Session> = Vec::new();
        let [mut keys, mut times, mut owners, mut codes] = [const { Vec::new() }; 4];
        for chunk in 0..table.chunk_count() {
            key.decode(chunk, &mut keys);
            time.decode(chunk, &mut times);
            owner.decode(chunk, &mut owners);
            names.codes.decode(chunk, &mut codes);
            for row in (0..keys.len()).filter(|&row| keys[row] != MISSING) {
                let customer = u32::try_from(owners[row]).unwrap_or(u32::MAX);
                let own = Session {
                    start: times[row],
                    customer,
                    reached: usize::try_from(codes[row]).ok().and_then(|code| bits.get(code).copied()).unwrap_or(0),
                };
                if let Some(&number) = numbers.get(&keys[row]) {
                    sessions[number].add(own);
                } else {
                    numbers.insert(keys[row], sessions.len());
                    sessions.push(own);
                }
            }
        }
        sessions.sort_unstable();
        let mut by_customer = HashMap::new();
        for session in &sessions {
            by_customer.entry(session.customer).or_insert_with(|| {
                let mut own = Vec::new();
                if (session.customer as usize) < tables.customers.len() {
                    segments.of_customer(session.customer, &mut own);
                }
                own
            });
        }
        Some(Self { goals, by_start: sessions, segments: by_customer, width: segments.count() })
    }

    /// Counts the sessions that began in a window, and those in which a goal was reached, by segment.
    pub fn reached(&self, window: &Window, goal: &str) -> Vec<Reached> {
        let mut out = vec![Reached::default(); self.width];
        let bit = self.goals.iter().position(|own| own == goal).map_or(0, |at| 1_u64 << at);
        let first = self.by_start.partition_point(|session| session.start < window.start);
        for session in self.by_start[first..].iter().take_while(|session| session.start < window.end) {
            for &segment in self.segments.get(&session.customer).into_iter().flatten() {
                out[segment].sessions += 1;
                out[segment].reached += u64::from(session.reached & bit != 0);
            }
        }
        out
    }
}

impl Session {
    fn add(&mut self, other: Self) {
        if other.start < self.start {
            (self.start, self.customer) = (other.start, other.customer);
        }
        self.reached |= other.reached;
    }
}
