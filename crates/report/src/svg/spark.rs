//! Sparklines: the shape of a series in the space of a word.

use std::fmt::Write;

use super::scale::Scale;
use super::{coordinate, escape};

const WIDTH: f64 = 110.0;
const HEIGHT: f64 = 26.0;

/// Draws a sparkline; gaps are where there is no value. All of them share one treatment: full height is the series' own range, a dot
/// marks the last value.
pub fn sparkline(values: &[Option<f64>], description: &str) -> String {
    let present: Vec<f64> = values.iter().flatten().copied().collect();
    let (Some(low), Some(high)) = (present.iter().copied().reduce(f64::min), present.iter().copied().reduce(f64::max))
    else {
        return String::new();
    };
    let x = Scale::new(0.0, (values.len().max(2) - 1) as f64, 2.0, WIDTH - 4.0);
    let y = Scale::new(low, high, HEIGHT - 4.0, 4.0);
    let mut path = String::new();
    let mut pen_down = false;
    for (index, value) in values.iter().enumerate() {
        pen_down = match value {
            Some(value) => {
                let command = if pen_down { 'L' } else { 'M' };
                let _ = write!(path, "{command}{} {}", coordinate(x.at(index as f64)), coordinate(y.at(*value)));
                true
            }
            None => false,
        };
    }
    let dot = values.last().copied().flatten().map(|value| {
        let (cx, cy) = (coordinate(x.at((values.len() - 1) as f64)), coordinate(y.at(value)));
        format!("<circle class=\"spark-dot\" cx=\"{cx}\" cy=\"{cy}\" r=\"2.5\"/>")
    });
    format!(
        "<svg class=\"spark\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" role=\"img\">\
         <title>{}</title><path class=\"spark-line\" d=\"{path}\"/>{}</svg>",
        escape(description),
        dot.unwrap_or_default()
    )
}

/// Draws a sparkline in characters, for text.
pub fn unicode_sparkline(values: &[Option<f64>]) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let present = || values.iter().flatten().copied();
    let (Some(low), Some(high)) = (present().reduce(f64::min), present().reduce(f64::max)) else {
        return String::new();
    };
    let level = |value: f64| {
        let share = if high > low { (value - low) / (high - low) } else { 0.5 };
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0..=7")]
        let level = (share * 7.0).round() as usize;
        BARS[level.min(7)]
    };
    values.iter().map(|value| value.map_or('·', level)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters() {
        assert_eq!(unicode_sparkline(&[Some(0.0), None, Some(3.5), Some(7.0)]), "▁·▅█");
        assert_eq!(unicode_sparkline(&[None]), "");
        assert_eq!(unicode_sparkline(&[Some(4.0), Some(4.0)]), "▅▅");
    }

    #[test]
    fn gaps_lift_the_pen() {
        let svg = sparkline(&[Some(1.0), None, Some(2.0), Some(3.0)], "a < b");
        assert_eq!(svg.matches('M').count(), 2);
        assert!(svg.contains("<title>a &lt; b</title>"));
        assert_eq!(sparkline(&[None, None], ""), "");
    }
}
