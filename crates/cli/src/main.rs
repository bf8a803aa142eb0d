//! `tallybook`: customer metrics from a company's exports to a report, from one YAML file.

mod args;
mod commands;
mod error;
mod pipeline;
mod plan;
mod progress;
mod publish;
mod run;

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use clap::Parser;

use crate::args::Cli;

fn main() -> ExitCode {
    let cli = Cli::parse();
    // The only look at the clock.
    let now = chrono::Utc::now().timestamp();
    match commands::dispatch(cli.command, now) {
        Ok(()) => ExitCode::from(error::PUBLISHED),
        Err(failure) => {
            let mut stderr = std::io::stderr().lock();
            let colour = stderr.is_terminal();
            // Where even that fails, the exit status is all that is left to say.
            let _ = writeln!(stderr, "{}", failure.render(colour));
            ExitCode::from(failure.exit)
        }
    }
}
