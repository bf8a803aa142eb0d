//! `tallybook`: customer metrics from a company's exports to a report, from one YAML file.

mod args;
mod commands;
mod error;
mod paths;
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
    // A panic is a bug of ours; whoever reads cron's mail is told so in a line, not in a stack trace.
    std::panic::set_hook(Box::new(|_| {}));
    let outcome = std::panic::catch_unwind(|| commands::dispatch(cli.command, now)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
        let message = format!("a bug in tallybook stopped the run: {}", text.unwrap_or("no message"));
        Err(error::CliError::could_not_run(message)
            .hint("nothing was published; please report it with the pipeline file"))
    });
    match outcome {
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
