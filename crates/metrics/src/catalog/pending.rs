//! Shares of what is over, while some is pending still.

use tallybook_stats::{Outcome, Sums, Undefined};

/// Takes a share of marks, of which there are none where all are still pending.
pub(in crate::catalog) fn matured_share(marks: &Sums, pending: u64, of_what: &str, wait: &str) -> Outcome {
    if marks.n == 0 && pending > 0 {
        return Err(Undefined::Immature(wait.to_owned()));
    }
    marks.share(of_what)
}
