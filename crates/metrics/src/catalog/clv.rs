//! Customer lifetime value: what cohorts have brought so far, and the textbook formula.

use schemars::JsonSchema;
use serde::Deserialize;

use super::inactivity_churn::{pair, request_pairs};
use super::shared::{CohortCell, CohortView, DayCount, Fraction, cumulative_revenue};
use crate::estimate::{Estimate, Moments, Outcome, Undefined};
use crate::folds::cohorts::{Ages, CohortGrain, CohortStart};
use crate::folds::inactivity::Inactivity;
use crate::metric::{
    Area, Cell, CohortTable, Direction, Info, Measure, Metric, Need, OptionInfo, Requests, Results, Unit,
};
use crate::revenue::OrderValue;

pub(super) const INFO: Info = Info {
    id: "clv",
    title: "Customer lifetime value",
    area: Area::Lifetime,
    unit: Unit::Money,
    good: Direction::Up,
    definition: "Margin that a customer has brought by an age, over all cohorts that have reached it; beside it, the textbook formula.",
    formula: "historic: cumulative margin by age / customers; formula: margin a customer and window / churn a window",
    source: "Gupta & Lehmann (2003), Journal of Interactive Marketing 17(1); Farris et al. (2010), Marketing Metrics, ch. 5",
    interval: "Student's t over customers (historic); delta method (formula)",
    traps: &[
        "only cohorts that have reached the age count: younger ones would pull it down",
        "the formula assumes that margin and churn stay as they are, for ever and for everyone",
        "without gross_margin the figures are revenue, not value",
    ],
    options: &[
        OptionInfo {
            name: "gross_margin",
            default: "none",
            meaning: "share of revenue that is margin; without it revenue is taken",
        },
        OptionInfo {
            name: "age_months",
            default: "12",
            meaning: "the age of the historic figure, in whole months after the first",
        },
        OptionInfo {
            name: "before_days",
            default: "90",
            meaning: "window of the formula in which customers are active",
        },
        OptionInfo { name: "after_days", default: "90", meaning: "window in which churn is observed" },
        OptionInfo { name: "ages", default: "12", meaning: "ages shown at the most" },
    ],
    example: "{gross_margin: 0.55, age_months: 6}",
};

const FORMULA: &str = "formula";

/// The lifetime value of customers.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Clv {
    /// Share of revenue that is margin.
    #[serde(default)]
    gross_margin: Option<Fraction>,
    /// The age of the historic figure.
    #[serde(default = "twelve")]
    age_months: u16,
    /// Window of the formula in which customers are active.
    #[serde(default = "ninety")]
    before_days: DayCount,
    /// Window in which churn is observed.
    #[serde(default = "ninety")]
    after_days: DayCount,
    /// Ages shown at the most.
    #[serde(default = "twelve")]
    ages: u16,
}

const fn twelve() -> u16 {
    12
}

const fn ninety() -> DayCount {
    DayCount(90)
}

impl Clv {
    fn view(&self) -> CohortView {
        CohortView {
            grain: CohortGrain::Month,
            start: CohortStart::FirstOrder,
            ages: Ages::Periods,
            unbounded: false,
            shown: usize::from(self.ages.max(self.age_months)) + 1,
        }
    }

    fn margin(&self) -> f64 {
        self.gross_margin.map_or(1.0, |margin| margin.0)
    }

    /// Turns revenue a customer into margin a customer.
    fn historic(&self, cells: &[CohortCell<'_>]) -> Outcome {
        let revenue: Moments = cumulative_revenue(cells);
        match revenue.mean("customers")? {
            Estimate::Mean { mean, variance, n } => {
                let margin = self.margin();
                Ok(Estimate::Mean { mean: mean * margin, variance: variance * margin * margin, n })
            }
            other => Ok(other),
        }
    }

    /// Margin a customer and window over churn a window.
    ///
    /// With y the revenue before and z whether the customer was lost, the value is margin x sum(y) / sum(z); the delta method gives the
    /// variance of that ratio over customers as margin^2 x (sum(y^2) - 2 r sum(y z) + r^2 sum(z^2)) / sum(z)^2 with r = sum(y) / sum(z).
    fn formula(&self, results: &Results, cell: &Cell) -> Outcome {
        let (before, _) = pair(&results.calendar, self.before_days, self.after_days, &cell.window);
        results.covered_whole(&before)?;
        let key = Inactivity::key(self.before_days.0, self.after_days.0);
        let found = results.fold::<Inactivity>(&key).and_then(|fold| fold.cell(&before, cell.segment));
        let Some(found) = found.filter(|found| found.revenue.n > 0) else {
            return Err(Undefined::because("no customers active in the window before"));
        };
        if found.lost == 0 {
            return Err(Undefined::because("no customer was lost: expected life is without end"));
        }
        let (sum, lost) = (found.revenue.sum as f64, found.lost as f64);
        let (squares, cross) = (found.revenue.squares as f64, found.lost_revenue as f64);
        let ratio = sum / lost;
        let variance = (squares - 2.0 * ratio * cross + ratio * ratio * lost) / (lost * lost);
        // Revenue is a window before's, churn a window after's: both to the same length of time.
        let margin = self.margin() * f64::from(self.after_days.0) / f64::from(self.before_days.0);
        Ok(Estimate::Ratio { ratio: margin * ratio, variance: margin * margin * variance.max(0.0), n: found.revenue.n })
    }
}

impl Metric for Clv {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn measures(&self) -> Vec<Measure> {
        vec![Measure::headline(Unit::Money), Measure { key: FORMULA, suffix: "formula", unit: Unit::Money }]
    }

    fn policy(&self, _: &OrderValue) -> String {
        let basis = match self.gross_margin {
            Some(Fraction(margin)) => format!("gross margin of {}%", (margin * 1000.0).round() / 10.0),
            None => "revenue, for want of a gross margin".to_owned(),
        };
        format!(
            "{basis}; historic to month {}; formula: active in {} days, churn over the next {}",
            self.age_months, self.before_days.0, self.after_days.0
        )
    }

    fn needs(&self) -> Vec<Need> {
        vec![Need::orders()]
    }

    fn request(&self, requests: &mut Requests<'_>) {
        self.view().request(requests);
        request_pairs(requests, self.before_days, self.after_days);
    }

    fn outcome(&self, results: &Results, measure: &str, cell: &Cell) -> Outcome {
        if measure == FORMULA {
            return self.formula(results, cell);
        }
        self.view().pooled(results, usize::from(self.age_months), cell, |cells| self.historic(cells))
    }

    fn cohorts(&self, results: &Results, measure: &str, cell: &Cell) -> Option<CohortTable> {
        (measure != FORMULA)
            .then(|| self.view().table(results, cell, Unit::Money, |cells| self.historic(cells)))
            .flatten()
    }
}
