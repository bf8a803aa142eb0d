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

/// Gives the 0-based positions of the order statistics that bound a 95% interval of a quantile of n values.
///
/// # Formula
/// For B binomial with n and q: the l-th smallest value with the greatest l for which P(B <= l - 1) is at most 2.5%, and the u-th with
/// the least u for which P(B >= u) is; above 1,000 values, nq -+ z sqrt(nq(1 - q)) + 1/2, rounded down and up.
/// Source: Conover (1999), Practical Nonparametric Statistics, 3.2. Nothing where one of them lies beyond the values.
pub fn quantile_ranks(n: usize, thousandths: u16) -> Option<(usize, usize)> {
    if thousandths == 500 {
        return median_ranks(n);
    }
    let q = f64::from(thousandths) / 1000.0;
    let (low, high) = if n <= 1_000 { exact_ranks(n, q) } else { normal_ranks(n, q) };
    (low >= 1 && high <= n).then(|| (low - 1, high - 1))
}

fn normal_ranks(n: usize, q: f64) -> (usize, usize) {
    let (mean, half) = (n as f64 * q, Z95 * (n as f64 * q * (1.0 - q)).sqrt());
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative, and at most n + 1")]
    let rank = |at: f64| at.clamp(0.0, n as f64 + 1.0) as usize;
    (rank((mean - half + 0.5).floor()), rank((mean + half + 0.5).ceil()))
}

fn exact_ranks(n: usize, q: f64) -> (usize, usize) {
    let mut log_mass = n as f64 * (1.0 - q).ln();
    let (mut below, mut low, mut high) = (0.0, 0, n + 1);
    for successes in 0..=n {
        // Here P(B <= successes - 1) is known.
        if below <= 0.025 {
            low = successes;
        }
        if 1.0 - below <= 0.025 {
            high = successes;
            break;
        }
        below += log_mass.exp();
        log_mass += ((n - successes) as f64 / (successes + 1) as f64).ln() + (q / (1.0 - q)).ln();
    }
    (low, high)
}

/// Selects a quantile of values and the ends of its interval, reordering them.
///
/// Between two values the quantile is interpolated, at (n - 1) q from the first: Hyndman & Fan (1996), type 7, which makes the median of
/// an even number the mean of the middle two.
pub fn select_quantile(values: &mut [i64], thousandths: u16) -> Option<(f64, Option<(i64, i64)>)> {
    let n = values.len();
    if n == 0 {
        return None;
    }
    let place = (n - 1) * usize::from(thousandths);
    let (below, part) = ((place / 1000).min(n - 1), (place % 1000) as f64 / 1000.0);
    let mut at = |rank: usize| *values.select_nth_unstable(rank.min(n - 1)).1;
    let lower = at(below);
    let upper = if part > 0.0 { at(below + 1) } else { lower };
    let value = if thousandths == 500 && part > 0.0 {
        f64::midpoint(lower as f64, upper as f64)
    } else {
        lower as f64 + part * (upper - lower) as f64
    };
    Some((value, quantile_ranks(n, thousandths).map(|(low, high)| (at(low), at(high)))))
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

    #[test]
    fn ranks_of_the_ninetieth_percentile() {
        // For n = 100 and q = 0.9, P(B <= 83) = 0.0206 and P(B <= 84) = 0.0399; P(B >= 96) = 0.0237 and P(B >= 95) = 0.0576
        // (binomial tables): from the 84th to the 96th.
        assert_eq!(quantile_ranks(100, 900), Some((83, 95)));
        assert_eq!(quantile_ranks(20, 900), None);
        // Above 1,000: 900.9 -+ 18.603 + 0.5, from the 882nd to the 921st; a rank wider than the exact one would be.
        assert_eq!(quantile_ranks(1_000, 900), Some((880, 918)));
        assert_eq!(quantile_ranks(1_001, 900), Some((881, 920)));
    }

    #[test]
    fn quantiles_are_interpolated() {
        // 10, 20, 30, 40: (n - 1) q = 2.7 -> 30 + 0.7 x 10.
        let (value, _) = select_quantile(&mut [40, 10, 30, 20], 900).expect("not empty");
        assert!((value - 37.0).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn quantiles_agree_with_sorting(mut values in proptest::collection::vec(-50_i64..50, 1..80), q in 1_u16..1000) {
            let mut sorted = values.clone();
            sorted.sort_unstable();
            let place = (sorted.len() - 1) * usize::from(q);
            let (low, high) = (sorted[place / 1000], sorted[place.div_ceil(1000)]);
            let expected = low as f64 + (place % 1000) as f64 / 1000.0 * (high - low) as f64;
            let (value, interval) = select_quantile(&mut values, q).expect("not empty");
            prop_assert!((value - expected).abs() < 1e-9);
            if let Some((low, high)) = interval {
                prop_assert!(low as f64 <= value && value <= high as f64);
            }
        }

        #[test]
        fn selection_agrees_with_sorting(mut values in proptest::collection::vec(-50_i64..50, 1..80)) {
            let mut sorted = values.clone();
            sorted.sort_unstable();
            let (median, interval) = select_quantile(&mut values, 500).expect("not empty");
            prop_assert!((median - median_of_sorted(&sorted)).abs() < 1e-9);
            let expected = median_ranks(sorted.len()).map(|(low, high)| (sorted[low], sorted[high]));
            prop_assert_eq!(interval, expected);
        }
    }
}
