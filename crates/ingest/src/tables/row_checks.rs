//! Checks of whole rows: what needs more than one cell, or knows what a column means.

use std::collections::BTreeMap;

use chrono::DateTime;
use chrono_tz::Tz;
use foldhash::fast::FixedState;
use hashbrown::HashSet;

use crate::config::Origin;
use crate::packed_column::{MAX_ABS, MISSING};
use crate::parse::cells::{RowVerdict, number_reason};
use crate::parse::identifiers::Identifier;
use crate::quarantine::Reason;
use crate::schema::{NUMBER_SCALE, TableKind};
use crate::source::Source;
use crate::tables::column::Column;
use crate::tables::fx::{Rates, currency_decimals, rounded};
use crate::tables::spend::check_spend_range;

/// The number of the rule that leaves out cancelled orders and tickets, past those of the pipeline.
pub(crate) const CANCELLED: u16 = u16::MAX;

/// Pairs of numbers that may stand in a table once: a subscription and a beginning of it, a response and its kind.
pub(crate) type Pairs = HashSet<(i64, i64), FixedState>;

/// The rows of a batch, cell by cell.
struct RowMarks<'a> {
    source: &'a Source,
    columns: &'a [Column],
    verdicts: &'a mut [RowVerdict],
}

/// Checks the rows of a batch, and changes amounts of other currencies into the pipeline's; `made` takes columns that are made of others.
pub(crate) fn check_rows(
    source: &Source,
    columns: &mut [Column],
    verdicts: &mut [RowVerdict],
    pairs: &mut Pairs,
    rates: Option<&Rates>,
    made: &mut BTreeMap<String, Vec<i64>>,
) {
    // What is cancelled is left out, whatever its amounts are.
    {
        let mut rows = RowMarks { source, columns, verdicts };
        // A ticket is left out as a whole, which its updates one by one cannot tell.
        if source.table != TableKind::TicketEvents {
            let cancelled = |status: &str| source.cancelled.contains(&status.to_lowercase());
            rows.mark_rows("status", cancelled, RowVerdict::Excluded(CANCELLED));
        }
    }
    if source.in_minor_units {
        scale_minor_units(source, columns, verdicts);
    }
    if let Some(rates) = rates {
        change_currency(source, columns, verdicts, rates);
    }
    let mut rows = RowMarks { source, columns, verdicts };
    rows.not_negative(&[
        "discount",
        "refund_amount",
        "quantity",
        "weight",
        "handle_seconds",
        "talk_seconds",
        "hold_seconds",
        "wrap_seconds",
    ]);
    if rates.is_none() && source.table != TableKind::Fx {
        let foreign = |code: &str| !code.eq_ignore_ascii_case(&source.currency);
        rows.mark_rows("currency", foreign, RowVerdict::rejected(source.table, "currency", Reason::OtherCurrency));
    }
    match source.table {
        TableKind::Spend => {
            let find = |name: &str| columns.iter().find(|column| column.mapped.name == name);
            check_spend_range(&find, verdicts);
        }
        TableKind::OrderLines => rows.lines(),
        TableKind::Subscriptions => rows.subscriptions(pairs, made),
        TableKind::Tickets | TableKind::TicketEvents => rows.tickets(),
        TableKind::Surveys => rows.surveys(pairs),
        TableKind::Targets => rows.ordered("starts_on", "ends_on"),
        TableKind::Annotations => rows.ordered("on", "until"),
        TableKind::Fx => rows.above_zero("rate"),
        TableKind::Orders | TableKind::Customers | TableKind::Events | TableKind::Own(_) => {}
    }
}

/// Amounts in the smallest units of each row's own currency get the decimals that the pipeline counts with.
fn scale_minor_units(source: &Source, columns: &mut [Column], verdicts: &mut [RowVerdict]) {
    let factor = |code: &str| 10_i64.checked_pow(source.decimals.checked_sub(currency_decimals(code))?);
    let own = factor(&source.currency);
    let (codes, by_label): (Vec<i64>, Vec<Option<i64>>) =
        columns.iter().find(|column| column.mapped.name == "currency").map_or_else(Default::default, |column| {
            (column.values.clone(), column.dictionary.labels.iter().map(|code| factor(code)).collect())
        });
    for column in columns.iter_mut().filter(|column| column.mapped.is_money()) {
        for (row, value) in column.values.iter_mut().enumerate() {
            let code = codes.get(row).and_then(|&code| usize::try_from(code).ok());
            let factor = code.map_or(own, |code| by_label.get(code).copied().flatten());
            match factor.and_then(|factor| value.checked_mul(factor)).filter(|units| units.abs() <= MAX_ABS) {
                Some(units) => *value = units,
                None if verdicts[row] == RowVerdict::Use => {
                    verdicts[row] = RowVerdict::rejected(source.table, &column.mapped.name, Reason::OutOfRange);
                }
                None => {}
            }
        }
    }
}

/// The local day of a moment.
fn local_day(at: i64, zone: Tz) -> i64 {
    let local = DateTime::from_timestamp(at, 0).map(|time| time.with_timezone(&zone).date_naive());
    local.map_or_else(|| at.div_euclid(86_400), |day| i64::from(day.to_epoch_days()))
}

/// Rows in another currency get the amounts that they have in the pipeline's, by the rate of their day in the source's zone.
fn change_currency(source: &Source, columns: &mut [Column], verdicts: &mut [RowVerdict], rates: &Rates) {
    let position = |name: &str| columns.iter().position(|column| column.mapped.name == name);
    let Some(currency) = position("currency") else { return };
    // A range of days is changed by the rate of its first.
    let clocks: Vec<usize> = source.table.clock().into_iter().chain(["spent_from"]).filter_map(position).collect();
    let foreign: Vec<Option<String>> = columns[currency]
        .dictionary
        .labels
        .iter()
        .map(|code| (!code.eq_ignore_ascii_case(&source.currency)).then(|| code.clone()))
        .collect();
    let day_of = |at: i64| if source.table == TableKind::Spend { at } else { local_day(at, source.zone) };
    for (row, verdict) in verdicts.iter_mut().enumerate().filter(|(_, verdict)| **verdict == RowVerdict::Use) {
        let code = usize::try_from(columns[currency].values[row]).ok().and_then(|code| foreign.get(code)?.as_deref());
        let Some(code) = code else { continue };
        if source.table == TableKind::OrderLines {
            // Unit prices have more decimals than money; lines in other currencies must be changed before.
            *verdict = RowVerdict::rejected(source.table, "currency", Reason::OtherCurrency);
            continue;
        }
        let at = clocks.iter().map(|&clock| columns[clock].values[row]).find(|at| *at != MISSING);
        let Some(day) = at.map(day_of) else { continue };
        for column in columns.iter_mut().filter(|column| column.mapped.is_money()) {
            match rates.change(code, day, column.values[row]) {
                Some(changed) => column.values[row] = changed,
                None => *verdict = RowVerdict::rejected(source.table, "currency", Reason::NoRate),
            }
        }
    }
}

impl RowMarks<'_> {
    fn find(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.mapped.name == name)
    }

    fn cell(&self, name: &str, row: usize) -> i64 {
        self.find(name).and_then(|column| column.values.get(row).copied()).unwrap_or(MISSING)
    }

    /// A number that stands for a label whatever source it is from.
    fn key(&self, name: &str, row: usize) -> i64 {
        let label = self.find(name).and_then(|column| {
            column.dictionary.labels.get(usize::try_from(column.values[row]).ok()?).map(String::as_str)
        });
        label.map_or(MISSING, |label| Identifier::parse(label).key())
    }

    fn reject(&mut self, row: usize, column: &str, reason: Reason) {
        if self.verdicts[row] == RowVerdict::Use {
            self.verdicts[row] = RowVerdict::rejected(self.source.table, column, reason);
        }
    }

    fn used(&self) -> impl Iterator<Item = usize> + use<> {
        let used: Vec<usize> = (0..self.verdicts.len()).filter(|&row| self.verdicts[row] == RowVerdict::Use).collect();
        used.into_iter()
    }

    fn not_negative(&mut self, names: &[&str]) {
        for name in names {
            let Some(column) = self.columns.iter().find(|column| column.mapped.name == *name) else { continue };
            let negative = |(_, value): &(usize, &i64)| **value < 0 && **value != MISSING;
            for (row, _) in column.values.iter().enumerate().filter(negative) {
                if self.verdicts[row] == RowVerdict::Use {
                    self.verdicts[row] = RowVerdict::rejected(self.source.table, name, Reason::Negative);
                }
            }
        }
    }

    fn above_zero(&mut self, name: &str) {
        for row in self.used() {
            if self.cell(name, row) <= 0 {
                self.reject(row, name, Reason::OutOfRange);
            }
        }
    }

    /// Whether a label tells against a row is decided once for each label.
    fn mark_rows(&mut self, name: &str, tells: impl Fn(&str) -> bool, verdict: RowVerdict) {
        let Some(column) = self.columns.iter().find(|column| column.mapped.name == name) else { return };
        let told: Vec<bool> = column.dictionary.labels.iter().map(|label| tells(label)).collect();
        if !told.contains(&true) {
            return;
        }
        for (own, &number) in self.verdicts.iter_mut().zip(&column.values) {
            if *own == RowVerdict::Use && usize::try_from(number).is_ok_and(|number| told[number]) {
                *own = verdict;
            }
        }
    }

    /// What begins ends later, or not at all.
    fn ordered(&mut self, from: &str, to: &str) {
        for row in self.used() {
            let (from, end) = (self.cell(from, row), self.cell(to, row));
            if end != MISSING && from != MISSING && end < from {
                self.reject(row, to, Reason::EndsBeforeItBegins);
            }
        }
    }

    /// A line's amount must be a sum of money that can be counted.
    fn lines(&mut self) {
        let decimals = |name: &str| self.find(name).map_or(&[][..], |column| column.decimals.as_slice());
        let wrong: Vec<(usize, Reason)> = decimals("quantity")
            .iter()
            .zip(decimals("unit_price"))
            .map(|(quantity, price)| {
                let units = |amount: crate::parse::number::Decimal| {
                    amount.to_units(self.source.line_decimals(), self.source.rounding)
                };
                quantity.times(*price).and_then(units)
            })
            .enumerate()
            .filter_map(|(row, amount)| Some((row, number_reason(amount.err()?))))
            .collect();
        for (row, reason) in wrong {
            self.reject(row, "unit_price", reason);
        }
    }

    /// Subscriptions end after they begin, cost nothing or something, and have one row for each beginning.
    fn subscriptions(&mut self, seen: &mut Pairs, made: &mut BTreeMap<String, Vec<i64>>) {
        self.ordered("started_at", "ended_at");
        self.ordered("trial_started_at", "trial_ended_at");
        if self.find("mrr").is_none() {
            made.insert("mrr".to_owned(), self.monthly());
        }
        let priced = if self.find("mrr").is_some() { "mrr" } else { "amount" };
        for row in self.used() {
            if self.cell(priced, row) < 0 {
                self.reject(row, priced, Reason::Negative);
            } else if !seen.insert((self.key("subscription_id", row), self.cell("started_at", row))) {
                self.reject(row, "subscription_id", Reason::Duplicate);
            }
        }
    }

    /// Computes the monthly revenue of each row from the price of its interval.
    fn monthly(&mut self) -> Vec<i64> {
        let intervals: Vec<Option<(i64, i64)>> = self
            .find("interval")
            .map(|column| column.dictionary.labels.iter().map(|label| interval(label)).collect())
            .unwrap_or_default();
        let mut monthly = vec![0; self.verdicts.len()];
        for row in self.used() {
            let length = usize::try_from(self.cell("interval", row)).ok().and_then(|code| *intervals.get(code)?);
            let Some((per_month, of)) = length else {
                self.reject(row, "interval", Reason::NotAnInterval);
                continue;
            };
            let quantity = match self.cell("quantity", row) {
                MISSING => NUMBER_SCALE,
                quantity => quantity,
            };
            let price = i128::from(self.cell("amount", row)) * i128::from(quantity);
            let sum = price.checked_mul(i128::from(per_month));
            let sum = sum.and_then(|sum| rounded(sum, i128::from(of) * i128::from(NUMBER_SCALE)));
            match sum.filter(|sum| sum.abs() <= MAX_ABS) {
                Some(sum) => monthly[row] = sum,
                None => self.reject(row, "amount", Reason::OutOfRange),
            }
        }
        monthly
    }

    /// Nothing of a ticket happens before it is opened.
    fn tickets(&mut self) {
        for later in ["first_response_at", "solved_at", "resolved_at"] {
            self.ordered("opened_at", later);
        }
        self.ordered("solved_at", "resolved_at");
    }

    /// Answers have a kind that is known and a score on its scale; what was not answered was sent at least.
    fn surveys(&mut self, seen: &mut Pairs) {
        self.ordered("sent_at", "submitted_at");
        self.ordered("submitted_at", "followed_up_at");
        let known: Vec<(&String, &(i64, i64))> = self.source.scales.iter().collect();
        let scales: Vec<Option<(i64, i64, i64)>> = self
            .find("kind")
            .map(|column| {
                let scale = |label: &String| {
                    let number = known.iter().position(|(kind, _)| kind.eq_ignore_ascii_case(label.trim()))?;
                    let (least, greatest) = *known[number].1;
                    Some((number as i64, least, greatest))
                };
                column.dictionary.labels.iter().map(scale).collect()
            })
            .unwrap_or_default();
        let whole: Vec<bool> = self
            .find("kind")
            .map(|column| column.dictionary.labels.iter().map(|kind| kind.to_lowercase().ends_with("nps")).collect())
            .unwrap_or_default();
        // Numbers of rows begin anew in each file, and name nothing.
        let named = self.find("response_id").is_some_and(|column| column.mapped.origin != Origin::RowNumber);
        for row in self.used() {
            let kind = self.cell("kind", row);
            let code = usize::try_from(kind).ok();
            if code.is_none() {
                self.reject(row, "kind", Reason::Missing);
                continue;
            }
            let Some((number, least, greatest)) = code.and_then(|code| *scales.get(code)?) else {
                self.reject(row, "kind", Reason::UnknownKind);
                continue;
            };
            let (submitted, score) = (self.cell("submitted_at", row), self.cell("score", row));
            if submitted == MISSING && (self.cell("sent_at", row) == MISSING || score != MISSING) {
                self.reject(row, "submitted_at", Reason::Missing);
            } else if submitted != MISSING && score == MISSING {
                self.reject(row, "score", Reason::Missing);
            } else if score != MISSING {
                let on_scale = (least * NUMBER_SCALE..=greatest * NUMBER_SCALE).contains(&score);
                let fits = !code.is_some_and(|code| whole[code]) || score % NUMBER_SCALE == 0;
                if !on_scale || !fits {
                    self.reject(row, "score", Reason::OffScale);
                }
            }
            let used = self.verdicts[row] == RowVerdict::Use;
            if used && named && !seen.insert((self.cell("response_id", row), number)) {
                self.reject(row, "response_id", Reason::Duplicate);
            }
        }
    }
}

/// Reads an interval such as `year` or `3 months` as a fraction: a price for it is (units, of) of that a month.
fn interval(text: &str) -> Option<(i64, i64)> {
    let text = text.trim().to_lowercase();
    let (count, unit) = match text.split_once([' ', '-', '_']) {
        Some((count, unit)) => (count.parse::<i64>().ok().filter(|count| (1..=1200).contains(count))?, unit.to_owned()),
        None => (1, text),
    };
    // Months have 365 / 12 days.
    let (units, of) = match unit.as_str() {
        "day" | "days" | "daily" => (365, 12),
        "week" | "weeks" | "weekly" => (365, 84),
        "month" | "months" | "monthly" => (1, 1),
        "quarter" | "quarters" | "quarterly" => (1, 3),
        "year" | "years" | "yearly" | "annual" | "annually" => (1, 12),
        _ => return None,
    };
    Some((units, of * count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_parts_of_a_month() {
        assert_eq!(interval("Year"), Some((1, 12)));
        assert_eq!(interval("3 months"), Some((1, 3)));
        assert_eq!(interval("2 week"), Some((365, 168)));
        for wrong in ["", "0 months", "-1 month", "fortnight", "a month", "1 2 months"] {
            assert_eq!(interval(wrong), None, "{wrong}");
        }
    }
}
