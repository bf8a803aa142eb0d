//! Intervals for a count of independent events.

use crate::{Interval, Z95};

/// Computes a 95% interval for the mean of a Poisson count.
///
/// # Formula
/// Low: n (1 - 1/(9n) - z / (3 sqrt n))^3; high: m (1 - 1/(9m) + z / (3 sqrt m))^3 with m = n + 1: Byar's approximation to the
/// exact (Garwood) interval, within 1% of it from n = 3 on.
/// Source: Breslow & Day (1987), Statistical Methods in Cancer Research II, p. 69.
pub fn poisson_interval(count: u64) -> Interval {
    let bound = |n: f64, z: f64| n * (1.0 - 1.0 / (9.0 * n) + z / (3.0 * n.sqrt())).powi(3);
    let n = count as f64;
    Interval { low: if count == 0 { 0.0 } else { bound(n, -Z95).max(0.0) }, high: bound(n + 1.0, Z95) }
}

/// Computes a 95% interval for the mean of a compound Poisson total, from its sum of squares and the number of summands.
///
/// # Formula
/// T + sqrt(S / n) (limit of n - n), with Byar's limits for the count n: for equal summands that of the count, for many summands T +- z sqrt(S).
/// A total of losses leans the other way, and one of gains and losses that make up for each other leans no way: the two sides are mixed
/// by 2 T / sqrt(n S), which is beyond 1 where all summands are gains, unless they differ a lot.
/// Source: Dobson, Kuulasmaa, Eberle & Scherer (1991), Statistics in Medicine 10, 457-462, for gains.
pub fn compound_interval(total: f64, squares: f64, n: u64) -> Interval {
    let (of, count) = (poisson_interval(n), n as f64);
    let scale = (squares / count).sqrt();
    let lean = (2.0 * total / (count * squares).sqrt()).clamp(-1.0, 1.0);
    let (below, above) = (count - of.low, of.high - count);
    let mixed = |own: f64, other: f64| f64::midpoint(own + other, lean * (own - other));
    Interval { low: total - scale * mixed(below, above), high: total + scale * mixed(above, below) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_to_the_exact_interval() {
        // Garwood (1936) exact limits: 0 -> (0, 3.689), 10 -> (4.795, 18.390), 100 -> (81.364, 121.627).
        for (count, low, high) in [(0, 0.0, 3.689), (10, 4.795, 18.390), (100, 81.364, 121.627)] {
            let interval = poisson_interval(count);
            assert!((interval.low - low).abs() <= 0.01 * low.max(1.0), "{count}: {interval:?}");
            assert!((interval.high - high).abs() <= 0.01 * high, "{count}: {interval:?}");
        }
    }
}
