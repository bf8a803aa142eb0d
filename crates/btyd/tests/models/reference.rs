//! Values of `reference.tsv`: 50-digit figures from first principles, by `reference.py`.

use tallybook_btyd::{
    BgNbd, Family, GammaGamma, History, MbgNbd, Outlook, ParetoNbd, PurchaseModel, ShiftedBetaGeometric,
};

const TABLE: &str = include_str!("reference.tsv");

struct Line<'a>(Vec<&'a str>);

impl Line<'_> {
    fn number(&self, column: usize) -> f64 {
        self.0[column].parse().unwrap_or_else(|_| panic!("column {column} of {:?}", self.0))
    }

    fn count(&self, column: usize) -> u32 {
        self.0[column].parse().unwrap_or_else(|_| panic!("column {column} of {:?}", self.0))
    }

    fn history(&self) -> History {
        History::new(self.count(6), self.number(7), self.number(8)).expect("a history")
    }
}

fn lines() -> impl Iterator<Item = Line<'static>> {
    let data = TABLE.lines().filter(|line| !line.starts_with('#'));
    data.skip(1).map(|line| Line(line.split('\t').collect()))
}

fn model(line: &Line<'_>) -> Option<Box<dyn PurchaseModel>> {
    let parameters = || [2, 3, 4, 5].map(|column| line.number(column));
    Some(match line.0[1] {
        "bgnbd" => Box::new(BgNbd::new(parameters()).expect("valid")),
        "mbgnbd" => Box::new(MbgNbd::new(parameters()).expect("valid")),
        "paretonbd" => Box::new(ParetoNbd::new(parameters()).expect("valid")),
        _ => return None,
    })
}

#[test]
fn purchase_models() {
    let mut checked = 0;
    for line in lines() {
        let Some(model) = model(&line) else { continue };
        let value = match line.0[0] {
            "loglik" => model.log_likelihood(&line.history()),
            "p_alive" => model.probability_alive(&line.history()),
            "cet" => model.expected_transactions(&line.history(), line.number(9)),
            "p_no_purchase" => model.probability_of_silence(&line.history(), line.number(9)),
            "dert" => {
                let outlook = Outlook::new(line.number(9), line.number(10)).expect("valid");
                model.expected_residual(&line.history(), &outlook)
            }
            "expected" => model.expected_by(line.number(9)),
            "pmf" => model.probability_of(line.count(6), line.number(9)),
            other => panic!("unknown kind {other}"),
        };
        let expected = line.number(11);
        // Logarithms of likelihoods are sums of large terms; everything else is right to a part in 10^10.
        let bar = if line.0[0] == "loglik" { 1e-12 * expected.abs().max(1.0) + 1e-9 } else { 1e-10 * expected.abs() };
        assert!((value - expected).abs() <= bar, "{:?}: {value:e}", line.0);
        checked += 1;
    }
    assert!(checked > 300, "{checked} values");
}

#[test]
fn spend_and_contracts() {
    let mut checked = 0;
    for line in lines() {
        let value = match line.0[0] {
            "gg_loglik" | "gg_spend" => {
                let model = GammaGamma::new(line.number(2), line.number(3), line.number(4)).expect("valid");
                let (x, mean) = (line.count(6), line.number(9));
                if line.0[0] == "gg_spend" { model.expected_spend(x, mean) } else { model.log_likelihood(x, mean) }
            }
            kind if kind.starts_with("sbg") => {
                let model = ShiftedBetaGeometric::new(line.number(2), line.number(3)).expect("valid");
                match kind {
                    "sbg_survival" => model.survival(line.count(9)),
                    "sbg_derl" => model.residual_renewals(line.count(9), None, line.number(10)),
                    _ => model.residual_renewals(line.count(9), Some(5), line.number(10)),
                }
            }
            _ => continue,
        };
        let expected = line.number(11);
        // At 20,000 purchases the terms of the likelihood are of the order of a million.
        let bar = if line.0[0] == "gg_loglik" { 1e-9 * f64::max(1.0, line.number(6) / 10.0) } else { 1e-11 };
        assert!((value - expected).abs() <= bar * expected.abs(), "{:?}: {value:e}", line.0);
        checked += 1;
    }
    assert!(checked >= 26, "{checked} values");
}

/// The page of published values: Fader & Hardie's worked examples and their 60-digit recomputation.
#[test]
fn published_points() {
    let close =
        |value: f64, expected: f64, bar: f64| assert!((value / expected - 1.0).abs() < bar, "{value} {expected}");
    let bg = BgNbd::new([0.243, 4.414, 0.793, 2.426]).expect("valid");
    let mbg = MbgNbd::new([0.525, 6.183, 0.891, 1.614]).expect("valid");
    let pareto = ParetoNbd::new([0.5534, 10.5802, 0.6061, 11.6562]).expect("valid");
    let models: [&dyn PurchaseModel; 3] = [&bg, &mbg, &pareto];
    let points = [
        (
            (39.0, 2, 30.43, 38.86),
            [1.226_028_174_77, 1.262_960_623_27, 1.455_092_843_84],
            [0.726_578_570_081, 0.706_202_265_118, 0.869_110_643_968],
        ),
        (
            (52.0, 26, 30.86, 31.0),
            [25.758_195_936_5, 24.003_922_822_2, 25.454_913_511_5],
            [0.968_915_649_718, 0.965_566_144_144, 0.997_917_766_552],
        ),
        (
            (52.0, 0, 0.0, 39.0),
            [0.251_358_034_894, 0.196_986_074_125, 0.135_437_688_281],
            [1.0, 0.389_347_648_664, 0.294_142_239_252],
        ),
    ];
    for ((t, x, recency, age), expected, alive) in points {
        let history = History::new(x, recency, age).expect("valid");
        for ((model, expected), alive) in models.iter().zip(expected).zip(alive) {
            close(model.expected_transactions(&history, t), expected, 1e-11);
            close(model.probability_alive(&history), alive, 1e-11);
        }
    }
    let heavy = History::new(1000, 38.0, 40.0).expect("valid");
    let expected = [(1.025_192_79e-14, 1.2185e-17), (5.1253e-14, 6.513e-17), (3.975_038_35e-12, 4.854e-15)];
    for ((model, (expected, alive)), digits) in models.iter().zip(expected).zip([1e-8, 2e-5, 1e-8]) {
        close(model.expected_transactions(&heavy, 52.0), expected, digits);
        close(model.probability_alive(&heavy), alive, 1e-4);
    }
    // The published E[X(t)] were computed with the parameters before rounding to three decimals, and at t = 78 (1.8576) with a
    // series that was cut off after 150 terms; a thousand of them come to 1.857958.
    let exact = BgNbd::new([0.242_594_52, 4.413_602_02, 0.792_922_02, 2.425_906_78]).expect("valid");
    for (t, expected) in
        [(0.1429, 0.0078), (1.0, 0.0532), (3.0, 0.1506), (31.8571, 1.0405), (32.0, 1.0437), (78.0, 1.857_96)]
    {
        assert!((exact.expected_by(t) - expected).abs() < 5.1e-5, "{t} {}", exact.expected_by(t));
    }
    let bg = BgNbd::new([0.25, 4.0, 0.8, 2.5]).expect("valid");
    let likelihood = |x, recency| bg.log_likelihood(&History::new(x, recency, 40.0).expect("valid"));
    assert!((likelihood(0, 0.0) + 0.599_473_82).abs() < 1e-8);
    assert!((likelihood(200, 38.0) - 100.7957).abs() < 5e-5);
}
