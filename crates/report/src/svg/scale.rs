//! Linear scales with round ticks.

/// Maps values to coordinates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Scale {
    low: f64,
    high: f64,
    start: f64,
    end: f64,
}

impl Scale {
    /// Maps `low..high` to `start..end`; a range without extent is widened.
    pub(crate) fn new(low: f64, high: f64, start: f64, end: f64) -> Self {
        if high > low {
            return Self { low, high, start, end };
        }
        let margin = if low == 0.0 { 1.0 } else { low.abs() * 0.1 };
        Self { low: low - margin, high: high + margin, start, end }
    }

    pub(crate) fn at(&self, value: f64) -> f64 {
        self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)
    }

    /// Gives values in the range that are round in a unit, such as an hour's seconds.
    pub(crate) fn ticks_in(&self, unit: f64, count: usize) -> Vec<f64> {
        let own = Self { low: self.low / unit, high: self.high / unit, ..*self };
        own.ticks(count).into_iter().map(|tick| tick * unit).collect()
    }

    /// Gives round values in the range: about `count` of them, steps of 1, 2 or 5 times a power of ten.
    pub(crate) fn ticks(&self, count: usize) -> Vec<f64> {
        let rough = (self.high - self.low) / count.max(1) as f64;
        let magnitude = 10_f64.powf(rough.log10().floor());
        let step =
            [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * magnitude).find(|&step| step >= rough).unwrap_or(rough);
        let first = (self.low / step).ceil();
        (0_u32..20).map(|index| (first + f64::from(index)) * step).take_while(|&tick| tick <= self.high).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_ticks() {
        assert_eq!(Scale::new(0.0, 97.0, 0.0, 1.0).ticks(4), [0.0, 50.0]);
        assert_eq!(Scale::new(0.0, 100.0, 0.0, 1.0).ticks(5), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        assert_eq!(Scale::new(0.0, 12_000.0, 0.0, 1.0).ticks_in(3_600.0, 4), [0.0, 3_600.0, 7_200.0, 10_800.0]);
        assert!((Scale::new(3.0, 3.0, 0.0, 1.0).at(3.0) - 0.5).abs() < 1e-12);
    }
}
