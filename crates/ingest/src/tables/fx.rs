//! Exchange rates: amounts of other currencies in the pipeline's.

use std::collections::BTreeMap;

use crate::packed_column::{MAX_ABS, MISSING};
use crate::schema::{CellKind, RATE_DECIMALS};
use crate::table::Table;

/// Days for which a rate stands in for a later day without one: weekends and holidays.
const MAX_AGE: i64 = 10;

/// Rates into the pipeline's currency by currency and day.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rates {
    /// By the other currency's code in capitals: the day, and the rate as a fraction.
    by_currency: BTreeMap<String, BTreeMap<i64, (i64, i64)>>,
}

impl Rates {
    /// Takes the rates that concern a currency out of a table: those into it, and the inverse of those out of it where a day has no other.
    pub(crate) fn new(table: &Table, currency: &str) -> Self {
        debug_assert_eq!(table.kind().column("rate").map(|column| column.cell), Some(CellKind::Rate));
        let mut rates = Self::default();
        let (Some(days), Some(values), Some(from), Some(to)) =
            (table.column("on"), table.column("rate"), table.labels("from"), table.labels("to"))
        else {
            return rates;
        };
        let one = 10_i64.pow(RATE_DECIMALS);
        let [mut day, mut value, mut source, mut target] = [const { Vec::new() }; 4];
        for chunk in 0..table.chunk_count() {
            days.decode(chunk, &mut day);
            values.decode(chunk, &mut value);
            from.codes.decode(chunk, &mut source);
            to.codes.decode(chunk, &mut target);
            for row in 0..day.len() {
                let (Some(source), Some(target)) = (from.label(source[row]), to.label(target[row])) else { continue };
                if target.eq_ignore_ascii_case(currency) {
                    rates.of(source).insert(day[row], (value[row], one));
                } else if source.eq_ignore_ascii_case(currency) {
                    rates.of(target).entry(day[row]).or_insert((one, value[row]));
                }
            }
        }
        rates
    }

    /// Takes in the rates of another table.
    pub(crate) fn extend(&mut self, other: &Self) {
        for (currency, rates) in &other.by_currency {
            self.of(currency).extend(rates);
        }
    }

    fn of(&mut self, currency: &str) -> &mut BTreeMap<i64, (i64, i64)> {
        self.by_currency.entry(currency.to_ascii_uppercase()).or_default()
    }

    /// Changes an amount by the rate of a day, or of the latest of the ten days before it; rounded to the nearest unit, ties to even.
    pub(crate) fn change(&self, currency: &str, day: i64, amount: i64) -> Option<i64> {
        let rates = self.by_currency.get(&currency.to_ascii_uppercase())?;
        let (_, &(units, one)) = rates.range(day.checked_sub(MAX_AGE)?..=day).next_back()?;
        if amount == MISSING {
            return Some(amount);
        }
        rounded(i128::from(amount).checked_mul(i128::from(units))?, i128::from(one))
            .filter(|units| units.abs() <= MAX_ABS)
    }
}

/// Decimals of a currency's smallest unit (ISO 4217, as of 2026); two where the code is not known.
pub fn currency_decimals(code: &str) -> u32 {
    match code.to_ascii_uppercase().as_str() {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "VND" | "VUV"
        | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}

/// Divides, to the nearest whole number, ties to even.
pub(crate) fn rounded(dividend: i128, divisor: i128) -> Option<i64> {
    if divisor <= 0 {
        return None;
    }
    let (whole, rest) = (dividend.div_euclid(divisor), dividend.rem_euclid(divisor));
    let up = match (rest * 2).cmp(&divisor) {
        std::cmp::Ordering::Less => 0,
        std::cmp::Ordering::Equal => whole.rem_euclid(2),
        std::cmp::Ordering::Greater => 1,
    };
    i64::try_from(whole + up).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates() -> Rates {
        let one = 10_i64.pow(RATE_DECIMALS);
        let usd = BTreeMap::from([(100, (9 * one / 10, one)), (103, (8 * one / 10, one))]);
        Rates { by_currency: BTreeMap::from([("USD".to_owned(), usd)]) }
    }

    #[test]
    fn the_latest_rate_of_ten_days_counts() {
        // 12.35 USD at 0.9 is 11.115, to the even 11.12; at 0.8 it is 9.88.
        assert_eq!(rates().change("usd", 102, 1235), Some(1112));
        assert_eq!(rates().change("USD", 103, 1235), Some(988));
        assert_eq!(rates().change("USD", 113, 1235), Some(988));
        assert_eq!(rates().change("USD", 114, 1235), None);
        assert_eq!(rates().change("USD", 99, 1235), None);
        assert_eq!(rates().change("CHF", 103, 1235), None);
    }

    #[test]
    fn ties_go_to_even() {
        assert_eq!(
            [5, 15, -5, -15, 14, 16].map(|n| rounded(n, 10)),
            [Some(0), Some(2), Some(0), Some(-2), Some(1), Some(2)]
        );
        assert_eq!(rounded(1, 0), None);
    }
}
