//! Customer acquisition cost.

use schemars::JsonSchema;
use serde::Deserialize;
use tallybook_ingest::TableKind;

use crate::declare::{Area, Direction, Info, Measure, OptionInfo, Unit};
use crate::engine::order_value::OrderValue;
use crate::engine::row_sums::{Clock, Reduction};
use crate::metric::{Cell, Metric, Need, Requests, Results};
use tallybook_calendar::{Calendar, Window, shift};
use tallybook_stats::{Estimate, Outcome, Undefined};

pub(in crate::catalog) const INFO: Info = Info {
    id: "cac",
    title: "Customer acquisition cost",
    area: Area::Acquisition,
    unit: Unit::Money,
    good: Direction::Down,
    definition: "Acquisition cost of the period for each customer won in it, blended and by channel.",
    formula: "acquisition cost / new customers",
    source: "Farris et al. (2010), Marketing Metrics, ch. 5; Skok (2013), SaaS Metrics 2.0",
    interval: "cost over the Poisson interval of the count of new customers",
    traps: &[
        "a channel with cost and no new customers is undefined, not free",
        "customers of channels without cost are in the blended figure only",
        "cost leads to customers later: lag_days",
    ],
    options: &[COST, ADS_KINDS, LAG_DAYS],
    example: "{cost: ads, lag_days: 7}",
};

/// The option that says which cost counts.
pub(in crate::catalog) const COST: OptionInfo = OptionInfo {
    name: "cost",
    default: "fully_loaded",
    meaning: "`fully_loaded`: all cost; `ads`: only the kinds of `ads_kinds`",
};

/// The option that says what is advertising.
pub(in crate::catalog) const ADS_KINDS: OptionInfo =
    OptionInfo { name: "ads_kinds", default: "[ads]", meaning: "values of spend.kind that are advertising" };

/// The option that says how long cost leads customers.
pub(in crate::catalog) const LAG_DAYS: OptionInfo =
    OptionInfo { name: "lag_days", default: "0", meaning: "cost is taken from so many days earlier than customers" };

/// Which cost counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::catalog) enum Cost {
    /// Advertising only.
    Ads,
    /// Everything in the table.
    #[default]
    FullyLoaded,
}

/// The cost of winning a customer.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::catalog) struct Cac {
    /// Which cost counts.
    #[serde(default)]
    cost: Cost,
    /// Values of `spend.kind` that are advertising.
    #[serde(default = "ads")]
    ads_kinds: Vec<String>,
    /// Days by which cost leads customers.
    #[serde(default, deserialize_with = "crate::catalog::options::days_of_a_year")]
    #[schemars(range(max = 366))]
    lag_days: u16,
}

pub(in crate::catalog) fn ads() -> Vec<String> {
    vec!["ads".to_owned()]
}

/// What counts as the cost of winning customers: the options of every metric that sets something against it.
#[derive(Debug, Clone, Copy)]
pub(in crate::catalog) struct Outlay<'a> {
    pub(in crate::catalog) cost: Cost,
    pub(in crate::catalog) ads_kinds: &'a [String],
    pub(in crate::catalog) lag_days: u16,
}

/// What was spent, and the customers that it won.
#[derive(Debug, Clone, Copy)]
pub(in crate::catalog) struct Won {
    /// Cost in minor units, more than nothing.
    pub(in crate::catalog) amount: i128,
    /// New customers, at least one.
    pub(in crate::catalog) count: u64,
}

impl Outlay<'_> {
    fn spend(&self) -> Reduction {
        Reduction {
            terms: vec![("amount", 1)],
            only: (self.cost == Cost::Ads).then(|| ("kind", self.ads_kinds.to_vec())),
            ..Reduction::rows(TableKind::Spend, Clock::SpentOn)
        }
    }

    /// The window whose cost won the customers of a window.
    fn cost_window(&self, calendar: &Calendar, window: &Window) -> Window {
        let lag = -i64::from(self.lag_days);
        calendar.window(shift(window.from, lag), shift(window.to, lag))
    }

    pub(in crate::catalog) fn policy(&self) -> String {
        let cost = match self.cost {
            Cost::FullyLoaded => "all cost in the spend table".to_owned(),
            Cost::Ads => format!("advertising cost ({})", self.ads_kinds.join(", ")),
        };
        if self.lag_days == 0 { cost } else { format!("{cost}, from {} days earlier", self.lag_days) }
    }

    pub(in crate::catalog) fn need(&self) -> Need {
        let columns: &[&str] = if self.cost == Cost::Ads { &["kind"] } else { &[] };
        Need::of(TableKind::Spend, columns, &[])
    }

    pub(in crate::catalog) fn request(&self, requests: &mut Requests<'_>) {
        requests.firsts(false);
        requests.reduction(self.spend());
        for wanted in requests.wanted {
            let cost = self.cost_window(requests.calendar, &wanted.window);
            requests.window(cost);
        }
    }

    /// Reads what was spent on the customers who came in a period, and how many they are; why that cannot be said where it cannot.
    pub(in crate::catalog) fn won(&self, results: &Results, cell: &Cell) -> Result<Won, Undefined> {
        if let Some(dimension) = results.segments.dimension_of(cell.segment).filter(|dimension| !dimension.on_spend()) {
            return Err(Undefined::because(format!("spend has no {}", dimension.name)));
        }
        let cost_window = self.cost_window(&results.calendar, &cell.window);
        results.covered_by(TableKind::Spend, &cost_window)?;
        let spend = results.sums(&self.spend(), &cost_window, cell.segment);
        let window = results.timeline.find(&cell.window);
        let (firsts, window) = results.firsts(false).zip(window).ok_or_else(|| Undefined::because("no orders"))?;
        let count = firsts.new_in(window, cell.segment);
        if spend.sum == 0 {
            return Err(Undefined::because("no cost in the period"));
        }
        if count == 0 {
            return Err(Undefined::because("cost, but no new customers"));
        }
        Ok(Won { amount: spend.sum, count })
    }
}

impl Cac {
    fn outlay(&self) -> Outlay<'_> {
        Outlay { cost: self.cost, ads_kinds: &self.ads_kinds, lag_days: self.lag_days }
    }
}

impl Metric for Cac {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn measures(&self) -> Vec<Measure> {
        vec![Measure::headline(Unit::Money)]
    }

    fn policy(&self, _: &OrderValue) -> String {
        self.outlay().policy()
    }

    fn needs(&self) -> Vec<Need> {
        vec![Need { optional: Vec::new(), ..Need::orders() }, self.outlay().need()]
    }

    fn request(&self, requests: &mut Requests<'_>) {
        self.outlay().request(requests);
    }

    fn outcome(&self, results: &Results, _measure: &str, cell: &Cell) -> Outcome {
        let Won { amount, count } = self.outlay().won(results, cell)?;
        Ok(Estimate::PerCount { amount, count })
    }
}
