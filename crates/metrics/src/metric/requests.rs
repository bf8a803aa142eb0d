//! What metrics ask of the data, gathered before anything is read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::NaiveDate;
use tallybook_ingest::{Table, TableKind};

use crate::engine::histories::Fold;
use crate::engine::order_value::OrderValue;
use crate::engine::row_function::{RowFunction, RowValue};
use crate::engine::row_sums::Reduction;
use crate::engine::timeline::{Timeline, WindowId, Windows};
use crate::folds::actives::{ActiveRule, Actives};
use crate::folds::funnel::{Funnel, Steps};
use crate::folds::purchases::{Cutoff, Purchases};
use crate::metric::Wanted;
use tallybook_calendar::{Calendar, Window};

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
    pub(crate) cutoffs: BTreeSet<Cutoff>,
    pub(crate) each_customer: BTreeSet<Cutoff>,
    pub(crate) contracts: bool,
    pub(crate) windows: Windows,
    pub(crate) activity: BTreeSet<WindowId>,
    pub(crate) reductions: BTreeSet<Reduction>,
    pub(crate) folds: BTreeMap<String, MakeFold>,
    pub(crate) follows: BTreeMap<String, MakeFold>,
    pub(crate) computations: BTreeMap<(TableKind, &'static str), RowFunction>,
    /// Goals that are asked of sessions.
    pub(crate) session_goals: BTreeSet<String>,
    /// Whether comments of the reported windows are wanted.
    pub(crate) comments: bool,
    pub(crate) actives: BTreeMap<ActiveRule, BTreeSet<Window>>,
}

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
    /// Sums at which purchase histories are looked at.
    pub cutoffs: Vec<Cutoff>,
    /// Those at which every customer is kept apart.
    pub each_customer: Vec<Cutoff>,
    /// Windows for which activity is asked, by rule.
    pub actives: BTreeMap<ActiveRule, BTreeSet<Window>>,
    /// What customers did, by number.
    pub names: Vec<String>,
    /// The latest moment that events tell of.
    pub as_of: i64,
}

fn look_at_purchases(context: &FoldContext) -> Box<dyn Fold> {
    let FoldContext { calendar, cutoffs, span, each_customer, .. } = context;
    Box::new(Purchases::new(calendar, cutoffs.clone(), *span, each_customer))
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
            cutoffs: BTreeSet::new(),
            each_customer: BTreeSet::new(),
            contracts: false,
            windows,
            activity: BTreeSet::new(),
            reductions: BTreeSet::new(),
            folds: BTreeMap::new(),
            follows: BTreeMap::new(),
            computations: BTreeMap::new(),
            session_goals: BTreeSet::new(),
            comments: false,
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
        make: impl FnOnce(&Table, i64) -> RowValue + 'static,
    ) {
        self.computations.insert((table, name), RowFunction { inputs, make: Box::new(make) });
    }

    /// Asks for the comments given in the reported windows.
    pub const fn comments(&mut self) {
        self.comments = true;
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
            self.cutoffs.extend(windows.into_iter().flatten().map(|window| Cutoff::at_end(&window)));
        }
        self.fold(Purchases::KEY, look_at_purchases);
    }

    /// Asks how each single customer stood at the end of every reported window and the one before.
    pub fn each_customer(&mut self) {
        let windows = self.reported.iter().flat_map(|wanted| [wanted.window, wanted.previous]);
        self.each_customer.extend(windows.map(|window| Cutoff::at_end(&window)));
        self.purchases();
    }

    /// Asks for the lives of contracts.
    pub const fn contracts(&mut self) {
        self.contracts = true;
    }

    /// Asks how customers stood some days before the end of every reported window, and what they bought since.
    pub fn held_out(&mut self, days: u32) {
        let calendar = self.calendar;
        self.cutoffs.extend(self.reported.iter().map(|wanted| Cutoff::before(calendar, &wanted.window, days)));
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
