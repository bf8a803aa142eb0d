//! BG/NBD and MBG/NBD: customers may leave right after a purchase.

use rand::{Rng, RngExt};
use rand_distr::{Beta, Distribution, Exp, Gamma};
use serde::{Deserialize, Serialize};
use statrs::function::beta::beta_reg;

use super::{Family, Outlook, PurchaseModel, Simulated, checked, ln_negative_binomial, positive};
use crate::error::Error;
use crate::history::{History, Row};
use crate::newton::Derivatives;
use crate::quadrature::{beta_expectation, gauss_legendre, integrate};
use crate::special::{digamma, ln_gamma, one_minus_exp_over, softplus, trigamma};

/// A model in which a customer buys at a rate λ ~ Gamma(r, α) and leaves after a purchase with a probability p ~ Beta(a, b).
///
/// `FROM_FIRST` says whether they may leave after the first purchase already.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BetaGeometric<const FROM_FIRST: bool> {
    /// Shape of the rates.
    pub r: f64,
    /// Rate of the rates: a time.
    pub alpha: f64,
    /// First shape of the probabilities of leaving.
    pub a: f64,
    /// Second shape of the probabilities of leaving.
    pub b: f64,
}

/// The beta-geometric / negative binomial model: customers may leave after each *repeat* purchase.
///
/// Who has bought once only is alive for certain. Source: Fader, Hardie & Lee (2005), "Counting Your Customers the Easy Way", Marketing Science
/// 24(2), 275-284; the likelihood in the stable form of Hardie's note 027.
///
/// ```
/// use tallybook_btyd::{BgNbd, Family, History, PurchaseModel};
/// let model = BgNbd::new([0.243, 4.414, 0.793, 2.426])?;
/// let customer = History::new(2, 30.43, 38.86)?;
/// assert!((model.probability_alive(&customer) - 0.726578570081).abs() < 1e-12);
/// assert!((model.expected_transactions(&customer, 39.0) - 1.22602817477).abs() < 1e-11);
/// # Ok::<(), tallybook_btyd::Error>(())
/// ```
pub type BgNbd = BetaGeometric<false>;

/// The modified BG/NBD model: customers may leave after *any* purchase, the first among them.
///
/// Source: Batislam, Denizel & Filiztekin (2007), "Empirical validation and comparison of models for customer base analysis", International
/// Journal of Research in Marketing 24(3), 201-209.
pub type MbgNbd = BetaGeometric<true>;

/// Terms of the series at the most before quadrature takes over.
const TERMS: u32 = 4000;

impl<const FROM_FIRST: bool> BetaGeometric<FROM_FIRST> {
    /// Times at which a customer might have left and did not.
    fn passed(frequency: u32) -> f64 {
        f64::from(frequency) + if FROM_FIRST { 1.0 } else { 0.0 }
    }

    /// Expected purchases within t of a customer who is alive, by the most suitable of two positive forms.
    fn within(&self, frequency: u32, age: f64, t: f64) -> f64 {
        let shape = self.r + f64::from(frequency);
        let second = self.b + Self::passed(frequency);
        let ratio = t / (self.alpha + age);
        self.series(shape, second, ratio).unwrap_or_else(|| self.quadrature(shape, second, ratio))
    }

    /// Sums the probabilities of the next purchase, the one after it and so on.
    ///
    /// # Formula
    /// sum over i >= 0 of E[(1-p)^i] P(N > i), where p ~ Beta(a, B) and N, the purchases that a customer who never leaves would make, is
    /// negative binomial. Every term is positive, so nothing cancels, at a = 1 as anywhere else (the closed form with 2F1 is 0/0 there).
    fn series(&self, shape: f64, second: f64, ratio: f64) -> Option<f64> {
        let none = -shape * ratio.ln_1p();
        let step = ratio / (1.0 + ratio);
        if none < -500.0 || shape * ratio + 40.0 / (1.0 - step) > f64::from(TERMS) {
            return None;
        }
        let mut probability = none.exp();
        let mut more = -none.exp_m1();
        let (mut stays, mut sum) = (1.0, 0.0);
        for i in 0..4 * TERMS {
            sum += stays * more;
            let i = f64::from(i);
            stays *= (second + i) / (self.a + second + i);
            probability *= (shape + i) / (i + 1.0) * step;
            more = (more - probability).max(0.0);
            // Past the mean probabilities fall at least as fast as a geometric series, and so do their tails.
            if i > shape * ratio && probability <= 1e-18 * sum * (1.0 - step) * (1.0 - step) {
                return Some(sum);
            }
        }
        None
    }

    /// Integrates over the probability of leaving.
    ///
    /// # Formula
    /// E[(1 - (1 + p t / A)^-shape) / p] over p ~ Beta(a, B).
    fn quadrature(&self, shape: f64, second: f64, ratio: f64) -> f64 {
        beta_expectation(self.a, second, |p, _| {
            // ln(1 + z) / z is 1 for z near zero, where p may have lost its digits.
            let z = p * ratio;
            let scaled = z.ln_1p();
            let slope = if z > 1e-16 { scaled / z } else { 1.0 };
            shape * ratio * slope * one_minus_exp_over(shape * scaled)
        })
    }

    /// Chooses the rule for discounting: the integrand is smooth, unless the way is long or discounting cuts it off steeply.
    fn rule(&self, age: f64, (end, rate): (f64, f64)) -> &'static [(f64, f64)] {
        let long = (end / (self.alpha + age)).ln_1p() > 3.0;
        gauss_legendre(if long || rate * end > 5.0 { 64 } else { 16 })
    }

    /// Discounts purchases by parts: e^(-rate end) C(end) + rate x integral of e^(-rate s) C(s), on v = ln(1 + s / A).
    fn discounted(&self, frequency: u32, age: f64, (end, rate): (f64, f64), rule: &[(f64, f64)]) -> f64 {
        let scale = self.alpha + age;
        let integral = integrate(rule, (end / scale).ln_1p(), |v| {
            let s = scale * v.exp_m1();
            (-rate * s).exp() * self.within(frequency, age, s) * (scale + s)
        });
        (-rate * end).exp() * self.within(frequency, age, end) + rate * integral
    }

    /// The log-odds of being dead.
    fn log_odds_dead(&self, frequency: u32, recency: f64, age: f64) -> Option<f64> {
        let passed = Self::passed(frequency);
        let shape = self.r + f64::from(frequency);
        (passed > 0.0).then(|| {
            (self.a / (self.b + passed - 1.0)).ln() + shape * ((age - recency) / (self.alpha + recency)).ln_1p()
        })
    }

    /// ln E[(1-p)^m]: the probability of not leaving m times.
    fn ln_stays(&self, m: f64) -> f64 {
        ln_gamma(self.a + self.b) - ln_gamma(self.b) + ln_gamma(self.b + m) - ln_gamma(self.a + self.b + m)
    }
}

impl<const FROM_FIRST: bool> PurchaseModel for BetaGeometric<FROM_FIRST> {
    fn parameters(&self) -> [f64; 4] {
        [self.r, self.alpha, self.a, self.b]
    }

    /// # Formula
    /// With m = x (BG) or x + 1 (MBG): ln Γ(r+x) - ln Γ(r) + r ln α + ln E\[(1-p)^m\] - (r+x) ln(α+T) + ln(1 + e^z), where
    /// z = ln(a / (b+m-1)) + (r+x) ln((α+T) / (α+`t_x`)) is the log-odds of being dead, left out where m = 0.
    #[allow(clippy::many_single_char_names, reason = "the names of the papers")]
    #[allow(clippy::too_many_lines, reason = "one formula, whose terms are read side by side")]
    fn derivatives(&self, frequency: u32, rows: &[Row]) -> Derivatives<4> {
        let Self { r, alpha, a, b } = *self;
        let (x, m) = (f64::from(frequency), Self::passed(frequency));
        let shape = r + x;
        let odds = (a / (b + m - 1.0)).ln();
        let mut weights = 0.0;
        // Sums over rows of ln(α+T), 1/(α+T) and its square.
        let (mut ages, mut ages1, mut ages2) = (0.0, 0.0, 0.0);
        // Sums of ln(1 + e^z), of σ = P(dead) times 1, D, E, F and of σ(1-σ) times 1, D, E, DD, DE, EE, where D = dz/dr,
        // E = 1/(α+t_x) - 1/(α+T) and F = 1/(α+t_x)^2 - 1/(α+T)^2.
        let mut soft = 0.0;
        let mut dead = [0.0; 4];
        let mut spread = [0.0; 6];
        for row in rows {
            let weight = row.weight;
            let inverse_age = 1.0 / (alpha + row.age);
            weights += weight;
            ages += weight * (alpha + row.age).ln();
            ages1 += weight * inverse_age;
            ages2 += weight * inverse_age * inverse_age;
            if m == 0.0 {
                continue;
            }
            let inverse_recency = 1.0 / (alpha + row.recency);
            let d = ((row.age - row.recency) * inverse_recency).ln_1p();
            let e = inverse_recency - inverse_age;
            let f = e * (inverse_recency + inverse_age);
            let (value, sigma) = softplus(odds + shape * d);
            soft += weight * value;
            let sigma = weight * sigma;
            for (sum, term) in dead.iter_mut().zip([1.0, d, e, f]) {
                *sum += sigma * term;
            }
            let varied = sigma * (1.0 - sigma / weight);
            for (sum, term) in spread.iter_mut().zip([1.0, d, e, d * d, d * e, e * e]) {
                *sum += varied * term;
            }
        }
        let n = weights;
        let [s, sd, se, sf] = dead;
        let [v, vd, ve, vdd, vde, vee] = spread;
        // dz/da = 1/a, dz/db = -1/(b+m-1), dz/dα = -shape E.
        let (za, zb) = if m > 0.0 { (1.0 / a, -1.0 / (b + m - 1.0)) } else { (0.0, 0.0) };
        let value = n * (ln_gamma(shape) - ln_gamma(r) + r * alpha.ln() + self.ln_stays(m)) - shape * ages + soft;
        let (ab, abm) = (a + b, a + b + m);
        let gradient = [
            n * (digamma(shape) - digamma(r) + alpha.ln()) - ages + sd,
            n * r / alpha - shape * ages1 - shape * se,
            n * (digamma(ab) - digamma(abm)) + za * s,
            n * (digamma(ab) - digamma(b) + digamma(b + m) - digamma(abm)) + zb * s,
        ];
        let both = n * (trigamma(ab) - trigamma(abm));
        let mut hessian = [[0.0; 4]; 4];
        hessian[0][0] = n * (trigamma(shape) - trigamma(r)) + vdd;
        hessian[0][1] = n / alpha - ages1 - se - shape * vde;
        hessian[0][2] = za * vd;
        hessian[0][3] = zb * vd;
        hessian[1][1] = -n * r / (alpha * alpha) + shape * ages2 + shape * sf + shape * shape * vee;
        hessian[1][2] = -shape * za * ve;
        hessian[1][3] = -shape * zb * ve;
        hessian[2][2] = both - za * za * s + za * za * v;
        hessian[2][3] = both + za * zb * v;
        hessian[3][3] = both - n * (trigamma(b) - trigamma(b + m)) + zb * zb * s + zb * zb * v;
        Derivatives { value, gradient, hessian }.mirrored()
    }

    /// # Formula
    /// 1 / (1 + a / (b+m-1) x ((α+T) / (α+`t_x`))^(r+x)); 1 where nothing was repeated (BG).
    fn probability_alive(&self, history: &History) -> f64 {
        self.log_odds_dead(history.frequency(), history.recency(), history.age()).map_or(1.0, |z| softplus(-z).1)
    }

    fn residual_if_alive(&self, frequency: u32, age: f64, outlook: &Outlook) -> f64 {
        let (end, rate) = (outlook.end(), outlook.rate());
        if end == 0.0 {
            return 0.0;
        }
        if rate == 0.0 {
            return self.within(frequency, age, end);
        }
        self.discounted(frequency, age, (end, rate), self.rule(age, (end, rate)))
    }

    /// # Formula
    /// ((α+T) / (α+T+t))^(r+x): leaving takes a purchase.
    fn probability_of_silence_if_alive(&self, frequency: u32, age: f64, t: f64) -> f64 {
        (-(self.r + f64::from(frequency)) * (t / (self.alpha + age)).ln_1p()).exp()
    }

    /// # Formula
    /// With N negative binomial, the purchases of a customer who never leaves: E\[(1-p)^m\] P(N = x) + E\[p (1-p)^(m-1)\] P(N >= x).
    fn probability_of(&self, purchases: u32, t: f64) -> f64 {
        let m = Self::passed(purchases);
        let alive = self.ln_stays(m).exp() * ln_negative_binomial(purchases, self.r, self.alpha, t).exp();
        if m == 0.0 {
            return alive;
        }
        let at_least = if purchases == 0 { 1.0 } else { beta_reg(f64::from(purchases), self.r, t / (self.alpha + t)) };
        let leaves = self.ln_stays(m - 1.0).exp() * self.a / (self.a + self.b + m - 1.0);
        alive + leaves * at_least
    }
}

impl<const FROM_FIRST: bool> Family for BetaGeometric<FROM_FIRST> {
    const NAME: &'static str = if FROM_FIRST { "MBG/NBD" } else { "BG/NBD" };
    const PARAMETERS: [&'static str; 4] = ["r", "alpha", "a", "b"];
    const TIMES: [bool; 4] = [false, true, false, false];

    fn new(parameters: [f64; 4]) -> Result<Self, Error> {
        let [r, alpha, a, b] = checked::<Self>(parameters)?;
        Ok(Self { r, alpha, a, b })
    }

    fn nearest(parameters: [f64; 4]) -> Self {
        let [r, alpha, a, b] = parameters.map(positive);
        Self { r, alpha, a, b }
    }

    fn starts(rate: f64, _: f64) -> Vec<[f64; 4]> {
        // Those who stay buy more than the mean; how much more is what the starts differ in.
        let start = |r: f64, busier: f64, a: f64, b: f64| [r, r / (busier * rate), a, b];
        vec![
            start(0.5, 1.5, 0.5, 2.0),
            start(0.2, 3.0, 1.0, 2.0),
            start(2.0, 1.2, 0.2, 3.0),
            start(0.8, 2.0, 2.0, 10.0),
        ]
    }

    fn simulate<R: Rng + ?Sized>(&self, age: f64, ahead: f64, rng: &mut R) -> Simulated {
        let rate = Gamma::new(self.r, 1.0 / self.alpha).map_or(0.0, |gamma| gamma.sample(rng));
        let leaves = Beta::new(self.a, self.b).map_or(0.0, |beta| beta.sample(rng));
        let (mut at, mut frequency, mut recency, mut future) = (0.0, 0, 0.0, 0);
        let mut alive = !(FROM_FIRST && rng.random::<f64>() < leaves);
        let mut alive_then = alive;
        let Ok(gap) = Exp::new(rate) else { return Simulated { history: History::NEW, alive, future } };
        while alive {
            at += gap.sample(rng);
            if at > age + ahead || at.is_nan() {
                break;
            }
            alive = rng.random::<f64>() >= leaves;
            if at <= age {
                (frequency, recency, alive_then) = (frequency + 1, at, alive);
            } else {
                future += 1;
            }
        }
        let history = History::new(frequency, recency, age).unwrap_or(History::NEW);
        Simulated { history, alive: alive_then, future }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sixteen_nodes_are_enough_where_they_are_used() {
        use rand::{RngExt, SeedableRng};
        let mut rng = rand::rngs::StdRng::seed_from_u64(1);
        for _ in 0..500 {
            let mut between = |low: f64, high: f64| (low + (high - low) * rng.random::<f64>()).exp();
            let model = BgNbd {
                r: between(-3.0, 2.0),
                alpha: between(-1.0, 4.0),
                a: between(-3.0, 3.0),
                b: between(-3.0, 4.0),
            };
            let (age, ahead) = (between(0.0, 5.0), (between(0.0, 6.0), between(-9.0, -2.0)));
            let fine = model.discounted(7, age, ahead, gauss_legendre(64));
            let used = model.discounted(7, age, ahead, model.rule(age, ahead));
            assert!((used / fine - 1.0).abs() < 2e-11, "{model:?} {age} {ahead:?} {}", used / fine - 1.0);
        }
    }

    proptest! {
        #[test]
        fn the_series_and_the_integral_agree(
            a in -5.0_f64..4.0, second in -3.0_f64..6.0, shape in -4.0_f64..5.0, ratio in -12.0_f64..3.0,
        ) {
            let model = BgNbd { r: 1.0, alpha: 1.0, a: a.exp(), b: 1.0 };
            let (shape, second, ratio) = (shape.exp(), second.exp(), ratio.exp());
            if let Some(series) = model.series(shape, second, ratio) {
                let integral = model.quadrature(shape, second, ratio);
                prop_assert!((series / integral - 1.0).abs() < 2e-12, "{series} {integral}");
            }
        }
    }
}
