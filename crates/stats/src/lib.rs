//! Statistics of what metrics compute: exact sums, estimates with their intervals, control charts, decompositions.
//!
//! Nothing here knows of tables, customers or periods. Sums are integers and exact, whatever the order of addition; floats come last.

pub mod control_chart;
pub mod decomposition;
mod difference;
mod estimate;
mod intervals;
mod method;
mod outcome;
mod sums;

pub use control_chart::{ControlChart, Rule, Signal, control_chart};
pub use decomposition::Decomposition;
pub use difference::Difference;
pub use estimate::{Estimate, Predicted};
pub use intervals::{
    Interval, Z95, compound_interval, median_ranks, net_share_interval, poisson_interval, quantile_ranks,
    select_quantile, student_quantile, wilson, wilson_interval,
};
pub use method::Method;
pub use outcome::{Outcome, Undefined};
pub use sums::{PairSums, Sums};
