//! The catalogue: one file a metric, listed once, in the order of a report.

mod aht;
mod answers;
mod aov;
mod arpa;
mod arpc;
mod backlog;
mod cac;
mod cac_payback;
mod ces;
mod churn_rate;
mod clv;
mod cohort_churn;
mod cohort_retention;
mod conversion_rate;
mod csat;
mod customer_growth;
mod customers_active;
mod customers_new;
mod customers_returning;
mod dau;
mod desk;
mod engagement_rate;
mod enps;
mod expansion_revenue;
mod fcr;
mod feedback_loop_closure;
mod first_response_time;
mod goal_completion;
mod gross_mrr_churn;
mod grr;
mod inactivity_churn;
mod lifetime_value;
mod ltv_cac;
mod mau;
mod mrr;
mod mrr_movements;
mod net_mrr_churn;
mod nps;
mod nrr;
mod orders;
mod orders_per_customer;
mod own;
mod quick_ratio;
mod renewal_rate;
mod reopen_rate;
mod repeat_rate;
mod resolution_time;
mod response_rate;
mod retention_rate;
mod return_rate;
mod revenue;
mod revenue_growth;
mod rfm_segments;
mod sentiment;
mod shared;
mod sla_attainment;
mod stickiness;
mod survival;
mod ticket_volume;
mod trial_to_paid;
mod wau;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use tallybook_ingest::did_you_mean;

use crate::metric::{Info, Metric};

/// Reads a metric's options.
type Configure = fn(&mut dyn erased_serde::Deserializer<'_>) -> Result<Box<dyn Metric>, erased_serde::Error>;

/// An entry of the catalogue: the declaration, and how its options become a metric.
#[derive(Debug)]
pub struct Entry {
    /// The declaration.
    pub info: &'static Info,
    configure: Configure,
    schema: fn(&mut SchemaGenerator) -> Schema,
}

impl Entry {
    const fn of<M: Metric + DeserializeOwned + JsonSchema + 'static>(info: &'static Info) -> Self {
        Self {
            info,
            configure: |deserializer| {
                let metric = M::deserialize(deserializer)?;
                match metric.contradiction() {
                    Some(contradiction) => Err(serde::de::Error::custom(contradiction)),
                    None => Ok(Box::new(metric)),
                }
            },
            schema: |generator| generator.subschema_for::<M>(),
        }
    }

    /// Reads the metric's options straight from the pipeline file, so that errors keep their place in it.
    pub fn configure<'de, D: serde::Deserializer<'de>>(&self, deserializer: D) -> Result<Box<dyn Metric>, D::Error> {
        let mut erased = <dyn erased_serde::Deserializer<'_>>::erase(deserializer);
        (self.configure)(&mut erased).map_err(serde::de::Error::custom)
    }

    /// Makes the metric with its default options.
    pub fn default_metric(&self) -> Result<Box<dyn Metric>, String> {
        let empty = serde_json::Value::Object(serde_json::Map::new());
        self.configure(empty).map_err(|error| error.to_string())
    }

    /// Makes the metric with the options of its example, for those of which some have no default.
    #[cfg(test)]
    fn example_metric(&self) -> Result<Box<dyn Metric>, String> {
        let example: serde_json::Value = serde_yaml::from_str(self.info.example).map_err(|error| error.to_string())?;
        self.configure(example).map_err(|error| error.to_string())
    }

    /// Gives the JSON Schema of the options.
    pub fn schema(&self, generator: &mut SchemaGenerator) -> Schema {
        (self.schema)(generator)
    }
}

/// Every metric, in the order of a report: acquisition, orders, retention, lifetime, subscriptions, service,
/// voice, engagement.
pub const CATALOG: &[Entry] = &[
    Entry::of::<customers_new::CustomersNew>(&customers_new::INFO),
    Entry::of::<cac::Cac>(&cac::INFO),
    Entry::of::<cac_payback::CacPayback>(&cac_payback::INFO),
    Entry::of::<ltv_cac::LtvCac>(&ltv_cac::INFO),
    Entry::of::<customer_growth::CustomerGrowth>(&customer_growth::INFO),
    Entry::of::<conversion_rate::ConversionRate>(&conversion_rate::INFO),
    Entry::of::<trial_to_paid::TrialToPaid>(&trial_to_paid::INFO),
    Entry::of::<revenue::Revenue>(&revenue::INFO),
    Entry::of::<revenue_growth::RevenueGrowth>(&revenue_growth::INFO),
    Entry::of::<orders::Orders>(&orders::INFO),
    Entry::of::<aov::Aov>(&aov::INFO),
    Entry::of::<customers_active::CustomersActive>(&customers_active::INFO),
    Entry::of::<customers_returning::CustomersReturning>(&customers_returning::INFO),
    Entry::of::<orders_per_customer::OrdersPerCustomer>(&orders_per_customer::INFO),
    Entry::of::<arpc::Arpc>(&arpc::INFO),
    Entry::of::<repeat_rate::RepeatRate>(&repeat_rate::INFO),
    Entry::of::<cohort_retention::CohortRetention>(&cohort_retention::INFO),
    Entry::of::<cohort_churn::CohortChurn>(&cohort_churn::INFO),
    Entry::of::<churn_rate::ChurnRate>(&churn_rate::INFO),
    Entry::of::<retention_rate::RetentionRate>(&retention_rate::INFO),
    Entry::of::<renewal_rate::RenewalRate>(&renewal_rate::INFO),
    Entry::of::<inactivity_churn::InactivityChurn>(&inactivity_churn::INFO),
    Entry::of::<survival::Survival>(&survival::INFO),
    Entry::of::<rfm_segments::RfmSegments>(&rfm_segments::INFO),
    Entry::of::<clv::Clv>(&clv::INFO),
    Entry::of::<mrr::Mrr>(&mrr::INFO),
    Entry::of::<mrr_movements::MrrMovements>(&mrr_movements::INFO),
    Entry::of::<gross_mrr_churn::GrossMrrChurn>(&gross_mrr_churn::INFO),
    Entry::of::<net_mrr_churn::NetMrrChurn>(&net_mrr_churn::INFO),
    Entry::of::<grr::Grr>(&grr::INFO),
    Entry::of::<nrr::Nrr>(&nrr::INFO),
    Entry::of::<expansion_revenue::ExpansionRevenue>(&expansion_revenue::INFO),
    Entry::of::<arpa::Arpa>(&arpa::INFO),
    Entry::of::<quick_ratio::QuickRatio>(&quick_ratio::INFO),
    Entry::of::<ticket_volume::TicketVolume>(&ticket_volume::INFO),
    Entry::of::<first_response_time::FirstResponseTime>(&first_response_time::INFO),
    Entry::of::<resolution_time::ResolutionTime>(&resolution_time::INFO),
    Entry::of::<fcr::Fcr>(&fcr::INFO),
    Entry::of::<reopen_rate::ReopenRate>(&reopen_rate::INFO),
    Entry::of::<sla_attainment::SlaAttainment>(&sla_attainment::INFO),
    Entry::of::<aht::Aht>(&aht::INFO),
    Entry::of::<backlog::Backlog>(&backlog::INFO),
    Entry::of::<nps::Nps>(&nps::INFO),
    Entry::of::<csat::Csat>(&csat::INFO),
    Entry::of::<ces::Ces>(&ces::INFO),
    Entry::of::<enps::Enps>(&enps::INFO),
    Entry::of::<response_rate::ResponseRate>(&response_rate::INFO),
    Entry::of::<feedback_loop_closure::FeedbackLoopClosure>(&feedback_loop_closure::INFO),
    Entry::of::<sentiment::Sentiment>(&sentiment::INFO),
    Entry::of::<dau::Dau>(&dau::INFO),
    Entry::of::<wau::Wau>(&wau::INFO),
    Entry::of::<mau::Mau>(&mau::INFO),
    Entry::of::<stickiness::Stickiness>(&stickiness::INFO),
    Entry::of::<engagement_rate::EngagementRate>(&engagement_rate::INFO),
    Entry::of::<return_rate::ReturnRate>(&return_rate::INFO),
    Entry::of::<goal_completion::GoalCompletion>(&goal_completion::INFO),
    Entry::of::<own::Own>(&own::INFO),
];

/// Finds a metric by its identifier.
pub fn find(id: &str) -> Option<&'static Entry> {
    CATALOG.iter().find(|entry| entry.info.id == id)
}

/// Says that there is no such metric, and which one may have been meant.
pub fn unknown_metric(id: &str) -> String {
    match did_you_mean(id, CATALOG.iter().map(|entry| entry.info.id)) {
        Some(guess) => format!("unknown metric `{id}`; did you mean `{guess}`?"),
        None => format!("unknown metric `{id}`; `tallybook metrics` lists them all"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_unique_and_declarations_complete() {
        for (index, entry) in CATALOG.iter().enumerate() {
            let info = entry.info;
            assert!(CATALOG[..index].iter().all(|other| other.info.id != info.id), "{} is listed twice", info.id);
            assert!(info.id.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{}", info.id);
            for text in [info.title, info.definition, info.formula, info.source, info.interval] {
                assert!(!text.trim().is_empty(), "{} leaves something unsaid", info.id);
            }
            assert!(info.definition.ends_with('.') && !info.title.ends_with('.'), "{}", info.id);
        }
    }

    #[test]
    fn the_catalogue_is_in_the_order_of_a_report() {
        assert!(CATALOG.is_sorted_by_key(|entry| entry.info.area));
    }

    #[test]
    fn declared_options_are_those_that_are_read() {
        for entry in CATALOG {
            let mut generator = SchemaGenerator::default();
            let schema = entry.schema(&mut generator);
            let definitions = generator.take_definitions(true);
            let reference = schema.get("$ref").and_then(|path| path.as_str()?.rsplit('/').next().map(str::to_owned));
            let object = reference.and_then(|name| definitions.get(&name).cloned()).unwrap_or(schema.to_value());
            let read: Vec<String> =
                object["properties"].as_object().map(|p| p.keys().cloned().collect()).unwrap_or_default();
            let declared: Vec<String> = entry.info.options.iter().map(|option| option.name.to_owned()).collect();
            assert_eq!(declared, read, "{}", entry.info.id);
        }
    }

    #[test]
    fn headlines_come_first() {
        for entry in CATALOG {
            let metric = entry.example_metric().expect("an example");
            let measures = metric.measures();
            assert_eq!(measures[0].key, crate::metric::Measure::HEADLINE, "{}", entry.info.id);
            assert_eq!(measures[0].unit, entry.info.unit, "{}", entry.info.id);
        }
    }

    #[test]
    fn a_slip_of_the_pen_is_understood() {
        assert_eq!(unknown_metric("revenu"), "unknown metric `revenu`; did you mean `revenue`?");
        assert_eq!(unknown_metric("zzz"), "unknown metric `zzz`; `tallybook metrics` lists them all");
    }
}
