//! Proofs about functions: how they are called, and by which services.

use serde_json::Value;

use super::unless;
use crate::door::Door;
use crate::resolve::{call, entries};

/// Where a function's name or ARN makes a service call it.
const CALLERS: [&str; 5] = [
    "FunctionArn",
    "FunctionName",
    "PretokenFunctionArn",
    "RotationLambdaARN",
    "ServiceToken",
];

pub(crate) const SECRETS_MANAGER: &str = "secretsmanager.amazonaws.com";

/// Every caller names the function itself. An alias would go on to serve the old environment after a deployment that
/// changes parameters alone: SAM publishes a version only when the code changes.
pub(crate) fn have_no_alias(door: &Door) -> Vec<String> {
    const PUBLISHES: [&str; 3] = [
        "AutoPublishAlias",
        "AutoPublishAliasAllProperties",
        "DeploymentPreference",
    ];
    let mut faults = Vec::new();
    for (name, function) in &door.main().functions() {
        let is_plain = PUBLISHES.iter().all(|it| !function.contains_key(*it));
        faults.extend(unless(is_plain, name, "is called by an alias"));
    }
    for (place, resource) in door.resources() {
        let kind = resource["Type"].as_str().unwrap();
        let is_alias = ["AWS::Lambda::Alias", "AWS::Lambda::Version"].contains(&kind);
        faults.extend(unless(!is_alias, &place, "is an alias or a version"));
        let mut called = Vec::new();
        find(resource, &mut called);
        let is_itself = |target: &Value| match call(target) {
            Some(("Ref", name)) => !name.as_str().unwrap().contains('.'),
            Some(("Fn::GetAtt", path)) => path.as_str().is_some_and(|path| path.ends_with(".Arn")),
            // The trigger's, which is made after its pool (`identity::trigger` compares it).
            Some(("Fn::Sub", parts)) => {
                let arn = parts[0].as_str().unwrap_or_default();
                arn.ends_with("gatehouse-pretoken-${Unique}")
            }
            // A nested stack's own parameter, which the main template fills in.
            _ => target.as_str().is_some_and(|text| !text.contains(".Alias")),
        };
        let are_themselves = called.into_iter().all(is_itself);
        let what = "calls something else than the function itself";
        faults.extend(unless(are_themselves, &place, what));
    }
    faults
}

/// What stands where something is called.
fn find<'a>(value: &'a Value, found: &mut Vec<&'a Value>) {
    if let Value::Array(items) = value {
        items.iter().for_each(|item| find(item, found));
    }
    for (name, entry) in entries(value) {
        if CALLERS.contains(&name.as_str()) {
            found.push(entry);
        }
        find(entry, found);
    }
}

/// CloudFormation waits an hour for a function that never answers, unless it is told how long that one may take.
pub(crate) fn waits(door: &Door) -> Vec<String> {
    let number = |value: &Value| value.as_str().and_then(|text| text.parse::<u64>().ok());
    let mut faults = Vec::new();
    for (place, resource) in door.resources() {
        let is_custom = resource["Type"]
            .as_str()
            .is_some_and(|kind| kind.starts_with("Custom::"));
        if !is_custom {
            continue;
        }
        let properties = &resource["Properties"];
        let token = properties["ServiceToken"]["Fn::GetAtt"].as_str();
        let token = token.unwrap_or_default().trim_end_matches(".Arn");
        let function = door.main().resource(token);
        let needed = number(&function["Properties"]["Timeout"]).unwrap_or(u64::MAX - 60);
        let is_enough = number(&properties["ServiceTimeout"])
            .is_some_and(|given| (needed..=needed + 60).contains(&given));
        let what = "is not waited for as long as its function takes";
        faults.extend(unless(is_enough, &place, what));
    }
    faults
}

/// Beside API Gateway's, which SAM creates for each route: one service, of this account, for one resource of its own.
pub(crate) fn permissions(door: &Door) -> Vec<String> {
    let mut faults = Vec::new();
    for (place, permission) in door.of_type("AWS::Lambda::Permission") {
        let properties = &permission["Properties"];
        let principal = properties["Principal"].as_str().unwrap_or_default();
        let is_service = principal.ends_with(".amazonaws.com");
        faults.extend(unless(
            is_service,
            &place,
            "lets somebody in who is no service",
        ));
        let is_invoke = properties["Action"] == "lambda:InvokeFunction";
        faults.extend(unless(is_invoke, &place, "gives more than a call"));
        let is_ours = properties["SourceAccount"]["Ref"] == "AWS::AccountId";
        faults.extend(unless(is_ours, &place, "serves other accounts"));
        let source = &properties["SourceArn"];
        // Secrets Manager's guide names the account alone; its functions' roles can touch one secret each.
        let is_one = principal == SECRETS_MANAGER && source.is_null()
            || call(source).is_some()
            || source.as_str().is_some_and(|arn| !arn.contains('*'));
        faults.extend(unless(is_one, &place, "serves more than one thing"));
    }
    faults
}
