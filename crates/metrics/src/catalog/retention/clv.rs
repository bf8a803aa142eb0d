//! Customer lifetime value: what cohorts have brought so far, the textbook formula, and what customers are predicted to bring.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;
use tallybook_btyd::{AnyFit, ModelKind};

use super::clv_tables::{by_cohort, by_dimension};
use crate::catalog::cohort_view::{CohortCounts, CohortView, cumulative_revenue};
use crate::catalog::inactive_customers::request_pairs;
use crate::catalog::lifetime_value;
use crate::catalog::options::{DayCount, Draws, Fraction, LifeBasis, Rate, days};
use crate::declare::{Area, Direction, Info, Measure, OptionInfo, Unit};
use crate::engine::order_value::OrderValue;
use crate::folds::cohorts::{Ages, CohortGrain, CohortStart};
use crate::folds::purchases::Cutoff;
use crate::lifetime::{Assumptions, ContractValuation, HoldOut, Known, ModelCard, Valuation, months_of};
use crate::metric::{Cell, Extras, Metric, Need, Requests, Results};
use crate::result::CohortTable;
use crate::result::{Body, Exhibit, ExhibitTable, counted};
use tallybook_calendar::{Period, Window};
use tallybook_stats::{Estimate, Method, Outcome, Predicted, Sums, Undefined};

pub(in crate::catalog) const INFO: Info = Info {
    id: "clv",
    title: "Customer lifetime value",
    area: Area::Lifetime,
    unit: Unit::Money,
    good: Direction::Up,
    definition: "Margin that a customer has brought by an age, over all cohorts that have reached it; beside it the textbook formula, and the margin that today's customers are predicted to bring.",
    formula: "historic: cumulative margin by age / customers; formula: margin a customer and window / churn a window; predicted: sum over customers of P(alive) x expected purchases x expected spend x margin, discounted over the horizon, / customers",
    source: "Gupta & Lehmann (2003), Journal of Interactive Marketing 17(1); Farris et al. (2010), Marketing Metrics, ch. 5; Fader, Hardie & Lee (2005), Marketing Science 24(2) and Journal of Marketing Research 42(4)",
    interval: "Student's t over customers (historic); delta method (formula; predicted: from the fit's parameters, on the logarithm, or by resampling the customers)",
    traps: &[
        "only cohorts that have reached the age count: younger ones would pull it down",
        "the formula assumes that margin and churn stay as they are, for ever and for everyone",
        "without gross_margin the figures are revenue, not value",
        "a purchase occasion is a day with positive net spend, and the first one tells nothing about repeat spend",
        "observation ends with the period, not with a customer's last purchase",
        "an annual discount rate is not a weekly one, and a year is not twelve times thirty days",
        "intervals of predictions hold the model for right: see the hold-out check beside them",
    ],
    options: &[
        OptionInfo {
            name: "basis",
            default: "purchases",
            meaning: "`purchases`, or `contracts`: what running subscriptions are predicted to bring",
        },
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
        OptionInfo {
            name: "models",
            default: "[bg_nbd, mbg_nbd, pareto_nbd]",
            meaning: "purchase models to try, in order, until one can be relied on; an empty list predicts nothing from purchases",
        },
        OptionInfo { name: "horizon_days", default: "365", meaning: "calendar days ahead that a prediction counts" },
        OptionInfo { name: "discount_rate", default: "0.1", meaning: "discount rate a year" },
        OptionInfo {
            name: "hold_out_days",
            default: "182",
            meaning: "days at the end that models are checked against, fitted to what was known before",
        },
        OptionInfo {
            name: "bootstrap",
            default: "0",
            meaning: "resamples of the customers for the intervals of predictions, 20 to 2000; 0 for the delta method",
        },
        OptionInfo {
            name: "scores",
            default: "false",
            meaning: "write every customer's prediction to clv-scores.parquet, for the basis of purchases; it names customers",
        },
    ],
    example: "{gross_margin: 0.55, age_months: 6, models: [pareto_nbd], horizon_days: 730}",
};

const FORMULA: &str = "formula";
const PREDICTED: &str = "predicted";
const EQUITY: &str = "equity";
const ALIVE: &str = "alive";
const GONE: &str = "gone";
const RUNNING: &str = "running";

/// The lifetime value of customers.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::catalog) struct Clv {
    /// Where value comes from.
    #[serde(default)]
    basis: LifeBasis,
    /// Share of revenue that is margin.
    #[serde(default)]
    gross_margin: Option<Fraction>,
    /// The age of the historic figure.
    #[serde(default = "twelve", deserialize_with = "crate::catalog::options::ages")]
    #[schemars(range(max = 520))]
    age_months: u16,
    /// Window of the formula in which customers are active.
    #[serde(default = "ninety")]
    before_days: DayCount,
    /// Window in which churn is observed.
    #[serde(default = "ninety")]
    after_days: DayCount,
    /// Ages shown at the most.
    #[serde(default = "twelve", deserialize_with = "crate::catalog::options::ages")]
    #[schemars(range(max = 520))]
    ages: u16,
    /// Purchase models to try, in order.
    #[serde(default = "all_models")]
    models: Vec<Model>,
    /// Calendar days ahead that a prediction counts.
    #[serde(default = "a_year")]
    horizon_days: DayCount,
    /// Discount rate a year.
    #[serde(default = "a_tenth")]
    discount_rate: Rate,
    /// Days at the end that models are checked against.
    #[serde(default = "half_a_year")]
    hold_out_days: DayCount,
    /// Resamples of the customers for the intervals of predictions.
    #[serde(default)]
    bootstrap: Draws,
    /// Whether every customer's prediction is written.
    #[serde(default)]
    scores: bool,
}

/// A purchase model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(clippy::enum_variant_names, reason = "the names of the models")]
enum Model {
    /// BG/NBD: customers may leave after a repeat purchase.
    BgNbd,
    /// MBG/NBD: they may leave after any purchase.
    MbgNbd,
    /// Pareto/NBD: they may leave at any time.
    ParetoNbd,
}

impl From<Model> for ModelKind {
    fn from(model: Model) -> Self {
        match model {
            Model::BgNbd => Self::BgNbd,
            Model::MbgNbd => Self::MbgNbd,
            Model::ParetoNbd => Self::ParetoNbd,
        }
    }
}

fn all_models() -> Vec<Model> {
    vec![Model::BgNbd, Model::MbgNbd, Model::ParetoNbd]
}

const fn a_year() -> DayCount {
    DayCount(365)
}

const fn half_a_year() -> DayCount {
    DayCount(182)
}

const fn a_tenth() -> Rate {
    Rate(0.1)
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
        lifetime_value::margin(self.gross_margin)
    }

    /// Turns revenue a customer into margin a customer.
    fn historic(&self, cells: &[CohortCounts<'_>]) -> Outcome {
        let revenue: Sums = cumulative_revenue(cells);
        match revenue.mean("customers")? {
            Estimate::Mean { mean, variance, n } => {
                let margin = self.margin();
                Ok(Estimate::Mean { mean: mean * margin, variance: variance * margin * margin, n })
            }
            other => Ok(other),
        }
    }
}

impl Clv {
    fn assumptions(&self) -> Assumptions {
        Assumptions {
            models: self.models.iter().map(|&model| model.into()).collect(),
            horizon_days: self.horizon_days.0,
            annual_rate: self.discount_rate.0,
            margin: self.margin(),
            draws: self.bootstrap.0,
        }
    }

    /// Values all customers as of the end of a window, once for all that ask.
    fn valuation(&self, results: &Results, window: &Window) -> Arc<Result<Valuation, String>> {
        let cutoff = Cutoff::at_end(window);
        results.remember(format!("valuation {cutoff:?}"), || match results.snapshot(&cutoff) {
            Some(snapshot) => Valuation::of(snapshot, cutoff.last, &results.segments, &self.assumptions()),
            None => Err("predicted for the reported period and those it is compared with only".to_owned()),
        })
    }

    fn predicted(&self, results: &Results, measure: &str, cell: &Cell) -> Outcome {
        let valuation = self.valuation(results, &cell.window);
        let valuation = valuation.as_ref().as_ref().map_err(|reason| {
            // Said in full once.
            let short = reason.split(": ").next().unwrap_or_default();
            Undefined::because(if measure == PREDICTED { reason } else { short })
        })?;
        let worth = valuation.segments.get(cell.segment).filter(|worth| worth.customers > 0);
        let Some(worth) = worth else { return Err(Undefined::because("no customer has bought yet")) };
        let n = worth.customers as f64;
        let estimate = |known: Known, scale: f64, of| Estimate::Predicted {
            value: known.value / scale,
            error: known.error.map(|error| error / scale),
            n: worth.customers,
            of,
            method: if self.bootstrap == Draws::default() { Method::Delta } else { Method::Bootstrap },
        };
        Ok(match measure {
            EQUITY => estimate(worth.value, 1.0, Predicted::Total),
            ALIVE => estimate(worth.alive, 1.0, Predicted::Total),
            GONE => estimate(Known { value: n - worth.alive.value, ..worth.alive }, n, Predicted::Share),
            _ => estimate(worth.value, n, Predicted::Mean),
        })
    }

    /// Values the contracts that run at the end of a window, once for all that ask.
    fn contracts(&self, results: &Results, window: &Window) -> Arc<Result<ContractValuation, String>> {
        results.remember(format!("contracts {}", window.end), || match results.contracts() {
            Some(contracts) => ContractValuation::of(contracts, window, &self.assumptions()),
            None => Err("no subscriptions".to_owned()),
        })
    }

    fn contracted(&self, results: &Results, measure: &str, cell: &Cell) -> Outcome {
        if measure == RUNNING {
            let contracts =
                results.contracts().ok_or_else(|| Undefined::because("no subscription that is paid for"))?;
            return Ok(Estimate::Count(contracts.running(&cell.window, cell.segment)));
        }
        let valuation = self.contracts(results, &cell.window);
        let valuation = valuation.as_ref().as_ref().map_err(|reason| Undefined::because(reason.clone()))?;
        let found = valuation.segments.get(cell.segment).filter(|(running, _)| *running > 0);
        let Some(&(running, value)) = found else { return Err(Undefined::because("no contract runs")) };
        let (scale, of) = if measure == EQUITY { (1.0, Predicted::Total) } else { (running as f64, Predicted::Mean) };
        let error = value.error.map(|error| error / scale);
        Ok(Estimate::Predicted { value: value.value / scale, error, n: running, of, method: Method::Delta })
    }

    fn contract_extras(&self, results: &Results, report: &Period, cell: &Cell) -> Extras {
        let valuation = self.contracts(results, &cell.window);
        let Some((valuation, contracts)) = valuation.as_ref().as_ref().ok().zip(results.contracts()) else {
            return Extras::default();
        };
        let model = ModelCard::of_contracts(valuation, report, &self.assumptions());
        let mut exhibits: Vec<Exhibit> = model.iter().map(|model| model.exhibit(INFO.id)).collect();
        exhibits.push(valuation.exhibit(contracts, &cell.window, INFO.id));
        Extras { exhibits, model, scores: Vec::new() }
    }
}

impl Metric for Clv {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn measures(&self) -> Vec<Measure> {
        if self.basis == LifeBasis::Contracts {
            return vec![
                Measure::headline(Unit::Money),
                Measure { key: EQUITY, suffix: "customer equity", unit: Unit::Money },
                Measure { key: RUNNING, suffix: "running contracts", unit: Unit::Count },
            ];
        }
        let mut measures =
            vec![Measure::headline(Unit::Money), Measure { key: FORMULA, suffix: "formula", unit: Unit::Money }];
        if !self.models.is_empty() {
            measures.extend([
                Measure { key: PREDICTED, suffix: "predicted", unit: Unit::Money },
                Measure { key: EQUITY, suffix: "customer equity", unit: Unit::Money },
                Measure { key: ALIVE, suffix: "customers expected to be alive", unit: Unit::Count },
                Measure { key: GONE, suffix: "share expected to have left", unit: Unit::Share },
            ]);
        }
        measures
    }

    fn good(&self, measure: &str) -> Direction {
        if measure == GONE { Direction::Down } else { INFO.good }
    }

    fn policy(&self, _: &OrderValue) -> String {
        let basis = lifetime_value::basis(self.gross_margin);
        let rate = (self.discount_rate.0 * 1000.0).round() / 10.0;
        if self.basis == LifeBasis::Contracts {
            return format!(
                "{basis}; predicted for running contracts: {} ahead at {rate}% a year, by sBG or one rate for all, at today's revenue",
                counted(f64::from(months_of(self.horizon_days.0)), "monthly renewal")
            );
        }
        let predicted = if self.models.is_empty() {
            String::new()
        } else {
            let resampled = match self.bootstrap.0 {
                0 => String::new(),
                draws => format!(", intervals from {draws} resamples of the customers"),
            };
            format!("; predicted: {} ahead at {rate}% a year{resampled}", days(self.horizon_days))
        };
        format!(
            "{basis}; historic to month {}; formula: active in {}, churn over the next {}{predicted}",
            self.age_months,
            days(self.before_days),
            days(self.after_days)
        )
    }

    fn needs(&self) -> Vec<Need> {
        match self.basis {
            LifeBasis::Purchases => vec![Need::orders()],
            LifeBasis::Contracts => vec![Need::subscriptions()],
        }
    }

    fn stands_alone(&self, _measure: &str) -> bool {
        false
    }

    fn request(&self, requests: &mut Requests<'_>) {
        if self.basis == LifeBasis::Contracts {
            return requests.contracts();
        }
        self.view().request(requests);
        request_pairs(requests, self.before_days, self.after_days);
        if !self.models.is_empty() {
            requests.purchases();
            if self.scores {
                requests.each_customer();
            }
            requests.held_out(self.hold_out_days.0);
        }
    }

    fn outcome(&self, results: &Results, measure: &str, cell: &Cell) -> Outcome {
        if self.basis == LifeBasis::Contracts {
            return self.contracted(results, measure, cell);
        }
        match measure {
            FORMULA => {
                let (before, after) = (self.before_days, self.after_days);
                return lifetime_value::by_formula(results, cell, before, after, self.margin());
            }
            PREDICTED | EQUITY | ALIVE | GONE => return self.predicted(results, measure, cell),
            _ => {}
        }
        self.view().pooled(results, usize::from(self.age_months), cell, |cells| self.historic(cells))
    }

    fn cohorts(&self, results: &Results, measure: &str, cell: &Cell) -> Option<CohortTable> {
        (measure == Measure::HEADLINE && self.basis == LifeBasis::Purchases)
            .then(|| self.view().table(results, cell, Unit::Money, |cells| self.historic(cells)))
            .flatten()
    }

    fn contradiction(&self) -> Option<&'static str> {
        let of_purchases = self.scores || self.bootstrap != Draws::default();
        (self.basis == LifeBasis::Contracts && of_purchases)
            .then_some("`scores` and `bootstrap` are for `basis: purchases`")
    }

    fn without_series(&self, measure: &str) -> bool {
        [PREDICTED, EQUITY, ALIVE, GONE].contains(&measure) && self.basis == LifeBasis::Purchases
    }

    fn extras(&self, results: &Results, report: &Period, cell: &Cell) -> Extras {
        if self.basis == LifeBasis::Contracts {
            return self.contract_extras(results, report, cell);
        }
        if self.models.is_empty() {
            return Extras::default();
        }
        let valuation = self.valuation(results, &cell.window);
        let Ok(valuation) = valuation.as_ref() else { return Extras::default() };
        let assumptions = self.assumptions();
        let model = ModelCard::new(valuation, report, &assumptions);
        let mut exhibits: Vec<Exhibit> = model.iter().map(|model| model.exhibit(INFO.id)).collect();
        let days = self.hold_out_days.0;
        let before = Cutoff::before(&results.calendar, &cell.window, days);
        if let Some(snapshot) = results.snapshot(&before) {
            match HoldOut::of(snapshot, days, &assumptions.models) {
                Ok(check) => exhibits.extend(check.exhibits(INFO.id, valuation.chosen().map(AnyFit::kind))),
                Err(reason) => exhibits.push(Exhibit {
                    metric: INFO.id.to_owned(),
                    key: "hold_out".to_owned(),
                    title: "Hold-out".to_owned(),
                    remarks: vec![format!("The models could not be checked against what came since: {reason}.")],
                    body: Body::Table(ExhibitTable {
                        names: String::new(),
                        columns: Vec::new(),
                        rows: Vec::new(),
                        by_time: false,
                    }),
                }),
            }
        }
        let dimensions = results.segments.dimensions().iter();
        exhibits.extend(dimensions.map(|dimension| by_dimension(valuation, results, &dimension.name, INFO.id)));
        exhibits.push(by_cohort(valuation, results, INFO.id));
        let snapshot = results.snapshot(&Cutoff::at_end(&cell.window)).filter(|_| self.scores);
        let customers = snapshot.into_iter().flat_map(|snapshot| snapshot.customers().iter().zip(snapshot.spend()));
        let scores = customers.filter_map(|(own, &spent)| valuation.score(own, spent, &assumptions)).collect();
        Extras { exhibits, model, scores }
    }
}
