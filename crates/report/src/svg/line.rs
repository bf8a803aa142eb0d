//! A line over time, with the band of its interval and the year before.

use std::fmt::Write;

use super::scale::Scale;
use super::{coordinate, escape};

/// A line chart.
#[derive(Clone)]
#[allow(missing_debug_implementations, reason = "holds a function")]
pub struct LineChart<'a> {
    /// Title, for those who cannot see it.
    pub title: String,
    /// What it shows, in a sentence.
    pub description: String,
    /// The points, oldest first.
    pub points: &'a [Point],
    /// Writes a value on the axis.
    pub label: &'a dyn Fn(f64) -> String,
    /// The limits of usual variation, where there are any.
    pub limits: Option<Limits>,
    /// What happened, by position.
    pub marks: Vec<(usize, String)>,
    /// The unit in which ticks of the axis are round, such as an hour's seconds.
    pub tick_unit: f64,
    /// Whether the axis begins at zero: for amounts and counts, not for rates.
    pub from_zero: bool,
}

/// The limits of usual variation, and the points that stand out.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// The mean.
    pub mean: f64,
    /// The lower limit.
    pub lower: f64,
    /// The upper limit.
    pub upper: f64,
    /// Positions of the points that stand out.
    pub signals: Vec<usize>,
}

/// A point of a line chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// Label of the period.
    pub label: String,
    /// Value, and its text.
    pub value: Option<f64>,
    /// What is said of the point.
    pub text: String,
    /// Ends of the interval.
    pub interval: Option<(f64, f64)>,
    /// The value a year before.
    pub year_before: Option<f64>,
}

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 210.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 26.0;

/// Draws a line chart; nothing where fewer than three points have a value.
pub fn line_chart(chart: &LineChart<'_>) -> Option<String> {
    let points = chart.points;
    if points.iter().filter(|point| point.value.is_some()).count() < 3 {
        return None;
    }
    let shown = points.iter().flat_map(|point| [point.value, point.year_before]).flatten();
    let ends = points.iter().filter_map(|point| point.interval).flat_map(|(low, high)| [low, high]);
    let ends_of_limits = chart.limits.iter().flat_map(|limits| [limits.lower, limits.upper]);
    let all: Vec<f64> = shown.chain(ends).chain(ends_of_limits).collect();
    let low = all.iter().copied().fold(f64::INFINITY, f64::min);
    let high = all.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let low = if chart.from_zero { low.min(0.0) } else { low - (high - low) * 0.05 };
    let y = Scale::new(low, high + (high - low) * 0.05, HEIGHT - BOTTOM, TOP);
    let x = Scale::new(0.0, (points.len().max(2) - 1) as f64, LEFT, WIDTH - RIGHT);
    let mut svg = format!(
        "<svg class=\"chart\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" preserveAspectRatio=\"xMidYMid meet\">\
         <title>{}</title><desc>{}</desc>",
        escape(&chart.title),
        escape(&chart.description)
    );
    svg.push_str(&axes(chart, x, y));
    svg.push_str(&marks(chart, x));
    svg.push_str(&band(points, x, y));
    svg.push_str(&limits(chart, y));
    let year_before: Vec<Option<f64>> = points.iter().map(|point| point.year_before).collect();
    if year_before.iter().flatten().count() > 1 {
        let _ = write!(svg, "<path class=\"line-before\" d=\"{}\"/>", path(&year_before, x, y));
    }
    let values: Vec<Option<f64>> = points.iter().map(|point| point.value).collect();
    let _ = write!(svg, "<path class=\"line\" d=\"{}\"/>", path(&values, x, y));
    svg.push_str(&dots(chart, x, y));
    svg.push_str("</svg>");
    Some(svg)
}

/// Draws the grid with its labels, and the labels of periods.
fn axes(chart: &LineChart<'_>, x: Scale, y: Scale) -> String {
    let mut svg = String::new();
    for tick in y.ticks_in(chart.tick_unit, 4) {
        let at = coordinate(y.at(tick));
        let _ = write!(
            svg,
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{}\" y1=\"{at}\" y2=\"{at}\"/>\
             <text class=\"axis\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>",
            WIDTH - RIGHT,
            LEFT - 6.0,
            coordinate(y.at(tick) + 3.5),
            escape(&(chart.label)(tick))
        );
    }
    for index in label_positions(chart.points.len()) {
        let anchor = if index + 1 == chart.points.len() { "end" } else { "middle" };
        let _ = write!(
            svg,
            "<text class=\"axis\" x=\"{}\" y=\"{}\" text-anchor=\"{anchor}\">{}</text>",
            coordinate(x.at(index as f64)),
            HEIGHT - 8.0,
            escape(&chart.points[index].label)
        );
    }
    svg
}

/// Draws what happened.
fn marks(chart: &LineChart<'_>, x: Scale) -> String {
    let mut svg = String::new();
    for (index, text) in &chart.marks {
        let at = coordinate(x.at(*index as f64));
        let _ = write!(
            svg,
            "<g class=\"mark\"><title>{}</title><line x1=\"{at}\" x2=\"{at}\" y1=\"{TOP}\" y2=\"{}\"/>\
             <path d=\"M{at} {TOP}l-4 -7h8z\"/></g>",
            escape(text),
            HEIGHT - BOTTOM
        );
    }
    svg
}

/// Draws the limits of usual variation and their middle.
fn limits(chart: &LineChart<'_>, y: Scale) -> String {
    let mut svg = String::new();
    if let Some(limits) = &chart.limits {
        for (class, value) in [("limit", limits.lower), ("mean", limits.mean), ("limit", limits.upper)] {
            let at = coordinate(y.at(value));
            let _ =
                write!(svg, "<line class=\"{class}\" x1=\"{LEFT}\" x2=\"{}\" y1=\"{at}\" y2=\"{at}\"/>", WIDTH - RIGHT);
        }
    }
    svg
}

/// Draws a dot for each value.
fn dots(chart: &LineChart<'_>, x: Scale, y: Scale) -> String {
    let mut svg = String::new();
    for (index, point) in chart.points.iter().enumerate() {
        if let Some(value) = point.value {
            let stands_out = chart.limits.as_ref().is_some_and(|limits| limits.signals.contains(&index));
            let class = match (index + 1 == chart.points.len(), stands_out) {
                (true, true) => "dot last signal",
                (true, false) => "dot last",
                (false, true) => "dot signal",
                (false, false) => "dot",
            };
            let _ = write!(
                svg,
                "<circle class=\"{class}\" cx=\"{}\" cy=\"{}\" r=\"{}\"><title>{}</title></circle>",
                coordinate(x.at(index as f64)),
                coordinate(y.at(value)),
                match (index + 1 == chart.points.len(), stands_out) {
                    (true, _) => 4,
                    (false, true) => 3,
                    (false, false) => 2,
                },
                escape(&point.text)
            );
        }
    }
    svg
}

/// Positions on the axis that carry a label: about five, the last one among them.
fn label_positions(count: usize) -> Vec<usize> {
    let step = count.div_ceil(5).max(1);
    let mut positions: Vec<usize> = (0..count).rev().step_by(step).collect();
    positions.reverse();
    positions
}

fn path(values: &[Option<f64>], x: Scale, y: Scale) -> String {
    let mut path = String::new();
    let mut pen_down = false;
    for (index, value) in values.iter().enumerate() {
        if let Some(value) = value {
            let command = if pen_down { 'L' } else { 'M' };
            let _ = write!(path, "{command}{} {}", coordinate(x.at(index as f64)), coordinate(y.at(*value)));
        }
        pen_down = value.is_some();
    }
    path
}

/// The band of the intervals, one polygon for each run of points that have one.
fn band(points: &[Point], x: Scale, y: Scale) -> String {
    let mut svg = String::new();
    let indexed: Vec<(usize, &Point)> = points.iter().enumerate().collect();
    for run in indexed.chunk_by(|a, b| a.1.interval.is_some() == b.1.interval.is_some()) {
        let ends: Vec<(usize, (f64, f64))> =
            run.iter().filter_map(|(index, point)| Some((*index, point.interval?))).collect();
        if ends.len() < 2 {
            continue;
        }
        let at = |index: usize, value: f64| format!("{},{}", coordinate(x.at(index as f64)), coordinate(y.at(value)));
        let upper = ends.iter().map(|&(index, (_, high))| at(index, high));
        let lower = ends.iter().rev().map(|&(index, (low, _))| at(index, low));
        let corners: Vec<String> = upper.chain(lower).collect();
        let _ = write!(svg, "<polygon class=\"band\" points=\"{}\"/>", corners.join(" "));
    }
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(value: Option<f64>) -> Point {
        Point {
            label: "2026-W46".into(),
            value,
            text: "<b>".into(),
            interval: value.map(|v| (v - 1.0, v + 1.0)),
            year_before: None,
        }
    }

    #[test]
    fn what_is_drawn_is_escaped_and_gaps_stay_gaps() {
        let points = [point(Some(1.0)), point(Some(2.0)), point(None), point(Some(4.0)), point(Some(3.0))];
        let label = |value: f64| value.to_string();
        let chart = LineChart {
            title: "a & b".into(),
            description: String::new(),
            points: &points,
            label: &label,
            limits: None,
            marks: Vec::new(),
            tick_unit: 1.0,
            from_zero: true,
        };
        let svg = line_chart(&chart).expect("enough points");
        assert!(svg.contains("<title>a &amp; b</title>") && svg.contains("&lt;b&gt;") && !svg.contains("<b>"));
        assert_eq!(svg.matches("class=\"band\"").count(), 2);
        assert_eq!(svg.matches("NaN").count(), 0);
    }

    #[test]
    fn two_points_are_no_line() {
        let points = [point(Some(1.0)), point(None), point(Some(2.0))];
        let label = |value: f64| value.to_string();
        let chart = LineChart {
            title: String::new(),
            description: String::new(),
            points: &points,
            label: &label,
            limits: None,
            marks: Vec::new(),
            tick_unit: 1.0,
            from_zero: true,
        };
        assert_eq!(line_chart(&chart), None);
    }

    #[test]
    fn labels_end_with_the_last_period() {
        assert_eq!(label_positions(26), [1, 7, 13, 19, 25]);
        assert_eq!(label_positions(3), [0, 1, 2]);
    }
}
