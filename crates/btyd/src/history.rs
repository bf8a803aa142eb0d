//! What purchase models know of a customer, and samples of many customers.

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// A customer's purchase history in three numbers, all that BG/NBD, MBG/NBD and Pareto/NBD need.
///
/// Times are in any unit, the same everywhere; weeks are usual. Several purchases on one day are one purchase occasion.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct History {
    frequency: u32,
    recency: f64,
    age: f64,
}

impl History {
    /// A customer who has just made the first purchase.
    pub const NEW: Self = Self { frequency: 0, recency: 0.0, age: 0.0 };

    /// Describes a customer.
    ///
    /// `frequency` (x) counts repeat purchases: the first is left out. `recency` (`t_x`) is the time from the first purchase to the last, 0
    /// where nothing was repeated. `age` (T) is the time from the first purchase to the end of observation, which is the same day for all
    /// customers and *not* their last purchase.
    ///
    /// # Errors
    /// [`Error::History`] where not 0 <= recency <= age, or where recency is not 0 without a repeat purchase.
    ///
    /// ```
    /// use tallybook_btyd::History;
    /// assert!(History::new(2, 30.43, 38.86).is_ok());
    /// assert!(History::new(2, 40.0, 38.86).is_err());
    /// ```
    pub fn new(frequency: u32, recency: f64, age: f64) -> Result<Self, Error> {
        let ordered = recency >= 0.0 && recency <= age && age.is_finite();
        if ordered && (frequency > 0 || recency == 0.0) {
            return Ok(Self { frequency, recency, age });
        }
        Err(Error::History { frequency, recency, age })
    }

    /// Repeat purchases: x.
    pub const fn frequency(&self) -> u32 {
        self.frequency
    }

    /// Time from the first purchase to the last: `t_x`.
    pub const fn recency(&self) -> f64 {
        self.recency
    }

    /// Time from the first purchase to the end of observation: T.
    pub const fn age(&self) -> f64 {
        self.age
    }
}

/// Customers of one frequency: what their likelihood needs besides.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Row {
    /// Time from the first purchase to the last.
    pub recency: f64,
    /// Time from the first purchase to the end of observation.
    pub age: f64,
    /// How many customers.
    pub weight: f64,
}

/// Many customers, grouped by frequency, in a few bytes each.
///
/// Customers with equal histories are one weighted row where that saves memory. Histories counted in whole days take four bytes.
#[derive(Debug, Clone)]
pub struct Sample {
    groups: Vec<FrequencyGroup>,
}

#[derive(Debug, Clone)]
struct FrequencyGroup {
    frequency: u32,
    times: Times,
    /// Customers by row; one each where there are none.
    weights: Option<Vec<f64>>,
}

#[derive(Debug, Clone)]
enum Times {
    /// Recency in the upper half, age in the lower, both in ticks.
    Ticks { packed: Vec<u32>, tick: f64 },
    /// Recency and age.
    Exact(Vec<(f64, f64)>),
}

/// Cells of a compressed sample along recency, and along age.
const BINS: usize = 40;

/// Rows that are worked on at once.
const CHUNK: usize = 2048;

impl Sample {
    /// Gathers customers whose times are any numbers.
    ///
    /// # Errors
    /// [`Error::Weight`] where a weight is not positive and finite, [`Error::Empty`] where there is no customer.
    pub fn weighted(customers: impl IntoIterator<Item = (History, f64)>) -> Result<Self, Error> {
        let mut by_frequency: BTreeMap<u32, BTreeMap<(u64, u64), f64>> = BTreeMap::new();
        for (history, weight) in customers {
            if !(weight > 0.0 && weight.is_finite()) {
                return Err(Error::Weight(weight));
            }
            // The bit patterns of numbers that are not negative are in the order of the numbers.
            let key = (history.recency.to_bits(), history.age.to_bits());
            *by_frequency.entry(history.frequency).or_default().entry(key).or_insert(0.0) += weight;
        }
        let groups: Vec<FrequencyGroup> = by_frequency
            .into_iter()
            .map(|(frequency, rows)| FrequencyGroup {
                frequency,
                times: Times::Exact(rows.keys().map(|key| (f64::from_bits(key.0), f64::from_bits(key.1))).collect()),
                weights: Some(rows.into_values().collect()),
            })
            .collect();
        if groups.is_empty() { Err(Error::Empty) } else { Ok(Self { groups }) }
    }

    /// Gathers customers of weight one.
    ///
    /// # Errors
    /// [`Error::Empty`] where there is no customer.
    pub fn new(customers: impl IntoIterator<Item = History>) -> Result<Self, Error> {
        Self::weighted(customers.into_iter().map(|history| (history, 1.0)))
    }

    /// Gathers customers whose times are whole days: frequency, recency and age, `days` of which make the unit of time.
    ///
    /// This is the way for millions of customers. The order in which they come makes no difference.
    ///
    /// # Errors
    /// [`Error::History`] where recency and age do not fit or the age is beyond 65,535 days; [`Error::Empty`] where there is no customer.
    pub fn from_days(customers: impl IntoIterator<Item = (u32, u32, u32)>, days: f64) -> Result<Self, Error> {
        let mut groups: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        let mut dense: Vec<Vec<u32>> = vec![Vec::new(); 64];
        for (frequency, recency, age) in customers {
            if recency > age || age > u32::from(u16::MAX) || (frequency == 0 && recency > 0) {
                return Err(Error::History { frequency, recency: f64::from(recency), age: f64::from(age) });
            }
            match dense.get_mut(frequency as usize) {
                Some(group) => group,
                None => groups.entry(frequency).or_default(),
            }
            .push((recency << 16) | age);
        }
        let dense = (0..).zip(dense).filter(|(_, group)| !group.is_empty());
        let all: Vec<(u32, Vec<u32>)> = dense.chain(groups).collect();
        let groups: Vec<FrequencyGroup> = all
            .into_par_iter()
            .map(|(frequency, packed)| FrequencyGroup::packed(frequency, packed, 1.0 / days))
            .collect();
        if groups.is_empty() { Err(Error::Empty) } else { Ok(Self { groups }) }
    }

    /// Counts the customers: the sum of the weights.
    pub fn customers(&self) -> f64 {
        self.groups.iter().map(FrequencyGroup::weight).sum()
    }

    /// Counts the customers with at least one repeat purchase.
    pub fn repeaters(&self) -> f64 {
        self.groups.iter().filter(|group| group.frequency > 0).map(FrequencyGroup::weight).sum()
    }

    /// Counts customers by frequency, ascending.
    pub fn frequencies(&self) -> Vec<(u32, f64)> {
        self.groups.iter().map(|group| (group.frequency, group.weight())).collect()
    }

    /// Counts the rows: customers with different histories, where equal ones are one row.
    pub fn rows(&self) -> usize {
        self.groups.iter().map(FrequencyGroup::len).sum()
    }

    /// Shows every row, by frequency, recency and age.
    pub fn for_each(&self, mut see: impl FnMut(u32, Row)) {
        let mut rows = Vec::new();
        for group in &self.groups {
            for start in (0..group.len()).step_by(CHUNK) {
                group.read(start, &mut rows);
                for row in &rows {
                    see(group.frequency, *row);
                }
            }
        }
    }

    /// Maps rows of one frequency at a time, in parallel, and gives the answers in the order of the rows.
    pub(crate) fn map<T: Send>(&self, f: impl Fn(u32, &[Row]) -> T + Sync) -> Vec<T> {
        let pieces: Vec<(&FrequencyGroup, usize)> =
            self.groups.iter().flat_map(|group| (0..group.len()).step_by(CHUNK).map(move |at| (group, at))).collect();
        let read = |rows: &mut Vec<Row>, (group, start): (&FrequencyGroup, usize)| {
            group.read(start, rows);
            f(group.frequency, rows)
        };
        if pieces.len() < 8 {
            let mut rows = Vec::new();
            return pieces.into_iter().map(|piece| read(&mut rows, piece)).collect();
        }
        pieces.into_par_iter().with_min_len(4).map_init(Vec::new, read).collect()
    }

    /// Gives the same rows with other weights; rows without weight are left out.
    pub(crate) fn reweighted(&self, mut weight: impl FnMut(f64) -> f64) -> Self {
        let mut groups = Vec::with_capacity(self.groups.len());
        let mut rows = Vec::new();
        for group in &self.groups {
            let (mut times, mut weights) = (Vec::with_capacity(group.len()), Vec::with_capacity(group.len()));
            for start in (0..group.len()).step_by(CHUNK) {
                group.read(start, &mut rows);
                for row in &rows {
                    let drawn = weight(row.weight);
                    if drawn > 0.0 {
                        times.push((row.recency, row.age));
                        weights.push(drawn);
                    }
                }
            }
            if !times.is_empty() {
                groups.push(FrequencyGroup {
                    frequency: group.frequency,
                    times: Times::Exact(times),
                    weights: Some(weights),
                });
            }
        }
        Self { groups }
    }

    /// Brings customers with like histories together in cells at their mean times: a small sample whose maximum lies close to this one's.
    ///
    /// Cells are steps of a tenth in the logarithm of age and recency, each counted from an offset of a fiftieth of the greatest age.
    pub(crate) fn compressed(&self) -> Self {
        let mut greatest = 0.0_f64;
        self.for_each(|_, row| greatest = greatest.max(row.age));
        let offset = greatest / 50.0;
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "from 0 to ln(51) * 10, which is below 40"
        )]
        let bin = |time: f64| ((1.0 + time / offset).ln() * 10.0) as usize;
        let groups = self
            .groups
            .par_iter()
            .map(|group| {
                let mut cells = vec![(0.0, 0.0, 0.0); BINS * BINS];
                let mut rows = Vec::new();
                for start in (0..group.len()).step_by(CHUNK) {
                    group.read(start, &mut rows);
                    for row in &rows {
                        let cell = &mut cells[bin(row.recency) * BINS + bin(row.age)];
                        cell.0 += row.weight;
                        cell.1 += row.weight * row.recency;
                        cell.2 += row.weight * row.age;
                    }
                }
                let filled = cells.into_iter().filter(|cell: &(f64, f64, f64)| cell.0 > 0.0);
                let (times, weights) =
                    filled.map(|(weight, recency, age)| ((recency / weight, age / weight), weight)).unzip();
                FrequencyGroup { frequency: group.frequency, times: Times::Exact(times), weights: Some(weights) }
            })
            .collect();
        Self { groups }
    }
}

impl FrequencyGroup {
    fn packed(frequency: u32, mut packed: Vec<u32>, tick: f64) -> Self {
        packed.sort_unstable();
        let distinct = 1 + packed.windows(2).filter(|pair| pair[0] != pair[1]).count();
        // A weight takes eight bytes, a row four.
        if distinct * 3 > packed.len() {
            return Self { frequency, times: Times::Ticks { packed, tick }, weights: None };
        }
        let (mut rows, mut weights): (Vec<u32>, Vec<f64>) =
            (Vec::with_capacity(distinct), Vec::with_capacity(distinct));
        for run in packed.chunk_by(|a, b| a == b) {
            rows.push(run[0]);
            weights.push(run.len() as f64);
        }
        Self { frequency, times: Times::Ticks { packed: rows, tick }, weights: Some(weights) }
    }

    const fn len(&self) -> usize {
        match &self.times {
            Times::Ticks { packed, .. } => packed.len(),
            Times::Exact(times) => times.len(),
        }
    }

    fn weight(&self) -> f64 {
        self.weights.as_ref().map_or(self.len() as f64, |weights| weights.iter().sum())
    }

    /// Reads a chunk of rows.
    fn read(&self, start: usize, rows: &mut Vec<Row>) {
        rows.clear();
        let end = (start + CHUNK).min(self.len());
        match &self.times {
            Times::Ticks { packed, tick } => rows.extend(packed[start..end].iter().map(|&pair| Row {
                recency: f64::from(pair >> 16) * tick,
                age: f64::from(pair & 0xFFFF) * tick,
                weight: 1.0,
            })),
            Times::Exact(times) => {
                rows.extend(times[start..end].iter().map(|&(recency, age)| Row { recency, age, weight: 1.0 }));
            }
        }
        if let Some(weights) = &self.weights {
            rows.iter_mut().zip(&weights[start..end]).for_each(|(row, weight)| row.weight = *weight);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_numbers_are_the_same_sample() {
        let days = [(1, 70, 140), (0, 0, 140), (1, 70, 140), (0, 0, 140), (0, 0, 140), (100, 139, 140), (1, 7, 140)];
        let packed = Sample::from_days(days, 7.0).expect("valid");
        let week = |(x, recency, age): (u32, u32, u32)| {
            History::new(x, f64::from(recency) / 7.0, f64::from(age) / 7.0).expect("valid")
        };
        let exact = Sample::new(days.map(week)).expect("valid");
        let list = |sample: &Sample| {
            let mut rows: Vec<(u32, f64, f64, f64)> = Vec::new();
            sample.for_each(|x, row| match rows.last_mut().filter(|last| (last.0, last.1) == (x, row.recency)) {
                Some(last) => last.3 += row.weight,
                None => rows.push((x, row.recency, row.age, row.weight)),
            });
            rows
        };
        assert_eq!(list(&packed).len(), 4);
        for (one, other) in list(&packed).iter().zip(list(&exact)) {
            assert_eq!((one.0, one.3), (other.0, other.3));
            assert!((one.1 - other.1).abs() < 1e-12 && (one.2 - other.2).abs() < 1e-12);
        }
        assert!((packed.customers() - 7.0).abs() < 1e-12 && (packed.repeaters() - 4.0).abs() < 1e-12);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let error = Error::History { frequency: 0, recency: 3.0, age: 5.0 };
        assert_eq!(History::new(0, 3.0, 5.0), Err(error.clone()));
        assert_eq!(Sample::from_days([(0, 3, 5)], 1.0).err(), Some(error));
        assert!(History::new(1, f64::NAN, 5.0).is_err() && History::new(1, 3.0, f64::INFINITY).is_err());
        assert_eq!(Sample::weighted([(History::NEW, 0.0)]).err(), Some(Error::Weight(0.0)));
        assert_eq!(Sample::new([]).err(), Some(Error::Empty));
    }
}
