//! Inline SVG: sparklines, line charts and curves.
//!
//! Marks carry classes and no colours of their own; the page's style sheet gives them, for light, dark and print. Every chart has a
//! title and a description for those who cannot see it.

mod curves;
mod line;
mod scale;
mod spark;

pub use curves::{LOOKS, curves_chart};
pub use line::{Limits, LineChart, Point, line_chart};
pub use spark::{sparkline, unicode_sparkline};

/// Escapes text for SVG.
pub(crate) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

/// Writes a coordinate with one decimal, without a trailing zero.
pub(crate) fn coordinate(value: f64) -> String {
    let text = format!("{value:.1}");
    let text = text.strip_suffix(".0").map(str::to_owned).unwrap_or(text);
    if text == "-0" { "0".to_owned() } else { text }
}
