//! Maximum likelihood by Newton's method on the logarithms of positive parameters.

use crate::matrix::{Matrix, inverse, product, solve};

/// A log-likelihood with its first and second derivatives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Derivatives<const N: usize> {
    /// The value.
    pub value: f64,
    /// First derivatives.
    pub gradient: [f64; N],
    /// Second derivatives; the upper triangle is mirrored.
    pub hessian: Matrix<N>,
}

impl<const N: usize> Derivatives<N> {
    /// Nothing yet.
    pub const ZERO: Self = Self { value: 0.0, gradient: [0.0; N], hessian: [[0.0; N]; N] };

    /// Adds another's.
    pub fn add(&mut self, other: &Self) {
        self.value += other.value;
        for i in 0..N {
            self.gradient[i] += other.gradient[i];
            for j in 0..N {
                self.hessian[i][j] += other.hessian[i][j];
            }
        }
    }

    /// Copies the upper triangle of second derivatives to the lower.
    pub(crate) fn mirrored(mut self) -> Self {
        for i in 1..N {
            for j in 0..i {
                self.hessian[i][j] = self.hessian[j][i];
            }
        }
        self
    }

    /// Turns derivatives by the parameters into those by their logarithms.
    pub(crate) fn by_logarithms(&self, parameters: &[f64; N]) -> Self {
        let mut out = *self;
        for i in 0..N {
            out.gradient[i] *= parameters[i];
            for j in 0..N {
                out.hessian[i][j] *= parameters[i] * parameters[j];
            }
            out.hessian[i][i] += out.gradient[i];
        }
        out
    }

    fn is_finite(&self) -> bool {
        self.value.is_finite() && self.gradient.iter().chain(self.hessian.iter().flatten()).all(|v| v.is_finite())
    }

    /// The observed information: the negative of the second derivatives.
    fn information(&self, damping: f64) -> Matrix<N> {
        let mut information = self.hessian;
        for (i, row) in information.iter_mut().enumerate() {
            *row = row.map(|entry| -entry);
            row[i] += damping * row[i].abs().max(1.0);
        }
        information
    }
}

/// Where a maximisation ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Maximum<const N: usize> {
    /// Logarithms of the parameters.
    pub(crate) at: [f64; N],
    /// Log-likelihood and derivatives there, by the logarithms.
    pub(crate) derivatives: Derivatives<N>,
    /// Evaluations of the likelihood.
    pub(crate) evaluations: u32,
    /// Whether the gain that a further step promises is below rounding.
    pub(crate) converged: bool,
}

impl<const N: usize> Maximum<N> {
    /// The step to the top of the quadratic model, and twice the gain in log-likelihood that it promises; nothing where there is no top.
    fn step(&self, damping: f64) -> Option<([f64; N], f64)> {
        let step = solve(&self.derivatives.information(damping), &self.derivatives.gradient)?;
        let gain = step.iter().zip(&self.derivatives.gradient).map(|(step, slope)| step * slope).sum();
        Some((step, gain))
    }

    /// The covariance of the logarithms: the inverse of the observed information.
    pub(crate) fn covariance(&self) -> Option<Matrix<N>> {
        inverse(&self.derivatives.information(0.0))
    }
}

/// The longest step in the logarithm of a parameter.
const LONGEST: f64 = 2.0;
/// Where parameters are taken to run away, in logarithms from the start.
const FAR: f64 = 16.0;
/// Gain in log-likelihood below which a maximum is reached.
const REACHED: f64 = 1e-13;
/// Gain below which a maximum is close.
const CLOSE: f64 = 1e-5;
/// Damping beyond which no step gains.
const MOST_DAMPING: f64 = 1e12;

/// Climbs to a maximum.
///
/// Newton steps with Levenberg-Marquardt damping where the information is not positive definite or a step does not gain.
/// Source: Nocedal & Wright (2006), Numerical Optimization, ch. 3 and 10.
pub(crate) fn maximise<const N: usize>(
    start: [f64; N],
    most: u32,
    evaluate: impl Fn(&[f64; N]) -> Derivatives<N>,
) -> Maximum<N> {
    let mut here = Maximum { at: start, derivatives: evaluate(&start), evaluations: 1, converged: false };
    let mut damping = 0.0;
    while here.evaluations < most && here.derivatives.is_finite() {
        // Close to a maximum full steps are taken without a look at the value, which rounding blurs by then.
        let close = here.step(0.0).filter(|(_, gain)| (0.0..CLOSE).contains(gain));
        if let Some((step, gain)) = close
            && gain <= REACHED * here.derivatives.value.abs().max(1.0)
        {
            // The last step needs no other look: what is left after it is of the order of its square.
            here.at.iter_mut().zip(step).for_each(|(at, step)| *at += step);
            here.derivatives.value += gain / 2.0;
            here.converged = true;
            break;
        }
        let Some((step, _)) = close.or_else(|| here.step(damping)) else {
            damping = f64::max(damping * 10.0, 1e-3);
            if damping > MOST_DAMPING {
                break;
            }
            continue;
        };
        let longest = step.iter().fold(0.0_f64, |longest, step| longest.max(step.abs()));
        let shrink = f64::min(1.0, LONGEST / longest);
        let mut at = here.at;
        at.iter_mut().zip(step).for_each(|(at, step)| *at += shrink * step);
        if at.iter().zip(start).any(|(at, start)| (at - start).abs() > FAR) {
            break;
        }
        let derivatives = evaluate(&at);
        here.evaluations += 1;
        if derivatives.is_finite() && (close.is_some() || derivatives.value > here.derivatives.value) {
            here = Maximum { at, derivatives, ..here };
            damping = if damping < 1e-5 { 0.0 } else { damping / 10.0 };
        } else if damping > MOST_DAMPING {
            break;
        } else {
            damping = f64::max(damping * 10.0, 1e-3);
        }
    }
    here
}

/// A fit's uncertainty by the delta method: the standard error of a function of the parameters.
///
/// # Formula
/// sqrt(g' V g), where V is the covariance of the logarithms of the parameters and g the gradient of the function by them, taken by
/// central differences.
pub(crate) fn delta<const N: usize>(
    parameters: &[f64; N],
    covariance: &Matrix<N>,
    width: usize,
    f: impl Fn(&[f64; N]) -> Vec<f64>,
) -> Vec<f64> {
    let mut slopes = vec![[0.0; N]; width];
    for i in 0..N {
        // A step that is small beside the parameter's own uncertainty and large beside rounding.
        let step = (covariance[i][i].sqrt() * 0.05).clamp(1e-5, 1e-2);
        let at = |sign: f64| {
            let mut shifted = *parameters;
            shifted[i] *= (sign * step).exp();
            f(&shifted)
        };
        let (above, below) = (at(1.0), at(-1.0));
        for ((slope, above), below) in slopes.iter_mut().zip(above).zip(below) {
            slope[i] = (above - below) / (2.0 * step);
        }
    }
    slopes.iter().map(|slope| product(slope, covariance, slope).max(0.0).sqrt()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn climbs_a_crooked_hill() {
        // f = -(u - 1)^2 - 10 (v - u^2)^2 has its maximum 0 at (1, 1).
        let hill = |at: &[f64; 2]| {
            let [u, v] = *at;
            let rest = v - u * u;
            Derivatives {
                value: -(u - 1.0).powi(2) - 10.0 * rest * rest,
                gradient: [-2.0 * (u - 1.0) + 40.0 * u * rest, -20.0 * rest],
                hessian: [[-2.0 + 40.0 * rest - 80.0 * u * u, 40.0 * u], [40.0 * u, -20.0]],
            }
        };
        let top = maximise([-1.5, 2.0], 100, hill);
        assert!(top.converged);
        assert!(top.at.iter().all(|at| (at - 1.0).abs() < 1e-6), "{:?}", top.at);
    }
}
