//! Predicted lifetime value: purchase and spend models fitted to customers, what the customers are worth by them, and how well the
//! same models would have foretold what is known by now.

mod card;
mod contracts;
mod hold_out;

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use rayon::prelude::*;
use tallybook_btyd::{
    AnyFit, Choice, Demands, Error, GammaGamma, History, Kind, Outlook, PurchaseModel, Sample, Spend, SpendFit,
    SpendSample,
};

pub use card::{ModelCard, drift};
pub use contracts::{ContractLife, ContractValuation, Contracts};
pub use hold_out::HoldOut;

use crate::calendar::shift;
use crate::folds::purchases::{Alike, Many, Scored, Snapshot};
use crate::segments::TOTAL;

/// Days of the models' unit of time.
pub const WEEK: f64 = 7.0;

/// What a prediction takes for granted.
#[derive(Debug, Clone, PartialEq)]
pub struct Assumptions {
    /// The models to try, in order.
    pub models: Vec<Kind>,
    /// Calendar days ahead that count.
    pub horizon_days: u32,
    /// Discount rate a year.
    pub annual_rate: f64,
    /// Share of spend that is margin.
    pub margin: f64,
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

/// Customers valued as of a look.
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
fn fit(cells: &[(Alike, Many)], models: &[Kind]) -> Result<(Choice, Sample), Error> {
    let each = cells.iter().flat_map(|(alike, many)| {
        let one = (u32::from(alike.frequency), u32::from(alike.recency), u32::from(alike.age));
        std::iter::repeat_n(one, usize::try_from(many.customers).unwrap_or(0))
    });
    let sample = Sample::from_days(each, WEEK)?;
    Ok((Choice::of(&sample, models, &Demands::default()), sample))
}

/// Says why no model could be used.
fn refused(choice: &Choice) -> String {
    format!("no model of purchases can be relied on: {}", choice.remarks().join("; "))
}

/// Fits the spend model, with what takes its place where it cannot be used.
fn fit_spend(snapshot: &Snapshot) -> Result<(SpendFit, Spend), String> {
    let totals = snapshot.spends().iter().map(|&(frequency, spent)| (u32::from(frequency), spent as f64));
    let sample = SpendSample::from_totals(totals).map_err(|error| error.to_string())?;
    let fit = SpendFit::of(&sample, &Demands::default());
    let spend = Spend::of(&fit, sample.pooled_mean()).ok_or("no customer has bought more than once")?;
    Ok((fit, spend))
}

impl Valuation {
    /// Values the customers of a snapshot taken on a day, or says why they cannot be.
    pub fn of(snapshot: &Snapshot, on: NaiveDate, segments: usize, assumptions: &Assumptions) -> Result<Self, String> {
        let everyone = snapshot.cells(TOTAL);
        if everyone.is_empty() {
            return Err("no customer has bought yet".to_owned());
        }
        let (choice, _) = fit(&everyone, &assumptions.models).map_err(|error| error.to_string())?;
        let Some(chosen) = choice.chosen() else { return Err(refused(&choice)) };
        let (spend_fit, spend) = fit_spend(snapshot)?;
        let cohorts = by_month(&everyone, on);
        let mut groups: Vec<Vec<(Alike, Many)>> = (0..segments).map(|segment| snapshot.cells(segment)).collect();
        groups.extend(cohorts.values().cloned());
        let mut worths = worths(&groups, chosen, &spend_fit, &spend, assumptions).map_err(|error| error.to_string())?;
        let cohorts = cohorts.into_keys().zip(worths.split_off(segments)).collect();
        Ok(Self { choice, spend_fit, spend, segments: worths, cohorts })
    }

    /// Gives the fit in use.
    pub fn chosen(&self) -> Option<&AnyFit> {
        self.choice.chosen()
    }

    /// Scores a customer: probability of being alive, purchases and spend a purchase expected, and the value of both.
    pub fn score(&self, customer: &Scored, assumptions: &Assumptions) -> Option<Score> {
        let model = self.chosen()?.model();
        let history = history(f64::from(customer.alike.recency), f64::from(customer.alike.age), &customer.alike)?;
        let spend = self.spend.expected(u32::from(customer.alike.frequency), customer.repeat_spend as f64);
        Some(Score {
            customer: customer.customer,
            alike: customer.alike,
            spend: customer.spend,
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
    pub alike: Alike,
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

fn history(recency: f64, age: f64, alike: &Alike) -> Option<History> {
    History::new(u32::from(alike.frequency), recency / WEEK, age / WEEK).ok()
}

/// Sorts customers by the month of their first purchase.
fn by_month(cells: &[(Alike, Many)], on: NaiveDate) -> BTreeMap<NaiveDate, Vec<(Alike, Many)>> {
    use chrono::Datelike;
    let mut months: BTreeMap<NaiveDate, Vec<(Alike, Many)>> = BTreeMap::new();
    for cell in cells {
        let first = shift(on, -i64::from(cell.0.age));
        months.entry(first.with_day(1).unwrap_or(first)).or_default().push(*cell);
    }
    months
}

/// Customers laid out for prediction: what depends on frequency and age alone is computed once for each pair of them.
struct Layout {
    pairs: Vec<(u32, f64)>,
    groups: Vec<Vec<Entry>>,
}

struct Entry {
    pair: usize,
    history: History,
    customers: f64,
    spend: f64,
}

impl Layout {
    /// Lays groups out day by day, or week by week: for standard errors that is as good, and much less.
    fn new(groups: &[Vec<(Alike, Many)>], coarse: bool) -> Self {
        let mut numbers: HashMap<(u32, u64), usize> = HashMap::new();
        let mut layout = Self { pairs: Vec::new(), groups: Vec::with_capacity(groups.len()) };
        for group in groups {
            let mut cells: BTreeMap<(u16, u16, u16), (f64, f64, f64, f64)> = BTreeMap::new();
            for (alike, many) in group {
                let step = if coarse { 7 } else { 1 };
                let cell = cells.entry((alike.frequency, alike.recency / step, alike.age / step)).or_default();
                let n = many.customers as f64;
                let middle = |days: u16| if coarse { f64::from(days / step * step) + 3.0 } else { f64::from(days) };
                cell.0 += n;
                cell.1 += n * if alike.frequency == 0 { 0.0 } else { middle(alike.recency) };
                cell.2 += n * middle(alike.age);
                cell.3 += many.repeat_spend as f64;
            }
            let entries = cells.into_iter().filter_map(|((frequency, ..), (n, recency, age, spend))| {
                let alike = Alike { frequency, recency: 0, age: 0, future: 0 };
                let history = history(recency / n, age / n, &alike)?;
                let key = (history.frequency(), history.age().to_bits());
                let pair = *numbers.entry(key).or_insert_with(|| {
                    layout.pairs.push((history.frequency(), history.age()));
                    layout.pairs.len() - 1
                });
                Some(Entry { pair, history, customers: n, spend })
            });
            let entries = entries.collect();
            layout.groups.push(entries);
        }
        layout
    }

    fn len(&self) -> usize {
        self.groups.iter().map(Vec::len).sum()
    }

    /// Computes something of every pair, in parallel.
    fn of_pairs<T: Send>(&self, f: impl Fn(u32, f64) -> T + Sync) -> Vec<T> {
        self.pairs.par_iter().with_min_len(16).map(|&(frequency, age)| f(frequency, age)).collect()
    }

    /// Computes alive, purchases and value of each group in turn.
    fn totals(
        &self,
        model: &dyn PurchaseModel,
        spend: &Spend,
        outlook: &Outlook,
        plain: &Outlook,
        margin: f64,
    ) -> Vec<f64> {
        let residual = self.of_pairs(|frequency, age| {
            (model.residual_if_alive(frequency, age, plain), model.residual_if_alive(frequency, age, outlook))
        });
        let total = |group: &Vec<Entry>| {
            let mut sums = [0.0; 3];
            for entry in group {
                let alive = model.probability_alive(&entry.history);
                let (purchases, discounted) = residual[entry.pair];
                // Expected spend is linear in what was spent, so the mean customer of a cell stands for all of them.
                let worth = spend.expected(entry.history.frequency(), entry.spend / entry.customers);
                sums[0] += entry.customers * alive;
                sums[1] += entry.customers * alive * purchases;
                sums[2] += entry.customers * alive * discounted * worth * margin;
            }
            sums
        };
        self.groups.par_iter().map(total).collect::<Vec<_>>().concat()
    }
}

/// Cells above which standard errors are computed week by week.
const COARSE: usize = 5_000;

fn worths(
    groups: &[Vec<(Alike, Many)>],
    fit: &AnyFit,
    spend_fit: &SpendFit,
    spend: &Spend,
    assumptions: &Assumptions,
) -> Result<Vec<Worth>, Error> {
    let (outlook, plain) = (assumptions.outlook()?, Outlook::new(assumptions.horizon(), 0.0)?);
    let margin = assumptions.margin;
    let fine = Layout::new(groups, false);
    let values = fine.totals(fit.model(), spend, &outlook, &plain, margin);
    let coarse = (fine.len() > COARSE).then(|| Layout::new(groups, true));
    let layout = coarse.as_ref().unwrap_or(&fine);
    let by_purchases = fit.with_errors(&|model| layout.totals(model, spend, &outlook, &plain, margin));
    let by_spend = match spend {
        Spend::Pooled { .. } => Some(Vec::new()),
        Spend::GammaGamma(_) => spend_fit.with_errors(|model: &GammaGamma| {
            layout.totals(fit.model(), &Spend::GammaGamma(*model), &outlook, &plain, margin)
        }),
    };
    let known = |at: usize| {
        let errors = by_purchases.as_ref().zip(by_spend.as_ref());
        // Relative errors of the layout they were computed on.
        let error = errors.map(|(purchases, spends)| {
            let (value, error) = purchases[at];
            let other = spends.get(at).map_or(0.0, |(_, error)| *error);
            if value == 0.0 { 0.0 } else { error.hypot(other) / value * values[at] }
        });
        Known { value: values[at], error }
    };
    let customers = |group: &Vec<(Alike, Many)>| group.iter().map(|(_, many)| many.customers).sum();
    Ok(groups
        .iter()
        .enumerate()
        .map(|(at, group)| Worth {
            customers: customers(group),
            alive: known(3 * at),
            purchases: known(3 * at + 1),
            value: known(3 * at + 2),
        })
        .collect())
}
