//! What a customer is worth by the textbook formula, for the metrics that show it or set something against it.

use super::inactive_customers::pair;
use super::options::{DayCount, Fraction};
use crate::folds::inactivity::Inactivity;
use crate::metric::{Cell, Results};
use tallybook_stats::{Estimate, Outcome, Undefined};

/// The share of revenue that is margin; all of it where none is given.
pub(in crate::catalog) fn margin(gross_margin: Option<Fraction>) -> f64 {
    gross_margin.map_or(1.0, |margin| margin.0)
}

/// Says what value is counted in.
pub(in crate::catalog) fn basis(gross_margin: Option<Fraction>) -> String {
    match gross_margin {
        Some(Fraction(margin)) => format!("gross margin of {}%", (margin * 1000.0).round() / 10.0),
        None => "revenue, for want of a gross margin".to_owned(),
    }
}

/// Margin a customer and window over churn a window.
///
/// With y the revenue before and z whether the customer was lost, the value is margin x sum(y) / sum(z); the delta method gives the
/// variance of that ratio over customers as margin^2 x (sum(y^2) - 2 r sum(y z) + r^2 sum(z^2)) / sum(z)^2 with r = sum(y) / sum(z).
/// The pairs of windows must have been asked for.
pub(in crate::catalog) fn by_formula(
    results: &Results,
    cell: &Cell,
    before: DayCount,
    after: DayCount,
    margin: f64,
) -> Outcome {
    let (active, _) = pair(&results.calendar, before, after, &cell.window);
    results.covered_whole(&active)?;
    let key = Inactivity::key(before.0, after.0);
    let found = results.fold::<Inactivity>(&key).and_then(|fold| fold.cell(&active, cell.segment));
    let Some(found) = found.filter(|found| found.revenue.n > 0) else {
        return Err(Undefined::because("no customers active in the window before"));
    };
    if found.lost == 0 {
        return Err(Undefined::because("no customer was lost: expected life is without end"));
    }
    let (sum, lost) = (found.revenue.sum as f64, found.lost as f64);
    let (squares, cross) = (found.revenue.squares as f64, found.lost_revenue as f64);
    let ratio = sum / lost;
    let variance = (squares - 2.0 * ratio * cross + ratio * ratio * lost) / (lost * lost);
    // Revenue is a window before's, churn a window after's: both to the same length of time.
    let scale = margin * f64::from(after.0) / f64::from(before.0);
    Ok(Estimate::Ratio { ratio: scale * ratio, variance: scale * scale * variance.max(0.0), n: found.revenue.n })
}
