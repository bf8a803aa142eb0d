//! Which model to use: the first of several that fits.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::findings::{Finding, Verdict};
use crate::fit::{Demands, Fit};
use crate::history::{History, Sample};
use crate::matrix::Matrix;
use crate::purchase::{BgNbd, Family, MbgNbd, Outlook, ParetoNbd, PurchaseModel};
use crate::spend::{GammaGamma, SpendFit};

/// The purchase models by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelKind {
    /// [`BgNbd`].
    BgNbd,
    /// [`MbgNbd`].
    MbgNbd,
    /// [`ParetoNbd`].
    ParetoNbd,
}

impl ModelKind {
    /// All, in the order in which they are tried unless another is said: the usual one, the one that differs least from it, and the one
    /// that takes longest.
    pub const ORDER: [Self; 3] = [Self::BgNbd, Self::MbgNbd, Self::ParetoNbd];

    /// Names the model.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BgNbd => BgNbd::NAME,
            Self::MbgNbd => MbgNbd::NAME,
            Self::ParetoNbd => ParetoNbd::NAME,
        }
    }

    /// Names the model's parameters.
    pub const fn parameters(self) -> [&'static str; 4] {
        match self {
            Self::BgNbd => BgNbd::PARAMETERS,
            Self::MbgNbd => MbgNbd::PARAMETERS,
            Self::ParetoNbd => ParetoNbd::PARAMETERS,
        }
    }

    /// Fits the model.
    pub fn fit(self, sample: &Sample, demands: &Demands) -> AnyFit {
        match self {
            Self::BgNbd => AnyFit::BgNbd(Fit::of(sample, demands)),
            Self::MbgNbd => AnyFit::MbgNbd(Fit::of(sample, demands)),
            Self::ParetoNbd => AnyFit::ParetoNbd(Fit::of(sample, demands)),
        }
    }
}

impl fmt::Display for ModelKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A fit of any of the models.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "family", rename_all = "snake_case")]
pub enum AnyFit {
    /// Of [`BgNbd`].
    BgNbd(Fit<BgNbd>),
    /// Of [`MbgNbd`].
    MbgNbd(Fit<MbgNbd>),
    /// Of [`ParetoNbd`].
    ParetoNbd(Fit<ParetoNbd>),
}

/// Does the same with whichever fit it is.
macro_rules! with {
    ($any:expr, $fit:ident => $do:expr) => {
        match $any {
            AnyFit::BgNbd($fit) => $do,
            AnyFit::MbgNbd($fit) => $do,
            AnyFit::ParetoNbd($fit) => $do,
        }
    };
}

impl AnyFit {
    /// Says which model it is of.
    pub const fn kind(&self) -> ModelKind {
        match self {
            Self::BgNbd(_) => ModelKind::BgNbd,
            Self::MbgNbd(_) => ModelKind::MbgNbd,
            Self::ParetoNbd(_) => ModelKind::ParetoNbd,
        }
    }

    /// Gives the model.
    pub fn model(&self) -> &dyn PurchaseModel {
        with!(self, fit => &fit.model)
    }

    /// Gives the log-likelihood at the maximum.
    pub const fn log_likelihood(&self) -> f64 {
        with!(self, fit => fit.log_likelihood)
    }

    /// Gives the standard errors of the parameters.
    pub const fn standard_errors(&self) -> Option<[f64; 4]> {
        with!(self, fit => fit.standard_errors)
    }

    /// Gives the covariance of the logarithms of the parameters.
    pub const fn covariance_of_logarithms(&self) -> Option<Matrix<4>> {
        with!(self, fit => fit.covariance_of_logarithms)
    }

    /// Gives what there is to object.
    pub fn findings(&self) -> &[Finding] {
        with!(self, fit => &fit.findings)
    }

    /// Tells how far the fit can be relied on.
    pub fn verdict(&self) -> Verdict {
        Finding::overall(self.findings())
    }

    /// Computes functions of the model with their standard errors, as [`Fit::with_errors`] does.
    pub fn with_errors(&self, f: &dyn Fn(&dyn PurchaseModel) -> Vec<f64>) -> Option<Vec<(f64, f64)>> {
        with!(self, fit => fit.with_errors(|model| f(model)))
    }

    /// Fits the model to resamples, as [`Fit::bootstrap`] does.
    pub fn bootstrap(&self, sample: &Sample, draws: u32, seed: u64) -> Vec<Box<dyn PurchaseModel>> {
        fn boxed<M: Family + 'static>(models: Vec<M>) -> Vec<Box<dyn PurchaseModel>> {
            models.into_iter().map(|model| Box::new(model) as Box<dyn PurchaseModel>).collect()
        }
        with!(self, fit => boxed(fit.bootstrap(sample, draws, seed)))
    }
}

/// The models that were tried, in order, up to the first that can be used.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Choice {
    /// Every fit that was made. All but the last are unusable; so is the last where no model could be used.
    pub tried: Vec<AnyFit>,
}

impl Choice {
    /// Tries models in order until one can be used. What made each of the others unusable stays on record.
    pub fn of(sample: &Sample, order: &[ModelKind], demands: &Demands) -> Self {
        let mut tried = Vec::new();
        for kind in order {
            let fit = kind.fit(sample, demands);
            let usable = fit.verdict() != Verdict::Unusable;
            // What the data lack, another model lacks too.
            let hopeless = fit
                .findings()
                .iter()
                .any(|finding| matches!(finding, Finding::NoRepeats | Finding::TooFewRepeaters { .. }));
            tried.push(fit);
            if usable || hopeless {
                break;
            }
        }
        Self { tried }
    }

    /// Gives the fit to use, where there is one.
    pub fn chosen(&self) -> Option<&AnyFit> {
        self.tried.last().filter(|fit| fit.verdict() != Verdict::Unusable)
    }

    /// Says of each model that was passed over why, and of the chosen one what to mind.
    pub fn remarks(&self) -> Vec<String> {
        let remark = |fit: &AnyFit| {
            let findings: Vec<String> = fit.findings().iter().map(ToString::to_string).collect();
            (!findings.is_empty()).then(|| format!("{}: {}", fit.kind(), findings.join("; ")))
        };
        self.tried.iter().filter_map(remark).collect()
    }
}

/// What a purchase is expected to be worth.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "spend", rename_all = "snake_case")]
pub enum Spend {
    /// By the customer's own purchases and everybody's.
    GammaGamma(GammaGamma),
    /// The same for all: the pooled mean, where Gamma-Gamma cannot be used.
    Pooled {
        /// The mean.
        mean: f64,
    },
}

impl Spend {
    /// Takes the fitted Gamma-Gamma model where it can be used, else the pooled mean; nothing where there is none.
    pub fn of(fit: &SpendFit, pooled: Option<f64>) -> Option<Self> {
        if fit.verdict() == Verdict::Unusable {
            pooled.map(|mean| Self::Pooled { mean })
        } else {
            Some(Self::GammaGamma(fit.model))
        }
    }

    /// Computes the spend a purchase expected of a customer whose `frequency` purchases came to `total`.
    pub fn expected(&self, frequency: u32, total: f64) -> f64 {
        match self {
            Self::Pooled { mean } => *mean,
            Self::GammaGamma(model) => {
                let mean = if frequency == 0 { 0.0 } else { total / f64::from(frequency) };
                model.expected_spend(frequency, mean)
            }
        }
    }
}

/// Computes a customer's lifetime value ahead: expected purchases x expected spend x margin, discounted.
///
/// ```
/// use tallybook_btyd::{BgNbd, Family, GammaGamma, History, Outlook, Spend, residual_value};
/// let model = BgNbd::new([0.243, 4.414, 0.793, 2.426])?;
/// let spend = Spend::GammaGamma(GammaGamma::new(6.25, 3.74, 15.44)?);
/// let customer = History::new(2, 30.43, 38.86)?;
/// // Two repeat purchases worth 44.70 together, a margin of 60%, a year ahead at 10% a year, in weeks.
/// let value = residual_value(&model, &spend, &customer, 44.70, 0.6, &Outlook::of_days(365.0, 7.0, 0.10)?);
/// assert!(value > 0.0);
/// # Ok::<(), tallybook_btyd::Error>(())
/// ```
pub fn residual_value(
    model: &dyn PurchaseModel,
    spend: &Spend,
    history: &History,
    total: f64,
    margin: f64,
    outlook: &Outlook,
) -> f64 {
    model.expected_residual(history, outlook) * spend.expected(history.frequency(), total) * margin
}
