//! Several curves over a common axis, drawn smooth or as steps.

use std::fmt::Write;

use tallybook_metrics::result::{Curve, Curves};

use super::scale::Scale;
use super::{coordinate, escape};

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 240.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 40.0;

/// Curves that differ in look; further ones share the last.
pub const LOOKS: usize = 6;

/// Draws curves; nothing where there is no line to draw. `label` writes a value on the upright axis.
pub fn curves_chart(title: &str, curves: &Curves, label: &dyn Fn(f64, f64) -> String) -> Option<String> {
    let points = || curves.curves.iter().flat_map(|curve| &curve.points);
    if curves.curves.iter().all(|curve| curve.points.len() < 2) {
        return None;
    }
    let values = points().flat_map(|point| {
        let (low, high) = point.interval.unwrap_or((point.y, point.y));
        [point.y, low, high]
    });
    let (low, high) = values.fold((0.0_f64, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    let last = points().map(|point| point.x).fold(0.0, f64::max);
    let y = Scale::new(low, high + (high - low) * 0.05, HEIGHT - BOTTOM, TOP);
    let x = Scale::new(0.0, last, LEFT, WIDTH - RIGHT);
    let described = curves.curves.iter().filter_map(|curve| {
        let end = curve.points.last()?;
        Some(format!("{} ends at {}", curve.name, label(end.y, high - low)))
    });
    let mut svg = format!(
        "<svg class=\"chart\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" preserveAspectRatio=\"xMidYMid meet\">\
         <title>{}</title><desc>{}</desc>",
        escape(title),
        escape(&described.collect::<Vec<_>>().join("; "))
    );
    svg.push_str(&axes(curves, x, y, &|tick| label(tick, high - low)));
    for (look, curve) in curves.curves.iter().enumerate() {
        let look = look.min(LOOKS - 1);
        if let Some(band) = band(curve, curves.steps, x, y) {
            let _ = write!(svg, "<polygon class=\"band b{look}\" points=\"{band}\"/>");
        }
        let _ = write!(
            svg,
            "<path class=\"line c{look}\" d=\"{}\"><title>{}</title></path>",
            path(curve, curves.steps, x, y),
            escape(&curve.name)
        );
    }
    svg.push_str("</svg>");
    Some(svg)
}

/// Draws the grid with its labels, and names the axis below.
fn axes(curves: &Curves, x: Scale, y: Scale, label: &dyn Fn(f64) -> String) -> String {
    let mut svg = String::new();
    for tick in y.ticks(4) {
        let at = coordinate(y.at(tick));
        let _ = write!(
            svg,
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{}\" y1=\"{at}\" y2=\"{at}\"/>\
             <text class=\"axis\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>",
            WIDTH - RIGHT,
            LEFT - 6.0,
            coordinate(y.at(tick) + 3.5),
            escape(&label(tick))
        );
    }
    for tick in x.ticks(6) {
        let at = coordinate(x.at(tick));
        let _ = write!(
            svg,
            "<text class=\"axis\" x=\"{at}\" y=\"{}\" text-anchor=\"middle\">{tick}</text>",
            HEIGHT - BOTTOM + 16.0
        );
    }
    let _ = write!(
        svg,
        "<text class=\"axis\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>",
        WIDTH - RIGHT,
        HEIGHT - 6.0,
        escape(&curves.axis)
    );
    svg
}

fn path(curve: &Curve, steps: bool, x: Scale, y: Scale) -> String {
    let mut path = String::new();
    for (index, point) in curve.points.iter().enumerate() {
        let (at, height) = (coordinate(x.at(point.x)), coordinate(y.at(point.y)));
        let _ = match (index, steps) {
            (0, _) => write!(path, "M{at} {height}"),
            (_, true) => write!(path, "H{at}V{height}"),
            (_, false) => write!(path, "L{at} {height}"),
        };
    }
    path
}

/// The corners of the band of a curve's intervals; nothing where fewer than two points have one.
fn band(curve: &Curve, steps: bool, x: Scale, y: Scale) -> Option<String> {
    let ends: Vec<(f64, f64, f64)> =
        curve.points.iter().filter_map(|point| point.interval.map(|(low, high)| (point.x, low, high))).collect();
    if ends.len() < 2 {
        return None;
    }
    let side = |pick: fn(&(f64, f64, f64)) -> f64| {
        let mut corners: Vec<(f64, f64)> = Vec::new();
        for end in &ends {
            if let Some(&(_, before)) = corners.last().filter(|_| steps) {
                corners.push((end.0, before));
            }
            corners.push((end.0, pick(end)));
        }
        corners
    };
    let mut lower = side(|end| end.1);
    lower.reverse();
    let corners = side(|end| end.2).into_iter().chain(lower);
    Some(
        corners
            .map(|(at, value)| format!("{},{}", coordinate(x.at(at)), coordinate(y.at(value))))
            .collect::<Vec<_>>()
            .join(" "),
    )
}

#[cfg(test)]
mod tests {
    use tallybook_metrics::declare::Unit;
    use tallybook_metrics::result::CurvePoint;

    use super::*;

    fn curves(steps: bool, points: &[(f64, f64)]) -> Curves {
        let point = |&(x, y): &(f64, f64)| CurvePoint { x, y, interval: Some((y - 0.1, y + 0.1)) };
        let curve = Curve { name: "a<b".to_owned(), points: points.iter().map(point).collect() };
        Curves { axis: "days".to_owned(), unit: Unit::Share, steps, curves: vec![curve] }
    }

    #[test]
    fn steps_run_level_and_then_fall() {
        let label = |value: f64, _: f64| value.to_string();
        let svg = curves_chart("t", &curves(true, &[(0.0, 1.0), (10.0, 0.5)]), &label).expect("a line");
        // From 0 at the left edge level to 10 at the right one, then down.
        assert!(svg.contains("H628V"), "{svg}");
        assert!(svg.contains("a&lt;b") && !svg.contains("a<b") && !svg.contains("NaN"));
        assert_eq!(svg.matches("<polygon class=\"band b0\"").count(), 1);
        assert_eq!(curves_chart("t", &curves(true, &[(0.0, 1.0)]), &label), None);
    }
}
