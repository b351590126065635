//! Tests of resource metadata and challenges: what a client without a token learns.

use proxy::config::ENABLE_AUTH;
use proxy::config::PUBLIC_URL;
use serde_json::{Value, json};
use shared::settings::{AGENTS, TRUSTED_ISSUERS};

use crate::agentcore::DataPlane;
use crate::caller::{ARN, Issuer};
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
            ("", json!(["a", "b", "c", "openid"])),
            ("/agents/demo/invocations", json!(["a", "b"])),
            ("/agents/planner/a2a", json!(["c"])),
            ("/agents/free/invocations", json!(["openid"])),
        ];
        for (path, scopes) in table {
            let expected = json!({"authorization_servers": ["https://issuer.example"],
                "bearer_methods_supported": ["header"], "resource": format!("{base}{path}"),
                "scopes_supported": scopes});
            assert_eq!(document(&door, path).await, expected, "{path}");
        }
    }
}

/// Where all agents ask for the same, a stranger cannot tell an agent from none, nor what it speaks.
#[tokio::test]
async fn a_stranger_who_tries_out_names_learns_of_none() {
    for (allow, scopes) in [
        (json!({"scopes": ["run"]}), json!(["run"])),
        (json!({"groups": ["staff"]}), json!(["openid"])),
    ] {
        let agents = json!({
            "demo": {"runtime": ARN, "allow": allow},
            "planner": {"runtime": ARN, "protocol": "a2a", "allow": allow},
        });
        let agents = agents.to_string();
        let settings = [
            (AGENTS, agents.as_str()),
            (PUBLIC_URL, "https://api.example.com"),
        ];
        let door = Door::over(DataPlane::start([]).await, &settings).await;
        for name in ["demo", "planner", "nosuch"] {
            for route in ["a2a", "invocations", "mcp"] {
                let path = format!("/agents/{name}/{route}");
                let expected = json!({"authorization_servers": ["https://issuer.example"],
                    "bearer_methods_supported": ["header"],
                    "resource": format!("https://api.example.com{path}"),
                    "scopes_supported": scopes});
                assert_eq!(document(&door, &path).await, expected, "{path}");
                let challenged = door.ask("POST", &path, &[], "").await;
                assert_problem(&challenged, 401, "unauthorized");
                let scope = scopes[0].as_str().unwrap();
                let expected = format!(
                    r#"Bearer realm="gatehouse", resource_metadata="https://api.example.com{WELL_KNOWN}{path}", scope="{scope}""#
                );
                let challenge = challenged.header("www-authenticate");
                assert_eq!(challenge, Some(expected.as_str()));
            }
        }
    }
}

/// Agents that differ cannot all be hidden: a client must be told what to ask for. A name that is none is answered as most
/// agents are.
#[tokio::test]
async fn a_name_that_no_agent_has_is_answered_as_most_agents_are() {
    let agents = json!({
        "a": {"runtime": ARN, "allow": {"scopes": ["rare"]}},
        "b": {"runtime": ARN, "allow": {"scopes": ["usual"]}},
        "c": {"runtime": ARN, "allow": {"scopes": ["usual"]}},
    });
    let agents = agents.to_string();
    let settings = [
        (AGENTS, agents.as_str()),
        (PUBLIC_URL, "https://api.example.com"),
    ];
    let door = Door::over(DataPlane::start([]).await, &settings).await;
    for (name, scope) in [("a", "rare"), ("b", "usual"), ("nosuch", "usual")] {
        let path = format!("/agents/{name}/mcp");
        let found = document(&door, &path).await;
        assert_eq!(found["scopes_supported"], json!([scope]), "{name}");
    }
}

#[tokio::test]
async fn public_clients_are_named_by_issuer() {
    let mut issuers: Value = serde_json::from_str(&Issuer::new().setting()).unwrap();
    issuers[0]["publicClients"] = json!(["c"]);
    let issuers = issuers.to_string();
    let door = open(&[
        (PUBLIC_URL, "https://api.example.com"),
        (TRUSTED_ISSUERS, &issuers),
    ])
    .await;
    for path in ["", "/agents/demo/invocations", "/agents/nosuch/mcp"] {
        let found = document(&door, path).await;
        let clients = json!({"https://issuer.example": ["c"]});
        assert_eq!(found["gatehouse_public_clients"], clients, "{path}");
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
        "/agents/demo/websocket",
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
            ", scope=\"openid\"",
        ),
        (
            "/agents/demo/mcp",
            "POST",
            "/agents/demo/mcp",
            ", scope=\"a b\"",
        ),
        (
            "/agents/planner/.well-known/agent-card.json",
            "GET",
            "",
            ", scope=\"c\"",
        ),
        ("/agents/demo/websocket", "POST", "", ", scope=\"a b\""),
        (
            "/agents/demo/conversations/c1",
            "DELETE",
            "",
            ", scope=\"a b\"",
        ),
        ("/whoami", "GET", "", ", scope=\"openid\""),
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
    for (method, path, resource) in [
        (
            "POST",
            "/agents/demo/invocations",
            "/agents/demo/invocations",
        ),
        ("POST", "/agents/demo/mcp", "/agents/demo/mcp"),
        ("DELETE", "/agents/demo/mcp", "/agents/demo/mcp"),
        ("POST", "/agents/demo/a2a", "/agents/demo/a2a"),
        ("POST", "/agents/demo/websocket", ""),
        ("DELETE", "/agents/demo/conversations/c1", ""),
        ("GET", "/agents/demo/.well-known/agent-card.json", ""),
    ] {
        let got = door
            .ask(method, path, &[("authorization", &token)], "{}")
            .await;
        assert_problem(&got, 403, "forbidden");
        let url = format!("https://api.example.com/live{WELL_KNOWN}{resource}");
        let expected = format!(
            r#"Bearer realm="gatehouse", error="insufficient_scope", resource_metadata="{url}", scope="a b""#
        );
        assert_eq!(
            got.header("www-authenticate"),
            Some(expected.as_str()),
            "{method} {path}"
        );
    }
}
