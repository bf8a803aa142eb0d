//! Exact decimal numbers and money: text to integers, never through a float.

use crate::config::{CsvConfig, Decimal as DecimalMark, Rounding, Thousands};
use crate::packed_column::MAX_ABS;

/// An exact decimal number: `mantissa` x 10^-`scale`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decimal {
    pub(crate) mantissa: i128,
    pub(crate) scale: u32,
}

/// Why a number could not be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NumberError {
    NotANumber,
    TooManyDecimals,
    OutOfRange,
}

/// How numbers are written in text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NumberStyle {
    decimal: char,
    thousands: Option<Thousands>,
}

impl NumberStyle {
    pub(crate) const fn new(csv: &CsvConfig) -> Self {
        let decimal = match csv.decimal {
            DecimalMark::Point => '.',
            DecimalMark::Comma => ',',
        };
        Self { decimal, thousands: csv.thousands }
    }

    fn separates_thousands(self, c: char) -> bool {
        match self.thousands {
            None => false,
            Some(Thousands::Comma) => c == ',',
            Some(Thousands::Point) => c == '.',
            Some(Thousands::Space) => matches!(c, ' ' | '\u{a0}' | '\u{202f}'),
            Some(Thousands::Apostrophe) => matches!(c, '\'' | '\u{2019}'),
        }
    }
}

/// Digits beyond this many would not fit the mantissa.
const MAX_DIGITS: u32 = 36;

impl Decimal {
    /// Reads a number such as `-1234.50`. No exponent, no currency sign, no blank inside.
    pub(crate) fn parse(text: &str, style: NumberStyle) -> Result<Self, NumberError> {
        let text = text.trim();
        let (negative, digits) = match text.strip_prefix(['-', '\u{2212}']) {
            Some(digits) => (true, digits),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let mut number = Self { mantissa: 0, scale: 0 };
        let (mut count, mut after_mark, mut group) = (0_u32, false, None);
        for c in digits.chars() {
            if let Some(digit) = c.to_digit(10) {
                count += 1;
                if count > MAX_DIGITS {
                    return Err(NumberError::OutOfRange);
                }
                number.mantissa = number.mantissa * 10 + i128::from(digit);
                number.scale += u32::from(after_mark);
                group = group.map(|digits: u32| digits + u32::from(!after_mark));
            } else if c == style.decimal && !after_mark {
                after_mark = true;
            } else if style.separates_thousands(c) && !after_mark && count > 0 && group.is_none_or(|g| g == 3) {
                // `1,23` is not twelve hundred and something: groups after the first have three digits.
                group = Some(0);
            } else {
                return Err(NumberError::NotANumber);
            }
        }
        if count == 0 || group.is_some_and(|digits| digits != 3) {
            return Err(NumberError::NotANumber);
        }
        if negative {
            number.mantissa = -number.mantissa;
        }
        Ok(number)
    }

    /// Takes over a binary floating-point number by its shortest decimal form, which is the one a person typed.
    pub(crate) fn from_float(value: f64) -> Result<Self, NumberError> {
        if !value.is_finite() {
            return Err(NumberError::NotANumber);
        }
        if value.abs() >= 1e18 {
            return Err(NumberError::OutOfRange);
        }
        let plain = NumberStyle { decimal: '.', thousands: None };
        Self::parse(&format!("{value}"), plain)
    }

    /// Multiplies exactly.
    pub(crate) fn times(self, other: Self) -> Result<Self, NumberError> {
        let mantissa = self.mantissa.checked_mul(other.mantissa).ok_or(NumberError::OutOfRange)?;
        Ok(Self { mantissa, scale: self.scale + other.scale }.shortest())
    }

    fn shortest(mut self) -> Self {
        while self.scale > 0 && self.mantissa % 10 == 0 {
            self.mantissa /= 10;
            self.scale -= 1;
        }
        self
    }

    /// Gives the whole number of units of 10^-`decimals`.
    pub(crate) fn to_units(self, decimals: u32, rounding: Rounding) -> Result<i64, NumberError> {
        let units = if self.scale <= decimals {
            let factor = 10_i128.checked_pow(decimals - self.scale).ok_or(NumberError::OutOfRange)?;
            self.mantissa.checked_mul(factor).ok_or(NumberError::OutOfRange)?
        } else {
            let divisor = 10_i128.checked_pow(self.scale - decimals).ok_or(NumberError::OutOfRange)?;
            match rounding {
                Rounding::Exact if self.mantissa % divisor != 0 => return Err(NumberError::TooManyDecimals),
                Rounding::Exact => self.mantissa / divisor,
                Rounding::HalfEven => divide_half_even(self.mantissa, divisor),
            }
        };
        match i64::try_from(units) {
            Ok(units) if units.abs() <= MAX_ABS => Ok(units),
            _ => Err(NumberError::OutOfRange),
        }
    }
}

/// Divides by a positive divisor, rounding to the nearest whole number and ties to the even one.
fn divide_half_even(number: i128, divisor: i128) -> i128 {
    let floor = number.div_euclid(divisor);
    let twice_rest = 2 * number.rem_euclid(divisor);
    let up = twice_rest > divisor || (twice_rest == divisor && floor % 2 != 0);
    floor + i128::from(up)
}

#[cfg(test)]
mod tests {
    use super::*;

    const POINT: NumberStyle = NumberStyle { decimal: '.', thousands: None };
    const GERMAN: NumberStyle = NumberStyle { decimal: ',', thousands: Some(Thousands::Point) };

    fn cents(text: &str, style: NumberStyle, rounding: Rounding) -> Result<i64, NumberError> {
        Decimal::parse(text, style)?.to_units(2, rounding)
    }

    #[test]
    fn money_is_read_exactly() {
        for (text, expected) in [
            ("0", 0),
            ("12.3", 1230),
            (" 12.30 ", 1230),
            ("-0.01", -1),
            ("\u{2212}7", -700),
            ("+.5", 50),
            ("5.", 500),
            ("12.3000", 1230),
            ("90071992547409.93", 9_007_199_254_740_993),
        ] {
            assert_eq!(cents(text, POINT, Rounding::Exact), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_number_is_not_guessed() {
        for text in
            ["", " ", "-", "--5", "-\u{2212}5", "1e3", "1,234.50", "12 3", "\u{20ac}5", "1.2.3", "NaN", "0x10", "٣"]
        {
            assert_eq!(cents(text, POINT, Rounding::Exact), Err(NumberError::NotANumber), "{text:?}");
        }
    }

    #[test]
    fn decimal_comma_and_groups_of_three() {
        assert_eq!(cents("1.234.567,89", GERMAN, Rounding::Exact), Ok(123_456_789));
        assert_eq!(cents("1234,5", GERMAN, Rounding::Exact), Ok(123_450));
        for text in ["1.23", "1.2345,00", ".123", "1..234", "1,234.5"] {
            assert_eq!(cents(text, GERMAN, Rounding::Exact), Err(NumberError::NotANumber), "{text}");
        }
    }

    #[test]
    fn further_decimals_are_an_error_unless_rounding_is_asked_for() {
        assert_eq!(cents("1.005", POINT, Rounding::Exact), Err(NumberError::TooManyDecimals));
        for (text, expected) in
            [("1.005", 100), ("1.015", 102), ("1.0151", 102), ("-1.005", -100), ("-1.015", -102), ("-1.0149", -101)]
        {
            assert_eq!(cents(text, POINT, Rounding::HalfEven), Ok(expected), "{text}");
        }
    }

    #[test]
    fn magnitudes_have_a_bound() {
        assert_eq!(cents("5764607523034234.88", POINT, Rounding::Exact), Err(NumberError::OutOfRange));
        let long = "9".repeat(40);
        assert_eq!(cents(&long, POINT, Rounding::Exact), Err(NumberError::OutOfRange));
    }

    #[test]
    fn floats_are_taken_by_their_shortest_form() {
        let units = |value| Decimal::from_float(value)?.to_units(2, Rounding::Exact);
        assert_eq!(units(2.55), Ok(255));
        assert_eq!(units(-38970.0), Ok(-3_897_000));
        assert_eq!(units(0.1 + 0.2), Err(NumberError::TooManyDecimals));
        assert_eq!(units(f64::NAN), Err(NumberError::NotANumber));
        assert_eq!(units(1e300), Err(NumberError::OutOfRange));
    }

    #[test]
    fn products_are_exact() {
        let price = Decimal::parse("0.001", POINT)
            .and_then(|price| price.times(Decimal { mantissa: 80_995, scale: 0 })?.to_units(3, Rounding::Exact));
        assert_eq!(price, Ok(80_995));
    }
}
