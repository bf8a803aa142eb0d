//! Fits BG/NBD and Gamma-Gamma to millions of simulated customers and prints the CPU time of each stage.
//!
//! `cargo run --release -p tallybook-btyd --example scale -- 10000000`

#![allow(
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a program that draws days"
)]

use std::error::Error;

use rand::{RngExt, SeedableRng, rngs::StdRng};
use rayon::prelude::*;
use tallybook_btyd::{BgNbd, Demands, Family, Fit, GammaGamma, Sample, SpendFit, SpendSample};

fn main() -> Result<(), Box<dyn Error>> {
    let customers: u64 = std::env::args().nth(1).unwrap_or_else(|| "1000000".to_owned()).parse()?;
    let truth = BgNbd::new([0.243, 4.414, 0.793, 2.426])?;
    let spend = GammaGamma::new(6.25, 3.74, 15.44)?;
    let draw = |part: u64| -> Vec<(u32, u32, u32, f64)> {
        let mut rng = StdRng::seed_from_u64(part);
        (0..1000)
            .map(|_| {
                let age = rng.random_range(0..=546_u32);
                let history = truth.simulate(f64::from(age) / 7.0, 0.0, &mut rng).history;
                let x = history.frequency();
                let total = if x == 0 { 0.0 } else { f64::from(x) * spend.simulate(x, &mut rng) };
                (x, (history.recency() * 7.0) as u32, age, total)
            })
            .collect()
    };
    let drawn: Vec<(u32, u32, u32, f64)> = (0..customers / 1000).into_par_iter().flat_map_iter(draw).collect();
    let mut clock = Clock(cpu_seconds());
    let sample = Sample::from_days(drawn.iter().map(|row| (row.0, row.1, row.2)), 7.0)?;
    let spent = SpendSample::from_totals(drawn.iter().map(|row| (row.0, row.3)))?;
    clock.lap(&format!("{} customers grouped into {} rows", sample.customers(), sample.rows()));
    let fit = Fit::<BgNbd>::of(&sample, &Demands::default());
    clock.lap(&format!("BG/NBD {:?}, {} passes over all rows", fit.model, fit.evaluations));
    let fit = SpendFit::of(&spent, &Demands::default());
    clock.lap(&format!("Gamma-Gamma {:?}", fit.model));
    Ok(())
}

struct Clock(f64);

impl Clock {
    fn lap(&mut self, what: &str) {
        let now = cpu_seconds();
        println!("{:6.2} s CPU  {what}", now - self.0);
        self.0 = now;
    }
}

/// CPU time of the process so far (Linux, in hundredths of a second).
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<f64> = stat
        .rsplit_once(')')
        .map(|(_, rest)| rest.split_whitespace().map(|field| field.parse().unwrap_or(0.0)).collect())
        .unwrap_or_default();
    fields.get(11..13).map_or(0.0, |times| times.iter().sum::<f64>() / 100.0)
}
