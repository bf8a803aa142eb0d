//! Revenue by the pipeline's policy, for the metrics that count it.

use tallybook_calendar::Window;
use tallybook_ingest::TableKind;
use tallybook_stats::Sums;

use crate::engine::order_value::OrderValue;
use crate::engine::row_sums::{Clock, Reduction};
use crate::metric::{Requests, Results};

/// The worth of orders on the day they are placed.
pub(in crate::catalog) fn placed() -> Reduction {
    Reduction { terms: vec![(OrderValue::PLACED, 1)], ..Reduction::rows(TableKind::Orders, Clock::OrderedAt) }
}

/// Refunds on the day they are made, where the policy counts them then.
pub(in crate::catalog) fn refunds(value: &OrderValue) -> Option<Reduction> {
    let made = || Reduction {
        terms: vec![("refund_amount", 1)],
        nonzero: true,
        ..Reduction::rows(TableKind::Orders, Clock::RefundedAt)
    };
    value.refunds_apart.then(made)
}

/// Asks for revenue by the pipeline's policy.
pub(in crate::catalog) fn request_revenue(requests: &mut Requests<'_>) {
    requests.reduction(placed());
    if let Some(refunds) = refunds(requests.value) {
        requests.reduction(refunds);
    }
}

/// Reads revenue: the worth of the orders placed, less the refunds made.
pub(in crate::catalog) fn revenue(results: &Results, window: &Window, segment: usize) -> Sums {
    let mut revenue = results.sums(&placed(), window, segment);
    if let Some(refunds) = refunds(&results.value) {
        let refunded = results.sums(&refunds, window, segment);
        revenue.sum -= refunded.sum;
        revenue.squares += refunded.squares;
    }
    revenue
}
