//! Survival: how long customers stay.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;
use tallybook_btyd::{KaplanMeier, Life, LogRank, log_rank};

use crate::catalog::options::{DayCount, LifeBasis, days};
use crate::declare::{Area, Direction, Info, Measure, OptionInfo, Unit};
use crate::engine::order_value::OrderValue;
use crate::engine::segments::TOTAL;
use crate::folds::purchases::Cutoff;
use crate::metric::{Cell, Extras, Metric, Need, Requests, Results};
use crate::result::{Body, Curve, CurvePoint, Curves, Exhibit, ExhibitRow, ExhibitTable, Quantity, counted};
use tallybook_calendar::{Period, Window};
use tallybook_stats::{Estimate, Outcome, Undefined};

pub(in crate::catalog) const INFO: Info = Info {
    id: "survival",
    title: "Customer survival",
    area: Area::Retention,
    unit: Unit::Share,
    good: Direction::Up,
    definition: "The share of customers who are expected to stay longer than a time, by the Kaplan-Meier curve; beside it, the median life in days.",
    formula: "S(t) = product over times of (1 - customers lost / customers still there)",
    source: "Kaplan & Meier (1958), JASA 53; Brookmeyer & Crowley (1982), Biometrics 38; Mantel (1966), Cancer Chemotherapy Reports 50",
    interval: "Greenwood's variance on the scale of ln(-ln S)",
    traps: &[
        "customers who are still there are censored: a mean over those who left is far too short",
        "without a contract nobody says that they leave: silence for long enough is taken for it, as of the last purchase",
        "so customers who came within that time before the period's end tell nothing yet, and all are seen only up to its beginning",
        "the curve ends with the longest time that anyone was seen",
    ],
    options: &[
        OptionInfo {
            name: "basis",
            default: "purchases",
            meaning: "`purchases` (lost after gone_after_days of silence) or `contracts` (lost when they end, unless another begins within 31 days)",
        },
        OptionInfo { name: "at_days", default: "365", meaning: "the time that the headline is about" },
        OptionInfo {
            name: "gone_after_days",
            default: "180",
            meaning: "silence after which a customer without a contract is taken to have left",
        },
    ],
    example: "{at_days: 180, gone_after_days: 90}",
};

const MEDIAN: &str = "median";

/// Curves by segment that are drawn beside the total.
const DRAWN: usize = 5;

/// A curve, computed once for all that read it.
type SharedCurve = Arc<Result<KaplanMeier, Undefined>>;

/// Points of a curve that are kept for drawing.
const POINTS: usize = 240;

/// How long customers stay.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::catalog) struct Survival {
    /// What a life is.
    #[serde(default)]
    basis: LifeBasis,
    /// The time that the headline is about.
    #[serde(default = "a_year")]
    at_days: DayCount,
    /// Silence after which a customer is taken to have left.
    #[serde(default = "half_a_year")]
    gone_after_days: DayCount,
}

const fn a_year() -> DayCount {
    DayCount(365)
}

const fn half_a_year() -> DayCount {
    DayCount(180)
}

impl Survival {
    /// Lists the lives of customers as of the end of a window, by segment.
    fn lives(&self, results: &Results, window: &Window) -> Arc<Result<Vec<Vec<Life>>, Undefined>> {
        results.remember(format!("lives {}", window.end), || {
            // Equal lives are counted together: by days, and whether they ended.
            let mut lives: Vec<BTreeMap<(i64, bool), u64>> = vec![BTreeMap::new(); results.segments.count()];
            match self.basis {
                LifeBasis::Purchases => {
                    let snapshot = results.snapshot(&Cutoff::at_end(window)).ok_or_else(|| {
                        Undefined::because("computed for the reported period and those it is compared with only")
                    })?;
                    let mut own = Vec::new();
                    let gone = i64::from(self.gone_after_days.0);
                    for customer in snapshot.customers() {
                        let (recency, age) = (i64::from(customer.alike.recency), i64::from(customer.alike.age));
                        // Whether somebody had left is known up to so many days ago, and for those who had come by then.
                        let seen = age - gone;
                        if seen < 0 {
                            continue;
                        }
                        let ended = recency <= seen;
                        results.segments.of_customer(customer.customer, &mut own);
                        for &segment in &own {
                            *lives[segment].entry((if ended { recency } else { seen }, ended)).or_default() += 1;
                        }
                    }
                }
                LifeBasis::Contracts => {
                    let contracts = results.contracts().ok_or_else(|| Undefined::because("no subscriptions"))?;
                    for contract in contracts.at(window) {
                        for &segment in contract.segments {
                            *lives[segment].entry((contract.days, contract.left)).or_default() += 1;
                        }
                    }
                }
            }
            let life = |((days, ended), customers): ((i64, bool), u64)| Life {
                duration: days as f64,
                ended,
                customers: customers as f64,
            };
            Ok(lives.into_iter().map(|own| own.into_iter().map(life).collect()).collect())
        })
    }

    fn curve(&self, results: &Results, window: &Window, segment: usize) -> SharedCurve {
        results.remember(format!("survival {} {segment}", window.end), || {
            let lives = self.lives(results, window);
            let lives = lives.as_ref().as_ref().map_err(Clone::clone)?;
            KaplanMeier::of(lives[segment].iter().copied()).map_err(|_| Undefined::because("no customers"))
        })
    }

    /// Tests whether the segments of a dimension stay equally long.
    fn test(&self, results: &Results, window: &Window, segments: &[usize]) -> Option<LogRank> {
        let lives = self.lives(results, window);
        let lives = lives.as_ref().as_ref().ok()?;
        let groups: Vec<Vec<Life>> = segments.iter().map(|&segment| lives[segment].clone()).collect();
        log_rank(&groups).ok().flatten()
    }

    fn table_row(&self, name: &str, curve: &KaplanMeier, min_n: u64) -> ExhibitRow {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts of customers")]
        let count = |n: f64| Quantity::count(n as u64);
        if curve.customers < min_n as f64 {
            let few = std::iter::repeat_n(Quantity::too_few(), 3);
            let cells = [count(curve.customers), count(curve.ended)].into_iter().chain(few).collect();
            return ExhibitRow { name: name.to_owned(), cells };
        }
        let median = curve.median();
        let day = |day: Option<f64>| day.map_or(Quantity::Missing, |day| Quantity::of(Unit::Count, day));
        let share = match self.at(curve) {
            Ok(Estimate::Survival { value, low, high, .. }) => Quantity::about(Unit::Share, value, (high - low) / 2.0),
            _ => Quantity::Missing,
        };
        let interval = median.and_then(|median| Some((median.low?, median.high)));
        let interval = match interval {
            Some((low, Some(high))) => Quantity::range(Unit::Count, low, high),
            Some((low, None)) => Quantity::Text(format!("from {low:.0}")),
            None => Quantity::Missing,
        };
        ExhibitRow {
            name: name.to_owned(),
            cells: vec![
                count(curve.customers),
                count(curve.ended),
                share,
                day(median.map(|median| median.time)),
                interval,
            ],
        }
    }

    /// Says what a curve is of.
    fn account(&self, curve: &KaplanMeier) -> String {
        let what = if self.basis == LifeBasis::Contracts { "contract" } else { "customer" };
        let rest = curve.customers - curve.ended;
        let still = match self.basis {
            LifeBasis::Contracts => "still running".to_owned(),
            LifeBasis::Purchases => format!("still there {} before the period's end", days(self.gone_after_days)),
        };
        format!("{}: {:.0} lost, {rest:.0} {still}.", counted(curve.customers, what), curve.ended)
    }

    /// Reads the headline off a curve.
    fn at(&self, curve: &KaplanMeier) -> Outcome {
        let days = f64::from(self.at_days.0);
        let all_lost = curve.steps.last().is_some_and(|step| step.survival == 0.0);
        if curve.seen < days && !all_lost {
            return Err(Undefined::Immature(format!(
                "no customer has been seen for {} yet",
                crate::catalog::options::days(self.at_days)
            )));
        }
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of customers")]
        let n = curve.customers as u64;
        let step = curve.steps.iter().rev().find(|step| step.time <= days);
        // Where nobody was lost yet: the share that n would all exceed with a probability of 2.5%.
        let least = 0.025_f64.powf(1.0 / curve.at_risk(days).max(1.0));
        Ok(step.map_or(Estimate::Survival { value: 1.0, low: least, high: 1.0, n }, |step| Estimate::Survival {
            value: step.survival,
            low: step.low,
            high: step.high,
            n,
        }))
    }
}

/// Thins a curve for drawing: its first and last step, and those between at equal distances.
fn drawn(name: &str, curve: &KaplanMeier, band: bool) -> Curve {
    let begin = CurvePoint { x: 0.0, y: 1.0, interval: band.then_some((1.0, 1.0)) };
    let stride = curve.steps.len().div_ceil(POINTS).max(1);
    let kept = curve.steps.iter().enumerate().filter(|(i, _)| i % stride == 0 || i + 1 == curve.steps.len());
    let point = |x: f64, step: &tallybook_btyd::Step| CurvePoint {
        x,
        y: step.survival,
        interval: band.then_some((step.low, step.high)),
    };
    let last = curve.steps.last().map(|step| point(curve.seen, step));
    let points = std::iter::once(begin).chain(kept.map(|(_, step)| point(step.time, step))).chain(last);
    Curve { name: name.to_owned(), points: points.collect() }
}

impl Survival {
    const fn who(&self) -> &'static str {
        match self.basis {
            LifeBasis::Purchases => "customers",
            LifeBasis::Contracts => "contracts",
        }
    }

    /// Sets the values of a dimension side by side, as curves and as a table; nothing where fewer than two of them have a curve.
    fn by_dimension(&self, results: &Results, cell: &Cell, dimension: &str) -> Option<[Exhibit; 2]> {
        let values = (TOTAL + 1..results.segments.count()).filter_map(|segment| {
            let (_, value) = results.segments.name(segment).filter(|(name, _)| *name == dimension)?;
            Some((segment, value, self.curve(results, &cell.window, segment)))
        });
        let values: Vec<(usize, &str, SharedCurve)> = values.collect();
        let mut known: Vec<(usize, &str, &KaplanMeier)> = values
            .iter()
            .filter_map(|(segment, value, curve)| Some((*segment, *value, curve.as_ref().as_ref().ok()?)))
            .collect();
        known.sort_by(|a, b| b.2.customers.total_cmp(&a.2.customers));
        if known.len() < 2 {
            return None;
        }
        let segments: Vec<usize> = known.iter().map(|(segment, ..)| *segment).collect();
        let verdict = self.test(results, &cell.window, &segments).map(|test| compared(&test));
        // Too few are listed as such, and not drawn.
        let enough = known.iter().filter(|(.., curve)| curve.customers >= results.min_n as f64).count();
        let largest = (known.len() > DRAWN).then(|| format!("The {DRAWN} largest of {} are drawn.", known.len()));
        let lines = known.iter().take(enough.min(DRAWN)).map(|(_, value, curve)| drawn(value, curve, false)).collect();
        let picture = exhibit(
            &format!("by_{dimension}"),
            format!("By {dimension}"),
            verdict.into_iter().chain(largest).collect(),
            curves(lines),
        );
        let columns = [self.who(), "lost", "stay longer", "median days", "95% interval"];
        let table = exhibit(
            &format!("table_{dimension}"),
            format!("By {dimension}: staying longer than {}, and median life", days(self.at_days)),
            Vec::new(),
            Body::Table(ExhibitTable {
                names: dimension.to_owned(),
                columns: columns.map(str::to_owned).to_vec(),
                rows: known.iter().map(|(_, value, curve)| self.table_row(value, curve, results.min_n)).collect(),
                by_time: false,
            }),
        );
        Some([picture, table])
    }
}

fn exhibit(key: &str, title: String, remarks: Vec<String>, body: Body) -> Exhibit {
    Exhibit { metric: INFO.id.to_owned(), key: key.to_owned(), title, remarks, body }
}

fn curves(curves: Vec<Curve>) -> Body {
    Body::Curves(Curves { axis: "days".to_owned(), unit: Unit::Share, steps: true, curves })
}

/// Says whether curves differ.
fn compared(test: &LogRank) -> String {
    let p = if test.p < 0.001 { "below 0.001".to_owned() } else { format!("{:.3}", test.p) };
    let word = if test.p < 0.05 { "They do not stay equally long" } else { "No difference beyond chance" };
    let degrees = if test.degrees == 1 { "degree" } else { "degrees" };
    let (chi, of) = (test.chi_squared, test.degrees);
    format!("{word} (log-rank chi squared {chi:.1}, {of} {degrees} of freedom, p {p}).")
}

impl Metric for Survival {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn measures(&self) -> Vec<Measure> {
        vec![Measure::headline(Unit::Share), Measure { key: MEDIAN, suffix: "median life in days", unit: Unit::Count }]
    }

    fn policy(&self, _: &OrderValue) -> String {
        let lives = match self.basis {
            LifeBasis::Purchases => format!(
                "customers are lost with their last purchase, known after {} of silence",
                days(self.gone_after_days)
            ),
            LifeBasis::Contracts => "contracts are lost when they end and no other begins within 31 days".to_owned(),
        };
        format!("share staying longer than {}; {lives}", days(self.at_days))
    }

    fn needs(&self) -> Vec<Need> {
        match self.basis {
            LifeBasis::Purchases => vec![Need::orders()],
            LifeBasis::Contracts => vec![Need::subscriptions()],
        }
    }

    fn stands_alone(&self, _measure: &str) -> bool {
        false
    }

    fn request(&self, requests: &mut Requests<'_>) {
        match self.basis {
            LifeBasis::Purchases => requests.purchases(),
            LifeBasis::Contracts => requests.contracts(),
        }
    }

    fn outcome(&self, results: &Results, measure: &str, cell: &Cell) -> Outcome {
        let curve = self.curve(results, &cell.window, cell.segment);
        let curve = curve.as_ref().as_ref().map_err(Clone::clone)?;
        if measure != MEDIAN {
            return self.at(curve);
        }
        let Some(median) = curve.median() else {
            return Err(Undefined::Immature(format!("more than half stay for the {:.0} days seen", curve.seen)));
        };
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of customers")]
        let n = curve.customers as u64;
        Ok(Estimate::Quantile { value: median.time, interval: median.low.zip(median.high), n })
    }

    fn without_series(&self, _: &str) -> bool {
        self.basis == LifeBasis::Purchases
    }

    fn extras(&self, results: &Results, _: &Period, cell: &Cell) -> Extras {
        let all = self.curve(results, &cell.window, TOTAL);
        let Some(all) = all.as_ref().as_ref().ok().filter(|all| all.customers >= results.min_n as f64) else {
            return Extras::default();
        };
        let who = self.who();
        let mut exhibits = vec![exhibit(
            "curve",
            format!("Share of {who} that stay longer"),
            vec![self.account(all)],
            curves(vec![drawn(&format!("all {who}"), all, true)]),
        )];
        for dimension in results.segments.dimensions() {
            exhibits.extend(self.by_dimension(results, cell, &dimension.name).into_iter().flatten());
        }
        Extras { exhibits, ..Extras::default() }
    }
}
