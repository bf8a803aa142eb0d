//! RFM segments: customers by how recently, how often and for how much they bought.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::declare::{Area, Direction, Info, Measure, Unit};
use crate::engine::order_value::OrderValue;
use crate::engine::segments::TOTAL;
use crate::folds::purchases::{Cutoff, RfSummary, Snapshot};
use crate::metric::{Cell, Extras, Metric, Need, Requests, Results};
use crate::result::{Body, Exhibit, ExhibitRow, ExhibitTable, Quantity};
use tallybook_calendar::{Period, Window};
use tallybook_stats::{Estimate, Outcome, Undefined};

pub(in crate::catalog) const INFO: Info = Info {
    id: "rfm_segments",
    title: "RFM segments",
    area: Area::Retention,
    unit: Unit::Share,
    good: Direction::Up,
    definition: "The share of customers who are champions: bought both recently and often; at risk are those who bought often and fell silent; in detail, every segment with its size and revenue.",
    formula: "quintiles of days since the last purchase and of purchase occasions, 5 is best; segments by the two scores",
    source: "Bult & Wansbeek (1995), Marketing Science 14(4); Blattberg, Kim & Neslin (2008), Database Marketing, ch. 12",
    interval: "Wilson",
    traps: &[
        "quintiles are of the customers at hand: shares are compared over time with care",
        "ties stay together, so quintiles are of unequal size where many have bought once",
        "a purchase is a day with positive net spend, as for lifetime value",
    ],
    options: &[],
    example: "{}",
};

const AT_RISK: &str = "at_risk";

/// A margin in minor units that leaves only whole units of money to show.
const WHOLE: f64 = 1e4;

/// Customers by recency and frequency.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::catalog) struct RfmSegments {}

/// The segments, best first: each cell of the grid of scores belongs to exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RfmGroup {
    Champions,
    Loyal,
    PotentialLoyalists,
    New,
    Promising,
    NeedAttention,
    AboutToSleep,
    AtRisk,
    CannotLose,
    Hibernating,
}

impl RfmGroup {
    const ALL: [Self; 10] = [
        Self::Champions,
        Self::Loyal,
        Self::PotentialLoyalists,
        Self::New,
        Self::Promising,
        Self::NeedAttention,
        Self::AboutToSleep,
        Self::AtRisk,
        Self::CannotLose,
        Self::Hibernating,
    ];

    /// Finds the segment of scores from 1 to 5.
    const fn of(recency: u8, frequency: u8) -> Self {
        match (recency, frequency) {
            (5, 4..) => Self::Champions,
            (3.., 4..) => Self::Loyal,
            (4.., 2 | 3) => Self::PotentialLoyalists,
            (5, _) => Self::New,
            (4, _) => Self::Promising,
            (3, 3) => Self::NeedAttention,
            (3, _) => Self::AboutToSleep,
            (_, 5) => Self::CannotLose,
            (_, 3 | 4) => Self::AtRisk,
            _ => Self::Hibernating,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Champions => "champions",
            Self::Loyal => "loyal",
            Self::PotentialLoyalists => "potential loyalists",
            Self::New => "new",
            Self::Promising => "promising",
            Self::NeedAttention => "need attention",
            Self::AboutToSleep => "about to sleep",
            Self::AtRisk => "at risk",
            Self::CannotLose => "cannot lose",
            Self::Hibernating => "hibernating",
        }
    }
}

/// The customers of a segment.
#[derive(Debug, Clone, Copy, Default)]
struct Members {
    customers: u64,
    spend: i128,
    days_silent: u64,
    occasions: u64,
    monetary: u64,
}

/// Scores 1 to 5 by rank, the greatest value best; equal values get equal scores.
fn quintiles<T: Ord + Copy>(values: &[T]) -> impl Fn(T) -> u8 + use<T> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    move |value| {
        // The middle of those who share the value.
        let (below, up_to) =
            (sorted.partition_point(|other| *other < value), sorted.partition_point(|other| *other <= value));
        u8::try_from(1 + 5 * (below + up_to) / (2 * sorted.len()).max(1)).unwrap_or(5)
    }
}

/// Sorts customers into segments, by what is known of them and what they spent.
fn sort(customers: &[(RfSummary, i64)]) -> [Members; 10] {
    let silent = |alike: &RfSummary| alike.age - alike.recency;
    // The less silence the better.
    let recency = quintiles(&customers.iter().map(|(own, _)| std::cmp::Reverse(silent(own))).collect::<Vec<_>>());
    let frequency = quintiles(&customers.iter().map(|(own, _)| own.frequency).collect::<Vec<_>>());
    let monetary = quintiles(&customers.iter().map(|(_, spend)| *spend).collect::<Vec<_>>());
    let mut members = [Members::default(); 10];
    for (alike, spend) in customers {
        let scores = (recency(std::cmp::Reverse(silent(alike))), frequency(alike.frequency));
        let own = &mut members[RfmGroup::of(scores.0, scores.1) as usize];
        own.customers += 1;
        own.spend += i128::from(*spend);
        own.days_silent += u64::from(silent(alike));
        own.occasions += u64::from(alike.frequency) + 1;
        own.monetary += u64::from(monetary(*spend));
    }
    members
}

fn known(snapshot: &Snapshot) -> Vec<(RfSummary, i64)> {
    snapshot.customers().iter().map(|own| own.alike).zip(snapshot.spend().iter().copied()).collect()
}

impl RfmSegments {
    fn members(results: &Results, window: &Window) -> Option<Arc<[Members; 10]>> {
        let cutoff = Cutoff::at_end(window);
        let snapshot = results.snapshot(&cutoff).filter(|own| own.spend().len() == own.customers().len())?;
        Some(results.remember(format!("rfm {cutoff:?}"), || sort(&known(snapshot))))
    }
}

impl Metric for RfmSegments {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn measures(&self) -> Vec<Measure> {
        vec![Measure::headline(Unit::Share), Measure { key: AT_RISK, suffix: "at risk", unit: Unit::Share }]
    }

    fn good(&self, measure: &str) -> Direction {
        if measure == AT_RISK { Direction::Down } else { INFO.good }
    }

    fn policy(&self, _: &OrderValue) -> String {
        "quintiles of all customers up to the end of the period".to_owned()
    }

    fn needs(&self) -> Vec<Need> {
        vec![Need::orders()]
    }

    fn stands_alone(&self, _measure: &str) -> bool {
        false
    }

    fn request(&self, requests: &mut Requests<'_>) {
        requests.each_customer();
    }

    fn outcome(&self, results: &Results, measure: &str, cell: &Cell) -> Outcome {
        if cell.segment != TOTAL {
            return Err(Undefined::because("quintiles are of all customers"));
        }
        let members = Self::members(results, &cell.window)
            .ok_or_else(|| Undefined::because("computed for the reported period and the one before"))?;
        let n = members.iter().map(|own| own.customers).sum();
        if n == 0 {
            return Err(Undefined::because("no customer has bought yet"));
        }
        let count = |groups: &[RfmGroup]| groups.iter().map(|&group| members[group as usize].customers).sum();
        let k = if measure == AT_RISK {
            count(&[RfmGroup::AtRisk, RfmGroup::CannotLose])
        } else {
            count(&[RfmGroup::Champions])
        };
        Ok(Estimate::Proportion { k, n })
    }

    fn without_series(&self, _: &str) -> bool {
        true
    }

    fn extras(&self, results: &Results, _: &Period, cell: &Cell) -> Extras {
        let Some(members) = Self::members(results, &cell.window) else { return Extras::default() };
        let customers: u64 = members.iter().map(|own| own.customers).sum();
        let spend: i128 = members.iter().map(|own| own.spend).sum();
        let row = |group: &RfmGroup| {
            let own = &members[*group as usize];
            let n = own.customers as f64;
            if own.customers < results.min_n.max(1) {
                let none = if own.customers == 0 { Quantity::Text(String::new()) } else { Quantity::too_few() };
                let few = std::iter::repeat_n(none, 7);
                let cells = std::iter::once(Quantity::count(own.customers)).chain(few).collect();
                return ExhibitRow { name: group.name().to_owned(), cells };
            }
            let mean = |sum: u64, margin: f64| Quantity::about(Unit::Number, sum as f64 / n, margin);
            ExhibitRow {
                name: group.name().to_owned(),
                cells: vec![
                    Quantity::count(own.customers),
                    Quantity::about(Unit::Share, n / customers as f64, 0.005),
                    Quantity::about(Unit::Money, own.spend as f64, WHOLE),
                    Quantity::about(Unit::Share, own.spend as f64 / spend as f64, 0.005),
                    mean(own.days_silent, 5.0),
                    mean(own.occasions, 0.05),
                    Quantity::about(Unit::Money, own.spend as f64 / n, WHOLE),
                    mean(own.monetary, 0.05),
                ],
            }
        };
        let columns = [
            "customers",
            "share",
            "spend so far",
            "share of spend",
            "days silent",
            "purchases",
            "spend a customer",
            "monetary score",
        ];
        let exhibit = Exhibit {
            metric: INFO.id.to_owned(),
            key: "segments".to_owned(),
            title: "Segments by recency and frequency".to_owned(),
            remarks: Vec::new(),
            body: Body::Table(ExhibitTable {
                names: "segment".to_owned(),
                columns: columns.map(str::to_owned).to_vec(),
                rows: RfmGroup::ALL.iter().map(row).collect(),
                by_time: false,
            }),
        };
        Extras { exhibits: vec![exhibit], ..Extras::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_stay_together() {
        // Ten customers: six bought once, then 2, 3, 4, 9. Middle ranks 3, 6.5, 7.5, 8.5 and 9.5 of ten.
        let score = quintiles(&[1, 1, 1, 1, 1, 1, 2, 3, 4, 9]);
        assert_eq!([1, 2, 3, 4, 9].map(score), [2, 4, 4, 5, 5]);
        // Where all are alike, all are in the middle.
        assert_eq!(quintiles(&[7, 7, 7])(7), 3);
    }

    #[test]
    fn every_pair_of_scores_has_one_segment() {
        let mut sizes = [0; 10];
        for recency in 1..=5 {
            for frequency in 1..=5 {
                sizes[RfmGroup::of(recency, frequency) as usize] += 1;
            }
        }
        // Of the 25 cells: champions 2, loyal 4, potential 4, new 1, promising 1, attention 1, to sleep 2, at risk 4, cannot lose 2, rest 4.
        assert_eq!(sizes, [2, 4, 4, 1, 1, 1, 2, 4, 2, 4]);
        assert!(RfmGroup::ALL.iter().enumerate().all(|(position, group)| *group as usize == position));
    }

    #[test]
    fn five_customers_by_hand() {
        let customer = |frequency, recency, age, spend| (RfSummary { frequency, recency, age, future: 0 }, spend);
        // Days silent 0, 10, 20, 30, 40: recency scores 5 to 1. Occasions 5, 1, 3, 4, 2: frequency scores 5, 1, 3, 4, 2.
        let customers = [
            customer(4, 100, 100, 500),
            customer(0, 0, 10, 100),
            customer(2, 70, 90, 300),
            customer(3, 20, 50, 400),
            customer(1, 5, 45, 200),
        ];
        let members = sort(&customers);
        let with = |group: RfmGroup| (members[group as usize].customers, members[group as usize].spend);
        assert_eq!(with(RfmGroup::Champions), (1, 500));
        assert_eq!(with(RfmGroup::Promising), (1, 100));
        assert_eq!(with(RfmGroup::NeedAttention), (1, 300));
        assert_eq!(with(RfmGroup::AtRisk), (1, 400));
        assert_eq!(with(RfmGroup::Hibernating), (1, 200));
    }
}
