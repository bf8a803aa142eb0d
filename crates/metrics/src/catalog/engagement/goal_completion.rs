//! Goal completion.

use schemars::JsonSchema;
use serde::Deserialize;
use tallybook_ingest::TableKind;

use crate::catalog::active_events::active_in;
use crate::declare::{Area, Direction, Info, Measure, OptionInfo, Unit};
use crate::engine::order_value::OrderValue;
use crate::folds::actives::ActiveRule;
use crate::metric::{Cell, Metric, Need, Requests, Results};
use tallybook_stats::{Estimate, Outcome, Undefined};

pub(in crate::catalog) const INFO: Info = Info {
    id: "goal_completion",
    title: "Goal completion",
    area: Area::Engagement,
    unit: Unit::Share,
    good: Direction::Up,
    definition: "The share of the sessions that began in the period (or of the customers active in it) in which the goal was reached.",
    formula: "sessions with the goal event / sessions; or customers with it / customers with any event",
    source: "Rodden, Hutchinson & Fu (2010), CHI 2010, 2395-2398 (HEART: task success); Farris et al. (2010), Marketing Metrics, ch. 9",
    interval: "Wilson",
    traps: &[
        "a session belongs to the period in which it began, with all that was done in it, also after the period's end",
        "a goal reached twice in a session is reached once",
        "events without a session are in neither number",
        "sessions of one customer are alike: where few customers have many, the interval is too narrow",
    ],
    options: &[
        OptionInfo { name: "goal", default: "none", meaning: "name of the event that is the goal; must be given" },
        OptionInfo {
            name: "per",
            default: "session",
            meaning: "`session`, or `customer`: who did anything in the period, and the goal in it",
        },
    ],
    example: "{goal: purchase}",
};

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Per {
    /// Sessions that began in the period.
    #[default]
    Session,
    /// Customers active in the period.
    Customer,
}

/// The share of sessions or customers that reached a goal.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::catalog) struct GoalCompletion {
    /// Name of the event that is the goal.
    goal: String,
    /// What is counted.
    #[serde(default)]
    per: Per,
}

const REACHED: &str = "reached";

impl GoalCompletion {
    fn rule(&self) -> ActiveRule {
        ActiveRule { events: Vec::new(), goal: Some(self.goal.clone()) }
    }

    /// Counts those that reached the goal, and all.
    fn counts(&self, results: &Results, cell: &Cell) -> Result<(u64, u64), Undefined> {
        match self.per {
            Per::Session => {
                let sessions = results.sessions().ok_or_else(|| Undefined::because("no sessions"))?;
                let key = format!("sessions {:?} {}", cell.window, self.goal);
                let reached = results.remember(key, || sessions.reached(&cell.window, &self.goal));
                let own = reached.get(cell.segment).copied().unwrap_or_default();
                Ok((own.reached, own.sessions))
            }
            Per::Customer => {
                let active = active_in(results, &self.rule(), &cell.window, cell.segment)?;
                Ok((active.goal, active.days.n))
            }
        }
    }
}

impl Metric for GoalCompletion {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn measures(&self) -> Vec<Measure> {
        let suffix = match self.per {
            Per::Session => "sessions that reached it",
            Per::Customer => "customers who reached it",
        };
        vec![Measure::headline(Unit::Share), Measure { key: REACHED, suffix, unit: Unit::Count }]
    }

    fn policy(&self, _: &OrderValue) -> String {
        match self.per {
            Per::Session => format!("{}, of sessions that began in the period", self.goal),
            Per::Customer => format!("{}, of customers with any event in the period", self.goal),
        }
    }

    fn needs(&self) -> Vec<Need> {
        let columns: &[&str] = match self.per {
            Per::Session => &["session_id"],
            Per::Customer => &[],
        };
        vec![Need::of(TableKind::Events, columns, &[])]
    }

    fn request(&self, requests: &mut Requests<'_>) {
        match self.per {
            Per::Session => requests.sessions(&self.goal),
            Per::Customer => {
                let wanted = requests.wanted;
                requests.actives(&self.rule(), wanted.iter().map(|wanted| wanted.window));
            }
        }
    }

    fn accumulates(&self, measure: &str) -> bool {
        // A customer who reaches it in two weeks is one customer of the month.
        measure == REACHED && self.per == Per::Session
    }

    fn outcome(&self, results: &Results, measure: &str, cell: &Cell) -> Outcome {
        results.event(&self.goal)?;
        let (k, n) = self.counts(results, cell)?;
        if measure == REACHED {
            return Ok(Estimate::Count(k));
        }
        match (n, self.per) {
            (0, Per::Session) => Err(Undefined::because("no sessions began in the period")),
            (0, Per::Customer) => Err(Undefined::because("no active customers")),
            _ => Ok(Estimate::Proportion { k, n }),
        }
    }
}
