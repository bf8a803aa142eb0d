//! What the data answered to the requests of a run's metrics.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use tallybook_ingest::TableKind;

use crate::engine::comments::Comment;
use crate::engine::coverage::{Coverage, reaches};
use crate::engine::histories::Fold;
use crate::engine::order_value::OrderValue;
use crate::engine::row_sums::{Reduction, RowSums};
use crate::engine::segments::Segments;
use crate::engine::sessions::Sessions;
use crate::engine::timeline::Timeline;
use crate::folds::purchases::{Cutoff, Purchases, Snapshot};
use crate::subscriptions::{Contracts, Movements};
use tallybook_calendar::{Calendar, Window};
use tallybook_stats::{Estimate, Outcome, PairSums, Sums, Undefined};

/// What the data answered.
pub struct Results {
    /// The timeline.
    pub timeline: Arc<Timeline>,
    /// The segments.
    pub segments: Segments,
    /// The calendar.
    pub calendar: Calendar,
    /// What an order is worth.
    pub value: OrderValue,
    /// Averages and shares of fewer are suppressed.
    pub min_n: u64,
    pub(crate) sums: BTreeMap<Reduction, RowSums>,
    pub(crate) folds: BTreeMap<String, Box<dyn Fold>>,
    /// Days of which each table has rows.
    pub(crate) coverage: BTreeMap<TableKind, Coverage>,
    /// The latest moment that each table tells of, but no later than the run.
    pub(crate) as_of: BTreeMap<TableKind, i64>,
    pub(crate) sessions: Option<Sessions>,
    /// Comments of the reported windows, the latest first, where they were asked for.
    pub(crate) comments: Vec<Comment>,
    /// What customers did, by name.
    pub(crate) event_names: Vec<String>,
    pub(crate) contracts: Option<Contracts>,
    pub(crate) remembered: Mutex<BTreeMap<String, Arc<dyn Any + Send + Sync>>>,
}

impl Debug for Results {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Results").field("folds", &self.folds.keys()).finish_non_exhaustive()
    }
}

impl Results {
    fn sums_of(&self, reduction: &Reduction) -> Option<&RowSums> {
        // Those with quantiles serve those who ask for the same without.
        let richer = || self.sums.iter().find(|(own, _)| own.plain() == *reduction).map(|(_, sums)| sums);
        self.sums.get(reduction).or_else(richer)
    }

    /// Gives sums over rows; none where the window or the reduction was not asked for.
    pub fn sums(&self, reduction: &Reduction, window: &Window, segment: usize) -> Sums {
        let found = self.timeline.find(window).zip(self.sums_of(reduction));
        found.map_or_else(Sums::default, |(window, sums)| sums.over(&self.timeline, window, segment))
    }

    /// Gives sums over rows of values and what they are set against.
    pub fn pair(&self, reduction: &Reduction, window: &Window, segment: usize) -> PairSums {
        let found = self.timeline.find(window).zip(self.sums_of(reduction));
        found.map_or_else(PairSums::default, |(window, sums)| sums.pair(&self.timeline, window, segment))
    }

    /// Gives sums over all rows before the end of a window, for a reduction that piles up.
    pub fn up_to(&self, reduction: &Reduction, window: &Window, segment: usize) -> Sums {
        let found = self.timeline.find(window).zip(self.sums_of(reduction));
        found.map_or_else(Sums::default, |(window, sums)| sums.up_to(&self.timeline, window, segment))
    }

    /// Gives a quantile over rows; undefined without any, which are named in the reason.
    pub fn quantile(
        &self,
        reduction: &Reduction,
        window: &Window,
        segment: usize,
        thousandths: u16,
        of_what: &str,
    ) -> Outcome {
        let found = self.timeline.find(window).zip(self.sums_of(reduction));
        let found = found.and_then(|(window, sums)| sums.quantile(window, segment, thousandths));
        let (value, interval, n) = found.ok_or_else(|| Undefined::because(format!("no {of_what}")))?;
        let interval = interval.map(|(low, high)| (low as f64, high as f64));
        Ok(Estimate::Quantile { value, interval, n })
    }

    /// Gives the latest moment that a table tells of: what comes to pass later is not known yet.
    pub fn as_of(&self, table: TableKind) -> i64 {
        self.as_of.get(&table.made()).copied().unwrap_or(i64::MIN)
    }

    /// Tells whether orders reach into a window; where they do not, nothing can be said of it.
    pub fn covered(&self, window: &Window) -> Result<(), Undefined> {
        self.covered_by(TableKind::Orders, window)
    }

    /// Tells whether orders reach back before all of a window.
    pub fn covered_whole(&self, window: &Window) -> Result<(), Undefined> {
        self.covered_whole_by(TableKind::Orders, window)
    }

    fn coverage(&self, table: TableKind) -> (Option<Coverage>, TableKind) {
        match table.made() {
            TableKind::Subscriptions => (self.contracts().map(Contracts::coverage), TableKind::Subscriptions),
            TableKind::Customers => (self.coverage.get(&TableKind::Orders).copied(), TableKind::Orders),
            table => (self.coverage.get(&table).copied(), table),
        }
    }

    /// Tells whether a table reaches back before all of a window.
    pub fn covered_whole_by(&self, table: TableKind, window: &Window) -> Result<(), Undefined> {
        self.covered_by(table, window)?;
        match self.coverage(table) {
            (Some(coverage), table) if coverage.first > window.from => {
                Err(Undefined::because(format!("{table} begin on {}, inside the window", coverage.first)))
            }
            _ => Ok(()),
        }
    }

    /// Tells whether a table reaches into a window.
    pub fn covered_by(&self, table: TableKind, window: &Window) -> Result<(), Undefined> {
        match self.coverage(table) {
            (None, TableKind::Subscriptions) => Err(Undefined::because("no subscription that is paid for")),
            (coverage, table) => reaches(coverage, table.name(), window),
        }
    }

    /// Gives a fold by its key.
    pub fn fold<T: Fold>(&self, key: &str) -> Option<&T> {
        let fold: &dyn std::any::Any = self.folds.get(key)?.as_ref();
        fold.downcast_ref()
    }

    /// Computes something costly once for all measures, segments and comparisons that read it.
    pub(crate) fn remember<T: Any + Send + Sync>(&self, key: String, compute: impl FnOnce() -> T) -> Arc<T> {
        let known = |remembered: &BTreeMap<String, Arc<dyn Any + Send + Sync>>| {
            remembered.get(&key).and_then(|value| Arc::clone(value).downcast::<T>().ok())
        };
        let lock = || self.remembered.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(value) = known(&lock()) {
            return value;
        }
        let value = Arc::new(compute());
        lock().insert(key, Arc::<T>::clone(&value));
        value
    }

    /// Gives the lives of contracts, where they were asked for and there are any.
    pub const fn contracts(&self) -> Option<&Contracts> {
        self.contracts.as_ref()
    }

    /// Gives the movements of recurring revenue in a window; why there are none where there are not.
    pub fn movements(&self, window: &Window, segment: usize) -> Result<Movements, Undefined> {
        let contracts = self.contracts().ok_or_else(|| Undefined::because("no subscription that is paid for"))?;
        let movements = self.remember(format!("movements {window:?}"), || contracts.movements(window));
        Ok(movements.get(segment).copied().unwrap_or_default())
    }

    /// Tells whether anyone ever did something of this name: a share of those who did what does not exist is a slip, and not zero.
    pub fn event(&self, name: &str) -> Result<(), Undefined> {
        if self.event_names.iter().any(|own| own == name) {
            return Ok(());
        }
        let known = self.event_names.iter().take(8).map(String::as_str).collect::<Vec<_>>().join(", ");
        Err(Undefined::because(format!("no event is named `{name}`; there are {known}")))
    }

    /// Gives the sessions of the run, where they were asked for and there are any.
    pub const fn sessions(&self) -> Option<&Sessions> {
        self.sessions.as_ref()
    }

    /// Gives customers as they stood at a cutoff that was asked for.
    pub fn snapshot(&self, cutoff: &Cutoff) -> Option<&Snapshot> {
        self.fold::<Purchases>(Purchases::KEY)?.at(cutoff)
    }

    /// Gives who was active in a window.
    pub fn activity(&self, window: &Window, segment: usize) -> crate::folds::activity::ActivityCell {
        use crate::folds::activity::Activity;
        let found = self.fold::<Activity>(Activity::KEY).zip(self.timeline.find(window));
        found.map_or_else(Default::default, |(fold, window)| fold.cell(window, segment))
    }

    /// Gives when customers came, as folded.
    pub fn firsts(&self, by_day: bool) -> Option<&crate::folds::firsts::Firsts> {
        use crate::folds::firsts::Firsts;
        self.fold(Firsts::key(by_day))
    }
}
