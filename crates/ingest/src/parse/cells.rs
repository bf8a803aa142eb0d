//! One batch of rows: cells of any type to checked integers.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use polars::prelude::*;

use crate::config::Rounding;
use crate::packed_column::MISSING;
use crate::parse::identifiers::Identifier;
use crate::parse::number::{Decimal, NumberError, NumberStyle};
use crate::parse::time::{LocalClock, Moment, TimeError, TimeFormat};
use crate::quarantine::Reason;
use crate::schema::{CellKind, NUMBER_DECIMALS, RATE_DECIMALS, TableKind};

/// What is decided about a row. There is one for every row of a batch, so it is small.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RowVerdict {
    Use,
    /// Left out by the numbered rule.
    Excluded(u16),
    /// Does not fit: the position of the column among the table's declared ones, and the reason.
    Rejected(u8, Reason),
}

impl RowVerdict {
    /// Rejects a row for a declared column of a table.
    pub(crate) fn rejected(table: TableKind, column: &str, reason: Reason) -> Self {
        let position = table.columns().iter().position(|declared| declared.name == column);
        Self::Rejected(position.and_then(|position| u8::try_from(position).ok()).unwrap_or(0), reason)
    }
}

/// A dictionary of labels, in order of first appearance.
#[derive(Debug, Default)]
pub(crate) struct Dictionary {
    numbers: HashMap<String, i64, FixedState>,
    pub(crate) labels: Vec<String>,
}

impl Dictionary {
    pub(crate) fn number(&mut self, label: &str) -> i64 {
        if let Some(&number) = self.numbers.get(label) {
            return number;
        }
        let number = self.labels.len() as i64;
        self.labels.push(label.to_owned());
        self.numbers.insert(label.to_owned(), number);
        number
    }
}

/// Texts that stand for a missing value, besides the blank cell.
pub(crate) fn is_missing(text: &str, null_values: &[String]) -> bool {
    let text = text.trim();
    text.is_empty() || null_values.iter().any(|null| null == text)
}

/// The cells of one column of a batch, whatever their type.
pub(crate) enum Cells<'a> {
    Text(&'a StringChunked),
    /// Texts by their number in a dictionary of the engine's.
    Category {
        codes: UInt32Chunked,
        series: &'a Series,
    },
    Integer(Int64Chunked),
    Float(Float64Chunked),
    Decimal {
        units: Int128Chunked,
        scale: u32,
    },
    Day(Int64Chunked),
    /// Seconds, with whether they count from 1970 in UTC rather than on a local clock.
    Seconds {
        seconds: Int64Chunked,
        instant: bool,
    },
}

impl<'a> Cells<'a> {
    /// Takes a column apart, for labels or for other cells; gives nothing for types that no cell can be read from.
    pub(crate) fn of(series: &'a Series, label: bool, storage: &'a mut Option<Series>) -> PolarsResult<Option<Self>> {
        Ok(Some(match series.dtype() {
            DataType::String => Self::Text(series.str()?),
            DataType::Categorical(..) | DataType::Enum(..) if label => {
                let codes = series.to_physical_repr().cast(&DataType::UInt32)?.u32()?.clone();
                Self::Category { codes, series }
            }
            DataType::Categorical(..) | DataType::Enum(..) | DataType::Boolean => {
                let text: &'a Series = storage.insert(series.cast(&DataType::String)?);
                Self::Text(text.str()?)
            }
            DataType::Date => Self::Day(series.to_physical_repr().cast(&DataType::Int64)?.i64()?.clone()),
            DataType::Datetime(unit, zone) => {
                let per_second = match unit {
                    TimeUnit::Nanoseconds => 1_000_000_000,
                    TimeUnit::Microseconds => 1_000_000,
                    TimeUnit::Milliseconds => 1_000,
                };
                let physical = series.to_physical_repr();
                let seconds = physical.i64()?.apply_values(|ticks| ticks.div_euclid(per_second));
                Self::Seconds { seconds, instant: zone.is_some() }
            }
            DataType::Decimal(_, scale) => {
                let scale = u32::try_from(*scale).unwrap_or(0);
                Self::Decimal { units: series.to_physical_repr().cast(&DataType::Int128)?.i128()?.clone(), scale }
            }
            // Beyond what 64 signed bits hold.
            DataType::UInt64 => Self::Decimal { units: series.cast(&DataType::Int128)?.i128()?.clone(), scale: 0 },
            // By its own shortest form: 10.1 is 10.1, not 10.1000003815.
            DataType::Float32 => {
                let exact = series.f32()?.iter().map(|value| value.and_then(|value| value.to_string().parse().ok()));
                Self::Float(exact.collect::<Vec<Option<f64>>>().into_iter().collect())
            }
            dtype if dtype.is_integer() => Self::Integer(series.cast(&DataType::Int64)?.i64()?.clone()),
            dtype if dtype.is_float() => Self::Float(series.cast(&DataType::Float64)?.f64()?.clone()),
            DataType::Null => Self::Integer(series.cast(&DataType::Int64)?.i64()?.clone()),
            _ => return Ok(None),
        }))
    }

    /// Reads exact decimal numbers; `None` where the cell is missing.
    pub(crate) fn each_decimal(
        &self,
        style: NumberStyle,
        null_values: &[String],
        mut each: impl FnMut(usize, Option<Result<Decimal, NumberError>>),
    ) {
        let whole = |units: i128, scale| Ok(Decimal { mantissa: units, scale });
        match self {
            Self::Text(texts) => {
                for (row, text) in texts.iter().enumerate() {
                    let text = text.filter(|text| !is_missing(text, null_values));
                    each(row, text.map(|text| Decimal::parse(text, style)));
                }
            }
            Self::Integer(numbers) => {
                numbers.iter().enumerate().for_each(|(row, n)| each(row, n.map(|n| whole(i128::from(n), 0))));
            }
            Self::Float(numbers) => {
                numbers.iter().enumerate().for_each(|(row, n)| each(row, n.map(Decimal::from_float)));
            }
            Self::Decimal { units, scale } => {
                units.iter().enumerate().for_each(|(row, n)| each(row, n.map(|n| whole(n, *scale))));
            }
            Self::Day(cells) | Self::Seconds { seconds: cells, .. } => {
                cells.iter().enumerate().for_each(|(row, n)| each(row, n.map(|_| Err(NumberError::NotANumber))));
            }
            Self::Category { codes, .. } => {
                codes.iter().enumerate().for_each(|(row, n)| each(row, n.map(|_| Err(NumberError::NotANumber))));
            }
        }
    }

    /// Reads moments; `None` where the cell is missing.
    pub(crate) fn each_moment(
        &self,
        format: &TimeFormat,
        null_values: &[String],
        mut each: impl FnMut(usize, Option<Result<Moment, TimeError>>),
    ) {
        match self {
            Self::Text(texts) => {
                for (row, text) in texts.iter().enumerate() {
                    let text = text.filter(|text| !is_missing(text, null_values));
                    each(row, text.map(|text| format.parse(text)));
                }
            }
            Self::Day(days) => {
                days.iter().enumerate().for_each(|(row, day)| each(row, day.map(|day| Ok(Moment::Day(day)))));
            }
            Self::Seconds { seconds, instant } => {
                let moment = |at| if *instant { Moment::Instant(at) } else { Moment::Local(at) };
                seconds.iter().enumerate().for_each(|(row, at)| each(row, at.map(|at| Ok(moment(at)))));
            }
            // A number such as 19970101 may be meant as a day where a format says so.
            Self::Integer(numbers) if !matches!(format, TimeFormat::Iso) => {
                for (row, number) in numbers.iter().enumerate() {
                    each(row, number.map(|number| format.parse(&number.to_string())));
                }
            }
            Self::Integer(numbers) => {
                numbers.iter().enumerate().for_each(|(row, n)| each(row, n.map(|_| Err(TimeError::NotATime))));
            }
            Self::Float(numbers) => {
                numbers.iter().enumerate().for_each(|(row, n)| each(row, n.map(|_| Err(TimeError::NotATime))));
            }
            Self::Decimal { units, .. } => {
                units.iter().enumerate().for_each(|(row, n)| each(row, n.map(|_| Err(TimeError::NotATime))));
            }
            Self::Category { codes, .. } => {
                codes.iter().enumerate().for_each(|(row, n)| each(row, n.map(|_| Err(TimeError::NotATime))));
            }
        }
    }

    /// Reads identifiers; `None` where the cell is missing.
    pub(crate) fn each_identifier(&self, null_values: &[String], mut each: impl FnMut(usize, Option<Identifier<'_>>)) {
        match self {
            Self::Text(texts) => {
                for (row, text) in texts.iter().enumerate() {
                    let text = text.filter(|text| !is_missing(text, null_values));
                    each(row, text.map(|text| Identifier::parse(text.trim())));
                }
            }
            Self::Integer(numbers) => {
                numbers.iter().enumerate().for_each(|(row, n)| each(row, n.map(Identifier::Integer)));
            }
            // An integer column with gaps is often stored as floating point: 17850.0 is customer 17850.
            Self::Float(numbers) => {
                for (row, number) in numbers.iter().enumerate() {
                    let Some(number) = number.filter(|number| !number.is_nan()) else {
                        each(row, None);
                        continue;
                    };
                    let text = number.to_string();
                    each(row, Some(Identifier::parse(&text)));
                }
            }
            Self::Decimal { units, scale } => {
                for (row, number) in units.iter().enumerate() {
                    let Some(number) = number else {
                        each(row, None);
                        continue;
                    };
                    let text = if *scale == 0 { number.to_string() } else { format!("{number}e-{scale}") };
                    each(row, Some(Identifier::parse(&text)));
                }
            }
            Self::Day(cells) | Self::Seconds { seconds: cells, .. } => {
                for (row, number) in cells.iter().enumerate() {
                    each(row, number.map(Identifier::Integer));
                }
            }
            Self::Category { codes, .. } => {
                for (row, code) in codes.iter().enumerate() {
                    each(row, code.map(|code| Identifier::Integer(i64::from(code))));
                }
            }
        }
    }

    /// Numbers labels by a dictionary; `MISSING` where the cell is missing.
    pub(crate) fn labels(&self, dictionary: &mut Dictionary, null_values: &[String], out: &mut Vec<i64>) {
        out.clear();
        match self {
            Self::Text(texts) => {
                // Exports come in runs of the same label more often than not.
                let mut last: Option<(&str, i64)> = None;
                out.extend(texts.iter().map(|text| match text {
                    None => MISSING,
                    Some(text) => match last {
                        Some((label, number)) if label == text => number,
                        _ => {
                            let number =
                                if is_missing(text, null_values) { MISSING } else { dictionary.number(text.trim()) };
                            last = Some((text, number));
                            number
                        }
                    },
                }));
            }
            Self::Category { codes, series } => {
                // Each of the engine's numbers is looked up once a batch.
                let mut known: Vec<Option<i64>> = Vec::new();
                for (row, code) in codes.iter().enumerate() {
                    let Some(code) = code else {
                        out.push(MISSING);
                        continue;
                    };
                    let code = code as usize;
                    if code >= known.len() {
                        known.resize(code + 1, None);
                    }
                    out.push(*known[code].get_or_insert_with(|| {
                        let label = series.get(row).map(|value| value.str_value().into_owned()).unwrap_or_default();
                        if is_missing(&label, null_values) { MISSING } else { dictionary.number(label.trim()) }
                    }));
                }
            }
            other => other.each_identifier(null_values, |_, identifier| {
                out.push(identifier.map_or(MISSING, |identifier| dictionary.number(&identifier.to_string())));
            }),
        }
    }
}

/// Reads a column of money into minor units; an absent optional amount is zero.
pub(crate) fn money(
    cells: &Cells<'_>,
    rules: &MoneyRules<'_>,
    required: bool,
    out: &mut Vec<i64>,
    mut reject: impl FnMut(usize, Reason),
) {
    out.clear();
    if let Cells::Decimal { units, scale } = cells
        && *scale <= rules.written
        && units.null_count() == 0
        && let Some(factor) = 10_i128.checked_pow(rules.written - scale)
    {
        // The usual case of a warehouse export.
        let whole =
            |units: i128| i64::try_from(units).ok().filter(|units| units.abs() <= crate::packed_column::MAX_ABS);
        let scaled = |units: i128| if factor == 1 { whole(units) } else { units.checked_mul(factor).and_then(whole) };
        out.extend(units.into_no_null_iter().enumerate().map(|(row, units)| {
            scaled(units).unwrap_or_else(|| {
                reject(row, Reason::OutOfRange);
                0
            })
        }));
        return;
    }
    cells.each_decimal(rules.style, rules.null_values, |row, number| {
        let units = match number {
            None if required => Err(Reason::Missing),
            None => Ok(0),
            Some(number) => {
                number.and_then(|number| number.to_units(rules.written, rules.rounding)).map_err(number_reason)
            }
        };
        out.push(units.unwrap_or_else(|reason| {
            reject(row, reason);
            0
        }));
    });
}

/// How amounts are read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MoneyRules<'a> {
    pub(crate) style: NumberStyle,
    pub(crate) null_values: &'a [String],
    /// Decimals that amounts are counted with; 0 where they are written in minor units.
    pub(crate) written: u32,
    pub(crate) rounding: Rounding,
}

/// Reads yes or no, as 1 or 0.
fn flag(text: &str) -> Option<i64> {
    match text.to_lowercase().as_str() {
        "true" | "t" | "yes" | "y" | "1" => Some(1),
        "false" | "f" | "no" | "n" | "0" => Some(0),
        _ => None,
    }
}

/// How numbers other than money are read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NumberRules<'a> {
    pub(crate) style: NumberStyle,
    pub(crate) null_values: &'a [String],
    pub(crate) kind: CellKind,
    /// Whether a cell may be empty.
    pub(crate) blank: bool,
}

/// Reads a column of numbers, of whole numbers or of rates into units of their scale; `MISSING` where a cell is empty.
pub(crate) fn numbers(
    cells: &Cells<'_>,
    rules: &NumberRules<'_>,
    out: &mut Vec<i64>,
    mut reject: impl FnMut(usize, Reason),
) {
    let (decimals, rounding) = match rules.kind {
        CellKind::Whole => (0, Rounding::Exact),
        CellKind::Rate => (RATE_DECIMALS, Rounding::HalfEven),
        _ => (NUMBER_DECIMALS, Rounding::HalfEven),
    };
    out.clear();
    cells.each_decimal(rules.style, rules.null_values, |row, number| {
        let units = match number {
            None if rules.blank => Ok(MISSING),
            None => Err(Reason::Missing),
            Some(number) => {
                match number.and_then(|number| number.to_units(decimals, rounding)).map_err(number_reason) {
                    Err(Reason::TooManyDecimals) => Err(Reason::NotWhole),
                    Ok(units) if rules.kind == CellKind::Whole && units < 0 => Err(Reason::Negative),
                    other => other,
                }
            }
        };
        out.push(units.unwrap_or_else(|reason| {
            reject(row, reason);
            MISSING
        }));
    });
}

/// Reads a column of yes and no; the dictionary holds the few ways in which the source says so.
pub(crate) fn flags(
    cells: &Cells<'_>,
    dictionary: &mut Dictionary,
    null_values: &[String],
    out: &mut Vec<i64>,
    mut reject: impl FnMut(usize, Reason),
) {
    cells.labels(dictionary, null_values, out);
    let meanings: Vec<Option<i64>> = dictionary.labels.iter().map(|label| flag(label)).collect();
    for (row, value) in out.iter_mut().enumerate().filter(|(_, value)| **value != MISSING) {
        let said = usize::try_from(*value).ok().and_then(|number| *meanings.get(number)?);
        *value = said.unwrap_or_else(|| {
            reject(row, Reason::NotAFlag);
            MISSING
        });
    }
}

/// Reads a column of identifiers that are only ever compared.
pub(crate) fn keys(
    cells: &Cells<'_>,
    null_values: &[String],
    blank: bool,
    out: &mut Vec<i64>,
    mut reject: impl FnMut(usize, Reason),
) {
    out.clear();
    cells.each_identifier(null_values, |row, identifier| {
        if identifier.is_none() && !blank {
            reject(row, Reason::Missing);
        }
        out.push(identifier.map_or(MISSING, |identifier| identifier.key()));
    });
}

pub(crate) const fn number_reason(error: NumberError) -> Reason {
    match error {
        NumberError::NotANumber => Reason::NotANumber,
        NumberError::TooManyDecimals => Reason::TooManyDecimals,
        NumberError::OutOfRange => Reason::OutOfRange,
    }
}

pub(crate) const fn time_reason(error: TimeError) -> Reason {
    match error {
        TimeError::NotATime => Reason::NotATime,
        TimeError::InGap => Reason::InClockGap,
        TimeError::OutOfRange => Reason::OutOfRange,
    }
}

/// Reads a column of moments into seconds since 1970 UTC (or local days); `MISSING` where an optional cell is.
pub(crate) fn moments(
    cells: &Cells<'_>,
    clock: &mut LocalClock,
    rules: &TimeRules<'_>,
    out: &mut Vec<i64>,
    mut reject: impl FnMut(usize, Reason),
) {
    out.clear();
    cells.each_moment(rules.format, rules.null_values, |row, moment| {
        let value = match moment {
            None if rules.required => Err(Reason::Missing),
            None => Ok(MISSING),
            Some(moment) => moment
                .and_then(|moment| if rules.as_day { clock.day(moment) } else { clock.instant(moment) })
                .map_err(time_reason),
        };
        out.push(value.unwrap_or_else(|reason| {
            reject(row, reason);
            MISSING
        }));
    });
}

/// How timestamps are read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TimeRules<'a> {
    pub(crate) format: &'a TimeFormat,
    pub(crate) null_values: &'a [String],
    pub(crate) required: bool,
    pub(crate) as_day: bool,
}
