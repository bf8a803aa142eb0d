//! What is made of figures once they are computed: signals of their series, targets, and what drove a change.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use tallybook_ingest::{MISSING, NUMBER_SCALE, Tables};

use crate::drivers::{self, Drivers, Part};
use crate::estimate::{Estimate, Outcome, Undefined};
use crate::figure::Figure;
use crate::metric::{Direction, Measure, Unit};
use crate::signals::{ControlChart, control_chart};

/// The control chart of a measure's series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Control {
    /// The metric.
    pub metric: String,
    /// The measure.
    pub measure: String,
    /// Labels of the series' periods, oldest first; signals are at positions among them.
    pub periods: Vec<String>,
    /// Limits and signals.
    #[serde(flatten)]
    pub chart: ControlChart,
}

/// Makes the control chart of a series of figures, oldest first; nothing where it is too short.
pub(crate) fn control(series: &[&Figure]) -> Option<Control> {
    let first = series.first()?;
    let values: Vec<Option<f64>> = series.iter().map(|figure| figure.reading.value).collect();
    let bounds = match first.unit {
        Unit::Share => (Some(0.0), Some(1.0)),
        Unit::Points => (Some(-100.0), Some(100.0)),
        Unit::Money | Unit::Count | Unit::Number | Unit::Duration | Unit::Months => (Some(0.0), None),
        Unit::Change => (None, None),
    };
    Some(Control {
        metric: first.metric.clone(),
        measure: first.measure.clone(),
        periods: series.iter().map(|figure| figure.period.clone()).collect(),
        chart: control_chart(&values, bounds)?,
    })
}

/// What drove the change of a metric's headline against the period before, by a dimension.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Driven {
    /// The metric.
    pub metric: String,
    /// The dimension.
    pub dimension: String,
    /// Label of the period before.
    pub against: String,
    /// What its values are.
    pub unit: Unit,
    /// The effects, which sum to the change.
    #[serde(flatten)]
    pub drivers: Drivers,
}

/// Parts of one in which means and shares are added up.
const PARTS: f64 = 1e6;

/// How an estimate comes about from its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Total,
    Product,
    Rate,
}

/// An estimate as a sum over parts: what is above the line, what below, and what is to be divided by in the end.
fn shape(estimate: &Estimate) -> Option<(Shape, i128, u64, f64)> {
    #[allow(clippy::cast_possible_truncation, reason = "saturates; sums of parts are checked against the whole")]
    let parts = |value: f64| (value * PARTS).round() as i128;
    Some(match *estimate {
        Estimate::Count(count) => (Shape::Total, i128::from(count), 0, 1.0),
        Estimate::Total { sum, n, .. } => (Shape::Product, sum, n, 1.0),
        Estimate::Proportion { k, n } => (Shape::Rate, i128::from(k), n, 1.0),
        Estimate::NetShare { up, down, n } => (Shape::Rate, 100 * (i128::from(up) - i128::from(down)), n, 1.0),
        Estimate::PerCount { amount, count } => (Shape::Rate, amount, count, 1.0),
        Estimate::Mean { mean, n, .. } => (Shape::Rate, parts(mean * n as f64), n, PARTS),
        _ => return None,
    })
}

/// Decomposes the change of a total between two periods into what its parts did; each part has a name and its outcome before and now.
///
/// Nothing where the parts do not make up the whole: where they overlap, or the value is not one of sums.
pub(crate) fn drive(total: (&Outcome, &Outcome), parts: &[(String, Outcome, Outcome)], min_n: u64) -> Option<Drivers> {
    let whole = (shape(total.0.as_ref().ok()?)?, shape(total.1.as_ref().ok()?)?);
    let (kind, scale) = (whole.1.0, whole.1.3);
    if whole.0.0 != kind {
        return None;
    }
    let part = |name: &str, outcome: &Outcome| match outcome {
        Ok(estimate) => shape(estimate).map(|(_, num, den, _)| Part { name: name.to_owned(), num, den }),
        // What is hidden is not to be worked out from its effect.
        Err(Undefined::TooFew { .. }) => None,
        // Nothing there adds nothing.
        Err(_) => Some(Part { name: name.to_owned(), num: 0, den: 0 }),
    };
    let pairs: Option<Vec<(Part, Part)>> =
        parts.iter().map(|(name, before, now)| Some((part(name, before)?, part(name, now)?))).collect();
    let mut pairs = pairs?;
    // A headline that is hidden is not to be worked out from its drivers.
    let hidden =
        |outcome: &Outcome| outcome.as_ref().is_ok_and(|estimate| estimate.needs_least_n() && estimate.n() < min_n);
    if hidden(total.0) || hidden(total.1) {
        return None;
    }
    pairs.retain(|(before, now)| (before.num, before.den, now.num, now.den) != (0, 0, 0, 0));
    let adds_up = |pick: fn(&(Part, Part)) -> &Part, (_, num, den, _): (Shape, i128, u64, f64)| {
        let sum: i128 = pairs.iter().map(|pair| pick(pair).num).sum();
        let below: u64 = pairs.iter().map(|pair| pick(pair).den).sum();
        // Means are rounded to parts, one part each at the most.
        sum.abs_diff(num) <= if scale > 1.0 { pairs.len() as u128 + 1 } else { 0 } && below == den
    };
    if pairs.len() < 2 || !adds_up(|pair| &pair.0, whole.0) || !adds_up(|pair| &pair.1, whole.1) {
        return None;
    }
    if kind == Shape::Rate {
        gather_few(&mut pairs, min_n);
    }
    if pairs.len() < 2 {
        return None;
    }
    let mut drivers = match kind {
        Shape::Total => drivers::totals(&pairs),
        Shape::Product => drivers::revenue(&pairs),
        Shape::Rate => drivers::rates(&pairs),
    }?;
    if kind == Shape::Rate {
        // Rates of a few are not shown, what they did to the whole is.
        for row in &mut drivers.rows {
            let Some((before, now)) = pairs.iter().find(|(before, _)| before.name == row.name) else { continue };
            row.before = row.before.filter(|_| before.den >= min_n).map(|rate| rate / scale);
            row.now = row.now.filter(|_| now.den >= min_n).map(|rate| rate / scale);
            row.effects.iter_mut().for_each(|effect| *effect /= scale);
            row.change /= scale;
        }
        drivers.total.iter_mut().for_each(|effect| *effect /= scale);
        drivers.change /= scale;
    }
    Some(drivers)
}

/// Name of the parts that are too small to stand alone, together.
const FEW: &str = "(too few each)";

/// Puts parts together whose rates rest on fewer than the least n, with the smallest of the others as long as they are too few
/// together: what each of them did could be worked out from its effect.
fn gather_few(pairs: &mut Vec<(Part, Part)>, min_n: u64) {
    let few = |part: &Part| part.den > 0 && part.den < min_n;
    let (small, mut large): (Vec<_>, Vec<_>) =
        std::mem::take(pairs).into_iter().partition(|(before, now)| few(before) || few(now));
    let add = |sum: Part, part: &Part| Part { num: sum.num + part.num, den: sum.den + part.den, ..sum };
    let nothing = || Part { name: FEW.to_owned(), num: 0, den: 0 };
    let mut together = (nothing(), nothing());
    let held = !small.is_empty();
    for (before, now) in small {
        together = (add(together.0, &before), add(together.1, &now));
    }
    large.sort_by_key(|(before, now)| std::cmp::Reverse(before.den.min(now.den)));
    while held && (few(&together.0) || few(&together.1)) {
        let Some((before, now)) = large.pop() else { break };
        together = (add(together.0, &before), add(together.1, &now));
    }
    *pairs = large;
    if held {
        pairs.push(together);
    }
}

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

/// A target beside a figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TargetReading {
    /// What it should be, in the figure's unit: of the period, or of the whole range where there is one.
    pub value: f64,
    /// First day of a range over which it adds up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<NaiveDate>,
    /// Last day of that range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<NaiveDate>,
    /// What was reached from the first day of the range to the end of the period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_date: Option<f64>,
    /// What should have been reached by then, day by day alike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<f64>,
    /// Whether it is reached, or on the way to be; nothing where no way is good.
    pub met: Option<bool>,
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
                let (Some(name), Some(from)) = (metrics.label(names[row]), day(starts[row])) else { continue };
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
                    last: ends.get(row).copied().and_then(day),
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

/// Something that happened and may explain figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Annotation {
    /// The first day.
    pub on: NaiveDate,
    /// The last day, where it took more than one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
    /// What happened.
    pub text: String,
    /// The metric that it is about; all where it names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<String>,
}

/// Reads the annotations that touch a range of days.
pub(crate) fn annotations(tables: &Tables, (from, last): (NaiveDate, NaiveDate)) -> Vec<Annotation> {
    let Some(table) = &tables.annotations else { return Vec::new() };
    let (Some(on), Some(text)) = (table.column("on"), table.labels("text")) else { return Vec::new() };
    let [mut days, mut texts, mut ends, mut metrics] = [const { Vec::new() }; 4];
    let mut found = Vec::new();
    for chunk in 0..table.chunk_count() {
        on.decode(chunk, &mut days);
        text.codes.decode(chunk, &mut texts);
        if let Some(column) = table.column("until") {
            column.decode(chunk, &mut ends);
        }
        if let Some(labels) = table.labels("metric") {
            labels.codes.decode(chunk, &mut metrics);
        }
        for row in 0..days.len() {
            let (Some(on), Some(text)) = (day(days[row]), text.label(texts[row])) else { continue };
            let until = ends.get(row).copied().and_then(day);
            if on <= last && until.unwrap_or(on) >= from {
                let metric = metrics.get(row).and_then(|&code| table.labels("metric")?.label(code));
                found.push(Annotation { on, until, text: text.to_owned(), metric: metric.map(str::to_owned) });
            }
        }
    }
    found.sort_by(|a, b| (a.on, &a.text).cmp(&(b.on, &b.text)));
    found
}

fn day(number: i64) -> Option<NaiveDate> {
    (number != MISSING).then(|| i32::try_from(number).ok().and_then(NaiveDate::from_epoch_days)).flatten()
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

    #[test]
    fn parts_that_do_not_make_up_the_whole_explain_nothing() {
        let count = |count| Ok(Estimate::Count(count));
        let part = |name: &str, before, now| (name.to_owned(), count(before), count(now));
        // A customer in both segments.
        let parts = [part("a", 3, 4), part("b", 2, 2)];
        assert_eq!(drive((&count(4), &count(5)), &parts, 1), None);
        let drivers = drive((&count(5), &count(6)), &parts, 1).expect("adds up");
        assert_eq!((drivers.change, drivers.rows[0].name.as_str(), drivers.rows[0].change), (1.0, "a", 1.0));
        assert_eq!(drive((&Err(Undefined::because("")), &count(6)), &parts, 1), None);
    }

    #[test]
    fn rates_of_a_few_are_hidden() {
        let share = |k, n| Ok(Estimate::Proportion { k, n });
        let part = |name: &str, before, now| (name.to_owned(), before, now);
        let parts = [
            part("a", share(10, 100), share(20, 100)),
            part("b", share(1, 2), share(2, 2)),
            part("c", share(5, 20), share(5, 20)),
        ];
        let drivers = drive((&share(16, 122), &share(27, 122)), &parts, 10).expect("adds up");
        // Two of b are too few; with c, the smaller of the others, they are 22: 6 and then 7 of them.
        let names: Vec<&str> = drivers.rows.iter().map(|row| row.name.as_str()).collect();
        assert_eq!(names, ["a", FEW]);
        assert_eq!((drivers.rows[1].before, drivers.rows[1].now), (Some(6.0 / 22.0), Some(7.0 / 22.0)));
        assert!((drivers.change - 11.0 / 122.0).abs() < 1e-12);
        // Where all of them are put together, nothing is told.
        let rest = [parts[1].clone(), parts[2].clone()];
        assert_eq!(drive((&share(6, 22), &share(7, 22)), &rest, 10), None);
    }
}
