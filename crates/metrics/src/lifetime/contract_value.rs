//! What contracts that run are worth.

use tallybook_btyd::{ContractFit, Contracts as Renewals, Demands, Finding, KaplanMeier, Life, Verdict};
use tallybook_calendar::Window;

use super::{Assumptions, Known};
use crate::declare::Unit;
use crate::result::{Body, Curve, CurvePoint, Curves, Exhibit};
use crate::subscriptions::Contracts;

/// Rounds a number of days to months, of which there is at least one.
pub const fn months_of(days: u32) -> u32 {
    let months = (days * 12 + 182) / 365;
    if months == 0 { 1 } else { months }
}

/// What contracts that run are worth, by segment.
#[derive(Debug)]
pub struct ContractValuation {
    /// The fitted model.
    pub fit: ContractFit,
    /// Why one rate for all took the place of the shifted-beta-geometric model.
    pub passed_over: Option<String>,
    /// By segment: contracts that run, and their discounted margin within the horizon.
    pub segments: Vec<(u64, Known)>,
}

impl ContractValuation {
    /// Values the contracts that run at the end of a window, or says why they cannot be.
    ///
    /// Each is expected to make the renewals of the shifted-beta-geometric model within the whole months of the horizon, at today's revenue.
    pub fn of(contracts: &Contracts, window: &Window, assumptions: &Assumptions) -> Result<Self, String> {
        let lives = contracts.at(window);
        let rows: Vec<Renewals> =
            lives.iter().map(|life| Renewals { renewals: life.renewals, left: life.left, customers: 1.0 }).collect();
        let rows = grouped(rows);
        let mut fit = ContractFit::of(&rows, &Demands::default());
        let mut passed_over = None;
        if fit.verdict() == Verdict::Unusable {
            let findings: Vec<String> = fit.findings.iter().map(ToString::to_string).collect();
            let reason = format!("sBG: {}", findings.join("; "));
            // Where customers do not differ the model's parameters grow without end, and one rate for all says the same.
            let same = |finding: &Finding| matches!(finding, Finding::Boundary { to_zero: false, .. });
            let constant = fit.findings.iter().all(same).then(|| ContractFit::constant(&rows)).flatten();
            fit = constant.ok_or_else(|| format!("no model of renewals can be relied on: {reason}"))?;
            passed_over = Some(reason);
        }
        let longest = lives.iter().map(|life| life.renewals).max().unwrap_or(0) as usize;
        // Revenue of the contracts that run by renewals made, and their number, for each segment.
        let mut revenue = vec![vec![0.0; longest + 1]; contracts.segments()];
        let mut running = vec![0_u64; contracts.segments()];
        for life in lives.iter().filter(|life| !life.left) {
            for &segment in life.segments {
                revenue[segment][life.renewals as usize] += life.mrr as f64;
                running[segment] += 1;
            }
        }
        let months = months_of(assumptions.horizon_days);
        let rate = ((1.0 + assumptions.annual_rate).ln() / 12.0).exp_m1();
        let values = fit.with_errors(|model| {
            let ahead: Vec<f64> = (0..=longest)
                .map(|made| model.residual_renewals(u32::try_from(made).unwrap_or(u32::MAX), Some(months), rate))
                .collect();
            let value = |revenue: &Vec<f64>| {
                assumptions.margin * revenue.iter().zip(&ahead).map(|(revenue, ahead)| revenue * ahead).sum::<f64>()
            };
            revenue.iter().map(value).collect()
        });
        let values = values.ok_or("the model of renewals has no standard errors")?;
        let known = |(value, error)| Known { value, error: Some(error) };
        Ok(Self { fit, passed_over, segments: running.into_iter().zip(values.into_iter().map(known)).collect() })
    }

    /// Names the model.
    pub const fn model(&self) -> &'static str {
        if self.passed_over.is_some() { "constant rate" } else { "sBG" }
    }

    /// Draws the share of contracts that make at least so many renewals: as seen, and by the model.
    pub fn exhibit(&self, contracts: &Contracts, window: &Window, metric: &str) -> Exhibit {
        let lives = contracts.at(window).into_iter().map(|life| Life {
            duration: f64::from(life.renewals) + if life.left { 1.0 } else { 0.5 },
            ended: life.left,
            customers: 1.0,
        });
        let seen = KaplanMeier::of(lives).ok();
        let begin = CurvePoint { x: 0.0, y: 1.0, interval: None };
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most ten years of months")]
        let longest = seen.as_ref().map_or(0, |seen| seen.seen.min(120.0) as u32);
        let steps = seen.iter().flat_map(|seen| &seen.steps);
        let seen =
            std::iter::once(CurvePoint { interval: Some((1.0, 1.0)), ..begin }).chain(steps.map(|step| CurvePoint {
                x: step.time,
                y: step.survival,
                interval: Some((step.low, step.high)),
            }));
        let model =
            |renewals| CurvePoint { x: f64::from(renewals), y: self.fit.model.survival(renewals), interval: None };
        Exhibit {
            metric: metric.to_owned(),
            key: "renewals".to_owned(),
            title: "Share of contracts that make at least so many renewals".to_owned(),
            remarks: vec!["The band is of what was seen (Kaplan-Meier); the model goes a year beyond it.".to_owned()],
            body: Body::Curves(Curves {
                axis: "monthly renewals".to_owned(),
                unit: Unit::Share,
                steps: false,
                curves: vec![
                    Curve { name: "seen".to_owned(), points: seen.collect() },
                    Curve { name: self.model().to_owned(), points: (0..=longest + 12).map(model).collect() },
                ],
            }),
        }
    }
}

/// Brings equal contracts together.
fn grouped(mut rows: Vec<Renewals>) -> Vec<Renewals> {
    rows.sort_by_key(|row| (row.renewals, row.left));
    let mut grouped: Vec<Renewals> = Vec::new();
    for row in rows {
        match grouped.last_mut().filter(|last| (last.renewals, last.left) == (row.renewals, row.left)) {
            Some(last) => last.customers += row.customers,
            None => grouped.push(row),
        }
    }
    grouped
}
