//! The command line.

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::{Args, Parser, Subcommand};

use crate::pipeline::OutputFormat;

/// Customer metrics from a company's exports to a report, from one YAML file.
#[derive(Debug, Parser)]
#[command(name = "tallybook", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Computes a pipeline's metrics and publishes its report.
    #[command(after_help = "Without a period, the last completed one is reported.\n\
        Exit status: 0 published, 1 held back by a check, 2 could not run.")]
    Run {
        /// The pipeline file.
        pipeline: PathBuf,
        #[command(flatten)]
        when: When,
        /// The folder of reports, instead of the pipeline's.
        #[arg(long, value_name = "FOLDER")]
        out: Option<PathBuf>,
        /// The files to write, instead of the pipeline's.
        #[arg(long, value_delimiter = ',', value_name = "FORMAT")]
        format: Vec<OutputFormat>,
        /// Says nothing but what goes wrong.
        #[arg(long, short)]
        quiet: bool,
    },
    /// Checks a pipeline and its files' headers, without reading their rows.
    Check {
        /// The pipeline file.
        pipeline: PathBuf,
    },
    /// Prints what a run would do: windows, comparisons, metrics and the columns they read.
    Plan {
        /// The pipeline file.
        pipeline: PathBuf,
        #[command(flatten)]
        when: When,
    },
    /// Renders a report again from its `figures.json`, without any source.
    Render {
        /// The figures.
        figures: PathBuf,
        /// A template with its ending, such as `weekly.md`.
        #[arg(long, default_value = "weekly.html")]
        template: String,
        /// A folder of templates that override the built-in ones.
        #[arg(long, value_name = "FOLDER")]
        templates: Option<PathBuf>,
        /// The file to write; standard output when left out.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Lists the metrics, or explains one.
    Metrics {
        /// A metric.
        id: Option<String>,
        /// Writes the whole catalogue as Markdown.
        #[arg(long, conflicts_with = "id")]
        markdown: bool,
    },
    /// Prints the JSON Schema of pipeline files, for editors.
    Schema,
    /// Writes a commented pipeline file to start from.
    Init {
        /// The file to write.
        #[arg(default_value = "pipelines/weekly-kpis.yaml")]
        path: PathBuf,
    },
    /// Writes a synthetic company with five pipelines, and runs the weekly one.
    Demo {
        /// The folder to write.
        #[arg(default_value = "tallybook-demo")]
        folder: PathBuf,
        /// How many customers it has.
        #[arg(long, default_value_t = 3000, value_parser = clap::value_parser!(u32).range(50..=1_000_000))]
        customers: u32,
        /// Writes the data and the pipeline only.
        #[arg(long)]
        no_run: bool,
    },
    /// Prints a completion script for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// Which periods are reported.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct When {
    /// First day of a range.
    #[arg(long, requires = "to", conflicts_with = "period", value_name = "DAY")]
    pub(crate) from: Option<NaiveDate>,
    /// Last day of a range, included.
    #[arg(long, requires = "from", value_name = "DAY")]
    pub(crate) to: Option<NaiveDate>,
    /// Reports every whole period in the range, instead of the range as one.
    #[arg(long, requires = "from")]
    pub(crate) each: bool,
    /// One period, such as 2026-W46.
    #[arg(long, value_name = "LABEL")]
    pub(crate) period: Option<String>,
    /// The moment of the run, instead of now: a day (its first moment), or an RFC 3339 timestamp.
    #[arg(long, value_name = "TIME")]
    pub(crate) as_of: Option<String>,
}
