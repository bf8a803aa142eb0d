//! Engagement rate.

use schemars::JsonSchema;
use serde::Deserialize;
use tallybook_ingest::TableKind;

use crate::catalog::active_events::{ACTIVE_EVENTS, ActiveEvents, active_in, goal_share};
use crate::declare::{Area, Direction, Info, Measure, OptionInfo, Unit};
use crate::engine::order_value::OrderValue;
use crate::folds::actives::ActiveRule;
use crate::metric::{Cell, Metric, Need, Requests, Results};
use tallybook_stats::Outcome;

pub(in crate::catalog) const INFO: Info = Info {
    id: "engagement_rate",
    title: "Engagement rate",
    area: Area::Engagement,
    unit: Unit::Share,
    good: Direction::Up,
    definition: "The share of the customers active in the period who did what counts as engaged in it.",
    formula: "active customers with the goal event in the period / customers active in the period",
    source: "Rodden, Hutchinson & Fu (2010), CHI 2010, 2395-2398 (HEART: engagement)",
    interval: "Wilson",
    traps: &[
        "of customers: elsewhere an engagement rate is often of sessions or of views",
        "who did the goal and nothing that makes active is in neither number",
        "longer periods give more time to do it: a month's rate is not a week's",
    ],
    options: &[
        OptionInfo {
            name: "goal",
            default: "none",
            meaning: "name of the event that counts as engaged; must be given",
        },
        ACTIVE_EVENTS,
    ],
    example: "{goal: purchase}",
};

/// The share of active customers who did the goal event.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::catalog) struct EngagementRate {
    /// Name of the event that counts as engaged.
    goal: String,
    /// Names of the events that make a customer active.
    #[serde(default)]
    active_events: ActiveEvents,
}

impl EngagementRate {
    fn rule(&self) -> ActiveRule {
        self.active_events.rule(Some(&self.goal))
    }
}

impl Metric for EngagementRate {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn measures(&self) -> Vec<Measure> {
        vec![Measure::headline(Unit::Share)]
    }

    fn policy(&self, _: &OrderValue) -> String {
        format!("engaged by {}, of customers {}", self.goal, self.active_events.described())
    }

    fn needs(&self) -> Vec<Need> {
        vec![Need::of(TableKind::Events, &[], &[])]
    }

    fn request(&self, requests: &mut Requests<'_>) {
        let wanted = requests.wanted;
        requests.actives(&self.rule(), wanted.iter().map(|wanted| wanted.window));
    }

    fn outcome(&self, results: &Results, _measure: &str, cell: &Cell) -> Outcome {
        results.event(&self.goal)?;
        goal_share(&active_in(results, &self.rule(), &cell.window, cell.segment)?)
    }
}
