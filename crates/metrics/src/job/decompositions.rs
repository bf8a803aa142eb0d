//! Decompositions of changes: how an estimate comes about from its parts, and what may be told of them.

use tallybook_stats::decomposition::{self, Decomposition, Part};
use tallybook_stats::{Estimate, Outcome, Undefined};

/// Parts of one in which means and shares are added up.
const PARTS: f64 = 1e6;

/// How an estimate comes about from its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Total,
    Product,
    Rate,
}

/// An estimate as a sum over parts: what is above the line, what below, and what is to be divided by in the end.
fn shape(estimate: &Estimate) -> Option<(Shape, i128, u64, f64)> {
    #[allow(clippy::cast_possible_truncation, reason = "saturates; sums of parts are checked against the whole")]
    let parts = |value: f64| (value * PARTS).round() as i128;
    Some(match *estimate {
        Estimate::Count(count) => (Shape::Total, i128::from(count), 0, 1.0),
        Estimate::Total { sum, n, .. } => (Shape::Product, sum, n, 1.0),
        Estimate::Proportion { k, n } => (Shape::Rate, i128::from(k), n, 1.0),
        Estimate::NetShare { up, down, n } => (Shape::Rate, 100 * (i128::from(up) - i128::from(down)), n, 1.0),
        Estimate::PerCount { amount, count } => (Shape::Rate, amount, count, 1.0),
        Estimate::Mean { mean, n, .. } => (Shape::Rate, parts(mean * n as f64), n, PARTS),
        _ => return None,
    })
}

/// One segment in one period; none where its value is not one of sums.
fn part(name: &str, outcome: &Outcome) -> Option<Part> {
    match outcome {
        Ok(estimate) => shape(estimate).map(|(_, num, den, _)| Part { name: name.to_owned(), num, den }),
        // What is hidden is not to be worked out from its effect.
        Err(Undefined::TooFew { .. }) => None,
        // Nothing there adds nothing.
        Err(_) => Some(Part { name: name.to_owned(), num: 0, den: 0 }),
    }
}

/// Decomposes the change of a total between two periods into what its parts did; each part has a name and its outcome before and now.
///
/// Nothing where the parts do not make up the whole: where they overlap, or the value is not one of sums.
pub(crate) fn decompose(
    total: (&Outcome, &Outcome),
    parts: &[(String, Outcome, Outcome)],
    min_n: u64,
) -> Option<Decomposition> {
    let whole = (shape(total.0.as_ref().ok()?)?, shape(total.1.as_ref().ok()?)?);
    let (kind, scale) = (whole.1.0, whole.1.3);
    if whole.0.0 != kind {
        return None;
    }
    let pairs: Option<Vec<(Part, Part)>> =
        parts.iter().map(|(name, before, now)| Some((part(name, before)?, part(name, now)?))).collect();
    let mut pairs = pairs?;
    // A headline that is hidden is not to be worked out from its drivers.
    let hidden =
        |outcome: &Outcome| outcome.as_ref().is_ok_and(|estimate| estimate.needs_least_n() && estimate.n() < min_n);
    if hidden(total.0) || hidden(total.1) {
        return None;
    }
    pairs.retain(|(before, now)| (before.num, before.den, now.num, now.den) != (0, 0, 0, 0));
    let adds_up = |pick: fn(&(Part, Part)) -> &Part, (_, num, den, _): (Shape, i128, u64, f64)| {
        let sum: i128 = pairs.iter().map(|pair| pick(pair).num).sum();
        let below: u64 = pairs.iter().map(|pair| pick(pair).den).sum();
        // Means are rounded to parts, one part each at the most.
        sum.abs_diff(num) <= if scale > 1.0 { pairs.len() as u128 + 1 } else { 0 } && below == den
    };
    if pairs.len() < 2 || !adds_up(|pair| &pair.0, whole.0) || !adds_up(|pair| &pair.1, whole.1) {
        return None;
    }
    if kind == Shape::Rate {
        gather_few(&mut pairs, min_n);
    }
    if pairs.len() < 2 {
        return None;
    }
    let mut decomposition = match kind {
        Shape::Total => decomposition::totals(&pairs),
        Shape::Product => decomposition::revenue(&pairs),
        Shape::Rate => decomposition::rates(&pairs),
    }?;
    if kind == Shape::Rate {
        // Rates of a few are not shown, what they did to the whole is.
        for row in &mut decomposition.rows {
            let Some((before, now)) = pairs.iter().find(|(before, _)| before.name == row.name) else { continue };
            row.before = row.before.filter(|_| before.den >= min_n).map(|rate| rate / scale);
            row.now = row.now.filter(|_| now.den >= min_n).map(|rate| rate / scale);
            row.effects.iter_mut().for_each(|effect| *effect /= scale);
            row.change /= scale;
        }
        decomposition.total.iter_mut().for_each(|effect| *effect /= scale);
        decomposition.change /= scale;
    }
    Some(decomposition)
}

/// Name of the parts that are too small to stand alone, together.
const FEW: &str = "(too few each)";

/// Puts parts together whose rates rest on fewer than the least n, with the smallest of the others as long as they are too few
/// together: what each of them did could be worked out from its effect.
fn gather_few(pairs: &mut Vec<(Part, Part)>, min_n: u64) {
    let few = |part: &Part| part.den > 0 && part.den < min_n;
    let (small, mut large): (Vec<_>, Vec<_>) =
        std::mem::take(pairs).into_iter().partition(|(before, now)| few(before) || few(now));
    let add = |sum: Part, part: &Part| Part { num: sum.num + part.num, den: sum.den + part.den, ..sum };
    let nothing = || Part { name: FEW.to_owned(), num: 0, den: 0 };
    let mut together = (nothing(), nothing());
    let held = !small.is_empty();
    for (before, now) in small {
        together = (add(together.0, &before), add(together.1, &now));
    }
    large.sort_by_key(|(before, now)| std::cmp::Reverse(before.den.min(now.den)));
    while held && (few(&together.0) || few(&together.1)) {
        let Some((before, now)) = large.pop() else { break };
        together = (add(together.0, &before), add(together.1, &now));
    }
    *pairs = large;
    if held {
        pairs.push(together);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_that_do_not_make_up_the_whole_explain_nothing() {
        let count = |count| Ok(Estimate::Count(count));
        let part = |name: &str, before, now| (name.to_owned(), count(before), count(now));
        // A customer in both segments.
        let parts = [part("a", 3, 4), part("b", 2, 2)];
        assert_eq!(decompose((&count(4), &count(5)), &parts, 1), None);
        let decomposition = decompose((&count(5), &count(6)), &parts, 1).expect("adds up");
        assert_eq!(
            (decomposition.change, decomposition.rows[0].name.as_str(), decomposition.rows[0].change),
            (1.0, "a", 1.0)
        );
        assert_eq!(decompose((&Err(Undefined::because("")), &count(6)), &parts, 1), None);
    }

    #[test]
    fn rates_of_a_few_are_hidden() {
        let share = |k, n| Ok(Estimate::Proportion { k, n });
        let part = |name: &str, before, now| (name.to_owned(), before, now);
        let parts = [
            part("a", share(10, 100), share(20, 100)),
            part("b", share(1, 2), share(2, 2)),
            part("c", share(5, 20), share(5, 20)),
        ];
        let decomposition = decompose((&share(16, 122), &share(27, 122)), &parts, 10).expect("adds up");
        // Two of b are too few; with c, the smaller of the others, they are 22: 6 and then 7 of them.
        let names: Vec<&str> = decomposition.rows.iter().map(|row| row.name.as_str()).collect();
        assert_eq!(names, ["a", FEW]);
        assert_eq!((decomposition.rows[1].before, decomposition.rows[1].now), (Some(6.0 / 22.0), Some(7.0 / 22.0)));
        assert!((decomposition.change - 11.0 / 122.0).abs() < 1e-12);
        // Where all of them are put together, nothing is told.
        let rest = [parts[1].clone(), parts[2].clone()];
        assert_eq!(decompose((&share(6, 22), &share(7, 22)), &rest, 10), None);
    }
}
