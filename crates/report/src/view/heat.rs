//! Shades of cohort tables.

use tallybook_metrics::declare::Unit;
use tallybook_metrics::result::Figure;

/// Shades of a cohort table, from the lowest to the highest value beyond age 0 (where by first order everyone is active).
pub(super) struct Heat {
    low: f64,
    high: f64,
}

impl Heat {
    pub(super) fn of<'a>(figures: impl Iterator<Item = &'a &'a Figure>, unit: Option<Unit>) -> Self {
        let skip_zero = unit == Some(Unit::Share);
        let mut heat = Self { low: f64::INFINITY, high: f64::NEG_INFINITY };
        for figure in figures {
            let age = figure.cohort.as_ref().map_or(0, |cell| cell.age);
            if let Some(value) = figure.reading.value.filter(|_| age > 0 || !skip_zero) {
                heat = Self { low: heat.low.min(value), high: heat.high.max(value) };
            }
        }
        heat
    }

    pub(super) fn class(&self, value: f64) -> String {
        let share = if self.high > self.low { (value - self.low) / (self.high - self.low) } else { 0.5 };
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0..=8")]
        let step = (share.clamp(0.0, 1.0) * 8.0).round() as u8;
        format!("h{step}")
    }
}
