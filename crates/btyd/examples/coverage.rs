//! Simulates many companies of which the truth is known, and counts how often intervals cover it; prints the table of `docs/models.md`.
//!
//! `cargo run --release -p tallybook-btyd --example coverage -- 1000`

#![allow(clippy::print_stdout, reason = "a program")]

use std::error::Error;

use rand::{RngExt, SeedableRng, rngs::StdRng};
use rayon::prelude::*;
use tallybook_btyd::{
    BgNbd, ContractFit, Contracts, Demands, Family, Fit, GammaGamma, History, MbgNbd, ParetoNbd, Sample,
    ShiftedBetaGeometric, SpendFit, SpendSample, Verdict,
};

const Z95: f64 = 1.959_963_984_540_054;
/// Customers of a company, who came over 52 weeks and are seen to week 78.
const CUSTOMERS: u32 = 4000;

/// One estimate of one company: the truth, the estimate, its interval.
struct Trial {
    truth: f64,
    estimate: f64,
    low: f64,
    high: f64,
}

impl Trial {
    /// On the scale of logarithms, as the fits are.
    fn of_positive(truth: f64, estimate: f64, error: f64) -> Self {
        let factor = (Z95 * error / estimate).exp();
        Self { truth, estimate, low: estimate / factor, high: estimate * factor }
    }
}

fn ages(rng: &mut StdRng) -> Vec<f64> {
    (0..CUSTOMERS).map(|_| 26.0 + 52.0 * rng.random::<f64>()).collect()
}

/// Parameters, then the purchases expected of all customers in the next 26 weeks.
fn purchases<M: Family>(truth: [f64; 4], seed: u64) -> Option<Vec<Trial>> {
    let mut rng = StdRng::seed_from_u64(seed);
    let model = M::new(truth).ok()?;
    let customers: Vec<History> =
        ages(&mut rng).into_iter().map(|age| model.simulate(age, 0.0, &mut rng).history).collect();
    let fit = Fit::<M>::of(&Sample::new(customers.iter().copied()).ok()?, &Demands::default());
    let errors = fit.standard_errors.filter(|_| fit.verdict() != Verdict::Unusable)?;
    let estimates = fit.model.parameters();
    let mut trials: Vec<Trial> = (0..4).map(|i| Trial::of_positive(truth[i], estimates[i], errors[i])).collect();
    let total = |model: &M| vec![customers.iter().map(|h| model.expected_transactions(h, 26.0)).sum::<f64>()];
    let (estimate, error) = fit.with_errors(total)?[0];
    trials.push(Trial::of_positive(total(&model)[0], estimate, error));
    Some(trials)
}

fn spend(truth: GammaGamma, seed: u64) -> Option<Vec<Trial>> {
    let mut rng = StdRng::seed_from_u64(seed);
    let draw = |rng: &mut StdRng| {
        let purchases = 1.0 + (rng.random::<f64>().powi(3) * 8.0).floor();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 1 to 8")]
        let purchases = purchases as u32;
        (purchases, f64::from(purchases) * truth.simulate(purchases, rng))
    };
    let customers: Vec<(u32, f64)> = (0..CUSTOMERS / 2).map(|_| draw(&mut rng)).collect();
    let fit = SpendFit::of(&SpendSample::from_totals(customers).ok()?, &Demands::default());
    let values = |model: &GammaGamma| vec![model.p, model.q, model.gamma, model.mean().unwrap_or(f64::NAN)];
    let errors = fit.with_errors(values).filter(|_| fit.verdict() != Verdict::Unusable)?;
    let trial = |(truth, (estimate, error)): (f64, (f64, f64))| Trial::of_positive(truth, estimate, error);
    Some(values(&truth).into_iter().zip(errors).map(trial).collect())
}

/// Five yearly cohorts, the oldest with five renewals behind it.
fn contracts(truth: ShiftedBetaGeometric, seed: u64) -> Option<Vec<Trial>> {
    let mut rng = StdRng::seed_from_u64(seed);
    let rows: Vec<Contracts> = (0..CUSTOMERS).map(|i| truth.simulate(1 + i % 5, &mut rng)).collect();
    let fit = ContractFit::of(&rows, &Demands::default());
    let values = |model: &ShiftedBetaGeometric| vec![model.alpha, model.beta, model.residual_renewals(0, None, 0.1)];
    let errors = fit.with_errors(values).filter(|_| fit.verdict() != Verdict::Unusable)?;
    let trial = |(truth, (estimate, error)): (f64, (f64, f64))| Trial::of_positive(truth, estimate, error);
    Some(values(&truth).into_iter().zip(errors).map(trial).collect())
}

fn report(name: &str, what: &[&str], companies: u64, study: impl Fn(u64) -> Option<Vec<Trial>> + Sync + Send) {
    let trials: Vec<Vec<Trial>> = (0..companies).into_par_iter().filter_map(study).collect();
    let n = trials.len() as f64;
    for (i, what) in what.iter().enumerate() {
        let own = || trials.iter().map(|trials| &trials[i]);
        let covered = own().filter(|trial| trial.low <= trial.truth && trial.truth <= trial.high).count();
        let mut errors: Vec<f64> = own().map(|trial| trial.estimate / trial.truth - 1.0).collect();
        errors.sort_by(f64::total_cmp);
        let median = errors[errors.len() / 2];
        let width = (errors[errors.len() * 3 / 4] - errors[errors.len() / 4]) / 1.349;
        println!(
            "| {name} | {what} | {} of {companies} | {:.1}% | {:+.1}% | {:.1}% |",
            trials.len(),
            100.0 * covered as f64 / n,
            100.0 * median,
            100.0 * width
        );
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let companies: u64 = std::env::args().nth(1).unwrap_or_else(|| "1000".to_owned()).parse()?;
    println!("| model | of what | usable | covered | median error | spread |");
    println!("|---|---|---:|---:|---:|---:|");
    let names = |names: [&'static str; 4]| [&names[..], &["purchases in 26 weeks"]].concat();
    report("BG/NBD", &names(BgNbd::PARAMETERS), companies, |seed| purchases::<BgNbd>([0.5, 6.0, 0.8, 2.5], seed));
    report("MBG/NBD", &names(MbgNbd::PARAMETERS), companies, |seed| purchases::<MbgNbd>([0.6, 6.0, 0.9, 2.5], seed));
    report("Pareto/NBD", &names(ParetoNbd::PARAMETERS), companies, |seed| {
        purchases::<ParetoNbd>([0.6, 9.0, 0.7, 12.0], seed)
    });
    let gamma = GammaGamma::new(6.25, 3.74, 15.44)?;
    report("Gamma-Gamma", &["p", "q", "gamma", "mean spend"], companies, |seed| spend(gamma, seed));
    let sbg = ShiftedBetaGeometric::new(0.67, 3.8)?;
    report("sBG", &["alpha", "beta", "renewals ahead"], companies, |seed| contracts(sbg, seed));
    Ok(())
}
