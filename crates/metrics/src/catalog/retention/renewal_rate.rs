//! Renewals of contracts with a term.

use schemars::JsonSchema;
use serde::Deserialize;
use tallybook_ingest::TableKind;

use crate::declare::{Area, Direction, Info, Measure, OptionInfo, Unit};
use crate::engine::order_value::OrderValue;
use crate::metric::{Cell, Metric, Need, Requests, Results};
use crate::result::counted;
use crate::subscriptions::Renewed;
use tallybook_stats::{Estimate, Outcome, Undefined};

pub(in crate::catalog) const INFO: Info = Info {
    id: "renewal_rate",
    title: "Renewal rate",
    area: Area::Retention,
    unit: Unit::Share,
    good: Direction::Up,
    definition: "The share of the contracts whose term ended in the period that were renewed.",
    formula: "contracts renewed / contracts up for renewal; by value: sum(min(revenue that goes on, revenue up for renewal)) / sum(revenue up for renewal)",
    source: "Farris et al. (2010), Marketing Metrics, ch. 5: customers retained over customers at risk",
    interval: "Wilson, by value with the number of contracts of equal size that would be as precise",
    traps: &[
        "contracts are counted, not customers: a customer may have several",
        "an early renewal counts when the first term would have ended, and a contract cancelled early too",
        "a contract of several years is up for renewal when they are over, not each year",
        "a table whose term_ends_at is overwritten at each renewal forgets the terms that were renewed: keep a row a term",
        "another subscription begun during the term, whose own term ends later, cannot be told from an early renewal",
        "contracts without a term are not up for renewal: see churn_rate",
    ],
    options: &[OptionInfo {
        name: "grace_days",
        default: "0",
        meaning: "days after the end of the term within which a renewal may follow",
    }],
    example: "{grace_days: 14}",
};

const BY_VALUE: &str = "by_value";
const UP: &str = "up";
const PENDING: &str = "pending";

/// Renewals of contracts with a term.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::catalog) struct RenewalRate {
    /// Days after the end of the term within which a renewal may follow.
    #[serde(default, deserialize_with = "crate::catalog::options::days_of_a_year")]
    #[schemars(range(max = 366))]
    grace_days: u16,
}

impl RenewalRate {
    fn renewed(&self, results: &Results, cell: &Cell) -> Result<Renewed, Undefined> {
        let contracts = results.contracts().ok_or_else(|| Undefined::because("no subscription that is paid for"))?;
        let key = format!("renewals {} {:?}", self.grace_days, cell.window);
        let as_of = results.as_of(TableKind::Subscriptions);
        let renewed = results.remember(key, || contracts.renewals(&cell.window, u32::from(self.grace_days), as_of));
        Ok(renewed.get(cell.segment).copied().unwrap_or_default())
    }
}

impl Metric for RenewalRate {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn measures(&self) -> Vec<Measure> {
        let mut measures = vec![
            Measure::headline(Unit::Share),
            Measure { key: BY_VALUE, suffix: "by value", unit: Unit::Share },
            Measure { key: UP, suffix: "contracts up for renewal", unit: Unit::Count },
        ];
        if self.grace_days > 0 {
            measures.push(Measure { key: PENDING, suffix: "contracts in their days of grace", unit: Unit::Count });
        }
        measures
    }

    fn good(&self, measure: &str) -> Direction {
        if [UP, PENDING].contains(&measure) { Direction::Neither } else { INFO.good }
    }

    fn accumulates(&self, measure: &str) -> bool {
        measure == UP
    }

    fn policy(&self, _: &OrderValue) -> String {
        match self.grace_days {
            0 => "contracts, as they stand when their term ends".to_owned(),
            days => format!("contracts, as they stand {} after their term ends", counted(f64::from(days), "day")),
        }
    }

    fn needs(&self) -> Vec<Need> {
        vec![Need::of(TableKind::Subscriptions, &["mrr", "term_ends_at"], &["ended_at", "trial_ended_at"])]
    }

    fn is_settled(&self, measure: &str) -> bool {
        measure != "pending"
    }

    fn request(&self, requests: &mut Requests<'_>) {
        requests.contracts();
    }

    fn outcome(&self, results: &Results, measure: &str, cell: &Cell) -> Outcome {
        let renewed = self.renewed(results, cell)?;
        match measure {
            UP => return Ok(Estimate::Count(renewed.up)),
            PENDING => return Ok(Estimate::Count(renewed.pending)),
            _ => {}
        }
        let none = "no contract was up for renewal";
        if renewed.up == 0 && renewed.pending > 0 {
            return Err(Undefined::Immature("the days of grace are not over for any contract".to_owned()));
        }
        if renewed.up == 0 {
            return Err(Undefined::because(none));
        }
        if measure == BY_VALUE {
            return renewed.value.share(none);
        }
        Ok(Estimate::Proportion { k: renewed.renewed, n: renewed.up })
    }
}
