//! What holds of the models whatever the numbers.

use proptest::prelude::*;
use rand::{SeedableRng, rngs::StdRng};
use tallybook_btyd::{
    BgNbd, ContractFit, Contracts, Demands, Derivatives, Family, Finding, Fit, GammaGamma, History, MbgNbd, Outlook,
    ParetoNbd, PurchaseModel, Row, Sample, SpendFit, SpendSample, Verdict,
};

/// So silent after so many purchases that odds against being alive leave the range of numbers in one unit of time, and not in another.
#[test]
fn hardly_alive_in_any_unit_of_time() {
    let alive = |unit: f64| {
        let model = ParetoNbd::new([1.0, 48.239_764_083_342_92 * unit, 1.0, unit]).expect("positive");
        let history = History::new(16_845, 174.243_469_787_587_8 * unit, 183.888_356_477_749_97 * unit);
        model.probability_alive(&history.expect("in order"))
    };
    let (weeks, days) = (alive(1.0), alive(7.0));
    assert!(weeks > 0.0 && (weeks / days - 1.0).abs() < 1e-9, "{weeks:e} {days:e}");
}

fn parameters() -> impl Strategy<Value = [f64; 4]> {
    // From 0.02 to 50, evenly by their logarithm, with a = 1 and s = 1 among them.
    let one = || (-4.0_f64..4.0).prop_map(f64::exp);
    let singular = prop_oneof![3 => one(), 1 => Just(1.0), 1 => Just(1.0 + 1e-9)];
    (one(), one(), singular, one()).prop_map(|(r, alpha, a, b)| [r, 10.0 * alpha, a, b])
}

fn history() -> impl Strategy<Value = History> {
    let frequency = prop_oneof![Just(0_u32), 1_u32..12, 12_u32..300, 300_u32..20_000];
    (frequency, 0.0_f64..=1.0, 0.01_f64..500.0)
        .prop_map(|(x, share, age)| History::new(x, if x == 0 { 0.0 } else { share * age }, age).expect("in order"))
}

fn models([r, alpha, a, b]: [f64; 4]) -> [Box<dyn PurchaseModel>; 3] {
    [
        Box::new(BgNbd::new([r, alpha, a, b]).expect("positive")),
        Box::new(MbgNbd::new([r, alpha, a, b]).expect("positive")),
        Box::new(ParetoNbd::new([r, alpha, a, 10.0 * b]).expect("positive")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn probabilities_and_expectations(parameters in parameters(), history in history(), t in 0.1_f64..300.0) {
        for model in models(parameters) {
            let alive = model.probability_alive(&history);
            prop_assert!((0.0..=1.0).contains(&alive), "{model:?} {alive}");
            let silent = model.probability_of_silence(&history, t);
            prop_assert!((0.0..=1.0 + 1e-12).contains(&silent), "{model:?} {silent}");
            // Silence grows less likely with time, and purchases more.
            prop_assert!(model.probability_of_silence(&history, 1.5 * t) <= silent * (1.0 + 1e-12));
            let bought = model.expected_transactions(&history, t);
            let later = model.expected_transactions(&history, 1.5 * t);
            prop_assert!(bought >= 0.0 && bought.is_finite() && later >= bought * (1.0 - 1e-11), "{model:?} {bought} {later}");
            // At least one purchase where there is not silence: P(X >= 1) <= E[X].
            prop_assert!(1.0 - silent <= bought * (1.0 + 1e-9) + 1e-13, "{model:?} {silent} {bought}");
            // The later the last purchase, the likelier alive.
            if history.frequency() > 0 {
                let fresh = History::new(history.frequency(), history.age(), history.age()).expect("in order");
                prop_assert!(model.probability_alive(&fresh) >= alive * (1.0 - 1e-12));
            }
            prop_assert!(model.log_likelihood(&history).is_finite(), "{model:?}");
        }
    }

    #[test]
    fn discounting(parameters in parameters(), history in history(), t in 1.0_f64..200.0, rate in 1e-4_f64..0.2) {
        for model in models(parameters) {
            let plain = model.expected_transactions(&history, t);
            let at = |horizon: f64, rate: f64| model.expected_residual(&history, &Outlook::new(horizon, rate).expect("valid"));
            let discounted = at(t, rate);
            prop_assert!(discounted <= plain * (1.0 + 1e-9) && discounted >= plain * (-rate * t).exp() * (1.0 - 1e-9));
            prop_assert!(at(f64::INFINITY, rate) >= discounted * (1.0 - 1e-9));
        }
    }

    #[test]
    fn a_time_unit_is_only_a_name(parameters in parameters(), history in history(), t in 1.0_f64..200.0) {
        let [r, alpha, a, b] = parameters;
        let days = History::new(history.frequency(), history.recency() * 7.0, history.age() * 7.0).expect("in order");
        let pairs: [(Box<dyn PurchaseModel>, Box<dyn PurchaseModel>); 2] = [
            (Box::new(BgNbd::new(parameters).expect("positive")), Box::new(BgNbd::new([r, 7.0 * alpha, a, b]).expect("positive"))),
            (Box::new(ParetoNbd::new(parameters).expect("positive")), Box::new(ParetoNbd::new([r, 7.0 * alpha, a, 7.0 * b]).expect("positive"))),
        ];
        for (week, day) in pairs {
            let same = |one: f64, other: f64| (one - other).abs() <= 1e-9 * one.abs();
            prop_assert!(same(week.probability_alive(&history), day.probability_alive(&days)));
            prop_assert!(same(week.expected_transactions(&history, t), day.expected_transactions(&days, 7.0 * t)));
            let outlook = |t, rate| Outlook::new(t, rate).expect("valid");
            prop_assert!(same(
                week.expected_residual(&history, &outlook(t, 0.01)),
                day.expected_residual(&days, &outlook(7.0 * t, 0.01 / 7.0)),
            ));
        }
    }

    #[test]
    fn derivatives_are_those_of_the_likelihood(parameters in parameters(), history in history()) {
        fn check<M: Family>(parameters: [f64; 4], history: &History) -> Result<(), TestCaseError> {
            let row = Row { recency: history.recency(), age: history.age(), weight: 2.5 };
            let at = |parameters: [f64; 4]| -> Derivatives<4> {
                M::new(parameters).expect("positive").derivatives(history.frequency(), &[row])
            };
            let here = at(parameters);
            for i in 0..4 {
                let step = 1e-5 * parameters[i];
                let shifted = |sign: f64| {
                    let mut moved = parameters;
                    moved[i] += sign * step;
                    at(moved)
                };
                let (above, below) = (shifted(1.0), shifted(-1.0));
                let slope = (above.value - below.value) / (2.0 * step);
                // What differences of values of this size can show.
                let noise = 1e-12 * here.value.abs().max(f64::from(history.frequency())).max(1.0) / step;
                let bar = 1e-6 * here.gradient[i].abs().max(1e-3 / parameters[i]) + noise;
                prop_assert!((slope - here.gradient[i]).abs() <= bar, "{} {i}: {slope} {}", M::NAME, here.gradient[i]);
                for j in 0..4 {
                    let curve = (above.gradient[j] - below.gradient[j]) / (2.0 * step);
                    let size = here.hessian[i][j].abs().max(1e-3 / parameters[i] / parameters[j]);
                    let noise = 2e-11 * (1.0 + f64::from(history.frequency())) / parameters[j] / step;
                    prop_assert!((curve - here.hessian[i][j]).abs() <= 1e-5 * size + noise, "{} {i} {j}: {curve} {}", M::NAME, here.hessian[i][j]);
                }
            }
            Ok(())
        }
        check::<BgNbd>(parameters, &history)?;
        check::<MbgNbd>(parameters, &history)?;
        let [r, alpha, s, beta] = parameters;
        check::<ParetoNbd>([r, alpha, s, 10.0 * beta], &history)?;
    }

    #[test]
    fn numbers_of_purchases_are_a_distribution(r in 0.1_f64..3.0, alpha in 2.0_f64..40.0, a in 0.1_f64..3.0, b in 0.1_f64..5.0, t in 1.0_f64..40.0) {
        for model in models([r, alpha, a, b]) {
            let (mut total, mut mean) = (0.0, 0.0);
            for x in 0..3000 {
                let probability = model.probability_of(x, t);
                prop_assert!(probability >= 0.0);
                total += probability;
                mean += f64::from(x) * probability;
                if x > 20 && probability < 1e-14 {
                    break;
                }
            }
            prop_assert!((total - 1.0).abs() < 1e-9, "{model:?} {total}");
            let expected = model.expected_by(t);
            prop_assert!((mean / expected - 1.0).abs() < 1e-8, "{model:?} {mean} {expected}");
        }
    }
}

fn simulated<M: Family>(parameters: [f64; 4], customers: u32, seed: u64) -> Vec<History> {
    let model = M::new(parameters).expect("positive");
    let mut rng = StdRng::seed_from_u64(seed);
    (0..customers).map(|i| model.simulate(20.0 + f64::from(i % 60), 0.0, &mut rng).history).collect()
}

#[test]
fn fits_do_not_depend_on_the_unit_of_time() {
    fn check<M: Family>(parameters: [f64; 4]) {
        let weeks = simulated::<M>(parameters, 3000, 11);
        let days =
            weeks.iter().map(|h| History::new(h.frequency(), h.recency() * 7.0, h.age() * 7.0).expect("in order"));
        let day = Fit::<M>::of(&Sample::new(days).expect("customers"), &Demands::default());
        let week = Fit::<M>::of(&Sample::new(weeks).expect("customers"), &Demands::default());
        assert_eq!(week.verdict(), Verdict::Sound, "{:?}", week.findings);
        for i in 0..4 {
            let unit = if M::TIMES[i] { 7.0 } else { 1.0 };
            let ratio = day.model.parameters()[i] / week.model.parameters()[i] / unit;
            assert!((ratio - 1.0).abs() < 1e-9, "{} {ratio:e}", M::PARAMETERS[i]);
        }
    }
    check::<BgNbd>([0.5, 6.0, 0.8, 2.5]);
    check::<MbgNbd>([0.5, 6.0, 0.8, 2.5]);
    check::<ParetoNbd>([0.6, 9.0, 0.7, 12.0]);
}

#[test]
fn weights_are_customers() {
    let customers = simulated::<BgNbd>([0.5, 6.0, 0.8, 2.5], 1500, 3);
    let twice = Sample::new(customers.iter().chain(&customers).copied()).expect("customers");
    let weighted = Sample::weighted(customers.iter().map(|history| (*history, 2.0))).expect("customers");
    let (one, other) =
        (Fit::<BgNbd>::of(&twice, &Demands::default()), Fit::<BgNbd>::of(&weighted, &Demands::default()));
    assert_eq!(one, other);
}

#[test]
fn what_data_cannot_tell_is_said() {
    let fit =
        |customers: Vec<History>| Fit::<BgNbd>::of(&Sample::new(customers).expect("customers"), &Demands::default());
    let history = |x, recency, age| History::new(x, recency, age).expect("in order");
    let none = fit(vec![history(0, 0.0, 30.0); 500]);
    assert_eq!((none.verdict(), &none.findings[0]), (Verdict::Unusable, &Finding::NoRepeats));
    let few = fit((0..200_u32).map(|i| if i < 9 { history(2, 20.0, 30.0) } else { history(0, 0.0, 30.0) }).collect());
    assert_eq!(
        (few.verdict(), &few.findings[0]),
        (Verdict::Unusable, &Finding::TooFewRepeaters { repeaters: 9.0, least: 30.0 })
    );
    // Everyone bought to the very end: nobody has been seen to leave.
    let stay = fit((0..400_u32)
        .map(|i| if i % 5 == 0 { history(0, 0.0, 30.0) } else { history(i % 5, 30.0, 30.0) })
        .collect());
    assert_eq!(stay.verdict(), Verdict::Unusable);
    assert!(
        stay.findings.iter().any(|finding| matches!(finding, Finding::Boundary { .. } | Finding::NotConverged { .. })),
        "{:?}",
        stay.findings
    );
}

#[test]
fn contracts_of_customers_who_do_not_differ() {
    // A tenth leave at every renewal, exactly: 1000, 900, 810 come to their first, second and third.
    let rows = Contracts::of_cohort(&[100.0, 90.0, 81.0], 729.0);
    let fit = ContractFit::of(&rows, &Demands::default());
    assert!(matches!(&fit.findings[..], [Finding::Boundary { to_zero: false, .. }]), "{:?}", fit.findings);
    let constant = ContractFit::constant(&rows).expect("some left and some stayed");
    assert!((constant.model.retention(1) - 0.9).abs() < 1e-8 && (constant.model.retention(50) - 0.9).abs() < 1e-7);
    // 271 of 2710 renewals due were missed: the standard error of the share is sqrt(.1 x .9 / 2710).
    let (_, error) = constant.with_errors(|model| vec![model.retention(1)]).expect("regular")[0];
    assert!((error / (0.09_f64 / 2710.0).sqrt() - 1.0).abs() < 1e-4, "{error}");
    // Without end at 10% a period: 0.9 / (0.1 + 0.1).
    assert!((constant.model.residual_renewals(3, None, 0.1) - 4.5).abs() < 1e-6);
    assert_eq!(ContractFit::constant(&Contracts::of_cohort(&[], 10.0)), None);
}

#[test]
fn spend_that_the_model_cannot_take() {
    let fit = |customers: Vec<(u32, f64)>| {
        SpendFit::of(&SpendSample::from_totals(customers).expect("valid"), &Demands::default())
    };
    let constant = fit((0..100).map(|i| (1 + i % 4, 25.0 * f64::from(1 + i % 4))).collect());
    assert_eq!(constant.findings, [Finding::ConstantSpend]);
    let few = fit(vec![(1, 20.0), (2, 30.0)]);
    assert_eq!(few.findings[0], Finding::TooFewRepeaters { repeaters: 2.0, least: 30.0 });
    assert_eq!(fit(vec![]).findings, [Finding::NoRepeats]);
    // With q = 0.7 the population has no mean, and none is shown.
    let wild = GammaGamma::new(3.0, 0.7, 10.0).expect("positive");
    let mut rng = StdRng::seed_from_u64(5);
    let wild: Vec<(u32, f64)> =
        (0..4000_u32).map(|i| (1 + i % 6, f64::from(1 + i % 6) * wild.simulate(1 + i % 6, &mut rng))).collect();
    let wild = fit(wild);
    assert!(
        wild.findings.iter().any(|finding| matches!(finding, Finding::MeanUndefined { .. })),
        "{:?}",
        wild.findings
    );
    assert_eq!((wild.model.mean(), wild.verdict()), (None, Verdict::Unusable));
    assert!(wild.model.expected_spend(0, 0.0).is_nan());
}

#[test]
fn what_is_simulated_is_what_is_expected() {
    fn check<M: Family>(parameters: [f64; 4]) {
        let model = M::new(parameters).expect("positive");
        let mut rng = StdRng::seed_from_u64(29);
        let drawn: Vec<_> = (0..40_000).map(|_| model.simulate(30.0, 20.0, &mut rng)).collect();
        let n = drawn.len() as f64;
        let expected: f64 = drawn.iter().map(|one| model.expected_transactions(&one.history, 20.0)).sum();
        let made: f64 = drawn.iter().map(|one| f64::from(one.future)).sum();
        let spread = drawn
            .iter()
            .map(|one| (f64::from(one.future) - model.expected_transactions(&one.history, 20.0)).powi(2))
            .sum::<f64>()
            .sqrt();
        assert!((made - expected).abs() < 3.5 * spread, "{} {made} {expected} {spread}", M::NAME);
        let alive = drawn.iter().filter(|one| one.alive).count() as f64;
        let likely: f64 = drawn.iter().map(|one| model.probability_alive(&one.history)).sum();
        assert!((alive - likely).abs() < 3.5 * (n / 4.0).sqrt(), "{} {alive} {likely}", M::NAME);
        let silent = drawn.iter().filter(|one| one.future == 0).count() as f64;
        let likely: f64 = drawn.iter().map(|one| model.probability_of_silence(&one.history, 20.0)).sum();
        assert!((silent - likely).abs() < 3.5 * (n / 4.0).sqrt(), "{} {silent} {likely}", M::NAME);
        let repeats: f64 = drawn.iter().map(|one| f64::from(one.history.frequency())).sum();
        let squares: f64 = drawn.iter().map(|one| f64::from(one.history.frequency()).powi(2)).sum();
        assert!((repeats - n * model.expected_by(30.0)).abs() < 3.5 * squares.sqrt(), "{} {repeats}", M::NAME);
    }
    check::<BgNbd>([0.5, 6.0, 0.8, 2.5]);
    check::<MbgNbd>([0.5, 6.0, 0.8, 2.5]);
    check::<ParetoNbd>([0.6, 9.0, 0.7, 12.0]);
}
