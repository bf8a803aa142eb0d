//! Conversion rate.

use schemars::JsonSchema;
use serde::Deserialize;
use tallybook_ingest::TableKind;

use crate::catalog::active_events::active_in;
use crate::catalog::options::{DayCount, days};
use crate::declare::{Area, Direction, Info, Measure, OptionInfo, Unit};
use crate::engine::order_value::OrderValue;
use crate::folds::actives::ActiveRule;
use crate::folds::funnel::{Funnel, FunnelStep, Steps};
use crate::metric::{Cell, Metric, Need, Requests, Results};
use tallybook_stats::{Estimate, Outcome, Undefined};

pub(in crate::catalog) const INFO: Info = Info {
    id: "conversion_rate",
    title: "Conversion rate",
    area: Area::Acquisition,
    unit: Unit::Share,
    good: Direction::Up,
    definition: "The share of the customers whose first step lies in the period who took the second in time, of those whose time is over; by period, of those who took the first in it, who took the second in it too.",
    formula: "customers with the second step within N x 24 hours of their first / customers with the first step in the period whose N days are over",
    source: "McClure (2007), \"Startup Metrics for Pirates\"; cohorts as in Croll & Yoskovitz (2013), Lean Analytics",
    interval: "Wilson",
    traps: &[
        "who took the first step lately may still take the second: until their days are over they do not count, and are shown apart",
        "the first step is the customer's first ever in the data: near their beginning, what was done before is not known",
        "a second step taken before the first is none; by period the order is not looked at",
        "by period, who takes the steps in neighbouring periods never converts: it is lower the shorter the period",
        "a sign-up is in `customers`, and counts also where nothing was ever done",
    ],
    options: &[
        OptionInfo {
            name: "of",
            default: "none",
            meaning: "the first step: name of an event, or `signed_up` for the customer's sign-up; must be given",
        },
        OptionInfo { name: "to", default: "none", meaning: "the second step: name of an event; must be given" },
        OptionInfo {
            name: "within_days",
            default: "30",
            meaning: "days in which the second step must follow on the first; for `cohort` only",
        },
        OptionInfo {
            name: "basis",
            default: "cohort",
            meaning: "`cohort` (by the first step, once the days are over) or `period` (both steps in the period, in either order)",
        },
    ],
    example: "{of: trial_started, to: subscribed, within_days: 14}",
};

/// Which customers a figure is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Basis {
    /// Those whose first step lies in the period, once their days are over.
    #[default]
    Cohort,
    /// Those who took the first step in the period, and whether they took the second in it.
    Period,
}

/// From one step to another.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::catalog) struct ConversionRate {
    /// The first step: name of an event, or `signed_up`.
    of: String,
    /// The second step: name of an event.
    to: String,
    /// Days in which the second step must follow on the first.
    #[serde(default)]
    within_days: Option<DayCount>,
    /// Which customers the figure is about.
    #[serde(default)]
    basis: Basis,
}

const PENDING: &str = "pending";

/// What stands for the sign-up among steps.
const SIGNED_UP: &str = "signed_up";

impl ConversionRate {
    fn within(&self) -> DayCount {
        self.within_days.unwrap_or(DayCount(30))
    }

    fn by_sign_up(&self) -> bool {
        self.of == SIGNED_UP
    }

    fn steps(&self) -> Steps {
        let from = if self.by_sign_up() { FunnelStep::SignUp } else { FunnelStep::Event(self.of.clone()) };
        Steps { from, to: FunnelStep::Event(self.to.clone()), within_days: self.within().0 }
    }

    fn rule(&self) -> ActiveRule {
        ActiveRule { events: vec![self.of.clone()], goal: Some(self.to.clone()) }
    }

    fn of_cohort(&self, results: &Results, measure: &str, cell: &Cell) -> Outcome {
        let found = results.fold::<Funnel>(&self.steps().key()).zip(results.timeline.find(&cell.window));
        let (funnel, window) = found.ok_or_else(|| Undefined::because("no events"))?;
        let steps = funnel.over(window, cell.segment);
        if measure == PENDING {
            return Ok(Estimate::Count(steps.entered - steps.mature));
        }
        match (steps.entered, steps.mature) {
            (0, _) if self.by_sign_up() => Err(Undefined::because("no customers signed up in the period")),
            (0, _) => Err(Undefined::because(format!("no customers with their first {} in the period", self.of))),
            (_, 0) => {
                let wait = format!("no customer has had their {} since {} yet", days(self.within()), self.of);
                Err(Undefined::Immature(wait))
            }
            (_, mature) => Ok(Estimate::Proportion { k: steps.passed, n: mature }),
        }
    }

    fn of_period(&self, results: &Results, cell: &Cell) -> Outcome {
        let active = active_in(results, &self.rule(), &cell.window, cell.segment)?;
        if active.days.n == 0 {
            return Err(Undefined::because(format!("no customers with {} in the period", self.of)));
        }
        Ok(Estimate::Proportion { k: active.goal, n: active.days.n })
    }
}

impl Metric for ConversionRate {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn measures(&self) -> Vec<Measure> {
        let pending = Measure { key: PENDING, suffix: "first step taken, too early to tell", unit: Unit::Count };
        match self.basis {
            Basis::Cohort => vec![Measure::headline(Unit::Share), pending],
            Basis::Period => vec![Measure::headline(Unit::Share)],
        }
    }

    fn good(&self, measure: &str) -> Direction {
        if measure == PENDING { Direction::Neither } else { INFO.good }
    }

    fn policy(&self, _: &OrderValue) -> String {
        let Self { of, to, .. } = self;
        match self.basis {
            Basis::Cohort => {
                let by = if self.by_sign_up() { "sign-up".to_owned() } else { format!("first {of}") };
                format!("{of} to {to} within {} of it, by {by}", days(self.within()))
            }
            Basis::Period => format!("customers with {of} in the period who also had {to} in it, before or after"),
        }
    }

    fn needs(&self) -> Vec<Need> {
        // Events come first: they say how far the figures reach.
        let mut needs = vec![Need::of(TableKind::Events, &[], &[])];
        if self.by_sign_up() {
            needs.push(Need::of(TableKind::Customers, &["signed_up_at"], &[]));
        }
        needs
    }

    fn contradiction(&self) -> Option<&'static str> {
        if self.of == self.to {
            return Some("`of` and `to` are the same step");
        }
        match self.basis {
            Basis::Period if self.by_sign_up() => {
                Some("`basis: period` is of events: `of: signed_up` needs `basis: cohort`")
            }
            Basis::Period if self.within_days.is_some() => Some("`within_days` is for `basis: cohort`"),
            _ => None,
        }
    }

    fn is_settled(&self, measure: &str) -> bool {
        measure != "pending"
    }

    fn request(&self, requests: &mut Requests<'_>) {
        match self.basis {
            Basis::Cohort => requests.funnel(&self.steps()),
            Basis::Period => {
                let wanted = requests.wanted;
                requests.actives(&self.rule(), wanted.iter().map(|wanted| wanted.window));
            }
        }
    }

    fn outcome(&self, results: &Results, measure: &str, cell: &Cell) -> Outcome {
        results.event(&self.to)?;
        match self.basis {
            Basis::Cohort => self.of_cohort(results, measure, cell),
            Basis::Period => self.of_period(results, cell),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(options: &str) -> Result<ConversionRate, serde_json::Error> {
        serde_json::from_str(options)
    }

    #[test]
    fn options_that_do_not_go_together() {
        for (options, contradiction) in [
            (r#"{"of": "visit", "to": "buy"}"#, None),
            (r#"{"of": "signed_up", "to": "buy", "within_days": 7}"#, None),
            (r#"{"of": "visit", "to": "buy", "basis": "period"}"#, None),
            (r#"{"of": "buy", "to": "buy"}"#, Some("`of` and `to` are the same step")),
            (
                r#"{"of": "signed_up", "to": "buy", "basis": "period"}"#,
                Some("`basis: period` is of events: `of: signed_up` needs `basis: cohort`"),
            ),
            (
                r#"{"of": "visit", "to": "buy", "basis": "period", "within_days": 7}"#,
                Some("`within_days` is for `basis: cohort`"),
            ),
        ] {
            assert_eq!(read(options).expect(options).contradiction(), contradiction, "{options}");
        }
        let error = read(r#"{"of": "visit"}"#).expect_err("no second step").to_string();
        assert!(error.starts_with("missing field `to`"), "{error}");
    }

    #[test]
    fn a_sign_up_is_read_from_customers() {
        let metric = read(r#"{"of": "signed_up", "to": "buy"}"#).expect("options");
        let tables: Vec<TableKind> = metric.needs().iter().map(|need| need.table).collect();
        assert_eq!(tables, [TableKind::Events, TableKind::Customers]);
        let expected = Steps { from: FunnelStep::SignUp, to: FunnelStep::Event("buy".to_owned()), within_days: 30 };
        assert_eq!(metric.steps(), expected);
    }
}
