//! Months until customers have paid back what it cost to win them.

use schemars::JsonSchema;
use serde::Deserialize;
use tallybook_ingest::TableKind;

use super::cac::{ADS_KINDS, COST, Cost, LAG_DAYS, Outlay, Won, ads};
use crate::catalog::lifetime_value::{basis, margin};
use crate::catalog::options::Fraction;
use crate::declare::{Area, Direction, Info, Measure, OptionInfo, Unit};
use crate::engine::order_value::OrderValue;
use crate::folds::payback::{MONTH, Payback};
use crate::metric::{Cell, Metric, Need, Requests, Results};
use crate::result::counted;
use tallybook_calendar::Window;
use tallybook_stats::{Estimate, Outcome, Undefined};

pub(in crate::catalog) const INFO: Info = Info {
    id: "cac_payback",
    title: "CAC payback",
    area: Area::Acquisition,
    unit: Unit::Months,
    good: Direction::Down,
    definition: "Months after the first order until the customers won in the period had brought as much margin as it cost to win them; beside it a projection from what customers bring today.",
    formula: "the age at which cumulative margin of the customers won in the period = their acquisition cost; projected: cac / (monthly revenue per active customer x gross margin)",
    source: "Skok (2013), \"SaaS Metrics 2.0\": months to recover CAC",
    interval: "none: the moment at which one sum passes another",
    traps: &[
        "the projection divides by revenue x margin: cac / revenue x margin is another number",
        "an age counts once every customer of the period has reached it, so a young period is not over",
        "first orders that bring the whole cost pay it back in 0 months, whatever is given back later",
        "the projection takes today's active customers for those won: who orders once and never again makes it too short",
        "without gross_margin the figures are revenue, which pays back sooner",
        "a month is 30.4375 days of each customer's own life",
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
            name: "max_months",
            default: "36",
            meaning: "months after the first order that are looked at, 1 to 120",
        },
    ],
    example: "{gross_margin: 0.6, max_months: 24}",
};

const PROJECTED: &str = "projected";
const RECOVERED: &str = "recovered";

/// Days of the window that a projection takes revenue from.
const RECENT_DAYS: u32 = 90;

/// Days of a month.
const MONTH_DAYS: f64 = 30.4375;

/// Months until customers have paid back what it cost to win them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::catalog) struct CacPayback {
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
    /// Months after the first order that are looked at.
    #[serde(default = "three_years")]
    #[schemars(range(min = 1, max = 120))]
    max_months: u16,
}

const fn three_years() -> u16 {
    36
}

impl CacPayback {
    fn outlay(&self) -> Outlay<'_> {
        Outlay { cost: self.cost, ads_kinds: &self.ads_kinds, lag_days: self.lag_days }
    }

    /// Gives the margin that the customers of a period have brought by each age that all of them have reached.
    fn brought(&self, results: &Results, cell: &Cell) -> Result<Vec<f64>, Undefined> {
        let fold = results.fold::<Payback>(&Payback::key(self.max_months));
        let window = results.timeline.find(&cell.window);
        let (fold, window) = fold.zip(window).ok_or_else(|| Undefined::because("no orders"))?;
        let over = months_over(&cell.window, results.as_of(TableKind::Orders));
        let margin = margin(self.gross_margin);
        let sums = fold.brought(window, cell.segment).into_iter().take(over + 1);
        Ok(sums.map(|sum| margin * sum as f64).collect())
    }

    fn actual(&self, results: &Results, measure: &str, cell: &Cell, won: Won) -> Outcome {
        let brought = self.brought(results, cell)?;
        let cost = won.amount as f64;
        let recovered = brought.last().map_or(0.0, |sum| sum / cost);
        if measure == RECOVERED {
            return Ok(Estimate::Bare { value: recovered, n: won.count });
        }
        if let Some(value) = months_until(&brought, cost) {
            return Ok(Estimate::Bare { value, n: won.count });
        }
        let over = brought.len().saturating_sub(1);
        let back = format!("{:.1}% of the cost is back", 100.0 * recovered);
        Err(match over {
            0 => Undefined::Immature(format!("not paid back by first orders, and no month is over: {back}")),
            _ if over < usize::from(self.max_months) => {
                Undefined::Immature(format!("not paid back after {}: {back}", counted(over as f64, "month")))
            }
            _ => Undefined::because(format!("not paid back within {}: {back}", counted(over as f64, "month"))),
        })
    }

    fn projected(&self, results: &Results, cell: &Cell, won: Won) -> Outcome {
        let recent = results.calendar.days_up_to(cell.window.to, RECENT_DAYS);
        results.covered_whole(&recent)?;
        let active = results.activity(&recent, cell.segment).revenue;
        if active.n == 0 || active.sum <= 0 {
            return Err(Undefined::because("no revenue in the 90 days that end with the period"));
        }
        let monthly = active.sum as f64 / active.n as f64 * MONTH_DAYS / f64::from(RECENT_DAYS);
        let cost = won.amount as f64 / won.count as f64;
        Ok(Estimate::Bare { value: cost / (monthly * margin(self.gross_margin)), n: won.count.min(active.n) })
    }
}

/// Counts the months after their first order that all customers of a window have lived, by a moment.
fn months_over(window: &Window, as_of: i64) -> usize {
    // The last of them came a second before the window's end.
    usize::try_from((as_of.saturating_sub(window.end - 1)) / MONTH).unwrap_or(0)
}

/// Finds when sums by age reach a cost, as if they grew evenly within the month in which they do.
fn months_until(brought: &[f64], cost: f64) -> Option<f64> {
    let reached = brought.iter().position(|&sum| sum >= cost)?;
    let Some(before) = reached.checked_sub(1) else { return Some(0.0) };
    let (from, to) = (brought[before], brought[reached]);
    Some(before as f64 + (cost - from) / (to - from))
}

impl Metric for CacPayback {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn measures(&self) -> Vec<Measure> {
        vec![
            Measure::headline(Unit::Months),
            Measure { key: PROJECTED, suffix: "projected", unit: Unit::Months },
            Measure { key: RECOVERED, suffix: "share of the cost that is back", unit: Unit::Share },
        ]
    }

    fn good(&self, measure: &str) -> Direction {
        if measure == RECOVERED { Direction::Up } else { INFO.good }
    }

    fn stands_alone(&self, _measure: &str) -> bool {
        false
    }

    fn policy(&self, value: &OrderValue) -> String {
        format!(
            "{}; {}; {}; up to {} after the first order",
            self.outlay().policy(),
            basis(self.gross_margin),
            value.describe(),
            counted(f64::from(self.max_months), "month")
        )
    }

    fn needs(&self) -> Vec<Need> {
        vec![Need::orders(), self.outlay().need()]
    }

    fn contradiction(&self) -> Option<&'static str> {
        (!(1..=120).contains(&self.max_months)).then_some("`max_months` must be between 1 and 120")
    }

    fn request(&self, requests: &mut Requests<'_>) {
        self.outlay().request(requests);
        requests.activity();
        for wanted in requests.wanted {
            let recent = requests.window(requests.calendar.days_up_to(wanted.window.to, RECENT_DAYS));
            requests.activity.insert(recent);
        }
        let months = self.max_months;
        requests.fold(&Payback::key(months), move |context| {
            Box::new(Payback::new(&context.timeline, months, context.segments))
        });
    }

    fn outcome(&self, results: &Results, measure: &str, cell: &Cell) -> Outcome {
        let won = self.outlay().won(results, cell)?;
        if measure == PROJECTED {
            return self.projected(results, cell, won);
        }
        self.actual(results, measure, cell, won)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_by_hand() {
        // 30 at once, 50 after a month, 50 after two, 90 after three: 70 is back half-way through the third month.
        let brought = [30.0, 50.0, 50.0, 90.0];
        assert_eq!(months_until(&brought, 70.0), Some(2.5));
        assert_eq!(months_until(&brought, 50.0), Some(1.0));
        assert_eq!(months_until(&brought, 30.0), Some(0.0));
        assert_eq!(months_until(&brought, 91.0), None);
        assert_eq!(months_until(&[], 1.0), None);
    }

    #[test]
    fn months_that_are_over() {
        let day = |text: &str| text.parse().expect("a day");
        let window = Window { from: day("2026-01-01"), to: day("2026-02-01"), start: 0, end: 1000 };
        // Who came at second 999 has lived a month at the second 999 + a month.
        assert_eq!(months_over(&window, 999 + MONTH - 1), 0);
        assert_eq!(months_over(&window, 999 + MONTH), 1);
        assert_eq!(months_over(&window, 5), 0);
        assert_eq!(months_over(&window, i64::MIN), 0);
    }
}
