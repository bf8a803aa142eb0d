//! Trials that became paid.

use schemars::JsonSchema;
use serde::Deserialize;
use tallybook_ingest::TableKind;

use crate::catalog::options::{DayCount, days};
use crate::declare::{Area, Direction, Info, Measure, OptionInfo, Unit};
use crate::engine::order_value::OrderValue;
use crate::metric::{Cell, Metric, Need, Requests, Results};
use crate::subscriptions::Trials;
use tallybook_stats::{Estimate, Outcome, Undefined};

pub(in crate::catalog) const INFO: Info = Info {
    id: "trial_to_paid",
    title: "Trial to paid",
    area: Area::Acquisition,
    unit: Unit::Share,
    good: Direction::Up,
    definition: "The share of the trials begun in the period that were paid for by some days after their end.",
    formula: "trials begun in the period and paid for in time / trials begun in it whose time is over",
    source: "ChartMogul help, articles 115000865205 (trial-to-paid conversion rate) and 213441685 (within a number of days)",
    interval: "Wilson",
    traps: &[
        "trials count by the period in which they began, not by that in which they were paid for",
        "a trial counts when its days are over, even if it was paid for before: to count those at once would leave out the others",
        "a subscription that ends with its trial was never paid for",
        "what the customer paid for before the trial began is another subscription",
        "how far the table reaches is known by its latest start: without new subscriptions trials stay pending",
    ],
    options: &[
        OptionInfo {
            name: "when_known",
            default: "false",
            meaning: "count a trial in the period in which its time is over, rather than in the one in which it began",
        },
        OptionInfo {
            name: "within_days",
            default: "30",
            meaning: "days after the end of the trial in which it may be paid for",
        },
    ],
    example: "{within_days: 14}",
};

const PENDING: &str = "pending";
const TRIALS: &str = "trials";

/// Trials that became paid.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::catalog) struct TrialToPaid {
    /// Count a trial in the period in which its time is over.
    #[serde(default)]
    when_known: bool,
    /// Days after the end of the trial in which it may be paid for.
    #[serde(default = "thirty")]
    within_days: DayCount,
}

const fn thirty() -> DayCount {
    DayCount(30)
}

impl TrialToPaid {
    fn trials(&self, results: &Results, cell: &Cell) -> Result<Trials, Undefined> {
        let contracts = results.contracts().ok_or_else(|| Undefined::because("no subscription that is paid for"))?;
        let key = format!("trials {} {} {:?}", self.when_known, self.within_days.0, cell.window);
        let as_of = results.as_of(TableKind::Subscriptions);
        let trials =
            results.remember(key, || contracts.trials(&cell.window, self.within_days.0, as_of, self.when_known));
        Ok(trials.get(cell.segment).copied().unwrap_or_default())
    }
}

impl Metric for TrialToPaid {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn measures(&self) -> Vec<Measure> {
        let trials = if self.when_known { "trials whose time is over" } else { "trials begun" };
        let mut measures = vec![Measure::headline(Unit::Share)];
        if !self.when_known {
            measures.push(Measure { key: PENDING, suffix: "trials whose time is not over", unit: Unit::Count });
        }
        measures.push(Measure { key: TRIALS, suffix: trials, unit: Unit::Count });
        measures
    }

    fn good(&self, measure: &str) -> Direction {
        if measure == PENDING { Direction::Neither } else { INFO.good }
    }

    fn accumulates(&self, measure: &str) -> bool {
        measure == TRIALS
    }

    fn policy(&self, _: &OrderValue) -> String {
        let by = if self.when_known { "when its time is over" } else { "when it began" };
        format!("a trial counts {by}; paid for within {} of its end", days(self.within_days))
    }

    fn needs(&self) -> Vec<Need> {
        vec![Need::of(TableKind::Subscriptions, &["mrr", "trial_started_at", "trial_ended_at"], &["ended_at"])]
    }

    fn is_settled(&self, measure: &str) -> bool {
        measure != "pending"
    }

    fn request(&self, requests: &mut Requests<'_>) {
        requests.contracts();
    }

    fn outcome(&self, results: &Results, measure: &str, cell: &Cell) -> Outcome {
        let trials = self.trials(results, cell)?;
        match measure {
            PENDING => return Ok(Estimate::Count(trials.pending)),
            TRIALS => return Ok(Estimate::Count(trials.mature + trials.pending)),
            _ => {}
        }
        if trials.mature > 0 {
            return Ok(Estimate::Proportion { k: trials.paid, n: trials.mature });
        }
        Err(match trials.pending {
            0 if self.when_known => Undefined::because("for no trial was the time over in the period"),
            0 => Undefined::because("no trial began in the period"),
            _ => Undefined::Immature(format!("no trial is over by {} yet", days(self.within_days))),
        })
    }
}
