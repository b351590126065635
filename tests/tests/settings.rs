//! Wrong settings: one message that names all of them, and no function that runs half configured.

use mint::Key;
use serde_json::{Value, json};
use tests::{Settings, agents, counted, run_to_end, trusted};

/// `EX_USAGE` of `sysexits.h`.
const USAGE: i32 = 64;

/// Starts a function with wrong settings: the one message it leaves.
async fn message(function: &str, settings: Settings) -> String {
    let (status, log) = run_to_end(function, settings).await;
    assert_eq!(status, USAGE, "{log:?}");
    let messages: Vec<Value> = log
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|line: &Value| line["level"] == "ERROR")
        .collect();
    assert_eq!(messages.len(), 1, "{log:?}");
    messages[0]["message"].as_str().unwrap().to_owned()
}

/// A variable, its wrong value, and the path that must be named.
type Wrong = (&'static str, String, &'static str);

fn wrong_issuers(key: &Key) -> Vec<Wrong> {
    let entries = [
        (json!({"surprise": 1}), "TRUSTED_ISSUERS[0].surprise"),
        (
            json!({"allowedClients": []}),
            "TRUSTED_ISSUERS[0].allowedClients",
        ),
        (
            json!({"algorithms": ["HS256"]}),
            "TRUSTED_ISSUERS[0].algorithms",
        ),
        (
            json!({"algorithms": ["none"]}),
            "TRUSTED_ISSUERS[0].algorithms",
        ),
        (
            json!({"leewaySeconds": 121}),
            "TRUSTED_ISSUERS[0].leewaySeconds",
        ),
        (json!({"tokenUse": "any"}), "TRUSTED_ISSUERS[0].tokenUse"),
        (json!({"jwks": {"keys": []}}), "TRUSTED_ISSUERS[0].jwks"),
        (
            json!({"discoveryUrl": "http://a.example/.well-known/openid-configuration"}),
            "TRUSTED_ISSUERS[0].discoveryUrl",
        ),
        (
            json!({"discoveryUrl": "http://localhost:1@a.example/.well-known/openid-configuration"}),
            "TRUSTED_ISSUERS[0].discoveryUrl",
        ),
        (
            json!({"allowedWorkloadConfiguration": {}}),
            "TRUSTED_ISSUERS[0].allowedWorkloadConfiguration",
        ),
    ];
    let anybody = r#"[{"discoveryUrl": "https://a.example/.well-known/openid-configuration"}]"#;
    let whole = [
        ("", "TRUSTED_ISSUERS"),
        ("{", "TRUSTED_ISSUERS"),
        ("{}", "TRUSTED_ISSUERS"),
        ("[]", "TRUSTED_ISSUERS"),
        (anybody, "TRUSTED_ISSUERS[0]"),
    ];
    let entries = entries.map(|(more, path)| (trusted(&[key], &more).to_string(), path));
    let whole = whole.map(|(value, path)| (value.to_owned(), path));
    let rows = whole.into_iter().chain(entries);
    rows.map(|(value, path)| ("TRUSTED_ISSUERS", value, path))
        .collect()
}

fn wrong_agents() -> Vec<Wrong> {
    let with = |name: &str, more: Value| {
        let mut agents = agents();
        let mut agent = agents["demo"].clone();
        for (member, value) in more.as_object().unwrap() {
            agent[member] = value.clone();
        }
        agents[name] = agent;
        agents.to_string()
    };
    let rows = [
        (String::new(), "AGENTS"),
        ("[]".to_owned(), "AGENTS"),
        (with("Demo", json!({})), "AGENTS"),
        (
            with("x", json!({"runtime": "arn:aws:s3:::x"})),
            "AGENTS.x.runtime",
        ),
        (
            with("x", json!({"allow": {"groups": []}})),
            "AGENTS.x.allow.groups",
        ),
        (
            with("x", json!({"allow": {"users": ["a"]}})),
            "AGENTS.x.allow.users",
        ),
        (
            with(
                "x",
                json!({"allow": {"issuers": ["https://nobody.example"]}}),
            ),
            "AGENTS.x.allow.issuers[0]",
        ),
        (with("x", json!({"surprise": 1})), "AGENTS.x.surprise"),
        (with("x", json!({"auth": "none"})), "AGENTS.x.auth"),
    ];
    rows.map(|(value, path)| ("AGENTS", value, path)).into()
}

/// Wrong settings that only one of the functions reads.
const OWN: [(&str, &str, &str); 6] = [
    ("authorizer", "SIMPLE_RESPONSES", "yes"),
    ("proxy", "ALLOWED_ORIGINS", "*"),
    ("proxy", "ALLOWED_ORIGINS", "https://a.example/path"),
    ("proxy", "FIRST_BYTE_SECONDS", "0"),
    ("proxy", "IDLE_SECONDS", "soon"),
    ("proxy", "MAX_BODY_BYTES", "-1"),
];

fn good(key: &Key) -> Settings {
    Settings::new(&trusted(&[key], &json!({})))
}

#[tokio::test]
async fn each_wrong_setting_stops_both_functions_by_name() {
    let key = Key::p256("one");
    let rows = [wrong_issuers(&key), wrong_agents()].concat();
    for (variable, value, path) in &rows {
        for function in ["authorizer", "proxy"] {
            let message = message(function, good(&key).with(variable, value)).await;
            assert!(
                message.contains(&format!("`{path}")),
                "{function} {variable}={value}: {message}"
            );
        }
    }
    for (function, variable, value) in OWN {
        let message = message(function, good(&key).with(variable, value)).await;
        assert!(
            message.contains(&format!("`{variable}`")),
            "{variable}={value}: {message}"
        );
    }
    counted(&format!(
        "{} wrong settings named",
        rows.len() * 2 + OWN.len()
    ));
}

#[tokio::test]
async fn several_wrong_settings_are_all_named_at_once() {
    let broken = json!([
        {"allowedClients": ["a"], "leewaySeconds": 1000},
        {"discoveryUrl": "https://b.example/.well-known/openid-configuration", "tokenUse": "any"},
    ]);
    let agents = json!({"UPPER": {"allow": {}}, "demo": {"runtime": "no", "qualifier": ""}});
    let settings = |own: [(&str, &str); 2]| {
        let settings = Settings::none()
            .with("TRUSTED_ISSUERS", &broken.to_string())
            .with("AGENTS", &agents.to_string());
        own.into_iter().fold(settings, |settings, (name, value)| {
            settings.with(name, value)
        })
    };
    let shared = [
        "`TRUSTED_ISSUERS[0].discoveryUrl`",
        "`TRUSTED_ISSUERS[0].leewaySeconds`",
        "`TRUSTED_ISSUERS[1].tokenUse`",
        "`TRUSTED_ISSUERS[1]`",
        "`AGENTS.demo.runtime`",
        "`AGENTS.demo.allow`",
        "UPPER",
    ];
    let proxy = [("ALLOWED_ORIGINS", "nowhere"), ("IDLE_SECONDS", "soon")];
    let authorizer = [("SIMPLE_RESPONSES", "maybe"), ("IGNORED", "x")];
    for (function, own, names) in [
        ("proxy", proxy, &["`ALLOWED_ORIGINS`", "`IDLE_SECONDS`"][..]),
        ("authorizer", authorizer, &["`SIMPLE_RESPONSES`"][..]),
    ] {
        let message = message(function, settings(own)).await;
        for name in shared.iter().chain(names) {
            assert!(message.contains(name), "{function}: {name} in: {message}");
        }
    }
}

#[tokio::test]
async fn nothing_set_is_named_too() {
    for function in ["authorizer", "proxy"] {
        let message = message(function, Settings::none()).await;
        for name in ["`TRUSTED_ISSUERS` is missing", "`AGENTS` is missing"] {
            assert!(message.contains(name), "{function}: {message}");
        }
    }
}
