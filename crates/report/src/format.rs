//! The one formatter: a value, its unit and the locale make a text, and every output shows that text.

use chrono::{Datelike, NaiveDate};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tallybook_calendar::Period;
use tallybook_metrics::declare::Unit;

/// How numbers and dates are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum Locale {
    /// 1,234.50
    #[default]
    #[serde(rename = "en-US")]
    EnUs,
    /// 1,234.50
    #[serde(rename = "en-GB")]
    EnGb,
    /// 1.234,50
    #[serde(rename = "de-DE")]
    DeDe,
    /// 1 234,50
    #[serde(rename = "fr-FR")]
    FrFr,
}

/// A currency as figures are counted in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Currency {
    /// ISO 4217 code.
    pub code: String,
    /// Decimals of the minor unit that amounts are counted in.
    pub decimals: u32,
}

impl Currency {
    fn symbol(&self) -> &str {
        match self.code.as_str() {
            "EUR" => "€",
            "USD" => "$",
            "GBP" => "£",
            "JPY" => "¥",
            other => other,
        }
    }
}

/// Writes values for people.
#[derive(Debug, Clone)]
pub struct Formatter {
    /// How numbers and dates are written.
    pub locale: Locale,
    /// What money is counted in.
    pub currency: Currency,
}

const MINUS: char = '\u{2212}';
const NARROW_SPACE: char = '\u{202f}';
const NO_BREAK: char = '\u{a0}';

/// Shown where there is no value.
pub const NOT_AVAILABLE: &str = "n/a";

/// The unit of time that suits a length in seconds: its name, and its seconds.
pub(crate) fn time_unit(seconds: f64) -> (&'static str, f64) {
    match seconds.abs() {
        size if size < 90.0 => ("s", 1.0),
        size if size < 5_400.0 => ("min", 60.0),
        size if size < 172_800.0 => ("h", 3_600.0),
        _ => ("d", 86_400.0),
    }
}

impl Formatter {
    /// Writes a value; `margin` is the half-width of its interval, which bounds the digits that mean something.
    pub fn value(&self, unit: Unit, value: f64, margin: Option<f64>) -> String {
        match unit {
            Unit::Money => self.money(value, margin, false),
            Unit::Count => self.number(value, 0),
            Unit::Share => self.percent(value, percent_digits(margin), false),
            Unit::Change => self.percent(value, percent_digits(margin), true),
            Unit::Number => self.number(value, digits(margin, 2)),
            Unit::Points => self.number(value, digits(margin, 1)),
            Unit::Duration => self.duration(value, value, false),
            Unit::Months => format!("{}{NO_BREAK}months", self.number(value, 1)),
        }
    }

    /// Writes seconds in the unit that suits a length: seconds, minutes, hours or days.
    fn duration(&self, seconds: f64, like: f64, signed: bool) -> String {
        let (name, length) = time_unit(like);
        let digits = usize::from(length > 60.0 || (length > 1.0 && like.abs() < 600.0));
        let number = if signed { self.signed(seconds / length, digits) } else { self.number(seconds / length, digits) };
        format!("{number}{NO_BREAK}{name}")
    }

    /// Writes a value on an axis over a span of values.
    pub fn tick(&self, unit: Unit, value: f64, span: f64) -> String {
        match unit {
            // Whole units of money from a span of five on.
            Unit::Money => {
                let whole = span >= 5.0 * 10_f64.powi(i32::try_from(self.currency.decimals).unwrap_or(2));
                self.money(value, Some(if whole { f64::INFINITY } else { 0.0 }), false)
            }
            Unit::Share | Unit::Change => self.percent(value, usize::from(span < 0.05), false),
            Unit::Count | Unit::Number | Unit::Points | Unit::Months => {
                self.number(value, usize::from(span < 5.0 && unit != Unit::Count))
            }
            Unit::Duration => self.duration(value, span, false),
        }
    }

    /// Writes a difference of two values with its sign; a difference of shares is in percentage points.
    pub fn difference(&self, unit: Unit, value: f64, margin: Option<f64>) -> String {
        match unit {
            Unit::Money => self.money(value, margin, true),
            Unit::Count => self.signed(value, 0),
            Unit::Share | Unit::Change => {
                format!("{}{NO_BREAK}pp", self.signed(value * 100.0, percent_digits(margin)))
            }
            Unit::Number => self.signed(value, digits(margin, 2)),
            Unit::Points => format!("{}{NO_BREAK}points", self.signed(value, digits(margin, 1))),
            Unit::Duration => self.duration(value, value, true),
            Unit::Months => format!("{}{NO_BREAK}months", self.signed(value, 1)),
        }
    }

    /// Writes a relative change with its sign.
    pub fn relative(&self, value: f64) -> String {
        let size = (value * 100.0).abs();
        self.percent(value, usize::from(size < 99.95), true)
    }

    /// Writes a whole percentage.
    pub fn percent_of(&self, share: f64) -> String {
        self.percent(share, 0, false)
    }

    /// Writes the half-width of an interval that is symmetric to the eye, or both its ends.
    pub fn interval(&self, unit: Unit, value: f64, low: f64, high: f64) -> String {
        let (below, above) = (value - low, high - value);
        let margin = f64::midpoint(below, above);
        if margin > 0.0 && (below - above).abs() <= 0.2 * margin {
            let size = match unit {
                Unit::Share | Unit::Change => {
                    format!("{}{NO_BREAK}pp", self.number(margin * 100.0, percent_digits(Some(margin))))
                }
                _ => self.value(unit, margin, Some(margin)),
            };
            return format!("±{NO_BREAK}{size}");
        }
        let end = |end| self.value(unit, end, Some(margin));
        format!("{} to {}", end(low), end(high))
    }

    /// Writes a whole number.
    pub fn count(&self, value: u64) -> String {
        self.number(value as f64, 0)
    }

    /// Writes the days of a period: `Mon 9 – Sun 15 Nov 2026`.
    pub fn days(&self, period: &Period) -> String {
        self.range(period.from, period.last())
    }

    /// Writes a range of days, both ends in it.
    pub fn range(&self, from: NaiveDate, last: NaiveDate) -> String {
        if from == last {
            return self.day(from);
        }
        let start = if from.year() != last.year() {
            self.day(from)
        } else if from.month() != last.month() {
            format!("{} {}", self.weekday_and_day(from), self.month(from))
        } else {
            self.weekday_and_day(from)
        };
        format!("{start} – {}", self.day(last))
    }

    /// Writes a day: `Sun 15 Nov 2026`.
    pub fn day(&self, day: NaiveDate) -> String {
        format!("{} {} {}", self.weekday_and_day(day), self.month(day), day.year())
    }

    fn weekday_and_day(&self, day: NaiveDate) -> String {
        let names = match self.locale {
            Locale::EnUs | Locale::EnGb => ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
            Locale::DeDe => ["Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"],
            Locale::FrFr => ["lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim."],
        };
        let name = names[day.weekday().num_days_from_monday() as usize];
        let dot = if self.locale == Locale::DeDe { "." } else { "" };
        format!("{name} {}{dot}", day.day())
    }

    fn month(&self, day: NaiveDate) -> &'static str {
        let names = match self.locale {
            Locale::EnUs | Locale::EnGb => {
                ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
            }
            Locale::DeDe => {
                ["Jan.", "Feb.", "März", "Apr.", "Mai", "Juni", "Juli", "Aug.", "Sep.", "Okt.", "Nov.", "Dez."]
            }
            Locale::FrFr => {
                ["janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."]
            }
        };
        names[day.month0() as usize]
    }

    fn money(&self, minor: f64, margin: Option<f64>, signed: bool) -> String {
        let scale = 10_f64.powi(i32::try_from(self.currency.decimals).unwrap_or(2));
        let (major, margin) = (minor / scale, margin.map(|margin| margin / scale));
        // Cents where they mean something: small sums known to within a few units.
        let decimals = (self.currency.decimals as usize).min(2);
        let cents = major.abs() < 10_000.0 && margin.is_none_or(|margin| margin < 5.0);
        let digits = if cents { decimals } else { 0 };
        let number = grouped(major.abs(), digits, self.locale);
        let negative = major < 0.0 && number.contains(|c: char| ('1'..='9').contains(&c));
        let sign = if negative {
            MINUS.to_string()
        } else if signed {
            "+".to_owned()
        } else {
            String::new()
        };
        let symbol = self.currency.symbol();
        match self.locale {
            Locale::EnUs | Locale::EnGb if symbol.chars().count() > 1 => format!("{sign}{symbol}{NO_BREAK}{number}"),
            Locale::EnUs | Locale::EnGb => format!("{sign}{symbol}{number}"),
            Locale::DeDe | Locale::FrFr => format!("{sign}{number}{NO_BREAK}{symbol}"),
        }
    }

    fn percent(&self, share: f64, digits: usize, signed: bool) -> String {
        let number = if signed { self.signed(share * 100.0, digits) } else { self.number(share * 100.0, digits) };
        match self.locale {
            Locale::EnUs | Locale::EnGb => format!("{number}%"),
            Locale::DeDe | Locale::FrFr => format!("{number}{NO_BREAK}%"),
        }
    }

    fn number(&self, value: f64, digits: usize) -> String {
        let number = grouped(value.abs(), digits, self.locale);
        let negative = value < 0.0 && number.contains(|c: char| ('1'..='9').contains(&c));
        if negative { format!("{MINUS}{number}") } else { number }
    }

    /// A number with its sign; what rounds to nothing has none.
    fn signed(&self, value: f64, digits: usize) -> String {
        let number = self.number(value, digits);
        let nothing = !number.contains(|c: char| ('1'..='9').contains(&c));
        if number.starts_with(MINUS) || nothing { number } else { format!("+{number}") }
    }
}

/// Decimals that an interval supports: the last digit is no finer than a tenth of the half-width.
fn digits(margin: Option<f64>, most: usize) -> usize {
    match margin {
        Some(margin) if margin > 0.0 => {
            let mut scaled = margin;
            (0..most)
                .find(|_| {
                    let enough = scaled >= 1.0;
                    scaled *= 10.0;
                    enough
                })
                .unwrap_or(most)
        }
        _ => most,
    }
}

fn percent_digits(margin: Option<f64>) -> usize {
    margin.map_or(1, |margin| digits(Some(margin * 100.0 / 2.0), 2))
}

fn grouped(value: f64, digits: usize, locale: Locale) -> String {
    let plain = format!("{value:.digits$}");
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    let (group, mark) = match locale {
        Locale::EnUs | Locale::EnGb => (',', '.'),
        Locale::DeDe => ('.', ','),
        Locale::FrFr => (NARROW_SPACE, ','),
    };
    let mut text = String::with_capacity(plain.len() + 8);
    for (position, digit) in whole.chars().enumerate() {
        if position > 0 && (whole.len() - position) % 3 == 0 {
            text.push(group);
        }
        text.push(digit);
    }
    if !fraction.is_empty() {
        text.push(mark);
        text.push_str(fraction);
    }
    text
}

/// Drops characters that do not show, or turn the direction of what follows.
pub(crate) fn visible(text: &str) -> String {
    let hides = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    text.chars().map(|c| if c == '\n' || c == '\t' { ' ' } else { c }).filter(|&c| !hides(c)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn formatter(locale: Locale, code: &str) -> Formatter {
        Formatter { locale, currency: Currency { code: code.to_owned(), decimals: 2 } }
    }

    #[test]
    fn money_by_locale() {
        let value = 123_456.0;
        for (locale, code, expected) in [
            (Locale::EnUs, "USD", "$1,234.56"),
            (Locale::EnGb, "GBP", "£1,234.56"),
            (Locale::DeDe, "EUR", "1.234,56\u{a0}€"),
            (Locale::FrFr, "EUR", "1\u{202f}234,56\u{a0}€"),
            (Locale::EnUs, "CHF", "CHF\u{a0}1,234.56"),
        ] {
            assert_eq!(formatter(locale, code).value(Unit::Money, value, None), expected);
        }
    }

    #[test]
    fn no_more_digits_than_the_interval_supports() {
        let english = formatter(Locale::EnUs, "USD");
        assert_eq!(english.value(Unit::Money, 250_031_563.0, Some(500_000.0)), "$2,500,316");
        assert_eq!(english.value(Unit::Money, 3_589.36, Some(35.0)), "$35.89");
        assert_eq!(english.value(Unit::Money, 3_589.36, Some(1_200.0)), "$36");
        assert_eq!(english.value(Unit::Share, 0.147_464, Some(0.007_8)), "14.7%");
        assert_eq!(english.value(Unit::Share, 0.147_464, Some(0.05)), "15%");
        assert_eq!(english.value(Unit::Share, 0.147_464, Some(0.000_9)), "14.75%");
        assert_eq!(english.value(Unit::Number, 1.234_5, Some(0.02)), "1.23");
    }

    #[test]
    fn signs() {
        let english = formatter(Locale::EnUs, "USD");
        assert_eq!(english.value(Unit::Money, -1_250.0, None), "\u{2212}$12.50");
        assert_eq!(english.difference(Unit::Count, -12.0, None), "\u{2212}12");
        assert_eq!(english.difference(Unit::Share, 0.013, Some(0.01)), "+1.3\u{a0}pp");
        assert_eq!(english.relative(-0.0001), "0.0%");
        assert_eq!(english.relative(1.5), "+150%");
        assert_eq!(english.value(Unit::Change, -0.034, None), "\u{2212}3.4%");
        assert_eq!(english.value(Unit::Duration, 79_560.0, None), "22.1\u{a0}h");
        assert_eq!(english.value(Unit::Duration, 641_418.0, None), "7.4\u{a0}d");
        assert_eq!(english.value(Unit::Duration, 252.0, None), "4.2\u{a0}min");
        assert_eq!(english.difference(Unit::Duration, -45.0, None), "\u{2212}45\u{a0}s");
        assert_eq!(english.value(Unit::Points, 39.84, Some(0.4)), "39.8");
        assert_eq!(english.difference(Unit::Points, -4.2, Some(0.4)), "\u{2212}4.2\u{a0}points");
    }

    #[test]
    fn intervals() {
        let english = formatter(Locale::EnUs, "USD");
        assert_eq!(english.interval(Unit::Share, 0.5, 0.4, 0.6), "±\u{a0}10\u{a0}pp");
        assert_eq!(english.interval(Unit::Count, 2.0, 0.2, 7.2), "0 to 7");
    }

    #[test]
    fn days() {
        let range = |locale, from: &str, last: &str| {
            let day = |text: &str| text.parse().expect("a day");
            formatter(locale, "EUR").range(day(from), day(last))
        };
        assert_eq!(range(Locale::EnUs, "2026-11-09", "2026-11-15"), "Mon 9 – Sun 15 Nov 2026");
        assert_eq!(range(Locale::EnUs, "2026-10-26", "2026-11-01"), "Mon 26 Oct – Sun 1 Nov 2026");
        assert_eq!(range(Locale::DeDe, "2025-12-29", "2026-01-04"), "Mo 29. Dez. 2025 – So 4. Jan. 2026");
        assert_eq!(range(Locale::FrFr, "2026-11-15", "2026-11-15"), "dim. 15 nov. 2026");
    }
}
