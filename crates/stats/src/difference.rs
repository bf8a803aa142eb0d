//! The difference of two estimates, with its interval.

use crate::{Estimate, Interval, Method};

/// The difference of two estimates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Difference {
    /// This minus that, in the metric's unit.
    pub absolute: f64,
    /// That difference over the size of that; none where that is zero.
    pub relative: Option<f64>,
    /// 95% interval of the absolute difference.
    pub interval: Option<(Interval, Method)>,
}

impl Estimate {
    /// Compares with an estimate of the same metric in another period.
    ///
    /// # Formula
    /// With the intervals (l1, u1) and (l2, u2) of a and b: (a - b) - sqrt((a - l1)^2 + (u2 - b)^2) to
    /// (a - b) + sqrt((u1 - a)^2 + (b - l2)^2), which for two proportions is Newcombe's method. It keeps the asymmetry of intervals near
    /// zero, where a normal difference would find changes in handfuls of events. The periods are treated as independent; where the same
    /// customers are in both, the interval is on the wide side.
    /// Source: Zou & Donner (2008), Statistics in Medicine 27, 1693-1702 (MOVER); Newcombe (1998) for proportions.
    pub fn difference(&self, other: &Self) -> Option<Difference> {
        let (this, that) = (self.value()?, other.value()?);
        let absolute = this - that;
        let relative = (that != 0.0).then(|| absolute / that.abs());
        // Growth of neighbours rests on one total that both have in common.
        let apart = !matches!((self, other), (Self::Growth { .. }, Self::Growth { .. }));
        let interval = self.interval().zip(other.interval()).filter(|_| apart).map(|((one, method), (two, _))| {
            let low = absolute - (this - one.low).hypot(two.high - that);
            let high = absolute + (one.high - this).hypot(that - two.low);
            let method = if method == Method::Wilson { Method::Newcombe } else { Method::Mover };
            (Interval { low, high }, method)
        });
        Some(Difference { absolute, relative, interval })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences() {
        // Counts 100 (81.362 to 121.628) and 64 (49.285 to 81.728): 36 less sqrt(18.638^2 + 17.728^2), plus sqrt(21.628^2 + 14.715^2).
        let difference = Estimate::Count(100).difference(&Estimate::Count(64)).expect("defined");
        let (interval, method) = difference.interval.expect("an interval");
        assert!((interval.low - 10.277).abs() < 0.01 && (interval.high - 62.159).abs() < 0.01, "{interval:?}");
        assert_eq!((method, difference.relative), (Method::Mover, Some(0.5625)));
        // One event after seven is no news.
        let few = Estimate::Count(1).difference(&Estimate::Count(7)).and_then(|difference| difference.interval);
        assert!(few.is_some_and(|(interval, _)| interval.high > 0.0));
        // Newcombe (1998), Statistics in Medicine 17, 873-890, table II, method 10: 56/70 - 48/80 -> 0.0524 to 0.3339.
        let shares = Estimate::Proportion { k: 56, n: 70 }.difference(&Estimate::Proportion { k: 48, n: 80 });
        let (interval, method) = shares.and_then(|difference| difference.interval).expect("an interval");
        assert!((interval.low - 0.0524).abs() < 5e-5 && (interval.high - 0.3339).abs() < 5e-5, "{interval:?}");
        assert_eq!(method, Method::Newcombe);
    }
}
