//! Special functions: the logarithm of the gamma function and its first two derivatives.

pub(crate) use statrs::function::gamma::{digamma, ln_gamma};

/// Computes the trigamma function, the second derivative of ln gamma, for positive x.
///
/// # Formula
/// trigamma(x) = trigamma(x + 1) + 1 / x^2 up to x >= 12, then the asymptotic series 1/x + 1/(2 x^2) + sum `B_2k` / x^(2k + 1).
/// Source: Abramowitz & Stegun (1964), 6.4.6 and 6.4.12.
pub(crate) fn trigamma(x: f64) -> f64 {
    let (mut x, mut shifted) = (x, 0.0);
    while x < 12.0 {
        shifted += 1.0 / (x * x);
        x += 1.0;
    }
    let inverse = 1.0 / x;
    let square = inverse * inverse;
    let bernoulli = [1.0 / 6.0, -1.0 / 30.0, 1.0 / 42.0, -1.0 / 30.0, 5.0 / 66.0, -691.0 / 2730.0, 7.0 / 6.0];
    let series = bernoulli.iter().rev().fold(0.0, |sum, number| sum * square + number);
    shifted + inverse + square / 2.0 + inverse * square * series
}

/// Computes (1 - exp(-z)) / z, which is 1 at z = 0.
pub(crate) fn one_minus_exp_over(z: f64) -> f64 {
    if z == 0.0 { 1.0 } else { -(-z).exp_m1() / z }
}

/// Computes ln(1 + exp(z)) without overflow, and the logistic function of z, its derivative.
pub(crate) fn softplus(z: f64) -> (f64, f64) {
    if z > 0.0 {
        let e = (-z).exp();
        (z + e.ln_1p(), 1.0 / (1.0 + e))
    } else {
        let e = z.exp();
        (e.ln_1p(), e / (1.0 + e))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_functions_to_fifty_digits() {
        let table = include_str!("../tests/models/reference.tsv");
        let mut checked = 0;
        for line in table.lines() {
            let fields: Vec<&str> = line.split('\t').collect();
            let value = |f: fn(f64) -> f64| f(fields[9].parse().expect("a number"));
            let value = match fields[0] {
                "ln_gamma" => value(ln_gamma),
                "digamma" => value(digamma),
                "trigamma" => value(trigamma),
                _ => continue,
            };
            let expected: f64 = fields[11].parse().expect("a number");
            assert!((value - expected).abs() <= 2e-14 * expected.abs().max(1.0), "{line}: {value:e}");
            checked += 1;
        }
        assert_eq!(checked, 39);
    }
}
