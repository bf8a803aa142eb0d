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
    count: Option<CountedRows>,
    /// Sums a value.
    #[serde(default)]
    sum: Option<ValueRows>,
    /// Takes the mean of a value.
    #[serde(default)]
    mean: Option<ValueRows>,
    /// Takes a quantile of a value.
    #[serde(default)]
    quantile: Option<Ranked>,
    /// Takes the share of rows that meet a condition.
    #[serde(default)]
    share: Option<ValueRows>,
    /// Sets the sum of one value against that of another.
    #[serde(default)]
    ratio: Option<Set>,
    /// Computes with other metrics' values.
    #[serde(default)]
    derived: Option<Formula>,
}

/// Rows of a table, counted.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CountedRows {
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
struct ValueRows {
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
    body: CustomBody,
}

#[derive(Debug)]
enum CustomBody {
    Derived(Formula),
    Rows { kind: CustomKind, reduction: Box<Reduction>, need: Need },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CustomKind {
    Count,
    Sum,
    Mean,
    Quantile(u16),
    Share,
    Ratio,
}

impl CustomKind {
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
struct CustomParts {
    kind: CustomKind,
    rows: CountedRows,
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
    fn parts(&mut self) -> Result<Vec<CustomParts>, String> {
        let mut given: Vec<CustomParts> = Vec::new();
        given.extend(self.count.take().map(|rows| CustomParts { kind: CustomKind::Count, rows, of: None, to: None }));
        let values = [
            (CustomKind::Sum, self.sum.take()),
            (CustomKind::Mean, self.mean.take()),
            (CustomKind::Share, self.share.take()),
        ];
        for (kind, values) in values {
            given.extend(values.map(|ValueRows { table, of, only, at }| CustomParts {
                kind,
                rows: CountedRows { table, only, at },
                of: Some(of),
                to: None,
            }));
        }
        if let Some(Ranked { table, of, q, only, at }) = self.quantile.take() {
            if !(0.001..=0.999).contains(&q) {
                return Err(format!("`q: {q}` is not between 0.001 and 0.999; write 0.9 for the 90th percentile"));
            }
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "1 to 999")]
            let kind = CustomKind::Quantile((q * 1000.0).round() as u16);
            given.push(CustomParts { kind, rows: CountedRows { table, only, at }, of: Some(of), to: None });
        }
        given.extend(self.ratio.take().map(|Set { table, of, to, only, at }| CustomParts {
            kind: CustomKind::Ratio,
            rows: CountedRows { table, only, at },
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
                Ok(Self {
                    info: info(unit.unwrap_or(Unit::Number), formula, interval),
                    body: CustomBody::Derived(derived),
                })
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

impl CustomParts {
    /// Gives the unit: the one that is written, or the kind's own.
    fn unit(&self, written: Option<Unit>) -> Result<Unit, String> {
        let unit = written.unwrap_or(match self.kind {
            CustomKind::Count => Unit::Count,
            CustomKind::Share => Unit::Share,
            _ => Unit::Number,
        });
        let fits = match self.kind {
            CustomKind::Count => unit == Unit::Count,
            CustomKind::Share => unit == Unit::Share,
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
            CustomKind::Count => format!("count of {table}{only}"),
            CustomKind::Share => format!("share of {table}{only} with {of}"),
            CustomKind::Ratio => format!("sum of {of} / sum of {to} over {table}{only}"),
            CustomKind::Quantile(thousandths) => {
                format!("{} quantile of {of} over {table}{only}", f64::from(thousandths) / 1000.0)
            }
            kind => format!("{} of {of} over {table}{only}", kind.word()),
        }
    }

    fn body(self, id: &str, unit: Unit) -> CustomBody {
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
            (CustomKind::Share, _) => SqlColumnKind::Flag,
            (_, Unit::Money) => SqlColumnKind::Money,
            _ => SqlColumnKind::Number,
        };
        reduction.terms = compute("of", self.of, value).map(|name| (name, 1)).into_iter().collect();
        reduction.over = compute("to", self.to, SqlColumnKind::Number).map(|name| (name, 1)).into_iter().collect();
        if let CustomKind::Quantile(thousandths) = self.kind {
            reduction.quantiles = vec![thousandths];
        }
        CustomBody::Rows { kind: self.kind, reduction: Box::new(reduction), need }
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
            CustomBody::Derived(_) => Vec::new(),
            CustomBody::Rows { need, .. } => vec![need.clone()],
        }
    }

    fn accumulates(&self, _measure: &str) -> bool {
        matches!(self.body, CustomBody::Rows { kind: CustomKind::Count | CustomKind::Sum, .. })
    }

    fn formula(&self) -> Option<&Formula> {
        match &self.body {
            CustomBody::Derived(formula) => Some(formula),
            CustomBody::Rows { .. } => None,
        }
    }

    fn request(&self, requests: &mut Requests<'_>) {
        if let CustomBody::Rows { reduction, .. } = &self.body {
            requests.reduction(reduction.as_ref().clone());
            requests.reduction(of_rows(reduction));
        }
    }

    fn outcome(&self, results: &Results, _measure: &str, cell: &Cell) -> Outcome {
        let CustomBody::Rows { kind, reduction, .. } = &self.body else {
            return Err(Undefined::because("it comes from other metrics"));
        };
        let sums = || results.sums(reduction, &cell.window, cell.segment);
        let money = self.info.unit == Unit::Money;
        let scale = if money { 1.0 } else { NUMBER_SCALE as f64 };
        match kind {
            CustomKind::Count => Ok(Estimate::Count(sums().n)),
            CustomKind::Share => sums().share("rows"),
            CustomKind::Mean if money => sums().mean("rows"),
            CustomKind::Mean => sums().mean_of(NUMBER_SCALE, "rows"),
            // Rows of which none has a value do not sum to nothing.
            CustomKind::Sum if sums().n == 0 && results.sums(&of_rows(reduction), &cell.window, cell.segment).n > 0 => {
                Err(Undefined::because("no row has a value"))
            }
            CustomKind::Sum if money => Ok(sums().total()),
            CustomKind::Sum => {
                let sums = sums();
                Ok(Estimate::Sum {
                    sum: sums.sum as f64 / scale,
                    squares: sums.squares as f64 / (scale * scale),
                    n: sums.n,
                })
            }
            // Money over numbers: smallest units over millionths.
            CustomKind::Ratio => {
                let per = if money { NUMBER_SCALE as f64 } else { 1.0 };
                results.pair(reduction, &cell.window, cell.segment).ratio(per, "nothing below the line")
            }
            CustomKind::Quantile(thousandths) => {
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
