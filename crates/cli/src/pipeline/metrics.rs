//! An entry of the `metrics` list.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, de::IgnoredAny};
use tallybook_metrics::catalog::{self, CATALOG, Entry};
use tallybook_metrics::metric::Metric;

/// A metric with its options: `revenue`, or `aov: {exclude_zero: true}`.
///
/// Options are read by the metric itself, straight from the file, so that whatever is wrong with them is said with its place.
#[derive(Debug)]
pub(crate) struct MetricEntry(pub(crate) Box<dyn Metric>);

impl<'de> Deserialize<'de> for MetricEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EntryVisitor)
    }
}

struct EntryVisitor;

impl<'de> Visitor<'de> for EntryVisitor {
    type Value = MetricEntry;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a metric such as `revenue`, or one with options such as `aov: {exclude_zero: true}`")
    }

    fn visit_str<E: de::Error>(self, id: &str) -> Result<MetricEntry, E> {
        let entry = catalog::find(id).ok_or_else(|| E::custom(catalog::unknown_metric(id)))?;
        entry.default_metric().map(MetricEntry).map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<MetricEntry, A::Error> {
        let entry = map.next_key_seed(KnownMetric)?;
        let entry = entry.ok_or_else(|| de::Error::custom("a metric without a name"))?;
        let metric = map.next_value_seed(Options(entry))?;
        if map.next_key::<IgnoredAny>()?.is_some() {
            return Err(de::Error::custom("one metric an item: begin the next one with `-`"));
        }
        Ok(MetricEntry(metric))
    }
}

struct KnownMetric;

impl<'de> DeserializeSeed<'de> for KnownMetric {
    type Value = &'static Entry;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<&'static Entry, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for KnownMetric {
    type Value = &'static Entry;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a metric")
    }

    fn visit_str<E: de::Error>(self, id: &str) -> Result<&'static Entry, E> {
        catalog::find(id).ok_or_else(|| E::custom(catalog::unknown_metric(id)))
    }
}

struct Options(&'static Entry);

impl<'de> DeserializeSeed<'de> for Options {
    type Value = Box<dyn Metric>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Box<dyn Metric>, D::Error> {
        self.0.configure(deserializer)
    }
}

impl JsonSchema for MetricEntry {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Metric".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let ids: Vec<&str> = CATALOG.iter().map(|entry| entry.info.id).collect();
        let with_options: serde_json::Map<String, serde_json::Value> =
            CATALOG.iter().map(|entry| (entry.info.id.to_owned(), entry.schema(generator).to_value())).collect();
        json_schema!({
            "anyOf": [
                { "enum": ids },
                { "type": "object", "properties": with_options, "additionalProperties": false, "minProperties": 1, "maxProperties": 1 }
            ]
        })
    }
}
