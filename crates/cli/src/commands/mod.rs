//! The commands, one file each.

mod catalogue;
mod demo;
mod inspect;

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::CommandFactory;
use tallybook_report::{Document, Templates};

use crate::args::{Cli, Command};
use crate::error::{CliError, harmless};
use crate::paths::shown;
use crate::pipeline::{Config, PipelineFile};
use crate::plan::{Overrides, Plan};
use crate::progress::Progress;
use crate::publish::{Home, Publisher, create_file, replace_file};

/// Carries out a command; `now` is the moment of it, in seconds since 1970 UTC.
pub(crate) fn dispatch(command: Command, now: i64) -> Result<(), CliError> {
    match command {
        Command::Run { pipeline, when, out, format, quiet } => {
            let overrides = Overrides { when, out, formats: format };
            run(&pipeline, &overrides, now, quiet)
        }
        Command::Check { pipeline } => {
            let plan = Plan::new(read(&pipeline)?, &Overrides::default(), now)?;
            print(&inspect::checked(&plan))
        }
        Command::Plan { pipeline, when } => {
            let plan = Plan::new(read(&pipeline)?, &Overrides { when, ..Overrides::default() }, now)?;
            print(&inspect::plan(&plan))
        }
        Command::Render { figures, template, templates, out } => render(&figures, &template, templates.as_deref(), out),
        Command::Metrics { id: Some(id), .. } => print(&catalogue::one(&id)?),
        Command::Metrics { markdown: true, .. } => print(&catalogue::markdown()),
        Command::Metrics { .. } => print(&catalogue::list()),
        Command::Schema => print(&schema()?),
        Command::Init { path } => init(&path),
        Command::Demo { folder, customers, no_run } => demo::demo(&folder, customers, no_run),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "tallybook", &mut script);
            print(&String::from_utf8_lossy(&script))
        }
    }
}

fn read(path: &Path) -> Result<PipelineFile, CliError> {
    PipelineFile::read(path, |name| std::env::var(name).ok())
}

fn run(pipeline: &Path, overrides: &Overrides, now: i64, quiet: bool) -> Result<(), CliError> {
    let pipeline = read(pipeline)?;
    // What a killed run had moved is put back before anything can go wrong.
    let mut publisher = Publisher::open(Home::of(&pipeline, overrides.out.as_deref())?)?;
    warn(publisher.take_notices());
    let published = Plan::new(pipeline, overrides, now)
        .and_then(|plan| crate::run::run(&plan, &mut publisher, &Progress::new(!quiet)));
    warn(publisher.take_notices());
    let published = published?;
    warn(published.iter().filter_map(|published| published.warning.clone()));
    if !quiet {
        let pages = published.iter().map(|published| shown(&published.page) + "\n").collect::<String>();
        if let Err(error) = print(&pages) {
            // The report is out, so the run has done what it was asked.
            warn([format!("{}: the reports are published\n{pages}", error.render(false)).trim_end().to_owned()]);
        }
    }
    Ok(())
}

/// Says on standard error what a user should know although the command goes on.
fn warn(lines: impl IntoIterator<Item = String>) {
    let mut stderr = std::io::stderr().lock();
    for line in lines {
        // A closed standard error takes nothing from what was done.
        let _ = writeln!(stderr, "{}", harmless(&line));
    }
}

fn render(figures: &Path, template: &str, folder: Option<&Path>, out: Option<PathBuf>) -> Result<(), CliError> {
    let text = std::fs::read_to_string(figures)
        .map_err(|source| CliError::could_not_run(format!("cannot read {}", shown(figures))).because(&source))?;
    let document = Document::from_json(figures, &text)?;
    let page = Templates::load(folder)?.render(template, &document)?;
    match out {
        None => print(&page),
        Some(path) => replace_file(&path, page.as_bytes()),
    }
}

/// The JSON Schema of pipeline files.
fn schema() -> Result<String, CliError> {
    let mut schema = schemars::schema_for!(Config);
    schema.insert("title".to_owned(), "Tallybook pipeline".into());
    serde_json::to_string_pretty(&schema)
        .map(|text| text + "\n")
        .map_err(|source| CliError::could_not_run("cannot write the schema").because(&source))
}

/// The commented pipeline that `init` writes.
const STARTER: &str = include_str!("../starter.yaml");

fn init(path: &Path) -> Result<(), CliError> {
    create_file(path, STARTER.as_bytes())?;
    print(&format!("{}\n", shown(path)))
}

/// Writes to standard output; a reader that has had enough is no error.
fn print(text: &str) -> Result<(), CliError> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(source) if source.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(CliError::could_not_run("cannot write to standard output").because(&source))
        }
        _ => Ok(()),
    }
}
