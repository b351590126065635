//! How functions are called, and by whom.

use serde_json::{Value, json};

use super::unless;
use crate::door::Door;
use crate::resolve::{call, entries};

/// Where a function's ARN makes something call it. Not a rotation's: Secrets Manager may know no aliases.
const CALLERS: [&str; 3] = ["FunctionArn", "FunctionName", "ServiceToken"];

pub(crate) const SECRETS_MANAGER: &str = "secretsmanager.amazonaws.com";

/// Whatever changes about a function is published, and what is published is what is called.
pub(crate) fn aliases(door: &Door) -> Vec<String> {
    let mut faults = Vec::new();
    let functions = door.main().functions();
    for (name, function) in &functions {
        let is_published = function
            .get("AutoPublishAlias")
            .is_some_and(|alias| alias == "live")
            && function.get("AutoPublishAliasAllProperties") == Some(&json!("true"));
        faults.extend(unless(is_published, name, "does not publish every change"));
    }
    let is_function = |name: &str| functions.iter().any(|(function, _)| function == name);
    let others = door
        .resources()
        .filter(|(_, one)| one["Properties"]["Principal"] != SECRETS_MANAGER);
    for (place, resource) in others {
        let mut called = Vec::new();
        find(resource, &mut called);
        for target in called {
            let name = match call(target) {
                Some(("Ref", name)) => name.as_str().unwrap(),
                Some(("Fn::GetAtt", path)) => path.as_str().unwrap(),
                _ => continue,
            };
            let (function, attribute) = name.split_once('.').unwrap_or((name, ""));
            let is_alias = !is_function(function) || attribute == "Alias";
            faults.extend(unless(is_alias, &place, "calls a function by no alias"));
        }
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
        let token = properties["ServiceToken"]["Ref"].as_str().unwrap();
        let function = door.main().resource(token.trim_end_matches(".Alias"));
        let needed = number(&function["Properties"]["Timeout"]).unwrap();
        let is_enough = number(&properties["ServiceTimeout"])
            .is_some_and(|given| (needed..=needed + 60).contains(&given));
        let what = "is not waited for as long as its function takes";
        faults.extend(unless(is_enough, &place, what));
    }
    faults
}

/// Besides API Gateway's, which SAM makes for each route: a service, of this account, for one thing of its own.
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
        let is_one =
            call(source).is_some() || source.as_str().is_some_and(|arn| !arn.contains('*'));
        faults.extend(unless(is_one, &place, "serves more than one thing"));
    }
    faults
}
