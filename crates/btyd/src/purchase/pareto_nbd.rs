//! Pareto/NBD: customers may leave at any moment.

use rand::Rng;
use rand_distr::{Distribution, Exp, Gamma};
use serde::{Deserialize, Serialize};

use super::{Family, Outlook, PurchaseModel, Simulated, checked, ln_negative_binomial, positive};
use crate::error::Error;
use crate::history::{History, Row};
use crate::newton::Derivatives;
use crate::quadrature::{gauss_legendre, integrate, tanh_sinh};
use crate::special::{digamma, ln_gamma, one_minus_exp_over, trigamma};

/// The Pareto / negative binomial model: a customer buys at a rate λ ~ Gamma(r, α) and leaves at a rate μ ~ Gamma(s, β).
///
/// Source: Schmittlein, Morrison & Colombo (1987), "Counting Your Customers: Who Are They and What Will They Do Next?", Management
/// Science 33(1), 1-24. The usual closed forms subtract two 2F1 that are nearly equal, or divide by zero at s = 1; here the time of leaving
/// is integrated over, where every term is positive.
///
/// ```
/// use tallybook_btyd::{Family, History, ParetoNbd, PurchaseModel};
/// let model = ParetoNbd::new([0.5534, 10.5802, 0.6061, 11.6562])?;
/// let customer = History::new(2, 30.43, 38.86)?;
/// assert!((model.probability_alive(&customer) - 0.869110643968).abs() < 1e-12);
/// # Ok::<(), tallybook_btyd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ParetoNbd {
    /// Shape of the rates of buying.
    pub r: f64,
    /// Rate of the rates of buying: a time.
    pub alpha: f64,
    /// Shape of the rates of leaving.
    pub s: f64,
    /// Rate of the rates of leaving: a time.
    pub beta: f64,
}

/// The time of leaving, integrated over: y from `from` to `to`, under s (β+y)^-(s+1) (α+y)^-shape relative to its value at `from`.
///
/// On v = ln(m+y) with m the smaller of α and β, where the nearest singularities are at least π away from the real line. The end is drawn in
/// to where the integrand has fallen below rounding, and the number of nodes follows how far it falls.
struct Leaving {
    shape: f64,
    alpha: f64,
    s: f64,
    beta: f64,
    least: f64,
    from: f64,
    reach: f64,
    rule: &'static [(f64, f64)],
}

impl Leaving {
    fn new(shape: f64, alpha: f64, s: f64, beta: f64, from: f64, to: f64) -> Self {
        let least = alpha.min(beta);
        // Where (α+y)^-shape alone has fallen by e^-40.
        let fallen = (alpha + from) * (40.0 / shape).min(700.0).exp_m1();
        let length = (to - from).min(fallen);
        let reach = (length / (least + from)).ln_1p();
        let falls = shape * (length / (alpha + from)).ln_1p() + s * (length / (beta + from)).ln_1p();
        // The rule must follow both the fall and the distance, in units of what a polynomial can.
        let nodes = 8.0 + falls.max(4.0 * reach);
        let nodes = if nodes < 10.0 {
            8
        } else if nodes < 17.0 {
            16
        } else if nodes < 60.0 {
            32
        } else {
            64
        };
        Self { shape, alpha, s, beta, least, from, reach, rule: gauss_legendre(nodes) }
    }

    /// ln of s (β+y)^-(s+1) (α+y)^-shape at the beginning.
    fn ln_scale(&self) -> f64 {
        self.s.ln() - (self.s + 1.0) * (self.beta + self.from).ln() - self.shape * (self.alpha + self.from).ln()
    }

    /// Shows each y with its share of the integral, relative to the scale.
    fn each(&self, mut see: impl FnMut(f64, f64)) {
        let start = self.least + self.from;
        for &(node, weight) in self.rule {
            let moved = start * (node * self.reach).exp_m1();
            let fall = self.shape * (moved / (self.alpha + self.from)).ln_1p()
                + (self.s + 1.0) * (moved / (self.beta + self.from)).ln_1p();
            see(self.from + moved, weight * self.reach * (start + moved) * (-fall).exp());
        }
    }

    fn integral(&self) -> f64 {
        let mut sum = 0.0;
        self.each(|_, weight| sum += weight);
        sum
    }
}

impl ParetoNbd {
    fn leaving(&self, frequency: u32, recency: f64, age: f64) -> Leaving {
        Leaving::new(self.r + f64::from(frequency), self.alpha, self.s, self.beta, recency, age)
    }

    /// ln of (α+T)^-(r+x) (β+T)^-s: alive at T, up to what it shares with leaving.
    fn ln_alive(&self, frequency: u32, age: f64) -> f64 {
        -(self.r + f64::from(frequency)) * (self.alpha + age).ln() - self.s * (self.beta + age).ln()
    }

    /// Log-likelihood and derivatives of one customer, without what depends on frequency alone.
    ///
    /// ln of a sum of exponentials, over the moment of leaving (or not having left): its gradient is the mean of the exponents'
    /// gradients under their shares, its second derivatives the mean of theirs plus the covariance of the gradients.
    fn one(&self, frequency: u32, row: &Row) -> Derivatives<4> {
        let Self { alpha, s, beta, .. } = *self;
        let leaving = self.leaving(frequency, row.recency, row.age);
        let shape = leaving.shape;
        let (ln_alive, ln_scale) = (self.ln_alive(frequency, row.age), leaving.ln_scale());
        let top = ln_alive.max(ln_scale);
        let mut total = 0.0;
        let mut means = [0.0; 4];
        let mut products = [[0.0; 4]; 4];
        // Means of the second derivatives: (r, α) and (s, β) once, (α, α), (β, β), (s, s).
        let mut seconds = [0.0; 5];
        let mut add = |weight: f64, y: f64, power: f64, own: f64| {
            let (a1, b1) = (1.0 / (alpha + y), 1.0 / (beta + y));
            let slopes = [-(alpha + y).ln(), -shape * a1, own / s - (beta + y).ln(), -power * b1];
            total += weight;
            for i in 0..4 {
                means[i] += weight * slopes[i];
                for j in i..4 {
                    products[i][j] += weight * slopes[i] * slopes[j];
                }
            }
            let curves = [-a1, -b1, shape * a1 * a1, power * b1 * b1, -own / (s * s)];
            seconds.iter_mut().zip(curves).for_each(|(sum, curve)| *sum += weight * curve);
        };
        add((ln_alive - top).exp(), row.age, s, 0.0);
        let scale = (ln_scale - top).exp();
        if scale > 0.0 {
            leaving.each(|y, weight| add(scale * weight, y, s + 1.0, 1.0));
        }
        let mut out = Derivatives { value: top + total.ln(), gradient: means, hessian: products };
        for i in 0..4 {
            out.gradient[i] /= total;
        }
        for i in 0..4 {
            for j in i..4 {
                out.hessian[i][j] = out.hessian[i][j] / total - out.gradient[i] * out.gradient[j];
            }
        }
        for ((i, j), second) in [(0, 1), (2, 3), (1, 1), (3, 3), (2, 2)].into_iter().zip(seconds) {
            out.hessian[i][j] += second / total;
        }
        out
    }
}

impl PurchaseModel for ParetoNbd {
    fn parameters(&self) -> [f64; 4] {
        [self.r, self.alpha, self.s, self.beta]
    }

    /// # Formula
    /// ln Γ(r+x) - ln Γ(r) + r ln α + s ln β + ln((α+T)^-(r+x) (β+T)^-s + ∫ s (β+y)^-(s+1) (α+y)^-(r+x) dy), y from `t_x` to T.
    fn derivatives(&self, frequency: u32, rows: &[Row]) -> Derivatives<4> {
        let Self { r, alpha, s, beta } = *self;
        let mut sum = Derivatives::ZERO;
        let mut weights = 0.0;
        for row in rows {
            let mut own = self.one(frequency, row);
            weights += row.weight;
            own.value *= row.weight;
            own.gradient.iter_mut().for_each(|slope| *slope *= row.weight);
            own.hessian.iter_mut().flatten().for_each(|entry| *entry *= row.weight);
            sum.add(&own);
        }
        let shape = r + f64::from(frequency);
        sum.value += weights * (ln_gamma(shape) - ln_gamma(r) + r * alpha.ln() + s * beta.ln());
        let slopes = [digamma(shape) - digamma(r) + alpha.ln(), r / alpha, beta.ln(), s / beta];
        sum.gradient.iter_mut().zip(slopes).for_each(|(slope, own)| *slope += weights * own);
        sum.hessian[0][0] += weights * (trigamma(shape) - trigamma(r));
        sum.hessian[0][1] += weights / alpha;
        sum.hessian[1][1] -= weights * r / (alpha * alpha);
        sum.hessian[2][3] += weights / beta;
        sum.hessian[3][3] -= weights * s / (beta * beta);
        sum.mirrored()
    }

    fn probability_alive(&self, history: &History) -> f64 {
        let leaving = self.leaving(history.frequency(), history.recency(), history.age());
        let odds = leaving.ln_scale() - self.ln_alive(history.frequency(), history.age());
        // Beyond e^700 the scale alone would leave the range of numbers, though its product with a small integral does not.
        let odds = if odds < 700.0 { odds.exp() * leaving.integral() } else { (odds + leaving.integral().ln()).exp() };
        1.0 / (1.0 + odds)
    }

    /// # Formula
    /// (r+x) / (α+T) x ∫ e^(-rate y) ((β+T) / (β+T+y))^s dy over the horizon; without a rate the integral is
    /// (β+T) (1 - e^(-(s-1) L)) / (s-1) with L = ln(1 + horizon / (β+T)), which is (β+T) L at s = 1.
    fn residual_if_alive(&self, frequency: u32, age: f64, outlook: &Outlook) -> f64 {
        let scale = self.beta + age;
        let reach = (outlook.end() / scale).ln_1p();
        let rate = outlook.rate();
        let life = if rate == 0.0 {
            scale * reach * one_minus_exp_over((self.s - 1.0) * reach)
        } else {
            let within = |v: f64| (-rate * scale * v.exp_m1() + (1.0 - self.s) * v).exp();
            scale * integrate(gauss_legendre(64), reach, within)
        };
        (self.r + f64::from(frequency)) / (self.alpha + age) * life
    }

    /// # Formula
    /// Alive and silent throughout, or gone at y and silent until then: (A / (A+t))^(r+x) (B / (B+t))^s +
    /// ∫ s B^s (B+y)^-(s+1) (A / (A+y))^(r+x) dy over 0..t, with A = α+T and B = β+T.
    fn probability_of_silence_if_alive(&self, frequency: u32, age: f64, t: f64) -> f64 {
        let (alpha, beta) = (self.alpha + age, self.beta + age);
        let shape = self.r + f64::from(frequency);
        let stays = (-shape * (t / alpha).ln_1p() - self.s * (t / beta).ln_1p()).exp();
        let leaving = Leaving::new(shape, alpha, self.s, beta, 0.0, t);
        stays + self.s / beta * leaving.integral()
    }

    /// # Formula
    /// P(N(t) = x) (β / (β+t))^s + ∫ P(N(y) = x) s β^s (β+y)^-(s+1) dy over 0..t, with N negative binomial.
    fn probability_of(&self, purchases: u32, t: f64) -> f64 {
        if t <= 0.0 {
            return if purchases == 0 { 1.0 } else { 0.0 };
        }
        let bought = |y: f64| ln_negative_binomial(purchases, self.r, self.alpha, y);
        let lives = |y: f64| -self.s * (y / self.beta).ln_1p();
        let leaves = tanh_sinh(t, |y, _| (bought(y) + lives(y) - (self.beta + y).ln()).exp());
        (bought(t) + lives(t)).exp() + self.s * leaves
    }
}

impl Family for ParetoNbd {
    const NAME: &'static str = "Pareto/NBD";
    const PARAMETERS: [&'static str; 4] = ["r", "alpha", "s", "beta"];
    const TIMES: [bool; 4] = [false, true, false, true];

    fn new(parameters: [f64; 4]) -> Result<Self, Error> {
        let [r, alpha, s, beta] = checked::<Self>(parameters)?;
        Ok(Self { r, alpha, s, beta })
    }

    fn nearest(parameters: [f64; 4]) -> Self {
        let [r, alpha, s, beta] = parameters.map(positive);
        Self { r, alpha, s, beta }
    }

    fn starts(rate: f64, age: f64) -> Vec<[f64; 4]> {
        let start = |r: f64, busier: f64, s: f64, life: f64| [r, r / (busier * rate), s, life * age];
        vec![start(0.5, 1.5, 0.5, 0.5), start(1.0, 1.2, 1.0, 3.0), start(0.3, 3.0, 0.3, 0.1), start(2.0, 1.2, 2.0, 2.0)]
    }

    fn simulate<R: Rng + ?Sized>(&self, age: f64, ahead: f64, rng: &mut R) -> Simulated {
        let draw = |shape: f64, rate: f64, rng: &mut R| Gamma::new(shape, 1.0 / rate).map_or(0.0, |g| g.sample(rng));
        let (buys, leaves) = (draw(self.r, self.alpha, rng), draw(self.s, self.beta, rng));
        let life = Exp::new(leaves).map_or(f64::INFINITY, |life| life.sample(rng));
        let alive = life > age;
        let (mut at, mut frequency, mut recency, mut future) = (0.0, 0, 0.0, 0);
        let Ok(gap) = Exp::new(buys) else { return Simulated { history: History::NEW, alive, future } };
        loop {
            at += gap.sample(rng);
            if at > life.min(age + ahead) || at.is_nan() {
                break;
            }
            if at <= age {
                (frequency, recency) = (frequency + 1, at);
            } else {
                future += 1;
            }
        }
        let history = History::new(frequency, recency, age).unwrap_or(History::NEW);
        Simulated { history, alive, future }
    }
}
