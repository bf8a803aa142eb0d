//! Metrics of the pipeline's own.

use schemars::JsonSchema;
use serde::Deserialize;
use tallybook_ingest::{NUMBER_SCALE, SqlColumn, SqlColumnKind, TableKind};

use crate::declare::{Area, Direction, Info, Measure, OptionInfo, Unit};
use crate::engine::order_value::OrderValue;
use crate::engine::row_sums::{Clock, Reduction};
use crate::metric::Formula;
use crate::metric::{Cell, Metric, Need, Requests, Results};
use tallybook_stats::{Estimate, Outcome, Undefined};

pub(in crate::catalog) const INFO: Info = Info {
    id: "own",
    title: "A metric of your own",
    area: Area::Custom,
    unit: Unit::Share,
    good: Direction::Neither,
    definition: "Whatever the pipeline defines: a count, sum, mean, quantile, share or ratio over the rows of a table, or arithmetic over other metrics.",
    formula: "one of count, sum, mean, quantile, share, ratio, derived",
    source: "the pipeline file",
    interval: "Poisson (count), compound Poisson (sum), Student's t (mean), order statistics (quantile), Wilson (share), delta method (ratio, derived)",
    traps: &[
        "conditions and values are SQL over the columns of the checked table: money in units of the currency, moments in the pipeline's zone",
        "a row for which the value is missing does not count; a condition that cannot be told is not met",
        "derived takes other metrics of the pipeline as independent; money comes in units of the currency",
    ],
    options: &[
        OptionInfo { name: "id", default: "required", meaning: "identifier: lower-case letters, digits and `_`" },
        OptionInfo { name: "title", default: "required", meaning: "title in reports" },
        OptionInfo { name: "definition", default: "none", meaning: "what it means, in a sentence" },
        OptionInfo {
            name: "unit",
            default: "by kind",
            meaning: "`count`, `money`, `number`, `share`, `points`, `duration` (seconds) or `months`",
        },
        OptionInfo { name: "good", default: "neither", meaning: "which way is good: `up`, `down` or `neither`" },
        OptionInfo { name: "count", default: "none", meaning: "`{table, where, at}`: rows" },
        OptionInfo { name: "sum", default: "none", meaning: "`{table, of, where, at}`: sum of a value" },
        OptionInfo { name: "mean", default: "none", meaning: "`{table, of, where, at}`: mean of a value" },
        OptionInfo {
            name: "quantile",
            default: "none",
            meaning: "`{table, of, q, where, at}`: quantile of a value, the median for q 0.5",
        },
        OptionInfo {
            name: "share",
            default: "none",
            meaning: "`{table, of, where, at}`: share of rows that meet a condition",
        },
        OptionInfo {
            name: "ratio",
            default: "none",
            meaning: "`{table, of, to, where, at}`: sum of one value over the sum of another",
        },
        OptionInfo {
            name: "derived",
            default: "none",
            meaning: "arithmetic over metrics, such as `ticket_volume / orders` or `aov.median * 2`",
        },
    ],
    example: "{id: large_orders, title: Large orders, good: up, share: {table: orders, of: amount >= 100}}",
};

/// A metric as written.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::catalog) struct Written {
    /// Identifier: lower-case letters, digits and `_`.
    id: String,
    /// Title in reports.
    title: String,
    /// What it means, in a sentence.
    #[serde(default)]
    definition: Option<String>,
    /// What its values are.
    #[serde(default)]
    unit: Option<Unit>,
    /// Which way is good.
    #[serde(default)]
    good: Option<Direction>,
    /// Counts rows.
    #[serde(default)]
    count: Option<Rows>,
    /// Sums a value.
    #[serde(default)]
    sum: Option<Values>,
    /// Takes the mean of a value.
    #[serde(default)]
    mean: Option<Values>,
    /// Takes a quantile of a value.
    #[serde(default)]
    quantile: Option<Ranked>,
    /// Takes the share of rows that meet a condition.
    #[serde(default)]
    share: Option<Values>,
    /// Sets the sum of one value against that of another.
    #[serde(default)]
    ratio: Option<Set>,
    /// Computes with other metrics' values.
    #[serde(default)]
    derived: Option<Formula>,
}

/// Rows of a table.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Rows {
    /// The table.
    table: String,
    /// Only rows that meet this condition.
    #[serde(default, rename = "where")]
    only: Option<String>,
    /// The column that says when a row counts; the table's own when left out.
    #[serde(default)]
    at: Option<String>,
}

/// A value of the rows of a table.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Values {
    /// The table.
    table: String,
    /// The value, or for a share the condition.
    of: String,
    /// Only rows that meet this condition.
    #[serde(default, rename = "where")]
    only: Option<String>,
    /// The column that says when a row counts; the table's own when left out.
    #[serde(default)]
    at: Option<String>,
}

/// A quantile of a value of the rows of a table.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Ranked {
    /// The table.
    table: String,
    /// The value.
    of: String,
    /// Which quantile: 0.5 is the median.
    #[serde(default = "half")]
    #[schemars(range(min = 0.001, max = 0.999))]
    q: f64,
    /// Only rows that meet this condition.
    #[serde(default, rename = "where")]
    only: Option<String>,
    /// The column that says when a row counts; the table's own when left out.
    #[serde(default)]
    at: Option<String>,
}

const fn half() -> f64 {
    0.5
}

/// Two values of the rows of a table.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Set {
    /// The table.
    table: String,
    /// The value above the line.
    of: String,
    /// The value below it.
    to: String,
    /// Only rows that meet this condition.
    #[serde(default, rename = "where")]
    only: Option<String>,
    /// The column that says when a row counts; the table's own when left out.
    #[serde(default)]
    at: Option<String>,
}

/// A metric of the pipeline's own.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(try_from = "Written")]
#[schemars(with = "Written")]
pub(in crate::catalog) struct Custom {
    info: &'static Info,
    body: Body,
}

#[derive(Debug)]
enum Body {
    Derived(Formula),
    Rows { kind: Kind, reduction: Box<Reduction>, need: Need },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Count,
    Sum,
    Mean,
    Quantile(u16),
    Share,
    Ratio,
}

impl Kind {
    const fn word(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Sum => "sum",
            Self::Mean => "mean",
            Self::Quantile(_) => "quantile",
            Self::Share => "share",
            Self::Ratio => "ratio",
        }
    }

    const fn interval(self) -> &'static str {
        match self {
            Self::Count => "Poisson (Byar's approximation to the exact interval)",
            Self::Sum => "compound Poisson",
            Self::Mean => "Student's t",
            Self::Quantile(_) => "order statistics",
            Self::Share => "Wilson",
            Self::Ratio => "delta method",
        }
    }
}

/// Keeps a text for as long as the program runs: a run reads one pipeline, which defines few metrics.
fn kept(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

/// The rows behind a reduction, whether they have a value or not.
fn of_rows(reduction: &Reduction) -> Reduction {
    Reduction { terms: Vec::new(), over: Vec::new(), quantiles: Vec::new(), ..reduction.clone() }
}

/// What a kind of metric is made of.
struct Parts {
    kind: Kind,
    rows: Rows,
    of: Option<String>,
    to: Option<String>,
}

/// Checks that a name can stand beside those of the catalogue.
fn check_identifier(id: &str) -> Result<(), String> {
    let sound = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if id.is_empty() || id.len() > 60 || !id.chars().all(sound) || !id.starts_with(|c: char| c.is_ascii_lowercase()) {
        return Err(format!("`{id}` cannot name a metric: use lower-case letters, digits and `_`"));
    }
    if crate::catalog::find(id).is_some() {
        return Err(format!("`{id}` is a metric of the catalogue: name yours otherwise"));
    }
    Ok(())
}

impl Written {
    /// Takes what it is made of, once for each kind that is given.
    fn parts(&mut self) -> Result<Vec<Parts>, String> {
        let mut given: Vec<Parts> = Vec::new();
        given.extend(self.count.take().map(|rows| Parts { kind: Kind::Count, rows, of: None, to: None }));
        let values = [(Kind::Sum, self.sum.take()), (Kind::Mean, self.mean.take()), (Kind::Share, self.share.take())];
        for (kind, values) in values {
            given.extend(values.map(|Values { table, of, only, at }| Parts {
                kind,
                rows: Rows { table, only, at },
                of: Some(of),
                to: None,
            }));
        }
        if let Some(Ranked { table, of, q, only, at }) = self.quantile.take() {
            if !(0.001..=0.999).contains(&q) {
                return Err(format!("`q: {q}` is not between 0.001 and 0.999; write 0.9 for the 90th percentile"));
            }
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "1 to 999")]
            let kind = Kind::Quantile((q * 1000.0).round() as u16);
            given.push(Parts { kind, rows: Rows { table, only, at }, of: Some(of), to: None });
        }
        given.extend(self.ratio.take().map(|Set { table, of, to, only, at }| Parts {
            kind: Kind::Ratio,
            rows: Rows { table, only, at },
            of: Some(of),
            to: Some(to),
        }));
        Ok(given)
    }
}

impl TryFrom<Written> for Custom {
    type Error = String;

    fn try_from(mut written: Written) -> Result<Self, String> {
        check_identifier(&written.id)?;
        let mut given = written.parts()?;
        let Written { id, title, definition, unit, good, derived, .. } = written;
        let info = |unit: Unit, formula: String, interval: &'static str| {
            let info = Info {
                id: kept(id.clone()),
                title: kept(title.clone()),
                unit,
                good: good.unwrap_or(Direction::Neither),
                definition: kept(definition.clone().unwrap_or_else(|| format!("{formula}."))),
                formula: kept(formula),
                interval,
                traps: &[],
                options: &[],
                example: "",
                ..INFO
            };
            &*Box::leak(Box::new(info))
        };
        match (derived, given.pop()) {
            (Some(derived), None) => {
                let interval = "delta method, the others taken for independent";
                let formula = derived.text().to_owned();
                Ok(Self { info: info(unit.unwrap_or(Unit::Number), formula, interval), body: Body::Derived(derived) })
            }
            (None, Some(parts)) if given.is_empty() => {
                let unit = parts.unit(unit)?;
                let formula = parts.formula();
                let interval = parts.kind.interval();
                Ok(Self { body: parts.body(&id, unit), info: info(unit, formula, interval) })
            }
            (None, None) => {
                Err(format!("`{id}` needs one of `count`, `sum`, `mean`, `quantile`, `share`, `ratio`, `derived`"))
            }
            _ => Err(format!(
                "`{id}` has several of `count`, `sum`, `mean`, `quantile`, `share`, `ratio`, `derived`; give one"
            )),
        }
    }
}

impl Parts {
    /// Gives the unit: the one that is written, or the kind's own.
    fn unit(&self, written: Option<Unit>) -> Result<Unit, String> {
        let unit = written.unwrap_or(match self.kind {
            Kind::Count => Unit::Count,
            Kind::Share => Unit::Share,
            _ => Unit::Number,
        });
        let fits = match self.kind {
            Kind::Count => unit == Unit::Count,
            Kind::Share => unit == Unit::Share,
            _ => true,
        };
        if !fits {
            return Err(format!("a {} has no other unit than its own: leave `unit` out", self.kind.word()));
        }
        if TableKind::named(&self.rows.table).clock().is_none() {
            return Err(format!("rows of `{}` have no time at which they count", self.rows.table));
        }
        Ok(unit)
    }

    fn formula(&self) -> String {
        let of = self.of.as_deref().unwrap_or_default();
        let to = self.to.as_deref().unwrap_or_default();
        let table = &self.rows.table;
        let only = self.rows.only.as_ref().map(|only| format!(" where {only}")).unwrap_or_default();
        match self.kind {
            Kind::Count => format!("count of {table}{only}"),
            Kind::Share => format!("share of {table}{only} with {of}"),
            Kind::Ratio => format!("sum of {of} / sum of {to} over {table}{only}"),
            Kind::Quantile(thousandths) => {
                format!("{} quantile of {of} over {table}{only}", f64::from(thousandths) / 1000.0)
            }
            kind => format!("{} of {of} over {table}{only}", kind.word()),
        }
    }

    fn body(self, id: &str, unit: Unit) -> Body {
        let table = TableKind::named(&self.rows.table).made();
        let mut need = Need::of(table, &[], &[]);
        let clock = match (self.rows.at, table) {
            (Some(at), _) => {
                let at = kept(at);
                need.columns.push(at);
                Clock::At(at)
            }
            (None, TableKind::Orders) => Clock::OrderedAt,
            (None, TableKind::Spend) => Clock::SpentOn,
            (None, table) => Clock::At(table.clock().unwrap_or("at")),
        };
        let mut reduction = Reduction::rows(table, clock);
        let mut compute = |option: &'static str, sql: Option<String>, kind: SqlColumnKind| {
            let sql = sql?;
            let name = kept(format!("own.{id}.{option}"));
            need.computed.push((option, SqlColumn { name, sql, kind }));
            Some(name)
        };
        reduction.filter = compute("where", self.rows.only, SqlColumnKind::Flag);
        let value = match (self.kind, unit) {
            (Kind::Share, _) => SqlColumnKind::Flag,
            (_, Unit::Money) => SqlColumnKind::Money,
            _ => SqlColumnKind::Number,
        };
        reduction.terms = compute("of", self.of, value).map(|name| (name, 1)).into_iter().collect();
        reduction.over = compute("to", self.to, SqlColumnKind::Number).map(|name| (name, 1)).into_iter().collect();
        if let Kind::Quantile(thousandths) = self.kind {
            reduction.quantiles = vec![thousandths];
        }
        Body::Rows { kind: self.kind, reduction: Box::new(reduction), need }
    }
}

impl Metric for Custom {
    fn info(&self) -> &'static Info {
        self.info
    }

    fn measures(&self) -> Vec<Measure> {
        vec![Measure::headline(self.info.unit)]
    }

    fn policy(&self, _: &OrderValue) -> String {
        String::new()
    }

    fn needs(&self) -> Vec<Need> {
        match &self.body {
            Body::Derived(_) => Vec::new(),
            Body::Rows { need, .. } => vec![need.clone()],
        }
    }

    fn accumulates(&self, _measure: &str) -> bool {
        matches!(self.body, Body::Rows { kind: Kind::Count | Kind::Sum, .. })
    }

    fn formula(&self) -> Option<&Formula> {
        match &self.body {
            Body::Derived(formula) => Some(formula),
            Body::Rows { .. } => None,
        }
    }

    fn request(&self, requests: &mut Requests<'_>) {
        if let Body::Rows { reduction, .. } = &self.body {
            requests.reduction(reduction.as_ref().clone());
            requests.reduction(of_rows(reduction));
        }
    }

    fn outcome(&self, results: &Results, _measure: &str, cell: &Cell) -> Outcome {
        let Body::Rows { kind, reduction, .. } = &self.body else {
            return Err(Undefined::because("it comes from other metrics"));
        };
        let sums = || results.sums(reduction, &cell.window, cell.segment);
        let money = self.info.unit == Unit::Money;
        let scale = if money { 1.0 } else { NUMBER_SCALE as f64 };
        match kind {
            Kind::Count => Ok(Estimate::Count(sums().n)),
            Kind::Share => sums().share("rows"),
            Kind::Mean if money => sums().mean("rows"),
            Kind::Mean => sums().mean_of(NUMBER_SCALE, "rows"),
            // Rows of which none has a value do not sum to nothing.
            Kind::Sum if sums().n == 0 && results.sums(&of_rows(reduction), &cell.window, cell.segment).n > 0 => {
                Err(Undefined::because("no row has a value"))
            }
            Kind::Sum if money => Ok(sums().total()),
            Kind::Sum => {
                let sums = sums();
                Ok(Estimate::Sum {
                    sum: sums.sum as f64 / scale,
                    squares: sums.squares as f64 / (scale * scale),
                    n: sums.n,
                })
            }
            // Money over numbers: smallest units over millionths.
            Kind::Ratio => {
                let per = if money { NUMBER_SCALE as f64 } else { 1.0 };
                results.pair(reduction, &cell.window, cell.segment).ratio(per, "nothing below the line")
            }
            Kind::Quantile(thousandths) => {
                let found = results.quantile(reduction, &cell.window, cell.segment, *thousandths, "rows")?;
                Ok(match found {
                    Estimate::Quantile { value, interval, n } => Estimate::Quantile {
                        value: value / scale,
                        interval: interval.map(|(low, high)| (low / scale, high / scale)),
                        n,
                    },
                    other => other,
                })
            }
        }
    }
}
