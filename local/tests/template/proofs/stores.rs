//! Proofs about stores: encrypted, restorable where it matters, and not public.

use serde_json::Value;

use super::unless;
use crate::door::Door;
use crate::resolve::entries;

/// What must outlive a stack that is deleted by mistake.
const KEPT: [&str; 5] = [
    "stacks/archive.yaml Archive",
    "stacks/console.yaml Files",
    "stacks/users.yaml UserPool",
    "template.yaml DenialsTable",
    "template.yaml UsersTable",
];

pub(crate) fn are_closed(door: &Door) -> Vec<String> {
    let mut faults = Vec::new();
    for (place, table) in door.of_type("AWS::DynamoDB::Table") {
        let table = &table["Properties"];
        let recovers =
            table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] == "true";
        faults.extend(unless(recovers, &place, "cannot be restored"));
        let is_encrypted = table["SSESpecification"]["SSEEnabled"] == "true";
        faults.extend(unless(
            is_encrypted,
            &place,
            "is not encrypted by a key of the account",
        ));
        let on_demand = table["BillingMode"] == "PAY_PER_REQUEST";
        faults.extend(unless(on_demand, &place, "has a capacity to run out of"));
    }
    let ends = |table: &str, attribute: &str| {
        let table = door.main().resource(table);
        let lives = &table["Properties"]["TimeToLiveSpecification"];
        table.is_null() || lives["Enabled"] == "true" && lives["AttributeName"] == attribute
    };
    faults.extend(unless(
        ends("TurnsTable", "expires"),
        "TurnsTable",
        "keeps leases that have run out",
    ));
    faults.extend(unless(
        ends("DenialsTable", "until"),
        "DenialsTable",
        "keeps denials that have ended",
    ));
    for (place, bucket) in door.of_type("AWS::S3::Bucket") {
        let block = entries(&bucket["Properties"]["PublicAccessBlockConfiguration"]);
        let is_private = block.len() == 4 && block.values().all(|one| one == "true");
        faults.extend(unless(is_private, &place, "may become public"));
        let is_evidence = place == "stacks/archive.yaml Archive";
        faults.extend(unless(
            is_locked(bucket) || !is_evidence,
            &place,
            "lets evidence be deleted",
        ));
    }
    for (place, resource) in door.resources() {
        if KEPT.contains(&place.as_str()) {
            let is_kept = resource["DeletionPolicy"] == "RetainExceptOnCreate"
                && resource["UpdateReplacePolicy"] == "Retain";
            faults.extend(unless(is_kept, &place, "goes with the stack"));
        }
    }
    faults
}

/// True if no object of the bucket can be deleted for a time that a parameter gives.
fn is_locked(bucket: &Value) -> bool {
    let lock = &bucket["Properties"]["ObjectLockConfiguration"];
    let retention = &lock["Rule"]["DefaultRetention"];
    bucket["Properties"]["ObjectLockEnabled"] == "true"
        && lock["ObjectLockEnabled"] == "Enabled"
        && retention["Days"].is_string()
        && retention["Mode"].is_string()
}
