//! The commands, one file each.

mod catalogue;
mod demo;
mod inspect;

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::CommandFactory;
use tallybook_report::{Document, Templates};

use crate::args::{Cli, Command};
use crate::error::CliError;
use crate::pipeline::{Config, PipelineFile};
use crate::plan::{Overrides, Plan, shown};
use crate::progress::Progress;

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
    let plan = Plan::new(read(pipeline)?, overrides, now)?;
    let published = crate::run::run(&plan, &Progress::new(!quiet))?;
    let mut stderr = std::io::stderr().lock();
    for warning in published.iter().filter_map(|published| published.warning.as_ref()) {
        // The report is out; a closed standard error takes nothing from it.
        let _ = writeln!(stderr, "{warning}");
    }
    if quiet {
        return Ok(());
    }
    print(&published.iter().map(|published| shown(&published.page) + "\n").collect::<String>())
}

fn render(figures: &Path, template: &str, folder: Option<&Path>, out: Option<PathBuf>) -> Result<(), CliError> {
    let text = std::fs::read_to_string(figures)
        .map_err(|source| CliError::could_not_run(format!("cannot read {}", shown(figures))).because(&source))?;
    let document = Document::from_json(figures, &text)?;
    let page = Templates::load(folder)?.render(template, &document)?;
    match out {
        None => print(&page),
        Some(path) => write_new(&path, page.as_bytes(), true),
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
    write_new(path, STARTER.as_bytes(), false)?;
    print(&format!("{}\n", shown(path)))
}

/// Writes a file and the folders that lead to it; one that is there stays unless it may be replaced.
fn write_new(path: &Path, bytes: &[u8], replace: bool) -> Result<(), CliError> {
    if !replace && path.exists() {
        return Err(CliError::could_not_run(format!("{} is there already", shown(path))).hint("give another name"));
    }
    let folder = tallybook_ingest::folder_of(path);
    std::fs::create_dir_all(&folder)
        .and_then(|()| std::fs::write(path, bytes))
        .map_err(|source| CliError::could_not_run(format!("cannot write {}", shown(path))).because(&source))
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
