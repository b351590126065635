//! Proofs about monitoring: who is alerted of what, and what must not be shown.

use serde_json::{Value, json};

use super::{listed, unless};
use crate::door::{Door, Sheet};

/// What must be watched, and where it is.
const WATCHED: [&str; 11] = [
    "AuthorizerThrottleAlarm",
    "FloodAlarm",
    "OpenRoutesThrottleAlarm",
    "OutageAlarm",
    "PretokenAlarm",
    "PretokenThrottleAlarm",
    "RefusalAlarm",
    "RotationAlarm",
    "RotationFailed",
    "ServerErrorAlarm",
    "ThrottleAlarm",
];

/// Whose failures they tell.
const FUNCTIONS: [&str; 5] = [
    "AuthorizerFunction",
    "OpenRoutesFunction",
    "PretokenFunction",
    "ProxyFunction",
    "RotationFunction",
];

/// With an address everything is watched, a gateway's policies too, and reaches it.
pub(crate) fn alarms(door: &Door) -> Vec<String> {
    let parameters = &door.main().parameters;
    let mut sheets = door.sheets.iter();
    let sheet = sheets.find(|sheet| sheet.file == "stacks/monitoring.yaml");
    let has_address = parameters["AlarmEmail"] != "";
    let Some(sheet) = sheet.filter(|_| has_address) else {
        return unless(!has_address, "Monitoring", "is not there")
            .into_iter()
            .collect();
    };
    let gateway = (parameters["GatewayArn"] != "").then_some("GatewayChanged");
    let machine = "MachineRotationFunction";
    let machine = (!door.main().resource(machine).is_null()).then_some(machine);
    let machine_alarm = machine.map(|_| "MachineRotationAlarm");
    let mut faults = Vec::new();
    for name in WATCHED.into_iter().chain(gateway).chain(machine_alarm) {
        let resource = sheet.resource(name);
        let to = [
            &resource["Properties"]["AlarmActions"],
            &resource["Properties"]["Targets"],
        ];
        let topic = json!({"Ref": "Alarms"});
        let reaches = to.iter().any(|to| to[0] == topic || to[0]["Arn"] == topic);
        faults.extend(unless(reaches, name, "reaches nobody"));
    }
    let given = &door.main().resource("Monitoring")["Properties"]["Parameters"];
    for name in FUNCTIONS.into_iter().chain(machine) {
        faults.extend(unless(given[name]["Ref"] == name, name, "is not watched"));
        let mut alarms = sheet.of_type("AWS::CloudWatch::Alarm").into_iter();
        let is_heard = name == "AuthorizerFunction"
            || name == "ProxyFunction"
            || alarms.any(|(_, alarm)| {
                let dimension = &alarm["Properties"]["Dimensions"][0]["Value"];
                *dimension == sheet.parameters[name]
            });
        faults.extend(unless(is_heard, name, "fails in silence"));
    }
    let rule = &sheet.resource("RotationFailed")["Properties"]["EventPattern"]["detail"];
    let secrets = listed(&rule["additionalEventData"]["SecretId"]).len();
    let is_told = secrets == 1 + usize::from(machine.is_some());
    faults.extend(unless(
        is_told,
        "RotationFailed",
        "is told of other secrets",
    ));
    faults.extend(follow_parameters(door, sheet));
    faults.extend(publishers(sheet.resource("AlarmsPolicy")));
    faults
}

/// The alarms reach the address that is asked for, and ring at the number that is asked for.
fn follow_parameters(door: &Door, sheet: &Sheet) -> Vec<String> {
    let parameters = &door.main().parameters;
    let flood = &sheet.resource("FloodAlarm")["Properties"]["Threshold"];
    let topic = &sheet.resource("Alarms")["Properties"]["Subscription"][0]["Endpoint"];
    let faults = [
        unless(
            *flood == parameters["FloodThreshold"],
            "FloodAlarm",
            "rings at another number",
        ),
        unless(*topic == parameters["AlarmEmail"], "Alarms", "go elsewhere"),
    ];
    faults.into_iter().flatten().collect()
}

/// CloudWatch tells whose alarm it is; EventBridge tells nothing, so a condition would keep all of its events out.
fn publishers(policy: &Value) -> Vec<String> {
    let statements = &policy["Properties"]["PolicyDocument"]["Statement"];
    let statements = statements.as_array().into_iter().flatten();
    let mut conditions: Vec<(&str, &Value)> = statements
        .filter_map(|one| Some((one["Principal"]["Service"].as_str()?, &one["Condition"])))
        .collect();
    conditions.sort_by_key(|(service, _)| *service);
    let ours = json!({"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}});
    let wanted = [
        ("cloudwatch.amazonaws.com", &ours),
        ("events.amazonaws.com", &Value::Null),
    ];
    let what = "lets others publish, or EventBridge not";
    unless(conditions == wanted, "AlarmsPolicy", what)
        .into_iter()
        .collect()
}

/// Rules of Amazon's that look into bodies ("Baseline rule groups" of the WAF guide).
const LOOK_INTO_BODIES: [&str; 3] = [
    "JavaDeserializationRCE_BODY",
    "Log4JRCE_BODY",
    "ReactJSRCE_BODY",
];

/// People may speak with agents of what would be an attack elsewhere.
pub(crate) fn prompts(door: &Door) -> Vec<String> {
    let mut faults = Vec::new();
    for (place, firewall) in door.of_type("AWS::WAFv2::WebACL") {
        let rules = listed(&firewall["Properties"]["Rules"]).into_iter();
        let groups = rules.map(|rule| &rule["Statement"]["ManagedRuleGroupStatement"]);
        let known = "AWSManagedRulesKnownBadInputsRuleSet";
        for group in groups.filter(|group| group["Name"] == known) {
            let overrides = listed(&group["RuleActionOverrides"]).into_iter();
            let counted: Vec<&Value> = overrides
                .filter(|rule| rule["ActionToUse"].get("Count").is_some())
                .map(|rule| &rule["Name"])
                .collect();
            let passes = counted == LOOK_INTO_BODIES;
            faults.extend(unless(passes, &place, "refuses what a prompt may say"));
        }
    }
    faults
}

/// Samples of requests hold whole headers, tokens among them.
pub(crate) fn samples(door: &Door) -> Vec<String> {
    let mut faults = Vec::new();
    for (place, firewall) in door.of_type("AWS::WAFv2::WebACL") {
        let rules = firewall["Properties"]["Rules"]
            .as_array()
            .into_iter()
            .flatten();
        for rule in rules.chain([&firewall["Properties"]]) {
            let shows = &rule["VisibilityConfig"]["SampledRequestsEnabled"];
            faults.extend(unless(
                shows == "false",
                &place,
                "keeps samples of requests",
            ));
        }
        let is_open = firewall["Properties"]["DefaultAction"]
            .get("Allow")
            .is_some();
        faults.extend(unless(is_open, &place, "lets nobody in"));
    }
    let wants = door.main().parameters["EnableWaf"] == "true";
    let association = door.main().resource("FirewallAssociation");
    let is_bound = association.is_null() != wants;
    faults.extend(unless(is_bound, "Firewall", "stands before nothing"));
    faults
}
