//! Decompositions: what a metric's change between two periods is made of, by segment. The parts add up to the change.
//!
//! Nothing here says why a segment changed: a decomposition is bookkeeping, not cause.

use serde::{Deserialize, Serialize};

/// One segment in one period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Name of the segment.
    pub name: String,
    /// The total, the numerator of the rate, or the revenue; money in minor units.
    pub num: i128,
    /// The denominator of the rate or the number of orders; a total has none and ignores it.
    pub den: u64,
}

/// What kind of value is taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecompositionKind {
    /// A sum over segments.
    Total,
    /// A numerator over a denominator, each a sum over segments.
    Rate,
    /// Orders times their average value.
    Revenue,
}

/// The change of a metric between two periods, by segment and effect.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decomposition {
    /// What kind of value was taken apart.
    pub kind: DecompositionKind,
    /// Names of the effects, in the order of the effects of a row.
    pub effects: Vec<String>,
    /// The segments, the greatest change in either direction first, ties by name.
    pub rows: Vec<Contribution>,
    /// Each effect over all segments.
    pub total: Vec<f64>,
    /// The change of the metric: the sum of the totals.
    pub change: f64,
}

/// What one segment contributed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Contribution {
    /// Name of the segment.
    pub name: String,
    /// Its own value before: its total, rate or revenue. Nothing for a rate without a denominator.
    pub before: Option<f64>,
    /// Its own value now.
    pub now: Option<f64>,
    /// Its contribution to the change of the metric, an entry an effect.
    pub effects: Vec<f64>,
    /// The sum of its effects.
    pub change: f64,
}

/// Takes the change of a sum apart, given each segment before and now.
///
/// # Formula
/// change of s = now - before, in integers. As numbers of the result the parts sum exactly while no sum exceeds 2^53.
///
/// Nothing without segments, or where a sum leaves 128 bits.
pub fn totals(pairs: &[(Part, Part)]) -> Option<Decomposition> {
    exact(DecompositionKind::Total, ["change"], pairs, |before, now| Some([now.num.checked_sub(before.num)?]))
}

/// Takes the change of a rate apart, given each segment before and now.
///
/// # Formula
/// With w the share of s in the denominator, r its rate, R the overall rate, and means over the two periods:
/// rate of s = mean(w) (r1 - r0), mix of s = (w1 - w0) (mean(r) - mean(R)). A segment without a denominator in one period takes
/// its rate from the other, so that all it contributes is mix. A numerator without a denominator (a refund in a period without
/// orders) has no rate either: what it adds to R is mix too.
///
/// Swapping the periods turns every sign and nothing else. What floating-point arithmetic leaves over, below 1e-12 of the
/// greatest number involved, goes to the largest effect.
/// Source: Griliches & Regev (1995), Journal of Econometrics 65, 175-203; without mean(R), which moves mix between segments but not
/// their sum, Kitagawa (1955), JASA 50, 1168-1194.
///
/// Nothing without segments, where the denominators of a period sum to zero, or where a sum leaves 128 bits.
pub fn rates(pairs: &[(Part, Part)]) -> Option<Decomposition> {
    let (num0, den0) = whole(pairs.iter().map(|(before, _)| before))?;
    let (num1, den1) = whole(pairs.iter().map(|(_, now)| now))?;
    if den0 == 0 || den1 == 0 {
        return None;
    }
    let (den0, den1) = (den0 as f64, den1 as f64);
    let (overall0, overall1) = (num0 as f64 / den0, num1 as f64 / den1);
    let overall = f64::midpoint(overall0, overall1);
    let rate = |part: &Part| (part.den > 0).then(|| part.num as f64 / part.den as f64);
    let stray = |part: &Part, den: f64| if part.den == 0 { part.num as f64 / den } else { 0.0 };

    let mut rows: Vec<Contribution> = pairs
        .iter()
        .map(|(before, now)| {
            let (own0, own1) = (rate(before), rate(now));
            let rate0 = own0.or(own1).unwrap_or(overall);
            let rate1 = own1.or(own0).unwrap_or(overall);
            let (weight0, weight1) = (before.den as f64 / den0, now.den as f64 / den1);
            let rate = f64::midpoint(weight0, weight1) * (rate1 - rate0);
            let mix = (weight1 - weight0) * (f64::midpoint(rate0, rate1) - overall);
            let stray = stray(now, den1) - stray(before, den0);
            // Adding zero turns a negative zero into a plain one.
            let effects = vec![rate + 0.0, mix + stray + 0.0];
            Contribution { name: now.name.clone(), before: own0, now: own1, change: effects.iter().sum(), effects }
        })
        .collect();
    // In an order that does not depend on that of the pairs, so that neither does the last digit.
    rank(&mut rows);
    let change = overall1 - overall0;
    settle(&mut rows, change);
    rank(&mut rows);

    let total = (0..2).map(|effect| rows.iter().map(|row| row.effects[effect]).sum()).collect();
    Some(Decomposition {
        kind: DecompositionKind::Rate,
        effects: vec!["rate".to_owned(), "mix".to_owned()],
        rows,
        total,
        change,
    })
}

/// Takes the change of revenue apart into more orders, higher prices and another mix of segments.
///
/// # Formula
/// With N all orders, n those of s, a its revenue and p = a/n its average order value:
/// volume of s = (N1 - N0) (n0/N0) p0: what the growth of all orders brings at the old mix and the old prices;
/// mix of s = N1 (n1/N1 - n0/N0) p0; price of s = n1 (p1 - p0).
/// They are the steps from a0 by a0 N1/N0 and a0 n1/n0 to a1. The two stops between are rounded to minor units, halves up, so
/// volume and price are within half a unit and mix within one, and the sums are exact in integers; as numbers of the result,
/// while no sum exceeds 2^53. Segments that all grow alike have a mix of exactly zero.
///
/// A segment without orders before is taken to have had its prices of now: all it contributes is mix. One without orders now has
/// no effect of price. Revenue of a period without orders (a refund) is mix. Without any orders in a period, all is volume.
/// Mix is positive for every segment that gains share: only its total says whether the mix got dearer.
/// Source: the sales-price, sales-quantity and sales-mix variances of Horngren, Datar & Rajan (2012), Cost Accounting, ch. 14.
///
/// Nothing without segments, or where a sum leaves 128 bits or a number of orders 64.
pub fn revenue(pairs: &[(Part, Part)]) -> Option<Decomposition> {
    let (_, orders0) = whole(pairs.iter().map(|(before, _)| before))?;
    let (_, orders1) = whole(pairs.iter().map(|(_, now)| now))?;
    exact(DecompositionKind::Revenue, ["volume", "price", "mix"], pairs, |before, now| {
        if orders0 == 0 || orders1 == 0 {
            return Some([now.num.checked_sub(before.num)?, 0, 0]);
        }
        let grown = if before.den == 0 { before.num } else { scaled(before.num, orders1, orders0)? };
        let at_old_prices =
            if before.den == 0 || now.den == 0 { now.num } else { scaled(before.num, now.den, before.den)? };
        Some([grown.checked_sub(before.num)?, now.num.checked_sub(at_old_prices)?, at_old_prices.checked_sub(grown)?])
    })
}

/// Splits the segments into integer effects and adds these up before anything becomes a float.
fn exact<const N: usize>(
    kind: DecompositionKind,
    effects: [&str; N],
    pairs: &[(Part, Part)],
    split: impl Fn(&Part, &Part) -> Option<[i128; N]>,
) -> Option<Decomposition> {
    if pairs.is_empty() {
        return None;
    }
    let mut total = [0_i128; N];
    let mut rows = Vec::with_capacity(pairs.len());
    for (before, now) in pairs {
        let parts = split(before, now)?;
        for (sum, part) in total.iter_mut().zip(parts) {
            *sum = sum.checked_add(part)?;
        }
        rows.push(Contribution {
            name: now.name.clone(),
            before: Some(before.num as f64),
            now: Some(now.num as f64),
            effects: parts.iter().map(|&part| part as f64).collect(),
            change: sum(parts)? as f64,
        });
    }
    rank(&mut rows);
    Some(Decomposition {
        kind,
        effects: effects.map(str::to_owned).to_vec(),
        rows,
        total: total.iter().map(|&sum| sum as f64).collect(),
        change: sum(total)? as f64,
    })
}

/// Adds integers up; nothing on overflow.
fn sum(parts: impl IntoIterator<Item = i128>) -> Option<i128> {
    parts.into_iter().try_fold(0_i128, i128::checked_add)
}

/// Sums the numerators and the denominators of a period.
fn whole<'a>(parts: impl Iterator<Item = &'a Part>) -> Option<(i128, u64)> {
    let (mut num, mut den) = (0_i128, 0_u64);
    for part in parts {
        num = num.checked_add(part.num)?;
        den = den.checked_add(part.den)?;
    }
    Some((num, den))
}

/// Computes amount * times / over rounded to the nearest integer, halves up; nothing on overflow.
///
/// Halves go up whatever the sign: rounding then commutes with adding an integer, and two ways to the same quotient agree.
fn scaled(amount: i128, times: u64, over: u64) -> Option<i128> {
    let whole = amount.checked_div_euclid(i128::from(over))?;
    // Both factors are below 2^64.
    let rest = amount.checked_rem_euclid(i128::from(over))?.unsigned_abs() * u128::from(times);
    let over = u128::from(over);
    let rounded = rest / over + u128::from(rest % over * 2 >= over);
    whole.checked_mul(i128::from(times))?.checked_add(i128::try_from(rounded).ok()?)
}

/// Sorts rows by the size of their change, ties by name.
fn rank(rows: &mut [Contribution]) {
    rows.sort_by(|a, b| b.change.abs().total_cmp(&a.change.abs()).then_with(|| a.name.cmp(&b.name)));
}

/// Gives what the rows leave of the change to the largest effect.
fn settle(rows: &mut [Contribution], change: f64) {
    let residual = change - rows.iter().map(|row| row.change).sum::<f64>();
    let effects = rows.iter_mut().flat_map(|row| row.effects.iter_mut());
    if let Some(largest) = effects.max_by(|a, b| a.abs().total_cmp(&b.abs())) {
        *largest += residual;
    }
    for row in rows {
        row.change = row.effects.iter().sum();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn part(name: &str, num: i128, den: u64) -> Part {
        Part { name: name.to_owned(), num, den }
    }

    /// A segment before and now.
    fn pair(name: &str, before: Numbers, now: Numbers) -> (Part, Part) {
        (part(name, before.0, before.1), part(name, now.0, now.1))
    }

    /// A numerator and a denominator.
    type Numbers = (i128, u64);

    fn pairs(parts: &[(Numbers, Numbers)]) -> Vec<(Part, Part)> {
        parts.iter().enumerate().map(|(at, &(before, now))| pair(&format!("s{at}"), before, now)).collect()
    }

    fn close(found: &[f64], expected: &[f64]) -> bool {
        found.len() == expected.len() && found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12)
    }

    fn names(drivers: &Decomposition) -> Vec<&str> {
        drivers.rows.iter().map(|row| row.name.as_str()).collect()
    }

    fn row<'a>(drivers: &'a Decomposition, name: &str) -> &'a Contribution {
        drivers.rows.iter().find(|row| row.name == name).expect("a row of that name")
    }

    #[test]
    fn totals_by_hand() {
        let found = totals(&[
            pair("web", (100, 0), (130, 0)),
            pair("shop", (200, 0), (150, 0)),
            pair("app", (0, 0), (30, 0)),
            pair("post", (7, 0), (7, 0)),
        ])
        .expect("segments");
        assert_eq!(found.kind, DecompositionKind::Total);
        assert_eq!(found.effects, ["change"]);
        // The largest first; app and web tie.
        assert_eq!(names(&found), ["shop", "app", "web", "post"]);
        assert_eq!(found.rows.iter().map(|row| row.change).collect::<Vec<_>>(), [-50.0, 30.0, 30.0, 0.0]);
        assert_eq!((found.rows[0].before, found.rows[0].now), (Some(200.0), Some(150.0)));
        assert_eq!(found.total, [10.0]);
        assert!(close(&[found.change], &[10.0]));
    }

    #[test]
    fn both_rates_rise_and_the_whole_falls() {
        // Simpson's paradox by hand. Loyal: 40/80 = 0.50 -> 18/30 = 0.60; new: 2/20 = 0.10 -> 14/70 = 0.20; overall 0.42 -> 0.32,
        // their mean 0.37. Loyal: rate 0.55 x 0.10, mix -0.50 x (0.55 - 0.37). New: rate 0.45 x 0.10, mix 0.50 x (0.15 - 0.37).
        let found = rates(&[pair("loyal", (40, 80), (18, 30)), pair("new", (2, 20), (14, 70))])
            .expect("both have denominators");
        assert_eq!(found.effects, ["rate", "mix"]);
        assert_eq!(names(&found), ["new", "loyal"]);
        assert!(close(&row(&found, "loyal").effects, &[0.055, -0.09]), "{found:?}");
        assert!(close(&row(&found, "new").effects, &[0.045, -0.11]), "{found:?}");
        assert!(close(&found.total, &[0.10, -0.20]), "{found:?}");
        assert!(close(&[found.change], &[-0.10]), "{found:?}");
    }

    #[test]
    fn segments_that_come_and_go_are_mix() {
        // By hand: overall 35/100 -> 36/100, their mean 0.355. Shop: 0.10 x (0.2 - 0.355). Web: -0.50 x (0.5 - 0.355).
        // App: 0.40 x (0.6 - 0.355).
        let found = rates(&[
            pair("shop", (10, 50), (12, 60)),
            pair("web", (25, 50), (0, 0)),
            pair("app", (0, 0), (24, 40)),
            pair("fax", (0, 0), (0, 0)),
        ])
        .expect("both have denominators");
        assert_eq!(names(&found), ["app", "web", "shop", "fax"]);
        assert!(close(&row(&found, "shop").effects, &[0.0, -0.0155]), "{found:?}");
        assert!(close(&row(&found, "web").effects, &[0.0, -0.0725]), "{found:?}");
        assert!(close(&row(&found, "app").effects, &[0.0, 0.098]), "{found:?}");
        assert!(close(&row(&found, "fax").effects, &[0.0, 0.0]), "{found:?}");
        assert!(close(&found.total, &[0.0, 0.01]), "{found:?}");
        assert_eq!((row(&found, "app").before, row(&found, "app").now), (None, Some(0.6)));
        assert_eq!((row(&found, "web").before, row(&found, "web").now), (Some(0.5), None));
        assert_eq!((row(&found, "fax").before, row(&found, "fax").now), (None, None));
    }

    #[test]
    fn numerators_without_a_denominator_are_mix() {
        // By hand: 900/10 = 90 -> 1000/10 = 100; the outlet had refunds of 100 and no orders, -10 an order of all.
        let found =
            rates(&[pair("shop", (1_000, 10), (1_000, 10)), pair("outlet", (-100, 0), (0, 0))]).expect("denominators");
        assert!(close(&row(&found, "shop").effects, &[0.0, 0.0]), "{found:?}");
        assert!(close(&row(&found, "outlet").effects, &[0.0, 10.0]), "{found:?}");
    }

    #[test]
    fn a_single_segment_is_all_rate() {
        let found = rates(&[pair("all", (1, 3), (5, 7))]).expect("denominators");
        // 5/7 - 1/3 = 8/21.
        assert!(close(&found.total, &[8.0 / 21.0, 0.0]), "{found:?}");
        assert!(found.total[1].is_sign_positive(), "{found:?}");
    }

    #[test]
    fn revenue_by_hand() {
        // a: 10 orders of 100 -> 20 of 110; b: 30 of 50 -> 30 of 40; all orders 40 -> 50.
        // a: volume 10 x 1/4 x 100, mix 50 x (2/5 - 1/4) x 100, price 20 x 10.
        // b: volume 10 x 3/4 x 50, mix 50 x (3/5 - 3/4) x 50, price 30 x -10.
        let found =
            revenue(&[pair("a", (1_000, 10), (2_200, 20)), pair("b", (1_500, 30), (1_200, 30))]).expect("segments");
        assert_eq!(found.effects, ["volume", "price", "mix"]);
        assert_eq!(names(&found), ["a", "b"]);
        assert_eq!(found.rows[0].effects, [250.0, 200.0, 750.0]);
        assert_eq!(found.rows[1].effects, [375.0, -300.0, -375.0]);
        assert_eq!(found.total, [625.0, -100.0, 375.0]);
        assert!(close(&[found.change, found.rows[0].change, found.rows[1].change], &[900.0, 1_200.0, -300.0]));
        assert_eq!((found.rows[0].before, found.rows[0].now), (Some(1_000.0), Some(2_200.0)));
    }

    #[test]
    fn revenue_rounds_to_minor_units() {
        // By hand; orders 4 -> 5. a: 100 x 5/4 = 125, 100 x 2/3 = 66.67 -> 67. b: 50 x 5/4 = 62.5 -> 63, 50 x 3/1 = 150.
        let found = revenue(&[pair("a", (100, 3), (120, 2)), pair("b", (50, 1), (60, 3))]).expect("segments");
        assert_eq!(row(&found, "a").effects, [25.0, 53.0, -58.0]);
        assert_eq!(row(&found, "b").effects, [13.0, -90.0, 87.0]);
        assert_eq!(found.total, [38.0, -37.0, 29.0]);
    }

    #[test]
    fn revenue_of_segments_that_come_and_go() {
        // By hand; orders 10 -> 20. new: 5 x 80, all mix. gone: volume 10 x 400/10, mix -20 x 400/10. stays: volume 10 x 600/10,
        // mix 15 x 100 - 20 x 600/10, price 15 x 20. refunds: no orders before, so mix.
        let found = revenue(&[
            pair("new", (0, 0), (400, 5)),
            pair("gone", (400, 4), (0, 0)),
            pair("stays", (600, 6), (1_800, 15)),
            pair("refunds", (-30, 0), (-10, 0)),
        ])
        .expect("segments");
        assert_eq!(row(&found, "new").effects, [0.0, 0.0, 400.0]);
        assert_eq!(row(&found, "gone").effects, [400.0, 0.0, -800.0]);
        assert_eq!(row(&found, "stays").effects, [600.0, 300.0, 300.0]);
        assert_eq!(row(&found, "refunds").effects, [0.0, 0.0, 20.0]);
        assert_eq!(found.total, [1_000.0, 300.0, -80.0]);
    }

    #[test]
    fn refunds_after_the_last_order_are_mix() {
        // By hand; orders 4 -> 8. a: volume 4 x 200/4, mix -50 - 8 x 200/4. b: volume 4 x 100/4, mix 8 x 50 - 8 x 100/4.
        let found = revenue(&[pair("a", (200, 2), (-50, 0)), pair("b", (100, 2), (400, 8))]).expect("segments");
        assert_eq!(row(&found, "a").effects, [200.0, 0.0, -450.0]);
        assert_eq!(row(&found, "b").effects, [100.0, 0.0, 200.0]);
    }

    #[test]
    fn revenue_from_or_to_nothing_is_volume() {
        let before = [pair("a", (0, 0), (500, 5)), pair("b", (-20, 0), (100, 1))];
        let found = revenue(&before).expect("segments");
        assert_eq!(found.total, [620.0, 0.0, 0.0]);
        let after: Vec<_> = before.into_iter().map(|(before, now)| (now, before)).collect();
        let found = revenue(&after).expect("segments");
        assert_eq!(found.total, [-620.0, 0.0, 0.0]);
    }

    #[test]
    fn nothing_where_nothing_can_be_said() {
        assert_eq!(totals(&[]), None);
        assert_eq!(rates(&[]), None);
        assert_eq!(revenue(&[]), None);
        assert_eq!(rates(&[pair("a", (0, 0), (1, 2))]), None);
        assert_eq!(rates(&[pair("a", (1, 2), (0, 0))]), None);
        assert_eq!(totals(&[pair("a", (i128::MIN, 0), (1, 0))]), None);
        assert_eq!(revenue(&[pair("a", (1, u64::MAX), (1, 1)), pair("b", (1, 1), (1, 1))]), None);
    }

    #[test]
    fn the_largest_effect_takes_what_is_left() {
        let row = |effects: [f64; 2]| Contribution {
            name: String::new(),
            before: None,
            now: None,
            change: effects.iter().sum(),
            effects: effects.to_vec(),
        };
        let mut rows = [row([0.25, 0.5]), row([-0.75, 0.25])];
        settle(&mut rows, 0.5);
        assert_eq!(rows, [row([0.25, 0.5]), row([-0.5, 0.25])]);
    }

    #[test]
    fn halves_round_up() {
        for (amount, times, over, expected) in [
            (1, 1, 2, 1),
            (-1, 1, 2, 0),
            (-3, 1, 2, -1),
            (-2, 2, 3, -1),
            (7, 0, 3, 0),
            // (2^64 - 2)^2 / (2^64 - 1) = 2^64 - 3 + 1/(2^64 - 1).
            (i128::from(u64::MAX - 1), u64::MAX - 1, u64::MAX, i128::from(u64::MAX - 2)),
        ] {
            assert_eq!(scaled(amount, times, over), Some(expected), "{amount} x {times} / {over}");
        }
        assert_eq!(scaled(i128::MAX, 2, 1), None);
        assert_eq!(scaled(1, 1, 0), None);
    }

    /// Segments of ordinary size, a quarter of whose periods are without a denominator and have often no numerator either.
    fn ordinary() -> impl Strategy<Value = Vec<(Part, Part)>> {
        let one = prop_oneof![
            6 => (-1_000_000_000_i128..10_000_000_000, 1_u64..1_000_000),
            1 => Just((0, 0)),
            1 => (-100_000_i128..100_000, Just(0)),
        ];
        proptest::collection::vec((one.clone(), one), 1..40).prop_map(|parts| pairs(&parts))
    }

    /// Segments of any size at all.
    fn any_size() -> impl Strategy<Value = Vec<(Part, Part)>> {
        let num = prop_oneof![any::<i128>(), any::<i64>().prop_map(i128::from), Just(0)];
        let den = prop_oneof![any::<u64>(), 0_u64..3];
        let one = (num, den);
        proptest::collection::vec((one.clone(), one), 1..6).prop_map(|parts| pairs(&parts))
    }

    fn is_ranked(drivers: &Decomposition) -> bool {
        drivers.rows.windows(2).all(|rows| {
            let (first, second) = (rows[0].change.abs(), rows[1].change.abs());
            // Of two that are neither above the other, the names decide.
            first > second || (second <= first && rows[0].name <= rows[1].name)
        })
    }

    fn is_finite(drivers: &Decomposition) -> bool {
        let rows = drivers.rows.iter().flat_map(|row| {
            row.effects.iter().copied().chain([row.change]).chain(row.before).chain(row.now).collect::<Vec<_>>()
        });
        rows.chain(drivers.total.iter().copied()).chain([drivers.change]).all(f64::is_finite)
    }

    /// Adds whole numbers up in integers, and says so if one is not whole.
    fn integers<'a>(values: impl IntoIterator<Item = &'a f64>) -> Result<i128, TestCaseError> {
        let mut sum = 0;
        for value in values {
            prop_assert!(value.fract().abs() < f64::MIN_POSITIVE && value.abs() < 9e15, "{}", value);
            #[allow(clippy::cast_possible_truncation, reason = "whole and within 2^53")]
            let whole = *value as i128;
            sum += whole;
        }
        Ok(sum)
    }

    /// Checks that integer effects sum exactly by row, by column and in all.
    fn sums_exactly(drivers: &Decomposition, pairs: &[(Part, Part)]) -> Result<(), TestCaseError> {
        for (before, now) in pairs {
            let row = row(drivers, &now.name);
            prop_assert_eq!(integers(&row.effects)?, now.num - before.num);
            prop_assert_eq!(integers([&row.change])?, now.num - before.num);
        }
        for (effect, total) in drivers.total.iter().enumerate() {
            prop_assert_eq!(integers(drivers.rows.iter().map(|row| &row.effects[effect]))?, integers([total])?);
        }
        let change: i128 = pairs.iter().map(|(before, now)| now.num - before.num).sum();
        prop_assert_eq!(integers(&drivers.total)?, change);
        prop_assert_eq!(integers([&drivers.change])?, change);
        Ok(())
    }

    proptest! {
        #[test]
        fn totals_sum_exactly(pairs in ordinary()) {
            let found = totals(&pairs).expect("segments");
            sums_exactly(&found, &pairs)?;
            prop_assert!(is_ranked(&found));
        }

        #[test]
        fn revenue_sums_exactly(parts in ordinary()) {
            // Average orders of at most 1,000 units, so that growth from a few orders to many stays within 2^53.
            let parts: Vec<_> = parts
                .into_iter()
                .map(|(before, now)| {
                    let bounded = |part: Part| {
                        let most = i128::from(part.den.max(1)) * 1_000;
                        Part { num: part.num.clamp(-most, most), ..part }
                    };
                    (bounded(before), bounded(now))
                })
                .collect();
            let found = revenue(&parts).expect("segments");
            sums_exactly(&found, &parts)?;
            prop_assert!(is_ranked(&found));
        }

        #[test]
        fn revenue_follows_the_formula(
            parts in proptest::collection::vec(
                ((-1_000_i128..100_000, 1_u64..100), (-1_000_i128..100_000, 1_u64..100)), 1..8)
        ) {
            let pairs = pairs(&parts);
            let found = revenue(&pairs).expect("segments");
            let all0 = parts.iter().map(|part| part.0.1).sum::<u64>() as f64;
            let all1 = parts.iter().map(|part| part.1.1).sum::<u64>() as f64;
            for (before, now) in &pairs {
                let (share0, share1) = (before.den as f64 / all0, now.den as f64 / all1);
                let (price0, price1) = (before.num as f64 / before.den as f64, now.num as f64 / now.den as f64);
                let effects = &row(&found, &now.name).effects;
                prop_assert!((effects[0] - (all1 - all0) * share0 * price0).abs() < 0.5 + 1e-6);
                prop_assert!((effects[1] - all1 * share1 * (price1 - price0)).abs() < 0.5 + 1e-6);
                prop_assert!((effects[2] - all1 * (share1 - share0) * price0).abs() < 1.0 + 1e-6);
            }
        }

        #[test]
        fn an_unchanged_mix_has_no_effect(
            parts in proptest::collection::vec((1_u64..50, -1_000_i128..100_000, 0_i128..100_000), 1..8),
            times0 in 1_u64..20,
            times1 in 1_u64..20,
        ) {
            let parts: Vec<_> = parts
                .into_iter()
                .map(|(unit, before, now)| ((before, unit * times0), (now, unit * times1)))
                .collect();
            let found = revenue(&pairs(&parts)).expect("segments");
            for row in &found.rows {
                prop_assert_eq!(integers([&row.effects[2]])?, 0, "{:?}", row);
            }
        }

        #[test]
        fn rates_sum_to_the_change(pairs in ordinary()) {
            let Some(found) = rates(&pairs) else {
                let den = |pick: fn(&(Part, Part)) -> u64| pairs.iter().map(pick).sum::<u64>();
                prop_assert!(den(|pair| pair.0.den) == 0 || den(|pair| pair.1.den) == 0);
                return Ok(());
            };
            let overall = |pick: fn(&(Part, Part)) -> &Part| {
                let num: i128 = pairs.iter().map(|pair| pick(pair).num).sum();
                let den: u64 = pairs.iter().map(|pair| pick(pair).den).sum();
                num as f64 / den as f64
            };
            let (before, now) = (overall(|pair| &pair.0), overall(|pair| &pair.1));
            let sizes: f64 = found.rows.iter().flat_map(|row| &row.effects).map(|effect| effect.abs()).sum();
            let scale = sizes + before.abs() + now.abs();
            let near = |a: f64, b: f64| (a - b).abs() <= 1e-14 * scale;
            prop_assert!(near(found.change, now - before), "{found:?}");
            prop_assert!(near(found.total.iter().sum(), found.change), "{found:?}");
            prop_assert!(near(found.rows.iter().map(|row| row.change).sum(), found.change), "{found:?}");
            for (pair, row) in pairs.iter().map(|pair| (pair, row(&found, &pair.1.name))) {
                prop_assert!(near(row.effects.iter().sum(), row.change), "{row:?}");
                if pair.0.den == 0 || pair.1.den == 0 {
                    prop_assert!(near(row.effects[0], 0.0), "{row:?}");
                }
            }
            prop_assert!(is_ranked(&found));
        }

        #[test]
        fn rates_follow_the_formula(
            parts in proptest::collection::vec(
                ((-1_000_i128..100_000, 1_u64..100), (-1_000_i128..100_000, 1_u64..100)), 1..8)
        ) {
            // The formula over its common denominator, in integers up to the one division.
            let pairs = pairs(&parts);
            let found = rates(&pairs).expect("denominators");
            let all = |pick: fn(&(Numbers, Numbers)) -> Numbers| {
                parts.iter().map(pick).fold((0, 0), |sum, (num, den)| (sum.0 + num, sum.1 + i128::from(den)))
            };
            let ((num0, den0), (num1, den1)) = (all(|part| part.0), all(|part| part.1));
            let scale: f64 = found.rows.iter().flat_map(|row| &row.effects).map(|effect| effect.abs()).sum();
            for (before, now) in &pairs {
                let (n0, d0, n1, d1) = (before.num, i128::from(before.den), now.num, i128::from(now.den));
                let rate = (d0 * den1 + d1 * den0) * (n1 * d0 - n0 * d1);
                let rate = rate as f64 / (2 * den0 * den1 * d0 * d1) as f64;
                let over_mean = (n0 * d1 + n1 * d0) * den0 * den1 - (num0 * den1 + num1 * den0) * d0 * d1;
                let mix = (d1 * den0 - d0 * den1) * over_mean;
                let mix = mix as f64 / (2 * den0 * den0 * den1 * den1 * d0 * d1) as f64;
                let effects = &row(&found, &now.name).effects;
                let tolerance = 1e-12 * scale.max((num0 as f64 / den0 as f64).abs());
                prop_assert!((effects[0] - rate).abs() <= tolerance, "{:?} {}", effects, rate);
                prop_assert!((effects[1] - mix).abs() <= tolerance, "{:?} {}", effects, mix);
            }
        }

        #[test]
        fn swapped_periods_turn_the_signs_of_rates(pairs in ordinary()) {
            let swapped: Vec<_> = pairs.iter().cloned().map(|(before, now)| (now, before)).collect();
            let (Some(there), Some(back)) = (rates(&pairs), rates(&swapped)) else { return Ok(()) };
            let sizes: f64 = there.rows.iter().flat_map(|row| &row.effects).map(|effect| effect.abs()).sum();
            let rates: f64 = there.rows.iter().flat_map(|row| [row.before, row.now]).flatten().map(f64::abs).sum();
            for one in &there.rows {
                for (a, b) in one.effects.iter().zip(&row(&back, &one.name).effects) {
                    prop_assert!((a + b).abs() <= 1e-12 * (sizes + rates), "{} {}", a, b);
                }
            }
        }

        #[test]
        fn the_order_of_segments_does_not_matter(pairs in ordinary()) {
            let reversed: Vec<_> = pairs.iter().rev().cloned().collect();
            prop_assert_eq!(totals(&pairs), totals(&reversed));
            prop_assert_eq!(rates(&pairs), rates(&reversed));
            prop_assert_eq!(revenue(&pairs), revenue(&reversed));
        }

        #[test]
        fn all_numbers_are_finite(pairs in any_size()) {
            for drivers in [totals(&pairs), rates(&pairs), revenue(&pairs)].into_iter().flatten() {
                prop_assert!(is_finite(&drivers), "{drivers:?}");
            }
        }
    }
}
