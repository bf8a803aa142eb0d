//! `tallybook metrics`: the catalogue, as text and as Markdown.

use std::fmt::Write;

use tallybook_metrics::catalog::{self, CATALOG};
use tallybook_metrics::declare::{Area, Info};

use crate::error::CliError;

/// Lists all metrics, by section.
pub(super) fn list() -> String {
    let mut text = String::new();
    for area in Area::ALL {
        let _ = writeln!(text, "{}", area.title());
        for entry in CATALOG.iter().filter(|entry| entry.info.area == area) {
            let _ = writeln!(text, "  {:<22} {}", entry.info.id, entry.info.definition);
        }
        text.push('\n');
    }
    text.push_str("`tallybook metrics <id>` explains one.\n");
    text
}

/// Explains one metric.
pub(super) fn one(id: &str) -> Result<String, CliError> {
    let entry = catalog::find(id).ok_or_else(|| CliError::could_not_run(catalog::unknown_metric(id)))?;
    let Info { title, definition, formula, source, interval, traps, options, example, .. } = entry.info;
    let mut text = format!("{title} ({id})\n\n{definition}\n\n");
    for (name, value) in [("Formula", formula), ("Interval", interval), ("Source", source)] {
        let _ = writeln!(text, "{name:<9} {value}");
    }
    text.push_str("\nMind\n");
    traps.iter().for_each(|trap| _ = writeln!(text, "  - {trap}"));
    if options.is_empty() {
        text.push_str("\nNo options.\n");
    } else {
        text.push_str("\nOptions\n");
        for option in *options {
            let _ = writeln!(text, "  {:<14} {} (default: {})", option.name, option.meaning, option.default);
        }
        let _ = writeln!(text, "\nExample\n  - {id}: {example}");
    }
    Ok(text)
}

/// Writes the catalogue as Markdown: the source of `docs/metrics.md`.
pub(super) fn markdown() -> String {
    let mut text = String::from(
        "# Metrics\n\nWritten by `tallybook metrics --markdown`. A value without anything to rest on is *undefined*, with its reason; one that\n\
         rests on fewer than `min_n` is *suppressed*; one whose time is not over is *immature*. None of them is ever shown as 0.\n",
    );
    for area in Area::ALL {
        let _ = write!(text, "\n## {}\n", area.title());
        for entry in CATALOG.iter().filter(|entry| entry.info.area == area) {
            let Info { id, title, definition, formula, source, interval, traps, options, example, .. } = entry.info;
            let _ = write!(
                text,
                "\n### `{id}`: {title}\n\n{definition}\n\n- Formula: {formula}\n- Interval: {interval}\n- Source: {source}\n"
            );
            traps.iter().for_each(|trap| _ = writeln!(text, "- Mind: {trap}"));
            if !options.is_empty() {
                text.push_str("\n| Option | Default | Meaning |\n|---|---|---|\n");
                for option in *options {
                    let _ = writeln!(text, "| `{}` | `{}` | {} |", option.name, option.default, option.meaning);
                }
                let _ = write!(text, "\n```yaml\n- {id}: {example}\n```\n");
            }
        }
    }
    text
}
