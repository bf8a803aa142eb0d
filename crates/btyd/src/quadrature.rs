//! Numerical integration: Gauss-Legendre rules for smooth integrands, the tanh-sinh rule for those with singular ends.

use std::f64::consts::{FRAC_PI_2, PI};
use std::sync::LazyLock;

use crate::special::softplus;

/// A Gauss-Legendre rule on 0..1: nodes and weights.
pub(crate) type Rule = Vec<(f64, f64)>;

static RULES: LazyLock<[Rule; 4]> = LazyLock::new(|| [legendre(8), legendre(16), legendre(32), legendre(64)]);

/// Gives the rule with the least number of nodes that is at least what is asked for, or the largest.
pub(crate) fn gauss_legendre(nodes: usize) -> &'static [(f64, f64)] {
    let rules = &*RULES;
    rules.iter().find(|rule| rule.len() >= nodes).unwrap_or(&rules[rules.len() - 1])
}

/// Computes a rule by Newton's method on the Legendre polynomial.
fn legendre(nodes: usize) -> Rule {
    let n = nodes as f64;
    (0..nodes)
        .map(|i| {
            let mut x = (PI * (i as f64 + 0.75) / (n + 0.5)).cos();
            let mut slope = 1.0;
            for _ in 0..100 {
                let (mut before, mut now) = (1.0, x);
                for k in 2..=nodes {
                    let k = k as f64;
                    (before, now) = (now, ((2.0 * k - 1.0) * x * now - (k - 1.0) * before) / k);
                }
                slope = n * (x * now - before) / (x * x - 1.0);
                let step = now / slope;
                x -= step;
                if step.abs() < 1e-16 {
                    break;
                }
            }
            ((1.0 - x) / 2.0, 1.0 / ((1.0 - x * x) * slope * slope))
        })
        .collect()
}

/// Integrates over `0..upper` with a Gauss-Legendre rule.
pub(crate) fn integrate(rule: &[(f64, f64)], upper: f64, f: impl Fn(f64) -> f64) -> f64 {
    rule.iter().map(|&(node, weight)| weight * f(node * upper)).sum::<f64>() * upper
}

/// Halvings of the step at the most.
const LEVELS: u32 = 8;
/// Relative change at which halving stops.
const ENOUGH: f64 = 1e-14;

/// Integrates over `0..upper` by the tanh-sinh rule, which takes integrable singularities at either end and narrow peaks.
///
/// The integrand is given the distance from the lower and from the upper end, each without cancellation.
/// Source: Takahasi & Mori (1974), Publ. RIMS 9, 721-741.
pub(crate) fn tanh_sinh(upper: f64, f: impl Fn(f64, f64) -> f64) -> f64 {
    let at = |s: f64| {
        let u = FRAC_PI_2 * s.sinh();
        // 1 / (1 + exp(-2u)) and its complement.
        let (from_below, from_above) = (1.0 / (1.0 + (-2.0 * u).exp()), 1.0 / (1.0 + (2.0 * u).exp()));
        let slope = PI * s.cosh() * from_below * from_above;
        if slope == 0.0 || from_below == 0.0 || from_above == 0.0 {
            return 0.0;
        }
        let value = f(from_below * upper, from_above * upper) * slope;
        if value.is_finite() { value } else { 0.0 }
    };
    trapezium(6.2, 1.0, at) * upper
}

/// The trapezium rule on `-reach..reach`, with the step halved until the sum stands still.
pub(crate) fn trapezium(reach: f64, first: f64, f: impl Fn(f64) -> f64) -> f64 {
    let mut step = first;
    let mut sum = f(0.0);
    let mut previous = f64::NAN;
    for level in 0..LEVELS {
        let stride = if level == 0 { step } else { 2.0 * step };
        let mut s = step;
        while s <= reach {
            sum += f(s) + f(-s);
            s += stride;
        }
        let value = sum * step;
        if level > 1 && (value - previous).abs() <= ENOUGH * value.abs() {
            return value;
        }
        previous = value;
        step /= 2.0;
    }
    previous
}

/// Computes the expectation of a function of p ~ Beta(a, b), given p and 1 - p, each without cancellation.
///
/// On the logit of p stretched by a hyperbolic sine, over the same rule's integral of the density alone, so that no normalising constant
/// is needed. The function may grow no faster than the density falls.
pub(crate) fn beta_expectation(a: f64, b: f64, f: impl Fn(f64, f64) -> f64) -> f64 {
    let centre = (a / b).ln();
    let width = ((a + b) / (a * b)).sqrt().min(4.0);
    let peak = a * (a / (a + b)).ln() + b * (b / (a + b)).ln();
    let integral = |value: &dyn Fn(f64, f64) -> f64| {
        trapezium(9.0, 0.5, |s| {
            let logit = centre + width * s.sinh();
            let (ln_p, ln_q) = (-softplus(-logit).0, -softplus(logit).0);
            let density = (a * ln_p + b * ln_q - peak).exp();
            if density == 0.0 { 0.0 } else { density * value(ln_p.exp(), ln_q.exp()) * s.cosh() }
        })
    };
    integral(&f) / integral(&|_, _| 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_exact_for_polynomials() {
        for nodes in [8, 16, 32, 64] {
            let rule = gauss_legendre(nodes);
            assert_eq!(rule.len(), nodes);
            for power in [0, 1, 7, 2 * i32::try_from(nodes).expect("small") - 1] {
                let value = integrate(rule, 2.0, |x| (x / 2.0).powi(power));
                assert!((value - 2.0 / f64::from(power + 1)).abs() < 1e-14, "{nodes} {power} {value}");
            }
        }
    }

    #[test]
    fn singular_ends() {
        // Beta(0.1, 0.2) = gamma(.1) gamma(.2) / gamma(.3) = 14.599371492764829 (mpmath, 30 digits).
        let beta = tanh_sinh(1.0, |x, y| x.powf(-0.9) * y.powf(-0.8));
        assert!((beta / 14.599_371_492_764_83 - 1.0).abs() < 1e-12, "{beta:.17}");
    }

    #[test]
    fn means_of_beta_distributions() {
        // E[p] = a / (a + b), E[ln p] = digamma(a) - digamma(a + b); at a = 2, b = 3 the latter is 1/2 + 1/3 + 1/4 less: -13/12.
        for (a, b) in [(0.02, 0.3), (0.793, 4.4), (2.0, 3.0), (500.0, 20_000.0), (0.8, 20_002.0)] {
            let mean = beta_expectation(a, b, |p, _| p);
            assert!((mean / (a / (a + b)) - 1.0).abs() < 1e-12, "{a} {b} {mean}");
        }
        assert!((beta_expectation(2.0, 3.0, |p, _| p.ln()) + 13.0 / 12.0).abs() < 1e-12);
    }
}
