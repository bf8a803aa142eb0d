//! The house: which folder may use which, between crates and within them. Dependencies point down only.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::support::root;

crate::tests![crates_use_what_stands_below_them, folders_use_what_stands_below_them, every_folder_has_its_place];

/// Crates, the lowest first, and which of the others each may use.
const CRATES: &[(&str, &[&str])] = &[
    ("calendar", &[]),
    ("stats", &[]),
    ("btyd", &[]),
    ("ingest", &["calendar"]),
    ("metrics", &["calendar", "stats", "btyd", "ingest"]),
    ("report", &["calendar", "stats", "ingest", "metrics"]),
    ("cli", &["calendar", "ingest", "metrics", "report"]),
];

/// Folders and files at the root of a crate, the lowest first: each may use those before it and no other.
const LAYERS: &[(&str, &[&str])] = &[
    ("calendar", &["spelling", "fiscal", "period", "compare", "hours"]),
    ("stats", &["intervals", "method", "outcome", "estimate", "difference", "sums", "control_chart", "decomposition"]),
    (
        "btyd",
        &[
            "error",
            "findings",
            "special",
            "quadrature",
            "matrix",
            "newton",
            "history",
            "survival",
            "purchase",
            "fit",
            "spend",
            "choice",
            "contract",
        ],
    ),
    (
        "ingest",
        &[
            "packed_column",
            "bounds",
            "schema",
            "config",
            "quarantine",
            "parse",
            "table",
            "error",
            "formats",
            "source",
            "sql_column",
            "tables",
            "load",
            "checks",
        ],
    ),
    (
        "metrics",
        &["declare", "result", "engine", "folds", "subscriptions", "lifetime", "sentiment", "metric", "catalog", "job"],
    ),
    ("report", &["error", "format", "document", "svg", "view", "outputs"]),
    ("cli", &["error", "paths", "progress", "pipeline", "args", "publish", "plan", "run", "commands", "main"]),
];

fn crates_use_what_stands_below_them() {
    for (name, allowed) in CRATES {
        let text = fs::read_to_string(root().join("crates").join(name).join("Cargo.toml")).expect("a manifest");
        let dependencies =
            text.split("[dependencies]").nth(1).expect("dependencies").split("\n[").next().expect("them");
        let used = dependencies.lines().filter_map(|line| line.strip_prefix("tallybook-")?.split('.').next());
        for used in used {
            assert!(allowed.contains(&used), "{name} uses {used}");
        }
    }
}

fn folders_use_what_stands_below_them() {
    let mut wrong = Vec::new();
    for (name, layers) in LAYERS {
        each_file(&root().join("crates").join(name).join("src"), &mut |path, place| {
            let text = fs::read_to_string(path).expect("a file");
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            let level = |folder: &str| layers.iter().position(|layer| *layer == folder);
            // The root of a crate only says what is in it.
            let Some(own) = level(place) else { return };
            for used in used_in(code) {
                if level(&used).is_some_and(|used| used > own) {
                    wrong.push(format!("{name}: {} uses {used}", path.display()));
                }
            }
        });
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn every_folder_has_its_place() {
    for (name, layers) in LAYERS {
        let mut found = BTreeSet::new();
        each_file(&root().join("crates").join(name).join("src"), &mut |_, place| _ = found.insert(place.to_owned()));
        found.remove("lib");
        let known: BTreeSet<String> = layers.iter().map(|layer| (*layer).to_owned()).collect();
        assert_eq!(found, known, "folders of {name}");
    }
}

/// What stands behind `crate::` in a text.
fn used_in(code: &str) -> BTreeSet<String> {
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    let behind = lines.flat_map(|line| line.split("crate::").skip(1));
    behind.map(|rest| rest.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect()).collect()
}

/// Sees each file of a crate with the folder or file at the root of the crate that it belongs to.
fn each_file(source: &Path, see: &mut dyn FnMut(&Path, &str)) {
    let mut folders = vec![source.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().expect("a folder") {
            let path = entry.expect("entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let inside = path.strip_prefix(source).expect("inside");
                let first = inside.iter().next().expect("a name").to_string_lossy().into_owned();
                see(&path, first.trim_end_matches(".rs"));
            }
        }
    }
}
