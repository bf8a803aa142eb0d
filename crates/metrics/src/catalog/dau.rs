//! Daily active customers.

use schemars::JsonSchema;
use serde::Deserialize;
use tallybook_ingest::TableKind;

use crate::calendar::Window;
use crate::estimate::{Estimate, Outcome, Undefined};
use crate::folds::actives::{ActiveCell, ActiveRule, Actives};
use crate::metric::{Area, Cell, Direction, Info, Measure, Metric, Need, OptionInfo, Requests, Results, Unit};
use crate::revenue::OrderValue;

pub(super) const INFO: Info = Info {
    id: "dau",
    title: "Daily active customers",
    area: Area::Engagement,
    unit: Unit::Number,
    good: Direction::Up,
    definition: "Distinct customers active on a day, as the mean over the days of the period.",
    formula: "sum over customers of the days on which they were active / days of the period",
    source: "Facebook (2012), Form S-1: daily active users; Croll & Yoskovitz (2013), Lean Analytics",
    interval: "t, with the variance of a compound Poisson sum: sum over customers of squared days / squared days of the period",
    traps: &[
        "days are days in the pipeline's zone: what is done after midnight belongs to the next one",
        "what happens to customers, such as a mail that is sent to them, makes nobody active: name the events that do",
        "counts customers with an identifier: one person with two is counted twice",
    ],
    options: &[ACTIVE_EVENTS],
    example: "{active_events: [login, search]}",
};

/// The option that says what makes a customer active.
pub(super) const ACTIVE_EVENTS: OptionInfo = OptionInfo {
    name: "active_events",
    default: "all",
    meaning: "names of the events that make a customer active; any event when left out",
};

/// Names of the events that make a customer active; any event where there are none.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(transparent)]
pub(super) struct ActiveEvents(Vec<String>);

impl ActiveEvents {
    /// Gives the rule. The order of the names and repetitions make no other one, so that metrics share what is counted.
    pub(super) fn rule(&self, goal: Option<&str>) -> ActiveRule {
        let mut events = self.0.clone();
        events.sort_unstable();
        events.dedup();
        ActiveRule { events, goal: goal.map(str::to_owned) }
    }

    /// Says in words what makes a customer active.
    pub(super) fn described(&self) -> String {
        match self.0.as_slice() {
            [] => "active by any event".to_owned(),
            events => format!("active by {}", events.join(" or ")),
        }
    }
}

/// Gives who was active in a window by a rule, both of which must have been asked for.
pub(super) fn active_in(
    results: &Results,
    rule: &ActiveRule,
    window: &Window,
    segment: usize,
) -> Result<ActiveCell, Undefined> {
    let found = results.fold::<Actives>(&rule.key()).and_then(|fold| fold.cell(window, segment));
    found.ok_or_else(|| Undefined::because("no events"))
}

/// Takes those who reached the goal as a share of those who were active.
pub(super) fn goal_share(active: &ActiveCell) -> Outcome {
    if active.days.n == 0 {
        return Err(Undefined::because("no active customers"));
    }
    Ok(Estimate::Proportion { k: active.goal, n: active.days.n })
}

/// Counts the days of a window.
pub(super) fn length(window: &Window) -> i64 {
    (window.to - window.from).num_days()
}

/// Customers active on a day.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Dau {
    /// Names of the events that make a customer active.
    #[serde(default)]
    active_events: ActiveEvents,
}

impl Metric for Dau {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn measures(&self) -> Vec<Measure> {
        vec![Measure::headline(Unit::Number)]
    }

    fn policy(&self, _: &OrderValue) -> String {
        self.active_events.described()
    }

    fn needs(&self) -> Vec<Need> {
        vec![Need::of(TableKind::Events, &[], &[])]
    }

    fn request(&self, requests: &mut Requests<'_>) {
        let wanted = requests.wanted;
        requests.actives(&self.active_events.rule(None), wanted.iter().map(|wanted| wanted.window));
    }

    fn outcome(&self, results: &Results, _measure: &str, cell: &Cell) -> Outcome {
        // Days before the data begin would count as days on which nobody came.
        results.covered_whole_by(TableKind::Events, &cell.window)?;
        let days = active_in(results, &self.active_events.rule(None), &cell.window, cell.segment)?.days;
        if days.n == 0 {
            return Err(Undefined::because("no active customers"));
        }
        let length = length(&cell.window) as f64;
        Ok(Estimate::Ratio {
            ratio: days.sum as f64 / length,
            variance: days.squares as f64 / (length * length),
            n: days.n,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_another_order_are_the_same_rule() {
        let named = |names: &[&str]| ActiveEvents(names.iter().map(|name| (*name).to_owned()).collect());
        let rule = |names| named(names).rule(Some("buy"));
        assert_eq!(rule(&["search", "buy", "search"]), rule(&["buy", "search"]));
        assert_eq!(rule(&[]), ActiveRule { events: Vec::new(), goal: Some("buy".to_owned()) });
    }
}
