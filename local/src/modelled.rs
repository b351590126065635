//! Comparison of emulated events with the types that `aws_lambda_events` has for them.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The paths of an event's members that the crate's type does not give back, sorted: it does not know them, or reads them
/// otherwise. Names of headers may be spelt in any case, and null is as good as absent.
pub(crate) fn lost<T: DeserializeOwned + Serialize>(event: &Value) -> Vec<String> {
    let read: T = serde_json::from_value(event.clone()).unwrap();
    let again = serde_json::to_value(read).unwrap();
    let mut lost = Vec::new();
    compare("", event, &again, &mut lost);
    lost.sort();
    lost
}

fn compare(path: &str, event: &Value, again: &Value, lost: &mut Vec<String>) {
    let (Value::Object(members), Value::Object(others)) = (event, again) else {
        if event != again {
            lost.push(path.to_owned());
        }
        return;
    };
    for (name, value) in members {
        let path = format!("{path}/{name}");
        let other = others
            .iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(name));
        compare(&path, value, other.map_or(&Value::Null, |(_, it)| it), lost);
    }
}
