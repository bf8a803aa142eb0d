//! What a customer is worth over what it costs to win one.

use schemars::JsonSchema;
use serde::Deserialize;

use super::cac::{ADS_KINDS, COST, Cost, LAG_DAYS, Outlay, Won, ads};
use crate::catalog::inactive_customers::request_pairs;
use crate::catalog::lifetime_value::{basis, by_formula, margin};
use crate::catalog::options::{DayCount, Fraction, days};
use crate::declare::{Area, Direction, Info, Measure, OptionInfo, Unit};
use crate::engine::order_value::OrderValue;
use crate::metric::{Cell, Metric, Need, Requests, Results};
use tallybook_stats::{Estimate, Outcome};

pub(in crate::catalog) const INFO: Info = Info {
    id: "ltv_cac",
    title: "LTV to CAC",
    area: Area::Acquisition,
    unit: Unit::Number,
    good: Direction::Up,
    definition: "Lifetime value of a customer by the textbook formula, for each unit of money that it cost to win one in the period.",
    formula: "(margin a customer and window / churn a window) / (acquisition cost / new customers)",
    source: "Skok (2013), \"SaaS Metrics 2.0\"; Gupta & Lehmann (2003), Journal of Interactive Marketing 17(1)",
    interval: "delta method: the relative variances of lifetime value and of the count of new customers add up",
    traps: &[
        "value and cost are of the same currency; without gross_margin value is revenue, and the ratio too good",
        "the value is that of customers of the last months, the cost that of customers won in the period",
        "the formula assumes that margin and churn stay as they are, for ever and for everyone",
        "a channel without cost has no ratio; its customers are in the blended figure",
        "a ratio says nothing of when the money comes back: see cac_payback",
    ],
    options: &[
        COST,
        ADS_KINDS,
        LAG_DAYS,
        OptionInfo {
            name: "gross_margin",
            default: "none",
            meaning: "share of revenue that is margin; without it revenue is taken",
        },
        OptionInfo {
            name: "before_days",
            default: "90",
            meaning: "window of the formula in which customers are active",
        },
        OptionInfo { name: "after_days", default: "90", meaning: "window in which churn is observed" },
    ],
    example: "{cost: ads, gross_margin: 0.6, after_days: 60}",
};

/// What a customer is worth over what it costs to win one.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::catalog) struct LtvCac {
    /// Which cost counts.
    #[serde(default)]
    cost: Cost,
    /// Values of `spend.kind` that are advertising.
    #[serde(default = "ads")]
    ads_kinds: Vec<String>,
    /// Days by which cost leads customers.
    #[serde(default, deserialize_with = "crate::catalog::options::days_of_a_year")]
    #[schemars(range(max = 366))]
    lag_days: u16,
    /// Share of revenue that is margin.
    #[serde(default)]
    gross_margin: Option<Fraction>,
    /// Window of the formula in which customers are active.
    #[serde(default = "ninety")]
    before_days: DayCount,
    /// Window in which churn is observed.
    #[serde(default = "ninety")]
    after_days: DayCount,
}

const fn ninety() -> DayCount {
    DayCount(90)
}

impl LtvCac {
    fn outlay(&self) -> Outlay<'_> {
        Outlay { cost: self.cost, ads_kinds: &self.ads_kinds, lag_days: self.lag_days }
    }
}

/// Divides a value a customer by the cost a customer.
///
/// # Formula
/// With q = value / cost and the count of customers won as Poisson, var(q) = var(value) / cost^2 + q^2 / count.
fn over_cost(value: Estimate, won: Won) -> Estimate {
    let Estimate::Ratio { ratio, variance, n } = value else { return value };
    let cost = won.amount as f64 / won.count as f64;
    let quotient = ratio / cost;
    let variance = variance / (cost * cost) + quotient * quotient / won.count as f64;
    Estimate::Ratio { ratio: quotient, variance, n: n.min(won.count) }
}

impl Metric for LtvCac {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn measures(&self) -> Vec<Measure> {
        vec![Measure::headline(Unit::Number)]
    }

    fn stands_alone(&self, _measure: &str) -> bool {
        false
    }

    fn policy(&self, value: &OrderValue) -> String {
        format!(
            "{}; {}; {}; active in {}, churn over the next {}",
            self.outlay().policy(),
            basis(self.gross_margin),
            value.describe(),
            days(self.before_days),
            days(self.after_days)
        )
    }

    fn needs(&self) -> Vec<Need> {
        vec![Need::orders(), self.outlay().need()]
    }

    fn request(&self, requests: &mut Requests<'_>) {
        self.outlay().request(requests);
        request_pairs(requests, self.before_days, self.after_days);
    }

    fn outcome(&self, results: &Results, _measure: &str, cell: &Cell) -> Outcome {
        let won = self.outlay().won(results, cell)?;
        let value = by_formula(results, cell, self.before_days, self.after_days, margin(self.gross_margin))?;
        Ok(over_cost(value, won))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variance_by_hand() {
        // Value 300 with a variance of 900, cost 2000 for 20 customers, 100 each: 3, and 900 / 100^2 + 9 / 20 = 0.09 + 0.45.
        let value = Estimate::Ratio { ratio: 300.0, variance: 900.0, n: 50 };
        let Estimate::Ratio { ratio, variance, n } = over_cost(value, Won { amount: 2000, count: 20 }) else {
            panic!("a ratio");
        };
        assert!((ratio - 3.0).abs() < 1e-12 && (variance - 0.54).abs() < 1e-12 && n == 20, "{ratio} {variance}");
    }
}
