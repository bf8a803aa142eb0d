//! One folder a case, in `tests/cases`: a pipeline, its data, a command, and what must come of it. Each runs in a copy of its own.
//!
//! - `command`: the arguments, one a line; the exit status on the first line. `command-2`, `command-3` follow it.
//! - `stdout`, `stderr`: the whole texts; a file that is not there stands for an empty one. Those of `command-2` are `stdout-2` and
//!   `stderr-2`. `TALLYBOOK_BLESS=1` writes them anew.
//! - `figures`: lines `metric measure segment value n state`, worked out by hand; `total` and `-` stand for no segment and no value. They
//!   are of the last page that is named.
//! - `setup`: what git cannot keep, made before: `mkdir PATH`, `link TARGET PATH`, `write PATH TEXT`, one a line.
//! - `files`: paths that are there in the end, one a line; `!PATH` for one that is not.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use libtest_mimic::{Failed, Trial};

use crate::support::{figure, figures, root, tallybook, text};

/// A test for each folder.
pub(crate) fn trials() -> Vec<Trial> {
    let folder = root().join("tests/cases");
    let mut cases: Vec<PathBuf> = folder.read_dir().expect("cases").map(|entry| entry.expect("entry").path()).collect();
    cases.sort();
    assert!(cases.len() > 10, "the cases are there");
    let trial = |case: PathBuf| {
        let name = case.file_name().expect("a name").to_string_lossy().into_owned();
        Trial::test(format!("case::{name}"), move || run(&case).map_err(Failed::from))
    };
    cases.into_iter().map(trial).collect()
}

fn run(case: &Path) -> Result<(), String> {
    let scratch = tempfile::tempdir().expect("a folder");
    let data = scratch.path().join("case");
    copy(case, &data);
    set_up(case, &data)?;
    let mut page = None;
    for number in 1.. {
        let ending = if number == 1 { String::new() } else { format!("-{number}") };
        let Ok(command) = fs::read_to_string(case.join(format!("command{ending}"))) else {
            if number == 1 {
                return Err("there is no `command`".into());
            }
            break;
        };
        let stdout = run_command(case, &data, &command, &ending)?;
        page = stdout.lines().last().map(|line| data.join(line)).or(page);
    }
    expect_files(case, &data)?;
    let Ok(expected) = fs::read_to_string(case.join("figures")) else { return Ok(()) };
    let document = figures(&page.ok_or("no page")?);
    let mut wrong = String::new();
    for line in expected.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
        if let Err(difference) = expect_figure(&document, line) {
            let _ = writeln!(wrong, "{line}: {difference}");
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

/// Runs a command of a case, compares what it says, and gives its standard output.
fn run_command(case: &Path, data: &Path, command: &str, ending: &str) -> Result<String, String> {
    let mut lines = command.lines();
    let status: i32 = lines.next().and_then(|line| line.parse().ok()).ok_or("no exit status")?;
    let arguments: Vec<&str> = lines.collect();
    let output = tallybook(data, &arguments);
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    if output.status.code() != Some(status) {
        return Err(format!("exit status {:?} instead of {status}\n{stdout}{stderr}", output.status.code()));
    }
    for (name, found) in [("stdout", &stdout), ("stderr", &stderr)] {
        expect_text(&case.join(format!("{name}{ending}")), &found.replace(&data.display().to_string(), "<case>"))?;
    }
    Ok(stdout)
}

fn expect_text(path: &Path, found: &str) -> Result<(), String> {
    let expected = fs::read_to_string(path).unwrap_or_default();
    if expected == found {
        return Ok(());
    }
    if std::env::var_os("TALLYBOOK_BLESS").is_some() {
        let blessed = if found.is_empty() { fs::remove_file(path) } else { fs::write(path, found) };
        blessed.expect("blessed");
        return Ok(());
    }
    let name = path.file_name().unwrap_or_default().display();
    Err(format!("{name} is\n{found}instead of\n{expected}"))
}

/// Makes what git cannot keep.
fn set_up(case: &Path, data: &Path) -> Result<(), String> {
    for line in fs::read_to_string(case.join("setup")).unwrap_or_default().lines() {
        let words: Vec<&str> = line.splitn(3, ' ').collect();
        let made = match words[..] {
            ["mkdir", path] => fs::create_dir_all(data.join(path)),
            ["link", target, path] => std::os::unix::fs::symlink(target, data.join(path)),
            ["write", path, text] => {
                let path = data.join(path);
                fs::create_dir_all(path.parent().expect("a folder")).and_then(|()| fs::write(path, text))
            }
            _ => return Err(format!("`{line}` is nothing that `setup` knows")),
        };
        made.map_err(|error| format!("{line}: {error}"))?;
    }
    Ok(())
}

fn expect_files(case: &Path, data: &Path) -> Result<(), String> {
    for line in fs::read_to_string(case.join("files")).unwrap_or_default().lines() {
        let (path, wanted) = line.strip_prefix('!').map_or((line, true), |path| (path, false));
        if data.join(path).symlink_metadata().is_ok() != wanted {
            return Err(format!("{path} {}", if wanted { "is not there" } else { "is there" }));
        }
    }
    Ok(())
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
    fs::create_dir_all(to).expect("a folder");
    for entry in from.read_dir().expect("a folder") {
        let path = entry.expect("entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).expect("a copy");
        }
    }
}
