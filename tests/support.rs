//! Running the program and reading what it wrote.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the repository")
}

/// Runs the program in a folder.
pub(crate) fn tallybook(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tallybook"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("UNSET_FOR_THE_TEST")
        .output()
        .expect("the program starts")
}

/// Runs the program and expects it to publish; gives the pages that it names.
pub(crate) fn publish(folder: &Path, arguments: &[&str]) -> Vec<PathBuf> {
    let output = tallybook(folder, arguments);
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{arguments:?}\n{stdout}{stderr}");
    let pages: Vec<PathBuf> = stdout.lines().map(|line| folder.join(line)).collect();
    keep_figures(folder, arguments, &pages);
    pages
}

/// Keeps figures of real data where `tests/figures/keep` asks for them: a folder for each text of a pipeline, and in it what a folder of
/// reports has.
fn keep_figures(folder: &Path, arguments: &[&str], pages: &[PathBuf]) {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let (Some(kept), Some(data)) = (variable("TALLYBOOK_KEEP_FIGURES"), variable("TALLYBOOK_TEST_DATA")) else {
        return;
    };
    let text = std::fs::read_to_string(folder.join(arguments[1])).expect("a pipeline");
    if !text.contains(&data) {
        return;
    }
    // FNV-1a, with which a text has the same name on every machine.
    let text = text.replace(&data, "<data>");
    let hash = text.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    for report in pages.iter().filter_map(|page| page.parent()) {
        let name_and_label: PathBuf = report.iter().skip(report.iter().count() - 2).collect();
        let target = Path::new(&kept).join(format!("{hash:08x}")).join(name_and_label);
        std::fs::create_dir_all(&target).expect("a folder");
        for file in ["figures.json", "clv-model.json"].iter().filter(|file| report.join(file).exists()) {
            std::fs::copy(report.join(file), target.join(file)).expect("a copy");
        }
    }
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The figures beside a page.
pub(crate) fn figures(page: &Path) -> Value {
    let path = page.with_file_name("figures.json");
    let text = std::fs::read_to_string(&path).expect("figures");
    serde_json::from_str(&text).expect("JSON")
}

/// Finds the figure of a metric and measure, for the report's own period; `segment` is `dimension=value`, or nothing for the total.
pub(crate) fn figure<'a>(document: &'a Value, metric: &str, measure: &str, segment: Option<&str>) -> &'a Value {
    let period = &document["period"]["label"];
    let wanted = segment.and_then(|segment| segment.split_once('='));
    let found = document["figures"].as_array().expect("figures").iter().find(|figure| {
        figure["metric"] == metric
            && figure["measure"] == measure
            && figure["period"] == *period
            && figure["cohort"].is_null()
            && match wanted {
                None => figure["segment"].is_null(),
                Some((dimension, value)) => {
                    figure["segment"]["dimension"] == dimension && figure["segment"]["value"] == value
                }
            }
    });
    found.unwrap_or_else(|| panic!("no figure {metric} {measure} {segment:?}"))
}

/// Counts of a cohort by age: how many were active, of how many.
pub(crate) fn cohort(document: &Value, metric: &str, cohort: &str) -> Vec<(Option<u64>, Option<u64>)> {
    let own = |figure: &&Value| {
        figure["metric"] == metric && figure["measure"] == "value" && figure["cohort"]["cohort"] == cohort
    };
    let figures = document["figures"].as_array().expect("figures").iter().filter(own);
    figures.map(|figure| (figure["k"].as_u64(), figure["n"].as_u64())).collect()
}

/// The folder of real data, where the environment names one; says so where it does not.
pub(crate) fn test_data(test: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("TALLYBOOK_TEST_DATA").map(PathBuf::from).filter(|folder| folder.is_dir());
    if folder.is_none() {
        // Past the test harness, which would keep it to itself.
        use std::io::Write;
        let _ = writeln!(std::io::stderr(), "skipped {test}: TALLYBOOK_TEST_DATA names no folder");
    }
    folder
}
