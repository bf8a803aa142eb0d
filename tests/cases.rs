//! One folder a case, in `tests/cases`: a pipeline, its data, the command, and what must come of it.
//!
//! - `command`: the arguments, one a line; the exit status on the first line.
//! - `stderr`, `stdout`: the whole text expected, if the file is there. `TALLYBOOK_BLESS=1` writes them anew.
//! - `figures`: lines `metric measure segment value n state`, worked out by hand; `total` and `-` stand for no segment and no value.

use std::fmt::Write as _;
use std::path::Path;

use crate::support::{figure, figures, root, tallybook, text};

#[test]
fn every_case() {
    let folder = root().join("tests/cases");
    let mut names: Vec<_> = folder.read_dir().expect("cases").map(|entry| entry.expect("entry").path()).collect();
    names.sort();
    assert!(names.len() > 10, "the cases are there");
    let mut failures = String::new();
    for case in names {
        let name = case.file_name().expect("a name").to_string_lossy().into_owned();
        if let Err(failure) = run(&case) {
            let _ = writeln!(failures, "== {name}\n{failure}");
        }
    }
    assert!(failures.is_empty(), "\n{failures}");
}

fn run(case: &Path) -> Result<(), String> {
    let scratch = tempfile::tempdir().expect("a folder");
    let data = scratch.path().join("case");
    copy(case, &data);
    let command = std::fs::read_to_string(case.join("command")).map_err(|error| error.to_string())?;
    let mut lines = command.lines();
    let status: i32 = lines.next().and_then(|line| line.parse().ok()).ok_or("no exit status")?;
    let arguments: Vec<&str> = lines.collect();
    let output = tallybook(&data, &arguments);
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    if output.status.code() != Some(status) {
        return Err(format!("exit status {:?} instead of {status}\n{stdout}{stderr}", output.status.code()));
    }
    for (name, found) in [("stdout", &stdout), ("stderr", &stderr)] {
        expect_text(case, name, &found.replace(&data.display().to_string(), "<case>"))?;
    }
    let Ok(expected) = std::fs::read_to_string(case.join("figures")) else { return Ok(()) };
    let page = stdout.lines().next().ok_or("no page")?;
    let document = figures(&data.join(page));
    let mut wrong = String::new();
    for line in expected.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
        if let Err(difference) = expect_figure(&document, line) {
            let _ = writeln!(wrong, "{line}: {difference}");
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

fn expect_text(case: &Path, name: &str, found: &str) -> Result<(), String> {
    let path = case.join(name);
    if std::env::var_os("TALLYBOOK_BLESS").is_some() && path.exists() {
        std::fs::write(&path, found).expect("blessed");
        return Ok(());
    }
    match std::fs::read_to_string(&path) {
        Ok(expected) if expected != found => Err(format!("{name} is\n{found}instead of\n{expected}")),
        _ => Ok(()),
    }
}

fn expect_figure(document: &serde_json::Value, line: &str) -> Result<(), String> {
    let parts: Vec<&str> = line.split_whitespace().collect();
    let [metric, measure, segment, value, n, state] = parts[..] else { return Err("six words a line".into()) };
    let found = figure(document, metric, measure, Some(segment).filter(|segment| *segment != "total"));
    let expected: Option<f64> = value.parse().ok();
    let same = match (expected, found["value"].as_f64()) {
        (Some(expected), Some(found)) => (expected - found).abs() <= 1e-6 * expected.abs().max(1.0),
        (None, None) => true,
        _ => false,
    };
    if !same || found["n"].as_u64() != n.parse().ok() || found["state"] != state {
        return Err(format!("found {} {} {} {}", found["value"], found["n"], found["state"], found["reason"]));
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in from.read_dir().expect("a folder") {
        let path = entry.expect("entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).expect("a copy");
        }
    }
}
