//! Reads the figures of one report out of what the data answered.

use std::collections::BTreeMap;

use tallybook_ingest::{TableKind, Tables};

use super::annotations::annotations;
use super::control_charts::control;
use super::decompositions::decompose;
use super::targets::{Target, Targets, unmatched};
use super::{Job, ReportFigures, all_orders};
use crate::declare::{Measure, Unit};
use crate::engine::coverage::Coverage;
use crate::engine::segments::TOTAL;
use crate::metric::{Cell, Extras, Metric, Results, Wanted};
use crate::result::CohortTable;
use crate::result::{Against, COHORT_TOTAL, Change, CohortCell, Figure, Reading, Segment};
use crate::result::{SegmentDecomposition, TargetReading};
use tallybook_calendar::{Comparison, Period};
use tallybook_stats::{Outcome, Undefined};

impl Job<'_> {
    pub(super) fn read(
        &self,
        report: &Period,
        wanted: &BTreeMap<Period, Wanted>,
        results: &Results,
        tables: &Tables,
        (coverage, targets): (BTreeMap<TableKind, Coverage>, &Targets),
    ) -> ReportFigures {
        let mut figures = Vec::new();
        let mut extras = Extras::default();
        let (mut controls, mut decompositions) = (Vec::new(), Vec::new());
        let series = self.series(report);
        for metric in self.metrics {
            let reaches = |want: &&Wanted| results.covered_by(self.first_table(*metric), &want.window).is_ok();
            if let Some(want) = wanted.get(report).filter(reaches) {
                let own = metric.extras(results, report, &cell_of(want, TOTAL));
                extras.exhibits.extend(own.exhibits);
                extras.model = extras.model.or(own.model);
                extras.scores.extend(own.scores);
            }
            for measure in metric.measures() {
                let series: &[Period] = if metric.without_series(measure.key) { &[] } else { &series };
                let first = figures.len();
                figures.extend(self.measure(*metric, measure, (report, series), wanted, results, targets));
                let plotted = |figure: &&Figure| {
                    figure.segment.is_none() && series.iter().any(|period| period.label == figure.period)
                };
                if self.limits_on_all || self.stands_alone(*metric, measure.key) {
                    controls.extend(control(&figures[first..].iter().filter(plotted).collect::<Vec<_>>()));
                }
                let Some(want) = wanted.get(report) else { continue };
                if measure.key == Measure::HEADLINE {
                    decompositions.extend(self.decompositions(*metric, measure, want, results));
                }
                if let Some(table) = metric.cohorts(results, measure.key, &cell_of(want, TOTAL)) {
                    self.push_cohorts(&mut figures, *metric, measure, report, &table);
                }
            }
        }
        let inside = wanted.get(report).map_or(0, |want| results.sums(&all_orders(), &want.window, TOTAL).n);
        let all = tables.orders.as_ref().map_or(0, |table| table.rows() as u64);
        let by_first_order = results.segments.dimensions().iter().filter(|dimension| dimension.by_first_order);
        ReportFigures {
            period: report.clone(),
            previous: self.calendar.previous(report),
            year_before: self.calendar.year_before(report, self.year_before),
            figures,
            extras,
            orders_inside: inside,
            orders_outside: all - inside,
            coverage,
            controls,
            decompositions,
            annotations: annotations(tables, (series.first().map_or(report.from, |first| first.from), report.last())),
            unmatched_targets: self.unmatched_targets(targets, results),
            by_first_order: by_first_order.map(|dimension| dimension.name.clone()).collect(),
        }
    }

    /// Reads the figures of a measure: of each period of its series, and of the reported one by segment too.
    fn measure(
        &self,
        metric: &dyn Metric,
        measure: Measure,
        (report, series): (&Period, &[Period]),
        wanted: &BTreeMap<Period, Wanted>,
        results: &Results,
        targets: &Targets,
    ) -> Vec<Figure> {
        let before = series.iter().filter(|period| *period != report).filter_map(|period| wanted.get(period));
        let mut figures: Vec<Figure> =
            before.map(|want| self.figure(metric, measure, want, TOTAL, results, false)).collect();
        let Some(want) = wanted.get(report) else { return figures };
        let table = self.first_table(metric);
        let told = |segment: &usize| results.segments.dimension_of(*segment).is_none_or(|own| own.sorts(table));
        for segment in (TOTAL..results.segments.count()).filter(told) {
            let mut figure = self.figure(metric, measure, want, segment, results, true);
            figure.target = self.target(targets, (metric, measure), want, segment, results, wanted, &figure);
            figures.push(figure);
        }
        figures
    }

    /// What targets name and the report does not have.
    fn unmatched_targets(&self, targets: &Targets, results: &Results) -> BTreeMap<String, u64> {
        let known = |metric: &str, measure: &str| {
            let named = self.metrics.iter().find(|own| own.info().id == metric);
            named.is_some_and(|own| own.measures().iter().any(|known| known.key == measure))
        };
        let has_segment = |dimension: &str, value: &str| {
            let named = results.segments.dimensions().iter().find(|own| own.name == dimension);
            named.is_some_and(|own| own.values.iter().any(|known| known == value))
        };
        unmatched(targets, known, has_segment)
    }

    fn figure(
        &self,
        metric: &dyn Metric,
        measure: Measure,
        want: &Wanted,
        segment: usize,
        results: &Results,
        reported: bool,
    ) -> Figure {
        let cell = cell_of(want, segment);
        let table = self.first_table(metric);
        let outcome = |cell: &Cell, whole: bool| -> Outcome {
            if whole {
                results.covered_whole_by(table, &cell.window)
            } else {
                results.covered_by(table, &cell.window)
            }?;
            self.outcome_of(metric, results, measure.key, cell)
        };
        // What is reported may begin before the data do; what it is held against may not.
        let now = outcome(&cell, !reported);
        let settled = metric.formula().is_some() || metric.is_settled(measure.key);
        let compared = |period: Comparison| {
            let open = || "what is open still is always most in the latest period".to_owned();
            period.and_then(|period| if settled { Ok(period) } else { Err(open()) })
        };
        let previous = compared(Ok(self.calendar.previous(&want.period)));
        let mut changes = vec![self.change(Against::Previous, previous, segment, &now, &outcome)];
        let year_before = compared(self.calendar.year_before(&want.period, self.year_before));
        changes.push(self.change(Against::YearBefore, year_before, segment, &now, &outcome));
        let name = results.segments.name(segment);
        Figure {
            metric: metric.info().id.to_owned(),
            measure: measure.key.to_owned(),
            period: want.period.label.clone(),
            from: want.period.from,
            last: want.period.last(),
            segment: name
                .map(|(dimension, value)| Segment { dimension: dimension.to_owned(), value: value.to_owned() }),
            cohort: None,
            unit: measure.unit,
            reading: Reading::new(&now, self.min_n),
            changes,
            target: None,
        }
    }

    /// The first table that a metric reads says how far its figures coverage.
    fn first_table(&self, metric: &dyn Metric) -> TableKind {
        let first = |metric: &dyn Metric| metric.needs().first().map(|need| need.table.made());
        let derived = || {
            let (input, _) = *metric.formula()?.inputs().first()?;
            first(*self.metrics.iter().find(|own| own.info().id == input)?)
        };
        first(metric).or_else(derived).unwrap_or(TableKind::Orders)
    }

    /// Tells whether a measure's periods stand alone; one that is derived, whether those it is derived from do.
    fn stands_alone(&self, metric: &dyn Metric, measure: &str) -> bool {
        let Some(formula) = metric.formula() else { return metric.stands_alone(measure) };
        formula.inputs().iter().all(|(id, measure)| {
            self.metrics.iter().find(|own| own.info().id == *id).is_some_and(|own| own.stands_alone(measure))
        })
    }

    /// Reads a measure of a metric, or computes it from those that it is derived from.
    fn outcome_of(&self, metric: &dyn Metric, results: &Results, measure: &str, cell: &Cell) -> Outcome {
        let Some(formula) = metric.formula() else { return metric.outcome(results, measure, cell) };
        let units = |unit: Unit| if unit == Unit::Money { self.money_units } else { 1.0 };
        let derived = formula.outcome(|id, measure| {
            let missing = || Undefined::because(format!("{id} has no measure {measure}"));
            let input = self.metrics.iter().find(|own| own.info().id == id && own.formula().is_none());
            let input = input.ok_or_else(missing)?;
            let unit =
                input.measures().iter().find(|own| own.key == measure).map(|own| own.unit).ok_or_else(missing)?;
            let table = self.first_table(*input);
            results.covered_by(table, &cell.window)?;
            let sorts = results.segments.dimension_of(cell.segment).is_none_or(|own| own.sorts(table));
            if !sorts {
                return Err(Undefined::because(format!("{id} is not broken down by this")));
            }
            Ok(input.outcome(results, measure, cell)?.scaled(1.0 / units(unit)))
        })?;
        Ok(derived.scaled(units(metric.info().unit)))
    }

    /// The ranges of days of targets that add up over time, as far as a report goes.
    pub(super) fn ranges_of(&self, targets: &Targets, report: &Period) -> Vec<Period> {
        let adds_up = |target: &&Target| {
            target.last.is_some()
                && self.metrics.iter().any(|own| own.info().id == target.metric && own.accumulates(&target.measure))
        };
        let ranges = targets.0.iter().filter(adds_up).filter_map(|target| to_date(target, report));
        ranges.collect()
    }

    #[allow(clippy::too_many_arguments, reason = "all of them say which figure it is")]
    fn target(
        &self,
        targets: &Targets,
        (metric, measure): (&dyn Metric, Measure),
        want: &Wanted,
        segment: usize,
        results: &Results,
        wanted: &BTreeMap<Period, Wanted>,
        figure: &Figure,
    ) -> Option<TargetReading> {
        let name = results.segments.name(segment);
        let days = (want.period.from, want.period.last());
        let target = targets.find(metric.info().id, measure.key, name, days)?;
        let units = if measure.unit == Unit::Money { self.money_units } else { 1.0 };
        let range = to_date(target, &want.period).filter(|_| metric.accumulates(measure.key));
        let reached = range.and_then(|period| wanted.get(&period)).and_then(|range| {
            let outcome = self.outcome_of(metric, results, measure.key, &cell_of(range, segment));
            outcome.ok()?.value()
        });
        Some(target.reading(units, figure.reading.value, reached, metric.good(measure.key), want.period.last()))
    }

    /// What drove the change of a headline against the period before, by each dimension that the metric can be broken down by.
    fn decompositions(
        &self,
        metric: &dyn Metric,
        measure: Measure,
        want: &Wanted,
        results: &Results,
    ) -> Vec<SegmentDecomposition> {
        let table = self.first_table(metric);
        let previous = self.calendar.previous(&want.period);
        let then = self.want(&previous);
        let before = |segment: usize| {
            results.covered_whole_by(table, &then.window)?;
            self.outcome_of(metric, results, measure.key, &cell_of(&then, segment))
        };
        let now = |segment: usize| self.outcome_of(metric, results, measure.key, &cell_of(want, segment));
        let whole = (before(TOTAL), now(TOTAL));
        let dimensions = results.segments.dimensions().iter().filter(|dimension| dimension.sorts(table));
        let by_dimension = dimensions.filter_map(|dimension| {
            let values = dimension.positions().zip(&dimension.values);
            let parts: Vec<_> = values.map(|(at, name)| (name.clone(), before(at), now(at))).collect();
            Some(SegmentDecomposition {
                metric: metric.info().id.to_owned(),
                dimension: dimension.name.clone(),
                against: previous.label.clone(),
                unit: measure.unit,
                decomposition: decompose((&whole.0, &whole.1), &parts, self.min_n)?,
            })
        });
        by_dimension.collect()
    }

    fn change(
        &self,
        against: Against,
        other: Comparison,
        segment: usize,
        now: &Outcome,
        outcome: &impl Fn(&Cell, bool) -> Outcome,
    ) -> Change {
        match other {
            Ok(period) => {
                let want = self.want(&period);
                let then = outcome(&cell_of(&want, segment), true);
                Change::new(against, Some(period.label), now, &then, self.min_n)
            }
            Err(reason) => {
                let then = Err(Undefined::Because(reason));
                Change::new(against, None, now, &then, self.min_n)
            }
        }
    }

    fn push_cohorts(
        &self,
        figures: &mut Vec<Figure>,
        metric: &dyn Metric,
        measure: Measure,
        report: &Period,
        table: &CohortTable,
    ) {
        let mut push = |cohort: &str, size, complete, age: usize, outcome: &Outcome| {
            figures.push(Figure {
                metric: metric.info().id.to_owned(),
                measure: measure.key.to_owned(),
                period: report.label.clone(),
                from: report.from,
                last: report.last(),
                segment: None,
                cohort: Some(CohortCell {
                    cohort: cohort.to_owned(),
                    size,
                    complete,
                    age,
                    age_name: table.ages[age].clone(),
                }),
                unit: table.unit,
                reading: Reading::new(outcome, self.min_n),
                changes: Vec::new(),
                target: None,
            });
        };
        for row in &table.rows {
            for (age, outcome) in row.cells.iter().enumerate() {
                push(&row.cohort.label, row.size, row.complete, age, outcome);
            }
        }
        let all = table.rows.iter().map(|row| row.size).sum();
        for (age, outcome) in table.total.iter().enumerate() {
            push(COHORT_TOTAL, all, true, age, outcome);
        }
    }
}

/// The days of a target's range up to the end of a period, where they are more than nothing.
fn to_date(target: &Target, period: &Period) -> Option<Period> {
    let last = target.last?.min(period.last());
    Period::custom(target.from, last).ok()
}

const fn cell_of(want: &Wanted, segment: usize) -> Cell {
    Cell { window: want.window, previous: want.previous, year_before: want.year_before, segment }
}
