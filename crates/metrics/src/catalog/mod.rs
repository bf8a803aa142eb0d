//! The catalogue: one file a metric, listed once, in the order of a report.

mod acquisition;
mod active_events;
mod cohort_view;
mod custom;
mod engagement;
mod inactive_customers;
mod lifetime_value;
mod options;
mod orders;
mod pending;
mod retention;
mod revenue;
mod service;
mod subscriptions;
mod voice;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use tallybook_calendar::did_you_mean;

use crate::declare::Info;
use crate::metric::Metric;

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
    Entry::of::<acquisition::customers_new::CustomersNew>(&acquisition::customers_new::INFO),
    Entry::of::<acquisition::cac::Cac>(&acquisition::cac::INFO),
    Entry::of::<acquisition::cac_payback::CacPayback>(&acquisition::cac_payback::INFO),
    Entry::of::<acquisition::ltv_cac::LtvCac>(&acquisition::ltv_cac::INFO),
    Entry::of::<acquisition::customer_growth::CustomerGrowth>(&acquisition::customer_growth::INFO),
    Entry::of::<acquisition::conversion_rate::ConversionRate>(&acquisition::conversion_rate::INFO),
    Entry::of::<acquisition::trial_to_paid::TrialToPaid>(&acquisition::trial_to_paid::INFO),
    Entry::of::<orders::revenue::Revenue>(&orders::revenue::INFO),
    Entry::of::<orders::revenue_growth::RevenueGrowth>(&orders::revenue_growth::INFO),
    Entry::of::<orders::orders::Orders>(&orders::orders::INFO),
    Entry::of::<orders::aov::Aov>(&orders::aov::INFO),
    Entry::of::<orders::customers_active::CustomersActive>(&orders::customers_active::INFO),
    Entry::of::<orders::customers_returning::CustomersReturning>(&orders::customers_returning::INFO),
    Entry::of::<orders::orders_per_customer::OrdersPerCustomer>(&orders::orders_per_customer::INFO),
    Entry::of::<orders::arpc::Arpc>(&orders::arpc::INFO),
    Entry::of::<orders::repeat_rate::RepeatRate>(&orders::repeat_rate::INFO),
    Entry::of::<retention::cohort_retention::CohortRetention>(&retention::cohort_retention::INFO),
    Entry::of::<retention::cohort_churn::CohortChurn>(&retention::cohort_churn::INFO),
    Entry::of::<retention::churn_rate::ChurnRate>(&retention::churn_rate::INFO),
    Entry::of::<retention::retention_rate::RetentionRate>(&retention::retention_rate::INFO),
    Entry::of::<retention::renewal_rate::RenewalRate>(&retention::renewal_rate::INFO),
    Entry::of::<retention::inactivity_churn::InactivityChurn>(&retention::inactivity_churn::INFO),
    Entry::of::<retention::survival::Survival>(&retention::survival::INFO),
    Entry::of::<retention::rfm_segments::RfmSegments>(&retention::rfm_segments::INFO),
    Entry::of::<retention::clv::Clv>(&retention::clv::INFO),
    Entry::of::<subscriptions::mrr::Mrr>(&subscriptions::mrr::INFO),
    Entry::of::<subscriptions::mrr_movements::MrrMovements>(&subscriptions::mrr_movements::INFO),
    Entry::of::<subscriptions::gross_mrr_churn::GrossMrrChurn>(&subscriptions::gross_mrr_churn::INFO),
    Entry::of::<subscriptions::net_mrr_churn::NetMrrChurn>(&subscriptions::net_mrr_churn::INFO),
    Entry::of::<subscriptions::grr::Grr>(&subscriptions::grr::INFO),
    Entry::of::<subscriptions::nrr::Nrr>(&subscriptions::nrr::INFO),
    Entry::of::<subscriptions::expansion_revenue::ExpansionRevenue>(&subscriptions::expansion_revenue::INFO),
    Entry::of::<subscriptions::arpa::Arpa>(&subscriptions::arpa::INFO),
    Entry::of::<subscriptions::quick_ratio::QuickRatio>(&subscriptions::quick_ratio::INFO),
    Entry::of::<service::ticket_volume::TicketVolume>(&service::ticket_volume::INFO),
    Entry::of::<service::first_response_time::FirstResponseTime>(&service::first_response_time::INFO),
    Entry::of::<service::resolution_time::ResolutionTime>(&service::resolution_time::INFO),
    Entry::of::<service::fcr::Fcr>(&service::fcr::INFO),
    Entry::of::<service::reopen_rate::ReopenRate>(&service::reopen_rate::INFO),
    Entry::of::<service::sla_attainment::SlaAttainment>(&service::sla_attainment::INFO),
    Entry::of::<service::aht::Aht>(&service::aht::INFO),
    Entry::of::<service::backlog::Backlog>(&service::backlog::INFO),
    Entry::of::<voice::nps::Nps>(&voice::nps::INFO),
    Entry::of::<voice::csat::Csat>(&voice::csat::INFO),
    Entry::of::<voice::ces::Ces>(&voice::ces::INFO),
    Entry::of::<voice::enps::Enps>(&voice::enps::INFO),
    Entry::of::<voice::response_rate::ResponseRate>(&voice::response_rate::INFO),
    Entry::of::<voice::feedback_loop_closure::FeedbackLoopClosure>(&voice::feedback_loop_closure::INFO),
    Entry::of::<voice::sentiment::Sentiment>(&voice::sentiment::INFO),
    Entry::of::<engagement::dau::Dau>(&engagement::dau::INFO),
    Entry::of::<engagement::wau::Wau>(&engagement::wau::INFO),
    Entry::of::<engagement::mau::Mau>(&engagement::mau::INFO),
    Entry::of::<engagement::stickiness::Stickiness>(&engagement::stickiness::INFO),
    Entry::of::<engagement::engagement_rate::EngagementRate>(&engagement::engagement_rate::INFO),
    Entry::of::<engagement::return_rate::ReturnRate>(&engagement::return_rate::INFO),
    Entry::of::<engagement::goal_completion::GoalCompletion>(&engagement::goal_completion::INFO),
    Entry::of::<custom::Custom>(&custom::INFO),
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
            assert_eq!(measures[0].key, crate::declare::Measure::HEADLINE, "{}", entry.info.id);
            assert_eq!(measures[0].unit, entry.info.unit, "{}", entry.info.id);
        }
    }

    #[test]
    fn a_slip_of_the_pen_is_understood() {
        assert_eq!(unknown_metric("revenu"), "unknown metric `revenu`; did you mean `revenue`?");
        assert_eq!(unknown_metric("zzz"), "unknown metric `zzz`; `tallybook metrics` lists them all");
    }
}
