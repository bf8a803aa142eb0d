//! Computes the figures of all reports of a run together: each table is walked once, however many metrics and periods there are.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use chrono::NaiveDate;
use tallybook_ingest::{Ints, MISSING, Table, TableKind, Tables};

use crate::calendar::{Calendar, Comparison, Grain, Period, YearBefore, epoch_day};
use crate::estimate::{Outcome, Undefined};
use crate::figure::{Against, COHORT_TOTAL, Change, CohortCell, Figure, Reading, Segment};
use crate::history::{fold_events, fold_histories};
use crate::judge::{
    Annotation, Control, Driven, Target, TargetReading, Targets, annotations, control, drive, unmatched,
};
use crate::lifetime::Contracts;
use crate::metric::{
    Cell, CohortTable, Coverage, Extras, FoldContext, Measure, Metric, Requests, Results, Unit, Wanted,
};
use crate::reach::{compute, dated, day, extremes, joined, latest};
use crate::reduction::{Clock, QuantileWindows, Reduction, reduce};
use crate::revenue::OrderValue;
use crate::segments::{Segments, TOTAL};
use crate::sessions::Sessions;
use crate::timeline::{Timeline, WindowId};

/// Bounds on the periods shown for a range of days.
const MIN_SERIES: usize = 6;
const MAX_SERIES: usize = 120;

/// What is to be computed.
#[derive(Debug, Clone, Copy)]
pub struct Job<'a> {
    /// The metrics, in the order of the report.
    pub metrics: &'a [&'a dyn Metric],
    /// The calendar.
    pub calendar: &'a Calendar,
    /// The pipeline's grain.
    pub grain: Grain,
    /// What an order is worth.
    pub value: &'a OrderValue,
    /// Dimensions that figures are broken down by.
    pub dimensions: &'a [String],
    /// Which period of the year before each is compared with.
    pub year_before: YearBefore,
    /// Periods in a series, the reported one included.
    pub history: usize,
    /// The periods that are reported on.
    pub reports: &'a [Period],
    /// Averages and shares of fewer are suppressed.
    pub min_n: u64,
    /// Smallest units of money in one of the currency, in which targets are written.
    pub money_units: f64,
    /// The moment of the run, in seconds since 1970 UTC: nothing later is known, whatever the data say.
    pub now: i64,
}

/// The figures of one report.
#[derive(Debug)]
pub struct ReportFigures {
    /// The period.
    pub period: Period,
    /// The period before.
    pub previous: Period,
    /// The period a year before, or why there is none.
    pub year_before: Comparison,
    /// All figures, in the order of the metrics.
    pub figures: Vec<Figure>,
    /// What the metrics have besides.
    pub extras: Extras,
    /// Orders that lie in the period.
    pub orders_inside: u64,
    /// Orders that lie outside it.
    pub orders_outside: u64,
    /// Days of which each table has rows, as far as the report's end.
    pub reach: BTreeMap<TableKind, Coverage>,
    /// Control charts of the measures with a series that is long enough.
    pub controls: Vec<Control>,
    /// What drove the changes of headlines, by dimension.
    pub driven: Vec<Driven>,
    /// What happened in the days of the series.
    pub annotations: Vec<Annotation>,
    /// Metrics that targets name and that are not computed, with the number of such targets.
    pub unmatched_targets: BTreeMap<String, u64>,
    /// Dimensions by which customers are sorted by their first order, for want of an attribute of their own.
    pub by_first_order: Vec<String>,
}

impl Job<'_> {
    /// Gives the periods of a report's series, oldest first.
    ///
    /// The reported period is the last of them. A range of days is no period of a series: its series are the whole periods of the pipeline's
    /// grain within it, or before its end where it holds too few.
    pub fn series(&self, report: &Period) -> Vec<Period> {
        if report.grain == Grain::Custom {
            let last = self.calendar.last_completed(self.grain, self.calendar.day_start(report.to));
            let within = |period: &Period| period.from >= report.from;
            let mut periods = vec![last];
            while let Some(first) = periods.last() {
                let previous = self.calendar.previous(first);
                if periods.len() >= MAX_SERIES || !(within(&previous) || periods.len() < MIN_SERIES) {
                    break;
                }
                periods.push(previous);
            }
            periods.reverse();
            return periods;
        }
        let mut periods = vec![report.clone()];
        while periods.len() < self.history.max(1) {
            let previous = self.calendar.previous(&periods[periods.len() - 1]);
            periods.push(previous);
        }
        periods.reverse();
        periods
    }

    fn want(&self, period: &Period) -> Wanted {
        let year_before = self.calendar.year_before(period, self.year_before).ok();
        Wanted {
            window: self.calendar.window_of(period),
            previous: self.calendar.window_of(&self.calendar.previous(period)),
            year_before: year_before.map(|period| self.calendar.window_of(&period)),
            period: period.clone(),
        }
    }

    /// Computes all reports.
    pub fn run(&self, tables: &Tables) -> Vec<ReportFigures> {
        let mut wanted: BTreeMap<Period, Wanted> = BTreeMap::new();
        let shown = |report: &Period| self.series(report).into_iter().chain([report.clone()]).collect::<Vec<_>>();
        for period in self.reports.iter().flat_map(shown) {
            // What a period is compared with is read in full too, and may itself look back (growth does).
            let compared = [Ok(self.calendar.previous(&period)), self.calendar.year_before(&period, self.year_before)];
            for period in compared.into_iter().flatten().chain([period]) {
                let want = self.want(&period);
                wanted.insert(period, want);
            }
        }
        let targets = Targets::new(tables);
        for period in self.reports.iter().flat_map(|report| self.ranges_of(&targets, report)) {
            let want = self.want(&period);
            wanted.insert(period, want);
        }
        let wanted_list: Vec<Wanted> = wanted.values().cloned().collect();
        let reported: Vec<Wanted> = self.reports.iter().map(|report| self.want(report)).collect();
        let mut requests = Requests::new(self.calendar, self.value, &wanted_list, &reported);
        requests.reduction(all_orders());
        for metric in self.metrics {
            metric.request(&mut requests);
        }
        let results = self.answer(requests, tables);
        // Rows dated after a report say nothing about how far its data reach.
        let mut ends: Vec<Period> = self.reports.to_vec();
        ends.sort_by_key(|report| report.to);
        let reaches: Vec<(TableKind, Vec<Option<Coverage>>)> =
            dated(tables).map(|(kind, table)| (kind, self.coverage_below(table, &ends))).collect();
        let reach = |report: &Period| {
            let at = ends.partition_point(|end| end.to < report.to);
            let of =
                |(kind, found): &(TableKind, Vec<Option<Coverage>>)| Some((*kind, found.get(at).copied().flatten()?));
            reaches.iter().filter_map(of).collect()
        };
        self.reports
            .iter()
            .map(|report| self.read(report, &wanted, &results, tables, (reach(report), &targets)))
            .collect()
    }

    /// Tells over which days the rows of a table reach that lie before the end of each of some periods.
    fn coverage_below(&self, table: &Table, ends: &[Period]) -> Vec<Option<Coverage>> {
        let days = table.kind() == TableKind::Spend;
        let end = |period: &Period| if days { epoch_day(period.to) } else { self.calendar.day_start(period.to) };
        self.coverage_of(table, &ends.iter().map(end).collect::<Vec<_>>())
    }

    fn coverage_of(&self, table: &Table, ends: &[i64]) -> Vec<Option<Coverage>> {
        let days = table.kind() == TableKind::Spend;
        let of = |at: i64| if days { day(at) } else { self.calendar.day_of(at) };
        // A survey is there from when it was sent.
        let clocks = table.kind().clock().into_iter().chain(["sent_at"]);
        let mut found = vec![None; ends.len()];
        for column in clocks.filter_map(|clock| table.column(clock)) {
            for (all, own) in found.iter_mut().zip(extremes(column, ends)) {
                *all = joined(*all, own);
            }
        }
        found
            .into_iter()
            .map(|found| found.map(|(first, last)| Coverage { first: of(first), last: of(last) }))
            .collect()
    }

    /// Walks the tables once and folds the customers once.
    fn answer(&self, requests: Requests<'_>, tables: &Tables) -> Results {
        let Requests { wanted, windows, activity, reductions, folds, follows, .. } = requests;
        let Requests { looks, each_customer, contracts, computations, session_goals, actives, .. } = requests;
        let timeline = Arc::new(Timeline::new(windows));
        let segments = Segments::new(self.dimensions, tables);
        let mut coverage = BTreeMap::new();
        let mut as_of = BTreeMap::new();
        for (kind, table) in dated(tables) {
            coverage.extend(self.coverage_of(table, &[i64::MAX]).remove(0).map(|found| (kind, found)));
            as_of.insert(kind, latest(table, self.now));
        }
        let orders = coverage.get(&TableKind::Orders).copied();
        let mut computed: BTreeMap<TableKind, BTreeMap<&'static str, Ints>> = BTreeMap::new();
        for ((kind, name), computation) in computations {
            let Some(table) = tables.get(kind) else { continue };
            let column = compute(table, computation, as_of.get(&kind).copied().unwrap_or(self.now));
            computed.entry(kind).or_default().insert(name, column);
        }
        let shown = wanted.iter().filter_map(|wanted| timeline.find(&wanted.window)).collect();
        let quantiles = QuantileWindows::new(&timeline, shown);
        let mut sums = BTreeMap::new();
        for (kind, table) in dated(tables) {
            // Sums with quantiles serve those who ask for the same without.
            let served = |reduction: &Reduction| {
                let richer = |other: &&Reduction| !other.quantiles.is_empty() && other.plain() == *reduction;
                reduction.quantiles.is_empty() && reductions.iter().any(|other| richer(&other))
            };
            let own: Vec<&Reduction> =
                reductions.iter().filter(|reduction| reduction.table == kind && !served(reduction)).collect();
            if own.is_empty() {
                continue;
            }
            let computed = computed.remove(&kind).unwrap_or_default();
            let done = reduce(table, &computed, &own, &timeline, &segments, &quantiles);
            sums.extend(own.into_iter().cloned().zip(done));
        }
        let activity: Vec<WindowId> = activity.into_iter().collect();
        let fallback = self.reports.first().map_or(NaiveDate::MIN, |report| report.from);
        let signed_up = tables.attributes.signed_up_at.iter().copied().filter(|&at| at != MISSING).min();
        let first = [orders.map(|orders| orders.first), signed_up.map(|at| self.calendar.day_of(at))];
        let context = FoldContext {
            timeline: Arc::clone(&timeline),
            calendar: self.calendar.clone(),
            segments: segments.count(),
            span: (
                first.into_iter().flatten().min().unwrap_or(fallback),
                // Nothing past the last report is looked at.
                self.reports.iter().map(Period::last).max().unwrap_or(fallback),
            ),
            activity,
            looks: looks.into_iter().collect(),
            each_customer: each_customer.into_iter().collect(),
            actives,
            names: tables
                .events
                .as_ref()
                .and_then(|table| table.labels("name"))
                .map_or_else(Vec::new, |names| names.dictionary.clone()),
            as_of: as_of.get(&TableKind::Events).copied().unwrap_or(self.now),
        };
        let (keys, made): (Vec<String>, Vec<_>) = folds.into_iter().map(|(key, make)| (key, make(&context))).unzip();
        let folds = fold_histories(tables, self.value, &segments, made);
        let (followed, made): (Vec<String>, Vec<_>) =
            follows.into_iter().map(|(key, make)| (key, make(&context))).unzip();
        let follows = fold_events(tables, &segments, made);
        let sessions = if session_goals.is_empty() { None } else { Sessions::new(tables, &segments, &session_goals) };
        let contracts = if contracts { Contracts::new(tables, &segments, self.calendar) } else { None };
        Results {
            timeline,
            segments,
            calendar: self.calendar.clone(),
            value: self.value.clone(),
            min_n: self.min_n,
            sums,
            folds: keys.into_iter().zip(folds).chain(followed.into_iter().zip(follows)).collect(),
            coverage,
            as_of,
            sessions,
            event_names: context.names,
            contracts,
            remembered: Mutex::default(),
        }
    }

    fn read(
        &self,
        report: &Period,
        wanted: &BTreeMap<Period, Wanted>,
        results: &Results,
        tables: &Tables,
        (reach, targets): (BTreeMap<TableKind, Coverage>, &Targets),
    ) -> ReportFigures {
        let mut figures = Vec::new();
        let mut extras = Extras::default();
        let (mut controls, mut driven) = (Vec::new(), Vec::new());
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
                for want in series.iter().filter(|period| *period != report).filter_map(|period| wanted.get(period)) {
                    figures.push(self.figure(*metric, measure, want, TOTAL, results, false));
                }
                if let Some(want) = wanted.get(report) {
                    let table = self.first_table(*metric);
                    let told =
                        |segment: &usize| results.segments.dimension_of(*segment).is_none_or(|own| own.sorts(table));
                    for segment in (TOTAL..results.segments.count()).filter(told) {
                        let mut figure = self.figure(*metric, measure, want, segment, results, true);
                        figure.target =
                            self.target(targets, (*metric, measure), want, segment, results, wanted, &figure);
                        figures.push(figure);
                    }
                }
                let plotted = |figure: &&Figure| {
                    figure.segment.is_none() && series.iter().any(|period| period.label == figure.period)
                };
                if self.stands_alone(*metric, measure.key) {
                    controls.extend(control(&figures[first..].iter().filter(plotted).collect::<Vec<_>>()));
                }
                if let Some(want) = wanted.get(report).filter(|_| measure.key == Measure::HEADLINE) {
                    driven.extend(self.driven(*metric, measure, want, results));
                }
                if let Some(want) = wanted.get(report) {
                    let cell = cell_of(want, TOTAL);
                    if let Some(table) = metric.cohorts(results, measure.key, &cell) {
                        self.push_cohorts(&mut figures, *metric, measure, report, &table);
                    }
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
            reach,
            controls,
            driven,
            annotations: annotations(tables, (series.first().map_or(report.from, |first| first.from), report.last())),
            unmatched_targets: unmatched(
                targets,
                |metric, measure| {
                    self.metrics
                        .iter()
                        .any(|own| own.info().id == metric && own.measures().iter().any(|known| known.key == measure))
                },
                |dimension, value| {
                    let own = results.segments.dimensions().iter().find(|own| own.name == dimension);
                    own.is_some_and(|own| own.values.iter().any(|known| known == value))
                },
            ),
            by_first_order: by_first_order.map(|dimension| dimension.name.clone()).collect(),
        }
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
        let previous = self.calendar.previous(&want.period);
        let mut changes = vec![self.change(Against::Previous, Ok(previous), segment, &now, &outcome)];
        changes.push(self.change(
            Against::YearBefore,
            self.calendar.year_before(&want.period, self.year_before),
            segment,
            &now,
            &outcome,
        ));
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

    /// The first table that a metric reads says how far its figures reach.
    fn first_table(&self, metric: &dyn Metric) -> TableKind {
        let first = |metric: &dyn Metric| metric.needs().first().map(|need| need.table.made());
        let derived = || {
            let (input, _) = *metric.derivation()?.inputs().first()?;
            first(*self.metrics.iter().find(|own| own.info().id == input)?)
        };
        first(metric).or_else(derived).unwrap_or(TableKind::Orders)
    }

    /// Tells whether a measure's periods stand alone; one that is derived, whether those it is derived from do.
    fn stands_alone(&self, metric: &dyn Metric, measure: &str) -> bool {
        let Some(derivation) = metric.derivation() else { return metric.stands_alone(measure) };
        derivation.inputs().iter().all(|(id, measure)| {
            self.metrics.iter().find(|own| own.info().id == *id).is_some_and(|own| own.stands_alone(measure))
        })
    }

    /// Reads a measure of a metric, or computes it from those that it is derived from.
    fn outcome_of(&self, metric: &dyn Metric, results: &Results, measure: &str, cell: &Cell) -> Outcome {
        let Some(derivation) = metric.derivation() else { return metric.outcome(results, measure, cell) };
        let units = |unit: Unit| if unit == Unit::Money { self.money_units } else { 1.0 };
        let derived = derivation.outcome(|id, measure| {
            let missing = || Undefined::because(format!("{id} has no measure {measure}"));
            let input = self.metrics.iter().find(|own| own.info().id == id && own.derivation().is_none());
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
    fn ranges_of(&self, targets: &Targets, report: &Period) -> Vec<Period> {
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
    fn driven(&self, metric: &dyn Metric, measure: Measure, want: &Wanted, results: &Results) -> Vec<Driven> {
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
            Some(Driven {
                metric: metric.info().id.to_owned(),
                dimension: dimension.name.clone(),
                against: previous.label.clone(),
                unit: measure.unit,
                drivers: drive((&whole.0, &whole.1), &parts, self.min_n)?,
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

/// The worth of all orders, whose number is what the account of rows needs; most metrics ask for it anyway.
fn all_orders() -> Reduction {
    Reduction { terms: vec![(OrderValue::PLACED, 1)], ..Reduction::rows(TableKind::Orders, Clock::OrderedAt) }
}
