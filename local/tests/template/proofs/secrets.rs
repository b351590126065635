//! Proofs about secrets: where they are, and where they are not.

use serde_json::{Value, json};

use super::functions::SECRETS_MANAGER;
use super::{listed, unless};
use crate::door::{Door, all_texts};
use crate::resolve::entries;

/// How a secret is asked for while a stack is made.
const RESOLVED: &str = "{{resolve:";
/// The attribute of an app client that is its secret.
const CLIENT_SECRET: &str = ".ClientSecret";

/// A provider's secret goes into its provider, and none anywhere else: what is in Secrets Manager, functions make.
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
            // One with a few values to choose from says whether, not what.
            let is_plain = is_plain && parameter.get("AllowedValues").is_none();
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
            let is_home = (kind, property.as_str())
                == ("AWS::Cognito::UserPoolIdentityProvider", "ProviderDetails");
            let place = format!("{place} {property}");
            faults.extend(unless(
                is_home || !is_secret(value),
                &place,
                "holds a secret",
            ));
            // It would be in every copy of the template, or be written back over what a rotation made.
            let is_ours = property == "SecretString";
            faults.extend(unless(!is_ours, &place, "is written by the template"));
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
    let secret = json!({"Ref": "SigningSecret"});
    let mut faults = rotates(door, "SigningSchedule", "RotationFunction", &secret, None);
    let proxy = &variables(door, "ProxyFunction")["SIGNING_SECRET_ARN"];
    faults.extend(unless(
        *proxy == secret,
        "SigningSecret",
        "is not the proxy's",
    ));
    faults
}

/// So is the machine client's secret, where there is one of ours and an agent may ask for tool tokens.
pub(crate) fn machine_rotates(door: &Door) -> Vec<String> {
    let main = door.main();
    let is_given = |name: &str| main.parameters[name] != "";
    let from_files = &main.parameters["SettingsFromFiles"];
    let own_pool = !is_given("TrustedIssuers") && from_files != "true";
    let is_wanted = own_pool || main.parameters["RotateMachineSecret"] == "true";
    let may_ask = is_given("GatewayArn") || is_given("Agents") || from_files != "false";
    if !(is_wanted && may_ask) {
        let kinds = entries(&main.resolved["Resources"]).keys();
        let is_there = kinds
            .filter(|name| name.starts_with("MachineRotation"))
            .count()
            > 0;
        let what = "is there for nobody";
        return unless(!is_there, "MachineRotationFunction", what)
            .into_iter()
            .collect();
    }
    let ours = |output: &str, parameter: &str| match own_pool {
        true => json!({"Fn::GetAtt": format!("Users.Outputs.{output}")}),
        false => main.parameters[parameter].clone(),
    };
    let secret = ours("MachineSecretArn", "MachineSecretArn");
    let pool = ours("UserPoolArn", "UserPoolArn");
    let function = "MachineRotationFunction";
    let mut faults = rotates(door, "MachineSchedule", function, &secret, Some(&pool));
    let (proxy, own) = (variables(door, "ProxyFunction"), variables(door, function));
    let same = |name: &str| !own[name].is_null() && own[name] == proxy[name];
    for (is_so, what) in [
        (
            proxy["MACHINE_SECRET_ARN"] == secret,
            "is not of the secret that the proxy reads",
        ),
        (own["USER_POOL_ARN"] == pool, "is told of another pool"),
        (same("MACHINE_CLIENT_ID"), "is told of another client"),
        (same("TOKEN_ENDPOINT"), "asks another token endpoint"),
        (same("TOOL_SCOPES"), "asks for other scopes"),
        // What it has added may be taken for an orphan's when it is a minute old.
        (
            timeout(door, function) < 60,
            "may run for longer than it has for storing",
        ),
        (
            listed(&main.resource("MachineSchedule")["DependsOn"])
                .contains(&&json!("PretokenPermission")),
            "asks for a token before the trigger can be asked",
        ),
    ] {
        faults.extend(unless(is_so, function, what));
    }
    faults
}

/// What must be so of every secret's rotation: at once and then by a schedule, by a function that may touch this secret
/// and no other, and this user pool or none.
fn rotates(
    door: &Door,
    schedule: &str,
    function: &str,
    secret: &Value,
    pool: Option<&Value>,
) -> Vec<String> {
    let main = door.main();
    let properties = |name: &str| &main.resource(name)["Properties"];
    let role = properties(function)["Role"]["Fn::GetAtt"]
        .as_str()
        .unwrap_or_default();
    let role = properties(role.trim_end_matches(".Arn"));
    let statements: Vec<&Value> = listed(&role["Policies"])
        .into_iter()
        .flat_map(|policy| listed(&policy["PolicyDocument"]["Statement"]))
        .collect();
    let is_for = |service: &str, resource: Option<&Value>| {
        let actions = |statement: &Value| listed(&statement["Action"])[0].to_string();
        let mut own = statements.iter().filter(|it| actions(it).contains(service));
        own.all(|statement| Some(&statement["Resource"]) == resource)
            && resource.is_none_or(|it| statements.iter().any(|own| own["Resource"] == *it))
    };
    let of = properties(schedule);
    let itself = json!({"Fn::GetAtt": format!("{function}.Arn")});
    [
        (
            main.resource(schedule)["Type"] == "AWS::SecretsManager::RotationSchedule",
            "is not there",
        ),
        (of["SecretId"] == *secret, "is not of its secret"),
        (of["RotationLambdaARN"] == itself, "asks another function"),
        (
            of["RotateImmediatelyOnUpdate"] == "true",
            "leaves the secret empty at first",
        ),
        (
            of["RotationRules"]["AutomaticallyAfterDays"] == main.parameters["RotationDays"],
            "takes its own time",
        ),
        (
            may_ask(door, function),
            "may not ask its function, or others may",
        ),
        (
            is_for("secretsmanager:", Some(secret)),
            "changes other secrets",
        ),
        (is_for("cognito-idp:", pool), "changes other pools"),
    ]
    .into_iter()
    .filter_map(|(is_so, what)| unless(is_so, schedule, what))
    .collect()
}

/// True if Secrets Manager, for a secret of this account, may call the function itself.
fn may_ask(door: &Door, function: &str) -> bool {
    let permissions = door.main().of_type("AWS::Lambda::Permission").into_iter();
    let mut permissions = permissions.map(|(_, permission)| permission["Properties"].clone());
    let permission = permissions.find(|it| it["FunctionName"]["Ref"] == *function);
    permission.is_some_and(|it| {
        it["SourceAccount"]["Ref"] == "AWS::AccountId" && it["Principal"] == SECRETS_MANAGER
    })
}

fn variables<'d>(door: &'d Door, function: &str) -> &'d Value {
    &door.main().resource(function)["Properties"]["Environment"]["Variables"]
}

/// In seconds; SAM's default is far from any bound.
fn timeout(door: &Door, function: &str) -> u64 {
    let timeout = &door.main().resource(function)["Properties"]["Timeout"];
    timeout.as_str().map_or(3, |text| text.parse().unwrap())
}

fn is_secret(value: &Value) -> bool {
    let mut texts = Vec::new();
    all_texts(value, &mut texts);
    texts
        .iter()
        .any(|text| text.contains(RESOLVED) || text.contains(CLIENT_SECRET))
}
