//! Where secrets are, and where they are not.

use serde_json::Value;

use super::unless;
use crate::door::{Door, all_texts};
use crate::resolve::entries;

/// How a secret is asked for while a stack is made.
const RESOLVED: &str = "{{resolve:";
/// The attribute of an app client that is its secret.
const CLIENT_SECRET: &str = ".ClientSecret";

/// A client's secret goes into Secrets Manager, a provider's into its provider, and none anywhere else.
pub(crate) fn stay(door: &Door) -> Vec<String> {
    let mut faults = Vec::new();
    for sheet in &door.sheets {
        for (name, output) in entries(&sheet.resolved["Outputs"]) {
            faults.extend(unless(!is_secret(output), name, "an output tells a secret"));
        }
        for (name, parameter) in entries(&sheet.template["Parameters"]) {
            let says = name.to_lowercase();
            let is_plain =
                says.contains("password") || says.contains("secret") && !says.ends_with("arn");
            let is_hidden = parameter["NoEcho"] == "true";
            faults.extend(unless(
                !is_plain && !is_hidden,
                name,
                "a secret is a parameter",
            ));
        }
    }
    for (place, resource) in door.resources() {
        for (property, value) in entries(&resource["Properties"]) {
            let kind = resource["Type"].as_str().unwrap();
            let is_home = [
                ("AWS::Cognito::UserPoolIdentityProvider", "ProviderDetails"),
                ("AWS::SecretsManager::Secret", "SecretString"),
            ]
            .contains(&(kind, property));
            let place = format!("{place} {property}");
            faults.extend(unless(
                is_home || !is_secret(value),
                &place,
                "holds a secret",
            ));
            if property == "SecretString" {
                // What is written out here is in every copy of the template.
                faults.extend(unless(is_secret(value), &place, "is written out"));
            }
            if property == "ProviderDetails" {
                let secret = &value["client_secret"];
                let is_asked = secret.is_null() || secret.to_string().contains(RESOLVED);
                faults.extend(unless(is_asked, &place, "holds a secret as text"));
            }
        }
        for (name, _) in entries(&resource["Properties"]["Environment"]["Variables"]) {
            let is_plain = name.contains("SECRET") && !name.ends_with("_ARN");
            faults.extend(unless(!is_plain, &place, "a variable holds a secret"));
        }
    }
    faults
}

/// The door's key is made by its function, at once and then by a schedule, and read by the proxy.
pub(crate) fn signing_rotates(door: &Door) -> Vec<String> {
    let main = door.main();
    let schedules = main.of_type("AWS::SecretsManager::RotationSchedule");
    let [(name, schedule)] = schedules.as_slice() else {
        return vec!["SigningSecret: is not rotated".to_owned()];
    };
    let schedule = &schedule["Properties"];
    let proxy = &main.resource("ProxyFunction")["Properties"]["Environment"]["Variables"];
    [
        (
            schedule["SecretId"]["Ref"] == "SigningSecret"
                && proxy["SIGNING_SECRET_ARN"]["Ref"] == "SigningSecret",
            "is not of the secret that the proxy reads",
        ),
        (
            schedule["RotationLambdaARN"]["Ref"] == "RotationFunction.Alias",
            "asks another function",
        ),
        (
            schedule["RotateImmediatelyOnUpdate"] != "false",
            "leaves the door without a key at first",
        ),
        (
            schedule["RotationRules"]["AutomaticallyAfterDays"] == main.parameters["RotationDays"],
            "takes its own time",
        ),
    ]
    .into_iter()
    .filter_map(|(is_so, what)| unless(is_so, name, what))
    .collect()
}

fn is_secret(value: &Value) -> bool {
    let mut texts = Vec::new();
    all_texts(value, &mut texts);
    texts
        .iter()
        .any(|text| text.contains(RESOLVED) || text.contains(CLIENT_SECRET))
}
