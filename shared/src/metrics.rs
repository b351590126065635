//! Metrics, as lines of the log in CloudWatch's embedded metric format (CloudWatch guide, "Embedded metric format
//! specification").

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::clock;
use crate::log;

/// The namespace of every metric.
pub const NAMESPACE: &str = "Gatehouse";

/// One value of one metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    name: &'static str,
    unit: &'static str,
    value: Value,
}

impl Metric {
    pub fn bytes(name: &'static str, value: u64) -> Self {
        Self::new(name, "Bytes", value.into())
    }

    pub fn count(name: &'static str, value: u32) -> Self {
        Self::new(name, "Count", value.into())
    }

    /// A time, sent in milliseconds.
    pub fn time(name: &'static str, value: Duration) -> Self {
        Self::new(name, "Milliseconds", log::millis(value).into())
    }

    fn new(name: &'static str, unit: &'static str, value: Value) -> Self {
        Self { name, unit, value }
    }
}

/// Writes one line of metrics under a set of dimensions.
///
/// Each combination of dimension values is a metric of its own, and is paid for: values come from short lists, such as
/// the outcomes or the agents, never from a caller.
pub fn emit(dimensions: &[(&'static str, &str)], metrics: &[Metric]) {
    log::write(&line(clock::wall(), dimensions, metrics));
}

/// A metric line has a level and a time of its own, or a log level above INFO would drop it.
fn line(now: Duration, dimensions: &[(&'static str, &str)], metrics: &[Metric]) -> Value {
    let names: Vec<&str> = dimensions.iter().map(|(name, _)| *name).collect();
    let definitions: Vec<Value> = metrics
        .iter()
        .map(|metric| json!({"Name": metric.name, "Unit": metric.unit}))
        .collect();
    let mut root = Map::new();
    root.insert("timestamp".to_owned(), clock::rfc3339(now).into());
    root.insert("level".to_owned(), "INFO".into());
    root.insert(
        "_aws".to_owned(),
        json!({
            "Timestamp": u64::try_from(now.as_millis()).unwrap_or(u64::MAX),
            "CloudWatchMetrics": [{"Namespace": NAMESPACE, "Dimensions": [names], "Metrics": definitions}],
        }),
    );
    for (name, value) in dimensions {
        root.insert((*name).to_owned(), (*value).into());
    }
    for metric in metrics {
        root.insert(metric.name.to_owned(), metric.value.clone());
    }
    Value::Object(root)
}
