//! Predicted lifetime value: purchase and spend models fitted to customers, what the customers are worth by them, and how well the
//! same models would have foretold what is known by now.

mod card;
mod contract_value;
mod hold_out;
mod predict;

use chrono::NaiveDate;
use tallybook_btyd::{
    AnyFit, Choice, Demands, Error, History, ModelKind, Outlook, Sample, Spend, SpendFit, SpendSample,
};

pub use card::{ModelCard, drift};
pub use contract_value::{ContractValuation, months_of};
pub use hold_out::HoldOut;

use crate::engine::segments::Segments;
use crate::folds::purchases::{CustomerSummary, RfSummary, Snapshot};
use predict::{Groups, worths};

/// Days of the models' unit of time.
pub const WEEK: f64 = 7.0;

/// What a prediction takes for granted.
#[derive(Debug, Clone, PartialEq)]
pub struct Assumptions {
    /// The models to try, in order.
    pub models: Vec<ModelKind>,
    /// Calendar days ahead that count.
    pub horizon_days: u32,
    /// Discount rate a year.
    pub annual_rate: f64,
    /// Share of spend that is margin.
    pub margin: f64,
    /// Resamples of the customers that standard errors are computed from; by the delta method where there are none.
    pub draws: u32,
}

impl Assumptions {
    fn outlook(&self) -> Result<Outlook, Error> {
        Outlook::of_days(f64::from(self.horizon_days), WEEK, self.annual_rate)
    }

    /// The horizon in the models' unit of time.
    fn horizon(&self) -> f64 {
        f64::from(self.horizon_days) / WEEK
    }
}

/// A number with its standard error; none where the information of a fit is singular.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Known {
    /// The number.
    pub value: f64,
    /// Its standard error, from the uncertainty of the models' parameters.
    pub error: Option<f64>,
}

/// What some customers are expected to do, and what they are worth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Worth {
    /// How many there are.
    pub customers: u64,
    /// How many of them are expected to be alive.
    pub alive: Known,
    /// Purchases expected of them within the horizon.
    pub purchases: Known,
    /// Their discounted margin within the horizon, in minor units.
    pub value: Known,
}

/// Customers valued as of a cutoff.
#[derive(Debug)]
pub struct Valuation {
    /// The purchase models that were tried.
    pub choice: Choice,
    /// The spend model that was tried.
    pub spend_fit: SpendFit,
    /// How spend is predicted.
    pub spend: Spend,
    /// By segment.
    pub segments: Vec<Worth>,
    /// By month of the first purchase.
    pub cohorts: Vec<(NaiveDate, Worth)>,
}

/// Fits purchase models to the customers of a snapshot.
fn fit(customers: &[CustomerSummary], models: &[ModelKind]) -> Result<Choice, Error> {
    Ok(Choice::of(&sample(customers)?, models, &Demands::default()))
}

fn sample(customers: &[CustomerSummary]) -> Result<Sample, Error> {
    let each = customers.iter().map(|CustomerSummary { alike, .. }| {
        (u32::from(alike.frequency), u32::from(alike.recency), u32::from(alike.age))
    });
    Sample::from_days(each, WEEK)
}

/// Says why no model could be used.
fn refused(choice: &Choice) -> String {
    format!("no model of purchases can be relied on: {}", choice.remarks().join("; "))
}

fn spend_sample(customers: &[CustomerSummary]) -> Result<SpendSample, Error> {
    SpendSample::from_totals(customers.iter().map(|own| (u32::from(own.alike.frequency), own.repeat_spend as f64)))
}

/// How spend is predicted, and how well that is known.
struct SpendChoice {
    fit: SpendFit,
    spend: Spend,
    /// Relative standard error of the pooled mean, where that is used.
    pooled_error: f64,
}

impl SpendChoice {
    /// Fits the spend model, with what takes its place where it cannot be used.
    fn new(customers: &[CustomerSummary]) -> Result<Self, String> {
        let sample = spend_sample(customers).map_err(|error| error.to_string())?;
        let fit = SpendFit::of(&sample, &Demands::default());
        let pooled = sample.pooled_mean();
        let spend = Spend::of(&fit, pooled).ok_or("no customer has bought more than once")?;
        Ok(Self { fit, spend, pooled_error: pooled.map_or(0.0, |mean| pooled_error(customers, mean)) })
    }
}

/// The relative standard error of the pooled mean: of a ratio of sums over customers.
fn pooled_error(customers: &[CustomerSummary], mean: f64) -> f64 {
    let (mut squares, mut purchases) = (0.0, 0.0);
    for own in customers {
        let x = f64::from(own.alike.frequency);
        squares += (own.repeat_spend as f64 - mean * x).powi(2);
        purchases += x;
    }
    squares.sqrt() / purchases / mean
}

impl Valuation {
    /// Values the customers of a snapshot taken on a day, or says why they cannot be.
    pub fn of(
        snapshot: &Snapshot,
        on: NaiveDate,
        segments: &Segments,
        assumptions: &Assumptions,
    ) -> Result<Self, String> {
        let customers = snapshot.customers();
        if customers.is_empty() {
            return Err("no customer has bought yet".to_owned());
        }
        let wrong = |error: Error| error.to_string();
        let choice = fit(customers, &assumptions.models).map_err(wrong)?;
        let Some(chosen) = choice.chosen() else { return Err(refused(&choice)) };
        let spend = SpendChoice::new(customers)?;
        let groups = Groups::new(customers, on, segments);
        let mut worths = worths(customers, &groups, chosen, &spend, assumptions).map_err(wrong)?;
        let months = worths.split_off(segments.count());
        let cohorts = groups.months.into_iter().zip(months).filter(|(_, worth)| worth.customers > 0).collect();
        Ok(Self { choice, spend_fit: spend.fit, spend: spend.spend, segments: worths, cohorts })
    }

    /// Gives the fit in use.
    pub fn chosen(&self) -> Option<&AnyFit> {
        self.choice.chosen()
    }

    /// Scores a customer: probability of being alive, purchases and spend a purchase expected, and the value of both.
    pub fn score(&self, customer: &CustomerSummary, spent: i64, assumptions: &Assumptions) -> Option<Score> {
        let model = self.chosen()?.model();
        let history = history(customer.alike)?;
        let spend = self.spend.expected(u32::from(customer.alike.frequency), customer.repeat_spend as f64);
        Some(Score {
            customer: customer.customer,
            alike: customer.alike,
            spend: spent,
            alive: model.probability_alive(&history),
            purchases: model.expected_transactions(&history, assumptions.horizon()),
            expected_spend: spend,
            value: model.expected_residual(&history, &assumptions.outlook().ok()?) * spend * assumptions.margin,
        })
    }

    /// Says what was passed over, and what to mind.
    pub fn remarks(&self) -> Vec<String> {
        let mut remarks = self.choice.remarks();
        remarks.extend(self.spend_fit.findings.iter().map(|finding| format!("Gamma-Gamma: {finding}")));
        if let Spend::Pooled { .. } = self.spend {
            remarks
                .push("every purchase is expected to be worth the pooled mean, for want of a spend model".to_owned());
        }
        remarks
    }
}

/// A customer's prediction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// The customer's number.
    pub customer: u32,
    /// What is known of them.
    pub alike: RfSummary,
    /// What they have spent so far, in minor units.
    pub spend: i64,
    /// Probability of being alive.
    pub alive: f64,
    /// Purchases expected within the horizon.
    pub purchases: f64,
    /// Spend a purchase, in minor units.
    pub expected_spend: f64,
    /// Discounted margin within the horizon, in minor units.
    pub value: f64,
}

fn history(alike: RfSummary) -> Option<History> {
    let weeks = |days: u16| f64::from(days) / WEEK;
    History::new(u32::from(alike.frequency), weeks(alike.recency), weeks(alike.age)).ok()
}
