//! Average order value.

use schemars::JsonSchema;
use serde::Deserialize;
use tallybook_ingest::TableKind;

use crate::declare::{Area, Direction, Info, Measure, OptionInfo, Unit};
use crate::engine::order_value::OrderValue;
use crate::engine::row_sums::{Clock, MEDIAN, Reduction};
use crate::metric::{Cell, Metric, Need, Requests, Results};
use tallybook_stats::Outcome;

pub(in crate::catalog) const INFO: Info = Info {
    id: "aov",
    title: "Average order value",
    area: Area::Orders,
    unit: Unit::Money,
    good: Direction::Up,
    definition: "What an order placed in the period is worth on average, after what was refunded of it since; beside it, the median order.",
    formula: "worth of the period's orders / number of orders; median with order statistics",
    source: "Kaushik (2010), Web Analytics 2.0, ch. 5",
    interval: "Student's t on the mean, which is the delta method for the ratio of revenue to orders; order statistics for the median",
    traps: &[
        "zero-value orders are kept unless exclude_zero",
        "refunds belong to their orders here, whatever their date, while revenue may count them by their own",
    ],
    options: &[OptionInfo { name: "exclude_zero", default: "false", meaning: "leaves out orders worth nothing" }],
    example: "{exclude_zero: true}",
};

const MIDDLE: &str = "median";

/// The average order value.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::catalog) struct Aov {
    /// Leaves out orders worth nothing.
    #[serde(default)]
    exclude_zero: bool,
}

impl Aov {
    fn worth(&self, value: &OrderValue) -> Reduction {
        Reduction {
            terms: value.after_refunds(),
            nonzero: self.exclude_zero,
            quantiles: vec![MEDIAN],
            ..Reduction::rows(TableKind::Orders, Clock::OrderedAt)
        }
    }
}

impl Metric for Aov {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn measures(&self) -> Vec<Measure> {
        vec![Measure::headline(Unit::Money), Measure { key: MIDDLE, suffix: "median", unit: Unit::Money }]
    }

    fn policy(&self, _: &OrderValue) -> String {
        let zero = if self.exclude_zero { "left out" } else { "kept" };
        format!("zero-value orders {zero}")
    }

    fn needs(&self) -> Vec<Need> {
        vec![Need::orders()]
    }

    fn request(&self, requests: &mut Requests<'_>) {
        requests.reduction(self.worth(requests.value));
    }

    fn outcome(&self, results: &Results, measure: &str, cell: &Cell) -> Outcome {
        let worth = self.worth(&results.value);
        if measure == MIDDLE {
            return results.quantile(&worth, &cell.window, cell.segment, MEDIAN, "orders");
        }
        results.sums(&worth, &cell.window, cell.segment).mean("orders")
    }
}
