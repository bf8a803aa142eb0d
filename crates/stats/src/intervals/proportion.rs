//! Intervals for proportions.

use crate::{Interval, Z95};

/// Computes the 95% Wilson score interval for k successes among n.
///
/// # Formula
/// (p + z^2/2n +- z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n).
/// Source: Wilson (1927), JASA 22, 209-212. Nothing for n = 0.
pub fn wilson_interval(k: u64, n: u64) -> Option<Interval> {
    wilson(k as f64 / n as f64, n as f64)
}

/// Computes the same for a share of n that need not be whole, such as an effective sample size.
pub fn wilson(p: f64, n: f64) -> Option<Interval> {
    if n <= 0.0 || !p.is_finite() {
        return None;
    }
    let z2 = Z95 * Z95;
    let centre = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = Z95 * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).max(0.0).sqrt() / (1.0 + z2 / n);
    // Rounding must not leave the share itself outside.
    Some(Interval { low: (centre - half).max(0.0).min(p), high: (centre + half).min(1.0).max(p) })
}

/// Computes a 95% interval for the difference of two shares p and q of one sample, in points, such as promoters less detractors.
///
/// # Formula
/// 100 (d +- z sqrt((p + q - d^2) / n)) with d = p - q, after adding 3/4 of an answer to each of the two groups and three to all, which
/// keeps a width where all answers are alike; cut off at -100 and 100. For two hundred answers it is as good as without.
/// Source: Rocks (2016), "Interval estimation for the Net Promoter Score", The American Statistician 70, 365-372: adjusted Wald.
pub fn net_share_interval(p: f64, q: f64, n: f64) -> Option<Interval> {
    if n <= 0.0 || !(p.is_finite() && q.is_finite()) {
        return None;
    }
    let value = 100.0 * (p - q);
    let (p, q, n) = ((p * n + 0.75) / (n + 3.0), (q * n + 0.75) / (n + 3.0), n + 3.0);
    let d = p - q;
    let half = Z95 * ((p + q - d * d).max(0.0) / n).sqrt();
    let low = (100.0 * (d - half)).max(-100.0).min(value);
    Some(Interval { low, high: (100.0 * (d + half)).min(100.0).max(value) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn net_promoters() {
        // The check value of the catalogue: p .5, d 1/6, n 200 -> +-10.3 points.
        let interval = net_share_interval(0.5, 1.0 / 6.0, 200.0).expect("n > 0");
        let half = (interval.high - interval.low) / 2.0;
        assert!((half - 10.3).abs() < 0.05, "{half}");
        // Everyone alike: no certainty. 20.75 and 0.75 of 23: d = 0.8696, half-width 1.96 sqrt((0.9348 - 0.7561) / 23) = 0.1728.
        let alike = net_share_interval(1.0, 0.0, 20.0).expect("n > 0");
        assert!((alike.low - 69.68).abs() < 0.05 && (alike.high - 100.0).abs() < 1e-12, "{alike:?}");
        assert_eq!(net_share_interval(0.0, 0.0, 0.0), None);
    }

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
