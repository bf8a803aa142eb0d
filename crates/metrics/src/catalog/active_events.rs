//! What makes a customer active, and who was active in a window.

use schemars::JsonSchema;
use serde::Deserialize;
use tallybook_calendar::Window;
use tallybook_stats::{Estimate, Outcome, Undefined};

use crate::declare::OptionInfo;
use crate::folds::actives::{ActiveCell, ActiveRule, Actives};
use crate::metric::Results;

/// The option that says what makes a customer active.
pub(in crate::catalog) const ACTIVE_EVENTS: OptionInfo = OptionInfo {
    name: "active_events",
    default: "all",
    meaning: "names of the events that make a customer active; any event when left out",
};

/// Names of the events that make a customer active; any event where there are none.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(transparent)]
pub(in crate::catalog) struct ActiveEvents(Vec<String>);

impl ActiveEvents {
    /// Gives the rule. The order of the names and repetitions make no other one, so that metrics share what is counted.
    pub(in crate::catalog) fn rule(&self, goal: Option<&str>) -> ActiveRule {
        let mut events = self.0.clone();
        events.sort_unstable();
        events.dedup();
        ActiveRule { events, goal: goal.map(str::to_owned) }
    }

    /// Says in words what makes a customer active.
    pub(in crate::catalog) fn described(&self) -> String {
        match self.0.as_slice() {
            [] => "active by any event".to_owned(),
            events => format!("active by {}", events.join(" or ")),
        }
    }
}

/// Gives who was active in a window by a rule, both of which must have been asked for.
pub(in crate::catalog) fn active_in(
    results: &Results,
    rule: &ActiveRule,
    window: &Window,
    segment: usize,
) -> Result<ActiveCell, Undefined> {
    let found = results.fold::<Actives>(&rule.key()).and_then(|fold| fold.cell(window, segment));
    found.ok_or_else(|| Undefined::because("no events"))
}

/// Takes those who reached the goal as a share of those who were active.
pub(in crate::catalog) fn goal_share(active: &ActiveCell) -> Outcome {
    if active.days.n == 0 {
        return Err(Undefined::because("no active customers"));
    }
    Ok(Estimate::Proportion { k: active.goal, n: active.days.n })
}

/// Counts the days of a window.
pub(in crate::catalog) fn length(window: &Window) -> i64 {
    (window.to - window.from).num_days()
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
