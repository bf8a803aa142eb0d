//! Computes the figures of all reports of a run together: each table is walked once, however many metrics and periods there are.

mod annotations;
mod control_charts;
mod decompositions;
mod read;
mod targets;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use chrono::NaiveDate;
use tallybook_ingest::{MISSING, PackedColumn, Table, TableKind, Tables};

use crate::engine::comments::Comment;
use crate::engine::coverage::Coverage;
use crate::engine::coverage::{dated, day, extremes, joined, latest};
use crate::engine::histories::{fold_events, fold_histories};
use crate::engine::order_value::OrderValue;
use crate::engine::row_function::compute;
use crate::engine::row_sums::{Clock, QuantileWindows, Reduction, RowSums, reduce};
use crate::engine::segments::Segments;
use crate::engine::sessions::Sessions;
use crate::engine::timeline::{Timeline, WindowId};
use crate::metric::{Extras, FoldContext, Metric, Requests, Results, Wanted};
use crate::result::Figure;
use crate::result::{Annotation, Control, SegmentDecomposition};
use crate::subscriptions::Contracts;
use tallybook_calendar::{Calendar, Comparison, Grain, Period, YearBefore, epoch_day};
use targets::Targets;

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
    /// Whether measures get limits of usual variation even where their periods overlap, pile up or are open still.
    pub limits_on_all: bool,
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
    pub coverage: BTreeMap<TableKind, Coverage>,
    /// Control charts of the measures with a series that is long enough.
    pub controls: Vec<Control>,
    /// What drove the changes of headlines, by dimension.
    pub decompositions: Vec<SegmentDecomposition>,
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
        // Rows dated after a report say nothing about how far its data coverage.
        let mut ends: Vec<Period> = self.reports.to_vec();
        ends.sort_by_key(|report| report.to);
        let reaches: Vec<(TableKind, Vec<Option<Coverage>>)> =
            dated(tables).map(|(kind, table)| (kind, self.coverage_below(table, &ends))).collect();
        let coverage = |report: &Period| {
            let at = ends.partition_point(|end| end.to < report.to);
            let end = self.calendar.day_start(report.to);
            let of = |(kind, found): &(TableKind, Vec<Option<Coverage>>)| {
                let own = found.get(at).copied().flatten()?;
                // What is known of later, but not after the run, was written after the period's end.
                let whole = *kind != TableKind::Spend && results.as_of(*kind) >= end;
                Some((*kind, Coverage { last: if whole { own.last.max(report.last()) } else { own.last }, ..own }))
            };
            reaches.iter().filter_map(of).collect()
        };
        self.reports
            .iter()
            .map(|report| self.read(report, &wanted, &results, tables, (coverage(report), &targets)))
            .collect()
    }

    /// Tells over which days the rows of a table coverage that lie before the end of each of some periods.
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
        let Requests { wanted, reported, windows, activity, reductions, folds, follows, comments, .. } = requests;
        let Requests { cutoffs, each_customer, contracts, computations, session_goals, actives, .. } = requests;
        let timeline = Arc::new(Timeline::new(windows));
        let segments = Segments::new(self.dimensions, tables);
        let mut coverage = BTreeMap::new();
        let mut as_of = BTreeMap::new();
        for (kind, table) in dated(tables) {
            coverage.extend(self.coverage_of(table, &[i64::MAX]).remove(0).map(|found| (kind, found)));
            as_of.insert(kind, latest(table, self.now));
        }
        let orders = coverage.get(&TableKind::Orders).copied();
        let mut computed: BTreeMap<TableKind, BTreeMap<&'static str, PackedColumn>> = BTreeMap::new();
        for ((kind, name), computation) in computations {
            let Some(table) = tables.get(kind) else { continue };
            let column = compute(table, computation, as_of.get(&kind).copied().unwrap_or(self.now));
            computed.entry(kind).or_default().insert(name, column);
        }
        let sums = row_sums(wanted, &reductions, computed, tables, (&timeline, &segments));
        let activity: Vec<WindowId> = activity.into_iter().collect();
        let context = FoldContext {
            timeline: Arc::clone(&timeline),
            calendar: self.calendar.clone(),
            segments: segments.count(),
            span: self.span(tables, orders),
            activity,
            cutoffs: cutoffs.into_iter().collect(),
            each_customer: each_customer.into_iter().collect(),
            actives,
            names: event_names(tables),
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
            comments: match &tables.surveys {
                Some(table) if comments => {
                    Comment::gather(table, &reported.iter().map(|own| own.window).collect::<Vec<_>>())
                }
                _ => Vec::new(),
            },
            event_names: context.names,
            contracts,
            remembered: Mutex::default(),
        }
    }

    /// The days that customers are looked at: from the first order or sign-up to the end of the last report.
    fn span(&self, tables: &Tables, orders: Option<Coverage>) -> (NaiveDate, NaiveDate) {
        let fallback = self.reports.first().map_or(NaiveDate::MIN, |report| report.from);
        let signed_up = tables.attributes.signed_up_at.iter().copied().filter(|&at| at != MISSING).min();
        let first = [orders.map(|orders| orders.first), signed_up.map(|at| self.calendar.day_of(at))];
        let last = self.reports.iter().map(Period::last).max().unwrap_or(fallback);
        (first.into_iter().flatten().min().unwrap_or(fallback), last)
    }
}

/// Sums over the rows of each table, in one walk.
fn row_sums(
    wanted: &[Wanted],
    reductions: &BTreeSet<Reduction>,
    mut computed: BTreeMap<TableKind, BTreeMap<&'static str, PackedColumn>>,
    tables: &Tables,
    (timeline, segments): (&Timeline, &Segments),
) -> BTreeMap<Reduction, RowSums> {
    let shown = wanted.iter().filter_map(|wanted| timeline.find(&wanted.window)).collect();
    let quantiles = QuantileWindows::new(timeline, shown);
    // Sums with quantiles serve those who ask for the same without.
    let served = |reduction: &Reduction| {
        let richer = |other: &&Reduction| !other.quantiles.is_empty() && other.plain() == *reduction;
        reduction.quantiles.is_empty() && reductions.iter().any(|other| richer(&other))
    };
    let mut sums = BTreeMap::new();
    for (kind, table) in dated(tables) {
        let of_table: Vec<&Reduction> =
            reductions.iter().filter(|reduction| reduction.table == kind && !served(reduction)).collect();
        if of_table.is_empty() {
            continue;
        }
        let computed = computed.remove(&kind).unwrap_or_default();
        let done = reduce(table, &computed, &of_table, timeline, segments, &quantiles);
        sums.extend(of_table.into_iter().cloned().zip(done));
    }
    sums
}

/// The names of events, by their codes.
fn event_names(tables: &Tables) -> Vec<String> {
    let names = tables.events.as_ref().and_then(|table| table.labels("name"));
    names.map_or_else(Vec::new, |names| names.dictionary.clone())
}

/// The worth of all orders, whose number is what the account of rows needs; most metrics ask for it anyway.
fn all_orders() -> Reduction {
    Reduction { terms: vec![(OrderValue::PLACED, 1)], ..Reduction::rows(TableKind::Orders, Clock::OrderedAt) }
}
