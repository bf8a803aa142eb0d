//! Order statistics: medians with distribution-free intervals.

use super::Z95;

/// Gives the 0-based positions of the order statistics that bound a 95% interval of the median of n values.
///
/// # Formula
/// n/2 -+ z sqrt(n)/2, rounded outwards: the normal approximation to the binomial of how many values lie below the median.
/// Source: Conover (1999), Practical Nonparametric Statistics, 3.2. Nothing below 6 values, where no pair of order statistics
/// covers the median with 95%.
pub fn median_ranks(n: usize) -> Option<(usize, usize)> {
    if n < 6 {
        return None;
    }
    let (middle, spread) = (n as f64 / 2.0, Z95 * (n as f64).sqrt() / 2.0);
    let low = (middle - spread).floor().max(1.0);
    let high = (middle + spread).ceil().min(n as f64 - 1.0) + 1.0;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "both are within 1..=n")]
    Some((low as usize - 1, high as usize - 1))
}

/// Selects the median of values and the ends of its interval, reordering them; the mean of the middle two where n is even.
pub fn select_median(values: &mut [i64]) -> Option<(f64, Option<(i64, i64)>)> {
    let n = values.len();
    if n == 0 {
        return None;
    }
    let (below, upper, above) = values.select_nth_unstable(n / 2);
    let upper = *upper;
    let lower = if n % 2 == 1 { upper } else { below.iter().copied().max().unwrap_or(upper) };
    let median = f64::midpoint(lower as f64, upper as f64);
    let interval = median_ranks(n).map(|(low, high)| {
        let low = *below.select_nth_unstable(low.min(below.len() - 1)).1;
        let past = high - (n / 2 + 1);
        let high = *above.select_nth_unstable(past.min(above.len() - 1)).1;
        (low, high)
    });
    Some((median, interval))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The median as the textbook has it.
    fn median_of_sorted(sorted: &[i64]) -> f64 {
        let n = sorted.len();
        f64::midpoint(sorted[(n - 1) / 2] as f64, sorted[n / 2] as f64)
    }

    #[test]
    fn ranks_from_the_binomial() {
        // Exact binomial intervals, as 1-based ranks: n = 10 -> 2 and 9 (97.9%), n = 20 -> 6 and 15 (95.9%),
        // n = 100 -> 40 and 61 (96.5%). The approximation rounds outwards, so it may be one rank wider, never narrower.
        for (n, low, high) in [(10, 2, 9), (20, 6, 15), (100, 40, 61)] {
            let ranks = median_ranks(n).expect("enough values");
            assert!(ranks.0 < low && ranks.0 + 2 >= low, "{n}: {ranks:?}");
            assert!(ranks.1 + 1 >= high && ranks.1 <= high, "{n}: {ranks:?}");
        }
        assert_eq!(median_ranks(5), None);
    }

    proptest! {
        #[test]
        fn selection_agrees_with_sorting(mut values in proptest::collection::vec(-50_i64..50, 1..80)) {
            let mut sorted = values.clone();
            sorted.sort_unstable();
            let (median, interval) = select_median(&mut values).expect("not empty");
            prop_assert!((median - median_of_sorted(&sorted)).abs() < 1e-9);
            let expected = median_ranks(sorted.len()).map(|(low, high)| (sorted[low], sorted[high]));
            prop_assert_eq!(interval, expected);
        }
    }
}
