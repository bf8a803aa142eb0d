//! Arithmetic over other metrics' values, as a pipeline's own metrics have it: `ticket_volume / orders`.

use serde::de::{self, Deserialize, Deserializer};
use sqlparser::ast::{BinaryOperator, Expr, UnaryOperator, Value};
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::Parser;

use crate::declare::Measure;
use tallybook_stats::{Estimate, Outcome, Undefined};

/// An expression of numbers, metrics, `+ - * /` and brackets.
#[derive(Debug, Clone, PartialEq)]
pub struct Formula {
    text: String,
    term: Term,
}

#[derive(Debug, Clone, PartialEq)]
enum Term {
    Number(f64),
    /// A metric and one of its measures.
    Metric(String, String),
    Negative(Box<Self>),
    Operation(Box<Self>, Operator, Box<Self>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
}

impl Formula {
    /// Reads an expression.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = |problem: String| format!("`{text}`: {problem}; write numbers, metrics, + - * / and brackets");
        tallybook_ingest::check_sql_bounds(text).map_err(|bound| bound.to_string())?;
        let mut parser = Parser::new(&GenericDialect {}).with_recursion_limit(50);
        parser = parser.try_with_sql(text).map_err(|error| wrong(error.to_string()))?;
        let expression = parser.parse_expr().map_err(|error| wrong(error.to_string()))?;
        let rest = parser.peek_token();
        if rest.token != sqlparser::tokenizer::Token::EOF {
            return Err(wrong(format!("`{}` is one too many", rest.token)));
        }
        let term = Term::new(&expression).map_err(wrong)?;
        let formula = Self { text: text.to_owned(), term };
        if formula.inputs().is_empty() {
            return Err(format!("`{text}` names no metric"));
        }
        Ok(formula)
    }

    /// Gives the expression as written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Names the metrics and measures that it needs, each once.
    pub fn inputs(&self) -> Vec<(&str, &str)> {
        let mut inputs = Vec::new();
        self.term.gather(&mut inputs);
        inputs.sort_unstable();
        inputs.dedup();
        inputs
    }

    /// Computes the value from the outcomes of the inputs; money comes in units of the currency.
    ///
    /// # Formula
    /// The variance is the sum over the inputs of (slope x half-width / z)^2, with half-widths of their 95% intervals: the delta method for
    /// independent inputs. Where two of them rest on the same rows, the interval is too wide or too narrow by what they have in common.
    pub fn outcome(&self, input: impl Fn(&str, &str) -> Outcome) -> Outcome {
        let mut inputs = Vec::new();
        for (metric, measure) in self.inputs() {
            let estimate = input(metric, measure).map_err(|why| match why {
                Undefined::Because(reason) => Undefined::Because(format!("{metric}: {reason}")),
                Undefined::Immature(reason) => Undefined::Immature(format!("{metric}: {reason}")),
                few @ Undefined::TooFew { .. } => few,
            })?;
            let value = estimate.value().ok_or_else(|| Undefined::because(format!("{metric} has no value")))?;
            inputs.push((metric, measure, value, estimate));
        }
        let with = |shifted: Option<(usize, f64)>| {
            let find = |metric: &str, measure: &str| {
                let at = inputs.iter().position(|own| (own.0, own.1) == (metric, measure))?;
                Some(shifted.filter(|(own, _)| *own == at).map_or(inputs[at].2, |(_, value)| value))
            };
            self.term.value(&find)
        };
        let value =
            with(None).filter(|value| value.is_finite()).ok_or_else(|| Undefined::because("division by zero"))?;
        let mut variance = Some(0.0);
        for (at, (_, _, own, estimate)) in inputs.iter().enumerate() {
            let half = estimate.interval().map(|(interval, _)| (interval.high - interval.low) / 2.0);
            let step = (own.abs() * 1e-6).max(1e-9);
            let slope = with(Some((at, own + step)))
                .zip(with(Some((at, own - step))))
                .map(|(up, down)| (up - down) / (2.0 * step));
            variance = variance.zip(half).zip(slope).map(|((sum, half), slope)| {
                let error = slope * half / tallybook_stats::Z95;
                sum + error * error
            });
        }
        let n = inputs.iter().map(|(.., estimate)| estimate.n()).min().unwrap_or(0);
        Ok(Estimate::Derived { value, variance: variance.filter(|variance| variance.is_finite()), n })
    }
}

impl Term {
    fn new(expression: &Expr) -> Result<Self, String> {
        let boxed = |expression: &Expr| Self::new(expression).map(Box::new);
        Ok(match expression {
            Expr::Nested(inner) => Self::new(inner)?,
            Expr::Value(value) => match &value.value {
                Value::Number(text, _) => Self::Number(text.parse().map_err(|_| format!("`{text}` is not a number"))?),
                other => return Err(format!("`{other}` is not a number")),
            },
            Expr::Identifier(name) => Self::Metric(name.value.clone(), Measure::HEADLINE.to_owned()),
            Expr::CompoundIdentifier(names) if names.len() == 2 => {
                Self::Metric(names[0].value.clone(), names[1].value.clone())
            }
            Expr::UnaryOp { op: UnaryOperator::Minus, expr } => Self::Negative(boxed(expr)?),
            Expr::BinaryOp { left, op, right } => {
                let operator = match op {
                    BinaryOperator::Plus => Operator::Add,
                    BinaryOperator::Minus => Operator::Subtract,
                    BinaryOperator::Multiply => Operator::Multiply,
                    BinaryOperator::Divide => Operator::Divide,
                    other => return Err(format!("`{other}` is no arithmetic")),
                };
                Self::Operation(boxed(left)?, operator, boxed(right)?)
            }
            other => return Err(format!("`{other}` is no arithmetic")),
        })
    }

    fn gather<'a>(&'a self, inputs: &mut Vec<(&'a str, &'a str)>) {
        match self {
            Self::Number(_) => {}
            Self::Metric(metric, measure) => inputs.push((metric, measure)),
            Self::Negative(inner) => inner.gather(inputs),
            Self::Operation(left, _, right) => {
                left.gather(inputs);
                right.gather(inputs);
            }
        }
    }

    fn value(&self, find: &impl Fn(&str, &str) -> Option<f64>) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Metric(metric, measure) => find(metric, measure),
            Self::Negative(inner) => inner.value(find).map(|value| -value),
            Self::Operation(left, operator, right) => {
                let (left, right) = (left.value(find)?, right.value(find)?);
                Some(match operator {
                    Operator::Add => left + right,
                    Operator::Subtract => left - right,
                    Operator::Multiply => left * right,
                    Operator::Divide if right == 0.0 => return None,
                    Operator::Divide => left / right,
                })
            }
        }
    }
}

impl<'de> Deserialize<'de> for Formula {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl schemars::JsonSchema for Formula {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Formula".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "examples": ["ticket_volume / orders"] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Outcome {
        let formula = Formula::parse(text).expect("sound");
        formula.outcome(|metric, measure| match (metric, measure) {
            ("orders", "value") => Ok(Estimate::Count(100)),
            ("tickets", "value") => Ok(Estimate::Count(25)),
            ("aov", "median") => Ok(Estimate::Quantile { value: 30.0, interval: None, n: 80 }),
            ("none", _) => Ok(Estimate::Count(0)),
            _ => Err(Undefined::because("no rows")),
        })
    }

    fn of(text: &str) -> f64 {
        value(text).ok().and_then(|estimate| estimate.value()).expect("a value")
    }

    #[test]
    fn arithmetic_is_that_of_school() {
        for (text, expected) in [
            ("tickets / orders", 0.25),
            ("1 + 2 * 3 - tickets / 5", 2.0),
            ("(1 + 2) * -orders", -300.0),
            ("aov.median * 2", 60.0),
        ] {
            assert!((of(text) - expected).abs() < 1e-9, "{text}");
        }
        assert_eq!(value("orders / none"), Err(Undefined::because("division by zero")));
        assert_eq!(value("orders + missing"), Err(Undefined::because("missing: no rows")));
    }

    #[test]
    fn the_interval_by_hand() {
        // Byar: 25 has 16.18 to 36.91, a half-width of 10.365; 100 has 81.36 to 121.63, 20.13. Slopes 1/100 and -25/10000: the half-width of
        // the ratio is sqrt(0.10365^2 + 0.05033^2) = 0.11522.
        let (interval, _) = value("tickets / orders").ok().and_then(|own| own.interval()).expect("an interval");
        assert!(((interval.high - interval.low) / 2.0 - 0.1152).abs() < 2e-4, "{interval:?}");
        assert_eq!(value("aov.median + orders").ok().and_then(|own| own.interval()), None);
    }

    #[test]
    fn long_ones_are_refused_and_the_longest_are_read() {
        assert!(Formula::parse(&("orders + ".repeat(200) + "1")).is_ok());
        assert_eq!(
            Formula::parse(&("orders + ".repeat(201) + "1")),
            Err("the expression has 201 operators, brackets and keywords; 200 is the most".to_owned())
        );
        assert_eq!(
            Formula::parse(&"o+".repeat(100_000)),
            Err("the expression has 200000 bytes; 10000 is the most".to_owned())
        );
    }

    #[test]
    fn what_is_no_arithmetic_is_said() {
        for (text, problem) in [
            ("1 + 1", "names no metric"),
            ("orders > 1", "`>` is no arithmetic"),
            ("orders orders", "is one too many"),
            ("'a' + orders", "is not a number"),
            ("abs(orders)", "is no arithmetic"),
            ("orders /", "write numbers, metrics"),
        ] {
            let error = Formula::parse(text).expect_err("wrong");
            assert!(error.contains(problem), "{text}: {error}");
        }
    }
}
