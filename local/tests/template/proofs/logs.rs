//! Proofs about logs: destination and retention.

use super::unless;
use crate::door::Door;

/// Every function writes into a group of this stack, and every group has an end.
pub(crate) fn end(door: &Door) -> Vec<String> {
    let mut faults = Vec::new();
    for (place, group) in door.of_type("AWS::Logs::LogGroup") {
        let ends = group["Properties"]["RetentionInDays"].is_string();
        faults.extend(unless(ends, &place, "is kept for ever"));
    }
    for (name, function) in door.main().functions() {
        let logging = function.get("LoggingConfig");
        let group = logging.and_then(|logging| logging["LogGroup"]["Ref"].as_str());
        let is_ours =
            group.is_some_and(|group| door.main().resource(group)["Type"] == "AWS::Logs::LogGroup");
        faults.extend(unless(
            is_ours,
            &name,
            "writes into a group that Lambda makes, for ever",
        ));
        let is_json = logging.is_some_and(|logging| logging["LogFormat"] == "JSON");
        faults.extend(unless(is_json, &name, "does not log JSON"));
    }
    faults
}
