//! Intervals for proportions.

use super::{Interval, Z95};

/// Computes the 95% Wilson score interval for k successes among n.
///
/// # Formula
/// (p + z^2/2n +- z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n).
/// Source: Wilson (1927), JASA 22, 209-212. Nothing for n = 0.
pub fn wilson_interval(k: u64, n: u64) -> Option<Interval> {
    if n == 0 {
        return None;
    }
    let (k, n) = (k as f64, n as f64);
    let (p, z2) = (k / n, Z95 * Z95);
    let centre = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = Z95 * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt() / (1.0 + z2 / n);
    Some(Interval { low: (centre - half).max(0.0), high: (centre + half).min(1.0) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_values() {
        // Newcombe (1998), Statistics in Medicine 17, 857-872, table I, method 3: 81/263 -> 0.2553 to 0.3662, 15/148 -> 0.0624
        // to 0.1605, 0/20 -> 0 to 0.1611, 1/29 -> 0.0061 to 0.1718.
        for (k, n, low, high) in
            [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)]
        {
            let interval = wilson_interval(k, n).expect("n > 0");
            assert!((interval.low - low).abs() < 5e-5 && (interval.high - high).abs() < 5e-5, "{k}/{n}: {interval:?}");
        }
        assert_eq!(wilson_interval(0, 0), None);
    }
}
