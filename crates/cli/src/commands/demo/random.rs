//! Random numbers that stay the same from one version to the next.

/// The `SplitMix64` generator (Steele, Lea & Flood, 2014).
pub(super) struct Random(u64);

impl Random {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The numbers of one customer in one table, apart from those of every other.
    pub(super) const fn apart(table: u64, customer: usize) -> Self {
        Self((table << 40) + customer as u64)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number in 0 <= x < 1.
    pub(super) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(super) fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    pub(super) fn exponential(&mut self) -> f64 {
        -(1.0 - self.unit()).ln()
    }

    /// Standard normal, by the sum of twelve uniforms: close enough for a demo.
    pub(super) fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }

    /// One of several, by their weights.
    pub(super) fn pick<T: Copy>(&mut self, weighted: &[(T, f64)]) -> T {
        let mut at = self.unit() * weighted.iter().map(|(_, weight)| weight).sum::<f64>();
        for (one, weight) in weighted {
            at -= weight;
            if at < 0.0 {
                return *one;
            }
        }
        weighted[0].0
    }
}
