//! Tests of deployments: the functions start with everything that the template's rules accept.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use local::template::{Template, TemplateError};
use mint::Key;
use serde_json::json;
use tests::{DEMO_ARN, Lambda, Settings, counted, trusted};

/// Parameters, and what other resources of the stack say.
type Values = BTreeMap<String, String>;

/// Parameters that are given together.
type Group = Vec<(&'static str, String)>;

const POOL: &str = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_EXAMPLE";
const SECRET: &str = "arn:aws:secretsmanager:us-east-1:123456789012:secret:own-AbCdEf";
/// Nothing listens there: no function calls a service at its start.
const NOBODY: &str = "http://127.0.0.1:1";
/// What reads settings of the template.
const FUNCTIONS: [&str; 4] = ["authorizer", "machine_rotation", "pretoken", "proxy"];

/// What is there in any case.
fn given() -> Values {
    let pool = format!("{NOBODY}/pool");
    let given = [
        ("DenialsTable", "denials"),
        ("RuntimeArns", DEMO_ARN),
        ("Console.Outputs.Url", "https://example.cloudfront.net"),
        ("SigningSecret", SECRET),
        ("TurnsTable", "turns"),
        ("Users.Outputs.ConsoleClientId", "console"),
        ("Users.Outputs.IssuerUrl", &pool),
        ("Users.Outputs.MachineClientId", "tools"),
        ("Users.Outputs.MachineSecretArn", SECRET),
        ("Users.Outputs.SignInUrl", NOBODY),
        ("Users.Outputs.UserPoolArn", POOL),
        ("UsersTable", "users"),
    ];
    let given = given.map(|(name, value)| (name.to_owned(), value.to_owned()));
    given.into()
}

/// What depends on each other: one group of each row, in every combination.
fn choices() -> [Vec<Group>; 6] {
    let issuers = trusted(&[&Key::p256("one")], &json!({})).to_string();
    let agents = json!({"demo": {"runtime": DEMO_ARN, "allow": {}}}).to_string();
    let endpoint = (
        "TokenEndpoint",
        "https://login.example.com/token".to_owned(),
    );
    let client = vec![
        endpoint.clone(),
        ("MachineClientId", "client".to_owned()),
        ("MachineSecretArn", SECRET.to_owned()),
        ("ToolScopes", "tools/read tools/write".to_owned()),
    ];
    let mut rotating = client.clone();
    rotating.push(("RotateMachineSecret", "true".to_owned()));
    rotating.push(("UserPoolArn", POOL.to_owned()));
    let gateway = "arn:aws:bedrock-agentcore:us-east-1:123456789012:gateway/tools-abcdefghij";
    let role = "arn:aws:iam::123456789012:role/tools";
    let gateway = vec![
        ("GatewayArn", gateway.to_owned()),
        ("GatewayRoleArn", role.to_owned()),
        ("OwnPolicies", "true".to_owned()),
    ];
    [
        vec![vec![], vec![("TrustedIssuers", issuers)]],
        vec![vec![], vec![("Agents", agents)]],
        vec![vec![], vec![endpoint], client, rotating],
        vec![vec![], gateway],
        vec![vec![], vec![("EnableAuth", "false".to_owned())]],
        ["false", "agents", "true"]
            .map(|given| vec![("SettingsFromFiles", given.to_owned())])
            .into(),
    ]
}

/// What stands by itself.
fn others() -> [Group; 4] {
    let console = ("EnableConsole", "true".to_owned());
    let origins = (
        "AllowedOrigins",
        "https://a.example,http://localhost:5173".to_owned(),
    );
    let asserted = [("IdentityProof", "asserted"), ("AssertingClients", "tools")];
    [
        vec![console.clone()],
        vec![origins.clone()],
        vec![console, origins],
        asserted
            .map(|(name, value)| (name, value.to_owned()))
            .into(),
    ]
}

/// The values and these.
fn with(values: &Values, more: &Group) -> Values {
    let more = more.iter().cloned();
    let more = more.map(|(name, value)| (name.to_owned(), value));
    values.clone().into_iter().chain(more).collect()
}

/// Every set of parameters that is tried.
fn deployments() -> Vec<Values> {
    let mut all = vec![given()];
    for groups in choices() {
        let each = |values: &Values| {
            groups
                .iter()
                .map(|more| with(values, more))
                .collect::<Vec<_>>()
        };
        all = all.iter().flat_map(each).collect();
    }
    all.extend(others().iter().map(|more| with(&given(), more)));
    all
}

/// The settings of each function, or nothing if a rule of the template refuses these values.
fn settings(values: &Values) -> Option<Vec<(String, BTreeMap<String, String>)>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml");
    let functions = match Template::load(&path, values) {
        Ok(template) => template.functions.into_iter(),
        Err(TemplateError::Rule(_)) => return None,
        Err(error) => panic!("{error}"),
    };
    let functions = functions.filter(|function| FUNCTIONS.contains(&function.binary.as_str()));
    // The layer is the folder of the repository: its example must start the functions.
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../settings/");
    let folder = format!("file:{}", folder.display());
    let in_place = |value: String| value.replacen("file:/opt/", &folder, 1);
    Some(
        functions
            .map(|function| {
                let environment = function.environment.into_iter();
                let environment = environment.map(|(name, value)| (name, in_place(value)));
                (function.binary, environment.collect())
            })
            .collect(),
    )
}

#[tokio::test]
async fn what_the_rules_let_pass_the_functions_start_with() {
    let (mut refused, mut started) = (0, BTreeSet::new());
    for values in deployments() {
        let Some(functions) = settings(&values) else {
            refused += 1;
            continue;
        };
        for (function, environment) in functions {
            // Different values may come to the same settings.
            if !started.insert((function.clone(), environment.clone())) {
                continue;
            }
            let settings = environment
                .iter()
                .fold(Settings::none(), |all, (name, value)| all.with(name, value));
            let settings = ["BEDROCK_AGENTCORE", "DYNAMODB", "SECRETS_MANAGER"]
                .iter()
                .fold(settings, |all, service| {
                    all.with(&format!("AWS_ENDPOINT_URL_{service}"), NOBODY)
                })
                .with("AWS_ACCESS_KEY_ID", "id")
                .with("AWS_SECRET_ACCESS_KEY", "key");
            let start = tokio::spawn(async move { Lambda::start(&function, settings).await });
            assert!(start.await.is_ok(), "{values:?}");
        }
    }
    assert!(
        refused > 20 && started.len() > 10,
        "{refused} {}",
        started.len()
    );
    counted(&format!(
        "{} settings of functions started with, {refused} sets of parameters refused",
        started.len()
    ));
}
