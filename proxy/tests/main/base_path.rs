//! A door behind a custom domain that maps a base path to it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proxy::config::SIGNING_SECRET_ARN;
use serde_json::{Value, json};
use shared::settings::AGENTS;
use shared::signing::SigningKey;

use crate::agentcore::{DataPlane, Script};
use crate::caller::{ARN, NOW};
use crate::door::{Door, Got, assert_problem};

const SECRET: &str = "arn:aws:secretsmanager:us-east-1:123456789012:secret:signing-AbCdEf";
const ASSERTION: &str = "x-amzn-bedrock-agentcore-runtime-custom-identity";
const CARD: &str = r#"{"name":"Planner","url":"https://bedrock-agentcore.us-east-1.amazonaws.com/runtimes/x/invocations/"}"#;
const METADATA: &str = "/.well-known/oauth-protected-resource";
const METADATA_BELOW: &str = "/.well-known/oauth-protected-resource/{resource+}";
const INVOKE: &str = "/agents/{agent}/invocations";
const DOMAIN: &str = "https://api.example.com";

async fn open(scripts: impl IntoIterator<Item = Script>, more: &[(&str, &str)]) -> Door {
    let agents = json!({
        "demo": {"runtime": ARN, "allow": {"groups": ["staff"]}},
        "planner": {"runtime": ARN, "protocol": "a2a", "allow": {}},
    });
    let agents = agents.to_string();
    let mut settings = vec![(AGENTS, agents.as_str())];
    settings.extend(more);
    Door::over(DataPlane::start(scripts).await, &settings).await
}

/// A request at a custom domain: the resource that API Gateway matched and its parameters, and the path that was dialled.
fn event(method: &str, path: &str, resource: &str, parameters: &Value, token: &str) -> Value {
    json!({
        "resource": resource, "path": path, "httpMethod": method, "pathParameters": parameters, "body": "{}",
        "headers": {"authorization": token, "host": "evil.example", "x-forwarded-host": "evil.example"},
        "requestContext": {"domainName": "api.example.com", "path": path, "resourcePath": resource, "stage": "live",
            "requestId": "gateway-1"},
    })
}

/// Asks for a route of the planner or of no agent, behind this base path, without a token or with alice's.
async fn ask(door: &Door, base: &str, route: &str, token: &str) -> Got {
    let method = if route.ends_with("a2a") {
        "POST"
    } else {
        "GET"
    };
    let resource = route.replace("planner", "{agent}");
    let path = format!("{base}{route}");
    let parameters = json!({"agent": "planner"});
    let event = event(method, &path, &resource, &parameters, token);
    door.ask_event(event).await
}

#[tokio::test]
async fn every_address_that_the_door_writes_has_the_base_path() {
    for base in ["", "/v1", "/a/b"] {
        let door = open([Script::Json(CARD)], &[]).await;
        let token = door.alice();
        let home = format!("{DOMAIN}{base}");
        assert_eq!(ask(&door, base, "/healthz", "").await.status, 200);
        let whoami = ask(&door, base, "/whoami", &token).await;
        assert_eq!(whoami.json()["subject"], "alice-1", "{}", whoami.body);
        let metadata = ask(&door, base, METADATA, "").await;
        assert_eq!(metadata.json()["resource"], home);
        let path = format!("{base}{METADATA}/agents/planner/a2a");
        let rest = json!({"resource": "agents/planner/a2a"});
        let of_agent = event("GET", &path, METADATA_BELOW, &rest, "");
        let of_agent = door.ask_event(of_agent).await;
        let planner = format!("{home}/agents/planner/a2a");
        assert_eq!(of_agent.json()["resource"], planner, "{}", of_agent.body);
        let refused = ask(&door, base, "/agents/planner/a2a", "").await;
        assert_problem(&refused, 401, "unauthorized");
        let challenge = refused.header("www-authenticate").unwrap();
        let where_to_ask =
            format!("resource_metadata=\"{home}{METADATA}/agents/planner/a2a\", scope=\"openid\"");
        assert!(challenge.ends_with(&where_to_ask), "{challenge}");
        let card = ask(
            &door,
            base,
            "/agents/planner/.well-known/agent-card.json",
            &token,
        )
        .await;
        assert_eq!(card.json()["url"], planner, "{}", card.body);
    }
}

#[tokio::test]
async fn an_agent_is_told_of_the_door_with_its_base_path() {
    let key = SigningKey::generate().unwrap();
    let version =
        json!({"CreatedDate": 1_700_000_000, "SecretString": key.reveal(), "VersionId": "k1"});
    let none = || Script::Error(400, "ResourceNotFoundException");
    let version = Script::Json(version.to_string().leak());
    let scripts = [none(), version, none(), Script::Json("{}")];
    let door = open(scripts, &[(SIGNING_SECRET_ARN, SECRET)]).await;
    let path = "/a/b/agents/demo/invocations";
    let turn = event(
        "POST",
        path,
        INVOKE,
        &json!({"agent": "demo"}),
        &door.alice(),
    );
    let got = door.ask_event(turn).await;
    assert_eq!(got.status, 200, "{}", got.body);
    let calls = door.plane.calls();
    let assertion = calls.last().unwrap().headers[ASSERTION].to_str().unwrap();
    let claims = assertion.split('.').nth(1).unwrap();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    assert_eq!(claims["iss"], "https://api.example.com/a/b");
    assert_eq!(
        (&claims["aud"], &claims["iat"]),
        (&json!("demo"), &json!(NOW.0))
    );
}

/// Paths that callers write so that the boundary moves, with the resource and the parameters that API Gateway could match.
fn moving() -> Vec<(&'static str, &'static str, Value)> {
    vec![
        (
            "/v1/agents/demo/invocations",
            INVOKE,
            json!({"agent": "finance"}),
        ),
        (
            "/v1/agents/demo/invocations",
            INVOKE,
            json!({"agent": "x/agents/demo"}),
        ),
        ("/v1/agents/demo/invocations", INVOKE, Value::Null),
        ("/v1/agents/demo/invocations", "/whoami", Value::Null),
        (
            "/v1/agents/%64emo/invocations",
            INVOKE,
            json!({"agent": "demo"}),
        ),
        (
            "/v1/agents/x%2Fagents%2Fdemo/invocations",
            INVOKE,
            json!({"agent": "x/agents/demo"}),
        ),
        (
            "/v1//agents/demo/invocations",
            INVOKE,
            json!({"agent": "demo"}),
        ),
        (
            "/v1/../agents/demo/invocations",
            INVOKE,
            json!({"agent": "demo"}),
        ),
        (
            "/%76%31/agents/demo/invocations",
            INVOKE,
            json!({"agent": "demo"}),
        ),
        (
            "/v1/agents/demo/invocations/",
            INVOKE,
            json!({"agent": "demo"}),
        ),
        (
            "/v1/.well-known/oauth-protected-resource/agents/demo/invocations",
            METADATA_BELOW,
            json!({"resource": "invocations"}),
        ),
    ]
}

#[tokio::test]
async fn no_path_of_the_callers_moves_the_boundary() {
    let door = open([], &[]).await;
    let token = door.alice();
    for (path, resource, parameters) in moving() {
        for method in ["GET", "POST", "OPTIONS"] {
            let event = event(method, path, resource, &parameters, &token);
            let got = door.ask_event(event).await;
            assert_problem(&got, 404, "not_found");
            assert_eq!(got.header("www-authenticate"), None);
        }
    }
    // What looks like a route before the route is a base path, and the agent is the one that API Gateway matched.
    let path = "/agents/planner/invocations/agents/nobody/invocations";
    let event = event("POST", path, INVOKE, &json!({"agent": "nobody"}), &token);
    assert_problem(&door.ask_event(event).await, 404, "unknown_agent");
    assert!(door.plane.calls().is_empty());
}
