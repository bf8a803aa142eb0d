//! Computes the figures of all reports of a run together: each table is walked once, however many metrics and periods there are.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use chrono::NaiveDate;
use tallybook_ingest::{Ints, MISSING, TableKind, Tables};

use crate::calendar::{Calendar, Comparison, Grain, Period, YearBefore, epoch_day};
use crate::estimate::Outcome;
use crate::figure::{Against, COHORT_TOTAL, Change, CohortCell, Figure, Reading, Segment};
use crate::history::fold_histories;
use crate::lifetime::Contracts;
use crate::metric::{Cell, CohortTable, Coverage, Extras, FoldContext, Measure, Metric, Requests, Results, Wanted};
use crate::reduction::{Clock, MedianWindows, Reduction, reduce};
use crate::revenue::OrderValue;
use crate::segments::{Segments, TOTAL};
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
    /// Days of which there are orders.
    pub orders: Option<Coverage>,
    /// Days of which there is spend.
    pub spend: Option<Coverage>,
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
        let orders =
            self.orders_below(tables, &ends.iter().map(|end| self.calendar.day_start(end.to)).collect::<Vec<_>>());
        let spend = Self::spend_below(tables, &ends.iter().map(|end| epoch_day(end.to)).collect::<Vec<_>>());
        let reach = |report: &Period| {
            let at = ends.partition_point(|end| end.to < report.to);
            (orders.get(at).copied().flatten(), spend.get(at).copied().flatten())
        };
        self.reports.iter().map(|report| self.read(report, &wanted, &results, tables, reach(report))).collect()
    }

    /// Tells over which days orders reach that were placed before each of some moments.
    fn orders_below(&self, tables: &Tables, ends: &[i64]) -> Vec<Option<Coverage>> {
        let coverage =
            |(first, last)| Coverage { first: self.calendar.day_of(first), last: self.calendar.day_of(last) };
        let column = tables.orders.as_ref().and_then(|table| table.column("ordered_at"));
        let found = column.map_or_else(|| vec![None; ends.len()], |column| extremes(column, ends));
        found.into_iter().map(|found| found.map(coverage)).collect()
    }

    /// Tells over which days spend reaches that was made before each of some days.
    fn spend_below(tables: &Tables, ends: &[i64]) -> Vec<Option<Coverage>> {
        let coverage = |(first, last)| Coverage { first: day(first), last: day(last) };
        let column = tables.spend.as_ref().and_then(|table| table.column("spent_on"));
        let found = column.map_or_else(|| vec![None; ends.len()], |column| extremes(column, ends));
        found.into_iter().map(|found| found.map(coverage)).collect()
    }

    /// Walks the tables once and folds the customers once.
    fn answer(&self, requests: Requests<'_>, tables: &Tables) -> Results {
        let Requests { wanted, windows, activity, reductions, folds, looks, each_customer, contracts, .. } = requests;
        let timeline = Arc::new(Timeline::new(windows));
        let segments = Segments::new(self.dimensions, tables);
        let orders = self.orders_below(tables, &[i64::MAX]).remove(0);
        let spend = Self::spend_below(tables, &[i64::MAX]).remove(0);
        let shown = wanted.iter().filter_map(|wanted| timeline.find(&wanted.window)).collect();
        let medians = MedianWindows::new(&timeline, shown);
        let mut sums = BTreeMap::new();
        for (kind, table) in [(TableKind::Orders, &tables.orders), (TableKind::Spend, &tables.spend)] {
            let Some(table) = table else { continue };
            // Sums with a median serve those who ask for the same without.
            let served = |reduction: &Reduction| {
                !reduction.median && reductions.contains(&Reduction { median: true, ..reduction.clone() })
            };
            let own: Vec<&Reduction> =
                reductions.iter().filter(|reduction| reduction.table == kind && !served(reduction)).collect();
            let done = reduce(table, &own, &timeline, &segments, &medians);
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
        };
        let (keys, made): (Vec<String>, Vec<_>) = folds.into_iter().map(|(key, make)| (key, make(&context))).unzip();
        let folds = fold_histories(tables, self.value, &segments, made);
        let contracts = if contracts { Contracts::new(tables, &segments, self.calendar) } else { None };
        Results {
            timeline,
            segments,
            calendar: self.calendar.clone(),
            value: self.value.clone(),
            min_n: self.min_n,
            sums,
            folds: keys.into_iter().zip(folds).collect(),
            orders,
            spend,
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
        (orders, spend): (Option<Coverage>, Option<Coverage>),
    ) -> ReportFigures {
        let mut figures = Vec::new();
        let mut extras = Extras::default();
        let series = self.series(report);
        for metric in self.metrics {
            let reaches = |want: &&Wanted| results.covered_by(first_table(*metric), &want.window).is_ok();
            if let Some(want) = wanted.get(report).filter(reaches) {
                let own = metric.extras(results, report, &cell_of(want, TOTAL));
                extras.exhibits.extend(own.exhibits);
                extras.model = extras.model.or(own.model);
                extras.scores.extend(own.scores);
            }
            for measure in metric.measures() {
                let series: &[Period] = if metric.without_series(measure.key) { &[] } else { &series };
                for want in series.iter().filter(|period| *period != report).filter_map(|period| wanted.get(period)) {
                    figures.push(self.figure(*metric, measure, want, TOTAL, results, false));
                }
                if let Some(want) = wanted.get(report) {
                    for segment in TOTAL..results.segments.count() {
                        figures.push(self.figure(*metric, measure, want, segment, results, true));
                    }
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
            orders,
            spend,
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
        let table = first_table(metric);
        let outcome = |cell: &Cell, whole: bool| -> Outcome {
            if whole {
                results.covered_whole_by(table, &cell.window)
            } else {
                results.covered_by(table, &cell.window)
            }?;
            metric.outcome(results, measure.key, cell)
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
        }
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
                let then = Err(crate::estimate::Undefined::Because(reason));
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

/// The first table that a metric reads says how far its figures reach.
fn first_table(metric: &dyn Metric) -> TableKind {
    metric.needs().first().map_or(TableKind::Orders, |need| need.table)
}

const fn cell_of(want: &Wanted, segment: usize) -> Cell {
    Cell { window: want.window, previous: want.previous, year_before: want.year_before, segment }
}

/// The worth of all orders, whose number is what the account of rows needs; most metrics ask for it anyway.
fn all_orders() -> Reduction {
    Reduction {
        table: TableKind::Orders,
        clock: Clock::OrderedAt,
        terms: vec![(OrderValue::PLACED, 1)],
        nonzero: false,
        only: None,
        median: false,
    }
}

/// For each end, ascending, the least and the greatest value below it.
fn extremes(column: &Ints, ends: &[i64]) -> Vec<Option<(i64, i64)>> {
    let mut values = Vec::new();
    // Of the values from the end before up to each.
    let mut found: Vec<Option<(i64, i64)>> = vec![None; ends.len()];
    for chunk in 0..column.chunk_count() {
        column.decode(chunk, &mut values);
        for &value in values.iter().filter(|value| **value != MISSING) {
            if let Some(slot) = found.get_mut(ends.partition_point(|end| *end <= value)) {
                *slot = Some(slot.map_or((value, value), |(first, last)| (first.min(value), last.max(value))));
            }
        }
    }
    for at in 1..found.len() {
        found[at] = match (found[at - 1], found[at]) {
            (Some(before), Some(own)) => Some((before.0.min(own.0), before.1.max(own.1))),
            (before, own) => own.or(before),
        };
    }
    found
}

fn day(number: i64) -> NaiveDate {
    i32::try_from(number).ok().and_then(NaiveDate::from_epoch_days).unwrap_or(NaiveDate::MIN)
}
