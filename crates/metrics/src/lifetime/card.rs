//! A fitted model as plain JSON, and how far it has moved since the edition before.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use tallybook_btyd::{ModelKind, ShiftedBetaGeometric, Spend, Verdict};

use super::{Assumptions, ContractValuation, Valuation};
use crate::declare::Unit;
use crate::engine::segments::TOTAL;
use crate::result::{Body, Exhibit, ExhibitRow, ExhibitTable, Quantity, counted};
use tallybook_calendar::Period;

/// The version of the card's shape.
const FORMAT: u32 = 1;

/// The parameter of one rate for all.
const RETENTION: &str = "retention";

/// A fitted lifetime model: what it takes to score a customer elsewhere, and to see how it moves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelCard {
    /// The version of the shape.
    pub format: u32,
    /// Label of the period.
    pub period: String,
    /// The last day that the model has seen.
    pub last: NaiveDate,
    /// Days of the unit of time that the parameters are in.
    pub unit_days: f64,
    /// The purchase model.
    pub purchases: Fitted,
    /// The spend model; its parameters are in minor units of money.
    pub spend: Fitted,
    /// Days ahead that count.
    pub horizon_days: u32,
    /// Discount rate a year.
    pub annual_rate: f64,
    /// Share of spend that is margin.
    pub margin: f64,
    /// Discounted margin of all customers within the horizon, in minor units.
    pub customer_equity: f64,
    /// Customers expected to be alive.
    pub alive: f64,
    /// What was passed over on the way, and what to mind.
    pub remarks: Vec<String>,
}

/// A fitted model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fitted {
    /// Its name.
    pub model: String,
    /// How far it can be relied on.
    pub verdict: Verdict,
    /// Customers that it was fitted to.
    pub customers: f64,
    /// The log-likelihood.
    pub log_likelihood: f64,
    /// Its parameters.
    pub parameters: Vec<Parameter>,
}

/// An estimate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its value.
    pub estimate: f64,
    /// Its standard error.
    pub standard_error: Option<f64>,
}

impl ModelCard {
    /// Reads a card that was written before; nothing where it is none, or of another shape.
    pub fn from_json(bytes: &[u8]) -> Option<Self> {
        let card: Self = serde_json::from_slice(bytes).ok()?;
        let positive = |number: f64| number > 0.0 && number < 1e15;
        let possible = |fitted: &Fitted| {
            let own = |own: &Parameter| positive(own.estimate) && own.standard_error.is_none_or(positive);
            fitted.parameters.iter().all(own)
        };
        let sums = (0.0..1e15).contains(&card.customer_equity) && (0.0..1e15).contains(&card.alive);
        let whole = card.format == FORMAT && !card.purchases.parameters.is_empty();
        (whole && sums && possible(&card.purchases) && possible(&card.spend)).then_some(card)
    }

    /// Writes the card of a model of contracts.
    pub fn of_contracts(valuation: &ContractValuation, period: &Period, assumptions: &Assumptions) -> Option<Self> {
        let (running, value) = valuation.segments.get(TOTAL)?;
        let fit = &valuation.fit;
        let parameter = |(i, (name, estimate)): (usize, (&str, f64))| Parameter {
            name: name.to_owned(),
            estimate,
            standard_error: match valuation.passed_over {
                Some(_) => fit.with_errors(|model| vec![model.retention(1)]).map(|known| known[0].1),
                None => fit.standard_errors.map(|errors| errors[i]),
            },
        };
        let names = ShiftedBetaGeometric::PARAMETERS.into_iter();
        let each: Vec<(usize, (&str, f64))> = if valuation.passed_over.is_some() {
            vec![(0, (RETENTION, fit.model.retention(1)))]
        } else {
            names.zip([fit.model.alpha, fit.model.beta]).enumerate().collect()
        };
        let passed_over = valuation.passed_over.iter().cloned();
        Some(Self {
            format: FORMAT,
            period: period.label.clone(),
            last: period.last(),
            unit_days: 365.25 / 12.0,
            purchases: Fitted {
                model: valuation.model().to_owned(),
                verdict: fit.verdict(),
                customers: fit.customers,
                log_likelihood: fit.log_likelihood,
                parameters: each.into_iter().map(parameter).collect(),
            },
            spend: Fitted {
                model: "today's revenue".to_owned(),
                verdict: Verdict::Sound,
                customers: *running as f64,
                log_likelihood: 0.0,
                parameters: Vec::new(),
            },
            horizon_days: assumptions.horizon_days,
            annual_rate: assumptions.annual_rate,
            margin: assumptions.margin,
            customer_equity: value.value,
            alive: *running as f64,
            remarks: passed_over.chain(fit.findings.iter().map(ToString::to_string)).collect(),
        })
    }

    /// Writes a card; nothing where no model could be used.
    pub fn new(valuation: &Valuation, period: &Period, assumptions: &Assumptions) -> Option<Self> {
        let fit = valuation.chosen()?;
        let kind: ModelKind = fit.kind();
        let worth = valuation.segments.get(TOTAL)?;
        let errors = fit.standard_errors();
        let purchases = Fitted {
            model: kind.name().to_owned(),
            verdict: fit.verdict(),
            customers: worth.customers as f64,
            log_likelihood: fit.log_likelihood(),
            parameters: parameters(
                &kind.parameters(),
                &fit.model().parameters(),
                errors.as_ref().map(<[f64; 4]>::as_slice),
            ),
        };
        Some(Self {
            format: FORMAT,
            period: period.label.clone(),
            last: period.last(),
            unit_days: super::WEEK,
            purchases,
            spend: spend(valuation),
            horizon_days: assumptions.horizon_days,
            annual_rate: assumptions.annual_rate,
            margin: assumptions.margin,
            customer_equity: worth.value.value,
            alive: worth.alive.value,
            remarks: valuation.remarks(),
        })
    }

    /// Lists the parameters of both models.
    pub(crate) fn exhibit(&self, metric: &str) -> Exhibit {
        let of = |fitted: &Fitted| -> Vec<ExhibitRow> {
            let row = |parameter: &Parameter| {
                let margin = parameter.standard_error.unwrap_or(parameter.estimate.abs() / 1000.0);
                ExhibitRow {
                    name: parameter_name(fitted, parameter),
                    cells: vec![
                        Quantity::about(unit_of(parameter), parameter.estimate, margin / 5.0),
                        parameter
                            .standard_error
                            .map_or(Quantity::Missing, |e| Quantity::about(unit_of(parameter), e, margin / 5.0)),
                    ],
                }
            };
            fitted.parameters.iter().map(row).collect()
        };
        let (unit, who) = if self.unit_days > super::WEEK { ("months", "contract") } else { ("weeks", "customer") };
        let verdict = |fitted: &Fitted| {
            let word = match fitted.verdict {
                Verdict::Sound => "sound",
                Verdict::Doubtful => "doubtful",
                Verdict::Unusable => "unusable",
            };
            if fitted.parameters.is_empty() {
                return format!("{}: of {}.", fitted.model, counted(fitted.customers, who));
            }
            format!("{}: {word}, fitted to {}.", fitted.model, counted(fitted.customers, who))
        };
        let mut remarks = vec![verdict(&self.purchases), verdict(&self.spend)];
        remarks.push(format!("Times are in {unit}, money in minor units."));
        if unit == "weeks" {
            remarks.push("Customers without a day of positive net spend are not among them.".to_owned());
        }
        remarks.extend(self.remarks.iter().map(|remark| format!("{remark}.")));
        Exhibit {
            metric: metric.to_owned(),
            key: "model".to_owned(),
            title: "Fit".to_owned(),
            remarks,
            body: Body::Table(ExhibitTable {
                names: "parameter".to_owned(),
                columns: vec!["estimate".to_owned(), "standard error".to_owned()],
                rows: [of(&self.purchases), of(&self.spend)].concat(),
                by_time: false,
            }),
        }
    }
}

/// Names a parameter with its model: `BG/NBD r`, but not `pooled mean mean`.
fn parameter_name(fitted: &Fitted, parameter: &Parameter) -> String {
    if fitted.model.ends_with(&parameter.name) {
        return fitted.model.clone();
    }
    format!("{} {}", fitted.model, parameter.name)
}

/// A rate for all is a share; whatever else is estimated is a number.
fn unit_of(parameter: &Parameter) -> Unit {
    if parameter.name == RETENTION { Unit::Share } else { Unit::Number }
}

/// Shows how a model moved since an earlier edition.
///
/// Parameters are compared in standard errors of today's. Most of the data are the same in both, so what moves by more than one
/// of them deserves a look.
pub fn drift(before: &ModelCard, now: &ModelCard, metric: &str) -> Exhibit {
    let mut rows = Vec::new();
    let mut remarks = Vec::new();
    let mut most = 0.0_f64;
    for (then, today) in [(&before.purchases, &now.purchases), (&before.spend, &now.spend)] {
        if then.model != today.model {
            remarks.push(format!("{} took the place of {}.", today.model, then.model));
            continue;
        }
        for (then, parameter) in then.parameters.iter().zip(&today.parameters) {
            let margin = parameter.standard_error.unwrap_or(parameter.estimate.abs() / 1000.0) / 5.0;
            let moved = parameter.standard_error.map(|error| (parameter.estimate - then.estimate) / error);
            most = most.max(moved.unwrap_or(0.0).abs());
            rows.push(ExhibitRow {
                name: parameter_name(today, parameter),
                cells: vec![
                    Quantity::about(unit_of(parameter), then.estimate, margin),
                    Quantity::about(unit_of(parameter), parameter.estimate, margin),
                    moved.map_or(Quantity::Missing, |moved| Quantity::about(Unit::Number, moved, 0.05)),
                ],
            });
        }
    }
    let level = |name: &str, unit: Unit, then: f64, today: f64| ExhibitRow {
        name: name.to_owned(),
        cells: vec![
            Quantity::about(unit, then, then / 1000.0),
            Quantity::about(unit, today, today / 1000.0),
            Quantity::Missing,
        ],
    };
    rows.push(level("customers", Unit::Count, before.purchases.customers, now.purchases.customers));
    rows.push(level("customers expected alive", Unit::Count, before.alive, now.alive));
    if (before.horizon_days, before.annual_rate, before.margin) == (now.horizon_days, now.annual_rate, now.margin) {
        rows.push(level("customer equity", Unit::Money, before.customer_equity, now.customer_equity));
    } else {
        remarks.push("Horizon, rate or margin were set differently, so values are not compared.".to_owned());
    }
    let word = if most > 1.0 { "A parameter moved by" } else { "No parameter moved by more than" };
    remarks.push(format!("{word} {:.1} standard errors.", if most > 1.0 { most } else { 1.0 }));
    Exhibit {
        metric: metric.to_owned(),
        key: "drift".to_owned(),
        title: format!("Drift against the edition of {}", before.period),
        remarks,
        body: Body::Table(ExhibitTable {
            names: "parameter".to_owned(),
            columns: vec![before.period.clone(), now.period.clone(), "moved by (standard errors)".to_owned()],
            rows,
            by_time: false,
        }),
    }
}
/// The parameters of a model, with their standard errors where there are any.
fn parameters(names: &[&str], values: &[f64], errors: Option<&[f64]>) -> Vec<Parameter> {
    let each = names.iter().zip(values).enumerate();
    each.map(|(i, (name, &estimate))| Parameter {
        name: (*name).to_owned(),
        estimate,
        standard_error: errors.map(|errors| errors[i]),
    })
    .collect()
}

/// The model of what a purchase is worth.
fn spend(valuation: &Valuation) -> Fitted {
    let spend_fit = &valuation.spend_fit;
    match valuation.spend {
        Spend::GammaGamma(model) => Fitted {
            model: "Gamma-Gamma".to_owned(),
            verdict: spend_fit.verdict(),
            customers: spend_fit.customers,
            log_likelihood: spend_fit.log_likelihood,
            parameters: parameters(
                &["p", "q", "gamma"],
                &[model.p, model.q, model.gamma],
                spend_fit.standard_errors.as_ref().map(<[f64; 3]>::as_slice),
            ),
        },
        Spend::Pooled { mean } => Fitted {
            model: "pooled mean".to_owned(),
            verdict: Verdict::Doubtful,
            customers: spend_fit.customers,
            log_likelihood: 0.0,
            parameters: parameters(&["mean"], &[mean], None),
        },
    }
}
