//! Views of what figures are judged by: signals, targets, decompositions and annotations.

use chrono::NaiveDate;
use tallybook_calendar::Grain;
use tallybook_metrics::declare::{Direction, Unit};
use tallybook_metrics::result::{Against, Figure};
use tallybook_metrics::result::{Annotation, Control, SegmentDecomposition, TargetReading};
use tallybook_stats::decomposition::DecompositionKind;
use tallybook_stats::{Rule, Signal};

use super::build::Views;
use crate::document::{MeasureNote, MetricNote};
use crate::format::{NOT_AVAILABLE, visible};
use crate::svg::Limits;
use crate::view::{DriverRowView, DriverView, ExceptionView, SignalView, TargetView};

/// Rows of a driver table that are listed; the rest are counted.
const LISTED: usize = 8;

impl Views<'_> {
    /// The control chart of a measure.
    pub(super) fn control(&self, metric: &str, measure: &str) -> Option<&Control> {
        self.document.controls.iter().find(|control| control.metric == metric && control.measure == measure)
    }

    /// The signal at the last point of a measure's series, with its control chart.
    pub(super) fn latest_signal(&self, metric: &str, measure: &str) -> Option<(&Control, &Signal)> {
        let control = self.control(metric, measure)?;
        Some((control, control.chart.latest(control.periods.len())?))
    }

    pub(super) fn signal(&self, metric: &str, measure: &MeasureNote) -> Option<SignalView> {
        let (_, signal) = self.latest_signal(metric, &measure.key)?;
        let (class, meaning) = match (measure.good, signal.high) {
            (Direction::Neither, _) => ("changed", "unusual"),
            (Direction::Up, true) | (Direction::Down, false) => ("good", "unusually good"),
            (Direction::Up, false) | (Direction::Down, true) => ("bad", "unusually bad"),
        };
        let text = match signal.rule {
            Rule::Outside if signal.high => "above its limits",
            Rule::Outside => "below its limits",
            Rule::ThreeOfFour if signal.high => "high, 3 of 4",
            Rule::ThreeOfFour => "low, 3 of 4",
            Rule::EightInARow if signal.high => "high, 8 in a row",
            Rule::EightInARow => "low, 8 in a row",
        };
        Some(SignalView { text, class, meaning, rule: signal.rule.describe() })
    }

    pub(super) fn limits(&self, metric: &str, measure: &str) -> Option<Limits> {
        let control = self.control(metric, measure)?;
        let chart = &control.chart;
        Some(Limits {
            mean: chart.mean,
            lower: chart.lower,
            upper: chart.upper,
            signals: chart.signals.iter().map(|signal| signal.at).collect(),
        })
    }

    pub(super) fn target(&self, figure: &Figure) -> Option<TargetView> {
        let target = figure.target.as_ref()?;
        let value = |value| self.format.value(figure.unit, value, None);
        let (class, meaning) = match target.met {
            Some(true) => ("good", "reached"),
            Some(false) => ("bad", "missed"),
            None => ("level", ""),
        };
        let TargetReading { from, last, to_date, expected, .. } = target;
        let (Some(from), Some(last), Some(to_date), Some(expected)) = (from, last, to_date, expected) else {
            return Some(TargetView { text: value(target.value), class, meaning, detail: String::new() });
        };
        let share =
            if *expected == 0.0 { NOT_AVAILABLE.to_owned() } else { self.format.percent_of(to_date / expected) };
        Some(TargetView {
            text: format!("{share} of pace"),
            class,
            meaning: match target.met {
                Some(true) => "on pace",
                Some(false) => "behind",
                None => "",
            },
            detail: format!(
                "{} of {} so far, {} expected by now; {}",
                value(*to_date),
                value(target.value),
                value(*expected),
                self.format.range(*from, *last)
            ),
        })
    }

    /// Driver tables of a metric's headline, by dimension.
    pub(super) fn drivers(&self, metric: &MetricNote) -> Vec<DriverView> {
        self.document.decompositions.iter().filter(|own| own.metric == metric.id).map(|own| self.driver(own)).collect()
    }

    fn driver(&self, segments: &SegmentDecomposition) -> DriverView {
        let decomposition = &segments.decomposition;
        let margin = Some(decomposition.change.abs() / 20.0);
        // Shares are shown to the tenth of a point, whatever moved.
        let margin = if segments.unit == Unit::Share { Some(0.005) } else { margin };
        let difference = |value: &f64| self.format.difference(segments.unit, *value, margin);
        let level = |value: Option<f64>| {
            value.map_or_else(|| NOT_AVAILABLE.to_owned(), |value| self.format.value(segments.unit, value, margin))
        };
        let row = |row: &tallybook_stats::decomposition::Contribution| DriverRowView {
            name: visible(&row.name),
            before: level(row.before),
            now: level(row.now),
            effects: if decomposition.effects.len() > 1 {
                row.effects.iter().map(difference).collect()
            } else {
                Vec::new()
            },
            change: difference(&row.change),
        };
        let rest = decomposition.rows.len().saturating_sub(LISTED);
        let unlisted: f64 = decomposition.rows.iter().skip(LISTED).map(|row| row.change).sum();
        let effects = if decomposition.effects.len() > 1 { decomposition.effects.clone() } else { Vec::new() };
        DriverView {
            dimension: segments.dimension.clone(),
            against: segments.against.clone(),
            total: DriverRowView {
                name: "all".to_owned(),
                before: String::new(),
                now: String::new(),
                effects: if effects.is_empty() {
                    Vec::new()
                } else {
                    decomposition.total.iter().map(difference).collect()
                },
                change: difference(&decomposition.change),
            },
            effects,
            rows: decomposition.rows.iter().take(LISTED).map(row).collect(),
            rest: if rest == 0 {
                String::new()
            } else {
                format!("and {rest} more, {} together", difference(&unlisted))
            },
            note: match decomposition.kind {
                DecompositionKind::Total => "Changes of the parts sum to the change of the whole.",
                DecompositionKind::Rate => {
                    "Rate: the part itself changed. Mix: the part became a larger or smaller share of the whole. All effects sum to the change."
                }
                DecompositionKind::Revenue => {
                    "Volume: more or fewer, at the mix and worth of before. Mix: what share each part has of them. Price: what one is worth. All effects sum to the change."
                }
            },
        }
    }

    /// What stands out: each headline with a signal at the latest point of its series.
    pub(super) fn exceptions(&self) -> Vec<ExceptionView> {
        // A range of days is no point of a series.
        if !self.is_point() {
            return Vec::new();
        }
        // Further measures that stand out are marked in the scorecard.
        let headlines = self.document.metrics.iter().filter_map(|metric| Some((metric, metric.measures.first()?)));
        headlines
            .filter_map(|(metric, measure)| {
                let signal = self.signal(&metric.id, measure)?;
                let (control, latest) = self.latest_signal(&metric.id, &measure.key)?;
                let figure = self.totals_at(&metric.id, &measure.key, control.periods.get(latest.at)?)?;
                let cell = self.cell(figure.unit, &figure.reading);
                let value = |value| {
                    self.format.value(figure.unit, value, Some((control.chart.upper - control.chart.lower) / 40.0))
                };
                let series = self.series(&metric.id, &measure.key);
                Some(ExceptionView {
                    title: super::build::title_of(metric, measure),
                    anchor: metric.id.clone(),
                    sentence: format!(
                        "{} in {}: {}. Usual are {} to {}, on average {}, over {} periods before.",
                        cell.value,
                        figure.period,
                        signal.rule,
                        value(control.chart.lower),
                        value(control.chart.upper),
                        value(control.chart.mean),
                        control.chart.baseline
                    ),
                    chart: self.chart_of(metric, measure, figure.unit, &series),
                    drivers: self.drivers(metric),
                    annotations: self.annotations(Some(&metric.id), recent(&series)),
                    signal,
                })
            })
            .collect()
    }

    fn totals_at<'b>(&'b self, metric: &str, measure: &str, period: &str) -> Option<&'b Figure> {
        self.series(metric, measure).into_iter().find(|figure| figure.period == period)
    }

    /// Annotations that concern a metric, or all, that are not over before a day.
    pub(super) fn annotations(&self, metric: Option<&str>, since: Option<NaiveDate>) -> Vec<String> {
        let concerns = |annotation: &&Annotation| match (&annotation.metric, metric) {
            (Some(own), Some(metric)) => own == metric,
            _ => true,
        };
        let text = |annotation: &Annotation| {
            let days = self.format.range(annotation.on, annotation.until.unwrap_or(annotation.on));
            format!("{days}: {}", visible(&annotation.text))
        };
        let late =
            |annotation: &&Annotation| since.is_none_or(|since| annotation.until.unwrap_or(annotation.on) >= since);
        self.document.annotations.iter().filter(concerns).filter(late).map(text).collect()
    }

    /// Positions in a series at which something happened, with what.
    pub(super) fn marks(&self, metric: &str, series: &[&Figure]) -> Vec<(usize, String)> {
        let concerns = |annotation: &&Annotation| annotation.metric.as_deref().is_none_or(|own| own == metric);
        let place = |annotation: &Annotation| {
            let at = series.iter().position(|figure| figure.from <= annotation.on && annotation.on <= figure.last)?;
            Some((at, visible(&annotation.text)))
        };
        self.document.annotations.iter().filter(concerns).filter_map(place).collect()
    }

    /// Says which headlines are outside their usual variation.
    pub(super) fn what_is_unusual(&self) -> Option<String> {
        if self.document.controls.is_empty() {
            return None;
        }
        let [mut better, mut worse, mut other] = [const { Vec::new() }; 3];
        for metric in &self.document.metrics {
            let Some(signal) = metric.measures.first().and_then(|headline| self.signal(&metric.id, headline)) else {
                continue;
            };
            let text = format!("{} ({})", super::sentences::lower_first(&metric.title), signal.text);
            match signal.class {
                "good" => better.push(text),
                "bad" => worse.push(text),
                _ => other.push(text),
            }
        }
        let groups = [("for the better", better), ("for the worse", worse), ("neither good nor bad", other)];
        let parts: Vec<String> = groups
            .into_iter()
            .filter(|(_, named)| !named.is_empty())
            .map(|(word, named)| format!("{word}: {}", named.join(", ")))
            .collect();
        Some(if parts.is_empty() {
            "No headline is outside its usual variation.".to_owned()
        } else {
            format!("Outside usual variation, {}.", parts.join("; "))
        })
    }

    /// Says which targets are missed.
    pub(super) fn what_is_off_target(&self) -> Option<String> {
        let mut held = 0_u64;
        let mut missed = Vec::new();
        for metric in &self.document.metrics {
            for measure in &metric.measures {
                let Some(figure) = self.reported(&metric.id, &measure.key) else { continue };
                let Some(target) = self.target(figure) else { continue };
                held += 1;
                if figure.target.as_ref().is_some_and(|own| own.met == Some(false)) {
                    let title = super::build::title_of(metric, measure);
                    let cell = self.cell(figure.unit, &figure.reading);
                    let against = if target.detail.is_empty() {
                        format!("{} against {}", cell.value, target.text)
                    } else {
                        target.text
                    };
                    missed.push(format!("{} ({against})", super::sentences::lower_first(&title)));
                }
            }
        }
        match (held, missed.len() as u64) {
            (0, _) => None,
            (1, 0) => Some("The one target is reached.".to_owned()),
            (_, 0) => Some(format!("All {} targets are reached or on pace.", self.format.count(held))),
            (_, count) => Some(format!(
                "Off target, {} of {}: {}.",
                self.format.count(count),
                self.format.count(held),
                missed.join(", ")
            )),
        }
    }

    /// Whether the reported period is a point of its own series.
    pub(super) fn is_point(&self) -> bool {
        self.document.period.grain != Grain::Custom
    }
}

/// The first day of the points that a rule looks at: what happened earlier explains nothing of it.
fn recent(series: &[&Figure]) -> Option<NaiveDate> {
    series.iter().rev().take(8).next_back().map(|figure| figure.from)
}

/// Tells whether a change to the period before is beyond chance.
pub(super) fn moved(figure: &Figure) -> bool {
    figure.changes.iter().any(|change| change.against == Against::Previous && change.is_significant())
}
