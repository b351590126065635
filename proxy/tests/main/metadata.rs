//! Tests of resource metadata and challenges: what a client without a token learns.

use proxy::config::ENABLE_AUTH;
use proxy::config::PUBLIC_URL;
use serde_json::{Value, json};
use shared::settings::AGENTS;

use crate::agentcore::DataPlane;
use crate::caller::ARN;
use crate::door::{Door, assert_problem};

const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

async fn open(more: &[(&str, &str)]) -> Door {
    let agents = json!({
        "demo": {"runtime": ARN, "allow": {"scopes": ["b", "a"]}},
        "planner": {"runtime": ARN, "protocol": "a2a", "allow": {"anyOf": [{"scopes": ["c"]}, {"groups": ["staff"]}]}},
        "free": {"runtime": ARN, "allow": {}},
    });
    let agents = agents.to_string();
    let mut settings = vec![(AGENTS, agents.as_str())];
    settings.extend(more);
    Door::over(DataPlane::start([]).await, &settings).await
}

async fn document(door: &Door, path: &str) -> Value {
    let got = door
        .ask("GET", &format!("{WELL_KNOWN}{path}"), &[], "")
        .await;
    assert_eq!(got.status, 200, "{path}: {}", got.body);
    assert_eq!(got.header("content-type"), Some("application/json"));
    got.json()
}

#[tokio::test]
async fn each_agents_resource_is_the_address_that_was_dialled() {
    for base in ["https://api.example.com", "https://api.example.com/live"] {
        let door = open(&[(PUBLIC_URL, base)]).await;
        let table = [
            ("", "", Some(json!(["a", "b", "c"]))),
            (
                "/agents/demo/invocations",
                "/agents/demo/invocations",
                Some(json!(["a", "b"])),
            ),
            (
                "/agents/planner/a2a",
                "/agents/planner/a2a",
                Some(json!(["c"])),
            ),
            ("/agents/free/invocations", "/agents/free/invocations", None),
        ];
        for (path, resource, scopes) in table {
            let mut expected = json!({"authorization_servers": ["https://issuer.example"],
                "bearer_methods_supported": ["header"], "resource": format!("{base}{resource}")});
            if let Some(scopes) = scopes {
                expected["scopes_supported"] = scopes;
            }
            assert_eq!(document(&door, path).await, expected, "{path}");
        }
    }
}

#[tokio::test]
async fn the_well_known_part_may_stand_before_the_stage() {
    let door = open(&[(PUBLIC_URL, "https://api.example.com/live")]).await;
    let found = document(&door, "/live/agents/demo/invocations").await;
    assert_eq!(
        found["resource"],
        "https://api.example.com/live/agents/demo/invocations"
    );
    assert_eq!(
        document(&door, "/live").await["resource"],
        "https://api.example.com/live"
    );
}

#[tokio::test]
async fn what_is_no_agents_address_is_not_found() {
    let door = open(&[(PUBLIC_URL, "https://api.example.com")]).await;
    for path in [
        "/",
        "/agents",
        "/agents/demo",
        "/agents/demo/mcp",
        "/agents/nobody/invocations",
        "/agents/demo/invocations/",
        "/agents/Demo/invocations",
        "/live/agents/demo/invocations",
        "/whoami",
        "/a/b/c/d/e/f/g/h/i/j",
    ] {
        let got = door
            .ask("GET", &format!("{WELL_KNOWN}{path}"), &[], "")
            .await;
        assert_problem(&got, 404, "not_found");
    }
    let unknown = open(&[]).await;
    let got = unknown.ask("GET", WELL_KNOWN, &[], "").await;
    assert_problem(&got, 404, "not_found");
    let off = open(&[
        (PUBLIC_URL, "https://api.example.com"),
        (ENABLE_AUTH, "false"),
    ])
    .await;
    assert_problem(&off.ask("GET", WELL_KNOWN, &[], "").await, 404, "not_found");
}

#[tokio::test]
async fn a_challenge_says_where_the_metadata_is() {
    let door = open(&[(PUBLIC_URL, "https://api.example.com/live")]).await;
    let rows = [
        (
            "/agents/demo/invocations",
            "POST",
            "/agents/demo/invocations",
            ", scope=\"a b\"",
        ),
        (
            "/agents/free/invocations",
            "POST",
            "/agents/free/invocations",
            "",
        ),
        ("/agents/demo/mcp", "POST", "/agents/demo/mcp", ""),
        ("/agents/planner/.well-known/agent-card.json", "GET", "", ""),
        ("/whoami", "GET", "", ""),
    ];
    for (path, method, resource, scope) in rows {
        let got = door
            .ask(
                method,
                path,
                &[
                    ("host", "evil.example"),
                    ("x-forwarded-host", "evil.example"),
                ],
                "",
            )
            .await;
        assert_problem(&got, 401, "unauthorized");
        let url = format!("https://api.example.com/live{WELL_KNOWN}{resource}");
        let expected = format!(r#"Bearer realm="gatehouse", resource_metadata="{url}"{scope}"#);
        assert_eq!(
            got.header("www-authenticate"),
            Some(expected.as_str()),
            "{path}"
        );
    }
    let token = door.alice();
    let got = door
        .ask(
            "POST",
            "/agents/demo/invocations",
            &[("authorization", &token)],
            "{}",
        )
        .await;
    assert_problem(&got, 403, "forbidden");
    let url = format!("https://api.example.com/live{WELL_KNOWN}/agents/demo/invocations");
    let expected = format!(
        r#"Bearer realm="gatehouse", error="insufficient_scope", resource_metadata="{url}", scope="a b""#
    );
    assert_eq!(got.header("www-authenticate"), Some(expected.as_str()));
}
