//! Fits a purchase model to a CSV file of `frequency,recency,T` and prints parameters, standard errors, verdict and the CPU time it took.
//!
//! `cargo run --release -p tallybook-btyd --example fit -- bg_nbd customers.csv`

#![allow(clippy::print_stdout, reason = "a program")]

use std::error::Error;
use std::time::Instant;

use serde_json::json;
use tallybook_btyd::{Demands, History, ModelKind, Sample};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [kind, path] = &arguments[..] else { return Err("usage: fit bg_nbd|mbg_nbd|pareto_nbd FILE.csv".into()) };
    let kind: ModelKind = serde_json::from_value(json!(kind))?;
    let mut customers = Vec::new();
    for line in std::fs::read_to_string(path)?.lines().skip(1) {
        let fields: Vec<f64> = line.split(',').map(str::parse).collect::<Result<_, _>>()?;
        let &[frequency, recency, age] = &fields[..] else { return Err(format!("not three numbers: {line}").into()) };
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts, written as numbers")]
        customers.push(History::new(frequency as u32, recency, age)?);
    }
    let (began, before) = (Instant::now(), cpu_seconds());
    let sample = Sample::new(customers)?;
    let fit = kind.fit(&sample, &Demands::default());
    let (took, after) = (began.elapsed(), cpu_seconds());
    let (began, draws) = (Instant::now(), if sample.rows() > 10_000 { 0 } else { 200 });
    let drawn = fit.bootstrap(&sample, draws, 1).len();
    let report = json!({
        "model": kind.name(),
        "parameters": kind.parameters().into_iter().zip(fit.model().parameters()).collect::<Vec<_>>(),
        "log_likelihood": fit.log_likelihood(),
        "standard_errors": fit.standard_errors(),
        "verdict": fit.verdict(),
        "findings": fit.findings().iter().map(ToString::to_string).collect::<Vec<_>>(),
        "bootstrap": { "draws": drawn, "seconds": began.elapsed().as_secs_f64() },
        "seconds_of_the_fit": took.as_secs_f64(),
        "cpu_seconds_of_the_fit": before.zip(after).map(|(before, after)| after - before),
    });
    println!("{}", serde_json::to_string_pretty(&report)?);
    Ok(())
}

/// CPU time of the process so far, where the system tells (Linux, in hundredths of a second).
fn cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The name of the program, in brackets, may hold spaces.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks: f64 = fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?;
    Some(ticks / 100.0)
}
