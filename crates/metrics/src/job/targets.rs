//! Targets: read from their table, found for a figure, set beside it.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use tallybook_ingest::{NUMBER_SCALE, Tables};

use crate::declare::{Direction, Measure};
use crate::engine::coverage::known_day;
use crate::result::TargetReading;

/// What a metric should reach.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Target {
    pub(crate) metric: String,
    pub(crate) measure: String,
    /// Dimension and value; the total has none.
    pub(crate) segment: Option<(String, String)>,
    pub(crate) from: NaiveDate,
    /// The last day, where the target names one.
    pub(crate) last: Option<NaiveDate>,
    /// The day after which the next one holds.
    until: Option<NaiveDate>,
    /// In the units that people write: of currency, fractions of one.
    pub(crate) value: f64,
}

/// Targets of a run.
#[derive(Debug, Default)]
pub(crate) struct Targets(pub(crate) Vec<Target>);

impl Targets {
    /// Reads the table of targets.
    pub(crate) fn new(tables: &Tables) -> Self {
        let Some(table) = &tables.targets else { return Self::default() };
        let (Some(from), Some(value), Some(metrics)) =
            (table.column("starts_on"), table.column("value"), table.labels("metric"))
        else {
            return Self::default();
        };
        let [mut starts, mut values, mut names, mut ends, mut segments] = [const { Vec::new() }; 5];
        let mut targets = Vec::new();
        for chunk in 0..table.chunk_count() {
            from.decode(chunk, &mut starts);
            value.decode(chunk, &mut values);
            metrics.codes.decode(chunk, &mut names);
            if let Some(column) = table.column("ends_on") {
                column.decode(chunk, &mut ends);
            }
            if let Some(labels) = table.labels("segment") {
                labels.codes.decode(chunk, &mut segments);
            }
            for row in 0..starts.len() {
                let (Some(name), Some(from)) = (metrics.label(names[row]), known_day(starts[row])) else { continue };
                let (metric, measure) = name.split_once('.').unwrap_or((name, Measure::HEADLINE));
                let segment = segments.get(row).and_then(|&code| table.labels("segment")?.label(code));
                targets.push(Target {
                    metric: metric.to_owned(),
                    measure: measure.to_owned(),
                    segment: segment.map(|segment| {
                        let (dimension, value) = segment.split_once('=').unwrap_or((segment, ""));
                        (dimension.trim().to_owned(), value.trim().to_owned())
                    }),
                    from,
                    last: ends.get(row).copied().and_then(known_day),
                    until: None,
                    value: values[row] as f64 / NUMBER_SCALE as f64,
                });
            }
        }
        targets.sort_by_key(|target: &Target| target.from);
        let begins: Vec<(usize, NaiveDate)> = (0..targets.len())
            .filter_map(|at| {
                let own = &targets[at];
                let next = targets[at + 1..].iter().find(|other| own.same(other) && other.from > own.from)?;
                Some((at, next.from))
            })
            .collect();
        for (at, next) in begins {
            targets[at].until = Some(next);
        }
        Self(targets)
    }

    /// Finds the target that holds for a period of a measure: the latest that begins with it or earlier.
    pub(crate) fn find(
        &self,
        metric: &str,
        measure: &str,
        segment: Option<(&str, &str)>,
        (from, last): (NaiveDate, NaiveDate),
    ) -> Option<&Target> {
        let own = |target: &&Target| {
            let of = target.segment.as_ref().map(|(dimension, value)| (dimension.as_str(), value.as_str()));
            target.metric == metric && target.measure == measure && of == segment
        };
        let holds = |target: &&Target| {
            target.from <= last
                && target.last.is_none_or(|end| end >= from)
                && (target.last.is_some() || target.until.is_none_or(|next| next > last))
        };
        self.0.iter().filter(own).rfind(holds)
    }
}

impl Target {
    fn same(&self, other: &Self) -> bool {
        (&self.metric, &self.measure, &self.segment) == (&other.metric, &other.measure, &other.segment)
    }

    /// Sets the target beside what was reached; `to_date` is what adds up since it began, where it does.
    pub(crate) fn reading(
        &self,
        units: f64,
        value: Option<f64>,
        to_date: Option<f64>,
        good: Direction,
        period_last: NaiveDate,
    ) -> TargetReading {
        let goal = self.value * units;
        let reached = |own: f64, goal: f64| match good {
            Direction::Up => Some(own >= goal),
            Direction::Down => Some(own <= goal),
            Direction::Neither => None,
        };
        if let (Some(last), Some(to_date)) = (self.last, to_date) {
            let days = |until: NaiveDate| (until - self.from).num_days() + 1;
            let expected = goal * days(period_last.min(last)) as f64 / days(last) as f64;
            return TargetReading {
                value: goal,
                from: Some(self.from),
                last: Some(last),
                to_date: Some(to_date),
                expected: Some(expected),
                met: reached(to_date, expected),
            };
        }
        TargetReading {
            value: goal,
            from: None,
            last: None,
            to_date: None,
            expected: None,
            met: value.and_then(|own| reached(own, goal)),
        }
    }
}

/// What targets name and the run does not compute (a metric, a measure or a segment), with how many targets name each.
pub(crate) fn unmatched(
    targets: &Targets,
    known: impl Fn(&str, &str) -> bool,
    has_segment: impl Fn(&str, &str) -> bool,
) -> BTreeMap<String, u64> {
    let mut unmatched = BTreeMap::new();
    for Target { metric, measure, segment, .. } in &targets.0 {
        let name = if measure == Measure::HEADLINE { metric.clone() } else { format!("{metric}.{measure}") };
        let wrong = match segment {
            _ if !known(metric, measure) => Some(name),
            Some((dimension, value)) if !has_segment(dimension, value) => Some(format!("{dimension}={value}")),
            _ => None,
        };
        if let Some(wrong) = wrong {
            *unmatched.entry(wrong).or_default() += 1;
        }
    }
    unmatched
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(from: &str, last: Option<&str>, value: f64) -> Target {
        Target {
            metric: "revenue".into(),
            measure: "value".into(),
            segment: None,
            from: from.parse().expect("a day"),
            last: last.map(|last| last.parse().expect("a day")),
            until: None,
            value,
        }
    }

    #[test]
    fn a_quarter_is_reached_week_by_week() {
        // 92 days, 40 of them by 9 November: 46,000 x 40 / 92 = 20,000 expected.
        let quarter = target("2026-10-01", Some("2026-12-31"), 460.0);
        let end = "2026-11-09".parse().expect("a day");
        let reading = quarter.reading(100.0, Some(3_000.0), Some(19_000.0), Direction::Up, end);
        assert_eq!((reading.value, reading.expected, reading.met), (46_000.0, Some(20_000.0), Some(false)));
        let ahead = quarter.reading(100.0, None, Some(20_000.0), Direction::Up, end);
        assert_eq!(ahead.met, Some(true));
    }

    #[test]
    fn a_level_is_reached_or_not() {
        let level = target("2026-01-01", None, 0.05);
        let end = "2026-11-09".parse().expect("a day");
        assert_eq!(level.reading(1.0, Some(0.06), None, Direction::Down, end).met, Some(false));
        assert_eq!(level.reading(1.0, Some(0.05), None, Direction::Down, end).met, Some(true));
        assert_eq!(level.reading(1.0, None, None, Direction::Down, end).met, None);
        assert_eq!(level.reading(1.0, Some(0.06), None, Direction::Neither, end).met, None);
    }
}
