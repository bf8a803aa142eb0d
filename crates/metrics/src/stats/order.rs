//! Order statistics: medians with distribution-free intervals.

use super::Z95;

/// Gives the 0-based positions of the order statistics that bound a 95% interval of the median of n values.
///
/// # Formula
/// The l-th smallest and the l-th largest value, with the greatest l for which at most l - 1 of n values lie below the median with a
/// probability of no more than 2.5% (binomial, p = 1/2); above 1,000 values, l = n/2 - z sqrt(n)/2 + 1/2, rounded down.
/// Source: Conover (1999), Practical Nonparametric Statistics, 3.2. Nothing below 6 values, where no pair of order statistics
/// covers the median with 95%.
pub fn median_ranks(n: usize) -> Option<(usize, usize)> {
    let rank = if n <= 1_000 {
        exact_rank(n)
    } else {
        let rank = (n as f64 / 2.0 - Z95 * (n as f64).sqrt() / 2.0 + 0.5).floor();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within 1..=n/2")]
        let rank = rank as usize;
        rank
    };
    (rank > 0).then(|| (rank - 1, n - rank))
}

/// The greatest l with P(B <= l - 1) <= 2.5% for B binomial with p = 1/2; 0 where there is none.
fn exact_rank(n: usize) -> usize {
    let mut log_mass = -(n as f64) * std::f64::consts::LN_2;
    let mut below = 0.0;
    for successes in 0..n {
        below += log_mass.exp();
        if below > 0.025 {
            return successes;
        }
        log_mass += ((n - successes) as f64 / (successes + 1) as f64).ln();
    }
    0
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
        // Conover (1999), table A3 and its approximation, as 1-based ranks: 6 -> 1 and 6, 10 -> 2 and 9, 20 -> 6 and 15,
        // 40 -> 14 and 27, 100 -> 40 and 61.
        for (n, low, high) in [(6, 1, 6), (10, 2, 9), (20, 6, 15), (40, 14, 27), (100, 40, 61)] {
            assert_eq!(median_ranks(n), Some((low - 1, high - 1)), "{n}");
        }
        assert_eq!(median_ranks(5), None);
        // The approximation takes over without a jump.
        assert_eq!(median_ranks(1_000).map(|(low, _)| low), Some(468));
        assert_eq!(median_ranks(1_001).map(|(low, _)| low), Some(468));
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
