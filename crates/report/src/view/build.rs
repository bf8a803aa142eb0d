//! Makes views out of a document.

use std::collections::BTreeMap;

use tallybook_calendar::{Grain, Period};
use tallybook_metrics::declare::{Area, Direction, Unit};
use tallybook_metrics::engine::segments::{NO_VALUE, OTHER};
use tallybook_metrics::result::{Against, COHORT_TOTAL, Change, Figure, Reading, State};

use super::heat::Heat;
use crate::document::{Document, MeasureNote, MetricNote, SourceNote};
use crate::format::{Formatter, NOT_AVAILABLE, visible};
use crate::svg::{LineChart, Point, line_chart, sparkline, unicode_sparkline};
use crate::view::{
    AgeView, Breakdown, BreakdownRow, CellView, ChangeView, CheckView, CohortRowView, CohortView, Group, HeatCell,
    MetricView, Page, Row, Section, SourceView, TrustView,
};
use tallybook_ingest::checks::TrustState;

/// Values of a dimension that a report lists; the rest are counted, and in `figures.json`.
const LISTED: usize = 10;

/// Rows of a cohort table that are listed; older ones are counted.
const COHORTS_LISTED: usize = 18;

impl Page {
    /// Makes the view of a document.
    pub fn new(document: &Document) -> Self {
        Views::new(document).page()
    }
}

pub(super) struct Views<'a> {
    pub(super) document: &'a Document,
    pub(super) format: Formatter,
    /// Figures by metric and measure, in the order of the document.
    figures: BTreeMap<(&'a str, &'a str), Vec<&'a Figure>>,
}

impl<'a> Views<'a> {
    pub(super) fn new(document: &'a Document) -> Self {
        let mut figures: BTreeMap<(&str, &str), Vec<&Figure>> = BTreeMap::new();
        for figure in &document.figures {
            figures.entry((figure.metric.as_str(), figure.measure.as_str())).or_default().push(figure);
        }
        let format = Formatter { locale: document.locale, currency: document.currency.clone() };
        Self { document, format, figures }
    }

    fn figures_of(&self, metric: &str, measure: &str) -> Vec<&'a Figure> {
        self.figures.get(&(metric, measure)).cloned().unwrap_or_default()
    }
}

impl Views<'_> {
    fn page(&self) -> Page {
        let document = self.document;
        let days = |period: &Period| self.format.days(period);
        let year_before = match (&document.year_before, &document.year_before_reason) {
            (Some(period), _) => days(period),
            (None, Some(reason)) => format!("none: {reason}"),
            (None, None) => "none".to_owned(),
        };
        let orders = document.sources.iter().find(|source| source.table.starts_with("order"));
        let latest = match orders {
            Some(orders) => orders.latest,
            None => document.sources.iter().filter_map(|source| source.latest).max(),
        };
        let grid = self.groups();
        Page {
            lang: "en",
            title: document.title.clone(),
            company: document.company.clone(),
            pipeline: document.pipeline.clone(),
            period: days(&document.period),
            label: document.period.label.clone(),
            noun: document.period.grain.noun(),
            zone: document.timezone.clone(),
            previous: days(&document.previous),
            year_before: format!("{year_before} ({})", document.year_before_policy),
            data_until: latest.map_or_else(|| NOT_AVAILABLE.to_owned(), |day| self.format.day(day)),
            trust: self.trust(),
            sentences: self.sentences(),
            has_targets: grid.iter().flat_map(|group: &Group| &group.rows).any(|row| row.target.is_some()),
            exceptions: self.exceptions(),
            annotations: self.annotations(None, None),
            groups: grid,
            sections: self.sections(),
            sources: document.sources.iter().map(|source| self.source(source)).collect(),
            account: orders.map_or_else(String::new, |_| {
                format!(
                    "Of {} orders, {} lie in the period and {} outside it.",
                    self.format.count(document.orders_inside + document.orders_outside),
                    self.format.count(document.orders_inside),
                    self.format.count(document.orders_outside)
                )
            }),
            notes: document.notes.clone(),
            configuration: document.configuration.clone(),
            command: document.command.clone(),
            program: document.program.clone(),
        }
    }

    fn trust(&self) -> TrustView {
        let trust = &self.document.trust;
        let checks: Vec<CheckView> = trust
            .checks
            .iter()
            .map(|check| CheckView {
                class: trust_class(check.state),
                word: check.state.word(),
                name: check.name.clone(),
                detail: check.detail.clone(),
            })
            .collect();
        let failed: Vec<String> = trust
            .checks
            .iter()
            .filter(|check| check.state != TrustState::Pass)
            .map(|check| format!("{}: {}", check.name, check.detail))
            .collect();
        let sentence = match (failed.as_slice(), trust.checks.len()) {
            ([], 1) => "The one check passed.".to_owned(),
            ([], count) => format!("All {count} checks passed."),
            (failed, _) => failed.join("; "),
        };
        TrustView { class: trust_class(trust.state), word: trust.state.word(), sentence, checks }
    }

    /// The totals of a measure over time. A range of days that is reported on is no point of a series of weeks or months.
    pub(super) fn series<'b>(&'b self, metric: &str, measure: &str) -> Vec<&'b Figure> {
        let mut totals = self.totals(metric, measure);
        if self.document.period.grain == Grain::Custom {
            totals.retain(|figure| figure.period != self.document.period.label);
        }
        totals
    }

    fn totals<'b>(&'b self, metric: &str, measure: &str) -> Vec<&'b Figure> {
        let mut figures = self.figures_of(metric, measure);
        figures.retain(|figure| figure.segment.is_none() && figure.cohort.is_none());
        figures
    }

    pub(super) fn reported<'b>(&'b self, metric: &str, measure: &str) -> Option<&'b Figure> {
        self.totals(metric, measure).into_iter().find(|figure| figure.period == self.document.period.label)
    }

    fn groups(&self) -> Vec<Group> {
        Area::ALL
            .into_iter()
            .map(|area| Group {
                title: area.title(),
                rows: self
                    .document
                    .metrics
                    .iter()
                    .filter(|metric| metric.area == area)
                    .flat_map(|metric| metric.measures.iter().map(move |measure| (metric, measure)))
                    .filter_map(|(metric, measure)| self.row(metric, measure))
                    .collect(),
            })
            .filter(|group| !group.rows.is_empty())
            .collect()
    }

    fn row(&self, metric: &MetricNote, measure: &MeasureNote) -> Option<Row> {
        let series = self.series(&metric.id, &measure.key);
        let figure = self.reported(&metric.id, &measure.key)?;
        let values: Vec<Option<f64>> = series.iter().map(|figure| figure.reading.value).collect();
        let cell = self.cell(figure.unit, &figure.reading);
        let description = format!("{} over {} periods, last {}", title_of(metric, measure), series.len(), cell.value);
        Some(Row {
            title: title_of(metric, measure),
            anchor: metric.id.clone(),
            minor: !measure.suffix.is_empty(),
            previous: self.change(figure, measure.good, Against::Previous),
            year_before: self.change(figure, measure.good, Against::YearBefore),
            target: self.target(figure),
            signal: self.signal(&metric.id, measure).filter(|_| self.is_point()),
            spark: sparkline(&values, &description),
            spark_text: unicode_sparkline(last(&values, 13)),
            cell,
        })
    }

    pub(super) fn cell(&self, unit: Unit, reading: &Reading) -> CellView {
        let margin = reading.low.zip(reading.high).map(|(low, high)| (high - low) / 2.0);
        let value = reading.value.map(|value| self.format.value(unit, value, margin));
        let interval = match (reading.value, reading.low, reading.high) {
            (Some(value), Some(low), Some(high)) => self.format.interval(unit, value, low, high),
            _ => String::new(),
        };
        CellView {
            value: value.unwrap_or_else(|| match reading.state {
                State::Suppressed => "too few".to_owned(),
                State::Immature => "not yet".to_owned(),
                State::Final | State::Undefined => NOT_AVAILABLE.to_owned(),
            }),
            interval,
            n: reading.n.map(|n| self.format.count(n)).unwrap_or_default(),
            state: reading.state.name(),
            reason: reading.reason.clone().unwrap_or_default(),
        }
    }

    pub(super) fn change(&self, figure: &Figure, good: Direction, against: Against) -> ChangeView {
        let none = |detail: String| ChangeView {
            text: NOT_AVAILABLE.to_owned(),
            arrow: "",
            class: "none",
            meaning: "no comparison",
            detail,
        };
        let Some(change) = figure.changes.iter().find(|change| change.against == against) else {
            return none(String::new());
        };
        let Some(absolute) = change.absolute else { return none(change.reason.clone().unwrap_or_default()) };
        let significant = change.is_significant();
        let up = absolute > 0.0;
        let (class, meaning) = match (significant, good, up) {
            (false, ..) => ("level", "within chance"),
            (true, Direction::Up, true) | (true, Direction::Down, false) => ("good", "better"),
            (true, Direction::Up, false) | (true, Direction::Down, true) => ("bad", "worse"),
            (true, Direction::Neither, _) => ("changed", "changed"),
        };
        ChangeView {
            text: self.change_text(figure.unit, change, absolute),
            arrow: match (significant, up) {
                (false, _) => "",
                (true, true) => "▲",
                (true, false) => "▼",
            },
            class,
            meaning,
            detail: self.change_detail(figure.unit, change),
        }
    }

    /// Amounts and counts change by percent, shares by percentage points.
    fn change_text(&self, unit: Unit, change: &Change, absolute: f64) -> String {
        let margin = change.low.zip(change.high).map(|(low, high)| (high - low) / 2.0);
        match (unit, change.relative) {
            (Unit::Money | Unit::Count | Unit::Number | Unit::Duration, Some(relative)) => {
                self.format.relative(relative)
            }
            _ => self.format.difference(unit, absolute, margin),
        }
    }

    fn change_detail(&self, unit: Unit, change: &Change) -> String {
        let period = change.period.clone().unwrap_or_default();
        let base = change.base.map(|base| self.format.value(unit, base, None)).unwrap_or_default();
        let interval = change.low.zip(change.high).map(|(low, high)| {
            let margin = Some((high - low) / 2.0);
            let end = |end| self.format.difference(unit, end, margin);
            format!("; difference between {} and {}", end(low), end(high))
        });
        format!("{base} in {period}{}", interval.unwrap_or_default())
    }

    fn sections(&self) -> Vec<Section> {
        let of = |area: Area| {
            let own = self.document.metrics.iter().filter(move |metric| metric.area == area);
            let metrics: Vec<MetricView> = own.filter_map(|metric| self.metric(metric)).collect();
            let shows = |own: &MetricView| {
                !(own.breakdowns.is_empty()
                    && own.cohorts.is_empty()
                    && own.exhibits.is_empty()
                    && own.drivers.is_empty())
            };
            Section { title: area.title(), has_tables: metrics.iter().any(shows), metrics }
        };
        Area::ALL.into_iter().map(of).filter(|section| !section.metrics.is_empty()).collect()
    }

    fn metric(&self, metric: &MetricNote) -> Option<MetricView> {
        let headline = metric.measures.first()?;
        let figure = self.reported(&metric.id, &headline.key)?;
        let series = self.series(&metric.id, &headline.key);
        let chart_year_before = series.iter().filter(|figure| base(figure, Against::YearBefore).is_some()).count() > 1;
        Some(MetricView {
            id: metric.id.clone(),
            title: metric.title.clone(),
            definition: metric.definition.clone(),
            formula: metric.formula.clone(),
            policy: metric.policy.clone(),
            interval: metric.interval.clone(),
            source: metric.source.clone(),
            cell: self.cell(figure.unit, &figure.reading),
            chart: self.chart_of(metric, headline, figure.unit, &series),
            chart_year_before,
            chart_limits: self.control(&metric.id, &headline.key).is_some(),
            drivers: if super::judged::moved(figure)
                && (!self.is_point() || self.signal(&metric.id, headline).is_none())
            {
                self.drivers(metric)
            } else {
                Vec::new()
            },
            breakdowns: self.breakdowns(metric, &headline.key),
            cohorts: metric.measures.iter().filter_map(|measure| self.cohorts(metric, measure)).collect(),
            exhibits: self
                .document
                .exhibits
                .iter()
                .filter(|exhibit| exhibit.metric == metric.id)
                .map(|exhibit| super::exhibits::exhibit(exhibit, &self.format))
                .collect(),
        })
    }

    pub(super) fn chart_of(
        &self,
        metric: &MetricNote,
        measure: &MeasureNote,
        unit: Unit,
        series: &[&Figure],
    ) -> Option<String> {
        let points: Vec<Point> = series
            .iter()
            .map(|figure| {
                let cell = self.cell(unit, &figure.reading);
                let interval = if cell.interval.is_empty() { String::new() } else { format!(" ({})", cell.interval) };
                Point {
                    label: figure.period.clone(),
                    value: figure.reading.value,
                    text: format!("{}: {}{interval}", figure.period, cell.value),
                    interval: figure.reading.low.zip(figure.reading.high),
                    year_before: base(figure, Against::YearBefore),
                }
            })
            .collect();
        // Ticks of an axis need no finer digits than the spread of what is drawn.
        let values = points.iter().flat_map(|point| [point.value, point.year_before]).flatten();
        let (low, high) =
            values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
        let label = |value: f64| self.format.tick(unit, value, high - low);
        let last = points.last().map(|point| point.text.clone()).unwrap_or_default();
        line_chart(&LineChart {
            title: format!("{} over time", title_of(metric, measure)),
            description: format!("{} periods; {last}", points.len()),
            points: &points,
            label: &label,
            limits: self.limits(&metric.id, &measure.key),
            marks: self.marks(&metric.id, series),
            tick_unit: match unit {
                Unit::Duration => crate::format::time_unit(high - low).1,
                _ => 1.0,
            },
            from_zero: matches!(unit, Unit::Money | Unit::Count | Unit::Duration),
        })
    }

    fn breakdowns(&self, metric: &MetricNote, measure: &str) -> Vec<Breakdown> {
        let mut by_dimension: Vec<(&str, Vec<&Figure>)> = Vec::new();
        for figure in self.figures_of(&metric.id, measure) {
            let Some(segment) = figure.segment.as_ref() else { continue };
            match by_dimension.iter_mut().find(|(dimension, _)| *dimension == segment.dimension) {
                Some((_, figures)) => figures.push(figure),
                None => by_dimension.push((&segment.dimension, vec![figure])),
            }
        }
        by_dimension.into_iter().filter_map(|(dimension, figures)| self.breakdown(metric, dimension, figures)).collect()
    }

    fn breakdown(&self, metric: &MetricNote, dimension: &str, figures: Vec<&Figure>) -> Option<Breakdown> {
        // Segments in which nothing happened, now or in the period before, would only fill the page.
        let lives = |figure: &&Figure| {
            figure.reading.n.is_some_and(|n| n > 0) || base(figure, Against::Previous).is_some_and(|value| value != 0.0)
        };
        let mut shown: Vec<&Figure> = figures.into_iter().filter(lives).collect();
        if shown.is_empty() {
            return None;
        }
        let gathered = |figure: &Figure| {
            figure.segment.as_ref().is_some_and(|segment| [OTHER, NO_VALUE].contains(&segment.value.as_str()))
        };
        // The largest first; what is gathered or without a value last.
        shown.sort_by_key(|figure| (gathered(figure), std::cmp::Reverse(figure.reading.n.unwrap_or(0))));
        // What is gathered is always listed: it may be the largest of all.
        let single = shown.iter().filter(|figure| !gathered(figure)).count();
        let rest = single.saturating_sub(LISTED);
        let listed = shown.iter().take(single.min(LISTED)).chain(shown.iter().skip(single));
        let rows = listed.map(|figure| BreakdownRow {
            name: figure.segment.as_ref().map(|segment| visible(&segment.value)).unwrap_or_default(),
            cell: self.cell(figure.unit, &figure.reading),
            target: self.target(figure),
            previous: self.change(figure, metric.good, Against::Previous),
        });
        Some(Breakdown {
            dimension: dimension.to_owned(),
            rows: rows.collect(),
            rest: if rest == 0 { String::new() } else { format!("and {rest} more, with a smaller n, in figures.json") },
        })
    }

    fn cohorts(&self, metric: &MetricNote, measure: &MeasureNote) -> Option<CohortView> {
        let mut rows: Vec<(&str, u64, Vec<&Figure>)> = Vec::new();
        for figure in self.figures_of(&metric.id, &measure.key) {
            let Some(cell) = figure.cohort.as_ref() else { continue };
            match rows.last_mut().filter(|(cohort, ..)| *cohort == cell.cohort) {
                Some((.., figures)) => figures.push(figure),
                None => rows.push((&cell.cohort, cell.size, vec![figure])),
            }
        }
        let position = rows.iter().position(|(cohort, ..)| *cohort == COHORT_TOTAL)?;
        let (_, size, total) = rows.remove(position);
        let ages = total.iter().filter_map(|figure| figure.cohort.as_ref());
        let ages: Vec<AgeView> = ages
            .map(|cell| AgeView {
                short: cell.age_name.split_once(' ').map_or(cell.age_name.as_str(), |(_, age)| age).to_owned(),
                full: cell.age_name.clone(),
            })
            .collect();
        let heat = Heat::of(rows.iter().flat_map(|(.., figures)| figures), total.first().map(|figure| figure.unit));
        let older = rows.len().saturating_sub(COHORTS_LISTED);
        let view = |name: &str, size: u64, figures: &[&Figure]| CohortRowView {
            name: name.to_owned(),
            size: self.format.count(size),
            cells: figures.iter().map(|figure| self.heat_cell(figure, &heat)).collect(),
        };
        Some(CohortView {
            title: title_of(metric, measure),
            ages,
            rows: rows.iter().skip(older).map(|(name, size, figures)| view(name, *size, figures)).collect(),
            total: view("all mature", size, &total),
            rest: if older == 0 { String::new() } else { format!("{older} older cohorts are in figures.json") },
        })
    }

    fn heat_cell(&self, figure: &Figure, heat: &Heat) -> HeatCell {
        let cell = self.cell(figure.unit, &figure.reading);
        let name = figure.cohort.as_ref().map(|cell| format!("{}, {}", cell.cohort, cell.age_name)).unwrap_or_default();
        match figure.reading.value {
            Some(value) => HeatCell {
                text: self.heat_text(figure.unit, value),
                class: heat.class(value),
                detail: format!("{name}: {} {}, n = {}", cell.value, cell.interval, cell.n),
            },
            None => HeatCell {
                text: String::new(),
                class: figure.reading.state.name().to_owned(),
                detail: format!("{name}: {}", cell.reason),
            },
        }
    }

    /// Cells of a triangle are narrow: whole percents from 10% on, money without cents.
    fn heat_text(&self, unit: Unit, value: f64) -> String {
        let margin = match unit {
            Unit::Share if value >= 0.0995 => 0.05,
            Unit::Share => 0.01,
            _ => f64::INFINITY,
        };
        self.format.value(unit, value, Some(margin))
    }

    fn source(&self, source: &SourceNote) -> SourceView {
        let sum = |parts: &[(String, u64)]| self.format.count(parts.iter().map(|(_, count)| count).sum());
        let reason = |(reason, count): &(String, u64)| format!("{reason}: {}", self.format.count(*count));
        let noun = if source.table == "order_lines" { "orders" } else { "tickets" };
        let orders = source.made.map(|made| format!(" → {} {noun}", self.format.count(made)));
        SourceView {
            table: source.table.clone(),
            files: match source.files.as_slice() {
                [] => String::new(),
                [only] => only.clone(),
                [first, .., last] => format!("{first} … {last} ({} files)", source.files.len()),
            },
            read: self.format.count(source.read),
            used: format!("{}{}", self.format.count(source.used), orders.unwrap_or_default()),
            quarantined: sum(&source.quarantined),
            excluded: sum(&source.excluded),
            reasons: source.quarantined.iter().map(reason).chain(source.excluded.iter().map(reason)).collect(),
            latest: source.latest.map_or_else(|| NOT_AVAILABLE.to_owned(), |day| self.format.day(day)),
        }
    }
}

fn base(figure: &Figure, against: Against) -> Option<f64> {
    figure.changes.iter().find(|change| change.against == against).and_then(|change| change.base)
}

pub(super) fn title_of(metric: &MetricNote, measure: &MeasureNote) -> String {
    if measure.suffix.is_empty() { metric.title.clone() } else { format!("{}, {}", metric.title, measure.suffix) }
}

fn last<T>(values: &[T], count: usize) -> &[T] {
    &values[values.len().saturating_sub(count)..]
}

const fn trust_class(state: TrustState) -> &'static str {
    match state {
        TrustState::Pass => "pass",
        TrustState::Degraded => "degraded",
        TrustState::Held => "held",
    }
}
