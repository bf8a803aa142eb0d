//! Process behaviour charts: which points of a series differ from what came before by more than its usual variation.

use serde::{Deserialize, Serialize};

/// Points that limits need behind them. With fewer, the limits themselves vary more than what they are to judge.
pub const MIN_POINTS: usize = 15;

/// Pairs of neighbours that limits need: gaps leave fewer than points, and from a handful limits are far too wide or too narrow.
const MIN_PAIRS: usize = 10;

/// Half the width of the limits in mean moving ranges: 3 / d2, where d2 = 2 / sqrt(pi) = 1.128 is the mean range of two
/// standard normal values (Wheeler 2000, *Understanding Variation*). Rounded as it is in print, it is 3.0015 standard deviations.
const LIMIT: f64 = 2.66;

/// Values closer to a line than this share of the largest value are on it: a mean of equal shares can miss them by a rounding.
const ROUNDING: f64 = 1e-13;

/// A series' usual variation, and the points that are not part of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ControlChart {
    /// The mean of the baseline.
    pub mean: f64,
    /// The lower limit; the lower natural bound where that is higher.
    pub lower: f64,
    /// The upper limit; the upper natural bound where that is lower.
    pub upper: f64,
    /// Points behind the limits.
    pub baseline: usize,
    /// Points that stand out, ascending, each by the strongest rule that it meets.
    pub signals: Vec<Signal>,
}

/// A point that stands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signal {
    /// Its position in the series, missing values counted.
    pub at: usize,
    /// By what it stands out.
    pub rule: Rule,
    /// Whether it is above the mean.
    pub high: bool,
}

/// What makes a point stand out, the strongest rule first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// The point is outside the limits.
    Outside,
    /// The point and two of the three before it are nearer to the same limit than to the mean.
    ThreeOfFour,
    /// The point and the seven before it are on the same side of the mean.
    EightInARow,
}

impl Rule {
    /// Says in words what was seen.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Outside => "outside the limits",
            Self::ThreeOfFour => "3 of 4 points in a row nearer to a limit than to the mean",
            Self::EightInARow => "8 points in a row on one side of the mean",
        }
    }
}

impl ControlChart {
    /// The signal at the last of a series' `len` values, if there is one.
    pub fn latest(&self, len: usize) -> Option<&Signal> {
        self.signals.last().filter(|signal| signal.at + 1 == len)
    }
}

/// Draws the chart of a series: limits from all points but the last value, which they are to judge and must not be widened by.
///
/// Limits = mean ± 2.66 × mean moving range, the moving range being the distance between neighbours. Unlike the standard deviation
/// it is hardly widened by a shift in the middle of the baseline. A missing value (or one that is not finite) is a gap: it is no
/// point, and neither a moving range nor a run of points reaches across it. All points are judged, those of the baseline too.
///
/// `bounds` are the lowest and the highest value that there can be (0 for counts, 0 and 1 for shares). A limit beyond a bound is
/// moved to it, and no value is outside it. "Nearer to the limit than to the mean" goes by the limit before it was moved: halfway
/// to a bound says nothing of the variation, and series close to zero would signal all the time. A bound that a value is beyond
/// is none, and is ignored.
///
/// Where the baseline never moves, any other value is outside.
///
/// `None` with fewer than [`MIN_POINTS`] points before the last value, where fewer than ten pairs of them are neighbours, and where neighbours
/// are all equal and yet points differ across a gap, so that nothing is known of the variation.
pub fn control_chart(series: &[Option<f64>], bounds: (Option<f64>, Option<f64>)) -> Option<ControlChart> {
    let points: Vec<Option<f64>> = series.iter().map(|value| value.filter(|value| value.is_finite())).collect();
    let (_, before) = points.split_last()?;
    let baseline = before.iter().flatten().count();
    if baseline < MIN_POINTS {
        return None;
    }
    let neighbours = before.windows(2).filter(|pair| pair[0].is_some() && pair[1].is_some()).count();
    let lines = Lines::of(before).filter(|_| neighbours >= MIN_PAIRS)?;

    let (lowest, highest) = bounds;
    let values = || points.iter().flatten();
    let lowest = lowest.filter(|bound| values().all(|value| *value >= bound - lines.slack));
    let highest = highest.filter(|bound| values().all(|value| *value <= bound + lines.slack));
    let (lower, upper) = (lines.mean - lines.reach, lines.mean + lines.reach);

    let mut signals = Vec::new();
    let mut run = Vec::new();
    for (at, point) in points.iter().enumerate() {
        let Some(value) = point else {
            run.clear();
            continue;
        };
        run.push(value - lines.mean);
        signals.extend(lines.strongest_rule(&run).map(|(rule, high)| Signal { at, rule, high }));
    }
    Some(ControlChart {
        mean: lines.mean,
        lower: lowest.map_or(lower, |bound| lower.max(bound)),
        upper: highest.map_or(upper, |bound| upper.min(bound)),
        baseline,
        signals,
    })
}

/// What points are judged by, before natural bounds.
#[derive(Debug, Clone, Copy)]
struct Lines {
    mean: f64,
    /// From the mean to either limit.
    reach: f64,
    /// By how much a value must pass a line.
    slack: f64,
}

impl Lines {
    /// Finds the mean and the limits of a baseline; `None` where the variation is unknown.
    fn of(baseline: &[Option<f64>]) -> Option<Self> {
        let points = || baseline.iter().flatten();
        // Differences to one of the points add up without rounding where all points are equal.
        let origin = *points().next()?;
        let mean = origin + points().map(|value| value - origin).sum::<f64>() / points().count() as f64;
        let slack = ROUNDING * points().fold(0.0, |most: f64, value| most.max(value.abs()));

        let (mut ranges, mut pairs) = (0.0, 0_usize);
        for pair in baseline.windows(2) {
            if let [Some(before), Some(after)] = pair {
                ranges += (after - before).abs();
                pairs += 1;
            }
        }
        if pairs == 0 {
            return None;
        }
        let reach = LIMIT * ranges / pairs as f64;
        if !(mean - reach).is_finite() || !(mean + reach).is_finite() {
            return None;
        }
        if reach <= slack && points().any(|value| (value - mean).abs() > slack) {
            return None;
        }
        Some(Self { mean, reach, slack })
    }

    /// The strongest rule that the last point of a run meets, and whether on the high side. A run is the points' distances from
    /// the mean since the last gap.
    fn strongest_rule(&self, run: &[f64]) -> Option<(Rule, bool)> {
        self.outside(run)
            .map(|high| (Rule::Outside, high))
            .or_else(|| self.three_of_four(run).map(|high| (Rule::ThreeOfFour, high)))
            .or_else(|| self.eight_in_a_row(run).map(|high| (Rule::EightInARow, high)))
    }

    /// Rule 1. Natural bounds need no care here: a limit is moved only to where no value is beyond it.
    fn outside(&self, run: &[f64]) -> Option<bool> {
        side(*run.last()?, self.reach + self.slack)
    }

    /// Rule 2: the point itself must be one of the three, else a signal would outlast its cause. Three in a row after a gap are
    /// enough: no fourth point could undo them.
    fn three_of_four(&self, run: &[f64]) -> Option<bool> {
        let halfway = self.reach / 2.0 + self.slack;
        let high = side(*run.last()?, halfway)?;
        let near = run.iter().rev().take(4).filter(|&&distance| side(distance, halfway) == Some(high)).count();
        (near >= 3).then_some(high)
    }

    /// Rule 3: points on the mean are on neither side.
    fn eight_in_a_row(&self, run: &[f64]) -> Option<bool> {
        let high = side(*run.last()?, self.slack)?;
        let same = run.iter().rev().take_while(|&&distance| side(distance, self.slack) == Some(high)).take(8).count();
        (same == 8).then_some(high)
    }
}

/// Whether a distance from the mean exceeds a line above it (`true`) or the line as far below it (`false`), if either.
fn side(distance: f64, line: f64) -> Option<bool> {
    (distance.abs() > line).then_some(distance > 0.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FREE: (Option<f64>, Option<f64>) = (None, None);
    const COUNT: (Option<f64>, Option<f64>) = (Some(0.0), None);

    /// By hand: they add up to 75, so the mean is 5. The moving ranges 2 1 2 4 2 1 2 1 0 2 3 2 3 2 add up to 27 over 14 pairs, so
    /// the limits are 2.66 × 27/14 = 0.19 × 27 = 5.13 from the mean: -0.13 and 10.13. Halfway is 2.565: 2.435 and 7.565.
    const BASELINE: [f64; 15] = [4.0, 6.0, 5.0, 7.0, 3.0, 5.0, 6.0, 4.0, 5.0, 5.0, 7.0, 4.0, 6.0, 3.0, 5.0];

    /// Twenty points of 0 and 10 in turn, the last 10: the mean is 5, every moving range 10, the limits 5 ± 26.6, halfway 5 ± 13.3.
    fn even() -> Vec<Option<f64>> {
        (0..20).map(|at| Some(if at % 2 == 0 { 0.0 } else { 10.0 })).collect()
    }

    fn some(values: &[f64]) -> Vec<Option<f64>> {
        values.iter().copied().map(Some).collect()
    }

    fn then(mut series: Vec<Option<f64>>, more: &[f64]) -> Vec<Option<f64>> {
        series.extend(more.iter().copied().map(Some));
        series
    }

    fn latest(series: &[Option<f64>]) -> Option<(Rule, bool)> {
        let chart = control_chart(series, FREE).expect("enough points");
        chart.latest(series.len()).map(|signal| (signal.rule, signal.high))
    }

    fn close(value: f64, expected: f64) -> bool {
        (value - expected).abs() < 1e-9
    }

    #[test]
    fn limits_by_hand() {
        let series = then(some(&BASELINE), &[10.0]);
        let chart = control_chart(&series, FREE).expect("15 points before the last");
        assert!(close(chart.mean, 5.0) && close(chart.lower, -0.13) && close(chart.upper, 10.13), "{chart:?}");
        assert_eq!((chart.baseline, chart.signals.as_slice()), (15, [].as_slice()));
        assert_eq!(chart.latest(16), None);
    }

    #[test]
    fn limits_of_the_nist_handbook() {
        // NIST/SEMATECH e-Handbook of Statistical Methods, 6.3.2.2: flow rates of ten batches; mean 50.81, mean moving range 1.8778,
        // limits 45.8159 and 55.8041 with 3/1.128 where we have 2.66, which is 0.0008 wider.
        let flow = some(&[49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1]);
        let lines = Lines::of(&flow).expect("neighbours");
        assert!(close(lines.mean, 50.81));
        assert!(
            (lines.mean - lines.reach - 45.8159).abs() < 0.001 && (lines.mean + lines.reach - 55.8041).abs() < 0.001
        );
    }

    #[test]
    fn outside_is_beyond_the_limit() {
        for (value, expected) in
            [(10.12, None), (10.14, Some((Rule::Outside, true))), (-0.12, None), (-0.14, Some((Rule::Outside, false)))]
        {
            assert_eq!(latest(&then(some(&BASELINE), &[value])), expected, "{value}");
        }
    }

    #[test]
    fn the_last_point_does_not_widen_its_limits() {
        let near = control_chart(&then(some(&BASELINE), &[5.0]), FREE).expect("chart");
        let far = control_chart(&then(some(&BASELINE), &[1e6]), FREE).expect("chart");
        assert_eq!((near.mean, near.lower, near.upper, near.baseline), (far.mean, far.lower, far.upper, far.baseline));
        assert_eq!(far.latest(16), Some(&Signal { at: 15, rule: Rule::Outside, high: true }));
        assert_eq!(far.latest(17), None);
    }

    #[test]
    fn points_of_the_baseline_are_judged_too() {
        // By hand: 40 in the middle makes 21 points of sum 140 and 20 moving ranges, of which 18 are 10, one 30 (10 to 40) and one
        // 40 (40 to 0): mean 6.67, mean moving range 12.5, limits 6.67 ± 33.25.
        let mut series = even();
        series.insert(10, Some(40.0));
        series.push(Some(5.0));
        let chart = control_chart(&series, FREE).expect("chart");
        assert!(close(chart.upper, 20.0 / 3.0 + 33.25), "{chart:?}");
        assert_eq!(chart.signals, [Signal { at: 10, rule: Rule::Outside, high: true }]);
    }

    #[test]
    fn three_of_four_alone() {
        // Two more points of 20 in the baseline: 22 points of sum 140, mean 6.36; moving ranges 19 × 10, 10, 0 over 21: 9.52, so
        // that the limits are 6.36 ± 25.33 and the lines halfway -6.30 and 19.03.
        let series = then(even(), &[20.0, 20.0, 20.0]);
        assert_eq!(latest(&series), Some((Rule::ThreeOfFour, true)));
        let down: Vec<_> = series.iter().map(|value| value.map(|value| -value)).collect();
        assert_eq!(latest(&down), Some((Rule::ThreeOfFour, false)));
        assert_eq!(latest(&then(even(), &[20.0, 20.0, 18.0])), None);
        // One of the four may be elsewhere, also first or in the middle, but not last.
        assert_eq!(latest(&then(even(), &[25.0, 5.0, 25.0, 25.0])), Some((Rule::ThreeOfFour, true)));
        assert_eq!(latest(&then(even(), &[20.0, 20.0, 20.0, 5.0])), None);
        // Near a limit, but not the same: mean 5, moving ranges 245 over 21, halfway 5 ± 15.52.
        assert_eq!(latest(&then(even(), &[25.0, -15.0, 25.0])), None);
    }

    #[test]
    fn eight_in_a_row_alone() {
        // Means are between 3.8 and 6, mean moving ranges above 7, so that all points are within the lines halfway, 9.3 away.
        assert_eq!(latest(&then(even(), &[9.0; 7])), Some((Rule::EightInARow, true)), "with the 10 before");
        assert_eq!(latest(&then(even(), &[9.0; 6])), None);
        assert_eq!(latest(&then(even(), &[1.0; 8])), Some((Rule::EightInARow, false)));
        assert_eq!(latest(&then(even(), &[1.0; 7])), None);
        // The ninth is a signal as well.
        let chart = control_chart(&then(even(), &[1.0; 9]), FREE).expect("chart");
        assert_eq!(chart.signals.iter().map(|signal| signal.at).collect::<Vec<_>>(), [27, 28]);
    }

    #[test]
    fn points_on_the_mean_are_on_neither_side() {
        // 0, 0.3 and 0.6 in turn: the mean is 0.3, if not to the last digit; then nine more points on it.
        let series: Vec<_> = (0..30).map(|at| Some(f64::from(at % 3) * 0.3)).chain([Some(0.1 + 0.2); 9]).collect();
        let chart = control_chart(&series, FREE).expect("chart");
        assert!(close(chart.mean, 0.3));
        assert_eq!(chart.signals, []);
    }

    #[test]
    fn the_strongest_rule_is_told() {
        // Outside, and three in a row nearer to the limit: as in `three_of_four_alone`, the limit is 31.7.
        assert_eq!(latest(&then(even(), &[20.0, 20.0, 50.0])), Some((Rule::Outside, true)));
        // Above the mean eight times, and nearer to the limit thrice: mean 276/46 = 6, moving ranges 402 over 45, halfway 17.9.
        let series = then([even(), even()].concat(), &[9.0, 9.0, 9.0, 9.0, 20.0, 20.0, 20.0]);
        assert_eq!(latest(&series), Some((Rule::ThreeOfFour, true)));
        assert!(Rule::Outside < Rule::ThreeOfFour && Rule::ThreeOfFour < Rule::EightInARow);
    }

    #[test]
    fn a_gap_breaks_pairs() {
        // The baseline by hand without its eighth point (4): 14 points and one more (5) to make 15. Sum 75 - 4 + 5 = 76. The pairs
        // 6-4 and 4-5 are gone (2 and 1 of 27), 5-5 is new (0): 24 over 13 pairs.
        let mut series = some(&BASELINE);
        series[7] = None;
        let series = then(series, &[5.0, 5.0]);
        let chart = control_chart(&series, FREE).expect("15 points before the last");
        assert_eq!(chart.baseline, 15);
        assert!(close(chart.mean, 76.0 / 15.0) && close(chart.upper, 76.0 / 15.0 + 2.66 * 24.0 / 13.0), "{chart:?}");
    }

    #[test]
    fn a_gap_breaks_runs() {
        let gap = |before: &[f64], after: &[f64]| {
            let mut series = then(even(), before);
            series.push(None);
            then(series, after)
        };
        assert_eq!(latest(&gap(&[1.0; 4], &[1.0; 7])), None);
        assert_eq!(latest(&gap(&[1.0; 4], &[1.0; 8])), Some((Rule::EightInARow, false)));
        assert_eq!(latest(&gap(&[20.0], &[20.0, 20.0])), None);
        assert_eq!(latest(&gap(&[5.0], &[20.0, 20.0, 20.0])), Some((Rule::ThreeOfFour, true)));
        // Nothing is said of a point that is missing, and positions count it.
        assert_eq!(latest(&gap(&[1.0; 8], &[])), None);
        let chart = control_chart(&gap(&[5.0], &[99.0]), FREE).expect("chart");
        assert_eq!(chart.signals, [Signal { at: 22, rule: Rule::Outside, high: true }]);
    }

    #[test]
    fn what_is_not_finite_is_a_gap() {
        let with = |odd: Option<f64>| {
            let mut series = even();
            series[4] = odd;
            control_chart(&series, FREE)
        };
        assert_eq!(with(Some(f64::NAN)), with(None));
        assert_eq!(with(Some(f64::INFINITY)), with(None));
        assert_eq!(control_chart(&some(&[f64::MAX, f64::MIN].repeat(10)), FREE), None);
    }

    #[test]
    fn too_few_points() {
        assert_eq!(control_chart(&[], FREE), None);
        assert_eq!(control_chart(&some(&BASELINE), FREE), None, "14 before the last");
        let mut series = then(some(&BASELINE), &[5.0]);
        series[0] = None;
        assert_eq!(control_chart(&series, FREE), None, "a gap is no point");
        // The last value is judged, or missing, but never behind the limits.
        let mut missing = some(&BASELINE);
        missing.push(None);
        assert_eq!(control_chart(&missing, FREE).map(|chart| chart.baseline), Some(15));
    }

    #[test]
    fn no_neighbours_no_limits() {
        let apart: Vec<_> = (0..60).map(|at| (at % 2 == 0).then_some(f64::from(at))).collect();
        assert_eq!(control_chart(&apart, FREE), None);
        // Neighbours equal, points not.
        let steps: Vec<_> = (0..60).map(|at| (at % 3 != 0).then_some(f64::from(at / 3))).collect();
        assert_eq!(control_chart(&steps, FREE), None);
    }

    #[test]
    fn a_baseline_that_never_moves() {
        // A tenth has no exact double, and fifteen of them added up are not 1.5.
        for level in [0.0, 0.1, 7.0] {
            let with = |last| control_chart(&then(vec![Some(level); 15], &[last]), COUNT).expect("chart");
            let chart = with(level);
            assert_eq!((chart.mean, chart.lower, chart.upper), (level, level, level));
            assert_eq!(chart.signals, []);
            let signal = |high| Signal { at: 15, rule: Rule::Outside, high };
            assert_eq!(with(level + 0.001).signals, [signal(true)]);
            assert_eq!(with(level - 0.001).signals, [signal(false)]);
        }
        let gaps: Vec<_> = (0..40).map(|at| (at % 3 != 0).then_some(0.1)).collect();
        assert_eq!(control_chart(&gaps, COUNT).map(|chart| (chart.mean, chart.signals)), Some((0.1, vec![])));
    }

    #[test]
    fn limits_stop_at_natural_bounds() {
        let series = then(some(&BASELINE), &[0.0]);
        let chart = control_chart(&series, COUNT).expect("chart");
        assert!(chart.lower == 0.0 && close(chart.upper, 10.13), "{chart:?}");
        assert_eq!(chart.signals, []);
        let chart = control_chart(&series, (Some(0.0), Some(8.0))).expect("chart");
        assert_eq!((chart.lower, chart.upper), (0.0, 8.0));
        // Bounds that the limits do not reach change nothing.
        assert_eq!(control_chart(&series, (Some(-1.0), Some(11.0))), control_chart(&series, FREE));
        // Bounds that the series does not keep to are none.
        assert_eq!(control_chart(&series, (Some(1.0), Some(6.0))), control_chart(&series, FREE));
    }

    #[test]
    fn halfway_goes_by_the_limit_before_bounds() {
        // With zero for a limit, all the zeros of `even` would be nearer to it than to the mean.
        let series = then(even(), &[2.0, 2.0, 2.0]);
        assert_eq!(control_chart(&series, COUNT).expect("chart").signals, []);
    }

    #[test]
    fn rules_have_names_and_words() {
        let names = serde_json::to_string(&[Rule::Outside, Rule::ThreeOfFour, Rule::EightInARow]).expect("JSON");
        assert_eq!(names, r#"["outside","three_of_four","eight_in_a_row"]"#);
        assert_eq!(Rule::EightInARow.describe(), "8 points in a row on one side of the mean");
    }

    /// Whole numbers with gaps, so that sums and differences are exact and values either on a line or well off it.
    fn whole_numbers() -> impl Strategy<Value = Vec<Option<i32>>> {
        prop::collection::vec(prop::option::weighted(0.9, -100..=100_i32), 20..60)
    }

    fn map(series: &[Option<i32>], change: impl Fn(f64) -> f64) -> Vec<Option<f64>> {
        series.iter().map(|value| value.map(|value| change(f64::from(value)))).collect()
    }

    proptest! {
        #[test]
        fn shifts_shift_the_chart(series in whole_numbers(), shift in -100_000..100_000_i32) {
            let shift = f64::from(shift);
            let here = control_chart(&map(&series, |value| value), FREE);
            let there = control_chart(&map(&series, |value| value + shift), FREE);
            prop_assert_eq!(here.is_some(), there.is_some());
            if let (Some(here), Some(there)) = (here, there) {
                prop_assert!((here.mean + shift - there.mean).abs() < 1e-8);
                prop_assert!((here.upper + shift - there.upper).abs() < 1e-8);
                prop_assert!((here.lower + shift - there.lower).abs() < 1e-8);
                prop_assert_eq!(here.signals, there.signals);
            }
        }

        #[test]
        fn scales_scale_the_chart(series in whole_numbers(), factor in 0.001..1000.0_f64, turned in any::<bool>()) {
            let factor = if turned { -factor } else { factor };
            let here = control_chart(&map(&series, |value| value), FREE);
            let there = control_chart(&map(&series, |value| value * factor), FREE);
            prop_assert_eq!(here.is_some(), there.is_some());
            if let (Some(here), Some(there)) = (here, there) {
                let (lower, upper) = if turned { (there.upper, there.lower) } else { (there.lower, there.upper) };
                prop_assert!((here.mean * factor - there.mean).abs() < 1e-9 * factor.abs());
                prop_assert!((here.lower * factor - lower).abs() < 1e-9 * factor.abs());
                prop_assert!((here.upper * factor - upper).abs() < 1e-9 * factor.abs());
                let expected: Vec<_> =
                    here.signals.iter().map(|signal| Signal { high: signal.high != turned, ..*signal }).collect();
                prop_assert_eq!(expected, there.signals);
            }
        }

        #[test]
        fn limits_are_symmetric(series in whole_numbers()) {
            if let Some(chart) = control_chart(&map(&series, |value| value), FREE) {
                prop_assert!((chart.upper - chart.mean - (chart.mean - chart.lower)).abs() < 1e-9);
                prop_assert!(chart.lower <= chart.mean);
            }
        }

        #[test]
        fn bounds_that_values_keep_to_change_no_signal(series in whole_numbers()) {
            let series = map(&series, |value| value);
            let free = control_chart(&series, FREE);
            let bound = control_chart(&series, (Some(-100.0), Some(100.0)));
            prop_assert_eq!(free.is_some(), bound.is_some());
            if let (Some(free), Some(bound)) = (free, bound) {
                prop_assert!(bound.lower >= -100.0 && bound.upper <= 100.0);
                prop_assert!(bound.lower >= free.lower && bound.upper <= free.upper);
                prop_assert_eq!(free.signals, bound.signals);
            }
        }

        #[test]
        fn signals_are_at_points_and_one_a_point(series in whole_numbers()) {
            if let Some(chart) = control_chart(&map(&series, |value| value), FREE) {
                prop_assert!(chart.signals.windows(2).all(|pair| pair[0].at < pair[1].at));
                for signal in &chart.signals {
                    let value = f64::from(series[signal.at].expect("a point"));
                    prop_assert_eq!(signal.high, value > chart.mean);
                    let outside = value > chart.upper + 1e-9 || value < chart.lower - 1e-9;
                    prop_assert_eq!(signal.rule == Rule::Outside, outside);
                }
            }
        }
    }

    /// Normal noise: `SplitMix64` (Steele, Lea & Flood 2014) and the Box–Muller transform.
    struct Noise(u64);

    impl Noise {
        fn uniform(&mut self) -> f64 {
            self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            (((mixed ^ (mixed >> 31)) >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
        }

        fn normal(&mut self) -> f64 {
            (-2.0 * self.uniform().ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
        }

        fn series(&mut self, len: usize) -> Vec<Option<f64>> {
            (0..len).map(|_| Some(self.normal())).collect()
        }
    }

    #[test]
    fn noise_is_outside_as_often_as_theory_has_it() {
        // For normal noise the mean does not depend on the moving ranges, so that a point is outside limits from n others with
        // probability E[2 Q(2.66 mR / sqrt(1 + 1/n))], Q being the upper tail. For n = 400 that is 0.00298 (computed apart from this
        // file); with limits that are known it would be 2 Q(3.0015) = 0.00269.
        const EXPECTED: f64 = 0.002_978;
        // Judged points are drawn three times as wide as the noise and weighted by the ratio of the densities: far more of them
        // are where limits are, and the estimate of the same probability is far more precise.
        const WIDER: f64 = 3.0;
        const JUDGED: u32 = 10;
        const BASELINES: u32 = 2_000;
        let mut noise = Noise(1924);
        let rates: Vec<f64> = (0..BASELINES)
            .map(|_| {
                let mut series = noise.series(401);
                let mut outside = 0.0;
                for _ in 0..JUDGED {
                    let normal = noise.normal();
                    series[400] = Some(WIDER * normal);
                    let chart = control_chart(&series, FREE).expect("400 points before the last");
                    if chart.latest(401).is_some_and(|signal| signal.rule == Rule::Outside) {
                        outside += WIDER * ((1.0 - WIDER * WIDER) * normal * normal / 2.0).exp();
                    }
                }
                outside / f64::from(JUDGED)
            })
            .collect();
        let n = f64::from(BASELINES);
        let rate = rates.iter().sum::<f64>() / n;
        let error = (rates.iter().map(|one| (one - rate).powi(2)).sum::<f64>() / (n - 1.0) / n).sqrt();
        assert!(error < 0.03 * EXPECTED, "{error}");
        assert!((rate - EXPECTED).abs() < 4.0 * error, "{rate} ± {error}");
    }

    #[test]
    fn noise_meets_each_rule_as_often_as_theory_has_it() {
        // With known limits, by adding up the probabilities of all patterns of eight points in six zones (outside, nearer to the
        // limit, nearer to the mean, on either side); a point counts for the strongest rule alone. 4000 points nearly are that.
        let expected = [(Rule::Outside, 0.002_687), (Rule::ThreeOfFour, 0.001_668), (Rule::EightInARow, 0.007_742)];
        let mut noise = Noise(1931);
        let charts: Vec<_> =
            (0..200).map(|_| control_chart(&noise.series(4001), FREE).expect("4000 points before the last")).collect();
        for (rule, expected) in expected {
            let met = charts.iter().flat_map(|chart| &chart.signals).filter(|signal| signal.rule == rule).count();
            let rate = met as f64 / (200.0 * 4001.0);
            // Of some 1300 to 6200 signals, in clusters: errors of 2 to 4%.
            assert!((rate / expected - 1.0).abs() < 0.12, "{rule:?}: {rate}");
        }
    }
}
