//! Models of customers who come, buy and leave without saying so: how many are still there, what they will do, what they are worth.
//!
//! - **Purchases** without a contract: [`BgNbd`], [`MbgNbd`], [`ParetoNbd`], each a [`PurchaseModel`].
//! - **Spend** a purchase: [`GammaGamma`].
//! - **Contracts** that are renewed or not: [`ShiftedBetaGeometric`].
//! - **Survival** without a model: [`KaplanMeier`] and [`log_rank`].
//!
//! A purchase model needs three numbers a customer (see [`History`]). [`Fit`] finds the maximum of the likelihood and then *judges* it: a
//! fit carries a [`Verdict`] and the [`Finding`]s behind it, because a search that ran to the end of a parameter's range, or that hangs on one
//! customer, looks like any other when only its numbers are shown. [`Choice`] tries models in a stated order until one can be used.
//!
//! Closed forms with 2F1 lose all digits for heavy buyers and divide by zero at a = 1 or s = 1; everything here is computed from sums
//! and integrals of positive terms instead, which are accurate to about 12 digits wherever they are finite.
//!
//! ```
//! use rand::{SeedableRng, rngs::StdRng};
//! use tallybook_btyd::{BgNbd, Demands, Family, Fit, History, PurchaseModel, Sample, Verdict};
//!
//! // Two thousand customers, observed for 52 weeks, of whom the truth is known.
//! let truth = BgNbd::new([0.5, 6.0, 0.8, 2.5])?;
//! let mut rng = StdRng::seed_from_u64(1);
//! let customers: Vec<_> = (0..2000).map(|_| truth.simulate(52.0, 0.0, &mut rng).history).collect();
//!
//! let fit = Fit::<BgNbd>::of(&Sample::new(customers)?, &Demands::default());
//! assert_eq!(fit.verdict(), Verdict::Sound);
//! let silent = History::new(6, 20.0, 52.0)?;
//! let busy = History::new(6, 50.0, 52.0)?;
//! assert!(fit.model.probability_alive(&silent) < fit.model.probability_alive(&busy));
//! # Ok::<(), tallybook_btyd::Error>(())
//! ```

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod choice;
mod contract;
mod error;
mod findings;
mod fit;
mod history;
mod matrix;
mod newton;
mod purchase;
mod quadrature;
mod special;
mod spend;
mod survival;

pub use choice::{AnyFit, Choice, ModelKind, Spend, residual_value};
pub use contract::{ContractFit, Contracts, ShiftedBetaGeometric};
pub use error::Error;
pub use findings::{Finding, Verdict};
pub use fit::{Demands, Fit};
pub use history::{History, Row, Sample};
pub use matrix::Matrix;
pub use newton::Derivatives;
pub use purchase::{
    BetaGeometric, BgNbd, DAYS_OF_A_YEAR, Family, MbgNbd, Outlook, ParetoNbd, PurchaseModel, Simulated,
};
pub use spend::{GammaGamma, SpendFit, SpendSample};
pub use survival::{KaplanMeier, Life, LogRank, Median, Step, log_rank};
