//! The hold-out check: models fitted to what was known a while ago, held against what came since.

use std::collections::BTreeMap;

use rayon::prelude::*;
use tallybook_btyd::{ModelKind, Outlook, PurchaseModel};

use super::predict::ByPair;
use super::{fit, history, refused};
use crate::declare::Unit;
use crate::folds::purchases::{CustomerSummary, RfSummary, Snapshot};
use crate::result::{Body, Curve, CurvePoint, Curves, Exhibit, ExhibitRow, ExhibitTable, Quantity, counted};

/// What came, and what three predictors had foretold, over all customers of a class.
#[derive(Debug, Clone, PartialEq)]
pub struct Foretold {
    /// The class: repeat purchases until then.
    pub class: String,
    /// Customers in it.
    pub customers: u64,
    /// Purchases that came.
    pub actual: f64,
    /// By the model.
    pub model: f64,
    /// By everyone going on at their own rate.
    pub own_rate: f64,
    /// By everyone going on at the mean rate.
    pub mean_rate: f64,
}

/// How well models would have foretold what is known by now.
#[derive(Debug, Clone, PartialEq)]
pub struct HoldOut {
    /// The model that was used.
    pub kind: ModelKind,
    /// What was passed over, and what to mind.
    pub remarks: Vec<String>,
    /// How many days were held out.
    pub days: u32,
    /// Purchases up to the end of each week: that came, and foretold by the model.
    pub cumulative: Vec<(f64, f64)>,
    /// By class, and over all at the end.
    pub classes: Vec<Foretold>,
    /// Mean absolute error a customer: of the model, of own rates, of the mean rate.
    pub errors: [f64; 3],
}

/// The class of those with as many repeat purchases, or more.
const TOP: u16 = 7;

impl HoldOut {
    /// Checks models fitted to a snapshot against the purchases counted after it.
    pub fn of(snapshot: &Snapshot, days: u32, models: &[ModelKind]) -> Result<Self, String> {
        let customers = snapshot.customers();
        if customers.is_empty() {
            return Err("no customer had bought before the days held out".to_owned());
        }
        let choice = fit(customers, models).map_err(|error| error.to_string())?;
        let Some(chosen) = choice.chosen() else { return Err(refused(&choice)) };
        let model = chosen.model();
        let span = f64::from(days) / super::WEEK;
        let cumulative = cumulative(customers, model, snapshot.weeks(), span);
        let (purchases, exposure) = customers.iter().fold((0.0, 0.0), |(purchases, exposure), own| {
            (purchases + f64::from(own.alike.frequency), exposure + f64::from(own.alike.age) / super::WEEK)
        });
        let mean_rate = if exposure > 0.0 { purchases / exposure * span } else { 0.0 };
        let mut classes: Vec<Foretold> = (0..=TOP)
            .map(|x| {
                let class = if x == TOP { format!("{TOP} or more") } else { x.to_string() };
                Foretold { class, customers: 0, actual: 0.0, model: 0.0, own_rate: 0.0, mean_rate: 0.0 }
            })
            .collect();
        let mut errors = [0.0; 3];
        let pairs = customers.iter().map(|own| (own.alike.frequency, own.alike.age));
        let ahead = Outlook::new(span, 0.0).map_err(|error| error.to_string())?;
        let residuals = ByPair::new(pairs, |frequency, age| model.residual_if_alive(frequency, age, &ahead));
        let foretold = |own: &CustomerSummary| {
            let RfSummary { frequency, age, .. } = own.alike;
            let own_rate = if age > 0 { f64::from(frequency) / f64::from(age) * f64::from(days) } else { 0.0 };
            let alive = history(own.alike).map_or(0.0, |history| model.probability_alive(&history));
            (alive * residuals.at(frequency, age), own_rate)
        };
        let foretold: Vec<(f64, f64)> = customers.par_iter().with_min_len(1024).map(foretold).collect();
        for (own, (expected, own_rate)) in customers.iter().zip(foretold) {
            let came = f64::from(own.alike.future);
            let class = &mut classes[usize::from(own.alike.frequency.min(TOP))];
            class.customers += 1;
            class.actual += came;
            class.model += expected;
            class.own_rate += own_rate;
            class.mean_rate += mean_rate;
            for (error, foretold) in errors.iter_mut().zip([expected, own_rate, mean_rate]) {
                *error += (came - foretold).abs();
            }
        }
        let all = classes.iter().fold(
            Foretold { class: "all".to_owned(), customers: 0, actual: 0.0, model: 0.0, own_rate: 0.0, mean_rate: 0.0 },
            |sum, class| Foretold {
                customers: sum.customers + class.customers,
                actual: sum.actual + class.actual,
                model: sum.model + class.model,
                own_rate: sum.own_rate + class.own_rate,
                mean_rate: sum.mean_rate + class.mean_rate,
                ..sum
            },
        );
        errors = errors.map(|error| error / all.customers as f64);
        classes.retain(|class| class.customers > 0);
        classes.push(all);
        let remarks = choice.remarks().into_iter().map(|remark| format!("{remark}.")).collect();
        Ok(Self { kind: chosen.kind(), remarks, days, cumulative, classes, errors })
    }

    /// Gives what is shown of the check: a picture by week, and a table by class. `predicts` is the model that predicts now.
    pub fn exhibits(&self, metric: &str, predicts: Option<ModelKind>) -> Vec<Exhibit> {
        let line = |name: &str, pick: fn(&(f64, f64)) -> f64| Curve {
            name: name.to_owned(),
            points: (0_u32..)
                .zip(std::iter::once(&(0.0, 0.0)).chain(&self.cumulative))
                // The last week may be cut short.
                .map(|(week, point)| (f64::from(week).min(f64::from(self.days) / super::WEEK), pick(point)))
                .map(|(x, y)| CurvePoint { x, y, interval: None })
                .collect(),
        };
        let other = predicts.filter(|kind| *kind != self.kind).map(|kind| {
            format!(
                "{kind}, which predicts above, could not be used on what was known then, so {} is checked.",
                self.kind
            )
        });
        let picture = Exhibit {
            metric: metric.to_owned(),
            key: "hold_out".to_owned(),
            title: "Hold-out: repeat purchases, cumulative".to_owned(),
            remarks: [Some(self.verdict()), other].into_iter().flatten().chain(self.remarks.iter().cloned()).collect(),
            body: Body::Curves(Curves {
                axis: "weeks held out".to_owned(),
                unit: Unit::Count,
                steps: false,
                curves: vec![line("actual", |point| point.0), line(self.kind.name(), |point| point.1)],
            }),
        };
        vec![picture, self.table(metric)]
    }

    /// The table by class: what was foretold, and what two rules of thumb would have.
    fn table(&self, metric: &str) -> Exhibit {
        let row = |class: &Foretold| {
            let n = class.customers as f64;
            let mean = |sum: f64| Quantity::about(Unit::Number, sum / n, 0.005);
            let cells = [class.actual, class.model, class.own_rate, class.mean_rate].map(mean);
            ExhibitRow {
                name: class.class.clone(),
                cells: [vec![Quantity::count(class.customers)], cells.to_vec()].concat(),
            }
        };
        let mut rows: Vec<ExhibitRow> = self.classes.iter().map(row).collect();
        let error = |error: f64| Quantity::about(Unit::Number, error, 0.0005);
        rows.push(ExhibitRow {
            name: "mean absolute error".to_owned(),
            cells: [
                vec![Quantity::Text(String::new()), Quantity::Text(String::new())],
                self.errors.map(error).to_vec(),
            ]
            .concat(),
        });
        Exhibit {
            metric: metric.to_owned(),
            key: "hold_out_classes".to_owned(),
            title: "Hold-out: purchases a customer, by repeat purchases before".to_owned(),
            remarks: Vec::new(),
            body: Body::Table(ExhibitTable {
                names: "repeat purchases".to_owned(),
                columns: ["customers", "actual", self.kind.name(), "own rate goes on", "mean rate goes on"]
                    .map(str::to_owned)
                    .to_vec(),
                rows,
                by_time: false,
            }),
        }
    }

    /// Says in a sentence how far off the predictions were.
    fn verdict(&self) -> String {
        let Some(all) = self.classes.last().filter(|all| all.actual > 0.0) else {
            return format!("Nobody bought in the {} held out.", counted(f64::from(self.days), "day"));
        };
        let off = |foretold: f64| {
            let percent = (foretold / all.actual - 1.0) * 100.0;
            if percent < -0.05 { format!("\u{2212}{:.1}%", -percent) } else { format!("+{percent:.1}%") }
        };
        format!(
            "Fitted to what was known {} before, {} is off by {} over all; customers going on at their own rate would be off by {}, all \
             at the mean rate by {}.",
            counted(f64::from(self.days), "day"),
            self.kind,
            off(all.model),
            off(all.own_rate),
            off(all.mean_rate)
        )
    }
}

/// Purchases up to the end of each week: that came, and that the model foretold.
fn cumulative(customers: &[CustomerSummary], model: &dyn PurchaseModel, weeks: &[u64], span: f64) -> Vec<(f64, f64)> {
    let mut alive: BTreeMap<(u16, u16), f64> = BTreeMap::new();
    for own in customers {
        let likely = history(own.alike).map_or(0.0, |history| model.probability_alive(&history));
        *alive.entry((own.alike.frequency, own.alike.age)).or_default() += likely;
    }
    let ends: Vec<Outlook> =
        (1..=weeks.len()).filter_map(|week| Outlook::new(span.min(week as f64), 0.0).ok()).collect();
    let by_pair = ByPair::new(alive.keys().copied(), |frequency, age| -> Vec<f64> {
        ends.iter().map(|end| model.residual_if_alive(frequency, age, end)).collect()
    });
    let mut came = 0.0;
    let mut out = Vec::with_capacity(weeks.len());
    for (week, &count) in weeks.iter().enumerate() {
        came += count as f64;
        let expected = alive.iter().map(|(&(frequency, age), alive)| alive * by_pair.at(frequency, age)[week]).sum();
        out.push((came, expected));
    }
    out
}
