//! What a metric is: a declaration, typed options, what it asks of the data, and how it reads the answers.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::sync::Arc;

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tallybook_ingest::{Computed, Table, TableKind};

use crate::calendar::{Calendar, Period, Window};
use crate::derivation::Derivation;
use crate::estimate::Outcome;
use crate::exhibit::Exhibit;
use crate::folds::actives::{ActiveRule, Actives};
use crate::folds::funnel::{Funnel, Steps};
use crate::folds::purchases::{Look, Purchases};
use crate::history::Fold;
use crate::lifetime::{ModelCard, Score};
use crate::reduction::Reduction;
pub use crate::results::{Coverage, Results};
use crate::revenue::OrderValue;
use crate::timeline::{Timeline, WindowId, Windows};

/// The declaration of a metric. Everything that people read about it comes from here.
#[derive(Debug)]
pub struct Info {
    /// Identifier: file name, YAML key and template key.
    pub id: &'static str,
    /// Title in reports.
    pub title: &'static str,
    /// Section of the report.
    pub area: Area,
    /// What its values are.
    pub unit: Unit,
    /// Which way is good.
    pub good: Direction,
    /// What it means, in one sentence.
    pub definition: &'static str,
    /// How it is computed.
    pub formula: &'static str,
    /// Where the definition comes from.
    pub source: &'static str,
    /// How its interval is computed.
    pub interval: &'static str,
    /// What is easily got wrong.
    pub traps: &'static [&'static str],
    /// Options with their defaults.
    pub options: &'static [OptionInfo],
    /// Options as they may stand in a pipeline file; run on empty tables by a test, where it must be undefined.
    pub example: &'static str,
}

/// An option of a metric, for people.
#[derive(Debug)]
pub struct OptionInfo {
    /// Name in the pipeline file.
    pub name: &'static str,
    /// Default, as it would be written there.
    pub default: &'static str,
    /// What it does.
    pub meaning: &'static str,
}

/// Sections of a report, in causal order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Area {
    /// Winning customers.
    Acquisition,
    /// Orders and revenue.
    Orders,
    /// Keeping customers.
    Retention,
    /// What customers are worth.
    Lifetime,
    /// Recurring revenue.
    Subscriptions,
    /// Serving customers.
    Service,
    /// What customers say.
    Voice,
    /// What customers do.
    Engagement,
    /// Metrics of the pipeline's own.
    Own,
}

impl Area {
    /// All areas, in the order of a report.
    pub const ALL: [Self; 9] = [
        Self::Acquisition,
        Self::Orders,
        Self::Retention,
        Self::Lifetime,
        Self::Subscriptions,
        Self::Service,
        Self::Voice,
        Self::Engagement,
        Self::Own,
    ];

    /// Gives the heading of the section.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Acquisition => "Acquisition",
            Self::Orders => "Orders and revenue",
            Self::Retention => "Retention and churn",
            Self::Lifetime => "Lifetime value",
            Self::Subscriptions => "Subscriptions",
            Self::Service => "Service",
            Self::Voice => "Voice of the customer",
            Self::Engagement => "Engagement",
            Self::Own => "Own metrics",
        }
    }
}

/// What a value is, in base units; formats follow from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Minor units of the pipeline's currency.
    Money,
    /// A count.
    Count,
    /// A share between 0 and 1, shown in percent.
    Share,
    /// A relative change, shown in percent with its sign.
    Change,
    /// A plain number.
    Number,
    /// Points between -100 and 100.
    Points,
    /// Seconds, shown in minutes, hours or days.
    Duration,
    /// Months.
    Months,
}

/// Which way is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// More is better.
    Up,
    /// Less is better.
    Down,
    /// Neither.
    Neither,
}

/// One of the values that a metric yields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measure {
    /// Key: `value` for the headline, else a word such as `median`.
    pub key: &'static str,
    /// What is added to the metric's title; nothing for the headline.
    pub suffix: &'static str,
    /// What its values are.
    pub unit: Unit,
}

impl Measure {
    /// The key of the headline measure.
    pub const HEADLINE: &'static str = "value";

    /// Makes a headline.
    pub const fn headline(unit: Unit) -> Self {
        Self { key: Self::HEADLINE, suffix: "", unit }
    }
}

/// A table and the columns of it that a metric reads besides the required ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// The table; `orders` is also satisfied by `order_lines`.
    pub table: TableKind,
    /// Columns without which the metric cannot be computed.
    pub columns: Vec<&'static str>,
    /// Columns that are used where they are there.
    pub optional: Vec<&'static str>,
    /// The least and the greatest score of a kind of survey, where it reads one; others are quarantined.
    pub scale: Option<(&'static str, i64, i64)>,
    /// Columns that are computed by SQL before it reads them, each with the option that gives it.
    pub computed: Vec<(&'static str, Computed)>,
}

impl Need {
    /// Needs a table and some columns of it.
    pub fn of(table: TableKind, columns: &[&'static str], optional: &[&'static str]) -> Self {
        Self { table, columns: columns.to_vec(), optional: optional.to_vec(), scale: None, computed: Vec::new() }
    }

    /// Needs subscriptions.
    pub fn subscriptions() -> Self {
        Self::of(TableKind::Subscriptions, &["mrr"], &["ended_at", "trial_ended_at"])
    }

    /// Needs orders, and whatever the worth of an order is made of.
    pub fn orders() -> Self {
        Self::of(TableKind::Orders, &[], &["discount", "tax", "shipping", "refund_amount", "refunded_at"])
    }
}

/// A metric with its options.
pub trait Metric: Debug + Send + Sync {
    /// Gives the declaration.
    fn info(&self) -> &'static Info;

    /// Gives the measures, the headline first.
    fn measures(&self) -> Vec<Measure>;

    /// Says which policies its options chose, for the report; empty where there is nothing to say.
    fn policy(&self, value: &OrderValue) -> String;

    /// Says what it reads.
    fn needs(&self) -> Vec<Need>;

    /// Asks for what it will read: windows, sums over rows, folds over customers.
    fn request(&self, requests: &mut Requests<'_>);

    /// Reads one measure for one window and segment.
    fn outcome(&self, results: &Results, measure: &str, cell: &Cell) -> Outcome;

    /// Reads a measure's cohort table as of the end of a window; most metrics have none.
    fn cohorts(&self, results: &Results, measure: &str, cell: &Cell) -> Option<CohortTable> {
        let _ = (results, measure, cell);
        None
    }

    /// Says which way is good for a measure, where that is not the metric's.
    fn good(&self, measure: &str) -> Direction {
        let _ = measure;
        self.info().good
    }

    /// Tells whether each period's value of a measure rests on what happened in it alone. One that looks back over others, or has piled up,
    /// moves slowly, and one of what is open still is always highest in the end: limits would take that for a signal, so it has none.
    fn stands_alone(&self, measure: &str) -> bool {
        let _ = measure;
        true
    }

    /// Tells whether a measure adds up over time, so that a target for a quarter is reached week by week.
    fn accumulates(&self, measure: &str) -> bool {
        let _ = measure;
        false
    }

    /// Gives the arithmetic by which it comes from other metrics' values; most metrics come from data.
    fn derivation(&self) -> Option<&Derivation> {
        None
    }

    /// Says which of its options do not go together.
    fn contradiction(&self) -> Option<&'static str> {
        None
    }

    /// Tells whether a measure is too costly to be computed for the periods of a series: there is then only the reported one, and what it is
    /// compared with.
    fn without_series(&self, measure: &str) -> bool {
        let _ = measure;
        false
    }

    /// Gives what it has besides figures for a reported period; most metrics have nothing.
    fn extras(&self, results: &Results, report: &Period, cell: &Cell) -> Extras {
        let _ = (results, report, cell);
        Extras::default()
    }
}

/// What a metric has besides figures.
#[derive(Debug, Default)]
pub struct Extras {
    /// What it shows.
    pub exhibits: Vec<Exhibit>,
    /// The lifetime model that it fitted.
    pub model: Option<ModelCard>,
    /// Scores of each customer, where they were asked for.
    pub scores: Vec<Score>,
}

/// For what a measure is asked.
#[derive(Debug, Clone, Copy)]
pub struct Cell {
    /// The period's window.
    pub window: Window,
    /// The window of the period before.
    pub previous: Window,
    /// The window a year before, where there is one.
    pub year_before: Option<Window>,
    /// The segment, by its position among [`crate::segments::Segments`].
    pub segment: usize,
}

/// A cohort table: one row a cohort, one column an age.
#[derive(Debug, Clone)]
pub struct CohortTable {
    /// What its cells are.
    pub unit: Unit,
    /// What an age is: `month`, `week`, `days 1 to 7`.
    pub ages: Vec<String>,
    /// The cohorts, oldest first.
    pub rows: Vec<CohortRow>,
    /// Size-weighted total over mature cells, by age.
    pub total: Vec<Outcome>,
}

/// A row of a cohort table.
#[derive(Debug, Clone)]
pub struct CohortRow {
    /// The cohort's period.
    pub cohort: Period,
    /// How many customers it has.
    pub size: u64,
    /// Whether its period is over, so that no one joins it any more.
    pub complete: bool,
    /// What it did, by age.
    pub cells: Vec<Outcome>,
}

/// A period that figures are wanted for, with what it is compared with.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The period.
    pub period: Period,
    /// Windows of the period, the one before and the one a year before.
    pub window: Window,
    /// The period before.
    pub previous: Window,
    /// The period a year before, where there is one.
    pub year_before: Option<Window>,
}

/// What the metrics of a run ask for.
pub struct Requests<'a> {
    /// The calendar.
    pub calendar: &'a Calendar,
    /// What an order is worth.
    pub value: &'a OrderValue,
    /// All periods for which outcomes will be read: those shown, and those they are compared with.
    pub wanted: &'a [Wanted],
    /// The periods that are reported on.
    pub reported: &'a [Wanted],
    pub(crate) looks: BTreeSet<Look>,
    pub(crate) each_customer: BTreeSet<Look>,
    pub(crate) contracts: bool,
    pub(crate) windows: Windows,
    pub(crate) activity: BTreeSet<WindowId>,
    pub(crate) reductions: BTreeSet<Reduction>,
    pub(crate) folds: BTreeMap<String, MakeFold>,
    pub(crate) follows: BTreeMap<String, MakeFold>,
    pub(crate) computations: BTreeMap<(TableKind, &'static str), Computation>,
    /// Goals that are asked of sessions.
    pub(crate) session_goals: BTreeSet<String>,
    pub(crate) actives: BTreeMap<ActiveRule, BTreeSet<Window>>,
}

/// A column that is computed from others of the same row, once for all metrics and periods.
pub(crate) struct Computation {
    /// The columns that it is computed from; an absent one is missing.
    pub(crate) inputs: &'static [&'static str],
    /// Makes the function of a row, given the table and the latest moment that it tells of.
    pub(crate) make: MakeRow,
}

/// Makes the function of a row.
pub(crate) type MakeRow = Box<dyn FnOnce(&Table, i64) -> RowFunction>;

/// A function of the cells of a row; `MISSING` where the row has no value.
pub(crate) type RowFunction = Box<dyn Fn(&[i64]) -> i64 + Send + Sync>;

/// Makes a fold once the timeline is laid out and the tables are known.
pub type MakeFold = Box<dyn FnOnce(&FoldContext) -> Box<dyn Fold>>;

/// What folds are made from.
#[derive(Debug)]
pub struct FoldContext {
    /// The timeline.
    pub timeline: Arc<Timeline>,
    /// The calendar.
    pub calendar: Calendar,
    /// How many segments there are.
    pub segments: usize,
    /// The first and the last day of the data that folds see.
    pub span: (NaiveDate, NaiveDate),
    /// Windows for which activity is asked.
    pub activity: Vec<WindowId>,
    /// Moments at which purchase histories are looked at.
    pub looks: Vec<Look>,
    /// Those at which every customer is kept apart.
    pub each_customer: Vec<Look>,
    /// Windows for which activity is asked, by rule.
    pub actives: BTreeMap<ActiveRule, BTreeSet<Window>>,
    /// What customers did, by number.
    pub names: Vec<String>,
    /// The latest moment that events tell of.
    pub as_of: i64,
}

fn look_at_purchases(context: &FoldContext) -> Box<dyn Fold> {
    let FoldContext { calendar, looks, span, each_customer, .. } = context;
    Box::new(Purchases::new(calendar, looks.clone(), *span, each_customer))
}

impl<'a> Requests<'a> {
    /// Begins with the windows that every metric is reported for.
    pub fn new(calendar: &'a Calendar, value: &'a OrderValue, wanted: &'a [Wanted], reported: &'a [Wanted]) -> Self {
        let mut windows = Windows::default();
        for wanted in wanted {
            windows.add(wanted.window);
            windows.add(wanted.previous);
            wanted.year_before.map(|window| windows.add(window));
        }
        Self {
            calendar,
            value,
            wanted,
            reported,
            looks: BTreeSet::new(),
            each_customer: BTreeSet::new(),
            contracts: false,
            windows,
            activity: BTreeSet::new(),
            reductions: BTreeSet::new(),
            folds: BTreeMap::new(),
            follows: BTreeMap::new(),
            computations: BTreeMap::new(),
            session_goals: BTreeSet::new(),
            actives: BTreeMap::new(),
        }
    }

    /// Asks for a window.
    pub fn window(&mut self, window: Window) -> WindowId {
        self.windows.add(window)
    }

    /// Asks for sums over rows.
    pub fn reduction(&mut self, reduction: Reduction) {
        self.reductions.insert(reduction);
    }

    /// Asks for a fold under a key; an equal key means an equal fold.
    pub fn fold(&mut self, key: &str, make: impl FnOnce(&FoldContext) -> Box<dyn Fold> + 'static) {
        if !self.folds.contains_key(key) {
            self.folds.insert(key.to_owned(), Box::new(make));
        }
    }

    /// Asks for a fold over what customers did, under a key likewise. Its histories have events for orders: the number of what was done
    /// stands where an order has its worth.
    pub fn follow(&mut self, key: &str, make: impl FnOnce(&FoldContext) -> Box<dyn Fold> + 'static) {
        if !self.follows.contains_key(key) {
            self.follows.insert(key.to_owned(), Box::new(make));
        }
    }

    /// Asks for a column that is computed from others of a row; the same name means the same column.
    pub(crate) fn compute(
        &mut self,
        table: TableKind,
        name: &'static str,
        inputs: &'static [&'static str],
        make: impl FnOnce(&Table, i64) -> RowFunction + 'static,
    ) {
        self.computations.insert((table, name), Computation { inputs, make: Box::new(make) });
    }

    /// Asks in which sessions a goal was reached.
    pub fn sessions(&mut self, goal: &str) {
        self.session_goals.insert(goal.to_owned());
    }

    /// Asks who was active in windows by a rule.
    pub fn actives(&mut self, rule: &ActiveRule, windows: impl IntoIterator<Item = Window>) {
        self.actives.entry(rule.clone()).or_default().extend(windows);
        let own = rule.clone();
        self.follow(&rule.key(), move |context| {
            let windows = context.actives.get(&own).into_iter().flatten().copied().collect();
            Box::new(Actives::new(&own, windows, &context.names, &context.calendar, context.segments))
        });
    }

    /// Asks how many customers went from one step to another.
    pub fn funnel(&mut self, steps: &Steps) {
        let own = steps.clone();
        self.follow(&steps.key(), move |context| {
            let FoldContext { names, timeline, calendar, as_of, segments, .. } = context;
            Box::new(Funnel::new(&own, names, timeline, calendar, *as_of, *segments))
        });
    }

    /// Asks who was active in every wanted window and those it is compared with.
    pub fn activity(&mut self) {
        use crate::folds::activity::Activity;
        for wanted in self.wanted {
            let id = self.windows.add(wanted.window);
            self.activity.insert(id);
        }
        self.fold(Activity::KEY, |context| {
            Box::new(Activity::new(&context.timeline, &context.activity, context.segments))
        });
    }

    /// Asks how customers stood at the end of every reported window and those it is compared with.
    pub fn purchases(&mut self) {
        for wanted in self.reported {
            let windows = [Some(wanted.window), Some(wanted.previous), wanted.year_before];
            self.looks.extend(windows.into_iter().flatten().map(|window| Look::at_end(&window)));
        }
        self.fold(Purchases::KEY, look_at_purchases);
    }

    /// Asks how each single customer stood at the end of every reported window and the one before.
    pub fn each_customer(&mut self) {
        let windows = self.reported.iter().flat_map(|wanted| [wanted.window, wanted.previous]);
        self.each_customer.extend(windows.map(|window| Look::at_end(&window)));
        self.purchases();
    }

    /// Asks for the lives of contracts.
    pub const fn contracts(&mut self) {
        self.contracts = true;
    }

    /// Asks how customers stood some days before the end of every reported window, and what they bought since.
    pub fn held_out(&mut self, days: u32) {
        let calendar = self.calendar;
        self.looks.extend(self.reported.iter().map(|wanted| Look::before(calendar, &wanted.window, days)));
        self.fold(Purchases::KEY, look_at_purchases);
    }

    /// Asks when customers came.
    pub fn firsts(&mut self, by_day: bool) {
        use crate::folds::firsts::Firsts;
        self.fold(Firsts::key(by_day), move |context| {
            let calendar = by_day.then(|| context.calendar.clone());
            Box::new(Firsts::new(&context.timeline, context.segments, calendar))
        });
    }
}
