//! The normal distribution.

/// The 97.5% quantile of the standard normal distribution: the half-width of a 95% interval in standard errors.
pub const Z95: f64 = 1.959_963_984_540_054;

/// Computes the complementary error function.
///
/// # Formula
/// A continued fraction for |x| >= 2, the Maclaurin series of erf below; both to about 1e-15 relative.
/// Source: Abramowitz & Stegun (1964), 7.1.6 and 7.1.14.
pub fn erfc(x: f64) -> f64 {
    if x < 0.0 {
        return 2.0 - erfc(-x);
    }
    if x < 2.0 {
        // erf(x) = 2/sqrt(pi) * exp(-x^2) * sum 2^n x^(2n+1) / (1*3*...*(2n+1))
        let (mut term, mut sum, mut odd) = (x, x, 1.0);
        while term > sum * 1e-17 {
            odd += 2.0;
            term *= 2.0 * x * x / odd;
            sum += term;
        }
        return 1.0 - std::f64::consts::FRAC_2_SQRT_PI * (-x * x).exp() * sum;
    }
    let mut fraction = x;
    for n in (1..=60).rev() {
        fraction = x + f64::from(n) / 2.0 / fraction;
    }
    (-x * x).exp() / (fraction * std::f64::consts::PI.sqrt())
}

/// Computes the distribution function of the standard normal distribution.
pub fn normal_cdf(x: f64) -> f64 {
    erfc(-x / std::f64::consts::SQRT_2) / 2.0
}

/// Computes the quantile function of the standard normal distribution for 0 < p < 1.
///
/// # Formula
/// Newton's method on the distribution function, from the logistic approximation.
pub fn normal_quantile(p: f64) -> f64 {
    let mut x = (p / (1.0 - p)).ln() / 1.702;
    for _ in 0..100 {
        let density = (-x * x / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
        let step = (normal_cdf(x) - p) / density;
        // The tails are flat: no step may leave the neighbourhood.
        let step = step.clamp(-1.0, 1.0);
        x -= step;
        if step.abs() < 1e-14 {
            break;
        }
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables() {
        // Abramowitz & Stegun (1964), table 26.1 and 26.5.
        for (x, p) in
            [(0.0, 0.5), (1.0, 0.841_344_746_068_543), (2.0, 0.977_249_868_051_821), (3.0, 0.998_650_101_968_370)]
        {
            assert!((normal_cdf(x) - p).abs() < 1e-14, "{x}");
            assert!((normal_cdf(-x) - (1.0 - p)).abs() < 1e-14, "{x}");
        }
        assert!((normal_quantile(0.975) - Z95).abs() < 1e-12);
        assert!((normal_quantile(0.999) - 3.090_232_306_167_814).abs() < 1e-11);
        // erfc(5) = 1.5374597944280349e-12 (DLMF 7.23).
        assert!((erfc(5.0) / 1.537_459_794_428_035e-12 - 1.0).abs() < 1e-12);
    }
}
